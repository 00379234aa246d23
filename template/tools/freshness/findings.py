"""The values that a diagnosis consists of: evidence, fixes, findings, and the verdict."""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from freshness.codes import REMARKS, Code


class Verdict(Enum):
    """How one place stands to the sources as they are now."""

    FRESH = "fresh"
    EDITABLE = "editable"
    OUT_OF_DATE = "out of date"
    DAMAGED = "damaged"
    NOT_INSTALLED = "not installed"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Evidence:
    """One thing that shows a finding: a path, a name or a sentence.

    ``expected`` and ``found`` are the two digests or versions that differ; empty where the thing
    itself is what is missing or in excess.
    """

    what: str
    expected: str = ""
    found: str = ""


@dataclass(frozen=True)
class Fix:
    """What mends a finding: commands to run in the project's folder, in turn, or advice.

    Advice is for what only the owner can decide or do; a fix with commands may have it too.
    """

    commands: tuple[tuple[str, ...], ...] = ()
    advice: str = ""

    def __str__(self) -> str:
        """Spell it as it would be typed into a POSIX shell."""
        typed = " && ".join(" ".join(map(_quoted, command)) for command in self.commands)
        return typed or self.advice


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be: the code, what shows it, and what mends it."""

    code: Code
    evidence: tuple[Evidence, ...]
    fix: Fix


def finding(code: Code, fix: Fix, *evidence: str) -> Finding:
    """Give a finding whose evidence is names alone."""
    return Finding(code, tuple(map(Evidence, evidence)), fix)


def is_stale(findings: Iterable[Finding]) -> bool:
    """Tell whether any of *findings* is more than a remark."""
    return any(found.code not in REMARKS for found in findings)


def verdict_of(findings: Iterable[Finding], *, editable: bool) -> Verdict:
    """Sum up the findings about one place where something is."""
    families = {found.code.name[1] for found in findings if found.code not in REMARKS}
    if "3" in families or Code.F105 in {found.code for found in findings}:
        return Verdict.DAMAGED
    if families:
        return Verdict.OUT_OF_DATE
    return Verdict.EDITABLE if editable else Verdict.FRESH


def _quoted(argument: str) -> str:
    """Quote for a shell; ``ARGS=a b`` as ``ARGS="a b"``, which is how people type it."""
    name, equals, value = argument.partition("=")
    if equals and name.isupper() and not set(value) & set('"$`\\!'):
        return f'{name}="{value}"'
    return shlex.quote(argument)

"""The values of a diagnosis: evidence, fixes, findings, and the verdict."""

from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

from neverstale.diagnosis.codes import REMARKS, Code
from neverstale.shell import in_turn, typed


class Verdict(Enum):
    """How one place compares with the present sources."""

    FRESH = "fresh"
    EDITABLE = "editable"
    OUT_OF_DATE = "out of date"
    DAMAGED = "damaged"
    NOT_INSTALLED = "not installed"
    UNKNOWN = "unknown"


class Evidence(NamedTuple):
    """One thing that shows a finding: a path, a name or a sentence.

    ``expected`` and ``found`` are two digests or versions that differ; empty where the thing
    itself is missing or in excess.
    """

    what: str
    expected: str = ""
    found: str = ""


class Fix(NamedTuple):
    """How to fix a finding: commands to run in the project's folder, in turn, or advice.

    Advice is for what only the owner can decide or do; a fix with commands may have it too.
    """

    commands: tuple[tuple[str, ...], ...] = ()
    advice: str = ""

    def __str__(self) -> str:
        """Return it as it would be typed into a POSIX shell, or into PowerShell on Windows."""
        return in_turn(map(typed, self.commands)) or self.advice


class Finding(NamedTuple):
    """One thing that is not as it should be: the code, what shows it, and how to fix it."""

    code: Code
    evidence: tuple[Evidence, ...]
    fix: Fix


def finding(code: Code, fix: Fix, *evidence: str) -> Finding:
    """Return a finding whose evidence is names alone."""
    return Finding(code, tuple(map(Evidence, evidence)), fix)


def shown(*findings: Finding) -> list[Finding]:
    """Return those of *findings* that have evidence."""
    return [found for found in findings if found.evidence]


def is_stale(findings: Iterable[Finding]) -> bool:
    """Return whether any of *findings* is more than a remark."""
    return any(found.code not in REMARKS for found in findings)


def verdict_of(findings: Iterable[Finding], *, editable: bool) -> Verdict:
    """Return the verdict on a place with *findings*."""
    codes = {found.code for found in findings}
    families = {code.name[2] for code in codes - REMARKS}
    if "3" in families or Code.NS105 in codes:
        return Verdict.DAMAGED
    if families:
        return Verdict.OUT_OF_DATE
    return Verdict.EDITABLE if editable else Verdict.FRESH

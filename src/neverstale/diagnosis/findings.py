"""The values of a diagnosis: evidence, fixes, findings, and the verdict."""

import os
import re
import shlex
from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

from neverstale.diagnosis.codes import REMARKS, Code


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
        together = "; " if os.name == "nt" else " && "
        typed = together.join(_joined(command) for command in self.commands)
        return typed or self.advice


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


def _joined(command: tuple[str, ...]) -> str:
    if os.name == "nt":
        words = " ".join(map(_for_powershell, command))
        return f"& {words}" if words.startswith(('"', "'")) else words
    return " ".join(map(_quoted, command))


def _for_powershell(argument: str) -> str:
    """Quote for PowerShell, in a way that cmd takes as well where that can be."""
    if re.fullmatch(r"[\w.:=+/\\~-]+", argument):
        return argument
    if not set(argument) & set('"$`'):
        return f'"{argument}"'
    return "'{}'".format(argument.replace("'", "''"))


def _quoted(argument: str) -> str:
    """Quote for a shell; ``ARGS=a b`` as ``ARGS="a b"``, which is how people type it."""
    name, equals, value = argument.partition("=")
    if equals and name.isupper() and not set(value) & set('"$`\\!'):
        return f'{name}="{value}"'
    return shlex.quote(argument)

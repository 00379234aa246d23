"""What was found, as text for a person and as JSON for a program."""

import json
import os
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from freshness.codes import EXPLANATIONS, REMARKS, Code
from freshness.doctor import Depth, Diagnosis
from freshness.findings import Evidence, Finding, Fix, Verdict
from freshness.imports import Origin
from freshness.places import Place

FORMAT = 1
"""The version of the JSON's shape; a change that breaks a reader raises it."""

FRESH, STALE, CANNOT_TELL = 0, 1, 2
"""The exit codes of the doctor."""

MOST_SHOWN = 10
"""How many pieces of evidence of one finding the table shows; JSON has all."""

HEADINGS = ("place", "verdict", "version", "where")

DEPTHS = {
    Depth.QUICK: "--quick: no build",
    Depth.DEFAULT: "the default depth",
    Depth.BUILD: "--build: always a build",
}


def exit_code(places: Sequence[Place]) -> int:
    """Sum up the verdicts: stale if anything is, and if the project is installed nowhere."""
    verdicts = {place.verdict for place in places}
    if verdicts & {Verdict.OUT_OF_DATE, Verdict.DAMAGED}:
        return STALE
    if Verdict.UNKNOWN in verdicts:
        return CANNOT_TELL
    installed = {place.verdict for place in places if place.environment}
    return STALE if installed <= {Verdict.NOT_INSTALLED} else FRESH


def as_json(diagnosis: Diagnosis) -> str:
    """Give the diagnosis as one JSON object; its shape is FORMAT, in docs/doctor.schema.json."""
    return json.dumps(
        {
            "format": FORMAT,
            "project": diagnosis.project.name,
            "root": str(diagnosis.project.root),
            "depth": diagnosis.depth.value,
            "compared_with": diagnosis.compared,
            "exit_code": exit_code(diagnosis.places),
            "places": [_place(place) for place in diagnosis.places],
            "commands": [
                {"command": answer.command, "path": str(answer.path), "place": home}
                for answer, home in diagnosis.commands
            ],
            "imports": [
                {
                    "place": str(imports.environment),
                    "from": where,
                    "name": origin.name,
                    "path": str(origin.path) if origin.path else None,
                    "because": origin.by,
                }
                for imports in diagnosis.imports
                for where, origins in (
                    ("project", imports.there),
                    ("elsewhere", imports.elsewhere),
                )
                for origin in origins
            ],
            "fixes": [str(Fix((command,))) for command in diagnosis.fixes],
        },
        indent=2,
    )


def _place(place: Place) -> dict[str, Any]:
    return {
        "place": place.name,
        "path": str(place.path),
        "verdict": place.verdict.value,
        "reason": place.reason or None,
        "version": place.version,
        "findings": [
            {
                "code": found.code.name,
                "what": found.code.value,
                "remark": found.code in REMARKS,
                "evidence": [_evidence(evidence) for evidence in found.evidence],
                "fix": str(found.fix) if found.fix.commands else None,
                "advice": found.fix.advice or None,
            }
            for found in place.findings
        ],
    }


def _evidence(evidence: Evidence) -> dict[str, str | None]:
    return {
        "what": evidence.what,
        "expected": evidence.expected or None,
        "found": evidence.found or None,
    }


def as_table(diagnosis: Diagnosis, width: int) -> str:
    """Give the diagnosis as text of *width* columns, without colour."""
    root = diagnosis.project.root
    lines = [
        f"{diagnosis.project.name} in {root}",
        f"compared with {diagnosis.compared} ({DEPTHS[diagnosis.depth]})",
        "",
        *_table([_row(place, root) for place in diagnosis.places], width),
        "",
        *_runs(diagnosis),
        *_imports(diagnosis),
    ]
    for place in diagnosis.places:
        lines += _explained(place, width)
    return "\n".join([*lines, "", *_summed_up(diagnosis)])


def _row(place: Place, root: Path) -> tuple[str, ...]:
    return (
        printable(place.name),
        place.verdict.value,
        place.version or "-",
        _shown(place.path, root),
    )


def _table(rows: Sequence[tuple[str, ...]], width: int) -> Iterator[str]:
    """Lay out *rows* below HEADINGS; the last column goes on in the next line."""
    columns = [max(map(len, column)) for column in zip(HEADINGS, *rows, strict=True)][:-1]
    start = sum(columns) + 2 * len(columns)
    room = max(width - start, 20)
    for row in (HEADINGS, *rows):
        cells = [cell.ljust(size) for cell, size in zip(row, columns, strict=False)]
        *_, where = row
        for number in range(0, max(len(where), 1), room):
            head = "  ".join([*cells, ""]) if not number else " " * start
            yield f"{head}{where[number : number + room]}".rstrip()


def printable(text: str) -> str:
    """Give *text* with what a terminal would take for more than a character escaped."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _shown(path: Path, root: Path) -> str:
    """Spell *path* as short as it stays clear: below the project, or below the home folder."""
    return printable(_short(path, root))


def _short(path: Path, root: Path) -> str:
    if path.is_relative_to(root):
        return path.relative_to(root).as_posix()
    home = os.path.expanduser("~")  # noqa: PTH111 - Path.home() raises where there is none
    return f"~{str(path)[len(home) :]}" if path.is_relative_to(home) else str(path)


def _runs(diagnosis: Diagnosis) -> Iterator[str]:
    """Say what a shell runs for each command."""
    root = diagnosis.project.root
    found: set[str] = set()
    for answer, home in diagnosis.commands:
        word = "then" if answer.command in found else "runs"
        found.add(answer.command)
        where = home or "no place of this project"
        yield f"{answer.command} {word} {_shown(answer.path, root)} ({where})"
    for command in sorted(set(diagnosis.project.commands or ()) - found):
        yield f"{command} is not on PATH"


def _imports(diagnosis: Diagnosis) -> Iterator[str]:
    root = diagnosis.project.root
    for imports in diagnosis.imports:
        for there, elsewhere in zip(imports.there, imports.elsewhere, strict=True):
            name = f"import {there.name} ({imports.environment})"
            if there == elsewhere:
                yield f"{name}: {_origin(there, root)}"
            else:
                yield f"{name}, in the project's folder: {_origin(there, root)}"
                yield f"{name}, elsewhere: {_origin(elsewhere, root)}"


def _origin(origin: Origin, root: Path) -> str:
    return f"{_shown(origin.path, root)} ({origin.by})" if origin.path else origin.by


def _explained(place: Place, width: int) -> list[str]:
    reason = f": {place.reason}" if place.reason else ""
    if not reason and not place.findings:
        return []
    head = textwrap.wrap(printable(f"{place.name}, {place.verdict.value}{reason}"), width)
    return ["", *head, *explained(place.findings)]


def explained(findings: Iterable[Finding]) -> list[str]:
    """Give the lines that explain *findings*: code, what, evidence, fix."""
    lines = []
    for found in findings:
        remark = " (a remark)" if found.code in REMARKS else ""
        lines.append(f"{found.code.name} {found.code.value}{remark}")
        for evidence in found.evidence[:MOST_SHOWN]:
            lines.append(f"     {printable(evidence.what)}")
            if evidence.expected or evidence.found:
                lines.append(f"       expected {printable(evidence.expected) or 'nothing'}")
                lines.append(f"       found    {printable(evidence.found) or 'nothing'}")
        if (more := len(found.evidence) - MOST_SHOWN) > 0:
            lines.append(f"     and {more} more; --json lists all")
        lines.append(f"     fix: {found.fix}")
        if found.fix.commands and found.fix.advice:
            lines.append(f"     or: {found.fix.advice}")
    return lines


def _summed_up(diagnosis: Diagnosis) -> Iterator[str]:
    code = exit_code(diagnosis.places)
    if code == FRESH:
        yield "all fresh"
        return
    stale = [p for p in diagnosis.places if p.verdict in (Verdict.OUT_OF_DATE, Verdict.DAMAGED)]
    if stale:
        yield f"not fresh: {', '.join(dict.fromkeys(place.name for place in stale))}"
    elif code == CANNOT_TELL:
        yield "it cannot be told whether all is fresh"
    else:
        yield "not installed anywhere"
    if diagnosis.fixes:
        yield "to mend it, run this, or the doctor again with --fix:"
        yield from (f"     {Fix((command,))}" for command in diagnosis.fixes)


def as_explanation(code: Code, width: int) -> str:
    """Give what *code* means and how it comes about, as text of *width* columns."""
    paragraphs = [f"{code.name}: {code.value}", EXPLANATIONS[code]]
    if code in REMARKS:
        paragraphs.append("A remark: it says nothing of staleness and changes no verdict.")
    return "\n\n".join(textwrap.fill(paragraph, width) for paragraph in paragraphs)

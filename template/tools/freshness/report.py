"""What was found, as text for a person and as JSON for a program."""

import io
import json
from collections.abc import Iterable, Sequence
from typing import Any

from freshness.diagnosis import Finding, Verdict
from freshness.places import Place
from freshness.project import Project

FORMAT = 1
"""The version of the JSON's shape; a change that breaks a reader raises it."""

FRESH, STALE, CANNOT_TELL = 0, 1, 2
"""The exit codes of the doctor."""


def exit_code(places: Sequence[Place]) -> int:
    """Sum up the verdicts: stale if anything is, and if the project is installed nowhere."""
    verdicts = {place.verdict for place in places}
    if verdicts & {Verdict.OUT_OF_DATE, Verdict.DAMAGED}:
        return STALE
    if Verdict.UNKNOWN in verdicts:
        return CANNOT_TELL
    return STALE if verdicts <= {Verdict.NOT_INSTALLED} else FRESH


def as_json(project: Project, places: Sequence[Place]) -> str:
    """Give the diagnosis as one JSON object; its shape is FORMAT."""
    return json.dumps(
        {
            "format": FORMAT,
            "project": project.name,
            "root": str(project.root),
            "exit_code": exit_code(places),
            "places": [_place(place) for place in places],
        },
        indent=2,
    )


def _place(place: Place) -> dict[str, Any]:
    return {
        "place": place.environment.place,
        "path": str(place.environment.prefix),
        "verdict": place.verdict.value,
        "reason": place.reason or None,
        "version": place.installed.distribution.version if place.installed else None,
        "findings": [
            {
                "code": finding.code.name,
                "what": finding.code.value,
                "evidence": list(finding.evidence),
                "fix": finding.fix,
            }
            for finding in place.findings
        ],
    }


def as_table(places: Sequence[Place], width: int) -> str:
    """Give the verdict of each place as a table *width* columns wide, without colour."""
    from rich.console import Console  # costs more to import than all else here
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in ("place", "verdict", "version", "where"):
        table.add_column(heading, overflow="fold")
    for place in places:
        version = place.installed.distribution.version if place.installed else "-"
        where = str(place.environment.prefix)
        table.add_row(place.environment.place, place.verdict.value, version, where)
    text = io.StringIO()
    Console(file=text, width=width, color_system=None, markup=False, highlight=False).print(table)
    lines = [line.rstrip() for line in text.getvalue().splitlines()]
    for place in places:
        if place.reason:
            lines += ["", f"{place.environment.place}: {place.verdict.value}: {place.reason}"]
        lines += _explained(place.environment.place, place.findings)
    return "\n".join(lines)


def explained(findings: Iterable[Finding]) -> list[str]:
    """Give the lines that explain *findings*: code, what, evidence, fix."""
    lines = []
    for finding in findings:
        lines.append(f"{finding.code.name} {finding.code.value}")
        lines += [f"     {evidence}" for evidence in finding.evidence]
        lines.append(f"     fix: {finding.fix}")
    return lines


def _explained(place: str, findings: Iterable[Finding]) -> list[str]:
    lines = explained(findings)
    return ["", f"{place}:", *lines] if lines else []

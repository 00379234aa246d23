"""What was found, as text for a person and as JSON for a program."""

import json
import os
import textwrap
from collections.abc import Iterator, Sequence, Sized
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neverstale.diagnosis.codes import EXPLANATIONS, REMARKS, Code
from neverstale.diagnosis.findings import Evidence, Finding, Fix, Verdict
from neverstale.diagnosis.place import Place
from neverstale.errors import CANNOT_TELL, FRESH, STALE
from neverstale.shell import without_password
from neverstale.terminal import one_line

if TYPE_CHECKING:
    from neverstale.diagnosis.doctor import Diagnosis
    from neverstale.environments.imports import Origin
    from neverstale.install.task import Outcome
    from neverstale.wheels.store import Built

FORMAT = 1
"""The version of the JSON's shape; a change that breaks a reader raises it."""

MOST_SHOWN = 10
"""How many findings of a place the text shows, and how many pieces of evidence of them all."""

HEADINGS = ("place", "verdict", "version", "where")


def exit_code(places: Sequence[Place]) -> int:
    """Return 1 if anything is stale or the project is installed nowhere, 2 if nobody can tell."""
    verdicts = {place.verdict for place in places}
    if verdicts & {Verdict.OUT_OF_DATE, Verdict.DAMAGED}:
        return STALE
    if Verdict.UNKNOWN in verdicts:
        return CANNOT_TELL
    installed = {place.verdict for place in places if place.environment}
    return STALE if installed <= {Verdict.NOT_INSTALLED} else FRESH


def as_json(diagnosis: "Diagnosis") -> str:
    """Return the diagnosis as one JSON object; its shape is FORMAT, in schemas/doctor.json."""
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
                for where, origins in (("project", imports.there), ("elsewhere", imports.elsewhere))
                for origin in origins
            ],
            "ignored": [
                {"place": place, "reason": reason, "finding": _finding(found)}
                for place, found, reason in diagnosis.ignored
            ],
            "processes": [
                {
                    "pid": running.pid,
                    "place": running.place,
                    "command": running.command,
                    "started": running.started.isoformat(timespec="seconds"),
                    "changed": list(running.changed),
                }
                for running in diagnosis.processes
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
        "findings": [_finding(found) for found in place.findings],
    }


def _finding(found: Finding) -> dict[str, Any]:
    return {
        "code": found.code.name,
        "what": found.code.value,
        "remark": found.code in REMARKS,
        "evidence": [_evidence(evidence) for evidence in found.evidence],
        "fix": str(found.fix) if found.fix.commands else None,
        "advice": found.fix.advice or None,
    }


def _evidence(evidence: Evidence) -> dict[str, str | None]:
    return {
        "what": evidence.what,
        "expected": evidence.expected or None,
        "found": evidence.found or None,
    }


def as_text(diagnosis: "Diagnosis", width: int, most: int | None = MOST_SHOWN) -> str:
    """Return the diagnosis as text of *width* columns, without colour.

    Of the findings of a place it has at most *most*, or all.
    """
    root = diagnosis.project.root
    lines = [
        *textwrap.wrap(f"{diagnosis.project.name}: {_summary(diagnosis)}", width),
        *textwrap.wrap(without_password(f"compared with {diagnosis.compared}"), width),
        "",
        *_table([_row(place, root) for place in diagnosis.places], width),
        "",
        *_runs(diagnosis),
        *_imports(diagnosis),
        *_processes(diagnosis),
    ]
    for place in diagnosis.places:
        lines += _explained(place, width, most)
    for name, found, reason in diagnosis.ignored:
        lines += ["", f"{name}: {found.code.name} ignored ({len(found.evidence)}): {reason}"]
    if diagnosis.fixes and exit_code(diagnosis.places):
        lines += [
            "",
            "To fix:",
            *(f"  {one_line(str(Fix((command,))))}" for command in diagnosis.fixes),
        ]
    return "\n".join(lines).rstrip()


def _summary(diagnosis: "Diagnosis") -> str:
    code = exit_code(diagnosis.places)
    if code == FRESH:
        return "all fresh"
    stale = [p for p in diagnosis.places if p.verdict in (Verdict.OUT_OF_DATE, Verdict.DAMAGED)]
    if stale:
        return f"not fresh: {', '.join(dict.fromkeys(place.name for place in stale))}"
    if code == CANNOT_TELL:
        unknown = [p.name for p in diagnosis.places if p.verdict is Verdict.UNKNOWN]
        return f"cannot tell whether it is fresh: {', '.join(dict.fromkeys(unknown))}"
    return "not installed anywhere"


def _row(place: Place, root: Path) -> tuple[str, ...]:
    cells = (place.name, place.verdict.value, place.version or "-", _short(place.path, root))
    return tuple(map(one_line, cells))


def _table(rows: Sequence[tuple[str, ...]], width: int) -> Iterator[str]:
    """Yield *rows* below HEADINGS; the last column goes on in the next line."""
    columns = [max(map(len, column)) for column in zip(HEADINGS, *rows, strict=True)][:-1]
    start = sum(columns) + 2 * len(columns)
    room = max(width - start, 20)
    for row in (HEADINGS, *rows):
        cells = [cell.ljust(size) for cell, size in zip(row, columns, strict=False)]
        for number in range(0, max(len(row[-1]), 1), room):
            head = "  ".join([*cells, ""]) if not number else " " * start
            yield f"{head}{row[-1][number : number + room]}".rstrip()


def _short(path: Path, root: Path) -> str:
    """Return *path* as short as it stays clear: below the project, or below the home folder."""
    if path.is_relative_to(root):
        return path.relative_to(root).as_posix()
    home = os.path.expanduser("~")
    return f"~{str(path)[len(home) :]}" if path.is_relative_to(home) else str(path)


def _runs(diagnosis: "Diagnosis") -> Iterator[str]:
    """Yield what a shell runs for each command."""
    root = diagnosis.project.root
    found: set[str] = set()
    for answer, home in diagnosis.commands:
        word = "then" if answer.command in found else "runs"
        found.add(answer.command)
        where = home or "no place of this project"
        yield f"{answer.command} {word} {_short(answer.path, root)} ({where})"
    for command in sorted(set(diagnosis.project.commands or ()) - found):
        yield f"{command} is not on PATH"


def _imports(diagnosis: "Diagnosis") -> Iterator[str]:
    root = diagnosis.project.root
    for imports in diagnosis.imports:
        for there, elsewhere in zip(imports.there, imports.elsewhere, strict=True):
            name = f"import {there.name} ({imports.environment})"
            if there == elsewhere:
                yield f"{name}: {_origin(there, root)}"
            else:
                yield f"{name}, in the project's folder: {_origin(there, root)}"
                yield f"{name}, elsewhere: {_origin(elsewhere, root)}"


def _processes(diagnosis: "Diagnosis") -> Iterator[str]:
    """Yield what still runs, for each process what has changed since it began."""
    for running in diagnosis.processes:
        since = running.started.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        few = ", ".join(_short(Path(path), diagnosis.project.root) for path in running.changed[:3])
        more = f" and {len(running.changed) - 3} more" if running.changed[3:] else ""
        command = one_line(running.command)
        yield f"process {running.pid} ({running.place}) runs since {since}: {command}"
        yield f"     changed since: {one_line(few)}{more}; restart it"


def _origin(origin: "Origin", root: Path) -> str:
    return f"{_short(origin.path, root)} ({origin.by})" if origin.path else origin.by


def _explained(place: Place, width: int, most: int | None) -> list[str]:
    reason = f": {place.reason}" if place.reason else ""
    if not reason and not place.findings:
        return []
    said = without_password(f"{place.name}, {place.verdict.value}{reason}")  # before it is parted
    head = textwrap.wrap(said, width)
    return ["", *head, *explained(place.findings, most)]


def explained(findings: Sequence[Finding], most: int | None = MOST_SHOWN) -> list[str]:
    """Return the lines that explain *findings*: code, message, evidence, fix.

    At most *most* of them, those that change a verdict before remarks, share as much evidence.
    """
    lines = []
    telling = sorted(findings, key=lambda found: found.code in REMARKS)[:most]
    share = max(most // max(len(telling), 1), 1) if most else None
    for found in (each for each in findings if each in telling):
        remark = " (a remark)" * (found.code in REMARKS)
        lines.append(f"{found.code.name} {found.code.value}{remark}")
        for evidence in found.evidence[:share]:
            lines.append(f"     {one_line(evidence.what)}")
            if evidence.expected or evidence.found:
                lines.append(f"       expected {one_line(evidence.expected) or 'nothing'}")
                lines.append(f"       found    {one_line(evidence.found) or 'nothing'}")
        if more := len(found.evidence[share:]) if share else 0:
            lines.append(f"     and {more} more; `doctor --all` lists them")
        lines.append(f"     fix: {one_line(str(found.fix))}")
        if found.fix.commands and found.fix.advice:
            lines.append(f"     or: {one_line(found.fix.advice)}")
    if left := [found.code.name for found in findings if found not in telling]:
        lines.append(f"and {', '.join(left)}; `doctor --all` explains them")
    return lines


def as_explanation(code: Code, width: int) -> str:
    """Return what *code* means and how it comes about, as text of *width* columns."""
    paragraphs = [f"{code.name}: {code.value}", EXPLANATIONS[code]]
    if code in REMARKS:
        paragraphs.append("A remark: it changes no verdict.")
    return "\n\n".join(textwrap.fill(paragraph, width) for paragraph in paragraphs)


def of_install(outcome: "Outcome", seconds: float) -> Iterator[str]:
    """Yield what an install came to, a line for each project; the last line matters most."""
    for place, built in reversed(outcome.places):
        held = f"{_held(built)} verified"
        name = f"{found.distribution.name} " if (found := built or place.installed) else ""
        what = f"{name}{place.version}"
        if not outcome.fresh:
            reason = f": {place.reason}" if place.reason else ""
            yield f"Not fresh: {what} ({place.name}, {place.verdict.value}{reason})"
        elif place.verdict is Verdict.EDITABLE:
            where = place.installed.pointers if place.installed else ()
            runs = f"runs {where[0]}" if where else "runs the sources"
            yield f"Installed {what} in {place.name} (editable: {runs}) in {seconds:.1f}s"
        elif not outcome.built:
            yield f"{what} in {place.name} is fresh ({held}): nothing to do"
        elif not outcome.installed:
            yield f"{what} in {place.name} is fresh ({held}): the build is the same"
        else:
            yield f"Installed {what} in {place.name} (fresh: {held}) in {seconds:.1f}s"


def _held(built: "Built | None") -> str:
    if built is None:
        return "metadata"
    found = built.distribution
    return f"{counted(found.files, 'file')}, {counted(found.commands, 'command')}"


def counted(things: Sized, noun: str) -> str:
    """Return how many *things* there are: ``1 file``, ``2 files``."""
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"

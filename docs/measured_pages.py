"""The reference pages that are made from what was measured: the matrix, the advice, the faults."""

import json
import re
from collections import Counter
from pathlib import Path

from curves import growth, slope
from faults.outcomes import FILE as FAULTS
from faults.stage import MIXTURE
from md import code, table
from real_projects import RESULTS as REAL_PROJECTS
from shares import RESULTS as SHARES
from speed import KEPT as SPEED
from staleness import results as measured
from staleness.cells import COLUMNS
from staleness.commands import BY_NAME, COMMANDS
from staleness.picture import newest_uv
from staleness.results import Results
from staleness.trial import Outcome

REFERENCE = Path(__file__).parent / "reference"

ADVICE = {
    "Reinstall it.": "uv tool install .",
    "Reinstall it by force.": "uv tool install --force .",
    "Reinstall it with everything it needs.": "uv tool install --reinstall .",
    "Do not use the cache.": "uv tool install --force --no-cache .",
    "Remove what old builds left, then reinstall.": (
        "rm -rf build dist *.egg-info && uv tool install --force ."
    ),
    "Upgrade the tool.": "uv tool upgrade demo-app",
    "Build it, and install the wheel.": "uv build && uv tool install --force dist/*.whl",
    "Build the wheel alone, and install that.": (
        "uv build --wheel && uv tool install --force dist/*.whl"
    ),
    "Use pip, by force, without its cache.": "pip install --force-reinstall --no-cache-dir .",
    "Sync the environment.": "uv sync --no-editable",
    "Name the package to be reinstalled.": "uv sync --no-editable --reinstall-package demo-app",
    "Do not install, use uvx.": "uvx --from . COMMAND",
    "Refresh.": "uvx --refresh --from . COMMAND",
    "Install it editable, once and for all.": "uv tool install --editable ., once",
    "`make install` of this template": "make install",
}
"""What people are told to do, and the command of the matrix that does it."""


def staleness() -> str:
    """Return the page of the matrix."""
    found = measured.read()
    newest = newest_uv(found)
    total = found.count_of(found.cells)
    ours = found.count_of(
        c for c in found.cells if c.command in BY_NAME and BY_NAME[c.command].ours
    )
    known = [[code(c.name), c.known_from] for c in COMMANDS if c.known_from]
    typed = [[code(c.name), code(c.line)] for c in COMMANDS if c.name != c.line]
    return (
        "# The staleness matrix\n\n"
        f"{sum(total.values())} trials: {total[Outcome.FRESH]} fresh, {total[Outcome.STALE]} stale, "
        f"{total[Outcome.FAILED]} in which the command failed. Of this template's commands: "
        f"{sum(ours.values())} trials, {ours[Outcome.STALE]} stale, {ours[Outcome.FAILED]} failed.\n\n"
        "A trial is a project of its own, for real: the command is run, the sources are edited, the "
        "command is\nrun again, and the installed program is asked. It is *fresh* if the program "
        "answers as the sources say,\n*stale* if not. Each trial begins with a question that shows "
        "the edit was not there before.\n\n"
        + _pictures("staleness", f"Commands and edits, with uv {newest}")
        + "\n\n"
        + _pictures("staleness-by-uv", "The same commands with older uv")
        + "\n\nThe projects are those that the template makes. For commands that are not its own, its "
        "Makefile, its\ntools and `[tool.uv]` are taken out first: what is left is what any template "
        "gives. What is selected\nfor a wheel is not asked of editable installs, for they have none.\n\n"
        "`nox -s matrix` runs what was not run yet (`-- --list` shows the trials), and draws. The numbers are "
        "in\n`bench/results/staleness.jsonl`.\n\n"
        "## What is stale, by command\n\n"
        + table(
            ["command", f"stale, uv {newest}", "with"],
            [[code(c.name), *_verdict(found, newest, c.name)] for c in COMMANDS],
        )
        + "\n\n## What the names stand for\n\n"
        + table(["name", "line"], typed)
        + "\n\nThe same command is what these run:\n\n"
        + table(["command", "in"], known)
        + "\n"
    )


def _pictures(name: str, alt: str) -> str:
    return "\n\n".join(
        f"```{{image}} ../pictures/{name}-{theme}.svg\n:class: only-{theme}\n:alt: {alt}\n```"
        for theme in ("light", "dark")
    )


def _verdict(found: Results, uv: str, command: str) -> list[str]:
    """Return how many trials of *command* were stale, and with which edits of which projects."""
    cells = [cell for cell in found.cells if cell.uv == uv and cell.command == command]
    counts = found.count_of(cells)
    by_edit: dict[str, list[str]] = {}
    for cell in cells:
        if found.cells[cell].outcome is Outcome.STALE:
            by_edit.setdefault(cell.subject, []).append(COLUMNS[cell.edit])
    every = len({cell.edit for cell in cells})
    said = [
        f"{subject}: {'every edit' if len(edits) == every else ', '.join(edits)}"
        for subject, edits in by_edit.items()
    ]
    if failed := counts[Outcome.FAILED]:
        said.append(f"the command failed in {failed}")
    return [f"{counts[Outcome.STALE]} of {sum(counts.values())}", "; ".join(said)]


def advice() -> str:
    """Return the table of common advice, which the explanation includes."""
    found = measured.read()
    newest = newest_uv(found)
    rows = [
        [
            advice if advice.startswith("`") else f"“{advice}”",
            code(name),
            *_verdict(found, newest, name),
        ]
        for advice, name in ADVICE.items()
    ]
    return table(["advice", "command", f"stale, uv {newest}", "with"], rows) + "\n"


def speed() -> str:
    """Return the page of what the commands cost."""
    rows = json.loads(SPEED.read_text("utf-8"))
    ratios = [
        [
            code(typed),
            code(row["against"]),
            f"{row['goal']:g}",
            f"{row['median']:.2f}",
            f"{row['lower']:.2f} to {row['upper']:.2f}",
            "" if row["median"] <= row["goal"] else "missed",
        ]
        for typed, row in rows.items()
    ]
    parts = json.loads(SHARES.read_text("utf-8"))
    names = list(next(iter(parts.values())))
    shares = [[code(v), *(f"{p[n]} %" if p[n] else "" for n in names)] for v, p in parts.items()]
    grown = [
        [
            what,
            size,
            *(f"{each['times_the_start']:.1f}" for each in verbs.values()),
            str(max(each["megabytes"] for each in verbs.values())),
        ]
        for what, sizes in growth().items()
        for size, verbs in sizes.items()
    ]
    verbs = list(next(iter(growth()["files, flat"].values())))
    slopes = [
        [what, *(f"{slope(rows, verb):.2f}" for verb in verbs)] for what, rows in growth().items()
    ]
    return (
        (REFERENCE / "speed.in")
        .read_text("utf-8")
        .replace("{ratios}", table(["typed", "against", "goal", "median", "quartiles", ""], ratios))
        .replace("{shares}", table(["verb", *names], shares))
        .replace("{pictures}", _pictures("growth", "Time by number of files"))
        .replace("{growth}", table(["what", "size", *map(code, verbs), "peak, MB"], grown))
        .replace("{slopes}", table(["what", *map(code, verbs)], slopes))
    )


def counted(outcomes: Counter[str], word: str) -> str:
    """Return how often *word* is among *outcomes*; nothing for none, but for what must not be."""
    return str(outcomes[word]) if outcomes[word] or word == MIXTURE else ""


def real_projects() -> str:
    """Return the page of the real projects, from what the last run of each came to."""
    lines = REAL_PROJECTS.read_text("utf-8").splitlines()
    rows: dict[str, dict[bool, str]] = {}
    kinds: dict[str, str] = {}
    for row in map(json.loads, lines):
        kinds[row["project"]] = row["kind"]
        said = [*row["wrong"], *(f"unknown: {reason}" for reason in row["unknown"])]
        told = "; ".join(said).replace("|", "/") or "right"
        rows.setdefault(row["project"], {})[row["editable"]] = told
    counted = [told for found in rows.values() for told in found.values()]
    table = "\n".join(
        f"| {kinds[name]} | {name} | {found.get(False, 'not run')} | {found.get(True, 'not run')} |"
        for name, found in rows.items()
    )
    return (
        "# Real projects\n\n"
        f"What the tool says of {len(rows)} projects from the index that adopted it, each as an sdist of an\n"
        f"exact version, installed both ways: {counted.count('right')} of {len(counted)} runs are right. In a run "
        "the project is\ninstalled (the doctor has to say `fresh`, without a finding), then a module is edited, "
        "edited to the\nsame size with the old times, added and deleted, a data file and the version are changed; "
        "after\neach the doctor has to say `out of date` and name the file, and `fresh` has to repair it. "
        "`fresh`\nagain has to do nothing, and the archives have to be the same when they are built twice. "
        "An editable\ninstall is tried with a new version, which it does not follow.\n\n"
        f"| kind | project | installed | editable |\n| --- | --- | --- | --- |\n{table}\n\n"
        "`nox -s real-projects` runs them again, and notes what came of it in\n"
        "`bench/results/real-projects.jsonl`.\n"
    )


def faults() -> str:
    """Return the page of the faults, from the outcomes that the tests noted."""
    noted = [json.loads(line) for line in FAULTS.read_text(encoding="utf-8").splitlines()]
    # Where a test was run again, the later outcome counts.
    rows = list({(row["fault"], row["verb"], row["project"]): row for row in noted}.values())
    words = ["the old works", "the new works", "one of the two works", "absent", MIXTURE]
    by_fault: dict[tuple[str, str], Counter[str]] = {}
    for row in rows:
        key = (row["fault"], row["verb"])
        by_fault.setdefault(key, Counter()).update(row["outcomes"])
    order = sorted(by_fault, key=lambda key: (re.sub(r"\d+", "", key[0]), len(key[0]), key))
    lines = [
        [fault, code(verb), *(counted(by_fault[fault, verb], word) for word in words)]
        for fault, verb in order
    ]
    projects = dict.fromkeys(row["project"] for row in rows)
    return (
        "# Faults\n\nWhat is installed after a fault in the middle of an install, counted. "
        f"{sum(sum(c.values()) for c in by_fault.values())} runs; the projects are "
        f"{', '.join(code(p) for p in projects)}.\nAfter each, the same verb without the fault "
        "succeeded. Where it was killed, the disk was full,\nthe index broken or the file system far away, all "
        "around was compared: nothing but artifacts, the store\nand uv's own folders had changed. `absent` "
        "is a command that is not found or cannot be started, as the shell says it; a *mixture* is a program\nthat runs "
        "and is neither the old nor the new. It fails the test that notes these rows, but for `dev` that was killed.\n\n"
        + table(["fault", "verb", *words], lines)
        + "\n\n`at every step`: the signal goes to all processes of the command,\nat the first change of each run of "
        "changes of the disk in one place, in its middle, and a third time within\nthe environment; "
        "strace tells when, and holds each change up for a millisecond, so that the signal comes at it or "
        "at\nthe next one. `disk full`: a file system of its own with from 0 to 4,096 KiB\nleft, in 19 sizes. `dev` is `uv sync`, which removes before it "
        "writes.\n\n`nox -s faults` makes this page's numbers again, in "
        "`bench/results/faults.jsonl`; tests/faults says how.\n"
    )

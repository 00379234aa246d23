"""What a test run would import of the projects that it tests, and whether that is stale."""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from neverstale.diagnosis.copies import imported_here
from neverstale.diagnosis.findings import Finding, Fix, Verdict
from neverstale.diagnosis.fixes import commands_of
from neverstale.diagnosis.invocation import as_typed
from neverstale.diagnosis.place import Place
from neverstale.diagnosis.reference import Depth
from neverstale.errors import NeverstaleError
from neverstale.project.metadata import Project
from neverstale.project.pyproject import load_tables
from neverstale.project.workspace import members_at, workspace_of
from neverstale.report import explained
from neverstale.terminal import Console
from neverstale.verbs.task import Options, task_of
from neverstale.wheels.build import Builder

GOOD = (Verdict.FRESH, Verdict.EDITABLE)

BESIDE = """
import json, sys
sys.path[:], roots, first = json.loads(sys.argv[1])
from neverstale.test_run import tell
tell(roots, first)
"""
"""The program that looks beside the tests, with the ``sys.path`` that they began with."""

INSTALL = "install it here, or run the tests where it is installed"


class Watch:
    """What is known of the projects that the tests at some paths are of.

    Nothing that it does raises: a test run does not fail because of it. *first* are folders that
    pytest will put before ``sys.path``.
    """

    def __init__(self, paths: Iterable[Path], first: Sequence[str] = ()) -> None:
        self.roots, self.first = find_projects(paths), first
        self.places: list[Place] = []
        self.child: subprocess.Popen[bytes] | None = None

    def look(self) -> None:
        """Look; what only a build tells is built first."""
        self.places = look_at(self.roots, Depth.DEFAULT, self.first)

    def begin(self) -> None:
        """Look without a build; where only a build tells, it is made beside the tests.

        By a process of its own: tests may replace what a thread would need, or count threads.
        """
        self.places = look_at(self.roots, Depth.QUICK, self.first)
        if any(place.verdict is Verdict.UNKNOWN for place in self.places):
            roots = {str(root): needed for root, needed in self.roots.items()}
            asked = json.dumps([sys.path, roots, list(self.first)])
            command = [sys.executable, "-I", "-c", BESIDE, asked]
            quiet = subprocess.DEVNULL
            self.child = subprocess.Popen(
                command, stdin=quiet, stdout=subprocess.PIPE, stderr=quiet
            )

    def end(self) -> None:
        """Stop what is not waited for."""
        if self.child and self.child.poll() is None:
            self.child.kill()
            self.child.communicate()

    def refusal(self) -> list[str]:
        """Return a line of what is stale and a hint of what to do; nothing where nothing is."""
        stale = [p for p in self.places if p.verdict not in (*GOOD, Verdict.UNKNOWN)]
        if not stale:
            return []
        commands = commands_of(found for place in stale for found in place.findings)
        fixes = [str(Fix((command,))) for command in commands]
        fixes += [f.fix.advice for p in stale for f in p.findings if not f.fix.commands]
        fixes += [INSTALL for p in stale if p.verdict is Verdict.NOT_INSTALLED]
        return ["; ".join(map(_in_words, stale)), f"hint: {'; '.join(dict.fromkeys(fixes))}"]

    def header(self) -> list[str]:
        """Return a line for each place that is not known to be fresh."""
        if self.child:
            return ["neverstale: building beside the tests, to compare what is installed"]
        return [f"neverstale: {_in_words(place)}" for place in _bad(self.places)]

    def summary(self) -> list[str]:
        """Return the files that show what is stale, and the commands that fix it."""
        if self.child is None:
            return explain(self.places)
        try:
            told, _ = self.child.communicate()
            return [str(line) for line in json.loads(told)]
        except KeyboardInterrupt:
            return ["the build was not waited for"]
        except ValueError:
            return [f"the build ended with exit code {self.child.returncode}: see the doctor"]


def explain(places: Iterable[Place]) -> list[str]:
    """Return the lines about those of *places* that are not fresh, and what fixes them."""
    bad = [*_bad(places)]
    lines = [line for place in bad for line in _explained(place)]
    commands = commands_of(found for place in bad for found in place.findings)
    fixes = [f"  {Fix((command,))}" for command in commands]
    return [*lines, *(["", "To fix:", *fixes] if fixes else [])]


def _bad(places: Iterable[Place]) -> Iterator[Place]:
    return (place for place in places if place.verdict not in GOOD)


def _in_words(place: Place) -> str:
    because = f": {place.reason}" if place.reason else _first(place.findings)
    return f"{place.name} is {place.verdict.value}{because}"


def _first(findings: Iterable[Finding]) -> str:
    codes = dict.fromkeys(found.code for found in findings)
    return ": " + ", ".join(f"{code.value} ({code.name})" for code in codes) if codes else ""


def _explained(place: Place) -> list[str]:
    reason = f": {place.reason}" if place.reason else ""
    return [f"{place.name} is {place.verdict.value}{reason}", *explained(place.findings)]


def find_projects(paths: Iterable[Path]) -> dict[Path, bool]:
    """Return the folders of the projects in which *paths* are, and whether each has to be there.

    That is the nearest of each path; and below a folder the members of its workspace, of which
    some may be installed nowhere.
    """
    found: dict[Path, bool] = {}
    for path in paths:
        with suppress(OSError, ValueError, NeverstaleError):  # no path, or one that is too long
            above = [folder for folder in (path, *path.parents) if folder.is_dir()]
            nearest = next(filter(_is_project, above), None)
            found |= {nearest: True} if nearest else {}
            below = members_at(workspace_of(above[0]))
            found |= {each: False for each in below if each.is_relative_to(path)} | found
    return found


def _is_project(folder: Path) -> bool:
    """Return whether *folder* is one that can be built: others are never installed (PEP 517)."""
    if (folder / "setup.py").is_file():
        return True
    try:
        return "build-system" in load_tables(folder / "pyproject.toml", may_be_missing=True)
    except NeverstaleError:  # which is told when it is read
        return True


def look_at(roots: Mapping[Path, bool], depth: Depth, first: Sequence[str] = ()) -> list[Place]:
    """Return the copies of the projects at *roots*, those that have to be there in any case."""
    found: dict[str, Place] = {}
    for root, needed in roots.items():
        for place in _look(root, depth, first):
            if needed or place.verdict is not Verdict.NOT_INSTALLED:
                found.setdefault(place.name, place)
    return [*found.values()]


def _look(root: Path, depth: Depth, first: Sequence[str]) -> list[Place]:
    options = Options(project=str(root), verb="doctor", quick=depth is Depth.QUICK)
    try:
        task = task_of(options, Console(quiet=True))
        return [_place(each, task.builder, depth, first) for each in task.together()]
    except NeverstaleError as error:
        reason = f"{error.message}; hint: {as_typed(error.hint, root)}"
    except Exception as error:  # noqa: BLE001 - a test run is not to fail because of this
        reason = f"unexpected {type(error).__name__}: {error}"
    return [Place(root.name, root, Verdict.UNKNOWN, reason=reason)]


def _place(project: Project, builder: Builder, depth: Depth, first: Sequence[str]) -> Place:
    builder = builder._replace(uv=builder.uv.at(project.root))
    place = imported_here(project, builder, depth, first)
    return place._replace(name=f"{project.name} ({place.name})")


def tell(roots: Mapping[str, bool], first: Sequence[str]) -> None:
    """Look for another process; print the lines for it as JSON."""
    places = look_at({Path(root): needed for root, needed in roots.items()}, Depth.DEFAULT, first)
    sys.stdout.write(json.dumps(explain(places)))

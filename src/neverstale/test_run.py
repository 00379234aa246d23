"""What a test run would import of the projects that it tests, and whether that is stale."""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from neverstale.diagnosis.copies import imported_here
from neverstale.diagnosis.findings import Finding, Fix, Verdict
from neverstale.diagnosis.fixes import commands_of, fixes_for
from neverstale.diagnosis.place import Place
from neverstale.diagnosis.reference import Depth
from neverstale.errors import NeverstaleError
from neverstale.project.metadata import Project
from neverstale.project.pyproject import load_tables
from neverstale.report import explained
from neverstale.terminal import Console
from neverstale.verbs.task import Options, task_of
from neverstale.wheels.build import Builder

GOOD = (Verdict.FRESH, Verdict.EDITABLE)


class Watch:
    """What is known of the projects that the tests at some paths are of.

    Nothing that it does raises: a test run does not fail because of it.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        self.roots = find_projects(paths)
        self.places: list[Place] = []
        self.later: Future[list[Place]] | None = None

    def look(self) -> None:
        """Look; what only a build tells is built first."""
        self.places = self._look(Depth.DEFAULT)

    def begin(self) -> None:
        """Look without a build; where only a build tells, it is made beside the tests."""
        self.places = self._look(Depth.QUICK)
        if any(place.doubt and place.verdict is Verdict.UNKNOWN for place in self.places):
            pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="neverstale")
            self.later = pool.submit(self._look, Depth.DEFAULT)
            pool.shutdown(wait=False)

    def _look(self, depth: Depth) -> list[Place]:
        return [place for root in self.roots for place in _look(root, depth)]

    def refusal(self) -> list[str]:
        """Return a line of what is stale and a hint of what to do; nothing where nothing is."""
        stale = [p for p in self.places if p.verdict not in (*GOOD, Verdict.UNKNOWN)]
        if not stale:
            return []
        commands = commands_of(found for place in stale for found in place.findings)
        fixes = [str(Fix((command,))) for command in commands] or [p.reason for p in stale]
        return ["; ".join(map(_in_words, stale)), f"hint: {' && '.join(dict.fromkeys(fixes))}"]

    def header(self) -> list[str]:
        """Return a line for each place that is not known to be fresh."""
        if self.later:
            return ["neverstale: building beside the tests, to compare what is installed"]
        return [f"neverstale: {_in_words(place)}" for place in _bad(self.places)]

    def summary(self) -> list[str]:
        """Return the files that show what is stale, and the commands that fix it."""
        places = [*_bad(self.later.result() if self.later else self.places)]
        lines = [line for place in places for line in _explained(place)]
        commands = commands_of(found for place in places for found in place.findings)
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


def find_projects(paths: Iterable[Path]) -> list[Path]:
    """Return the folders of the projects in which *paths* are, each once: the nearest of each."""
    found = [
        next(
            (folder for folder in (path, *path.parents) if folder.is_dir() and _is_project(folder)),
            None,
        )
        for path in paths
    ]
    return list(dict.fromkeys(folder for folder in found if folder))


def _is_project(folder: Path) -> bool:
    """Return whether *folder* is one that can be built: others are never installed (PEP 517)."""
    if (folder / "setup.py").is_file():
        return True
    try:
        return "build-system" in load_tables(folder / "pyproject.toml", may_be_missing=True)
    except NeverstaleError:  # which is told when it is read
        return True


def _look(root: Path, depth: Depth) -> list[Place]:
    options = Options(project=str(root), verb="doctor", quick=depth is Depth.QUICK)
    try:
        task = task_of(options, Console(quiet=True))
        return [_place(each, task.builder, depth) for each in task.together()]
    except NeverstaleError as error:
        reason = f"{error.message}; hint: {error.hint}"
    except Exception as error:  # noqa: BLE001 - a test run is not to fail because of this
        reason = f"unexpected {type(error).__name__}: {error}"
    return [Place(root.name, root, Verdict.UNKNOWN, reason=reason)]


def _place(project: Project, builder: Builder, depth: Depth) -> Place:
    builder = replace(builder, uv=builder.uv.at(project.root))
    place = imported_here(project, builder, depth)
    reason = place.reason
    if place.verdict is Verdict.NOT_INSTALLED:
        reason = f"install it, or run the tests where it is: {fixes_for(project).verb('dev')}"
    return replace(place, name=f"{project.name} ({place.name})", reason=reason)

"""One place where a copy of the project lies, looked at: the readers joined to the diagnosis."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from freshness.archives import read_sdist, read_wheel
from freshness.circumstances import judge_interpreter, judge_pointer
from freshness.codes import Code
from freshness.diagnosis import (
    judge_archive,
    judge_by_sources,
    judge_installed,
    judge_sdist,
)
from freshness.distribution import Distribution
from freshness.environments import PYTHON, Environment
from freshness.errors import FreshnessError
from freshness.findings import Finding, Fix, Verdict, finding, is_stale, verdict_of
from freshness.installed import (
    DamagedError,
    Installed,
    find_empty_folders,
    find_orphans,
    read_installed,
    read_requirements,
)
from freshness.project import Project
from freshness.record import Digest, Tick, no_tick
from freshness.requirements import Surroundings
from freshness.shell import interpreter_of
from freshness.targets import broken_targets

NO_WHEEL = "there is no wheel of the present sources to compare it with"


@dataclass(frozen=True)
class Place:
    """Where a copy is, what it is, and what is to be said of it.

    ``reason`` says why the verdict is unknown; it is empty otherwise. ``environment`` and
    ``installed`` are None where the copy is an archive or the sources themselves.
    """

    name: str
    path: Path
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    version: str | None = None
    reason: str = ""
    environment: Environment | None = None
    installed: Installed | None = None

    def but(self, *findings: Finding) -> "Place":
        """Give this place with more *findings*, and the verdict that they ask for."""
        together = (*self.findings, *findings)
        if self.verdict in (Verdict.NOT_INSTALLED, Verdict.DAMAGED) or not is_stale(findings):
            return replace(self, findings=together)
        editable = bool(self.installed and self.installed.editable)
        verdict = verdict_of(together, editable=editable)
        return replace(self, findings=together, verdict=verdict, reason="")


@dataclass(frozen=True)
class Known:
    """What is known of the sources: the files, and the wheel of them where there is one.

    ``packages`` are the names that the project lets people import. Where there is no wheel,
    ``doubt`` says why.
    """

    files: Mapping[str, Digest]
    reference: Distribution | None
    packages: Collection[str]
    doubt: str = NO_WHEEL


def examine(
    project: Project, environment: Environment, known: Known, fix: Fix, tick: Tick = no_tick
) -> Place:
    """Look at *environment* and hold what is there against what is *known* of the sources.

    Without a wheel of them an install that is not editable is out of date only where that is
    certain, and unknown otherwise, unless it is damaged.
    """
    place = Place(
        str(environment), environment.prefix, Verdict.NOT_INSTALLED, (), None, "", environment
    )
    try:
        installed = read_installed(environment, project.name, known.reference, tick)
    except DamagedError as error:
        found = finding(error.code, fix, *error.evidence)
        return replace(place, verdict=Verdict.DAMAGED, findings=(found,))
    except FreshnessError as error:
        return replace(place, verdict=Verdict.UNKNOWN, reason=error.message)
    except OSError as error:
        reason = f"{error.filename} cannot be read: {error.strerror}"
        return replace(place, verdict=Verdict.UNKNOWN, reason=reason)
    if installed is None:
        return _without(place, environment, known, fix)
    place = replace(place, installed=installed, version=installed.distribution.version)
    return _with(project, place, environment, installed, known, fix)


def _with(
    project: Project,
    place: Place,
    environment: Environment,
    installed: Installed,
    known: Known,
    fix: Fix,
) -> Place:
    versions = environment.versions if installed.distribution.requirements else {}
    surroundings = Surroundings(
        environment.python_version,
        versions,
        _fits(installed, environment),
        partial(read_requirements, environment),
    )
    findings = judge_installed(project, known.reference, installed, surroundings, fix)
    findings += judge_pointer(project.root, installed, fix)
    findings += judge_interpreter(environment, _interpreters(environment, installed), fix)
    findings += _broken(environment, installed, known.packages, fix)
    doubt = ""
    if known.reference is None and not installed.editable:
        certain, why = judge_by_sources(project, known.files, installed, fix)
        findings += certain
        doubt = f"{known.doubt}; {why}"
    verdict = verdict_of(findings, editable=installed.editable)
    if verdict is Verdict.FRESH and doubt:
        return replace(place, verdict=Verdict.UNKNOWN, findings=tuple(findings), reason=doubt)
    return replace(place, verdict=verdict, findings=tuple(findings))


def _without(place: Place, environment: Environment, known: Known, fix: Fix) -> Place:
    """Look for a package without the records of an installation."""
    if environment.place == PYTHON:
        return place
    orphans = find_orphans(environment, known.packages)
    if orphans:
        shown = orphans[:1] if len(orphans) == 1 else (orphans[0], f"{len(orphans) - 1} more")
        found = finding(Code.F306, fix, *shown)
        return replace(place, verdict=Verdict.DAMAGED, findings=(found,))
    empty = find_empty_folders(environment, known.packages)
    if empty:
        site = environment.site_packages
        removals = tuple(("rmdir", str(Path(str(site), name))) for name in empty)
        return replace(place, findings=(finding(Code.F506, Fix(removals), *empty),))
    return place


def _interpreters(environment: Environment, installed: Installed) -> dict[str, Path]:
    """Give what the first line of each of the distribution's commands names, where it names one."""
    return {
        command: python
        for command in installed.distribution.commands
        if f"{{scripts}}/{command}" in installed.distribution.files
        if (python := interpreter_of(environment.scripts / command))
    }


def _broken(
    environment: Environment,
    installed: Installed,
    packages: Collection[str],
    fix: Fix,
) -> list[Finding]:
    """Look up what the commands of an installation that is no pointer start."""
    site = environment.site_packages
    if site is None or installed.editable:
        return []
    files = installed.distribution.files

    def find(path: str) -> Path | None:
        if path in files:
            return site / path
        return site / path if any(file.startswith(f"{path}.") for file in files) else None

    broken = broken_targets(installed.distribution.commands, packages, find)
    return [finding(Code.F407, fix, *broken.values())] if broken else []


def _fits(installed: Installed, environment: Environment) -> bool:
    """Tell whether the interpreter of *environment* can load what the wheel was made for."""
    universal = all(tag.endswith("-none-any") for tag in installed.tags)
    if universal or environment.python_version is None or not environment.is_plain_cpython:
        return True
    from packaging.tags import compatible_tags, cpython_tags

    version = tuple(int(part) for part in environment.python_version.split(".")[:2])
    fitting = {str(tag) for tags in (cpython_tags, compatible_tags) for tag in tags(version)}
    return bool(installed.tags & fitting)


def examine_wheel(path: Path, known: Known, fix: Fix) -> Place:
    """Look at a wheel in ``dist/``."""
    place = Place("wheel", path, Verdict.UNKNOWN, reason=known.doubt)
    try:
        wheel = read_wheel(path)
    except FreshnessError as error:
        return _unreadable(place, error, fix)
    if known.reference is None:
        return replace(place, version=wheel.version)
    findings = judge_archive(known.reference, wheel, fix)
    verdict = verdict_of(findings, editable=False)
    return replace(
        place, verdict=verdict, findings=tuple(findings), version=wheel.version, reason=""
    )


def examine_sdist(project: Project, path: Path, version: str, known: Known, fix: Fix) -> Place:
    """Look at an sdist of *version* in ``dist/``."""
    place = Place("sdist", path, Verdict.UNKNOWN, version=version)
    try:
        files = read_sdist(path)
    except FreshnessError as error:
        return _unreadable(place, error, fix)
    findings = judge_sdist(project, version, files, known.files, known.reference, fix)
    verdict = verdict_of(findings, editable=False)
    if verdict is Verdict.FRESH and known.reference is None:
        return replace(place, reason=known.doubt)
    return replace(place, verdict=verdict, findings=tuple(findings))


def _unreadable(place: Place, error: FreshnessError, fix: Fix) -> Place:
    found = finding(Code.F105, fix, error.message)
    return replace(place, verdict=Verdict.DAMAGED, findings=(found,), reason="")

"""One place where a copy of the project is: read, and checked against what is known."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from functools import partial
from pathlib import Path

from neverstale.diagnosis.checks.contents import (
    check_archive,
    check_changes,
    check_disk,
    check_editable,
    check_installed,
    is_metadata,
)
from neverstale.diagnosis.checks.declarations import (
    check_declarations,
    check_tag,
    check_version,
    declared_by,
)
from neverstale.diagnosis.checks.surroundings import check_interpreter, check_pointer
from neverstale.diagnosis.codes import Code
from neverstale.diagnosis.findings import (
    Evidence,
    Finding,
    Fix,
    Verdict,
    finding,
    is_stale,
    shown,
    verdict_of,
)
from neverstale.diagnosis.fixes import Fixes
from neverstale.diagnosis.requirements import Surroundings, unmet
from neverstale.environments.dist_info import DamagedError
from neverstale.environments.environment import PYTHON, Environment
from neverstale.environments.installed import Installed, read_installed, read_requirements
from neverstale.environments.path_search import interpreter_of
from neverstale.environments.unrecorded import find_empty_folders, find_orphans
from neverstale.errors import NeverstaleError
from neverstale.files import Tick, folders, no_tick
from neverstale.project.bytecode import find_misleading_bytecode
from neverstale.project.metadata import Ignored, Project
from neverstale.wheels.archives import pointers_in, read_sdist, read_wheel
from neverstale.wheels.distribution import Distribution
from neverstale.wheels.inputs import Present, in_words
from neverstale.wheels.store import Built


@dataclass(frozen=True)
class Place:
    """Where a copy is, and what was found.

    ``reason`` says why the verdict is unknown; it is empty otherwise. ``doubt`` is why it would be
    unknown if nothing were found: no build tells what it should be. ``environment`` and
    ``installed`` are None where the copy is an archive or the sources themselves. ``ignored`` are
    findings that the owner has left out, each with the reason.
    """

    name: str
    path: Path
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    version: str | None = None
    reason: str = ""
    environment: Environment | None = None
    installed: Installed | None = None
    ignored: tuple[tuple[Finding, str], ...] = ()
    doubt: str | None = None

    def with_findings(self, *findings: Finding) -> "Place":
        """Return this place with more *findings*, and the verdict that they ask for."""
        together = (*self.findings, *findings)
        if self.verdict in (Verdict.NOT_INSTALLED, Verdict.DAMAGED) or not is_stale(findings):
            return replace(self, findings=together)
        editable = bool(self.installed and self.installed.editable)
        verdict = verdict_of(together, editable=editable)
        return replace(self, findings=together, verdict=verdict, reason="")


@dataclass(frozen=True)
class Reference:
    """What a place is compared with: what the present sources are built into, if that is known.

    Where it is not, ``doubt`` says why, ``before`` is the last build that is, and ``changed``
    are its questions that have another answer now. ``packages`` are the names that the project
    lets people import. ``alternatives`` are all builds of these sources that are known: a
    compiler may not give the same bytes twice.
    """

    built: Built | None
    packages: Collection[str]
    doubt: str = ""
    before: Built | None = None
    changed: tuple[str, ...] = ()
    alternatives: tuple[Built, ...] = ()

    @property
    def distribution(self) -> Distribution | None:
        """What was built, as a value."""
        return self.built.distribution if self.built else None

    def nearest(self, files: Mapping[str, str]) -> Built | None:
        """Return the build that has the bytes of *files*, or else the newest."""
        for built in self.alternatives:
            known = built.distribution.files
            if all(files.get(p) == d for p, d in known.items() if not is_metadata(p)):
                return built
        return self.built


def without_ignored(place: Place, rules: Sequence[Ignored]) -> Place:
    """Return *place* without the findings that the owner ignores, and the verdict of the rest."""
    kept: list[Finding] = []
    ignored = [*place.ignored]
    for found in place.findings:
        evidence = found.evidence
        for rule in (each for each in rules if each.code.upper() == found.code.name):
            left_out = tuple(each for each in evidence if fnmatch(each.what, rule.path))
            evidence = tuple(each for each in evidence if each not in left_out)
            if left_out:
                ignored.append((replace(found, evidence=left_out), rule.reason))
        if evidence:
            kept.append(replace(found, evidence=evidence))
    if len(ignored) == len(place.ignored):
        return place
    editable = bool(place.installed and place.installed.editable)
    judged = place.verdict not in (Verdict.NOT_INSTALLED, Verdict.UNKNOWN)
    verdict = verdict_of(kept, editable=editable) if judged else place.verdict
    place = replace(place, findings=tuple(kept), verdict=verdict, ignored=tuple(ignored))
    return _doubted(place)


def _doubted(place: Place) -> Place:
    """Return *place*, which is not known to be fresh where nothing says what it should be."""
    if place.doubt is not None and place.verdict in (Verdict.FRESH, Verdict.EDITABLE):
        return replace(place, verdict=Verdict.UNKNOWN, reason=place.doubt)
    return place


def examine(
    project: Project,
    environment: Environment,
    reference: Reference,
    fixes: Fixes,
    tick: Tick = no_tick,
) -> Place:
    """Return what is in *environment*, compared with *reference*.

    Without one, an installation is out of date only where that is certain, and unknown otherwise,
    unless it is damaged.
    """
    fix = fixes.reinstall(environment, editable=False)
    place = Place(
        str(environment), environment.prefix, Verdict.NOT_INSTALLED, (), None, "", environment
    )
    try:
        installed = read_installed(environment, project.name, reference.distribution, tick)
    except DamagedError as error:
        code = Code.NS307 if error.twice else Code.NS306
        found = finding(code, fix, *error.evidence)
        return replace(place, verdict=Verdict.DAMAGED, findings=(found,))
    except NeverstaleError as error:
        return replace(place, verdict=Verdict.UNKNOWN, reason=error.message)
    except OSError as error:
        reason = f"{error.filename} cannot be read: {error.strerror}"
        return replace(place, verdict=Verdict.UNKNOWN, reason=reason)
    if installed is None:
        return _without(place, environment, reference.packages, fix)
    place = replace(place, installed=installed, version=installed.distribution.version)
    place = _with(project, place, environment, installed, reference, fixes)
    return without_ignored(place, project.ignored)


def _with(
    project: Project,
    place: Place,
    environment: Environment,
    installed: Installed,
    reference: Reference,
    fixes: Fixes,
) -> Place:
    editable = installed.editable
    fix = fixes.reinstall(environment, editable=editable)
    findings = [*check_disk(installed, fix)]
    built = reference.nearest(installed.distribution.files)
    if built:
        findings += _compared(project, installed, built, fix)
    elif reference.before and not editable:
        answers, changed = reference.before.answers, reference.changed
        findings += check_changes(answers, changed, installed, fix, project.root)
    if built is None and project.version:
        findings += check_version(project.version, installed.distribution.version, fix)
    declared = declared_by(project, reference.distribution)
    findings += check_declarations(declared, installed.distribution, fix, installed.commands)
    findings += check_pointer(project.root, installed, fix)
    scripts = _interpreters(environment, installed)
    findings += check_interpreter(project, environment, scripts, fixes)
    findings += _surrounded(environment, installed, fix)
    verdict = verdict_of(findings, editable=editable)
    doubt = reference.doubt if reference.built is None else None
    return _doubted(replace(place, verdict=verdict, findings=tuple(findings), doubt=doubt))


def _compared(project: Project, installed: Installed, built: Built, fix: Fix) -> list[Finding]:
    wheel, version = built.distribution, installed.distribution.version
    if not installed.editable:
        return [
            *check_installed(wheel, installed, fix),
            *check_version(wheel.version, version, fix),
        ]
    findings = check_editable(wheel, pointers_in(built.archive), installed, fix)
    generated = (in_words(question) for question in Present(project).changed(built.outputs))
    findings += shown(finding(Code.NS203, fix, *generated))
    if project.version is None and _from_repository(built):
        return [*findings, *check_tag(wheel.version, version, fix)]
    return [*findings, *check_version(wheel.version, version, fix)]


def _from_repository(built: Built) -> bool:
    return bool(built.answers.keys() & {"git", "hg"})


def _surrounded(environment: Environment, installed: Installed, fix: Fix) -> list[Finding]:
    """Return what is wrong around an installation: requirements, tags, bytecode."""
    versions = environment.versions if installed.distribution.requirements else {}
    surroundings = Surroundings(
        environment.python_version, versions, partial(read_requirements, environment)
    )
    lacking = unmet(installed.distribution, surroundings)
    found = shown(finding(Code.NS405, fix, *lacking))
    if not _fits(installed, environment):
        tags = ", ".join(sorted(installed.tags))
        evidence = Evidence("wheel tag", f"Python {environment.python_version}", tags)
        found.append(Finding(Code.NS606, (evidence,), fix))
    stale = misleading_bytecode(environment, installed)
    return [*found, *shown(finding(Code.NS505, fix, *map(str, stale)))]


def misleading_bytecode(environment: Environment, installed: Installed) -> list[Path]:
    """Return bytecode in the distribution's own packages that would hide the installed files."""
    site = environment.site_packages
    tops = {p.partition("/")[0] for p in installed.distribution.files if p.count("/")}
    packages = [site / top for top in sorted(tops) if site and top.isidentifier()]
    own = [package for package in packages if package.is_dir() and not package.is_symlink()]
    return [
        path
        for package in own
        for path in find_misleading_bytecode(folders(package, through_links=False))
    ]


def _without(place: Place, environment: Environment, packages: Collection[str], fix: Fix) -> Place:
    """Look for a package without the records of an installation."""
    if environment.place == PYTHON:
        return place
    orphans = find_orphans(environment, packages)
    if orphans:
        few = orphans[:1] if len(orphans) == 1 else (orphans[0], f"{len(orphans) - 1} more")
        return replace(place, verdict=Verdict.DAMAGED, findings=(finding(Code.NS306, fix, *few),))
    empty = find_empty_folders(environment, packages)
    if empty:
        site = environment.site_packages
        removals = tuple(("rmdir", str(Path(str(site), name))) for name in empty)
        return replace(place, findings=(finding(Code.NS506, Fix(removals), *empty),))
    return place


def _interpreters(environment: Environment, installed: Installed) -> dict[str, Path]:
    """Return what the first line of each of the distribution's commands names, if it does."""
    return {
        command: python
        for command in installed.distribution.commands
        if f"{{scripts}}/{command}" in installed.distribution.files
        if (python := interpreter_of(environment.scripts / command))
    }


def _fits(installed: Installed, environment: Environment) -> bool:
    """Return whether the interpreter of *environment* can load what the wheel was built for."""
    universal = all(tag.endswith("-none-any") for tag in installed.tags)
    if universal or environment.python_version is None or not environment.is_plain_cpython:
        return True
    from packaging.tags import compatible_tags, cpython_tags

    version = tuple(int(part) for part in environment.python_version.split(".")[:2])
    fitting = {str(tag) for tags in (cpython_tags, compatible_tags) for tag in tags(version)}
    return bool(installed.tags & fitting)


def examine_archive(path: Path, version: str | None, reference: Reference, fix: Fix) -> Place:
    """Return what an archive in ``dist/`` is: a wheel, or an sdist of *version*."""
    kind = "wheel" if version is None else "sdist"
    place = Place(kind, path, Verdict.UNKNOWN, version=version, reason=reference.doubt)
    try:
        if version is None:
            archive = read_wheel(path)
        else:
            nothing = frozenset[str]()
            name = reference.built.distribution.name if reference.built else ""
            archive = Distribution(name, version, read_sdist(path), nothing, {}, frozenset())  # type: ignore[arg-type]
    except NeverstaleError as error:
        found = finding(Code.NS105, fix, error.message)
        return replace(place, verdict=Verdict.DAMAGED, findings=(found,), reason="")
    place = replace(place, version=archive.version)
    built = reference.nearest(archive.files)
    if built is None:
        return place
    findings = tuple(check_archive(built.distribution, archive, fix))
    verdict = verdict_of(findings, editable=False)
    return replace(place, verdict=verdict, findings=findings, reason="")

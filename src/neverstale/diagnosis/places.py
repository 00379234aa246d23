"""One place where a copy of the project is: read, and checked against what is known."""

import os
from collections.abc import Collection
from functools import partial
from pathlib import Path

from neverstale.diagnosis.checks.contents import (
    check_changes,
    check_disk,
    check_editable,
    check_installed,
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
    shown,
    verdict_of,
)
from neverstale.diagnosis.fixes import Fixes
from neverstale.diagnosis.place import Place, Reference, doubted, without_ignored
from neverstale.diagnosis.requirements import Surroundings, unmet
from neverstale.environments.dist_info import DamagedError
from neverstale.environments.environment import PYTHON, Environment
from neverstale.environments.installed import Installed, read_installed, read_requirements
from neverstale.environments.path_search import interpreter_of
from neverstale.environments.unrecorded import find_empty_folders, find_orphans
from neverstale.errors import NeverstaleError
from neverstale.files import Tick, folders, no_tick
from neverstale.project.bytecode import find_misleading_bytecode
from neverstale.project.metadata import Project
from neverstale.wheels.answers import Present, in_words
from neverstale.wheels.archives import pointers_in
from neverstale.wheels.store import Built

OF_WINDOWS = ("win32", "win_amd64", "win_arm64")
"""Platforms that an interpreter there may be of: those of this one need not be the other's."""


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
        return place._replace(verdict=Verdict.DAMAGED, findings=(found,))
    except NeverstaleError as error:
        return place._replace(verdict=Verdict.UNKNOWN, reason=error.message)
    except OSError as error:
        reason = f"{error.filename} cannot be read: {error.strerror}"
        return place._replace(verdict=Verdict.UNKNOWN, reason=reason)
    if installed is None:
        return _without(place, environment, reference.packages, fix)
    place = place._replace(installed=installed, version=installed.distribution.version)
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
    return doubted(place._replace(verdict=verdict, findings=tuple(findings), doubt=doubt))


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
        return place._replace(verdict=Verdict.DAMAGED, findings=(finding(Code.NS306, fix, *few),))
    empty = find_empty_folders(environment, packages)
    if empty:
        site = environment.site_packages
        removals = tuple(("rmdir", str(Path(str(site), name))) for name in empty)
        return place._replace(findings=(finding(Code.NS506, Fix(removals), *empty),))
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
    platforms = OF_WINDOWS if os.name == "nt" else None
    kinds = (cpython_tags, compatible_tags)
    fitting = {str(tag) for tags in kinds for tag in tags(version, platforms=platforms)}
    return bool(installed.tags & fitting)

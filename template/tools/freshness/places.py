"""One place where the project may be installed, looked at: the readers joined to the diagnosis."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from freshness.diagnosis import Code, Finding, Verdict, judge_installed, verdict_of
from freshness.distribution import Distribution
from freshness.errors import FreshnessError
from freshness.installed import TOOL, Environment, Installed, read_installed
from freshness.project import Project


@dataclass(frozen=True)
class Place:
    """An environment, what is installed in it, and what is to be said of that.

    ``reason`` says why the verdict is unknown; it is empty otherwise.
    """

    environment: Environment
    installed: Installed | None
    verdict: Verdict
    findings: tuple[Finding, ...]
    reason: str = ""


def examine(
    project: Project, environment: Environment, reference: Distribution | None, fix: str
) -> Place:
    """Look at *environment* and hold what is there against *reference*, the wheel of the sources.

    Without a reference an install that is not editable cannot be judged, unless it is damaged.
    """
    try:
        installed = read_installed(environment, project.name)
    except FreshnessError as error:
        return Place(environment, None, Verdict.UNKNOWN, (), error.message)
    if installed is None:
        return Place(environment, None, Verdict.NOT_INSTALLED, ())
    versions = (environment.python_version, environment.versions)
    findings = tuple(judge_installed(project, reference, installed, versions, fix))
    if environment.interpreter is None:
        findings += (Finding(Code.F603, (str(environment.scripts / "python"),), fix),)
    verdict = verdict_of(installed, findings)
    if verdict is Verdict.FRESH and reference is None:
        reason = "there is no wheel of the present sources to compare it with"
        return Place(environment, installed, Verdict.UNKNOWN, findings, reason)
    return Place(environment, installed, verdict, findings)


def with_shell(place: Place, others: Mapping[Path, str], path: str) -> Place:
    """Add to *place* what a shell with *path* would run for its commands.

    *others* are folders of commands that are examined as places of their own.
    """
    folder = place.environment.commands_folder
    if place.installed is None or place.environment.place != TOOL:
        return place
    findings = list(place.findings)
    if folder not in [Path(entry).resolve() for entry in path.split(os.pathsep) if entry]:
        fix = f'export PATH="{folder}:$PATH"'
        findings.append(Finding(Code.F602, (str(folder),), fix))
    for command in sorted(place.installed.distribution.commands):
        found = shutil.which(command, path=path)
        if found and Path(found).parent.resolve() not in (folder, *others):
            evidence = f"{command} is {found}"
            findings.append(Finding(Code.F601, (evidence,), f"remove {found}, or change PATH"))
    return replace(
        place,
        findings=tuple(findings),
        verdict=verdict_of(place.installed, findings)
        if place.verdict is Verdict.FRESH
        else place.verdict,
    )

"""The diagnosis of a project: every place where a copy is, and what decides which one runs."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from neverstale.diagnosis.archives import examine_archives
from neverstale.diagnosis.checks.contents import check_wheel
from neverstale.diagnosis.checks.surroundings import (
    check_commands,
    check_hidden,
    check_imports,
    check_leftovers,
)
from neverstale.diagnosis.codes import Code
from neverstale.diagnosis.copies import examine_copy
from neverstale.diagnosis.findings import Finding, Fix, Verdict, finding, shown, verdict_of
from neverstale.diagnosis.fixes import Fixes, commands_of, fixes_for
from neverstale.diagnosis.place import Place, without_ignored
from neverstale.diagnosis.processes import Running, find_outdated
from neverstale.diagnosis.reference import Depth, References
from neverstale.diagnosis.targets import broken_targets
from neverstale.diagnosis.unselected import find_unselected
from neverstale.environments.discovery import find_environments, tool_environment, venv_environment
from neverstale.environments.environment import PIPX, TOOL, VENV, Environment
from neverstale.environments.imports import Imports, find_imports
from neverstale.environments.path_search import Answer, answers, behind
from neverstale.errors import NeverstaleError
from neverstale.files import Tick, folders, real
from neverstale.process import outer_environment
from neverstale.project.bytecode import find_misleading_bytecode
from neverstale.project.metadata import Project
from neverstale.wheels.answers import Present
from neverstale.wheels.build import Builder
from neverstale.wheels.leftovers import read_leftovers

TYPED = (TOOL, PIPX)
"""Kinds of places whose commands are meant to be typed: another file may shadow them."""


def no_drift(fixes: Fixes) -> Sequence[Finding]:
    """Return nothing: nobody asked for the template."""
    del fixes
    return ()


class Request(NamedTuple):
    """What is asked of the doctor.

    ``members`` are the projects that an install needs as well; ``drift`` returns how the project
    differs from its template, and is called last, for that may take a while; ``processes`` is
    whether to look at what runs.
    """

    depth: Depth
    tick: Tick
    members: tuple[Project, ...] = ()
    drift: Callable[[Fixes], Sequence[Finding]] = no_drift
    processes: bool = False


class Diagnosis(NamedTuple):
    """What the doctor found; ``compared`` says in words with what it compared.

    ``commands`` are, for each command, the files along PATH of its name, and the place that each
    belongs to; ``imports`` are what each environment would import; ``fixes`` are the commands
    that fix what is stale; ``ignored`` are the findings that the owner has left out;
    ``processes`` run what has changed since they began.
    """

    project: Project
    depth: Depth
    compared: str
    places: tuple[Place, ...]
    commands: tuple[tuple[Answer, str | None], ...]
    imports: tuple[Imports, ...]
    fixes: tuple[tuple[str, ...], ...]
    ignored: tuple[tuple[str, Finding, str], ...] = ()
    processes: tuple[Running, ...] = ()


def diagnose(project: Project, builder: Builder, request: Request) -> Diagnosis:
    """Return every copy of the project that could run, compared with the present sources.

    Nothing is changed, except that what is built is remembered. Raise NeverstaleError where the
    sources cannot be read.
    """
    path = outer_environment().get("PATH", "")
    fixes = fixes_for(project)
    environments, broken = _environments(project, builder, path)
    present = Present(project, tick=request.tick)
    references = References(builder, present, request.depth, _home(environments))
    seen = [examine_copy(project, each, references, fixes) for each in environments]
    imports = [
        find_imports(p.environment, project.root, _packages(p, references))
        for p in seen
        if p.installed and p.environment
    ]
    places = [_with_imports(project, place, fixes, imports) for place in seen]
    found = answers(_commands(project, places), path)
    places = [_with_shell(place, places, found, path) for place in places]
    archives = [*examine_archives(project, references, fixes)]
    together = (
        _examine_sources(project, references, fixes).with_findings(*request.drift(fixes)),
        *places,
        *_examine_members(builder, places, request, fixes),
        *broken,
        *archives,
    )
    together = tuple(without_ignored(place, project.ignored) for place in together)
    ignored = tuple((p.name, *each) for p in together for each in p.ignored)
    return Diagnosis(
        project,
        request.depth,
        references.compared,
        together,
        tuple((answer, _home_of(answer, places)) for answer in found),
        tuple(imports),
        _commands_that_fix(together, fixes),
        ignored,
        tuple(find_outdated(places, imports)) if request.processes else (),
    )


def _environments(
    project: Project, builder: Builder, path: str
) -> tuple[list[Environment], list[Place]]:
    """Return the environments to look at; the tool's and the project's own in any case."""
    known = [tool_environment(builder.uv, project.name)]
    broken: list[Place] = []
    try:
        known.append(venv_environment(project.root))
    except NeverstaleError as error:
        broken.append(Place(VENV, project.root / VENV, Verdict.UNKNOWN, (), None, error.message))
    return [*known, *find_environments(project.root, project.name, known, path)], broken


def _home(environments: Sequence[Environment]) -> Environment | None:
    """Return the project's own environment, or else the tool's."""
    return next((each for each in environments if each.place == VENV), environments[0])


def _packages(place: Place, references: References) -> list[str]:
    return references.packages(place.installed.distribution if place.installed else None)


def _with_imports(
    project: Project, place: Place, fixes: Fixes, all_imports: Sequence[Imports]
) -> Place:
    """Add to *place* what an import in its environment would take."""
    environment, installed = place.environment, place.installed
    imports = next((i for i in all_imports if i.environment == environment), None)
    if imports is None or installed is None or environment is None:
        return place
    fix = fixes.reinstall(environment, editable=installed.editable)
    found = check_imports(project.root, environment, installed, imports.elsewhere, fix)
    place = place.with_findings(*found)
    stale = place.verdict in (Verdict.OUT_OF_DATE, Verdict.DAMAGED)
    if stale and environment.own and not installed.editable:
        return place.with_findings(*check_hidden(imports.there))
    return place


def _commands(project: Project, places: Sequence[Place]) -> set[str]:
    installed = [place.installed.distribution for place in places if place.installed]
    return {*(project.likely_commands or ()), *(c for found in installed for c in found.commands)}


def _with_shell(place: Place, places: Sequence[Place], found: list[Answer], path: str) -> Place:
    """Add to *place* what a shell would run for its commands."""
    environment = place.environment
    if place.installed is None or environment is None or environment.place not in TYPED:
        return place
    if environment.commands_folder == environment.scripts:
        return place
    current = {
        real(other.environment.commands_folder)
        for other in places
        if other.environment and other.verdict in (Verdict.FRESH, Verdict.EDITABLE)
    }
    commands = place.installed.distribution.commands
    return place.with_findings(*check_commands(environment, commands, found, current, path))


def _home_of(answer: Answer, places: Sequence[Place]) -> str | None:
    """Return the name of the place that the command at *answer* starts."""
    prefix = behind(answer, [place.path for place in places if place.environment])
    return next((place.name for place in places if place.path == prefix), None)


def _examine_sources(project: Project, references: References, fixes: Fixes) -> Place:
    """Return what the next build takes and leaves out."""
    built = references.known("wheel")
    unselected = find_unselected(project.root, built) if built else []
    found: list[Finding] = (
        check_wheel(built.distribution, unselected, project.root) if built else []
    )
    wheel = built.distribution if built else None
    left = read_leftovers(project, wheel, references.packages(wheel))
    found += check_leftovers(project, left, unselected, fixes)
    if built:
        correct = Fix(advice="correct [project.scripts] in pyproject.toml, then install again")
        found += shown(
            finding(Code.NS407, correct, *broken_targets(built.distribution, built.archive))
        )
    version = project.version or (wheel.version if wheel else None)
    verdict = verdict_of(found, editable=False)
    return Place("sources", project.root, verdict, tuple(found), version)


def _examine_members(
    builder: Builder, places: Sequence[Place], request: Request, fixes: Fixes
) -> Iterator[Place]:
    """Yield the projects that *project* needs as well, wherever it is installed."""
    homes = [p.environment for p in places if p.environment and p.installed]
    for member in request.members:
        own = builder._replace(uv=builder.uv.at(member.root))
        present = Present(member, tick=request.tick)
        references = References(own, present, request.depth, homes[0] if homes else None)
        for environment in homes:
            place = examine_copy(
                member, environment.beside_the_tool(member.name), references, fixes
            )
            if place.installed and place.installed.editable:
                walk = folders(member.root, through_links=False)
                stale = map(str, find_misleading_bytecode(walk))
                place = place.with_findings(*shown(finding(Code.NS505, fixes.verb("dev"), *stale)))
            yield place._replace(name=f"{environment}: {member.name}")


def _commands_that_fix(places: Sequence[Place], fixes: Fixes) -> tuple[tuple[str, ...], ...]:
    """Return the commands that fix *places*; if it is installed nowhere, the install."""
    found = commands_of(found for place in places for found in place.findings)
    installed = {place.verdict for place in places if place.environment}
    if not found and installed <= {Verdict.NOT_INSTALLED}:
        return fixes.verb("install").commands
    return tuple(found)

"""The diagnosis of a project: every place where a copy lies, and what decides which one runs."""

import json
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

from freshness.archives import read_wheel
from freshness.circumstances import (
    judge_commands,
    judge_hidden,
    judge_imports,
    judge_leftovers,
    judge_template,
)
from freshness.codes import Code
from freshness.diagnosis import judge_wheel, package_folders
from freshness.distribution import Distribution
from freshness.editables import REBUILDS_ITSELF, changed_inputs, modules_of
from freshness.environments import (
    OTHER,
    PIPX,
    TOOL,
    VENV,
    Environment,
    distributions,
    find_environments,
    tool_environment,
    venv_environment,
)
from freshness.errors import FreshnessError
from freshness.findings import Finding, Fix, Verdict, finding, verdict_of
from freshness.fixes import Fixes, commands_of
from freshness.git import listed, start_listing
from freshness.imports import Answers, Imports, Interpreters, is_doubtful, packages_of
from freshness.leftovers import Leftovers, read_leftovers
from freshness.places import Known, Place, examine, examine_sdist, examine_wheel
from freshness.project import Project
from freshness.record import Tick, read_text
from freshness.shell import Answer, answers, behind
from freshness.sources import Sources, made_for, sources_of
from freshness.spelling import find_spelling
from freshness.store import FOLDER, store_of
from freshness.targets import broken_targets
from freshness.template import (
    Template,
    contradictions,
    edited_files,
    find_template,
    newer_than,
)
from freshness.tree import real
from freshness.uv import Uv, base_interpreter, outer_environment

SHADOWED = (TOOL, PIPX)
"""Kinds of places whose commands are meant to be typed: another file may answer for them."""


class Depth(Enum):
    """How far the doctor goes for a wheel of the present sources."""

    QUICK = "quick"
    DEFAULT = "default"
    BUILD = "build"


OWN = "{}.{}".format(*sys.version_info)
"""The version of our own Python, for which is built where none is there yet."""

PATIENCE = 3.0
"""How many seconds the doctor waits for the template's repository, after all else is done."""


@dataclass(frozen=True)
class Diagnosis:
    """What the doctor found. ``compared`` says with what, in words.

    ``commands`` are, for each command, the files along PATH that answer to it, and the name of
    the place that each belongs to; ``imports`` are what each environment would import; ``fixes``
    are the commands that mend what is stale.
    """

    project: Project
    depth: Depth
    compared: str
    places: tuple[Place, ...]
    commands: tuple[tuple[Answer, str | None], ...]
    imports: tuple[Imports, ...]
    fixes: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Request:
    """What is asked of the doctor; *wait* and *tick* are told when it has to, and how far it is.

    ``members`` are the projects that an install of the project needs beside it.
    """

    depth: Depth
    wait: Callable[[], None]
    tick: Tick
    members: tuple[Project, ...] = ()


def diagnose(project: Project, uv: Uv, request: Request) -> Diagnosis:
    """Find every copy of the project that could run, and hold each against the sources.

    Nothing is changed, except that a project which has a store keeps the wheel that is built.
    Raises FreshnessError where the sources cannot be read.
    """
    path = outer_environment().get("PATH", "")
    archives = _archives(project)
    sources = sources_of(project, request.tick)
    template = find_template(project.root) if request.depth is not Depth.QUICK else None
    asked = start_listing(template.address) if template else None
    environments, broken = _environments(project, tool_environment(uv, project.name), path)
    doubtful = (
        env
        for env in environments
        if request.depth is not Depth.QUICK or is_doubtful(env, project.root)
    )
    interpreters = Interpreters(project.root, doubtful)
    is_needed = bool(archives) or any(_needs_wheel(project, env) for env in environments)
    wheels = _Wheels(project, uv, sources, request, home=project.root, is_needed=is_needed)
    reference, compared, doubt = wheels.of(None)
    packages = _packages(project, sources, reference)
    known = Known(sources.files, reference, packages, doubt)
    fixes = Fixes(project, find_spelling(project.root))
    folders = _package_folders(packages, sources, reference)
    left = read_leftovers(project, sources.files, folders)
    if left.suspects:
        interpreters.start(_own_environment())
    seen = [_examine(project, e, wheels.known(known, e), fixes, request.tick) for e in environments]
    said = interpreters.answers(packages, left.suspects)
    places = [_with_imports(project, place, fixes, said) for place in seen]
    found = answers(_commands(project, places), path)
    places = [_with_shell(place, places, found, path) for place in places]
    sources_place = _sources_place(project, known, folders, left, said, fixes)
    drift = [*_drift(project, template, listed(asked, PATIENCE), fixes)]
    together = (
        replace(sources_place, findings=(*sources_place.findings, *drift)),
        *places,
        *_examine_members(project, uv, places, request, fixes),
        *broken,
        *_examine_archives(project, archives, known, fixes),
    )
    return Diagnosis(
        project,
        request.depth,
        compared,
        together,
        tuple((answer, _home(answer, places)) for answer in found),
        tuple(i for i in said.imports if i.environment in environments),
        _commands_that_mend(together, fixes),
    )


def _drift(
    project: Project, template: Template | None, listing: str | None, fixes: Fixes
) -> Iterator[Finding]:
    """Say how far the project is from *template*; *listing* is what that one's repository has."""
    if template is None:
        return
    newer = newer_than(template, listing) if listing else None
    edited = edited_files(project.root)
    yield from judge_template(
        newer, template.version, edited, contradictions(template, project), fixes
    )


def _commands_that_mend(places: Sequence[Place], fixes: Fixes) -> tuple[tuple[str, ...], ...]:
    """Give the commands that mend *places*; if it is installed nowhere, the install."""
    found = commands_of(found for place in places for found in place.findings)
    installed = {place.verdict for place in places if place.environment}
    if not found and installed <= {Verdict.NOT_INSTALLED}:
        return fixes.verb("install").commands
    return tuple(found)


def _environments(
    project: Project, tool: Environment, path: str
) -> tuple[list[Environment], list[Place]]:
    """Give the environments to look at; the tool's and the project's own in any case."""
    known = [tool]
    broken: list[Place] = []
    try:
        known.append(venv_environment(project.root))
    except FreshnessError as error:
        broken.append(Place(VENV, project.root / VENV, Verdict.UNKNOWN, (), None, error.message))
    return [*known, *find_environments(project.root, project.name, known, path)], broken


def _needs_wheel(project: Project, environment: Environment) -> bool:
    """Tell whether what is in *environment* cannot be judged by the sources alone."""
    site = environment.site_packages
    for _, path, _ in distributions(site, project.name) if site else ():
        try:
            origin = json.loads(read_text(path / "direct_url.json"))
            editable = bool(origin["dir_info"]["editable"])
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            editable = False
        by_finder = any(site.glob("__editable__*_finder.py")) if site else False
        return not editable or project.version is None or by_finder
    return False


class _Wheels:
    """The wheels of the sources of *project*: one, or one for each Python where it compiles.

    *home* is where the store is; no wheel is built unless one *is_needed*, or asked for.
    """

    def __init__(
        self,
        project: Project,
        uv: Uv,
        sources: Sources,
        request: Request,
        *,
        home: Path,
        is_needed: bool,
    ) -> None:
        self._project, self._uv, self._sources = project, uv, sources
        self._request, self._home, self._is_needed = request, home, is_needed
        self._compiled = project.is_compiled(sources.files)
        self._found: dict[str | None, tuple[Distribution | None, str, str]] = {}

    def of(self, environment: Environment | None) -> tuple[Distribution | None, str, str]:
        """Give the wheel for *environment*, what it is in words, and why there is none."""
        minor = environment.minor if environment and self._compiled else None
        if minor not in self._found:
            self._found[minor] = self._find(environment)
        return self._found[minor]

    def known(self, known: Known, environment: Environment) -> Known:
        """Give what is *known*, with the wheel for *environment*, if that one needs any."""
        if not self._compiled or not _needs_wheel(self._project, environment):
            return known
        reference, _, doubt = self.of(environment)
        return replace(known, reference=reference, doubt=doubt)

    def _find(self, environment: Environment | None) -> tuple[Distribution | None, str, str]:
        project, request = self._project, self._request
        from freshness.install import forced_build, python_for

        with store_of(self._home) as store:
            if self._compiled:
                environment = environment or _venv_or_tool(project, self._uv)
            minor = (environment.minor or OWN) if self._compiled and environment else None
            made = made_for(self._sources.fingerprint, minor)
            known = None if project.reads_outside else store.holds(made)
            if known and request.depth is not Depth.BUILD:
                return known, "the wheel that was built from these sources before", ""
            doubt = _reason_not_to_build(project, self._sources, request.depth)
            if doubt or (request.depth is Depth.DEFAULT and not self._is_needed):
                return None, "the sources alone, without a build", doubt
            python = python_for(project, environment or _venv_or_tool(project, self._uv))
            try:
                with store.locked(request.wait):
                    wheel, after = forced_build(self._uv, project, store, python)
            except FreshnessError as error:
                return None, "the sources alone: the build failed", error.message
            changed = "the sources changed while they were built"
            built = read_wheel(wheel) if after == sources_of(project) else None
            return built, "a wheel that was built from these sources now", "" if built else changed


def _venv_or_tool(project: Project, uv: Uv) -> Environment:
    try:
        return venv_environment(project.root)
    except FreshnessError:
        return tool_environment(uv, project.name)


def _reason_not_to_build(project: Project, sources: Sources, depth: Depth) -> str:
    if depth is Depth.BUILD:
        return ""
    if depth is Depth.QUICK:
        return "no build of the present sources is known, and --quick makes none"
    if project.is_compiled(sources.files):
        return "a build would compile, which only --build does"
    if project.build_writes_sources:
        return "a build would write into the sources, which only --build does"
    return ""


def _packages(project: Project, sources: Sources, reference: Distribution | None) -> list[str]:
    """Give the names that the project lets people import, as far as they are known."""
    if reference:
        return packages_of(reference.files)
    targets = {
        target.partition(".")[0].partition(":")[0] for target in (project.commands or {}).values()
    }
    wanted = {*targets, project.name.replace("-", "_")}
    there = {
        part.removesuffix(".py").lower(): part.removesuffix(".py")
        for path in sources.files
        for part in path.removeprefix("src/").split("/")[:1]
        if path.endswith(".py")
    }
    return sorted({there[name.lower()] for name in wanted if name.lower() in there})


def _package_folders(
    packages: Collection[str], sources: Sources, reference: Distribution | None
) -> list[str]:
    """Give the folders of the packages in the sources, ``/`` at the end."""
    places = [f"{start}{name}/" for name in packages for start in ("src/", "")]
    usual = [place for place in places if any(path.startswith(place) for path in sources.files)]
    if usual or reference is None:
        return usual
    return [folder for folder in package_folders(sources.files, reference.files) if folder]


def _own_environment() -> Environment:
    """Give our own interpreter, to be asked about suspect bytecode of its version."""
    own = base_interpreter()
    return Environment(OTHER, own.parents[1], own.parent, python=own)


def _examine(
    project: Project, environment: Environment, known: Known, fixes: Fixes, tick: Tick
) -> Place:
    place = examine(project, environment, known, fixes.reinstall(environment, editable=False), tick)
    if place.installed and place.installed.editable:
        fix = fixes.reinstall(environment, editable=True)
        place = replace(place, findings=tuple(_fixed_by(f, fix) for f in place.findings))
        if project.is_compiled(known.files) and project.build_backend != REBUILDS_ITSELF:
            place = _with_compiled(project, place, environment, known, fixes)
    is_ours = environment.place == TOOL and environment.prefix.name == project.name
    if environment.own and environment.interpreter is None and not is_ours:
        # Only its maker knows what else was in it; uv sync knows for the project's own.
        advice = Fix(advice=f"make the environment anew: it is {environment.prefix}")
        fix = fixes.verb("dev") if environment.place == VENV else advice
        place = replace(place, findings=tuple(_fixed_by(f, fix) for f in place.findings))
    return place


def _with_compiled(
    project: Project, place: Place, environment: Environment, known: Known, fixes: Fixes
) -> Place:
    """Add to *place*, an editable install, whether its extension is that of the sources."""
    fix = fixes.reinstall(environment, editable=True)
    fix = fixes.verb("dev") if environment.place == VENV else fix
    store = fixes.project.root / FOLDER
    modules = modules_of(project, environment)
    changed = changed_inputs(project, known.files, modules, store)
    if known.reference and modules and set(modules.values()) <= set(known.reference.files.values()):
        changed = []  # whoever compiled them, they are what a build gives now
    if changed:
        return place.but(finding(Code.F209, fix, *changed))
    if changed is None and place.verdict is Verdict.EDITABLE:
        reason = f"nobody noted what its extension was compiled from; `{fix}` compiles and notes it"
        return replace(place, verdict=Verdict.UNKNOWN, reason=reason)
    return place


def _examine_members(
    project: Project, uv: Uv, places: Sequence[Place], request: Request, fixes: Fixes
) -> Iterator[Place]:
    """Look at the projects that *project* needs beside it, wherever it is installed."""
    homes = [p.environment for p in places if p.environment and p.installed]
    for member in request.members:
        sources = sources_of(member, request.tick)
        is_needed = any(_needs_wheel(member, environment) for environment in homes)
        wheels = _Wheels(
            member,
            uv.at(member.root),
            sources,
            request,
            home=project.root,
            is_needed=is_needed,
        )
        for environment in homes:
            reference, _, doubt = wheels.of(environment)
            known = Known(sources.files, reference, _packages(member, sources, reference), doubt)
            own = environment.beside_the_tool(member.name)
            place = _examine(member, own, known, fixes, request.tick)
            yield replace(place, name=f"{place.name}: {member.name}")


def _fixed_by(found: Finding, fix: Fix) -> Finding:
    if not found.fix.commands:
        return found
    return replace(found, fix=Fix(fix.commands, found.fix.advice or fix.advice))


def _with_imports(project: Project, place: Place, fixes: Fixes, said: Answers) -> Place:
    """Add to *place* what an import in its environment would take."""
    environment, installed = place.environment, place.installed
    if (
        installed
        and environment in said.silent
        and place.verdict in (Verdict.FRESH, Verdict.EDITABLE)
    ):
        reason = f"its interpreter does not start or does not answer: {place.path}"
        return replace(place, verdict=Verdict.UNKNOWN, reason=reason)
    imports = next((i for i in said.imports if i.environment == environment), None)
    if imports is None or installed is None or environment is None:
        return place
    fix = fixes.reinstall(environment, editable=installed.editable)
    place = place.but(*judge_imports(project.root, environment, installed, imports.elsewhere, fix))
    stale = place.verdict in (Verdict.OUT_OF_DATE, Verdict.DAMAGED)
    if stale and environment.own and not installed.editable:
        return place.but(*judge_hidden(imports.there))
    return place


def _commands(project: Project, places: Sequence[Place]) -> set[str]:
    installed = [place.installed.distribution for place in places if place.installed]
    return {*(project.commands or ()), *(c for found in installed for c in found.commands)}


def _with_shell(place: Place, places: Sequence[Place], found: list[Answer], path: str) -> Place:
    """Add to *place* what a shell would run for its commands."""
    environment = place.environment
    if place.installed is None or environment is None:
        return place
    if environment.place not in SHADOWED or environment.commands_folder == environment.scripts:
        return place
    current = {
        real(other.environment.commands_folder): other.name
        for other in places
        if other.environment and other.verdict in (Verdict.FRESH, Verdict.EDITABLE)
    }
    commands = place.installed.distribution.commands
    return place.but(*judge_commands(environment, commands, found, current, path))


def _home(answer: Answer, places: Sequence[Place]) -> str | None:
    """Give the name of the place that the command at *answer* starts."""
    prefixes = [place.path for place in places if place.environment]
    prefix = behind(answer, prefixes)
    return next((place.name for place in places if place.path == prefix), None)


def _sources_place(
    project: Project,
    known: Known,
    folders: Collection[str],
    left: Leftovers,
    said: Answers,
    fixes: Fixes,
) -> Place:
    """Look at the sources themselves: what the next build takes, what it leaves out."""
    found: list[Finding] = []
    if known.reference:
        found += judge_wheel(project, known.files, known.reference, fixes.verb("build"))
    unselected = [e.what for f in found if f.code is Code.F101 for e in f.evidence]
    stale = [
        path.relative_to(project.root).as_posix()
        for path in said.stale
        if path.is_relative_to(project.root)
    ]
    found += judge_leftovers(project, left, stale, unselected, fixes)
    broken = broken_targets(
        project.commands or {}, known.packages, _finder(project.root, known.files, folders)
    )
    if broken:
        advice = Fix(advice="correct [project.scripts] in pyproject.toml, then install again")
        found.append(finding(Code.F407, advice, *broken.values()))
    version = project.version or (known.reference.version if known.reference else None)
    verdict = verdict_of(found, editable=False)
    return Place("sources", project.root, verdict, tuple(found), version)


def _finder(
    root: Path, files: Mapping[str, object], folders: Collection[str]
) -> Callable[[str], Path | None]:
    """Give what finds a module's file, or a package's folder, in the sources.

    *folders* are those of the packages: ``python/demo/`` is where ``demo`` is.
    """
    starts = ["src/", "", *(folder.rstrip("/").rpartition("/")[0] + "/" for folder in folders)]

    def find(path: str) -> Path | None:
        for place in (f"{start}{path}" for start in starts):
            if place in files:
                return root / place
            if "." not in path and any(file.startswith(f"{place}.") for file in files):
                return root / place
        return None

    return find


def _archives(project: Project) -> list[tuple[Path, str | None]]:
    """Give the archives of the project in ``dist/``: wheels, and sdists with their version."""
    found: list[tuple[Path, str | None]] = []
    folder = project.root / "dist"
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        own = canonicalize_name(path.name.partition("-")[0]) == project.name
        try:
            if path.suffix == ".whl":
                own = parse_wheel_filename(path.name)[0] == project.name
                version = None
            elif path.name.endswith(".tar.gz"):
                name, parsed = parse_sdist_filename(path.name)
                own, version = name == project.name, str(parsed)
            else:
                continue
        except (InvalidWheelFilename, InvalidSdistFilename):
            version = None if path.suffix == ".whl" else "0"
        if own and path.is_file():
            found.append((path, version))
    return found


def _examine_archives(
    project: Project, archives: Sequence[tuple[Path, str | None]], known: Known, fixes: Fixes
) -> Iterator[Place]:
    for path, version in archives:
        fix = Fix(advice=f"remove {path.name}") if path.is_symlink() else fixes.verb("build")
        if version is None:
            yield examine_wheel(path, known, fix)
        else:
            yield examine_sdist(project, path, version, known, fix)

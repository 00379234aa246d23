"""One copy of a project, in one environment: compared with what the sources are built into."""

import json
import sys
from collections.abc import Collection, Sequence
from contextlib import suppress
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path

from neverstale.diagnosis.checks.surroundings import check_imports
from neverstale.diagnosis.codes import Code
from neverstale.diagnosis.findings import Verdict, finding
from neverstale.diagnosis.fixes import Fixes, fixes_for
from neverstale.diagnosis.place import Place, Reference
from neverstale.diagnosis.places import examine
from neverstale.diagnosis.reference import Depth, References
from neverstale.environments.compiled import changed_inputs, modules_of
from neverstale.environments.discovery import environment_of
from neverstale.environments.environment import Environment, distributions, holds
from neverstale.environments.imports import Origin
from neverstale.files import read_text, real
from neverstale.project.metadata import Project
from neverstale.project.sources import read_sources
from neverstale.wheels.answers import Present
from neverstale.wheels.build import Builder

COMPILES_ITSELF = "mesonpy"
"""The build backend whose editable installs compile what is newer whenever they are imported."""


def is_editable(environment: Environment, project: Project) -> bool:
    """Return whether *project* is installed editable in *environment* (PEP 610)."""
    site = environment.site_packages
    for _, info, _ in distributions(site, project.name) if site else ():
        try:
            return bool(json.loads(read_text(info / "direct_url.json"))["dir_info"]["editable"])
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return False
    return False


def examine_copy(
    project: Project, environment: Environment, references: References, fixes: Fixes
) -> Place:
    """Return the copy of *project* in *environment*, compared with what *references* knows."""
    if not holds(environment, project.name):
        nothing = Reference(None, references.packages())
        return examine(project, environment, nothing, fixes)
    editable = is_editable(environment, project)
    if editable and project.may_compile:
        place = examine(project, environment, Reference(None, references.packages()), fixes)
        return _with_compiled(project, place, references, fixes)
    reference = references.of("editable" if editable else "wheel", environment)
    return examine(project, environment, reference, fixes, references.present.tick)


def _with_compiled(project: Project, place: Place, references: References, fixes: Fixes) -> Place:
    """Add to *place*, an editable install, whether its extension modules are of these sources."""
    if place.environment is None or place.installed is None:
        return place
    fix = fixes.reinstall(place.environment, editable=True)
    changed: list[str] | None = []
    if project.build_backend != COMPILES_ITSELF:
        modules = modules_of(project, place.environment)
        sources = read_sources(project, references.present.tick)
        changed = changed_inputs(project, sources, modules, references.builder.store.folder)
        if references.depth is Depth.BUILD:
            wheel = references.of("wheel", place.environment).distribution
            if wheel and modules and set(modules.values()) <= set(wheel.files.values()):
                changed = []  # whoever compiled them, they are what a build gives now
    if changed:
        return place.with_findings(finding(Code.NS209, fix, *changed))
    if place.verdict is not Verdict.UNKNOWN:
        return place
    if changed is None:
        reason = f"what its extension was compiled from is not known; `{fix}` compiles it"
        return place._replace(reason=reason)
    return place._replace(verdict=Verdict.EDITABLE, reason="")


def imported_here(
    project: Project, builder: Builder, depth: Depth, first: Sequence[str] = ()
) -> Place:
    """Return the copy of *project* that this interpreter would import, and what is wrong with it.

    That is the one in its environment, or the sources themselves, or a stranger's (NS607). *first*
    are folders that come before ``sys.path``.
    """
    environment = environment_of(project.root, Path(sys.prefix), Path(sys.executable))
    references = References(builder, Present(project), depth, environment)
    fixes = fixes_for(project)
    place = examine_copy(project, environment, references, fixes)
    installed = place.installed
    names = references.packages(installed.distribution if installed else None)
    files = installed.distribution.files if installed else {}
    origins = [_origin(name, files, first) for name in names]
    root, prefix = real(project.root), real(environment.prefix)
    strangers = [o for o in origins if not o.path or not _is_source(o.path, root, prefix)]
    if origins and not strangers and not (installed and installed.editable):
        return Place("sources", project.root, Verdict.FRESH, (), project.version)
    if installed is None:
        found = [str(o.path) for o in strangers if o.path]
        reason = f"what is imported is outside of this environment: {', '.join(found)}"
        return place._replace(verdict=Verdict.UNKNOWN, reason=reason) if found else place
    fix = fixes.reinstall(environment, editable=installed.editable)
    return place.with_findings(*check_imports(project.root, environment, installed, strangers, fix))


def _is_source(path: Path, root: Path, prefix: Path) -> bool:
    path = real(path)
    inside = prefix.is_relative_to(root) and path.is_relative_to(prefix)
    return path.is_relative_to(root) and not inside


def _origin(name: str, files: Collection[str], first: Sequence[str]) -> Origin:
    """Return where this interpreter finds *name*, a name without a dot: nothing is imported.

    A namespace (PEP 420) may be in many places; of it, the first module of *files* is looked for.
    """
    spec = PathFinder.find_spec(name, [*first, *sys.path]) if first else None
    if spec is None or not spec.has_location:
        with suppress(ValueError):  # of what is imported already, by who makes modules by hand
            spec = find_spec(name)
    if spec and spec.has_location and spec.origin:
        return Origin(name, Path(spec.origin), "sys.path")
    places = [Path(folder) for folder in (spec and spec.submodule_search_locations) or ()]
    own = sorted(path for path in files if path.startswith(f"{name}/") and path.endswith(".py"))
    for module in own[:1]:
        below = module.partition("/")[2]
        found = (place / below for place in places if (place / below).is_file())
        return Origin(name, next(found, None), "sys.path")
    return Origin(name, places[0] if places else None, "sys.path")

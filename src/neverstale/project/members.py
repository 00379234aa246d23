"""The projects that a project needs and that are on this machine: members, and paths.

A wheel says what they are called, never where they are, so they are built and installed with it.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from neverstale.errors import NeverstaleError
from neverstale.names import NormalizedName, canonicalize_name
from neverstale.project.metadata import Project
from neverstale.project.requirements import extras_of
from neverstale.project.workspace import sources_of_requirements, workspace_of


def members_of(project: Project, read: Callable[[Path], Project]) -> tuple[Project, ...]:
    """Return the projects that an install of *project* needs beside it, directly or not.

    *read* reads the project in a folder. What is required for another system or Python counts too:
    one too many does no harm, and one too few would come from an index, where it may be somebody
    else's. What only an extra requires counts where that extra is asked for. Two that require one
    another are no error. Raise NeverstaleError where one cannot be read, or is not called as it
    is required.
    """
    found = {project.name: project}
    seen: set[tuple[NormalizedName, NormalizedName]] = set()
    waiting = [(project, NormalizedName(""))]
    while waiting:
        asking, extra = waiting.pop(0)
        for name, extras in _needed(asking, extra):
            if name not in found:
                found[name] = _read_as(name, asking, read)
            for wanted in ("", *extras):
                if (name, wanted) not in seen:
                    seen.add((name, NormalizedName(wanted)))
                    waiting.append((found[name], NormalizedName(wanted)))
    return tuple(found.values())[1:]


def neighbours_of(project: Project, read: Callable[[Path], Project]) -> tuple[Project, ...]:
    """Return the projects that an environment of *project* may hold: groups and extras too."""
    found = {project.name: project}
    waiting = [project]
    while waiting:
        asking = waiting.pop(0)
        for name, folder in sorted(sources_of_requirements(asking.root).items()):
            if folder and name not in found:
                found[name] = read(folder)
                waiting.append(found[name])
    return tuple(found.values())[1:]


def _read_as(name: NormalizedName, asking: Project, read: Callable[[Path], Project]) -> Project:
    """Return what *asking* requires as *name*; raise where it is called otherwise."""
    member = read(asking.beside[name])
    if member.name != name:
        raise NeverstaleError(
            f"[tool.uv.sources] has {name} in {member.root}, which is {member.name}",
            hint="correct the name or the path there",
        )
    return member


def in_one_workspace(together: Sequence[Project]) -> list[Project]:
    """Return the first of *together*, and those of its workspace: they are released with it."""
    home = workspace_of(together[0].root)
    return [each for each in together if each.root.is_relative_to(home)]


def _needed(
    project: Project, extra: NormalizedName
) -> list[tuple[NormalizedName, tuple[NormalizedName, ...]]]:
    """Return what *project* requires of those beside it and of itself, with the extras of each.

    *extra* is that of its own for which it is required, empty for what it always requires.
    """
    found = []
    for requirement in sorted(project.requirements or (), key=str):
        name = canonicalize_name(requirement.name)
        own = extras_of(requirement)
        if name in (project.name, *project.beside) and (extra in own if extra else not own):
            found.append((name, tuple(sorted(map(canonicalize_name, requirement.extras)))))
    return found

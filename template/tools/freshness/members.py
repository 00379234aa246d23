"""The projects beside a project that it needs: members of its workspace, and those named by path.

A wheel says what they are called, never where they are, so they are built and installed with it.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from packaging.utils import NormalizedName, canonicalize_name

from freshness.errors import FreshnessError
from freshness.project import Project
from freshness.workspace import workspace_of


def members_of(project: Project, read: Callable[[Path], Project]) -> tuple[Project, ...]:
    """Give the projects that an install of *project* needs beside it, directly or not.

    *read* reads the project in a folder. What only an extra requires is none of them. Two that
    require one another are no error. Raises FreshnessError where one cannot be read, or is not
    called as it is required.
    """
    found = {project.name: project}
    waiting = [project]
    while waiting:
        asking = waiting.pop(0)
        for name in needed(asking):
            if name in found:
                continue
            member = read(asking.beside[name])
            if member.name != name:
                raise FreshnessError(
                    f"[tool.uv.sources] has {name} in {member.root}, which is {member.name}",
                    hint="correct the name or the path there",
                )
            found[name] = member
            waiting.append(member)
    return tuple(found.values())[1:]


def in_one_workspace(together: Sequence[Project]) -> list[Project]:
    """Give the first of *together*, and those of its workspace: they are released with it."""
    home = workspace_of(together[0].root)
    return [each for each in together if each.root.is_relative_to(home)]


def needed(project: Project) -> list[NormalizedName]:
    """Give the names of the projects beside *project* that it requires here, without an extra."""
    here = {"extra": ""}
    names = {
        canonicalize_name(requirement.name)
        for requirement in project.requirements or ()
        if requirement.marker is None or requirement.marker.evaluate(here)
    }
    return sorted(names & project.beside.keys())

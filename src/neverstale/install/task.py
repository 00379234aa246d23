"""What a verb works on, and what an install came to."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from neverstale.diagnosis.findings import Verdict
from neverstale.diagnosis.place import Place
from neverstale.environments.discovery import environment_at, tool_environment, venv_environment
from neverstale.environments.environment import Environment
from neverstale.errors import NeverstaleError
from neverstale.install.cleaning import Cleaned
from neverstale.process import Uv
from neverstale.project.members import members_of
from neverstale.project.metadata import Project
from neverstale.wheels.build import Builder
from neverstale.wheels.store import Built

Read = Callable[[Path], Project]
"""Reads the project in a folder."""


class Task(NamedTuple):
    """What a verb works on: a project, those that it needs, and how to build and install them."""

    project: Project
    builder: Builder
    read: Read
    target: str | None = None

    @property
    def uv(self) -> Uv:
        """The uv that runs in the project's folder."""
        return self.builder.uv

    def together(self) -> tuple[Project, ...]:
        """Return the project, and those on this machine that an install needs."""
        return (self.project, *members_of(self.project, self.read))

    def environment(self) -> Environment:
        """Return where the project is installed: as asked, or as it says itself."""
        target = self.target or self.project.target
        if target == "tool":
            return tool_environment(self.uv, self.project.name)
        if target == "venv":
            return venv_environment(self.project.root)
        return environment_at(Path(target), self.project.name)


class Outcome(NamedTuple):
    """What an install did: what was removed and put back, and what is where now.

    ``changed`` are inputs that changed after the build; then what is installed is stale again.
    ``installed`` is whether something was installed, ``built`` whether something was built.
    """

    places: tuple[tuple[Place, Built | None], ...]
    cleaned: tuple[Cleaned, ...] = ()
    restored: bool = False
    changed: tuple[str, ...] = ()
    installed: bool = True
    built: bool = True

    @property
    def fresh(self) -> bool:
        """Whether all of it is what is in the sources."""
        good = (Verdict.FRESH, Verdict.EDITABLE)
        return not self.changed and all(place.verdict in good for place, _ in self.places)


def refuse_sources(project: Project) -> None:
    """Raise NeverstaleError if a requirement comes from where no wheel can say that it does.

    METADATA has the requirement's name alone: from an index it would be somebody else's project.
    """
    if project.sourced:
        raise NeverstaleError(
            f"[tool.uv.sources] says where {', '.join(project.sourced)} is; a wheel cannot",
            hint="use `install-editable`, which follows it, or require it as `NAME @ URL`",
        )

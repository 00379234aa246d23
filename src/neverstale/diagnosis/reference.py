"""What the present sources are built into: remembered, or built, as deep as the doctor may go."""

import sys
from collections.abc import Sequence
from enum import Enum

from neverstale.diagnosis.place import Reference
from neverstale.environments.environment import Environment
from neverstale.environments.imports import packages_of
from neverstale.environments.python import python_for
from neverstale.errors import NeverstaleError
from neverstale.project.metadata import Project
from neverstale.wheels.answers import Present, in_words
from neverstale.wheels.build import Builder
from neverstale.wheels.calling import Kind
from neverstale.wheels.distribution import Distribution
from neverstale.wheels.store import Built

OWN = "{}.{}".format(*sys.version_info)
"""The version of our own Python, for which is built where no other is known."""


class Depth(Enum):
    """How far the doctor goes for a build of the present sources."""

    QUICK = "quick"
    DEFAULT = "default"
    BUILD = "build"


class References:
    """The builds of one project that a diagnosis compares with, each looked up or made once.

    ``compared`` says in words what was compared with. ``home`` is where a Python is taken from
    that nothing else names.
    """

    def __init__(
        self, builder: Builder, present: Present, depth: Depth, home: Environment | None
    ) -> None:
        self.builder = builder
        self.present = present
        self.depth = depth
        self.home = home
        self.compared = "pyproject.toml alone: nothing needs a build"
        self.failed = False
        self._found: dict[tuple[Kind, str | None], Reference] = {}

    @property
    def project(self) -> Project:
        """The project that is diagnosed."""
        return self.present.project

    def of(self, kind: Kind, environment: Environment | None) -> Reference:
        """Return what *kind* of archive the sources are built into for *environment*."""
        minor = None
        if self.project.may_compile:
            chosen = environment or self.home
            minor = (chosen.minor if chosen else None) or OWN
        if (kind, minor) not in self._found:
            self._found[kind, minor] = self._find(kind, minor, environment or self.home)
        return self._found[kind, minor]

    def _find(self, kind: Kind, minor: str | None, environment: Environment | None) -> Reference:
        present = self.present.for_python(minor)
        known = self.builder.store.all_of(self.project, kind, present)
        self.present.known.update(present.known)
        if known and self.depth is not Depth.BUILD:
            self.compared = "a build of these sources, which was made before"
            return self._reference(known[0], known)
        doubt = self._reason_not_to_build()
        if doubt:
            self.compared = f"what is known without a build: {doubt}"
            before = self.builder.store.newest(self.project, kind)
            changed = present.changed(before.answers) if before else []
            what = ", ".join(map(in_words, changed[:3]))
            why = f"{what} changed since the last build; {doubt}" if what else doubt
            return Reference(None, self._names(before), why, before, tuple(changed))
        try:
            built = self._build(kind, present, environment)
        except NeverstaleError as error:
            said = (error.details.strip().splitlines() or [error.message])[-1]
            self.compared, self.failed = "pyproject.toml alone: the build failed", True
            return Reference(None, self._names(None), f"the build failed: {said}")
        self.compared = "a fresh build"
        return self._reference(built, [built, *known])

    def _build(self, kind: Kind, present: Present, environment: Environment | None) -> Built:
        python: Sequence[str] = python_for(self.project, environment)
        with self.builder.store.locked(self.builder.wait):
            return self.builder.build(Present(self.project, tick=present.tick), kind, python)

    def _reason_not_to_build(self) -> str:
        if self.depth is Depth.QUICK:
            return "no build of the present sources is known, and --quick makes none"
        if self.failed:
            return "the build failed"
        if self.depth is Depth.DEFAULT and self.project.may_compile:
            return "a build would compile, which only --build does"
        return ""

    def _reference(self, built: Built, all_of: Sequence[Built]) -> Reference:
        return Reference(built, self._names(built), alternatives=tuple(all_of))

    def known(self, kind: Kind) -> Built | None:
        """Return what *kind* is built into, if that was looked up already, or is remembered."""
        found = [ref.built for (each, _), ref in self._found.items() if each == kind and ref.built]
        if found:
            return found[0]
        minor = self.home.minor if self.project.may_compile and self.home else None
        return self.builder.known(self.present.for_python(minor), kind)

    def packages(self, distribution: Distribution | None = None) -> list[str]:
        """Return the names that the project lets people import, as far as they are known."""
        if distribution and (found := packages_of(distribution.files)):
            return found
        built = self.known("wheel")
        if built and built.distribution is not distribution:
            return packages_of(built.distribution.files)
        return self._declared()

    def _names(self, built: Built | None) -> list[str]:
        found = packages_of(built.distribution.files) if built else []
        return found or self._declared()

    def _declared(self) -> list[str]:
        targets = (self.project.likely_commands or {}).values()
        wanted = {target.partition(":")[0].partition(".")[0] for target in targets}
        root = self.project.root
        places = [
            (name, root / start / name)
            for name in {*wanted, self.project.name.replace("-", "_")}
            for start in ("src", "")
        ]
        return sorted({n for n, p in places if p.is_dir() or p.with_suffix(".py").is_file()})

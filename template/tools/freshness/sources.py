"""The source files, and everything else that decides what a build makes of them."""

import hashlib
import os
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NewType

from freshness.artifacts import find_artifacts, find_compiled
from freshness.errors import FreshnessError
from freshness.git import history
from freshness.project import Project
from freshness.record import Digest, Tick, no_tick, read_files
from freshness.tree import folders, leads_to_file

Fingerprint = NewType("Fingerprint", str)
"""The hexadecimal SHA-256 of all that a build can read: equal fingerprints, equal wheels."""


PRETENDING = ("_PRETEND_VERSION", "PDM_BUILD_SCM_VERSION", "POETRY_DYNAMIC_VERSIONING_BYPASS")
"""In the names of variables by which setuptools-scm, PDM and Poetry are told a version."""


@dataclass(frozen=True)
class Sources:
    """The files that a build can read, by path below the root, and the state beside them."""

    root: Path
    files: Mapping[str, Digest]
    executable: frozenset[str]
    state: tuple[str, ...]

    @property
    def fingerprint(self) -> Fingerprint:
        """The SHA-256 over every path, every digest and the state, in hexadecimal."""
        lines = [f"{path}\0{digest}\n" for path, digest in sorted(self.files.items())]
        text = "".join([*lines, *sorted(self.executable), *self.state])
        return Fingerprint(hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest())


def made_for(fingerprint: Fingerprint, minor: str | None) -> Fingerprint:
    """Name what a build for Python *minor*, such as ``3.12``, makes of what *fingerprint* is of.

    None where one wheel is for every Python: then it is the fingerprint itself.
    """
    if minor is None:
        return fingerprint
    return Fingerprint(hashlib.sha256(f"{fingerprint}\0{minor}".encode()).hexdigest())


def sources_of(project: Project, tick: Tick = no_tick) -> Sources:
    """Read the sources of *project*; its artifacts are none of them, nor is what it compiled.

    Raises as `read_sources`.
    """
    artifacts = [*find_artifacts(project.root, project.name).removable]
    if project.is_compiled(()):
        artifacts += find_compiled(project.root)
    history = project.reads_history
    return read_sources(project.root, artifacts=artifacts, with_history=history, tick=tick)


def read_sources(
    root: Path, *, artifacts: Collection[Path], with_history: bool = True, tick: Tick = no_tick
) -> Sources:
    """Hash every file below *root* but the *artifacts*, bytecode, environments and caches.

    More counts than ends up in the wheel (tests, documentation), and that is meant: which files
    a build backend reads is known to it alone, and one too many costs only a build.
    git's history counts *with_history*; *tick* is told how far the reading is.
    Raises FreshnessError where a file cannot be read.
    """
    try:
        read = read_files(_files_below(str(root), artifacts), tick)
    except OSError as error:
        raise FreshnessError(
            f"{error.filename} cannot be read: {error.strerror}",
            hint="check its permissions, or move it out of the project",
        ) from error
    state = _state(root) if with_history else _pretended()
    return Sources(root, read.digests, read.executable, state)


def _files_below(root: str, artifacts: Collection[Path]) -> dict[str, str]:
    """Give path below the root, ``/`` between the parts → path."""
    return {
        entry.path[len(root) :].lstrip(os.sep).replace(os.sep, "/"): entry.path
        for _, entries in folders(Path(root), through_links=True, without=artifacts)
        for entry in entries
        if leads_to_file(entry)
    }


def _state(root: Path) -> tuple[str, ...]:
    """Give what beside the files decides on a build: history, the day, versions from outside.

    The version of a changed tree carries the day (setuptools-scm's ``node-and-date``).
    """
    said = history(root)
    is_dirty = any("-dirty" in line for line in said)
    today = time.strftime("%Y%m%d\n", time.gmtime()) if is_dirty else ""
    return (*said, today, *_pretended())


def _pretended() -> tuple[str, ...]:
    """Give the variables that name a version from outside."""
    variables = os.environ.items()
    return tuple(
        sorted(f"{k}={v}\n" for k, v in variables if any(sign in k for sign in PRETENDING))
    )

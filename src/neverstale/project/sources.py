"""The source files of a project: every file that is not an artifact, an environment or a cache."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from neverstale.errors import NeverstaleError
from neverstale.files import Digest, Tick, folders, leads_to_file, no_tick, read_files
from neverstale.project.artifacts import find_artifacts, find_compiled
from neverstale.project.metadata import Project


class Sources(NamedTuple):
    """The files of a project by path below the root, and which of them are executable."""

    root: Path
    files: Mapping[str, Digest]
    executable: frozenset[str]


def find_sources(project: Project) -> dict[str, str]:
    """Return path below the root, ``/`` between the parts → path, of every source file.

    More than ends up in a wheel (tests, documentation): which files a native build reads is known
    to nobody, and one too many costs only a build.
    """
    artifacts = [*find_artifacts(project.root, project.name).removable]
    if project.may_compile:
        artifacts += find_compiled(project.root)
    start = str(project.root)
    return {
        entry.path[len(start) :].lstrip(os.sep).replace(os.sep, "/"): entry.path
        for _, entries in folders(project.root, through_links=True, without=artifacts)
        for entry in entries
        if leads_to_file(entry)
    }


def read_sources(project: Project, tick: Tick = no_tick) -> Sources:
    """Return the source files of *project* with their digests.

    Raise NeverstaleError where one cannot be read.
    """
    try:
        read = read_files(find_sources(project), tick)
    except OSError as error:
        raise NeverstaleError(
            f"{error.filename} cannot be read: {error.strerror}",
            hint="check its permissions, or move it out of the project",
        ) from error
    return Sources(project.root, read.digests, read.executable)

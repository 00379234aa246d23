"""``build`` and ``publish``: what is in ``dist/`` is what the sources give."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from neverstale.diagnosis.checks.contents import check_wheel
from neverstale.diagnosis.findings import Finding, is_stale
from neverstale.environments.discovery import venv_environment
from neverstale.environments.python import python_for
from neverstale.errors import NeverstaleError
from neverstale.install.cleaning import Cleaned, clean_artifacts
from neverstale.install.task import Task
from neverstale.project.artifacts import Tracked
from neverstale.project.members import in_one_workspace
from neverstale.project.metadata import Project
from neverstale.project.packed import is_archive_of
from neverstale.release.archives import (
    Release,
    archives_in,
    build_release,
    differing,
    refuse_upload,
    remember,
)
from neverstale.release.readiness import invalid_metadata, what_is_missing
from neverstale.wheels.archives import read_wheel


class Published(NamedTuple):
    """What ``build`` did: the archives, what it removed before, and what it found.

    ``unlike`` are archives that came out otherwise when they were built again; None where that
    was not asked for.
    """

    archives: tuple[Path, ...]
    cleaned: tuple[Cleaned, ...]
    findings: tuple[Finding, ...]
    unlike: tuple[str, ...] | None

    @property
    def good(self) -> bool:
        """Whether nothing speaks against the archives."""
        return not self.unlike and not is_stale(self.findings)


def build(task: Task, destination: Path, *, twice: bool) -> Published:
    """Build the sdist, and the wheel from it, into the folder *destination*: a forced build."""
    project, store = task.project, task.builder.store
    together = in_one_workspace(task.together())
    _refuse_folder_elsewhere(destination, project.root)
    python = python_for(project, venv_environment(project.root))
    with store.locked(task.builder.wait), store.scratch() as scratch:
        cleaned = tuple(clean_artifacts(each) for each in together)
        releases = build_release(task.builder, together, scratch, python)
        unlike = _unlike_another_build(task, together, python, releases) if twice else None
        findings = [
            f for r in releases for f in check_wheel(read_wheel(r.wheel), (), r.project.root)
        ]
        paths = [path for release in releases for path in release.paths]
        for release in releases:
            _refuse_to_overwrite(release, project.root / destination, project.root)
        (project.root / destination).mkdir(parents=True, exist_ok=True)
        for release in releases:
            remember(task.builder, release, scratch)
        for path in paths:
            (project.root / destination / path.name).unlink(missing_ok=True)
            shutil.move(path, project.root / destination / path.name)
    names = tuple(destination / path.name for path in paths)
    return Published(names, cleaned, tuple(findings), unlike)


def _unlike_another_build(
    task: Task, together: Sequence[Project], python: Sequence[str], releases: Sequence[object]
) -> tuple[str, ...]:
    """Build again; return the names of what comes out otherwise."""
    made = [path for release in releases for path in release.paths]  # type: ignore[attr-defined]
    with task.builder.store.scratch() as scratch:
        again = build_release(task.builder, together, scratch, python)
        return tuple(differing(made, [path for each in again for path in each.paths]))


class Upload(NamedTuple):
    """The ``names`` of the archives to upload, and what a release of them is ``missing``."""

    names: tuple[str, ...]
    missing: tuple[str, ...]


def prepare_upload(
    task: Task, dist: Path, tag: str | None, *, for_real: bool, ask_index: bool
) -> Upload:
    """Return what is in *dist*; raise NeverstaleError where anything is against uploading that.

    Where there are no archives, they are built first. What is missing is no error in a rehearsal,
    which is not *for_real*.
    """
    folder = task.project.root / dist
    if not archives_in(folder) and not build(task, dist, twice=False).good:
        raise NeverstaleError("the build left something out", hint="run `neverstale build` and see")
    together = in_one_workspace(task.together())
    python = python_for(task.project, venv_environment(task.project.root))
    store = task.builder.store
    with store.locked(task.builder.wait), store.scratch() as scratch:
        releases = build_release(task.builder, together, scratch, python)
        missing = what_is_missing(task.uv, releases[0], scratch, tag=tag, ask_index=ask_index)
        # Members of a workspace may have versions of their own, and keep them.
        missing += [line for each in releases[1:] for line in invalid_metadata(each.wheel)]
        refuse_upload(releases, folder, tag, missing, for_real=for_real)
    names = (os.path.relpath(path, task.project.root) for path in archives_in(folder))
    return Upload(tuple(names), tuple(missing))


def _refuse_folder_elsewhere(folder: Path, root: Path) -> None:
    place = root / folder
    if place.is_symlink() and not place.resolve().is_relative_to(root):
        raise NeverstaleError(
            f"{folder} is a link to {os.readlink(place)}, outside the project",
            hint="remove the link, or name another folder with --out-dir",
        )
    if place.is_dir() and any(place.glob("*.py")):
        raise NeverstaleError(
            f"{folder} is a package of the project, not a folder for wheels",
            hint="name another folder with --out-dir",
        )


def _refuse_to_overwrite(release: Release, folder: Path, root: Path) -> None:
    """Raise NeverstaleError where something is in the way that is not an archive of the project."""
    paths = [folder / path.name for path in release.paths]
    known = Tracked(root)
    for path in filter(os.path.lexists, paths):
        tracked, name = path in known, release.project.name
        if tracked or not is_archive_of(name, path):
            whose = "git tracks" if tracked else "no build of this project made"
            raise NeverstaleError(
                f"{whose} {path.name}, which would be overwritten",
                hint="move it away, or name another folder with --out-dir",
            )

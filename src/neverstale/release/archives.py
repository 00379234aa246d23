"""What is built for others: sdist and wheel, reproducibly; and what speaks against an upload."""

import os
import shutil
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from packaging.version import InvalidVersion, Version

from neverstale.errors import NeverstaleError
from neverstale.files import digest_of
from neverstale.git import in_repository, is_changed
from neverstale.project.metadata import Project, read_project
from neverstale.project.sources import find_sources, read_sources
from neverstale.removal import discard
from neverstale.wheels.answers import Present
from neverstale.wheels.archives import read_wheel
from neverstale.wheels.build import Builder
from neverstale.wheels.toolchain import refuse_without_toolchain

PRIVATE = "Private :: Do Not Upload"
"""The classifier with which PyPI refuses an upload: https://pypi.org/classifiers/"""

COMPILED = "release"
"""The folder in the store in which an sdist is unpacked: the same each time, for compilers note
where they worked."""


class Release(NamedTuple):
    """The archives of one project: the sdist, and the wheel that was built from it."""

    project: Project
    sdist: Path
    wheel: Path

    @property
    def paths(self) -> tuple[Path, Path]:
        """Both archives."""
        return self.sdist, self.wheel


def build_release(
    builder: Builder, projects: Iterable[Project], scratch: Path, python: Sequence[str]
) -> list[Release]:
    """Build the sdist of each of *projects*, and the wheel from it, below the folder *scratch*.

    The wheel is built from the sdist as it is published, so that whoever builds it again from
    that gets the same. Raise NeverstaleError where a build fails.
    """
    together = [*projects]
    for project in together:
        if project.may_compile:
            refuse_without_toolchain(project, read_sources(project).files)
        _refuse_other_than_committed(project)
    return [_build(builder, project, scratch / project.name, python) for project in together]


def _build(builder: Builder, project: Project, scratch: Path, python: Sequence[str]) -> Release:
    for part in ("sdist", "wheel"):
        (scratch / part).mkdir(parents=True)
    with _usual_permissions():
        sdist = builder.archive(project, "sdist", python, scratch / "sdist")
        folder = builder.store.folder / COMPILED / project.name
        try:
            unpacked = read_project(_unpack(sdist, folder, builder.store.folder), builder.ask)
            same = unpacked._replace(packed_from=project.root)
            wheel = builder.archive(same, "wheel", python, scratch / "wheel")
        finally:
            discard(folder, builder.store.folder)
    return Release(project, sdist, wheel)


def _unpack(sdist: Path, folder: Path, store: Path) -> Path:
    discard(folder, store)
    folder.mkdir(mode=0o700, parents=True)
    with tarfile.open(sdist) as archive:
        if hasattr(tarfile, "data_filter"):
            archive.extractall(folder, filter="data")
        else:  # Python 3.10 and 3.11 before their last releases; our own archive, built just now
            archive.extractall(folder)  # noqa: S202
    return next(path for path in folder.iterdir() if path.is_dir())


def remember(builder: Builder, release: Release, scratch: Path) -> None:
    """Note in the store that *release* is what the present sources give: compilers may differ."""
    project = release.project
    answers = Present(project).answers(
        {"tree", *(f"file {path}" for path in find_sources(project))}
    )
    for kind, path in (("sdist", release.sdist), ("wheel", release.wheel)):
        copy = scratch / "copies" / path.name
        copy.parent.mkdir(exist_ok=True)
        shutil.copy2(path, copy)
        builder.store.put(project, kind, copy, answers)


def _refuse_other_than_committed(project: Project) -> None:
    """Raise NeverstaleError if an sdist of *project* would not be what is in its folder.

    meson-python packs what the last commit has:
    https://mesonbuild.com/meson-python/how-to-guides/sdist.html
    """
    if project.build_backend != "mesonpy":
        return
    if not in_repository(project.root):
        raise NeverstaleError(
            "meson-python makes an sdist of the last commit, and this is not a git repository",
            hint="commit the project; `neverstale install` needs no sdist",
        )
    if is_changed(project.root):
        raise NeverstaleError(
            "meson-python makes an sdist of the last commit, and there are uncommitted changes",
            hint="commit them, then run the command again; `neverstale install` needs no sdist",
        )


@contextmanager
def _usual_permissions() -> Iterator[None]:
    """Have what is unpacked and written readable by all: build backends copy it into archives."""
    before = os.umask(0o022)
    try:
        yield
    finally:
        os.umask(before)


def differing(first: Iterable[Path], second: Iterable[Path]) -> list[str]:
    """Return the names of files that only one of two sets has, or that differ in their bytes."""
    one, other = _digests(first), _digests(second)
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def archives_in(folder: Path) -> list[Path]:
    """Return the sdists and wheels in *folder*, those that an upload would take."""
    found = sorted(folder.glob("*.tar.gz")) + sorted(folder.glob("*.whl"))
    return [path for path in found if path.is_file()]


def refuse_upload(
    releases: Sequence[Release],
    dist: Path,
    tag: str | None,
    missing: Sequence[str] = (),
    *,
    for_real: bool = True,
) -> None:
    """Raise NeverstaleError with all that speaks against uploading what is in *dist*.

    *releases* are what the sources give now; *tag* is the tag in git that the version of the
    first has to match; *missing* is what else speaks against it, and alone no reason to raise in
    a rehearsal, which is not *for_real*.
    """
    built = [path for release in releases for path in release.paths]
    stale = [f"{name} differs from a fresh build" for name in differing(archives_in(dist), built)]
    private: list[str] = []
    problems = [*stale]
    for release in releases:
        project, version = release.project, Version(read_wheel(release.wheel).version)
        if PRIVATE in project.classifiers:
            private.append(f"{PRIVATE} is among the classifiers")
        problems += _against_version(version, tag if release is releases[0] else None)
        if project.version is None and not in_repository(project.root):
            problems.append(f"the version comes from git, and this is not a repository: {version}")
    problems += dict.fromkeys(private)
    if problems or (for_real and missing):
        raise NeverstaleError("; ".join([*problems, *missing]), hint=_hint(stale, private))


def _hint(stale: Sequence[str], private: Sequence[str]) -> str:
    if stale:
        return "run `neverstale build`, then the command again"
    if private:
        return "remove that classifier from pyproject.toml if this is for everybody"
    return "commit and tag what is to be released, then run the command again"


def _against_version(version: Version, tag: str | None) -> list[str]:
    problems = []
    if version.local:
        problems.append(f"the version is {version}, and an index takes no local version")
    if tag is not None and _version_of(tag) != version:
        problems.append(f"the tag is {tag}, and the version {version}")
    return problems


def _version_of(tag: str) -> Version | None:
    try:
        return Version(tag)  # PEP 440 allows the v before it
    except InvalidVersion:
        return None


def _digests(paths: Iterable[Path]) -> Mapping[str, str]:
    return {path.name: digest_of(path.read_bytes()) for path in paths}

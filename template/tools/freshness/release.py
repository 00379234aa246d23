"""What is built for others: sdist and wheel, reproducibly; and what speaks against an upload."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from packaging.version import InvalidVersion, Version

from freshness.archives import read_wheel
from freshness.compiled import refuse_without_toolchain
from freshness.errors import FreshnessError
from freshness.git import in_repository, is_changed
from freshness.project import Project
from freshness.record import digest_of
from freshness.sdist import settle
from freshness.sources import sources_of
from freshness.uv import Uv
from freshness.wheel import build, build_environment, isolated

PRIVATE = "Private :: Do Not Upload"
"""The classifier with which PyPI refuses an upload: https://pypi.org/classifiers/"""


def build_both(uv: Uv, project: Project, scratch: Path, python: Sequence[str]) -> list[Path]:
    """Build the sdist, and the wheel from it, below the empty folder *scratch*; give both.

    *python* is the option that names an interpreter, or nothing where uv is to find one.
    The wheel is built from the sdist as it is published, so that whoever builds it again from
    that gets the same. Raises FreshnessError where a build fails.
    """
    environment = build_environment(project, scratch)
    into = ["--out-dir", os.path.relpath(scratch / "dist", project.root)]
    into += [*python, *isolated(project)]
    with usual_permissions():
        build(uv, "build", "--sdist", *into, environment=environment)
        (sdist,) = archives_in(scratch / "dist")
        settle(sdist, int(environment["SOURCE_DATE_EPOCH"]))
        _keep_build_base_alone(environment)
        from_sdist = os.path.relpath(sdist, project.root)
        build(uv, "build", "--wheel", *into, from_sdist, environment=environment)
    return archives_in(scratch / "dist")


def build_all(
    uv: Uv, projects: Iterable[Project], scratch: Path, python: Sequence[str]
) -> list[tuple[Project, list[Path]]]:
    """Build each of *projects* as `build_both` does; give the sdist and the wheel of each."""
    together = [*projects]
    for project in together:
        refuse_without_toolchain(project, sources_of(project).files)
        refuse_other_than_committed(project)
    made = []
    for project in together:
        folder = scratch / project.name
        folder.mkdir()
        made.append((project, build_both(uv.at(project.root), project, folder, python)))
    return made


def refuse_other_than_committed(project: Project) -> None:
    """Raise FreshnessError if an sdist of *project* would not be what is in its folder.

    meson-python packs what the last commit has:
    https://mesonbuild.com/meson-python/how-to-guides/sdist.html
    """
    if project.build_backend != "mesonpy":
        return
    if not in_repository(project.root):
        raise FreshnessError(
            "meson-python makes an sdist of the last commit, and this is no repository of git",
            hint="commit the project; `make install` needs no sdist",
        )
    if is_changed(project.root):
        raise FreshnessError(
            "meson-python makes an sdist of the last commit, and there are changes since",
            hint="commit them, then run the command again; `make install` needs no sdist",
        )


def _keep_build_base_alone(environment: Mapping[str, str]) -> None:
    """Let setuptools find the egg-info itself: what is unpacked has no folder of ours for it.

    Where it builds still has to be told, for a package may be called ``build``.
    """
    if configuration := environment.get("DIST_EXTRA_CONFIG"):
        told = Path(configuration).read_text(encoding="utf-8")
        Path(configuration).write_text(told.partition("[egg_info]")[0], encoding="utf-8")


@contextmanager
def usual_permissions() -> Iterator[None]:
    """Have what is unpacked and written readable by all: build backends copy it into archives."""
    before = os.umask(0o022)
    try:
        yield
    finally:
        os.umask(before)


def differing(first: Iterable[Path], second: Iterable[Path]) -> list[str]:
    """Give the names of files that only one of two sets has, or that differ in their bytes."""
    one, other = _digests(first), _digests(second)
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def archives_in(folder: Path) -> list[Path]:
    """Give the sdists and wheels in *folder*, those that an upload would take."""
    return sorted(folder.glob("*.tar.gz")) + sorted(folder.glob("*.whl"))


def refuse_upload(
    made: Sequence[tuple[Project, Sequence[Path]]], dist: Path, tag: str | None, *, for_real: bool
) -> None:
    """Raise FreshnessError with all that speaks against uploading what is in *dist*.

    *made* is what the sources of each project give now; *tag* the tag in git that the version of
    the first has to be that of. In a rehearsal, one that is not *for_real*, the sources need not
    be committed yet.
    """
    built = [path for _, paths in made for path in paths]
    stale = [
        f"{name} is not what the sources give now" for name in differing(archives_in(dist), built)
    ]
    private: list[str] = []
    problems = [*stale]
    for project, paths in made:
        version = Version(read_wheel(paths[-1]).version)
        if PRIVATE in project.classifiers:
            private.append(f"{PRIVATE} is among the classifiers")
        problems += _against_version(version, tag if project is made[0][0] else None)
        if project.version is None and not in_repository(project.root):
            problems.append(f"the version comes from git, which is not here: {version} is made up")
    problems += dict.fromkeys(private)
    if for_real and is_changed(made[0][0].root):
        problems.append("there are changes that git does not have")
    if problems:
        raise FreshnessError("; ".join(problems), hint=_hint(stale, private))


def _hint(stale: Sequence[str], private: Sequence[str]) -> str:
    if stale:
        return "run `make build`, then the command again"
    if private:
        return "take that classifier out of pyproject.toml if this is for everybody"
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

"""Small projects, repositories and archives: a few files, written by hand."""

import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from support.tree import build_file_tree

from neverstale.process import Uv
from neverstale.project.metadata import Project, read_project

BACKEND = "hatchling.build"

NOBODY = 65534
"""The user of that name, on Linux."""


@contextmanager
def unprivileged() -> Iterator[None]:
    """Be a user whom permissions keep from a file, which root is not."""
    root = os.geteuid() == 0
    try:
        if root:
            os.seteuid(NOBODY)
        yield
    finally:
        if root:
            os.seteuid(0)


def pyproject(
    more: str = "",
    *,
    name: str = "demo",
    backend: str = BACKEND,
    requires: Iterable[str] = ("hatchling",),
    needs: Iterable[str] = (),
    version: str = 'version = "1.0"',
) -> str:
    """Return a pyproject.toml; *more* is what follows in its [project] table."""
    return (
        f"[build-system]\nrequires = {[*requires]}\nbuild-backend = '{backend}'\n"
        f"[project]\nname = '{name}'\n{version}\ndependencies = {[*needs]}\n{more}"
    )


def make_project(root: Path, files: Mapping[str, str] | None = None, text: str = "") -> Project:
    """Write *files* and a pyproject.toml below *root*, and read the project."""
    build_file_tree(root, {"pyproject.toml": text or pyproject(), **(files or {})})
    return read_project(root)


def git(root: Path, *arguments: str) -> str:
    """Run git in *root*; return what it prints."""
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    command = ("git", *who, "-c", "init.defaultBranch=main", *arguments)
    return subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout


def make_repository(root: Path, *tracked: str) -> Path:
    """Make a repository in *root* that tracks the files *tracked*."""
    git(root, "init", "--quiet")
    if tracked:
        git(root, "add", "--force", "--", *tracked)
    return root


def below(root: Path, paths: Iterable[Path]) -> list[str]:
    """Return *paths* relative to *root*, in order."""
    return [path.relative_to(root).as_posix() for path in paths]


def set_time(path: Path, seconds: float) -> None:
    """Set the time of the last change of *path*, in seconds since 1970."""
    os.utime(path, (seconds, seconds))


def shell(root: Path, said: list[str] | None = None) -> Uv:
    """Return a runner of programs whose own one is the shell; announcements go to *said*."""
    heard: list[str] = [] if said is None else said
    return Uv("/bin/sh", root, heard.append)

"""The next version: of the project and the members of its workspace, and of its changelog.

scriv collects the fragments of the changelog: https://scriv.readthedocs.io
"""

import re
from pathlib import Path

from packaging.version import InvalidVersion, Version

from neverstale.errors import NeverstaleError
from neverstale.files import read_text, write_text
from neverstale.install.task import Task
from neverstale.process import explain_failure
from neverstale.project.pyproject import load_tables
from neverstale.project.workspace import members_at
from neverstale.release.readiness import entries_of

BUMPS = ("major", "minor", "patch", "stable", "alpha", "beta", "rc", "post", "dev")
"""What uv can bump: https://docs.astral.sh/uv/reference/cli/#uv-version--bump."""

NO_FRAGMENTS = 2
"""The exit code of ``scriv print`` where there is nothing to print."""

SCRIV = ("run", "--quiet", "--only-group", "dist", "scriv")


def bump(task: Task, asked: str) -> str:
    """Set the next version, *asked* or the one that follows, everywhere; return it.

    Raise NeverstaleError where it is none, is not after the present one, or has no entry.
    """
    project, uv = task.project, task.uv
    if not project.has_table:
        raise NeverstaleError(
            "only a version in [project] can be bumped", hint="set it where the project has it"
        )
    version = _next(task, asked, project.version)
    code, notes = uv.capture(uv.executable, *SCRIV, "print")
    entry = re.search("^#", re.sub("(?s)<!--.*?-->", "", notes), re.MULTILINE)
    if code not in (0, NO_FRAGMENTS):
        raise explain_failure(uv, "scriv could not say what changed", notes)
    if not entry:
        raise NeverstaleError(
            "the changelog has no entries",
            hint="write one: `make changelog ARGS=create`, or `nox -s changelog -- create`",
        )
    _must(task, *SCRIV, "collect", "--version", version)
    if project.version is not None:
        for member in _members(project.root):
            _must(task, "version", "--frozen", "--package", member, version)
            _require(project.root / "pyproject.toml", member, version)
        _must(task, "version", version)
    return version


def _next(task: Task, asked: str, declared: str | None) -> str:
    """Return what is *asked* as PEP 440 spells it; by default the first that is unreleased."""
    unreleased = declared and Version(declared) not in entries_of(task.project.root)
    asked = asked or (declared if declared and unreleased else "patch")
    if asked in BUMPS and declared is None:
        raise NeverstaleError(
            "the version is a tag in git", hint="name the next one: `neverstale bump 1.2.0`"
        )
    if asked in BUMPS:
        told = task.uv.attempt("version", "--short", "--dry-run", "--bump", asked)
        asked = (told or "").strip()
    try:
        version = Version(asked)
    except InvalidVersion as error:
        raise NeverstaleError(
            f"{asked} is not a version", hint="such as 1.2.0, or patch, minor, major"
        ) from error
    present = Version(declared) if declared else None
    if present and (version < present or (version == present and not unreleased)):
        raise NeverstaleError(f"{version} is not after {declared}", hint="name a later one")
    return str(version)


def _must(task: Task, *arguments: str) -> None:
    if code := task.uv.run(*arguments):
        raise NeverstaleError(
            f"uv ended with exit code {code}",
            hint="see what it says above; `git diff` shows the rest",
        )


def _members(root: Path) -> list[str]:
    """Return the names of the other projects of the workspace at *root*."""
    tables = (load_tables(folder / "pyproject.toml") for folder in sorted({*members_at(root)}))
    return [str(each["project"]["name"]) for each in tables if "project" in each]


def _require(file: Path, member: str, version: str) -> None:
    """Have the project require at least *version* of *member*, where it names an oldest one."""
    text = read_text(file)
    write_text(file, re.sub(rf'(?<="{re.escape(member)}>=)[^",]+', version, text))

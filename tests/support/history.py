"""The template's own history, in a clone whose last commit is the working tree."""

import atexit
import os
import shutil
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path

from support.render import REPOSITORY, TEMPLATE_PARTS

FIRST = "ece2d53cdfef4e161dc2256ac3303e8644da2812"
"""The commit from which on projects can be updated; before it the template was not released."""

IDENTITY = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "core.autocrlf=false")


def git(folder: Path, *arguments: str, check: bool = True) -> str:
    """Run git in *folder*, as nobody in particular; give what it says."""
    alone = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    done = subprocess.run(
        ["git", *IDENTITY, *arguments],
        cwd=folder,
        env={**alone, "GIT_CONFIG_GLOBAL": os.devnull},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert not check or done.returncode == 0, done.stderr
    return done.stdout


def commit(folder: Path, tag: str | None = None) -> None:
    """Commit all that is in *folder*, a repository from then on."""
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--no-verify", "--message", "x")
    if tag:
        git(folder, "tag", tag)


def versions() -> list[str]:
    """Return every release, and every commit since FIRST that changed the template; oldest first.

    Empty where the history is not here: in an export, or a shallow clone.
    """
    releases = git(REPOSITORY, "tag", "--list", "v*", "--sort=version:refname", check=False)
    since = f"{FIRST}..HEAD"
    changed = ("log", "--reverse", "--format=%h", since, "--", *TEMPLATE_PARTS)
    commits = git(REPOSITORY, *changed, check=False).split()
    first = git(REPOSITORY, "rev-parse", "--short", "--verify", "--quiet", FIRST, check=False)
    return [*first.split(), *commits, *releases.split()]


def has_verbs_to_adopt(version: str) -> bool:
    """Tell whether a project that exists could take the verbs of *version*."""
    return "\nscope:" in git(REPOSITORY, "show", f"{version}:copier.yml")


@lru_cache
def history() -> Path:
    """Return a clone of this repository in which HEAD is the template as the working tree has it."""
    folder = Path(tempfile.mkdtemp(prefix="neverstale-history-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    clone = folder / "template"
    git(folder, "clone", "--quiet", "--no-hardlinks", str(REPOSITORY), str(clone))
    for part in (*TEMPLATE_PARTS, "CHANGELOG.md"):
        source = REPOSITORY / part
        if source.is_dir():
            shutil.rmtree(clone / part, ignore_errors=True)
            shutil.copytree(source, clone / part, ignore=shutil.ignore_patterns("*cache*"))
        else:
            shutil.copy2(source, clone / part)
    commit(clone)
    return clone

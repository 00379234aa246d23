"""The source files, and everything else that decides what a build makes of them."""

import hashlib
import os
import subprocess
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import NewType

from freshness.errors import FreshnessError
from freshness.record import Digest, digest_of_file
from freshness.tree import folders

Fingerprint = NewType("Fingerprint", str)
"""The hexadecimal SHA-256 of all that a build can read: equal fingerprints, equal wheels."""

GIT_QUESTIONS = (
    ("describe", "--tags", "--long", "--always", "--dirty"),
    ("tag", "--points-at", "HEAD"),
)
"""What a version taken from git depends on: the way to the last tag, and the tags right here."""


@dataclass(frozen=True)
class Sources:
    """The files that a build can read, by path below the root, and the state beside them."""

    files: Mapping[str, Digest]
    state: tuple[str, ...]

    @property
    def fingerprint(self) -> Fingerprint:
        """The SHA-256 over every path, every digest and the state, in hexadecimal."""
        lines = [f"{path}\0{digest}\n" for path, digest in sorted(self.files.items())]
        text = "".join([*lines, *self.state])
        return Fingerprint(hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest())


def read_sources(root: Path, *, artifacts: Collection[Path], version_from_git: bool) -> Sources:
    """Hash every file below *root* but the *artifacts*, bytecode, environments and caches.

    More counts than ends up in the wheel (tests, documentation), and that is meant: which files
    a build backend reads is known to it alone, and one too many costs only a build.
    Raises FreshnessError where a file cannot be read.
    """
    try:
        files = _hash_files(root, artifacts)
    except OSError as error:
        raise FreshnessError(
            f"{error.filename} cannot be read: {error.strerror}",
            hint="check its permissions, or move it out of the project",
        ) from error
    return Sources(files, _git_state(root) if version_from_git else ())


def _hash_files(root: Path, artifacts: Collection[Path]) -> dict[str, Digest]:
    return {
        Path(entry.path).relative_to(root).as_posix(): digest_of_file(Path(entry.path))
        for _, entries in folders(root, through_links=True, without=artifacts)
        for entry in entries
        if entry.is_file()
    }


def _git_state(root: Path) -> tuple[str, ...]:
    """Give what git says to GIT_QUESTIONS, and the day where the tree differs from the commit.

    Versions of a changed tree carry the day (setuptools-scm's ``node-and-date``).
    """
    answers = tuple(_ask_git(root, question) for question in GIT_QUESTIONS)
    changed = answers[0].rstrip().endswith("-dirty")
    today = f"{datetime.now(timezone.utc):%Y%m%d}\n" if changed else ""
    pretended = (f"{k}={v}\n" for k, v in os.environ.items() if "_PRETEND_VERSION" in k)
    return (*answers, today, *sorted(pretended))


def _ask_git(root: Path, question: Sequence[str]) -> str:
    """Give git's answer; nothing where git is missing or *root* is in no repository."""
    environment = os.environ | {"GIT_OPTIONAL_LOCKS": "0"}
    try:
        done = subprocess.run(
            ["git", *question], cwd=root, env=environment, capture_output=True, check=False
        )
    except FileNotFoundError:
        return ""
    return done.stdout.decode("utf-8", "replace")

"""The source files, and everything else that decides what a build makes of them."""

import hashlib
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import NewType

from freshness.errors import FreshnessError
from freshness.git import history
from freshness.record import Digest, digest_of_file
from freshness.tree import folders

Fingerprint = NewType("Fingerprint", str)
"""The hexadecimal SHA-256 of all that a build can read: equal fingerprints, equal wheels."""


@dataclass(frozen=True)
class Sources:
    """The files that a build can read, by path below the root, and the state beside them."""

    files: Mapping[str, Digest]
    executable: frozenset[str]
    state: tuple[str, ...]

    @property
    def fingerprint(self) -> Fingerprint:
        """The SHA-256 over every path, every digest and the state, in hexadecimal."""
        lines = [f"{path}\0{digest}\n" for path, digest in sorted(self.files.items())]
        text = "".join([*lines, *sorted(self.executable), *self.state])
        return Fingerprint(hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest())


def read_sources(root: Path, *, artifacts: Collection[Path]) -> Sources:
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
    executable = frozenset(path for path in files if os.access(root / path, os.X_OK))
    return Sources(files, executable, _state(root))


def _hash_files(root: Path, artifacts: Collection[Path]) -> dict[str, Digest]:
    return {
        Path(entry.path).relative_to(root).as_posix(): digest_of_file(Path(entry.path))
        for _, entries in folders(root, through_links=True, without=artifacts)
        for entry in entries
        if entry.is_file()
    }


def _state(root: Path) -> tuple[str, ...]:
    """Give what beside the files decides on a build: history, the day, versions from outside.

    The version of a changed tree carries the day (setuptools-scm's ``node-and-date``).
    """
    said = history(root)
    today = (
        f"{datetime.now(timezone.utc):%Y%m%d}\n" if any("-dirty" in line for line in said) else ""
    )
    pretended = (f"{k}={v}\n" for k, v in os.environ.items() if "_PRETEND_VERSION" in k)
    return (*said, today, *sorted(pretended))

"""A build that leaves no trace: what it made is removed, what it changed is put back."""

import os
import shutil
from pathlib import Path
from types import TracebackType

from neverstale.errors import NeverstaleError
from neverstale.project.artifacts import Tracked
from neverstale.removal import is_below
from neverstale.wheels.inputs import read_events

APART = frozenset({".git", ".hg", ".venv", ".nox", ".tox"})
"""Folders of repositories and environments: not looked into, and left as they are."""


class Trace:
    """Restores the folder *root* after a build that recorded into ``scratch/record``.

    Only what the recorder saw the build write is touched, never what git tracks and was not
    changed by it, and nothing beyond a link.
    """

    def __init__(self, root: Path, scratch: Path, wanted: bool) -> None:  # noqa: FBT001
        self._root, self._record, self._wanted = root, scratch / "record", wanted

    def __enter__(self) -> None:
        self._before = self._listing() if self._wanted else frozenset()

    def _listing(self) -> frozenset[str]:
        """Return every path below the root, but not what is in environments and repositories."""
        found: set[str] = set()
        for folder, names, files in os.walk(self._root):
            names[:] = [n for n in names if n not in APART]
            found.update(os.path.join(folder, name) for name in (*names, *files))
        return frozenset(found)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if not self._wanted:
            return
        events = read_events(self._record)
        tracked = Tracked(self._root)
        for path in sorted(map(Path, events.of("w")), key=lambda p: len(p.parts), reverse=True):
            self._remove(path, tracked)
        for kept in events.of("c"):
            copy, _, original = kept.partition(":")
            if is_below(Path(original), self._root):
                self._put_back(self._record / copy, Path(original))

    def _remove(self, path: Path, tracked: Tracked) -> None:
        new = str(path) not in self._before and is_below(path, self._root)
        new = new and APART.isdisjoint(path.relative_to(self._root).parts)
        try:
            if not new or not os.path.lexists(path) or path in tracked:
                return
            if path.is_dir() and not path.is_symlink():
                if path.name == "__pycache__" or not any(path.iterdir()):
                    shutil.rmtree(path)
            else:
                path.unlink()
        except (OSError, NeverstaleError):
            return

    def _put_back(self, copy: Path, original: Path) -> None:
        if original.is_symlink() or not copy.is_file():
            return
        if original.is_file() and original.read_bytes() == copy.read_bytes():
            shutil.copymode(copy, original)
            return
        original.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(copy, original)  # with its mode

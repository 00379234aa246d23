"""The store: wheels at paths that are named by their content, below the project's root.

No cache of uv's can answer for a path that did not exist before, and a wheel of equal content
comes to lie at the equal path, so that uv's caches still serve it.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from freshness.errors import FreshnessError
from freshness.sources import Fingerprint
from freshness.wheel import content_of, read_wheel

FOLDER = ".freshness"
"""The store's folder in the project; git and backup programs are told to pass it over."""

STAMP = "stamp"
"""A file that changes with the sources; ``cache-keys`` of uv may name it (it sees deletions)."""

WHEELS_KEPT = 8
"""How many wheels the store holds at most."""

NOTES_KEPT = 64
"""How many states of the sources it remembers the wheel of."""


class Store:
    """The store of the project at *root*; its folder is made when something is put in."""

    def __init__(self, root: Path) -> None:
        self.folder = root / FOLDER
        if self.folder.is_symlink():
            raise FreshnessError(
                f"{FOLDER} is a link to {os.readlink(self.folder)}",
                hint=f"remove the link: `rm {FOLDER}`",
            )

    @contextmanager
    def locked(self, wait: Callable[[], None]) -> Iterator[None]:
        """Hold the store for one process; call *wait* once if another one has it."""
        self._make()
        with held(self.folder / "lock", wait):
            yield

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Give an empty folder in the store that is gone afterwards."""
        self._make()
        with tempfile.TemporaryDirectory(
            prefix="building-", dir=self.folder, ignore_cleanup_errors=True
        ) as folder:
            yield Path(folder)

    def put(self, wheel: Path, fingerprint: Fingerprint | None) -> Path:
        """Move *wheel*, built from the sources of *fingerprint*, in; give its path by content."""
        digest = content_of(read_wheel(wheel))
        kept = self.folder / "wheels" / digest / wheel.name
        if not _holds(kept, digest):
            kept.parent.mkdir(parents=True, exist_ok=True)
            os.replace(wheel, kept)
        os.utime(kept.parent)
        (self.folder / "builds").mkdir(exist_ok=True)
        if fingerprint:
            self._note(fingerprint, kept)
        self._forget_oldest()
        return kept

    def get(self, fingerprint: Fingerprint) -> Path | None:
        """Give the wheel that the sources of *fingerprint* were built into, its content verified.

        None where the store has none, or where its file is no longer what was put in.
        """
        note = self.folder / "builds" / fingerprint
        try:
            wheel = self.folder / "wheels" / json.loads(note.read_text(encoding="utf-8"))["wheel"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return wheel if _holds(wheel, wheel.parent.name) else None

    def stamp(self, fingerprint: Fingerprint) -> None:
        """Write the fingerprint into the stamp, unless it stands there already."""
        self._make()
        stamp = self.folder / STAMP
        if not stamp.exists() or stamp.read_bytes() != fingerprint.encode():
            _write(stamp, fingerprint)

    def _make(self) -> None:
        self.folder.mkdir(exist_ok=True)
        for name, text in {
            ".gitignore": "*\n",
            "CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55\n",
        }.items():
            if not (self.folder / name).exists():
                _write(self.folder / name, text)

    def _note(self, fingerprint: Fingerprint, wheel: Path) -> None:
        note = {"wheel": wheel.relative_to(self.folder / "wheels").as_posix()}
        _write(self.folder / "builds" / fingerprint, json.dumps(note))

    def _forget_oldest(self) -> None:
        """Keep the newest wheels and notes; a note whose wheel is gone answers None in `get`."""
        for folder in _oldest_first(self.folder / "wheels")[:-WHEELS_KEPT]:
            shutil.rmtree(folder, ignore_errors=True)
        for note in _oldest_first(self.folder / "builds")[:-NOTES_KEPT]:
            note.unlink(missing_ok=True)


def _holds(wheel: Path, content: str) -> bool:
    """Tell whether the file *wheel* is there and is still of that content."""
    try:
        return content_of(read_wheel(wheel)) == content
    except FreshnessError:
        return False


@contextmanager
def held(path: Path, wait: Callable[[], None]) -> Iterator[None]:
    """Hold the lock file at *path* for one process; call *wait* once if another one has it."""
    from filelock import FileLock, Timeout  # not needed by the commands that only look

    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        wait()
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _oldest_first(folder: Path) -> list[Path]:
    return sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)


def _write(path: Path, text: str) -> None:
    """Write the whole of *text* or nothing."""
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, prefix=f".{path.name[:20]}-", encoding="utf-8", delete=False
    ) as stream:
        stream.write(text)
    os.replace(stream.name, path)

"""The store: wheels at paths that are named by their content, below the project's root.

No cache of uv's can answer for a path that did not exist before, and a wheel of equal content
comes to lie at the equal path, so that uv's caches still serve it.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from pathlib import Path

from freshness.archives import read_wheel
from freshness.distribution import Distribution, parse_requirements
from freshness.errors import FreshnessError
from freshness.sources import Fingerprint
from freshness.wheel import content_of

FOLDER = ".freshness"
"""The store's folder in the project; git and backup programs are told to pass it over."""

MANIFEST = "manifest.json"
"""What a wheel of the store holds, beside it: read without unpacking the wheel again."""

STAMP = "stamp"
"""A file that changes with the sources; ``cache-keys`` of uv may name it (it sees deletions)."""

BUILDING = "building-"
"""How the names of folders begin in which something is built."""

WHEELS_KEPT = 8
"""How many wheels of one name the store holds at most."""

NOTES_KEPT = 64
"""How many states of the sources it remembers the wheel of."""


class Store:
    """The store of the project at *root*; its folder is made when something is put in.

    One that is not *lasting* is somewhere else, and gone after use.
    """

    def __init__(self, root: Path, *, lasting: bool = True) -> None:
        self.lasting = lasting
        self.folder = root / FOLDER
        if self.folder.is_symlink():
            raise FreshnessError(
                f"{FOLDER} is a link to {os.readlink(self.folder)}",
                hint=f"remove the link: `rm {FOLDER}`",
            )

    @contextmanager
    def locked(self, wait: Callable[[], None]) -> Iterator[None]:
        """Hold the store for one process; call *wait* once if another one has it.

        What builds that were killed have left is removed: whoever builds holds the store.
        """
        self._make()
        with held(self.folder / "lock", wait):
            for left in self.folder.glob(f"{BUILDING}*"):
                shutil.rmtree(left, ignore_errors=True)
            yield

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Give an empty folder in the store, which has to be held; it is gone afterwards."""
        import tempfile

        self._make()
        with tempfile.TemporaryDirectory(
            prefix=BUILDING, dir=self.folder, ignore_cleanup_errors=True
        ) as folder:
            yield Path(folder)

    def put(self, wheel: Path, fingerprint: Fingerprint | None) -> Path:
        """Move *wheel*, built from the sources of *fingerprint*, in; give its path by content."""
        distribution = read_wheel(wheel)
        digest = content_of(distribution)
        kept = self.folder / "wheels" / digest / wheel.name
        if not _holds(kept, digest):
            kept.parent.mkdir(parents=True, exist_ok=True)
            os.replace(wheel, kept)
        _write(kept.parent / MANIFEST, _spelled(distribution))
        os.utime(kept.parent)
        (self.folder / "builds").mkdir(exist_ok=True)
        if fingerprint:
            self._note(fingerprint, kept)
        self._forget_oldest({kept.parent, self.folder / "builds" / str(fingerprint)})
        return kept

    def get(self, fingerprint: Fingerprint) -> Path | None:
        """Give the wheel that the sources of *fingerprint* were built into, its content verified.

        None where the store has none, or where its file is no longer what was put in.
        """
        wheel = self._noted(fingerprint)
        return wheel if wheel and _holds(wheel, wheel.parent.name) else None

    def holds(self, fingerprint: Fingerprint) -> Distribution | None:
        """Give what the wheel that `get` gives holds, as it was noted; None where it was not."""
        wheel = self._noted(fingerprint)
        return _read_manifest(wheel.parent / MANIFEST) if wheel else None

    def stamp(self, fingerprint: Fingerprint, name: str = STAMP) -> None:
        """Write the fingerprint into the stamp *name*, unless it stands there already."""
        self._make()
        stamp = self.folder / name
        if not stamp.exists() or stamp.read_bytes() != fingerprint.encode():
            _write(stamp, fingerprint)

    def _noted(self, fingerprint: Fingerprint) -> Path | None:
        note = self.folder / "builds" / fingerprint
        try:
            return self.folder / "wheels" / str(json.loads(note.read_text("utf-8"))["wheel"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

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

    def _forget_oldest(self, new: AbstractSet[Path]) -> None:
        """Keep the newest wheels and notes; a note whose wheel is gone answers None in `get`.

        What is *new* stays: of a clock that was set back, others are younger.
        """
        by_name: dict[str, list[Path]] = {}
        for folder in _oldest_first(self.folder / "wheels", new):
            wheel = next((path.name for path in folder.glob("*.whl")), "")
            by_name.setdefault(wheel.partition("-")[0], []).append(folder)
        for folder in (old for folders in by_name.values() for old in folders[:-WHEELS_KEPT]):
            shutil.rmtree(folder, ignore_errors=True)
        for note in _oldest_first(self.folder / "builds", new)[:-NOTES_KEPT]:
            note.unlink(missing_ok=True)


def _holds(wheel: Path, content: str) -> bool:
    """Tell whether the file *wheel* is there and is still of that content."""
    try:
        return content_of(read_wheel(wheel)) == content
    except FreshnessError:
        return False


def _spelled(distribution: Distribution) -> str:
    """Spell *distribution* as JSON, with a check that nothing of it was changed since."""
    noted = {
        **vars(distribution),
        "executable": sorted(distribution.executable),
        "requirements": sorted(map(str, distribution.requirements)),
    }
    return json.dumps({"noted": noted, "check": _check(noted)})


def _check(noted: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(noted, sort_keys=True).encode("ascii")).hexdigest()


def _read_manifest(path: Path) -> Distribution | None:
    """Read what was noted of a wheel; None unless it is what was noted, of that wheel."""
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
        noted = read["noted"]
        if read["check"] != _check(noted):
            return None
        requirements = parse_requirements(noted["requirements"])
        executable = frozenset(noted["executable"])
        found = Distribution(**{**noted, "executable": executable, "requirements": requirements})
    except (OSError, ValueError, KeyError, TypeError, AttributeError, FreshnessError):
        return None
    return found if content_of(found) == path.parent.name else None


@contextmanager
def store_of(root: Path) -> Iterator[Store]:
    """Give the store of the project at *root*, or one that is gone afterwards: no trace is left."""
    if (root / FOLDER).exists():
        yield Store(root)
        return
    import tempfile

    with tempfile.TemporaryDirectory(prefix="freshness-") as folder:
        yield Store(Path(folder), lasting=False)


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


def _oldest_first(folder: Path, new: AbstractSet[Path]) -> list[Path]:
    return sorted(folder.iterdir(), key=lambda path: (path in new, path.stat().st_mtime_ns))


def _write(path: Path, text: str) -> None:
    """Write the whole of *text* or nothing."""
    import tempfile

    with tempfile.NamedTemporaryFile(
        dir=path.parent, prefix=f".{path.name[:20]}-", delete=False
    ) as stream:
        new = Path(stream.name)
    try:
        new.write_text(text, encoding="utf-8")
        os.replace(new, path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise

"""The user's cache: what is remembered of projects that have no store of their own.

NEVERSTALE_CACHE_DIR names another folder; NEVERSTALE_CACHE_SIZE the limit of its size, in MiB.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from neverstale.errors import NeverstaleError
from neverstale.files import read_bytes
from neverstale.removal import discard

LIMIT_MIB = 2048
"""The most that `prune` leaves where nobody says otherwise."""

PARTS = ("backends", "projects")
"""The folders whose entries are removed, the longest unused first."""

KEY = "key"
"""The file with the secret of this user, by which a store is known to be of their own making."""


def cache_folder() -> Path:
    """Return the folder of the user's cache; it is made when something is put into it.

    A user without a home folder has one below the folder of temporary files.
    Raise NeverstaleError where that belongs to somebody else.
    """
    if named := os.environ.get("NEVERSTALE_CACHE_DIR"):
        return Path(os.path.abspath(named))
    from platformdirs import user_cache_path

    folder = user_cache_path("neverstale", appauthor=False)
    if folder.is_absolute() and _can_be_made(folder):
        return folder
    import tempfile

    user = getattr(os, "getuid", lambda: "user")()
    folder = Path(tempfile.gettempdir(), f"neverstale-{user}")
    folder.mkdir(mode=0o700, exist_ok=True)
    by_others = os.name != "nt" and folder.stat().st_uid != user  # there each user has their own
    if folder.is_symlink() or by_others:
        raise NeverstaleError(
            f"{folder} belongs to somebody else",
            hint="name a folder of your own in NEVERSTALE_CACHE_DIR",
        )
    return folder


def _can_be_made(folder: Path) -> bool:
    there = next((each for each in (folder, *folder.parents) if each.exists()), None)
    return there is not None and there.is_dir() and os.access(there, os.W_OK)


@contextmanager
def held(path: Path, wait: Callable[[], None]) -> Iterator[bool]:
    """Hold the lock file at *path* for one process; call *wait* once if another one has it.

    Yield whether this process did not hold it already.
    """
    from filelock import FileLock, Timeout  # not needed by the commands that only look

    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path, is_singleton=True)  # a build within an install holds it twice
    try:
        lock.acquire(timeout=0)
    except Timeout:
        wait()
        lock.acquire()
    try:
        yield lock.lock_counter == 1
    finally:
        lock.release()


def seal_of(text: str, *, make: bool = False) -> str | None:
    """Return what this user alone can say of *text*: an HMAC-SHA-256 in hexadecimal.

    Its key is in the cache, and outlives `clean`. None where there is none yet, unless it may
    *make* one.
    """
    import hmac

    place = cache_folder() / KEY
    try:
        key = read_bytes(place)
    except OSError:
        if not make:
            return None
        place.parent.mkdir(parents=True, exist_ok=True)
        new = place.with_name(f"{KEY}-{os.getpid()}")
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(os.urandom(32))
        with suppress(OSError):  # another process made one meanwhile, or there are no hard links
            os.link(new, place)
        if not place.exists():
            os.replace(new, place)
        new.unlink(missing_ok=True)
        key = read_bytes(place)
    return hmac.new(key, text.encode(), "sha256").hexdigest()


def limit() -> int:
    """Return how many bytes the cache may have after `prune`."""
    named = os.environ.get("NEVERSTALE_CACHE_SIZE", "")
    return (int(named) if named.isdecimal() else LIMIT_MIB) << 20


def prune(most: int) -> list[Path]:
    """Remove what was unused for longest until *most* bytes are left; return what is gone."""
    root = cache_folder()
    entries = [path for part in PARTS for path in _entries(root / part)]
    sizes = {path: _size(path) for path in sorted(entries, key=_last_use)}
    left = sum(sizes.values())
    removed = []
    for path, size in sizes.items():
        if left <= most:
            break
        discard(path, root)
        removed.append(path)
        left -= size
    return removed


def clean() -> int:
    """Remove the whole cache; return how many bytes that freed."""
    root = cache_folder()
    if root.is_symlink() or not root.is_dir():
        return 0
    before = _size(root)
    for path in root.iterdir():
        if path.name != KEY:
            discard(path, root) if path.is_dir() else path.unlink()
    with suppress(OSError):  # the key stays, for the stores that it has sealed
        root.rmdir()
    return before - _size(root)


def _entries(folder: Path) -> list[Path]:
    if not folder.is_dir() or folder.is_symlink():
        return []
    return [path for path in folder.iterdir() if path.is_dir() and not path.is_symlink()]


def _last_use(folder: Path) -> float:
    with suppress(OSError):
        return folder.stat().st_mtime
    return 0.0


def _size(folder: Path) -> int:
    total = 0
    for below, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += os.lstat(os.path.join(below, name)).st_size
    return total

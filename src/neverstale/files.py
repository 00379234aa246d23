"""Files: opened, hashed, listed, replaced and removed; every other module does so through here.

Nothing here follows a link where it writes or removes, and nothing waits for a pipe or reads from
a device. Digests are SHA-256, spelled as RECORD spells them (``sha256=`` and URL-safe base64).
"""

import binascii
import errno
import hashlib
import os
import stat
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, NewType, Protocol

Digest = NewType("Digest", str)
"""A hash as RECORD spells it: ``sha256=`` and URL-safe base64 without padding."""

READING = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""How files are opened: a pipe must not make us wait."""

NOT_THERE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.ENXIO)
"""Errors of a path that leads to no file."""

EXECUTABLE = 0o111
CHUNK = 1 << 16
URL_SAFE = bytes.maketrans(b"+/", b"-_")

LARGEST_TEXT = 1 << 26
"""The most bytes that are read of a text."""

TICK = 200
"""After how many files a progress bar is updated."""

NOT_THE_PROJECT = frozenset({".git", ".hg", ".svn", ".jj", ".nox", ".tox", ".neverstale"})
"""Folders of other programs, and of this one, that hold no input of a build."""

MARKERS = ("CACHEDIR.TAG", "pyvenv.cfg")
"""A folder with one of these is a cache (https://bford.info/cachedir/) or an environment."""

Walked = tuple[Path, list[os.DirEntry[str]]]
"""A folder and its sorted entries."""

Tick = Callable[[int, int], None]
"""Called while many files are read, with how many are done and how many there are."""


class Readable(Protocol):
    """An open file, or an entry of an archive."""

    def read(self, size: int, /) -> bytes | None:
        """Return at most *size* bytes; nothing at the end."""
        ...


def no_tick(done: int, total: int) -> None:
    """Report progress to nobody."""


def digest_of(content: bytes, algorithm: str = "sha256") -> Digest:
    """Return the digest of *content*; raise ValueError for an unknown algorithm."""
    hasher = new_hash(algorithm)
    hasher.update(content)
    return spelled(algorithm, hasher.digest())


def digest_of_file(path: Path | str, algorithm: str = "sha256") -> Digest:
    """Return the digest of a file's bytes, read in chunks; raise OSError and ValueError."""
    descriptor = _opened(path)
    try:
        return _digest_of(descriptor, algorithm)
    finally:
        os.close(descriptor)


def digest_of_stream(stream: Readable) -> Digest:
    """Return the SHA-256 of what is left in *stream*; raise what reading it raises."""
    hasher = hashlib.sha256()
    while chunk := stream.read(CHUNK):
        hasher.update(chunk)
    return spelled("sha256", hasher.digest())


def new_hash(algorithm: str) -> "hashlib._Hash":
    """Return a new hash; raise ValueError where Python does not have that algorithm."""
    if algorithm == "sha256":
        return hashlib.sha256()
    if algorithm not in hashlib.algorithms_available or algorithm.startswith("shake"):
        raise ValueError(f"unsupported hash type {algorithm!r}")
    return hashlib.new(algorithm)


def spelled(algorithm: str, raw: bytes) -> Digest:
    """Return *raw*, the bytes of a hash, as RECORD spells it."""
    value = binascii.b2a_base64(raw, newline=False).translate(URL_SAFE).rstrip(b"=")
    return Digest(f"{algorithm}={value.decode('ascii')}")


def short_hash(*parts: str, length: int = 20) -> str:
    """Return *length* hexadecimal digits of SHA-256 over *parts*, for the name of a file."""
    text = "\0".join(parts).encode("utf-8", "surrogateescape")
    return hashlib.sha256(text).hexdigest()[:length]


def read_bytes(path: Path | str, most: int = LARGEST_TEXT) -> bytes:
    """Return the first *most* bytes; raise OSError for a pipe, a device or a folder."""
    descriptor = _opened(path)
    try:
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            return stream.read(most)
    finally:
        os.close(descriptor)


def read_text(path: Path | str) -> str:
    """Return a file's text, UTF-8 with other bytes escaped (PEP 383); raise as `read_bytes`."""
    return read_bytes(path).decode("utf-8", "surrogateescape")


def text_if_there(path: Path) -> str:
    """Return a file's text, UTF-8 with other bytes replaced; empty where it cannot be read."""
    try:
        return read_bytes(path).decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""


def write_text(path: Path, text: str) -> None:
    """Replace *path* with a new file that holds *text*, wholly or not at all.

    Never written through a link, and never into the old file, which uv's cache may share.
    """
    new = path.with_name(f".{path.name[:40]}-{os.getpid()}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    new.unlink(missing_ok=True)
    descriptor = os.open(new, flags, 0o644)
    try:
        with os.fdopen(
            descriptor, "w", encoding="utf-8", errors="surrogateescape", newline=""
        ) as f:
            f.write(text)
        os.replace(new, path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def _opened(path: Path | str) -> int:
    """Open what has to be a regular file; raise OSError for anything else."""
    descriptor = os.open(path, READING)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    return descriptor


def _digest_of(descriptor: int, algorithm: str) -> Digest:
    hasher = new_hash(algorithm)
    while chunk := os.read(descriptor, CHUNK):
        hasher.update(chunk)
    return spelled(algorithm, hasher.digest())


class Files(NamedTuple):
    """The SHA-256 of files, by name, and which of them are executable."""

    digests: Mapping[str, Digest]
    executable: frozenset[str]


def read_files(paths: Mapping[str, str], tick: Tick = no_tick) -> Files:
    """Hash the file at each of *paths* (name → path); leave out what is not a file.

    Raise OSError where a file is there and cannot be read.
    """
    digests: dict[str, Digest] = {}
    executable: set[str] = set()
    for done, (name, path) in enumerate(paths.items()):
        if done % TICK == 0:
            tick(done, len(paths))
        try:
            descriptor = os.open(path, READING)
        except OSError as error:
            if error.errno in NOT_THERE:
                continue
            raise
        except ValueError:  # a NUL in it
            continue
        try:
            mode = os.fstat(descriptor).st_mode
            if stat.S_ISREG(mode):
                digests[name] = _digest_of(descriptor, "sha256")
                if mode & EXECUTABLE:
                    executable.add(name)
        finally:
            os.close(descriptor)
    tick(len(paths), len(paths))
    return Files(digests, frozenset(executable))


def folders(root: Path, *, through_links: bool, without: Collection[Path] = ()) -> Iterator[Walked]:
    """Yield each folder at and below *root* with its sorted entries, parents first.

    Left out are *without*, environments, caches and the folders of other programs;
    ``__pycache__`` is an entry and not entered. A cache is one at the root or a hidden one: a
    package may ship a CACHEDIR.TAG. A link to a folder is entered only *through_links*, never
    where it leads to the root or above, and each folder once, however many links lead to it. Raise
    OSError.
    """
    left_out = frozenset(map(str, without))
    waiting, seen = [root], set[tuple[int, int]]()
    while waiting:
        folder = waiting.pop()
        status = folder.stat()
        # Some file systems of Windows number no files; there are no loops then but through links.
        if status.st_ino and (status.st_dev, status.st_ino) in seen:
            continue
        found = entries_in(folder)
        if seen and is_apart(folder, root, {entry.name for entry in found}):
            continue
        seen.add((status.st_dev, status.st_ino))
        found = [e for e in found if e.name not in NOT_THE_PROJECT and e.path not in left_out]
        yield folder, found
        inner = [
            entry
            for entry in reversed(found)
            if entry.name != "__pycache__" and leads_to_folder(entry, through_links=through_links)
            if not (entry.is_symlink() and root.is_relative_to(real(entry.path)))
        ]
        # What is reached without a link comes first: its path is the one that people know.
        waiting[:0] = (Path(entry.path) for entry in inner if entry.is_symlink())
        waiting += (Path(entry.path) for entry in inner if not entry.is_symlink())


def is_apart(folder: Path, root: Path, names: Collection[str]) -> bool:
    """Return whether *folder*, which holds *names*, is an environment or a cache, not sources."""
    if not any(marker in names for marker in MARKERS):
        return False
    parts = folder.relative_to(root).parts
    package = any(name.endswith((".py", ".pyi")) for name in names)
    hidden = any(part.startswith(".") for part in (parts[0], parts[-1]))
    environment = "pyvenv.cfg" in names and ("bin" in names or "Scripts" in names)
    return environment or hidden or (len(parts) == 1 and not package)


def entries_in(folder: Path | str) -> list[os.DirEntry[str]]:
    """Return what is in *folder*, sorted by name; raise OSError."""
    with os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: entry.name)


def listing(folder: Path | str) -> list[str]:
    """Return the sorted names in *folder*; none where it cannot be read."""
    try:
        return sorted(os.listdir(folder))
    except (OSError, ValueError):
        return []


def real(path: Path | str) -> Path:
    """Return *path* without links; one that leads in a circle, or may not be read, as it is."""
    try:
        return Path(os.path.realpath(path))
    except (OSError, ValueError):
        return Path(os.path.abspath(path))


def home() -> Path:
    """Return the user's home folder, or the root of the file system where there is none."""
    try:
        return Path.home()
    except RuntimeError:
        return Path(os.path.abspath(os.sep))


def leads_to_file(entry: os.DirEntry[str]) -> bool:
    """Return whether *entry* is a file or a link to one; a link in a circle leads to nothing."""
    try:
        return entry.is_file()
    except OSError as error:
        if error.errno == errno.ELOOP:
            return False
        raise


def leads_to_folder(entry: os.DirEntry[str], *, through_links: bool) -> bool:
    """Return whether *entry* is a folder or, *through_links*, a link to one."""
    try:
        return entry.is_dir(follow_symlinks=through_links)
    except OSError as error:
        if error.errno == errno.ELOOP:
            return False
        raise

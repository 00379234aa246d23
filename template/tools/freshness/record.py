"""RECORD: the list of files that a distribution consists of, and their hashes.

The format is the one of
https://packaging.python.org/en/latest/specifications/recording-installed-packages/
"""

import binascii
import csv
import errno
import hashlib
import io
import os
import stat
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NewType, Protocol

Digest = NewType("Digest", str)
"""A hash as RECORD spells it: ``sha256=`` and URL-safe base64 without padding."""

READING = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""How files are opened; a pipe must not make us wait. Without the layers of `open`, 10,000 small
files take half the time."""

NOT_THERE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.ENXIO)
"""Why a path that somebody names leads to no file."""

EXECUTABLE = 0o111
"""The bits of a file's mode of which installers take any for a permission to execute."""

CHUNK = 1 << 16
"""How much of a file is read at once, in bytes."""

URL_SAFE = bytes.maketrans(b"+/", b"-_")

TICK = 200
"""After how many files somebody who waits is told."""


class Readable(Protocol):
    """An open file, or an entry of an archive."""

    def read(self, size: int, /) -> bytes | None:
        """Give at most *size* bytes; nothing at the end."""
        ...


def digest_of(content: bytes, algorithm: str = "sha256") -> Digest:
    """Give the digest of *content*; raises ValueError for an unknown algorithm."""
    hasher = _hasher(algorithm)
    hasher.update(content)
    return _spell(algorithm, hasher.digest())


def digest_of_file(path: Path | str, algorithm: str = "sha256") -> Digest:
    """Give the digest of the file's bytes, read in chunks; raises OSError and ValueError."""
    descriptor = _opened(path)
    try:
        return _digest_of(descriptor, algorithm)
    finally:
        os.close(descriptor)


def read_bytes(path: Path | str, most: int = 1 << 26) -> bytes:
    """Give the first *most* bytes of a file; raises OSError for a pipe, a device, a folder."""
    descriptor = _opened(path)
    try:
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            return stream.read(most)
    finally:
        os.close(descriptor)


def read_text(path: Path | str) -> str:
    """Give the text of a file, UTF-8 with other bytes escaped (PEP 383); raises as `read_bytes`."""
    return read_bytes(path).decode("utf-8", "surrogateescape")


def replace_text(path: Path, text: str) -> None:
    """Write *text*, as `read_text` gives it, as a new file: uv's cache may share the old one."""
    new = path.with_name(f"{path.name}.tmp")
    new.write_text(text, encoding="utf-8", errors="surrogateescape", newline="")
    os.replace(new, path)


def _opened(path: Path | str) -> int:
    """Open what has to be a file: from a pipe or a device there is no end of reading."""
    descriptor = os.open(path, READING)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    return descriptor


def _digest_of(descriptor: int, algorithm: str) -> Digest:
    hasher = _hasher(algorithm)
    while chunk := os.read(descriptor, CHUNK):
        hasher.update(chunk)
    return _spell(algorithm, hasher.digest())


def digest_of_stream(stream: Readable) -> Digest:
    """Give the SHA-256 of what is left in *stream*; raises what reading it does."""
    hasher = _hasher("sha256")
    while chunk := stream.read(CHUNK):
        hasher.update(chunk)
    return _spell("sha256", hasher.digest())


def _hasher(algorithm: str) -> "hashlib._Hash":
    """Give a new hash; raises ValueError where Python does not have that algorithm."""
    if algorithm == "sha256":
        return hashlib.sha256()
    if algorithm not in hashlib.algorithms_available:
        raise ValueError(f"unsupported hash type {algorithm!r}")
    return hashlib.new(algorithm)


Tick = Callable[[int, int], None]
"""Told, while many files are read, how many are done and how many there are."""


@dataclass(frozen=True)
class Files:
    """The SHA-256 of files, by name, and which of them may be run as programs."""

    digests: Mapping[str, Digest]
    executable: frozenset[str]


def read_files(paths: Mapping[str, str], tick: Tick) -> Files:
    """Read the file at each of *paths* (name → path); what is no file, or not there, is left out.

    *tick* is told how far it is. Raises OSError where a file is there and cannot be read.
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


def no_tick(done: int, total: int) -> None:
    """Tell nobody."""


def algorithm_of(digest: Digest) -> str:
    """Give the name of the hash that *digest* was made with, as hashlib knows it."""
    return digest.partition("=")[0]


def parse_record(text: str) -> dict[str, Digest | None]:
    """Read RECORD into path → digest; None where a row has no hash, as RECORD's own.

    Paths are as written: relative to site-packages, ``/`` between the parts.
    Rows of another shape are kept by their path, so that they show up as a difference.
    """
    rows: Iterable[list[str]] = csv.reader(io.StringIO(text, newline=""))
    return {row[0]: _read(row[1]) if len(row) > 1 and row[1] else None for row in rows if row}


def _read(spelled: str) -> Digest:
    """Give the digest as the specification spells it; early uv_build wrote it in hexadecimal."""
    algorithm, _, value = spelled.partition("=")
    try:
        raw = bytes.fromhex(value)
        right_size = len(raw) == _hasher(algorithm).digest_size
    except ValueError:
        right_size = False
    return _spell(algorithm, raw) if right_size else Digest(f"{algorithm}={value.rstrip('=')}")


def _spell(algorithm: str, raw: bytes) -> Digest:
    value = binascii.b2a_base64(raw, newline=False).translate(URL_SAFE).rstrip(b"=")
    return Digest(f"{algorithm}={value.decode('ascii')}")

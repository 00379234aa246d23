"""RECORD: the list of files that a distribution consists of, and their hashes.

The format is the one of
https://packaging.python.org/en/latest/specifications/recording-installed-packages/
"""

import base64
import csv
import hashlib
import io
from collections.abc import Iterable
from pathlib import Path
from typing import NewType

Digest = NewType("Digest", str)
"""A hash as RECORD spells it: ``sha256=`` and URL-safe base64 without padding."""

CHUNK = 1 << 20


def digest_of(content: bytes, algorithm: str = "sha256") -> Digest:
    """Give the digest of *content*; raises ValueError for an unknown algorithm."""
    return _spell(algorithm, hashlib.new(algorithm, content).digest())


def digest_of_file(path: Path, algorithm: str = "sha256") -> Digest:
    """Give the digest of the file's bytes, read in chunks; raises OSError and ValueError."""
    hasher = hashlib.new(algorithm)
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            hasher.update(chunk)
    return _spell(algorithm, hasher.digest())


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
        right_size = len(raw) == hashlib.new(algorithm).digest_size
    except ValueError:
        right_size = False
    return _spell(algorithm, raw) if right_size else Digest(f"{algorithm}={value.rstrip('=')}")


def _spell(algorithm: str, raw: bytes) -> Digest:
    return Digest(f"{algorithm}={base64.urlsafe_b64encode(raw).rstrip(b'=').decode('ascii')}")

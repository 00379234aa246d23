"""RECORD: the list of files that a distribution consists of, and their hashes.

The format is the one of
https://packaging.python.org/en/latest/specifications/recording-installed-packages/
"""

import csv
import io
from collections.abc import Iterable

from neverstale.files import Digest, new_hash, spelled


def algorithm_of(digest: Digest) -> str:
    """Return the name of the hash that *digest* was made with, as hashlib knows it."""
    return digest.partition("=")[0]


def parse_record(text: str) -> dict[str, Digest | None]:
    """Return path → digest of RECORD; None where a row has no hash, as RECORD's own.

    Paths are as written: relative to site-packages, ``/`` between the parts. Rows of another shape
    are kept by their path, so that they show up as a difference. Two rows of one path cancel each
    other: a wheel of meson-python 0.18 names its direct_url.json, and uv its own. Raise csv.Error.
    """
    found: dict[str, Digest | None] = {}
    for path, *rest in rows_of(text):
        digest = _digest(rest[0]) if rest and rest[0] else None
        found[path] = digest if found.get(path, digest) == digest else None
    return found


def rows_of(text: str) -> Iterable[list[str]]:
    """Yield the rows of RECORD; one may span lines, as a quoted path can. Raise csv.Error."""
    return (row for row in csv.reader(io.StringIO(text, newline="")) if row)


def spell_record(rows: Iterable[Iterable[str]]) -> str:
    """Return the text of a RECORD with *rows*."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _digest(written: str) -> Digest:
    """Return a digest as the specification spells it; early uv_build wrote it in hexadecimal."""
    algorithm, _, value = written.partition("=")
    try:
        raw = bytes.fromhex(value)
        right_size = len(raw) == new_hash(algorithm).digest_size
    except ValueError:
        right_size = False
    return spelled(algorithm, raw) if right_size else Digest(f"{algorithm}={value.rstrip('=')}")

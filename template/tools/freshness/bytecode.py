"""Bytecode that would run in place of its source, or without one.

Python takes a ``.pyc`` for current when the source's size and its time of change, in whole
seconds, are those it noted (https://docs.python.org/3/reference/import.html#cached-bytecode-invalidation).
An edit within the same second that keeps the size slips through, and so does an edit that puts
the old time back. Git has the same trouble with its index and solves it by distrust
(https://git-scm.com/docs/racy-git): what was noted too near to the last change is noted again.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from freshness.tree import folders

RACY_NS = 2_000_000_000
"""The coarsest clock of a file system in use (FAT: two seconds), in nanoseconds."""

UNCHECKED_HASH = 1
"""The flags of a .pyc that Python runs without a look at the source (PEP 552)."""


def find_stale_bytecode(root: Path) -> list[Path]:
    """Find the ``.pyc`` files below *root* that Python might run although the source differs.

    A time of change (ctime) cannot be put back by the owner of a file, so bytecode is trusted
    only when it was written well after its source's inode last changed. Found as well: bytecode
    whose source is gone, which keeps the folder of a removed package importable.
    """
    found: list[Path] = []
    for folder, entries in folders(root, through_links=False):
        sources = {e.name.removesuffix(".py"): e for e in entries if e.name.endswith(".py")}
        for cache in _caches_of(folder):
            found += [
                Path(entry.path) for entry in cache if _is_stale(entry, sources.get(_module(entry)))
            ]
    return found


def _caches_of(folder: Path) -> Iterator[list[os.DirEntry[str]]]:
    """Give what lies in the folders where Python keeps the bytecode of *folder*'s modules."""
    places = [folder / "__pycache__"]
    if sys.pycache_prefix:
        places.append(Path(sys.pycache_prefix, *folder.absolute().parts[1:]))
    for place in places:
        if place.is_dir() and not place.is_symlink():
            with os.scandir(place) as entries:
                yield [entry for entry in entries if entry.name.endswith(".pyc")]


def _module(entry: os.DirEntry[str]) -> str:
    """Give the module's name: ``cli`` of ``cli.cpython-311.opt-1.pyc`` (PEP 3147, PEP 488)."""
    return entry.name.partition(".")[0]


def _is_stale(bytecode: os.DirEntry[str], source: os.DirEntry[str] | None) -> bool:
    if source is None:
        return True
    noted, changed = bytecode.stat().st_mtime_ns, source.stat()
    if max(changed.st_mtime_ns, changed.st_ctime_ns) + RACY_NS >= noted:
        return True
    with Path(bytecode.path).open("rb") as stream:
        return stream.read(8)[4:] == UNCHECKED_HASH.to_bytes(4, "little")

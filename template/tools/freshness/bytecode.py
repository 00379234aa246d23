"""Bytecode that would run in place of its source, or without one.

Python takes a ``.pyc`` for current when the source's size and its time of change, in whole
seconds, are those it noted (https://docs.python.org/3/reference/import.html#cached-bytecode-invalidation).
An edit within the same second that keeps the size slips through, and so does an edit that puts
the old time back. Git has the same trouble with its index and solves it by distrust
(https://git-scm.com/docs/racy-git): what was noted too near to the last change is noted again.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from freshness.record import read_bytes
from freshness.tree import Walked, folders, leads_to_file

RACY_NS = 2_000_000_000
"""The coarsest clock of a file system in use (FAT: two seconds), in nanoseconds."""

HEADER = 16
"""How many bytes come before the code: magic number, flags, time of change, size (PEP 552)."""

UNCHECKED_HASH = 1
"""The flags of a .pyc that Python runs without a look at the source (PEP 552)."""


def find_stale_bytecode(root: Path) -> list[Path]:
    """Find the ``.pyc`` files below *root* that Python might run although the source differs.

    A time of change (ctime) cannot be put back by the owner of a file, so bytecode is trusted
    only when it was written well after its source's inode last changed. Found as well: bytecode
    whose source is gone, which keeps the folder of a removed package importable.
    """
    pairs = _with_sources(folders(root, through_links=False))
    return [Path(cache.path) for cache, source in pairs if _is_stale(cache, source)]


def find_suspect_bytecode(walk: Iterable[Walked]) -> dict[Path, Path]:
    """Find the bytecode that Python would run, with its source, and that may differ.

    *walk* is what `folders` gave for the project's root.

    Python takes it for current; it was noted too near to the last change, or is never checked.
    The tool's own is not among them: it says nothing of the project.
    """
    pairs = _with_sources(walked for walked in walk if walked[0] != Path(__file__).parent)
    return {
        Path(cache.path): Path(source.path)
        for cache, source in pairs
        if source and _is_stale(cache, source) and _is_accepted(cache, source)
    }


def _with_sources(
    walk: Iterable[Walked],
) -> Iterator[tuple[os.DirEntry[str], os.DirEntry[str] | None]]:
    """Give each file of bytecode, with its source if there is one."""
    for folder, entries in walk:
        modules = (e for e in entries if e.name.endswith(".py") and leads_to_file(e))
        sources = {entry.name.removesuffix(".py"): entry for entry in modules}
        for cache in _caches_of(folder):
            for entry in cache:
                yield entry, sources.get(_module(entry))


def _is_accepted(bytecode: os.DirEntry[str], source: os.DirEntry[str]) -> bool:
    """Tell whether Python would take *bytecode* for current (PEP 552)."""
    header = _header(bytecode)
    flags, changed, size = (int.from_bytes(header[i : i + 4], "little") for i in (4, 8, 12))
    status = source.stat()
    same = changed == int(status.st_mtime) & 0xFFFFFFFF and size == status.st_size & 0xFFFFFFFF
    return len(header) == HEADER and (flags == UNCHECKED_HASH or (flags == 0 and same))


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
    return _header(bytecode)[4:8] == UNCHECKED_HASH.to_bytes(4, "little")


def _header(bytecode: os.DirEntry[str]) -> bytes:
    try:
        return read_bytes(bytecode.path, HEADER)
    except OSError:  # no file, or gone meanwhile
        return b""

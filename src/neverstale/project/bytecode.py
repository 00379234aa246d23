"""Bytecode that would run in place of its source, or without one.

Python takes a ``.pyc`` for current when the source's size and its time of change, in whole
seconds, are those it noted (https://docs.python.org/3/reference/import.html#cached-bytecode-invalidation).
An edit within the same second that keeps the size slips through, and so does an edit that puts
the old time back. Git has the same trouble with its index and solves it by distrust
(https://git-scm.com/docs/racy-git): what was noted too near to the last change is noted again.
"""

import _imp
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from neverstale.files import Walked, folders, leads_to_file, read_bytes
from neverstale.process import base_interpreter
from neverstale.project.artifacts import Tracked

RACY_NS = 2_000_000_000
"""The coarsest clock of a file system in use (FAT: two seconds), in nanoseconds."""

HEADER = 16
"""How many bytes come before the code: magic number, flags, time or hash, size (PEP 552)."""

HASHED, CHECKED = 0b01, 0b10
"""The flags of a .pyc: it notes a hash of its source, and Python compares that (PEP 552)."""

COMPARE = """\
import json, marshal, sys
stale = []
for cache, source, optimize in json.load(sys.stdin):
    try:
        with open(cache, "rb") as stream:
            code = marshal.loads(stream.read()[16:])
        with open(source, "rb") as stream:
            text = stream.read()
        if code != compile(text, source, "exec", dont_inherit=True, optimize=optimize):
            stale.append(cache)
    except Exception:
        stale.append(cache)
json.dump(stale, sys.stdout)
"""
"""Asked of our own interpreter, apart from everything: which code is not that of its source.
Compiling is not executing, and no module of anybody's is imported."""

PATIENCE = 20
"""How many seconds that may take."""


def find_stale_bytecode(root: Path) -> list[Path]:
    """Return the ``.pyc`` files below *root* that Python might run although the source differs.

    A time of change (ctime) cannot be put back by the owner of a file, so bytecode is trusted
    only when it was written well after its source's inode last changed. Returned as well:
    bytecode whose source is gone, which keeps the folder of a removed package importable. What
    git tracks is left alone.
    """
    tracked = Tracked(root)
    pairs = _with_sources(folders(root, through_links=False))
    found = (Path(cache.path) for cache, source in pairs if _is_doubtful(cache, source))
    return [path for path in found if path not in tracked]


def find_misleading_bytecode(walk: Iterable[Walked]) -> list[Path]:
    """Return the bytecode that Python would take for current and that is not its source's.

    *walk* is what `folders` yields. Of other Pythons than ours, only bytecode that notes a hash
    can be judged: nothing of them is started.
    """
    found: list[Path] = []
    asked: dict[Path, Path] = {}
    for cache, source in _with_sources(walk):
        if source is None or not _is_doubtful(cache, source):
            continue
        header = _header(cache)
        flags = int.from_bytes(header[4:8], "little")
        if len(header) < HEADER:
            continue
        if flags & HASHED:
            magic = int.from_bytes(header[:4], "little")
            same = _imp.source_hash(magic, read_bytes(source.path)) == header[8:16]
            found += [] if same or flags & CHECKED else [Path(cache.path)]
        elif _has_noted(header, source) and f".{sys.implementation.cache_tag}." in cache.name:
            asked[Path(cache.path)] = Path(source.path)
    return sorted([*found, *_compare(asked)])


def _compare(pairs: Mapping[Path, Path]) -> list[Path]:
    """Return which bytecode of *pairs* (bytecode → source) is not what compiling gives."""
    import subprocess

    if not pairs:
        return []
    question = json.dumps([(str(b), str(s), _optimization(b.name)) for b, s in pairs.items()])
    command = [str(base_interpreter()), "-I", "-S", "-B", "-c", COMPARE]
    try:
        done = subprocess.run(
            command, input=question.encode(), capture_output=True, timeout=PATIENCE, check=True
        )
        return [Path(path) for path in json.loads(done.stdout)]
    except (OSError, ValueError, subprocess.SubprocessError):
        return list(pairs)


def _optimization(name: str) -> int:
    level = name.rpartition(".opt-")[2][:1] if ".opt-" in name else ""
    return int(level) if level.isdigit() else 0


def _with_sources(
    walk: Iterable[Walked],
) -> Iterator[tuple[os.DirEntry[str], os.DirEntry[str] | None]]:
    """Yield each file of bytecode, with its source if there is one."""
    for folder, entries in walk:
        modules = (e for e in entries if e.name.endswith(".py") and leads_to_file(e))
        sources = {entry.name.removesuffix(".py"): entry for entry in modules}
        for cache in _caches_of(folder):
            for entry in cache:  # cli of cli.cpython-311.opt-1.pyc (PEP 3147, PEP 488)
                yield entry, sources.get(entry.name.partition(".")[0])


def _has_noted(header: bytes, source: os.DirEntry[str]) -> bool:
    """Return whether the time and the size of *source* are those in *header*."""
    changed, size = (int.from_bytes(header[i : i + 4], "little") for i in (8, 12))
    status = source.stat()
    return changed == int(status.st_mtime) & 0xFFFFFFFF and size == status.st_size & 0xFFFFFFFF


def _caches_of(folder: Path) -> Iterator[list[os.DirEntry[str]]]:
    """Yield what lies in the folders where Python keeps the bytecode of *folder*'s modules."""
    places = [folder / "__pycache__"]
    if prefix := os.environ.get("PYTHONPYCACHEPREFIX"):
        places.append(Path(prefix, *folder.absolute().parts[1:]))
    for place in places:
        if place.is_dir() and not place.is_symlink():
            with os.scandir(place) as entries:
                yield [entry for entry in entries if entry.name.endswith(".pyc")]


def _is_doubtful(bytecode: os.DirEntry[str], source: os.DirEntry[str] | None) -> bool:
    if source is None:
        return True
    noted, changed = bytecode.stat(follow_symlinks=False).st_mtime_ns, source.stat()
    if max(changed.st_mtime_ns, changed.st_ctime_ns) + RACY_NS >= noted:
        return True
    return bool(int.from_bytes(_header(bytecode)[4:8], "little") & HASHED)


def _header(bytecode: os.DirEntry[str]) -> bytes:
    try:
        return read_bytes(bytecode.path, HEADER)
    except OSError:  # no file, or gone meanwhile
        return b""

"""What lies in the sources and is none of them: old builds, bytecode, folders without modules.

Read and never changed. Which of it matters to the next build or import is decided here, by the
rules of those who would read it.
"""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import NormalizedName

from freshness.artifacts import EGG_INFO_FOLDERS, EXTENSIONS, find_in_place
from freshness.bytecode import find_suspect_bytecode
from freshness.distribution import parse_metadata
from freshness.errors import FreshnessError
from freshness.project import Project
from freshness.record import Digest, digest_of_file, read_text
from freshness.tree import Walked, folders, leads_to_file


@dataclass(frozen=True)
class Leftovers:
    """What was left, as paths below the project's root with ``/`` between the parts.

    ``built`` are files of old builds that the next one takes. Of each ``*.egg-info``, ``listed``
    are the files that its list has and that are there, ``gone`` those that are not, ``versions``
    the version that it claims. ``extensions`` are extension modules beside a module of the same
    name, ``suspects`` bytecode that may be stale → its source, ``sourceless`` bytecode in the
    packages without one, ``empty`` folders without a module → whether nothing at all is in them.
    """

    built: tuple[str, ...]
    listed: Mapping[str, tuple[str, ...]]
    gone: Mapping[str, tuple[str, ...]]
    versions: Mapping[str, str]
    extensions: tuple[str, ...]
    suspects: Mapping[Path, Path]
    sourceless: tuple[str, ...]
    empty: Mapping[str, bool]


def read_leftovers(
    project: Project, sources: Mapping[str, Digest], packages: Collection[str]
) -> Leftovers:
    """Look for leftovers below the root of *project*.

    *sources* are the source files, *packages* the folders of the packages, ``/`` at their end.
    """
    root = project.root
    walk = list(folders(root, through_links=False))
    # No other build backend reads what setuptools leaves.
    reads = project.build_backend.startswith("setuptools")
    lists = {_below(path, root): _listed(path) for path in _egg_infos(root) if reads}
    gone = {info: tuple(n for n in names if _is_gone(root, n)) for info, names in lists.items()}
    in_place = find_in_place(root, walk)
    if project.is_compiled(sources):  # extension modules belong there, bytecode does not
        in_place = [path for path in in_place if path.suffix not in EXTENSIONS]
    return Leftovers(
        built=tuple(_leaking(root, sources, packages)) if reads else (),
        listed={info: tuple(set(names) - set(gone[info])) for info, names in lists.items()},
        gone=gone,
        versions={
            _below(path, root): version
            for path in _egg_infos(root)
            if (version := _version(path, project.name))
        },
        extensions=tuple(_below(p, root) for p in in_place if p.suffix in EXTENSIONS),
        suspects=find_suspect_bytecode(walk),
        sourceless=tuple(_below(p, root) for p in in_place if p.suffix not in EXTENSIONS),
        empty=_empty_folders(root, packages, walk),
    )


def _below(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()


def _egg_infos(root: Path) -> list[Path]:
    found = [path for name in EGG_INFO_FOLDERS for path in sorted((root / name).glob("*.egg-info"))]
    return [path for path in found if path.is_dir()]


def _listed(info: Path) -> list[str]:
    try:
        text = read_text(info / "SOURCES.txt")
    except OSError:
        return []
    return [line.strip().replace("\\", "/") for line in text.splitlines() if line.strip()]


def _is_gone(root: Path, name: str) -> bool:
    outside = name.startswith(("/", "../")) or "/../" in name
    return not outside and not os.path.lexists(root / name)


def _version(info: Path, name: NormalizedName) -> str | None:
    try:
        metadata = parse_metadata(read_text(info / "PKG-INFO"))
    except (OSError, FreshnessError):
        return None
    return metadata.version if metadata.name == name else None


def _leaking(root: Path, sources: Mapping[str, Digest], packages: Collection[str]) -> Iterator[str]:
    """Give the files in ``build/lib*`` that setuptools would put into the next wheel.

    It copies a module there if the one there is older, by whole seconds, and then takes all that
    is there: https://setuptools.pypa.io/en/latest/deprecated/distutils/sourcedist.html
    """
    for library in sorted((root / "build").glob("lib*")):
        for folder, _, names in os.walk(library):
            for file in (Path(folder, name) for name in sorted(names)):
                source = _source_of(_below(file, library), sources, packages)
                gone = source is None and file.suffix not in EXTENSIONS
                if gone or (source and _outlives(file, root / source, sources[source])):
                    yield _below(file, root)


def _source_of(path: str, sources: Mapping[str, Digest], packages: Collection[str]) -> str | None:
    """Give the source of a file that a build put at *path*."""
    top, _, rest = path.partition("/")
    known = [f"{p}{rest}" for p in packages if p.rstrip("/").rpartition("/")[2] == top]
    return next((s for s in (*known, f"src/{path}", path) if s in sources), None)


def _outlives(built: Path, source: Path, digest: Digest) -> bool:
    try:
        older = int(source.stat().st_mtime) <= int(built.stat().st_mtime)
        return older and digest_of_file(built) != digest
    except OSError:
        return False


def _empty_folders(
    root: Path, packages: Collection[str], walk: Iterable[Walked]
) -> dict[str, bool]:
    """Give the folders that an import would take for a package, and that have no file.

    Those are looked for in the packages and beside them in ``src``; True if nothing at all is in
    one, False where there is bytecode.
    """
    candidates: list[str] = []
    filled: set[str] = set()
    cached: set[str] = set()
    for folder, entries in walk:
        below = _below(folder, root)
        if f"{below}/".startswith(("src/", *packages)) and below != "src":
            candidates.append(below)
        here = [below, *_parents(below)]
        if any(leads_to_file(entry) or entry.is_symlink() for entry in entries):
            filled.update(here)
        if any(entry.name == "__pycache__" for entry in entries):
            cached.update(here)
    return {
        path: path not in cached
        for path in candidates
        if path not in filled and all(part.isidentifier() for part in path.split("/"))
    }


def _parents(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path

"""What is among the sources and not one of them: old builds, bytecode, folders without modules.

Read and never changed. Which of it matters to the next build or import is decided here, by the
rules of setuptools and of Python's import system.
"""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from neverstale.errors import NeverstaleError
from neverstale.files import Walked, digest_of_file, folders, leads_to_file, read_text
from neverstale.names import NormalizedName
from neverstale.project.artifacts import (
    EGG_INFO_FOLDERS,
    EXTENSION,
    EXTENSIONS,
    Tracked,
    find_in_place,
)
from neverstale.project.bytecode import find_misleading_bytecode
from neverstale.project.metadata import Project
from neverstale.wheels.distribution import Distribution, parse_metadata


class Leftovers(NamedTuple):
    """What was left, as paths below the project's root with ``/`` between the parts.

    ``built`` are files of old builds that the next one takes. Of each ``*.egg-info``, ``listed``
    are the files that its list has and that exist, ``gone`` those that do not, ``versions`` the
    version that it claims. ``extensions`` are extension modules that hide a module, ``bytecode``
    what would run in place of its source or without one, ``empty`` folders without a module →
    whether nothing at all is in them.
    """

    built: tuple[str, ...]
    listed: Mapping[str, tuple[str, ...]]
    gone: Mapping[str, tuple[str, ...]]
    versions: Mapping[str, str]
    extensions: tuple[str, ...]
    bytecode: tuple[str, ...]
    empty: Mapping[str, bool]


def read_leftovers(
    project: Project, reference: Distribution | None, packages: Collection[str]
) -> Leftovers:
    """Return the leftovers below the root of *project*.

    *reference* is a wheel of the present sources, *packages* are the names that it can import.
    """
    root = project.root
    walk = list(folders(root, through_links=False))
    # No other build backend reads what setuptools leaves.
    reads = bool(project.build_names & {"setuptools", "pbr"})
    lists = {_below(path, root): _listed(path) for path in _egg_infos(root) if reads}
    gone = {info: tuple(n for n in names if _is_gone(root, n)) for info, names in lists.items()}
    in_place = find_in_place(root, walk)
    extensions = [path for path in in_place if path.suffix in EXTENSIONS]
    if project.may_compile:  # extension modules belong there, but one for each module
        extensions = [*_hidden_extensions(root, walk)]
    sourceless = (path for path in in_place if path.suffix not in EXTENSIONS)
    return Leftovers(
        built=tuple(_leaking(root, reference)) if reads and reference else (),
        listed={info: tuple(sorted(set(names) - set(gone[info]))) for info, names in lists.items()},
        gone=gone,
        versions={
            _below(path, root): version
            for path in _egg_infos(root)
            if (version := _version(path, project.name))
        },
        extensions=tuple(_below(path, root) for path in extensions),
        bytecode=tuple(
            _below(path, root) for path in (*find_misleading_bytecode(walk), *sourceless)
        ),
        empty=_empty_folders(root, packages, walk),
    )


def _below(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


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
    except (OSError, NeverstaleError):
        return None
    return metadata.version if metadata.name == name else None


def _leaking(root: Path, reference: Distribution) -> Iterator[str]:
    """Yield the files in ``build/lib*`` that setuptools would put into the next wheel.

    It copies a module there if the one there is older, by whole seconds, and then takes all that
    is there: https://setuptools.pypa.io/en/latest/deprecated/distutils/sourcedist.html. Paths
    there are those of a wheel.
    """
    for library in sorted((root / "build").glob("lib*")):
        for folder, _, names in os.walk(library):
            for file in (Path(folder, name) for name in sorted(names)):
                path = _below(file, library)
                try:
                    differs = reference.files.get(path) != digest_of_file(file)
                except OSError:
                    continue
                if differs and file.suffix not in EXTENSIONS and _outlives(root, path, file):
                    yield _below(file, root)


def _outlives(root: Path, path: str, built: Path) -> bool:
    """Return whether no newer source would replace *built*, as far as its place tells."""
    for source in (root / "src" / path, root / path):
        if source.is_file():
            return int(source.stat().st_mtime) <= int(built.stat().st_mtime)
    return True


def _hidden_extensions(root: Path, walk: Iterable[Walked]) -> Iterator[Path]:
    """Yield extension modules beside a newer one of the same module: only one can be imported."""
    tracked = Tracked(root)
    for folder, entries in walk:
        by_module: dict[str, list[Path]] = {}
        for entry in entries:
            if folder != root and EXTENSION.fullmatch(entry.name) and leads_to_file(entry):
                by_module.setdefault(entry.name.partition(".")[0], []).append(Path(entry.path))
        for paths in by_module.values():
            *older, _ = sorted(paths, key=lambda path: path.stat().st_mtime_ns)
            yield from (path for path in older if path not in tracked)


def _empty_folders(
    root: Path, packages: Collection[str], walk: Iterable[Walked]
) -> dict[str, bool]:
    """Return the folders that an import would take for a package, and that have no file.

    Those are looked for in the packages and next to them in ``src``; True if nothing at all is in
    one, False where there is bytecode.
    """
    candidates: list[str] = []
    filled: set[str] = set()
    cached: set[str] = set()
    within = ("src/", *(f"{name}/" for name in packages))
    for folder, entries in walk:
        below = _below(folder, root)
        if f"{below}/".startswith(within) and below != "src":
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

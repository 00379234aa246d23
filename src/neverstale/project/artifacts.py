"""What a build leaves behind: one definition for every command.

Only what a build of this project is known to have made is an artifact; everything else in
``build/`` and ``dist/`` is the owner's and stays. So does whatever git tracks, and whatever is
reached through a link.
"""

import os
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from neverstale.files import Walked, folders, leads_to_file, text_if_there
from neverstale.git import tracked_files
from neverstale.names import NormalizedName
from neverstale.project.packed import is_archive_of, is_info_of

BUILD = re.compile(
    r"lib(\.[\w.]+(-[\w.]+)*-(cpython|cp|pypy)?-?\d[\w.]*)?"  # lib.linux-x86_64-cpython-311
    r"|temp\.[\w.]+(-[\w.]+)*-(cpython|cp|pypy)?-?\d[\w.]*"
    r"|bdist\.(win32|[a-z]\w*(-[\w.]+)+)"
    r"|scripts-\d+\.\d+t?"
)
"""Folders that setuptools makes in ``build/``."""

EGG_INFO_FOLDERS = (".", "src")
"""Where setuptools writes ``*.egg-info``, whose SOURCES.txt the next build reads."""

STRICT = "__editable__."
"""How the folders in ``build/`` begin from which a strict editable install of setuptools runs."""

COMPILED_FOLDERS = ("_skbuild", "build/cp3*", "build/pp3*", "target")
"""Folders in which scikit-build, scikit-build-core, meson-python and Cargo compile."""

ARCHIVES = (".whl", ".tar.gz", ".egg", ".gitignore")
"""The ends of the names of what builds put into ``dist/``."""

CARGO = ("debug", "release", "wheels", "maturin", "tmp", "CACHEDIR.TAG", ".", "x86_", "aarch64-")
"""How the names begin of what Cargo and maturin put into ``target/``."""

EXTENSIONS = (".so", ".pyd")

MODULES = (*EXTENSIONS, ".py", ".pyc", ".pyi", ".pth")

EXTENSION = re.compile(r"\w+(\.(abi3|(cpython-|cp|pypy)[\w-]+))?\.(so|pyd)")
"""The names of extension modules, as importlib.machinery has them; other libraries are data."""

FOR_ONE_PYTHON = re.compile(r"\w+\.(abi3|(cpython-|cp3|pypy3)[\w-]+)\.so|\w+(\.[\w-]+)?\.pyd")
"""The names that build backends give to what they compile."""


class Kept(NamedTuple):
    """Something that looks like an artifact and is left alone, with the reason."""

    path: Path
    reason: str


class Artifacts(NamedTuple):
    """The artifacts of one project: what may be removed, and what is kept."""

    removable: tuple[Path, ...]
    kept: tuple[Kept, ...]


def find_artifacts(root: Path, name: NormalizedName) -> Artifacts:
    """Return the artifacts of the project *name* at and below *root*; nothing is changed.

    Raise NeverstaleError where git has a say and cannot be asked.
    """
    tracked = Tracked(root)
    removable: list[Path] = []
    kept: list[Kept] = []
    for path, made in _candidates(root, name):
        reason = _reason_to_keep(path, made=made, tracked=tracked)
        if reason:
            kept.append(Kept(path, reason))
        else:
            removable.append(path)
    return Artifacts(tuple(removable), tuple(kept))


def find_bytecode(root: Path) -> list[Path]:
    """Return the ``__pycache__`` folders of the project that git does not track."""
    tracked = Tracked(root)
    return [
        Path(entry.path)
        for _, entries in folders(root, through_links=False)
        for entry in entries
        if entry.name == "__pycache__" and entry.is_dir(follow_symlinks=False)
        if Path(entry.path) not in tracked
    ]


def find_in_place(root: Path, walk: Iterable[Walked]) -> list[Path]:
    """Return what was compiled beside modules and runs in their place; none that git tracks.

    Extension modules beside a module of their name, and bytecode beside no module of its own
    (``python -m compileall -b``). They are looked for in folders that have a module, and below
    those, but not in *root* itself. *walk* is what `folders` yields for *root*.
    """
    tracked = Tracked(root)
    packages: set[Path] = set()
    found = []
    for folder, entries in walk:
        modules = {e.name.removesuffix(".py") for e in entries if e.name.endswith(".py")}
        if folder == root or not (modules or folder.parent in packages):
            continue
        packages.add(folder)
        for entry in entries:
            beside = entry.name.partition(".")[0] in modules
            hides = beside and EXTENSION.fullmatch(entry.name)
            runs = not beside and entry.name.endswith(".pyc")
            if (hides or runs) and leads_to_file(entry) and Path(entry.path) not in tracked:
                found.append(Path(entry.path))
    return found


def find_compiled(root: Path) -> list[Path]:
    """Return what was compiled within the project at *root*, for an editable install perhaps.

    Extension modules beside modules, and the folders of build backends; none that git tracks, no
    link, and nothing of an environment.
    """
    tracked = Tracked(root)
    found = [
        path
        for pattern in COMPILED_FOLDERS
        for path in sorted(root.glob(pattern))
        if path.is_dir() and not path.is_symlink() and not path.parent.is_symlink()
        if path.name != "target" or (root / "Cargo.toml").is_file()
    ]
    for folder, entries in folders(root, through_links=False, without=found):
        if folder != root and any(entry.name.endswith((".py", ".pyi")) for entry in entries):
            found += [
                Path(entry.path)
                for entry in entries
                if FOR_ONE_PYTHON.fullmatch(entry.name) and entry.is_file(follow_symlinks=False)
            ]
    return [path for path in found if path not in tracked]


def is_artifact(path: str) -> bool:
    """Return whether *path*, relative to the root, is or is in what a build leaves behind."""
    first, _, rest = path.partition("/")
    second = rest.partition("/")[0]
    return (
        first in (".pdm-build", "_skbuild")
        or (first == "dist" and (not rest or rest.endswith(ARCHIVES)))
        or (first == "target" and (not second or second.startswith(CARGO)))
        or first.endswith(".egg-info")
        or (first == "src" and second.endswith(".egg-info"))
        or (first == "build" and (not second or _is_build_folder(second)))
    )


def _is_build_folder(name: str) -> bool:
    return BUILD.fullmatch(name) is not None or name.startswith((STRICT, "cp3", "pp3"))


def _candidates(root: Path, name: NormalizedName) -> Iterator[tuple[Path, bool]]:
    """Yield what lies where builds put things, and whether a build of *name* made it."""
    for path in _entries_of(root / "build"):
        if not path.name.startswith(("cp3", "pp3")):
            yield path, BUILD.fullmatch(path.name) is not None and _holds_a_build(path)
    for path in _entries_of(root / "dist"):
        yield path, is_archive_of(name, path) or _ignores_all(path)
    if _ignores_all(root / ".pdm-build" / ".gitignore"):
        yield root / ".pdm-build", True
    for below in EGG_INFO_FOLDERS:
        if not (root / below).is_symlink():
            for path in sorted((root / below).glob("*.egg-info")):
                yield path, is_info_of(name, path / "PKG-INFO")


def _holds_a_build(folder: Path) -> bool:
    """Return whether *folder* is one of setuptools; a text in ``build/lib`` is somebody's own."""
    if not folder.is_dir() or not folder.name.startswith("lib"):
        return folder.is_dir()
    return all(
        path.name.endswith(MODULES) or (path.is_dir() and not path.is_symlink())
        for path in folder.iterdir()
    )


def _entries_of(folder: Path) -> list[Path]:
    """Return what is in a folder of builds, a link itself; nothing of a package of that name."""
    if folder.is_symlink():
        return [folder]
    return sorted(folder.iterdir()) if folder.is_dir() and not any(folder.glob("*.py")) else []


def _reason_to_keep(path: Path, *, made: bool, tracked: "Tracked") -> str | None:
    if path.is_symlink():
        return f"a link to {os.readlink(path)}"
    if path in tracked or os.path.lexists(path / ".git"):
        return "git tracks it"
    if path.name.startswith(STRICT):
        return "an editable install may run from it"
    return None if made else "no build of this project made it"


def _ignores_all(ignore: Path) -> bool:
    return ignore.name == ".gitignore" and text_if_there(ignore).strip() == "*"


class Tracked:
    """The files that git tracks below a root, asked for only when somebody wants to know."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def __contains__(self, path: Path) -> bool:
        return path in self._paths or self._is_in_another(path.parent)

    def _is_in_another(self, folder: Path) -> bool:
        """Return whether *folder* is in a repository within this one, such as a submodule."""
        while folder != self._root and folder.is_relative_to(self._root):
            if (folder / ".git").exists():
                return True
            folder = folder.parent
        return False

    @cached_property
    def _paths(self) -> frozenset[Path]:
        """The tracked files, and each folder that holds one."""
        files = [self._root / name for name in tracked_files(self._root)]
        return frozenset(files) | {parent for file in files for parent in file.parents}

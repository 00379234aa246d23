"""What a build leaves behind, and how it is removed: one definition for every command.

Only what a build makes by name is an artifact: in ``build/`` and ``dist/`` everything else is
the owner's and stays. So does whatever git tracks, and whatever is reached through a link.
"""

import os
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path

from packaging.utils import NormalizedName

from freshness.errors import FreshnessError
from freshness.git import tracked_files
from freshness.record import read_bytes
from freshness.tree import Walked, folders, leads_to_file

OUTPUTS = {
    "build": ("lib", "lib.*", "bdist.*", "temp.*", "scripts-*", "__editable__.*"),
    "dist": ("{name}-*.whl", "{name}-*.egg", "{name}-*.tar.gz", "{name}-*.zip"),
}
"""The folders that builds fill, and the names of what builds put there.

``{name}`` stands for the project's own: an archive of another name is somebody's file.
"""

EGG_INFO_FOLDERS = (".", "src")
"""Where setuptools writes ``*.egg-info``, whose SOURCES.txt the next build reads."""

OWN_FOLDERS = (".pdm-build",)
"""Folders of one build backend alone, which tells git to pass over all that is in them."""

COMPILED_FOLDERS = ("_skbuild", "build/cp3*", "build/pp3*", "target")
"""Folders in which scikit-build, scikit-build-core, meson-python and Cargo compile."""

EXTENSIONS = (".so", ".pyd")

EXTENSION = re.compile(r"\w+(\.(abi3|(cpython-|cp|pypy)[\w-]+))?\.(so|pyd)")
"""The names of extension modules, as importlib.machinery has them; other libraries are data."""


FOR_ONE_PYTHON = re.compile(r"\w+\.(abi3|(cpython-|cp3|pypy3)[\w-]+)\.so|\w+(\.[\w-]+)?\.pyd")
"""The names that build backends give to what they compile."""


@dataclass(frozen=True)
class Kept:
    """Something that looks like an artifact and is left alone, with the reason."""

    path: Path
    reason: str


@dataclass(frozen=True)
class Artifacts:
    """The artifacts of one project: what may be removed, and what is kept."""

    root: Path
    removable: tuple[Path, ...]
    kept: tuple[Kept, ...]


def find_artifacts(root: Path, name: NormalizedName) -> Artifacts:
    """Find the artifacts of the project *name* at and below *root*; nothing is changed.

    Raises FreshnessError where git has a say and cannot be asked.
    """
    tracked = _Tracked(root)
    removable: list[Path] = []
    kept: list[Kept] = []
    for path in _candidates(root):
        reason = _reason_to_keep(path, root, name, tracked)
        if reason:
            kept.append(Kept(path, reason))
        else:
            removable.append(path)
    return Artifacts(root, tuple(removable), tuple(kept))


def find_bytecode(root: Path) -> list[Path]:
    """Find the ``__pycache__`` folders of the project that git does not track.

    The tool's own is not among them: it is in use, and says nothing of the project.
    """
    tracked = _Tracked(root)
    own = Path(__file__).parent / "__pycache__"
    return [
        Path(entry.path)
        for _, entries in folders(root, through_links=False)
        for entry in entries
        if entry.name == "__pycache__" and entry.is_dir(follow_symlinks=False)
        if Path(entry.path) not in tracked and Path(entry.path) != own
    ]


def find_in_place(root: Path, walk: Iterable[Walked]) -> list[Path]:
    """Find what was compiled beside modules and runs in their place; none that git tracks.

    Extension modules beside a module of their name, and bytecode beside no module of its own
    (``python -m compileall -b``). They are looked for in folders that have a module, and below
    those, but not in *root* itself. *walk* is what `folders` gave for *root*.
    """
    tracked = _Tracked(root)
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
    """Find what was compiled within the project at *root*, for an editable install perhaps.

    That is no artifact: an editable install runs from it, and no build takes it up. Extension
    modules beside modules, and the folders of build backends; none that git tracks, no link, and
    nothing of an environment.
    """
    tracked = _Tracked(root)
    environments: set[Path] = set()
    found = [
        path
        for pattern in COMPILED_FOLDERS
        for path in sorted(root.glob(pattern))
        if path.is_dir() and not path.is_symlink() and not path.parent.is_symlink()
        if path.name != "target" or _is_cargos(path)
    ]
    for folder, entries in folders(root, through_links=False, without=found):
        names = {entry.name for entry in entries}
        if "pyvenv.cfg" in names or folder.parent in environments:
            environments.add(folder)
        elif folder != root and any(name.endswith((".py", ".pyi")) for name in names):
            found += [
                Path(entry.path)
                for entry in entries
                if FOR_ONE_PYTHON.fullmatch(entry.name) and entry.is_file(follow_symlinks=False)
            ]
    return [path for path in found if path not in tracked]


def _is_cargos(target: Path) -> bool:
    """Tell whether *target* is the folder that Cargo compiles in, which says so itself."""
    return (target.parent / "Cargo.toml").is_file() and (target / "CACHEDIR.TAG").is_file()


def is_tracked(path: Path, root: Path) -> bool:
    """Tell whether git tracks *path*, or something below it; raises FreshnessError as above."""
    return path in _Tracked(root)


def remove(paths: Iterable[Path], root: Path) -> None:
    """Remove *paths*, and the folders below *root* that this leaves empty.

    What is gone already is no error: two commands may clean at once.
    Raises FreshnessError where something cannot be removed.
    """
    for path in paths:
        try:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
            _remove_empty(path.parent, root)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise FreshnessError(
                f"{path.relative_to(root)} cannot be removed: {error.strerror}",
                hint="close what uses it, or check its permissions",
            ) from error


def _remove_empty(folder: Path, root: Path) -> None:
    while folder not in (root, root / "src") and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _candidates(root: Path) -> Iterator[Path]:
    for name in OUTPUTS:
        folder = root / name
        if folder.is_symlink():
            yield folder
        elif folder.is_dir() and not _is_package(folder):
            compiled = {path for pattern in COMPILED_FOLDERS for path in root.glob(pattern)}
            yield from sorted(path for path in folder.iterdir() if path not in compiled)
    yield from (root / name for name in OWN_FOLDERS if _ignores_all(root / name / ".gitignore"))
    for name in EGG_INFO_FOLDERS:
        if (root / name).resolve().is_relative_to(root.resolve()):
            yield from sorted((root / name).glob("*.egg-info"))


def _is_package(folder: Path) -> bool:
    """Tell a package that happens to be called ``build`` or ``dist`` from a build's folder."""
    return any(folder.glob("*.py"))


def _reason_to_keep(
    path: Path, root: Path, name: NormalizedName, tracked: "_Tracked"
) -> str | None:
    if path.is_symlink():
        return f"a link to {os.readlink(path)}"
    if path in tracked:
        return "git tracks it"
    patterns = OUTPUTS.get(path.parent.name) if path.parent.parent == root else None
    if patterns and not _is_output(path, patterns, name):
        return "no build makes it"
    return None


def _is_output(path: Path, patterns: tuple[str, ...], name: NormalizedName) -> bool:
    if path.name == ".gitignore":  # uv writes one into dist/
        return _ignores_all(path)
    own = name.replace("-", "[-_.]")  # PEP 625 has one spelling, older backends others
    return any(fnmatchcase(path.name.lower(), p.format(name=own)) for p in patterns)


def _ignores_all(ignore: Path) -> bool:
    try:
        return read_bytes(ignore).strip() == b"*"
    except OSError:
        return False


class _Tracked:
    """The files that git tracks below a root, asked for only when somebody wants to know."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def __contains__(self, path: Path) -> bool:
        return path in self._paths or self._is_in_another(path.parent)

    def _is_in_another(self, folder: Path) -> bool:
        """Tell whether *folder* is in a repository within this one, a submodule for instance."""
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

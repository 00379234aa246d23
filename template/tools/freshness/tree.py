"""The files below a project's root, without what is not the project's: environments, caches."""

import errno
import os
from collections.abc import Collection, Iterator
from pathlib import Path

NOT_THE_PROJECT = frozenset({".git", ".hg", ".svn", ".jj", ".nox", ".tox"})
"""Folders of other programs that hold no input of a build."""

MARKERS = ("CACHEDIR.TAG", "pyvenv.cfg")
"""A folder with one of these is a cache (https://bford.info/cachedir/) or an environment, where
such folders are: at the project's root, hidden, or in what is hidden there. Inside of a package
it would ship."""

Walked = tuple[Path, list[os.DirEntry[str]]]
"""A folder and its sorted entries."""


def folders(root: Path, *, through_links: bool, without: Collection[Path] = ()) -> Iterator[Walked]:
    """Give each folder at and below *root* with its sorted entries, parents first.

    Entries *without* are left out, and so are those that are not the project's; ``__pycache__``
    is given as an entry and not entered. A link to a folder is entered only *through_links*,
    and never where it leads to a folder that contains it, or the root. Raises OSError.
    """
    left_out = frozenset(map(str, without))
    waiting: list[tuple[Path, frozenset[tuple[int, int]]]] = [(root, frozenset())]
    while waiting:
        folder, within = waiting.pop()
        status = folder.stat()
        identity = (status.st_dev, status.st_ino)
        found = [] if identity in within else _entries(folder)
        apart = len(within) == 1 or _is_hidden(folder, root)
        if identity in within or (within and apart and any(e.name in MARKERS for e in found)):
            continue
        found = [e for e in found if e.name not in NOT_THE_PROJECT and e.path not in left_out]
        yield folder, found
        waiting += [
            (Path(entry.path), within | {identity})
            for entry in reversed(found)
            if entry.name != "__pycache__" and leads_to_folder(entry, through_links=through_links)
            if not (entry.is_symlink() and root.is_relative_to(real(entry.path)))
        ]


def _is_hidden(folder: Path, root: Path) -> bool:
    at_the_root = folder.relative_to(root).parts[:1]
    return any(name.startswith(".") for name in (folder.name, *at_the_root))


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: entry.name)


def real(path: Path | str) -> Path:
    """Give *path* without links; one that leads in a circle, or may not be read, stays as it is.

    `Path.resolve` raises RuntimeError in a circle, until Python 3.13.
    """
    try:
        return Path(os.path.realpath(path))
    except OSError:
        return Path(os.path.abspath(path))  # noqa: PTH100


def leads_to_file(entry: os.DirEntry[str]) -> bool:
    """Tell whether *entry* is a file or a link to one; a link in a circle leads to nothing."""
    try:
        return entry.is_file()
    except OSError as error:
        if error.errno == errno.ELOOP:
            return False
        raise


def leads_to_folder(entry: os.DirEntry[str], *, through_links: bool) -> bool:
    """Tell whether *entry* is a folder or, *through_links*, a link to one."""
    try:
        return entry.is_dir(follow_symlinks=through_links)
    except OSError as error:
        if error.errno == errno.ELOOP:
            return False
        raise

"""The files below a project's root, without what is not the project's: environments, caches."""

import os
from collections.abc import Collection, Iterator
from pathlib import Path

NOT_THE_PROJECT = frozenset({".git", ".hg", ".svn", ".jj", ".nox", ".tox"})
"""Folders of other programs that hold no input of a build."""

MARKERS = ("CACHEDIR.TAG", "pyvenv.cfg")
"""A folder with one of these is a cache (https://bford.info/cachedir/) or an environment, where
such folders are: at the project's root, or hidden. Inside of a package it would ship."""


def folders(
    root: Path, *, through_links: bool, without: Collection[Path] = ()
) -> Iterator[tuple[Path, list[os.DirEntry[str]]]]:
    """Give each folder at and below *root* with its sorted entries, parents first.

    Entries *without* are left out, and so are those that are not the project's; ``__pycache__``
    is given as an entry and not entered. A link to a folder is entered only *through_links*,
    and never where it leads back to a folder that contains it. Raises OSError.
    """
    left_out = frozenset(map(str, without))
    yield from _folders(root, through_links, left_out, within=frozenset())


def _folders(
    folder: Path, through_links: bool, left_out: frozenset[str], within: frozenset[tuple[int, int]]
) -> Iterator[tuple[Path, list[os.DirEntry[str]]]]:
    status = folder.stat()
    identity = (status.st_dev, status.st_ino)
    if identity in within:
        return
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    apart = len(within) == 1 or folder.name.startswith(".")
    if within and apart and any(entry.name in MARKERS for entry in found):
        return
    found = [e for e in found if e.name not in NOT_THE_PROJECT and e.path not in left_out]
    yield folder, found
    for entry in found:
        if entry.name != "__pycache__" and entry.is_dir(follow_symlinks=through_links):
            yield from _folders(Path(entry.path), through_links, left_out, within | {identity})

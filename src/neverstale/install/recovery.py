"""Undo a swap that failed, or that a kill left half-way."""

import json
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from neverstale.environments.environment import Environment, distributions
from neverstale.environments.installed import read_installed
from neverstale.errors import NeverstaleError
from neverstale.files import listing, read_bytes
from neverstale.install.staging import FOLDER, OLD, Swap
from neverstale.names import NormalizedName, is_normalized_name
from neverstale.process import unstoppable
from neverstale.removal import discard, is_below, remove

JOURNAL = "journal.json"
"""In the folder of a swap: project → the files that it adds, below the environment."""


def undo(swaps: Sequence[Swap], journal: Mapping[str, Iterable[str]]) -> bool:
    """Remove the files that *journal* names, and put back the old; return whether any was there."""
    removed = [_remove_new(swap, journal.get(swap.name, ())) for swap in swaps]
    for swap in swaps:  # from here on what it names are old files, after a kill as well
        (swap.folder / JOURNAL).unlink(missing_ok=True)
    return any((*removed, *[_put_back(swap) for swap in swaps]))


def _remove_new(swap: Swap, new: Iterable[str]) -> bool:
    prefix = swap.environment.prefix
    paths = [prefix / path for path in filter(_is_inside, new)]
    added = [p for p in paths if os.path.lexists(p) and (p.is_symlink() or not p.is_dir())]
    in_site = [path for path in added if path.is_relative_to(swap.site)]
    remove(in_site, swap.site)  # which stays: an environment without one is none
    remove([path for path in added if not path.is_relative_to(swap.site)], prefix)
    return bool(added)


def _is_inside(path: str) -> bool:
    """Return whether *path* is relative and leads nowhere else: a journal may be a stranger's."""
    return not os.path.isabs(path) and ".." not in Path(path).parts


def _put_back(swap: Swap, below: Path = Path()) -> bool:
    """Move the old files back, into folders that others share; never through a link."""
    prefix, kept, found = swap.environment.prefix, swap.old / below, False
    is_ours = is_below(kept, prefix) and kept.is_dir() and not kept.is_symlink()
    for name in listing(kept) if is_ours else ():
        source, to = kept / name, prefix / below / name
        is_folder = source.is_dir() and not source.is_symlink()
        if not is_below(to, prefix) or (is_folder and to.is_symlink()):
            continue
        if is_folder and to.is_dir():
            found |= _put_back(swap, below / name)
            continue
        _remove(to)
        os.rename(source, to)
        found = True
    return found


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def recover(environment: Environment) -> bool:
    """Undo a swap that was killed half-way; return whether something was put back.

    A project that is whole now stays, whoever made it.
    """
    site, folder = environment.site_packages, environment.prefix / FOLDER
    if site is None or not folder.is_dir() or folder.is_symlink():
        return False
    journal = _read_journal(folder)
    names = filter(is_normalized_name, sorted({*journal, *listing(folder / OLD)}))
    swaps = [Swap(environment, site, NormalizedName(name)) for name in names]
    with unstoppable():
        broken = [swap for swap in swaps if not _is_whole(swap)]
        for swap in broken:
            if any(swap.old.rglob("*.dist-info")):  # then what is in its place is new, and a part
                for _, info, _ in [*distributions(site, swap.name)]:
                    discard(info, environment.prefix)
        undone = undo(broken, journal)
        discard(folder, environment.prefix)
    return undone


def _read_journal(folder: Path) -> dict[str, list[str]]:
    """Return project → files that a swap adds; nothing where that cannot be read."""
    try:
        noted = json.loads(read_bytes(folder / JOURNAL)).items()
    except (OSError, ValueError, AttributeError, RecursionError):
        return {}
    return {name: [*map(str, paths)] for name, paths in noted if isinstance(paths, list)}


def _is_whole(swap: Swap) -> bool:
    try:
        installed = read_installed(swap.environment, swap.name)
    except (OSError, NeverstaleError):
        return False
    return installed is not None and installed.whole

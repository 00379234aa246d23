"""Removing: below a folder, never through a link, in one place."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from neverstale.errors import NeverstaleError


def is_below(path: Path, root: Path) -> bool:
    """Return whether *path* is below *root* and no folder between them is a link."""
    if not path.is_relative_to(root) or path == root:
        return False
    between = [path.parent, *path.parent.parents]
    return not any(p.is_symlink() for p in between[: len(path.relative_to(root).parts) - 1])


def remove(paths: Iterable[Path], root: Path) -> None:
    """Remove *paths*, and the folders between them and *root* that this leaves empty.

    What is gone already is no error: two commands may clean at once. What is reached through a
    link is left alone. Raise NeverstaleError where something cannot be removed.
    """
    for path in paths:
        if not is_below(path, root):
            continue
        try:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
            _remove_empty(path.parent, root)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise NeverstaleError(
                f"{path.relative_to(root)} cannot be removed: {error.strerror}",
                hint="close what uses it, or check its permissions",
            ) from error


def _remove_empty(folder: Path, root: Path) -> None:
    while folder not in (root, root / "src") and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def discard(folder: Path, root: Path) -> None:
    """Remove the folder of ours *folder* below *root*; never through a link, and never raise."""
    if folder.is_symlink():
        folder.unlink(missing_ok=True)
    elif is_below(folder, root):
        shutil.rmtree(folder, ignore_errors=True)

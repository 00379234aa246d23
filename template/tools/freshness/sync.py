"""``uv sync`` that is stopped half-way, and what it leaves: packages that uv takes for whole.

uv removes and writes packages file by file. After a kill it goes by the ``*.dist-info`` folders that
are there, also where these, or what they list, are only there in part; a later ``uv sync`` then
changes nothing.
"""

import shutil

from freshness.environments import Environment
from freshness.store import Store

MARK = "syncing"
"""The file in the store that is there while ``uv sync`` runs, and after one that did not end well."""

NEEDED = ("METADATA", "RECORD")
"""What a ``*.dist-info`` folder has to have: https://packaging.python.org/en/latest/specifications/recording-installed-packages/"""


def begin(store: Store) -> None:
    """Note in *store*, which has to be held, that ``uv sync`` begins."""
    (store.folder / MARK).touch()


def end(store: Store) -> None:
    """Note that it ended well."""
    (store.folder / MARK).unlink(missing_ok=True)


def was_stopped(store: Store) -> bool:
    """Tell whether the last one did not end well."""
    return (store.folder / MARK).exists()


def mend(environment: Environment) -> list[str]:
    """Remove records in *environment* that are there in part; give the options that do the rest."""
    site = environment.site_packages
    if site and not environment.prefix.is_symlink():
        for info in site.glob("*.dist-info"):
            if not info.is_symlink() and not all((info / name).is_file() for name in NEEDED):
                shutil.rmtree(info, ignore_errors=True)
    return ["--reinstall"]

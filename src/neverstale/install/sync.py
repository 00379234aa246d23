"""``uv sync``, and what one that was stopped half-way leaves: packages that uv takes for whole.

uv removes and writes packages file by file. After a kill it goes by the ``*.dist-info`` folders
that exist, also where these, or what they list, exist only in part; a later ``uv sync`` then
changes nothing.
"""

import csv
import shutil
from collections.abc import Mapping
from pathlib import Path

from neverstale.environments.commands import UNFINISHED
from neverstale.environments.environment import Environment, distributions
from neverstale.files import read_text, write_text
from neverstale.names import NormalizedName
from neverstale.process import Uv
from neverstale.removal import remove
from neverstale.wheels.record import parse_record, spell_record
from neverstale.wheels.store import Store

MARK = "syncing"
"""The file in the store that is there while ``uv sync`` runs, and after one that ended badly."""

NEEDED = ("METADATA", "RECORD")
"""What a ``*.dist-info`` folder has to have:
https://packaging.python.org/en/latest/specifications/recording-installed-packages/"""

ONLY_LOOK = {"--dry-run", "--check", "--help", "-h"}
"""With these ``uv sync`` installs nothing, and so repairs nothing."""


def was_stopped(store: Store) -> bool:
    """Return whether the last ``uv sync`` did not end well."""
    return (store.folder / MARK).exists()


def run(
    uv: Uv,
    store: Store,
    environment: Environment,
    *arguments: str,
    settings: Mapping[str, str] | None = None,
) -> int:
    """Run ``uv sync ARGUMENTS``, and repair what the last one left; *store* has to be held.

    *settings* are variables of uv's environment. Return uv's exit code.
    """
    if ONLY_LOOK & set(arguments):
        return uv.run("sync", *arguments, environment=settings)
    broken = repair(environment) if was_stopped(store) else []
    again = [word for name in broken for word in ("--reinstall-package", name)]
    write_text(store.folder / MARK, "")
    code = uv.run("sync", *again, *arguments, environment=settings)
    if not code:
        (store.folder / MARK).unlink()
    return code


def repair(environment: Environment) -> list[NormalizedName]:
    """Remove records and commands that are there in part; return what has to be installed again.

    That is what had such a record, what lacks a file that its RECORD names, and what has files
    next to RECORD that it does not name: uv unpacks a wheel's own RECORD, writes more files, and
    names them last. They are named now, for what is not named stays when uv removes the rest.
    """
    site = environment.site_packages
    if site is None or environment.prefix.is_symlink():
        return []
    commands = environment.scripts.iterdir() if environment.scripts.is_dir() else ()
    remove((path for path in commands if UNFINISHED.match(path.name)), environment.prefix)
    broken = set()
    for name, info, _ in list(distributions(site)):
        if info.suffix != ".dist-info" or info.is_symlink():
            continue
        if not all((info / needed).is_file() for needed in NEEDED):
            shutil.rmtree(info, ignore_errors=True)
            broken.add(name)
            continue
        try:
            whole = _is_whole(site, info)
        except csv.Error:
            shutil.rmtree(info, ignore_errors=True)
            broken.add(name)
            continue
        if not whole:
            _name_all(info)
            broken.add(name)
    return sorted(broken)


def _is_whole(site: Path, info: Path) -> bool:
    """Return whether RECORD names what is there: all but bytecode, which anybody may remove.

    RECORD names itself; one that was cut off does not, or ends within a line.
    """
    text = read_text(info / "RECORD")
    paths = parse_record(text)
    if not text.endswith("\n") or not _files_of(info) <= paths.keys():
        return False
    return all((site / path).exists() for path in paths if not path.endswith(".pyc"))


def _name_all(info: Path) -> None:
    """Add what lies in *info* to its RECORD, behind the last line that is whole."""
    whole, end, _ = read_text(info / "RECORD").rpartition("\n")
    paths = sorted(_files_of(info) - parse_record(whole).keys())
    write_text(info / "RECORD", f"{whole}{end}{spell_record([p, '', ''] for p in paths)}")


def _files_of(info: Path) -> set[str]:
    """Return the files in *info*, RECORD among them, as RECORD spells them."""
    files = (path for path in info.rglob("*") if path.is_file())
    return {path.relative_to(info.parent).as_posix() for path in files}

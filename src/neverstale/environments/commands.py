"""The commands of an environment in its folder of commands."""

import os
import re
import sys
from collections.abc import Collection, Iterator
from pathlib import Path

from neverstale.environments.environment import Environment
from neverstale.environments.unrecorded import recorded_by_others
from neverstale.files import read_text, real

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

UNFINISHED = re.compile(r"\.tmp\w{6}\Z")
"""What uv calls a command until it renames it; a kill leaves that."""


def read_receipt(environment: Environment) -> list[Path]:
    """Return the paths of the commands that uv noted for a tool; none where it noted nothing."""
    try:
        receipt = tomllib.loads(read_text(environment.prefix / "uv-receipt.toml"))
        return [Path(entry["install-path"]) for entry in receipt["tool"]["entrypoints"]]
    except (OSError, KeyError, TypeError, ValueError):
        return []


def offered_commands(environment: Environment, info: Path, files: Collection[str]) -> Iterator[str]:
    """Return the commands of the distribution of *files* that the folder of commands has."""
    names = {p.removeprefix("{scripts}/") for p in files if p.startswith("{scripts}/")}
    if environment.commands_folder == environment.scripts:
        own = [environment.scripts / name for name in names]
    else:
        own = noted_commands(environment)
        if any(path.name not in names for path in own):  # uv tool install --with-executables-from
            others = {row.rpartition("/")[2] for row in recorded_by_others(info.parent, info)}
            own = [path for path in own if path.name in names or path.name not in others]
    yield from (path.name.removesuffix(".exe") for path in own if path.exists())


def own_commands(environment: Environment) -> list[Path]:
    """Return the paths in the folder of commands that are the tool's: those that lead into it.

    Where commands are copies (Windows), what uv noted of them has to do.
    """
    return read_receipt(environment) if os.name == "nt" else links_into(environment)


def noted_commands(environment: Environment) -> list[Path]:
    """Return the paths in the folder of commands that uv noted as the tool's.

    A link of the user's own may lead into the environment as well. Where uv noted nothing, as for
    an application of pipx's, all of them.
    """
    noted = {path.name for path in read_receipt(environment)}
    return [path for path in own_commands(environment) if not noted or path.name in noted]


def links_into(environment: Environment) -> list[Path]:
    """Find the links in the folder of commands that lead into the environment."""
    folder = environment.commands_folder
    entries = sorted(folder.iterdir()) if folder.is_dir() else []
    return [path for path in entries if leads_into(path, environment)]


def leads_into(path: Path, environment: Environment) -> bool:
    """Return whether *path* is a link into *environment*, even to what is no longer there."""
    if not path.is_symlink():
        return False
    target = Path(os.path.normpath(path.parent / os.readlink(path)))
    return (real(target.parent) / target.name).is_relative_to(real(environment.prefix))

"""Programs that run, on Windows: they cannot be replaced or removed there, but renamed."""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from neverstale.environments.commands import own_commands
from neverstale.environments.environment import Environment
from neverstale.errors import NeverstaleError

LOADED = (".exe", ".dll", ".pyd")
"""What Windows keeps open as long as a program runs."""

INFIX = "neverstale-busy"
"""In the name of what was renamed, until it can be removed."""


def move_busy(environment: Environment) -> None:
    """Rename what runs of *environment* and its commands, so that another can take its place.

    It goes beside the environment, and with the next command of ours that finds it unused.
    Raise NeverstaleError where it cannot be renamed: a program that asks importlib.metadata for
    its version keeps the launcher open that started it, as one of the places on its sys.path.
    """
    if os.name != "nt":
        return
    remove_unused(environment)
    for path in (*own_commands(environment), *_loaded(environment.prefix)):
        if _is_busy(path):
            _rename(path, environment)


def remove_unused(environment: Environment) -> None:
    """Remove what was renamed because it ran, and runs no more."""
    if os.name != "nt":
        return
    name = environment.prefix.name
    patterns = {environment.prefix.parent: f".{name}.{INFIX}-*"}
    patterns.setdefault(environment.commands_folder, f".*.exe.{INFIX}-*")
    for folder, pattern in patterns.items():
        for path in folder.glob(pattern):
            with suppress(OSError):
                path.unlink()


def _loaded(prefix: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(prefix):
        yield from (Path(folder, name) for name in names if name.lower().endswith(LOADED))


def _is_busy(path: Path) -> bool:
    try:
        with path.open("r+b"):
            return False
    except FileNotFoundError:
        return False
    except OSError:
        return True


def _rename(path: Path, environment: Environment) -> None:
    prefix, number = environment.prefix, time.time_ns()
    try:
        try:
            os.rename(path, prefix.with_name(f".{prefix.name}.{INFIX}-{number}"))
        except OSError:  # the folder of commands is on another drive
            if path.is_relative_to(prefix):
                raise
            os.rename(path, path.with_name(f".{path.name}.{INFIX}-{number}"))
    except OSError as error:
        raise NeverstaleError(
            f"{path} is in use; what was installed before still works",
            hint="end the program that uses it, then run the command again",
        ) from error

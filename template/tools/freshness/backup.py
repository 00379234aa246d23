"""An installation set aside while it is replaced, so that a step that fails leaves it working.

uv removes the old environment of a tool before it has written the new one; on a full disk that
leaves neither. The copy is made of hard links where the file system has them.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from freshness.environments import Environment
from freshness.installed import links_into, own_commands

COMPLETE = "complete"


@contextmanager
def set_aside(environment: Environment, aside: Path) -> Iterator[None]:
    """Keep *environment* and its commands in *aside*; put them back if the body raises.

    Raises OSError before the body where the copy cannot be made.
    """
    discard(aside)
    if environment.prefix.is_dir():
        _copy(environment, aside)
    try:
        yield
    except BaseException:
        put_back(environment, aside)
        raise
    discard(aside)


def discard(aside: Path) -> None:
    """Remove *aside*; what a kill leaves of it no longer counts as a copy."""
    (aside / COMPLETE).unlink(missing_ok=True)
    shutil.rmtree(aside, ignore_errors=True)


def put_back(environment: Environment, aside: Path) -> None:
    """Make *environment* and its commands again what *aside* holds, and remove *aside*.

    Without a complete copy there was nothing before, or nothing was touched yet.
    """
    kept, commands = aside / "environment", aside / "commands"
    if (aside / COMPLETE).exists() and not _same(kept, environment.prefix):
        shutil.rmtree(environment.prefix, ignore_errors=True)
        shutil.move(kept, environment.prefix)
    if (aside / COMPLETE).exists() and _are_apart(environment):
        for path in links_into(environment):
            if not os.path.lexists(commands / path.name):
                path.unlink()
        for path in commands.iterdir():
            home = environment.commands_folder / path.name
            if not os.path.lexists(home):
                home.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, home, follow_symlinks=False)
    discard(aside)


def _are_apart(environment: Environment) -> bool:
    """Tell whether the commands are links elsewhere, not the environment's own folder."""
    return environment.commands_folder != environment.scripts


def _copy(environment: Environment, aside: Path) -> None:
    shutil.copytree(
        environment.prefix, aside / "environment", symlinks=True, copy_function=_link_or_copy
    )
    (aside / "commands").mkdir()
    if _are_apart(environment):
        for path in own_commands(environment):
            if os.path.lexists(path):
                shutil.copy2(path, aside / "commands" / path.name, follow_symlinks=False)
    (aside / COMPLETE).touch()


def _link_or_copy(source: str, destination: str) -> str:
    try:
        os.link(source, destination)
    except OSError:
        shutil.copy2(source, destination)
    return destination


def _same(kept: Path, present: Path) -> bool:
    """Tell whether what was kept is there, and nothing else, by size and time of change."""
    return _listing(kept) == _listing(present)


def _listing(root: Path) -> dict[Path, tuple[int, int]]:
    found = {}
    for folder, _, names in os.walk(root):
        for path in (Path(folder, name) for name in names):
            status = path.lstat()
            if "__pycache__" not in path.parts:
                found[path.relative_to(root)] = (status.st_size, status.st_mtime_ns)
    return found

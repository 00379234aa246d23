"""An installation set aside while it is replaced, so that a step that fails leaves it working.

uv removes the old environment of a tool before it has written the new one; on a full disk that
leaves neither. The copy is made of hard links where the file system has them. Until the new one
is whole, the commands run from the copy: whoever calls one meanwhile, or after a kill, gets the
old program or none, and never half of each.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from freshness.environments import Environment
from freshness.installed import links_into, own_commands
from freshness.standins import are_apart, links_to_copies, replace_link, stand_in

COMPLETE = "complete"

KEPT = "environment"
"""The folder in the copy with what the environment holds."""


@contextmanager
def set_aside(environment: Environment, aside: Path) -> Iterator[None]:
    """Keep *environment* and its commands in *aside*; put them back if the body raises.

    Raises OSError before the body where the copy cannot be made.
    """
    discard(aside)
    try:
        if environment.prefix.is_dir():
            _copy(environment, aside)
            stand_in(environment, aside, aside / KEPT)
        yield
    except BaseException:
        put_back(environment, aside)
        raise
    let_go(environment, aside)


def let_go(environment: Environment, aside: Path) -> None:
    """Remove *aside*, and the commands that run from it: the new one has none of that name."""
    for path in links_to_copies(environment, aside.name):
        path.unlink()
    discard(aside)


def discard(aside: Path) -> None:
    """Remove *aside*; what a kill leaves of it no longer counts as a copy."""
    (aside / COMPLETE).unlink(missing_ok=True)
    shutil.rmtree(aside, ignore_errors=True)


def put_back(environment: Environment, aside: Path) -> bool:
    """Make *environment* and its commands again what *aside* holds, and remove *aside*.

    Without a complete copy there was nothing before, or nothing was touched yet. Tells whether
    the environment had been touched.
    """
    kept, commands = aside / KEPT, aside / "commands"
    complete = (aside / COMPLETE).exists()
    touched = complete and not _same(kept, environment.prefix)
    if touched:
        # Not moved: who is killed here has the whole of it still, and the commands run from it.
        shutil.rmtree(environment.prefix, ignore_errors=True)
        _link_tree(kept, environment.prefix)
    if complete and are_apart(environment):
        copies = links_to_copies(environment, aside.name)
        for path in links_into(environment):
            if not os.path.lexists(commands / path.name):
                path.unlink()
        for path in copies:
            if os.path.lexists(commands / path.name):
                replace_link(path, os.readlink(commands / path.name), aside)
            else:
                path.unlink()
        for path in commands.iterdir():
            home = environment.commands_folder / path.name
            if not os.path.lexists(home):
                home.parent.mkdir(parents=True, exist_ok=True)
                _copy_command(path, home)
    discard(aside)
    return touched


def _copy(environment: Environment, aside: Path) -> None:
    _link_tree(environment.prefix, aside / KEPT)
    (aside / "commands").mkdir()
    if are_apart(environment):
        # Links to another copy are what another checkout left that was killed: they work.
        for path in (*own_commands(environment), *links_to_copies(environment, aside.name)):
            if os.path.lexists(path):
                _copy_command(path, aside / "commands" / path.name)
    (aside / COMPLETE).touch()


def _copy_command(source: Path, destination: Path) -> None:
    """Copy *source*, a link or, on Windows, a program; no times of a link: see `_link_tree`."""
    if source.is_symlink():
        destination.symlink_to(os.readlink(source))
    else:
        shutil.copy2(source, destination)


def _link_tree(source: Path, destination: Path) -> None:
    """Make *destination* a copy of *source*, without the times of links: SFTP cannot set those.

    It sets the times of what they lead to, and may wait for that for ever.
    """
    for folder, names, files in os.walk(source):
        there = destination / Path(folder).relative_to(source)
        there.mkdir(parents=True, exist_ok=True)
        for name in (*names, *files):
            path = Path(folder, name)
            if path.is_symlink():
                (there / name).symlink_to(os.readlink(path))
            elif name in files:
                _link_or_copy(path, there / name)


def _link_or_copy(source: Path, destination: Path) -> None:
    try:
        os.link(source, destination)
    except OSError:
        shutil.copy2(source, destination)


def _same(kept: Path, present: Path) -> bool:
    """Tell whether what was kept is there, and nothing else: links, and files by size and time."""
    return _listing(kept) == _listing(present)


def _listing(root: Path) -> dict[Path, object]:
    found: dict[Path, object] = {}
    for folder, _, names in os.walk(root):
        for path in (Path(folder, name) for name in names):
            if "__pycache__" not in path.parts:
                found[path.relative_to(root)] = _seen(path)
    return found


def _seen(path: Path) -> object:
    """Give what tells *path* from another one in its place, where nobody wants to deceive."""
    if path.is_symlink():
        return os.readlink(path)
    status = path.lstat()
    return status.st_size, status.st_mtime_ns

"""Replace a uv tool, or pipx's application: a copy is kept until the new one is whole.

uv removes the old environment of a tool before it has written the new one; on a full disk that
leaves neither. The copy is made of hard links where the file system has them. Until the new one
is whole, the commands run from the copy: whoever calls one meanwhile, or after a kill, gets the
old program or none, and never half of each. The copy stays until the install after, for programs
that were started from it.
"""

import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from neverstale.environments.commands import UNFINISHED, links_into, noted_commands, own_commands
from neverstale.environments.environment import Environment
from neverstale.environments.installed import Installed, read_installed
from neverstale.errors import NeverstaleError
from neverstale.install.busy import move_busy
from neverstale.install.standins import are_apart, links_to_copies, replace_link, stand_in
from neverstale.names import NormalizedName
from neverstale.process import unstoppable
from neverstale.project.metadata import Project
from neverstale.removal import discard

COMPLETE = "complete"
"""The file that says that a copy is whole, and still the one to put back."""

KEPT = ".venv"
"""The folder in the copy with what the environment has: linters pass over that name."""


class Copies(NamedTuple):
    """The copies of *environment* below *folder*, in the store."""

    environment: Environment
    folder: Path

    @property
    def name(self) -> str:
        """The name of the copies, the same in every project that installs into the environment."""
        where = f"{self.environment.prefix}\0{self.environment.commands_folder}"
        return hashlib.sha256(where.encode("utf-8", "surrogateescape")).hexdigest()[:20]

    def all(self) -> list[Path]:
        """Return the copies that exist, the oldest first."""
        return sorted(self.folder.glob(f"{self.name}-*"))

    def to_put_back(self) -> Path | None:
        """Return the copy that an install left that did not end, or None."""
        return next((path for path in reversed(self.all()) if (path / COMPLETE).exists()), None)

    def new(self) -> Path:
        """Return the folder for one more copy."""
        return self.folder / f"{self.name}-{time.time_ns():020}"


@contextmanager
def set_aside(copies: Copies) -> Iterator[None]:
    """Keep the environment and its commands; put them back if the body raises.

    Raise OSError before the body where the copy cannot be made.
    """
    environment, before, aside = copies.environment, copies.all(), copies.new()
    try:
        if environment.prefix.is_dir():
            _copy(copies, aside)
            stand_in(environment, aside, aside / KEPT)
            move_busy(environment)
        yield
    except BaseException:
        put_back(copies, aside)
        raise
    let_go(copies, aside, before)


def let_go(copies: Copies, aside: Path, before: list[Path]) -> None:
    """Keep *aside* for what still runs from it, but remove the copies *before* it."""
    environment = copies.environment
    links = links_into(environment) if are_apart(environment) else ()
    unfinished = (path for path in links if UNFINISHED.match(path.name))
    for path in (*links_to_copies(environment, copies.name), *unfinished):
        path.unlink()
    (aside / COMPLETE).unlink(missing_ok=True)
    for old in before:
        discard(old, copies.folder)


def put_back(copies: Copies, aside: Path) -> bool:
    """Make the environment and its commands again what *aside* holds, and remove *aside*.

    Without a complete copy there was nothing before, or nothing was touched yet. Return whether
    the environment had been touched.
    """
    environment = copies.environment
    kept, commands = aside / KEPT, aside / "commands"
    complete = (aside / COMPLETE).exists()
    touched = complete and _listing(kept) != _listing(environment.prefix)
    if touched:
        # Not moved: who is killed here has the whole of it still, and the commands run from it.
        with suppress(NeverstaleError):
            move_busy(environment)
        shutil.rmtree(environment.prefix, ignore_errors=True)
        _link_tree(kept, environment.prefix)
    if complete and are_apart(environment):
        links = links_to_copies(environment, copies.name)
        for path in links_into(environment):
            if not os.path.lexists(commands / path.name):
                path.unlink()
        for path in links:
            if os.path.lexists(commands / path.name):
                replace_link(path, os.readlink(commands / path.name), aside)
            else:
                path.unlink()
        for path in commands.iterdir():
            home = environment.commands_folder / path.name
            if not os.path.lexists(home):
                home.parent.mkdir(parents=True, exist_ok=True)
                _copy_command(path, home)
    (aside / COMPLETE).unlink(missing_ok=True)
    discard(aside, copies.folder)
    return touched


def recover(project: Project, copies: Copies) -> bool:
    """Undo a replacement that was killed half-way; return whether something was put back.

    What is whole now stays, whoever made it.
    """
    aside = copies.to_put_back()
    if aside is None:
        return False
    try:
        installed = read_installed(copies.environment, project.name)
    except NeverstaleError:
        installed = None
    if installed and _is_whole(installed):  # killed after it, or installed again by somebody
        let_go(copies, aside, [])
        return False
    with unstoppable():
        return put_back(copies, aside)


def _is_whole(installed: Installed) -> bool:
    return installed.whole and installed.distribution.commands.keys() <= installed.commands


@contextmanager
def without_commands(environment: Environment, name: NormalizedName) -> Iterator[None]:
    """Have no command lead into *environment* while the body removes it.

    A kill leaves no command, or one that works. Where the body fails before it has changed
    anything, the commands are there again.
    """
    commands = noted_commands(environment) if are_apart(environment) else ()
    links = {path: os.readlink(path) for path in commands if path.is_symlink()}
    try:
        for path in links:
            path.unlink()
        yield
    except BaseException:
        with unstoppable(), suppress(OSError, NeverstaleError):
            installed = read_installed(environment, name)
            for path, target in links.items() if installed and installed.whole else ():
                path.symlink_to(target)
        raise


def _copy(copies: Copies, aside: Path) -> None:
    environment = copies.environment
    _link_tree(environment.prefix, aside / KEPT)
    (aside / "commands").mkdir()
    if are_apart(environment):
        # Links to another copy are what another checkout left that was killed: they work.
        for path in (*own_commands(environment), *links_to_copies(environment, copies.name)):
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
        if destination.exists() and destination.samefile(source):  # in use, and of the old one
            return
        shutil.copy2(source, destination)


def _listing(root: Path) -> dict[Path, object]:
    """Return path → what tells a file from another one in its place: links, sizes, times."""
    found: dict[Path, object] = {}
    for folder, _, names in os.walk(root):
        for path in (Path(folder, name) for name in names):
            if "__pycache__" in path.parts:
                continue
            status = path.lstat()
            seen: object = (status.st_size, status.st_mtime_ns)
            found[path.relative_to(root)] = os.readlink(path) if path.is_symlink() else seen
    return found

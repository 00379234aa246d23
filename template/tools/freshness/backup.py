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

COMPLETE = "complete"

RUNNING = "running"
"""The folder in the copy with the commands that run from there."""

EXEC = b"'''exec' "
"""How a script begins, behind ``#!/bin/sh``, whose interpreter does not fit into its first line."""

LONGEST_SHEBANG = 127
"""The bytes of a script's first line that every Linux reads; uv and pip go by the same limit."""


@contextmanager
def set_aside(environment: Environment, aside: Path) -> Iterator[None]:
    """Keep *environment* and its commands in *aside*; put them back if the body raises.

    Raises OSError before the body where the copy cannot be made.
    """
    discard(aside)
    try:
        if environment.prefix.is_dir():
            _copy(environment, aside)
            _run_from_the_copy(environment, aside)
        yield
    except BaseException:
        put_back(environment, aside)
        raise
    for path in links_to_copies(environment, aside.name):
        path.unlink()  # the new one has no command of that name
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
    kept, commands = aside / "environment", aside / "commands"
    complete = (aside / COMPLETE).exists()
    touched = complete and not _same(kept, environment.prefix)
    if touched:
        # Not moved: who is killed here has the whole of it still, and the commands run from it.
        shutil.rmtree(environment.prefix, ignore_errors=True)
        _link_tree(kept, environment.prefix)
    if complete and _are_apart(environment):
        copies = links_to_copies(environment, aside.name)
        for path in links_into(environment):
            if not os.path.lexists(commands / path.name):
                path.unlink()
        for path in copies:
            if os.path.lexists(commands / path.name):
                _replace_link(path, os.readlink(commands / path.name))
            else:
                path.unlink()
        for path in commands.iterdir():
            home = environment.commands_folder / path.name
            if not os.path.lexists(home):
                home.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, home, follow_symlinks=False)
    discard(aside)
    return touched


def links_to_copies(environment: Environment, name: str) -> list[Path]:
    """Find the links in the folder of commands that lead into a copy called *name*, of any project."""
    folder = environment.commands_folder
    entries = sorted(folder.iterdir()) if _are_apart(environment) and folder.is_dir() else []
    return [p for p in entries if p.is_symlink() and Path(os.readlink(p)).parts[-3:-1] == (name, RUNNING)]


def _run_from_the_copy(environment: Environment, aside: Path) -> None:
    """Have the commands run what is kept, for as long as the environment is in pieces."""
    if not _are_apart(environment) or os.name == "nt":
        return
    (aside / RUNNING).mkdir()
    interpreter = aside / "environment" / environment.scripts.name / "python"
    for path in links_into(environment):
        script = _started_by(interpreter, path.resolve(), environment)
        if script is not None:
            copy = aside / RUNNING / path.name
            copy.write_bytes(script)
            copy.chmod(0o755)
            _replace_link(path, str(copy))


def _started_by(interpreter: Path, script: Path, environment: Environment) -> bytes | None:
    """Give *script*, of *environment*, with *interpreter* in its first line; None if it has none.

    A path that is too long for that, or has a space, is spelled as uv and pip spell it.
    """
    try:
        first, *rest = script.read_bytes().splitlines(keepends=True)
    except (OSError, ValueError):
        return None
    started_by = first.removeprefix(b"#!").strip()
    if rest and rest[0].startswith(EXEC):
        started_by = rest[0].removeprefix(EXEC).rpartition(b' "$0"')[0].strip(b"\'\"")
        rest = rest[2:]
    path = os.fsencode(interpreter)
    folder = os.path.realpath(os.path.dirname(started_by))
    own = os.fsencode(os.path.realpath(environment.scripts))
    if folder != own or any(sign in path for sign in b"\'\"\\$`"):
        return None
    header = [b"#!" + path + b"\n"]
    if len(header[0]) > LONGEST_SHEBANG or b" " in path:
        header = [b"#!/bin/sh\n", EXEC + b"\"" + path + b"\" \"$0\" \"$@\"\n", b"' '''\n"]
    return b"".join([*header, *rest])


def _replace_link(path: Path, target: str) -> None:
    """Make the link *path* lead to *target*, in one step."""
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    new.symlink_to(target)
    os.replace(new, path)


def _are_apart(environment: Environment) -> bool:
    """Tell whether the commands are links elsewhere, not the environment's own folder."""
    return environment.commands_folder != environment.scripts


def _copy(environment: Environment, aside: Path) -> None:
    _link_tree(environment.prefix, aside / "environment")
    (aside / "commands").mkdir()
    if _are_apart(environment):
        # Links to another copy are what another checkout left that was killed: they work.
        for path in (*own_commands(environment), *links_to_copies(environment, aside.name)):
            if os.path.lexists(path):
                shutil.copy2(path, aside / "commands" / path.name, follow_symlinks=False)
    (aside / COMPLETE).touch()


def _link_tree(source: Path, destination: Path) -> None:
    """Make *destination* a copy of *source*, without the times of links: SFTP cannot set those."""
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
            status = path.lstat()
            known = (status.st_size, status.st_mtime_ns)
            if "__pycache__" not in path.parts:
                found[path.relative_to(root)] = os.readlink(path) if path.is_symlink() else known
    return found

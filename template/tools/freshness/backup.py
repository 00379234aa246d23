"""An installation set aside while it is replaced, so that a step that fails leaves it working.

uv removes the old environment of a tool before it has written the new one; on a full disk that
leaves neither. The copy is made of hard links where the file system has them. Until the new one
is whole, the commands run from the copy: whoever calls one meanwhile, or after a power cut, gets
the old program or none, and never half of each.
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

LONGEST_SHEBANG = 127
"""The bytes of a script's first line that every Linux reads; uv and pip go by the same limit."""


@contextmanager
def set_aside(environment: Environment, aside: Path) -> Iterator[None]:
    """Keep *environment* and its commands in *aside*; put them back if the body raises.

    Raises OSError before the body where the copy cannot be made.
    """
    discard(aside)
    if environment.prefix.is_dir():
        _copy(environment, aside)
        _run_from_the_copy(environment, aside)
    try:
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
    touched = (aside / COMPLETE).exists() and not _same(kept, environment.prefix)
    if touched:
        shutil.rmtree(environment.prefix, ignore_errors=True)
        shutil.move(kept, environment.prefix)
    if (aside / COMPLETE).exists() and _are_apart(environment):
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
    if rest and rest[0].startswith(b"'''exec' "):
        first, rest = rest[0], rest[2:]
    path = os.fsencode(interpreter)
    if os.fsencode(environment.scripts) not in first or any(sign in path for sign in b"'\"\\$`"):
        return None
    header = [b"#!" + path + b"\n"]
    if len(header[0]) > LONGEST_SHEBANG or b" " in path:
        header = [b"#!/bin/sh\n", b"'''exec' \"" + path + b"\" \"$0\" \"$@\"\n", b"' '''\n"]
    return b"".join([*header, *rest])


def _replace_link(path: Path, target: str) -> None:
    """Make the link *path* lead to *target*, in one step."""
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    new.symlink_to(target)
    os.replace(new, path)


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

"""Commands that run from a copy of an environment while that itself is replaced.

The links in the folder of commands are pointed at scripts in the copy, which have its interpreter
in their first line: so they import what is in the copy.
"""

import os
from pathlib import Path

from neverstale.environments.commands import noted_commands
from neverstale.environments.environment import Environment
from neverstale.files import real

FOLDER = "running"
"""The folder in the copy with the scripts."""

EXEC = b"'''exec' "
"""How a script goes on, behind ``#!/bin/sh``, where the first line cannot hold its interpreter."""

QUOTING = (b"'", b'"', b"\\", b"$", b"`")
"""What a path cannot have that is put between double quotes for a shell, within Python's own."""

LONGEST_SHEBANG = 127
"""The bytes of a script's first line that every Linux reads; uv and pip go by the same limit."""


def are_apart(environment: Environment) -> bool:
    """Return whether the commands are links elsewhere, not the environment's own folder."""
    return environment.commands_folder != environment.scripts


def links_to_copies(environment: Environment, name: str) -> list[Path]:
    """Return the links in the folder of commands that lead into a copy called *name*."""
    folder = environment.commands_folder
    entries = sorted(folder.iterdir()) if are_apart(environment) and folder.is_dir() else []
    links = (path for path in entries if path.is_symlink())
    targets = ((path, Path(os.readlink(path)).parts[-3:-1]) for path in links)
    return [path for path, of in targets if of[1:] == (FOLDER,) and of[0].startswith(f"{name}-")]


def stand_in(environment: Environment, copy: Path, prefix: Path) -> None:
    """Have the commands of *environment* run from *prefix*, a copy of it, in the folder *copy*.

    On Windows commands are copies, not links; there they stay as they are.
    """
    if not are_apart(environment) or os.name == "nt":
        return
    (copy / FOLDER).mkdir()
    interpreter = prefix / environment.scripts.name / "python"
    for path in noted_commands(environment):
        script = _started_by(interpreter, path.resolve(), environment)
        if script is not None:
            started = copy / FOLDER / path.name
            started.write_bytes(script)
            started.chmod(0o755)
            replace_link(path, str(started), copy)


def replace_link(path: Path, target: str, copy: Path) -> None:
    """Make the link *path* lead to *target*, in one step; a kill leaves nothing else.

    The new link is made in the folder *copy*, which goes with what is in it, or next to *path*
    where that is another file system.
    """
    made, beside = copy / "link", path.with_name(f".{path.name}.new")
    for left in (made, beside):
        left.unlink(missing_ok=True)
    try:
        made.symlink_to(target)
        try:
            os.replace(made, path)
        except OSError:
            beside.symlink_to(target)
            os.replace(beside, path)
    finally:
        made.unlink(missing_ok=True)
        beside.unlink(missing_ok=True)


def _started_by(interpreter: Path, script: Path, environment: Environment) -> bytes | None:
    """Return *script* with *interpreter* in its first line; None if it is none of *environment*'s.

    A path that is too long for that, or has a space, is spelled as uv and pip spell it.
    """
    try:
        first, *rest = script.read_bytes().splitlines(keepends=True)
    except (OSError, ValueError):
        return None
    if not first.startswith(b"#!") or b"\0" in first:  # a program that was compiled
        return None
    by = first.removeprefix(b"#!").strip()
    if rest and rest[0].startswith(EXEC):
        by = rest[0].removeprefix(EXEC).rpartition(b' "$0"')[0].strip(b"'\"")
        rest = rest[2:]
    own = os.fsencode(real(environment.scripts))
    path = os.fsencode(interpreter)
    if os.fsencode(real(Path(os.fsdecode(by)).parent)) != own or any(
        sign in path for sign in QUOTING
    ):
        return None
    header = [b"#!%b\n" % path]
    if len(header[0]) > LONGEST_SHEBANG or b" " in path:
        header = [b"#!/bin/sh\n", EXEC + b'"%b" "$0" "$@"\n' % path, b"' '''\n"]
    return b"".join([*header, *rest])

"""What a shell would run: the files along PATH that answer to a command, what is behind them."""

import os
import re
import shlex
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from neverstale.files import read_bytes, real
from neverstale.programs import program_endings
from neverstale.wheels.distribution import is_safe

MOST_OF_A_SCRIPT = 8192
"""How many bytes of a file say which interpreter it starts; a path has 4096 at most."""

MOST_OF_A_LAUNCHER = 1 << 20
"""How many bytes the programs have at most that installers make for commands on Windows."""

STARTED = re.compile(rb'#!"?([^\0\r\n"]+?\.exe)"?[\r\n]')
"""What such a program starts: uv's has it in the script within, those of pip before that."""

ENTRY = re.compile(r'(?:[^;"]|"[^"]*"?)+')
"""An entry of PATH on Windows, which may have quotes, and semicolons between those."""


class Answer(NamedTuple):
    """A file on PATH that answers to *command*; ``interpreter`` is what its first line names.

    ``target`` is the file behind all links. ``interpreter`` is None for a file of another kind.
    """

    command: str
    path: Path
    target: Path
    interpreter: Path | None


def answers(commands: Iterable[str], path: str) -> list[Answer]:
    """Return the files along *path* that answer to *commands*, as a shell would find them.

    Names that are no names of files are passed over. Nothing is executed.
    """
    folders = list(dict.fromkeys(folders_on(path)))
    endings = program_endings()
    found: list[Answer] = []
    for command in sorted(filter(is_safe, commands)):
        seen: set[Path] = set()
        for file in (folder / f"{command}{ending}" for folder in folders for ending in endings):
            place = real(file.parent) / file.name
            # os.path.isfile: a folder that may not be entered has no commands for us.
            if place not in seen and os.path.isfile(file) and os.access(file, os.X_OK):
                seen.add(place)
                target = real(file)
                found.append(Answer(command, file, target, interpreter_of(target)))
    return found


def folders_on(path: str) -> list[Path]:
    """Return the folders along *path*, a value of PATH; quotes are no part of a name on Windows."""
    entries = path.split(os.pathsep)
    if os.name == "nt":
        entries = [entry.replace('"', "") for entry in ENTRY.findall(path)]
    return [Path(entry) for entry in entries if entry]


def interpreter_of(script: Path) -> Path | None:
    """Return the interpreter that the first lines of *script* name, links in it not followed.

    On Windows a command is a program with a script in it.
    """
    try:
        text = read_bytes(script, MOST_OF_A_SCRIPT)
        if os.name == "nt" and text.startswith(b"MZ"):
            named = STARTED.findall(read_bytes(script, MOST_OF_A_LAUNCHER))
            return Path(os.fsdecode(named[-1])) if named else None
    except OSError:
        return None
    if not text.startswith(b"#!") or b"\0" in text.partition(b"\n")[0]:
        return None
    first, _, rest = text[2:].partition(b"\n")
    second = rest.partition(b"\n")[0]
    if second.startswith(b"'''exec' "):  # how installers write a path with a space in it
        with suppress(ValueError):
            return Path(shlex.split(os.fsdecode(second))[1])
    words = os.fsdecode(first).strip()
    program = Path(words if os.path.exists(words) else words.split(" ")[0])
    return program if program.name.startswith(("python", "pypy")) else None


def behind(answer: Answer, prefixes: Collection[Path]) -> Path | None:
    """Return which of *prefixes*, folders of environments, the answer's program runs in."""
    for prefix in prefixes:
        if answer.target.is_relative_to(real(prefix)):
            return prefix
    if answer.interpreter is None:
        return None
    home = real(answer.interpreter.parent)
    return next((prefix for prefix in prefixes if home == real(prefix / home.name)), None)

"""uv, and every other program that the tool runs: found, announced, run."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from freshness.errors import FreshnessError

INSTALLING_UV = "https://docs.astral.sh/uv/getting-started/installation/"

SECRETS = ("--password", "--token")
"""Options of ``uv publish`` whose values are shown to nobody."""

SHORT_SECRETS = ("-p", "-t")
"""The short ones, which mean something else to other programs."""

OF_MAKE = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")
"""Variables that a make hands to those below it; a fix that is typed has none above."""


@dataclass(frozen=True)
class Uv:
    """The uv that runs in *root*; each command that changes something is announced first."""

    executable: str
    root: Path
    announce: Callable[[str], None]

    def at(self, root: Path) -> "Uv":
        """Give the uv that runs in *root*; what it announces says so."""
        if root == self.root:
            return self
        folder = shlex.quote(os.path.relpath(root, self.root))
        return Uv(self.executable, root, lambda what: self.announce(f"cd {folder} && {what}"))

    def run(self, *arguments: str, environment: Mapping[str, str] | None = None) -> int:
        """Announce and run ``uv ARGUMENTS``, its output going where ours goes; give its exit code.

        *environment* is what the command's environment has beyond ours.
        """
        self.announce(typed(["uv", *arguments], environment))
        return self._run([self.executable, *arguments], environment)

    def run_other(self, program: str, *arguments: str) -> int:
        """Announce and run another program as `run` does."""
        self.announce(typed([Path(program).stem, *arguments]))
        return self._run([program, *arguments])

    def run_typed(self, command: Sequence[str]) -> int:
        """Announce and run *command* as if it was typed in the root; give its exit code.

        Its output goes to where messages go: ours may be read by a program. Raises OSError.
        """
        self.announce(typed(command))
        program = self.executable if command[0] == "uv" else command[0]
        return subprocess.run(
            [program, *command[1:]],
            cwd=self.root,
            env={k: v for k, v in outer_environment().items() if k not in OF_MAKE},
            stdout=sys.stderr,
            check=False,
        ).returncode

    def _run(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> int:
        variables = outer_environment() | dict(environment or {})
        return subprocess.run(command, cwd=self.root, env=variables, check=False).returncode

    def attempt(self, *arguments: str, environment: Mapping[str, str] | None = None) -> str | None:
        """Announce and run ``uv ARGUMENTS``; give what it printed, None where it failed."""
        self.announce(typed(["uv", *arguments], environment))
        return self.capture(self.executable, *arguments, environment=environment)

    def capture(self, *command: str, environment: Mapping[str, str] | None = None) -> str | None:
        """Run *command* silently; give what it printed, None where it failed."""
        done = subprocess.run(
            command,
            cwd=self.root,
            env=outer_environment() | dict(environment or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        return None if done.returncode else done.stdout.decode("utf-8", "replace")

    def ask(self, *questions: Sequence[str]) -> list[str]:
        """Run ``uv QUESTION`` for all *questions* at once; give what each printed, stripped.

        Raises FreshnessError with uv's own words where uv cannot answer.
        """
        running = [
            subprocess.Popen(
                [self.executable, *question],
                cwd=self.root,
                env=outer_environment(),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            for question in questions
        ]
        answers = []
        for process, question in zip(running, questions, strict=True):
            out, err = process.communicate()
            if process.returncode:
                raise FreshnessError(
                    f"uv could not answer `uv {shlex.join(question)}`: {_last_line(err)}",
                    hint=f"update uv: {INSTALLING_UV}",
                )
            answers.append(os.fsdecode(out).strip())
        return answers


def find_uv(root: Path, announce: Callable[[str], None]) -> Uv:
    """Find the uv that started this process, or the first on PATH.

    Raises FreshnessError where there is none.
    """
    executable = os.environ.get("UV") or shutil.which("uv")
    if not executable or not shutil.which(executable):
        raise FreshnessError("uv is not installed", hint=f"install it: {INSTALLING_UV}")
    return Uv(executable, root, announce)


def outer_environment() -> dict[str, str]:
    """Give the environment of whoever started the tool.

    ``uv run --script`` puts its own environment into VIRTUAL_ENV and at the head of PATH; a
    command run from here would take that for the user's.
    """
    environment = dict(os.environ)
    if Path(environment.get("VIRTUAL_ENV", "/")) == Path(sys.prefix):
        del environment["VIRTUAL_ENV"]
    environment.pop("UV_RUN_RECURSION_DEPTH", None)
    head, separator, tail = environment.get("PATH", "").partition(os.pathsep)
    if separator and Path(head) == Path(sys.executable).parent:
        environment["PATH"] = tail
    return environment


def base_interpreter() -> Path:
    """Give the interpreter behind the environment that this runs in, which may go at any time."""
    base = Path(getattr(sys, "_base_executable", sys.executable))
    if sys.prefix != sys.base_prefix and base.is_relative_to(sys.prefix):  # Python 3.10
        name = f"python{sys.version_info.major}.{sys.version_info.minor}"
        base = Path(sys.base_exec_prefix, "bin", name)
    return base


def typed(command: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    """Spell a command as it would be typed into a POSIX shell."""
    settings = [f"{name}={_shown(name, value)}" for name, value in (environment or {}).items()]
    return " ".join([*settings, shlex.join(_without_secrets(command))])


def _shown(name: str, value: str) -> str:
    """Spell the *value* of a variable; of a longer PATH only what was put before it."""
    head, _, tail = value.partition(os.pathsep)
    if name == "PATH" and tail == outer_environment().get("PATH"):
        return f'{shlex.quote(head)}:"$PATH"'
    return shlex.quote(value)


def _without_secrets(command: Sequence[str]) -> list[str]:
    """Give *command* as it may be shown: with *** for what is secret in it."""
    shown = [re.sub("(?<=://)[^/@]+@", "***@", argument) for argument in command]
    short = SHORT_SECRETS if "publish" in command[:2] else ()
    for place, (before, argument) in enumerate(pairwise(["", *command])):
        option, separator, _ = argument.partition("=")
        if before in (*SECRETS, *short):
            shown[place] = "***"
        elif option in SECRETS and separator:
            shown[place] = f"{option}=***"
        elif argument[:2] in short and len(argument) > len("-p"):
            shown[place] = f"{argument[:2]}***"
    return shown


def become(command: Sequence[str], announce: Callable[[str], None]) -> int:
    """Announce *command* and let it take this process's place, signals and exit code with it.

    Windows has no such thing: there it runs as a child, and its exit code is given back.
    """
    announce(typed([Path(command[0]).stem, *command[1:]]))
    sys.stdout.flush()
    sys.stderr.flush()
    environment = outer_environment()
    if os.name != "nt":
        os.execvpe(command[0], list(command), environment)
    return subprocess.run(command, env=environment, check=False).returncode


def _last_line(output: bytes) -> str:
    return (output.decode("utf-8", "replace").strip().splitlines() or ["it said nothing"])[-1]

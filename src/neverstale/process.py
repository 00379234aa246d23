"""Other programs: found, announced, run; and the signals that stop this one."""

import os
import re
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from neverstale.errors import NeverstaleError
from neverstale.programs import find_program, named_in_full
from neverstale.shell import in_turn, typed, with_variables, without_secrets

INSTALLING_UV = "https://docs.astral.sh/uv/getting-started/installation/"

OLDEST_UV = (0, 8)

OF_MAKE = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")
"""Variables that a make passes on; a fix that is typed has no make above it."""

STOPPING = (signal.SIGINT, signal.SIGTERM)


class Uv(NamedTuple):
    """The uv that runs in *root*; each command that changes something is announced first."""

    executable: str
    root: Path
    announce: Callable[[str], None]

    def at(self, root: Path) -> "Uv":
        """Return the uv that runs in *root*; its announcements name the folder."""
        if root == self.root:
            return self
        there = typed(["cd", os.path.relpath(root, self.root)])
        return Uv(self.executable, root, lambda what: self.announce(in_turn([there, what])))

    def run(self, *arguments: str, environment: Mapping[str, str] | None = None) -> int:
        """Announce and run ``uv ARGUMENTS``; its output goes where ours goes. Return its exit code.

        *environment* is what the command's environment has beyond ours.
        """
        return self.run_program(self.executable, *arguments, environment=environment)

    def run_program(
        self, program: str, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> int:
        """Announce and run another program as `run` does."""
        import subprocess

        self.announce(_announcement([Path(program).stem, *arguments], environment))
        variables = outer_environment() | dict(environment or {})
        command = [program, *arguments]
        return subprocess.run(command, cwd=self.root, env=variables, check=False).returncode

    def run_typed(self, command: Sequence[str]) -> int:
        """Announce and run *command* as if it was typed in the root; return its exit code.

        Its output goes to where messages go: ours may be read by a program. Raise OSError.
        """
        import subprocess

        self.announce(_announcement(command))
        if command[0] == "rmdir" and os.name == "nt":  # there a shell has it, no program
            for folder in command[1:]:
                os.rmdir(self.root / folder)
            return 0
        program = self.executable if command[0] == "uv" else find_program(command[0])
        if program is None:
            raise FileNotFoundError(2, "No such file or directory", command[0])
        return subprocess.run(
            [program, *command[1:]],
            cwd=self.root,
            env={k: v for k, v in outer_environment().items() if k not in OF_MAKE},
            stdout=sys.stderr,
            check=False,
        ).returncode

    def announce_uv(self, *arguments: str) -> None:
        """Announce ``uv ARGUMENTS``, which is run in another way than by this class."""
        self.announce(_announcement(["uv", *arguments]))

    def attempt(self, *arguments: str, environment: Mapping[str, str] | None = None) -> str | None:
        """Announce and run ``uv ARGUMENTS``; return what it printed, or None where it failed."""
        self.announce(_announcement(["uv", *arguments], environment))
        code, said = self.capture(self.executable, *arguments, environment=environment)
        return None if code else said

    def capture(
        self, *command: str, environment: Mapping[str, str] | None = None
    ) -> tuple[int, str]:
        """Run *command* silently; return its exit code and what it printed on either stream."""
        import subprocess

        done = subprocess.run(
            command,
            cwd=self.root,
            env=outer_environment() | dict(environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        return done.returncode, done.stdout.decode("utf-8", "replace")

    def ask(self, *questions: Sequence[str]) -> list[str]:
        """Run ``uv QUESTION`` for all *questions* at once; return what each printed, stripped.

        Raise NeverstaleError with uv's own words where uv cannot answer.
        """
        import subprocess

        running = [
            subprocess.Popen(
                [self.executable, *question],
                cwd=self.root,
                env=outer_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            for question in questions
        ]
        answers = []
        for process, question in zip(running, questions, strict=True):
            out, err = process.communicate()
            if process.returncode:
                said = err.decode("utf-8", "replace").strip().splitlines() or ["it said nothing"]
                raise NeverstaleError(
                    f"uv could not answer `{typed(['uv', *question])}`: {said[-1]}",
                    hint=f"update uv: {INSTALLING_UV}",
                )
            answers.append(os.fsdecode(out).strip())
        return answers


def find_uv(root: Path, announce: Callable[[str], None]) -> Uv:
    """Return the uv that started this process, the first on PATH, or that of the package ``uv``.

    Raise NeverstaleError where there is none.
    """
    executable = find_program(os.environ.get("UV") or "uv") or _installed_uv()
    if not executable or not find_program(executable):
        raise NeverstaleError("uv is not installed", hint=f"install it: {INSTALLING_UV}")
    return Uv(executable, root, announce)


def _installed_uv() -> str | None:
    """Return the uv of the distribution ``uv`` beside this one, or None."""
    try:
        import uv  # type: ignore[import-not-found]
    except ImportError:
        return None
    try:
        return str(uv.find_uv_bin())
    except FileNotFoundError:
        return None


def explain_failure(uv: Uv, what: str, details: str = "") -> NeverstaleError:
    """Return the error for a command of uv's that failed; an old uv is named as the reason."""
    _, said = uv.capture(uv.executable, "--version")
    found = re.search(r"(\d+)\.(\d+)", said)
    if found and (int(found[1]), int(found[2])) < OLDEST_UV:
        return NeverstaleError(
            f"this uv is {found[0]}, and the oldest supported is {OLDEST_UV[0]}.{OLDEST_UV[1]}",
            hint=f"update uv: {INSTALLING_UV}",
            details=details,
        )
    hint = "fix what is said here, then run the command again"
    return NeverstaleError(what, hint=hint, details=details)


def outer_environment() -> dict[str, str]:
    """Return the environment of whoever started the tool.

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


def path_behind(folder: Path | str) -> str:
    """Return PATH with *folder* before it, and without what is relative: see `find_program`."""
    return os.pathsep.join([str(folder), *named_in_full(outer_environment().get("PATH", ""))])


def base_interpreter() -> Path:
    """Return the interpreter behind the environment that this runs in, its links followed.

    ``python3`` and ``python3.12`` of one folder are one interpreter.
    """
    base = Path(getattr(sys, "_base_executable", sys.executable))
    if sys.prefix != sys.base_prefix and base.is_relative_to(sys.prefix):  # Python 3.10
        name = f"python{sys.version_info.major}.{sys.version_info.minor}"
        base = Path(sys.base_exec_prefix, "bin", name)
    return Path(os.path.realpath(base))


def _announcement(command: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    """Return *command* as it would be typed, without secrets."""
    path = outer_environment().get("PATH", "")
    return with_variables(typed(without_secrets(command)), environment or {}, path)


def become(command: Sequence[str], folder: Path, announce: Callable[[str], None]) -> int:
    """Announce *command* and let it take this process's place in *folder*, exit code and all.

    Windows has no such thing: there it runs as a child, and its exit code is returned.
    """
    announce(_announcement([Path(command[0]).stem, *command[1:]]))
    sys.stdout.flush()
    sys.stderr.flush()
    environment = outer_environment()
    if os.name != "nt":
        os.chdir(folder)
        os.execvpe(command[0], list(command), environment)
    import subprocess

    with unstoppable():  # the console sends Ctrl-C to the child as well, whose answer counts
        return subprocess.run(command, cwd=folder, env=environment, check=False).returncode


@contextmanager
def stopped_once() -> Iterator[None]:
    """Let the first signal raise (KeyboardInterrupt, SystemExit), so that the body can tidy up.

    The next ones are ignored until it has: whoever is impatient presses Ctrl-C again, and
    ``uv run`` passes on what its child was sent already.
    """

    def stop(number: int, _frame: FrameType | None) -> None:
        for each in STOPPING:
            signal.signal(each, signal.SIG_IGN)
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + number)

    with _handled_by(stop):
        yield


@contextmanager
def unstoppable() -> Iterator[None]:
    """Ignore the signals while something is put back, which takes no longer than a copy."""
    with _handled_by(signal.SIG_IGN):
        yield


@contextmanager
def _handled_by(handler: "signal._HANDLER") -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in STOPPING}
    for number, was in before.items():
        if was is not signal.SIG_IGN:  # as nohup and a shell's background jobs have it
            signal.signal(number, handler)
    try:
        yield
    finally:
        for number, was in before.items():
            signal.signal(number, was or signal.SIG_DFL)

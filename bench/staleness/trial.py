"""One cell, for real: a project, the command, an edit, the command again, a question."""

import re
import shlex
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from threading import Lock

from scenarios.edits import EDITS, Edit, starting_point
from support.render import Combination, forget_tools, render
from support.world import FOLDER, World, run

from staleness.cells import SUBJECTS, Cell
from staleness.commands import BY_NAME, CONSUMER, TOOL, VENV

NOXFILE = """\
import nox

nox.options.default_venv_backend = "virtualenv"


@nox.session
def tests(session):
    session.install(".")
"""
TOXFILE = "[tox]\nenv_list = py\n"
CONSUMING = """\
[project]
name = "consumer"
version = "1"
requires-python = ">=3.10"
dependencies = ["demo-app"]

[tool.uv.sources]
demo-app = { path = "../demo-app" }
"""

NO_SUCH_COMMAND = ("Failed to spawn", "is not provided by package", "No such file or directory")
"""How uv says that there is no command of a name."""


class BlindError(Exception):
    """Raised where a cell would show nothing, whatever the command does."""


class Outcome(Enum):
    """What became of an edit: the program has it, has it not, or the command refused to go on."""

    FRESH = "fresh"
    STALE = "stale"
    FAILED = "failed"


@dataclass(frozen=True)
class Result:
    """The outcome in a cell, how long the second run of the command took, and what shows it."""

    outcome: Outcome
    seconds: float
    shown: str = ""


class Subject(World):
    """The project that a cell is about, in a world of its own."""

    def __init__(self, root: Path, base: Path, cell: Cell, uv: Path, shared: Path) -> None:
        self.combination = SUBJECTS[cell.subject]
        self.typed = BY_NAME[cell.command]
        self._prepare(root / FOLDER, str(uv))
        self.extra = {
            "PIP_CACHE_DIR": str(shared / "pip"),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "UV_NO_PROGRESS": "1",
            "UV_FIND_LINKS": str(shared / "find-links"),
            "PIP_FIND_LINKS": str(shared / "find-links"),
        }
        shutil.copytree(base, self.project, symlinks=True)
        starting_point(self)
        self.commit(tag="v0.0.1")
        if self.typed.leaves == CONSUMER:
            (self.root / "consumer").mkdir()
            (self.root / "consumer" / "pyproject.toml").write_text(CONSUMING, encoding="utf-8")
        if ".venv/bin/python" in self.typed.line or self.typed.name.startswith("uv pip"):
            self.run("uv", "venv", "--quiet", "--seed")

    def execute(self) -> subprocess.CompletedProcess[str]:
        """Run the command as a shell does."""
        return self.run("sh", "-c", self.typed.line, expect=None)

    def questioned(self, question: str) -> subprocess.CompletedProcess[str]:
        """Ask the program, through the command itself where that is how it is run."""
        arguments = (
            shlex.split(question[1:])
            if question.startswith("$")
            else ["python", "-I", "-c", question]
        )
        if not self.typed.leaves:
            if self.typed.line.endswith("ARGS="):
                line = f"{self.typed.line}{shlex.quote(shlex.join(arguments))}"
            else:
                line = f"{self.typed.line} {shlex.join(arguments)}"
            return self.run("sh", "-c", line, expect=None)
        folder = self.commands_of_the_place
        if question.startswith("$") and self.typed.leaves == TOOL:
            folder = self.commands
        return run([folder / arguments[0], *arguments[1:]], self.elsewhere, self.environment)

    @property
    def commands_of_the_place(self) -> Path:
        """Return the folder of the commands of the environment that the project is left in."""
        leaves = self.typed.leaves
        if leaves == TOOL:
            return self.tools / "demo-app" / "bin"
        folder = self.root / "consumer" if leaves == CONSUMER else self.project
        return folder / (".venv" if leaves in (CONSUMER, VENV) else leaves) / "bin"

    def answer(self, question: str) -> str:
        """Ask, and give the last line of what is answered."""
        try:
            done = self.questioned(question)
        except FileNotFoundError:
            return "command not found"
        return told(done)


def told(done: subprocess.CompletedProcess[str]) -> str:
    """Return the last line of what a program said, or what went wrong with it."""
    if done.returncode == 0:
        return (done.stdout.splitlines() or [""])[-1].strip()
    if any(sign in done.stderr for sign in NO_SUCH_COMMAND):
        return "command not found"
    lines = [line for line in done.stderr.splitlines() if re.match(r"(error: )?\w+Error", line)]
    return (lines or done.stderr.splitlines() or ["nothing"])[-1]


RENDERING = Lock()


def base_of(combination: Combination, folder: Path, *, ours: bool) -> Path:
    """Render the project of *combination*, without its tools; unless *ours*, without our verbs.

    What is left is what any template gives: the package, pyproject.toml, LICENSE, .gitignore.
    """
    place = folder / f"{combination}-{'ours' if ours else 'plain'}"
    if place.exists():
        return place
    making = render(
        place.with_suffix(".making"), combination.answers | {"docs": "none", "ci": "none"}
    )
    forget_tools(making)
    pyproject = making / "pyproject.toml"
    text = pyproject.read_text(encoding="utf-8")
    if not ours:
        for table in ("uv", "neverstale"):
            own = re.compile(rf"^\[tool\.{table}\]\n.*?(?=^\[|\Z)", re.DOTALL | re.MULTILINE)
            text = own.sub("", text)
        shutil.rmtree(making / "tools")
        (making / "Makefile").unlink()
        (making / "noxfile.py").write_text(NOXFILE, encoding="utf-8")
        (making / "tox.ini").write_text(TOXFILE, encoding="utf-8")
    pyproject.write_text(text, encoding="utf-8")
    with (making / ".gitignore").open("a", encoding="utf-8") as stream:
        stream.write("/.tox/\n")
    return making.rename(place)


def try_out(cell: Cell, uv: Path, root: Path, shared: Path) -> Result:
    """Run the cell in *root*, an empty folder; raises BlindError where it shows nothing."""
    command, edit = BY_NAME[cell.command], edit_named(cell.edit)
    with RENDERING:
        base = base_of(SUBJECTS[cell.subject], shared, ours=command.ours)
    subject = Subject(root, base, cell, uv, shared)
    edit.prepare(subject)
    if command.leaves:
        first = subject.execute()
        if first.returncode:
            raise BlindError(f"the command fails before the edit: {first.stdout}{first.stderr}")
    before = [subject.answer(question) for question in edit.answers]
    if not all(map(_is_answered, edit.answers, before)):
        raise BlindError(f"the program does not answer before the edit: {before}")
    if _holds(before, edit):
        raise BlindError(f"the question does not see the edit: {before}")
    edit.change(subject)
    start = time.perf_counter()
    again: subprocess.CompletedProcess[str] | None = None
    if command.leaves and not command.once:
        again = subject.execute()
    elif not command.leaves:
        subject.answer(next(iter(edit.answers)))
    seconds = time.perf_counter() - start
    if again is not None and again.returncode:
        return Result(Outcome.FAILED, seconds, _complaint(again))
    after = [subject.answer(question) for question in edit.answers]
    if not all(map(_is_answered, edit.answers, after)):
        return Result(Outcome.FAILED, seconds, "; ".join(after))
    outcome = Outcome.FRESH if _holds(after, edit) else Outcome.STALE
    return Result(outcome, seconds, "" if outcome is Outcome.FRESH else "; ".join(after))


def _is_answered(question: str, answer: str) -> bool:
    """Tell whether a program was run; that a command is not there is an answer only of one."""
    if answer.startswith("error: ") or "make: " in answer:
        return False
    return question.startswith("$") or answer != "command not found"


def _holds(answers: Sequence[str], edit: Edit) -> bool:
    expected = edit.answers.values()
    return all(given.startswith(owed) for given, owed in zip(answers, expected, strict=True))


def _complaint(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line for line in done.stderr.splitlines() if "error" in line.lower()]
    return (lines or done.stderr.splitlines() or done.stdout.splitlines() or [""])[0].strip()


def edit_named(name: str) -> Edit:
    return NAMED[name]


NAMED: Mapping[str, Edit] = {edit.name: edit for edit in EDITS}

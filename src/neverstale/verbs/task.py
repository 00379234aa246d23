"""What a verb works on, made from its options."""

import argparse
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from neverstale.errors import CANNOT_TELL
from neverstale.terminal import Console, one_line

if TYPE_CHECKING:
    from neverstale.install.cleaning import Cleaned
    from neverstale.install.task import Task
    from neverstale.project.metadata import Project


Options = argparse.Namespace
"""The options of a verb; ``arguments`` are those that it passes on."""

LOOKING = ("doctor",)
"""Verbs that leave no trace among the sources."""

OLD_WILL_DO = ("clean", "uninstall", "update")
"""Verbs for which a project without [project] need not be built to know its name."""


class Parser(argparse.ArgumentParser):
    """A parser that refuses with one line of what, and one of what to do."""

    def error(self, message: str) -> NoReturn:
        """Print *message* and end with exit code 2."""
        self.exit(
            CANNOT_TELL, f"error: {message}\nhint: `{self.prog} --help` shows what there is\n"
        )


def task_of(options: Options, console: Console) -> "Task":
    """Return the task; raise NeverstaleError where the project cannot be read."""
    from neverstale.install.task import Task
    from neverstale.process import find_uv
    from neverstale.project.metadata import read_project
    from neverstale.wheels.build import Builder
    from neverstale.wheels.store import store_of

    root = Path(options.project).resolve()
    uv = find_uv(root, console.announce)
    looking = options.verb in LOOKING
    store = store_of(root, looking=looking)
    builder = Builder(uv, store, console.wait, traceless=looking)
    may_build = not getattr(options, "quick", False)
    ask = partial(builder.ask, may_build=may_build, old=options.verb in OLD_WILL_DO)

    def read(folder: Path) -> "Project":
        return read_project(folder, ask)

    return Task(read(root), builder, read, getattr(options, "target", None))


def say_cleaned(cleaned: "Cleaned", root: Path, console: Console) -> None:
    """Say what was removed before a build, and what was kept."""
    for kept in cleaned.kept:
        console.step("kept", one_line(f"{os.path.relpath(kept.path, root)} ({kept.reason})"))
    for path in cleaned.removed:
        console.step("removed", one_line(os.path.relpath(path, root)))


def say_unanswered(task: "Task", console: Console) -> None:
    """Print which program the build asked for the version, if it is not installed."""
    if task.project.version is not None:
        return
    from neverstale.programs import find_program
    from neverstale.wheels.inputs import VERSIONING

    built = task.builder.store.newest(task.project, "wheel")
    for program in built.answers.keys() & set(VERSIONING) if built else ():
        if not find_program(program):
            console.tell(
                f"the build asked {program}, which is not installed: the version may be wrong\n"
                f"hint: install {program}, and open a new terminal"
            )

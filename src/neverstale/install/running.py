"""The verbs that run something: from the sources, or from a wheel of them."""

import os
from collections.abc import Sequence
from pathlib import Path

from neverstale.diagnosis.findings import Fix
from neverstale.diagnosis.invocation import find_invocation
from neverstale.environments.discovery import tool_environment, venv_environment
from neverstale.environments.python import python_for
from neverstale.errors import NeverstaleError
from neverstale.install.cleaning import clean_artifacts
from neverstale.install.developing import sync_environment
from neverstale.install.editables import reference_for
from neverstale.install.task import Task, refuse_sources
from neverstale.names import NormalizedName
from neverstale.process import become
from neverstale.project.bytecode import find_stale_bytecode
from neverstale.project.metadata import Project
from neverstale.project.requirements import at_path
from neverstale.removal import remove
from neverstale.wheels.answers import Present
from neverstale.wheels.toolchain import interpreter_of


def run(task: Task, arguments: Sequence[str]) -> int:
    """Run a command straight from the sources, metadata included."""
    words = command_or_default(arguments, task.project, "run")
    if task.project.has_table:
        if (task.project.root / ".venv").exists() or task.project.may_compile:
            sync_environment(task, "--quiet", "--inexact", always=False)
        sources: list[str] = []
    else:
        remove(find_stale_bytecode(task.project.root), task.project.root)
        sources = ["--isolated", "--no-project", *_from_sources(task)]
    command = [task.uv.executable, "run", *sources, *words]
    return become(command, task.project.root, task.uv.announce)


def _from_sources(task: Task) -> list[str]:
    """Return how uv runs a project that it does not know: its wheel where files are copied."""
    builder, project = task.builder, task.project
    environment = tool_environment(task.uv, project.name)
    editable = reference_for(project, environment, builder, "editable")
    copies = [f for f in editable.distribution.files if f.startswith("{scripts}/")]
    if not copies:
        return ["--with-editable", at_path(project.name, project.root)]
    wheel = wheels_of(task, _own_python(task))[project.name]
    return ["--with", at_path(project.name, wheel)]


def command_or_default(arguments: Sequence[str], project: Project, verb: str) -> list[str]:
    """Return *arguments*, or the project's only command where there are none."""
    commands = sorted(project.likely_commands or {})
    if not arguments and len(commands) != 1:
        typed = find_invocation(project.root)
        raise NeverstaleError(
            f"{verb} what? The project declares {len(commands)} commands",
            hint=f"name one: {Fix((typed(verb, 'COMMAND', '--help'),))}",
        )
    return list(arguments) or commands


def run_wheel(task: Task, arguments: Sequence[str]) -> int:
    """Run a command from the wheel of the present sources in a throwaway environment."""
    words = command_or_default(arguments, task.project, "run-wheel")
    wheels = wheels_of(task, _own_python(task))
    python = _own_python(task)
    if not python and task.project.may_compile:
        python = ["--python", str(interpreter_of(task.uv, []).executable)]
    python = python or ["--python", task.project.requires_python or "3"]
    with_wheels = [word for each in wheels.items() for word in ("--with", at_path(*each))]
    # Else the current folder comes first on sys.path, and a flat layout would hide the wheel.
    os.environ["PYTHONSAFEPATH"] = "1"
    command = [task.uv.executable, "run", "--isolated", "--no-project", *python, *with_wheels]
    return become([*command, *words], task.project.root, task.uv.announce)


def _own_python(task: Task) -> list[str]:
    return python_for(task.project, venv_environment(task.project.root))


def wheels_of(task: Task, python: Sequence[str]) -> dict[NormalizedName, Path]:
    """Return name → wheel of the present sources, built if needed.

    Of the project, and of what it needs from the same workspace.
    """
    store = task.builder.store
    found: dict[NormalizedName, Path] = {}
    together = task.together()
    with store.locked(task.builder.wait):
        for each in together:
            refuse_sources(each)
            minor = interpreter_of(task.uv, python).minor if each.may_compile else None
            present = Present(each, minor)
            built = task.builder.usable(present, "wheel")
            if built is None:
                clean_artifacts(each)
                built = task.builder.build(present, "wheel", python)
            built.archive.touch()  # uv is to read it, not what its cache made of it
            found[each.name] = built.archive
    return found

"""The commands that are compared: those that people type, those of other templates, ours."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

TOOL, VENV, CONSUMER = "tool", "venv", "consumer"
"""Where a command leaves the project: a uv tool, its ``.venv``, or another project's ``.venv``."""


class Group(Enum):
    """Which commands stand together in the picture; the value is the heading."""

    INSTALLING = "Install a command"
    ENVIRONMENT = "Install into an environment"
    RUNNING = "Run without installing"
    EDITABLE = "Editable"
    OURS = "This template"


@dataclass(frozen=True)
class Command:
    """A command line, run in the project before an edit and, unless *once*, again after it.

    The program is asked where the command *leaves* it. A command that runs the program itself
    leaves nothing: its *line* ends where the program's name and arguments follow. *asks_uv* says
    whether another uv could answer otherwise. *known_from* tells whose command it is, beside
    those who type it.
    """

    name: str
    group: Group
    line: str
    leaves: str = ""
    once: bool = False
    asks_uv: bool = True
    known_from: str = ""

    @property
    def runs_the_sources(self) -> bool:
        """Tell whether what it leaves is editable: what a wheel would hold is nothing to it."""
        return self.group is Group.EDITABLE or self.name in ("make install-editable", "make run")

    @property
    def ours(self) -> bool:
        """Tell whether it is one of this template's."""
        return self.group is Group.OURS


def _typed(group: Group, leaves: str, *lines: str) -> list[Command]:
    """Return commands whose name is what is typed."""
    return [Command(line, group, line, leaves) for line in lines]


WHEEL = "dist/*.whl"
PIP = ".venv/bin/python -m pip install --quiet"

COMMANDS = [
    *_typed(
        Group.INSTALLING,
        TOOL,
        "uv tool install .",
        "uv tool install --force .",
        "uv tool install --reinstall .",
        "uv tool install --force --no-cache .",
        "rm -rf build dist *.egg-info && uv tool install --force .",
        f"uv build && uv tool install --force {WHEEL}",
        f"uv build --wheel && uv tool install --force {WHEEL}",
    ),
    Command(
        "uv tool upgrade demo-app",
        Group.INSTALLING,
        "if test -e ../commands/demo-app; then uv tool upgrade demo-app; "
        "else uv tool install .; fi",
        TOOL,
    ),
    *_typed(
        Group.ENVIRONMENT,
        VENV,
        "uv pip install .",
        "uv sync --no-editable",
        "uv sync --no-editable --reinstall-package demo-app",
    ),
    Command("pip install .", Group.ENVIRONMENT, f"{PIP} .", VENV, asks_uv=False),
    Command(
        "pip install --force-reinstall --no-cache-dir .",
        Group.ENVIRONMENT,
        f"{PIP} --force-reinstall --no-cache-dir .",
        VENV,
        asks_uv=False,
    ),
    Command(
        'nox -r: session.install(".")',
        Group.ENVIRONMENT,
        "nox --reuse-existing-virtualenvs --session tests",
        ".nox/tests",
        asks_uv=False,
        known_from="scientific-python/cookie, cookiecutter-hypermodern-python",
    ),
    Command(
        "tox run",
        Group.ENVIRONMENT,
        "tox run --quiet -e py --notest",
        ".tox/py",
        asks_uv=False,
        known_from="tox's own default, and templates that leave the installing to it",
    ),
    Command("path dependency: uv sync", Group.ENVIRONMENT, "cd ../consumer && uv sync", CONSUMER),
    Command("uvx --from . COMMAND", Group.RUNNING, "uvx --from ."),
    Command("uvx --refresh --from . COMMAND", Group.RUNNING, "uvx --refresh --from ."),
    Command(
        "uv build --wheel && uv run --with dist/*.whl COMMAND",
        Group.RUNNING,
        f"uv build --quiet --wheel && uv run --no-project --with {WHEEL}",
    ),
    Command(
        "uv sync",
        Group.EDITABLE,
        "uv sync",
        VENV,
        known_from="`make install` of cookiecutter-uv and simple-modern-uv",
    ),
    Command("uv run COMMAND", Group.EDITABLE, "uv run"),
    Command("pip install -e .", Group.EDITABLE, f"{PIP} -e .", VENV, asks_uv=False),
    Command(
        "pip install -e ., once", Group.EDITABLE, f"{PIP} -e .", VENV, once=True, asks_uv=False
    ),
    Command(
        "uv tool install --editable ., once",
        Group.EDITABLE,
        "uv tool install --editable .",
        TOOL,
        once=True,
    ),
    Command("make install", Group.OURS, "make install", TOOL),
    Command("make fresh", Group.OURS, "make fresh", TOOL),
    Command("make install-editable", Group.OURS, "make install-editable", TOOL),
    Command("make run", Group.OURS, "make -s run ARGS="),
    Command("make run-wheel", Group.OURS, "make -s run-wheel ARGS="),
    Command(
        "make install; path dependency: uv sync",
        Group.OURS,
        "make install && cd ../consumer && uv sync",
        CONSUMER,
    ),
]

BY_NAME: Mapping[str, Command] = {command.name: command for command in COMMANDS}

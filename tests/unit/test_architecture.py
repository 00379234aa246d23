"""The imports go one way, and nothing is too long to be read at once."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import neverstale

FOLDER = Path(neverstale.__file__).parent

BASE = (
    "errors",
    "names",
    "versions",
    "files",
    "removal",
    "shell",
    "programs",
    "process",
    "git",
    "cache",
)
"""Modules that belong to no room; each may import those before it."""

ROOMS = ("project", "wheels", "environments", "diagnosis", "install", "release", "template")
"""Each may import the base, itself and those before it."""

APART = {("template", "release"), ("release", "template")}
"""Rooms beside one another."""

FACES = (
    *("schemas", "terminal", "report", "formats", "verbs", "cli", "__main__"),
    *("nox_helper", "test_run", "pytest_plugin"),
)
"""Each may import the rooms and the faces before it, and no room imports one."""

OF_TERMINAL = {"errors", "shell"}

OUTSIDE = {
    *(
        "argcomplete",
        "filelock",
        "packaging",
        "platformdirs",
        "psutil",
        "tomli",
        "uv",
        "watchfiles",
        "yaml",
    ),
    *("nox", "pytest"),  # of those who have them: each has a face of its own
}

LONGEST_MODULE, LONGEST_FUNCTION = 300, 60

PRINTING = {"terminal.py", "cli.py"}
"""The second prints the version, as argparse does."""

LONG_MODULES: dict[str, int] = {}
"""What is too long, and how long it may be at most: these numbers only become smaller."""

LONG_FUNCTIONS: dict[str, int] = {}

MODULES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.py"))


@cache
def nodes(module: str) -> list[ast.AST]:
    return list(ast.walk(ast.parse((FOLDER / module).read_text(encoding="utf-8"))))


def imported(module: str) -> Iterator[str]:
    """Yield the full names of what a module imports, at the top and within functions."""
    for node in nodes(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_of(module: str) -> str:
    """Return the room, face or base module of a file; empty for the package itself."""
    first = module.partition("/")[0].removesuffix(".py")
    return "" if first == "__init__" else first


def rooms_imported(module: str) -> set[str]:
    own = (name.split(".") for name in imported(module))
    seconds = {parts[1] for parts in own if parts[0] == "neverstale" and len(parts) > 1}
    return {second for second in seconds if not second.startswith("__") or second == "__main__"}


def allowed(room: str) -> set[str]:
    if room == "terminal":
        return OF_TERMINAL
    order = (*BASE, *ROOMS, *FACES)
    before = set(order[: order.index(room)]) if room in order else set()
    if room not in BASE:
        before.add(room)
    return {each for each in before if (room, each) not in APART}


def test_every_module_has_its_place() -> None:
    assert {room_of(module) for module in MODULES} == {"", *BASE, *ROOMS, *FACES}


def test_imports_go_one_way() -> None:
    wrong = {module: rooms_imported(module) - allowed(room_of(module)) for module in MODULES}
    assert {module: rooms for module, rooms in wrong.items() if rooms} == {}


@pytest.mark.parametrize(
    ("room", "other", "may"),
    [
        ("wheels", "environments", False),
        ("environments", "wheels", True),
        ("diagnosis", "install", False),
        ("template", "release", False),
        ("release", "template", False),
        ("template", "diagnosis", True),
        ("install", "report", False),
        ("report", "install", True),
        ("terminal", "shell", True),
        ("terminal", "files", False),
        ("files", "git", False),
        ("git", "files", True),
        ("cli", "__main__", False),
    ],
)
def test_which_way(room: str, other: str, may: bool) -> None:
    assert (other in allowed(room)) == may


def test_little_is_needed_from_outside() -> None:
    tops = {name.partition(".")[0] for module in MODULES for name in imported(module)}
    assert tops - OUTSIDE - {"neverstale"} <= set(sys.stdlib_module_names)


def test_only_the_terminal_prints() -> None:
    prints = {
        module
        for module in MODULES
        for node in nodes(module)
        if isinstance(node, ast.Call)
        if isinstance(node.func, ast.Name) and node.func.id == "print"
    }
    assert prints <= PRINTING


def test_no_module_is_too_long() -> None:
    lines = {m: len((FOLDER / m).read_text(encoding="utf-8").splitlines()) for m in MODULES}
    assert {m: n for m, n in lines.items() if n > LONG_MODULES.get(m, LONGEST_MODULE)} == {}
    assert LONG_MODULES.keys() <= lines.keys()


def test_no_function_is_too_long() -> None:
    lines = {
        f"{module} {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for module in MODULES
        for node in nodes(module)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {f: n for f, n in lines.items() if n > LONG_FUNCTIONS.get(f, LONGEST_FUNCTION)} == {}
    assert LONG_FUNCTIONS.keys() <= lines.keys()


def test_the_lists_of_what_is_too_long_name_nothing_else() -> None:
    assert all(most > LONGEST_MODULE for most in LONG_MODULES.values())
    assert all(most > LONGEST_FUNCTION for most in LONG_FUNCTIONS.values())


@pytest.mark.parametrize(
    ("modules", "slow"),
    [
        ("neverstale.pytest_plugin", ("neverstale.test_run", "neverstale.project")),
        (
            "neverstale.cli, neverstale.install.workflows, neverstale.install.running",
            ("dataclasses", "inspect", "packaging.utils", "packaging.version", "platformdirs"),
        ),
        (
            "neverstale.diagnosis.doctor",
            ("dataclasses", "difflib", "importlib.metadata", "packaging.specifiers", "subprocess"),
        ),
    ],
)
def test_what_is_slow_is_not_imported_before_its_use(modules: str, slow: tuple[str, ...]) -> None:
    program = f"import sys, {modules}; print(*sys.modules)"
    told = subprocess.run(
        [
            sys.executable,
            "-S",
            "-c",
            f"sys = __import__('sys'); sys.path[:0] = {sys.path}; {program}",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(told.stdout.split()).isdisjoint(slow)

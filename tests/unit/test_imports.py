"""The direction of the imports: sources → fingerprint → wheel → installed → verdict."""

import ast
import subprocess
import sys
from pathlib import Path

import neverstale
import pytest
from support.render import REPOSITORY

FOLDER = Path(freshness.__file__).parent

BASE = {"codes", "errors", "git", "record", "tree"}
ALLOWED = {
    "codes": set(),
    "errors": set(),
    "findings": {"codes"},
    "git": {"errors"},
    "tree": set(),
    "record": set(),
    "distribution": {"errors", "record"},
    "uv": {"errors"},
    "progress": set(),
    "answer": set(),
    # The readers: the base and, where one reads what another finds, that one.
    "pyproject": {"errors"},
    "workspace": {"pyproject"},
    "project": BASE | {"pyproject", "workspace"},
    "members": BASE | {"project", "requirements", "workspace"},
    "artifacts": BASE,
    "bytecode": BASE,
    "sources": BASE | {"artifacts", "project"},
    "targets": {"record"},
    "archives": BASE | {"distribution"},
    "wheel": BASE | {"archives", "distribution", "project", "uv"},
    "environments": BASE | {"uv", "workspace"},
    "installed": BASE | {"distribution", "environments"},
    "leftovers": BASE | {"artifacts", "bytecode", "distribution", "project"},
    "imports": BASE | {"environments", "uv"},
    "shell": BASE | {"distribution"},
    # Values in, findings out; of the readers they know the values that those return.
    "requirements": {"distribution"},
    "diagnosis": {
        *("codes", "distribution", "findings", "installed", "project", "record", "requirements"),
    },
    "circumstances": {
        *("codes", "environments", "findings", "fixes", "imports", "installed", "leftovers"),
        *("project", "shell", "tree"),
    },
    "spelling": {"tree"},
    "fixes": {"tree", "codes", "environments", "findings", "project", "spelling"},
    "places": {
        *("archives", "circumstances", "codes", "diagnosis", "distribution", "environments"),
        *("errors", "findings", "installed", "project", "record", "requirements", "shell"),
        "targets",
    },
    "report": {"codes", "doctor", "findings", "imports", "places"},
    "store": {"archives", "distribution", "errors", "record", "sources", "wheel"},
    "sdist": set(),
    "signals": set(),
    "sync": {"environments", "record", "store", "uv"},
    "standins": {"environments", "installed", "tree"},
    "release": BASE | {"archives", "compiled", "project", "sdist", "sources", "uv", "wheel"},
    "hooks": BASE,
    "compiled": BASE | {"artifacts", "project", "uv"},
    "backend": {"compiled", "project", "uv", "wheel"},
    "objects": {"backend", "compiled", "project", "record", "sources", "uv", "wheel"},
    "editables": {
        *("artifacts", "backend", "compiled", "environments", "errors", "installed"),
        *("objects", "project", "record", "sources", "store", "uv", "wheel"),
    },
    "declared": None,
    "template": BASE | {"project"},
    "update": BASE | {"template"},
    "backup": {"environments", "installed", "standins"},
    "doctor": None,
    "install": None,
    "terminal": {"findings", "report"},
    "cleaning": None,
    "publishing": None,
    "workflows": None,
    "cli": None,
    "sessions": set(),
    "__init__": set(),
    "__main__": {"cli"},
}
"""Module → the modules of the package that it may import; None for those that join."""

OUTSIDE = {"filelock", "packaging", "rich", "tomli", "yaml"}
NO_PROCESS = [m for m in ALLOWED if m not in ("git", "imports", "uv")]


def imports(module: str) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse((FOLDER / f"{module}.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            found.add(node.module or "")
    return found


def test_every_module_has_its_place() -> None:
    assert {path.stem for path in FOLDER.glob("*.py")} == set(ALLOWED)


@pytest.mark.parametrize("module", ALLOWED)
def test_imports_go_one_way(module: str) -> None:
    own = {name.removeprefix("freshness.") for name in imports(module) if "freshness." in name}
    allowed = ALLOWED[module]
    if allowed is not None:
        assert own <= allowed
    assert module == "__main__" or "cli" not in own, "nothing imports cli"


@pytest.mark.parametrize("module", ALLOWED)
def test_little_is_needed_from_outside(module: str) -> None:
    top = {name.partition(".")[0] for name in imports(module)} - {"freshness"}
    allowed = {"nox"} if module == "sessions" else OUTSIDE
    assert top - allowed <= set(sys.stdlib_module_names)


def test_the_linter_reads_every_module() -> None:
    """The ruff.toml that ships, to keep an owner's ruff out, must not keep ours out."""
    command = [sys.executable, "-m", "nox", "--session", "lint", "--", "--show-files"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    read = {Path(line).name for line in done.stdout.splitlines() if "/tools/freshness/" in line}
    assert {f"{module}.py" for module in ALLOWED} <= read


@pytest.mark.parametrize("module", NO_PROCESS)
def test_no_process_is_started_by(module: str) -> None:
    assert "subprocess" not in imports(module)


def test_only_terminal_prints() -> None:
    for path in FOLDER.glob("*.py"):
        calls = [
            node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)
        ]
        names = {call.func.id for call in calls if isinstance(call.func, ast.Name)}
        assert path.stem == "terminal" or "print" not in names, path

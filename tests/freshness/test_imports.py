"""The direction of the imports: sources → fingerprint → wheel → installed → verdict."""

import ast
from pathlib import Path

import freshness
import pytest

FOLDER = Path(freshness.__file__).parent

BASE = {"errors", "git", "record", "tree"}
ALLOWED = {
    "errors": set(),
    "git": {"errors"},
    "tree": set(),
    "record": set(),
    "distribution": {"errors", "record"},
    "uv": {"errors"},
    # The readers: the base, and not each other; wheel and installed read for a project.
    "project": BASE,
    "artifacts": BASE,
    "bytecode": BASE,
    "sources": BASE,
    "wheel": BASE | {"distribution", "project", "uv"},
    "installed": BASE | {"distribution", "uv"},
    # Values in, findings out; of the readers it knows the values that they return.
    "diagnosis": {"distribution", "installed", "project", "record"},
    "places": {"diagnosis", "distribution", "errors", "installed", "project"},
    "report": {"diagnosis", "places", "project"},
    "store": {"errors", "sources", "wheel"},
    "backend": {"project", "uv", "wheel"},
    "backup": {"installed"},
    "install": None,
    "cli": None,
    "__init__": set(),
    "__main__": {"cli"},
}
"""Module → the modules of the package that it may import; None for those that join."""

OUTSIDE = {"filelock", "packaging", "rich", "tomli"}
NO_PROCESS = ["diagnosis", "report", "record", "distribution", "project", "tree", "bytecode"]


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
    import sys

    top = {name.partition(".")[0] for name in imports(module)} - {"freshness"}
    assert top - OUTSIDE <= set(sys.stdlib_module_names)


@pytest.mark.parametrize("module", NO_PROCESS)
def test_no_process_is_started_by(module: str) -> None:
    assert "subprocess" not in imports(module)


def test_only_cli_prints() -> None:
    for path in FOLDER.glob("*.py"):
        calls = [
            node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)
        ]
        names = {call.func.id for call in calls if isinstance(call.func, ast.Name)}
        assert path.stem == "cli" or "print" not in names, path

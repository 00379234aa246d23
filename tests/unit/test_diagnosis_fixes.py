"""The commands that fix a finding, by the kind of place and what is there."""

from pathlib import Path

import pytest
from support.tree import build_file_tree
from unit.made_up import PROJECT, fixes_of, make_environment

from neverstale.diagnosis.codes import Code
from neverstale.diagnosis.findings import Fix, finding
from neverstale.diagnosis.fixes import commands_of, fixes_for
from neverstale.environments.environment import (
    ACTIVE,
    OTHER,
    PIPX,
    PYTHON,
    TOOL,
    USER,
    VENV,
    Environment,
)

OWN = "neverstale"
NO_TABLE = PROJECT._replace(has_table=False)
FOR_VENV = PROJECT._replace(target="venv")


@pytest.mark.parametrize(
    ("place", "name", "project", "editable", "expected"),
    [
        pytest.param(TOOL, "demo", PROJECT, False, "install", id="the tool"),
        pytest.param(TOOL, "demo", PROJECT, True, "install-editable", id="the tool, editable"),
        pytest.param(TOOL, "demo", FOR_VENV, False, "install --target tool", id="not its target"),
        pytest.param(TOOL, "other", PROJECT, False, "install --target {prefix}", id="another tool"),
        pytest.param(VENV, ".venv", PROJECT, False, "install --target venv", id="the environment"),
        pytest.param(VENV, ".venv", FOR_VENV, False, "install", id="its target"),
        pytest.param(VENV, ".venv", PROJECT, True, "dev", id="the environment, editable"),
        pytest.param(
            VENV, ".venv", NO_TABLE, True, "install-editable --target venv", id="no table, editable"
        ),
        pytest.param(PIPX, "demo", PROJECT, False, "install --target {prefix}", id="pipx"),
        pytest.param(
            ACTIVE, "x", PROJECT, True, "install-editable --target {prefix}", id="an active one"
        ),
    ],
)
def test_reinstall(
    place: str, name: str, project: object, editable: bool, expected: str, tmp_path: Path
) -> None:
    environment = make_environment(tmp_path / name, place)
    fix = fixes_of(project).reinstall(environment, editable=editable)  # type: ignore[arg-type]
    words = [OWN, *(word.format(prefix=environment.prefix) for word in expected.split())]
    assert fix == Fix((tuple(words),))


@pytest.mark.parametrize(
    ("place", "name", "project", "expected"),
    [
        pytest.param(TOOL, "demo", PROJECT, (OWN, "install"), id="the tool is made again"),
        pytest.param(VENV, ".venv", PROJECT, (OWN, "dev"), id="the environment is made again"),
        pytest.param(VENV, ".venv", NO_TABLE, None, id="an environment that uv does not know"),
        pytest.param(TOOL, "other", PROJECT, None, id="another tool"),
        pytest.param(OTHER, "x", PROJECT, None, id="somebody's environment"),
    ],
)
def test_reinstall_without_an_interpreter(
    place: str, name: str, project: object, expected: tuple[str, ...] | None, tmp_path: Path
) -> None:
    environment = make_environment(tmp_path / name, place, runs=False)
    fix = fixes_of(project).reinstall(environment, editable=False)  # type: ignore[arg-type]
    advice = Fix(advice=f"create the environment again: {environment.prefix}")
    assert fix == (Fix((expected,)) if expected else advice)


@pytest.mark.parametrize(
    ("place", "name", "project", "expected"),
    [
        pytest.param(TOOL, "demo", PROJECT, "install", id="the tool"),
        pytest.param(TOOL, "other", PROJECT, None, id="another tool"),
        pytest.param(VENV, ".venv", PROJECT, "dev", id="the environment"),
        pytest.param(VENV, ".venv", NO_TABLE, None, id="an environment that uv does not know"),
        pytest.param(OTHER, "x", PROJECT, None, id="somebody's environment"),
    ],
)
def test_another_python(
    place: str, name: str, project: object, expected: str | None, tmp_path: Path
) -> None:
    environment = Environment(place, tmp_path / name, tmp_path / name / "bin")
    fix = fixes_of(project).another_python(environment)  # type: ignore[arg-type]
    advice = Fix(advice=f"create {environment.prefix} again with Python >=3.10")
    assert fix == (Fix(((OWN, expected),)) if expected else advice)
    assert PROJECT.requires_python == ">=3.10"


def interpreters(root: Path, place: str, *, pip: bool, managed: bool = False) -> Environment:
    """Return the folders of an interpreter, which is no virtual environment."""
    site = "lib/python3.12/site-packages"
    build_file_tree(root, {"bin/python3.12": "", f"{site}/": ""})
    if pip:
        build_file_tree(root, {f"{site}/pip-24.0.dist-info/": ""})
    if managed:
        build_file_tree(root, {"lib/python3.12/EXTERNALLY-MANAGED": ""})
    return Environment(
        place, root, root / "bin", "3.12", site=root / site, python=root / "bin/python3.12"
    )


@pytest.mark.parametrize(
    ("place", "pip", "editable", "expected"),
    [
        (PYTHON, True, False, "{python} -m pip install --quiet ."),
        (PYTHON, True, True, "{python} -m pip install --quiet --editable ."),
        (USER, True, False, "{python} -m pip install --quiet --user ."),
        (PYTHON, False, False, "uv pip install --python {python} --reinstall-package demo ."),
        (
            PYTHON,
            False,
            True,
            "uv pip install --python {python} --reinstall-package demo --editable .",
        ),
    ],
)
def test_reinstall_into_an_interpreter(
    place: str, pip: bool, editable: bool, expected: str, tmp_path: Path
) -> None:
    environment = interpreters(tmp_path / "a b", place, pip=pip)
    command = tuple(w.format(python=environment.python) for w in expected.split())
    fix = fixes_of().reinstall(environment, editable=editable)
    assert fix == Fix(((OWN, "clean"), command))


def test_a_user_site_without_pip(tmp_path: Path) -> None:
    environment = interpreters(tmp_path, USER, pip=False)
    fix = fixes_of().reinstall(environment, editable=False)
    assert not fix.commands
    assert (
        fix.advice == f"install pip for {environment.python}, or remove the project there by hand"
    )


def test_an_interpreter_that_nobody_finds(tmp_path: Path) -> None:
    environment = interpreters(tmp_path, USER, pip=True)._replace(python=None)
    fix = fixes_of().reinstall(environment, editable=False)
    assert not fix.commands
    assert fix.advice.startswith(f"no interpreter on PATH uses {environment.site_packages}")


@pytest.mark.parametrize("pip", [True, False])
def test_packages_that_the_system_keeps(pip: bool, tmp_path: Path) -> None:
    environment = interpreters(tmp_path, PYTHON, pip=pip, managed=True)
    fix = fixes_of().reinstall(environment, editable=False)
    assert not fix.commands
    assert " install --break-system-packages " in fix.advice
    assert "if they are yours" in fix.advice


def test_commands_are_each_run_once_and_in_order() -> None:
    first, second = Fix((("b",), ("a",))), Fix((("a",), ("c",)))
    findings = [
        finding(Code.NS203, first, "x"),
        finding(Code.NS208, Fix((("remark",),)), "x"),
        finding(Code.NS201, second, "x"),
        finding(Code.NS607, Fix(advice="by hand"), "x"),
    ]
    assert commands_of(findings) == [("b",), ("a",), ("c",)]


def test_fixes_of_a_project_are_typed_in_its_folder(tmp_path: Path) -> None:
    build_file_tree(tmp_path, {"tools/neverstale.py": ""})
    fixes = fixes_for(PROJECT._replace(root=tmp_path))
    (command,) = fixes.verb("install", "--target", "venv").commands
    assert command[-3:] == ("install", "--target", "venv")
    assert "tools/neverstale.py" in command

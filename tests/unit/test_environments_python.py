"""Which interpreter is named to uv."""

import platform
from pathlib import Path

import pytest
from support.tree import build_file_tree
from unit.made_up import PROJECT, make_environment

from neverstale.environments.environment import OTHER, PIPX, TOOL, VENV
from neverstale.environments.python import python_for
from neverstale.process import base_interpreter
from neverstale.project.metadata import Project

OURS = ["--python", str(base_interpreter())]
ANY = PROJECT._replace(requires_python="")
COMPILED = ANY._replace(build_backend="maturin")


@pytest.fixture(autouse=True)
def _nothing_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UV_PYTHON", raising=False)


@pytest.mark.parametrize(
    ("place", "project", "own"),
    [
        pytest.param(TOOL, ANY, True, id="a tool"),
        pytest.param(PIPX, ANY, True, id="pipx"),
        pytest.param(VENV, ANY, False, id="an environment"),
        pytest.param(VENV, COMPILED, True, id="an environment, compiled"),
        pytest.param(OTHER, COMPILED, True, id="another, compiled"),
    ],
)
def test_whose_interpreter(place: str, project: Project, own: bool, tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "env", place)
    found = python_for(project._replace(root=tmp_path), environment)
    assert found == (["--python", str(environment.interpreter)] if own else OURS)


def test_without_an_environment(tmp_path: Path) -> None:
    assert python_for(ANY._replace(root=tmp_path)) == OURS
    assert python_for(COMPILED._replace(root=tmp_path)) == OURS


@pytest.mark.parametrize("version", ["3.12.1", ""])
def test_a_tool_that_has_no_interpreter_or_no_version(version: str, tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "env", TOOL, runs=not version)
    if not version:
        (environment.prefix / "pyvenv.cfg").write_text("", encoding="utf-8")
        environment = environment._replace(site=tmp_path)
    assert python_for(ANY._replace(root=tmp_path), environment) == OURS


@pytest.mark.parametrize(
    ("wanted", "named"),
    [(">=3.12", True), (">=3.12.1", True), (">3.12.1", False), ("<3.12", False), ("", True)],
)
def test_an_interpreter_that_does_not_suit_is_not_named(
    wanted: str, named: bool, tmp_path: Path
) -> None:
    environment = make_environment(tmp_path / "env", TOOL)
    project = PROJECT._replace(root=tmp_path, requires_python=wanted)
    assert bool(python_for(project, environment)) == named
    never = project._replace(requires_python=f"!={platform.python_version()}")
    assert python_for(never) == []


def test_the_owner_chooses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = make_environment(tmp_path / "env", TOOL)
    project = ANY._replace(root=tmp_path)
    monkeypatch.setenv("UV_PYTHON", "")
    assert python_for(project, environment) == []
    monkeypatch.delenv("UV_PYTHON")
    assert python_for(project, environment)
    build_file_tree(tmp_path, {".python-version": "3.12\n"})
    assert python_for(project, environment) == []

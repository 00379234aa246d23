"""What extension modules of an editable install were compiled from."""

import json
from pathlib import Path

import pytest
from support.tree import build_file_tree
from unit.made_up import ONE, install_files, make_environment, make_project

from neverstale.environments.compiled import (
    NOTES,
    changed_inputs,
    fits,
    modules_of,
    note_compiled,
    read_notes,
)
from neverstale.environments.environment import OTHER, Environment
from neverstale.files import digest_of
from neverstale.project.metadata import Project
from neverstale.project.sources import read_sources

SO = "fast.cpython-312-x86_64-linux-gnu.so"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = make_project(tmp_path / "p", build_backend="maturin", build_requires=("maturin",))
    build_file_tree(made.root, {"src/lib.rs": "1", f"src/demo/{SO}": "code", "README.md": ""})
    (tmp_path / "store").mkdir()
    return made


@pytest.mark.parametrize(
    ("name", "version", "expected"),
    [
        ("fast.cpython-312-x86_64-linux-gnu.so", "3.12.1", True),
        ("fast.cpython-311-x86_64-linux-gnu.so", "3.12.1", False),
        ("fast.cp312-win_amd64.pyd", "3.12.1", True),
        ("fast.cp310-win_amd64.pyd", "3.12.1", False),
        ("fast.pypy310-pp73-x86_64-linux-gnu.so", "3.10.1", True),
        ("fast.pypy310-pp73-x86_64-linux-gnu.so", "3.12.1", False),
        ("fast.abi3.so", "3.12.1", True),
        ("fast.so", "3.12.1", True),
        ("fastcp39.so", "3.12.1", True),
    ],
)
def test_fits(name: str, version: str, expected: bool, tmp_path: Path) -> None:
    assert fits(name, make_environment(tmp_path / "env", version=version)) == expected
    assert fits(name, Environment(OTHER, tmp_path / "gone", tmp_path))


def test_modules(project: Project, tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "env")
    other = SO.replace("312", "311")
    build_file_tree(project.root, {f"src/demo/{other}": "", "src/demo/x.dat": ""})
    in_place = {SO: digest_of(b"code")}
    assert modules_of(project, environment) == in_place
    install_files(environment, {"more.abi3.so": "more", "demo.pth": ""})
    assert modules_of(project, environment) == {**in_place, "more.abi3.so": digest_of(b"more")}
    (environment.prefix / "lib/python3.12/site-packages/more.abi3.so").unlink()
    assert modules_of(project, environment) == in_place
    (environment.prefix / "lib/python3.12/site-packages/demo-1.0.dist-info/RECORD").unlink()
    assert modules_of(project, environment) == in_place
    assert modules_of(project, Environment(OTHER, tmp_path / "gone", tmp_path)) == {
        **in_place,
        other: digest_of(b""),
    }


def test_notes(project: Project, tmp_path: Path) -> None:
    store, environment = tmp_path / "store", make_environment(tmp_path / "env")
    assert read_notes(store) == {}
    gone = make_environment(tmp_path / "gone")
    for each in (gone, environment):
        note_compiled(each, [(project, read_sources(project))], {"demo": "x"}, store)
    noted = read_notes(store)
    assert set(noted) == {str(gone.prefix), str(environment.prefix)}
    note = noted[str(environment.prefix)]["demo"]
    assert note["modules"] == {SO: digest_of(b"code")}
    assert note["declared"] == "x"
    assert "src/lib.rs" in note["inputs"]
    gone.prefix.rename(tmp_path / "moved")
    note_compiled(environment, [(project, read_sources(project))], {}, store)
    noted = read_notes(store)
    assert set(noted) == {str(environment.prefix)}
    assert noted[str(environment.prefix)]["demo"]["declared"] is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a": 1}', '{"a": {}, "b": []}'])
def test_notes_that_are_none(text: str, tmp_path: Path) -> None:
    (tmp_path / NOTES).write_text(text, encoding="utf-8")
    assert read_notes(tmp_path) == {}


def changed(project: Project, tmp_path: Path) -> list[str] | None:
    environment = make_environment(tmp_path / "env") if not (tmp_path / "env").exists() else None
    environment = environment or Environment(OTHER, tmp_path / "env", tmp_path / "env/bin")
    modules = modules_of(project, environment)
    return changed_inputs(project, read_sources(project), modules, tmp_path / "store")


def test_inputs_that_changed(project: Project, tmp_path: Path) -> None:
    assert changed(project, tmp_path) is None
    environment = Environment(OTHER, tmp_path / "env", tmp_path / "env/bin")
    note_compiled(environment, [(project, read_sources(project))], {}, tmp_path / "store")
    assert changed(project, tmp_path) == []
    build_file_tree(project.root, {"README.md": "edited", "src/demo/cli.py": "edited"})
    assert changed(project, tmp_path) == []
    build_file_tree(project.root, {"src/lib.rs": "2", "src/new.rs": ""})
    assert changed(project, tmp_path) == ["src/lib.rs", "src/new.rs"]
    build_file_tree(project.root, {f"src/demo/{SO}": "other code"})
    assert changed(project, tmp_path) is None


def test_the_nearest_of_several_notes(project: Project, tmp_path: Path) -> None:
    store = tmp_path / "store"
    assert changed(project, tmp_path) is None
    environments = [make_environment(tmp_path / name) for name in ("one", "two")]
    note_compiled(environments[0], [(project, read_sources(project))], {}, store)
    build_file_tree(project.root, {"src/lib.rs": "2"})
    note_compiled(environments[1], [(project, read_sources(project))], {}, store)
    assert changed(project, tmp_path) == []
    assert changed(project._replace(name="other"), tmp_path) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "note", [None, [], {}, {"modules": {}}, {"modules": {"x": ONE}, "inputs": [], "files": {}}]
)
def test_notes_of_something_else(note: object, project: Project, tmp_path: Path) -> None:
    text = json.dumps({"/env": {"demo": note}})
    (tmp_path / "store" / NOTES).write_text(text, encoding="utf-8")
    assert changed(project, tmp_path) is None

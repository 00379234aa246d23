"""What builds leave behind, removed; what git tracks and what is the owner's stays."""

from pathlib import Path

import pytest
from support.tree import build_file_tree
from unit.made_up import make_project, make_wheel

from neverstale.environments.compiled import NOTES
from neverstale.install.cleaning import clean_all, clean_artifacts
from neverstale.install.editables import STAMP
from neverstale.project.metadata import Project
from neverstale.wheels.store import Store

SO = "src/demo/fast.cpython-312-x86_64-linux-gnu.so"
LEFT = {
    "build/lib/demo/old.py": "",
    "build/mine.txt": "",
    "src/demo.egg-info/PKG-INFO": "",
    "src/demo/__pycache__/cli.pyc": "",
    "tests/__pycache__/x.pyc": "",
    "src/demo/lone.pyc": "",
    SO: "",
}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = make_project(tmp_path / "a größe")
    build_file_tree(made.root, LEFT)
    make_wheel(made.root / "dist", {})
    return made


def below(project: Project, paths: tuple[Path, ...]) -> list[str]:
    return sorted(path.relative_to(project.root).as_posix() for path in paths)


ARTIFACTS = ["build/lib", "dist/demo-1.0-py3-none-any.whl", "src/demo.egg-info"]


def test_artifacts(project: Project) -> None:
    cleaned = clean_artifacts(project)
    assert below(project, cleaned.removed) == ARTIFACTS
    kept = [(each.path.name, each.reason) for each in cleaned.kept]
    assert kept == [("mine.txt", "no build of this project made it")]
    assert cleaned.bytecode == 0
    assert not any((project.root / path).exists() for path in ARTIFACTS)
    assert (project.root / "build/mine.txt").exists()
    assert (project.root / "src/demo/__pycache__").exists()
    assert clean_artifacts(project).removed == ()


def test_nothing_behind_a_link_is_removed(project: Project, tmp_path: Path) -> None:
    build_file_tree(tmp_path / "away", {"lone.pyc": "", "__pycache__/x.pyc": ""})
    (project.root / "src/demo/linked").symlink_to(tmp_path / "away")
    clean_all(project, Store(tmp_path / "store"))
    assert (tmp_path / "away/lone.pyc").exists()
    assert (tmp_path / "away/__pycache__/x.pyc").exists()


def test_all(project: Project, tmp_path: Path) -> None:
    cleaned = clean_all(project, Store(tmp_path / "store"))
    assert below(project, cleaned.removed) == sorted([*ARTIFACTS, "src/demo/lone.pyc"])
    assert cleaned.bytecode == 2
    assert not (project.root / "tests").exists(), "what this leaves empty goes as well"
    assert (project.root / "src/demo/cli.py").exists()
    assert (project.root / SO).exists(), "it hides no module"
    assert not (tmp_path / "store").exists()


def test_an_extension_that_hides_a_module(project: Project, tmp_path: Path) -> None:
    hides = SO.replace("fast", "cli")
    build_file_tree(project.root, {hides: ""})
    cleaned = clean_all(project, Store(tmp_path / "store"))
    assert hides in below(project, cleaned.removed)


@pytest.mark.parametrize("sign", ["backend", "sources"])
def test_what_was_compiled_is_compiled_again(sign: str, project: Project, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    store.make()
    build_file_tree(store.folder, {NOTES: "{}"})
    if sign == "backend":
        project = project._replace(build_backend="maturin")
    else:
        build_file_tree(project.root, {"src/demo/fast.pyx": ""})
    cleaned = clean_all(project, store)
    assert below(project, cleaned.removed) == sorted([*ARTIFACTS, "src/demo/lone.pyc", SO])
    assert not (store.folder / NOTES).exists()
    assert (store.folder / STAMP).read_text("utf-8") == "gone"


def test_where_nothing_was_compiled_the_notes_stay(project: Project, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    store.make()
    build_file_tree(store.folder, {NOTES: "{}"})
    (project.root / SO).unlink()
    clean_all(project._replace(build_backend="maturin"), store)
    assert (store.folder / NOTES).exists()
    assert not (store.folder / STAMP).exists()
    build_file_tree(project.root, {SO: ""})
    gone = Store(tmp_path / "gone")
    assert SO in below(project, clean_all(project._replace(build_backend="maturin"), gone).removed)
    assert not gone.folder.exists()

"""When what a compiler made may be used again."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from unit.small import make_project, pyproject

from neverstale.project.metadata import Project
from neverstale.project.sources import read_sources
from neverstale.wheels.build_cache import NOTE, Reuse, changed_since, kept_objects, note_of

TREE = {
    "src/lib.rs": "one",
    "src/words.h": "one",
    "src/demo/__init__.py": "one",
    "README.md": "one",
}
A_DAY = 24 * 60 * 60

Change = Callable[[Path], object]


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CFLAGS", "CPPFLAGS", "CXXFLAGS", "CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH"):
        monkeypatch.delenv(name, raising=False)


def rust(root: Path) -> Project:
    """Make a project with sources of Rust, which are two seconds old."""
    project = make_project(root, TREE, pyproject(backend="maturin", requires=["maturin"]))
    for path in (*TREE, "pyproject.toml"):
        os.utime(root / path, (time.time() - 2, time.time() - 2))
    return project


def write(path: str, text: str = "two", age: float = 0) -> Change:
    """Return what writes *text* into *path*, with a time that is *age* seconds ago."""

    def change(root: Path) -> None:
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(text)
        then = time.time() - age
        os.utime(root / path, (then, then))

    return change


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(lambda _: None, [], id="nothing"),
        pytest.param(write("src/lib.rs"), ["src/lib.rs"], id="newer"),
        pytest.param(write("src/words.h"), ["src/words.h"], id="a header"),
        pytest.param(write("src/lib.rs", age=A_DAY), None, id="older"),
        pytest.param(write("src/lib.rs", age=-A_DAY), None, id="from the future"),
        pytest.param(write("src/lib.rs", "one", age=A_DAY), [], id="the same, older"),
        pytest.param(write("src/more.rs"), None, id="added"),
        pytest.param(lambda root: (root / "src/words.h").unlink(), None, id="deleted"),
        pytest.param(write("src/demo/more.py"), [], id="Python added"),
        pytest.param(write("src/demo/__init__.py"), [], id="Python"),
        pytest.param(write("src/demo/__init__.py", age=A_DAY), None, id="Python, older"),
        pytest.param(write("README.md"), [], id="text"),
        pytest.param(
            write("README.md", age=A_DAY), None, id="text, older: a generator may read it"
        ),
        pytest.param(write("setup.py"), None, id="setup.py"),
        pytest.param(
            write("other.egg-info/PKG-INFO", "Name: other\n", age=A_DAY),
            [],
            id="what setuptools rewrites, which is a source here",
        ),
    ],
)
def test_changed_since(change: Change, expected: list[str] | None, tmp_path: Path) -> None:
    project = rust(tmp_path)
    note = note_of(project, "key", read_sources(project))
    note["finished"] = time.time_ns() - 1_000_000_000
    change(tmp_path)
    now = read_sources(project)
    assert changed_since(project, note, "key", now) == expected
    assert changed_since(project, note, "another compiler", now) is None


def test_a_file_of_the_moment_of_the_note_is_not_newer(tmp_path: Path) -> None:
    project = rust(tmp_path)
    note = note_of(project, "key", read_sources(project))
    write("src/lib.rs", age=1)(tmp_path)
    changed = (tmp_path / "src/lib.rs").stat().st_mtime_ns
    for finished, expected in ((changed, None), (changed - 1, ["src/lib.rs"])):
        note["finished"] = finished
        assert changed_since(project, note, "key", read_sources(project)) == expected


@pytest.mark.parametrize(
    "note",
    [
        None,
        {},
        [],
        "x",
        {"key": "k"},
        {"key": "k", "files": 1, "inputs": [], "finished": "x"},
        {"key": "k", "files": {}, "inputs": []},
        {"key": "k", "files": {}, "finished": 1},
    ],
    ids=str,
)
def test_a_note_that_is_none(note: object, tmp_path: Path) -> None:
    project = rust(tmp_path)
    assert changed_since(project, note, "k", read_sources(project)) is None


def objects(project: Project, folder: Path, *, backend: str = "/backend") -> Reuse:
    """Build something; return how the build was told where its objects are."""
    with kept_objects(project, folder, folder.parent, backend, read_sources(project)) as reuse:
        if reuse.environment:
            (folder / "made").mkdir(exist_ok=True)
            (folder / "made" / str(len(list((folder / "made").iterdir())))).touch()
    return reuse


def builds(folder: Path) -> int:
    return len(list((folder / "made").iterdir()))


@pytest.mark.parametrize(
    ("change", "backend", "kept"),
    [
        pytest.param(lambda _: None, "/backend", True, id="nothing"),
        pytest.param(write("src/lib.rs", age=-0.0), "/backend", True, id="newer"),
        pytest.param(write("src/lib.rs", age=A_DAY), "/backend", False, id="older"),
        pytest.param(lambda _: None, "/other", False, id="another backend"),
    ],
)
def test_objects_are_used_again(change: Change, backend: str, kept: bool, tmp_path: Path) -> None:
    root, folder = tmp_path / "root", tmp_path / "store" / "objects"
    project = rust(root)
    objects(project, folder)
    note = json.loads((folder / NOTE).read_text())
    note["finished"] -= 1_000_000_000
    (folder / NOTE).write_text(json.dumps(note))
    change(root)
    objects(project, folder, backend=backend)
    assert builds(folder) == (2 if kept else 1)


def test_a_build_that_fails_leaves_nothing_to_use_again(tmp_path: Path) -> None:
    root, folder = tmp_path / "root", tmp_path / "store" / "objects"
    project = rust(root)
    objects(project, folder)

    def fail() -> None:
        with kept_objects(project, folder, folder.parent, "/backend", read_sources(project)):
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert not (folder / NOTE).exists()
    objects(project, folder)
    assert builds(folder) == 1


def test_objects_that_were_forgotten_meanwhile(tmp_path: Path) -> None:
    root, folder = tmp_path / "root", tmp_path / "store" / "objects"
    project = rust(root)
    with kept_objects(project, folder, folder.parent, "/backend", read_sources(project)):
        folder.rmdir()
    assert not folder.exists()


@pytest.mark.parametrize(
    ("backend", "variable", "setting"),
    [
        ("maturin", "CARGO_TARGET_DIR", ""),
        ("scikit_build_core.build", "SKBUILD_BUILD_DIR", ""),
        ("mesonpy", "", "build-dir"),
        ("setuptools.build_meta", None, ""),
        ("scikit_build_core_other", None, ""),
    ],
)
def test_how_a_backend_is_told(
    backend: str,
    variable: str | None,
    setting: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    folder = tmp_path / "store" / "objects"
    project = rust(tmp_path / "root")._replace(build_backend=backend)
    reuse = objects(project, folder)
    if variable is None:
        assert reuse == Reuse()
        assert not folder.exists()
        return
    made = str(folder / "made")
    path = {"PATH": "/backend:/usr/bin:/bin"}
    assert reuse.environment == path | ({variable: made} if variable else {})
    assert reuse.settings == ({setting: made} if setting else {})


def test_nothing_is_kept_where_compilers_search_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = rust(tmp_path / "root")
    with kept_objects(project, tmp_path / "o", tmp_path, "/backend", None) as reuse:
        assert reuse == Reuse()
    monkeypatch.setenv("CPATH", "/x")
    assert objects(project, tmp_path / "o") == Reuse()
    assert not (tmp_path / "o").exists()

"""The source files of a project: every file that is not an artifact, an environment or a cache."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from support.tree import build_file_tree
from unit.small import make_project, pyproject

from neverstale.errors import NeverstaleError
from neverstale.files import digest_of
from neverstale.project import sources
from neverstale.project.sources import find_sources, read_sources

MATURIN = pyproject(backend="maturin", requires=["maturin"])

FILES = {
    ".hidden": "",
    ".venv/pyvenv.cfg": "",
    ".venv/lib/x.py": "",
    ".cache/CACHEDIR.TAG": "",
    ".tools/cache/uv/CACHEDIR.TAG": "",
    ".nox/x.py": "",
    "build/lib/demo/old.py": "",
    "build/notes.txt": "",
    "demo/__pycache__/x.pyc": "",
    "demo/cache/CACHEDIR.TAG": "",
    "demo/fast.abi3.so": "",
    "demo/fast.py": "",
    "demo/größe ü.py": "",
    "demo/run": "x",
    "dist/demo-1.0.tar.gz": "",
    "dist/other-1.0.tar.gz": "",
    "tests/test_x.py": "",
    "_skbuild/x": "",
}
SOURCES = {
    ".hidden",
    "_skbuild/x",
    "build/notes.txt",
    "demo/cache/CACHEDIR.TAG",
    "demo/fast.abi3.so",
    "demo/fast.py",
    "demo/größe ü.py",
    "demo/run",
    "dist/other-1.0.tar.gz",
    "linked/x.py",
    "pyproject.toml",
    "tests/test_x.py",
}


@pytest.mark.parametrize(
    ("text", "compiled"),
    [("", set()), (MATURIN, {"demo/fast.abi3.so", "_skbuild/x"})],
    ids=["pure", "compiled"],
)
def test_sources(text: str, compiled: set[str], tmp_path: Path) -> None:
    root, outside = tmp_path / "a größe", tmp_path / "outside"
    project = make_project(root, FILES, text)
    build_file_tree(outside, {"x.py": ""})
    (root / "linked").symlink_to(outside)
    (root / "demo" / "loop").symlink_to(root)
    (root / "dangling").symlink_to(root / "nothing")
    (root / "circle").symlink_to("circle")
    os.mkfifo(root / "fifo")
    found = find_sources(project)
    assert found.keys() == SOURCES - compiled
    assert all(path == str(root / name) for name, path in found.items())


def test_what_is_read_of_them(tmp_path: Path) -> None:
    project = make_project(tmp_path, {"run": "x", "a/b": ""})
    (tmp_path / "run").chmod(0o755)
    told: list[tuple[int, int]] = []
    read = read_sources(project, lambda done, total: told.append((done, total)))
    assert read.root == tmp_path
    assert read.files["run"] == digest_of(b"x")
    assert read.files.keys() == {"run", "a/b", "pyproject.toml"}
    assert read.executable == {"run"}
    assert told == [(0, 3), (3, 3)]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda root: (root / "a.py").write_text("y"), id="edited"),
        pytest.param(lambda root: (root / "a.py").unlink(), id="deleted"),
        pytest.param(lambda root: (root / "a.py").rename(root / "c.py"), id="renamed"),
        pytest.param(lambda root: (root / "new.py").write_text("x"), id="added"),
        pytest.param(lambda root: (root / "a.py").chmod(0o755), id="made executable"),
        pytest.param(
            lambda root: (root / "a.py").rename(root / os.fsdecode(b"\xff.py")), id="out of UTF-8"
        ),
    ],
)
def test_sources_differ_when(change: Callable[[Path], object], tmp_path: Path) -> None:
    project = make_project(tmp_path, {"a.py": "x"})
    before = read_sources(project)
    os.utime(tmp_path / "a.py", (0, 0))
    assert read_sources(project) == before, "times are no content"
    change(tmp_path)
    assert read_sources(project) != before


def test_a_source_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = make_project(tmp_path)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied", "a.py")

    monkeypatch.setattr(sources, "read_files", refuse)
    with pytest.raises(NeverstaleError, match=r"a\.py cannot be read: Permission denied"):
        read_sources(project)

"""When what a compiler made may be used again, and what is said where there is none."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from neverstale.project.artifacts import find_compiled
from neverstale.wheels.toolchain import compiled_inputs, refuse_without_toolchain
from neverstale.errors import NeverstaleError
from neverstale.wheels.build_cache import changed_since, note_of
from neverstale.project.metadata import read_project
from neverstale.files import Digest
from neverstale.project.sources import Sources, read_sources
from support.tree import build_file_tree
from support.world import run

TREE = {
    "pyproject.toml": '[build-system]\nrequires = ["maturin"]\nbuild-backend = "maturin"\n'
    '[project]\nname = "demo"\nversion = "1"\n',
    "src/lib.rs": "one",
    "src/words.h": "one",
    "src/demo/__init__.py": "one",
    "README.md": "one",
}
A_DAY = 24 * 60 * 60


def sources(root: Path) -> Sources:
    return read_sources(root, artifacts=(), with_history=False)


def write(path: str, text: str = "two", age: float = 0) -> Callable[[Path], None]:
    """Give what writes *text* into *path*, with a time that is *age* seconds ago."""

    def change(root: Path) -> None:
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
        pytest.param(write("src/demo/__init__.py", age=A_DAY), [], id="Python, older"),
        pytest.param(write("README.md"), [], id="text"),
        pytest.param(write("setup.py"), None, id="setup.py"),
    ],
)
def test_changed_since(
    change: Callable[[Path], None], expected: list[str] | None, tmp_path: Path
) -> None:
    build_file_tree(tmp_path, TREE)
    project = read_project(tmp_path)
    note = note_of(project, "key", sources(tmp_path))
    time.sleep(0.02)  # the clock of a file system may tick that slowly
    change(tmp_path)
    assert changed_since(project, note, "key", sources(tmp_path)) == expected
    assert changed_since(project, note, "another compiler", sources(tmp_path)) is None


@pytest.mark.parametrize(
    "note", [None, {}, [], "x", {"key": "k"}, {"key": "k", "files": 1, "finished": "x"}]
)
def test_a_note_that_is_none(note: object, tmp_path: Path) -> None:
    build_file_tree(tmp_path, TREE)
    assert changed_since(read_project(tmp_path), note, "k", sources(tmp_path)) is None


def test_compiled_inputs(tmp_path: Path) -> None:
    build_file_tree(tmp_path, {**TREE, "setup.py": "read('table.py')"})
    digest = Digest("x")
    counted = [
        "setup.py",
        "src/demo/table.py",
        "CMakeLists.txt",
        "src/a.c",
        "src/a.pyx",
        "data/table.inc",
        "a.in",
    ]
    passed_over = ["src/a.py", "src/a.pyi", "tests/a.c", "docs/x.rst", "uv.lock", ".gitignore"]
    passed_over += ["src/demo/_native.abi3.so", "a.md", "tools/x.c", "changelog.d/x.txt"]
    found = compiled_inputs(read_project(tmp_path), dict.fromkeys([*counted, *passed_over], digest))
    assert list(found) == counted


def test_what_was_compiled_in_the_tree(tmp_path: Path) -> None:
    made = [
        *("_skbuild", "build/cp311", "build/cp312-cp312-linux_x86_64", "target"),
        *("src/demo/_native.abi3.so", "src/demo/_native.cpython-39-x86_64-linux-gnu.so"),
        *("src/demo/_native.cp312-win_amd64.pyd", "src/demo/_native.pyd"),
    ]
    build_file_tree(
        tmp_path,
        {
            **TREE,
            "Cargo.toml": "",
            **{f"{path}/x" if path.partition("/")[0] != "src" else path: "" for path in made},
            "build/lib/mine": "",
            "src/demo/libvendored.so": "",
            "vendor/libvendored.abi3.so": "",
            "target/CACHEDIR.TAG": "",
            "work/env/pyvenv.cfg": "",
            "work/env/lib/numpy/__init__.py": "",
            "work/env/lib/numpy/core.cpython-311-x86_64-linux-gnu.so": "",
            "third_party/sub/.git": "gitdir: x",
            "third_party/sub/pkg/__init__.py": "",
            "third_party/sub/pkg/_fast.abi3.so": "",
            "src/demo/target/x": "",
            "root.abi3.so": "",
        },
    )
    found = [path.relative_to(tmp_path).as_posix() for path in find_compiled(tmp_path)]
    assert sorted(found) == sorted(made)
    (tmp_path / "target/CACHEDIR.TAG").unlink()
    assert tmp_path / "target" not in find_compiled(tmp_path), "a folder of that name, and no Cargo"
    run(("git", "init", "--quiet"), tmp_path, dict(os.environ))
    run(("git", "add", "--force", *made), tmp_path, dict(os.environ))
    assert find_compiled(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Visual Studio is not found along PATH")
@pytest.mark.parametrize(
    ("backend", "files", "says"),
    [
        ("maturin", ["src/lib.rs"], "no cargo, nor C compiler"),
        ("scikit_build_core.build", ["a.cpp"], "no C++ compiler"),
        ("mesonpy", ["a.c"], "no C compiler"),
        (
            "mesonpy",
            ["a.c", "b.cpp"],
            "no C++ compiler (c++, g++ or clang++, or what CXX names), nor C",
        ),
    ],
)
def test_without_a_toolchain(
    backend: str, files: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = TREE["pyproject.toml"].replace('backend = "maturin"', f'backend = "{backend}"')
    build_file_tree(tmp_path, {"pyproject.toml": text, "bin/": ""})
    project = read_project(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    for name in ("CC", "CXX", "CARGO", "RUSTC"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(NeverstaleError) as raised:
        refuse_without_toolchain(project, files)
    assert says in raised.value.message
    assert raised.value.hint.startswith("install ")
    for name in ("cc", "c++", "cargo", "rustc"):
        program = tmp_path / "bin" / name
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    refuse_without_toolchain(project, files)
    if backend != "maturin":  # PyO3 reads no headers
        with pytest.raises(NeverstaleError, match=r"Python\.h"):
            refuse_without_toolchain(project, ["a.c"], tmp_path)
    refuse_without_toolchain(project, ["a.c"])

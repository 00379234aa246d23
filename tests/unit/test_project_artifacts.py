"""What a build leaves behind, what only looks like it, and what is kept whatever it looks like."""

import gzip
import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from support.tree import build_file_tree, build_wheel_file
from unit.small import below, make_repository

from neverstale.errors import NeverstaleError
from neverstale.files import folders
from neverstale.project.artifacts import (
    BUILD,
    Tracked,
    find_artifacts,
    find_bytecode,
    find_compiled,
    find_in_place,
    is_artifact,
)
from neverstale.project.packed import is_archive_of
from neverstale.removal import remove

NAME = canonicalize_name("demo")

LITTERED = {
    "build/lib/demo/old.py": "",
    "build/bdist.linux-x86_64/": "",
    "build/notes.txt": "",
    "build/lib.txt": "",
    "build/temp": "",
    "build/cp312/x": "",
    "build/__editable__.demo-1.0-py3-none-any/demo.py": "",
    "dist/demo-1.0-py3-none-any.whl": "",
    "dist/demo-1.0.tar.gz": "",
    "dist/.gitignore": "*",
    "dist/photos.zip": "",
    "dist/other-1.0.tar.gz": "",
    "dist/sub/mine.txt": "",
    "demo.egg-info/PKG-INFO": "",
    "src/demo.egg-info/PKG-INFO": "",
    "mine.egg-info/notes": "",
    "other.egg-info/PKG-INFO": "Name: other\n",
    "build/lib.linux-x86_64-cpython-311/thesis.txt": "",
    "build/temp.linux-x86_64-3.11/.git": "gitdir: /elsewhere",
    "src/demo/build/lib/mine.py": "",
    "src/demo/dist/demo-1.0.tar.gz": "",
    "src/demo/x.egg-info/PKG-INFO": "",
    "docs/build/lib/mine.py": "",
    ".pdm-build/.gitignore": "*\n",
    "pyproject.toml": "",
}


def reasons(root: Path) -> dict[str, str]:
    found = find_artifacts(root, NAME).kept
    return {kept.path.relative_to(root).as_posix(): kept.reason for kept in found}


def test_artifacts(tmp_path: Path) -> None:
    build_file_tree(tmp_path, LITTERED)
    (tmp_path / "linked.egg-info").symlink_to(tmp_path / "docs")
    found = find_artifacts(tmp_path, NAME)
    assert set(below(tmp_path, found.removable)) == {
        "build/lib",
        "build/bdist.linux-x86_64",
        "dist/demo-1.0-py3-none-any.whl",
        "dist/demo-1.0.tar.gz",
        "dist/.gitignore",
        ".pdm-build",
        "demo.egg-info",
        "src/demo.egg-info",
    }
    nothing = "no build of this project made it"
    assert reasons(tmp_path) == {
        "build/notes.txt": nothing,
        "build/lib.txt": nothing,
        "build/temp": nothing,
        "build/__editable__.demo-1.0-py3-none-any": "an editable install may run from it",
        "dist/other-1.0.tar.gz": nothing,
        "dist/photos.zip": nothing,
        "dist/sub": nothing,
        "mine.egg-info": nothing,
        "other.egg-info": nothing,
        "build/lib.linux-x86_64-cpython-311": nothing,
        "build/temp.linux-x86_64-3.11": "git tracks it",
        "linked.egg-info": f"a link to {tmp_path / 'docs'}",
    }
    remove(found.removable, tmp_path)
    assert (tmp_path / "docs/build/lib/mine.py").exists()
    assert find_artifacts(tmp_path, NAME).removable == ()
    assert len(reasons(tmp_path)) == 12


@pytest.mark.parametrize("folder", ["build", "dist"])
def test_a_package_is_no_artifact(folder: str, tmp_path: Path) -> None:
    build_file_tree(
        tmp_path, {f"{folder}/{name}": "" for name in ("__init__.py", "lib/a", "a.whl")}
    )
    found = find_artifacts(tmp_path, NAME)
    assert (found.removable, found.kept) == ((), ())


@pytest.mark.parametrize("folder", ["build", "dist"])
def test_a_folder_of_builds_that_is_a_link(folder: str, tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    build_file_tree(outside, {"lib/x": "", "demo-1.0.tar.gz": ""})
    root.mkdir()
    (root / folder).symlink_to(outside)
    assert find_artifacts(root, NAME).removable == ()
    assert reasons(root) == {folder: f"a link to {outside}"}


def test_links_to_artifacts(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    build_file_tree(outside, {"x.egg-info/PKG-INFO": "", "w/demo-1.0-py3-none-any.whl": ""})
    build_file_tree(root, {"dist/": "", "build/": ""})
    (root / "src").symlink_to(outside)
    name = "demo-1.0-py3-none-any.whl"
    (root / "dist" / name).symlink_to(outside / "w" / name)
    (root / "build" / "lib").symlink_to(outside)
    assert find_artifacts(root, NAME).removable == ()
    assert {*reasons(root)} == {f"dist/{name}", "build/lib"}


def test_what_git_tracks_is_kept(tmp_path: Path) -> None:
    build_file_tree(tmp_path, LITTERED | {"a/__pycache__/x.pyc": "", "b/__pycache__/x.pyc": ""})
    build_file_tree(tmp_path, {"dist/module/.git": "gitdir: x", "dist/module/dist/x": ""})
    tracked = ["build/lib/demo/old.py", "dist/demo-1.0.tar.gz", "a/__pycache__/x.pyc"]
    make_repository(tmp_path, *tracked)
    found = find_artifacts(tmp_path, NAME)
    told = reasons(tmp_path)
    assert told["build/lib"] == told["dist/demo-1.0.tar.gz"] == "git tracks it"
    assert tmp_path / "dist/demo-1.0-py3-none-any.whl" in found.removable
    assert find_bytecode(tmp_path) == [tmp_path / "b/__pycache__"]


@pytest.mark.parametrize(
    ("path", "tracked"),
    [
        ("a/b.py", True),
        ("a", True),
        ("c", False),
        ("c/d", False),
        ("sub", False),
        ("sub/x", True),
        ("sub/x/y", True),
        ("deep/sub/x", True),
        ("deep/x", False),
    ],
)
def test_tracked(path: str, tracked: bool, tmp_path: Path) -> None:
    files = ["a/b.py", "c/d", "sub/.git", "sub/x/y", "deep/sub/.git", "deep/x"]
    build_file_tree(tmp_path, dict.fromkeys(files, ""))
    make_repository(tmp_path, "a/b.py")
    assert (tmp_path / path in Tracked(tmp_path)) is tracked


def test_git_that_cannot_be_asked(tmp_path: Path) -> None:
    build_file_tree(tmp_path, {".git/": "", "dist/a.whl": ""})
    with pytest.raises(NeverstaleError, match="git cannot list"):
        find_artifacts(tmp_path, NAME)


def test_git_is_not_asked_for_nothing(tmp_path: Path) -> None:
    build_file_tree(tmp_path, {".git/": "", "src/a.py": ""})
    assert find_artifacts(tmp_path, NAME).removable == ()
    assert find_bytecode(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("lib", True),
        ("lib.linux-x86_64-cpython-311", True),
        ("lib.linux-x86_64-3.9", True),
        ("lib.linux-aarch64-cpython-313t", True),
        ("lib.win-amd64-cpython-312", True),
        ("lib.linux-x86_64-pypy39", True),
        ("library", False),
        ("lib.txt", False),
        ("lib-old", False),
        ("lib.", False),
        ("mylib", False),
        ("temp.linux-x86_64-cpython-311", True),
        ("temp", False),
        ("temp.txt", False),
        ("bdist.linux-x86_64", True),
        ("bdist.macosx-11.0-arm64", True),
        ("bdist.win32", True),
        ("bdist.win-amd64", True),
        ("bdist", False),
        ("bdist.mine", False),
        ("scripts-3.11", True),
        ("scripts-3.13t", True),
        ("scripts", False),
        ("scripts-3", False),
        ("scripts-3.11x", False),
    ],
)
def test_folders_of_setuptools(name: str, made: bool) -> None:
    assert (BUILD.fullmatch(name) is not None) is made


@pytest.mark.parametrize(
    ("path", "artifact"),
    [
        (".pdm-build/x", True),
        ("_skbuild/x", True),
        ("target/debug/x", True),
        ("dist/demo.whl", True),
        ("demo.egg-info/PKG-INFO", True),
        ("src/demo.egg-info/PKG-INFO", True),
        ("src/demo.egg-info", True),
        ("build", True),
        ("build/lib/demo.py", True),
        ("build/lib.linux-x86_64-cpython-311/x", True),
        ("build/cp312/x", True),
        ("build/pp310/x", True),
        ("build/__editable__.demo/x", True),
        ("build/notes.txt", False),
        ("build/tools/x.py", False),
        ("src/demo/cli.py", False),
        ("src/demo/x.egg-info/y", False),
        ("lib/demo.egg-info/y", False),
        ("src/dist/x", False),
        ("src/build/lib/x", False),
        ("distribution/x", False),
        ("targets/x", False),
        ("setup.py", False),
        ("src", False),
    ],
)
def test_is_artifact(path: str, artifact: bool) -> None:
    assert is_artifact(path) is artifact


METADATA = "demo-1.0.dist-info/METADATA"
WHEEL = "demo-1.0-py3-none-any.whl"


def wheel(*entries: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for entry in entries:
            archive.writestr(entry, "x" * 200)
    return stream.getvalue()


def sdist(files: dict[str, str]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return stream.getvalue()


INFO = {"demo-1.0/PKG-INFO": "Metadata-Version: 2.1\nName: Demo\n"}


@pytest.mark.parametrize(
    ("file", "content", "expected"),
    [
        pytest.param(WHEEL, wheel(METADATA), True, id="a wheel"),
        pytest.param("Demo-1.0-py3-none-any.whl", wheel(METADATA), True, id="in capitals"),
        pytest.param(
            WHEEL, wheel("demo/_vendor/x-1.dist-info/METADATA", METADATA), True, id="vendors"
        ),
        pytest.param(WHEEL, wheel("other-1.0.dist-info/METADATA"), False, id="a wheel inside"),
        pytest.param(WHEEL, wheel("photo.jpg"), False, id="a zip"),
        pytest.param(WHEEL, wheel(METADATA)[:100], True, id="cut off"),
        pytest.param(WHEEL, b"", True, id="empty"),
        pytest.param(WHEEL, b"notes", False, id="no zip"),
        pytest.param("other-1.0-py3-none-any.whl", wheel(METADATA), False, id="another wheel"),
        pytest.param("demo.whl", wheel(METADATA), False, id="no name of a wheel"),
        pytest.param("demo-1.0-py3.11.egg", b"PK\3\4", True, id="an egg"),
        pytest.param("demo-notes.egg", b"x", False, id="a text"),
        pytest.param("other-1.0-py3.11.egg", b"x", False, id="another egg"),
        pytest.param("demo-1.0.tar.gz", sdist(INFO), True, id="an sdist"),
        pytest.param("demo-1.0.tar.gz", sdist({"demo-1.0/a": "", **INFO}), True, id="and more"),
        pytest.param("demo-1.0.tar.gz", sdist({"a/b": "", **INFO}), False, id="two folders"),
        pytest.param("demo-1.0.tar.gz", sdist({"demo-1.0/a": ""}), False, id="without PKG-INFO"),
        pytest.param(
            "demo-1.0.tar.gz",
            sdist({"demo-1.0/PKG-INFO": "Name: other\n"}),
            *(False,),
            id="the name of another",
        ),
        pytest.param("demo-1.0.tar.gz", sdist(INFO)[:60], True, id="an sdist that is cut off"),
        pytest.param("demo-1.0.tar.gz", b"", True, id="an empty sdist"),
        pytest.param("demo-1.0.tar.gz", b"notes", False, id="no archive"),
        pytest.param("demo-1.0.tar.gz", gzip.compress(b"notes" * 200), True, id="no tar within"),
        pytest.param("demo-one.tar.gz", sdist(INFO), False, id="no version"),
        pytest.param("other-1.0.tar.gz", sdist(INFO), False, id="another sdist"),
        pytest.param("demo-1.0.zip", wheel(METADATA), False, id="any other file"),
    ],
)
def test_is_archive_of(file: str, content: bytes, expected: bool, tmp_path: Path) -> None:
    path = tmp_path / file
    path.write_bytes(content)
    assert is_archive_of(NAME, path) is expected
    (tmp_path / "dist").mkdir()
    link = tmp_path / "dist" / file
    link.symlink_to(path)
    assert not is_archive_of(NAME, link)


@pytest.mark.parametrize(
    ("file", "text", "removable"),
    [
        ("dist/.gitignore", "*", True),
        ("dist/.gitignore", " *\n", True),
        ("dist/.gitignore", "*.whl", False),
        ("dist/ignore", "*", False),
        (".pdm-build/.gitignore", "*", True),
        (".pdm-build/.gitignore", "", False),
    ],
)
def test_folders_that_ignore_themselves(
    file: str, text: str, removable: bool, tmp_path: Path
) -> None:
    build_file_tree(tmp_path, {file: text})
    assert bool(find_artifacts(tmp_path, NAME).removable) is removable


def test_bytecode(tmp_path: Path) -> None:
    build_file_tree(tmp_path, {"a/__pycache__/x": "", "__pycache__/y": "", "b/__pycache__": ""})
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "__pycache__").symlink_to(tmp_path / "a" / "__pycache__")
    build_file_tree(tmp_path, {".venv/pyvenv.cfg": "", ".venv/bin/__pycache__/x": ""})
    assert below(tmp_path, find_bytecode(tmp_path)) == ["__pycache__", "a/__pycache__"]


IN_PLACE = {
    "demo/__init__.py": "",
    "demo/fast.py": "",
    "demo/fast.so": "",
    "demo/fast.cpython-312-x86_64-linux-gnu.so": "",
    "demo/fast.abi3.so": "",
    "demo/fast.pyd": "",
    "demo/fast.pypy310-pp73-x86_64-linux-gnu.so": "",
    "demo/fast.data.so": "",
    "demo/other.so": "",
    "demo/fast.pyc": "",
    "demo/gone.pyc": "",
    "demo/data/gone.pyc": "",
    "demo/data/deep/gone.pyc": "",
    "data/gone.pyc": "",
    "gone.pyc": "",
    "setup.py": "",
    "setup.so": "",
}


def test_what_runs_in_place(tmp_path: Path) -> None:
    build_file_tree(tmp_path, IN_PLACE)
    (tmp_path / "demo" / "circle.pyc").symlink_to("circle.pyc")
    walk = list(folders(tmp_path, through_links=False))
    found = below(tmp_path, find_in_place(tmp_path, walk))
    hides = [
        "fast.abi3.so",
        "fast.cpython-312-x86_64-linux-gnu.so",
        "fast.pyd",
        "fast.pypy310-pp73-x86_64-linux-gnu.so",
        "fast.so",
        "gone.pyc",
    ]
    expected = [
        *(f"demo/{name}" for name in hides),
        "demo/data/gone.pyc",
        "demo/data/deep/gone.pyc",
    ]
    assert found == expected
    make_repository(tmp_path, "demo/fast.so", "demo/gone.pyc")
    assert set(expected) - set(below(tmp_path, find_in_place(tmp_path, walk))) == {
        "demo/fast.so",
        "demo/gone.pyc",
    }


def test_what_was_compiled_in_the_tree(tmp_path: Path) -> None:
    made = [
        *("_skbuild", "build/cp311", "build/cp312-cp312-linux_x86_64", "build/pp310", "target"),
        *("src/demo/_native.abi3.so", "src/demo/_native.cpython-39-x86_64-linux-gnu.so"),
        *("src/demo/_native.cp312-win_amd64.pyd", "src/demo/_native.pyd", "stubs/a/x.abi3.so"),
    ]
    inside = ("_skbuild", "build", "target")
    build_file_tree(
        tmp_path,
        {
            "Cargo.toml": "",
            "src/demo/__init__.py": "",
            **{f"{path}/x" if path.startswith(inside) else path: "" for path in made},
            "stubs/a/x.pyi": "",
            "build/lib/mine": "",
            "build/cp3": "",
            "src/demo/libvendored.so": "",
            "vendor/libvendored.abi3.so": "",
            "target/CACHEDIR.TAG": "",
            "work/env/pyvenv.cfg": "",
            "work/env/bin/": "",
            "work/env/lib/numpy/__init__.py": "",
            "work/env/lib/numpy/core.cpython-311-x86_64-linux-gnu.so": "",
            "third_party/sub/.git": "gitdir: x",
            "third_party/sub/pkg/__init__.py": "",
            "third_party/sub/pkg/_fast.abi3.so": "",
            "src/demo/target/x": "",
            "root.abi3.so": "",
            "setup.py": "",
        },
    )
    (tmp_path / "build" / "cp313").symlink_to("cp311")
    (tmp_path / "src" / "demo" / "_link.abi3.so").symlink_to("_native.abi3.so")
    assert sorted(below(tmp_path, find_compiled(tmp_path))) == sorted(made)
    (tmp_path / "Cargo.toml").unlink()
    assert tmp_path / "target" not in find_compiled(tmp_path), "a folder of that name, and no Cargo"
    make_repository(tmp_path, *made)
    assert find_compiled(tmp_path) == []


def test_a_build_folder_that_is_a_link(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    build_file_tree(outside, {"cp312/x": ""})
    root.mkdir()
    (root / "build").symlink_to(outside)
    assert find_compiled(root) == []


def test_an_empty_wheel_of_hatch_is_one(tmp_path: Path) -> None:
    made = build_wheel_file(tmp_path / "dist", {})
    assert find_artifacts(tmp_path, NAME).removable == (made,)
    os.truncate(made, 30)
    assert find_artifacts(tmp_path, NAME).removable == (made,)

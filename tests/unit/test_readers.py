"""What the readers make of files: records, metadata, wheels, pyproject.toml, trees."""

import hashlib
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from neverstale.wheels.archives import read_wheel
from neverstale.project.artifacts import find_artifacts, find_bytecode
from neverstale.files import remove
from neverstale.project.bytecode import RACY_NS, find_stale_bytecode
from neverstale.wheels.distribution import parse_commands, parse_metadata
from neverstale.errors import NeverstaleError
from neverstale.project.metadata import read_project
from neverstale.files import digest_of, digest_of_file
from neverstale.wheels.record import parse_record
from neverstale.project.sources import read_sources
from neverstale.wheels.store import content_of
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from support.tree import build_file_tree, build_wheel_file

EMPTY = "sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
EMPTY_HEX = f"sha256={hashlib.sha256(b'').hexdigest()}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        (f"a.py,{EMPTY},0\n", {"a.py": EMPTY}),
        (f"a.py,{EMPTY}=,0\r\n", {"a.py": EMPTY}),
        (f"a.py,{EMPTY_HEX},0\n", {"a.py": EMPTY}),
        ('"a,b.py",,\n', {"a,b.py": None}),
        ("a.py\n\nb.py,md5=x,1", {"a.py": None, "b.py": "md5=x"}),
        ("a.py,unknown=00ff,1", {"a.py": "unknown=00ff"}),
    ],
)
def test_record(text: str, expected: dict[str, str | None]) -> None:
    assert parse_record(text) == expected


def test_digests(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 3_000_000)
    assert digest_of(b"") == EMPTY
    assert digest_of_file(path) == digest_of(path.read_bytes())
    assert digest_of_file(path, "sha512") == digest_of(path.read_bytes(), "sha512")
    with pytest.raises(ValueError, match="unsupported"):
        digest_of(b"", "rot13")


def test_metadata_and_entry_points() -> None:
    metadata = parse_metadata("Name: Demo_App\nVersion: 1.0\nRequires-Dist: X[y]>=1; extra=='z'\n")
    assert (metadata.name, metadata.version) == ("demo-app", "1.0")
    assert {str(line) for line in metadata.requirements} == {'X[y]>=1; extra == "z"'}
    text = "[console_scripts]\nA = m:a\n[gui_scripts]\nb=m:b [x]\n[other]\nc = m:c\n"
    assert parse_commands(text) == {"A": "m:a", "b": "m:b [x]"}
    assert parse_commands("") == {}
    for broken in ("", "Name: x\n", "Name: x\nVersion: 1\nRequires-Dist: ==\n"):
        with pytest.raises(NeverstaleError):
            parse_metadata(broken)
    with pytest.raises(NeverstaleError):
        parse_commands("no section")


def test_wheel_is_read_by_content(tmp_path: Path) -> None:
    files = {
        "demo/__init__.py": "",
        "demo-1.0.data/purelib/pure.py": "",
        "demo-1.0.data/scripts/run": "#!python",
        "demo-1.0.data/data/share/x": "",
    }
    one = build_wheel_file(tmp_path / "one", files)
    time.sleep(0.01)
    read = read_wheel(one)
    assert set(read.files) == {
        "demo/__init__.py",
        "pure.py",
        "{scripts}/run",
        "{data}/share/x",
        "demo-1.0.dist-info/METADATA",
    }
    other = build_wheel_file(tmp_path / "two", dict(reversed(files.items())))
    changed = build_wheel_file(tmp_path / "three", {**files, "demo/__init__.py": "x"})
    assert content_of(read) == content_of(read_wheel(other)) != content_of(read_wheel(changed))


@pytest.mark.parametrize("name", ["demo-1.0-py3-none-any.whl", "demo.whl"])
def test_what_is_no_wheel_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("no zip")
    with pytest.raises(NeverstaleError):
        read_wheel(tmp_path / name)


BUILD = '[build-system]\nrequires = ["x"]\nbuild-backend = "x"\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no [build-system] table; it has no [project] table"),
        ("a = ", "not valid TOML"),
        (BUILD + "[project]\n", "has no `name`; [project] has no `version`"),
        (BUILD + '[project]\nname = "-"\nversion = "1"', "'-' is not a name"),
        ("project = 3\n" + BUILD, "`project` is not a table"),
        (BUILD + '[project]\nname = "a"\nversion = 1', "`project.version` is not a string"),
        (BUILD + '[project]\nname = "a"\nversion = "1"\ndependencies = ["a b"]', "'a b' is not a"),
        (BUILD + '[project]\nname = "a"\nversion = "1"\ndependencies = [1]', "a list of strings"),
        (
            BUILD + '[project]\nname = "a"\nversion = "1"\noptional-dependencies = {x = "a"}',
            "`project.optional-dependencies.x` is not a list",
        ),
        (BUILD + '[project]\nname = "a"\nversion = "one"', "'one' is not a version"),
        (BUILD + '[project]\nname = "a"\nversion = "1"\nrequires-python = "3"', "requires-python"),
        (
            BUILD + '[project]\nname = "a"\nversion = "1"\n[tool.neverstale]\ntarget = "moon"',
            "'moon', not `tool` or `venv`",
        ),
        (
            BUILD + '[project]\nname = "a"\nversion = "1"\n[project.scripts]\nx = 1',
            "`project.scripts.x` is not a string",
        ),
    ],
)
def test_pyproject_that_is_wrong(text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(NeverstaleError) as raised:
        read_project(tmp_path)
    assert says in raised.value.message
    assert raised.value.hint
    assert "\n" not in raised.value.message


def test_pyproject_that_is_right(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        BUILD + '[project]\nname = "Demo_App"\ndynamic = ["version"]\n'
        'dependencies = ["X>=1", "y @ https://example.org/y.whl"]\nscripts = {run = "m:f"}\n'
        'optional-dependencies = {Big_One = ["z; python_version < \'3.11\'", "w @ file:///w"]}\n'
        '[tool.uv.sources]\nx = {path = ".."}\n'
    )
    project = read_project(tmp_path)
    assert (project.name, project.version, project.target) == ("demo-app", None, "tool")
    assert project.sourced == ("x",)
    assert set(project.requirements or ()) == {
        Requirement("x>=1"),
        Requirement("y @ https://example.org/y.whl"),
        Requirement('z; (python_version < "3.11") and extra == "big-one"'),
        Requirement('w @ file:///w ; extra == "big-one"'),
    }


NAME = canonicalize_name("demo")

LITTERED = {
    "build/lib/demo/old.py": "",
    "build/bdist.linux-x86_64/": "",
    "build/notes.txt": "",
    "dist/demo-1.0-py3-none-any.whl": "",
    "dist/demo-1.0.tar.gz": "",
    "dist/.gitignore": "*",
    "dist/photos.zip": "",
    "dist/other-1.0.tar.gz": "",
    "dist/sub/mine.txt": "",
    "demo.egg-info/SOURCES.txt": "",
    "src/demo.egg-info/PKG-INFO": "",
    "src/demo/build/lib/mine.py": "",
    "src/demo/dist/demo-1.0.tar.gz": "",
    "docs/build/lib/mine.py": "",
    "pyproject.toml": "",
}


def test_artifacts(tmp_path: Path) -> None:
    build_file_tree(tmp_path, LITTERED)
    (tmp_path / "linked.egg-info").symlink_to(tmp_path / "docs")
    found = find_artifacts(tmp_path, NAME)
    assert {p.relative_to(tmp_path).as_posix() for p in found.removable} == {
        "build/lib",
        "build/bdist.linux-x86_64",
        "dist/demo-1.0-py3-none-any.whl",
        "dist/demo-1.0.tar.gz",
        "dist/.gitignore",
        "demo.egg-info",
        "src/demo.egg-info",
    }
    kept = {k.path.relative_to(tmp_path).as_posix(): k.reason for k in found.kept}
    assert kept == {
        "build/notes.txt": "no build makes it",
        "dist/other-1.0.tar.gz": "no build makes it",
        "dist/photos.zip": "no build makes it",
        "dist/sub": "no build makes it",
        "linked.egg-info": f"a link to {tmp_path / 'docs'}",
    }
    remove(found.removable, tmp_path)
    remove(found.removable, tmp_path)  # gone already
    assert (tmp_path / "docs/build/lib/mine.py").exists()
    assert find_artifacts(tmp_path, NAME).removable == ()


@pytest.mark.parametrize("folder", ["build", "dist"])
def test_a_package_is_no_artifact(folder: str, tmp_path: Path) -> None:
    build_file_tree(tmp_path, {f"{folder}/__init__.py": "", f"{folder}/lib/a.whl": ""})
    build_file_tree(tmp_path, {f"{folder}/a.whl": "", f"{folder}/lib.py": ""})
    found = find_artifacts(tmp_path, NAME)
    assert (found.removable, found.kept) == ((), ())


def test_what_git_tracks_is_kept(tmp_path: Path) -> None:
    build_file_tree(tmp_path, LITTERED | {"a/__pycache__/x.pyc": "", "b/__pycache__/x.pyc": ""})
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    tracked = ["build/lib/demo/old.py", "dist/demo-1.0.tar.gz", "a/__pycache__/x.pyc"]
    subprocess.run(["git", "add", "--force", *tracked], cwd=tmp_path, check=True)
    found = find_artifacts(tmp_path, NAME)
    reasons = {k.path.relative_to(tmp_path).as_posix(): k.reason for k in found.kept}
    assert reasons["build/lib"] == reasons["dist/demo-1.0.tar.gz"] == "git tracks it"
    assert tmp_path / "dist/demo-1.0-py3-none-any.whl" in found.removable
    assert find_bytecode(tmp_path) == [tmp_path / "b/__pycache__"]


def test_git_that_cannot_be_asked(tmp_path: Path) -> None:
    build_file_tree(tmp_path, {".git/": "", "dist/a.whl": ""})
    with pytest.raises(NeverstaleError, match="git cannot list"):
        find_artifacts(tmp_path, NAME)


def sources_of(root: Path) -> dict[str, str]:
    artifacts = find_artifacts(root, NAME).removable
    return dict(read_sources(root, artifacts=artifacts).files)


def test_sources_are_what_a_build_can_read(tmp_path: Path) -> None:
    build_file_tree(
        tmp_path,
        LITTERED
        | {
            ".venv/pyvenv.cfg": "",
            ".venv/lib/x.py": "",
            ".cache/CACHEDIR.TAG": "",
            ".tools/cache/uv/CACHEDIR.TAG": "",
            ".tools/cache/uv/made.so": "",
            "demo/cache/CACHEDIR.TAG": "",
            ".nox/x.py": "",
            "demo/__pycache__/x.pyc": "",
            "demo/größe.py": "",
            ".hidden": "",
        },
    )
    (tmp_path / "demo" / "loop").symlink_to(tmp_path)
    (tmp_path / "dangling").symlink_to(tmp_path / "nothing")
    os.mkfifo(tmp_path / "fifo")
    assert set(sources_of(tmp_path)) == {
        ".hidden",
        "build/notes.txt",
        "demo/cache/CACHEDIR.TAG",
        "demo/größe.py",
        "dist/other-1.0.tar.gz",
        "dist/photos.zip",
        "dist/sub/mine.txt",
        "docs/build/lib/mine.py",
        "pyproject.toml",
        "src/demo/build/lib/mine.py",
        "src/demo/dist/demo-1.0.tar.gz",
    }


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "a.py").write_text("y"),
        lambda root: (root / "a.py").unlink(),
        lambda root: (root / "a.py").rename(root / "c.py"),
        lambda root: (root / "new.py").write_text("x"),
        lambda root: (root / "b.py").write_text(""),
        lambda root: (root / "a.py").rename(root / os.fsdecode(b"\xff.py")),
    ],
    ids=["edited", "deleted", "renamed", "added", "emptied", "renamed out of UTF-8"],
)
def test_fingerprint_changes_with(change: object, tmp_path: Path) -> None:
    build_file_tree(tmp_path, {"a.py": "x", "b.py": "z"})

    def fingerprint() -> str:
        return read_sources(tmp_path, artifacts=()).fingerprint

    before = fingerprint()
    os.utime(tmp_path / "a.py", (0, 0))
    assert fingerprint() == before, "times are no content"
    assert callable(change)
    change(tmp_path)
    assert fingerprint() != before


def compiled(folder: Path, age_ns: int) -> Path:
    """Give bytecode that was written *age_ns* after its source last changed."""
    source = folder / "module.py"
    source.write_text("")
    cache = folder / "__pycache__"
    cache.mkdir(exist_ok=True)
    bytecode = cache / "module.cpython-311.pyc"
    bytecode.write_bytes(bytes(16))
    noted = source.stat().st_ctime_ns + age_ns
    os.utime(bytecode, ns=(noted, noted))
    return bytecode


@pytest.mark.parametrize(
    ("age_ns", "stale"),
    [(-1, True), (0, True), (RACY_NS, True), (RACY_NS + 1, False), (10 * RACY_NS, False)],
)
def test_bytecode_is_trusted_by_distance(age_ns: int, stale: bool, tmp_path: Path) -> None:
    bytecode = compiled(tmp_path, age_ns)
    assert find_stale_bytecode(tmp_path) == ([bytecode] if stale else [])


def test_bytecode_that_is_never_trusted(tmp_path: Path) -> None:
    bytecode = compiled(tmp_path, 10 * RACY_NS)
    unchecked = bytecode.with_name("module.cpython-312.opt-1.pyc")
    unchecked.write_bytes(bytes(4) + b"\x01\0\0\0" + bytes(8))
    shutil.copystat(bytecode, unchecked)
    orphan = bytecode.with_name("gone.cpython-311.pyc")
    orphan.write_bytes(bytes(16))
    assert set(find_stale_bytecode(tmp_path)) == {unchecked, orphan}
    (tmp_path / ".venv" / "lib").mkdir(parents=True)
    (tmp_path / ".venv" / "pyvenv.cfg").touch()
    compiled(tmp_path / ".venv" / "lib", 0)
    assert set(find_stale_bytecode(tmp_path)) == {unchecked, orphan}, "not the project's"

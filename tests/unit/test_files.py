"""Files: digests, what is read and what is not, trees, and what is removed."""

import hashlib
import io
import os
import stat
from pathlib import Path

import pytest
from support.tree import build_file_tree
from unit.small import below

from neverstale import files
from neverstale.errors import NeverstaleError
from neverstale.files import (
    CHUNK,
    TICK,
    digest_of,
    digest_of_file,
    digest_of_stream,
    folders,
    is_apart,
    leads_to_file,
    leads_to_folder,
    listing,
    new_hash,
    read_bytes,
    read_files,
    read_text,
    real,
    short_hash,
    spelled,
    text_if_there,
    write_text,
)
from neverstale.removal import discard, is_below, remove

EMPTY = "sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"


@pytest.mark.parametrize("algorithm", ["sha256", "sha512", "md5"])
@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_a_file_has_the_digest_of_its_bytes(size: int, algorithm: str, tmp_path: Path) -> None:
    path = tmp_path / "größe"
    path.write_bytes(b"x" * size)
    assert digest_of_file(path, algorithm) == digest_of(b"x" * size, algorithm)
    assert digest_of_stream(io.BytesIO(b"x" * size)) == digest_of(b"x" * size)


def test_a_digest_is_spelled_as_record_spells_it() -> None:
    assert digest_of(b"") == EMPTY
    assert digest_of(b"x") != EMPTY
    assert spelled("made-up", b"\xfb\xff") == "made-up=-_8"
    assert digest_of(b"", "sha512").startswith("sha512=")


def test_an_unknown_algorithm() -> None:
    assert new_hash("sha256").name == "sha256"
    assert new_hash("sha512").name == "sha512"
    with pytest.raises(ValueError, match="unsupported hash type 'rot13'"):
        new_hash("rot13")
    with pytest.raises(ValueError, match="unsupported"):
        digest_of(b"", "rot13")


def test_a_short_hash_tells_its_parts_apart() -> None:
    assert short_hash("ab", "c") != short_hash("a", "bc")
    assert short_hash("a") == hashlib.sha256(b"a").hexdigest()[:20]
    assert len(short_hash("a", length=64)) == 64
    assert short_hash("\udcff") != short_hash("\udcfe")


@pytest.mark.parametrize(
    ("most", "expected"), [(0, b""), (2, b"ab"), (3, b"abc"), (4, b"abc"), (None, b"abc")]
)
def test_the_first_bytes(most: int | None, expected: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    assert (read_bytes(path) if most is None else read_bytes(path, most)) == expected


@pytest.mark.parametrize("what", ["folder", "pipe", "device", "missing"])
def test_what_is_no_file_is_not_read(what: str, tmp_path: Path) -> None:
    path = tmp_path / what
    if what == "folder":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    elif what == "device":
        path = Path(os.devnull)
    before = set(listing("/proc/self/fd"))
    for read in (read_bytes, read_text, digest_of_file):
        with pytest.raises(OSError, match=r"not a regular file|No such file"):
            read(path)
    assert not text_if_there(path)
    assert set(listing("/proc/self/fd")) == before, "nothing stays open"


def test_other_bytes_than_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes("größe".encode() + b"\xff")
    assert read_text(path) == "größe\udcff"
    assert text_if_there(path) == "größe\ufffd"
    assert not text_if_there(Path("a\0b"))


def test_a_file_is_replaced_wholly(tmp_path: Path) -> None:
    path, other, target = (tmp_path / name for name in ("größe.txt", "shared", "target"))
    path.write_text("old")
    path.chmod(0o755)
    os.link(path, other)
    write_text(path, "ü\r\n\udcff\n")
    assert path.read_bytes() == "ü\r\n".encode() + b"\xff\n"
    assert not path.stat().st_mode & stat.S_IXUSR
    assert other.read_text() == "old", "uv's cache may share the old one"
    target.write_text("old")
    link = tmp_path / "link"
    link.symlink_to(target)
    write_text(link, "new")
    assert (target.read_text(), link.read_text(), link.is_symlink()) == ("old", "new", False)
    assert len(list(tmp_path.iterdir())) == 4, "and nothing is left beside it"


def test_what_cannot_be_replaced_stays(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "x").mkdir(parents=True)
    with pytest.raises(OSError, match="folder"):
        write_text(folder, "text")
    assert list(tmp_path.iterdir()) == [folder]


def test_what_a_killed_process_of_the_same_number_left(tmp_path: Path) -> None:
    left = tmp_path / f".name-{os.getpid()}"
    left.symlink_to(tmp_path / "elsewhere")
    write_text(tmp_path / "name", "new")
    assert below(tmp_path, tmp_path.iterdir()) == ["name"]


def test_long_names_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 255)
    write_text(path, "text")
    assert path.read_text() == "text"


def test_read_files(tmp_path: Path) -> None:
    build_file_tree(tmp_path, {"plain": "a", "run": "b", "file": "", "folder/": ""})
    (tmp_path / "run").chmod(0o710)
    (tmp_path / "link").symlink_to("run")
    (tmp_path / "dangling").symlink_to("nothing")
    (tmp_path / "circle").symlink_to("circle")
    os.mkfifo(tmp_path / "pipe")
    names = ["plain", "run", "link", "dangling", "circle", "pipe", "folder", "file/below", "gone"]
    paths = {name: str(tmp_path / name) for name in [*names, "x" * 256, "a\0b"]}
    read = read_files(paths)
    assert read.digests == {
        "plain": digest_of(b"a"),
        "run": digest_of(b"b"),
        "link": digest_of(b"b"),
    }
    assert read.executable == {"run", "link"}


@pytest.mark.parametrize("count", [0, 1, TICK, TICK + 1])
def test_progress_is_told(count: int, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    paths = {str(number): str(tmp_path / "gone") for number in range(count)}
    read_files(paths, lambda done, total: told.append((done, total)))
    expected = [(done, count) for done in range(0, count, TICK)] + [(count, count)]
    assert told == expected


WALKED = {
    "a/x.py": "",
    "a/__pycache__/x.pyc": "",
    "a/.git/config": "",
    "b.py": "",
    ".hidden/y": "",
    ".nox/z": "",
    ".neverstale/z": "",
    "left/out": "",
    "env/pyvenv.cfg": "",
    "env/bin/": "",
    "a/cache/CACHEDIR.TAG": "",
    "a/.cache/CACHEDIR.TAG": "",
    "empty/": "",
}


def test_folders(tmp_path: Path) -> None:
    build_file_tree(tmp_path, WALKED)
    found = {
        folder.relative_to(tmp_path).as_posix(): [entry.name for entry in entries]
        for folder, entries in folders(
            tmp_path, through_links=False, without=[tmp_path / "left", tmp_path / "b.py"]
        )
    }
    assert found == {
        ".": [".hidden", "a", "empty", "env"],
        ".hidden": ["y"],
        "a": [".cache", "__pycache__", "cache", "x.py"],
        "a/cache": ["CACHEDIR.TAG"],
        "empty": [],
    }
    assert list(found) == [".", ".hidden", "a", "a/cache", "empty"], "parents first, and sorted"


def test_a_root_is_walked_whatever_marks_it(tmp_path: Path) -> None:
    build_file_tree(tmp_path, {"CACHEDIR.TAG": "", "pyvenv.cfg": "", "bin/": "", "a/x": ""})
    assert below(tmp_path, (f for f, _ in folders(tmp_path, through_links=True))) == [
        ".",
        "a",
        "bin",
    ]


def test_links_to_folders(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    build_file_tree(tmp_path, {"root/a/x": "", "outside/y/z": ""})
    (root / "a" / "out").symlink_to(outside)
    (root / "a" / "loop").symlink_to(root)
    (root / "a" / "above").symlink_to(tmp_path)
    (root / "a" / "self").symlink_to(root / "a")
    (outside / "back").symlink_to(outside)
    (root / "circle").symlink_to("circle")
    inside = below(root, (folder for folder, _ in folders(root, through_links=False)))
    assert inside == [".", "a"]
    through = below(root, (folder for folder, _ in folders(root, through_links=True)))
    assert through == [".", "a", "a/out", "a/out/y"]


@pytest.mark.parametrize(
    ("folder", "names", "apart"),
    [
        pytest.param("env", {"pyvenv.cfg", "bin"}, True, id="an environment"),
        pytest.param("a/env", {"pyvenv.cfg", "bin"}, True, id="an environment deeper"),
        pytest.param("a/env", {"pyvenv.cfg", "Scripts"}, True, id="one of Windows"),
        pytest.param("a/env", {"pyvenv.cfg", "bin", "x.py"}, True, id="one with a module"),
        pytest.param("a/env", {"pyvenv.cfg"}, False, id="the file alone, deeper"),
        pytest.param("a/env", {"CACHEDIR.TAG", "bin"}, False, id="a tag is no environment"),
        pytest.param("env", {"pyvenv.cfg"}, True, id="the file alone, at the root"),
        pytest.param("cache", {"CACHEDIR.TAG"}, True, id="a cache at the root"),
        pytest.param("cache", {"CACHEDIR.TAG", "x.py"}, False, id="a package at the root"),
        pytest.param("cache", {"CACHEDIR.TAG", "x.pyi"}, False, id="a stub at the root"),
        pytest.param("cache", {"CACHEDIR.TAG", "x.pyc"}, True, id="bytecode is no module"),
        pytest.param("a/cache", {"CACHEDIR.TAG"}, False, id="a package may ship one"),
        pytest.param("a/.cache", {"CACHEDIR.TAG"}, True, id="hidden"),
        pytest.param(".a/cache", {"CACHEDIR.TAG", "x.py"}, True, id="in a hidden one"),
        pytest.param("a/.b/cache", {"CACHEDIR.TAG"}, False, id="hidden in between"),
        pytest.param(".cache", {"x"}, False, id="hidden without a mark"),
        pytest.param("bin", {"bin", "Scripts"}, False, id="no mark at all"),
    ],
)
def test_is_apart(folder: str, names: set[str], *, apart: bool) -> None:
    assert is_apart(Path("/p", folder), Path("/p"), names) is apart


def test_listing(tmp_path: Path) -> None:
    build_file_tree(tmp_path, {"b": "", "a/": "", ".c": ""})
    assert listing(tmp_path) == [".c", "a", "b"]
    assert listing(tmp_path / "gone") == listing(tmp_path / "b") == listing("a\0b") == []


def test_real(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("target")
    (tmp_path / "circle").symlink_to("circle")
    root = Path(os.path.realpath(tmp_path))
    assert real(tmp_path / "link") == root / "target"
    assert real(tmp_path / "circle").name == "circle"
    assert real("/a\0b/../c") == Path("/c")


def test_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/somewhere")
    assert files.home() == Path("/somewhere")


def test_where_entries_lead(tmp_path: Path) -> None:
    build_file_tree(tmp_path, {"file": "", "folder/": ""})
    for name, target in {"to file": "file", "to folder": "folder", "circle": "circle"}.items():
        (tmp_path / name).symlink_to(target)
    (tmp_path / "nowhere").symlink_to("gone")
    entries = {entry.name: entry for entry in os.scandir(tmp_path)}
    assert {n for n, e in entries.items() if leads_to_file(e)} == {"file", "to file"}
    plain = {n for n, e in entries.items() if leads_to_folder(e, through_links=False)}
    through = {n for n, e in entries.items() if leads_to_folder(e, through_links=True)}
    assert (plain, through) == ({"folder"}, {"folder", "to folder"})


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a", True),
        ("a/b", True),
        ("gone/b/c", True),
        ("link", True),
        ("link/b", False),
        ("a/link/b", False),
        ("a/link/b/c", False),
        ("a/link", True),
        (".", False),
        ("../other", False),
    ],
)
def test_is_below(path: str, expected: bool, tmp_path: Path) -> None:
    root = tmp_path / "root"
    build_file_tree(root, {"a/b": "", "other/b": ""})
    (root / "link").symlink_to("other")
    (root / "a" / "link").symlink_to(root / "other")
    (tmp_path / "to root").symlink_to("root")
    assert is_below(Path(os.path.normpath(root / path)), root) is expected
    if expected:
        assert is_below(tmp_path / "to root" / path, tmp_path / "to root"), "above it is no matter"


def test_remove(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    removed = {"a/b/c/x": "", "dist/one/y": "", "src/z.egg-info/x": "", "build/lib/x": ""}
    build_file_tree(root, {**removed, "build/notes": ""})
    build_file_tree(outside, {"keep": "", "deep/keep": ""})
    (root / "link").symlink_to(outside)
    (root / "way").symlink_to(outside)
    paths = ["a/b/c/x", "dist/one", "src/z.egg-info", "build/lib", "link", "way/deep", "gone/x"]
    for _ in range(2):  # the second time all of it is gone
        remove([*(root / path for path in paths), root, outside / "keep"], root)
    assert sorted(below(root, root.rglob("*"))) == ["build", "build/notes", "src", "way"]
    assert sorted(below(outside, outside.rglob("*"))) == ["deep", "deep/keep", "keep"]


def test_what_cannot_be_removed_is_named(tmp_path: Path) -> None:
    build_file_tree(tmp_path, {"dist": ""})
    with pytest.raises(
        NeverstaleError, match=r"dist/x cannot be removed: Not a directory"
    ) as raised:
        remove([tmp_path / "dist" / "x"], tmp_path)
    assert raised.value.hint


def test_discard(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    build_file_tree(root, {"a/b/x": "", "c/x": "", "file": ""})
    build_file_tree(outside, {"deep/keep": ""})
    (root / "link").symlink_to(outside)
    for path in (root / "a" / "b", root / "link" / "deep", root, outside, root / "gone"):
        discard(path, root)
    assert sorted(below(root, root.rglob("*"))) == ["a", "c", "c/x", "file", "link"]
    discard(root / "link", root)
    assert not (root / "link").is_symlink()
    assert (outside / "deep" / "keep").is_file()

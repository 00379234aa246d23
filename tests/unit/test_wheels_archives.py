"""Wheels and sdists, read without being unpacked."""

import gzip
import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from support.tree import build_wheel_file

from neverstale.errors import NeverstaleError
from neverstale.files import digest_of
from neverstale.wheels import archives
from neverstale.wheels.archives import pointers_in, read_sdist, read_wheel

INFO = "demo-1.0.dist-info"
NAME = "demo-1.0-py3-none-any.whl"


def test_wheel(tmp_path: Path) -> None:
    metadata = (
        "Metadata-Version: 2.1\nName: Demo\nVersion: 1.0\n"
        "Requires-Dist: dep>=1\nRequires-Python: >=3.9\n"
    )
    files = {
        "demo/__init__.py": "x",
        "demo/": "",
        "demo/_vendor/other-2.0.dist-info/METADATA": "Name: other\nVersion: 2.0\n",
        "demo-1.0.data/purelib/pure.py": "",
        "demo-1.0.data/platlib/plat.py": "",
        "demo-1.0.data/scripts/run": "#!python\nbody",
        "demo-1.0.data/data/share/x": "",
        "demo-1.0.data/headers/x.h": "",
        "demo-1.0.dataset/x": "",
        f"{INFO}/METADATA": metadata,
        f"{INFO}/WHEEL": "Generator: x\nTag: y\n",
        f"{INFO}/entry_points.txt": "[console_scripts]\nrun = m:f\n[group]\nplug = m:g\n",
    }
    read = read_wheel(build_wheel_file(tmp_path, files))
    assert (read.name, read.version, read.requires_python) == ("demo", "1.0", ">=3.9")
    assert read.requirements == {Requirement("dep>=1")}
    assert read.fields == {"Requires-Python": ">=3.9"}
    assert (read.commands, read.plugins) == ({"run": "m:f"}, {"group: plug": "m:g"})
    assert read.files == {
        "demo/__init__.py": digest_of(b"x"),
        "demo/_vendor/other-2.0.dist-info/METADATA": digest_of(b"Name: other\nVersion: 2.0\n"),
        "pure.py": digest_of(b""),
        "plat.py": digest_of(b""),
        "{scripts}/run": digest_of(b"#!python\nbody"),
        "{data}/share/x": digest_of(b""),
        "{headers}/x.h": digest_of(b""),
        "demo-1.0.dataset/x": digest_of(b""),
        f"{INFO}/METADATA": digest_of(metadata.encode()),
        f"{INFO}/WHEEL": digest_of(b"Generator: x\nTag: y\n"),
        f"{INFO}/entry_points.txt": digest_of(files[f"{INFO}/entry_points.txt"].encode()),
    }
    assert read.bodies["{scripts}/run"] == digest_of(b"body")
    assert read.bodies[f"{INFO}/WHEEL"] == digest_of(b"Tag: y\n\n")
    bodies = {"{scripts}/run", f"{INFO}/WHEEL", f"{INFO}/METADATA"}
    assert read.bodies.keys() == {*bodies, "demo/_vendor/other-2.0.dist-info/METADATA"}
    assert read.executable == frozenset()


def test_executable_files(tmp_path: Path) -> None:
    path = build_wheel_file(tmp_path, {"demo/a": ""})
    with zipfile.ZipFile(path, "a") as archive:
        for name, mode in {"demo-1.0.data/scripts/run": 0o100755, "demo/b": 0o100644}.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            archive.writestr(entry, "")
    assert read_wheel(path).executable == {"{scripts}/run"}


def damaged(path: Path) -> Path:
    """Write a wheel of compressed files, and damage one of them."""
    build_wheel_file(path.parent, {})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("demo/big", "0123456789" * 100)
        offset = archive.getinfo("demo/big").header_offset
    raw = bytearray(path.read_bytes())
    raw[offset + 40 : offset + 50] = b"\xff" * 10
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize("name", [NAME, "demo.whl"])
def test_what_is_no_wheel_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("no zip")
    with pytest.raises(NeverstaleError, match=f"{name} is not a wheel: ") as raised:
        read_wheel(tmp_path / name)
    assert raised.value.hint


def test_a_wheel_that_is_damaged_or_missing(tmp_path: Path) -> None:
    with pytest.raises(NeverstaleError, match="is not a wheel"):
        read_wheel(damaged(tmp_path / NAME))
    with pytest.raises(NeverstaleError, match="is not a wheel"):
        read_wheel(tmp_path / "gone-1.0-py3-none-any.whl")
    with pytest.raises(NeverstaleError, match="is not a wheel"):
        pointers_in(tmp_path / "gone-1.0-py3-none-any.whl")


@pytest.mark.parametrize(
    ("files", "count"),
    [({"other-1.0.dist-info/METADATA": ""}, 2), ({"x/other-1.0.dist-info/METADATA": ""}, 1)],
)
def test_one_dist_info(files: dict[str, str], count: int, tmp_path: Path) -> None:
    path = build_wheel_file(tmp_path, files)
    if count == 1:
        assert read_wheel(path).name == "demo"
    else:
        with pytest.raises(NeverstaleError, match="holds 2 dist-info folders, not one"):
            read_wheel(path)


def test_no_dist_info(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / NAME, "w") as archive:
        archive.writestr("demo.py", "")
    with pytest.raises(NeverstaleError, match="holds 0 dist-info folders"):
        read_wheel(tmp_path / NAME)


@pytest.mark.parametrize(
    ("name", "leaves"),
    [
        ("../x", True),
        ("a/../../x", True),
        ("a\\..\\x", True),
        ("/x", True),
        ("\\x", True),
        ("C:/x", True),
        ("C:x", True),
        ("a..b/x", False),
        ("..a/x", False),
    ],
)
def test_files_that_would_be_unpacked_elsewhere(name: str, leaves: bool, tmp_path: Path) -> None:
    path = build_wheel_file(tmp_path, {name: ""})
    if leaves:
        with pytest.raises(NeverstaleError, match="a file that would be unpacked elsewhere"):
            read_wheel(path)
    else:
        assert name in read_wheel(path).files


def test_two_files_for_one_place(tmp_path: Path) -> None:
    files = {"demo/cli.py": "", "demo-1.0.data/purelib/demo/cli.py": "another"}
    path = build_wheel_file(tmp_path, files)
    with pytest.raises(NeverstaleError, match=r"has two files for demo/cli\.py"):
        read_wheel(path)


def test_what_unpacks_to_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = build_wheel_file(tmp_path, {})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("demo/big", b"\0" * 200_000)
    unpacked = sum(entry.file_size for entry in zipfile.ZipFile(path).infolist())
    monkeypatch.setattr(archives, "MOST_TIMES", 1)
    monkeypatch.setattr(archives, "LARGE", unpacked)
    assert read_wheel(path)
    monkeypatch.setattr(archives, "LARGE", unpacked - 1)
    with pytest.raises(NeverstaleError, match="would unpack to 0 MiB"):
        read_wheel(path)
    os.truncate(path, 0)
    monkeypatch.setattr(archives, "LARGE", 10)
    (tmp_path / "ten").write_text("0123456789")
    monkeypatch.setattr(archives, "MOST_TIMES", 200)
    archives._refuse_bomb(2000, tmp_path / "ten")  # noqa: SLF001
    with pytest.raises(NeverstaleError):
        archives._refuse_bomb(2001, tmp_path / "ten")  # noqa: SLF001


@pytest.mark.parametrize(
    ("files", "folders"),
    [
        ({}, []),
        (
            {"x.pth": "/a b/src\n\n  \n# no\nimport os\nimport\tos\n/c\r\nimportant\n"},
            ["/a b/src", "/c", "important"],
        ),
        ({"x.pth": "/a\n", "y.pth": "/b"}, ["/a", "/b"]),
        ({"demo/x.pth": "/a\n", "x.txt": "/a"}, []),
    ],
)
def test_pointers(files: dict[str, str], folders: list[str], tmp_path: Path) -> None:
    assert pointers_in(build_wheel_file(tmp_path, files)) == folders


def sdist(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for name, kind in (
            ("demo-1.0/folder", tarfile.DIRTYPE),
            ("demo-1.0/link", tarfile.SYMTYPE),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "a"
            archive.addfile(member)
    return path


def test_sdist(tmp_path: Path) -> None:
    files = {"demo-1.0/a": b"x", "demo-1.0/größe/b": b"y" * 100_000, "top": b"z"}
    read = read_sdist(sdist(tmp_path / "demo-1.0.tar.gz", files))
    assert read == {"a": digest_of(b"x"), "größe/b": digest_of(b"y" * 100_000)}


def test_what_is_no_sdist_is_refused(tmp_path: Path) -> None:
    path = sdist(tmp_path / "demo-1.0.tar.gz", {"demo-1.0/a": os.urandom(100_000)})
    whole = path.read_bytes()
    for content in (b"", b"no archive", whole[:50_000], gzip.compress(b"x" * 999)):
        path.write_bytes(content)
        with pytest.raises(NeverstaleError, match=r"demo-1\.0\.tar\.gz is not an sdist: "):
            read_sdist(path)


def test_an_sdist_that_unpacks_to_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = sdist(tmp_path / "demo-1.0.tar.gz", {"demo-1.0/a": b"\0" * 1_000_000})
    assert read_sdist(path)
    monkeypatch.setattr(archives, "LARGE", 500_000)
    with pytest.raises(NeverstaleError, match="would unpack to"):
        read_sdist(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_wheel_that_is_unpacked_as_a_whole(method: int, tmp_path: Path) -> None:
    path = tmp_path / NAME
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr(f"{INFO}/METADATA", "Name: demo\nVersion: 1.0\n")
    with pytest.raises(NeverstaleError, match="compressed in a way that wheels are not"):
        read_wheel(path)


def test_an_sdist_of_holes(tmp_path: Path) -> None:
    path = tmp_path / "demo-1.0.tar.gz"
    member = tarfile.TarInfo("demo-1.0/sparse")
    member.pax_headers = {
        "GNU.sparse.major": "0",
        "GNU.sparse.minor": "1",
        "GNU.sparse.map": f"0,0,{1 << 36},0",
        "GNU.sparse.size": str(1 << 36),
    }
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(member)
    with pytest.raises(NeverstaleError, match="would unpack to 65536 MiB"):
        read_sdist(path)

"""sdists that are settled: the same bytes from the same sources."""

import io
import tarfile
from pathlib import Path

import pytest

from neverstale.wheels.sdist import settle

EPOCH = 1_000_000_000


def sdist(path: Path, mtime: int, *, owner: int = 0, names: tuple[str, ...] = ("b", "a")) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name in names:
            member = tarfile.TarInfo(f"demo-1.0/{name}")
            member.mtime, member.uid, member.uname = mtime, owner, f"user{owner}"
            member.gid, member.gname = owner, f"group{owner}"
            member.pax_headers = {"comment": str(owner)}
            member.mode = 0o710 if name == "run" else 0o640
            if name == "folder":
                member.type, member.mode = tarfile.DIRTYPE, 0o600
                archive.addfile(member)
                continue
            member.size = len(name)
            archive.addfile(member, io.BytesIO(name.encode()))
    return path


def test_settled_sdists_are_the_same_bytes(tmp_path: Path) -> None:
    first = sdist(tmp_path / "first.tar.gz", EPOCH + 5, names=("b", "a", "run", "folder"))
    names = ("run", "folder", "a", "b")
    second = sdist(tmp_path / "second.tar.gz", EPOCH + 9, owner=7, names=names)
    for path in (first, second):
        settle(path, EPOCH)
    assert first.read_bytes() == second.read_bytes()
    assert int.from_bytes(first.read_bytes()[4:8], "little") == EPOCH, "in the header of gzip"
    with tarfile.open(first) as archive:
        members = archive.getmembers()
        assert {m.name: (m.mtime, m.mode, m.uname, m.gname, m.uid, m.gid) for m in members} == {
            "demo-1.0/a": (EPOCH, 0o644, "", "", 0, 0),
            "demo-1.0/b": (EPOCH, 0o644, "", "", 0, 0),
            "demo-1.0/folder": (EPOCH, 0o755, "", "", 0, 0),
            "demo-1.0/run": (EPOCH, 0o755, "", "", 0, 0),
        }
        content = archive.extractfile("demo-1.0/b")
        assert content
        assert content.read() == b"b"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first.tar.gz", "second.tar.gz"]


@pytest.mark.parametrize(
    ("packed", "mtime", "again"),
    [
        (EPOCH, EPOCH, False),
        (EPOCH - 1, EPOCH - 1, False),
        (EPOCH + 1, EPOCH, True),
        (EPOCH, EPOCH + 1, True),
    ],
)
def test_an_sdist_that_heeds_the_epoch_is_left_alone(
    packed: int, mtime: int, again: bool, tmp_path: Path
) -> None:
    path = sdist(tmp_path / "demo.tar.gz", mtime)
    raw = bytearray(path.read_bytes())
    raw[4:8] = packed.to_bytes(4, "little")
    path.write_bytes(raw)
    settle(path, EPOCH)
    assert (path.read_bytes() != bytes(raw)) is again


def test_links_stay_links(tmp_path: Path) -> None:
    path = sdist(tmp_path / "a.tar.gz", EPOCH + 5)
    with tarfile.open(path, "w:gz") as archive:
        for name, kind, to in (
            ("to nowhere", tarfile.SYMTYPE, "../../gone"),
            ("b", tarfile.REGTYPE, ""),
            ("c", tarfile.LNKTYPE, "demo-1.0/b"),
        ):
            member = tarfile.TarInfo(f"demo-1.0/{name}")
            member.mtime, member.type, member.linkname = EPOCH + 5, kind, to
            archive.addfile(member)
    settle(path, EPOCH)
    with tarfile.open(path) as archive:
        found = {m.name: (m.type, m.linkname) for m in archive.getmembers()}
    assert found == {
        "demo-1.0/to nowhere": (tarfile.SYMTYPE, "../../gone"),
        "demo-1.0/b": (tarfile.REGTYPE, ""),
        "demo-1.0/c": (tarfile.LNKTYPE, "demo-1.0/b"),
    }


def test_what_setuptools_was_told_to_work_in_is_no_part_of_it(tmp_path: Path) -> None:
    names = ("a", ".neverstale/building-x/egg-info/PKG-INFO", "src/.neverstale/mine")
    for time in (EPOCH, EPOCH + 1):
        path = sdist(tmp_path / "demo.tar.gz", time, names=names)
        settle(path, EPOCH)
        with tarfile.open(path) as archive:
            assert archive.getnames() == ["demo-1.0/a", "demo-1.0/src/.neverstale/mine"]

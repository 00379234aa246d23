"""A build that leaves no trace: what it made is removed, what it changed is put back."""

import shutil
import stat
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.tree import build_file_tree
from unit.small import below, git, make_repository

from neverstale.wheels.trace import Trace

BEFORE = {"demo/__init__.py": "old", "empty/": "", "notes": "mine", "setup.cfg": "old"}


def build(
    root: Path,
    made: Mapping[str, str],
    events: Mapping[str, str],
    kept: Mapping[str, str] | None = None,
    *,
    wanted: bool = True,
) -> None:
    """Write *made* as a build that records *events* (path → letters) and keeps copies."""
    record = build_file_tree(root.parent / "scratch", {"record/": ""}) / "record"
    with Trace(root, record.parent, wanted):
        build_file_tree(root, made)
        noted = b"".join(
            f"{letter}{root / path}\0".encode()
            for path, letters in events.items()
            for letter in letters
        )
        for number, (path, text) in enumerate((kept or {}).items()):
            (record / f"copy-{number}").write_text(text)
            if (root / path).exists():
                shutil.copymode(root / path, record / f"copy-{number}")  # as the recorder does
            noted += f"ccopy-{number}:{root / path}\0".encode()
        (record / "events-1").write_bytes(noted)


def tree(root: Path) -> set[str]:
    return {path for path in below(root, root.rglob("*")) if not path.startswith(".git/")}


MADE = {
    "build/lib/demo.py": "",
    "demo/version.py": "",
    "demo/__pycache__/x.pyc": "",
    "mine/of another process": "",
    "half/made": "",
    "half/of another process": "",
}
EVENTS = dict.fromkeys(
    [*MADE, "build", "build/lib", "demo/__pycache__", "half", "empty", "notes", "gone"], "w"
)
EVENTS = {
    path: kinds for path, kinds in EVENTS.items() if not path.endswith(("process", ".pyc"))
} | {"demo": "r"}


@pytest.mark.parametrize("wanted", [True, False])
def test_what_a_build_made_is_removed(wanted: bool, tmp_path: Path) -> None:
    root = build_file_tree(tmp_path / "a größe", BEFORE)
    before = tree(root)
    build(root, MADE, EVENTS, wanted=wanted)
    others = {"mine", "mine/of another process", "half", "half/of another process"}
    all_of_it = {"build", "build/lib", "demo/__pycache__", "half/made", *MADE}
    assert tree(root) - before == (others if wanted else others | all_of_it)
    assert tree(root) >= before


def test_what_a_build_read_and_listed_stays(tmp_path: Path) -> None:
    root = build_file_tree(tmp_path / "root", BEFORE)
    build(root, {"new": ""}, {"new": "rlk"})
    assert (root / "new").exists()


def test_what_git_tracks_stays(tmp_path: Path) -> None:
    root = build_file_tree(tmp_path / "root", BEFORE)
    make_repository(root, "notes")
    (root / "notes").unlink()
    build(
        root,
        {"notes": "", "new": "", "sub/.git": "", "sub/x": ""},
        {"notes": "w", "new": "w", "sub/x": "w"},
    )
    assert {"notes", "sub/x"} <= tree(root)
    assert "new" not in tree(root)
    assert git(root, "ls-files").split() == ["notes"]


def test_nothing_beyond_a_link_is_touched(tmp_path: Path) -> None:
    outside = build_file_tree(tmp_path / "outside", {"x": "theirs", "d/y": "theirs"})
    root = build_file_tree(tmp_path / "root", BEFORE)
    (root / "link").symlink_to(outside)
    record = build_file_tree(tmp_path / "scratch", {"record/": ""}) / "record"
    with Trace(root, record.parent, wanted=True):
        (root / "made").symlink_to(outside)
        paths = [root / "link" / "x", root / "made", root / "made" / "d", outside / "x"]
        noted = b"".join(b"w" + str(path).encode() + b"\0" for path in paths)
        (record / "copy").write_text("ours")
        for target in (root / "link" / "x", outside / "x", root / "made"):
            noted += f"ccopy:{target}\0".encode()
        (record / "events-1").write_bytes(noted)
    assert not (root / "made").is_symlink()
    assert below(outside, sorted(outside.rglob("*"))) == ["d", "d/y", "x"]
    assert (outside / "x").read_text() == "theirs"


def test_permissions_are_put_back(tmp_path: Path) -> None:
    root = build_file_tree(tmp_path / "root", BEFORE)
    (root / "notes").chmod(0o700)
    build(root, {}, {"notes": "w"}, {"notes": "mine"})
    (root / "notes").chmod(0o700)
    record = build_file_tree(tmp_path / "again", {"record/copy": "mine"}) / "record"
    (record / "copy").chmod(0o640)
    (record / "events-1").write_bytes(f"ccopy:{root / 'notes'}\0".encode())
    with Trace(root, record.parent, wanted=True):
        (root / "notes").chmod(0o600)
    assert stat.S_IMODE((root / "notes").stat().st_mode) == 0o640


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        pytest.param({"setup.cfg": "new"}, "old", id="changed"),
        pytest.param({"setup.cfg": "old"}, "old", id="written as it was"),
        pytest.param({}, "old", id="not changed"),
    ],
)
def test_what_a_build_changed_is_put_back(
    made: dict[str, str], expected: str, tmp_path: Path
) -> None:
    root = build_file_tree(tmp_path / "root", BEFORE)
    (root / "setup.cfg").chmod(0o750)
    before = (root / "setup.cfg").stat().st_ino
    build(root, made, {"setup.cfg": "w"}, {"setup.cfg": "old", "deep/er/gone": "old"})
    assert (root / "setup.cfg").read_text() == expected
    assert stat.S_IMODE((root / "setup.cfg").stat().st_mode) == 0o750
    assert (root / "setup.cfg").stat().st_ino == before
    assert (root / "deep/er/gone").read_text() == "old"


def test_a_copy_that_is_missing(tmp_path: Path) -> None:
    root = build_file_tree(tmp_path / "root", BEFORE)
    record = build_file_tree(tmp_path / "scratch", {"record/": ""}) / "record"
    with Trace(root, record.parent, wanted=True):
        (record / "events-1").write_bytes(f"cgone:{root / 'notes'}\0".encode())
    assert (root / "notes").read_text() == "mine"


def test_a_build_that_fails_leaves_no_trace(tmp_path: Path) -> None:
    root = build_file_tree(tmp_path / "root", BEFORE)
    record = build_file_tree(tmp_path / "scratch", {"record/": ""}) / "record"

    def fail() -> None:
        with Trace(root, record.parent, wanted=True):
            (root / "new").touch()
            (record / "events-1").write_bytes(f"w{root / 'new'}\0".encode())
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert not (root / "new").exists()

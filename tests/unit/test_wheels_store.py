"""What was built, at paths that are named by content, and what each build read."""

import io
import json
import os
import shutil
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from support.tree import build_file_tree, build_wheel_file
from unit.made_up import WHEEL
from unit.small import make_project, set_time

from neverstale.cache import seal_of
from neverstale.errors import NeverstaleError
from neverstale.files import Digest
from neverstale.project.metadata import Project
from neverstale.wheels import store as stores
from neverstale.wheels.answers import Present
from neverstale.wheels.distribution import Distribution
from neverstale.wheels.store import (
    BUILDING,
    MANIFEST,
    PARTS,
    WHEELS_KEPT,
    Built,
    Store,
    content_of,
    store_of,
)


def put(store: Store, project: Project, number: int = 0, kind: str = "wheel") -> Built:
    """Put a wheel in that is built of the file a; each *number* gives another one."""
    metadata = (
        "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\nRequires-Python: >=3.9\n"
        "Requires-Dist: b>=1\n"
    )
    files = {
        "demo/state.py": f"VALUE = {number}\n",
        "demo-1.0.dist-info/METADATA": metadata,
        "demo-1.0.dist-info/entry_points.txt": "[console_scripts]\na = m:f\n[g]\nb = m:g\n",
    }
    wheel = build_wheel_file(store.folder / "made", files)
    return store.put(project, kind, wheel, Present(project).answers({"file a"}), {"file b": "x"})


def test_what_is_put_in_is_found(tmp_path: Path) -> None:
    project, store = make_project(tmp_path / "p", {"a": "1"}), Store(tmp_path / "s")
    assert store.find(project, "wheel", Present(project)) is None
    assert store.newest(project, "wheel") is None
    built = put(store, project)
    assert built.archive.parent == store.folder / "wheels" / content_of(built.distribution)
    assert ({*built.answers}, built.outputs) == ({"file a"}, {"file b": "x"})
    assert store.find(project, "wheel", Present(project)) == built
    assert store.find(project, "sdist", Present(project)) is None
    assert store.whole(built)
    other = make_project(tmp_path / "other", {"a": "1"})
    assert store.find(other, "wheel", Present(other)) is None
    (tmp_path / "p" / "a").write_text("2")
    assert store.find(project, "wheel", Present(project)) is None
    assert store.newest(project, "wheel") == built
    (tmp_path / "p" / "a").write_text("1")
    assert store.find(project, "wheel", Present(project)) == built


def test_the_newest_goes_first(tmp_path: Path) -> None:
    project, store = make_project(tmp_path / "p", {"a": "1"}), Store(tmp_path / "s")
    one = put(store, project, 1)
    for note in (store.folder / "builds").rglob("*.json"):
        os.utime(note, (1, 1))
    two = put(store, project, 2)
    assert store.all_of(project, "wheel", Present(project)) == [two, one]
    assert store.newest(project, "wheel") == two
    assert store.find(project, "wheel", Present(project)) == two


def test_equal_content_has_an_equal_path(tmp_path: Path) -> None:
    project, store = make_project(tmp_path / "p", {"a": "1"}), Store(tmp_path / "s")
    one = put(store, project)
    before = one.archive.stat().st_ino
    time.sleep(0.001)
    assert put(store, project).archive == one.archive
    assert one.archive.stat().st_ino == before
    one.archive.write_bytes(b"damaged")
    assert not store.whole(one)
    two = put(store, project)
    assert two.archive == one.archive
    assert store.whole(two)
    assert one.archive.stat().st_ino != before


def test_an_sdist_is_kept_as_well(tmp_path: Path) -> None:
    project, store = make_project(tmp_path / "p", {"a": "1"}), Store(tmp_path / "s")
    sdist = build_file_tree(tmp_path, {"made/": ""}) / "made" / "Demo-1.0.tar.gz"
    with tarfile.open(sdist, "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("demo-1.0/x"), io.BytesIO())
    built = store.put(project, "sdist", sdist, {})
    assert (built.distribution.name, built.distribution.version) == ("demo", "1.0")
    assert built.distribution.files.keys() == {"x"}
    assert store.find(project, "sdist", Present(project)) == built
    assert store.whole(built)


Change = Callable[[Path], object]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda wheel: wheel.unlink(), id="no archive"),
        pytest.param(lambda wheel: (wheel.parent / MANIFEST).unlink(), id="no manifest"),
        pytest.param(lambda wheel: (wheel.parent / MANIFEST).write_text("{}"), id="an empty one"),
        pytest.param(lambda wheel: (wheel.parent / MANIFEST).write_text("["), id="no JSON"),
        pytest.param(lambda wheel: edit(wheel, "1.0", "2.0"), id="another version"),
        pytest.param(lambda wheel: edit(wheel, "m:f", "m:g"), id="another command"),
        pytest.param(lambda wheel: wheel.parent.rename(wheel.parent.with_name("0")), id="moved"),
    ],
)
def test_what_is_not_what_was_put_in_is_not_found(change: Change, tmp_path: Path) -> None:
    project, store = make_project(tmp_path / "p", {"a": "1"}), Store(tmp_path / "s")
    change(put(store, project).archive)
    assert store.find(project, "wheel", Present(project)) is None
    assert store.newest(project, "wheel") is None


def edit(wheel: Path, old: str, new: str) -> None:
    manifest = wheel.parent / MANIFEST
    text = manifest.read_text()
    assert old in text
    manifest.write_text(text.replace(old, new))


def test_a_manifest_of_another_archive(tmp_path: Path) -> None:
    project, store = make_project(tmp_path / "p", {"a": "1"}), Store(tmp_path / "s")
    one, two = put(store, project, 1), put(store, project, 2)
    os.replace(one.archive.parent / MANIFEST, two.archive.parent / MANIFEST)
    assert store.find(project, "wheel", Present(project)) is None


@pytest.mark.parametrize(
    "change",
    [
        {"archive": "../wheels/ARCHIVE"},
        {"archive": 3},
        {"answers": []},
        {"answers": None},
        {"outputs": None},
        {"kind": "sdist"},
        {"kind": None},
    ],
    ids=str,
)
def test_a_note_that_is_none(change: dict[str, object], tmp_path: Path) -> None:
    project, store = make_project(tmp_path / "p", {"a": "1"}), Store(tmp_path / "s")
    built = put(store, project)
    (note,) = (store.folder / "builds").rglob("*.json")
    where = built.archive.relative_to(store.folder / "wheels").as_posix()
    noted = json.loads(note.read_text()) | change
    note.write_text(json.dumps(noted).replace("ARCHIVE", where))
    assert store.find(project, "wheel", Present(project)) is None
    note.write_text("[]")
    assert store.newest(project, "wheel") is None


@pytest.mark.parametrize("from_the_future", [False, True])
def test_the_oldest_is_forgotten_and_never_what_is_put_in(
    from_the_future: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, store = make_project(tmp_path / "p", {"a": ""}), Store(tmp_path / "s")
    monkeypatch.setattr(stores, "WHEELS_KEPT", 2)
    monkeypatch.setattr(stores, "NOTES_KEPT", 3)
    start = time.time() + (86_400 if from_the_future else -86_400)
    for number in range(5):
        (tmp_path / "p" / "a").write_text(str(number))
        built = put(store, project, number)
        assert store.find(project, "wheel", Present(project)) == built, number
        for path in (built.archive.parent, *(store.folder / "builds").rglob("*.json")):
            if from_the_future or path.stat().st_mtime > start + 5:
                set_time(path, start + number)
    wheels = [*(store.folder / "wheels").iterdir()]
    notes = [*(store.folder / "builds").rglob("*.json")]
    assert (len(wheels), len(notes)) == ((3, 4) if from_the_future else (2, 3))
    for number, known in {2: False, 3: True}.items():
        (tmp_path / "p" / "a").write_text(str(number))
        assert bool(store.all_of(project, "wheel", Present(project))) is known or from_the_future


def test_archives_are_counted_by_name_and_kind(tmp_path: Path) -> None:
    project, store = make_project(tmp_path / "p", {"a": ""}), Store(tmp_path / "s")
    others = [f"wheels/{n}/other-{n}-py3-none-any.whl" for n in range(WHEELS_KEPT)]
    sdists = [f"wheels/s{n}/demo-{n}.tar.gz" for n in range(WHEELS_KEPT)]
    build_file_tree(store.folder, dict.fromkeys([*others, *sdists], ""))
    for number in range(WHEELS_KEPT + 1):
        put(store, project, number)
    assert len(list((store.folder / "wheels").iterdir())) == 3 * WHEELS_KEPT


def test_the_folder_tells_others_to_pass_it_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEVERSTALE_CACHE_DIR", str(tmp_path / "cache"))
    store = Store(tmp_path / "a" / "s")
    store.make()
    sealed = (store.folder / "identity").read_text()
    assert sealed == seal_of(f"store {store.folder.stat().st_ino}")
    assert (tmp_path / "cache" / "key").stat().st_mode & 0o777 == 0o600
    assert (store.folder / ".gitignore").read_text() == "*\n"
    assert (store.folder / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172")
    (store.folder / ".gitignore").write_text("mine")
    (store.folder / "identity").write_text("of another")
    store.make()
    assert (store.folder / ".gitignore").read_text() == "mine"
    assert (store.folder / "identity").read_text() == sealed


def test_what_killed_builds_have_left(tmp_path: Path) -> None:
    store = Store(tmp_path / "s")
    build_file_tree(store.folder, {f"{BUILDING}x/out/y": "", "wheels/x/y": ""})
    with store.locked(lambda: None):
        assert not (store.folder / f"{BUILDING}x").exists()
        with store.scratch() as scratch:
            assert scratch.parent == store.folder
            assert scratch.name.startswith(BUILDING)
            assert list(scratch.iterdir()) == []
        assert not scratch.exists()
    assert (store.folder / "wheels/x/y").is_file()


@pytest.mark.parametrize(
    ("files", "own"),
    [
        ({"a": ""}, False),
        ({".neverstale/": ""}, True),
        ({".neverstale/identity": "of a copy"}, False),
        ({"tools/neverstale.py": ""}, True),
        ({"tools/neverstale.py/": ""}, False),
    ],
)
def test_store_of(
    files: dict[str, str], own: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = build_file_tree(tmp_path / "root", files)
    monkeypatch.setenv("NEVERSTALE_CACHE_DIR", str(tmp_path / "cache"))
    for looking in (False, True):
        found = store_of(root, looking=looking).folder
        assert (found == root / ".neverstale") is own
        assert found.is_relative_to(tmp_path / "cache" / "projects") is not own
    (tmp_path / "link").symlink_to(root)
    if own is False:
        assert store_of(tmp_path / "link") == store_of(root), "however the project is reached"
        assert store_of(build_file_tree(tmp_path / "other", files)) != store_of(root)


@pytest.mark.parametrize("part", ["", *(f"/{part}" for part in PARTS)])
def test_a_store_that_is_a_link(part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEVERSTALE_CACHE_DIR", str(tmp_path / "cache"))
    root = build_file_tree(tmp_path / "root", {".neverstale/" if part else "a": ""})
    (root / f".neverstale{part}").symlink_to("/elsewhere")
    assert store_of(root, looking=True).folder.is_relative_to(tmp_path / "cache")
    with pytest.raises(NeverstaleError, match="is a link to /elsewhere") as raised:
        store_of(root)
    assert f"rm .neverstale{part}" in raised.value.hint


def test_a_store_that_came_with_the_project_is_a_strangers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEVERSTALE_CACHE_DIR", str(tmp_path / "cache"))
    root = build_file_tree(tmp_path / "root", {".neverstale/aside/x": ""})
    own = root / ".neverstale"
    for looking in (True, False):
        assert store_of(root, looking=looking).folder != own
    Store(own).make()
    for looking in (True, False):
        assert store_of(root, looking=looking).folder == own, "it was made here"
    shutil.copytree(root, tmp_path / "copy")
    assert store_of(tmp_path / "copy").folder != tmp_path / "copy" / ".neverstale"
    (tmp_path / "cache" / "key").write_bytes(b"of another user")
    assert store_of(root).folder != own


@pytest.mark.parametrize(
    ("change", "same"),
    [
        pytest.param({}, True, id="nothing"),
        pytest.param({"files": dict(reversed([*WHEEL.files.items()]))}, True, id="the order"),
        pytest.param({"version": "2.0"}, True, id="what METADATA has, which is a file"),
        pytest.param({"files": {**WHEEL.files, "demo/x": Digest("y")}}, False, id="a file more"),
        pytest.param({"files": {**WHEEL.files, "demo/cli.py": Digest("y")}}, False, id="a file"),
        pytest.param({"executable": frozenset({"demo/cli.py"})}, False, id="executable"),
    ],
)
def test_content_of(change: dict[str, object], same: bool) -> None:
    found = content_of(WHEEL._replace(**change))  # type: ignore[arg-type]
    assert len(found) == 30
    assert (found == content_of(WHEEL)) is same


def test_names_of_other_bytes_than_utf_8_have_a_content() -> None:
    one, two = ({name: Digest("x")} for name in ("\udcf1", "\udcf2"))
    name, nothing = canonicalize_name("a"), frozenset[str]()
    made = [Distribution(name, "1", files, nothing, {}, frozenset()) for files in (one, two)]
    assert len({content_of(each) for each in made}) == 2


def test_a_store_that_is_not_there(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p")
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "builds").symlink_to(tmp_path)
    assert Store(tmp_path / "s").all_of(project, "wheel", Present(project)) == []


def test_a_build_within_another_leaves_its_folder(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    build_file_tree(store.folder, {"building-left/by-a-kill": ""})
    with store.locked(lambda: None), store.scratch() as outer:
        assert [*store.folder.glob("building-*")] == [outer]
        with store.locked(lambda: None), store.scratch() as inner:
            assert outer.is_dir()
            assert inner.is_dir()

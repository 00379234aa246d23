"""The user's cache: where it is, how much stays in it, who holds a lock of it."""

import os
import stat
import tempfile
import threading
from pathlib import Path

import pytest
from support.tree import build_file_tree
from unit.small import below, set_time

from neverstale import cache
from neverstale.cache import LIMIT_MIB, cache_folder, clean, held, limit, prune, seal_of
from neverstale.errors import NeverstaleError


def test_the_cache_is_where_its_owner_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEVERSTALE_CACHE_DIR", str(tmp_path / "a größe"))
    assert cache_folder() == tmp_path / "a größe"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEVERSTALE_CACHE_DIR", "x/../here")
    assert cache_folder() == Path.cwd() / "here"
    assert below(tmp_path, tmp_path.iterdir()) == [], "it is made when something is put into it"


def test_the_cache_of_a_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEVERSTALE_CACHE_DIR", "")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder().name == "neverstale"
    assert cache_folder().is_relative_to(tmp_path)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the cache of a user is whose home cannot be written."""
    monkeypatch.setattr(cache, "_can_be_made", lambda _: False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path / f"neverstale-{os.getuid()}"


def test_the_cache_of_a_user_without_a_home(temporary: Path) -> None:
    for _ in range(2):
        assert cache_folder() == temporary
    assert stat.S_IMODE(temporary.stat().st_mode) == 0o700


def test_the_cache_of_somebody_else(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (temporary.parent / "theirs").mkdir()
    temporary.symlink_to(temporary.parent / "theirs")
    with pytest.raises(NeverstaleError, match="belongs to somebody else"):
        cache_folder()
    other = os.getuid() + 1
    monkeypatch.setattr(os, "getuid", lambda: other)
    with pytest.raises(NeverstaleError, match=f"neverstale-{other} belongs to somebody else"):
        cache_folder()


@pytest.mark.parametrize("writable", [True, False])
@pytest.mark.parametrize("folder", ["a/b/c", "a/b", "a"])
def test_a_folder_can_be_made_where_the_one_above_can_be_written(
    folder: str, writable: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").mkdir()
    monkeypatch.setattr(os, "access", lambda path, _: path == tmp_path / "a" and writable)
    assert cache._can_be_made(tmp_path / folder) is writable  # noqa: SLF001


@pytest.mark.parametrize(
    ("named", "mib"),
    [("", LIMIT_MIB), ("0", 0), ("1", 1), ("12", 12), ("-1", LIMIT_MIB), ("1.5", LIMIT_MIB)],
)
def test_limit(named: str, mib: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEVERSTALE_CACHE_SIZE", named)
    assert limit() == mib * 1024 * 1024


def test_the_limit_where_nobody_says_otherwise() -> None:
    assert limit() == LIMIT_MIB << 20


def littered(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a cache of three entries, 10 bytes each; b is the oldest, and c the newest."""
    monkeypatch.setenv("NEVERSTALE_CACHE_DIR", str(root))
    entries = {"projects/a": 2, "backends/b": 1, "projects/c": 3}
    build_file_tree(root, {f"{entry}/x/y": "0123456789" for entry in entries})
    build_file_tree(root, {"backends/b.lock": "0", "other/d/x": "0123456789"})
    for entry, age in entries.items():
        set_time(root / entry, age)
    return root


@pytest.mark.parametrize(
    ("most", "removed"),
    [
        (31, []),
        (30, []),
        (29, ["backends/b"]),
        (20, ["backends/b"]),
        (19, ["backends/b", "projects/a"]),
        (10, ["backends/b", "projects/a"]),
        (9, ["backends/b", "projects/a", "projects/c"]),
        (0, ["backends/b", "projects/a", "projects/c"]),
    ],
)
def test_prune(
    most: int, removed: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = littered(tmp_path / "cache", monkeypatch)
    assert below(root, prune(most)) == removed
    left = {"projects/a", "backends/b", "projects/c"} - {*removed}
    assert {name for name in (*left, *removed) if (root / name).exists()} == left
    assert (root / "backends" / "b.lock").exists()
    assert (root / "other" / "d").exists()


def test_prune_follows_no_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = littered(tmp_path / "cache", monkeypatch)
    outside = build_file_tree(tmp_path / "outside", {"x/y": "0123456789"})
    (root / "backends" / "link").symlink_to(outside / "x")
    (root / "projects" / "a" / "x" / "link").symlink_to(outside / "x")
    assert len(prune(0)) == 3
    (root / "backends" / "link").unlink()
    (root / "backends" / "b.lock").unlink()
    (root / "backends").rmdir()
    (root / "backends").symlink_to(outside)
    assert prune(0) == []
    assert (outside / "x" / "y").is_file()


def test_an_empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEVERSTALE_CACHE_DIR", str(tmp_path / "gone"))
    assert prune(0) == []
    assert clean() == 0


def test_clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = littered(tmp_path / "cache", monkeypatch)
    assert clean() == 41
    assert not root.exists()


def test_the_key_outlives_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = littered(tmp_path / "cache", monkeypatch)
    sealed = seal_of("x", make=True)
    clean()
    assert below(root, root.iterdir()) == ["key"]
    assert seal_of("x") == sealed


@pytest.mark.parametrize("links", [True, False])
def test_a_seal(links: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEVERSTALE_CACHE_DIR", str(tmp_path / "cache"))
    if not links:
        monkeypatch.setattr(os, "link", refuse)
    assert seal_of("x") is None, "who only looks makes no key"
    assert not (tmp_path / "cache").exists()
    sealed = seal_of("x", make=True)
    assert sealed == seal_of("x") == seal_of("x", make=True)
    assert sealed != seal_of("y")
    assert stat.S_IMODE((tmp_path / "cache" / "key").stat().st_mode) == 0o600
    assert below(tmp_path / "cache", (tmp_path / "cache").iterdir()) == ["key"]
    (tmp_path / "cache" / "key").write_bytes(b"of another user")
    assert seal_of("x") != sealed


def refuse(*_: object) -> None:
    raise OSError


def test_clean_follows_no_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = littered(tmp_path / "cache", monkeypatch)
    (tmp_path / "link").symlink_to(root)
    monkeypatch.setenv("NEVERSTALE_CACHE_DIR", str(tmp_path / "link"))
    clean()
    assert (root / "other" / "d" / "x").is_file()


def test_a_lock_is_held_by_one(tmp_path: Path) -> None:
    path = tmp_path / "a" / "lock"
    seen: list[str] = []
    waits, entered = threading.Event(), threading.Event()

    def other() -> None:
        entered.wait(10)
        with held(path, waits.set):
            seen.append("second")

    thread = threading.Thread(target=other)
    thread.start()
    with held(path, lambda: seen.append("waited")):
        entered.set()
        assert waits.wait(10), "it says that it waits"
        seen.append("first")
    thread.join(10)
    assert seen == ["first", "second"]


def test_a_lock_is_released_after_an_error(tmp_path: Path) -> None:
    def fail() -> None:
        with held(tmp_path / "lock", lambda: None):
            raise KeyError

    waited: list[bool] = []
    with pytest.raises(KeyError):
        fail()
    with held(tmp_path / "lock", lambda: waited.append(True)):
        assert waited == []

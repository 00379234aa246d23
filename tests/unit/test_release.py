"""sdists settled to the same bytes, archives compared, hooks found."""

import io
import os
import tarfile
from pathlib import Path

import pytest
from neverstale.git import configured_hooks_folder, is_changed
from neverstale.install.hooks import find_runner, reason_against
from neverstale.release.archives import differing
from neverstale.wheels.sdist import settle
from neverstale.process import typed
from support.tree import build_file_tree
from support.world import run

EPOCH = 1_000_000_000


def sdist(path: Path, mtime: int, *, owner: int = 0, names: tuple[str, ...] = ("b", "a")) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name in names:
            member = tarfile.TarInfo(f"demo-1.0/{name}")
            member.mtime, member.uid, member.uname = mtime, owner, f"user{owner}"
            member.mode = 0o755 if name == "run" else 0o640
            member.size = len(name)
            archive.addfile(member, io.BytesIO(name.encode()))
    return path


def test_settled_sdists_are_the_same_bytes(tmp_path: Path) -> None:
    first = sdist(tmp_path / "first.tar.gz", EPOCH + 5, names=("b", "a", "run"))
    second = sdist(tmp_path / "second.tar.gz", EPOCH + 9, owner=7, names=("run", "a", "b"))
    for path in (first, second):
        settle(path, EPOCH)
    assert first.read_bytes() == second.read_bytes()
    with tarfile.open(first) as archive:
        told = {m.name: (m.mtime, m.mode, m.uname) for m in archive.getmembers()}
        assert told == {
            "demo-1.0/a": (EPOCH, 0o644, ""),
            "demo-1.0/b": (EPOCH, 0o644, ""),
            "demo-1.0/run": (EPOCH, 0o755, ""),
        }
        content = archive.extractfile("demo-1.0/b")
        assert content
        assert content.read() == b"b"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first.tar.gz", "second.tar.gz"]


def test_an_sdist_that_heeds_the_epoch_is_left_alone(tmp_path: Path) -> None:
    path = sdist(tmp_path / "demo.tar.gz", EPOCH)
    settle(path, EPOCH)
    before = path.read_bytes()
    assert int.from_bytes(before[4:8], "little") == EPOCH, "the time in the header of gzip"
    settle(path, EPOCH)
    assert path.read_bytes() == before


def test_what_setuptools_was_told_to_work_in_is_no_part_of_it(tmp_path: Path) -> None:
    names = ("a", ".neverstale/building-x/egg-info/PKG-INFO", "src/.neverstale/mine")
    path = sdist(tmp_path / "demo.tar.gz", EPOCH + 1, names=names)
    settle(path, EPOCH)
    with tarfile.open(path) as archive:
        assert archive.getnames() == ["demo-1.0/a", "demo-1.0/src/.neverstale/mine"]


def test_differing(tmp_path: Path) -> None:
    build_file_tree(
        tmp_path,
        {"one/same": "", "one/more": "", "one/other": "1", "two/same": "", "two/other": "2"},
    )
    one, two = (sorted((tmp_path / name).iterdir()) for name in ("one", "two"))
    assert differing(one, two) == ["more", "other"]
    assert differing(two, two) == []


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        (["uv", "publish", "--token", "x y", "a"], "uv publish --token '***' a"),
        (["uv", "publish", "--password=x"], "uv publish '--password=***'"),
        (["uv", "publish", "--token"], "uv publish --token"),
        (["uv", "run", "--tokens", "x"], "uv run --tokens x"),
    ],
)
def test_secrets_are_not_shown(command: list[str], shown: str) -> None:
    assert typed(command) == shown


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (["prek.toml", ".venv/bin/prek"], "prek"),
        ([".pre-commit-config.yaml", ".venv/bin/pre-commit"], "pre-commit"),
        ([".pre-commit-config.yaml", ".venv/bin/pre-commit", ".venv/bin/prek"], "prek"),
        (["prek.toml", ".venv/bin/pre-commit"], None),
        ([".venv/bin/prek"], None),
        (["prek.toml"], None),
    ],
)
def test_find_runner(files: list[str], found: str | None, tmp_path: Path) -> None:
    build_file_tree(tmp_path, dict.fromkeys(files, ""))
    runner = find_runner(tmp_path)
    assert (runner and runner.name) == found


def test_hooks_and_changes_as_git_sees_them(tmp_path: Path) -> None:
    assert "no git repository" in reason_against(tmp_path)
    assert not is_changed(tmp_path)
    environment = dict(os.environ) | {"GIT_CONFIG_GLOBAL": os.devnull}
    run(["git", "init", "--quiet"], tmp_path, environment)
    assert not is_changed(tmp_path)
    (tmp_path / "uv.lock").touch()
    assert is_changed(tmp_path)
    assert is_changed(tmp_path, "uv.lock")
    assert not is_changed(tmp_path, "other")
    run(["git", "config", "core.hooksPath", "größe/hooks"], tmp_path, environment)
    assert configured_hooks_folder(tmp_path) == "größe/hooks"
    assert "größe/hooks" in reason_against(tmp_path)

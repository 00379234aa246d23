"""What git tracks, where a history stands, and what another repository has."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support.tree import build_file_tree
from unit.small import git, make_repository

from neverstale import git as module
from neverstale.errors import NeverstaleError
from neverstale.git import (
    ELSEWHERE,
    configured_hooks_folder,
    in_repository,
    is_changed,
    listed,
    move,
    repository_of,
    start_listing,
    state_of,
    text_of,
    tracked_files,
    unmerged_files,
)

EMPTY = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"


@pytest.mark.parametrize(
    ("files", "root", "expected"),
    [
        ({"a/": ""}, "a", None),
        ({".git/": "", "a/": ""}, ".", (".", ".git")),
        ({".git/": "", "a/b/": ""}, "a/b", (".", ".git")),
        ({".git/": "", "a/.git/": ""}, "a", ("a", "a/.git")),
        ({"a/.git": "gitdir: ../x/y\n"}, "a", ("a", "x/y")),
        ({".git/": "", "a/.git": "gitdir: /elsewhere\n"}, "a", ("a", "/elsewhere")),
    ],
)
def test_repository_of(
    files: dict[str, str], root: str, expected: tuple[str, str] | None, tmp_path: Path
) -> None:
    build_file_tree(tmp_path, files)
    found = repository_of(tmp_path / root)
    assert found == (expected and (tmp_path / expected[0], tmp_path / expected[1]))
    assert in_repository(tmp_path / root) is (expected is not None)


def test_tracked_files(tmp_path: Path) -> None:
    build_file_tree(tmp_path, {"a.py": "", "p/größe x\ty.py": "", "p/[b].py": "x", "pq/c": ""})
    assert tracked_files(tmp_path) == {}
    make_repository(tmp_path, "a.py", "p/größe x\ty.py", "pq/c")
    (tmp_path / "p" / "größe x\ty.py").unlink()
    plain = f"100644 {EMPTY} 0"
    assert tracked_files(tmp_path) == {"a.py": plain, "p/größe x\ty.py": plain, "pq/c": plain}
    assert tracked_files(tmp_path / "p") == {"größe x\ty.py": plain}
    assert tracked_files(tmp_path / "none") == {}


def test_a_folder_whose_name_is_a_pattern(tmp_path: Path) -> None:
    build_file_tree(tmp_path, {"[p]*/a": "", "p1/b": ""})
    make_repository(tmp_path, ".")
    assert list(tracked_files(tmp_path / "[p]*")) == ["a"]


def test_the_repository_of_a_hook_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "other"):
        build_file_tree(tmp_path / name, {name: ""})
        make_repository(tmp_path / name, name)
    for name in ELSEWHERE:
        monkeypatch.setenv(name, str(tmp_path / "other" / ".git"))
    assert list(tracked_files(tmp_path / "one")) == ["one"]
    assert is_changed(tmp_path / "one")


def test_nothing_of_a_strangers_repository_runs(tmp_path: Path) -> None:
    build_file_tree(tmp_path, {"a": "", "monitor": f"#!/bin/sh\ntouch '{tmp_path}/ran'\n"})
    (tmp_path / "monitor").chmod(0o755)
    make_repository(tmp_path, "a")
    git(tmp_path, "config", "core.fsmonitor", str(tmp_path / "monitor"))
    assert list(tracked_files(tmp_path)) == ["a"]
    assert state_of(tmp_path)
    assert not (tmp_path / "ran").exists()


def test_git_that_cannot_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    with pytest.raises(
        NeverstaleError, match="git cannot list the files that it tracks: "
    ) as raised:
        tracked_files(tmp_path)
    assert "\n" not in raised.value.message
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NeverstaleError, match="git is not installed"):
        tracked_files(tmp_path)
    assert not is_changed(tmp_path)
    assert not configured_hooks_folder(tmp_path)
    assert start_listing("/nowhere") is None


Change = Callable[[Path], object]


def committed(root: Path) -> Path:
    build_file_tree(root, {"a": "one", "p/b": "", ".gitignore": "*.log\n"})
    make_repository(root, "a", "p/b")
    git(root, "commit", "--quiet", "--message", "one")
    return root


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        pytest.param(
            lambda root: git(root, "commit", "-q", "--allow-empty", "-m", "x"), True, id="a commit"
        ),
        pytest.param(lambda root: git(root, "tag", "v1"), True, id="a tag"),
        pytest.param(lambda root: git(root, "pack-refs", "--all"), True, id="packed refs"),
        pytest.param(lambda root: git(root, "switch", "-qc", "other"), True, id="another branch"),
        pytest.param(lambda root: git(root, "rm", "-q", "--cached", "a"), True, id="the index"),
        pytest.param(lambda root: git(root, "update-index", "--chmod=+x", "a"), True, id="a mode"),
        pytest.param(lambda root: (root / ".git/info/exclude").write_text("x"), True, id="ignored"),
        pytest.param(lambda root: (root / "a").write_text("two"), False, id="an edit"),
        pytest.param(lambda root: (root / "new").write_text(""), False, id="a new file"),
        pytest.param(lambda root: git(root, "status"), False, id="a refreshed index"),
        pytest.param(lambda root: git(root, "config", "a.b", "c"), False, id="a setting"),
    ],
)
def test_state_of(change: Change, changed: bool, tmp_path: Path) -> None:
    before = state_of(committed(tmp_path))
    assert len(before) == 64
    change(tmp_path)
    assert (state_of(tmp_path) != before) is changed


def test_state_of_a_linked_work_tree(tmp_path: Path) -> None:
    one, other = committed(tmp_path / "one"), tmp_path / "other"
    git(one, "worktree", "add", "-q", str(other), "-b", "other")
    before = state_of(other)
    git(one, "tag", "v1")
    tagged = state_of(other)
    assert tagged != before, "its tags are those of the first work tree"
    git(other, "commit", "-q", "--allow-empty", "-m", "x")
    assert state_of(other) != tagged


def test_state_without_an_answer(tmp_path: Path) -> None:
    assert not state_of(tmp_path)
    build_file_tree(tmp_path, {".git/HEAD": "ref: x"})
    before = state_of(tmp_path)
    assert before
    (tmp_path / ".git/HEAD").write_text("ref: y")
    assert state_of(tmp_path) != before, "git refuses, and HEAD has changed"


def test_uncommitted_changes(tmp_path: Path) -> None:
    assert not is_changed(tmp_path)
    committed(tmp_path)
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "all")
    assert not is_changed(tmp_path)
    (tmp_path / "ignored.log").touch()
    assert not is_changed(tmp_path)
    (tmp_path / "uv.lock").touch()
    assert is_changed(tmp_path)
    assert is_changed(tmp_path, "uv.lock")
    assert is_changed(tmp_path, "a", "uv.lock")
    assert not is_changed(tmp_path, "a", "p")


def test_configured_hooks(tmp_path: Path) -> None:
    make_repository(tmp_path)
    assert not configured_hooks_folder(tmp_path)
    git(tmp_path, "config", "core.hooksPath", "größe/my hooks")
    assert configured_hooks_folder(tmp_path) == "größe/my hooks"


def test_conflicts(tmp_path: Path) -> None:
    root = committed(tmp_path)
    git(root, "branch", "other")
    for branch in ("main", "other"):
        git(root, "switch", "--quiet", branch)
        build_file_tree(root, {"a": branch, "p/größe": branch})
        git(root, "add", "a", "p/größe")
        git(root, "commit", "-qm", branch)
    assert unmerged_files(root) == []
    with pytest.raises(subprocess.CalledProcessError):
        git(root, "merge", "main")
    assert sorted(unmerged_files(root)) == ["a", "p/größe"]
    assert unmerged_files(root / "p") == ["größe"]


def test_a_move(tmp_path: Path) -> None:
    root = committed(tmp_path)
    assert move(root, "a", "-c")
    assert {"-c", "p/b"} == tracked_files(root).keys()
    assert not move(root, "gone", "d")


def test_the_tags_of_another_repository(tmp_path: Path) -> None:
    root = committed(tmp_path / "größe")
    git(root, "tag", "v1")
    git(root, "branch", "other")
    head = git(root, "rev-parse", "HEAD").strip()
    assert listed(start_listing(str(root)), 60) == f"{head}\tHEAD\n{head}\trefs/tags/v1\n"
    assert listed(start_listing(str(tmp_path / "gone")), 60) is None
    assert listed(start_listing(f"ext::touch '{tmp_path}/ran'"), 60) is None
    assert not (tmp_path / "ran").exists()
    assert listed(None, 60) is None


def test_a_listing_that_takes_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "git").write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    process = start_listing("/nowhere")
    assert process
    assert listed(process, 0.01) is None
    assert process.returncode is not None, "it was stopped"


def test_a_text_of_another_repository(tmp_path: Path) -> None:
    root = committed(tmp_path / "one")
    for number, (reference, path, text) in enumerate(
        [("main", "a", "one"), ("main", "gone", None), ("gone", "a", None)]
    ):
        scratch = tmp_path / str(number)
        scratch.mkdir()
        assert text_of(str(root), reference, path, scratch) == text


def test_what_a_partial_clone_lacks_is_not_fetched(tmp_path: Path) -> None:
    """A sparse index is expanded, which needs a tree; a stranger's remote names a program."""
    root = build_file_tree(tmp_path / "root", {"a/x": "", "out/y": ""})
    make_repository(root, "a/x", "out/y")
    git(root, "-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-qm", "x")
    git(root, "sparse-checkout", "set", "--cone", "--sparse-index", "a")
    tree = git(root, "rev-parse", "HEAD:out").strip()
    (root / ".git/objects" / tree[:2] / tree[2:]).unlink()
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch '{tmp_path}/ran'\nexit 1\n")
    program.chmod(0o755)
    for key, value in (
        ("core.repositoryformatversion", "1"),
        ("extensions.partialClone", "origin"),
        ("remote.origin.promisor", "true"),
        ("remote.origin.url", str(root / ".git")),
        ("remote.origin.uploadpack", str(program)),
    ):
        git(root, "config", key, value)
    with pytest.raises(NeverstaleError):
        tracked_files(root)
    assert not (tmp_path / "ran").exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in folders")
@pytest.mark.parametrize("name", ["config", "index"])
def test_a_pipe_in_its_folder_is_not_waited_for(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_repository(build_file_tree(tmp_path / "root", {"a": ""}), "a")
    (root / ".git" / name).unlink()
    os.mkfifo(root / ".git" / name)
    monkeypatch.setattr(module, "ANSWERING", 0.2)
    with pytest.raises(NeverstaleError, match="git does not answer"):
        tracked_files(root)

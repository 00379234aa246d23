"""What is built for others, and what speaks against an upload."""

import os
import tarfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version
from support.tree import build_file_tree
from unit.made_up import PROJECT, be_alone, make_builder, make_project, make_wheel

from neverstale.errors import NeverstaleError
from neverstale.release import archives
from neverstale.release.archives import (
    PRIVATE,
    Release,
    archives_in,
    build_release,
    differing,
    refuse_upload,
    remember,
)
from neverstale.wheels.answers import Present


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ({}, {}, []),
        ({"a": "1"}, {"a": "1"}, []),
        ({"a": "1"}, {"a": "2"}, ["a"]),
        ({"a": "1"}, {}, ["a"]),
        ({}, {"a": "1"}, ["a"]),
        ({"b": "", "a": "1", "c": "1"}, {"a": "2", "c": "1"}, ["a", "b"]),
    ],
)
def test_differing(
    first: dict[str, str], second: dict[str, str], expected: list[str], tmp_path: Path
) -> None:
    folders = [build_file_tree(tmp_path / name, {"x/": ""}) for name in ("one", "two")]
    sets = []
    for folder, files in zip(folders, (first, second), strict=True):
        build_file_tree(folder, files)
        sets.append([folder / name for name in files])
    assert differing(*sets) == expected


def test_archives_in(tmp_path: Path) -> None:
    names = ["b.whl", "a.whl", "b.tar.gz", "a.tar.gz", "a.zip", "a.tar", "a.whl.asc"]
    build_file_tree(tmp_path, {**dict.fromkeys(names, ""), "folder.whl/": ""})
    assert [p.name for p in archives_in(tmp_path)] == ["a.tar.gz", "b.tar.gz", "a.whl", "b.whl"]
    assert archives_in(tmp_path / "gone") == []


@pytest.mark.parametrize(
    ("version", "tag", "expected"),
    [
        ("1.0", None, []),
        ("1.0", "1.0", []),
        ("1.0", "v1.0", []),
        ("1.0", "1.0.0", []),
        ("1.0", "1.1", ["the tag is 1.1, and the version 1.0"]),
        ("1.0", "release", ["the tag is release, and the version 1.0"]),
        ("1.0", "", ["the tag is , and the version 1.0"]),
        ("1.0+abc", None, ["the version is 1.0+abc, and an index takes no local version"]),
        (
            "1.0+abc",
            "1.0",
            [
                "the version is 1.0+abc, and an index takes no local version",
                "the tag is 1.0, and the version 1.0+abc",
            ],
        ),
    ],
)
def test_against_a_version(version: str, tag: str | None, expected: list[str]) -> None:
    assert archives._against_version(Version(version), tag) == expected  # noqa: SLF001


def release_of(folder: Path, name: str = "demo", **changes: object) -> Release:
    version = str(changes.pop("built", "1.0"))
    project = PROJECT._replace(root=folder, name=canonicalize_name(name), **changes)  # type: ignore[arg-type]
    build_file_tree(folder, {f"fresh/{name}-{version}.tar.gz": "sdist"})
    wheel = make_wheel(folder / "fresh", {"x.py": ""}, name, version)
    return Release(project, folder / f"fresh/{name}-{version}.tar.gz", wheel)


def in_dist(folder: Path, releases: Sequence[Release]) -> Path:
    dist = build_file_tree(folder / "dist", {})
    dist.mkdir(exist_ok=True)
    for release in releases:
        for path in release.paths:
            (dist / path.name).write_bytes(path.read_bytes())
    return dist


def against(
    folder: Path,
    *releases: Release,
    tag: str | None = None,
    edited: str = "",
    missing: Sequence[str] = (),
) -> tuple[str, str]:
    """Return what speaks against an upload, and what is to be done."""
    dist = in_dist(folder, releases)
    if edited:
        (dist / edited).write_bytes(b"other")
    try:
        refuse_upload(releases, dist, tag, missing)
    except NeverstaleError as error:
        return error.message, error.hint
    return "", ""


def test_nothing_speaks_against_it(tmp_path: Path) -> None:
    release = release_of(tmp_path)
    assert against(tmp_path, release) == ("", "")
    assert against(tmp_path, release, tag="v1.0") == ("", "")
    assert release.paths == (release.sdist, release.wheel)


def test_an_archive_that_is_no_fresh_build(tmp_path: Path) -> None:
    release = release_of(tmp_path)
    message, hint = against(tmp_path, release, edited="demo-1.0.tar.gz", tag="2.0")
    assert message == (
        "demo-1.0.tar.gz differs from a fresh build; the tag is 2.0, and the version 1.0"
    )
    assert hint == "run `neverstale build`, then the command again"
    (tmp_path / "dist/demo-1.0.tar.gz").unlink()
    message, _ = against(tmp_path, release, edited="old-1.0.tar.gz")
    assert message == "old-1.0.tar.gz differs from a fresh build"


def test_a_private_project(tmp_path: Path) -> None:
    private = (PRIVATE,)
    releases = [release_of(tmp_path, name, classifiers=private) for name in ("demo", "more")]
    message, hint = against(tmp_path, *releases)
    assert message == f"{PRIVATE} is among the classifiers"
    assert hint == "remove that classifier from pyproject.toml if this is for everybody"


def test_the_tag_is_that_of_the_first(tmp_path: Path) -> None:
    releases = [release_of(tmp_path), release_of(tmp_path, "more", built="2.0")]
    assert against(tmp_path, *releases, tag="1.0") == ("", "")
    message, hint = against(tmp_path, *releases, tag="2.0")
    assert message == "the tag is 2.0, and the version 1.0"
    assert hint == "commit and tag what is to be released, then run the command again"


def test_a_version_from_git_outside_of_a_repository(tmp_path: Path) -> None:
    release = release_of(tmp_path, version=None)
    message, _ = against(tmp_path, release)
    assert message == "the version comes from git, and this is not a repository: 1.0"
    build_file_tree(tmp_path, {".git/HEAD": ""})
    assert against(tmp_path, release) == ("", "")


def test_what_is_missing_is_said_with_the_rest(tmp_path: Path) -> None:
    message, _ = against(tmp_path, release_of(tmp_path), tag="2.0", missing=["a commit", "a tag"])
    assert message == "the tag is 2.0, and the version 1.0; a commit; a tag"
    release = release_of(tmp_path / "more")
    assert against(tmp_path / "more", release, missing=["a tag"])[0] == "a tag"
    refuse_upload([release], tmp_path / "more/dist", None, ["a tag"], for_real=False)


def test_an_sdist_is_unpacked_into_the_same_folder_each_time(tmp_path: Path) -> None:
    build_file_tree(tmp_path, {"demo-1.0/src/x.py": "x", "store/release/demo/left": ""})
    with tarfile.open(tmp_path / "demo.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "demo-1.0", "demo-1.0")
    folder, store = tmp_path / "store/release/demo", tmp_path / "store"
    found = archives._unpack(tmp_path / "demo.tar.gz", folder, store)  # noqa: SLF001
    assert found == folder / "demo-1.0"
    assert (found / "src/x.py").read_text("utf-8") == "x"
    assert [path.name for path in folder.iterdir()] == ["demo-1.0"]


def test_permissions_of_what_is_written() -> None:
    before = os.umask(0o077)
    try:
        with archives._usual_permissions():  # noqa: SLF001
            assert os.umask(0o022) == 0o022
        assert os.umask(0o077) == 0o077
        with pytest.raises(RuntimeError), archives._usual_permissions():  # noqa: SLF001
            raise RuntimeError
        assert os.umask(0o077) == 0o077
    finally:
        os.umask(before)


@pytest.mark.parametrize(
    ("backend", "repository", "changed", "expected"),
    [
        ("mesonpy", False, False, "this is not a git repository"),
        ("mesonpy", True, True, "there are uncommitted changes"),
        ("mesonpy", True, False, ""),
        ("hatchling.build", False, False, ""),
        ("hatchling.build", True, True, ""),
    ],
)
def test_an_sdist_of_the_last_commit(
    backend: str,
    repository: bool,
    changed: bool,
    expected: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(archives, "is_changed", lambda _: changed)
    if repository:
        build_file_tree(tmp_path, {".git/HEAD": ""})
    project = PROJECT._replace(root=tmp_path, build_backend=backend)
    check = archives._refuse_other_than_committed  # noqa: SLF001
    if expected:
        with pytest.raises(NeverstaleError, match=f"makes an sdist of the last commit.*{expected}"):
            check(project)
    else:
        check(project)


def test_what_compiles_needs_a_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    be_alone(monkeypatch, tmp_path)
    for name in ("CC", "CXX", "CARGO", "RUSTC"):
        monkeypatch.delenv(name, raising=False)
    project = make_project(tmp_path / "p", build_backend="maturin")
    builder = make_builder(project.root, tmp_path / "store")
    with pytest.raises(NeverstaleError, match="the extension cannot be compiled"):
        build_release(builder, [project], tmp_path / "scratch", [])
    assert not (tmp_path / "scratch").exists()


def test_what_was_released_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    be_alone(monkeypatch, tmp_path)
    project = make_project(tmp_path / "p")
    release = release_of(tmp_path)._replace(project=project)
    with tarfile.open(release.sdist, "w:gz") as archive:
        archive.add(project.root / "src", "demo-1.0/src")
    builder = make_builder(project.root, tmp_path / "store")
    with builder.store.scratch() as scratch:
        remember(builder, release, scratch)
    known = builder.known(Present(project), "wheel")
    assert known
    assert "tree" in known.answers
    assert "file src/demo/cli.py" in known.answers
    assert builder.known(Present(project), "sdist")
    assert release.wheel.exists(), "it is copied, not moved"
    (project.root / "src/demo/new.py").touch()
    assert builder.known(Present(project), "wheel") is None

"""What a release needs beside its archives."""

import zipfile
from pathlib import Path

import pytest
from packaging.version import Version
from support.tree import build_file_tree
from unit.made_up import make_project, make_wheel
from unit.small import git

from neverstale.process import Uv
from neverstale.release import readiness
from neverstale.release.archives import Release
from neverstale.release.readiness import what_is_missing

UNTAGGED = "the commit has no tag of this version: git tag v1.0"
UNCOMMITTED = "uncommitted changes: commit them"
TAKEN = "the index has demo==1.0 already: release another version"
UNASKED = "the index could not be asked for the version"


def missing_in(folder: Path, *, tag: str | None = None) -> list[str]:
    """Return what a release of demo 1.0 from *folder* is missing; no index is asked."""
    wheel = make_wheel(folder.parent, {"x.py": ""}, "demo", "1.0")
    release = Release(make_project(folder), wheel, wheel)
    uv = Uv("uv", folder, lambda _: None)
    return what_is_missing(uv, release, folder.parent, tag=tag, ask_index=False)


def test_all_that_is_missing_is_said_at_once(tmp_path: Path) -> None:
    root = build_file_tree(tmp_path / "p", {"CHANGELOG.md": "# Changes\n\n## 1.0.1\n"})
    told = "CHANGELOG.md has no entry for 1.0"
    assert missing_in(root) == [told], "no repository"
    git(root, "init", "--quiet")
    assert missing_in(root) == [UNCOMMITTED, UNTAGGED, told]
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message", "one")
    assert missing_in(root) == [UNTAGGED, told]
    assert missing_in(root, tag="v1.0") == [told]
    (root / "notes.md").write_text("made by CI", encoding="utf-8")
    assert missing_in(root, tag="v1.0") == [told]
    (root / "notes.md").unlink()
    git(root, "tag", "demo-v1.0.0")
    assert missing_in(root) == [told]
    (root / "CHANGELOG.md").write_text("## [1.0] - today\n", encoding="utf-8")
    assert missing_in(root) == [UNCOMMITTED]


@pytest.mark.parametrize(
    ("tag", "version"),
    [
        ("1.0", "1.0"),
        ("v1.0rc1", "1.0rc1"),
        ("demo-1.0", "1.0"),
        ("demo/v1.0", "1.0"),
        ("demo@1.0", "1.0"),
        ("nightly", None),
        ("release-next", None),
        ("2026-11-29", "29"),
        ("demo-2d-3.0", "3.0"),
    ],
)
def test_the_version_of_a_tag(
    tag: str, version: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "tags_of_head", lambda _: [tag])
    found = readiness._tagged(Path("/"))  # noqa: SLF001
    assert [*map(str, found)] == ([version] if version else [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("## 1.0", True),
        ("## v1.0 (2026)", True),
        ("# demo 1.0: the first", True),
        ("1.0\n===", True),
        ("1.0\r\n===\r", True),
        ("1.0\n+++++", True),
        ("**1.0** (today)", True),
        ("<h2>1.0</h2>", True),
        ("## 1.0.0", True),
        ("## 01.0", True),
        ("## See 1.0/x and [1.0].", True),
        ("1.0\nnotes", False),
        ("1.0\n--", False),
        ("demo 1.0 (2026)\n---------------", True),
        ("since 1.0 there is", False),
        ("## 1.0.1", False),
        ("## 11.0", False),
        ("## 2.1.0", False),
        ("## 1.0rc1", False),
        ("", False),
    ],
)
def test_a_heading_of_a_changelog(text: str, expected: bool, tmp_path: Path) -> None:
    build_file_tree(tmp_path, {"CHANGELOG.md": f"{text}\n"})
    assert (Version("1.0") in readiness.entries_of(tmp_path)) == expected


def test_one_changelog_and_no_folder(tmp_path: Path) -> None:
    build_file_tree(
        tmp_path, {"changes/": "", "CHANGELOG.d/": "", "NEWS.rst": "", "HISTORY.md": ""}
    )
    assert readiness._changelog(tmp_path) == tmp_path / "HISTORY.md"  # noqa: SLF001
    assert readiness.entries_of(tmp_path / "changes") == set()


def test_metadata_that_an_index_refuses(tmp_path: Path) -> None:
    wheel = tmp_path / "demo-1.0-py3-none-any.whl"
    fields = "Metadata-Version: 2.4\nName: demo\nVersion: 1.0\nDynamic: Name\nLicense-File: /x\n"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("demo-1.0.dist-info/METADATA", fields)
    said = readiness.invalid_metadata(wheel)
    assert len(said) == 2
    assert all(line.startswith("invalid metadata: ") for line in said)


@pytest.mark.parametrize(
    ("said", "code", "expected"),
    [
        ("demo==1.0", 0, [TAKEN]),
        ("error: there is no version of demo==1.0", 1, []),
        ("cause: Because demo was not found in the package registry", 1, []),
        ("error: Failed to fetch", 2, [UNASKED]),
    ],
)
def test_what_an_index_says(said: str, code: int, expected: list[str], tmp_path: Path) -> None:
    answers = build_file_tree(tmp_path, {"uv": f"#!/bin/sh\necho '{said}'\nexit {code}\n"}) / "uv"
    answers.chmod(0o755)
    uv = Uv(str(answers), tmp_path, lambda _: None)
    assert readiness._on_index(uv, "demo==1.0", tmp_path) == expected  # noqa: SLF001

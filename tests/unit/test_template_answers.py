"""The answers file of a project, and the versions of its template."""

import os
from pathlib import Path
from types import MappingProxyType

import pytest
from packaging.version import Version
from support.tree import build_file_tree

from neverstale.errors import NeverstaleError
from neverstale.template.answers import (
    LONGEST,
    Template,
    changes_between,
    find_template,
    is_text,
    newer_than,
    package_folder,
    refuse_update,
    sections_of,
)

ADDRESS = "https://example.org/t"


def template(version: str = "v1.0", **answers: object) -> Template:
    return Template(".copier-answers.yml", ADDRESS, version, MappingProxyType(answers))


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("gh:a/b", "https://github.com/a/b"),
        ("gl:a/b", "https://gitlab.com/a/b"),
        ("git+https://example.org/t", ADDRESS),
        ("git@example.org:a/b", "git@example.org:a/b"),
        ("/srv/gh:x", "/srv/gh:x"),
        ("../t", "../t"),
    ],
)
def test_addresses(said: str, address: str, tmp_path: Path) -> None:
    build_file_tree(tmp_path, {".copier-answers.yml": f"_src_path: '{said}'\nscope: full\n"})
    found = find_template(tmp_path)
    assert found
    assert (found.address, found.version, found.answers_file) == (
        address,
        "",
        ".copier-answers.yml",
    )


def test_an_address_in_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    build_file_tree(tmp_path, {".copier-answers.yml": "_src_path: ~/t\nscope: full\n"})
    found = find_template(tmp_path)
    assert found
    assert found.address == os.path.join(tmp_path, "t")


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({}, None, id="none"),
        pytest.param({".copier-answers.yml": "_src_path: x\n"}, None, id="of another template"),
        pytest.param({".copier-answers.yml": "scope: full\n"}, None, id="without an address"),
        pytest.param({".copier-answers.yml": "_src_path: 7\nscope: full\n"}, None, id="a number"),
        pytest.param({".copier-answers.yml": "_src_path: ''\nscope: full\n"}, None, id="empty"),
        pytest.param({".copier-answers.yml": "- x\n"}, None, id="a list"),
        pytest.param({".copier-answers.yml": "{"}, None, id="no YAML"),
        pytest.param({".copier-answers.yml/": ""}, None, id="a folder"),
        pytest.param({".copier-answers.yml": "!!python/object:os.x {}"}, None, id="an object"),
        pytest.param(
            {
                ".copier-answers.a.yml": "_src_path: x\n",
                ".copier-answers.b.yaml": "_src_path: y\nscope: full\n",
                ".copier-answers.c.yml": "_src_path: z\nscope: full\n",
            },
            ".copier-answers.b.yaml",
            id="the first of ours",
        ),
        pytest.param({"copier-answers.yml": "_src_path: y\nscope: x\n"}, None, id="another name"),
    ],
)
def test_which_answers_file(files: dict[str, str], expected: str | None, tmp_path: Path) -> None:
    found = find_template(build_file_tree(tmp_path / "p", {"x/": "", **files}))
    assert (found and found.answers_file) == expected


@pytest.mark.parametrize(
    ("commit", "version"), [("'v1.0'", "v1.0"), ("7", ""), ("null", ""), ('"a\\nb"', "")]
)
def test_the_version_that_copier_wrote(commit: str, version: str, tmp_path: Path) -> None:
    text = f"_src_path: x\n_commit: {commit}\nscope: full\n"
    found = find_template(build_file_tree(tmp_path, {".copier-answers.yml": text}))
    assert found
    assert found.version == version
    assert found.answers["scope"] == "full"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("x", True),
        ("x" * LONGEST, True),
        ("x" * (LONGEST + 1), False),
        ("", False),
        ("a\nb", False),
        ("größe", True),
        (7, False),
        (None, False),
    ],
)
def test_is_text(value: object, expected: bool) -> None:
    assert is_text(value) == expected


@pytest.mark.parametrize(
    ("version", "release"),
    [
        ("v1.0", "1.0"),
        ("1.0", "1.0"),
        ("v1.0-3-gabcdef0", "1.0"),
        ("v1.0rc1-3-gabcdef0", "1.0rc1"),
        ("v1.0-3-gabc", None),
        ("abcdef0", None),
        ("", None),
    ],
)
def test_release(version: str, release: str | None) -> None:
    assert template(version).release == (Version(release) if release else None)


def listing(*tags: str, head: str = "f" * 40) -> str:
    lines = [f"{head}\tHEAD", *(f"{'a' * 40}\trefs/tags/{tag}" for tag in tags)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("version", "tags", "expected"),
    [
        pytest.param("v1.0", ["v1.0"], None, id="the newest"),
        pytest.param("v1.0", ["v1.0", "v1.1"], "v1.1", id="a newer one"),
        pytest.param("v1.0", ["v1.10", "v1.9"], "v1.10", id="by version, not by letters"),
        pytest.param("v1.1", ["v1.0"], None, id="an older one"),
        pytest.param("v1.0", ["v1.0.0"], None, id="the same, spelled otherwise"),
        pytest.param("v1.0", ["v1.1rc1"], None, id="a pre-release"),
        pytest.param("v1.0rc1", ["v1.1rc1", "v1.0"], "v1.1rc1", id="from a pre-release"),
        pytest.param("v1.0-3-gabcdef0", ["v1.0"], None, id="a commit behind it"),
        pytest.param("v1.0-3-gabcdef0", ["v1.0", "v1.1"], "v1.1", id="a release behind a commit"),
        pytest.param("abcdef0", ["v1.0", "v1.1"], "v1.1", id="a commit that nobody names"),
        pytest.param("v1.0", ["v1.1^{}"], "HEAD", id="what a tag leads to is no tag"),
        pytest.param("v1.0", ["v1.1", "v1.1^{}", "latest"], "v1.1", id="other tags"),
    ],
)
def test_newer_release(version: str, tags: list[str], expected: str | None) -> None:
    assert newer_than(template(version), listing(*tags)) == expected


@pytest.mark.parametrize(
    ("version", "head", "expected"),
    [
        ("abcdef0", "abcdef0123", None),
        ("abcdef0", "0123abcdef0", "HEAD"),
        ("v1.0-3-gabcdef0", "abcdef0123", None),
        ("v1.0-3-gabcdef0", "0123", "HEAD"),
        ("", "abcdef0123", "HEAD"),
    ],
)
def test_newer_commit_where_there_are_no_releases(
    version: str, head: str, expected: str | None
) -> None:
    assert newer_than(template(version), listing("latest", head=head)) == expected


def test_a_repository_without_a_commit() -> None:
    assert newer_than(template("abcdef0"), "") is None


CHANGELOG = """\
# Changelog

Text.

## Unreleased

news

## [2.0] - 2026-01-01

two

### Details

## 1.1

one one

## 1.0 - 2025-01-01

one
"""


def test_sections() -> None:
    sections = sections_of(CHANGELOG)
    assert list(sections) == ["Unreleased", "2.0", "1.1", "1.0"]
    assert sections["2.0"] == "## [2.0] - 2026-01-01\n\ntwo\n\n### Details"
    assert sections_of("") == {}


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        ("1.0", "2.0", ["2.0", "1.1"]),
        ("1.0", "1.1", ["1.1"]),
        ("1.1", "1.1", []),
        ("2.0", None, ["Unreleased"]),
        ("1.1", None, ["Unreleased", "2.0"]),
        (None, "1.0", ["1.0"]),
        (None, None, ["Unreleased", "2.0", "1.1", "1.0"]),
    ],
)
def test_changes_between(since: str | None, until: str | None, expected: list[str]) -> None:
    start, end = (Version(each) if each else None for each in (since, until))
    sections = sections_of(CHANGELOG)
    found = changes_between(CHANGELOG, start, end)
    assert found == "\n\n".join(sections[each] for each in expected)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({}, None),
        ({"package_name": 7}, None),
        ({"package_name": "demo"}, "src/demo"),
        ({"package_name": "demo", "layout": "src"}, "src/demo"),
        ({"package_name": "demo", "layout": "flat"}, "demo"),
        ({"package_name": "demo", "layout": "namespace", "namespace_name": "ns"}, "src/ns/demo"),
        ({"package_name": "demo", "layout": "namespace"}, "src/demo"),
        ({"package_name": "demo", "layout": "src", "namespace_name": "ns"}, "src/demo"),
    ],
)
def test_package_folder(answers: dict[str, object], expected: str | None) -> None:
    assert package_folder(template("v1.0", **answers)) == expected


def test_what_cannot_be_updated() -> None:
    with pytest.raises(NeverstaleError, match=r"there is no \.copier-answers\.yml"):
        refuse_update(None)
    with pytest.raises(
        NeverstaleError, match=r"names no version: https://example\.org/t was no git"
    ):
        refuse_update(template(""))
    good = template()
    assert refuse_update(good) is good

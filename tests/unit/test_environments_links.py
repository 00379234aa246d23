"""Where the metadata of what is installed leads to."""

from pathlib import Path

import pytest

from neverstale.environments.links import changelog_of


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("Project-URL: Changelog, https://a\n", "https://a"),
        ("Project-URL: Release notes, https://a\nProject-URL: History, https://b\n", "https://b"),
        ("Project-URL: What's New?, https://a, b\n", "https://a, b"),
        ("Project-URL: Homepage, https://a\n", ""),
        ("Project-URL: changes\n", ""),
        ("", ""),
    ],
)
def test_changelogs(lines: str, expected: str, tmp_path: Path) -> None:
    (tmp_path / "METADATA").write_text(f"Name: demo\n{lines}\nProject-URL: Changes, no\n", "utf-8")
    assert changelog_of(tmp_path) == expected


def test_no_metadata(tmp_path: Path) -> None:
    assert not changelog_of(tmp_path)

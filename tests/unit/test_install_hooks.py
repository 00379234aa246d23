"""git's hooks: with what they are installed, and what speaks against it."""

from pathlib import Path

import pytest
from support.tree import build_file_tree

from neverstale.install.hooks import find_runner, reason_against


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (["prek.toml", ".venv/bin/prek"], "prek"),
        ([".pre-commit-config.yaml", ".venv/bin/prek"], "prek"),
        ([".pre-commit-config.yml", ".venv/bin/prek"], "prek"),
        ([".pre-commit-config.yaml", ".venv/bin/pre-commit"], "pre-commit"),
        ([".pre-commit-config.yml", ".venv/bin/pre-commit"], "pre-commit"),
        ([".pre-commit-config.yaml", ".venv/bin/pre-commit", ".venv/bin/prek"], "prek"),
        (["prek.toml", ".pre-commit-config.yaml", ".venv/bin/pre-commit"], "pre-commit"),
        (["prek.toml", ".venv/bin/pre-commit"], None),
        (["prek.toml/", ".venv/bin/prek"], None),
        ([".venv/bin/prek"], None),
        (["prek.toml"], None),
        ([], None),
    ],
)
def test_find_runner(files: list[str], found: str | None, tmp_path: Path) -> None:
    build_file_tree(tmp_path, dict.fromkeys(files, ""))
    runner = find_runner(tmp_path)
    assert runner == (tmp_path / ".venv/bin" / found if found else None)


def test_reason_against_hooks(tmp_path: Path) -> None:
    assert "no git repository" in reason_against(tmp_path).replace("not a git", "no git")
    build_file_tree(
        tmp_path,
        {
            ".git/HEAD": "ref: refs/heads/main\n",
            ".git/objects/": "",
            ".git/refs/": "",
            ".git/config": "[core]\n\trepositoryformatversion = 0\n",
        },
    )
    assert reason_against(tmp_path) == ""
    config = tmp_path / ".git/config"
    config.write_text(f"{config.read_text('utf-8')}\thooksPath = größe/hooks\n", encoding="utf-8")
    assert reason_against(tmp_path) == "git's core.hooksPath says that they are in größe/hooks"

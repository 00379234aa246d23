"""The next version."""

from pathlib import Path

import pytest
from support.tree import build_file_tree
from unit.made_up import PROJECT, nobody_waits

from neverstale.errors import NeverstaleError
from neverstale.install.task import Task
from neverstale.process import Uv
from neverstale.project.metadata import read_project
from neverstale.release import bump
from neverstale.wheels.build import Builder
from neverstale.wheels.store import Store


def task_at(root: Path) -> Task:
    builder = Builder(Uv("/no/uv", root, lambda _: None), Store(root / "store"), nobody_waits)
    return Task(PROJECT._replace(root=root), builder, read_project)


@pytest.mark.parametrize(
    ("asked", "declared", "changelog", "expected"),
    [
        ("", "0.1.0", "", "0.1.0"),
        ("1.2", "0.1.0", "", "1.2"),
        ("v1.2.0", "0.1.0", "## 0.1.0", "1.2.0"),
        ("1.0-rc1", None, "", "1.0rc1"),
        ("0.1.0", "0.1.0", "", "0.1.0"),
        ("0.1", "0.1.0", "## 0.1.0", "0.1 is not after 0.1.0"),
        ("0.0.9", "0.1.0", "", "0.0.9 is not after 0.1.0"),
        ("minor", None, "", "the version is a tag in git"),
        ("", None, "", "the version is a tag in git"),
        ("banana", "0.1.0", "", "banana is not a version"),
    ],
)
def test_next_version(
    asked: str, declared: str | None, changelog: str, expected: str, tmp_path: Path
) -> None:
    build_file_tree(tmp_path, {"CHANGELOG.md": f"{changelog}\n"})
    try:
        found = bump._next(task_at(tmp_path), asked, declared)  # noqa: SLF001
    except NeverstaleError as error:
        found = error.message
    assert found == expected


def test_members_of_a_workspace(tmp_path: Path) -> None:
    member = '[project]\nname = "NAME"\n'
    build_file_tree(
        tmp_path,
        {
            "packages/b/pyproject.toml": member.replace("NAME", "b"),
            "packages/a/pyproject.toml": member.replace("NAME", "a"),
            "packages/not/pyproject.toml": member.replace("NAME", "not"),
            "packages/tool/pyproject.toml": "[tool.x]\n",
            "pyproject.toml": (
                '[tool.uv.workspace]\nmembers = ["packages/*"]\nexclude = ["packages/not"]\n'
            ),
        },
    )
    assert bump._members(tmp_path) == ["a", "b"]  # noqa: SLF001
    assert bump._members(tmp_path / "packages/a") == []  # noqa: SLF001


def test_a_member_is_required_where_an_oldest_one_was(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text('["a.b>=1.0", "a-b>=1.0", "a.b", "a.b>=1.0,<2"]')
    bump._require(file, "a.b", "3.0")  # noqa: SLF001
    assert file.read_text() == '["a.b>=3.0", "a-b>=1.0", "a.b", "a.b>=3.0,<2"]'


def test_a_project_of_another_format(tmp_path: Path) -> None:
    task = task_at(tmp_path)
    foreign = task._replace(project=task.project._replace(has_table=False))
    with pytest.raises(NeverstaleError, match="only a version in"):
        bump.bump(foreign, "1.0")

"""The projects that a project needs and that are on this machine."""

from pathlib import Path

import pytest
from support.tree import build_file_tree
from unit.small import pyproject

from neverstale.errors import NeverstaleError
from neverstale.project.members import in_one_workspace, members_of, neighbours_of
from neverstale.project.metadata import Project, read_project


def member(root: Path, name: str, *needs: str, extras: str = "{}") -> None:
    text = pyproject(f"optional-dependencies = {extras}\n", name=name, needs=needs)
    build_file_tree(root, {f"p/{name}/pyproject.toml": text})


def workspace(root: Path, *names: str) -> None:
    sources = "".join(f"{name} = {{ workspace = true }}\n" for name in names)
    text = f'[tool.uv.workspace]\nmembers = ["p/*"]\n[tool.uv.sources]\n{sources}'
    build_file_tree(root, {"pyproject.toml": text})


def chain(root: Path, **needs: str) -> Project:
    """Make a workspace of one-letter projects; *needs* are the requirements of each."""
    workspace(root, *needs)
    for name, lines in needs.items():
        member(root, name, *lines.split())
    return read_project(root / "p/a")


@pytest.mark.parametrize(
    ("needs", "expected"),
    [
        ({"a": ""}, []),
        ({"a": "b", "b": ""}, ["b"]),
        ({"a": "b", "b": "c", "c": ""}, ["b", "c"]),
        ({"a": "c b", "b": "c", "c": ""}, ["b", "c"]),
        ({"a": "b", "b": "a"}, ["b"]),
        ({"a": "b>=1", "b": "c[x]", "c": "a"}, ["b", "c"]),
        # For another system or Python: one too many does no harm, one too few is somebody else's.
        ({"a": 'b;python_version<"3"', "b": ""}, ["b"]),
        ({"a": 'b;python_version>="3"', "b": ""}, ["b"]),
        ({"a": "other", "b": ""}, []),
    ],
)
def test_members_of(needs: dict[str, str], expected: list[str], tmp_path: Path) -> None:
    project = chain(tmp_path, **needs)
    found = members_of(project, read_project)
    assert [each.name for each in found] == expected
    assert in_one_workspace((project, *found)) == [project, *found]


@pytest.mark.parametrize(
    ("needs", "expected"),
    [
        pytest.param([], [], id="nobody asks"),
        pytest.param(["a"], ["a"], id="for no extra"),
        pytest.param(["a[More]"], ["a", "b"], id="for the extra"),
        pytest.param(["a[other]"], ["a"], id="for another one"),
        pytest.param(["a", "c"], ["a", "c", "b"], id="by way of another"),
        pytest.param(["a[more]", "b[x]"], ["a", "b", "c"], id="each for its own"),
    ],
)
def test_what_an_extra_needs_is_a_member_where_it_is_asked_for(
    needs: list[str], expected: list[str], tmp_path: Path
) -> None:
    workspace(tmp_path, "a", "b", "c")
    member(tmp_path, "a", extras='{ more = ["b"] }')
    member(tmp_path, "b", extras='{ x = ["c"] }')
    member(tmp_path, "c", "a[more]")
    member(tmp_path, "user", *needs)
    assert members_of(read_project(tmp_path / "p/a"), read_project) == ()
    asking = read_project(tmp_path / "p/user")
    assert [each.name for each in members_of(asking, read_project)] == expected


def test_neighbours_are_those_of_extras_and_groups_too(tmp_path: Path) -> None:
    project = chain(tmp_path, a="", b="", c="a")
    assert [each.name for each in neighbours_of(project, read_project)] == ["b", "c"]
    elsewhere = pyproject('[tool.uv.sources]\nx = { path = "../y" }\nz = { git = "https://z" }\n')
    files = {"x/pyproject.toml": elsewhere, "y/pyproject.toml": pyproject(name="x")}
    build_file_tree(tmp_path / "apart", files)
    found = neighbours_of(read_project(tmp_path / "apart/x"), read_project)
    assert [each.root.name for each in found] == ["y"]


def test_a_project_of_another_workspace(tmp_path: Path) -> None:
    project = chain(tmp_path / "one", a="", b="")
    other = chain(tmp_path / "other", a="")
    inside = read_project(tmp_path / "one/p/b")
    assert in_one_workspace([project, other, inside]) == [project, inside]


def test_a_member_of_another_name(tmp_path: Path) -> None:
    text = pyproject('[tool.uv.sources]\nb = { path = "../c" }\n', name="a", needs=["b"])
    build_file_tree(tmp_path, {"a/pyproject.toml": text, "c/pyproject.toml": pyproject(name="c")})
    with pytest.raises(NeverstaleError, match=r"has b in .*, which is c"):
        members_of(read_project(tmp_path / "a"), read_project)


def test_each_is_read_once(tmp_path: Path) -> None:
    project = chain(tmp_path, a="b c", b="c", c="b")
    read: list[str] = []

    def count(folder: Path) -> Project:
        read.append(folder.name)
        return read_project(folder)

    members_of(project, count)
    assert sorted(read) == ["b", "c"]

"""Where requirements come from that no index has: tables of pyproject.toml, and uv's rules."""

from pathlib import Path

import pytest
from neverstale.errors import NeverstaleError
from neverstale.project.members import in_one_workspace, members_of, neighbours_of
from neverstale.project.metadata import Project, read_project
from neverstale.project.workspace import copied_requirements, sources_of_requirements, workspace_of
from support.tree import build_file_tree

SYSTEM = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'


def declared(name: str, *needs: str, more: str = "") -> str:
    lines = ", ".join(f"'{need}'" for need in needs)
    return f'{SYSTEM}[project]\nname = "{name}"\nversion = "1"\ndependencies = [{lines}]\n{more}'


def workspace(members: str, *, exclude: str = "", sources: str = "") -> str:
    left_out = f"exclude = {exclude}\n" if exclude else ""
    return f"[tool.uv.workspace]\nmembers = {members}\n{left_out}[tool.uv.sources]\n{sources}"


HERE = "{ workspace = true }"


@pytest.mark.parametrize(
    ("files", "root", "home"),
    [
        ({"pyproject.toml": declared("a")}, ".", "."),
        ({"pyproject.toml": workspace('["p/*"]'), "p/b/pyproject.toml": ""}, ".", "."),
        ({"pyproject.toml": workspace('["p/*"]'), "p/b/pyproject.toml": ""}, "p/b", "."),
        ({"pyproject.toml": workspace('["p/*"]'), "q/b/pyproject.toml": ""}, "q/b", "q/b"),
        (
            {"pyproject.toml": workspace('["p/*"]', exclude='["p/b"]'), "p/b/pyproject.toml": ""},
            *("p/b", "p/b"),
        ),
        (  # uv looks no further than the first pyproject.toml above
            {
                "pyproject.toml": workspace('["p/*/*"]'),
                "p/pyproject.toml": "",
                "p/q/b/pyproject.toml": "",
            },
            *("p/q/b", "p/q/b"),
        ),
        ({"pyproject.toml": "# workspace\n", "b/pyproject.toml": ""}, "b", "b"),
        ({"pyproject.toml": "tool.uv.workspace = 3", "b/pyproject.toml": ""}, "b", "b"),
    ],
)
def test_workspace_of(files: dict[str, str], root: str, home: str, tmp_path: Path) -> None:
    build_file_tree(tmp_path, files)
    assert workspace_of(tmp_path / root) == tmp_path / home


@pytest.mark.parametrize(
    ("said", "expected", "copied"),
    [
        ('{ path = "../b" }', "b", True),
        ('{ path = "../b/" , editable = true }', "b", False),
        ('{ path = "../b", editable = false }', "b", True),
        ('{ path = "../b.whl" }', None, True),
        ('{ path = "../gone" }', None, True),
        ('{ path = "../b", marker = "sys_platform == \'linux\'" }', None, True),
        ('{ git = "https://example.org/b" }', None, True),
        ('[{ path = "../b" }, { index = "x" }]', None, True),
        (HERE, None, False),
    ],
)
def test_sources_of_requirements(
    said: str, expected: str | None, *, copied: bool, tmp_path: Path
) -> None:
    text = declared("a", "B_b", more=f"[tool.uv.sources]\nb-b = {said}\n")
    build_file_tree(tmp_path, {"a/pyproject.toml": text, "b/pyproject.toml": declared("b-b")})
    (tmp_path / "b.whl").write_text("")
    found = sources_of_requirements(tmp_path / "a")
    assert found == {"b-b": tmp_path / expected if expected else None}
    assert copied_requirements(tmp_path / "a") == ({"b-b"} if copied else set())


def test_a_member_goes_by_the_sources_of_its_workspace(tmp_path: Path) -> None:
    build_file_tree(
        tmp_path,
        {
            "pyproject.toml": workspace('["p/*"]', sources=f"c = {HERE}\n"),
            "p/b/pyproject.toml": declared("b", "c"),
            "p/c/pyproject.toml": declared("C"),
        },
    )
    assert read_project(tmp_path / "p/b").beside == {"c": tmp_path / "p/c"}


def chain(tmp_path: Path, **needs: str) -> Project:
    """Make a workspace of one-letter projects; *needs* are the requirements of each."""
    sources = "".join(f"{name} = {HERE}\n" for name in needs)
    files = {
        f"p/{name}/pyproject.toml": declared(name, *lines.split()) for name, lines in needs.items()
    }
    build_file_tree(tmp_path, {"pyproject.toml": workspace('["p/*"]', sources=sources), **files})
    return read_project(tmp_path / "p/a")


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
    assert [member.name for member in found] == expected
    assert in_one_workspace((project, *found)) == [project, *found]


def test_what_an_extra_needs_is_no_member(tmp_path: Path) -> None:
    project = chain(tmp_path, a="", b="")
    file = tmp_path / "p/a/pyproject.toml"
    file.write_text(file.read_text() + 'optional-dependencies = { more = ["b"] }\n')
    project = read_project(tmp_path / "p/a")
    assert project.beside == {"b": tmp_path / "p/b"}
    assert members_of(project, read_project) == ()
    user = tmp_path / "p/user/pyproject.toml"
    user.parent.mkdir()
    user.write_text(declared("user", "a[More]"))
    sources = tmp_path / "pyproject.toml"
    sources.write_text(sources.read_text().replace("a = {", "user = { workspace = true }\na = {"))
    asking = read_project(tmp_path / "p/user")
    assert [member.name for member in members_of(asking, read_project)] == ["a", "b"]
    assert [member.name for member in neighbours_of(project, read_project)] == ["b", "user"]


def test_a_member_of_another_name(tmp_path: Path) -> None:
    text = declared("a", "b", more='[tool.uv.sources]\nb = { path = "../c" }\n')
    build_file_tree(tmp_path, {"a/pyproject.toml": text, "c/pyproject.toml": declared("c")})
    with pytest.raises(NeverstaleError, match=r"has b in .*, which is c"):
        members_of(read_project(tmp_path / "a"), read_project)

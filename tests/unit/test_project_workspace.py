"""Where requirements come from that no index has: tables of pyproject.toml, and uv's rules."""

from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from support.tree import build_file_tree
from unit.small import pyproject

from neverstale.errors import NeverstaleError
from neverstale.project.metadata import read_project
from neverstale.project.workspace import (
    copied_requirements,
    declared_sources,
    sources_of_requirements,
    workspace_of,
)

HERE = "{ workspace = true }"


def workspace(members: str, *, exclude: str = "", sources: str = "") -> str:
    left_out = f"exclude = {exclude}\n" if exclude else ""
    return f"[tool.uv.workspace]\nmembers = {members}\n{left_out}[tool.uv.sources]\n{sources}"


@pytest.mark.parametrize(
    ("files", "root", "home"),
    [
        pytest.param({"pyproject.toml": pyproject()}, ".", ".", id="none"),
        pytest.param({}, ".", ".", id="no project"),
        pytest.param({"pyproject.toml": workspace('["p/*"]')}, ".", ".", id="the root"),
        pytest.param(
            {"pyproject.toml": workspace('["p/*"]'), "p/b/pyproject.toml": ""},
            *("p/b", "."),
            id="a member",
        ),
        pytest.param(
            {"pyproject.toml": workspace('["./p/b/"]'), "p/b/pyproject.toml": ""},
            *("p/b", "."),
            id="a member by name",
        ),
        pytest.param(
            {"w/pyproject.toml": workspace('["../b", "p"]'), "b/pyproject.toml": ""},
            *("b", "b"),
            id="a member that is not below",
        ),
        pytest.param(
            {"pyproject.toml": workspace('["p/*"]'), "q/b/pyproject.toml": ""},
            *("q/b", "q/b"),
            id="no member",
        ),
        pytest.param(
            {"pyproject.toml": workspace('["p/*"]', exclude='["p/b"]'), "p/b/pyproject.toml": ""},
            *("p/b", "p/b"),
            id="excluded",
        ),
        pytest.param(
            {"pyproject.toml": workspace('["p/*"]', exclude='["p/c"]'), "p/b/pyproject.toml": ""},
            *("p/b", "."),
            id="another is excluded",
        ),
        pytest.param(
            {
                "pyproject.toml": workspace('["p/*/*"]'),
                "p/pyproject.toml": "",
                "p/q/b/pyproject.toml": "",
            },
            *("p/q/b", "p/q/b"),
            id="uv looks no further than the first above",
        ),
        pytest.param(
            {"pyproject.toml": workspace('["p/*"]'), "p/b/pyproject.toml": workspace("[]")},
            *("p/b", "p/b"),
            id="a workspace of its own",
        ),
        pytest.param(
            {"pyproject.toml": "# workspace\n", "b/pyproject.toml": ""},
            *("b", "b"),
            id="the word alone",
        ),
        *(
            pytest.param({"pyproject.toml": text, "b/pyproject.toml": ""}, "b", "b", id=text)
            for text in (
                "tool.uv.workspace = 3",
                "tool.uv.workspace.members = 'b'",
                "tool.uv.workspace.members = [1, '']",
                "tool.uv = 'workspace'",
                "tool = 'workspace'",
            )
        ),
    ],
)
def test_workspace_of(files: dict[str, str], root: str, home: str, tmp_path: Path) -> None:
    build_file_tree(tmp_path, files)
    assert workspace_of(tmp_path / root) == tmp_path / home


def test_a_member_that_is_no_project(tmp_path: Path) -> None:
    build_file_tree(tmp_path, {"pyproject.toml": workspace('["p/*"]'), "p/b/x": ""})
    assert workspace_of(tmp_path / "p/b") == tmp_path / "p/b"


@pytest.mark.parametrize(
    ("said", "expected", "copied"),
    [
        ('{ path = "../b" }', "b", True),
        ('{ path = "../b/" , editable = true }', "b", False),
        ('{ path = "../b", editable = false }', "b", True),
        ('{ path = "../old" }', "old", True),
        ('{ path = "../b.whl" }', None, True),
        ('{ path = "../gone" }', None, True),
        ('{ path = "../b", marker = "sys_platform == \'linux\'" }', None, True),
        ("{ path = 1 }", None, True),
        ('{ git = "https://example.org/b" }', None, True),
        ('[{ path = "../b" }, { index = "x" }]', None, True),
        (HERE, None, False),
        ("{ workspace = true, editable = false }", None, True),
        ("{ workspace = false }", None, False),
    ],
)
def test_sources_of_requirements(
    said: str, expected: str | None, *, copied: bool, tmp_path: Path
) -> None:
    text = pyproject(f"[tool.uv.sources]\nB_b = {said}\n")
    files = {
        "a/pyproject.toml": text,
        "b/pyproject.toml": pyproject(name="b-b"),
        "old/setup.py": "",
    }
    build_file_tree(tmp_path, {**files, "b.whl": ""})
    found = sources_of_requirements(tmp_path / "a")
    assert found == {"b-b": tmp_path / expected if expected else None}
    assert copied_requirements(tmp_path / "a") == ({"b-b"} if copied else set())


@pytest.mark.parametrize("text", ["", "tool.uv.sources = 1", "# sources\n", "tool.uv = 'sources'"])
def test_no_sources(text: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    assert sources_of_requirements(tmp_path) == {}
    assert copied_requirements(tmp_path) == set()


def test_a_member_goes_by_the_sources_of_its_workspace(tmp_path: Path) -> None:
    build_file_tree(
        tmp_path,
        {
            "pyproject.toml": workspace('["p/*"]', sources=f'c = {HERE}\nd = {{ path = "d" }}\n'),
            "p/b/pyproject.toml": pyproject('[tool.uv.sources]\nD = { path = "../c" }\n'),
            "p/c/pyproject.toml": pyproject(name="C"),
            "p/nameless/pyproject.toml": "[project]\n",
            "p/odd/pyproject.toml": "project = 1\n",
            "d/pyproject.toml": pyproject(name="d"),
        },
    )
    found = sources_of_requirements(tmp_path / "p/b")
    assert found == {"c": tmp_path / "p/c", "d": tmp_path / "p/c"}, "its own go first"
    assert declared_sources(tmp_path / "p/b")[canonicalize_name("D")][1] == tmp_path / "p/b"
    assert sources_of_requirements(tmp_path / "p/c") == {"c": tmp_path / "p/c", "d": tmp_path / "d"}
    member = read_project(tmp_path / "p/b")
    assert member.beside == {}, "it requires none of them"


def test_the_root_of_a_workspace_is_a_member(tmp_path: Path) -> None:
    text = pyproject(f'[tool.uv.workspace]\nmembers = ["p"]\n[tool.uv.sources]\ndemo = {HERE}\n')
    build_file_tree(tmp_path, {"pyproject.toml": text, "p/pyproject.toml": pyproject(name="p")})
    assert sources_of_requirements(tmp_path / "p") == {"demo": tmp_path}


def test_a_workspace_that_cannot_be_read(tmp_path: Path) -> None:
    build_file_tree(tmp_path, {"pyproject.toml": "workspace =", "b/pyproject.toml": ""})
    with pytest.raises(NeverstaleError, match="not valid TOML"):
        sources_of_requirements(tmp_path / "b")

"""Which files beside a wheel's modules the build backend left out."""

from pathlib import Path

import pytest
from support.tree import build_file_tree
from unit.made_up import built_of, digests, make_wheel

from neverstale.diagnosis import unselected
from neverstale.diagnosis.unselected import find_unselected

SOURCES = {
    "src/demo/__init__.py": "1",
    "src/demo/cli.py": "2",
    "src/demo/data.txt": "3",
    "src/demo/deep/more.txt": "4",
}


def left_out(
    root: Path, sources: dict[str, str], held: dict[str, str], *, ends: str = ""
) -> list[str]:
    """Return what is left out of a wheel that holds *held*, of a build that read all *sources*."""
    build_file_tree(root, sources)
    answers = {f"file {path}": f"{d}{ends}" for path, d in digests(root, *sources).items()}
    return find_unselected(root, built_of(make_wheel(root / "dist", held), answers))


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        pytest.param(
            {"demo/__init__.py": "1", "demo/cli.py": "2"},
            ["src/demo/data.txt", "src/demo/deep/more.txt"],
            id="data",
        ),
        pytest.param(
            {path.removeprefix("src/"): text for path, text in SOURCES.items()}, [], id="all"
        ),
        pytest.param({"demo/__init__.py": "other"}, [], id="generated"),
        pytest.param({"demo/cli.py": "2"}, [], id="no package"),
        pytest.param({"__init__.py": "1"}, [], id="not in a folder"),
        pytest.param({"demo/deep/__init__.py": "1"}, [], id="a deeper package"),
    ],
)
def test_left_out(held: dict[str, str], expected: list[str], tmp_path: Path) -> None:
    assert left_out(tmp_path, SOURCES, held) == expected
    assert left_out(tmp_path, SOURCES, held, ends=" x") == expected


HELD = {
    "demo/__init__.py": "1",
    "demo/cli.py": "2",
    "demo/deep/more.txt": "4",
    "demo/data.txt": "3",
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("src/demo/new.txt", True),
        ("src/demo/.hidden", False),
        ("src/demo/.cache/x", False),
        ("src/demo/x.pyc", False),
        ("src/demo/x~", False),
        ("src/demo/x.so", False),
        ("src/demo/x.pyd", False),
        ("src/other/new.txt", False),
    ],
)
def test_what_is_looked_at(path: str, expected: bool, tmp_path: Path) -> None:
    assert left_out(tmp_path, {**SOURCES, path: "5"}, HELD) == ([path] if expected else [])


def test_a_link_that_leads_nowhere_is_no_file(tmp_path: Path) -> None:
    build_file_tree(tmp_path, SOURCES)
    (tmp_path / "src/demo/link").symlink_to("gone")
    assert left_out(tmp_path, SOURCES, HELD) == []


def test_where_two_files_may_be_the_package_nothing_is_certain(tmp_path: Path) -> None:
    again = {**SOURCES, "copy/demo/__init__.py": "1", "copy/demo/new.txt": ""}
    assert left_out(tmp_path, again, {"demo/__init__.py": "1"}) == []
    other = {**again, "copy/demo/__init__.py": "another"}
    assert "src/demo/data.txt" in left_out(tmp_path / "b", other, {"demo/__init__.py": "1"})


def test_a_flat_layout(tmp_path: Path) -> None:
    sources = {path.removeprefix("src/"): text for path, text in SOURCES.items()}
    found = left_out(tmp_path, sources, {"demo/__init__.py": "1", "demo/cli.py": "2"})
    assert found == ["demo/data.txt", "demo/deep/more.txt"]


def test_a_package_outside_of_the_project_is_not_looked_into(tmp_path: Path) -> None:
    build_file_tree(tmp_path, {"away/demo/__init__.py": "1", "away/demo/new.txt": "", "p/x": ""})
    path = str(tmp_path / "away/demo/__init__.py")
    digest = digests(tmp_path, "away/demo/__init__.py")["away/demo/__init__.py"]
    wheel = make_wheel(tmp_path / "dist", {"demo/__init__.py": "1"})
    assert find_unselected(tmp_path / "p", built_of(wheel, {f"file {path}": digest})) == []


def test_no_more_than_a_list_can_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unselected, "MOST", 2)
    many = {**SOURCES, **{f"src/demo/{n}.txt": "" for n in range(4)}}
    assert left_out(tmp_path, many, HELD) == ["src/demo/0.txt", "src/demo/1.txt"]

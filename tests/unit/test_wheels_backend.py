"""The environment of a build backend: what is in it, and when it is made anew."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.tree import build_file_tree
from unit.small import make_project, pyproject, set_time

from neverstale.errors import NeverstaleError
from neverstale.process import Uv
from neverstale.project.metadata import Project
from neverstale.wheels import backend as module
from neverstale.wheels.backend import COMPLETE, MOST_SECONDS, Backend, kept_backend


def build_no_wheel(folder: Path) -> Path:
    raise AssertionError(folder)


def wheel_of(folder: Path) -> Path:
    return folder / "größe.whl"


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("{ git = 'https://x/y' }", "b @ git+https://x/y"),
        ("{ git = 'https://x/y', rev = '1' }", "b @ git+https://x/y@1"),
        ("{ git = 'https://x/y', tag = '2' }", "b @ git+https://x/y@2"),
        ("{ git = 'https://x/y', branch = '3' }", "b @ git+https://x/y@3"),
        (
            "{ git = 'https://x/y', tag = '2', subdirectory = 'z' }",
            "b @ git+https://x/y@2#subdirectory=z",
        ),
        ("{ url = 'https://x/b.whl' }", "b @ https://x/b.whl"),
        ("{ index = 'x' }", "B>=1"),
        ("[{ git = 'https://x/y' }]", "B>=1"),
        ("{ path = '../gone' }", "B>=1"),
    ],
)
def test_sources_of_build_requirements(source: str, line: str, tmp_path: Path) -> None:
    text = pyproject(f"[tool.uv.sources]\nb = {source}\n", requires=["a", "B>=1"])
    lines, projects = module._requirements(make_project(tmp_path, text=text), build_no_wheel)  # noqa: SLF001
    assert lines == ["a", line]
    assert projects == ()


def test_a_build_requirement_by_path(tmp_path: Path) -> None:
    text = pyproject("[tool.uv.sources]\nb = { path = '../b' }\n", requires=["a", "B>=1"])
    build_file_tree(tmp_path, {"b/pyproject.toml": pyproject(name="b")})
    project = make_project(tmp_path / "p", text=text)
    lines, projects = module._requirements(project, wheel_of)  # noqa: SLF001
    assert lines == ["a", f"b @ {(tmp_path / 'b').as_uri()}/gr%C3%B6%C3%9Fe.whl"]
    assert projects == (tmp_path / "b",)
    unpacked = make_project(tmp_path / "deep/er/q", text=text)._replace(packed_from=project.root)
    assert module._requirements(unpacked, wheel_of) == (lines, projects)  # noqa: SLF001


def test_build_requirements_beyond_the_declared(tmp_path: Path) -> None:
    extra = "[tool.uv.extra-build-dependencies]\ndemo = ['c', {requirement = 'd'}]\nother = ['e']\n"
    project = make_project(tmp_path, text=pyproject(extra, requires=["a"]))
    assert module._requirements(project, build_no_wheel) == (["a", "c"], ())  # noqa: SLF001


def test_where_programs_are() -> None:
    backend = Backend(Path("/x"), (), ())
    assert backend.scripts == Path("/x/bin")
    assert backend.python == Path("/x/bin/python")


def keep(project: Project, folder: Path | None, python: Path = Path("/bin/sh")) -> Backend:
    """Return the environment that is kept; there is no uv that could make it."""
    uv = Uv("/bin/false", project.root, print)
    return kept_backend(uv, project, python, build_no_wheel, lambda: None, folder)


def make_backend(project: Project, folder: Path | None, below: Path) -> Path:
    """Make an environment by hand, where uv would; return its folder."""
    before = {*below.glob("*")}
    with pytest.raises(NeverstaleError, match="uv could not make an environment"):
        keep(project, folder)
    (place,) = (path for path in {*below.glob("*")} - before if path.is_dir())
    build_file_tree(place, {".venv/bin/": "", f".venv/{COMPLETE}": '["more"]'})
    return place


Change = Callable[[Path], object]


def age(by: float) -> Change:
    def change(place: Path) -> None:
        set_time(place / ".venv" / COMPLETE, time.time() - by)

    return change


@pytest.mark.parametrize(
    ("change", "in_cache", "for_good"),
    [
        pytest.param(lambda _: None, True, True, id="as it was made"),
        pytest.param(age(MOST_SECONDS - 60), True, True, id="a week old"),
        pytest.param(age(MOST_SECONDS + 60), False, True, id="older"),
        pytest.param(age(-3600), False, False, id="from the future"),
        pytest.param(
            lambda place: (place / ".venv" / COMPLETE).unlink(), False, False, id="not whole"
        ),
        pytest.param(
            lambda place: (place / ".venv" / COMPLETE).write_text("["), False, False, id="no JSON"
        ),
        pytest.param(
            lambda place: (place / ".venv" / "bin").rmdir(), False, False, id="without programs"
        ),
    ],
)
def test_an_environment_is_kept(
    change: Change, in_cache: bool, for_good: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEVERSTALE_CACHE_DIR", str(tmp_path / "cache"))
    project = make_project(tmp_path / "p")
    cases = [
        (None, tmp_path / "cache" / "backends", in_cache),
        (tmp_path / "g", tmp_path / "g", for_good),
    ]
    for folder, below, kept in cases:
        place = make_backend(project, folder, below)
        set_time(place, 1)
        change(place)
        if kept:
            assert keep(project, folder) == Backend(place / ".venv", ("more",), ())
            assert place.stat().st_mtime > 1, "it was used now"
        else:
            with pytest.raises(NeverstaleError):
                keep(project, folder)
            assert not (place / ".venv").exists(), "what is not whole goes first"


@pytest.mark.parametrize(
    ("more", "requires", "same"),
    [
        ("", ["hatchling"], True),
        ("description = 'x'\n", ["hatchling"], True),
        ("", ["hatchling>=1"], False),
        ("[tool.uv]\nbuild-constraint-dependencies = ['hatchling<2']\n", ["hatchling"], False),
        ("[tool.uv.extra-build-dependencies]\ndemo = ['c']\n", ["hatchling"], False),
        ("", ["hatchling", "constraints"], False),
    ],
)
def test_projects_that_build_alike_share_it(
    more: str, requires: list[str], same: bool, tmp_path: Path
) -> None:
    place = make_backend(make_project(tmp_path / "p"), tmp_path / "g", tmp_path / "g")
    other = make_project(tmp_path / "other", text=pyproject(more, requires=requires))
    if same:
        assert keep(other, tmp_path / "g").prefix == place / ".venv"
    else:
        with pytest.raises(NeverstaleError):
            keep(other, tmp_path / "g")
        assert (place / ".venv").exists()


def test_another_interpreter_is_another_environment(tmp_path: Path) -> None:
    project, python = make_project(tmp_path / "p"), tmp_path / "python"
    python.write_text("one")
    make_backend(project, tmp_path / "g", tmp_path / "g")
    for change in (
        lambda: None,
        lambda: python.write_text("three"),
        lambda: os.utime(python, (1, 1)),
    ):
        change()
        before = {*(tmp_path / "g").iterdir()}
        with pytest.raises(NeverstaleError):
            keep(project, tmp_path / "g", python)
        assert {*(tmp_path / "g").iterdir()} - before


def test_requirements_that_cannot_be_installed(tmp_path: Path) -> None:
    said: list[str] = []
    project = make_project(tmp_path / "p")
    constrained = project._replace(uv={"build-constraint-dependencies": ["a<2"]})
    backend = Backend(build_file_tree(tmp_path / "venv", {}), ("a",), ())
    backend.prefix.mkdir()
    uv = Uv("/bin/false", tmp_path, said.append)
    with pytest.raises(NeverstaleError, match="the build requirements could not be installed"):
        module.add_requirements(uv, constrained, backend, ["b"])
    assert (backend.prefix / "constraints.txt").read_text() == "a<2\n"
    assert not (backend.prefix / COMPLETE).exists()
    assert [line.endswith("--offline") for line in said] == [False, True]


def test_requirements_that_are_added(tmp_path: Path) -> None:
    backend = Backend(tmp_path, ("a",), (tmp_path,))
    added = module.add_requirements(
        Uv("/bin/true", tmp_path, print), make_project(tmp_path), backend, ["b"]
    )
    assert added == Backend(tmp_path, ("a", "b"), (tmp_path,))
    assert (tmp_path / COMPLETE).read_text() == '["a", "b"]'
    assert not (tmp_path / "constraints.txt").exists()

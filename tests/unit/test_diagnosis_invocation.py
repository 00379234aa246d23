"""How the verbs are typed, by what the project has."""

import sys
from pathlib import Path

import pytest
from support.tree import build_file_tree

from neverstale.diagnosis.invocation import as_typed, find_invocation

LAUNCHER = {"tools/neverstale.py": ""}
OURS = {"Makefile": "tools/neverstale.py\n"}
INCLUDED = {"Makefile": "include tools/neverstale.mk\n"}
NOX = {"noxfile.py": "tools/neverstale.py"}
NOX_INCLUDED = {"noxfile.py": "tools/neverstale_nox.py"}


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    return folder


def make_programs(folder: Path, *names: str) -> None:
    for name in names:
        build_file_tree(folder, {name: ""})
        (folder / name).chmod(0o755)


@pytest.mark.parametrize(
    ("files", "have", "start"),
    [
        pytest.param(OURS, "make", ("make", "install"), id="make"),
        pytest.param(
            OURS, "", ("uv", "run", "--script", "tools/neverstale.py", "install"), id="no make"
        ),
        pytest.param(INCLUDED, "make", ("make", "neverstale-install"), id="included by make"),
        pytest.param({**OURS, **NOX}, "nox", ("nox", "-s", "install"), id="nox where make is not"),
        pytest.param({**OURS, **NOX}, "make nox", ("make", "install"), id="make before nox"),
        pytest.param(NOX, "make nox", ("nox", "-s", "install"), id="nox"),
        pytest.param(
            NOX_INCLUDED, "nox", ("nox", "-s", "neverstale-install"), id="included by nox"
        ),
        pytest.param(
            {**NOX, "noxfile.py": "tools/neverstale.py tools/neverstale_nox.py"},
            "nox",
            ("nox", "-s", "neverstale-install"),
            id="both words in the noxfile",
        ),
        pytest.param(
            NOX, "", ("uv", "run", "--script", "tools/neverstale.py", "install"), id="no nox"
        ),
        pytest.param(
            {"Makefile": "all:\n"},
            "make nox",
            ("uv", "run", "--script", "tools/neverstale.py", "install"),
            id="a Makefile of the owner's",
        ),
        pytest.param(
            {**OURS, "GNUmakefile": "all:\n"},
            "make",
            ("uv", "run", "--script", "tools/neverstale.py", "install"),
            id="make reads another file first",
        ),
        pytest.param({"makefile": "tools/neverstale.py"}, "make", ("make", "install"), id="small"),
    ],
)
def test_with_the_launcher(
    files: dict[str, str], have: str, start: tuple[str, ...], tmp_path: Path, programs: Path
) -> None:
    make_programs(programs, *have.split())
    root = build_file_tree(tmp_path / "project", {**LAUNCHER, **files})
    assert find_invocation(root)("install") == start


def test_arguments_for_make(tmp_path: Path, programs: Path) -> None:
    make_programs(programs, "make")
    typed = find_invocation(build_file_tree(tmp_path / "project", {**LAUNCHER, **OURS}))
    assert typed("install", "--target", "a b") == ("make", "install", "ARGS=--target 'a b'")
    assert typed("install", "$HOME") == ("make", "install", "ARGS='$$HOME'")


def test_arguments_for_nox(tmp_path: Path, programs: Path) -> None:
    make_programs(programs, "nox")
    typed = find_invocation(build_file_tree(tmp_path / "project", {**LAUNCHER, **NOX}))
    assert typed("install", "--target", "a b") == ("nox", "-s", "install", "--", "--target", "a b")


@pytest.mark.usefixtures("programs")
def test_arguments_for_the_launcher(tmp_path: Path) -> None:
    typed = find_invocation(build_file_tree(tmp_path / "project", LAUNCHER))
    assert typed("install", "-v")[2:] == ("--script", "tools/neverstale.py", "install", "-v")


def test_a_hint_as_it_is_typed(tmp_path: Path, programs: Path) -> None:
    make_programs(programs, "make", "neverstale")
    root = build_file_tree(tmp_path / "project", {**LAUNCHER, **OURS})
    hint = "run `neverstale build`, then `neverstale publish --yes`, or `neverstale --help`"
    assert as_typed(hint, root) == (
        "run `make build`, then `make publish ARGS=--yes`, or `neverstale --help`"
    )
    bare = build_file_tree(tmp_path / "bare project", OURS)
    assert as_typed("`neverstale build`", bare) == f"`neverstale --project '{bare}' build`"


def test_without_the_launcher(
    tmp_path: Path, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["/elsewhere/neverstale"])
    root = build_file_tree(tmp_path / "project", OURS)
    end = ("--project", str(root), "install", "-v")
    assert find_invocation(root)("install", "-v")[:2] == ("uvx", "--from")
    assert find_invocation(root)("install", "-v")[3:] == ("neverstale", *end)
    make_programs(programs, "neverstale", "make")
    assert find_invocation(root)("install", "-v") == ("neverstale", *end)


@pytest.mark.usefixtures("programs")
def test_in_an_environment_that_is_active(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/elsewhere/neverstale"])
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path))
    assert find_invocation(tmp_path)("fresh")[0] == "uvx"
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix)
    assert find_invocation(tmp_path)("fresh")[0] == "neverstale"


@pytest.mark.usefixtures("programs")
def test_with_a_launcher_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build_file_tree(tmp_path, {"away/neverstale.py": ""})
    root = build_file_tree(tmp_path / "project", {})
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "away/neverstale.py")])
    start = ("uv", "run", "--script", str(tmp_path / "away/neverstale.py"))
    assert find_invocation(root)("fresh") == (*start, "--project", str(root), "fresh")
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "gone/neverstale.py")])
    assert find_invocation(root)("fresh")[0] == "uvx"
    build_file_tree(tmp_path, {"away/other.py": ""})
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "away/other.py")])
    assert find_invocation(root)("fresh")[0] == "uvx"

"""Which program a name stands for."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from unit.made_up import make_program

from neverstale import programs
from neverstale.programs import find_program


@pytest.mark.parametrize(
    "entries",
    [[], ["."], [""], ["bin"], [".", "{other}"], ["{other}/gone", "{other}"]],
    ids=" ".join,
)
def test_no_program_of_the_current_folder(
    entries: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, other = tmp_path / "project", tmp_path / "other"
    for folder in (here, here / "bin", other):
        folder.mkdir()
        make_program(folder / "git", 0)
    monkeypatch.chdir(here)
    path = os.pathsep.join(entries).format(other=other)
    monkeypatch.setenv("PATH", path)
    expected = str(other / "git") if "{other}" in entries else None
    assert find_program("git") == find_program("git", path) == expected
    assert find_program("./git") == "./git"
    assert find_program("none") is None


def test_what_is_no_program(tmp_path: Path) -> None:
    (tmp_path / "git").mkdir()
    (tmp_path / "hg").write_text("", encoding="utf-8")
    assert find_program("git", str(tmp_path)) is find_program("hg", str(tmp_path)) is None


@pytest.mark.parametrize(
    ("name", "there", "found"),
    [
        ("git", ["git.exe"], "git.exe"),
        ("git", ["git.cmd", "git.exe"], "git.exe"),
        ("git", ["git"], None),
        ("git.exe", ["git.exe"], "git.exe"),
    ],
)
def test_programs_of_windows(
    name: str, there: list[str], found: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for each in there:
        make_program(tmp_path / each, 0)
    windows = SimpleNamespace(**{**vars(os), "name": "nt"})
    monkeypatch.setattr(programs, "os", windows)
    monkeypatch.setenv("PATHEXT", ".EXE;.CMD")
    assert find_program(name, f'"{tmp_path}"') == (str(tmp_path / found) if found else None)

"""The staleness matrix: it sees what is stale, goes on where it was stopped, and draws what it saw."""

import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

import pytest
from staleness import picture, results
from staleness.cells import Cell, cells
from staleness.commands import BY_NAME, COMMANDS
from staleness.results import Circumstances, Results
from staleness.trial import Outcome, Result
from support.render import REPOSITORY
from support.world import uv_executable

MATRIX = (sys.executable, "bench/staleness/__main__.py", "--workers", "2")
FORCED = "uv tool install --force ."


def run(*arguments: str) -> str:
    done = subprocess.run(
        [*MATRIX, *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "edit", "outcome"),
    [
        (FORCED, "module deleted", Outcome.STALE),
        (FORCED, "module added", Outcome.FRESH),
        ("uvx --from . COMMAND", "module edited", Outcome.STALE),
        ("path dependency: uv sync", "module edited", Outcome.STALE),
        (
            "uv build --wheel && uv tool install --force dist/*.whl",
            "version changed",
            Outcome.FAILED,
        ),
        ("make install", "module deleted", Outcome.FRESH),
        ("make run", "edited to the same size with the old time", Outcome.FRESH),
    ],
)
def test_trial(command: str, edit: str, outcome: Outcome, tmp_path: Path) -> None:
    """A trial of each kind on the newest uv; the second time there is nothing left to do."""
    file = tmp_path / "results.jsonl"
    asked = subprocess.run(
        [uv_executable(), "--version"], capture_output=True, text=True, check=True
    )
    uv = asked.stdout.split()[1]
    wanted = ("--results", str(file), "--only", f"uv {uv} | setuptools | {command} | {edit}")
    said = run(*wanted)
    found = results.read(file).cells
    assert {cell.command for cell in found} == {command}
    assert [result.outcome for result in found.values()] == [outcome], said
    assert "1 cells, 1 of them measured before" in run(*wanted)


def test_a_line_that_was_cut_off_is_measured_again(tmp_path: Path) -> None:
    file = tmp_path / "results.jsonl"
    cell = Cell("1.0", "hatchling", FORCED, "module added")
    now = Circumstances("2026-01-01", "3.13.0", "Linux", {"uv": "1.0"})
    results.write([now, (cell, Result(Outcome.STALE, 1.5, "one"))], file)
    with file.open("a") as stream:
        stream.write('{"uv": "1.0", "subject": "hatch')
    read = results.read(file)
    assert read.cells == {cell: Result(Outcome.STALE, 1.5, "one")}
    assert read.circumstances == (now,)
    later = Circumstances("2026-01-02", "3.13.0", "Linux", {"uv": "1.1"})
    results.write([later, (cell, Result(Outcome.FRESH, 1.5))], file)
    read = results.read(file)
    assert read.cells == {cell: Result(Outcome.FRESH, 1.5)}
    assert read.circumstances == (now, later), "what follows is not glued to what was cut off"


def test_every_cell_is_one_of_the_plan() -> None:
    measured = results.read()
    newest = picture.newest_uv(measured)
    assert set(measured.cells) == set(cells(newest)), "`nox -s matrix` goes on"
    assert {cell.command for cell in measured.cells} == set(BY_NAME)


def test_ours_are_never_stale() -> None:
    """What the README says of the picture; a row that is stale would have to be said there."""
    measured = results.read()
    ours = [cell for cell in measured.cells if BY_NAME[cell.command].ours]
    assert len(ours) >= 300
    assert measured.count_of(ours) == Counter({Outcome.FRESH: len(ours)})


def test_numbers_of_the_picture_are_those_of_the_results() -> None:
    measured = results.read()
    newest = picture.newest_uv(measured)
    for theme in picture.THEMES:
        root = ET.fromstring(picture.drawn(measured)[f"staleness-{theme}.svg"])  # noqa: S314 - ours
        texts = [e.text or "" for e in root.iter("{http://www.w3.org/2000/svg}text")]
        for command in COMMANDS:
            mine = [c for c in measured.cells if c.uv == newest and c.command == command.name]
            stale = measured.count_of(mine)[Outcome.STALE]
            row = texts.index(command.name)
            assert f"{stale}/{len(mine)}" in texts[row : row + 20], command.name


def test_cost_is_a_ratio_over_the_same_work() -> None:
    cell = Cell("1.0", "hatchling", "a", "module added")
    other = Cell("1.0", "hatchling", "b", "module added")
    more = Cell("1.0", "hatchling", "b", "module deleted")
    another_day = Cell("1.0", "pdm", "a", "module added")
    seconds = {cell: 1.0, other: 3.0, more: 100.0, another_day: 50.0}
    measured = {each: Result(Outcome.FRESH, taken) for each, taken in seconds.items()}
    assert Results(measured, ()).costs("1.0", {"hatchling", "setuptools"}) == {"a": 1.0, "b": 3.0}


def test_results_and_pictures_tell_of_no_folder_of_a_machine() -> None:
    pictures = sorted((REPOSITORY / "docs" / "pictures").iterdir())
    assert len(pictures) >= 10
    for path in (results.FILE, *pictures):
        text = path.read_text(encoding="utf-8")
        for folder in ("/tmp/", "/home/", "/root/", "/work/", "site-packages/copier"):  # noqa: S108 - they must not be there
            assert folder not in text, f"{path.name}: {folder}"

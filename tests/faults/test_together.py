"""Several installs at once, of one checkout and of two."""

import subprocess
from collections import Counter
from pathlib import Path

import pytest
from support.render import Combination

from faults.outcomes import note
from faults.stage import COMBINATIONS, NEW, ONE, TWO, Stage


def at_once(stage: Stage, folders: list[Path]) -> None:
    """Run ``make install`` in all *folders* at once; all have to succeed."""
    running = [
        subprocess.Popen(
            ["make", "install"],
            cwd=folder,
            env=stage.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for folder in folders
    ]
    for process in running:
        said, _ = process.communicate(timeout=300)
        assert process.returncode == 0, said


@pytest.mark.slow
@pytest.mark.parametrize("count", [2, 4, 8])
@pytest.mark.parametrize("combination", COMBINATIONS, ids=str)
def test_installs_of_one_project(combination: Combination, count: int, tmp_path: Path) -> None:
    stage = Stage(tmp_path, combination)
    stage.make("install")
    stage.change()
    before = stage.surroundings()
    at_once(stage, [stage.project] * count)
    assert stage.installed() == TWO.answer
    assert stage.surroundings() == before
    stage.comes_back("fresh")
    note(f"{count} installs at once", "install", combination, Counter({NEW: 1}))


@pytest.mark.slow
@pytest.mark.parametrize("count", [2, 4, 8])
@pytest.mark.parametrize("combination", [COMBINATIONS[0], COMBINATIONS[2]], ids=str)
def test_installs_of_two_checkouts(combination: Combination, count: int, tmp_path: Path) -> None:
    """Both install the same uv tool: one of the two is there in the end, whole."""
    stage = Stage(tmp_path, combination)
    other = stage.root / "another checkout"
    stage.run("git", "clone", "--quiet", ".", other)
    stage.set(TWO)
    at_once(stage, [stage.project, other] * (count // 2))
    assert stage.installed() in (ONE.answer, TWO.answer)
    stage.comes_back("install")
    done = Counter({"one of the two works": 1})
    note(f"{count} installs of two checkouts at once", "install", combination, done)

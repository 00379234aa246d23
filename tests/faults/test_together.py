"""Several installs at once, of one checkout and of two."""

import subprocess
from collections import Counter
from pathlib import Path

import pytest
from support.render import Combination

from faults.outcomes import note
from faults.stage import COMBINATIONS, NEW, ONE, PAIRS, TWO, Stage, Workflow


def at_once(stage: Stage, folders: list[Path], verb: str = "install") -> None:
    """Run ``make VERB`` in all *folders* at once; all have to succeed."""
    running = [
        subprocess.Popen(
            ["make", verb],
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
@pytest.mark.parametrize("count", [4])
@pytest.mark.parametrize(("combination", "workflow"), PAIRS, ids=str)
def test_installs_of_one_project(
    combination: Combination, workflow: Workflow, count: int, tmp_path: Path
) -> None:
    verb, in_venv = workflow.verb, workflow.in_venv
    stage = Stage(tmp_path, combination)
    stage.make(verb)
    stage.change()
    before = stage.surroundings()
    at_once(stage, [stage.project] * count, verb)
    assert stage.installed(in_venv=in_venv) == TWO.answer
    assert stage.surroundings() == before
    stage.comes_back(verb, in_venv=in_venv)
    note(f"{count} installs at once", verb, combination, Counter({NEW: 1}))


@pytest.mark.slow
@pytest.mark.parametrize("count", [4])
@pytest.mark.parametrize("verb", ["install", "install-editable"])
@pytest.mark.parametrize("combination", COMBINATIONS[:1], ids=str)
def test_installs_of_two_checkouts(
    combination: Combination, verb: str, count: int, tmp_path: Path
) -> None:
    """Both install the same uv tool: one of the two is there in the end, whole."""
    stage = Stage(tmp_path, combination)
    other = stage.root / "another checkout"
    stage.run("git", "clone", "--quiet", ".", other)
    stage.set(TWO)
    at_once(stage, [stage.project, other] * (count // 2), verb)
    assert stage.installed() in (ONE.answer, TWO.answer)
    stage.comes_back(verb)
    done = Counter({"one of the two works": 1})
    note(f"{count} installs of two checkouts at once", verb, combination, done)

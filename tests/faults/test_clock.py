"""A clock that is set back, and files from the future."""

import os
import time
from collections import Counter
from pathlib import Path

import pytest
from support.render import Combination

from faults.outcomes import note
from faults.stage import NEW, PAIRS, Stage, Workflow

A_DAY = 24 * 60 * 60


def moved(folder: Path, seconds: float) -> None:
    """Move the times of all that is below *folder*."""
    for path in folder.rglob("*"):
        status = path.lstat()
        times = (status.st_atime + seconds, status.st_mtime + seconds)
        os.utime(path, times, follow_symlinks=False)


@pytest.mark.slow
@pytest.mark.parametrize(("combination", "workflow"), PAIRS, ids=str)
def test_clock_is_set_back(combination: Combination, workflow: Workflow, tmp_path: Path) -> None:
    """All that was there before, the store and the installed copy too, is a day ahead of now."""
    stage = Stage(tmp_path, combination)
    stage.make(workflow.verb)
    for folder in (stage.project, stage.tools, stage.commands):
        moved(folder, A_DAY) if folder.exists() else None
    stage.change()
    old = stage.installed(in_venv=workflow.in_venv)
    stage.comes_back(workflow.verb, in_venv=workflow.in_venv)
    outcome = stage.outcome(old, in_venv=workflow.in_venv)
    assert outcome == NEW
    note("clock set back a day", workflow.verb, combination, Counter({outcome: 1}))


@pytest.mark.slow
@pytest.mark.parametrize(("combination", "workflow"), PAIRS[:2], ids=str)
def test_sources_are_from_the_future(
    combination: Combination, workflow: Workflow, tmp_path: Path
) -> None:
    """The sources are a day ahead; then they change, to older times than those."""
    stage = Stage(tmp_path, combination)
    ahead = time.time() + A_DAY
    for path in stage.package.rglob("*.py"):
        os.utime(path, (ahead, ahead))
    stage.make(workflow.verb)
    stage.change()
    for path in stage.package.rglob("*.py"):
        os.utime(path, (ahead - 60, ahead - 60))
    old = stage.installed(in_venv=workflow.in_venv)
    stage.comes_back(workflow.verb, in_venv=workflow.in_venv)
    outcome = stage.outcome(old, in_venv=workflow.in_venv)
    assert outcome == NEW
    note("sources from the future", workflow.verb, combination, Counter({outcome: 1}))

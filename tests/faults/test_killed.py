"""Killed or interrupted at every step in turn: the program is the old, the new, or absent.

`dev`, which is `uv sync`, may leave a mixture; how often is noted, and the next one repairs it.
"""

import signal
from collections import Counter
from pathlib import Path

import pytest
from support.render import Combination

from faults.outcomes import note
from faults.stage import ABSENT, MIXTURE, OLD, PAIRS, Stage, Workflow, needs
from faults.steps import steps_of, traced

SIGNALS = {"SIGKILL": signal.SIGKILL, "SIGINT": signal.SIGINT}


MOMENTS = 10
"""How many moments of a run are tried, spread over all of it."""


def evenly(moments: list[int]) -> list[int]:
    """Return MOMENTS of *moments*, the first and the last among them."""
    last = len(moments) - 1
    return sorted({moments[last * turn // (MOMENTS - 1)] for turn in range(MOMENTS)})


def usual_changes(stage: Stage, verb: str) -> list[str]:
    """Return the changes of a run of *verb* that has as many as the one before it, or nearly.

    The first ones have more to do: bytecode of the tool is written, for example.
    """
    usual = 0
    for _ in range(6):
        stage.change()
        changes, code, said = traced(stage, ["make", verb])
        assert code == 0, said
        assert len(changes) > 20, "strace sees the changes of the disk"
        if abs(len(changes) - usual) <= len(changes) / 10:
            return changes
        usual = len(changes)
    raise AssertionError("no run is like another")


@pytest.mark.slow
@pytest.mark.skipif(bool(needs("strace")), reason=needs("strace"))
@pytest.mark.parametrize(
    ("combination", "workflow", "name"),
    [
        (*PAIRS[0], "SIGKILL"),
        (*PAIRS[1], "SIGKILL"),
        (*PAIRS[3], "SIGKILL"),
        (*PAIRS[0], "SIGINT"),
        (*PAIRS[2], "SIGINT"),
    ],
    ids=str,
)
def test_stopped_at_every_step(
    combination: Combination, workflow: Workflow, name: str, tmp_path: Path
) -> None:
    stage = Stage(tmp_path, combination)
    verb, in_venv = workflow.verb, workflow.in_venv
    steps = steps_of(usual_changes(stage, verb))
    outcomes: Counter[str] = Counter()
    mixtures: list[str] = []
    for moment in evenly([moment for step in steps for moment in step.moments]):
        stage.change()
        old, before = stage.installed(in_venv=in_venv), stage.surroundings()
        seen, _, said = traced(stage, ["make", verb], moment, SIGNALS[name])
        outcome = stage.outcome(old, in_venv=in_venv)
        assert name == "SIGKILL" or in_venv or outcome != ABSENT, said
        assert stage.surroundings() == before
        if outcome == MIXTURE:
            mixtures.append(f"{seen[-1]}: {stage.installed(in_venv=in_venv)}, and not {old}")
        if len(seen) > moment:  # else it was done before the signal came
            outcomes[outcome] += 1
        stage.comes_back(verb, in_venv=in_venv)
    # `dev` is uv's own `uv sync`, which goes file by file; the next one repairs what a kill left.
    assert in_venv or not mixtures, mixtures
    note(f"{name} at every step", verb, combination, outcomes, may_mix=in_venv)
    assert sum(outcomes.values()) >= MOMENTS / 2
    assert outcomes[OLD] or in_venv, "what is stopped at the first step has changed nothing"

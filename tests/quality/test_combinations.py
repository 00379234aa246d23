"""Every pair of answers gives a project that passes its own checks, and those of the field."""

import os
import re
from itertools import combinations
from pathlib import Path

import pytest
from quality.combinations import COMBINATIONS, IMPOSSIBLE, Everything
from quality.validators import validators
from support.world import World, needs_toolchain, output, pythons_here

GATES = ["lint", "format-check", "types", "spell", "deps", "doctest", "coverage", "docs", "check"]


def test_every_pair_of_answers_occurs() -> None:
    seen = {frozenset(pair) for each in COMBINATIONS for pair in combinations(each.choices, 2)}
    answers = {choice for each in COMBINATIONS for choice in each.choices}
    missing = [
        sorted(map(str, pair))
        for pair in map(frozenset, combinations(answers, 2))
        if len({question for question, _ in pair}) == 2
        and pair not in seen
        and not any(pair == impossible for impossible in IMPOSSIBLE)
    ]
    assert missing == []


def living(combination: Everything, tmp_path: Path) -> World:
    """Render, and do what the message after the copy says."""
    needs_toolchain(combination)
    if combination.python_min not in pythons_here():
        pytest.skip(f"there is no CPython {combination.python_min} here")
    world = World(tmp_path, combination)
    folders = map(str, pythons_here().values())
    world.extra["PATH"] = os.pathsep.join([*folders, world.environment["PATH"]])
    world.run("git", "init", "--quiet", "--initial-branch=main")
    world.make("dev")
    world.commit()
    return world


@pytest.mark.slow
@pytest.mark.parametrize("combination", COMBINATIONS, ids=str)
def test_generated_project(combination: Everything, tmp_path: Path) -> None:
    world = living(combination, tmp_path)
    assert world.status() == ""
    told = output(world.make("check"))
    skipped = {"docs"} if combination.docs == "none" else set()
    for gate in GATES:
        assert f"* {gate}: {'skipped' if gate in skipped else 'success'}" in told, told
    ran = set(re.findall(r"\* test-(3\.\d+): success", told))
    assert ran == {v for v in pythons_here() if v >= combination.python_min}, told
    for verb in ("docs", "check-dist", "sbom", "test-lowest"):
        world.make(verb)
    assert world.status() == ""
    files = world.run("git", "ls-files").stdout.splitlines()
    problems = []
    for command in validators(world.project, files):
        done = world.run(*command, expect=None, VALIDATE_PYPROJECT_NO_NETWORK="1")
        if done.returncode:
            problems.append(f"{Path(command[0]).name} {command[1:]}\n{output(done)}")
    assert not problems, "\n\n".join(problems)
    assert len(switched_off(world.project)) <= (2 if is_known_to_repo_review(combination) else 4)


def is_known_to_repo_review(combination: Everything) -> bool:
    """Whether it has a check for the type checker and the service; else its checks must fail."""
    return combination.type_checker != "basedpyright" and combination.license != "none"


def switched_off(project: Path) -> list[str]:
    """Give the checks of repo-review that are switched off; each has a reason above it."""
    text = (project / "pyproject.toml").read_text(encoding="utf-8")
    block = re.search(r"\[tool\.repo-review\]\nignore = \[\n(.*?)\]", text, re.DOTALL)
    assert block
    lines = block.group(1).splitlines()
    reasons, codes = lines[::2], lines[1::2]
    assert all(line.startswith("  # ") for line in reasons), lines
    assert all(re.fullmatch(r'  "[A-Z]+\d+",', line) for line in codes), lines
    return codes

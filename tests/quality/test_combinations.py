"""Every answer gives a project that passes its own checks, and those of the field."""

import os
import re
from pathlib import Path

import pytest
import yaml
from quality.combinations import COMBINATIONS, Everything
from quality.validators import validators
from support.render import REPOSITORY, values_of
from support.world import World, needs_toolchain, output, pythons_here

GATES = ["lint", "format-check", "types", "spell", "deps", "doctest", "coverage", "docs", "check"]


QUESTIONS = yaml.safe_load((REPOSITORY / "copier.yml").read_text(encoding="utf-8"))
ELSEWHERE = {"scope": "test_adopt.py", "tool": "test_index.py"}
"""Questions whose answers are tried in another file."""

NOT_HERE = {("python_min", "3.14"), ("python_min", "3.15")}
"""Pythons that few machines have: a project that supports only those is not made here."""


def test_every_answer_occurs() -> None:
    seen = {(name, str(answer)) for each in COMBINATIONS for name, answer in vars(each).items()}
    seen |= {("extras", extra) for each in COMBINATIONS for extra in each.extras}
    answers = {
        (name, choice)
        for name, question in QUESTIONS.items()
        if not name.startswith("_") and "choices" in question and name not in ELSEWHERE
        for choice in values_of(question["choices"])
    }
    assert answers - seen == NOT_HERE


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
    ran = set(re.findall(r"\* test-all-(3\.\d+): success", told))
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
    """Return the checks of repo-review that are switched off; each has a reason above it."""
    text = (project / "pyproject.toml").read_text(encoding="utf-8")
    block = re.search(r"\[tool\.repo-review\]\nignore = \[\n(.*?)\]", text, re.DOTALL)
    assert block
    lines = block.group(1).splitlines()
    reasons, codes = lines[::2], lines[1::2]
    assert all(line.startswith("  # ") for line in reasons), lines
    assert all(re.fullmatch(r'  "[A-Z]+\d+",', line) for line in codes), lines
    return codes

"""Edit → ``make install`` → ask the installed program: nothing is ever stale."""

from pathlib import Path

import pytest
from support.render import COMBINATIONS, MORE, NATIVE, Combination
from support.world import World, output

from scenarios.edits import EDITS, Edit, starting_point

VERSIONED = [
    *(
        Combination(b, layout, "cli", "vcs")
        for b in ("hatchling", "setuptools")
        for layout in ("src", "flat")
    ),
    Combination("pdm", "src", "cli", "vcs"),
    Combination("poetry_core", "src", "cli", "vcs"),
    Combination("setuptools_ext", "src", "cli", "vcs", binding="c"),
    Combination("scikit_build_core", "src", "cli", "vcs", binding="pybind11"),
]

QUICK = {
    "hatchling-src-cli": {
        "edited to the same size with the old time",
        "module deleted",
        "data file no longer selected",
        "command renamed",
        "Scenario 2: Updated Dependency",
        "Scenario 3: Moved Files",
    },
    "setuptools-flat-library": {"module deleted", "data file no longer selected"},
    str(VERSIONED[0]): {"version changed by git tag"},
    "hatchling-workspace-cli": {"library edited"},
}
"""The edits, of a few combinations, that belong to the quick tests."""


def cases() -> list[object]:
    return [
        pytest.param(
            combination,
            edit,
            id=f"{combination}-{edit}",
            marks=[] if edit.name in QUICK.get(str(combination), ()) else [pytest.mark.slow],
        )
        for combination in [*COMBINATIONS, *MORE, *NATIVE, *VERSIONED]
        for edit in EDITS
        if edit.fits(combination)
        if combination.version_source == "static" or edit.needs == "vcs"
    ]


@pytest.mark.parametrize(("combination", "edit"), cases())
def test_install_is_fresh_after(
    combination: Combination, edit: Edit, tmp_path: Path, find_links: Path
) -> None:
    world = World(tmp_path, combination)
    starting_point(world)
    edit.prepare(world)
    world.make("install", UV_FIND_LINKS=str(find_links))
    before = {question: answer_to(question, world) for question in edit.answers}
    edit.change(world)
    installed = world.make("install", UV_FIND_LINKS=str(find_links))
    for question, expected in edit.answers.items():
        answer = answer_to(question, world)
        assert answer.startswith(expected), f"{question}\n{answer}\n{output(installed)}"
    changed = {question: answer_to(question, world) for question in edit.answers}
    assert changed != before, "the question does not see the edit"


def answer_to(question: str, world: World) -> str:
    if question.startswith("$"):
        return world.command(*question[1:].split())
    return world.ask(question.replace("demo_app", world.combination.import_name))

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
        "command renamed",
        "Scenario 2: Updated Dependency",
    },
    "setuptools-flat-library": {"module deleted"},
    str(VERSIONED[0]): {"version changed by git tag"},
    "hatchling-workspace-cli": {"library edited"},
}
"""The edits, of a few combinations, that belong to the quick tests."""


WHOLE = {"hatchling-src-cli", "setuptools_ext-c-src-cli", "hatchling-workspace-cli"}
"""The combinations in which every edit is made that only such a one has, or that any has."""

OF_EACH = 1
"""How many edits are made in each other combination, beside the quick ones."""


def edits_of(number: int, combination: Combination) -> list[Edit]:
    """Return the edits that are made in *combination*, the one of that *number*."""
    fitting = [
        edit
        for edit in EDITS
        if edit.fits(combination)
        if combination.version_source == "static" or edit.needs == "vcs"
    ]
    if combination.is_compiled or combination.layout == "workspace":
        fitting = [edit for edit in fitting if edit.needs] or fitting
    if str(combination) in WHOLE:
        return fitting
    quick = QUICK.get(str(combination), set())
    step = max(len(fitting) // OF_EACH, 1)
    chosen = [fitting[(number + turn * step) % len(fitting)] for turn in range(OF_EACH)]
    return [edit for edit in fitting if edit in chosen or edit.name in quick]


def cases() -> list[object]:
    return [
        pytest.param(
            combination,
            edit,
            id=f"{combination}-{edit}",
            marks=[] if edit.name in QUICK.get(str(combination), ()) else [pytest.mark.slow],
        )
        for number, combination in enumerate([*COMBINATIONS, *MORE, *NATIVE, *VERSIONED])
        for edit in edits_of(number, combination)
    ]


def test_every_edit_and_every_combination_has_a_case() -> None:
    made = [case.values for case in cases()]  # type: ignore[attr-defined]
    assert {str(edit) for _, edit in made} == {str(edit) for edit in EDITS}
    assert {c for c, _ in made} == {*COMBINATIONS, *MORE, *NATIVE, *VERSIONED}


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

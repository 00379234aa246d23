"""The doctor in every staged situation: what it says, and that its fixes work."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.render import Combination
from support.world import World, output

from scenarios.edits import starting_point
from scenarios.situations import EXIT_CODES, FRESH, SITUATIONS, STALE, Situation

DOCTOR = ("uv", "run", "--quiet", "--script", "tools/neverstale.py", "doctor")
QUICK = {"edited module", "truncated RECORD"}


def found_in(told: dict[str, Any], name: str) -> dict[str, Any]:
    places = [p for p in told["places"] if p["place"] == name or p["place"].startswith(f"{name} 3")]
    assert len(places) == 1, json.dumps(told, indent=1)
    place: dict[str, Any] = places[0]
    return place


IN_A_COMPILED_PROJECT = {
    *("edited module", "removed module", "added module", "new version", "new command"),
    *("no RECORD", "shadowed by a script", "editable and a new requirement"),
}

COMPILED = [
    replace(
        situation,
        combination=Combination("setuptools_ext", "src", "cli", binding="c"),
        options=("--build",),
    )
    for situation in SITUATIONS
    if situation.name in IN_A_COMPILED_PROJECT
]
"""The same in a project that compiles, which the doctor builds only when it is told to."""


def staged(tmp_path: Path, find_links: Path, situation: Situation) -> World:
    world = World(tmp_path, situation.combination, folder=situation.folder)
    world.extra["UV_FIND_LINKS"] = str(find_links)
    starting_point(world)
    if situation.combination.version_source == "vcs":
        world.commit()
    world.make("install")
    situation.stage(world)
    return world


@pytest.mark.parametrize(
    "situation",
    [
        pytest.param(s, id=str(s), marks=[] if s.name in QUICK else [pytest.mark.slow])
        for s in SITUATIONS
    ]
    + [pytest.param(s, id=f"compiled-{s}", marks=pytest.mark.slow) for s in COMPILED],
)
def test_situation(situation: Situation, tmp_path: Path, find_links: Path) -> None:
    world = staged(tmp_path, find_links, situation)
    done = world.run(*DOCTOR, "--json", *situation.options, expect=None)
    told = json.loads(done.stdout)
    place = found_in(told, situation.place)
    codes = [found["code"] for found in place["findings"]]
    assert (place["verdict"], sorted(codes)) == (situation.verdict, situation.codes.split()), (
        output(done)
    )
    expected = EXIT_CODES[situation.verdict] if situation.code is None else situation.code
    assert done.returncode == told["exit_code"] == expected, output(done)
    assert_fixed(world, situation, codes)
    assert not (world.project / "executed").exists()
    precious = world.home / "precious.txt"
    assert not precious.exists() or precious.read_text() == "precious"


def assert_fixed(world: World, situation: Situation, codes: list[str]) -> None:
    """Run the fixes: all is fresh afterwards; or, where only the owner can fix it, as before."""
    done = world.run(*DOCTOR, "--json", "--fix", "--yes", *situation.options, expect=None)
    told = json.loads(done.stdout)
    if situation.fixed:
        assert told["exit_code"] == 0 == done.returncode, output(done)
        kept = [p for p in told["places"] if p["place"] == situation.place]
        assert all(p["verdict"] in (FRESH, "editable") for p in kept), output(done)
    else:
        place = found_in(told, situation.place)
        after = [found["code"] for found in place["findings"]]
        assert (place["verdict"], after) == (situation.verdict, codes), output(done)


def test_enough_is_staged() -> None:
    names = [situation.name for situation in SITUATIONS]
    assert len(names) == len(set(names)) >= 60
    assert sum(situation.verdict == STALE for situation in SITUATIONS) > 30

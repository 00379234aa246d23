"""A second project that depends on the library by path sees what the library is now."""

from collections.abc import Callable
from pathlib import Path

import pytest
from support.render import COMBINATIONS, Combination, quickly
from support.world import World, output, run

from scenarios.edits import starting_point, write

LIBRARIES = [c for c in COMBINATIONS if c.project_type == "library"]

LOOK = """\
import os, demo_app
from importlib.metadata import version
folder = os.path.dirname(demo_app.__file__)
names = [name for _, _, files in os.walk(folder) for name in files if not name.endswith(".pyc")]
state = open(os.path.join(folder, "state.py")).read().split()[-1]
print(version("demo-app"), *sorted(names), state)
"""

EDITS: dict[str, Callable[[World], None]] = {
    "module added": lambda world: write(world, "added.py", ""),
    "module edited": lambda world: write(world, "state.py", 'VALUE = "three"\n'),
    "module edited to the same size": lambda world: write(world, "state.py", 'VALUE = "two"\n'),
    "module added below": lambda world: write(world, "inner/__init__.py", ""),
    "data file added": lambda world: write(world, "more.csv", ""),
    "source in C added": lambda world: write(world, "speedup.c", ""),
    "version changed": lambda world: world.replace('"0.1.0"', '"0.2.0"'),
}
"""Edits that uv itself sees, through ``cache-keys``."""

DELETIONS: dict[str, Callable[[World], None]] = {
    "module deleted": lambda world: (world.package / "helpers.py").unlink(),
    "data file deleted": lambda world: (world.package / "notes.txt").unlink(),
}
"""Edits that uv sees once a target of the library has written its stamp."""


def expected(world: World) -> str:
    text = (world.project / "pyproject.toml").read_text(encoding="utf-8")
    version = text.partition('version = "')[2].partition('"')[0]
    names = sorted(p.name for p in world.package.rglob("*") if p.is_file() and p.suffix != ".pyc")
    return " ".join([version, *names, (world.package / "state.py").read_text().split()[-1]])


@pytest.mark.slow
@pytest.mark.parametrize("combination", quickly(LIBRARIES, "hatchling-src-library"))
def test_consumer_sees(combination: Combination, tmp_path: Path) -> None:
    world = World(tmp_path, combination)
    starting_point(world)
    consumer = world.root / "consumer"
    consumer.mkdir()
    (consumer / "pyproject.toml").write_text(
        '[project]\nname = "consumer"\nversion = "1"\nrequires-python = ">=3.10"\n'
        'dependencies = ["demo-app"]\n[tool.uv.sources]\ndemo-app = { path = "../demo-app" }\n',
        encoding="utf-8",
    )

    def look() -> str:
        command = ("uv", "run", "--no-progress", "python", "-I", "-c", LOOK)
        done = run(command, consumer, world.environment)
        assert done.returncode == 0, output(done)
        return done.stdout.strip()

    assert look() == expected(world)
    for name, edit in EDITS.items():
        edit(world)
        assert look() == expected(world), name
    for name, edit in DELETIONS.items():
        edit(world)
        assert look() != expected(world), f"uv sees {name} by itself now: cache-keys can be simpler"
        world.make("install")
        assert look() == expected(world), name

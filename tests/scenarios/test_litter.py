"""A tree that other commands have littered installs what a clean one installs."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.render import Combination
from support.world import World

from scenarios.edits import GONE, starting_point, value, write

PIP = "pip install --quiet --no-build-isolation --no-deps --no-index --target target ."
BUILD = "build --no-isolation --skip-dependency-check"
IN_PLACE = ("-c", "from setuptools import setup; setup()", "build", "build_ext", "--inplace")


def python(world: World, *arguments: str) -> object:
    """Run this test's own interpreter, whose environment holds the build backends."""
    path = f"{Path(sys.executable).parent}:{world.environment['PATH']}"
    return world.run(sys.executable, *arguments, PATH=path)


LITTER: dict[str, Callable[[World], object]] = {
    "uv build": lambda world: world.run("uv", "build"),
    "uv build --wheel": lambda world: world.run("uv", "build", "--wheel"),
    "pip install .": lambda world: python(world, "-m", *PIP.split()),
    "python -m build": lambda world: python(world, "-m", *BUILD.split()),
    "in-place build": lambda world: python(world, *IN_PLACE, "egg_info"),
}


QUICK = ("setuptools-src-cli", "uv build --wheel")


LITTERED = {
    Combination("setuptools", "src", "cli"): tuple(LITTER),
    Combination("setuptools", "flat", "library"): ("uv build", "in-place build"),
    Combination("hatchling", "src", "cli"): ("uv build --wheel",),
    Combination("uv_build", "flat", "library"): ("pip install .",),
}
"""setuptools reads again what it left; of the others, one each."""


def cases() -> list[object]:
    return [
        pytest.param(
            *(combination, litter),
            id=f"{combination}-{litter}",
            marks=[] if (str(combination), litter) == QUICK else [pytest.mark.slow],
        )
        for combination, litters in LITTERED.items()
        for litter in litters
    ]


@pytest.mark.parametrize(("combination", "litter"), cases())
def test_litter_makes_no_difference(combination: Combination, litter: str, tmp_path: Path) -> None:
    world = World(tmp_path, combination)
    starting_point(world)
    write(world, "poison.py", "")
    write(world, "poison.txt", "")
    LITTER[litter](world)
    # Whatever a test of the tool compares with, it is not this copy inside of the project.
    (world.package / "poison.py").unlink()
    (world.package / "poison.txt").unlink()
    (world.package / "helpers.py").unlink()
    write(world, "state.py", 'VALUE = "two"\n')
    world.make("install")
    package = world.site_packages / "demo_app"
    assert world.ask(value("state")) == "two"
    assert world.ask(value("helpers", "WHERE")).startswith(GONE)
    assert not list(package.glob("poison*"))
    clean = World(tmp_path / "clean", combination)
    starting_point(clean)
    (clean.package / "helpers.py").unlink()
    write(clean, "state.py", 'VALUE = "two"\n')
    clean.make("install")
    assert files_of(world) == files_of(clean)


def files_of(world: World) -> dict[str, bytes]:
    """Return what is installed, but what uv notes of where and when it was."""
    site = world.site_packages
    own = ("RECORD", "direct_url.json", "uv_cache.json", "uv_build.json")
    return {
        str(path.relative_to(site)): path.read_bytes()
        for folder in site.glob("demo_app*")
        for path in folder.rglob("*")
        if path.is_file() and path.name not in own and "__pycache__" not in path.parts
    }

"""``upgrade``: what uv.lock has is raised, and it is told what became newer."""

import re
import sys
from pathlib import Path

import pytest
from support.render import Combination
from support.world import World

from scenarios.library import Library

pytestmark = pytest.mark.slow

UPGRADE = (sys.executable, "-m", "neverstale", "upgrade")


@pytest.fixture
def locked(tmp_path: Path, find_links: Path) -> Library:
    """Return a world in which uv.lock has an old release of what the tests need."""
    world = Library(tmp_path)
    world.extra["UV_FIND_LINKS"] = str(find_links)
    world.replace('test = ["stale-probe==1.0"]', 'dev = ["stale-probe"]')
    world.run("uv", "lock", "--quiet", "--upgrade-package", "stale-probe==1.0")
    assert versions_in(world) == ["1.0"]
    return world


def versions_in(world: Library) -> list[str]:
    lock = (world.project / "uv.lock").read_text("utf-8")
    return re.findall(r'^name = "stale-probe"\nversion = "(.+)"', lock, re.MULTILINE)


def test_all_is_raised(locked: Library) -> None:
    told = locked.run(*UPGRADE).stdout
    assert told == "stale-probe 1.0 → 2.0  https://example.org/2.0\n"
    assert versions_in(locked) == ["2.0"]
    program = "import stale_probe; print(stale_probe.VERSION)"
    assert locked.run(".venv/bin/python", "-c", program).stdout == "2.0\n"
    assert locked.run(*UPGRADE).stdout == "Nothing became newer\n"


def test_one_is_raised(locked: Library) -> None:
    done = locked.run(*UPGRADE, "no-such", expect=2)
    assert "error: no-such is not in uv.lock\nhint: " in done.stderr
    assert versions_in(locked) == ["1.0"]
    assert "stale-probe 1.0 → 2.0" in locked.run(*UPGRADE, "Stale_Probe").stdout


def test_there_was_no_lock(locked: Library) -> None:
    (locked.project / "uv.lock").unlink()
    assert "is not in uv.lock" in locked.run(*UPGRADE, "stale-probe", expect=2).stderr
    assert not (locked.project / "uv.lock").exists()
    assert locked.run(*UPGRADE).stdout == "uv.lock is new, with 1 package\n"


def test_help_is_no_package(locked: Library) -> None:
    assert "NAME" in locked.run(*UPGRADE, "--help").stdout
    assert versions_in(locked) == ["1.0"]


def test_what_cannot_be_locked_is_left(locked: Library) -> None:
    locked.replace('dev = ["stale-probe"]', 'dev = ["stale-probe", "stale-probe>3"]')
    done = locked.run(*UPGRADE, expect=1)
    assert "stale-probe>3" in done.stderr
    assert versions_in(locked) == ["1.0"]


def test_the_target_checks_what_it_raised(tmp_path: Path) -> None:
    world = World(tmp_path, Combination("hatchling", "src", "cli"))
    world.commit()
    world.make("dev")
    world.run("uv", "lock", "--quiet", "--upgrade-package", "pytest==8.4.0")
    told = world.make("upgrade", ARGS="pytest")
    assert "pytest 8.4.0 → " in told.stdout
    assert "check: success" in told.stdout + told.stderr

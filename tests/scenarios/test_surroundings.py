"""Old and new uv, no git, links, no network: fresh there too."""

import subprocess
from pathlib import Path

import pytest
from support.render import Combination, quickly
from support.world import FOLDER, World, cache_folder, output, run, uv_executable

from scenarios.edits import GONE, starting_point, value, write
from scenarios.situations import rows_that_lead_out

OLDEST, MIDDLE = "0.8.0", "0.10.9"
"""The oldest uv that pyproject.toml admits, and the last whose environment cache was stale."""

TOO_OLD = "0.7.22"

BACKENDS = [
    Combination("hatchling", "src", "cli"),
    Combination("uv_build", "flat", "library"),
    Combination("setuptools", "src", "cli"),
]


@pytest.fixture(scope="session")
def old_uv(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the path of each old uv, installed from the package index."""
    folder = tmp_path_factory.mktemp("uv")
    found = {}
    for version in (TOO_OLD, OLDEST, MIDDLE):
        target = folder / version
        command = (uv_executable(), "pip", "install", "--quiet", "--target", str(target))
        subprocess.run(
            [*command, "--cache-dir", cache_folder(), f"uv=={version}"],
            check=True,
            capture_output=True,
        )
        found[version] = str(target / "bin" / "uv")
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("version", "combination"),
    [
        (OLDEST, BACKENDS[0]),
        (OLDEST, BACKENDS[1]),
        (MIDDLE, BACKENDS[2]),
    ],
    ids=str,
)
def test_with_old_uv(
    version: str, combination: Combination, tmp_path: Path, old_uv: dict[str, str]
) -> None:
    world = World(tmp_path, combination, old_uv[version])
    assert world.run("uv", "--version").stdout.split()[1] == version
    starting_point(world)
    world.run("uv", "build")
    world.make("install")
    write(world, "added.py", 'VALUE = "added"\n')
    (world.package / "helpers.py").unlink()
    write(world, "state.py", 'VALUE = "two"\n')
    world.replace(
        "[dependency-groups]",
        "[project.gui-scripts]\ng = 'demo_app.added:VALUE.title'\n[dependency-groups]",
    )
    assert "out of date" in world.make("doctor", expect=2).stdout
    world.make("fresh")
    assert world.ask(value("added")) == "added"
    assert world.ask(value("state")) == "two"
    assert world.ask(value("helpers", "WHERE")).startswith(GONE)
    assert world.command("g") != "command not found"
    world.replace("g = 'demo_app", "h = 'demo_app")
    for expected in ("one", "six"):
        write(world, "state.py", f'VALUE = "{expected}"\n')
        code = "from demo_app.state import VALUE; print(VALUE)"
        told = world.make("run-wheel", f"ARGS=python -c '{code}'").stdout
        assert told.splitlines()[-1] == expected
    world.make("install")
    assert world.ask(value("state")) == "six"
    assert world.command("g") == "command not found"
    (world.site_packages / "demo_app" / "state.py").unlink()
    world.make("fresh")
    assert world.ask(value("state")) == "six"
    world.make("install-editable")
    write(world, "state.py", 'VALUE = "two!"\n')
    assert world.ask(value("state")) == "two!"
    world.make("dev")
    world.make("uninstall")


@pytest.mark.slow
def test_with_uv_that_is_too_old(tmp_path: Path, old_uv: dict[str, str]) -> None:
    world = World(tmp_path, BACKENDS[0])
    world.make("install")
    (world.root / "uv" / "uv").unlink()
    (world.root / "uv" / "uv").symlink_to(old_uv[TOO_OLD])
    done = world.make("install", expect=2)
    assert "error: this uv is older than 0.8\nhint: see https://docs.astral.sh/uv" in done.stderr
    done = run(("uv", "build"), world.project, world.environment)
    assert "Required uv version `>=0.8` does not match the running version" in done.stderr
    assert world.command("demo-app", "hello") == "Hello, world!"


@pytest.mark.slow
def test_without_git(tmp_path: Path) -> None:
    """Without git, and without a version in git: artifacts are known by their names alone."""
    combination = Combination("setuptools", "src", "cli", "vcs")
    world = World(tmp_path, combination)
    starting_point(world)
    hidden = world.root / "no git"
    hidden.mkdir()
    (hidden / "git").symlink_to("/bin/false")
    world.make("install", PATH=f"{hidden}:{world.environment['PATH']}")
    assert world.command("demo-app", "--version") == "demo-app 0.0.0"
    (world.package / "helpers.py").unlink()
    world.run("uv", "build", "--wheel")
    world.make("install")
    assert world.ask(value("helpers", "WHERE")).startswith(GONE)
    assert "nothing to do" in world.make("fresh").stdout


@pytest.mark.slow
@pytest.mark.parametrize("combination", quickly(BACKENDS, "hatchling-src-cli"))
def test_through_a_link(combination: Combination, tmp_path: Path) -> None:
    world = World(tmp_path, combination)
    starting_point(world)
    link = world.root / "link"
    link.symlink_to(world.project)
    installed = run(("make", "install"), link, world.environment | {"PWD": str(link)})
    assert installed.returncode == 0, output(installed)
    (world.package / "helpers.py").unlink()
    write(world, "state.py", 'VALUE = "two"\n')
    done = run(("make", "fresh"), link, world.environment | {"PWD": str(link)})
    assert done.returncode == 0, output(done)
    assert world.ask(value("state")) == "two"
    assert world.ask(value("helpers", "WHERE")).startswith(GONE)
    assert "nothing to do" in world.make("fresh").stdout


def test_package_behind_a_link(tmp_path: Path) -> None:
    """What a link inside of the project leads to is a source like any other."""
    world = World(tmp_path, Combination("hatchling", "src", "cli"))
    starting_point(world)
    outside = world.root / "shared.py"
    outside.write_text('VALUE = "one"\n')
    (world.package / "linked.py").symlink_to(outside)
    world.make("install")
    assert world.ask(value("linked")) == "one"
    outside.write_text('VALUE = "two"\n')
    assert "out of date" in world.make("doctor", expect=2).stdout
    world.make("fresh")
    assert world.ask(value("linked")) == "two"


@pytest.mark.parametrize("combination", quickly(BACKENDS, "hatchling-src-cli"))
def test_without_network(combination: Combination, tmp_path: Path) -> None:
    """With what is required in uv's cache, a first install and the next need no index."""
    World(tmp_path / "warm", combination).make("install")
    world = World(tmp_path, combination)
    starting_point(world)
    world.make("install", UV_OFFLINE="1")
    write(world, "state.py", 'VALUE = "two"\n')
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9"}
    world.extra.update(nowhere, UV_HTTP_RETRIES="0")
    world.make("install")
    assert world.ask(value("state")) == "two"
    assert "nothing to do" in world.make("fresh").stdout


def test_the_folder_is_an_odd_one() -> None:
    assert " " in FOLDER
    assert not FOLDER.isascii()


@pytest.mark.slow
def test_old_uv_deletes_nothing_of_the_owners(tmp_path: Path, old_uv: dict[str, str]) -> None:
    """uv 0.8.0 deletes what the rows of a RECORD name, wherever they lead."""
    world = World(tmp_path, BACKENDS[1], old_uv[OLDEST])
    starting_point(world)
    world.make("install")
    rows_that_lead_out(world)
    world.make("install")
    assert (world.home / "precious.txt").read_text() == "precious"

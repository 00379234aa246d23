"""What goes wrong is said in two lines, loses nothing, and does not stand in the way afterwards."""

import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.render import REPOSITORY, Combination, forget_tools
from support.world import World, output, run

from scenarios.edits import starting_point, value, write

CLI = Combination("hatchling", "src", "cli")
FLAT_SETUPTOOLS = Combination("setuptools", "flat", "cli")
TOOL = ("uv", "run", "--quiet", "--script", "tools/neverstale.py")
INSTALL = (*TOOL, "install")


@dataclass(frozen=True)
class Fault:
    """Something that stops an install: how it comes, what is said, how it goes."""

    name: str
    come: Callable[[World], object]
    says: str
    hint: str
    go: Callable[[World], object]

    def __str__(self) -> str:
        return self.name


def swap_text(old: str, new: str) -> tuple[Callable[[World], None], Callable[[World], None]]:
    return lambda world: world.replace(old, new), lambda world: world.replace(new, old)


def fault(name: str, old: str, new: str, says: str, hint: str) -> Fault:
    """A fault that is a text in pyproject.toml."""
    come, go = swap_text(old, new)
    return Fault(name, come, says, hint, go)


def another_tool(world: World) -> None:
    """Install a uv tool that has a command of the name that the project will declare."""
    folder = world.root / "other"
    (folder / "other").mkdir(parents=True)
    (folder / "other" / "__init__.py").write_text("def main():\n    print('other')\n")
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[project]\nname = "other"\nversion = "1"\n[project.scripts]\nshared = "other:main"\n'
    )
    world.run("uv", "tool", "install", folder)
    declare_shared(world)


def declare_shared(world: World) -> None:
    world.replace("[project.scripts]\n", '[project.scripts]\nshared = "demo_app.cli:main"\n')


def foreign_file(world: World) -> None:
    (world.commands / "shared").write_text("precious")
    declare_shared(world)


def still_precious(world: World) -> None:
    assert (world.commands / "shared").read_text() == "precious"
    (world.commands / "shared").unlink()


def store_elsewhere(world: World) -> None:
    store, elsewhere = world.project / ".neverstale", world.elsewhere / "store"
    store.rename(elsewhere)
    store.symlink_to(elsewhere)


def store_as_file(world: World) -> None:
    shutil.rmtree(world.project / ".neverstale")
    (world.project / ".neverstale").write_text("")


FAULTS = [
    fault(
        "the build fails",
        'packages = ["src/demo_app"]',
        'packages = "src/demo_app"',
        "the build failed",
        "fix what is said here",
    ),
    fault(
        "a requirement cannot be resolved",
        "dependencies = []",
        'dependencies = ["no-such-distribution-anywhere>=9"]',
        "the install failed; what was installed before still works",
        "fix what is said here",
    ),
    Fault(
        "the command belongs to another tool",
        another_tool,
        "shared (a command of the uv tool other)",
        "give the command another name",
        lambda world: world.run("uv", "tool", "uninstall", "other"),
    ),
    Fault(
        "the command is a file that uv did not put there",
        foreign_file,
        "shared (a file that uv did not put there)",
        "give the command another name",
        still_precious,
    ),
    fault(
        "pyproject.toml is not TOML",
        "[project]\n",
        "[project\n",
        "pyproject.toml is not valid TOML",
        "correct that line",
    ),
    fault(
        "pyproject.toml has no [project]",
        "[project",
        "[tool.project",
        "pyproject.toml: it has no [project] table",
        "https://packaging.python.org/",
    ),
    fault(
        "pyproject.toml has no [build-system]",
        "[build-system]",
        "[tool.build-system]",
        "pyproject.toml: it has no [build-system] table",
        "https://packaging.python.org/",
    ),
    fault(
        "several things are wrong with pyproject.toml",
        'requires-python = ">=3.10"\n',
        "requires-python = 3\ndynamic = 7\n",
        "`project.requires-python` is not a string; `project.dynamic` is not a list",
        "https://packaging.python.org/",
    ),
    fault(
        "a requirement comes from a source that a wheel does not carry",
        "dependencies = []\n",
        'dependencies = ["lib"]\n[tool.uv.sources]\nlib = { path = "../lib" }\n[tool.x]\n',
        "[tool.uv.sources] says where lib is; a wheel cannot",
        "install-editable",
    ),
    Fault(
        "the store is a link",
        store_elsewhere,
        ".neverstale is a link to",
        "remove the link",
        lambda world: (world.project / ".neverstale").unlink(),
    ),
    Fault(
        "the store is a file",
        store_as_file,
        ".neverstale: File exists",
        "check the space and the permissions",
        lambda world: (world.project / ".neverstale").unlink(),
    ),
]


QUICK = (0, 2)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(fault, id=str(fault), marks=[pytest.mark.slow] if place not in QUICK else [])
        for place, fault in enumerate(FAULTS)
    ],
)
def test_fault_is_survived(fault: Fault, tmp_path: Path) -> None:
    world = installed(tmp_path, CLI)
    fault.come(world)
    write(world, "state.py", 'VALUE = "after"\n')
    done = world.run(*INSTALL, expect=2)
    assert_told(done, fault.says, fault.hint)
    assert world.command("demo-app", "hello") == "Hello, world!"
    assert world.ask(value("state")) == "one"
    fault.go(world)
    world.make("install")
    assert world.ask(value("state")) == "after"


def installed(tmp_path: Path, combination: Combination) -> World:
    world = World(tmp_path, combination)
    starting_point(world)
    world.make("install")
    return world


def assert_told(done: "subprocess.CompletedProcess[str]", says: str, hint: str) -> None:
    lines = done.stderr.splitlines()
    assert "error: unexpected" not in done.stderr, output(done)
    errors = [line for line in lines if line.startswith("error: ") and says in line]
    hints = [line for line in lines if line.startswith("hint: ") and hint in line]
    assert errors, output(done)
    assert hints, output(done)


def test_uv_is_missing(tmp_path: Path) -> None:
    world = installed(tmp_path, CLI)
    path = os.pathsep.join(
        folder
        for folder in world.environment["PATH"].split(os.pathsep)
        if not (Path(folder) / "uv").exists()
    )
    done = world.make("install", expect=2, PATH=path)
    assert_told(done, "uv is not installed", "https://docs.astral.sh/uv/")
    assert world.command("demo-app", "hello") == "Hello, world!"
    done = world.run(sys.executable, "-m", "nox", "-s", "install", expect=1, PATH=path)
    assert "uv is not installed\nhint: see https://docs.astral.sh/uv/" in done.stderr
    world.make("install")


def test_dist_is_a_link_elsewhere(tmp_path: Path) -> None:
    world = installed(tmp_path, CLI)
    elsewhere = world.root / "precious"
    elsewhere.mkdir()
    (elsewhere / "demo_app-0.1.0-py3-none-any.whl").write_text("precious")
    (world.project / "dist").symlink_to(elsewhere)
    write(world, "state.py", 'VALUE = "after"\n')
    done = world.make("install")
    assert f"kept      dist (a link to {elsewhere})" in done.stderr
    assert world.ask(value("state")) == "after"
    done = world.make("build", expect=2)
    assert_told(done, f"dist is a link to {elsewhere}, outside the project", "--out-dir")
    world.make("clean")
    assert (elsewhere / "demo_app-0.1.0-py3-none-any.whl").read_text() == "precious"
    assert (world.project / "dist").is_symlink()


def test_dist_holds_a_file_that_git_tracks(tmp_path: Path) -> None:
    world = World(tmp_path, CLI)
    (world.project / "dist").mkdir()
    (world.project / "dist" / "demo_app-0.1.0.tar.gz").write_text("precious")
    world.run("git", "init", "--quiet")
    world.run("git", "add", "--force", "dist")
    done = world.make("build", expect=2)
    assert_told(done, "git tracks demo_app-0.1.0.tar.gz", "--out-dir")
    assert (world.project / "dist" / "demo_app-0.1.0.tar.gz").read_text() == "precious"


@pytest.mark.slow
def test_killed_in_one_place_and_installed_in_another(tmp_path: Path) -> None:
    """What was set aside for the tool is not put into .venv."""
    world = installed(tmp_path, CLI)
    write(world, "state.py", 'VALUE = "after"\n')
    with_interposed_uv(world, KILLED_WITHIN)
    world.make("install", "ARGS=--target venv")
    assert not (world.project / ".venv" / "uv-receipt.toml").exists()
    world.replace("dependencies = []", 'dependencies = ["no-such-distribution-anywhere"]')
    world.make("install", expect=2)
    assert world.ask(value("state")) == "one"
    assert copies_to_put_back(world) == []


@pytest.mark.slow
def test_src_is_a_link_elsewhere(tmp_path: Path) -> None:
    world = installed(tmp_path, Combination("setuptools", "src", "cli"))
    shutil.move(world.project / "src", world.root / "real")
    (world.project / "src").symlink_to(world.root / "real")
    leftover = world.root / "real" / "demo_app.egg-info" / "SOURCES.txt"
    leftover.parent.mkdir()
    leftover.write_text("src/demo_app/state.py\n")
    write(world, "state.py", 'VALUE = "after"\n')
    world.make("install")
    world.make("clean")
    assert leftover.exists()
    assert world.ask(value("state")) == "after"


@pytest.mark.slow
def test_build_holds_files_that_git_tracks(tmp_path: Path) -> None:
    world = installed(tmp_path, FLAT_SETUPTOOLS)
    tracked = {
        "build/lib/demo_app/ghost.py": "GHOST = 1\n",
        "build/Dockerfile": "FROM scratch\n",
        "dist/kept.tar.gz": "kept",
        "demo_app.egg-info/SOURCES.txt": "demo_app/state.py\n",
    }
    for name, text in tracked.items():
        (world.project / name).parent.mkdir(parents=True, exist_ok=True)
        (world.project / name).write_text(text)
    (world.project / ".gitignore").write_text("/.neverstale/\n/.venv/\n")
    world.commit()
    untracked = world.project / "build" / "notes.txt"
    untracked.write_text("mine")
    done = world.make("install")
    assert "kept      build/lib (git tracks it)" in done.stderr
    assert "kept      build/notes.txt (no build of this project made it)" in done.stderr
    world.make("clean")
    for name, text in tracked.items():
        assert (world.project / name).read_text() == text
    assert untracked.read_text() == "mine"
    assert world.ask("import demo_app.ghost").startswith("ModuleNotFoundError")
    assert world.status() == "?? build/notes.txt\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("backend", "name"),
    [
        ("hatchling", "build"),  # hatchling leaves every folder out that is called dist
        ("uv_build", "dist"),
        ("setuptools", "build"),
    ],
)
def test_package_has_the_name_of_a_build_folder(backend: str, name: str, tmp_path: Path) -> None:
    world = World(tmp_path, Combination(backend, "flat", "cli"))
    shutil.move(world.package, world.project / name)
    world.replace("demo_app", name)
    (world.project / ".gitignore").write_text("/.neverstale/\n")  # else build/lib is ignored
    inner = world.project / name / "lib" / "__init__.py"
    inner.parent.mkdir()
    inner.write_text('VALUE = "lib"\n')
    (world.project / name / "odd.whl").write_text("mine")
    world.make("install")
    world.make("clean")
    assert inner.exists()
    assert (world.project / name / "odd.whl").exists()
    assert world.command("demo-app", "hello") == "Hello, world!"
    assert world.ask(f"import {name}.lib as m; print(m.VALUE)") == "lib"
    inner.write_text('VALUE = "other"\n')
    world.make("install")
    assert world.ask(f"import {name}.lib as m; print(m.VALUE)") == "other"
    if name == "dist":
        assert_told(world.make("build", expect=2), "dist is a package", "--out-dir")
    built = world.make("build", "ARGS=--out-dir wheels")
    assert len(list((world.project / "wheels").iterdir())) == 2, output(built)


def test_disk_refuses_what_uv_writes(tmp_path: Path) -> None:
    """uv removes the old environment before it writes; a full disk would leave neither."""
    world = installed(tmp_path, CLI)
    write(world, "state.py", 'VALUE = "after"\n')
    (world.package / "large.bin").write_bytes(bytes(4_000_000))
    world.make("run-wheel", 'ARGS=python -c "import demo_app"')  # the wheel is in uv's cache now
    limited = "trap '' XFSZ; ulimit -f 4096; exec make install"
    done = world.run("sh", "-c", limited, expect=2, UV_LINK_MODE="copy")
    assert_told(done, "the install failed; what was installed before", "fix what is said here")
    assert world.command("demo-app", "hello") == "Hello, world!"
    assert world.ask(value("state")) == "one"
    world.make("install")
    assert world.ask(value("state")) == "after"


@pytest.mark.slow
def test_disk_refuses_what_the_build_writes(tmp_path: Path) -> None:
    world = installed(tmp_path, CLI)
    write(world, "state.py", 'VALUE = "after"\n')
    (world.package / "large.bin").write_bytes(random.Random(1).randbytes(400_000))
    done = world.run("sh", "-c", "trap '' XFSZ; ulimit -f 256; exec make install", expect=2)
    assert_told(done, "the build failed", "fix what is said here")
    assert world.command("demo-app", "hello") == "Hello, world!"
    assert world.ask(value("state")) == "one"
    world.make("install")
    assert world.ask(value("state")) == "after"


KILLED_BEFORE = 'kill -9 "$PPID"; exit 9'
KILLED_WITHIN = 'rm -r "$UV_TOOL_DIR"/demo-app/lib; kill -9 "$PPID"; exit 9'


def with_interposed_uv(world: World, at_tool_install: str) -> "subprocess.CompletedProcess[str]":
    """Install with a real uv that does *at_tool_install* when it is asked to replace the tool."""
    interposed = world.root / "interposed"
    interposed.write_text(
        f'#!/bin/sh\ncase "$1 $2" in "tool install") {at_tool_install};; esac\n'
        f'exec "{world.root}/uv/uv" "$@"\n'
    )
    interposed.chmod(0o755)
    environment = world.environment | {"UV": str(interposed), "PYTHONPATH": str(REPOSITORY / "src")}
    command = (sys.executable, "-m", "neverstale", "install")
    return run(command, world.project, environment)


@pytest.mark.parametrize(
    ("kill", "survives"), [(KILLED_BEFORE, True), (KILLED_WITHIN, False)], ids=["before", "within"]
)
def test_killed(kill: str, survives: bool, tmp_path: Path) -> None:
    world = installed(tmp_path, CLI)
    write(world, "state.py", 'VALUE = "after"\n')
    done = with_interposed_uv(world, kill)
    assert done.returncode == -signal.SIGKILL, output(done)
    assert world.command("demo-app", "hello") == "Hello, world!"  # from the copy set aside
    if survives:
        assert world.ask(value("state")) == "one"
    world.replace("dependencies = []", 'dependencies = ["no-such-distribution-anywhere"]')
    world.make("install", expect=2)
    assert world.command("demo-app", "hello") == "Hello, world!"
    assert world.ask(value("state")) == "one"
    world.replace('["no-such-distribution-anywhere"]', "[]")
    with_interposed_uv(world, kill)
    said = world.make("install").stderr
    assert ("restored  what an interrupted install had left half-way" in said) != survives
    assert world.ask(value("state")) == "after"


def copies_to_put_back(world: World) -> list[Path]:
    """Return the copies of an install that did not end."""
    aside = world.project / ".neverstale" / "aside"
    return [marker.parent for marker in aside.glob("*/complete")]


def another_checkout(world: World) -> Path:
    """Return a second checkout of the project, which requires what is nowhere."""
    other = world.root / "another checkout"
    shutil.copytree(world.project, other, ignore=shutil.ignore_patterns(".neverstale"))
    pyproject = other / "pyproject.toml"
    text = pyproject.read_text().replace("dependencies = []", 'dependencies = ["not-anywhere"]')
    pyproject.write_text(text)
    return other


@pytest.mark.slow
def test_another_checkout_that_fails_leaves_the_command(tmp_path: Path) -> None:
    """What a kill left running is not the other one's to take away; nor is it foreign to it."""
    world = installed(tmp_path, CLI)
    other = another_checkout(world)
    with_interposed_uv(world, KILLED_WITHIN)
    done = run(("make", "install"), other, world.environment)
    assert_told(done, "the install failed; what was installed before", "fix what is said here")
    assert world.command("demo-app", "hello") == "Hello, world!"
    (other / "pyproject.toml").write_text((world.project / "pyproject.toml").read_text())
    done = run(("make", "install"), other, world.environment)
    assert done.returncode == 0, output(done)
    assert world.ask(value("state")) == "one"
    world.make("install")
    assert copies_to_put_back(world) == []


@pytest.mark.slow
def test_killed_again_while_it_is_put_back(tmp_path: Path) -> None:
    world = installed(tmp_path, CLI)
    with_interposed_uv(world, KILLED_WITHIN)
    (aside,) = copies_to_put_back(world)
    # What a kill leaves of a recovery: the environment is there again, the links are not yet.
    shutil.rmtree(world.tools / "demo-app")
    shutil.copytree(aside / ".venv", world.tools / "demo-app", symlinks=True)
    assert world.command("demo-app", "hello") == "Hello, world!"
    world.replace("dependencies = []", 'dependencies = ["no-such-distribution-anywhere"]')
    world.make("install", expect=2)
    assert world.command("demo-app", "hello") == "Hello, world!"
    assert (world.commands / "demo-app").resolve().is_relative_to(world.tools)


@pytest.mark.slow
def test_dev_that_was_stopped_half_way_is_repaired(tmp_path: Path, find_links: Path) -> None:
    """uv goes by the dist-info folders that are there, also where they are there in part."""
    world = World(tmp_path, CLI)
    world.extra["UV_FIND_LINKS"] = str(find_links)
    forget_tools(world.project)
    world.replace("dependencies = []", 'dependencies = ["stale-probe"]')
    world.make("dev")
    site = next((world.project / ".venv").glob("lib/python3*/site-packages"))
    old = site / "demo_app-0.0.9.dist-info"
    old.mkdir()
    (old / "INSTALLER").write_text("uv")
    (site / "stale_probe.py").unlink()
    (world.project / ".neverstale").mkdir(exist_ok=True)
    (world.project / ".neverstale" / "syncing").touch()
    done = world.run(*TOOL, "-v", "run", "python", "-c", "import stale_probe")
    again = "--reinstall-package demo-app --reinstall-package stale-probe"
    assert f"uv sync {again} --quiet --inexact" in done.stderr, output(done)
    assert not old.exists()
    assert "--reinstall-package" not in world.run(*TOOL, "-v", "dev").stderr


@pytest.mark.slow
def test_uninstall_after_a_kill(tmp_path: Path) -> None:
    world = installed(tmp_path, CLI)
    with_interposed_uv(world, KILLED_WITHIN)
    shutil.rmtree(world.tools / "demo-app")
    world.make("uninstall")
    assert world.command("demo-app", "hello") == "command not found"
    assert not os.path.lexists(world.commands / "demo-app")


@pytest.mark.slow
def test_killed_where_the_tools_are_behind_a_link(tmp_path: Path) -> None:
    world = World(tmp_path, CLI)
    elsewhere = world.root / "tools elsewhere"
    elsewhere.mkdir()
    world.tools.symlink_to(elsewhere)
    starting_point(world)
    world.make("install")
    with_interposed_uv(world, KILLED_WITHIN)
    assert world.command("demo-app", "hello") == "Hello, world!"
    world.make("install")
    assert world.ask(value("state")) == "one"


def test_interrupted(tmp_path: Path) -> None:
    """A termination in the middle of the swap puts back what was there."""
    world = installed(tmp_path, CLI)
    write(world, "state.py", 'VALUE = "after"\n')
    gone = 'rm -r "$UV_TOOL_DIR"/demo-app "$UV_TOOL_BIN_DIR"/demo-app; kill -TERM "$PPID"; exit 9'
    done = with_interposed_uv(world, gone)
    assert done.returncode == 128 + signal.SIGTERM, output(done)
    assert world.command("demo-app", "hello") == "Hello, world!"
    assert world.ask(value("state")) == "one"


@pytest.mark.slow
def test_what_a_failed_swap_adds_is_taken_away(tmp_path: Path) -> None:
    """Nothing of the old is missing, and still it is no longer the old."""
    world = installed(tmp_path, CLI)
    write(world, "state.py", 'VALUE = "after"\n')
    added = 'mkdir "$UV_TOOL_DIR"/demo-app/lib/python3*/site-packages/demo_app-9.dist-info; '
    added += 'touch "$UV_TOOL_DIR"/demo-app/lib/python3*/site-packages/demo_app-9.dist-info/RECORD'
    done = with_interposed_uv(world, f"{added}; exit 9")
    assert_told(done, "the install failed; what was installed before", "fix what is said here")
    assert not list(world.site_packages.glob("demo_app-9*"))
    assert world.ask(value("state")) == "one"


@pytest.mark.slow
def test_sources_that_never_rest(tmp_path: Path) -> None:
    """What something else writes into the sources during each build cannot be verified."""
    world = installed(tmp_path, FLAT_SETUPTOOLS)
    (world.project / "setup.py").write_text(
        "import subprocess\nfrom setuptools import setup\n"
        "subprocess.run(['sh', '-c', 'date +%N > demo_app/stamp.txt'], check=True)\nsetup()\n"
    )
    done = world.run(*INSTALL, expect=2)
    assert_told(
        done,
        "the sources changed during each of 3 builds",
        "let whatever writes into the project finish",
    )
    assert world.command("demo-app", "hello") == "Hello, world!"


def test_project_is_not_there(tmp_path: Path) -> None:
    world = World(tmp_path, CLI)
    script = world.project / "tools" / "neverstale.py"
    command = ("uv", "run", "--quiet", "--script", script, "doctor")
    done = run(command, world.elsewhere, world.environment)
    assert done.returncode == 2
    assert_told(done, "there is no pyproject.toml", "--project")

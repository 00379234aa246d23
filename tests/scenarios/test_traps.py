"""Traps that a close look found: each was once stale, a false alarm, or the loss of something."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.render import Combination, render
from support.tree import build_wheel_file
from support.world import BASE_PYTHON, World, find_python, output, run

from scenarios.edits import starting_point, value, write

CLI = Combination("hatchling", "src", "cli")
LIBRARY = Combination("hatchling", "src", "library")


def made(tmp_path: Path, combination: Combination = CLI) -> World:
    world = World(tmp_path, combination)
    starting_point(world)
    return world


def test_a_plugin_in_our_package_is_not_ours(tmp_path: Path) -> None:
    world = made(tmp_path, LIBRARY)
    world.make("install")
    plugin = build_wheel_file(
        tmp_path / "plugin",
        {
            "demo_app/plugin.py": "VALUE = 'plugin'\n",
            "plugin-1.0.dist-info/RECORD": "demo_app/plugin.py,,\nplugin-1.0.dist-info/RECORD,,\n",
            "plugin-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        },
        name="plugin",
    )
    world.run("uv", "pip", "install", "--python", ".venv", plugin)
    assert "nothing to do" in world.make("fresh").stdout
    world.make("install")
    assert world.ask(value("plugin")) == "plugin"


def test_the_owners_file_in_place_of_our_command(tmp_path: Path) -> None:
    world = made(tmp_path)
    world.make("install")
    own = world.commands / "demo-app"
    own.unlink()
    own.write_text("#!/bin/sh\necho mine\n")
    assert "NS401" in world.make("doctor", expect=2).stdout
    done = world.make("install", expect=2)
    assert "(a file that uv did not put there)" in done.stderr
    assert "mine" in own.read_text()


@pytest.mark.slow
def test_interpreter_that_is_gone(tmp_path: Path) -> None:
    world = made(tmp_path)
    world.make("install")
    python = world.tools / "demo-app" / "bin" / "python"
    python.unlink()
    python.symlink_to(world.root / "no python")
    assert "NS603 the environment's interpreter is missing" in world.make("doctor", expect=2).stdout
    world.make("fresh")
    assert world.command("demo-app", "hello") == "Hello, world!"


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["hatchling", "uv_build", "setuptools"])
def test_permission_to_execute(backend: str, tmp_path: Path) -> None:
    world = made(tmp_path, Combination(backend, "src", "cli"))
    write(world, "run.sh", "#!/bin/sh\n")
    world.make("install")
    installed = world.site_packages / "demo_app" / "run.sh"
    assert not os.access(installed, os.X_OK)
    (world.package / "run.sh").chmod(0o755)
    world.make("fresh")
    plain = world.run("uv", "build", "--wheel", "--out-dir", "../plain")
    wheel = next((world.root / "plain").glob("*.whl"))
    world.run("uv", "pip", "install", "--target", "../plainly", wheel)
    expected = os.access(world.root / "plainly" / "demo_app" / "run.sh", os.X_OK)
    assert os.access(installed, os.X_OK) == expected, output(plain)
    assert "nothing to do" in world.make("fresh").stdout


def test_package_that_the_backend_does_not_select(tmp_path: Path) -> None:
    world = made(tmp_path, Combination("setuptools", "flat", "cli"))
    world.replace('include = ["demo_app", "demo_app.*"]', 'include = ["demo_ap"]')
    said = "NS406 module of a command missing from the wheel\n     demo-app: demo_app.cli:main"
    done = world.make("install", expect=None)
    assert said in world.make("doctor", expect=2).stdout
    assert said in done.stderr, output(done)
    assert done.returncode == 2, "a command that cannot start is not fresh"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["$HOME {x} %s 100%25", 'it\'s "quoted" & [odd]; `x` #1'])
def test_path_with_signs_that_mean_something(name: str, tmp_path: Path) -> None:
    world = World(tmp_path / name, Combination("setuptools", "src", "cli"))
    starting_point(world)
    world.make("install")
    (world.package / "helpers.py").unlink()
    world.make("install")
    assert world.ask(value("helpers", "WHERE")).startswith("ModuleNotFoundError")


@pytest.mark.slow
def test_log_in_the_project_while_it_is_built(tmp_path: Path) -> None:
    world = made(tmp_path)
    done = world.run("sh", "-c", "make install 2>&1 | tee build.log")
    assert "Installed demo-app 0.1.0 in uv tool (fresh: " in done.stdout
    assert world.command("demo-app", "hello") == "Hello, world!"


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["hatchling", "uv_build", "setuptools"])
def test_requirements_of_every_kind(backend: str, tmp_path: Path, find_links: Path) -> None:
    world = made(tmp_path, Combination(backend, "src", "cli"))
    world.extra["UV_FIND_LINKS"] = str(find_links)
    world.replace(
        "dependencies = []",
        "dependencies = [\"Stale.Probe>=1; python_version >= '3.8' or sys_platform == 'win32'\","
        " \"absent; python_version < '3.0'\"]\n"
        '[project.optional-dependencies]\nSome_Extra = ["absent>=2"]\n'
        'all = ["demo-app[some-extra]", "absent; python_version < \'3.12\'"]',
    )
    world.make("install")
    assert "nothing to do" in world.make("fresh").stdout
    world.make("install-editable")
    assert "editable" in world.make("doctor").stdout


@pytest.mark.slow
def test_tool_outlives_the_cache_of_uv(tmp_path: Path) -> None:
    """On Python 3.10 the interpreter of a script's environment calls itself the base."""
    python = find_python("3.10")
    if python is None:
        pytest.skip("there is no CPython 3.10 here")
    world = made(tmp_path)
    command = ("uv", "run", "--quiet", "--python", python, "--script")
    world.run(*command, "tools/neverstale.py", "install")
    interpreter = (world.tools / "demo-app" / "bin" / "python").resolve()
    assert "environments-v2" not in str(interpreter)
    assert interpreter == python.resolve()


@pytest.mark.slow
def test_arguments_that_begin_with_a_dash(tmp_path: Path) -> None:
    world = made(tmp_path)
    world.make("dev")
    world.make("dev", "ARGS=--frozen")
    world.make("dev", "ARGS=-- --frozen")
    assert "Hello" in world.make("run", "ARGS=--no-dev demo-app hello").stdout
    assert "Hello" in world.make("run-wheel", "ARGS=--offline -- demo-app hello").stdout


@pytest.mark.slow
def test_uv_in_a_folder_with_a_space(tmp_path: Path) -> None:
    world = made(tmp_path)
    assert " " in str(world.root)
    world.make("fresh", UV=str(world.root / "uv" / "uv"))


@pytest.mark.slow
def test_reader_that_has_read_enough(tmp_path: Path) -> None:
    world = made(tmp_path)
    world.make("install")
    script = "uv run --quiet --script tools/neverstale.py doctor --json | head -1"
    done = world.run("sh", "-c", script)
    assert "rror" not in done.stderr


def test_store_with_broken_files(tmp_path: Path) -> None:
    world = made(tmp_path)
    world.make("install")
    store = world.project / ".neverstale"
    wheel = next(store.glob("wheels/*/*.whl"))
    content = wheel.read_bytes()
    wheel.write_bytes(content[:100] + b"\xff" * 50 + content[150:])
    (store / "stamp").write_bytes(b"\xff\xfe")
    for note in (store / "builds").glob("*/*"):
        note.write_bytes(b"\xff")
    world.make("fresh")
    world.make("install")
    assert world.command("demo-app", "hello") == "Hello, world!"


@pytest.mark.slow
def test_cache_of_uv_that_was_broken_by_hand(tmp_path: Path) -> None:
    world = made(tmp_path)
    world.make("install")
    entry_points = next(world.site_packages.glob("*.dist-info/entry_points.txt"))
    with entry_points.open("w") as stream:
        stream.write("garbage\n[[")
    state = world.site_packages / "demo_app" / "state.py"
    with state.open("w") as stream:
        stream.write("VALUE = 'altered'\n")
    code = "from demo_app.state import VALUE; print(VALUE)"
    told = world.make("run-wheel", f"ARGS=python -c '{code}'").stdout
    assert told.splitlines()[-1] == "one"
    assert "unknown" in world.make("doctor", expect=2).stdout
    world.make("install")
    assert world.ask(value("state")) == "one"


@pytest.mark.slow
def test_backup_that_was_half_removed(tmp_path: Path) -> None:
    world = made(tmp_path)
    world.make("install")
    for name in ("complete", ".venv/x"):
        for place in ("aside", "aside/uv-tool"):
            path = world.project / ".neverstale" / place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    world.make("install")
    assert world.command("demo-app", "hello") == "Hello, world!"


def test_library_is_no_tool(tmp_path: Path) -> None:
    done = made(tmp_path, LIBRARY).make("install", "ARGS=--target tool", expect=2)
    assert "error: the project declares no command" in done.stderr
    assert "hint: install it with --target venv" in done.stderr


@pytest.mark.slow
def test_environment_that_is_none(tmp_path: Path) -> None:
    world = made(tmp_path, LIBRARY)
    precious = world.root / "prefix" / "bin" / "precious"
    precious.parent.mkdir(parents=True)
    precious.touch()
    done = world.make("install", expect=2, UV_PROJECT_ENVIRONMENT=str(precious.parents[1]))
    assert "is not a virtual environment" in done.stderr
    assert precious.exists()


@pytest.mark.slow
def test_environment_behind_a_link(tmp_path: Path) -> None:
    world = made(tmp_path, LIBRARY)
    world.run("uv", "venv", "../venv")
    (world.project / ".venv").symlink_to(world.root / "venv")
    world.make("install")
    write(world, "state.py", 'VALUE = "two"\n')
    world.replace("dependencies = []", 'dependencies = ["no-such-distribution-anywhere"]')
    world.make("install", expect=2)
    assert world.ask(value("state")) == "one"
    assert not (world.root / "venv" / ".venv").exists()


@pytest.mark.slow
def test_workspace_names_where_a_requirement_is(tmp_path: Path) -> None:
    world = made(tmp_path)
    (world.root / "pyproject.toml").write_text(
        '[tool.uv.workspace]\nmembers = ["demo-app"]\n[tool.uv.sources]\nsix = {workspace = true}\n'
    )
    world.replace("dependencies = []", 'dependencies = ["six"]')
    done = world.make("install", expect=2)
    assert "[tool.uv.sources] says where six is; a wheel cannot" in done.stderr


@pytest.mark.slow
def test_files_outside_of_the_project_are_always_built(tmp_path: Path) -> None:
    world = made(tmp_path)
    common = world.root / "common.py"
    common.write_text('VALUE = "one"\n')
    world.replace(
        "[tool.hatch.build.targets.wheel]\n",
        '[tool.hatch.build.targets.wheel.force-include]\n"../common.py" = "demo_app/common.py"\n'
        "[tool.hatch.build.targets.wheel]\n",
    )
    world.make("install")
    common.write_text('VALUE = "two"\n')
    world.make("fresh")
    assert world.ask(value("common")) == "two"


def test_git_asked_from_within_a_hook(tmp_path: Path) -> None:
    """git sets GIT_DIR for its hooks; the files that it tracks are still those of the project."""
    world = made(tmp_path)
    (world.project / "dist").mkdir()
    (world.project / "dist" / "demo_app-0.1.0.tar.gz").write_text("precious")
    world.run("git", "init", "--quiet")
    world.run("git", "add", "--force", "dist")
    subprocess.run(["git", "init", "--quiet", world.root / "other"], check=True)
    world.make("clean", GIT_DIR=str(world.root / "other" / ".git"))
    assert (world.project / "dist" / "demo_app-0.1.0.tar.gz").exists()


@pytest.mark.slow
def test_work_tree_of_git(tmp_path: Path) -> None:
    world = made(tmp_path, Combination("hatchling", "src", "cli", "vcs"))
    world.commit(tag="v1.2.3")
    tree = world.root / "tree"
    world.run("git", "worktree", "add", "--quiet", tree)
    done = run(("make", "install"), tree, world.environment)
    assert done.returncode == 0, output(done)
    assert world.command("demo-app", "--version") == "demo-app 1.2.3"
    (tree / "src" / "demo_app" / "helpers.py").unlink()
    assert run(("make", "fresh"), tree, world.environment).returncode == 0
    assert world.ask(value("helpers", "WHERE")).startswith("ModuleNotFoundError")


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["hatchling", "setuptools"])
def test_version_from_git_without_git(backend: str, tmp_path: Path) -> None:
    world = made(tmp_path, Combination(backend, "src", "cli", "vcs"))
    world.commit(tag="v1.2.3")
    install = ("uv", "run", "--script", "tools/neverstale.py", "install")
    alone = world.environment | {"PATH": str(world.root / "uv"), "UV_PYTHON": str(BASE_PYTHON)}
    done = run(install, world.project, alone)
    assert done.returncode == 0, output(done)
    said = (
        "the build asked git, which is not installed: the version may be wrong\nhint: install git"
    )
    assert said in done.stderr
    assert said not in world.make("install").stderr


@pytest.mark.slow
def test_newer_python_than_the_tools_own(tmp_path: Path) -> None:
    newer = find_python("3.12")
    if newer is None or sys.version_info >= (3, 12):
        pytest.skip("there is no newer CPython here")
    world = World(tmp_path, CLI)
    shutil.rmtree(world.project)
    render(world.project, {"python_min": "3.12"})
    world.extra["PATH"] = f"{world.environment['PATH']}:{newer.parent}"
    for verb in ("install", "run-wheel", "fresh"):
        world.make(verb, "ARGS=" if verb != "run-wheel" else "ARGS=demo-app hello")
    assert world.ask("import sys; print(sys.version_info[:2])") == "(3, 12)"

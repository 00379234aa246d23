"""The other verbs: editable, run, dev, run-wheel, fresh, doctor, build, uninstall; and nox."""

import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock
from support.render import VERBS, Combination, quickly
from support.world import World, output

from scenarios.edits import starting_point, value, write

CLI = Combination("hatchling", "src", "cli")
LIBRARY = Combination("hatchling", "flat", "library")
SAMPLE = [CLI, Combination("setuptools", "flat", "library"), Combination("uv_build", "src", "cli")]

TOOL = ("uv", "run", "--quiet", "--script", "tools/neverstale.py")

PRINT_STATE = "from demo_app.state import VALUE; print(VALUE)"


def made(tmp_path: Path, combination: Combination = CLI) -> World:
    world = World(tmp_path, combination)
    starting_point(world)
    return world


def nox(world: World, *arguments: str, expect: int = 0) -> str:
    command = (sys.executable, "-m", "nox", "--no-color", "-s", *arguments)
    return output(world.run(*command, expect=expect))


def python_argument(code: str) -> str:
    return f"ARGS=python -c '{code}'"


@pytest.mark.slow
@pytest.mark.parametrize("combination", SAMPLE[:2], ids=str)
def test_nox_does_what_make_does(combination: Combination, tmp_path: Path) -> None:
    world = made(tmp_path, combination)
    nox(world, "install")
    assert world.ask(value("state")) == "one"
    write(world, "state.py", 'VALUE = "two"\n')
    assert "out of date" in nox(world, "doctor", expect=1)
    nox(world, "fresh")
    assert world.ask(value("state")) == "two"
    assert "nothing to do" in nox(world, "fresh")
    assert "verdict" in nox(world, "doctor")
    nox(world, "install-editable")
    write(world, "state.py", 'VALUE = "three"\n')
    assert world.ask(value("state")) == "three"
    nox(world, "uninstall")
    assert "not installed" in nox(world, "doctor", expect=1)
    nox(world, "build")
    assert len(list((world.project / "dist").glob("demo_app-0.1.0*"))) == 2
    assert "removed" in nox(world, "clean")
    assert not (world.project / "dist").exists()


def test_fresh_does_nothing_when_nothing_changed(tmp_path: Path) -> None:
    world = made(tmp_path)
    world.make("fresh")
    before = everything_below(world.tools, world.commands)
    done = world.make("fresh")
    assert "nothing to do" in done.stdout
    assert done.stderr == ""
    assert everything_below(world.tools, world.commands) == before
    (world.project / "tests" / "test_more.py").write_text("")  # which the build does not read
    assert "nothing to do" in world.make("fresh").stdout
    with (world.project / "pyproject.toml").open("a") as stream:
        stream.write("# a comment\n")
    done = world.make("fresh")
    assert "the build is the same" in done.stdout
    assert everything_below(world.tools, world.commands) == before


@pytest.mark.parametrize("combination", quickly([CLI, LIBRARY], str(LIBRARY)))
def test_fresh_repairs_what_was_changed_by_hand(combination: Combination, tmp_path: Path) -> None:
    """uv installs by hard links: what is edited in place is edited in uv's cache as well."""
    world = made(tmp_path, combination)
    world.make("install")
    damages: dict[str, Callable[[], object]] = {
        "altered": lambda: (world.site_packages / "demo_app/state.py").write_text("VALUE = 0\n"),
        "missing": (world.site_packages / "demo_app/state.py").unlink,
        "added": lambda: (world.site_packages / "demo_app/mine.py").write_text(""),
    }
    for name, damage in damages.items():
        damage()
        assert "damaged" in world.make("doctor", expect=2).stdout, name
        world.make("fresh")
        assert world.ask(value("state")) == "one"
        assert not (world.site_packages / "demo_app/mine.py").exists()


def everything_below(*folders: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path): (path.lstat().st_ino, path.lstat().st_mtime_ns)
        for folder in folders
        for path in folder.rglob("*")
        if "__pycache__" not in path.parts
    }


@pytest.mark.parametrize("combination", quickly([CLI, LIBRARY], str(CLI)))
def test_doctor_says_what_is_stale_and_exits_with_it(
    combination: Combination, tmp_path: Path
) -> None:
    world = made(tmp_path, combination)
    script = (*TOOL, "doctor", "--json")
    assert json.loads(world.run(*script, expect=1).stdout)["exit_code"] == 1
    world.make("install")
    told = json.loads(world.run(*script).stdout)
    own = "uv tool" if combination.project_type == "cli" else ".venv"
    assert {p["place"]: p["verdict"] for p in told["places"]}[own] == "fresh"
    assert told["format"] == 1
    (world.package / "helpers.py").unlink()
    write(world, "added.py", "")
    write(world, "state.py", 'VALUE = "two"\n')
    told = json.loads(world.run(*script, expect=1).stdout)
    place = next(p for p in told["places"] if p["place"] == own)
    assert place["verdict"] == "out of date"
    found = {f["code"]: [e["what"] for e in f["evidence"]] for f in place["findings"]}
    assert found["NS201"] == ["demo_app/added.py"]
    assert found["NS202"] == ["demo_app/helpers.py"]
    assert found["NS203"] == ["demo_app/state.py"]
    assert {f["fix"] for f in place["findings"] if not f["remark"]} == {"make install"}


@pytest.mark.slow
def test_doctor_cannot_tell_without_a_build(tmp_path: Path) -> None:
    world = made(tmp_path)
    world.make("install")
    world.replace('packages = ["src/demo_app"]', 'packages = "src/demo_app"')
    script = (*TOOL, "doctor")
    done = world.run(*script, expect=2)
    assert "unknown" in done.stdout
    assert "the build failed" in done.stdout


@pytest.mark.slow
def test_the_quick_doctor_knows_what_dev_and_install_made(tmp_path: Path) -> None:
    world = World(tmp_path, CLI)
    world.make("dev")
    assert "all fresh" in world.make("doctor", "ARGS=--quick").stdout
    world.make("install")
    assert "all fresh" in world.make("doctor", "ARGS=--quick").stdout


@pytest.mark.slow
def test_doctor_changes_nothing(tmp_path: Path) -> None:
    world = made(tmp_path, Combination("setuptools", "src", "cli"))
    world.make("install")
    world.run("uv", "build", "--wheel")
    write(world, "state.py", 'VALUE = "two"\n')
    before = {p: p.read_bytes() for p in files_of_project(world)}
    world.make("doctor", expect=2)
    assert {p: p.read_bytes() for p in files_of_project(world)} == before


def files_of_project(world: World) -> list[Path]:
    hidden = (".neverstale", ".venv", "__pycache__")
    return [
        path
        for path in world.project.rglob("*")
        if path.is_file() and not any(part in hidden for part in path.parts)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("combination", quickly([CLI, LIBRARY], str(CLI)))
def test_editable_brings_commands_and_metadata_up_to_date(
    combination: Combination, tmp_path: Path, find_links: Path
) -> None:
    world = made(tmp_path, combination)
    world.extra["UV_FIND_LINKS"] = str(find_links)
    world.make("install-editable")
    write(world, "shout.py", "def main():\n    print('loud')\n")
    text = (world.project / "pyproject.toml").read_text()
    header = "[project.scripts]\n" if "[project.scripts]" in text else "[dependency-groups]"
    scripts = '[project.scripts]\nshout = "demo_app.shout:main"\n'
    world.replace(header, scripts + ("" if "scripts" in header else f"\n{header}"))
    world.replace("dependencies = []", 'dependencies = ["stale-probe==2.0"]')
    world.replace('version = "0.1.0"', 'version = "0.5.0"')
    done = world.make("doctor", expect=2)
    assert "NS401 command or entry point missing" in done.stdout
    assert "NS403 requirement missing from the installed metadata" in done.stdout
    world.make("install-editable")
    assert world.command("shout") == "loud"
    ask = "from importlib.metadata import version as v; print(v('demo-app'), v('stale-probe'))"
    assert world.ask(ask) == "0.5.0 2.0"
    assert "editable" in world.make("doctor").stdout
    world.replace("shout = ", "yell = ")
    world.make("install-editable")
    assert (world.command("yell"), world.command("shout")) == ("loud", "command not found")


@pytest.mark.slow
def test_editable_and_wheel_take_turns(tmp_path: Path) -> None:
    world = made(tmp_path)
    for verb in ("install", "install-editable", "install", "fresh", "install-editable", "fresh"):
        world.make(verb)
        assert world.ask(value("state")) == "one"
    write(world, "state.py", 'VALUE = "two"\n')
    assert world.ask(value("state")) == "one"


@pytest.mark.slow
@pytest.mark.parametrize("combination", quickly([CLI, LIBRARY], str(CLI)))
def test_run_beats_bytecode_of_the_same_second_and_size(
    combination: Combination, tmp_path: Path
) -> None:
    """Without the removal of racy bytecode this runs yesterday's code: see the last lines."""
    world = made(tmp_path, combination)
    state = world.package / "state.py"
    for verb in (["make", "run"], [sys.executable, "-m", "nox", "-s", "run"]):
        arguments = [python_argument(PRINT_STATE)]
        if "nox" in verb:
            arguments = ["--", "python", "-c", PRINT_STATE]
        state.write_text('VALUE = "one"\n')
        assert world.run(*verb, *arguments).stdout.strip().endswith("one")
        before = state.stat()
        state.write_text('VALUE = "two"\n')
        os.utime(state, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert world.run(*verb, *arguments).stdout.strip().endswith("two")
    before = state.stat()
    state.write_text('VALUE = "six"\n')
    os.utime(state, ns=(before.st_atime_ns, before.st_mtime_ns))
    plain = world.run(world.project / ".venv/bin/python", "-c", PRINT_STATE)
    assert plain.stdout.strip() == "two", "Python sees such an edit now: bytecode.py can go"
    world.make("dev")
    plain = world.run(world.project / ".venv/bin/python", "-c", PRINT_STATE)
    assert plain.stdout.strip() == "six"


@pytest.mark.slow
def test_run_forgets_bytecode_of_a_package_that_is_gone(tmp_path: Path) -> None:
    world = made(tmp_path, LIBRARY)
    write(world, "old/__init__.py", "")
    write(world, "old/part.py", "")
    world.make("run", python_argument("import demo_app.old.part"))
    (world.package / "old/__init__.py").unlink()
    (world.package / "old/part.py").unlink()
    assert (world.package / "old/__pycache__").exists()
    code = 'import importlib.util as u; print(u.find_spec("demo_app.old"))'
    assert world.make("run", python_argument(code)).stdout.strip().endswith("None")
    assert not (world.package / "old").exists()


@pytest.mark.slow
def test_dev_tells_of_what_only_ones_own_settings_say(tmp_path: Path) -> None:
    world = made(tmp_path, LIBRARY)
    assert "no file of this project" not in world.make("dev").stderr
    settings = tmp_path / "settings"
    (settings / "uv").mkdir(parents=True)
    (settings / "uv" / "uv.toml").write_text(
        'exclude-newer = "2026-11-01T00:00:00Z"\n', encoding="utf-8"
    )
    world.extra["XDG_CONFIG_HOME"] = str(settings)
    told = world.make("dev").stderr
    assert "uv.lock has exclude-newer = 2026-11-01T00:00:00Z, which no file of this project" in told
    world.run("uv", "lock", "--no-config")
    assert "exclude-newer" not in (world.project / "uv.lock").read_text("utf-8")
    del world.extra["XDG_CONFIG_HOME"]
    assert "no file of this project" not in world.make("dev").stderr


@pytest.mark.slow
def test_run_passes_arguments_and_exit_codes(tmp_path: Path) -> None:
    world = made(tmp_path)
    done = world.make("run", "ARGS=demo-app hello 'two  words'")
    assert done.stdout.endswith("Hello, two  words!\n")
    assert "usage: demo-app" in output(world.make("run", expect=None)).lower()
    assert "$ uv run demo-app" in world.run(*TOOL, "-v", "run", expect=None).stderr
    done = world.make("run", python_argument("import sys; sys.exit(7)"), expect=2)
    assert "Error 7" in done.stderr
    nox(world, "run", "--", "python", "-c", "import sys; sys.exit(7)", expect=7)
    nox(world, "run-wheel", "--", "python", "-c", "import sys; sys.exit(7)", expect=7)
    assert "Hello, you!" in nox(world, "run", "--", "demo-app", "hello", "you")
    assert "4 deselected" in nox(world, "test", "--", "-k", "nothing-of-that-name", expect=5)


def test_run_without_a_command_to_run(tmp_path: Path) -> None:
    done = made(tmp_path, LIBRARY).make("run", expect=2)
    assert "error: run what? The project declares 0 commands\nhint: name one" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("combination", quickly(SAMPLE, str(CLI)))
def test_run_wheel_runs_the_wheel_of_now(combination: Combination, tmp_path: Path) -> None:
    world = made(tmp_path, combination)
    world.make("dev")  # an environment in the way, with the sources in it
    code = "import demo_app, demo_app.state as s; print(demo_app.__file__, s.VALUE)"
    for expected in ("one", "two", "one", "six"):
        write(world, "state.py", f'VALUE = "{expected}"\n')
        told = world.make("run-wheel", python_argument(code)).stdout.splitlines()[-1]
        assert told.endswith(f" {expected}")
        assert "site-packages" in told
        assert str(world.project / ".venv") not in told


@pytest.mark.parametrize("combination", quickly(SAMPLE, str(CLI), "uv_build-src-cli"))
def test_build_is_forced_and_whole(combination: Combination, tmp_path: Path) -> None:
    world = made(tmp_path, combination)
    world.make("build")
    (world.package / "helpers.py").unlink()
    world.replace('version = "0.1.0"', 'version = "0.2.0"')
    world.make("build")
    assert sorted(p.name for p in (world.project / "dist").iterdir()) == [
        "demo_app-0.2.0-py3-none-any.whl",
        "demo_app-0.2.0.tar.gz",
    ]
    names = zipfile.ZipFile(next((world.project / "dist").glob("*.whl"))).namelist()
    assert "demo_app/py.typed" in names
    assert "demo_app/notes.txt" in names
    assert "demo_app/helpers.py" not in names
    world.commit()
    assert world.status() == ""


def test_clean_lists_what_it_removes_and_keeps_the_rest(tmp_path: Path) -> None:
    world = made(tmp_path, Combination("setuptools", "src", "cli"))
    world.run("uv", "build", "--wheel")
    notes = world.project / "dist" / "notes.txt"
    notes.write_text("mine")
    write(world, "__pycache__/state.cpython-311.pyc", "")
    done = world.make("clean")
    for line in (
        "removed   build/lib",
        "removed   dist/demo_app-0.1.0-py3-none-any.whl",
        "removed   src/demo_app.egg-info",
        "removed   __pycache__ in 1 folder",
        "kept      dist/notes.txt (no build of this project made it)",
    ):
        assert line in done.stderr
    assert notes.read_text() == "mine"
    assert not (world.project / "build").exists()
    notes.unlink()
    assert "Nothing to remove" in world.make("clean").stdout


@pytest.mark.slow
def test_uninstall(tmp_path: Path) -> None:
    for number, combination in enumerate((CLI, LIBRARY)):
        world = made(tmp_path / str(number), combination)
        world.make("install")
        world.make("uninstall")
        assert "is not installed" in world.make("uninstall").stdout
        assert world.command("demo-app") == "command not found"


def test_target_can_be_chosen(tmp_path: Path) -> None:
    world = made(tmp_path, CLI)
    world.make("install", "ARGS=--target venv")
    assert not world.tools.exists()
    assert (world.project / ".venv/bin/demo-app").exists()
    done = world.make("install", "ARGS=--target moon", expect=2)
    assert "moon is not a virtual environment\nhint: name `tool`, `venv` or" in done.stderr


@pytest.mark.slow
def test_verbs_of_one_make_take_turns(tmp_path: Path) -> None:
    """``make -j`` and two terminals: each waits for the other, all end well."""
    world = made(tmp_path)
    done = world.make("-j4", "install", "fresh", "clean")
    assert "Not fresh" not in done.stdout
    assert world.ask(value("state")) == "one"
    done = world.make("-j4", "check")
    assert "passed" in done.stdout


def test_uninstall_waits_for_an_install(tmp_path: Path) -> None:
    world = made(tmp_path, LIBRARY)
    world.make("install")
    with FileLock(world.project / ".neverstale" / "lock"):
        going = subprocess.Popen(
            ["make", "uninstall"],
            cwd=world.project,
            env=world.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert going.stderr
        assert "waiting for another command" in going.stderr.readline()
        assert world.ask(value("state")) == "one"
    _, said = going.communicate(timeout=60)
    assert going.returncode == 0, said
    assert not list((world.project / ".venv").rglob("demo_app-*.dist-info"))


def test_make_n_changes_nothing(tmp_path: Path) -> None:
    world = made(tmp_path)
    before = everything_below(world.root)
    for target in (*VERBS, "help"):
        world.make("-n", target)
    assert everything_below(world.root) == before


@pytest.mark.slow
def test_install_leaves_no_trace_in_the_tree(tmp_path: Path) -> None:
    for number, combination in enumerate(SAMPLE):
        world = made(tmp_path / str(number), combination)
        world.commit()
        for target in ("install", "fresh", "doctor", "run-wheel", "build"):
            world.make(target, 'ARGS=python -c ""' if target == "run-wheel" else "ARGS=")
        assert world.status() == "", combination
        assert not list(world.home.iterdir()), "something was written into the home folder"


@pytest.mark.slow
def test_time_of_bytecode_is_no_proof(tmp_path: Path) -> None:
    """The tests run the code of now, too."""
    world = made(tmp_path, CLI)
    test = world.project / "tests" / "test_state.py"
    test.write_text(
        "from demo_app.state import VALUE\n\ndef test_it():\n    assert VALUE == 'two'\n"
    )
    state = world.package / "state.py"
    world.make("test", expect=2)
    before = state.stat()
    state.write_text('VALUE = "two"\n')
    os.utime(state, ns=(before.st_atime_ns, before.st_mtime_ns))
    world.make("test")
    assert time.time() > before.st_mtime
    shutil.rmtree(world.project / ".venv")

"""The doctor as a command: silent where nothing is wrong, clear where something is, harmless."""

import json
import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from support.render import REPOSITORY, Combination
from support.world import World, output, uv_executable

from neverstale.cli import main
from neverstale.diagnosis.codes import EXPLANATIONS, Code
from neverstale.environments.discovery import _documented_folders
from scenarios.edits import starting_point, write
from scenarios.situations import (
    CLI,
    LIBRARY,
    SETUPTOOLS,
    edit,
    fresh_in_pipx,
    litter,
    shadow,
)

TOOL = "tools/neverstale.py"
DOCTOR = ("uv", "run", "--quiet", "--script", TOOL, "doctor")
OURS = str(REPOSITORY / "template" / TOOL)
SCHEMA = json.loads((REPOSITORY / "src/neverstale/schemas/doctor.json").read_text())

SILENT = [
    Combination("hatchling", "src", "library"),
    Combination("uv_build", "flat", "cli"),
    Combination("hatchling", "flat", "cli", "vcs"),
    Combination("setuptools", "src", "library", "vcs"),
]


def made(tmp_path: Path, combination: Combination = CLI) -> World:
    world = World(tmp_path, combination)
    starting_point(world)
    world.make("install")
    return world


def ask(world: World, *options: str, expect: int | None = 0) -> dict[str, Any]:
    done = world.run(*DOCTOR, "--json", *options, expect=expect)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def snapshot(root: Path) -> dict[str, tuple[int, int, bytes]]:
    """Return everything below *root*: name, mode, time of change, content."""
    found = {}
    for path in sorted(root.rglob("*")):
        status = path.lstat()
        content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        found[str(path.relative_to(root))] = (status.st_mode, status.st_mtime_ns, content)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("combination", SILENT, ids=str)
def test_silent_where_all_is_fresh(combination: Combination, tmp_path: Path) -> None:
    world = World(tmp_path, combination)
    world.run("git", "init", "--quiet")
    world.commit("v0.3.0")
    world.make("dev")
    world.commit()
    world.make("dev")  # a version from git is that of the commit only now
    world.make("install")
    world.make("test")
    world.make("build")
    for options in ((), ("--quick",), ("--build",)):
        told = ask(world, *options)
        assert [f for p in told["places"] for f in p["findings"]] == []
        verdicts = {p["place"]: p["verdict"] for p in told["places"]}
        assert verdicts["sources"] == verdicts["wheel"] == verdicts["sdist"] == "fresh"
        assert set(verdicts.values()) <= {"fresh", "editable", "not installed"}
    assert world.status() == ""


@pytest.mark.slow
def test_looking_leaves_no_trace(tmp_path: Path) -> None:
    """Not even in a project whose installs are somebody else's."""
    world = World(tmp_path, SETUPTOOLS)
    starting_point(world)
    for path in ("Makefile", "noxfile.py"):
        (world.project / path).unlink()
    shutil.rmtree(world.project / "tools")
    world.run("uv", "tool", "install", "--quiet", ".")
    litter(world)
    edit(world)
    before = snapshot(world.project), snapshot(world.tools)
    for options in ((), ("--quick",), ("--build",)):
        command = ("uv", "run", "--quiet", "--script", OURS, "--project", world.project, "doctor")
        done = world.run(*command, *options, expect=None, PYTHONDONTWRITEBYTECODE="1")
        assert done.returncode == 1, output(done)
        assert "NS203" in done.stdout
    assert (snapshot(world.project), snapshot(world.tools)) == before


@pytest.mark.slow
def test_any_project_from_anywhere(tmp_path: Path) -> None:
    """The fix is spelled so that it works for a project without our Makefile."""
    world = World(tmp_path, CLI)
    starting_point(world)
    shutil.rmtree(world.project / "tools")
    (world.project / "Makefile").unlink()
    world.run("uv", "tool", "install", "--quiet", ".")
    edit(world)
    command = ["uv", "run", "--quiet", "--script", OURS, "--project", str(world.project), "doctor"]
    told = json.loads(world.run(*command, "--json", expect=1).stdout)
    fix = told["fixes"][0]
    assert fix.endswith("install")
    subprocess.run(fix, shell=True, cwd=world.elsewhere, env=world.environment, check=True)  # noqa: S602
    world.run(*command)
    write(world, "state.py", 'VALUE = "three"\n')
    world.run(*command, "--fix", "--yes")


def test_explain(capsys: pytest.CaptureFixture[str]) -> None:
    for code in Code:
        assert main(["doctor", "--explain", code.name.lower()]) == 0
        told = capsys.readouterr().out
        assert told.startswith(f"{code.name}: {code.value}"[:60])
        assert EXPLANATIONS[code].split()[-1] in told


def test_explain_of_no_code_and_outside_of_a_project(tmp_path: Path) -> None:
    world = World(tmp_path, CLI)
    command = ("uv", "run", "--quiet", "--script", OURS, "--project", world.home, "doctor")
    assert (
        "NS203: content differs from the sources"
        in world.run(*command, "--explain", "NS203").stdout
    )
    done = world.run(*command, "--explain", "NS999", expect=2)
    assert done.stderr.startswith(
        "error: there is no finding 'NS999'\nhint: there are NS101, NS102"
    )


@pytest.mark.slow
def test_json_has_the_shape_of_its_schema(tmp_path: Path) -> None:
    Draft202012Validator.check_schema(SCHEMA)
    validator = Draft202012Validator(SCHEMA)
    world = World(tmp_path, SETUPTOOLS)
    starting_point(world)
    validator.validate(ask(world, expect=1))
    world.make("install")
    world.make("dev")
    validator.validate(ask(world))
    edit(world)
    litter(world)
    shadow(world)
    (world.package / "helpers.py").unlink()
    told = ask(world, expect=1)
    validator.validate(told)
    assert {f["code"] for p in told["places"] for f in p["findings"]} >= {"NS203", "NS501", "NS601"}
    evidence = next(
        e
        for p in told["places"]
        for f in p["findings"]
        if f["code"] == "NS203"
        for e in f["evidence"]
        if e["what"] == "demo_app/state.py"
    )
    assert evidence["expected"].startswith("sha256=")
    assert evidence["found"].startswith("sha256=") != evidence["expected"]
    assert set(told) == set(SCHEMA["required"])


def test_table_reads_well_in_a_log(tmp_path: Path) -> None:
    world = made(tmp_path)
    edit(world)
    world.make("build")
    write(world, "state.py", 'VALUE = "three"\n')
    in_ascii = world.run(*DOCTOR, expect=1, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert "NS203" in in_ascii.stdout
    done = world.run(*DOCTOR, expect=1, COLUMNS="80", LC_ALL="C.UTF-8")
    lines = done.stdout.splitlines()
    table = lines[lines.index("") + 1 : lines.index("", lines.index("") + 1)]
    assert all(len(line) <= 80 for line in table), done.stdout
    assert [line.split("  ")[0] for line in table if not line.startswith(" ")] == [
        *("place", "sources", "uv tool", ".venv", "wheel", "sdist")
    ]
    assert "\x1b" not in done.stdout
    assert "NS203 content differs from the sources" in done.stdout
    assert "demo-app runs " in done.stdout
    assert done.stdout.rstrip().endswith("To fix:\n  make install\n  make build")


@pytest.mark.slow
def test_what_people_look_up_by_hand_is_one_line(tmp_path: Path) -> None:
    """Is the wheel stale, is the installed copy, what is imported, why was --force not enough."""
    world = made(tmp_path, SETUPTOOLS)
    world.run("uv", "build", "--quiet", "--wheel")
    (world.package / "helpers.py").unlink()
    lines = world.run(*DOCTOR, expect=1).stdout.splitlines()
    rows = {line.split("  ")[0]: line for line in lines if "  " in line}
    assert "out of date" in rows["wheel"]
    assert "out of date" in rows["uv tool"]
    assert any(line.startswith("import demo_app (uv tool): ") for line in lines)
    assert "NS501 left by an older build and included in the next one" in lines
    assert "     build/lib/demo_app/helpers.py" in lines


@pytest.mark.slow
def test_nox_keeps_the_exit_code(tmp_path: Path) -> None:
    world = made(tmp_path)
    nox = (sys.executable, "-m", "nox", "--session", "doctor")
    world.run(*nox)
    edit(world)
    done = world.run(*nox, expect=1)
    assert "not fresh: uv tool" in done.stdout


# --- --fix --------------------------------------------------------------------------------------


def at_a_terminal(world: World, answer: str) -> tuple[int, str]:
    """Run ``doctor --fix`` with a terminal for its input, at which *answer* is typed."""
    ours, theirs = pty.openpty()
    os.write(ours, f"{answer}\n".encode())
    try:
        done = subprocess.run(
            [*DOCTOR, "--fix"],
            cwd=world.project,
            env=world.environment,
            stdin=theirs,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    return done.returncode, done.stdout + done.stderr


def test_fix_asks_first(tmp_path: Path) -> None:
    world = made(tmp_path)
    edit(world)
    code, said = at_a_terminal(world, "n")
    assert code == 1
    assert "To fix:\n  make install\n" in said
    assert "run these? [y/N] nothing was changed" in said
    code, said = at_a_terminal(world, "yes")
    assert code == 0, said
    assert "Installed demo-app 0.1.0 in uv tool" in said
    assert said.count("all fresh") == 1


@pytest.mark.slow
def test_fix_without_anybody_to_ask(tmp_path: Path) -> None:
    world = made(tmp_path)
    edit(world)
    done = world.run(*DOCTOR, "--fix", expect=2)
    assert done.stderr == (
        "error: --fix asks before it runs anything, and here nobody can answer\n"
        "hint: look at the fixes first, then add --yes\n"
    )
    done = world.run(*DOCTOR, "--fix", "--yes")
    assert "demo-app: all fresh\n" in done.stdout
    done = world.run(*DOCTOR, "--fix", "--yes")
    assert done.stdout.startswith("demo-app: all fresh\n")
    assert done.stderr == ""


@pytest.mark.slow
def test_fix_that_fails_is_reported(tmp_path: Path) -> None:
    world = made(tmp_path)
    edit(world)
    (world.root / "broken").mkdir()
    make = world.root / "broken" / "make"
    make.write_text("#!/bin/sh\nexit 3\n")
    make.chmod(0o755)
    world.extra["PATH"] = f"{make.parent}{os.pathsep}{world.environment['PATH']}"
    done = world.run(*DOCTOR, "--fix", "--yes", expect=1)
    assert "that ended with exit code 3" in done.stderr
    assert done.stdout.count("demo-app: not fresh: uv tool\n") == 2


# --- what cannot be read ------------------------------------------------------------------------


def assert_told(world: World, what: str, hint: str) -> None:
    ours = ("-m", "neverstale", "doctor")  # not by `uv run`, which has its own say on the file
    done = world.run(sys.executable, *ours, expect=2, PYTHONPATH=str(REPOSITORY / "src"))
    assert what in done.stderr, output(done)
    assert hint in done.stderr, output(done)
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("error: ")
    assert done.stderr.splitlines()[-1].startswith("hint: ")


def test_empty_pyproject(tmp_path: Path) -> None:
    world = World(tmp_path, CLI)
    (world.project / "pyproject.toml").write_text("")
    assert_told(world, "it has no [build-system] table; it has no [project] table", "hint: see")


def test_pyproject_that_is_a_folder(tmp_path: Path) -> None:
    world = World(tmp_path, CLI)
    (world.project / "pyproject.toml").unlink()
    (world.project / "pyproject.toml").mkdir()
    assert_told(world, "pyproject.toml cannot be read", "hint: check the file")


def unprivileged() -> list[str]:
    """Return the command before one for which permissions count, as they do not for root."""
    if os.geteuid():
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("permissions do not count for root, and setpriv is not here")
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]


def test_folder_of_the_sources_that_cannot_be_read(tmp_path: Path) -> None:
    world = made(tmp_path)
    locked = world.package / "locked"
    locked.mkdir(mode=0o000)
    try:
        done = world.run(*unprivileged(), *DOCTOR, expect=2)
    finally:
        locked.chmod(0o755)
    assert (
        "locked: Permission denied\nhint: check the space and the permissions there" in done.stderr
    )


@pytest.mark.slow
def test_environment_that_cannot_be_read(tmp_path: Path) -> None:
    world = made(tmp_path)
    locked = world.site_packages / "demo_app" / "state.py"
    locked.chmod(0o000)
    try:
        done = world.run(*unprivileged(), *DOCTOR, "--json", expect=2)
    finally:
        locked.chmod(0o644)
    place = next(p for p in json.loads(done.stdout)["places"] if p["place"] == "uv tool")
    assert place["verdict"] == "unknown"
    assert "state.py cannot be read: Permission denied" in place["reason"]


# --- nothing of the project runs, nothing of the owner's is lost ----------------------------------


def test_modules_beside_are_not_ours(tmp_path: Path) -> None:
    """Modules of the project's own, named as what the tool and its question import."""
    world = made(tmp_path)
    ran = world.root / "ran"
    trap = f"open({str(ran)!r}, 'a').write(__file__)\n"
    for name in ("json", "marshal", "csv", "packaging", "rich", "os"):
        for folder in (world.project, world.project / "tools", world.elsewhere):
            (folder / f"{name}.py").write_text(trap)
    assert {i["because"] for i in ask(world)["imports"]} == {"installed"}
    world.extra["PYTHONPATH"] = str(world.elsewhere)  # from which a build would import them
    told = ask(world, "--quick", expect=None)
    assert {i["because"] for i in told["imports"]} == {"installed"}
    assert not ran.exists()


@pytest.mark.slow
def test_environment_of_others_is_not_replaced(tmp_path: Path) -> None:
    world = made(tmp_path)
    prefix = world.root / "mine"
    world.run("uv", "venv", "--quiet", prefix)
    world.run("uv", "pip", "install", "--quiet", "--python", prefix, world.project)
    (prefix / "precious.txt").write_text("precious")
    python = prefix / "bin" / "python"
    python.unlink()
    python.symlink_to(world.root / "gone")
    world.extra["PATH"] = f"{prefix}/bin{os.pathsep}{world.environment['PATH']}"
    done = world.run(*DOCTOR, "--fix", "--yes", expect=1)
    assert f"fix: create the environment again: {prefix}" in done.stdout
    assert (prefix / "precious.txt").read_text() == "precious"
    link = world.root / "link"
    link.symlink_to(prefix)
    for target in (prefix, link):
        done = world.run("make", "install", f"ARGS=--target '{target}'", expect=2)
        assert f"error: the interpreter of {prefix} is missing\nhint: " in done.stderr
    assert (prefix / "precious.txt").read_text() == "precious"


@pytest.mark.slow
def test_target_by_a_link_is_put_back(tmp_path: Path) -> None:
    world = made(tmp_path)
    prefix, link = world.root / "mine", world.root / "link"
    world.run("uv", "venv", "--quiet", prefix)
    link.symlink_to(prefix)
    command = ("make", "install", f"ARGS=--target '{link}'")
    world.run(*command)
    before = {p for p in snapshot(prefix) if "__pycache__" not in p} | {".lock"}  # uv's own
    world.replace("dependencies = []", 'dependencies = ["no-such-distribution-anywhere"]')
    assert "what was installed before is untouched" in world.run(*command, expect=2).stderr
    assert {p for p in snapshot(prefix) if "__pycache__" not in p} | {".lock"} == before
    assert link.is_symlink()


@pytest.mark.slow
def test_pipx_overwrites_nothing(tmp_path: Path) -> None:
    world = made(tmp_path)
    fresh_in_pipx(world)
    own = world.home / ".local" / "bin" / "demo-app"
    own.unlink()
    own.write_text("#!/bin/sh\necho mine\n")
    prefix = next(world.home.glob(".local/**/venvs/demo-app"))
    done = world.run("make", "install", f"ARGS=--target '{prefix}'", expect=2)
    assert "(a file that uv did not put there)" in done.stderr
    assert "mine" in own.read_text()


@pytest.mark.slow
def test_archives_of_others_stay(tmp_path: Path) -> None:
    world = made(tmp_path)
    world.make("build")
    dist = world.project / "dist"
    others = ["six-1.0-py3-none-any.whl", "demo_app_more-1.0-py3-none-any.whl", "notes.txt"]
    for name in others:
        (dist / name).write_text("somebody's")
    edit(world)
    world.run(*DOCTOR, "--fix", "--yes")
    assert {path.name for path in dist.iterdir()} >= set(others)


@pytest.mark.slow
def test_library_that_is_no_extension_module_stays(tmp_path: Path) -> None:
    """Data that is loaded with ctypes, beside the module that loads it."""
    world = made(tmp_path)
    write(world, "native.py", "")
    write(world, "native.x86_64.so", "data")
    world.make("install")
    assert [f for p in ask(world)["places"] for f in p["findings"]] == []
    world.make("clean")
    assert (world.package / "native.x86_64.so").read_text() == "data"


@pytest.mark.slow
def test_names_cannot_write_on_the_terminal(tmp_path: Path) -> None:
    world = made(tmp_path)
    (world.site_packages / "demo_app" / "x\n\x1b[31mall fresh\n.py").write_text("")
    done = world.run(*DOCTOR, expect=1)
    assert "\x1b" not in done.stdout
    assert "demo_app/x\\n\\x1b[31mall fresh\\n.py" in done.stdout


@pytest.mark.slow
def test_packages_of_the_system_are_seen(tmp_path: Path, find_links: Path) -> None:
    """What an environment takes from the interpreter that it was made from."""
    world = World(tmp_path, LIBRARY)
    base = world.root / "base"
    world.extra["UV_FIND_LINKS"] = str(find_links)
    world.replace("dependencies = []", 'dependencies = ["stale-probe>=1"]')
    world.make("install")
    settings = world.project / ".venv" / "pyvenv.cfg"
    site = world.site_packages
    shared = base / "lib" / site.parent.name / "site-packages"
    shared.mkdir(parents=True)
    for path in site.glob("stale_probe*"):
        shutil.move(path, shared)
    assert [f["code"] for p in ask(world, expect=1)["places"] for f in p["findings"]] == ["NS405"]
    lines = [
        line for line in settings.read_text().splitlines() if not line.startswith(("home", "incl"))
    ]
    lines += [f"home = {base / 'bin'}", "include-system-site-packages = true"]
    settings.write_text("\n".join(lines) + "\n")
    assert "NS405" not in world.run(*DOCTOR, "--quick", expect=None).stdout


def test_no_interpreter_of_an_environment_is_started(tmp_path: Path) -> None:
    world = made(tmp_path)
    ran = world.root / "ran"
    (world.site_packages / "talk.pth").write_text(f"import os; open({str(ran)!r}, 'w').close()\n")
    python = world.site_packages.parents[2] / "bin" / "python"
    python.unlink()
    python.write_text(f"#!/bin/sh\ntouch '{ran}'\n")
    python.chmod(0o755)
    for depth in ((), ("--quick",), ("--build",)):
        ask(world, *depth, expect=None)
    assert not ran.exists()


# --- where uv keeps its tools -------------------------------------------------------------------


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"UV_TOOL_DIR": "/a/tools"},
        {"UV_TOOL_BIN_DIR": "/a/bin"},
        {"XDG_DATA_HOME": "/a/data"},
        {"XDG_DATA_HOME": "relative"},
        {"XDG_DATA_HOME": ""},
        {"XDG_BIN_HOME": "/a/bin"},
        {"XDG_BIN_HOME": "/a/bin", "XDG_DATA_HOME": "/a/data", "UV_TOOL_DIR": ""},
        {"XDG_BIN_HOME": "/a/bin", "XDG_DATA_HOME": "/a/data", "UV_TOOL_BIN_DIR": "/b"},
    ],
    ids=lambda variables: " ".join(f"{k}={v}" for k, v in variables.items()) or "none",
)
def test_tools_are_where_uv_says(
    variables: Mapping[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], **variables}
    monkeypatch.setenv("HOME", str(tmp_path))
    said = [
        subprocess.run(
            [uv_executable(), "tool", "dir", *option],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        for option in ((), ("--bin",))
    ]
    found = _documented_folders(environment)
    assert [os.path.normpath(path) for path in found] == [os.path.normpath(p) for p in said]


@pytest.mark.slow
def test_library_has_no_command_to_look_for(tmp_path: Path) -> None:
    told = ask(made(tmp_path, LIBRARY))
    assert told["commands"] == []
    assert {p["place"]: p["verdict"] for p in told["places"]}[".venv"] == "fresh"

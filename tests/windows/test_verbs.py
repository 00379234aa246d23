"""Every verb that needs neither git nor a compiler, on Windows."""

import re
from pathlib import Path

import pytest
from support.render import Combination

from windows.app import App
from windows.machine import Machine

CLI = Combination("hatchling", "src", "cli")
LIBRARY = Combination("setuptools", "flat", "library")


@pytest.mark.parametrize("backend", ["hatchling", "uv_build", "setuptools"])
def test_a_tool(backend: str, machine: Machine, tmp_path: Path) -> None:
    app = App(machine, tmp_path, Combination(backend, "src", "cli"))
    hello = app.package / "commands/hello.py"
    assert "not installed" in app.verb("doctor", expect=1).out
    assert "Installed demo-app 0.1.0 in uv tool (fresh: " in app.verb("install").out
    assert app.command("hello") == "Hello, world!"
    found = app.diagnosis()
    assert found["exit_code"] == 0
    assert {each["place"] for each in found["commands"]} == {"uv tool"}
    assert "nothing to do" in app.verb("fresh").out

    before = hello.stat()
    app.write("commands/hello.py", hello.read_text("utf-8").replace("Hello, ", "Howdy, "))
    assert hello.stat().st_size == before.st_size
    told = app.verb("doctor", expect=1).out
    assert "NS203" in told
    assert "fix: uv run --script tools\\neverstale.py install" in told
    assert "Installed" in app.verb("fresh").out
    assert app.command("hello") == "Howdy, world!"

    app.write("added.py", "VALUE = 1\n")
    (app.package / "commands/hello.py").rename(app.package / "commands/greet.py")
    assert app.diagnosis()["exit_code"] == 1
    app.verb("fresh")
    assert "invalid choice: 'hello'" in app.command("hello")
    (app.package / "commands/greet.py").rename(hello)
    app.replace('version = "0.1.0"', 'version = "0.2.0"')
    app.replace("[project.scripts]", '[project.scripts]\nmore = "demo_app.cli:main"')
    codes = {f["code"] for place in app.diagnosis()["places"] for f in place["findings"]}
    assert {"NS204", "NS401"} <= codes
    app.verb("fresh")
    assert (machine.commands / "more.exe").exists()
    assert app.command("--version") == "demo-app 0.2.0"

    assert app.verb("run", "--", "python", "-c", "raise SystemExit(7)", expect=7)
    assert "Howdy, world!" in app.verb("run-wheel", "demo-app", "hello").out
    assert "editable: runs " in app.verb("install-editable").out
    app.write("commands/hello.py", hello.read_text("utf-8").replace("Howdy, ", "Hallo, "))
    assert app.command("hello") == "Hallo, world!"
    assert "Built dist\\demo_app-0.2.0" in app.verb("build").out
    assert "demo_app-0.2.0" in app.verb("clean").err
    assert "Removed demo-app" in app.verb("uninstall").out
    assert not list(machine.commands.glob("demo-app*"))
    assert not (machine.commands / "more.exe").exists()
    assert app.litter() == []


def test_a_library(machine: Machine, tmp_path: Path) -> None:
    app = App(machine, tmp_path, LIBRARY)
    app.replace(
        "[dependency-groups]", '[project.scripts]\nprobe = "demo_app:probe"\n\n[dependency-groups]'
    )
    app.write("__init__.py", "def probe():\n    print('one')\n")
    assert "Installed demo-app 0.1.0 in .venv (fresh: " in app.verb("install").out
    scripts = app.project / ".venv/Scripts"
    assert (scripts / "probe.exe").exists()
    ask = ("run", "python", "-c", "import demo_app; demo_app.probe()")
    app.write("__init__.py", "def probe():\n    print('two')\n")
    assert app.diagnosis()["exit_code"] == 1
    app.verb("fresh")
    assert machine.run(str(scripts / "probe.exe"), cwd=app.project).out == "two\n"
    assert app.diagnosis()["exit_code"] == 0
    assert app.verb(*ask).out.endswith("two\n")
    app.verb("uninstall")
    assert not (scripts / "probe.exe").exists()


def test_a_checkout_with_other_line_ends(machine: Machine, tmp_path: Path) -> None:
    app = App(machine, tmp_path, CLI)
    for path in app.project.rglob("*"):
        if (
            path.suffix in (".py", ".toml", ".md", ".lock", ".yml")
            and ".neverstale" not in path.parts
        ):
            path.write_bytes(re.sub(rb"\r?\n", b"\r\n", path.read_bytes()))
    app.verb("install")
    assert "nothing to do" in app.verb("fresh").out
    assert "all fresh" in app.verb("doctor").out
    app.verb("uninstall")


@pytest.mark.parametrize(
    "path",
    [
        '"{0}";;{1}',
        r"{0}\;{2}\;X:\gone;\\nowhere\share",
    ],
    ids=["quotes and nothing", "another spelling and what is gone"],
)
def test_odd_paths(path: str, machine: Machine, tmp_path: Path) -> None:
    app = App(machine, tmp_path, CLI)
    app.verb("install")
    commands = machine.spelled(machine.commands)
    app.inside = {"PATH": path.format(machine.programs, commands, commands.upper())}
    assert "all fresh" in app.verb("doctor").out
    app.inside = {"PATHEXT": None}
    assert "all fresh" in app.verb("doctor").out
    app.inside = {"USERPROFILE": None, "APPDATA": None, "LOCALAPPDATA": None, "HOMEPATH": None}
    told = app.verb("doctor", expect=None)
    assert told.code in (0, 1, 2)
    app.inside = None
    app.verb("uninstall")


def test_advice_is_for_powershell(machine: Machine, tmp_path: Path) -> None:
    app = App(machine, tmp_path, CLI)
    app.verb("install")
    app.inside = {"PATH": machine.programs}
    told = app.verb("doctor").out
    assert "NS602" in told
    assert '$env:PATH = "' in told
    app.inside = None
    app.verb("uninstall")


def test_another_program_comes_first(machine: Machine, tmp_path: Path) -> None:
    app = App(machine, tmp_path, CLI)
    app.verb("install")
    other = machine.drive / "other"
    other.mkdir(exist_ok=True)
    app.inside = {"PATH": machine.path(machine.spelled(other))}
    for name in ("demo-app.exe", "demo-app.cmd", "Demo-App.BAT"):
        (other / name).write_text("@echo other\r\n")
        (fix,) = app.fixes("NS601")
        assert rf"remove {machine.spelled(other)}\demo-app{name[-4:].lower()}" in fix
        (other / name).unlink()
    assert "all fresh" in app.verb("doctor").out
    app.inside = None
    app.verb("uninstall")


def test_names_that_differ_in_case(machine: Machine, tmp_path: Path) -> None:
    app = App(machine, tmp_path, CLI)
    app.verb("install")
    hello = app.package / "commands/hello.py"
    hello.rename(hello.with_name("Hello.py"))
    assert app.diagnosis()["exit_code"] == 1
    app.verb("fresh")
    assert "all fresh" in app.verb("doctor").out
    found = machine.tools / "demo-app/Lib/site-packages/demo_app/commands"
    assert {each.name for each in found.glob("*.py")} == {"__init__.py", "Hello.py"}
    assert (
        "all fresh" in app.verb("doctor", "--project", str(app.project).replace("demo", "DEMO")).out
    )
    app.verb("uninstall")


def test_files_that_may_not_be_written(machine: Machine, tmp_path: Path) -> None:
    app = App(machine, tmp_path, CLI)
    app.verb("install")
    app.replace("Hello, ", "Howdy, ", f"{CLI.package_path}/commands/hello.py")
    for path in (app.project / "src").rglob("*.py"):
        path.chmod(0o444)
    app.verb("fresh")
    assert app.command("hello") == "Howdy, world!"
    app.verb("install")
    app.verb("uninstall")
    assert (app.package / "commands/hello.py").exists()
    assert app.litter() == []


def test_a_user_whose_name_has_a_space(machine: Machine, tmp_path: Path) -> None:
    app = App(machine, tmp_path, CLI)
    profile = machine.drive / "users/my größe"
    profile.mkdir(parents=True, exist_ok=True)
    home = machine.spelled(profile)
    roaming, local = rf"{home}\AppData\Roaming", rf"{home}\AppData\Local"
    app.inside = {
        "USERPROFILE": home,
        "APPDATA": roaming,
        "LOCALAPPDATA": local,
        "PATH": rf"{machine.programs};{home}\.local\bin",
    }
    said = app.verb("install", "-v")
    assert '"demo-app @ file:///' in said.err
    assert "all fresh" in app.verb("doctor").out
    app.verb("uninstall")


@pytest.mark.parametrize("place", [r"X:\gone", r"\\nowhere\share\project"])
def test_a_drive_that_is_gone(place: str, machine: Machine, tmp_path: Path) -> None:
    app = App(machine, tmp_path, CLI)
    told = app.verb("doctor", "--project", place, expect=2).err
    assert f"error: there is no pyproject.toml in {place}\nhint: " in told
    assert "error: " in app.verb("install", "--target", place, expect=2).err


def test_a_terminal_without_the_character(machine: Machine, tmp_path: Path) -> None:
    app = App(machine, tmp_path, CLI)
    app.verb("install")
    app.write("größe.py", "X = 1\n")
    app.inside = {"PYTHONIOENCODING": "ascii"}
    assert r"gr\xf6\xdfe.py" in app.verb("doctor", expect=1).out
    app.inside = None
    app.verb("uninstall")


def test_where_pip_installs_for_a_user(machine: Machine, tmp_path: Path) -> None:
    app = App(machine, tmp_path, LIBRARY)
    pip = ("python", "-m", "pip", "--quiet", "--disable-pip-version-check")
    done = machine.run(*pip, "install", "--user", "--no-deps", ".", cwd=app.project)
    assert done.code == 0, str(done)
    try:
        places = {p["place"]: p["verdict"] for p in app.diagnosis()["places"]}
        assert places["user site 3.13"] == "fresh"
        app.write("added.py", "")
        places = {p["place"]: p["verdict"] for p in app.diagnosis()["places"]}
        assert places["user site 3.13"] == "out of date"
        done = machine.run(*pip, "install", "--user", "--no-deps", ".", cwd=app.project)
        assert done.code == 0, str(done)
        places = {p["place"]: p["verdict"] for p in app.diagnosis()["places"]}
        assert places["user site 3.13"] == "fresh"
    finally:
        machine.run(*pip, "uninstall", "--yes", "demo-app", cwd=app.project)


def test_a_wheel_of_another_interpreter(machine: Machine, tmp_path: Path) -> None:
    app = App(machine, tmp_path, CLI)
    app.verb("install")
    (wheel,) = machine.tools.glob("demo-app/Lib/site-packages/*.dist-info/WHEEL")
    text = wheel.read_text("utf-8")
    for tag, fits in (("cp39-cp39-win_amd64", False), ("cp313-cp313-win32", True)):
        wheel.write_text(text.replace("py3-none-any", tag), "utf-8")
        assert bool(app.fixes("NS606")) != fits
    app.verb("install")
    assert "all fresh" in app.verb("doctor").out
    app.verb("uninstall")


def test_what_wants_git_says_so(machine: Machine, tmp_path: Path) -> None:
    app = App(machine, tmp_path, CLI)
    app.replace("_src_path:", "_commit: v0.2.0\n_src_path:", ".copier-answers.yml")
    assert "git is not installed" in app.verb("update", expect=2).err

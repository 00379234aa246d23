"""Windows keeps what runs: it is neither replaced nor removed, at most renamed."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.render import Combination

from windows.app import App
from windows.machine import Machine

WAIT = '''\
"""Wait."""

import argparse
import time


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take nothing."""


def run(arguments: argparse.Namespace) -> int:
    """Wait for long."""
    print("waiting", flush=True)
    time.sleep(240)
    return 0
'''


@pytest.fixture
def app(machine: Machine, tmp_path: Path) -> App:
    """An installed tool with a command that does not end."""
    made = App(machine, tmp_path, Combination("uv_build", "src", "cli"))
    made.write("commands/wait.py", WAIT)
    made.verb("install")
    return made


def edit(app: App, old: str, new: str) -> None:
    app.replace(f'return f"{old}, ', f'return f"{new}, ', "src/demo_app/commands/hello.py")


def test_a_launcher_that_is_kept_open(app: App) -> None:
    """As by who asks importlib.metadata for its version: it opens what is first on sys.path."""
    eager = 'from importlib.metadata import version\n\n__version__ = version("demo-app")\n'
    app.write("__init__.py", f'"""Asked for at once."""\n\n{eager}')
    app.verb("install")
    with app.running():
        edit(app, "Hello", "Howdy")
        refused = app.verb("install", expect=2).err
        assert "is in use; what was installed before still works" in refused
        assert "hint: end the program that uses it" in refused
        assert app.command("hello") == "Hello, world!"
        assert app.diagnosis()["places"][1]["verdict"] == "out of date"
        assert "is in use" in app.verb("uninstall", expect=2).err
        assert app.command("hello") == "Hello, world!"
    assert "Installed" in app.verb("install").out
    assert app.command("hello") == "Howdy, world!"
    app.verb("uninstall")
    assert app.litter() == []


def test_a_launcher_that_can_be_renamed(app: App) -> None:
    with app.running():
        edit(app, "Hello", "Howdy")
        assert "Installed" in app.verb("install").out
        assert app.command("hello") == "Howdy, world!"
        assert "all fresh" in app.verb("doctor").out
        assert "Removed" in app.verb("uninstall").out
        assert "editable: runs " in app.verb("install-editable").out
    app.verb("uninstall")
    assert app.litter() == []


def test_two_at_once(app: App) -> None:
    edit(app, "Hello", "Howdy")
    both = [app.start("install"), app.start("install")]
    done = [app.machine.finish(process) for process in both]
    assert [each.code for each in done] == [0, 0], "\n".join(map(str, done))
    assert "all fresh" in app.verb("doctor").out
    assert app.command("hello") == "Howdy, world!"
    app.verb("uninstall")
    assert app.litter() == []


def test_killed_in_the_midst(app: App) -> None:
    store, tool = app.project / ".neverstale", app.machine.tools / "demo-app"
    moments: list[Callable[[], object]] = [
        lambda: [*store.glob("**/record")],
        lambda: [*store.glob("aside/*/complete")],
        lambda: not (tool / "uv-receipt.toml").exists(),
    ]
    word = "Hello"
    for number, reached in enumerate(moments):
        edit(app, word, word := f"Hello{number}")
        process = app.start("install")
        for _ in range(60_000):
            if reached() or process.poll() is not None:
                break
            time.sleep(0.001)
        app.machine.kill_all(process)
        assert "Installed" in app.verb("install").out
        assert app.command("hello") == f"{word}, world!"
        assert "all fresh" in app.verb("doctor").out
        assert app.litter() == []
    app.verb("uninstall")

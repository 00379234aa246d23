"""What is edited is installed again while somebody watches."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scenarios.library import Library

pytestmark = pytest.mark.slow

PATIENCE = 60


def eventually(holds: Callable[[], bool]) -> bool:
    """Return whether *holds* becomes true while a machine under load may still be at work."""
    for _ in range(PATIENCE * 10):
        if holds():
            return True
        time.sleep(0.1)
    return False


class Watched(Library):
    """A library, and what is installed of it."""

    @property
    def installed(self) -> str:
        """The code that is installed; empty while it is replaced."""
        found = self.project.glob(".venv/lib/*/site-packages/demo/__init__.py")
        try:
            return "".join(path.read_text("utf-8") for path in found)
        except FileNotFoundError:
            return ""

    @contextmanager
    def watching(self) -> "Iterator[subprocess.Popen[str]]":
        command = (sys.executable, "-m", "neverstale", "watch")
        process = subprocess.Popen(
            ("env", "--default-signal=INT", *command),
            cwd=self.project,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def test_the_last_edit_is_installed_last(tmp_path: Path) -> None:
    world = Watched(tmp_path)
    with world.watching() as process:
        assert eventually(lambda: "VALUE = 1" in world.installed)
        assert process.stdout is not None
        assert "Installed demo 1.0 in .venv" in process.stdout.readline()
        assert process.stdout.readline().startswith("watching ")
        for value in range(2, 12):
            world.edit(value)
            time.sleep(0.05)
        assert eventually(lambda: "VALUE = 11" in world.installed)
        world.replace("[build-system]", "[build-system")
        assert eventually(lambda: "error: " in process.stdout.readline())  # type: ignore[union-attr]
        world.replace("[build-system", "[build-system]")
        world.edit(12)
        assert eventually(lambda: "VALUE = 12" in world.installed)
        time.sleep(2)  # what was installed is no event
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0
        assert "Traceback" not in said
        assert said.count("Installed demo 1.0") == 1
    assert "VALUE = 12" in world.installed
    world.run(sys.executable, "-m", "neverstale", "doctor")


def test_without_watchfiles_it_says_what_to_install(tmp_path: Path) -> None:
    world = Library(tmp_path)
    command = (world.make_environment() / "neverstale", "watch")
    refused = world.run(*command, expect=2)
    assert refused.stderr.startswith("error: watch needs the package watchfiles\nhint: install ")

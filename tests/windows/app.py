"""One rendered project, driven from Windows."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from support.render import Combination, forget_tools, render_again
from support.world import FOLDER

from windows.machine import Done, Machine

LAUNCHER = ("uv", "run", "--frozen", "--script", "tools\\neverstale.py")

POSIX = ("Traceback", "unexpected ", "export PATH", "hash -r", " && ", "rm -rf", "make ")
"""What nobody on Windows is to be told."""


class App:
    """The project, and what Windows says of it."""

    def __init__(self, machine: Machine, root: Path, combination: Combination) -> None:
        self.machine, self.combination = machine, combination
        self.project = render_again(root / FOLDER / "demo-app", combination)
        forget_tools(self.project)
        self.inside: Mapping[str, str | None] | None = None
        self.verb("uninstall", expect=None)  # what a test that failed has left

    @property
    def package(self) -> Path:
        return self.project / self.combination.package_path

    def start(self, *words: str) -> "subprocess.Popen[bytes]":
        return self.machine.start(*LAUNCHER, *words, cwd=self.project, inside=self.inside)

    def verb(self, *words: str, expect: int | None = 0) -> Done:
        """Run a verb; its exit code has to be *expect*, and its words fit for Windows."""
        done = self.machine.finish(self.start(*words))
        assert expect in (None, done.code), f"{words}\n{done}"
        assert not [word for word in POSIX if word in done.out + done.err], str(done)
        return done

    def diagnosis(self, *options: str) -> Any:  # noqa: ANN401 - JSON
        return json.loads(self.verb("doctor", "--json", *options, expect=None).out)

    def start_command(self, *words: str) -> "subprocess.Popen[bytes]":
        """Start the installed command. Wine forbids to rename what is started straight from Linux."""
        command = self.machine.spelled(self.machine.commands / "demo-app.exe")
        return self.machine.start("cmd", "/c", command, *words, cwd=self.project)

    def command(self, *words: str) -> str:
        done = self.machine.finish(self.start_command(*words))
        return done.out.strip() if done.code == 0 else str(done)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Have the installed command run for as long as the body does."""
        process = self.start_command("wait")
        assert process.stdout is not None
        assert process.stdout.readline().strip() == b"waiting"
        try:
            yield
        finally:
            self.machine.kill_all(process)

    def fixes(self, code: str) -> list[str]:
        """Return the fixes of the findings of one code, commands or advice."""
        found = [f for place in self.diagnosis()["places"] for f in place["findings"]]
        return [each["fix"] or each["advice"] for each in found if each["code"] == code]

    def write(self, path: str, text: str) -> None:
        file = self.package / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def replace(self, old: str, new: str, path: str = "pyproject.toml") -> None:
        file = self.project / path
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")

    def litter(self) -> list[str]:
        """Return what is left of us beside the tools and the commands."""
        places = (self.machine.tools, self.machine.commands)
        names = [path.name for place in places for path in (*place.glob("*"), *place.glob(".*"))]
        return [name for name in names if "busy" in name or "aside" in name]

"""A Windows that is driven: this one, or the one that Wine has."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from support.world import uv_executable

OF_LINUX = {
    *("DISPLAY", "HOME", "PYENV_ROOT", "VIRTUAL_ENV", "UV", "UV_RUN_RECURSION_DEPTH"),
    *("UV_CACHE_DIR", "UV_TOOL_DIR", "UV_TOOL_BIN_DIR", "NEVERSTALE_CACHE_DIR", "TMPDIR"),
    *("PYTHONIOENCODING", "PYTHONUTF8", "PYTHONSAFEPATH", "PYTHONDONTWRITEBYTECODE"),
}

"""What a Windows of its own is not to have from whoever starts the tests."""

PROGRAMS = ("python", "uv", "uvx")


@dataclass(frozen=True)
class Done:
    """What a program came to; lines end in ``\\\\n``."""

    code: int
    out: str
    err: str

    def __str__(self) -> str:
        return f"exit code {self.code}\n{self.out}\n{self.err}"


@dataclass(frozen=True)
class Machine:
    """A Windows with a user of its own, whose profile is below *folder*."""

    folder: Path
    compiler: ClassVar[str] = "gcc"

    @property
    def programs(self) -> str:
        """The folder of uv, as Windows names it."""
        return str(Path(uv_executable()).parent)

    @property
    def drive(self) -> Path:
        """A folder that Windows has under a short name."""
        return self.folder

    @property
    def profile(self) -> Path:
        return self.folder / "user"

    @property
    def tools(self) -> Path:
        return self.profile / "AppData/Roaming/uv/tools"

    @property
    def commands(self) -> Path:
        return self.profile / ".local/bin"

    def spelled(self, path: Path) -> str:
        """Return *path*, which is below `drive`, as Windows spells it."""
        return str(path)

    def path(self, *folders: str) -> str:
        """Return a PATH of *folders*, uv's and that of the commands."""
        return ";".join([*folders, self.programs, self.spelled(self.commands)])

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name.upper() not in OF_LINUX}
        home = self.profile
        return kept | {
            "USERPROFILE": str(home),
            "APPDATA": str(home / "AppData/Roaming"),
            "LOCALAPPDATA": str(home / "AppData/Local"),
            "PATH": f"{self.path()};{os.environ['PATH']}",
            "UV_PYTHON": getattr(sys, "_base_executable", sys.executable),
            "UV_PYTHON_DOWNLOADS": "never",
        }

    def start(
        self, *command: str, cwd: Path, inside: Mapping[str, str | None] | None = None
    ) -> "subprocess.Popen[bytes]":
        """Start a program; *inside* are variables that it has, None for one that it has not."""
        environment = self.environment
        for name, value in (inside or {}).items():
            environment.pop(name, None)
            environment |= {} if value is None else {name: value}
        known = {"python": environment["UV_PYTHON"], "uv": uv_executable()}
        return subprocess.Popen(
            [known.get(command[0], command[0]), *command[1:]],
            cwd=cwd,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def finish(self, process: "subprocess.Popen[bytes]") -> Done:
        out, err = process.communicate(b"", timeout=300)
        told = [
            part.decode("utf-8", "backslashreplace").replace("\r\n", "\n") for part in (out, err)
        ]
        return Done(process.returncode, *told)

    def run(self, *command: str, cwd: Path, inside: Mapping[str, str | None] | None = None) -> Done:
        return self.finish(self.start(*command, cwd=cwd, inside=inside))

    def kill_all(self, process: "subprocess.Popen[bytes]") -> None:
        """Kill *process* and what it has started; no handler of theirs runs."""
        command = ["taskkill", "/F", "/T", "/PID", str(process.pid)]
        subprocess.run(command, capture_output=True, check=False)
        process.communicate()

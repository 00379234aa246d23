"""Commands timed in turn, so that what else the machine does falls on both."""

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
COPY = ("copier", "copy", "--defaults", "--quiet", "--vcs-ref", "HEAD")
WARM_UP = 2
"""The first pairs, which fill the caches and are not counted."""


@dataclass(frozen=True)
class Timed:
    """A command, where it runs, and what is done before each run, which may say where instead."""

    command: Sequence[str]
    folder: Path
    environment: Mapping[str, str]
    before: Callable[[], Path | None] = lambda: None

    def run(self) -> float:
        """Run the command; return the seconds it took."""
        folder = self.before() or self.folder
        return seconds(self.command, folder, self.environment)


def seconds(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> float:
    """Run *command*, which has to succeed; return the seconds it took."""
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True)
    taken = time.perf_counter() - start
    if done.returncode:
        said = (done.stdout + done.stderr).decode("utf-8", "replace")
        sys.exit(f"error: {' '.join(command)} ended with exit code {done.returncode}\n{said}")
    return taken


@dataclass(frozen=True)
class Ratio:
    """The median of one command as a multiple of another's, and the quartiles of the pairs' own."""

    median: float
    lower: float
    upper: float
    pairs: int


def in_turn(first: Timed, second: Timed, pairs: int) -> Ratio:
    """Return how many times as long as *second* the *first* takes."""
    taken = [(first.run(), second.run()) for _ in range(WARM_UP + pairs)][WARM_UP:]
    one, other = zip(*taken, strict=True)
    lower, _, upper = statistics.quantiles([a / b for a, b in taken], n=4)
    median = statistics.median(one) / statistics.median(other)
    return Ratio(round(median, 2), round(lower, 2), round(upper, 2), pairs)


def environment_in(root: Path) -> dict[str, str]:
    """Return an environment whose tools are below *root*, and in which Python caches bytecode."""
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv is None:
        sys.exit("error: uv is not installed\nhint: run `make bench`, which installs it")
    path = [root / "bin", Path(sys.executable).parent, Path(uv).parent, os.environ["PATH"]]
    unwanted = ("PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV", "UV", "MAKEFLAGS", "MAKELEVEL")
    return {
        **{name: value for name, value in os.environ.items() if name not in unwanted},
        "PATH": os.pathsep.join(map(str, path)),
        "UV_TOOL_DIR": str(root / "tools"),
        "UV_TOOL_BIN_DIR": str(root / "bin"),
        "UV_NO_PROGRESS": "1",
    }

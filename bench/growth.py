"""Measure how time and memory grow with files, members of a workspace, and environments.

Written to bench/results/growth.json: the median of each verb as a multiple of the median of
``--version`` in the same run, and the peak memory of the verb's own process, in megabytes.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from speed import Worlds
from timed import REPOSITORY

RESULTS = REPOSITORY / "bench" / "results" / "growth.json"
SIZES = {
    "files, flat": (10, 100, 1_000, 10_000, 100_000),
    "files, ten deep": (10, 100, 1_000, 10_000, 100_000),
    "members": (1, 10, 100),
    "environments": (1, 10, 100),
}
VERBS = ("install", "fresh", "doctor", "doctor --quick")
RUNS, RUNS_OF_LONG, LONG = 5, 2, 10.0
"""How often each is run, and how often what takes longer than so many seconds."""

OWN_MEMORY = """\
import atexit, resource, sys
own = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
atexit.register(lambda: print(own(), file=sys.stderr))
from neverstale.__main__ import main
sys.exit(main())
"""

MEMBER = """\
[project]
name = "member-{number}"
version = "1"
requires-python = ">=3.11"
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
"""


def with_files(worlds: Worlds, count: int, *, deep: bool) -> Path:
    """Return a project whose package has *count* more modules, in one folder or ten deep."""
    project = worlds.render(f"files-{count}-{deep}")
    for number in range(count):
        folder = project / "src" / "demo_app" / "many"
        if deep:
            digits = f"{number // 100:05}"
            folder = folder.joinpath(*(f"d{digit}" for digit in digits), *"abcde")
        folder.mkdir(parents=True, exist_ok=True)
        module = folder / f"module_{number}.py"
        module.write_text(f"VALUE_{number} = {number}\n" * 20, "utf-8")
    return project


def with_members(worlds: Worlds, count: int) -> Path:
    """Return a workspace of *count* members, all of which the first requires."""
    name = f"members-{count}"
    project = worlds.render(name)
    names = [f"member-{number}" for number in range(1, count)]
    for number, member in enumerate(names, 1):
        package = project / "packages" / member / f"member_{number}"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(f"VALUE = {number}\n", "utf-8")
        (package.parent / "pyproject.toml").write_text(MEMBER.format(number=number), "utf-8")
    text = (project / "pyproject.toml").read_text("utf-8")
    text = text.replace("dependencies = []", f"dependencies = {json.dumps(names)}")
    sources = "".join(f"{name} = {{ workspace = true }}\n" for name in names)
    text += f'\n[tool.uv.sources]\n{sources}\n[tool.uv.workspace]\nmembers = ["packages/*"]\n'
    (project / "pyproject.toml").write_text(text, "utf-8")
    return project


def with_environments(worlds: Worlds, count: int) -> Path:
    """Return a project that is in *count* environments of uv tools."""
    name = f"environments-{count}"
    project = worlds.render(name)
    worlds.run(name, "make", "install")
    tools = worlds.root / name / "tools"
    for number in range(1, count):
        shutil.copytree(tools / "demo-app", tools / f"other-{number}", symlinks=True)
    return project


MAKERS: dict[str, Callable[[Worlds, int], Path]] = {
    "files, flat": lambda worlds, count: with_files(worlds, count, deep=False),
    "files, ten deep": lambda worlds, count: with_files(worlds, count, deep=True),
    "members": with_members,
    "environments": with_environments,
}


def measured(
    command: Sequence[str], folder: Path, environment: dict[str, str], before: Callable[[], None]
) -> tuple[float, int]:
    """Run *command* some times; return the median in seconds, and the peak memory."""
    taken: list[float] = []
    peak = 0
    while len(taken) < RUNS and not (len(taken) >= RUNS_OF_LONG and max(taken) > LONG):
        before()
        start = time.perf_counter()
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        taken.append(time.perf_counter() - start)
        if done.returncode not in (0, 1):
            sys.exit(f"error: {command} in {folder}\n{done.stdout}{done.stderr}")
        peak = max(peak, int(done.stderr.split()[-1]))
    return statistics.median(taken), peak


def grown(worlds: Worlds, what: str, count: int) -> dict[str, dict[str, float]]:
    """Return verb → how many times the start it takes and its peak memory, for one size."""
    project = MAKERS[what](worlds, count)
    name = project.parent.name
    environment = worlds.environment(name)
    worlds.run(name, "make", "install")
    asked = ("uv", "python", "find", "--script", "tools/neverstale.py")
    python = subprocess.run(
        asked, cwd=project, env=environment, capture_output=True, text=True, check=True
    ).stdout.strip()
    own = worlds.root / "own.py"
    own.write_text(OWN_MEMORY, "utf-8")
    module = project / "src" / "demo_app" / "__init__.py"

    def edit() -> None:
        with module.open("a", encoding="utf-8") as stream:
            stream.write(f"# {time.time_ns()}\n")

    def nothing() -> None: ...

    start, _ = measured((python, str(own), "--version"), project, environment, nothing)
    found = {}
    for verb in VERBS:
        before = edit if verb == "install" else nothing
        taken, peak = measured((python, str(own), *verb.split()), project, environment, before)
        found[verb] = {"times_the_start": round(taken / start, 2), "megabytes": peak}
    shutil.rmtree(worlds.root / name)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="*", choices=[*SIZES, []], help="what grows (all)")
    parser.add_argument("--most", type=int, default=100_000, help="the largest size")
    given = parser.parse_args()
    found = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    for what in given.what or SIZES:
        for count in (size for size in SIZES[what] if size <= given.most):
            with tempfile.TemporaryDirectory(prefix="neverstale-growth-") as folder:
                row = grown(Worlds(Path(folder)), what, count)
            found.setdefault(what, {})[str(count)] = row
            told = ", ".join(
                f"{verb} {each['times_the_start']} ({each['megabytes']} MB)"
                for verb, each in row.items()
            )
            print(f"{count:>7} {what}: {told}", flush=True)
            RESULTS.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

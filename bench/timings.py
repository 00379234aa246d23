"""Time the commands against those that people type instead: ratios of medians of one run.

The runs of a pair are interleaved, so that what else the machine does falls on both. Nothing is
asserted about seconds. The result is printed, and written to .bench/timings.json.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
PLAIN = "uv tool install --force ."

EVERYTHING = "[vscode, devcontainer, docker, agents, renovate, dependabot]"

LIMITS = {
    "make install": 1.0,
    "nox -s install": 1.4,
    "make fresh": 0.35,
    "copier copy --defaults": 1.35,
    "copier copy with everything": 1.6,
}
PEAK_MEGABYTES = 80
WARM_UP = 2
"""The first runs of each command, which fill the caches and are not counted."""

MEASURE_PEAK = """\
import resource, sys
sys.path.insert(0, "tools")
from neverstale.cli import main
code = main(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, file=sys.stderr)
sys.exit(code)
"""


@dataclass(frozen=True)
class Ratio:
    """How long *command* takes, as a multiple of *against*; medians of *runs* runs each."""

    command: str
    against: str
    ratio: float
    limit: float
    runs: int

    @property
    def held(self) -> bool:
        """Whether the ratio is within its limit."""
        return self.ratio <= self.limit


def seconds(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    return time.perf_counter() - start


def compare(
    commands: Mapping[str, Sequence[str]], folder: Path, environment: Mapping[str, str], runs: int
) -> list[Ratio]:
    """Time all *commands* in turn, the first being what the others are held against."""
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(WARM_UP + runs):
        for name, command in commands.items():
            elapsed = seconds(command, folder, environment)
            if turn >= WARM_UP:
                taken[name].append(elapsed)
    medians = {name: statistics.median(times) for name, times in taken.items()}
    against = next(iter(commands))
    return [
        Ratio(name, against, round(medians[name] / medians[against], 2), LIMITS[name], runs)
        for name in commands
        if name != against
    ]


def time_installs(root: Path, environment: Mapping[str, str], runs: int) -> list[Ratio]:
    project = root / "demo-app"
    render = ["copier", "copy", "--defaults", "--quiet", "--vcs-ref", "HEAD", str(REPOSITORY)]
    subprocess.run([*render, str(project)], env=environment, check=True)
    commands = {
        PLAIN: PLAIN.split(),
        "make install": ["make", "install"],
        "nox -s install": ["nox", "-s", "install"],
        "make fresh": ["make", "fresh"],
    }
    # Each `make fresh` follows a `nox -s install`, so that there is nothing to do.
    return compare(commands, project, environment, runs)


def time_renders(root: Path, environment: Mapping[str, str], runs: int) -> list[Ratio]:
    empty, full = root / "empty", root / "full"
    empty.mkdir()
    (empty / "copier.yml").write_text("project_name:\n  type: str\n  default: Demo App\n")
    (empty / "README.md.jinja").write_text("# {{ project_name }}\n")
    full.mkdir()
    for part in ("copier.yml", "template", "licenses", "macros"):
        source = REPOSITORY / part
        if source.is_dir():
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, full / part, ignore=ignore)
        else:
            shutil.copy2(source, full / part)
    copy = ["copier", "copy", "--defaults", "--overwrite", "--quiet"]
    commands = {
        "copier copy of an empty template": [*copy, str(empty), str(root / "made-empty")],
        "copier copy --defaults": [*copy, str(full), str(root / "made-full")],
        "copier copy with everything": [
            *(*copy, "--data", f"extras={EVERYTHING}", str(full), str(root / "made-everything"))
        ],
    }
    return compare(commands, root, environment, runs)


def peak_megabytes(root: Path, environment: Mapping[str, str]) -> int:
    """Return the peak of the tool's own process in ``install``, in megabytes."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE_PEAK, "install"],
        cwd=root / "demo-app",
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return int(done.stderr.splitlines()[-1])


def environment_in(root: Path) -> dict[str, str]:
    """Return an environment whose tools are below *root*, and in which Python caches bytecode."""
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv is None:
        sys.exit("error: uv is not installed\nhint: run `make bench`, which installs it")
    path = [Path(sys.executable).parent, Path(uv).parent, os.environ["PATH"]]
    unwanted = ("PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV", "UV", "MAKEFLAGS", "MAKELEVEL")
    return {
        **{name: value for name, value in os.environ.items() if name not in unwanted},
        "PATH": os.pathsep.join(map(str, path)),
        "UV_TOOL_DIR": str(root / "tools"),
        "UV_TOOL_BIN_DIR": str(root / "bin"),
        "UV_NO_PROGRESS": "1",
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15, help="runs of each command")
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory(prefix="neverstale-bench-") as folder:
        root = Path(folder)
        environment = environment_in(root)
        ratios = time_installs(root, environment, runs) + time_renders(root, environment, runs)
        peak = peak_megabytes(root, environment)
    for ratio in ratios:
        mark = "held" if ratio.held else "MISSED"
        print(f"{ratio.command:<24} {ratio.ratio:5.2f} x {ratio.against}")
        print(f"{'':<24} at most {ratio.limit}: {mark}")
    print(f"{'peak memory of install':<24} {peak:5d} MB, at most {PEAK_MEGABYTES}")
    result = REPOSITORY / ".bench" / "timings.json"
    result.parent.mkdir(exist_ok=True)
    numbers = {"ratios": [asdict(ratio) for ratio in ratios], "peak_megabytes": peak}
    result.write_text(json.dumps(numbers, indent=2) + "\n", encoding="utf-8")
    return 0 if all(ratio.held for ratio in ratios) and peak <= PEAK_MEGABYTES else 1


if __name__ == "__main__":
    sys.exit(main())

"""Time the doctor on packages of many files: ratios to sha256sum, and peak memory.

The files are those that the doctor reads: the sources and what is installed. The runs of a pair
are interleaved. The result is printed, and written to .bench/scale.json.
"""

import argparse
import json
import math
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from timed import REPOSITORY, environment_in

SIZES = (100, 1_000, 10_000, 50_000)
BASE, JUDGED = 1_000, 10_000
"""The size that growth is told against, and the one that the limit is for."""

QUICK, PLAIN = "doctor --quick", "uv run python -c pass"

MOST_TIMES_SHA256SUM = 3.0
"""The limit for the default depth at 10,000 files."""

MOST_TIMES_PLAIN = 5.0
"""The limit for --quick on a small project, over `uv run python -c pass`."""

MOST_GROWTH = 1.3
"""The limit for the time per byte read, over that with BASE files."""

MOST_MEGABYTES = 256
"""The limit for the peak memory, at any size."""

MEDIAN_BYTES = 3_000
"""Of a file: half of the modules of well-known distributions are smaller. --bytes sets another."""

RUNS = 5
TOOL = ("uv", "run", "--quiet", "--script", "tools/neverstale.py")


@dataclass(frozen=True)
class Scale:
    """What the doctor took for a package of *files* files, against sha256sum over the same."""

    files: int
    megabytes: float
    ratio: float
    ratio_to_one_copy: float
    peak_megabytes: int
    seconds_per_megabyte: float


def measured(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], stdin: Path | None = None
) -> tuple[float, int]:
    """Run *command*; give the seconds that it took and its peak memory, in megabytes.

    The peak is the largest of any process that it started and waited for.
    """
    with Path(stdin or os.devnull).open("rb") as stream:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=stream, stdout=subprocess.DEVNULL
        )
        _, status, usage = os.wait4(process.pid, 0)
        elapsed = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"error: {' '.join(command)} ended with exit code {process.returncode}")
    return elapsed, usage.ru_maxrss // 1024


def project_of(
    root: Path, files: int, environment: Mapping[str, str], median: int = MEDIAN_BYTES
) -> Path:
    """Render a project with a package of *files* modules of *median* bytes, and install it."""
    project = root / f"project-{files}"
    render = ["copier", "copy", "--defaults", "--quiet", "--vcs-ref", "HEAD"]
    render += ["--data", "project_name=Demo App"]
    subprocess.run([*render, str(REPOSITORY), str(project)], env=environment, check=True)
    chance = random.Random(files)  # noqa: S311 - the same files each time
    for number in range(files):
        folder = project / "src" / "demo_app" / f"part_{number // 100}"
        folder.mkdir(exist_ok=True)
        size = int(chance.lognormvariate(math.log(median), 1.2))
        line = f"VALUE_{number} = {chance.random()}\n"
        (folder / f"module_{number}.py").write_text(line * (size // len(line) + 1))
    # The lock file is a source as well: it has to be there before the wheel is built.
    for command in (["uv", "sync", "--quiet"], [*TOOL, "install"]):
        subprocess.run(command, cwd=project, env=environment, check=True, capture_output=True)
    return project


def scale(root: Path, files: int, environment: Mapping[str, str], median: int) -> Scale:
    project = project_of(root, files, environment, median)
    sources = sorted((project / "src").rglob("*.py"))
    site = next(Path(environment["UV_TOOL_DIR"]).glob("demo-app/lib/python3*/site-packages"))
    installed = sorted((site / "demo_app").rglob("*.py"))
    lists = {"both": root / "both", "one": root / "one"}
    for key, paths in (("both", [*sources, *installed]), ("one", sources)):
        lists[key].write_bytes("\0".join(map(str, paths)).encode())
    taken: dict[str, list[float]] = {"doctor": [], "both": [], "one": []}
    peak = 0
    for _ in range(RUNS + 1):
        elapsed, used = measured([*TOOL, "doctor"], project, environment)
        taken["doctor"].append(elapsed)
        peak = max(peak, used)
        for key, names in lists.items():
            command = ["xargs", "-0", "sha256sum"]
            taken[key].append(measured(command, project, environment, names)[0])
    medians = {key: statistics.median(times[1:]) for key, times in taken.items()}
    size = sum(path.stat().st_size for path in [*sources, *installed]) / 1e6
    shutil.rmtree(project)
    return Scale(
        files,
        round(size, 1),
        round(medians["doctor"] / medians["both"], 2),
        round(medians["doctor"] / medians["one"], 2),
        peak,
        medians["doctor"] / size,
    )


def quick_ratio(root: Path, environment: Mapping[str, str]) -> float:
    """Return how many times as long as PLAIN `doctor --quick` takes on a small project."""
    project = project_of(root, 0, environment)
    commands = {QUICK: [*TOOL, *QUICK.split()], PLAIN: PLAIN.split()}
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(22):
        for name, command in commands.items():
            elapsed, _ = measured(command, project, environment)
            if turn > 1:
                taken[name].append(elapsed)
    return round(statistics.median(taken[QUICK]) / statistics.median(taken[PLAIN]), 2)


def report(scales: Sequence[Scale], quick: float) -> bool:
    """Print what was measured; tell whether the limits are held."""
    held = quick <= MOST_TIMES_PLAIN
    print(f"{QUICK}: {quick} x {PLAIN}, at most {MOST_TIMES_PLAIN}")
    smallest = next((s for s in scales if s.files >= BASE), scales[0])
    for each in scales:
        growth = each.seconds_per_megabyte / smallest.seconds_per_megabyte
        print(
            f"{each.files:>6} files, {each.megabytes:>6.1f} MB: {each.ratio:5.2f} x sha256sum of"
            f" both copies, {each.ratio_to_one_copy:5.2f} x of one; {growth:4.2f} x per byte of"
            f" that with {smallest.files}; peak {each.peak_megabytes} MB"
        )
        held = held and each.peak_megabytes <= MOST_MEGABYTES
        if each.files > BASE:
            held = held and growth <= MOST_GROWTH
        if each.files == JUDGED:
            held = held and each.ratio <= MOST_TIMES_SHA256SUM
    return held


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES, metavar="FILES")
    parser.add_argument("--bytes", type=int, default=MEDIAN_BYTES, help="the median of a file")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="neverstale-scale-") as folder:
        root = Path(folder)
        environment = environment_in(root)
        quick = quick_ratio(root, environment)
        scales = [scale(root, n, environment, arguments.bytes) for n in arguments.sizes]
    held = report(scales, quick)
    result = REPOSITORY / ".bench" / "scale.json"
    result.parent.mkdir(exist_ok=True)
    numbers = {"quick_ratio": quick, "scales": [asdict(each) for each in scales]}
    result.write_text(json.dumps(numbers, indent=2) + "\n", encoding="utf-8")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())

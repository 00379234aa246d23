"""The cells are measured: several at once, each in a temporary folder, each written when known."""

import datetime as dt
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from functools import cache
from importlib.metadata import version
from pathlib import Path

from support.tree import build_probes
from support.world import cache_folder, uv_executable

from staleness import results
from staleness.cells import OLD_UVS, Cell
from staleness.results import Circumstances
from staleness.trial import BlindError, Outcome, Result, try_out

REPOSITORY = Path(__file__).parents[2]

UNMEASURED = (AssertionError, BlindError, OSError, subprocess.SubprocessError)
"""What keeps a cell from being measured: the trial could not be set up, or sees nothing."""


def measure(left: Sequence[Cell], workers: int, path: Path) -> int:
    """Measure the cells that are *left*, write them to *path*; give how many failed to be."""
    uvs = {release: uv_of(release) for release in {cell.uv for cell in left}}
    results.write([circumstances()], path)
    os.environ.setdefault("UV_CACHE_DIR", cache_folder())
    with (
        tempfile.TemporaryDirectory(prefix="neverstale-matrix-") as folder,
        ThreadPoolExecutor(workers) as pool,
    ):
        home = Path(folder)
        build_probes(home / "shared" / "find-links")
        running = {
            pool.submit(in_its_place, cell, uvs[cell.uv], home / str(number), home / "shared"): cell
            for number, cell in enumerate(left)
        }
        try:
            return collect(running, path)
        except KeyboardInterrupt:
            print("\nstopped; the same command without --again goes on from here", file=sys.stderr)
            pool.shutdown(cancel_futures=True)
            return 0


def collect(running: dict[Future[Result], Cell], path: Path) -> int:
    """Write what is measured, as soon as it is; give how many cells could not be measured."""
    tally: Counter[str] = Counter()
    failures, start = 0, time.monotonic()
    for done, future in enumerate(as_completed(running), start=1):
        cell = running.pop(future)
        try:
            result = future.result()
        except UNMEASURED as error:
            failures += 1
            print(f"\nnot measured: {cell}\n{error}", file=sys.stderr)
            continue
        results.write([(cell, result)], path)
        tally[result.outcome.value] += 1
        minutes = (time.monotonic() - start) / done * len(running) / 60
        show(done, done + len(running), tally, minutes)
    print(file=sys.stderr)
    return failures


def in_its_place(cell: Cell, uv: Path, root: Path, shared: Path) -> Result:
    """Try *cell* out in *root*, remove that; what is shown names no folder of this machine."""
    root.mkdir()
    try:
        result = try_out(cell, uv, root, shared)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    shown = result.shown.replace(str(root), "…").replace(str(REPOSITORY), "…")
    return Result(result.outcome, result.seconds, shown[:160])


def show(done: int, total: int, tally: Counter[str], minutes: float) -> None:
    """Show how far the run is: on a terminal in place, in a log now and then."""
    counts = ", ".join(f"{tally[outcome.value]} {outcome.value}" for outcome in Outcome)
    text = f"{done}/{total}: {counts}; about {minutes:.0f} min left"
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
    elif done % 25 == 0 or done == total:
        print(text, file=sys.stderr, flush=True)


@cache
def newest_uv() -> str:
    """Return the version of the uv that is found here, which uv.lock has."""
    asked = [uv_executable(), "--version"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split()[1]


def uv_of(release: str) -> Path:
    """Return the path of the uv of *release*, installed from the package index where it is old."""
    if release == newest_uv():
        return Path(uv_executable()).resolve()
    target = REPOSITORY / ".bench" / "uv" / release
    if not (target / "bin" / "uv").exists():
        command = [uv_executable(), "pip", "install", "--quiet", "--target", str(target)]
        subprocess.run([*command, f"uv=={release}"], check=True)
    return target / "bin" / "uv"


def circumstances() -> Circumstances:
    """Say with what is measured now."""
    uvs = dict.fromkeys((*OLD_UVS, newest_uv()))
    return Circumstances(
        dt.datetime.now(tz=dt.timezone.utc).date().isoformat(),
        platform.python_version(),
        f"{platform.system()} {platform.machine()}",
        {"uv": ", ".join(uvs), **{name: version(name) for name in ("nox", "pip", "tox")}},
    )

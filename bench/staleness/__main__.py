"""Run the staleness matrix, or go on with it. `nox -s pages` draws what was measured.

Each cell is a project of its own in a temporary folder, with its own folders of uv's for tools
and commands. What is measured stands in bench/results/staleness.jsonl; a cell that stands there
is not run again. Ctrl-C stops after the cells that are under way.
"""

import argparse
import datetime as dt
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from importlib.metadata import version
from itertools import islice
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
sys.path[0] = str(REPOSITORY / "bench")
sys.path[1:1] = [str(REPOSITORY / "tests"), str(REPOSITORY / "template" / "tools")]

from support.tree import build_probes  # noqa: E402
from support.world import cache_folder, uv_executable  # noqa: E402

from staleness import results  # noqa: E402
from staleness.cells import OLD_UVS, Cell, cells  # noqa: E402
from staleness.results import Circumstances  # noqa: E402
from staleness.trial import BlindError, Outcome, Result, try_out  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="cells at once")
    parser.add_argument("--only", default="", help="cells that have this in their description")
    parser.add_argument("--results", type=Path, default=results.FILE, help="where they stand")
    parser.add_argument("--again", default="", help="forget cells that have this, and run them")
    parser.add_argument("--list", action="store_true", help="list the cells, run nothing")
    parsed = parser.parse_args()
    newest = version_of(Path(uv_executable()))
    chosen = [cell for cell in cells(newest) if parsed.only in describe(cell)]
    if parsed.list:
        print("\n".join(map(describe, chosen)))
        return 0
    if parsed.again:
        results.forget(lambda cell: parsed.again in describe(cell), parsed.results)
    known = results.read(parsed.results).cells
    left = [cell for cell in chosen if cell not in known]
    print(
        f"{len(chosen)} cells, {len(chosen) - len(left)} of them measured before", file=sys.stderr
    )
    failures = measure(left, parsed.workers, parsed.results, newest) if left else 0
    return min(failures, 1)


def describe(cell: Cell) -> str:
    """Describe *cell* in one line, for ``--only`` and for messages."""
    return f"uv {cell.uv} | {cell.subject} | {cell.command} | {cell.edit}"


def version_of(uv: Path) -> str:
    """Ask *uv* for its version."""
    asked = subprocess.run([uv, "--version"], capture_output=True, text=True, check=True)
    return asked.stdout.split()[1]


def uv_of(release: str, newest: str, folder: Path) -> Path:
    """Give the path of the uv of *release*, installed from the package index where it is old."""
    if release == newest:
        return Path(uv_executable()).resolve()
    target = folder / release
    if not (target / "bin" / "uv").exists():
        command = [uv_executable(), "pip", "install", "--quiet", "--target", str(target)]
        subprocess.run([*command, f"uv=={release}"], check=True)
    return target / "bin" / "uv"


def circumstances(newest: str) -> Circumstances:
    """Say with what is measured now."""
    uvs = dict.fromkeys((*OLD_UVS, newest))
    return Circumstances(
        dt.datetime.now(tz=dt.timezone.utc).date().isoformat(),
        platform.python_version(),
        f"{platform.system()} {platform.machine()}",
        {"uv": ", ".join(uvs), **{name: version(name) for name in ("nox", "pip", "tox")}},
    )


def measure(left: list[Cell], workers: int, path: Path, newest: str) -> int:
    """Measure the cells that are *left*; give how many could not be measured."""
    kept = REPOSITORY / ".bench" / "uv"
    uvs = {release: uv_of(release, newest, kept) for release in {cell.uv for cell in left}}
    results.write([circumstances(newest)], path)
    with tempfile.TemporaryDirectory(prefix="neverstale-matrix-") as folder:
        shared = Path(folder, "shared")
        build_probes(shared / "find-links")
        os.environ.setdefault("UV_CACHE_DIR", cache_folder())
        queue = iter(enumerate(left))
        failures, done, start = 0, 0, time.monotonic()
        tally = dict.fromkeys(Outcome, 0)
        with ThreadPoolExecutor(workers) as pool:
            running: dict[Future[Result], Cell] = {}
            try:
                while True:
                    for number, cell in islice(queue, workers - len(running)):
                        root = Path(folder, str(number))
                        root.mkdir()
                        running[pool.submit(in_its_place, cell, uvs[cell.uv], root, shared)] = cell
                    if not running:
                        break
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        cell = running.pop(future)
                        done += 1
                        try:
                            result = future.result()
                        except (
                            AssertionError,
                            BlindError,
                            OSError,
                            subprocess.SubprocessError,
                        ) as error:
                            failures += 1
                            print(f"\nnot measured: {describe(cell)}\n{error}", file=sys.stderr)
                            continue
                        results.write([(cell, result)], path)
                        tally[result.outcome] += 1
                        show(done, len(left), tally, start)
            except KeyboardInterrupt:
                print("\nstopped; the same command goes on from here", file=sys.stderr)
                pool.shutdown(cancel_futures=True)
    print(file=sys.stderr)
    return failures


def in_its_place(cell: Cell, uv: Path, root: Path, shared: Path) -> Result:
    """Try *cell* out in *root*, remove that; what is shown names no folder of this machine."""
    try:
        result = try_out(cell, uv, root, shared)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    shown = result.shown.replace(str(root), "…").replace(str(REPOSITORY), "…")
    return Result(result.outcome, result.seconds, shown[:160])


def show(done: int, total: int, tally: dict[Outcome, int], start: float) -> None:
    """Show how far the run is: on a terminal in place, in a log now and then."""
    minutes = (time.monotonic() - start) / done * (total - done) / 60
    counts = ", ".join(f"{count} {outcome.value}" for outcome, count in tally.items())
    text = f"{done}/{total}: {counts}; about {minutes:.0f} min left"
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
    elif done % 25 == 0 or done == total:
        print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

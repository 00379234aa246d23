"""Run the staleness matrix, or go on with it. `nox -s pages` draws what was measured.

Each cell is a project of its own in a temporary folder, with its own folders of uv's for tools
and commands. What is measured stands in bench/results/staleness.jsonl; a cell that stands there
is not run again. Ctrl-C stops after the cells that are under way.
"""

import argparse
import os
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
sys.path[0] = str(REPOSITORY / "bench")
sys.path[1:1] = [str(REPOSITORY / "tests"), str(REPOSITORY / "template" / "tools")]

from staleness import results  # noqa: E402
from staleness.cells import cells  # noqa: E402
from staleness.measuring import measure, newest_uv  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="cells at once")
    parser.add_argument("--only", default="", help="cells that have this in their description")
    parser.add_argument("--results", type=Path, default=results.FILE, help="where they stand")
    parser.add_argument("--again", default="", help="forget cells that have this, and run them")
    parser.add_argument("--list", action="store_true", help="list the cells, run nothing")
    parsed = parser.parse_args()
    chosen = [cell for cell in cells(newest_uv()) if parsed.only in str(cell)]
    if parsed.list:
        print("\n".join(map(str, chosen)))
        return 0
    if parsed.again:
        results.forget(lambda cell: parsed.again in str(cell), parsed.results)
    known = results.read(parsed.results).cells
    left = [cell for cell in chosen if cell not in known]
    print(
        f"{len(chosen)} cells, {len(chosen) - len(left)} of them measured before", file=sys.stderr
    )
    return min(measure(left, parsed.workers, parsed.results), 1) if left else 0


if __name__ == "__main__":
    sys.exit(main())

"""Measure where the time of each verb goes, in shares of the whole; and the floor under it.

Written to bench/results/shares.json. The floor is what no change of ours could take away: the
starts of uv and of Python, the backend's build, the install by uv.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from speed import SCRIPT, Worlds, editor
from timed import REPOSITORY, seconds

RESULTS = REPOSITORY / "bench" / "results" / "shares.json"
VERBS = ("install", "fresh", "run true", "doctor --quick", "doctor")
RUNS = 11

TRACED = """\
import atexit, builtins, sys, time
began, told, depth = time.perf_counter(), {"imports": 0.0, "build": 0.0, "uv": 0.0}, 0
original = builtins.__import__
def imported(*given, **more):
    global depth
    if depth:
        return original(*given, **more)
    depth, start = 1, time.perf_counter()
    try:
        return original(*given, **more)
    finally:
        depth = 0
        told["imports"] += time.perf_counter() - start
builtins.__import__ = imported
from neverstale.process import Uv
capture = Uv.capture
def captured(self, *command, **more):
    start = time.perf_counter()
    try:
        return capture(self, *command, **more)
    finally:
        what = "uv" if command[0] == self.executable else "build"
        told[what] += time.perf_counter() - start
Uv.capture = captured
def write():
    import json
    told["all"] = time.perf_counter() - began
    open(TOLD, "w").write(json.dumps(told))
atexit.register(write)
import os
execvpe = os.execvpe
def replaced(*given):
    write()
    execvpe(*given)
os.execvpe = replaced
from neverstale.__main__ import main
sys.exit(main())
"""


def shares(worlds: Worlds, verb: str) -> dict[str, float]:
    """Return what part of the time of *verb* is whose, in percent."""
    project, environment = worlds.made["ours"], worlds.environment("ours")
    asked = ("uv", "python", "find", "--script", "tools/neverstale.py")
    python = subprocess.run(
        asked, cwd=project, env=environment, capture_output=True, text=True, check=True
    ).stdout.strip()
    told, traced, empty = (worlds.root / name for name in ("told.json", "traced.py", "empty.py"))
    traced.write_text(TRACED.replace("TOLD", repr(str(told))), "utf-8")
    empty.write_text("", "utf-8")
    edit = editor(project / "src" / "demo_app" / "__init__.py")
    rows = []
    for _ in range(RUNS):
        if verb == "install":
            edit()
        bare = seconds((python, "-c", "pass"), project, environment)
        by_uv = seconds((*SCRIPT, str(empty)), project, environment)
        seconds((python, str(traced), *verb.split()), project, environment)
        inner = json.loads(told.read_text("utf-8"))
        rest = inner["all"] - inner["imports"] - inner["build"] - inner["uv"]
        rows.append(
            {
                "start of uv": max(0.0, by_uv - bare),
                "start of Python": bare,
                "imports": inner["imports"],
                "build backend": inner["build"],
                "uv, to install": inner["uv"],
                "reading and comparing": max(0.0, rest),
            }
        )
    medians = {name: statistics.median(row[name] for row in rows) for name in rows[0]}
    whole = sum(medians.values())
    return {name: round(100 * median / whole) for name, median in medians.items()}


def main() -> int:
    argparse.ArgumentParser(description=__doc__).parse_args()
    with tempfile.TemporaryDirectory(prefix="neverstale-shares-") as folder:
        worlds = Worlds(Path(folder))
        worlds.render("ours")
        for verb in ("dev", "install", "doctor"):
            worlds.run("ours", "make", verb)
        found = {verb: shares(worlds, verb) for verb in VERBS}
    for verb, parts in found.items():
        print(verb, *(f"{name} {share} %" for name, share in parts.items()), sep=", ")
    RESULTS.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

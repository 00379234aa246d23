"""Time version 0.2 and this one in turn, and installs with and without the recorder of builds.

The result, ratios of medians, is printed, and written to .bench/against.json.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from timings import REPOSITORY, WARM_UP, environment_in, seconds

OLD = "ed62a5c"
"""The last commit of version 0.2."""

MANY = 10_000
"""Modules of the large project."""

SCRIPT = ("uv", "run", "--quiet", "--script")
OLD_TOOL = (*SCRIPT, "tools/freshness/__main__.py")
NEW_TOOL = (*SCRIPT, "--frozen", "--python", ">=3.10", "tools/neverstale.py")

INSTALL = """\
import sys
from neverstale.__main__ import main
from neverstale.wheels import build
call = build.call_hook
def unrecorded(uv, project, backend, kind, scratch, environment, reuse):
    kept = {name: value for name, value in environment.items() if name != "NEVERSTALE_RECORD"}
    return call(uv, project, backend, kind, scratch, kept, reuse)
if sys.argv.pop(1) == "unrecorded":
    build.call_hook = unrecorded
sys.exit(main())
"""


@dataclass(frozen=True)
class Timed:
    """A command, where it runs, and what is done before each run."""

    folder: Path
    environment: Mapping[str, str]
    command: Sequence[str]
    before: Callable[[Path], None] = lambda _: None


def ratio(old: Timed, new: Timed, runs: int) -> float:
    """Return the median of *new* as a multiple of that of *old*, run in turn."""
    taken: dict[bool, list[float]] = {False: [], True: []}
    for turn in range(WARM_UP + runs):
        for each in (old, new):
            each.before(each.folder)
            elapsed = seconds(each.command, each.folder, each.environment)
            if turn >= WARM_UP:
                taken[each is new].append(elapsed)
    return round(statistics.median(taken[True]) / statistics.median(taken[False]), 2)


def edit(project: Path) -> None:
    """Change a module."""
    with (project / "src" / "demo_app" / "__init__.py").open("a", encoding="utf-8") as module:
        module.write("# edited\n")


def render(root: Path, reference: str) -> tuple[Path, Mapping[str, str]]:
    """Return the default project of a commit of the template, installed, and its environment."""
    root.mkdir()
    environment = environment_in(root)
    template, project = root / "template", root / "demo-app"
    clone = ("git", "clone", "--quiet", "--no-hardlinks", str(REPOSITORY), str(template))
    subprocess.run(clone, check=True)
    subprocess.run(("git", "checkout", "--quiet", reference), cwd=template, check=True)
    copy = ("copier", "copy", "--defaults", "--quiet", "--vcs-ref", "HEAD")
    subprocess.run((*copy, str(template), str(project)), env=environment, check=True)
    subprocess.run(("git", "init", "--quiet"), cwd=project, check=True)
    subprocess.run(("make", "install"), cwd=project, env=environment, check=True)
    return project, environment


def grow(project: Path, environment: Mapping[str, str]) -> Path:
    """Return a copy of *project* with many modules, installed."""
    large = project.with_name("large") / project.name
    shutil.copytree(project, large, symlinks=True)
    for number in range(MANY):
        module = large / "src" / "demo_app" / f"part{number // 100}" / f"module{number}.py"
        module.parent.mkdir(exist_ok=True)
        module.write_text(f"VALUE = {number}\n", encoding="utf-8")
    subprocess.run(("make", "install"), cwd=large, env=environment, check=True)
    return large


def measured(root: Path, runs: int) -> dict[str, tuple[float, float]]:
    """Return the ratio and its limit for each row."""
    (old, then), (new, now) = render(root / "old", OLD), render(root / "new", "HEAD")

    def both(*command: str, before: Callable[[Path], None] = lambda _: None) -> float:
        return ratio(Timed(old, then, command, before), Timed(new, now, command, before), runs)

    def install(how: str) -> Timed:
        return Timed(new, now, (sys.executable, "-c", INSTALL, how, "install"), edit)

    found = {
        "--version": (
            ratio(
                Timed(old, then, (*OLD_TOOL, "--version")),
                Timed(new, now, (*NEW_TOOL, "--version")),
                runs,
            ),
            1.1,
        ),
        "make install, after an edit": (both("make", "install", before=edit), 1.0),
        "make fresh, nothing to do": (both("make", "fresh"), 1.0),
        "make doctor": (both("make", "doctor"), 1.0),
        "make doctor ARGS=--quick": (both("make", "doctor", "ARGS=--quick"), 1.0),
        "install, recorded": (ratio(install("unrecorded"), install("recorded"), runs), 1.05),
    }
    doctor = ("make", "doctor")
    large = Timed(grow(old, then), then, doctor), Timed(grow(new, now), now, doctor)
    found[f"make doctor, {MANY} modules"] = (ratio(large[0], large[1], max(3, runs // 3)), 1.0)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15, help="runs of each command")
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory(prefix="neverstale-against-") as folder:
        found = measured(Path(folder), runs)
    for name, (times, limit) in found.items():
        print(f"{name:<28} {times:5.2f}, at most {limit}: {'held' if times <= limit else 'MISSED'}")
    result = REPOSITORY / ".bench" / "against.json"
    result.parent.mkdir(exist_ok=True)
    result.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 0 if all(times <= limit for times, limit in found.values()) else 1


if __name__ == "__main__":
    sys.exit(main())

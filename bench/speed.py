"""Time what people type against what they would type instead: ratios of medians of one run.

Each row has a goal. The result is printed, and written to bench/results/speed.json with --keep.
With --check, a row that is worse by more than a third than the ratio kept there is a failure.
"""

import argparse
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from timed import COPY, REPOSITORY, Ratio, Timed, environment_in, in_turn

KEPT = REPOSITORY / "bench" / "results" / "speed.json"
PAIRS = 11
WORSE = 4 / 3
"""How many times the kept ratio is too much."""

OLD = "ed62a5c"
"""The last commit of version 0.2."""

PLAIN = "uv tool install --force ."
SCRIPT = ("uv", "run", "--quiet", "--frozen", "--python", ">=3.10", "--script")
FILES = 10_000
UNITS = 20
BY_HAND = "ruff check && ruff format --check && mypy && pytest"
EMPTY_SCRIPT = """\
[project]
name = "empty"
version = "1"
[project.scripts]
empty = "empty:main"
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
"""


@dataclass(frozen=True)
class Row:
    """What is typed, what it is compared with, and how many times as long it may take."""

    typed: str
    against: str
    goal: float
    pair: Callable[["Worlds"], tuple[Timed, Timed]]


class Worlds:
    """The projects that are timed, each with tools of its own; made when they are asked for."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.made: dict[str, Path] = {}

    def environment(self, name: str) -> dict[str, str]:
        """Return the environment of a world."""
        return environment_in(self.root / name)

    def run(self, name: str, *command: str, folder: Path | None = None) -> None:
        """Run *command*, which is not timed, in a project."""
        where = folder or self.made[name]
        environment = self.environment(name)
        subprocess.run(command, cwd=where, env=environment, check=True, capture_output=True)

    def render(self, name: str, *answers: str, template: Path = REPOSITORY) -> Path:
        """Return a project called Demo App, committed, in a world called *name*."""
        if name not in self.made:
            project = self.root / name / "demo-app"
            project.parent.mkdir(parents=True)
            self.made[name] = project
            given = ("--data", "project_name=Demo App", *answers)
            self.run(name, *COPY, *given, str(template), str(project), folder=self.root)
            self.commit(name)
        return self.made[name]

    def commit(self, name: str) -> None:
        """Commit all that is in the project."""
        author = ("-c", "user.name=A", "-c", "user.email=a@example.org")
        self.run(name, "git", "init", "--quiet")
        self.run(name, "git", "add", "--all")
        self.run(name, "git", *author, "commit", "--quiet", "--message", "Start")

    def timed(self, name: str, *command: str, edited: bool = False) -> Timed:
        """Return *command* in a project, after a module changed where that is *edited*."""
        project = self.made[name]
        before = editor(project / "src" / "demo_app" / "__init__.py") if edited else nothing
        return Timed(command, project, self.environment(name), before)


def nothing() -> None:
    """Do nothing before a run."""


def editor(module: Path) -> Callable[[], None]:
    """Return what changes *module* to what it never was before."""
    numbers = itertools.count()

    def edit() -> None:
        with module.open("a", encoding="utf-8") as stream:
            stream.write(f"# {next(numbers)}\n")

    return edit


def installed(worlds: Worlds, *command: str, edited: bool) -> tuple[Timed, Timed]:
    """Pair *command* with an install by uv alone, each in a project that is installed."""
    for name in ("ours", "plain"):
        worlds.render(name)
    worlds.run("ours", "make", "install")
    worlds.run("plain", *PLAIN.split())
    return (
        worlds.timed("ours", *command, edited=edited),
        worlds.timed("plain", *PLAIN.split(), edited=True),
    )


def first_install(worlds: Worlds) -> tuple[Timed, Timed]:
    def anew(name: str) -> Callable[[], Path]:
        source = worlds.render("new")
        numbers = itertools.count()

        def make() -> Path:
            root = worlds.root / name
            shutil.rmtree(root, ignore_errors=True)
            project = root / str(next(numbers)) / "demo-app"
            shutil.copytree(source, project, symlinks=True)
            return project

        return make

    def timed(name: str, *command: str) -> Timed:
        return Timed(command, worlds.root, worlds.environment(name), anew(name))

    return timed("first", "make", "install"), timed("first-plain", *PLAIN.split())


def synced(worlds: Worlds, typed: Sequence[str], against: Sequence[str]) -> tuple[Timed, Timed]:
    """Pair two commands in one project, whose environment is there."""
    worlds.render("ours")
    worlds.run("ours", "make", "dev")
    worlds.run("ours", "make", "install")
    worlds.run("ours", "make", "doctor")  # --quick compares with what is known
    return worlds.timed("ours", *typed), worlds.timed("ours", *against)


def run_edited(worlds: Worlds) -> tuple[Timed, Timed]:
    for name in ("ours", "plain"):
        project = worlds.render(name)
        if name == "plain":
            text = (project / "pyproject.toml").read_text("utf-8")
            lines = text.splitlines(keepends=True)
            kept = [line for line in lines if not line.startswith("cache-keys")]
            (project / "pyproject.toml").write_text("".join(kept), "utf-8")
        worlds.run(name, "uv", "sync", "--quiet")
    command = ("uv", "run", "demo-app", "--help")
    return worlds.timed("ours", *command, edited=True), worlds.timed("plain", *command, edited=True)


def checked(worlds: Worlds) -> tuple[Timed, Timed]:
    checks = synced(worlds, ("make", "check"), ("sh", "-c", f"PATH=.venv/bin:$PATH; {BY_HAND}"))
    worlds.run("ours", "make", "check")
    return checks


def own_start(worlds: Worlds) -> tuple[Timed, Timed]:
    worlds.render("ours")
    worlds.run("ours", "make", "install")
    empty = worlds.root / "empty" / "project"
    (empty / "empty").mkdir(parents=True)
    (empty / "pyproject.toml").write_text(EMPTY_SCRIPT, "utf-8")
    (empty / "empty" / "__init__.py").write_text("def main(): pass\n", "utf-8")
    worlds.made["empty"] = empty
    worlds.run("empty", *PLAIN.split())
    return worlds.timed("ours", "demo-app", "--help"), worlds.timed("empty", "empty")


def launcher(worlds: Worlds) -> tuple[Timed, Timed]:
    """Pair the launcher with the one that version 0.2 had."""
    clone = worlds.root / "clone"
    if not clone.exists():
        subprocess.run(("git", "clone", "--quiet", str(REPOSITORY), str(clone)), check=True)
        subprocess.run(("git", "checkout", "--quiet", OLD), cwd=clone, check=True)
    worlds.render("old", template=clone)
    worlds.render("ours")
    old = ("uv", "run", "--quiet", "--script", "tools/freshness/__main__.py", "--help")
    new = (*SCRIPT, "tools/neverstale.py", "--help")
    return worlds.timed("ours", *new), worlds.timed("old", *old)


def many_files(worlds: Worlds) -> tuple[Timed, Timed]:
    """Pair the doctor with sha256sum over the sources and what is installed of them."""
    project = worlds.render("many")
    for number in range(FILES):
        module = project / "src" / "demo_app" / f"part_{number // 100}" / f"module_{number}.py"
        module.parent.mkdir(exist_ok=True)
        module.write_text(f"VALUE_{number} = {number}\n" * 150, "utf-8")
    worlds.run("many", "make", "install")
    site = next((worlds.root / "many" / "tools").glob("demo-app/lib/python3*/site-packages"))
    paths = [*sorted((project / "src").rglob("*.py")), *sorted((site / "demo_app").rglob("*.py"))]
    listed = worlds.root / "many" / "listed"
    listed.write_bytes(b"\0".join(map(os.fsencode, paths)))
    summed = ("sh", "-c", f"xargs -0 sha256sum < '{listed}'")
    return worlds.timed("many", "make", "doctor"), worlds.timed("many", *summed)


def renders(worlds: Worlds) -> tuple[Timed, Timed]:
    """Pair the template with an empty one, both from folders that are not git's."""
    worlds.root.joinpath("renders").mkdir(exist_ok=True)
    empty, full = worlds.root / "renders" / "empty", worlds.root / "renders" / "full"
    if not empty.exists():
        empty.mkdir()
        (empty / "copier.yml").write_text("project_name:\n  type: str\n  default: Demo App\n")
        (empty / "README.md.jinja").write_text("# {{ project_name }}\n")
        full.mkdir()
        for part in ("template", "macros", "licenses"):
            shutil.copytree(
                REPOSITORY / part, full / part, ignore=shutil.ignore_patterns("__pycache__")
            )
        shutil.copy2(REPOSITORY / "copier.yml", full)
    copy = ("copier", "copy", "--defaults", "--overwrite", "--quiet")

    def timed(template: Path) -> Timed:
        made = worlds.root / "renders" / f"made-{template.name}"

        def remove() -> None:
            shutil.rmtree(made, ignore_errors=True)

        command = (*copy, str(template), str(made))
        return Timed(command, worlds.root, worlds.environment("renders"), remove)

    return timed(full), timed(empty)


def compiled(worlds: Worlds) -> tuple[Timed, Timed]:
    """Pair an install with pip's of a kept build folder, after one C++ file of twenty changed."""
    answers = ("--data", "build_backend=scikit_build_core", "--data", "binding=nanobind")
    pairs = []
    for name in ("compiled", "compiled-plain"):
        project = worlds.render(name, *answers)
        units = " ".join(f"src/unit_{number}.cpp" for number in range(UNITS - 1))
        cmake = (project / "CMakeLists.txt").read_text("utf-8")
        cmake = cmake.replace("src/_native.cpp)", f"src/_native.cpp {units})")
        (project / "CMakeLists.txt").write_text(cmake, "utf-8")
        for number in range(UNITS - 1):
            text = f"#include <nanobind/nanobind.h>\nint unit_{number}() {{ return {number}; }}\n"
            (project / "src" / f"unit_{number}.cpp").write_text(text, "utf-8")
        pairs.append(project)
    ours, plain = pairs
    worlds.run("compiled", "make", "install")
    worlds.run("compiled-plain", "uv", "venv", "--quiet", ".venv")
    pip = ("uv", "pip", "install", "--quiet")
    needs = ("scikit-build-core", "nanobind", "cmake", "ninja")
    worlds.run("compiled-plain", *pip, *needs)
    kept = (
        *(*pip, "--no-build-isolation", "--reinstall-package", "demo-app"),
        *("--config-settings", "build-dir=build/kept", "."),
    )
    bin_folder = plain / ".venv" / "bin"
    within = worlds.environment("compiled-plain")
    within["PATH"] = f"{bin_folder}{os.pathsep}{within['PATH']}"

    def changing(project: Path) -> Callable[[], None]:
        unit, numbers = project / "src" / "unit_7.cpp", itertools.count()

        def edit() -> None:
            with unit.open("a", encoding="utf-8") as stream:
                stream.write(f"int more_{next(numbers)}() {{ return 1; }}\n")

        return edit

    return (
        Timed(("make", "install"), ours, worlds.environment("compiled"), changing(ours)),
        Timed(kept, plain, within, changing(plain)),
    )


LAUNCH = "tools/neverstale.py"
RUN = "demo-app --help"
ROWS = (
    Row("make install", PLAIN, 0.6, lambda w: installed(w, "make", "install", edited=True)),
    Row("make install, the first of a new project", PLAIN, 1.2, first_install),
    Row("make fresh", PLAIN, 0.2, lambda w: installed(w, "make", "fresh", edited=False)),
    Row("nox -s install", PLAIN, 0.85, lambda w: installed(w, "nox", "-s", "install", edited=True)),
    Row(
        f'make run ARGS="{RUN}"',
        f"uv run {RUN}",
        1.6,
        lambda w: synced(w, ("make", "run", f"ARGS={RUN}"), ("uv", "run", *RUN.split())),
    ),
    Row("uv run, after an edit", "the same without [tool.uv] cache-keys", 1.1, run_edited),
    Row(
        "make test",
        "uv run pytest",
        1.5,
        lambda w: synced(w, ("make", "test"), ("uv", "run", "pytest")),
    ),
    Row("make check, nothing changed", BY_HAND, 1.5, checked),
    Row(RUN, "an empty console script", 1.5, own_start),
    Row(
        "make doctor ARGS=--quick",
        "uv run python -c pass",
        3,
        lambda w: synced(
            w, ("make", "doctor", "ARGS=--quick"), ("uv", "run", "python", "-c", "pass")
        ),
    ),
    Row(f"make doctor, {FILES:,} files", "sha256sum of the same files", 0.8, many_files),
    Row("copier copy --defaults", "copier copy of an empty template", 1.6, renders),
    Row(
        f"make install, one C++ file of {UNITS} changed",
        "uv pip install --no-build-isolation . with a kept build folder",
        1.2,
        compiled,
    ),
    Row(f"{LAUNCH} --help", "tools/freshness --help of 0.2", 1.1, launcher),
)


def chosen(words: Sequence[str]) -> Iterator[Row]:
    """Yield the rows that have one of *words* in what is typed; all without words."""
    return (row for row in ROWS if not words or any(word in row.typed for word in words))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", help="words of what is typed (all rows)")
    parser.add_argument("--pairs", type=int, default=PAIRS, help="runs of each command")
    parser.add_argument("--keep", action="store_true", help="write the ratios to bench/results")
    parser.add_argument("--check", action="store_true", help="compare with the ratios kept there")
    given = parser.parse_args()
    kept = json.loads(KEPT.read_text("utf-8")) if KEPT.exists() else {}
    failed = False
    for row in chosen(given.rows):
        with tempfile.TemporaryDirectory(prefix="neverstale-bench-") as folder:
            ratio: Ratio = in_turn(*row.pair(Worlds(Path(folder))), given.pairs)
        limit = kept[row.typed]["median"] * WORSE if given.check else row.goal
        failed |= ratio.median > limit
        mark = "" if ratio.median <= limit else "  MISSED"
        print(f"{ratio.median:5.2f} ({ratio.lower} to {ratio.upper}), at most {limit:.2f}{mark}")
        print(f"      {row.typed}\n      x {row.against}", flush=True)
        kept[row.typed] = {"against": row.against, "goal": row.goal, **asdict(ratio)}
        if given.keep:
            KEPT.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())

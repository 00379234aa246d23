"""The tasks of this repository; a session is one command, run with the tools of uv.lock."""

import os
import shutil
from pathlib import Path

import nox

ROOT = Path(__file__).parent

WINE = ("wine-stable", "x86_64-w64-mingw32-gcc")
DEBIANS = "wine wine64 gcc-mingw-w64-x86-64-win32"
"""What the Windows lane needs, and the packages of Debian that have it."""

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "none"
nox.options.sessions = ["lint", "format-check", "types", "tests"]


@nox.session
def lint(session: nox.Session) -> None:
    """Find mistakes."""
    session.run("ruff", "check", *session.posargs)


@nox.session(name="format-check")
def format_check(session: nox.Session) -> None:
    """Check the format."""
    session.run("ruff", "format", "--check", *session.posargs)


@nox.session
def types(session: nox.Session) -> None:
    """Check the types."""
    session.run("mypy", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests, without the slow ones."""
    session.run("pytest", "--numprocesses=2", "-m", "not slow", *session.posargs)


@nox.session
def sample(session: nox.Session) -> None:
    """Run one slow case of each test module (tests/conftest.py chooses it)."""
    session.run("pytest", "--numprocesses=2", "-m", "sample", *session.posargs)


@nox.session
def scenarios(session: nox.Session) -> None:
    """Run all tests, the slow ones too."""
    session.run("pytest", "--numprocesses=2", *session.posargs)


@nox.session
def faults(session: nox.Session) -> None:
    """Inject faults into every install workflow; note the outcomes for the documentation."""
    results = ROOT / "bench" / "results" / "faults.jsonl"
    results.unlink(missing_ok=True)
    command = ("pytest", "--numprocesses=2", "tests/faults", *session.posargs)
    session.run(*command, env={"FAULTS_RESULTS": str(results)})


@nox.session
def windows(session: nox.Session) -> None:
    """Run the verbs on Windows, this one or Wine's."""
    missing = [program for program in WINE if os.name != "nt" and not shutil.which(program)]
    if missing:
        session.skip(f"{', '.join(missing)} is not here\nhint: as root, apt install {DEBIANS}")
    kept = {"NEVERSTALE_WINDOWS": str(ROOT / ".cache" / "windows")}
    session.run("pytest", "tests/windows", *session.posargs, env=kept)


@nox.session
def matrix(session: nox.Session) -> None:
    """Run what is left of the staleness matrix: an hour or two; then draw it."""
    session.run("python", "bench/staleness/__main__.py", *session.posargs)
    if "--list" not in session.posargs:
        session.notify("pages", posargs=[])


@nox.session
def bench(session: nox.Session) -> None:
    """Time what people type against what they would type instead: -- --keep, or -- --check."""
    session.run("python", "bench/speed.py", *session.posargs)


@nox.session(name="bench-compiled")
def bench_compiled(session: nox.Session) -> None:
    """Time `make install` of compiled code against the build backends' own rebuild commands."""
    session.run("python", "bench/compiled.py", *session.posargs)


@nox.session
def growth(session: nox.Session) -> None:
    """Measure how time and memory grow with files, members and environments."""
    session.run("python", "bench/growth.py", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation into site/, with warnings as errors."""
    session.run(
        "sphinx-build", "--fail-on-warning", "--fresh-env", "docs", "site", *session.posargs
    )


@nox.session
def pages(session: nox.Session) -> None:
    """Write the pages that are made from the code."""
    session.run("python", "docs/generate.py", *session.posargs)


@nox.session
def record(session: nox.Session) -> None:
    """Record the first five minutes, and what the doctor says, from real runs."""
    session.run("python", "bench/record.py")
    session.run("python", "bench/situations.py")


@nox.session
def release(session: nox.Session) -> None:
    """Make a release: the checks, the changelog's section, the tag: -- 0.2.0."""
    session.run("python", "docs/release.py", *session.posargs)


@nox.session
def wheel(session: nox.Session) -> None:
    """Build the wheel and the launcher that the template ships."""
    session.run("python", "tools/bundle.py", *session.posargs)


@nox.session
def killer(session: nox.Session) -> None:
    """Kill verbs at random moments, and look at what is left: -- --kills 500."""
    session.run("python", "bench/killer.py", *session.posargs)


@nox.session
def mutations(session: nox.Session) -> None:
    """Change the diagnosis and the transaction at random; count what the unit tests notice."""
    session.run("python", "bench/mutations.py", *session.posargs)


@nox.session(name="any-project")
def any_project(session: nox.Session) -> None:
    """Try 300 random projects (PROJECTS, PROJECTS_SEED, PROJECTS_WITHOUT: see the test)."""
    command = ("pytest", "--hypothesis-show-statistics", "tests/scenarios/test_any_project.py")
    session.run(*command, *session.posargs, env={"PROJECTS": os.environ.get("PROJECTS", "300")})


@nox.session(name="real-projects")
def real_projects(session: nox.Session) -> None:
    """Try the tool on real projects from the index: -- click for one."""
    session.run("python", "bench/real_projects.py", *session.posargs)


@nox.session
def demo(session: nox.Session) -> None:
    """Render a project, install it, edit it, install it again, look."""
    session.run("python", "bench/demo.py", *session.posargs)

"""The verbs of this project, the same that the Makefile has: ``nox --list`` shows them.

A session is one command. The sessions use uv's environments, not nox's own.
"""

import shutil
import sys

import nox
from nox.command import CommandFailed

nox.needs_version = ">=2024.10.9"
nox.options.default_venv_backend = "none"
nox.options.sessions = ["check"]


def uv(session: nox.Session, *arguments: str) -> None:
    """Run uv with *arguments* and those behind ``--``."""
    if shutil.which("uv") is None:
        session.error(
            "uv is not installed\nhint: see https://docs.astral.sh/uv/getting-started/installation/"
        )
    session.run("uv", *arguments, *session.posargs, external=True)


def freshness(session: nox.Session, *arguments: str) -> None:
    """Run a verb of tools/freshness; nox ends with its exit code if that is not 0."""
    try:
        uv(session, "run", "--quiet", "--script", "tools/freshness/__main__.py", *arguments)
    except CommandFailed as failed:
        sys.exit(getattr(failed, "return_code", None) or 1)


@nox.session
def install(session: nox.Session) -> None:
    """Clean, force a fresh build, install it, verify."""
    freshness(session, "install")


@nox.session(name="install-editable")
def install_editable(session: nox.Session) -> None:
    """Install a pointer to the sources."""
    freshness(session, "install-editable")


@nox.session
def uninstall(session: nox.Session) -> None:
    """Remove what is installed."""
    freshness(session, "uninstall")


@nox.session
def fresh(session: nox.Session) -> None:
    """Install, but only if what is installed is stale."""
    freshness(session, "fresh")


@nox.session
def doctor(session: nox.Session) -> None:
    """Say of every copy whether it is stale, why, and what mends it."""
    freshness(session, "doctor")


@nox.session
def build(session: nox.Session) -> None:
    """Build into dist/, forced (uv has no ``uv build --force``; this is it)."""
    freshness(session, "build")


@nox.session
def clean(session: nox.Session) -> None:
    """Remove what builds left behind, and list it."""
    freshness(session, "clean")


@nox.session
def dev(session: nox.Session) -> None:
    """Create or update the environment (uv sync)."""
    freshness(session, "dev")


@nox.session
def run(session: nox.Session) -> None:
    """Run from the sources: nox -s run -- COMMAND --help."""
    freshness(session, "run")


@nox.session(name="run-wheel")
def run_wheel(session: nox.Session) -> None:
    """Run the built wheel in a throwaway environment."""
    freshness(session, "run-wheel")


@nox.session
def test(session: nox.Session) -> None:
    """Run the tests: nox -s test -- -k NAME."""
    freshness(session, "run", "pytest")


@nox.session
def lint(session: nox.Session) -> None:
    """Look for mistakes."""
    uv(session, "run", "ruff", "check")


@nox.session
def format(session: nox.Session) -> None:
    """Format the code."""
    uv(session, "run", "ruff", "format")


@nox.session(name="format-check")
def format_check(session: nox.Session) -> None:
    """Tell whether the code is formatted."""
    uv(session, "run", "ruff", "format", "--check")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types."""
    uv(session, "run", "mypy")


@nox.session
def check(session: nox.Session) -> None:
    """All that must pass before a push."""
    for name in ("lint", "format-check", "types", "test"):
        session.notify(name)

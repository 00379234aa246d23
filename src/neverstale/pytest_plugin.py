"""The pytest plugin: tests that would run an old copy say so, or do not start.

Where it is off, which is the default, nothing else of neverstale is imported.
"""

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from neverstale.test_run import Watch

CHOICES = ("off", "warn", "error")

HELP = (
    "check that the tests import what is in the sources: warn says so before and after them,"
    " error does not start them (exit code 4)"
)

WATCH: "pytest.StashKey[Watch]" = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--neverstale``, and ``neverstale`` for the configuration."""
    group = parser.getgroup("neverstale")
    group.addoption("--neverstale", choices=CHOICES, default=None, help=HELP)
    parser.addini("neverstale", f"{', '.join(CHOICES)} (default: off): {HELP}", default="off")


def pytest_configure(config: pytest.Config) -> None:
    """Check before anything is collected; with ``error``, raise UsageError for what is stale."""
    choice = config.getoption("neverstale") or config.getini("neverstale")
    if choice not in CHOICES:
        raise pytest.UsageError(
            f"neverstale = {choice!r} in the configuration is no choice\n"
            f"hint: there are {', '.join(CHOICES)}"
        )
    is_worker = hasattr(config, "workerinput")  # of pytest-xdist; its controller has looked
    if choice == "off" or is_worker or config.option.help or config.option.version:
        return
    from neverstale.test_run import Watch

    here = config.invocation_params.dir
    paths = [here / arg.partition("::")[0] for arg in config.args or ["."]]
    watch = Watch(paths, _put_first(paths, config.getoption("importmode")))
    if choice == "warn":
        watch.begin()
    else:
        watch.look()
        if refusal := watch.refusal():
            raise pytest.UsageError("\n".join(refusal))
    config.stash[WATCH] = watch


def _put_first(paths: "list[Path]", mode: str) -> list[str]:
    """Return the folders that pytest will put before ``sys.path`` as it collects *paths*.

    https://docs.pytest.org/en/stable/explanation/pythonpath.html: above the packages of tests.
    """
    found: list[str] = []
    for path in paths if mode == "prepend" else ():
        with suppress(OSError, ValueError):  # no path, or one that is too long
            folder = path if path.is_dir() else path.parent
            for tests in (folder / "tests", folder / "test", folder):
                if (tests / "__init__.py").is_file():
                    above = (p for p in tests.parents if not (p / "__init__.py").is_file())
                    found.append(str(next(above)))
    return list(dict.fromkeys(found))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what is not waited for."""
    if WATCH in config.stash:
        config.stash[WATCH].end()


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Return what is known before the tests, without a build."""
    return config.stash[WATCH].header() if WATCH in config.stash else []


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config
) -> None:
    """Tell of what is stale behind the results, and which commands fix it."""
    if WATCH not in config.stash or exitstatus == pytest.ExitCode.INTERRUPTED:
        return
    if lines := config.stash[WATCH].summary():
        terminalreporter.section("neverstale")
        for line in lines:
            terminalreporter.line(line)

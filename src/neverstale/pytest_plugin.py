"""The pytest plugin: tests that would run an old copy say so, or do not start.

Where it is off, which is the default, nothing else of neverstale is imported.
"""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from neverstale.test_run import Watch

CHOICES = ("off", "warn", "error")

HELP = (
    "look whether the tests import what is in the sources: warn says so before and after them,"
    " error does not start them (exit code 4)"
)

WATCH: "pytest.StashKey[Watch]" = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--neverstale``, and ``neverstale`` for the configuration."""
    group = parser.getgroup("neverstale")
    group.addoption("--neverstale", choices=CHOICES, default=None, help=HELP)
    parser.addini("neverstale", f"{', '.join(CHOICES)} (default: off): {HELP}", default="off")


def pytest_configure(config: pytest.Config) -> None:
    """Look, before anything is collected; with ``error``, raise UsageError for what is stale."""
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
    watch = Watch(here / arg.partition("::")[0] for arg in config.args or ["."])
    if choice == "warn":
        watch.begin()
    else:
        watch.look()
        if refusal := watch.refusal():
            raise pytest.UsageError("\n".join(refusal))
    config.stash[WATCH] = watch


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

"""Installing again whenever a source changes."""

import time

from neverstale.errors import FRESH, NeverstaleError
from neverstale.terminal import Console
from neverstale.verbs.task import Options, task_of


def watch(options: Options, console: Console) -> int:
    """Install whenever a source changes, until it is interrupted; one line each time.

    It is `fresh`, again and again: one build at a time, and what changes during one is looked at
    after it. A build that fails is told, and the next edit is waited for.
    """
    try:
        from watchfiles import DefaultFilter, watch
    except ImportError:
        raise NeverstaleError(
            "watch needs the package watchfiles",
            hint="install neverstale[watch], or start the launcher by"
            " `uv run --with watchfiles --script tools/neverstale.py watch`",
        ) from None
    ignored = (*DefaultFilter.ignore_dirs, ".neverstale", ".nox", "dist", "build")
    roots = [each.root for each in task_of(options, console).together()]
    try:
        _install(options, console)
        console.step("watching", f"{', '.join(map(str, roots))}; Ctrl-C ends it")
        for _ in watch(*roots, watch_filter=DefaultFilter(ignore_dirs=ignored)):
            _install(options, console)
    except KeyboardInterrupt:  # in the midst of an install, too: it has put back what was there
        pass
    return FRESH


def _install(options: Options, console: Console) -> None:
    """Install what is stale; say so, or why not."""
    from neverstale.install import workflows
    from neverstale.report import of_install

    began = time.monotonic()
    try:
        outcome = workflows.fresh(task_of(options, console))
    except NeverstaleError as error:
        console.complain(error)
        return
    if outcome.installed or outcome.changed or not outcome.fresh:
        for line in of_install(outcome, time.monotonic() - began):
            console.result(line)

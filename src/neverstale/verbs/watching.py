"""Installing again whenever a source changes."""

import time
from pathlib import Path

from neverstale.errors import FRESH, NeverstaleError
from neverstale.terminal import Console
from neverstale.verbs.task import Options, task_of

NO_SOURCES = {
    *(".git", ".hg", ".svn", ".venv", ".nox", ".tox", ".neverstale", "__pycache__"),
    *(".mypy_cache", ".pytest_cache", ".ruff_cache", "node_modules"),
}
"""Folders that are watched, and in which nothing is a source."""


def watch(options: Options, console: Console) -> int:
    """Install whenever a source changes, until it is interrupted; one line each time.

    It is `fresh`, again and again: one build at a time, and what changes during one is looked at
    after it. A build that fails is told, and the next edit is waited for.
    """
    try:
        from watchfiles import watch
    except ImportError:
        raise NeverstaleError(
            "watch needs the package watchfiles",
            hint="install neverstale[watch], or start the launcher by"
            " `uv run --with watchfiles --script tools/neverstale.py watch`",
        ) from None
    roots = [each.root for each in task_of(options, console).together()]

    def is_source(_: object, path: str) -> bool:
        return any(may_be_source(Path(path), root) for root in roots)

    try:
        told = _install(options, console, "")
        console.step("watching", f"{', '.join(map(str, roots))}; Ctrl-C ends it")
        for _ in watch(*roots, watch_filter=is_source):
            told = _install(options, console, told)
    except KeyboardInterrupt:  # in the midst of an install, too: it has put back what was there
        pass
    return FRESH


def may_be_source(path: Path, root: Path) -> bool:
    """Return whether *path* may be a source of the project at *root*: no artifact, no cache."""
    if not path.is_relative_to(root):
        return False
    parts = path.relative_to(root).parts
    return not (NO_SOURCES & {*parts} or parts[:1] in (("build",), ("dist",)))


def _install(options: Options, console: Console, told: str) -> str:
    """Install what is stale; say so, or why not, unless that was *told* last; return what was."""
    from neverstale.install import workflows
    from neverstale.report import of_install

    began = time.monotonic()
    try:
        outcome = workflows.fresh(task_of(options, console))
    except NeverstaleError as error:
        if str(error) != told:
            console.complain(error)
        return str(error)
    if outcome.installed or outcome.changed or not outcome.fresh:
        for line in of_install(outcome, time.monotonic() - began):
            console.result(line)
    return ""

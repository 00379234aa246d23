"""A bar for whoever waits at a terminal."""

import time
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

PATIENCE = 1.0
"""After how many seconds the bar appears."""


class Progress:
    """Shows how far the reading of many files is, on *stream*, if that is a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._start = time.monotonic()
        self._bar: Bar | None = None

    def tick(self, done: int, total: int) -> None:
        """Say that *done* of *total* files have been read."""
        if self._bar is None and self._stream.isatty() and self._has_waited():
            self._bar = _bar_on(self._stream)
            self._bar.start()
        if self._bar:
            self._bar.update(self._bar.task_ids[0], completed=done, total=total)

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar:
            self._bar.stop()

    def _has_waited(self) -> bool:
        return time.monotonic() - self._start > PATIENCE


def _bar_on(stream: TextIO) -> "Bar":
    from rich.console import Console  # costs more to import than a small project takes
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("reading files"), BarColumn(), MofNCompleteColumn())
    bar = Bar(*columns, console=Console(file=stream), transient=True)
    bar.add_task("read", total=None)
    return bar

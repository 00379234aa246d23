"""Signals that stop a program, where an installation must not be left in pieces."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STOPPING = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stopped_once() -> Iterator[None]:
    """Let the first signal raise (KeyboardInterrupt, SystemExit), so that the body can tidy up.

    The next ones are ignored until it has: whoever is impatient presses Ctrl-C again, and
    ``uv run`` passes on what its child was sent already.
    """

    def stop(number: int, _frame: FrameType | None) -> None:
        for each in STOPPING:
            signal.signal(each, signal.SIG_IGN)
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + number)

    with _handled_by(stop):
        yield


@contextmanager
def unstoppable() -> Iterator[None]:
    """Ignore the signals while something is put back, which takes no longer than a copy."""
    with _handled_by(signal.SIG_IGN):
        yield


@contextmanager
def _handled_by(handler: "signal._HANDLER") -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in STOPPING}
    for number, was in before.items():
        if was is not signal.SIG_IGN:  # as nohup and a shell's background jobs have it
            signal.signal(number, handler)
    try:
        yield
    finally:
        for number, was in before.items():
            signal.signal(number, was or signal.SIG_DFL)

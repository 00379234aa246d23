"""One signal stops, and lets what it stops tidy up; the next ones do not stop that."""

import os
import signal
from collections.abc import Iterator

import pytest
from neverstale.process import STOPPING, stopped_once, unstoppable


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Give the handlers of a program in a terminal, whatever those of the tests are."""
    before = {number: signal.getsignal(number) for number in STOPPING}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    for number, was in before.items():
        signal.signal(number, was)


@pytest.mark.parametrize("second", STOPPING)
@pytest.mark.parametrize(
    ("first", "raised"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)]
)
def test_the_second_signal_is_ignored(
    first: signal.Signals, raised: type[BaseException], second: signal.Signals
) -> None:
    tidied = []

    def stopped() -> None:
        with stopped_once():
            try:
                signal.raise_signal(first)
            finally:
                signal.raise_signal(second)
                tidied.append(True)

    with pytest.raises(raised):
        stopped()
    assert tidied
    with pytest.raises(KeyboardInterrupt):  # as before
        signal.raise_signal(signal.SIGINT)


def test_nothing_stops_what_is_put_back() -> None:
    with unstoppable():
        for number in STOPPING:
            os.kill(os.getpid(), number)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_what_is_ignored_stays_ignored() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with stopped_once():
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN

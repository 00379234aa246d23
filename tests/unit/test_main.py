"""Start: no module of the current project or of PYTHONPATH is in reach."""

import gc
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import neverstale
from neverstale import __main__ as start
from neverstale import cli

OWN = str(Path(neverstale.__file__).parents[1])
ZIPPED = f"/lib/python{sys.version_info.major}{sys.version_info.minor}.zip"


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    handler = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, handler)
    gc.enable()


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        pytest.param(
            ["/project", "/PYTHONPATH", ZIPPED, "/lib", "/site"],
            [ZIPPED, "/lib", "/site", OWN],
            id="what is before the library goes",
        ),
        pytest.param(
            ["/project", ZIPPED, "/lib", OWN], [ZIPPED, "/lib", OWN], id="it is there already"
        ),
        pytest.param([OWN, ZIPPED, "/lib"], [ZIPPED, "/lib", OWN], id="it was before the library"),
        pytest.param(
            ["/project", ZIPPED, "/x", ZIPPED, "/lib"], [ZIPPED, "/lib", OWN], id="the last counts"
        ),
        pytest.param(["/project", "/lib"], ["/project", "/lib"], id="a Python without a zip"),
        pytest.param([ZIPPED, "/lib"], [ZIPPED, "/lib", OWN], id="nothing before it"),
    ],
)
def test_the_search_path(
    before: list[str], expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []

    def run() -> int:
        seen.append(list(sys.path))
        assert signal.getsignal(signal.SIGINT) is start._interrupted  # noqa: SLF001
        assert not gc.isenabled()
        return 3

    monkeypatch.setattr(sys, "path", list(before))
    monkeypatch.setattr(cli, "main", run)
    assert start.main() == 3
    assert seen == [expected]


def test_an_interrupt_while_it_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[tuple[int, bytes]] = []
    ended: list[int] = []
    monkeypatch.setattr(os, "write", lambda number, text: said.append((number, text)))
    monkeypatch.setattr(os, "_exit", ended.append)
    start._interrupted(2, None)  # noqa: SLF001
    assert ended == [2]
    assert said == [(2, b"error: interrupted\nhint: nothing was changed; run the command again\n")]

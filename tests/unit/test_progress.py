"""The bar appears for who waits at a terminal, and for nobody else."""

import io

import pytest
from freshness import progress
from neverstale.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def read_many(stream: io.StringIO) -> str:
    with Progress(stream) as bar:
        for done in range(0, 1001, 100):
            bar.tick(done, 1000)
    return stream.getvalue()


def test_bar_for_who_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    monkeypatch.setenv("TERM", "xterm-256color")
    shown = read_many(Terminal())
    assert "reading files" in shown
    assert "1000/1000" in shown


def test_no_bar_in_a_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    assert read_many(io.StringIO()) == ""


def test_no_bar_for_what_is_quick() -> None:
    assert read_many(Terminal()) == ""

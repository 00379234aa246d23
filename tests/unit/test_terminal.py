"""What is said, to whom, and that no name in it can harm a terminal."""

import io
import sys
import time

import pytest

from neverstale.errors import NeverstaleError
from neverstale.terminal import PATIENCE, Console, printable


class Terminal(io.TextIOWrapper):
    """A stream with an encoding, at a terminal or not."""

    def __init__(self, encoding: str = "utf-8", *, tty: bool = True) -> None:
        super().__init__(io.BytesIO(), encoding=encoding, newline="")
        self.tty = tty

    def isatty(self) -> bool:
        return self.tty

    @property
    def shown(self) -> str:
        self.flush()
        raw = self.buffer
        assert isinstance(raw, io.BytesIO)
        return raw.getvalue().decode(self.encoding)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("größe", "größe"),
        ("a\nb\tc", "a\nb\tc"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\rb", "a\\rb"),
        ("\udcff", "\\udcff"),
        ("\u202egpj", "\\u202egpj"),
        ("ü\x07\n", "ü\\x07\n"),
        ("", ""),
    ],
)
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize(
    ("encoding", "out", "err"),
    [
        ("utf-8", "ü☃\\x1b", "ü☃\\x1b"),
        ("latin-1", "ü\\u2603\\x1b", "ü?\\x1b"),
        ("ascii", "\\xfc\\u2603\\x1b", "??\\x1b"),
    ],
)
def test_names_that_an_encoding_lacks(
    encoding: str, out: str, err: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stdout, stderr = Terminal(encoding), Terminal(encoding)
    monkeypatch.setattr(sys, "stdout", stdout)
    monkeypatch.setattr(sys, "stderr", stderr)
    Console().put("ü☃\x1b")
    Console().tell("ü☃\x1b")
    assert (stdout.shown, stderr.shown) == (f"{out}\n", f"{err}\n")


@pytest.mark.parametrize(
    ("console", "out", "err"),
    [
        pytest.param(Console(), "answer\nresult\n", "installed demo\nline\n", id="plain"),
        pytest.param(
            Console(verbose=True),
            *("answer\nresult\n", "installed demo\n$ uv sync\nline\n"),
            id="verbose",
        ),
        pytest.param(Console(quiet=True), "answer\n", "line\n", id="quiet"),
    ],
)
def test_how_much_is_said(
    console: Console, out: str, err: str, capsys: pytest.CaptureFixture[str]
) -> None:
    console.put("answer")
    console.step("installed", "demo")
    console.result("result")
    console.announce("uv sync")
    console.lines(["line"])
    assert capsys.readouterr() == (out, err)


def test_words_of_steps_are_as_wide(capsys: pytest.CaptureFixture[str]) -> None:
    Console().step("built", "x")
    assert capsys.readouterr().err == "built     x\n"


@pytest.mark.parametrize(
    ("details", "said"),
    [("", ""), (" \n", ""), ("\nall of https://a:b@c\n", "\nall of https://***@c\n")],
)
def test_complain(details: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    error = NeverstaleError("https://a:b@c/d\nis wrong", hint="do this", details=details)
    Console(quiet=True).complain(error)
    expected = f"error: https://***@c/d is wrong\nhint: do this\n{said}"
    assert capsys.readouterr() == ("", expected)


def test_waiting_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    Console(quiet=True).wait()
    assert capsys.readouterr().err.startswith("waiting for another command")


@pytest.mark.parametrize(
    ("typed", "agreed"),
    [
        ("y\n", True),
        ("YES\n", True),
        (" y \n", True),
        ("", False),
        ("\n", False),
        ("n\n", False),
        ("yess\n", False),
        ("ye\n", False),
    ],
)
def test_only_a_clear_yes_is_one(
    typed: str, agreed: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    assert Console().agreed() is agreed
    assert capsys.readouterr() == ("", "run these? [y/N] ")


@pytest.mark.parametrize(
    ("waited", "tty", "quiet", "shows"),
    [
        pytest.param(PATIENCE + 1, True, False, True, id="who waits at a terminal"),
        pytest.param(PATIENCE - 0.9, True, False, False, id="what is quick"),
        pytest.param(PATIENCE + 1, False, False, False, id="a log"),
        pytest.param(PATIENCE + 1, True, True, False, id="who wants to hear nothing"),
    ],
)
def test_progress(
    waited: float, tty: bool, quiet: bool, shows: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    stderr = Terminal(tty=tty)
    monkeypatch.setattr(sys, "stderr", stderr)
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    console = Console(quiet=quiet, began=now - waited)
    console.tick(0, 300)
    console.tick(200, 300)
    said = "\rreading files: 0 of 300\rreading files: 200 of 300"
    assert stderr.shown == (said if shows else "")
    console.tell("done")
    wiped = f"\r{' ' * 25}\r" if shows else ""
    assert stderr.shown.endswith(f"{wiped}done\n")
    console.tell("again")
    assert stderr.shown.endswith("done\nagain\n")


def test_progress_is_wiped_before_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    for say in (Console.agreed, lambda console: console.put("answer")):
        console = Console(began=time.monotonic() - PATIENCE - 1)
        console.tick(1, 2)
        say(console)
    wiped = "\rreading files: 1 of 2\r" + " " * 21 + "\r"
    assert stream.shown == f"{wiped}run these? [y/N] {wiped}answer\n"


def test_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "123")
    assert Console().width() == 123

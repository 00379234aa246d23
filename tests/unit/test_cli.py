"""The command line: what is parsed, what is passed on, and how errors end."""

import argparse
import errno
import re
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from neverstale import cli, verbs
from neverstale.cli import PASSING_ON, main, make_parser
from neverstale.errors import NeverstaleError
from neverstale.terminal import Console

VERBS = {
    *("build", "bump", "cache", "clean", "dev", "doctor", "fresh", "install", "install-editable"),
    *("publish", "run", "run-wheel", "uninstall", "update", "upgrade", "watch", "wheel"),
}


@pytest.fixture(autouse=True)
def _handler_as_it_was() -> Iterator[None]:
    handler = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, handler)


def subparsers() -> dict[str, argparse.ArgumentParser]:
    actions = make_parser()._actions  # noqa: SLF001
    (found,) = (each for each in actions if isinstance(each, argparse._SubParsersAction))  # noqa: SLF001
    return dict(found.choices)


def test_every_verb_is_a_function_with_a_text() -> None:
    assert set(subparsers()) == VERBS
    assert set(PASSING_ON) <= VERBS
    for name in VERBS:
        assert getattr(verbs, name.replace("-", "_")).__doc__


@pytest.mark.parametrize(
    ("arguments", "own", "passed_on"),
    [
        pytest.param(["install", "-v"], ["install", "-v"], [], id="nothing to pass on"),
        pytest.param(["run", "x", "-v"], ["run"], ["x", "-v"], id="all behind it"),
        pytest.param(["-q", "run", "x"], ["-q", "run"], ["x"], id="not what is before it"),
        pytest.param(["run", "--", "x"], ["run"], ["x"], id="without the first --"),
        pytest.param(["run", "--", "--", "x"], ["run"], ["--", "x"], id="but the second"),
        pytest.param(["run", "x", "--", "y"], ["run"], ["x", "--", "y"], id="nor one within"),
        pytest.param(["run"], ["run"], [], id="alone"),
        pytest.param(["run", "run"], ["run"], ["run"], id="a command of that name"),
        pytest.param(
            ["--project", "run", "doctor"], ["--project", "run", "doctor"], [], id="a folder"
        ),
        pytest.param(
            ["--project", "run", "run", "x"], ["--project", "run", "run"], ["x"], id="both"
        ),
        pytest.param(["update", "--data", "a=b"], ["update"], ["--data", "a=b"], id="options"),
        pytest.param([], [], [], id="nothing"),
    ],
)
def test_what_is_passed_on(arguments: list[str], own: list[str], passed_on: list[str]) -> None:
    assert cli._split(arguments) == (own, passed_on)  # noqa: SLF001


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["install"], {"verb": "install", "project": ".", "target": None}),
        (["install", "--target", "venv"], {"target": "venv"}),
        (["--project", "x", "fresh"], {"project": "x", "verb": "fresh"}),
        (["doctor", "--project", "x"], {"project": "x", "verb": "doctor"}),
        (["install"], {"verbose": False, "quiet": False}),
        (["-v", "install"], {"verbose": True, "quiet": False}),
        (["install", "-v"], {"verbose": True}),
        (["-q", "install"], {"quiet": True, "verbose": False}),
        (["install", "--quiet"], {"quiet": True}),
        (["build"], {"out_dir": "dist", "twice": False}),
        (["build", "--out-dir", "x", "--twice"], {"out_dir": "x", "twice": True}),
        (
            ["doctor"],
            {"quick": False, "build": False, "format": "text", "fix": False, "yes": False},
        ),
        (["doctor", "--quick", "--json"], {"quick": True, "format": "json"}),
        (["doctor", "--build", "--fix", "--yes"], {"build": True, "fix": True, "yes": True}),
        (["doctor", "--explain", "NS203"], {"explain": "NS203", "schema": False}),
        (["wheel", "--python", "3.12"], {"python": "3.12"}),
        (["cache", "prune"], {"what": "prune"}),
    ],
)
def test_options(arguments: list[str], expected: dict[str, object]) -> None:
    options = vars(make_parser().parse_args(arguments))
    assert {name: options[name] for name in expected} == expected


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["mend"],
        ["doctor", "--quick", "--build"],
        ["install", "-q", "-v"],
        ["cache"],
        ["cache", "burn"],
        ["clean", "--target", "venv"],
        ["install", "--target="],
    ],
)
def test_what_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    what, hint = capsys.readouterr().err.splitlines()
    assert what.startswith("error: ")
    assert re.fullmatch("hint: `neverstale.* --help` shows what there is", hint)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert not caught.value.code
    assert capsys.readouterr().out.startswith("neverstale 0.")


def ending(verb: Callable[..., int], monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(verbs, "clean", verb)
    verb.__doc__ = "Do as the test says."
    return main(arguments or ["clean"])


@pytest.mark.parametrize("code", [0, 1, 2, 7])
def test_the_exit_code_is_the_verbs(code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def verb(options: argparse.Namespace, console: Console) -> int:
        assert options.arguments == []
        assert (console.verbose, console.quiet) == (True, False)
        return code

    assert ending(verb, monkeypatch, "clean", "-v") == code


@pytest.mark.parametrize(
    ("error", "said"),
    [
        pytest.param(
            NeverstaleError("it is broken", hint="do this", details="more"),
            "error: it is broken\nhint: do this\n\nmore\n",
            id="an error of ours",
        ),
        pytest.param(
            OSError(errno.ENOSPC, "No space left on device", "/x"),
            "error: /x: No space left on device\nhint: check the space and the permissions there",
            id="a full disk",
        ),
        pytest.param(OSError("odd"), "error: a file: odd\nhint: check", id="an odd one"),
        pytest.param(
            KeyboardInterrupt(), "error: interrupted\nhint: the old install is there", id="Ctrl-C"
        ),
        pytest.param(
            ValueError("x"),
            "error: unexpected ValueError: x\nhint: run it again with NEVERSTALE_TRACEBACK=1",
            id="a bug",
        ),
    ],
)
def test_errors(
    error: BaseException,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("NEVERSTALE_TRACEBACK", raising=False)

    def verb(*_: object) -> int:
        raise error

    assert ending(verb, monkeypatch) == 2
    told = capsys.readouterr()
    assert told.err.startswith(said)
    assert told.out == ""


def test_a_verb_in_a_hint_is_as_it_is_typed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def verb(*_: object) -> int:
        raise NeverstaleError("x", hint="run `neverstale build`")

    monkeypatch.chdir(tmp_path)
    assert ending(verb, monkeypatch) == 2
    told = capsys.readouterr().err
    assert "hint: run `" in told
    assert f"neverstale --project {tmp_path} build`" in told


def test_a_bug_is_shown_to_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEVERSTALE_TRACEBACK", "1")

    def verb(*_: object) -> int:
        raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        ending(verb, monkeypatch)


def test_who_reads_may_stop_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "out").open("w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)

        def verb(*_: object) -> int:
            raise BrokenPipeError

        assert ending(verb, monkeypatch) == 2
        stream.write("lost")
    assert (tmp_path / "out").read_text("utf-8") == ""


def test_ctrl_c_is_caught_while_a_verb_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    def verb(*_: object) -> int:
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        return 0

    assert ending(verb, monkeypatch) == 0
    assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL


def test_arguments_are_passed_on_to_the_verb(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []

    def run(options: argparse.Namespace, _: Console) -> int:
        """Run."""
        seen.append(options.arguments)
        return 0

    monkeypatch.setattr(verbs, "run", run)
    monkeypatch.setattr(sys, "argv", ["neverstale", "run", "x", "--flag"])
    assert main() == 0
    assert seen == [["x", "--flag"]]

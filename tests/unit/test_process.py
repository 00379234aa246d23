"""Other programs: how they are found, announced and run; and the signals that stop this one."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from unit.small import shell

import neverstale
from neverstale import process
from neverstale.errors import NeverstaleError
from neverstale.process import (
    STOPPING,
    Uv,
    base_interpreter,
    explain_failure,
    find_uv,
    outer_environment,
    stopped_once,
    unstoppable,
)


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        pytest.param({"VIRTUAL_ENV": "PREFIX"}, {}, id="ours"),
        pytest.param({"VIRTUAL_ENV": "/x"}, {"VIRTUAL_ENV": "/x"}, id="theirs"),
        pytest.param({"UV_RUN_RECURSION_DEPTH": "1"}, {}, id="uv run"),
        pytest.param({"PATH": "BIN:/a:/b"}, {"PATH": "/a:/b"}, id="ours on PATH"),
        pytest.param({"PATH": "/a:BIN"}, {"PATH": "/a:BIN"}, id="ours, later on PATH"),
        pytest.param({"PATH": "BIN"}, {"PATH": "BIN"}, id="ours is all of PATH"),
        pytest.param({"PATH": "BIN:"}, {"PATH": ""}, id="ours and the current folder"),
        pytest.param({"A": "b"}, {"A": "b"}, id="any other"),
        pytest.param({}, {}, id="nothing"),
    ],
)
def test_outer_environment(
    given: dict[str, str], seen: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = {"PREFIX": sys.prefix, "BIN": str(Path(sys.executable).parent)}

    def spelled(variables: dict[str, str]) -> dict[str, str]:
        parts = {k: v.split(os.pathsep) for k, v in variables.items()}
        return {k: os.pathsep.join(ours.get(p, p) for p in v) for k, v in parts.items()}

    for name in ("VIRTUAL_ENV", "UV_RUN_RECURSION_DEPTH", "PATH", "A"):
        monkeypatch.delenv(name, raising=False)
    for name, value in spelled(given).items():
        monkeypatch.setenv(name, value)
    found = outer_environment()
    mine = {
        k: v for k, v in found.items() if k in {*given, "UV_RUN_RECURSION_DEPTH", "VIRTUAL_ENV"}
    }
    assert mine == spelled(seen)
    found["A"] = "changed"
    assert os.environ.get("A") == given.get("A"), "it is a copy"


def test_base_interpreter() -> None:
    base = base_interpreter()
    assert base == Path(os.path.realpath(base))
    assert base.is_file()
    assert not base.is_relative_to(sys.prefix) or sys.prefix == sys.base_prefix


@pytest.mark.parametrize(
    ("name", "base", "expected"),
    [
        ("/base/bin/python3", "/base", "/base/bin/python3"),
        ("/env/bin/python", "/base", "/base/bin/python{0}.{1}"),
        ("/env/bin/python", "/env", "/env/bin/python"),
    ],
)
def test_base_interpreter_of_an_environment(
    name: str, base: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for attribute, value in {
        "_base_executable": name,
        "prefix": "/env",
        "base_prefix": base,
        "base_exec_prefix": base,
    }.items():
        monkeypatch.setattr(sys, attribute, value)
    assert base_interpreter() == Path(expected.format(*sys.version_info))


def test_uv_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin" / "uv"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    monkeypatch.delenv("UV", raising=False)
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.setitem(sys.modules, "uv", None)
    with pytest.raises(NeverstaleError, match="uv is not installed"):
        find_uv(tmp_path, print)
    program.chmod(0o755)
    assert find_uv(tmp_path, print) == Uv(str(program), tmp_path, print)
    monkeypatch.setenv("UV", "/bin/sh")
    assert find_uv(tmp_path, print).executable == "/bin/sh"
    monkeypatch.setenv("UV", str(tmp_path / "gone"))
    with pytest.raises(NeverstaleError, match="uv is not installed"):
        find_uv(tmp_path, print)


def test_programs_run_in_the_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:/usr/bin:/bin")
    said: list[str] = []
    uv = shell(tmp_path, said)
    assert uv.run("-c", 'echo "$A" "$PATH" > out; exit 3', environment={"A": "b"}) == 3
    assert (tmp_path / "out").read_text() == "b /usr/bin:/bin\n"
    assert uv.run("-c", "exit 0") == 0
    assert said == ['A=b sh -c \'echo "$A" "$PATH" > out; exit 3\'', "sh -c 'exit 0'"]


def test_another_root(tmp_path: Path) -> None:
    said: list[str] = []
    uv = shell(tmp_path, said)
    (tmp_path / "a b").mkdir()
    assert uv.at(tmp_path) is uv
    within = uv.at(tmp_path / "a b")
    assert within.run("-c", "touch here") == 0
    assert (tmp_path / "a b" / "here").exists()
    assert said == ["cd 'a b' && sh -c 'touch here'"]


def test_what_a_program_prints_is_captured(tmp_path: Path) -> None:
    said: list[str] = []
    uv = shell(tmp_path, said)
    both = "cat; echo one; echo two >&2; printf '\\377'; echo $A; exit 4"
    assert uv.capture("/bin/sh", "-c", both, environment={"A": "b"}) == (4, "one\ntwo\n\ufffdb\n")
    assert said == []
    assert uv.attempt("-c", "echo $A", environment={"A": "b"}) == "b\n"
    assert uv.attempt("-c", "echo one; exit 1") is None
    assert said == ["A=b uv -c 'echo $A'", "uv -c 'echo one; exit 1'"]


def test_a_typed_command_does_not_print_where_answers_go(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAKEFLAGS", "-n")
    monkeypatch.setenv("MAKELEVEL", "1")
    said: list[str] = []
    uv = shell(tmp_path, said)
    monkeypatch.setattr(sys, "stderr", sys.__stderr__)
    assert uv.run_typed(("uv", "-c", 'echo "$MAKEFLAGS$MAKELEVEL."; exit 5')) == 5
    assert uv.run_typed(("true",)) == 0
    out, err = capfd.readouterr()
    assert (out, err) == ("", ".\n")
    assert said[1] == "true"
    with pytest.raises(OSError, match="gone"):
        uv.run_typed((str(tmp_path / "gone"),))


def test_questions_are_asked_at_once(tmp_path: Path) -> None:
    uv = shell(tmp_path)
    asked = [("-c", f"echo ' {number} '; echo noise >&2") for number in range(3)]
    assert uv.ask(*asked) == ["0", "1", "2"]
    assert uv.ask() == []


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo no >&2; echo why >&2; exit 2", "why"),
        ("echo out; exit 1", "it said nothing"),
    ],
)
def test_a_question_without_an_answer(script: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(NeverstaleError) as raised:
        shell(tmp_path).ask(("-c", script))
    assert raised.value.message.endswith(f"`: {said}")
    assert "uv could not answer `uv -c '" in raised.value.message


@pytest.mark.parametrize("difference", [-1, 0, 1])
def test_an_old_uv_is_named(
    difference: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    major, minor = sys.version_info[:2]
    monkeypatch.setattr(process, "OLDEST_UV", (major, minor + difference))
    error = explain_failure(Uv(sys.executable, tmp_path, print), "it failed", "details")
    old = f"this uv is {major}.{minor}, and the oldest supported is {major}.{minor + 1}"
    assert error.message == (old if difference > 0 else "it failed")
    assert ("update uv" in error.hint) == (difference > 0)
    assert error.details == "details"


def test_a_uv_that_names_no_version(tmp_path: Path) -> None:
    assert explain_failure(Uv("/bin/false", tmp_path, print), "it failed").message == "it failed"


def test_a_process_becomes_another(tmp_path: Path) -> None:
    code = (
        "import sys; sys.path.append(sys.argv[1])\n"
        "from pathlib import Path; from neverstale.process import become\n"
        "print('first')\n"
        "become(('/bin/sh', '-c', 'pwd; exit 7'), Path(sys.argv[2]), print)"
    )
    source = str(Path(neverstale.__file__).parents[1])
    folder = os.path.realpath(tmp_path)
    command = [sys.executable, "-c", code, source, folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 7
    assert done.stdout == f"first\nsh -c 'pwd; exit 7'\n{folder}\n"


@pytest.fixture
def handlers() -> Iterator[None]:
    """The handlers of a program at a terminal, whatever those of the tests are."""
    before = {number: signal.getsignal(number) for number in STOPPING}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    for number, was in before.items():
        signal.signal(number, was)


@pytest.mark.usefixtures("handlers")
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

    with pytest.raises(raised) as caught:
        stopped()
    assert tidied
    if isinstance(caught.value, SystemExit):
        assert caught.value.code == 128 + signal.SIGTERM
    with pytest.raises(KeyboardInterrupt):  # as before
        signal.raise_signal(signal.SIGINT)


@pytest.mark.usefixtures("handlers")
def test_nothing_stops_what_is_put_back() -> None:
    with unstoppable():
        for number in STOPPING:
            signal.raise_signal(number)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


@pytest.mark.usefixtures("handlers")
def test_what_is_ignored_stays_ignored() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with stopped_once():
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN

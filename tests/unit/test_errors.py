"""The exception that a user meets, and the exit codes."""

from types import SimpleNamespace

import pytest

from neverstale import errors
from neverstale.errors import CANNOT_TELL, FRESH, STALE, NeverstaleError, said_by_system


def test_exit_codes_are_those_of_the_documentation() -> None:
    assert (FRESH, STALE, CANNOT_TELL) == (0, 1, 2)


@pytest.mark.parametrize("details", ["", "all of\nit"])
def test_an_error_says_what_is_wrong_and_what_to_do(details: str) -> None:
    error = NeverstaleError("wrong", hint="do this", details=details)
    assert (str(error), error.message, error.hint) == ("wrong", "wrong", "do this")
    assert error.details == details


def test_an_error_needs_no_details() -> None:
    assert not NeverstaleError("wrong", hint="do this").details


def test_what_the_system_refused() -> None:
    said = said_by_system(PermissionError(13, "Permission denied", "a/b"))
    assert said.message == "a/b: Permission denied"
    assert said.hint == "check the space and the permissions there, then run the command again"
    assert said_by_system(OSError("odd")).message == "a file: odd"


@pytest.mark.parametrize(("length", "long"), [(259, False), (260, True)])
def test_a_long_path_on_windows(length: int, long: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    error = FileNotFoundError(2, "not found", "a" * length)
    assert "long paths" not in said_by_system(error).hint
    monkeypatch.setattr(errors, "os", SimpleNamespace(name="nt"))
    assert ("long paths" in said_by_system(error).hint) == long

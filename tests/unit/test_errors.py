"""The exception that a user meets, and the exit codes."""

import pytest

from neverstale.errors import CANNOT_TELL, FRESH, STALE, NeverstaleError


def test_exit_codes_are_those_of_the_documentation() -> None:
    assert (FRESH, STALE, CANNOT_TELL) == (0, 1, 2)


@pytest.mark.parametrize("details", ["", "all of\nit"])
def test_an_error_says_what_is_wrong_and_what_to_do(details: str) -> None:
    error = NeverstaleError("wrong", hint="do this", details=details)
    assert (str(error), error.message, error.hint) == ("wrong", "wrong", "do this")
    assert error.details == details


def test_an_error_needs_no_details() -> None:
    assert not NeverstaleError("wrong", hint="do this").details

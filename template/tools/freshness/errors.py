"""The one exception that the tool raises for what its user can mend, and the exit codes."""

VERIFIED, NOT_VERIFIED, ERROR = 0, 1, 2
"""Exit codes of a verb: it is done, the answer is no, it could not be done."""


class FreshnessError(Exception):
    """Something that stops the work, and what to do about it.

    The message is one line of what went wrong, the hint one line of what to do next.
    """

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

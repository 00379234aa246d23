"""The one exception that a user meets, and the exit codes."""

FRESH, STALE, CANNOT_TELL = 0, 1, 2
"""Exit codes: done or fresh; the answer is no; it could not be done, or nobody can tell."""


class NeverstaleError(Exception):
    """Something stops the work: one line of what is wrong, one line of what to do next.

    *details* is what another program said of it, in full.
    """

    def __init__(self, message: str, *, hint: str, details: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details

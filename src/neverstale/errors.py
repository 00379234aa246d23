"""The one exception that a user meets, and the exit codes."""

import os

FRESH, STALE, CANNOT_TELL = 0, 1, 2
"""Exit codes: done or fresh; the answer is no; it could not be done, or nobody can tell."""


LONGEST = 259
"""Characters of a path that Windows takes by default:
https://learn.microsoft.com/en-us/windows/win32/fileio/maximum-file-path-limitation"""


class NeverstaleError(Exception):
    """Something stops the work: one line of what is wrong, one line of what to do next.

    A verb in the hint is written ```neverstale VERB```, and shown as the project's user types it.
    *details* is what another program said of it, in full.
    """

    def __init__(self, message: str, *, hint: str, details: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details


def said_by_system(error: OSError) -> NeverstaleError:
    """Return the error for what the system refused, at a path that is named where it is known."""
    hint = "check the space and the permissions there, then run the command again"
    if os.name == "nt" and len(str(error.filename)) > LONGEST:
        hint = f"a path of over {LONGEST} characters: move the project, or enable long paths"
    return NeverstaleError(f"{error.filename or 'a file'}: {error.strerror or error}", hint=hint)

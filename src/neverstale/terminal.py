"""What is said at a terminal: answers on stdout, all else on stderr. Only this module prints."""

import shutil
import sys
import time
from collections.abc import Iterable

from neverstale.errors import NeverstaleError
from neverstale.shell import without_password

PATIENCE = 1.0
"""After how many seconds the progress is shown."""


def printable(text: str) -> str:
    """Return *text* with what a terminal would take for more than a character escaped."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\n\t" else ascii(c)[1:-1] for c in text)


def one_line(text: str) -> str:
    """Return *text* on one line: a name may hold line breaks, to look like a line of ours."""
    return text.replace("\n", "\\n").replace("\t", "\\t")


class Console:
    """A user at a terminal or a program at a pipe; how much to say."""

    def __init__(
        self, *, verbose: bool = False, quiet: bool = False, began: float | None = None
    ) -> None:
        self.verbose = verbose
        self.quiet = quiet
        self._began = time.monotonic() if began is None else began
        self._shown = ""

    def put(self, text: str) -> None:
        """Print an answer; a name that the terminal's encoding lacks is escaped, not fatal."""
        self._end_progress()
        encoding = sys.stdout.encoding or "utf-8"
        print(
            printable(without_password(text)).encode(encoding, "backslashreplace").decode(encoding),
            flush=True,
        )

    def tell(self, text: str) -> None:
        """Say *text* to whoever waits for the work."""
        self._end_progress()
        text = printable(without_password(text)).encode("utf-8", "backslashreplace").decode()
        encoding = sys.stderr.encoding or "utf-8"
        print(text.encode(encoding, "replace").decode(encoding), file=sys.stderr, flush=True)

    def step(self, word: str, text: str) -> None:
        """Say that one step was taken: *word*, and what it was done to."""
        if not self.quiet:
            self.tell(f"{word:<9} {text}")

    def result(self, text: str) -> None:
        """Print the result of a verb."""
        if not self.quiet:
            self.put(text)

    def lines(self, lines: Iterable[str]) -> None:
        """Say *lines*, which explain what went wrong."""
        for line in lines:
            self.tell(line)

    def announce(self, command: str) -> None:
        """Say which *command* is run now, to who wants to know."""
        if self.verbose:
            self.tell(f"$ {command}")

    def complain(self, error: NeverstaleError) -> None:
        """Say what stopped the work, what to do about it, and what another program said of it."""
        message, hint = (text.replace("\n", " ") for text in (error.message, error.hint))
        self.tell(f"error: {message}\nhint: {hint}")
        if error.details.strip():
            self.tell(f"\n{error.details.strip()}")

    def wait(self) -> None:
        """Say why nothing goes on."""
        self.tell("waiting for another command that works on this project")

    def agreed(self) -> bool:
        """Ask whether to run what was shown; only a clear yes is one."""
        self._end_progress()
        print("run these? [y/N] ", end="", file=sys.stderr, flush=True)
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    def width(self) -> int:
        """Return the columns of the terminal; 80 in a log."""
        return shutil.get_terminal_size().columns

    def tick(self, done: int, total: int) -> None:
        """Show that *done* of *total* files have been read, to who waits at a terminal."""
        waited = time.monotonic() - self._began > PATIENCE
        if waited and sys.stderr.isatty() and not self.quiet:
            self._shown = f"reading files: {done} of {total}".ljust(len(self._shown))
            print(f"\r{self._shown}", end="", file=sys.stderr, flush=True)

    def _end_progress(self) -> None:
        if self._shown:
            print(f"\r{' ' * len(self._shown)}\r", end="", file=sys.stderr, flush=True)
            self._shown = ""

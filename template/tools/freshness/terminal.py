"""What is said on the terminal: data on stdout, all else on stderr. Only this module prints."""

import shutil
import sys
from collections.abc import Iterable, Sized

from freshness.findings import Finding
from freshness.report import explained


def say(word: str, text: str) -> None:
    """Print one step that was taken: *word*, and what it was done to."""
    put(f"{word:<9} {text}")


def put(text: str) -> None:
    """Print data; a name that the terminal's encoding lacks is escaped, not fatal."""
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding), flush=True)


def show(findings: Iterable[Finding]) -> None:
    """Print *findings* with their evidence and what mends them."""
    for line in explained(findings):
        put(line)


def announce(command: str) -> None:
    """Say which *command* is run now."""
    tell(f"$ {command}".encode("utf-8", "backslashreplace").decode())


def tell(text: str) -> None:
    """Say *text* to who waits for the work."""
    print(text, file=sys.stderr, flush=True)


def complain(message: str, hint: str) -> None:
    """Say what stopped the work, and what to do about it."""
    tell(f"error: {message}\nhint: {hint}")


def waiting() -> None:
    """Say why nothing goes on."""
    tell("waiting for another command that is at work on this project")


def agreed() -> bool:
    """Ask whether to run what was shown; only a clear yes is one."""
    print("run these? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def width() -> int:
    """Give the columns of the terminal; 80 in a log."""
    return shutil.get_terminal_size().columns


def count(things: Sized, noun: str) -> str:
    """Say how many *things* there are: ``1 file``, ``2 files``."""
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"

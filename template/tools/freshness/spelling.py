"""How the verbs of this tool are typed in a project: with make, with nox, or in full."""

import os
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

from freshness.tree import real

Typed = Callable[..., tuple[str, ...]]
"""Gives the command that runs a verb of this tool: ``typed("install", "--target", "venv")``."""

HERE = Path(__file__).parent

MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
"""What make reads, the first that is there:
https://www.gnu.org/software/make/manual/html_node/Makefile-Names.html"""

SCRIPT, INCLUDED, RUN = "tools/freshness/__main__.py", "tools/freshness.mk", "freshness/sessions.py"
"""What stands in a file that has the verbs, one that includes them, a noxfile that does."""


def find_spelling(root: Path) -> Typed:
    """Find how the verbs are typed in the project at *root*.

    Where a Makefile or a noxfile includes ours, the verb is called ``freshness-VERB``: whether
    ``VERB`` is the owner's is for make and nox to know.
    """
    own = real(root / "tools" / "freshness") == real(HERE)
    text = _first_text(root, MAKEFILES) if own and shutil.which("make") else ""
    if SCRIPT in text:
        return _with_make
    if INCLUDED in text:
        return _always_ours(_with_make)
    text = _first_text(root, ("noxfile.py",)) if own and shutil.which("nox") else ""
    if SCRIPT in text:
        return _with_nox
    if RUN in text:
        return _always_ours(_with_nox)
    script = os.path.relpath(HERE / "__main__.py", root) if own else str(HERE / "__main__.py")
    place = () if own else ("--project", str(root))

    def in_full(verb: str, *arguments: str) -> tuple[str, ...]:
        return ("uv", "run", "--script", script, *place, verb, *arguments)

    return in_full


def _first_text(root: Path, names: tuple[str, ...]) -> str:
    path = next((root / name for name in names if (root / name).is_file()), None)
    return path.read_text(encoding="utf-8", errors="replace") if path else ""


def _with_make(verb: str, *arguments: str) -> tuple[str, ...]:
    """Spell a target of the Makefile; make and then a shell read the arguments."""
    settings = f"ARGS={shlex.join(arguments).replace('$', '$$')}" if arguments else ""
    return ("make", verb, *([settings] if settings else []))


def _with_nox(verb: str, *arguments: str) -> tuple[str, ...]:
    return ("nox", "-s", verb, *(["--", *arguments] if arguments else []))


def _always_ours(typed: Typed) -> Typed:
    """Spell the name of a verb that no target of the owner's has."""

    def typed_as_ours(verb: str, *arguments: str) -> tuple[str, ...]:
        return typed(f"freshness-{verb}", *arguments)

    return typed_as_ours

"""How the verbs of this tool are typed in a project: with make, with nox, or in full."""

import os
import re
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

    Where a Makefile or a noxfile of the owner's includes ours, a target of the owner's has its
    name, and the verb is called ``freshness-VERB``.
    """
    own = real(root / "tools" / "freshness") == real(HERE)
    text = _first_text(root, MAKEFILES) if own and shutil.which("make") else ""
    if SCRIPT in text or INCLUDED in text:
        return _with_make(_targets(text) if INCLUDED in text else frozenset())
    text = _first_text(root, ("noxfile.py",)) if own and shutil.which("nox") else ""
    if SCRIPT in text or RUN in text:
        return _with_nox(_sessions(text) if RUN in text else frozenset())
    script = os.path.relpath(HERE / "__main__.py", root) if own else str(HERE / "__main__.py")
    place = () if own else ("--project", str(root))

    def in_full(verb: str, *arguments: str) -> tuple[str, ...]:
        return ("uv", "run", "--script", script, *place, verb, *arguments)

    return in_full


def _first_text(root: Path, names: tuple[str, ...]) -> str:
    path = next((root / name for name in names if (root / name).is_file()), None)
    return path.read_text(encoding="utf-8", errors="replace") if path else ""


def _targets(makefile: str) -> frozenset[str]:
    """Give the targets of a Makefile, those that variables name aside."""
    joined = makefile.replace("\\\n", " ")
    rules = re.findall(r"^ *([^\s#:=][^:=\n]*):(?![:=]*=)", joined, re.MULTILINE)
    return frozenset(name for names in rules for name in names.split())


def _sessions(noxfile: str) -> frozenset[str]:
    """Give the sessions of a noxfile, by the names of functions and those given as ``name=``."""
    found = re.findall(r"^def (\w+)\(|\bname=[\"']([\w-]+)[\"']", noxfile, re.MULTILINE)
    return frozenset(name for names in found for name in names if name)


def _with_make(theirs: frozenset[str]) -> Typed:
    """Spell a target of the Makefile; make and then a shell read the arguments."""

    def typed(verb: str, *arguments: str) -> tuple[str, ...]:
        settings = f"ARGS={shlex.join(arguments).replace('$', '$$')}" if arguments else ""
        return ("make", _ours(verb, theirs), *([settings] if settings else []))

    return typed


def _with_nox(theirs: frozenset[str]) -> Typed:
    def typed(verb: str, *arguments: str) -> tuple[str, ...]:
        return ("nox", "-s", _ours(verb, theirs), *(["--", *arguments] if arguments else []))

    return typed


def _ours(verb: str, theirs: frozenset[str]) -> str:
    return f"freshness-{verb}" if verb in theirs else verb

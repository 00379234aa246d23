"""How the verbs of this tool are typed: with make, with nox, with the launcher, or as a command."""

import os
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

from neverstale.files import text_if_there
from neverstale.process import outer_environment
from neverstale.programs import find_program
from neverstale.shell import typed
from neverstale.wheels.store import LAUNCHER

Typed = Callable[..., tuple[str, ...]]
"""Returns the command that runs a verb, as of ``("install", "--target", "venv")``."""

MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
"""What make reads, the first that exists:
https://www.gnu.org/software/make/manual/html_node/Makefile-Names.html"""

INCLUDED, RUN = "tools/neverstale.mk", "tools/neverstale_nox.py"
"""What a Makefile or a noxfile of the owner's includes."""


def find_invocation(root: Path) -> Typed:
    """Return how the verbs are typed in the project at *root*.

    Where a Makefile or a noxfile of the owner's includes ours, the verb is called
    ``neverstale-VERB``: whether ``VERB`` is the owner's is for make and nox to know.
    """
    if (root / LAUNCHER).is_file():
        text = _first_text(root, MAKEFILES) if find_program("make") else ""
        if LAUNCHER in text:
            return _with_make
        if INCLUDED in text:
            return _prefixed(_with_make)
        text = _first_text(root, ("noxfile.py",)) if find_program("nox") else ""
        if RUN in text:
            return _prefixed(_with_nox)
        if LAUNCHER in text:
            return _with_nox
        return _beginning_with("uv", "run", "--script", LAUNCHER.replace("/", os.sep))
    program = Path(sys.argv[0])
    start: tuple[str, ...]
    if program.name == "neverstale.py" and program.is_file():
        start = ("uv", "run", "--script", str(program.absolute()))
    elif _is_on_path():
        start = ("neverstale",)
    else:
        start = ("uvx", "--from", _origin(), "neverstale")
    return _beginning_with(*start, "--project", str(root))


def as_typed(text: str, root: Path) -> str:
    """Return *text* with each ```neverstale VERB``` in it as it is typed for the project at *root*.

    The folder is named where the launcher is none of the project's.
    """

    def typed_here(found: "re.Match[str]") -> str:
        return f"`{typed(find_invocation(root)(*found[1].split()))}`"

    return re.sub("`neverstale ([a-z][^`]*)`", typed_here, text)


def _is_on_path() -> bool:
    """Return whether a shell finds the command: uvx has it on PATH only while it runs."""
    if os.environ.get("VIRTUAL_ENV") == sys.prefix:
        return True
    return find_program("neverstale", path=outer_environment().get("PATH", "")) is not None


def _origin() -> str:
    """Return the wheel that this was installed from, or the name of the distribution."""
    import json
    from importlib.metadata import PackageNotFoundError, distribution
    from urllib.parse import urlsplit
    from urllib.request import url2pathname  # file:///C:/… is C:\\… on Windows

    try:
        text = distribution("neverstale").read_text("direct_url.json")
        return url2pathname(urlsplit(json.loads(text or "")["url"]).path)
    except (PackageNotFoundError, ValueError, KeyError, TypeError):
        return "neverstale"


def _beginning_with(*start: str) -> Typed:
    def in_full(verb: str, *arguments: str) -> tuple[str, ...]:
        return (*start, verb, *arguments)

    return in_full


def _first_text(root: Path, names: tuple[str, ...]) -> str:
    path = next((root / name for name in names if (root / name).is_file()), None)
    return text_if_there(path) if path else ""


def _with_make(verb: str, *arguments: str) -> tuple[str, ...]:
    """Return a target of the Makefile; make and then a shell read the arguments."""
    settings = f"ARGS={shlex.join(arguments).replace('$', '$$')}" if arguments else ""
    return ("make", verb, *([settings] if settings else []))


def _with_nox(verb: str, *arguments: str) -> tuple[str, ...]:
    return ("nox", "-s", verb, *(["--", *arguments] if arguments else []))


def _prefixed(unprefixed: Typed) -> Typed:
    """Return how a verb is typed whose name no target of the owner's has."""

    def prefixed(verb: str, *arguments: str) -> tuple[str, ...]:
        return unprefixed(f"neverstale-{verb}", *arguments)

    return prefixed

"""The verbs of tools/freshness as sessions, for a noxfile that has others: one line at its end.

    __import__("runpy").run_path("tools/freshness/sessions.py")

A session that the noxfile has stays its own; ``freshness-VERB`` is always ours.
"""

import shutil
import sys

import nox
from nox.command import CommandFailed

VERBS = {
    "install": "Clean, force a fresh build, install it, verify.",
    "install-editable": "Install a pointer to the sources.",
    "uninstall": "Remove what is installed.",
    "fresh": "Install, but only if what is installed is stale.",
    "doctor": "Say of every copy whether it is stale, why, and what mends it.",
    "build": "Build into dist/, forced.",
    "clean": "Remove what builds left behind, and list it.",
    "dev": "Create or update the environment.",
    "run": "Run from the sources: nox -s run -- COMMAND --help.",
    "run-wheel": "Run the built wheel in a throwaway environment.",
    "publish": "Rehearse the upload of dist/: -- --upload does it.",
    "update": "Take tools/freshness to its newest version.",
}


def add(verb: str, name: str) -> None:
    """Add the session *name*, which runs *verb* with the arguments behind ``--``."""

    def session_of_verb(session: nox.Session) -> None:
        if shutil.which("uv") is None:
            session.error(
                "uv is not installed\n"
                "hint: see https://docs.astral.sh/uv/getting-started/installation/"
            )
        script = ("run", "--quiet", "--script", "tools/freshness/__main__.py")
        try:
            session.run("uv", *script, verb, *session.posargs, external=True, log=False)
        except CommandFailed as failed:
            sys.exit(getattr(failed, "return_code", None) or 1)

    session_of_verb.__doc__ = VERBS[verb]
    nox.session(name=name, venv_backend="none", default=False, tags=["freshness"])(session_of_verb)


theirs = frozenset(nox.registry.get())
for verb in VERBS:
    for name in (verb, f"freshness-{verb}"):
        if name in theirs:
            continue
        add(verb, name)

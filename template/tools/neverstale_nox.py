"""The verbs of neverstale as sessions, for a noxfile that has others: one line at its end.

    __import__("runpy").run_path("tools/neverstale_nox.py")

A session that the noxfile has stays its own; ``neverstale-VERB`` is always ours.
"""

import shutil
import sys

import nox
from nox.popen import popen

VERBS = {
    "install": "Clean, force a fresh build, install it, verify.",
    "install-editable": "Install the project editable, metadata included.",
    "uninstall": "Remove what is installed.",
    "fresh": "Install only if what is installed is not fresh.",
    "doctor": "Tell of every copy whether it is stale, why, and how to fix it.",
    "build": "Build the sdist and the wheel into dist/, forced.",
    "clean": "Remove what builds left behind.",
    "dev": "Create or update the environment.",
    "run": "Run from the sources: nox -s run -- COMMAND --help.",
    "run-wheel": "Run the built wheel in a throwaway environment.",
    "publish": "Rehearse the upload of dist/: -- --yes uploads.",
    "update": "Update the launcher from the template.",
}


def add(verb: str, name: str) -> None:
    """Add the session *name*, which runs *verb* with the arguments behind ``--``."""

    def session_of_verb(session: nox.Session) -> None:
        if shutil.which("uv") is None:
            session.error(
                "uv is not installed\n"
                "hint: see https://docs.astral.sh/uv/getting-started/installation/"
            )
        launcher = ("run", "--quiet", "--frozen", "--python", ">=3.10", "--script")
        command = (*launcher, "tools/neverstale.py", verb, *session.posargs)
        # session.run would show the command if it fails, and there may be a password in it.
        # What is interrupted gets the time to put back what was there.
        code, _ = popen(["uv", *command], stderr=None, interrupt_timeout=None)
        if code:
            sys.exit(code)

    session_of_verb.__doc__ = VERBS[verb]
    nox.session(name=name, venv_backend="none", default=False, tags=["neverstale"])(session_of_verb)


theirs = frozenset(nox.registry.get())
for verb in VERBS:
    for name in (verb, f"neverstale-{verb}"):
        if name not in theirs:
            add(verb, name)

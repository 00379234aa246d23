"""Updates from the template: what is new, which command brings it, what is left to do after it."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from neverstale.errors import NeverstaleError
from neverstale.git import in_repository, is_changed, listed, move, start_listing, text_of
from neverstale.programs import find_program
from neverstale.template.answers import (
    Template,
    changes_between,
    find_template,
    newer_than,
    package_folder,
    refuse_update,
)

PATIENCE = 60.0
"""How many seconds the template's repository may take to answer somebody who asked for it."""

COPIER = ("tool", "run", "--quiet", "--from", "copier>=9.8", "copier", "update")

CHECK = ("run", "--quiet", "--only-group", "tasks", "nox", "--parallel", "auto", "-s", "check")

"""What runs the check of a project that has one."""

LAUNCH = ("run", "--quiet", "--frozen", "--python", ">=3.10", "--script", "tools/neverstale.py")
LOOK = (*LAUNCH, "doctor", "--quick")
"""What a project that only adopted the verbs has in place of it, as the new version sees it."""


class Plan(NamedTuple):
    """What an update would bring: the version, its changes.

    ``target`` is None where there is nothing newer. ``is_asked`` is whether somebody named it.
    """

    template: Template
    target: str | None
    changes: str
    is_asked: bool


def plan_update(root: Path, arguments: Sequence[str]) -> Plan:
    """Ask the template of the project at *root* what is new; *arguments* are those for copier.

    Raise NeverstaleError where the project has none, where git could not give back what is there
    now, and where the template cannot be reached.
    """
    template = refuse_update(find_template(root))
    if find_program("git") is None:
        raise NeverstaleError(
            "git is not installed, and an update is a merge",
            hint="install git: https://git-scm.com/downloads",
        )
    if not in_repository(root):
        raise NeverstaleError(
            "this is no git repository, and an update is a merge",
            hint="`git init`, and commit what is there, then run the command again",
        )
    if is_changed(root):
        raise NeverstaleError(
            "there are changes that are not committed, and an update is a merge",
            hint="commit them, or put them aside (git stash), then run the command again",
        )
    listing = listed(start_listing(template.address), PATIENCE)
    if listing is None:
        raise NeverstaleError(
            f"the template cannot be reached: {template.address}",
            hint=f"try `git ls-remote` with the _src_path of {template.answers_file}",
        )
    asked = _asked(arguments)
    target = asked or newer_than(template, listing)
    changes = _changes(template, target) if target else ""
    return Plan(template, target, changes, asked is not None)


def _asked(arguments: Sequence[str]) -> str | None:
    """Return the version that copier's option names, None where it does not."""
    for option, value in pairwise([*arguments, ""]):
        if option in ("-r", "--vcs-ref"):
            return value
        if option.startswith("--vcs-ref="):
            return option.partition("=")[2]
    return None


def _changes(template: Template, target: str) -> str:
    import tempfile

    with tempfile.TemporaryDirectory(prefix="neverstale-") as scratch:
        changelog = text_of(template.address, target, "CHANGELOG.md", Path(scratch))
    until = None if target == "HEAD" else Template("", "", target, {}).release
    return changes_between(changelog or "", template.release, until)


def update_command(plan: Plan, *, may_ask: bool) -> list[str]:
    """Return the arguments of the uv that runs copier; it asks new questions if it *may_ask*."""
    asking = "--skip-answered" if may_ask else "--defaults"
    named = [] if plan.is_asked or plan.target is None else ["--vcs-ref", plan.target]
    return [*COPIER, "--answers-file", plan.template.answers_file, asking, *named]


def move_package(root: Path, before: Template) -> str | None:
    """Follow an answer that moved the package; return what is left to do, None where nothing is.

    The package is its owner's, so the template does not touch it: it is moved as it is, with git.
    """
    after = find_template(root)
    old, new = package_folder(before), package_folder(after) if after else None
    if not old or not new or old == new or (root / new).exists() or not (root / old).is_dir():
        return None
    if Path(old).name == Path(new).name and move(root, old, new):
        return None
    return f"{old} is yours: rename it to {new}, and its name where it is imported"

"""Updates from the template: what is new, which command brings it, what is left to do after it."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from freshness.errors import FreshnessError
from freshness.git import is_changed, listed, move, start_listing, text_of
from freshness.template import (
    Template,
    changes_between,
    find_template,
    newer_than,
    package_folder,
    refuse_update,
)

PATIENCE = 60.0
"""How many seconds the template's repository may take to answer somebody who asked for it."""

COPIER = ("tool", "run", "--quiet", "--from", "copier>=9.5", "copier", "update")

CHECK = ("run", "--quiet", "--only-group", "tasks", "nox", "--parallel", "auto", "-s", "check")

"""What runs the check of a project that has one."""

LOOK = ("run", "--quiet", "--script", "tools/freshness/__main__.py", "doctor", "--quick")
"""What a project that only adopted the verbs has in place of it, as the new version sees it."""


@dataclass(frozen=True)
class Plan:
    """What an update would bring: the newest version (None where there is none), its changes."""

    template: Template
    newest: str | None
    changes: str


def plan_update(root: Path) -> Plan:
    """Ask the template of the project at *root* what is new.

    Raises FreshnessError where the project has none, where there are changes that git could not
    give back, and where the template cannot be reached.
    """
    template = refuse_update(find_template(root))
    if is_changed(root):
        raise FreshnessError(
            "there are changes that are not committed, and an update is a merge",
            hint="commit them, or put them aside (git stash), then run the command again",
        )
    listing = listed(start_listing(template.address), PATIENCE)
    if listing is None:
        raise FreshnessError(
            f"the template cannot be reached: {template.address}",
            hint=f"try `git ls-remote {template.address}`; _src_path in {template.answers_file}",
        )
    newest = newer_than(template, listing)
    return Plan(template, newest, _changes(template, newest) if newest else "")


def _changes(template: Template, newest: str) -> str:
    with tempfile.TemporaryDirectory(prefix="freshness-") as scratch:
        changelog = text_of(template.address, newest, "CHANGELOG.md", Path(scratch))
    until = None if newest == "HEAD" else Template("", "", newest, {}).release
    return changes_between(changelog or "", template.release, until)


def update_command(template: Template, *, may_ask: bool) -> list[str]:
    """Give the arguments of the uv that runs copier; it asks new questions if it *may_ask*."""
    asking = "--skip-answered" if may_ask else "--defaults"
    return [*COPIER, "--answers-file", template.answers_file, asking]


def move_package(root: Path, before: Template) -> str | None:
    """Follow an answer that moved the package; give what is left to do, None where nothing is.

    The package is its owner's, so the template does not touch it: it is moved as it is, with git.
    """
    after = find_template(root)
    old, new = package_folder(before), package_folder(after) if after else None
    if not old or not new or old == new or (root / new).exists() or not (root / old).is_dir():
        return None
    if Path(old).name == Path(new).name and move(root, old, new):
        return None
    return f"{old} is yours: rename it to {new}, and its name where it is imported"

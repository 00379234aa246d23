"""The verbs as a user meets them: each calls a workflow and says what it came to."""

import os
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from neverstale.errors import FRESH, STALE, NeverstaleError
from neverstale.terminal import Console
from neverstale.verbs.looking import doctor as doctor
from neverstale.verbs.releasing import build as build
from neverstale.verbs.releasing import bump as bump
from neverstale.verbs.releasing import publish as publish
from neverstale.verbs.task import Options as Options
from neverstale.verbs.task import say_cleaned, say_unanswered, task_of
from neverstale.verbs.upgrading import upgrade as upgrade
from neverstale.verbs.watching import watch as watch

if TYPE_CHECKING:
    from neverstale.install.task import Outcome, Task


def install(options: Options, console: Console) -> int:
    """Clean, force a fresh build, install it, verify; the old install works until then."""
    from neverstale.install import workflows

    return _installed(options, console, workflows.install)


def fresh(options: Options, console: Console) -> int:
    """Install, but only if what is installed is not fresh."""
    from neverstale.install import workflows

    return _installed(options, console, workflows.fresh)


def install_editable(options: Options, console: Console) -> int:
    """Install the project editable, with commands and metadata brought up to date."""
    from neverstale.install import workflows

    return _installed(options, console, workflows.install_editable)


def _installed(options: Options, console: Console, workflow: "Callable[[Task], Outcome]") -> int:
    from neverstale.report import explained, of_install

    began = time.monotonic()
    task = task_of(options, console)
    outcome = workflow(task)
    if outcome.restored:
        console.step("restored", "what an interrupted install had left half-way")
    for cleaned in outcome.cleaned:
        say_cleaned(cleaned, task.project.root, console)
    for place, _ in outcome.places:
        console.lines(explained(place.findings))
    for what in outcome.changed:
        console.tell(f"{what} changed while this was installed; run it again")
    say_unanswered(task, console)
    for line in of_install(outcome, time.monotonic() - began):
        console.result(line)
    return FRESH if outcome.fresh else STALE


def uninstall(options: Options, console: Console) -> int:
    """Remove the installed project; a project that is not installed is no error."""
    from neverstale.install import workflows

    console.result(workflows.uninstall(task_of(options, console)))
    return FRESH


def clean(options: Options, console: Console) -> int:
    """Remove what builds leave behind, and bytecode; list it. What git tracks stays."""
    from neverstale.install.cleaning import clean_all, clean_artifacts
    from neverstale.project.members import in_one_workspace

    task = task_of(options, console)
    first, *others = in_one_workspace(task.together())
    cleaned = [clean_all(first, task.builder.store), *map(clean_artifacts, others)]
    for each in cleaned:
        say_cleaned(each, task.project.root, console)
        if each.bytecode:
            plural = "" if each.bytecode == 1 else "s"
            console.step("removed", f"__pycache__ in {each.bytecode} folder{plural}")
    if not any(each.removed or each.bytecode for each in cleaned):
        console.result("Nothing to remove")
    return FRESH


def dev(options: Options, console: Console) -> int:
    """Create or update the project's environment (``uv sync``), and install git's hooks."""
    from neverstale.install.developing import Failed, sync_environment
    from neverstale.install.hooks import find_runner, reason_against

    task = task_of(options, console)
    if not task.project.has_table:  # uv cannot sync it
        options.target = "venv"
        return install_editable(options, console)
    try:
        synced = sync_environment(task, *options.arguments)
    except Failed as failed:
        return failed.code
    for cleaned in synced.cleaned:
        for path in cleaned.removed:
            console.step("removed", os.path.relpath(path, task.project.root))
    for name in synced.due:
        console.step("updated", f"{name}, whose metadata or files uv took for current")
    runner = find_runner(task.project.root)
    if runner:
        against = reason_against(task.project.root)
        if against:
            console.tell(f"no hooks were installed: {against}")
        elif code := task.uv.run_program(str(runner), "install"):
            return int(code)
    _tell_of_lock(task, console)
    return FRESH


def _tell_of_lock(task: "Task", console: Console) -> None:
    from neverstale.git import is_changed
    from neverstale.project.lock import of_one_machine

    if is_changed(task.project.root, "uv.lock"):
        console.tell(
            "uv.lock is new or changed: commit it, so that everybody has the same versions"
        )
    if foreign := of_one_machine(task.project.root, task.project.uv):
        console.tell(
            f"uv.lock has {' and '.join(foreign)}, which no file of this project says: put it into"
            " [tool.uv], or lock without your own settings (`uv lock --no-config`)"
        )


def run(options: Options, console: Console) -> int:
    """Run a command straight from the sources (``uv run``), metadata included."""
    from neverstale.install.developing import Failed
    from neverstale.install.running import run

    try:
        return run(task_of(options, console), options.arguments)
    except Failed as failed:
        return failed.code


def run_wheel(options: Options, console: Console) -> int:
    """Run a command from a wheel of the present sources in a throwaway environment."""
    from neverstale.install import running

    return running.run_wheel(task_of(options, console), options.arguments)


def wheel(options: Options, console: Console) -> int:
    """Print the paths of wheels of the present sources, built where there is none: for programs."""
    from neverstale.install.running import wheels_of

    python = ["--python", options.python] if options.python else []
    for path in wheels_of(task_of(options, console), python).values():
        console.put(str(path))
    return FRESH


def update(options: Options, console: Console) -> int:
    """Show what is new in the template, merge it with copier, and run the check.

    Arguments are copier's: ``--data ci=gitlab`` changes an answer, ``--vcs-ref TAG`` the version.
    """
    from neverstale.git import unmerged_files
    from neverstale.template.update import (
        CHECK,
        COPIER,
        LOOK,
        move_package,
        plan_update,
        update_command,
    )

    task = task_of(options, console)
    root, uv = task.project.root, task.uv
    if {"-h", "--help"} & set(options.arguments):
        return int(uv.run(*COPIER, "--help"))
    plan = plan_update(root, options.arguments)
    template = plan.template
    if plan.target is None and not options.arguments:
        console.result(f"{template.version} is the newest version of {template.address}")
        return FRESH
    if plan.target:
        console.step("update", f"{template.version} to {plan.target} of {template.address}")
    if plan.changes:
        console.put(f"\n{plan.changes}\n")
    may_ask = sys.stdin.isatty() and sys.stderr.isatty()
    code = uv.run(*update_command(plan, may_ask=may_ask), *options.arguments)
    if code:
        raise NeverstaleError(
            f"copier did not update (exit code {code})",
            hint="see what it says above; `git status` shows whether anything was changed",
        )
    if to_do := move_package(root, template):
        console.step("to do", to_do)
        return STALE
    if conflicts := unmerged_files(root):
        for path in conflicts:
            console.step("conflict", path)
        console.tell(
            "resolve what is between <<<<<<< and >>>>>>>, `git add` it, then run the check"
        )
        return STALE
    if template.answers.get("scope") != "tasks":
        return int(uv.run(*CHECK))
    uv.run(*LOOK)  # whatever it finds: the update is done
    return FRESH


def cache(options: Options, console: Console) -> int:
    """Show, shrink or empty the user's cache: build backends, and what is known of projects."""
    from neverstale.cache import cache_folder, limit, prune
    from neverstale.cache import clean as empty

    if options.what == "dir":
        console.put(str(cache_folder()))
    elif options.what == "prune":
        removed = prune(limit())
        console.result(f"Removed {len(removed)} entries; the limit is {limit() >> 20} MiB")
    else:
        console.result(f"Removed {empty() >> 20} MiB from {cache_folder()}")
    return FRESH

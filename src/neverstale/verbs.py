"""The verbs as a user meets them: each calls a workflow and says what it came to."""

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from neverstale.errors import FRESH, STALE, NeverstaleError
from neverstale.install import running
from neverstale.terminal import Console

if TYPE_CHECKING:
    from neverstale.install.cleaning import Cleaned
    from neverstale.install.task import Outcome, Task
    from neverstale.process import Uv
    from neverstale.project.metadata import Project

Options = argparse.Namespace
"""The options of a verb; ``arguments`` are those that it passes on."""

LOOKING = ("doctor",)
"""Verbs that leave no trace among the sources."""

OLD_WILL_DO = ("clean", "uninstall", "update")
"""Verbs for which a project without [project] need not be built to know its name."""


def _task(options: Options, console: Console) -> "Task":
    from neverstale.install.task import Task
    from neverstale.process import find_uv
    from neverstale.project.metadata import read_project
    from neverstale.wheels.build import Builder
    from neverstale.wheels.store import store_of

    root = Path(options.project).resolve()
    uv = find_uv(root, console.announce)
    looking = options.verb in LOOKING
    store = store_of(root, looking=looking)
    builder = Builder(uv, store, console.wait, traceless=looking)
    may_build = not getattr(options, "quick", False)
    ask = partial(builder.ask, may_build=may_build, old=options.verb in OLD_WILL_DO)

    def read(folder: Path) -> "Project":
        return read_project(folder, ask)

    return Task(read(root), builder, read, getattr(options, "target", None))


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
    task = _task(options, console)
    outcome = workflow(task)
    if outcome.restored:
        console.step("restored", "what an interrupted install had left half-way")
    for cleaned in outcome.cleaned:
        _say_cleaned(cleaned, task.project.root, console)
    for place, _ in outcome.places:
        console.lines(explained(place.findings))
    for what in outcome.changed:
        console.tell(f"{what} changed while this was installed; run it again")
    for line in of_install(outcome, time.monotonic() - began):
        console.result(line)
    return FRESH if outcome.fresh else STALE


def _say_cleaned(cleaned: "Cleaned", root: Path, console: Console) -> None:
    for kept in cleaned.kept:
        console.step("kept", f"{os.path.relpath(kept.path, root)} ({kept.reason})")
    for path in cleaned.removed:
        console.step("removed", os.path.relpath(path, root))


def uninstall(options: Options, console: Console) -> int:
    """Remove the installed project; a project that is not installed is no error."""
    from neverstale.install import workflows

    console.result(workflows.uninstall(_task(options, console)))
    return FRESH


def clean(options: Options, console: Console) -> int:
    """Remove what builds leave behind, and bytecode; list it. What git tracks stays."""
    from neverstale.install.cleaning import clean_all, clean_artifacts
    from neverstale.project.members import in_one_workspace

    task = _task(options, console)
    first, *others = in_one_workspace(task.together())
    cleaned = [clean_all(first, task.builder.store), *map(clean_artifacts, others)]
    for each in cleaned:
        _say_cleaned(each, task.project.root, console)
        if each.bytecode:
            plural = "" if each.bytecode == 1 else "s"
            console.step("removed", f"__pycache__ in {each.bytecode} folder{plural}")
    if not any(each.removed or each.bytecode for each in cleaned):
        console.result("Nothing to remove")
    return FRESH


def doctor(options: Options, console: Console) -> int:
    """Tell of every copy of the project whether it is stale, why, and how to fix it.

    The default builds the sources where nothing else tells, so it runs the build backend, and
    nothing else of the project; --quick runs nothing of it.
    """
    from neverstale.diagnosis.doctor import Request, diagnose
    from neverstale.diagnosis.reference import Depth
    from neverstale.project.members import members_of
    from neverstale.report import as_json, as_text, exit_code
    from neverstale.template.drift import ask_template, check_template

    if options.explain:
        return _explain(options.explain, console)
    if options.schema:
        console.put(_schema("doctor"))
        return FRESH
    if options.fix and not options.yes and (options.json or not sys.stdin.isatty()):
        raise NeverstaleError(
            "--fix asks before it runs anything, and here nobody can answer",
            hint="look at the fixes first, then add --yes",
        )
    depth = Depth.QUICK if options.quick else Depth.BUILD if options.build else Depth.DEFAULT
    task = _task(options, console)
    request = Request(depth, console.tick, members_of(task.project, task.read))
    if depth is not Depth.QUICK:
        asked = ask_template(task.project.root)
        request = replace(request, drift=partial(check_template, asked, task.project))
    diagnosis = diagnose(task.project, task.builder, request)
    commands = diagnosis.fixes if options.fix and exit_code(diagnosis.places) else ()
    text = as_json(diagnosis) if options.json else as_text(diagnosis, console.width())
    if not commands or not options.json:
        console.put(text)
    if not options.fix or not commands:
        return exit_code(diagnosis.places)
    if not options.yes and not console.agreed():
        console.tell("nothing was changed")
        return exit_code(diagnosis.places)
    _run_all(commands, task.uv, console)
    task = _task(options, console)
    diagnosis = diagnose(task.project, task.builder, request)
    console.put(as_json(diagnosis) if options.json else as_text(diagnosis, console.width()))
    return exit_code(diagnosis.places)


def _run_all(commands: Sequence[Sequence[str]], uv: "Uv", console: Console) -> None:
    """Run the fixes; one that fails keeps no other from being run, and the verdict tells."""
    for command in commands:
        try:
            code = uv.run_typed(command)
        except OSError as error:
            console.tell(f"{command[0]} cannot be started: {error.strerror}")
            continue
        if code:
            console.tell(f"that ended with exit code {code}")


def _explain(name: str, console: Console) -> int:
    from neverstale.diagnosis.codes import Code
    from neverstale.report import as_explanation

    if name.upper() not in Code.__members__:
        raise NeverstaleError(
            f"there is no finding {name!r}", hint=f"there are {', '.join(Code.__members__)}"
        )
    console.put(as_explanation(Code[name.upper()], console.width()))
    return FRESH


def _schema(name: str) -> str:
    return (Path(__file__).parent / "schemas" / f"{name}.json").read_text("utf-8").rstrip()


def build(options: Options, console: Console) -> int:
    """Build the sdist, and the wheel from it, into ``dist/``: a forced build."""
    from neverstale.release import publish as releasing
    from neverstale.report import explained

    task = _task(options, console)
    done = releasing.build(task, Path(options.out_dir), twice=options.twice)
    for cleaned in done.cleaned:
        _say_cleaned(cleaned, task.project.root, console)
    console.lines(explained(done.findings))
    for name in done.unlike or ():
        console.tell(f"{name}: two builds of the same sources differ")
    for path in done.archives:
        console.result(f"Built {path}{' (twice, to the same bytes)' if done.unlike == () else ''}")
    return FRESH if done.good else STALE


def publish(options: Options, console: Console) -> int:
    """Upload what is in ``dist/``, if it is a build of the sources; rehearse without --upload."""
    from neverstale.release.publish import prepare_upload

    parser = argparse.ArgumentParser(prog="neverstale publish", description=publish.__doc__)
    parser.add_argument("--upload", action="store_true", help="no rehearsal: upload")
    parser.add_argument("--tag", help="the tag in git that the version has to match")
    parser.add_argument("--dist", default="dist", metavar="DIR", help="the folder (default: dist)")
    own, passed_on = parser.parse_known_args(options.arguments)
    task = _task(options, console)
    names = prepare_upload(task, Path(own.dist), own.tag, for_real=own.upload)
    rehearsal = [] if own.upload else ["--dry-run"]
    code: int = task.uv.run("publish", *rehearsal, *passed_on, *names)
    if rehearsal and not code:
        console.tell("nothing was uploaded; `make publish ARGS=--upload` uploads")
    return code


def dev(options: Options, console: Console) -> int:
    """Create or update the project's environment (``uv sync``), and install git's hooks."""
    from neverstale.git import is_changed
    from neverstale.install.hooks import find_runner, reason_against
    from neverstale.install.workflows import Failed, sync_environment

    task = _task(options, console)
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
    if is_changed(task.project.root, "uv.lock"):
        console.tell(
            "uv.lock is new or changed: commit it, so that everybody has the same versions"
        )
    return FRESH


def run(options: Options, console: Console) -> int:
    """Run a command straight from the sources (``uv run``), metadata included."""
    from neverstale.install import workflows

    try:
        return running.run(_task(options, console), options.arguments)
    except workflows.Failed as failed:
        return failed.code


def run_wheel(options: Options, console: Console) -> int:
    """Run a command from a wheel of the present sources in a throwaway environment."""
    return running.run_wheel(_task(options, console), options.arguments)


def wheel(options: Options, console: Console) -> int:
    """Print the paths of wheels of the present sources, built where there is none: for programs."""
    from neverstale.install.running import wheels_of

    python = ["--python", options.python] if options.python else []
    for path in wheels_of(_task(options, console), python):
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

    task = _task(options, console)
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

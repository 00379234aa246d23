"""The verbs that install or run: the order of their steps, and what they say of the outcome."""

import argparse
import os
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from freshness import sync
from freshness.artifacts import remove
from freshness.bytecode import find_stale_bytecode
from freshness.cleaning import clean_one
from freshness.compiled import interpreter_of, refuse_without_toolchain
from freshness.diagnosis import judge_wheel
from freshness.distribution import Distribution
from freshness.editables import STAMP as COMPILED
from freshness.editables import Due, building_with, compile_anew, due_in, note_installed, set_away
from freshness.environments import (
    PIPX,
    TOOL,
    Environment,
    environment_at,
    tool_environment,
    venv_environment,
)
from freshness.errors import NOT_VERIFIED, VERIFIED, FreshnessError
from freshness.findings import Verdict, is_stale
from freshness.fixes import fixes_for
from freshness.git import is_changed
from freshness.hooks import find_runner, reason_against
from freshness.imports import packages_of
from freshness.install import (
    Built,
    build_together,
    find_pipx,
    python_for,
    recover,
    refuse_foreign_commands,
    refuse_sources,
    refuse_useless_tool,
    swap,
)
from freshness.installed import read_installed
from freshness.members import members_of, neighbours_of
from freshness.places import Known, Place, examine
from freshness.project import Project
from freshness.sources import made_for, sources_of
from freshness.store import Store, held
from freshness.terminal import announce, count, put, say, show, tell, waiting
from freshness.uv import Uv, become
from freshness.wheel import NOTHING, Reuse, isolated


def install(parsed: argparse.Namespace, project: Project, uv: Uv) -> int:
    """Clean, forced build, install, verify; the old install works until the new one does."""
    together = (project, *members_of(project, parsed.read))
    return _install(together, uv, _target(parsed, project, uv), even_if_fresh=True)


def fresh(parsed: argparse.Namespace, project: Project, uv: Uv) -> int:
    """Install, but only if what is installed is not fresh."""
    store = Store(project.root)
    environment = _target(parsed, project, uv)
    together = (project, *members_of(project, parsed.read))
    seen = [_fresh_already(each, environment, store) for each in together]
    if all(seen):
        for held in seen:
            say("fresh", f"{held}: nothing to do")
        return VERIFIED
    return _install(together, uv, environment, even_if_fresh=False)


def _fresh_already(project: Project, environment: Environment, store: Store) -> str:
    """Say what is held in *environment*, if that is certain without a build; else nothing."""
    sources = sources_of(project)
    minor = environment.minor if project.is_compiled(sources.files) else None
    made = made_for(sources.fingerprint, minor)
    reference = None if project.reads_outside else store.holds(made)
    if reference is None:
        return ""
    place = _examine(project, environment, reference)
    doubts = judge_wheel(project, sources.files, reference, fixes_for(project).verb("install"))
    certain = place.verdict is Verdict.FRESH and not is_stale(doubts)
    return _held(place, reference) if certain else ""


def install_editable(parsed: argparse.Namespace, project: Project, uv: Uv) -> int:
    """Install a pointer to the sources, with commands and metadata as declared now."""
    store = Store(project.root)
    environment = _target(parsed, project, uv)
    members = members_of(project, parsed.read)
    with store.locked(waiting), _held_alone(environment):
        _recover(project, environment)
        if project.likely_commands is not None:  # else the build backend alone knows them
            refuse_useless_tool(environment, project.likely_commands)
            refuse_foreign_commands(environment, project.likely_commands)
        remove(find_stale_bytecode(project.root), project.root)
        due = due_in(environment, (project, *members), store.folder)
        reuse = building_with(uv, project, environment.prefix, store)
        reuse = _for_due(due, store, reuse)
        with set_away(due, environment.prefix, store):
            swap(uv, project, environment, "--editable", ".", reuse=reuse)
        note_installed(environment, due, store.folder)
    place = _examine(project, environment, None)
    return _verified(place, f"{environment.place}: editable, runs {project.root}")


def uninstall(parsed: argparse.Namespace, project: Project, uv: Uv) -> int:
    """Remove the installed project; a project that is not installed is no error."""
    environment = _target(parsed, project, uv)
    with Store(project.root).locked(waiting), _held_alone(environment):
        _recover(project, environment)
        if environment.place == TOOL and environment.prefix.is_dir():
            return uv.run("tool", "uninstall", project.name)
        if environment.place == PIPX:
            return uv.run_other(find_pipx(), "uninstall", project.name)
        if environment.place == TOOL or not read_installed(environment, project.name):
            say("done", f"{project.name} is not installed ({environment.place})")
            return VERIFIED
        return uv.run("pip", "uninstall", "--python", str(environment.prefix), project.name)


def _install(
    together: Sequence[Project], uv: Uv, environment: Environment, *, even_if_fresh: bool
) -> int:
    """Build *together*, a project and those that it needs, and install them in one step."""
    project, store = together[0], Store(together[0].root)
    with store.locked(waiting), _held_alone(environment):
        _recover(project, environment)
        for one in together:
            refuse_sources(one)
            clean_one(one)
        built = build_together(uv, together, store, python_for(project, environment))
        for each in built:
            say("built", each.wheel.name)
        if not even_if_fresh and all(_is_fresh(each, environment) for each in built):
            for each in built:
                place = _examine(each.project, environment, each.reference)
                held = _held(place, each.reference)
                say("fresh", f"{held}: the build changed nothing, so nothing was installed")
            return VERIFIED
        own, *beside = built
        refuse_useless_tool(environment, own.reference.commands)
        refuse_foreign_commands(environment, own.reference.commands)
        # uv installs by hard links: who edits an installed file edits uv's cache, and an install
        # from there would bring the edit back. A newer wheel is read again.
        for each in built:
            each.wheel.touch()
        wheels = {each.project.name: os.path.relpath(each.wheel) for each in beside}
        swap(uv, project, environment, os.path.relpath(own.wheel), beside=wheels)
        return max(_verify(each, environment) for each in built)


def _is_fresh(built: Built, environment: Environment) -> bool:
    place = _examine(built.project, environment, built.reference)
    return place.verdict is Verdict.FRESH


def _verify(built: Built, environment: Environment) -> int:
    project, reference = built.project, built.reference
    findings = judge_wheel(
        project, built.sources.files, reference, fixes_for(project).verb("install")
    )
    show(findings)
    place = _examine(project, environment, reference)
    if is_stale(findings):
        _verified(place, "")
        return NOT_VERIFIED
    return _verified(place, _held(place, reference))


def _held(place: Place, reference: Distribution) -> str:
    return (
        f"{place.name}: {reference.name} {reference.version}, "
        f"{count(reference.files, 'file')} and {count(reference.commands, 'command')} "
        "as in the sources"
    )


def _verified(place: Place, held: str) -> int:
    """Say what a look at *place* after the work found."""
    show(place.findings)
    if place.verdict in (Verdict.FRESH, Verdict.EDITABLE):
        if held:
            say("fresh", held)
        return VERIFIED
    say("not fresh", f"{place.name}: {place.verdict.value}. {place.reason}".strip())
    return NOT_VERIFIED


def _recover(project: Project, environment: Environment) -> None:
    if recover(project, environment):
        say("restored", f"{environment.prefix}, which an interrupted install had left in pieces")


def _held_alone(environment: Environment) -> AbstractContextManager[None]:
    """Keep other checkouts of the project from the environment, which they may share."""
    folder, name = environment.prefix.parent, environment.prefix.name.strip(".")
    return (
        held(folder / f".{name}.lock", waiting)
        if environment.place in (TOOL, PIPX)
        else nullcontext()
    )


def _target(parsed: argparse.Namespace, project: Project, uv: Uv) -> Environment:
    target = parsed.target or project.target
    if target == "tool":
        return tool_environment(uv, project.name)
    return (
        venv_environment(project.root)
        if target == "venv"
        else environment_at(Path(target), project.name)
    )


def _examine(project: Project, environment: Environment, reference: Distribution | None) -> Place:
    """Look at what is in *environment* now; *reference* is the wheel that it should be."""
    environment = environment.beside_the_tool(project.name)
    packages = packages_of(reference.files) if reference else []
    fix = fixes_for(project).reinstall(environment, editable=reference is None)
    return examine(project, environment, Known({}, reference, packages), fix)


def dev(parsed: argparse.Namespace, project: Project, uv: Uv) -> int:
    """``uv sync``, after the bytecode that would hide an edit is removed; and git's hooks.

    A project that uv cannot sync, as it has no [project], is installed editable into ``.venv``.
    """
    if not project.has_table:
        parsed.target = "venv"
        return install_editable(parsed, project, uv)
    remove(find_stale_bytecode(project.root), project.root)
    code = _sync(parsed, project, uv, *parsed.arguments)
    runner = find_runner(project.root)
    if runner and not code:
        against = reason_against(project.root)
        if against:
            tell(f"no hooks were installed: {against}")
        else:
            code = uv.run_other(str(runner), "install")
    if is_changed(project.root, "uv.lock"):
        tell("uv.lock is new or changed: commit it, so that everybody has the same versions")
    return code


def _sync(
    parsed: argparse.Namespace, project: Project, uv: Uv, *arguments: str, always: bool = True
) -> int:
    """``uv sync``, with what it would not see: what is compiled, and copies of other projects."""
    store, environment = Store(project.root), venv_environment(project.root)
    beside = neighbours_of(project, parsed.read)
    due = due_in(environment, (project, *beside), store.folder)
    if not due and not always and not sync.was_stopped(store):
        return VERIFIED
    with store.locked(waiting):
        if not due:
            return sync.run(uv, store, environment, *arguments)
        own = NOTHING
        if not isolated(project):  # else the project's own groups have what builds it
            own = building_with(uv, project, environment.prefix, store)
        reuse = _for_due(due, store, own)
        store.stamp(due[0].sources.fingerprint, COMPILED)
        try:
            with set_away(due, environment.prefix, store):
                _sync_or_fail(uv, store, environment, reuse, arguments)
        except _Failed as failed:
            return failed.code
        note_installed(environment, due, store.folder)
    return VERIFIED


class _Failed(Exception):  # noqa: N818 - no error: uv has said what is wrong
    """A command ended with an exit code that is passed on."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def _sync_or_fail(
    uv: Uv, store: Store, environment: Environment, reuse: Reuse, arguments: Sequence[str]
) -> None:
    words = (*reuse.options, *arguments)
    code = sync.run(uv, store, environment, *words, settings=reuse.environment)
    if code:
        raise _Failed(code)


def _for_due(due: Sequence[Due], store: Store, reuse: Reuse = NOTHING) -> Reuse:
    """Make ready for what is *due* to be installed anew; give what uv is to be told."""
    for each in due:
        refuse_without_toolchain(each.project, each.sources.files)
        clean_one(each.project)
    anew = [word for each in due for word in ("--reinstall-package", each.project.name)]
    forced = compile_anew(store.folder) if due else {}
    return Reuse(reuse.backend, {**reuse.environment, **forced}, (*reuse.options, *anew))


def run(parsed: argparse.Namespace, project: Project, uv: Uv) -> int:
    """``uv run``, straight from the sources."""
    arguments = _command_or_default(parsed.arguments, project, "run")
    if project.has_table and (code := _sync(parsed, project, uv, "--inexact", always=False)):
        return code
    sources = [] if project.has_table else ["--isolated", "--no-project", "--with-editable", "."]
    return _with_current_bytecode(project, [uv.executable, "run", *sources, *arguments])


def _with_current_bytecode(project: Project, command: Sequence[str]) -> int:
    remove(find_stale_bytecode(project.root), project.root)
    return become(command, announce)


def _command_or_default(arguments: Sequence[str], project: Project, verb: str) -> list[str]:
    """Give *arguments*, or the project's only command where there are none."""
    commands = sorted(project.likely_commands or {})
    if not arguments and len(commands) != 1:
        raise FreshnessError(
            f"{verb} what? The project declares {len(commands)} commands",
            hint=f'name one: make {verb} ARGS="COMMAND --help"',
        )
    return list(arguments) or commands


def run_wheel(parsed: argparse.Namespace, project: Project, uv: Uv) -> int:
    """Run the wheel of the present sources in a throwaway environment."""
    together = (project, *members_of(project, parsed.read))
    arguments = _command_or_default(parsed.arguments, project, "run-wheel")
    store = Store(project.root)
    python = python_for(project, venv_environment(project.root))
    with store.locked(waiting):
        wheels = [_wheel_of(each, uv, store, python) for each in together]
    if not python and project.is_compiled(()):
        python = ["--python", str(interpreter_of(uv, []).executable)]
    python = python or ["--python", str(project.requires_python) or "3"]
    with_wheels = [word for wheel in wheels for word in ("--with", os.path.relpath(wheel))]
    command = [uv.executable, "run", "--isolated", "--no-project", *python, *with_wheels]
    # Else the current folder comes first on sys.path, and a flat layout would hide the wheel.
    os.environ["PYTHONSAFEPATH"] = "1"
    return become([*command, *arguments], announce)


def wheel(parsed: argparse.Namespace, project: Project, uv: Uv) -> int:
    """Print the paths of wheels of the present sources, built where there is none: for programs."""
    python = ["--python", parsed.python] if parsed.python else []
    store = Store(project.root)
    with store.locked(waiting):
        for each in (project, *members_of(project, parsed.read)):
            put(str(_wheel_of(each, uv, store, python)))
    return VERIFIED


def _wheel_of(project: Project, uv: Uv, store: Store, python: Sequence[str]) -> Path:
    """Give a wheel of the present sources: the one that the store has, or one that is built."""
    refuse_sources(project)
    sources = sources_of(project)
    compiled = project.is_compiled(sources.files)
    made = made_for(sources.fingerprint, interpreter_of(uv, python).minor if compiled else None)
    known = None if project.reads_outside else store.get(made)
    if known is None:
        clean_one(project)
        (built,) = build_together(uv, [project], store, python)
        known = built.wheel
    known.touch()  # uv is to read it, not what its cache made of it: see _install
    return known

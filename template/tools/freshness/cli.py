"""The command line: arguments, the order of the steps, exit codes. Only this module prints."""

import argparse
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence, Sized
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

from freshness import __doc__ as summary
from freshness import sync
from freshness.archives import read_wheel
from freshness.artifacts import (
    EXTENSIONS,
    find_artifacts,
    find_bytecode,
    find_compiled,
    find_in_place,
    is_tracked,
    remove,
)
from freshness.bytecode import find_stale_bytecode
from freshness.codes import Code
from freshness.compiled import interpreter_of, refuse_without_toolchain
from freshness.declared import Asking, ask_backend
from freshness.diagnosis import judge_wheel
from freshness.distribution import Distribution
from freshness.doctor import Depth, Diagnosis, Request, diagnose
from freshness.editables import STAMP as COMPILED
from freshness.editables import (
    Due,
    building_with,
    compile_anew,
    due_in,
    forget_installed,
    note_installed,
    set_away,
)
from freshness.environments import (
    PIPX,
    TOOL,
    Environment,
    environment_at,
    tool_environment,
    venv_environment,
)
from freshness.errors import FreshnessError
from freshness.findings import Finding, Verdict, is_stale
from freshness.fixes import Fixes
from freshness.git import is_changed, unmerged_files
from freshness.hooks import find_runner, reason_against
from freshness.imports import packages_of
from freshness.install import (
    Built,
    find_pipx,
    build_together,
    python_for,
    recover,
    refuse_foreign_commands,
    refuse_sources,
    refuse_useless_tool,
    swap,
)
from freshness.installed import read_installed
from freshness.members import in_one_workspace, members_of, neighbours_of
from freshness.places import Known, Place, examine
from freshness.progress import Progress
from freshness.project import Project, read_project
from freshness.record import no_tick
from freshness.release import archives_in, build_all, differing, refuse_upload
from freshness.report import as_explanation, as_json, as_table, exit_code, explained
from freshness.sources import made_for, sources_of
from freshness.spelling import find_spelling
from freshness.store import Store, held
from freshness.tree import folders
from freshness.update import CHECK, COPIER, LOOK, move_package, plan_update, update_command
from freshness.uv import Uv, become, find_uv
from freshness.wheel import NOTHING, Reuse, isolated

VERIFIED, NOT_VERIFIED, ERROR = 0, 1, 2

TARGET_HELP = "where to: `tool`, `venv`, or the folder of an environment; else [tool.freshness]"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; give its exit code: 0 done, 1 the answer is no, 2 it could not be done."""
    own, passed_on = _split(sys.argv[1:] if arguments is None else arguments)
    parsed = _parser().parse_args(own)
    parsed.arguments = passed_on
    verb: Callable[[argparse.Namespace, Project, Uv], int] = parsed.verb
    try:
        if getattr(parsed, "explain", None):
            return explain(parsed.explain)
        root = Path(parsed.project).resolve()
        uv = find_uv(root, _announce)
        project = read_project(root, partial(ask_backend, uv, _asking(parsed)))
        os.chdir(root)
        return verb(parsed, project, uv)
    except FreshnessError as error:
        _complain(error.message, error.hint)
    except BrokenPipeError:  # whoever read has read enough; Python is not to flush what is left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        _complain(
            f"{error.filename or 'a file'}: {error.strerror or error}",
            "see to the space and the permissions there, then run the command again",
        )
    except Exception as error:
        if "FRESHNESS_TRACEBACK" in os.environ:
            raise
        _complain(
            f"this should not have happened: {type(error).__name__}: {error}",
            "run it again with FRESHNESS_TRACEBACK=1 and report what it prints",
        )
    except KeyboardInterrupt:
        _complain("interrupted", "what was installed before still is; run the command again")
    return ERROR


def _members(parsed: argparse.Namespace, project: Project, uv: Uv) -> tuple[Project, ...]:
    """Give the projects that an install of *project* needs beside it, from their sources."""
    return members_of(project, _reader(parsed, uv))


def _reader(parsed: argparse.Namespace, uv: Uv) -> Callable[[Path], Project]:
    """Give what reads the project in a folder."""

    def read(folder: Path) -> Project:
        return read_project(folder, partial(ask_backend, uv.at(folder), _asking(parsed)))

    return read


def _asking(parsed: argparse.Namespace) -> Asking:
    """Say how a build backend may be asked for what pyproject.toml does not declare."""
    return Asking(
        _waiting,
        may_build=not getattr(parsed, "quick", False),
        old_will_do=parsed.verb in (clean, uninstall, update),
        lasting=parsed.verb is not doctor,
    )


def install(parsed: argparse.Namespace, project: Project, uv: Uv) -> int:
    """Clean, forced build, install, verify; the old install works until the new one does."""
    together = (project, *_members(parsed, project, uv))
    return _install(together, uv, _target(parsed, project, uv), even_if_fresh=True)


def fresh(parsed: argparse.Namespace, project: Project, uv: Uv) -> int:
    """Install, but only if what is installed is not fresh."""
    store = Store(project.root)
    environment = _target(parsed, project, uv)
    together = (project, *_members(parsed, project, uv))
    seen = [_fresh_already(each, environment, store) for each in together]
    if all(seen):
        for held in seen:
            _say("fresh", f"{held}: nothing to do")
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
    doubts = judge_wheel(project, sources.files, reference, _fixes(project).verb("install"))
    certain = place.verdict is Verdict.FRESH and not is_stale(doubts)
    return _held(place, reference) if certain else ""


def install_editable(parsed: argparse.Namespace, project: Project, uv: Uv) -> int:
    """Install a pointer to the sources, with commands and metadata as declared now."""
    store = Store(project.root)
    environment = _target(parsed, project, uv)
    members = _members(parsed, project, uv)
    with store.locked(_waiting), _held_alone(environment):
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


def _for_due(due: Sequence[Due], store: Store, reuse: Reuse = NOTHING) -> Reuse:
    """Make ready for what is *due* to be installed anew; give what uv is to be told."""
    for each in due:
        refuse_without_toolchain(each.project, each.sources.files)
        _clean(each.project)
    anew = [word for each in due for word in ("--reinstall-package", each.project.name)]
    forced = compile_anew(store.folder) if due else {}
    return Reuse(reuse.backend, {**reuse.environment, **forced}, (*reuse.options, *anew))


def uninstall(parsed: argparse.Namespace, project: Project, uv: Uv) -> int:
    """Remove the installed project; a project that is not installed is no error."""
    environment = _target(parsed, project, uv)
    with _held_alone(environment):
        _recover(project, environment)
        if environment.place == TOOL and environment.prefix.is_dir():
            return uv.run("tool", "uninstall", project.name)
        if environment.place == PIPX:
            return uv.run_other(find_pipx(), "uninstall", project.name)
        if environment.place == TOOL or not read_installed(environment, project.name):
            _say("done", f"{project.name} is not installed ({environment.place})")
            return VERIFIED
        return uv.run("pip", "uninstall", "--python", str(environment.prefix), project.name)


def build_distributions(parsed: argparse.Namespace, project: Project, uv: Uv) -> int:
    """Build the sdist, and the wheel from it, into ``dist/``: a forced build."""
    destination = Path(parsed.out_dir)
    _refuse_folder_elsewhere(destination, project.root)
    store = Store(project.root)
    python = python_for(project, venv_environment(project.root))
    together = in_one_workspace((project, *_members(parsed, project, uv)))
    with store.locked(_waiting), store.scratch() as scratch:
        for each in together:
            _clean(each)
        sources = [sources_of(each) for each in together]
        made = build_all(uv, together, scratch, python)
        paths = [path for _, each in made for path in each]
        wheels = [read_wheel(each[-1]) for _, each in made]
        unlike = _unlike_another_build(together, uv, paths) if parsed.twice else []
        _refuse_tracked([project.root / destination / path.name for path in paths], project.root)
        destination.mkdir(parents=True, exist_ok=True)
        for path in paths:
            shutil.move(path, destination / path.name)
            _say("built", str(destination / path.name))
    findings = [
        found
        for each, its, wheel in zip(together, sources, wheels, strict=True)
        for found in judge_wheel(each, its.files, wheel, _fixes(project).verb("build"))
    ]
    _show(findings)
    for name in unlike:
        _say("differs", f"{name}: two builds of the same sources, and not the same bytes")
    if parsed.twice and not unlike:
        _say("same", "two builds, the same bytes")
    return NOT_VERIFIED if unlike or is_stale(findings) else VERIFIED


def _unlike_another_build(
    together: Sequence[Project], uv: Uv, made: Iterable[Path]
) -> list[str]:
    """Build again; give the names of what comes out otherwise than in *made*."""
    root = together[0].root
    python = python_for(together[0], venv_environment(root))
    with Store(root).scratch() as scratch:
        again = build_all(uv, together, scratch, python)
        return differing(made, [path for _, paths in again for path in paths])


def publish(parsed: argparse.Namespace, project: Project, uv: Uv) -> int:
    """Upload what is in ``dist/``, if it is what the sources give; rehearse without --upload."""
    own, passed_on = _publish_parser().parse_known_args(parsed.arguments)
    dist = project.root / own.dist
    if not archives_in(dist):
        building = _parser().parse_args(["build", "--out-dir", own.dist])
        if build_distributions(building, project, uv) != VERIFIED:
            return NOT_VERIFIED
    store = Store(project.root)
    python = python_for(project, venv_environment(project.root))
    with store.locked(_waiting), store.scratch() as scratch:
        together = in_one_workspace((project, *_members(parsed, project, uv)))
        made = build_all(uv, together, scratch, python)
        refuse_upload(made, dist, own.tag, for_real=own.upload)
    rehearsal = [] if own.upload else ["--dry-run"]
    names = [os.path.relpath(path) for path in archives_in(dist)]
    code = uv.run("publish", *rehearsal, *passed_on, *names)
    if rehearsal and not code:
        _tell("nothing was uploaded; `make publish ARGS=--upload` does it")
    return code


def clean(parsed: argparse.Namespace, project: Project, uv: Uv) -> int:
    """Remove what builds leave behind, and bytecode; list it. What git tracks stays."""
    root = project.root
    together = in_one_workspace((project, *_members(parsed, project, uv)))
    bytecode = find_bytecode(root)
    in_place = _compiled_in_place(project)
    remove([*bytecode, *in_place], root)
    if bytecode:
        _say("removed", f"__pycache__ in {_count(bytecode, 'folder')}")
    for path in in_place:
        _say("removed", str(path.relative_to(root)))
    removed = [_clean(each) for each in together]
    if not any(removed) and not bytecode and not in_place:
        _say("done", "nothing to remove")
    return VERIFIED


def _compiled_in_place(project: Project) -> list[Path]:
    """Find what was compiled within the project; ``run`` and ``dev`` compile it again."""
    walk = list(folders(project.root, through_links=False))
    if project.is_compiled(entry.name for _, entries in walk for entry in entries):
        found = find_compiled(project.root)
        if found:
            forget_installed(Store(project.root))
        bytecode = [p for p in find_in_place(project.root, walk) if p.suffix not in EXTENSIONS]
        return [*found, *bytecode]
    return find_in_place(project.root, walk)


def doctor(parsed: argparse.Namespace, project: Project, uv: Uv) -> int:
    """Say of every copy of the project whether it is stale, why, and which command mends it."""
    depth = Depth.QUICK if parsed.quick else Depth.BUILD if parsed.build else Depth.DEFAULT
    if parsed.fix and not parsed.yes and (parsed.json or not sys.stdin.isatty()):
        raise FreshnessError(
            "--fix asks before it runs anything, and here nobody can answer",
            hint="look at the fixes first, then add --yes",
        )
    request = Request(depth, _waiting, no_tick, _members(parsed, project, uv))
    diagnosis = _diagnose(project, uv, request)
    commands = diagnosis.fixes if parsed.fix else ()
    if not commands or not parsed.json:
        _print_diagnosis(diagnosis, parsed)
    if not parsed.fix:
        return exit_code(diagnosis.places)
    if not commands:
        _tell("no command of ours mends more; what is left is said above")
        return exit_code(diagnosis.places)
    if not parsed.yes and not _agreed():
        _tell("nothing was changed")
        return exit_code(diagnosis.places)
    _run_all(commands, uv)
    diagnosis = _diagnose(project, uv, request)
    _print_diagnosis(diagnosis, parsed)
    return exit_code(diagnosis.places)


def _diagnose(project: Project, uv: Uv, request: Request) -> Diagnosis:
    with Progress(sys.stderr) as progress:
        return diagnose(project, uv, replace(request, tick=progress.tick))


def _print_diagnosis(diagnosis: Diagnosis, parsed: argparse.Namespace) -> None:
    if parsed.json:
        _print(as_json(diagnosis))
    else:
        _print(as_table(diagnosis, _width()))


def _agreed() -> bool:
    print("run these? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _run_all(commands: Iterable[Sequence[str]], uv: Uv) -> None:
    """Run the fixes; one that fails keeps no other from being run, and the verdict tells."""
    for command in commands:
        try:
            code = uv.run_typed(command)
        except OSError as error:
            _tell(f"{command[0]} cannot be started: {error.strerror}")
            continue
        if code:
            _tell(f"that ended with exit code {code}")


def explain(code: str) -> int:
    """Print what a code means and how it comes about."""
    if code.upper() not in Code.__members__:
        raise FreshnessError(
            f"there is no finding {code!r}", hint=f"there are {', '.join(Code.__members__)}"
        )
    _print(as_explanation(Code[code.upper()], _width()))
    return VERIFIED


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
            _tell(f"no hooks were installed: {against}")
        else:
            code = uv.run_other(str(runner), "install")
    if is_changed(project.root, "uv.lock"):
        _tell("uv.lock is new or changed: commit it, so that everybody has the same versions")
    return code


def _sync(
    parsed: argparse.Namespace, project: Project, uv: Uv, *arguments: str, always: bool = True
) -> int:
    """``uv sync``, with what it would not see: what is compiled, and copies of other projects."""
    store, environment = Store(project.root), venv_environment(project.root)
    beside = neighbours_of(project, _reader(parsed, uv))
    due = due_in(environment, (project, *beside), store.folder)
    if not due and not always and not sync.was_stopped(store):
        return VERIFIED
    with store.locked(_waiting):
        if not due:
            return sync.run(uv, store, environment, *arguments)
        own = NOTHING
        if not isolated(project):  # else the project's own groups have what builds it
            own = building_with(uv, project, environment.prefix, store)
        reuse = _for_due(due, store, own)
        store.stamp(due[0].sources.fingerprint, COMPILED)
        try:
            with set_away(due, environment.prefix, store):
                words = (*reuse.options, *arguments)
                code = sync.run(uv, store, environment, *words, settings=reuse.environment)
                if code:
                    raise _Failed(code)
        except _Failed as failed:
            return failed.code
        note_installed(environment, due, store.folder)
    return VERIFIED


class _Failed(Exception):  # noqa: N818 - no error: uv has said what is wrong
    """A command ended with an exit code that is passed on."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def run(parsed: argparse.Namespace, project: Project, uv: Uv) -> int:
    """``uv run``, straight from the sources."""
    arguments = _command_or_default(parsed.arguments, project, "run")
    if project.has_table and (code := _sync(parsed, project, uv, "--inexact", always=False)):
        return code
    sources = [] if project.has_table else ["--isolated", "--no-project", "--with-editable", "."]
    return _with_current_bytecode(project, [uv.executable, "run", *sources, *arguments])


def run_wheel(parsed: argparse.Namespace, project: Project, uv: Uv) -> int:
    """Run the wheel of the present sources in a throwaway environment."""
    together = (project, *_members(parsed, project, uv))
    arguments = _command_or_default(parsed.arguments, project, "run-wheel")
    store = Store(project.root)
    python = python_for(project, venv_environment(project.root))
    with store.locked(_waiting):
        wheels = [_wheel_of(each, uv, store, python) for each in together]
    if not python and project.is_compiled(()):
        python = ["--python", str(interpreter_of(uv, []).executable)]
    python = python or ["--python", str(project.requires_python) or "3"]
    with_wheels = [word for wheel in wheels for word in ("--with", os.path.relpath(wheel))]
    command = [uv.executable, "run", "--isolated", "--no-project", *python, *with_wheels]
    # Else the current folder comes first on sys.path, and a flat layout would hide the wheel.
    os.environ["PYTHONSAFEPATH"] = "1"
    return become([*command, *arguments], _announce)


def wheel(parsed: argparse.Namespace, project: Project, uv: Uv) -> int:
    """Print the paths of wheels of the present sources, built where there is none: for programs."""
    python = ["--python", parsed.python] if parsed.python else []
    store = Store(project.root)
    with store.locked(_waiting):
        for each in (project, *_members(parsed, project, uv)):
            _print(str(_wheel_of(each, uv, store, python)))
    return VERIFIED


def _wheel_of(project: Project, uv: Uv, store: Store, python: Sequence[str]) -> Path:
    """Give a wheel of the present sources: the one that the store has, or one that is built."""
    refuse_sources(project)
    sources = sources_of(project)
    compiled = project.is_compiled(sources.files)
    made = made_for(sources.fingerprint, interpreter_of(uv, python).minor if compiled else None)
    known = None if project.reads_outside else store.get(made)
    if known is None:
        _clean(project)
        (built,) = build_together(uv, [project], store, python)
        known = built.wheel
    known.touch()  # uv is to read it, not what its cache made of it: see _install
    return known


def update(parsed: argparse.Namespace, project: Project, uv: Uv) -> int:
    """Show what is new in the template, merge it with copier, and run the check.

    Arguments are copier's: ``--data ci=gitlab`` changes an answer, ``--vcs-ref TAG`` the version.
    """
    if {"-h", "--help"} & set(parsed.arguments):
        return uv.run(*COPIER, "--help")
    plan = plan_update(project.root, parsed.arguments)
    template = plan.template
    if plan.target is None and not parsed.arguments:
        _say("done", f"{template.version} is the newest version of {template.address}")
        return VERIFIED
    if plan.target:
        _say("update", f"{template.version} to {plan.target} of {template.address}")
    if plan.changes:
        _print(f"\n{plan.changes}\n")
    may_ask = sys.stdin.isatty() and sys.stderr.isatty()
    code = uv.run(*update_command(plan, may_ask=may_ask), *parsed.arguments)
    if code:
        raise FreshnessError(
            f"copier did not update (exit code {code})",
            hint="see what it says above; `git status` tells whether anything was changed",
        )
    to_do = move_package(project.root, template)
    if to_do:
        _say("to do", to_do)
        return NOT_VERIFIED
    if conflicts := unmerged_files(project.root):
        for path in conflicts:
            _say("conflict", path)
        _tell("mend what is between <<<<<<< and >>>>>>>, `git add` it, then run the check")
        return NOT_VERIFIED
    if template.answers.get("scope") != "tasks":
        return uv.run(*CHECK)
    uv.run(*LOOK)  # whatever it says of the copies: the update is done
    return VERIFIED


PASSING_ON = {"dev": dev, "publish": publish, "run": run, "run-wheel": run_wheel, "update": update}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="freshness", description=summary)
    parser.add_argument("--project", default=".", metavar="DIR", help="the project's folder")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    for name, function in (
        ("install", install),
        ("install-editable", install_editable),
        ("uninstall", uninstall),
        ("fresh", fresh),
    ):
        verb = _add_verb(verbs, name, function)
        verb.add_argument("--target", metavar="WHERE", help=TARGET_HELP)
    building = _add_verb(verbs, "build", build_distributions)
    building.add_argument(
        "--out-dir", default="dist", metavar="DIR", help="where to put them (default: dist)"
    )
    building.add_argument(
        "--twice", action="store_true", help="build again; both have to be the same bytes"
    )
    _add_verb(verbs, "clean", clean)
    _add_doctor(verbs)
    making = _add_verb(verbs, "wheel", wheel)
    making.add_argument("--python", metavar="PYTHON", help="for which Python, as uv takes it")
    for name, function in PASSING_ON.items():
        _add_verb(verbs, name, function)
    return parser


def _add_doctor(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    verb = _add_verb(verbs, "doctor", doctor)
    depth = verb.add_mutually_exclusive_group()
    depth.add_argument("--quick", action="store_true", help="never build")
    depth.add_argument("--build", action="store_true", help="always build, compiled code too")
    verb.add_argument("--json", action="store_true", help="print one JSON object, not a table")
    verb.add_argument("--fix", action="store_true", help="show the fixes, ask, and run them")
    verb.add_argument("--yes", action="store_true", help="do not ask")
    verb.add_argument("--explain", metavar="CODE", help="print what a code means, and end")


def _publish_parser() -> argparse.ArgumentParser:
    """Give what ``publish`` knows; what it does not know is for ``uv publish``."""
    parser = argparse.ArgumentParser(prog="freshness publish", description=publish.__doc__)
    parser.add_argument("--upload", action="store_true", help="no rehearsal: upload")
    parser.add_argument("--tag", help="the tag in git that the version has to be that of")
    parser.add_argument("--dist", default="dist", metavar="DIR", help="the folder (default: dist)")
    return parser


def _split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Part *arguments* behind a verb that passes on all that follows it, without a first ``--``."""
    for place, argument in enumerate(arguments):
        if argument in PASSING_ON and arguments[max(place - 1, 0)] != "--project":
            behind = list(arguments[place + 1 :])
            return list(arguments[: place + 1]), behind[behind[:1] == ["--"] :]
    return list(arguments), []


def _add_verb(
    verbs: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    function: Callable[[argparse.Namespace, Project, Uv], int],
) -> argparse.ArgumentParser:
    verb = verbs.add_parser(name, help=function.__doc__, description=function.__doc__)
    verb.set_defaults(verb=function)
    return verb


def _target(parsed: argparse.Namespace, project: Project, uv: Uv) -> Environment:
    target = parsed.target or project.target
    if target == "tool":
        return tool_environment(uv, project.name)
    return (
        venv_environment(project.root)
        if target == "venv"
        else environment_at(Path(target), project.name)
    )


def _recover(project: Project, environment: Environment) -> None:
    if recover(project, environment):
        _say("restored", f"{environment.prefix}, which an interrupted install had left in pieces")


def _install(
    together: Sequence[Project], uv: Uv, environment: Environment, *, even_if_fresh: bool
) -> int:
    """Build *together*, a project and those that it needs, and install them in one step."""
    project, store = together[0], Store(together[0].root)
    with store.locked(_waiting), _held_alone(environment):
        _recover(project, environment)
        for one in together:
            refuse_sources(one)
            _clean(one)
        built = build_together(uv, together, store, python_for(project, environment))
        for each in built:
            _say("built", each.wheel.name)
        if not even_if_fresh and all(_is_fresh(each, environment) for each in built):
            for each in built:
                place = _examine(each.project, environment, each.reference)
                held = _held(place, each.reference)
                _say("fresh", f"{held}: the build changed nothing, so nothing was installed")
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
    findings = judge_wheel(project, built.sources.files, reference, _fixes(project).verb("install"))
    _show(findings)
    place = _examine(project, environment, reference)
    if is_stale(findings):
        _verified(place, "")
        return NOT_VERIFIED
    return _verified(place, _held(place, reference))


def _held(place: Place, reference: Distribution) -> str:
    return (
        f"{place.name}: {reference.name} {reference.version}, "
        f"{_count(reference.files, 'file')} and {_count(reference.commands, 'command')} "
        "as in the sources"
    )


def _count(things: Sized, noun: str) -> str:
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"


def _verified(place: Place, held: str) -> int:
    """Say what a look at *place* after the work found."""
    _show(place.findings)
    if place.verdict in (Verdict.FRESH, Verdict.EDITABLE):
        if held:
            _say("fresh", held)
        return VERIFIED
    _say("not fresh", f"{place.name}: {place.verdict.value}. {place.reason}".strip())
    return NOT_VERIFIED


def _clean(project: Project) -> bool:
    """Remove the artifacts, list them, and say what is kept; tell if there was any."""
    artifacts = find_artifacts(project.root, project.name)
    for kept in artifacts.kept:
        _say("kept", f"{os.path.relpath(kept.path)} ({kept.reason})")
    remove(artifacts.removable, project.root)
    for path in artifacts.removable:
        _say("removed", os.path.relpath(path))
    return bool(artifacts.removable)


def _refuse_folder_elsewhere(folder: Path, root: Path) -> None:
    if folder.is_symlink() and not folder.resolve().is_relative_to(root):
        raise FreshnessError(
            f"{folder} is a link to {os.readlink(folder)}, outside of the project",
            hint="remove the link, or name another folder with --out-dir",
        )
    if folder.is_dir() and any(folder.glob("*.py")):
        raise FreshnessError(
            f"{folder} is a package of the project, no place for wheels",
            hint="name another folder with --out-dir",
        )


def _refuse_tracked(paths: Iterable[Path], root: Path) -> None:
    tracked = [path for path in paths if path.exists() and is_tracked(path, root)]
    if tracked:
        raise FreshnessError(
            f"git tracks {', '.join(path.name for path in tracked)}, which would be overwritten",
            hint="name another folder with --out-dir, or take it out of git",
        )


def _fixes(project: Project) -> Fixes:
    return Fixes(project, find_spelling(project.root))


def _examine(project: Project, environment: Environment, reference: Distribution | None) -> Place:
    """Look at what is in *environment* now; *reference* is the wheel that it should be."""
    environment = environment.beside_the_tool(project.name)
    packages = packages_of(reference.files) if reference else []
    fix = _fixes(project).reinstall(environment, editable=reference is None)
    return examine(project, environment, Known({}, reference, packages), fix)


def _held_alone(environment: Environment) -> AbstractContextManager[None]:
    """Keep other checkouts of the project from the environment, which they may share."""
    folder, name = environment.prefix.parent, environment.prefix.name.strip(".")
    return held(folder / f".{name}.lock", _waiting) if environment.place == TOOL else nullcontext()


def _with_current_bytecode(project: Project, command: Sequence[str]) -> int:
    remove(find_stale_bytecode(project.root), project.root)
    return become(command, _announce)


def _command_or_default(arguments: Sequence[str], project: Project, verb: str) -> list[str]:
    """Give *arguments*, or the project's only command where there are none."""
    commands = sorted(project.likely_commands or {})
    if not arguments and len(commands) != 1:
        raise FreshnessError(
            f"{verb} what? The project declares {len(commands)} commands",
            hint=f'name one: make {verb} ARGS="COMMAND --help"',
        )
    return list(arguments) or commands


def _show(findings: Iterable[Finding]) -> None:
    for line in explained(findings):
        _print(line)


def _say(word: str, text: str) -> None:
    _print(f"{word:<9} {text}")


def _print(text: str) -> None:
    """Print data; a name that the terminal's encoding lacks is escaped, not fatal."""
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding), flush=True)


def _announce(command: str) -> None:
    print(f"$ {command}".encode("utf-8", "backslashreplace").decode(), file=sys.stderr, flush=True)


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _width() -> int:
    """Give the columns of the terminal; 80 in a log."""
    return shutil.get_terminal_size().columns


def _waiting() -> None:
    _tell("waiting for another command that is at work on this project")


def _complain(message: str, hint: str) -> None:
    print(f"error: {message}\nhint: {hint}", file=sys.stderr, flush=True)

"""The command line: arguments, exit codes, and the verbs that look and update."""

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from freshness import __doc__ as summary
from freshness.cleaning import clean
from freshness.codes import Code
from freshness.declared import Asking, ask_backend
from freshness.doctor import Depth, Diagnosis, Request, diagnose
from freshness.errors import ERROR, NOT_VERIFIED, VERIFIED, FreshnessError
from freshness.git import unmerged_files
from freshness.members import members_of
from freshness.progress import Progress
from freshness.project import Project, read_project
from freshness.publishing import build_distributions, publish
from freshness.record import no_tick
from freshness.report import as_explanation, as_json, as_table, exit_code
from freshness.terminal import agreed, announce, complain, put, say, tell, waiting, width
from freshness.update import CHECK, COPIER, LOOK, move_package, plan_update, update_command
from freshness.uv import Uv, find_uv
from freshness.workflows import (
    dev,
    fresh,
    install,
    install_editable,
    run,
    run_wheel,
    uninstall,
    wheel,
)

TARGET_HELP = "where to: `tool`, `venv`, or the folder of an environment; else [tool.freshness]"

Verb = Callable[[argparse.Namespace, Project, Uv], int]
"""What a verb does; ``read`` of the namespace reads another project, in the folder it is given."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; give its exit code: 0 done, 1 the answer is no, 2 it could not be done."""
    own, passed_on = _split(sys.argv[1:] if arguments is None else arguments)
    parsed = _parser().parse_args(own)
    parsed.arguments = passed_on
    verb: Verb = parsed.verb
    try:
        if getattr(parsed, "explain", None):
            return explain(parsed.explain)
        root = Path(parsed.project).resolve()
        uv = find_uv(root, announce)
        parsed.read = partial(_read, uv, _asking(parsed))
        project = parsed.read(root)
        os.chdir(root)
        return verb(parsed, project, uv)
    except FreshnessError as error:
        complain(error.message, error.hint)
    except BrokenPipeError:  # whoever read has read enough; Python is not to flush what is left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        complain(
            f"{error.filename or 'a file'}: {error.strerror or error}",
            "see to the space and the permissions there, then run the command again",
        )
    except Exception as error:
        if "FRESHNESS_TRACEBACK" in os.environ:
            raise
        complain(
            f"this should not have happened: {type(error).__name__}: {error}",
            "run it again with FRESHNESS_TRACEBACK=1 and report what it prints",
        )
    except KeyboardInterrupt:
        complain("interrupted", "the old install is there, or the new one; run the command again")
    return ERROR


def _read(uv: Uv, asking: Asking, folder: Path) -> Project:
    """Read the project in *folder*; its build backend is asked for what it does not declare."""
    return read_project(folder, partial(ask_backend, uv.at(folder), asking))


def _asking(parsed: argparse.Namespace) -> Asking:
    """Say how a build backend may be asked for what pyproject.toml does not declare."""
    return Asking(
        waiting,
        may_build=not getattr(parsed, "quick", False),
        old_will_do=parsed.verb in (clean, uninstall, update),
        lasting=parsed.verb is not doctor,
    )


def doctor(parsed: argparse.Namespace, project: Project, uv: Uv) -> int:
    """Say of every copy of the project whether it is stale, why, and which command mends it."""
    depth = Depth.QUICK if parsed.quick else Depth.BUILD if parsed.build else Depth.DEFAULT
    if parsed.fix and not parsed.yes and (parsed.json or not sys.stdin.isatty()):
        raise FreshnessError(
            "--fix asks before it runs anything, and here nobody can answer",
            hint="look at the fixes first, then add --yes",
        )
    request = Request(depth, waiting, no_tick, members_of(project, parsed.read))
    diagnosis = _diagnose(project, uv, request)
    commands = diagnosis.fixes if parsed.fix else ()
    if not commands or not parsed.json:
        _print_diagnosis(diagnosis, parsed)
    if not parsed.fix:
        return exit_code(diagnosis.places)
    if not commands:
        tell("no command of ours mends more; what is left is said above")
        return exit_code(diagnosis.places)
    if not parsed.yes and not agreed():
        tell("nothing was changed")
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
        put(as_json(diagnosis))
    else:
        put(as_table(diagnosis, width()))


def _run_all(commands: Iterable[Sequence[str]], uv: Uv) -> None:
    """Run the fixes; one that fails keeps no other from being run, and the verdict tells."""
    for command in commands:
        try:
            code = uv.run_typed(command)
        except OSError as error:
            tell(f"{command[0]} cannot be started: {error.strerror}")
            continue
        if code:
            tell(f"that ended with exit code {code}")


def explain(code: str) -> int:
    """Print what a code means and how it comes about."""
    if code.upper() not in Code.__members__:
        raise FreshnessError(
            f"there is no finding {code!r}", hint=f"there are {', '.join(Code.__members__)}"
        )
    put(as_explanation(Code[code.upper()], width()))
    return VERIFIED


def update(parsed: argparse.Namespace, project: Project, uv: Uv) -> int:
    """Show what is new in the template, merge it with copier, and run the check.

    Arguments are copier's: ``--data ci=gitlab`` changes an answer, ``--vcs-ref TAG`` the version.
    """
    if {"-h", "--help"} & set(parsed.arguments):
        return uv.run(*COPIER, "--help")
    plan = plan_update(project.root, parsed.arguments)
    template = plan.template
    if plan.target is None and not parsed.arguments:
        say("done", f"{template.version} is the newest version of {template.address}")
        return VERIFIED
    if plan.target:
        say("update", f"{template.version} to {plan.target} of {template.address}")
    if plan.changes:
        put(f"\n{plan.changes}\n")
    may_ask = sys.stdin.isatty() and sys.stderr.isatty()
    code = uv.run(*update_command(plan, may_ask=may_ask), *parsed.arguments)
    if code:
        raise FreshnessError(
            f"copier did not update (exit code {code})",
            hint="see what it says above; `git status` tells whether anything was changed",
        )
    to_do = move_package(project.root, template)
    if to_do:
        say("to do", to_do)
        return NOT_VERIFIED
    if conflicts := unmerged_files(project.root):
        for path in conflicts:
            say("conflict", path)
        tell("mend what is between <<<<<<< and >>>>>>>, `git add` it, then run the check")
        return NOT_VERIFIED
    if template.answers.get("scope") != "tasks":
        return uv.run(*CHECK)
    uv.run(*LOOK)  # whatever it says of the copies: the update is done
    return VERIFIED


PASSING_ON = {"dev": dev, "publish": publish, "run": run, "run-wheel": run_wheel, "update": update}
"""The verbs that pass on what follows them."""


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
    function: Verb,
) -> argparse.ArgumentParser:
    verb = verbs.add_parser(name, help=function.__doc__, description=function.__doc__)
    verb.set_defaults(verb=function)
    return verb

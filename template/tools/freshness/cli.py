"""The command line: arguments, the order of the steps, exit codes. Only this module prints."""

import argparse
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence, Sized
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from freshness import __doc__ as summary
from freshness.artifacts import find_artifacts, find_bytecode, is_tracked, remove
from freshness.bytecode import find_stale_bytecode
from freshness.diagnosis import REMARKS, Finding, Verdict, judge_wheel
from freshness.distribution import Distribution
from freshness.errors import FreshnessError
from freshness.install import (
    forced_build,
    python_for,
    recover,
    refuse_foreign_commands,
    refuse_sources,
    refuse_useless_tool,
    sources_of,
    swap,
)
from freshness.installed import (
    TOOL,
    Environment,
    read_installed,
    tool_environment,
    venv_environment,
)
from freshness.places import Place, examine, with_shell
from freshness.project import TARGETS, Project, read_project
from freshness.report import as_json, as_table, exit_code, explained
from freshness.sources import Sources
from freshness.store import Store, held
from freshness.uv import Uv, become, find_uv, outer_environment
from freshness.wheel import build, build_environment, read_wheel

VERIFIED, NOT_VERIFIED, ERROR = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; give its exit code: 0 done, 1 the answer is no, 2 it could not be done."""
    own, passed_on = _split(sys.argv[1:] if arguments is None else arguments)
    parsed = _parser().parse_args(own)
    parsed.arguments = passed_on
    verb: Callable[[argparse.Namespace, Project, Uv], int] = parsed.verb
    try:
        root = Path(parsed.project).resolve()
        project = read_project(root)
        os.chdir(root)
        return verb(parsed, project, find_uv(root, _announce))
    except FreshnessError as error:
        _complain(error.message, error.hint)
    except BrokenPipeError:  # whoever read has read enough; Python is not to flush what is left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        _complain(
            f"{error.filename or 'a file'}: {error.strerror or error}",
            "see to the space and the permissions there, then run the command again",
        )
    except KeyboardInterrupt:
        _complain("interrupted", "what was installed before still is; run the command again")
    return ERROR


def install(parsed: argparse.Namespace, project: Project, uv: Uv) -> int:
    """Clean, forced build, install, verify; the old install works until the new one does."""
    return _install(project, uv, _target(parsed, project, uv), even_if_fresh=True)


def fresh(parsed: argparse.Namespace, project: Project, uv: Uv) -> int:
    """Install, but only if what is installed is not fresh."""
    store = Store(project.root)
    environment = _target(parsed, project, uv)
    sources = sources_of(project)
    reference = _known(project, store, sources)
    if reference:
        place = examine(project, environment, reference, "make install")
        doubts = judge_wheel(project, sources.files, reference, "make install")
        if place.verdict is Verdict.FRESH and REMARKS.issuperset(f.code for f in doubts):
            _say_fresh(place, reference, "nothing to do")
            return VERIFIED
    return _install(project, uv, environment, even_if_fresh=False)


def install_editable(parsed: argparse.Namespace, project: Project, uv: Uv) -> int:
    """Install a pointer to the sources, with commands and metadata as declared now."""
    store = Store(project.root)
    environment = _target(parsed, project, uv)
    with store.locked(_waiting), _held_alone(environment):
        _recover(project, environment)
        if environment.place == TOOL:
            refuse_useless_tool(environment, project.commands or {})
            refuse_foreign_commands(environment, project.commands or {})
        remove(find_stale_bytecode(project.root), project.root)
        swap(uv, project, environment, "--editable", ".")
    place = examine(project, environment, None, "make install-editable")
    return _verified(place, f"{environment.place}: editable, runs {project.root}")


def uninstall(parsed: argparse.Namespace, project: Project, uv: Uv) -> int:
    """Remove the installed project; a project that is not installed is no error."""
    environment = _target(parsed, project, uv)
    with _held_alone(environment):
        if environment.place == TOOL and environment.prefix.is_dir():
            return uv.run("tool", "uninstall", project.name)
        if environment.place == TOOL or not read_installed(environment, project.name):
            _say("done", f"{project.name} is not installed ({environment.place})")
            return VERIFIED
        return uv.run("pip", "uninstall", "--python", str(environment.prefix), project.name)


def build_distributions(parsed: argparse.Namespace, project: Project, uv: Uv) -> int:
    """Build the sdist, and the wheel from it, into ``dist/``: a forced build."""
    destination = Path(parsed.out_dir)
    _refuse_folder_elsewhere(destination, project.root)
    store = Store(project.root)
    with store.locked(_waiting), store.scratch() as scratch:
        _clean(project)
        sources = sources_of(project)
        folder = scratch / "dist"
        python = python_for(project, venv_environment(project.root))
        arguments = ["build", "--out-dir", os.path.relpath(folder), *python]
        build(uv, *arguments, environment=build_environment(project, scratch))
        made = sorted(folder.glob("*.tar.gz")) + sorted(folder.glob("*.whl"))
        wheel = read_wheel(made[-1])
        _refuse_tracked([project.root / destination / path.name for path in made], project.root)
        destination.mkdir(parents=True, exist_ok=True)
        for path in made:
            shutil.move(path, destination / path.name)
            _say("built", str(destination / path.name))
    findings = judge_wheel(project, sources.files, wheel, "make build")
    _show(findings)
    return NOT_VERIFIED if any(f.code not in REMARKS for f in findings) else VERIFIED


def clean(parsed: argparse.Namespace, project: Project, uv: Uv) -> int:
    """Remove what builds leave behind, and bytecode; list it. What git tracks stays."""
    del parsed, uv
    bytecode = find_bytecode(project.root)
    remove(bytecode, project.root)
    if bytecode:
        _say("removed", f"__pycache__ in {_count(bytecode, 'folder')}")
    if not _clean(project) and not bytecode:
        _say("done", "nothing to remove")
    return VERIFIED


def doctor(parsed: argparse.Namespace, project: Project, uv: Uv) -> int:
    """Say of each place where the project is installed whether it is fresh."""
    tool, venv = tool_environment(uv, project.name), venv_environment(project.root)
    reference, reason = _reference(project, uv)
    places = [
        examine(project, environment, reference, _fix(project, environment))
        for environment in (tool, venv)
    ]
    path = outer_environment().get("PATH", "")
    places = [with_shell(place, {venv.commands_folder: venv.place}, path) for place in places]
    if parsed.json:
        _print(as_json(project, places))
    else:
        _print(as_table(places, shutil.get_terminal_size().columns))
        if reason and any(place.verdict is Verdict.UNKNOWN for place in places):
            _print(f"\n{reason}")
    return exit_code(places)


def dev(parsed: argparse.Namespace, project: Project, uv: Uv) -> int:
    """``uv sync``, after the bytecode that would hide an edit is removed."""
    return _with_current_bytecode(project, [uv.executable, "sync", *parsed.arguments])


def run(parsed: argparse.Namespace, project: Project, uv: Uv) -> int:
    """``uv run``, straight from the sources."""
    arguments = _command_or_default(parsed.arguments, project, "run")
    return _with_current_bytecode(project, [uv.executable, "run", *arguments])


def run_wheel(parsed: argparse.Namespace, project: Project, uv: Uv) -> int:
    """Run the wheel of the present sources in a throwaway environment."""
    refuse_sources(project)
    arguments = _command_or_default(parsed.arguments, project, "run-wheel")
    store = Store(project.root)
    python = python_for(project, venv_environment(project.root))
    with store.locked(_waiting):
        known = None if project.reads_outside else store.get(sources_of(project).fingerprint)
        if known is None:
            _clean(project)
        wheel = known or forced_build(uv, project, store, python)[0]
    wheel.touch()  # uv is to read it, not what its cache made of it: see _install
    python = python or ["--python", str(project.requires_python) or "3"]
    with_wheel = ["--with", os.path.relpath(wheel)]
    command = [uv.executable, "run", "--isolated", "--no-project", *python, *with_wheel]
    # Else the current folder comes first on sys.path, and a flat layout would hide the wheel.
    os.environ["PYTHONSAFEPATH"] = "1"
    return become([*command, *arguments], _announce)


PASSING_ON = {"dev": dev, "run": run, "run-wheel": run_wheel}


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
        verb.add_argument("--target", choices=TARGETS, help="where to; else [tool.freshness]")
    _add_verb(verbs, "build", build_distributions).add_argument(
        "--out-dir", default="dist", metavar="DIR", help="where to put them (default: dist)"
    )
    _add_verb(verbs, "clean", clean)
    _add_verb(verbs, "doctor", doctor).add_argument(
        "--json", action="store_true", help="print one JSON object instead of a table"
    )
    for name, function in PASSING_ON.items():
        _add_verb(verbs, name, function)
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
    if (parsed.target or project.target) == "tool":
        return tool_environment(uv, project.name)
    return venv_environment(project.root)


def _recover(project: Project, environment: Environment) -> None:
    if recover(project, environment):
        _say("restored", f"{environment.prefix}, which an interrupted install had left in pieces")


def _install(project: Project, uv: Uv, environment: Environment, *, even_if_fresh: bool) -> int:
    store = Store(project.root)
    with store.locked(_waiting), _held_alone(environment):
        _recover(project, environment)
        refuse_sources(project)
        _clean(project)
        wheel, sources = forced_build(uv, project, store, python_for(project, environment))
        _say("built", wheel.name)
        reference = read_wheel(wheel)
        if not even_if_fresh:
            place = examine(project, environment, reference, "make install")
            if place.verdict is Verdict.FRESH:
                _say_fresh(place, reference, "the build changed nothing, so nothing was installed")
                return VERIFIED
        if environment.place == TOOL:
            refuse_useless_tool(environment, reference.commands)
            refuse_foreign_commands(environment, reference.commands)
        # uv installs by hard links: who edits an installed file edits uv's cache, and an install
        # from there would bring the edit back. A newer wheel is read again.
        wheel.touch()
        swap(uv, project, environment, os.path.relpath(wheel))
        return _verify(project, environment, reference, sources)


def _verify(
    project: Project, environment: Environment, reference: Distribution, sources: Sources
) -> int:
    findings = judge_wheel(project, sources.files, reference, "make install")
    _show(findings)
    place = examine(project, environment, reference, "make install")
    if any(finding.code not in REMARKS for finding in findings):
        _verified(place, "")
        return NOT_VERIFIED
    return _verified(place, _held(place, reference))


def _held(place: Place, reference: Distribution) -> str:
    return (
        f"{place.environment.place}: {reference.name} {reference.version}, "
        f"{_count(reference.files, 'file')} and {_count(reference.commands, 'command')} "
        "as in the sources"
    )


def _count(things: Sized, noun: str) -> str:
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"


def _say_fresh(place: Place, reference: Distribution, why: str) -> None:
    _say("fresh", f"{_held(place, reference)}: {why}")


def _verified(place: Place, held: str) -> int:
    """Say what a look at *place* after the work found."""
    _show(place.findings)
    if place.verdict in (Verdict.FRESH, Verdict.EDITABLE):
        if held:
            _say("fresh", held)
        return VERIFIED
    _say("not fresh", f"{place.environment.place}: {place.verdict.value}. {place.reason}".strip())
    return NOT_VERIFIED


def _clean(project: Project) -> bool:
    """Remove the artifacts, list them, and say what is kept; tell if there was any."""
    artifacts = find_artifacts(project.root, project.name)
    for kept in artifacts.kept:
        _say("kept", f"{kept.path.relative_to(project.root)} ({kept.reason})")
    remove(artifacts.removable, project.root)
    for path in artifacts.removable:
        _say("removed", str(path.relative_to(project.root)))
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


def _reference(project: Project, uv: Uv) -> tuple[Distribution | None, str]:
    """Give the wheel of the present sources, built now if the store has none, or why not."""
    store = Store(project.root)
    known = _known(project, store, sources_of(project))
    if known:
        return known, ""
    python = python_for(project, venv_environment(project.root))
    try:
        with store.locked(_waiting):
            return read_wheel(forced_build(uv, project, store, python)[0]), ""
    except FreshnessError as error:
        return None, f"no reference wheel: {error.message}"


def _known(project: Project, store: Store, sources: Sources) -> Distribution | None:
    """Give the wheel of *sources*, if the store has it and nothing outside of them counts."""
    wheel = None if project.reads_outside else store.get(sources.fingerprint)
    return read_wheel(wheel) if wheel else None


def _held_alone(environment: Environment) -> AbstractContextManager[None]:
    """Keep other checkouts of the project from the environment, which they may share."""
    folder, name = environment.prefix.parent, environment.prefix.name.strip(".")
    return held(folder / f".{name}.lock", _waiting) if environment.place == TOOL else nullcontext()


def _fix(project: Project, environment: Environment) -> str:
    installed_there = (project.target == "tool") == (environment.place == TOOL)
    return "make install" if installed_there else "make dev"


def _with_current_bytecode(project: Project, command: Sequence[str]) -> int:
    remove(find_stale_bytecode(project.root), project.root)
    return become(command, _announce)


def _command_or_default(arguments: Sequence[str], project: Project, verb: str) -> list[str]:
    """Give *arguments*, or the project's only command where there are none."""
    commands = sorted(project.commands or {})
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


def _waiting() -> None:
    print("waiting for another command that is at work on this project", file=sys.stderr)


def _complain(message: str, hint: str) -> None:
    print(f"error: {message}\nhint: {hint}", file=sys.stderr, flush=True)

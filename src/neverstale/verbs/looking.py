"""The doctor, as a user meets it."""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from neverstale.errors import FRESH, NeverstaleError
from neverstale.terminal import Console
from neverstale.verbs.task import Options, task_of

if TYPE_CHECKING:
    from neverstale.diagnosis.doctor import Diagnosis
    from neverstale.process import Uv


def doctor(options: Options, console: Console) -> int:
    """Tell of every copy of the project whether it is stale, why, and how to fix it.

    The default builds the sources where nothing else tells, so it runs the build backend, and
    nothing else of the project; --quick runs nothing of it.
    """
    from neverstale.diagnosis.doctor import Request, diagnose
    from neverstale.diagnosis.reference import Depth
    from neverstale.project.members import members_of
    from neverstale.report import MOST_SHOWN, as_text, exit_code

    if options.explain:
        return _explain(options.explain, console)
    if options.schema:
        console.put(_schema("doctor"))
        return FRESH
    for_program = None
    if options.format != "text":
        from neverstale.formats import FORMATS

        for_program = FORMATS[options.format]
    if options.fix and not options.yes and (for_program or not sys.stdin.isatty()):
        raise NeverstaleError(
            "--fix asks before it runs anything, and here nobody can answer",
            hint="look at the fixes first, then add --yes",
        )
    depth = Depth.QUICK if options.quick else Depth.BUILD if options.build else Depth.DEFAULT
    task = task_of(options, console)
    members = members_of(task.project, task.read)
    request = Request(depth, console.tick, members, processes=options.processes)
    if depth is not Depth.QUICK:
        from neverstale.template.drift import ask_template, check_template

        asked = ask_template(task.project.root)
        request = request._replace(drift=partial(check_template, asked, task.project))
    diagnosis = diagnose(task.project, task.builder, request)
    commands = diagnosis.fixes if options.fix and exit_code(diagnosis.places) else ()

    def told(diagnosis: "Diagnosis") -> str:
        most = None if options.all else MOST_SHOWN
        return for_program(diagnosis) if for_program else as_text(diagnosis, console.width(), most)

    if not commands or not for_program:
        console.put(told(diagnosis))
    if not options.fix or not commands:
        return exit_code(diagnosis.places)
    if not options.yes and not console.agreed():
        console.tell("nothing was changed")
        return exit_code(diagnosis.places)
    _run_all(commands, task.uv, console)
    task = task_of(options, console)
    diagnosis = diagnose(task.project, task.builder, request)
    console.put(told(diagnosis))
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
    return (Path(__file__).parents[1] / "schemas" / f"{name}.json").read_text("utf-8").rstrip()

"""For noxfiles: install what is in the sources, whatever a reused environment holds.

In a noxfile, whose header (PEP 723) requires nox and neverstale:

    from neverstale.nox_helper import install

    @nox.session(reuse_venv=True)
    def tests(session: nox.Session) -> None:
        install(session, extras=["cli"], groups=["test"])
        session.run("pytest")
"""

from collections.abc import Collection, Sequence
from pathlib import Path

import nox

from neverstale.diagnosis.copies import examine_copy
from neverstale.diagnosis.findings import Verdict
from neverstale.diagnosis.fixes import fixes_for
from neverstale.diagnosis.invocation import as_typed
from neverstale.diagnosis.place import Place
from neverstale.diagnosis.reference import Depth, References
from neverstale.environments.discovery import environment_of
from neverstale.environments.environment import Environment
from neverstale.environments.python import python_for
from neverstale.errors import NeverstaleError, said_by_system
from neverstale.install.running import wheels_of
from neverstale.install.task import Task
from neverstale.names import canonicalize_name
from neverstale.project.metadata import Project
from neverstale.report import explained
from neverstale.terminal import Console
from neverstale.verbs.task import Options, task_of
from neverstale.wheels.answers import Present


def install(
    session: nox.Session,
    *,
    extras: Sequence[str] = (),
    groups: Sequence[str] = (),
    project: str | Path = ".",
) -> None:
    """Install *project* in the session's environment as a wheel of its sources, and verify it.

    It is what ``session.install(".[EXTRAS]")`` is for, and never editable. The wheel is built once
    for all sessions, unless something is compiled, and again when what its build read has changed.
    *groups* are dependency groups of its pyproject.toml (PEP 735). The session fails, as by
    ``session.error``, where it cannot be built or installed, or is not what is in the sources.
    """
    if session.virtualenv.venv_backend == "none":
        session.error("install() needs a session with an environment, and this one has none")
    try:
        _install(session, extras, groups, Path(project))
    except (NeverstaleError, OSError) as failure:
        error = said_by_system(failure) if isinstance(failure, OSError) else failure
        hint = as_typed(error.hint, Path(project).resolve())
        session.error("\n".join([error.message, f"hint: {hint}", error.details]).rstrip())


def _install(
    session: nox.Session, extras: Sequence[str], groups: Sequence[str], folder: Path
) -> None:
    task = task_of(Options(project=str(folder), verb="wheel"), Console(quiet=True))
    project, together = task.project, task.together()
    python = Path(session.virtualenv.bin, "python")
    environment = environment_of(project.root, Path(session.virtualenv.location), python)
    compiled = any(each.may_compile for each in together)
    choice = ["--python", str(python)] if compiled else python_for(project, environment)
    wheels = wheels_of(task, choice)
    _refuse_unknown(project, extras)
    chosen = {project.name: f"[{','.join(extras)}]"} if extras else {}
    wanted = [f"{name}{chosen.get(name, '')} @ {wheel.as_uri()}" for name, wheel in wheels.items()]
    session.install(*wanted, *_members_of_groups(project, groups))
    if _look(task, together, environment):  # pip keeps what has the same version
        session.install("--force-reinstall", "--no-deps", *wanted)
    if stale := _look(task, together, environment):
        lines = [line for _, place in stale for line in explained(place.findings)]
        said = ", ".join(f"{name} is {place.verdict.value}" for name, place in stale)
        raise NeverstaleError(
            f"{environment}: {said}",
            hint="run it without --no-install; else recreate the environment (nox without -r)",
            details="\n".join(lines),
        )


def _refuse_unknown(project: Project, extras: Sequence[str]) -> None:
    """Raise NeverstaleError for an extra that [project] does not have: an installer only warns."""
    table = nox.project.load_toml(project.root / "pyproject.toml").get("project", {})
    if not table or "optional-dependencies" in table.get("dynamic", ()):
        return
    known = set(map(canonicalize_name, table.get("optional-dependencies", ())))
    if unknown := [each for each in extras if canonicalize_name(each) not in known]:
        raise NeverstaleError(
            f"pyproject.toml has no such extra: {', '.join(unknown)}",
            hint="correct the extras that install() is given",
        )


def _members_of_groups(project: Project, groups: Sequence[str]) -> Collection[str]:
    if not groups:
        return ()
    tables = nox.project.load_toml(project.root / "pyproject.toml")
    try:
        return nox.project.dependency_groups(tables, *groups)
    except LookupError as error:
        raise NeverstaleError(
            f"pyproject.toml has no such dependency group: {error}",
            hint="correct the groups that install() is given",
        ) from None


def _look(
    task: Task, together: Sequence[Project], environment: Environment
) -> list[tuple[str, Place]]:
    """Return the names and the copies in *environment* that are not fresh."""
    found: list[tuple[str, Place]] = []
    for each in together:
        references = References(task.builder, Present(each), Depth.QUICK, environment)
        place = examine_copy(each, environment, references, fixes_for(each))
        if place.verdict is not Verdict.FRESH:
            found.append((each.name, place))
    return found

"""The verbs that install or run: the order of their steps, and the values that they result in."""

from collections.abc import Sequence

from neverstale.diagnosis.checks.contents import check_wheel
from neverstale.diagnosis.findings import Verdict
from neverstale.diagnosis.fixes import fixes_for
from neverstale.diagnosis.place import Place, Reference
from neverstale.diagnosis.places import examine
from neverstale.environments.environment import PIPX, TOOL, Environment
from neverstale.environments.imports import packages_of
from neverstale.environments.installed import read_installed
from neverstale.environments.python import python_for
from neverstale.errors import NeverstaleError
from neverstale.install.busy import move_busy
from neverstale.install.cleaning import Cleaned, clean_artifacts
from neverstale.install.developing import for_due
from neverstale.install.editables import (
    building_with,
    due_in,
    note_installed,
    reference_for,
    set_away,
)
from neverstale.install.swap import moved_away
from neverstale.install.task import Outcome, Task, refuse_sources
from neverstale.install.tool import without_commands
from neverstale.install.transaction import (
    find_pipx,
    held_alone,
    install_built,
    install_pointer,
    make_removable,
    recover,
    refuse_foreign_commands,
    refuse_useless_tool,
    replacing,
)
from neverstale.process import Uv
from neverstale.project.bytecode import find_stale_bytecode
from neverstale.project.metadata import Project
from neverstale.removal import remove
from neverstale.wheels.answers import Present, in_words
from neverstale.wheels.build import Builder
from neverstale.wheels.store import Built


def install(task: Task) -> Outcome:
    """Clean, force a fresh build, install and verify; the old install works until then."""
    return _install(task, task.together(), even_if_fresh=True)


def fresh(task: Task) -> Outcome:
    """Install only if what is installed is not fresh."""
    environment, together = task.environment(), task.together()
    seen = [_fresh_already(each, environment, task.builder) for each in together]
    places = tuple(place for place in seen if place)
    if len(places) == len(together):
        return Outcome(places, installed=False, built=False)
    return _install(task, together, even_if_fresh=False)


def _fresh_already(
    project: Project, environment: Environment, builder: Builder
) -> tuple[Place, Built | None] | None:
    """Return what is in *environment*, if it is certainly fresh without a build."""
    minor = environment.minor if project.may_compile else None
    known = builder.store.all_of(project, "wheel", Present(project, minor))
    for built in known:
        place = look(project, environment, built)
        if place.verdict is Verdict.FRESH:
            return place, built
    return None


def _install(task: Task, together: Sequence[Project], *, even_if_fresh: bool) -> Outcome:
    """Build *together*, a project and those that it needs, and install them in one step."""
    project, store, environment = task.project, task.builder.store, task.environment()
    with store.locked(task.builder.wait), held_alone(environment, task.builder.wait):
        restored = recover(project, environment, store)
        for each in together:
            refuse_sources(each)
        if project.likely_commands is not None:
            refuse_foreign_commands(environment, project.likely_commands)
        built, cleaned = ([], []) if even_if_fresh else _build(task, together, environment)
        if built:
            places = [(look(p, environment, b), b) for p, b in zip(together, built, strict=True)]
            if all(place.verdict is Verdict.FRESH for place, _ in places):
                return Outcome(tuple(places), tuple(cleaned), restored, installed=False)
        with replacing(environment, store):
            if not built:
                built, cleaned = _build(task, together, environment)
            refuse_useless_tool(environment, built[0].distribution.programs)
            refuse_foreign_commands(environment, built[0].distribution.programs)
            install_built(task.uv, project, environment, built, store)
        pairs = [*zip(together, built, strict=True)]
        changed = [q for each, made in pairs for q in Present(each).changed(_unbound(made))]
        return Outcome(
            tuple((look(each, environment, made), made) for each, made in pairs),
            tuple(cleaned),
            restored,
            tuple(map(in_words, changed)),
        )


def _unbound(built: Built) -> dict[str, str]:
    """Return the answers of a build, but for the Python that it was for."""
    return {q: answer for q, answer in built.answers.items() if q != "python"}


def _build(
    task: Task, together: Sequence[Project], environment: Environment
) -> tuple[list[Built], list[Cleaned]]:
    built, cleaned = [], []
    python = python_for(task.project, environment)
    for each in together:
        cleaned.append(clean_artifacts(each))
        built.append(task.builder.build(Present(each), "wheel", python))
    return built, cleaned


def look(project: Project, environment: Environment, built: Built | None) -> Place:
    """Return what is in *environment* now, compared with *built*."""
    known = (built,) if built else ()
    packages = packages_of(built.distribution.files) if built else []
    reference = Reference(built, packages, alternatives=known)
    place = examine(
        project, environment.beside_the_tool(project.name), reference, fixes_for(project)
    )
    if built is None or place.verdict is Verdict.EDITABLE:
        return place
    return place.with_findings(*check_wheel(built.distribution, (), project.root))


def install_editable(task: Task) -> Outcome:
    """Install the project editable, with commands and metadata as they are declared now."""
    project, builder, environment = task.project, task.builder, task.environment()
    if (
        not project.may_compile
    ):  # built before anything is replaced: a build that fails costs nothing
        reference_for(project, environment, builder, "editable")
    with builder.store.locked(builder.wait), held_alone(environment, builder.wait):
        restored = recover(project, environment, builder.store)
        if project.likely_commands is not None:
            refuse_useless_tool(environment, project.likely_commands)
            refuse_foreign_commands(environment, project.likely_commands)
        remove(find_stale_bytecode(project.root), project.root)
        due = due_in(environment, task.together(), builder)
        reuse = building_with(builder, project, environment)
        reuse, cleaned = for_due(due, builder, reuse)
        with set_away(due, environment.prefix, builder), replacing(environment, builder.store):
            again = [each.project.name for each in due]
            install_pointer(task.uv, project, environment, reuse, again)
        note_installed(environment, due, builder)
        built = None if project.may_compile else builder.known(Present(project), "editable")
        place = look(project, environment, built)
        if project.may_compile and place.verdict is Verdict.UNKNOWN:
            place = _as_compiled_now(place)
    return Outcome(((place, built),), tuple(cleaned), restored)


def _as_compiled_now(place: Place) -> Place:
    return place._replace(verdict=Verdict.EDITABLE, reason="")


def uninstall(task: Task) -> str:
    """Remove the installed project; return what was done, also where there is nothing to do."""
    project, environment, store = task.project, task.environment(), task.builder.store
    with store.locked(task.builder.wait), held_alone(environment, task.builder.wait):
        recover(project, environment, store)
        if environment.place == PIPX or (environment.place == TOOL and environment.prefix.is_dir()):
            make_removable(project.name, environment)
            if environment.place == TOOL:
                move_busy(environment)
            with without_commands(environment, project.name):
                _remove_tool(task.uv, project, environment)
        elif environment.place == TOOL or not read_installed(environment, project.name):
            return f"{project.name} is not installed ({environment.place})"
        else:
            with moved_away(environment, [project.name]):
                pass
    return f"Removed {project.name} ({environment.place})"


def _remove_tool(uv: Uv, project: Project, environment: Environment) -> None:
    """Remove a tool of uv's or an application of pipx's."""
    by = find_pipx() if environment.place == PIPX else uv.executable
    words = ["uninstall"] if environment.place == PIPX else ["tool", "uninstall"]
    code, said = uv.capture(by, *words, project.name)
    if code:
        raise NeverstaleError(
            f"{project.name} could not be removed ({environment.place})",
            hint="fix what is said here, then run the command again",
            details=said,
        )

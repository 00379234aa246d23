"""Build, swap, verify: the steps that end in an installation that is fresh."""

import hashlib
import os
import platform
import shlex
import shutil
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import NormalizedName

from freshness.archives import read_wheel
from freshness.backend import INPUTS, kept_backend
from freshness.backup import let_go, put_back, set_aside
from freshness.compiled import interpreter_of, refuse_without_toolchain
from freshness.diagnosis import package_folders
from freshness.distribution import Distribution
from freshness.environments import PIPX, TOOL, VENV, Environment, distributions, is_environment
from freshness.errors import FreshnessError
from freshness.installed import (
    DamagedError,
    Installed,
    find_orphans,
    own_commands,
    read_installed,
)
from freshness.objects import forget_objects, kept_objects
from freshness.project import Project
from freshness.record import parse_record, read_text, replace_text
from freshness.signals import stopped_once, unstoppable
from freshness.sources import Fingerprint, Sources, made_for, sources_of
from freshness.standins import links_to_copies
from freshness.store import FOLDER, STAMP, Store
from freshness.uv import Uv, base_interpreter, outer_environment
from freshness.wheel import NOTHING, Reuse, build_wheel

BUILDS_AT_MOST = 3
"""How often a build is made again because the sources changed under it."""


@dataclass(frozen=True)
class Built:
    """A project, the wheel of its sources, what that holds, and those sources."""

    project: Project
    wheel: Path
    reference: Distribution
    sources: Sources


def build_together(
    uv: Uv, projects: Iterable[Project], store: Store, python: Sequence[str]
) -> list[Built]:
    """Build each of *projects*, a project and those that it needs, as `forced_build` does."""
    built = []
    for project in projects:
        wheel, sources = forced_build(uv.at(project.root), project, store, python)
        built.append(Built(project, wheel, read_wheel(wheel), sources))
    return built


def forced_build(
    uv: Uv, project: Project, store: Store, python: Sequence[str]
) -> tuple[Path, Sources]:
    """Build the sources as they are into a wheel in the store; give it, and those sources.

    Sources that change during a build are built again, for the wheel may hold half of each
    state. Where only files beside the packages changed (a log, perhaps), the wheel counts, but
    the store does not note that it is the one of these sources.
    Raises FreshnessError where the build fails or the sources do not come to rest.
    """
    before = sources_of(project)
    refuse_without_toolchain(project, before.files)
    minor = own = None
    if project.is_compiled(before.files):
        target = interpreter_of(uv, python)
        refuse_without_toolchain(project, before.files, target.headers)
        minor, own = target.minor, target.executable
    with store.scratch() as folder:
        keep = store.folder / "backends" / project.name / (minor or "any")
        lasting = store.lasting
        backend = kept_backend(uv, project, keep, folder, python=own) if lasting else None
    objects = store.folder / "objects" / project.name / (minor or "any")
    for _ in range(BUILDS_AT_MOST):
        with store.scratch() as folder, kept_objects(project, objects, backend, before) as reuse:
            wheel = build_wheel(uv, project, folder, python, reuse)
            after = sources_of(project)
            _stamp(project, store, after.fingerprint)
            if after == before:
                return store.put(wheel, made_for(after.fingerprint, minor)), after
            forget_objects(objects)
            if not _touches_packages(before, after, read_wheel(wheel)):
                return store.put(wheel, None), after
        before = after
    raise FreshnessError(
        f"the sources changed during each of {BUILDS_AT_MOST} builds",
        hint="let whatever writes into the project finish, then run the command again",
    )


def _stamp(project: Project, store: Store, fingerprint: Fingerprint) -> None:
    """Tell uv, in the project's own folder, that its sources are others now.

    A project beside the one that is installed has no store, unless its ``cache-keys`` ask for it.
    """
    if store.folder == project.root / FOLDER:
        store.stamp(fingerprint)
    elif store.lasting and f"{FOLDER}/{STAMP}" in project.text:
        Store(project.root).stamp(fingerprint)


def _touches_packages(before: Sources, after: Sources, wheel: Distribution) -> bool:
    changed = {
        path
        for path in before.files.keys() | after.files.keys()
        if before.files.get(path) != after.files.get(path)
    }
    within = (*package_folders(after.files, wheel.files), *INPUTS)
    return any(path.startswith(within) for path in changed) or before.state != after.state


def refuse_useless_tool(environment: Environment, commands: Iterable[str]) -> None:
    """Raise FreshnessError if a project without a command would become a tool."""
    if environment.place == TOOL and not any(commands):
        raise FreshnessError(
            "the project declares no command, so it cannot be a uv tool",
            hint="install it with --target venv, or declare a command in [project.scripts]",
        )


def refuse_foreign_commands(environment: Environment, commands: Iterable[str]) -> None:
    """Raise FreshnessError if one of *commands* would take the place of somebody else's.

    ``uv tool install --force`` and ``pipx install --force`` overwrite whatever has the name.
    An environment's own folder of commands is its own.
    """
    if environment.commands_folder == environment.scripts:
        return
    # Links to a copy are what another checkout left that was killed while it replaced its commands.
    own = [*own_commands(environment), *links_to_copies(environment, aside_name(environment))]
    foreign = [
        f"{path} {_owner(path, environment)}"
        for command in sorted(commands)
        for path in _spellings(environment.commands_folder / command)
        if os.path.lexists(path) and path not in own
    ]
    if foreign:
        raise FreshnessError(
            f"not installed, for it would overwrite {'; '.join(foreign)}",
            hint="remove that one, or give the command another name in [project.scripts]",
        )


def refuse_sources(project: Project) -> None:
    """Raise FreshnessError if a requirement comes from where no wheel can say that it does.

    METADATA has the requirement's name alone: from an index it would be somebody else's project.
    """
    if project.sourced:
        raise FreshnessError(
            f"[tool.uv.sources] says where {', '.join(project.sourced)} is; a wheel cannot",
            hint="use `make install-editable`, which follows it, or require it as `NAME @ URL`",
        )


def _spellings(path: Path) -> list[Path]:
    return [path, path.with_name(f"{path.name}.exe")] if os.name == "nt" else [path]


def _owner(path: Path, environment: Environment) -> str:
    tools = environment.prefix.parent
    if path.is_symlink():
        target = Path(os.path.normpath(path.parent / os.readlink(path)))
        target = target.parent.resolve() / target.name
        if target.is_relative_to(tools):
            return f"(a command of the uv tool {target.relative_to(tools).parts[0]})"
    return "(a file that uv did not put there)"


def swap(
    uv: Uv,
    project: Project,
    environment: Environment,
    *what: str,
    beside: Mapping[NormalizedName, str] | None = None,
    reuse: Reuse = NOTHING,
) -> None:
    """Install *what* (a wheel's path, or ``--editable .``) in place of what is there.

    *beside* are the paths of the wheels of the projects that it needs, by their names; *reuse* is
    what uv may build with, where it has to build.
    Raises FreshnessError where that fails; then what was there before is there again.
    """
    wheels = dict(beside or {})
    replaced = [word for name in (project.name, *wheels) for word in ("--reinstall-package", name)]
    with stopped_once(), set_aside(environment, aside_of(project, environment)):
        for name in (project.name, *wheels):
            _make_removable(name, environment)
        if _is_tool_of(project, environment):
            replaced += [word for wheel in wheels.values() for word in ("--with", wheel)]
            python = python_for(project, environment)
            command = ("tool", "install", "--force", *python, *replaced, *reuse.options, *what)
            _must_succeed(uv.run(*command, environment=reuse.environment))
            return
        if environment.place == PIPX:
            command = ("install", "--force", *_constrained(project, wheels), *_for_pipx(what))
            _must_succeed(uv.run_other(find_pipx(), *command), "pipx")
            return
        _refuse_broken(environment)
        if environment.site_packages is None:
            _must_succeed(uv.run("venv", str(environment.prefix)))
        command = ("pip", "install", "--python", str(environment.prefix), *replaced, *reuse.options)
        done = uv.run(*command, *what, *wheels.values(), environment=reuse.environment)
        _must_succeed(done)


def _refuse_broken(environment: Environment) -> None:
    """Raise FreshnessError for an environment that no install mends: more than ours is in it."""
    if is_environment(environment.prefix) and environment.interpreter is None:
        anew = "run `make dev`, which makes" if environment.place == VENV else "make"
        raise FreshnessError(
            f"the interpreter of {environment.prefix} is gone",
            hint=f"{anew} the environment anew; what else is in it has to be installed again",
        )


def _is_tool_of(project: Project, environment: Environment) -> bool:
    """Tell whether *environment* is the uv tool of this name, not one that has it beside."""
    return environment.place == TOOL and environment.prefix.name == project.name


def find_pipx() -> str:
    """Give the path of pipx; raises FreshnessError where it is not on PATH."""
    found = shutil.which("pipx", path=outer_environment().get("PATH"))
    if found is None:
        raise FreshnessError(
            "pipx is not on PATH, and only it can replace what it has installed",
            hint="install pipx: https://pipx.pypa.io/stable/how-to/install-pipx/",
        )
    return found


def _constrained(project: Project, wheels: Mapping[NormalizedName, str]) -> list[str]:
    """Give the options by which pipx takes *wheels* for what is required, now and later.

    It notes the arguments of pip, so the file stays: ``pipx reinstall`` reads it again.
    """
    if not wheels:
        return []
    file = project.root / FOLDER / "constraints.txt"
    lines = [f"{name} @ {(project.root / wheel).as_uri()}\n" for name, wheel in wheels.items()]
    file.write_text("".join(lines), encoding="utf-8")
    return [f"--pip-args=--constraint {shlex.quote(str(file))}"]


def _for_pipx(what: Sequence[str]) -> list[str]:
    """Spell *what* for pipx, which takes folders by their absolute path alone."""
    return [word if word.startswith("-") else str(Path(word).resolve()) for word in what]


def _make_removable(name: NormalizedName, environment: Environment) -> None:
    """See to it that an uninstall takes what is *name*'s in *environment*, and no more.

    Files of its packages that no RECORD knows are removed, links among them, and rows of RECORD
    that lead out of the environment are taken out of it: uv would delete what they name. Where
    its own records cannot be read, they are removed as well.
    """
    site = environment.site_packages
    if site is None:
        return
    strangers: Iterable[str] = ()
    try:
        installed = read_installed(environment, name)
        if installed and not installed.editable:
            strangers = installed.unrecorded
        if installed and installed.outside:
            _drop_rows(site / installed.dist_info / "RECORD", installed.outside)
    except DamagedError:
        for _, info, _ in distributions(site, name):
            shutil.rmtree(info, ignore_errors=True)
        strangers = find_orphans(environment, [name.replace("-", "_")])
    except FreshnessError:
        return
    for path in strangers:
        (site / path).unlink(missing_ok=True)


def _drop_rows(record: Path, paths: AbstractSet[str]) -> None:
    """Write RECORD without the rows of *paths*."""
    lines = read_text(record).splitlines(keepends=True)
    replace_text(record, "".join(line for line in lines if not paths & parse_record(line).keys()))


def python_for(project: Project, environment: Environment | None = None) -> list[str]:
    """Give the option that names the interpreter to build with and to install for, if we know it.

    It is the one that a tool has already, or else ours, which uv has chosen; that saves uv a
    search that takes longer than the build where Python is behind the shims of a version manager.
    What is compiled fits no other than that of the environment.
    A choice of the owner's (UV_PYTHON, a ``.python-version`` file) is left to uv to follow.
    """
    if "UV_PYTHON" in os.environ or (project.root / ".python-version").exists():
        return []
    version, python = None, None
    if environment and (environment.place in (TOOL, PIPX) or project.is_compiled(())):
        version, python = environment.python_version, environment.interpreter
    if version is None or python is None:
        version, python = platform.python_version(), base_interpreter()
    fits = project.requires_python.contains(version, prereleases=True)
    return ["--python", str(python)] if fits else []


def recover(project: Project, environment: Environment) -> bool:
    """Undo a swap that was killed half-way; tell whether it had touched the environment."""
    aside = aside_of(project, environment)
    if not aside.exists():
        return False
    try:
        installed = read_installed(environment, project.name)
    except FreshnessError:
        installed = None
    if installed and _is_whole(installed):  # killed after the swap
        let_go(environment, aside)
        return False
    with unstoppable():
        return put_back(environment, aside)


def _is_whole(installed: Installed) -> bool:
    return installed.whole and installed.distribution.commands.keys() <= installed.commands


def aside_of(project: Project, environment: Environment) -> Path:
    """Give the folder where what *environment* holds is kept while it is replaced."""
    return project.root / FOLDER / "aside" / aside_name(environment)


def aside_name(environment: Environment) -> str:
    """Name the copy of *environment*, the same in every project that installs into it."""
    where = f"{environment.prefix}\0{environment.commands_folder}"
    return hashlib.sha256(where.encode("utf-8", "surrogateescape")).hexdigest()[:20]


def _must_succeed(code: int, program: str = "uv") -> None:
    if code:
        raise FreshnessError(
            f"{program} could not install the wheel (exit code {code}); what was there before"
            " still is",
            hint=f"mend what {program} says above, then run the command again",
        )

"""Build, swap, verify: the steps that end in an installation that is fresh."""

import hashlib
import os
import platform
import signal
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from freshness.artifacts import find_artifacts
from freshness.backend import INPUTS, kept_backend
from freshness.backup import discard, put_back, set_aside
from freshness.diagnosis import package_folders
from freshness.distribution import Distribution
from freshness.errors import FreshnessError
from freshness.installed import TOOL, Environment, Installed, own_commands, read_installed
from freshness.project import Project
from freshness.sources import Sources, read_sources
from freshness.store import FOLDER, Store
from freshness.uv import Uv, base_interpreter
from freshness.wheel import build_wheel, read_wheel

BUILDS_AT_MOST = 3
"""How often a build is made again because the sources changed under it."""


def sources_of(project: Project) -> Sources:
    """Read the project's sources; its artifacts are none of them."""
    return read_sources(
        project.root,
        artifacts=find_artifacts(project.root, project.name).removable,
    )


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
    with store.scratch() as folder:
        backend = kept_backend(uv, project, store.folder / "backends", folder)
    for _ in range(BUILDS_AT_MOST):
        with store.scratch() as folder:
            wheel = build_wheel(uv, project, folder, python, backend)
            after = sources_of(project)
            store.stamp(after.fingerprint)
            if after == before:
                return store.put(wheel, after.fingerprint), after
            if not _touches_packages(before, after, read_wheel(wheel)):
                return store.put(wheel, None), after
        before = after
    raise FreshnessError(
        f"the sources changed during each of {BUILDS_AT_MOST} builds",
        hint="let whatever writes into the project finish, then run the command again",
    )


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

    ``uv tool install --force`` overwrites whatever has the name.
    """
    own = own_commands(environment)
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


def swap(uv: Uv, project: Project, environment: Environment, *what: str) -> None:
    """Install *what* (a wheel's path, or ``--editable .``) in place of what is there.

    Raises FreshnessError where uv cannot; then what was there before is there again.
    """
    replaced = ["--reinstall-package", project.name, *what]
    with _termination_raises(), set_aside(environment, aside_of(project, environment)):
        if environment.place == TOOL:
            python = python_for(project, environment)
            _must_succeed(uv, ["tool", "install", "--force", *python, *replaced])
            return
        if environment.site_packages is None:
            _must_succeed(uv, ["venv", str(environment.prefix)])
        _remove_unrecorded(project, environment)
        _must_succeed(uv, ["pip", "install", "--python", str(environment.prefix), *replaced])


def _remove_unrecorded(project: Project, environment: Environment) -> None:
    """Remove files of the project's own packages that no RECORD knows: no uninstall takes them."""
    with suppress(FreshnessError):
        installed = read_installed(environment, project.name)
        if installed and environment.site_packages and not installed.editable:
            for path in installed.unrecorded:
                (environment.site_packages / path).unlink(missing_ok=True)


def python_for(project: Project, environment: Environment) -> list[str]:
    """Give the option that names the interpreter to build with and to install for, if we know it.

    It is the one that a tool has already, or else ours, which uv has chosen; that saves uv a
    search that takes longer than the build where Python is behind the shims of a version manager.
    A choice of the owner's (UV_PYTHON, a ``.python-version`` file) is left to uv to follow.
    """
    if "UV_PYTHON" in os.environ or (project.root / ".python-version").exists():
        return []
    version, python = environment.python_version, environment.interpreter
    if environment.place != TOOL or version is None or python is None:
        version = platform.python_version()
        python = base_interpreter()
    fits = project.requires_python.contains(version, prereleases=True)
    return ["--python", str(python)] if fits else []


def recover(project: Project, environment: Environment) -> bool:
    """Undo a swap that was killed half-way; tell whether there was one to undo."""
    aside = aside_of(project, environment)
    if not aside.exists():
        return False
    try:
        installed = read_installed(environment, project.name)
    except FreshnessError:
        installed = None
    if installed and _is_whole(installed):
        discard(aside)  # killed after the swap
        return False
    put_back(environment, aside)
    return True


def _is_whole(installed: Installed) -> bool:
    flawed = installed.altered or installed.missing or installed.unrecorded
    return not flawed and installed.distribution.commands.keys() <= installed.commands


def aside_of(project: Project, environment: Environment) -> Path:
    """Give the folder where what *environment* holds is kept while it is replaced."""
    where = f"{environment.prefix}\0{environment.commands_folder}"
    name = hashlib.sha256(where.encode("utf-8", "surrogateescape")).hexdigest()[:20]
    return project.root / FOLDER / "aside" / name


def _must_succeed(uv: Uv, command: Sequence[str]) -> None:
    code = uv.run(*command)
    if code:
        raise FreshnessError(
            f"uv could not install the wheel (exit code {code}); what was there before still is",
            hint="mend what uv says above, then run the command again",
        )


@contextmanager
def _termination_raises() -> Iterator[None]:
    """Let a termination signal raise, so that what was set aside is put back."""

    def stop(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)

"""Build, swap, verify: the steps that end in an installation that is fresh."""

import os
import platform
import shutil
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from freshness.artifacts import find_artifacts
from freshness.backend import kept_backend
from freshness.backup import put_back, set_aside
from freshness.errors import FreshnessError
from freshness.installed import TOOL, Environment, leads_into, read_installed, read_receipt
from freshness.project import Project
from freshness.sources import Sources, read_sources
from freshness.store import FOLDER, Store
from freshness.uv import Uv
from freshness.wheel import build_wheel

BUILDS_AT_MOST = 3
"""How often a build is made again because the sources changed under it."""


def sources_of(project: Project) -> Sources:
    """Read the project's sources; its artifacts are none of them."""
    return read_sources(
        project.root,
        artifacts=find_artifacts(project.root).removable,
        version_from_git=project.version is None,
    )


def forced_build(
    uv: Uv, project: Project, store: Store, python: Sequence[str]
) -> tuple[Path, Sources]:
    """Build the sources as they are into a wheel in the store; give it, and those sources.

    Sources that change during a build are built again, for the wheel may hold half of each
    state. Raises FreshnessError where the build fails or the sources do not come to rest.
    """
    before = sources_of(project)
    with store.scratch() as folder:
        backend = kept_backend(uv, project, store.folder / "backends", folder)
    for _ in range(BUILDS_AT_MOST):
        with store.scratch() as folder:
            wheel = build_wheel(uv, project, folder, python, backend)
            after = sources_of(project)
            if after == before:
                store.stamp(after.fingerprint)
                return store.put(wheel, after.fingerprint), after
        before = after
    raise FreshnessError(
        f"the sources changed during each of {BUILDS_AT_MOST} builds",
        hint="let whatever writes into the project finish, then run the command again",
    )


def refuse_foreign_commands(environment: Environment, commands: Iterable[str]) -> None:
    """Raise FreshnessError if one of *commands* would take the place of somebody else's.

    ``uv tool install --force`` overwrites whatever has the name.
    """
    own = read_receipt(environment)
    foreign = [
        f"{path} {_owner(path, environment)}"
        for command in sorted(commands)
        for path in _spellings(environment.commands_folder / command)
        if os.path.lexists(path) and path not in own and not leads_into(path, environment)
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
        if target.is_relative_to(tools):
            return f"(a command of the uv tool {target.relative_to(tools).parts[0]})"
    return "(a file that uv did not put there)"


def swap(uv: Uv, project: Project, environment: Environment, *what: str) -> None:
    """Install *what* (a wheel's path, or ``--editable .``) in place of what is there.

    Raises FreshnessError where uv cannot; then what was there before is there again.
    """
    replaced = ["--reinstall-package", project.name, *what]
    with _termination_raises(), set_aside(environment, aside_of(project)):
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
        python = Path(getattr(sys, "_base_executable", sys.executable))
    fits = project.requires_python.contains(version, prereleases=True)
    return ["--python", str(python)] if fits else []


def recover(project: Project, environment: Environment) -> bool:
    """Undo a swap that was killed half-way; tell whether there was one to undo."""
    aside = aside_of(project)
    if not aside.exists():
        return False
    try:
        installed = read_installed(environment, project.name)
    except FreshnessError:
        installed = None
    if installed and not (installed.altered or installed.missing or installed.unrecorded):
        shutil.rmtree(aside, ignore_errors=True)  # killed after the swap: the new one is whole
        return False
    put_back(environment, aside)
    return True


def aside_of(project: Project) -> Path:
    """Give the folder where the installation is kept while it is replaced."""
    return project.root / FOLDER / "aside"


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

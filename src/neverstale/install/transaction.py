"""Installing as one transaction: refuse, set aside, build, replace; or put everything back."""

import os
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from neverstale.cache import held
from neverstale.environments.commands import own_commands
from neverstale.environments.environment import PIPX, TOOL, VENV, Environment, is_environment
from neverstale.environments.installed import read_installed
from neverstale.environments.python import python_for
from neverstale.errors import NeverstaleError
from neverstale.files import read_text, write_text
from neverstale.install import recovery, swap, tool
from neverstale.install.busy import remove_unused
from neverstale.install.standins import are_apart, links_to_copies
from neverstale.install.tool import Copies, set_aside
from neverstale.names import NormalizedName
from neverstale.process import Uv, explain_failure, outer_environment, stopped_once
from neverstale.programs import find_program
from neverstale.project.metadata import Project
from neverstale.project.requirements import at_path
from neverstale.wheels.build_cache import Reuse
from neverstale.wheels.record import rows_of, spell_record
from neverstale.wheels.store import Built, Store

HEARTBEAT = 0.003
"""How often, in seconds, a command that uv has removed is looked for."""


def is_tool_of(project: Project, environment: Environment) -> bool:
    """Return whether *environment* is the uv tool of this project, not one that has it as well."""
    return environment.place == TOOL and environment.prefix.name == project.name


def held_alone(
    environment: Environment, wait: Callable[[], None]
) -> AbstractContextManager[object]:
    """Keep other checkouts of the project from the environment, which they may share.

    pipx is called while this is held, and has a lock of its own beside it: ``.NAME.lock``.
    """
    if environment.place not in (TOOL, PIPX):
        if not environment.prefix.is_dir():
            return nullcontext()
        return held(environment.prefix / ".neverstale.lock", wait)
    folder, name = environment.prefix.parent, environment.prefix.name.strip(".")
    return held(folder / f".{name}.neverstale.lock", wait)


def recover(project: Project, environment: Environment, store: Store) -> bool:
    """Undo what a killed install left half-way; return whether something was put back."""
    remove_unused(environment)
    put_back = recovery.recover(environment)
    return tool.recover(project, _copies(environment, store)) or put_back


def _copies(environment: Environment, store: Store) -> Copies:
    return Copies(environment, store.folder / "aside")


@contextmanager
def replacing(environment: Environment, store: Store) -> Iterator[None]:
    """Keep what a tool's environment has, and its commands running, until the body is done."""
    with stopped_once():
        if environment.place in (TOOL, PIPX):
            with set_aside(_copies(environment, store)):
                yield
        else:
            yield


def install_built(
    uv: Uv, project: Project, environment: Environment, built: Sequence[Built], store: Store
) -> None:
    """Install *built*, the project's wheel first; raise NeverstaleError where that fails."""
    own, *others = built
    # uv installs by hard links: who edits an installed file edits uv's cache, and an install
    # from there would bring the edit back. A newer wheel is read again.
    for each in built:
        each.archive.touch()
    wheels = {each.distribution.name: each.archive for each in others}
    if is_tool_of(project, environment):
        make_removable(project.name, environment)
        with_wheels = [word for each in wheels.items() for word in ("--with", at_path(*each))]
        itself = at_path(project.name, own.archive)
        _install_tool(uv, project, environment, [*with_wheels, itself], Reuse())
    elif environment.place == PIPX:
        make_removable(project.name, environment)
        constrained = _constrained(store, wheels)
        command = ("install", "--force", *constrained, str(own.archive))
        _must_succeed(uv, uv.capture(find_pipx(), *command))
    else:
        _refuse_broken(environment)
        swap.install_wheels(uv, built, environment)


def install_pointer(
    uv: Uv,
    project: Project,
    environment: Environment,
    reuse: Reuse,
    again: Iterable[NormalizedName] = (),
) -> None:
    """Install the project editable, and *again* anew; raise NeverstaleError where that fails.

    uv takes a copy of a project by path for current until its pyproject.toml changes.
    """
    words = ["--editable", at_path(project.name, project.root)]
    others = [name for name in again if name != project.name]
    words += [word for pair in reuse.settings.items() for word in pair]
    words += [word for name in others for word in ("--reinstall-package", name)]
    make_removable(project.name, environment)
    if is_tool_of(project, environment):
        _install_tool(uv, project, environment, words, reuse)
    elif environment.place == PIPX:
        pipx = (find_pipx(), "install", "--force", "--editable", str(project.root))
        _must_succeed(uv, uv.capture(*pipx))
    else:
        _refuse_broken(environment)
        if environment.site_packages is None:
            _must_succeed(uv, uv.capture(uv.executable, "venv", str(environment.prefix)))
        where = ("--python", str(environment.prefix), "--reinstall-package", project.name)
        command = (uv.executable, "pip", "install", *where, *words)
        uv.announce_uv(*command[1:])
        _must_succeed(uv, uv.capture(*command, environment=reuse.environment))


def _install_tool(
    uv: Uv, project: Project, environment: Environment, words: Sequence[str], reuse: Reuse
) -> None:
    python = python_for(project, environment)
    again = ("--reinstall-package", project.name)
    command = ("tool", "install", "--force", *python, *again, *words)
    uv.announce_uv(*command)
    with _kept_running(environment):
        done = uv.capture(uv.executable, *command, environment=reuse.environment)
    _must_succeed(uv, done)


@contextmanager
def _kept_running(environment: Environment) -> Iterator[None]:
    """Put the links of commands back that uv removes before it has a new one for them.

    They lead to a copy that works: see `standins`. uv replaces them when it is done.
    """
    folder = environment.commands_folder
    links = {
        path: os.readlink(path) for path in (*own_commands(environment), *_stand_ins(environment))
        if path.is_symlink()
    }  # fmt: skip
    import threading

    done = threading.Event()

    def watch() -> None:
        while not done.wait(HEARTBEAT):
            for path, target in links.items():
                try:
                    if not os.path.lexists(path) and os.path.exists(target):
                        os.symlink(target, path)
                except OSError:
                    continue

    thread = threading.Thread(target=watch, daemon=True)
    if links and folder.is_dir():
        thread.start()
    try:
        yield
    finally:
        done.set()
        if thread.ident:
            thread.join()


def _stand_ins(environment: Environment) -> list[Path]:
    return links_to_copies(environment, Copies(environment, Path()).name)


def _must_succeed(uv: Uv, done: tuple[int, str]) -> None:
    code, said = done
    if code:
        what = "the install failed; what was installed before still works"
        raise explain_failure(uv, what, said)


def refuse_useless_tool(environment: Environment, commands: Iterable[str]) -> None:
    """Raise NeverstaleError if a project without a command would become a tool."""
    if environment.place == TOOL and not any(commands):
        raise NeverstaleError(
            "the project declares no command, so it cannot be a uv tool",
            hint="install it with --target venv, or declare a command in [project.scripts]",
        )


def refuse_foreign_commands(environment: Environment, commands: Iterable[str]) -> None:
    """Raise NeverstaleError if one of *commands* would take the place of somebody else's.

    ``uv tool install --force`` and ``pipx install --force`` overwrite whatever has the name.
    An environment's own folder of commands is its own.
    """
    if not are_apart(environment):
        return
    # Links to a copy are what another checkout left that was killed while it replaced its commands.
    own = [*own_commands(environment), *_stand_ins(environment)]
    foreign = [
        f"{path} {_owner(path, environment)}"
        for command in sorted(commands)
        for path in _spellings(environment.commands_folder / command)
        if os.path.lexists(path) and path not in own
    ]
    if foreign:
        raise NeverstaleError(
            f"not installed, because it would overwrite {'; '.join(foreign)}",
            hint="remove that one, or give the command another name in [project.scripts]",
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


def _refuse_broken(environment: Environment) -> None:
    """Raise NeverstaleError for an environment that no install repairs: more than ours is in it."""
    if is_environment(environment.prefix) and environment.interpreter is None:
        again = "run `dev`, which creates" if environment.place == VENV else "create"
        raise NeverstaleError(
            f"the interpreter of {environment.prefix} is missing",
            hint=f"{again} the environment again; what else is in it has to be installed again",
        )


def find_pipx() -> str:
    """Return the path of pipx; raise NeverstaleError where it is not on PATH."""
    found = find_program("pipx", path=outer_environment().get("PATH"))
    if found is None:
        raise NeverstaleError(
            "pipx is not on PATH, and only it can replace what it has installed",
            hint="install pipx: https://pipx.pypa.io/stable/how-to/install-pipx/",
        )
    return found


def _constrained(store: Store, wheels: dict[NormalizedName, Path]) -> list[str]:
    """Return the options by which pipx takes *wheels* for what is required, now and later.

    It notes the arguments of pip, so the file stays: ``pipx reinstall`` reads it again.
    """
    if not wheels:
        return []
    file = store.folder / "constraints.txt"
    write_text(file, "".join(f"{at_path(*each)}\n" for each in wheels.items()))
    return [f"--pip-args=--constraint {shlex.quote(str(file))}"]


def make_removable(name: NormalizedName, environment: Environment) -> None:
    """Ensure that an uninstall takes what is *name*'s in *environment*, and no more.

    Files of its packages that no RECORD knows are removed, links among them, and rows of RECORD
    that lead out of the environment are taken out of it: uv would delete what they name.
    """
    site = environment.site_packages
    if site is None:
        return
    try:
        installed = read_installed(environment, name)
    except NeverstaleError:
        return
    if installed is None:
        return
    for path in installed.unrecorded if not installed.editable else ():
        (site / path).unlink(missing_ok=True)
    if installed.outside:
        record = site / installed.dist_info / "RECORD"
        rows = [row for row in rows_of(read_text(record)) if row[0] not in installed.outside]
        rows = [row for row in rows if not os.path.isabs(row[0])]  # the same, spelled in full
        write_text(record, spell_record(rows))

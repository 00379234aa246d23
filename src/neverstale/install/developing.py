"""``uv sync``, and what it would not see: metadata, copied files, and what is compiled."""

import os
from collections.abc import Sequence
from typing import NamedTuple

from neverstale.environments.discovery import venv_environment
from neverstale.environments.dist_info import is_editable, read_origin
from neverstale.environments.environment import Environment, distributions
from neverstale.files import write_text
from neverstale.install import sync
from neverstale.install.cleaning import Cleaned, clean_artifacts
from neverstale.install.editables import (
    STAMP,
    Due,
    building_with,
    compile_again,
    due_in,
    former_names,
    note_installed,
    set_away,
)
from neverstale.install.swap import moved_away
from neverstale.install.task import Task
from neverstale.names import NormalizedName
from neverstale.project.bytecode import find_stale_bytecode
from neverstale.project.members import neighbours_of
from neverstale.removal import remove
from neverstale.wheels.build import Builder
from neverstale.wheels.build_cache import Reuse
from neverstale.wheels.toolchain import refuse_without_toolchain

KEEPING = ("--no-install", "--only-", "--package", "--dry-run", "--check", "--help", "-h")
"""With these ``uv sync`` may leave a project as it is, which is then not to be moved away."""


class Synced(NamedTuple):
    """How ``uv sync`` ended, which projects it had to install again, and what was removed."""

    code: int
    due: tuple[str, ...] = ()
    cleaned: tuple[Cleaned, ...] = ()


def sync_environment(task: Task, *arguments: str, always: bool = True) -> Synced:
    """Run ``uv sync``, with what it would not see: metadata, copies, and what is compiled."""
    builder, environment = task.builder, venv_environment(task.project.root)
    together = (task.project, *neighbours_of(task.project, task.read))
    for each in together:
        remove(find_stale_bytecode(each.root), each.root)
    with moved_away(environment, former_names(environment, task.project)):
        pass
    due = due_in(environment, together, builder)
    store = builder.store
    if not due and not always and not sync.was_stopped(store):
        return Synced(0)
    with store.locked(builder.wait):
        compiled = any(each.sources for each in due)
        own = building_with(builder, task.project, environment) if compiled else Reuse()
        if "no-build-isolation" in task.project.text:
            own = Reuse()  # the project's own groups have what builds it
        reuse, cleaned = for_due(due, builder, own)
        words = [word for pair in reuse.settings.items() for word in pair]
        words += [w for each in due for w in ("--reinstall-package", each.project.name)]
        names = [each.project.name for each in due]
        kept = any(word.startswith(KEEPING) for word in arguments)
        copies = [] if kept else [name for name in names if _is_copied(environment, name)]
        with set_away(due, environment.prefix, builder), moved_away(environment, copies):
            code = sync.run(
                task.uv, store, environment, *words, *arguments, settings=reuse.environment
            )
            if code:
                raise Failed(code)
        note_installed(environment, due, builder)
    if always:
        due_in(environment, together, builder)  # then `doctor --quick` knows what to compare with
    return Synced(0, tuple(each.project.name for each in due), tuple(cleaned))


def _is_copied(environment: Environment, name: NormalizedName) -> bool:
    """Return whether *name* is there file by file: a kill of uv would leave a part of them."""
    site = environment.site_packages
    found = [info for _, info, _ in distributions(site, name)] if site else []
    return any(not is_editable(read_origin(info)) for info in found)


class Failed(Exception):  # noqa: N818 - uv has said what is wrong
    """A command ended with an exit code that is passed on."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def for_due(due: Sequence[Due], builder: Builder, reuse: Reuse) -> tuple[Reuse, list[Cleaned]]:
    """Remove what would hide that *due* are installed again; return what uv is to be told."""
    cleaned = []
    for each in due:
        if each.sources:
            refuse_without_toolchain(each.project, each.sources.files)
        cleaned.append(clean_artifacts(each.project, archives=False))
    forced: dict[str, str] = {}
    if any(each.sources for each in due):
        forced = compile_again(builder.store.folder)
        write_text(builder.store.folder / STAMP, str(os.urandom(8).hex()))
    return Reuse({**reuse.environment, **forced}, reuse.settings), cleaned

"""``upgrade``: uv.lock is raised, and it is told what became newer and where to read of it."""

from typing import TYPE_CHECKING

from neverstale.errors import FRESH, NeverstaleError
from neverstale.terminal import Console, one_line
from neverstale.verbs.task import Options, task_of

if TYPE_CHECKING:
    from collections.abc import Mapping


def upgrade(options: Options, console: Console) -> int:
    """Raise uv.lock, and tell what became newer: all of it, or the packages that are named."""
    from neverstale.environments.discovery import venv_environment
    from neverstale.environments.environment import distributions
    from neverstale.environments.links import changelog_of
    from neverstale.install.developing import Failed, sync_environment
    from neverstale.names import canonicalize_name
    from neverstale.project.lock import locked_versions

    task = task_of(options, console)
    root = task.project.root
    before = locked_versions(root)
    asked = [canonicalize_name(name) for name in options.names]
    if strange := [name for name in asked if name not in before]:
        raise NeverstaleError(
            f"{', '.join(strange)} is not in uv.lock",
            hint="name what is there, or add it with `uv add`",
        )
    which = [word for name in asked for word in ("--upgrade-package", name)] or ["--upgrade"]
    if code := task.uv.run("lock", "--quiet", *which):
        return code
    after = locked_versions(root)
    if not before:
        plural = "" if len(after) == 1 else "s"
        console.result(f"uv.lock is new, with {len(after)} package{plural}")
        return FRESH
    changed = [name for name in sorted(after) if before.get(name) != after[name]]
    try:
        sync_environment(task, "--quiet")  # what is new says where its changelog is
    except Failed as failed:
        return failed.code
    site = venv_environment(root).site_packages
    folders = {str(name): info for name, info, _ in distributions(site)} if site else {}
    for name in changed:
        link = changelog_of(folders[name]) if name in folders else ""
        console.result(one_line(f"{name} {_step(name, before, after)}{link and f'  {link}'}"))
    for name in sorted(before.keys() - after.keys()):
        console.result(f"{name} is needed no more")
    if before == after:
        console.result("Nothing became newer")
    return FRESH


def _step(name: str, before: "Mapping[str, str]", after: "Mapping[str, str]") -> str:
    return f"{before[name]} → {after[name]}" if name in before else f"{after[name]} (new)"

"""What builds leave behind, removed: for ``clean``, and before each forced build."""

from pathlib import Path
from typing import NamedTuple

from neverstale.environments.compiled import NOTES
from neverstale.files import folders, write_text
from neverstale.install.editables import STAMP
from neverstale.project.artifacts import (
    EXTENSIONS,
    Kept,
    find_artifacts,
    find_bytecode,
    find_compiled,
    find_in_place,
)
from neverstale.project.metadata import Project
from neverstale.removal import remove
from neverstale.wheels.store import Store


class Cleaned(NamedTuple):
    """What was removed, what was kept and why, and in how many folders bytecode was."""

    removed: tuple[Path, ...]
    kept: tuple[Kept, ...]
    bytecode: int = 0


def clean_artifacts(project: Project, *, archives: bool = True) -> Cleaned:
    """Remove the artifacts of *project*, so that the next build starts from the sources.

    Without *archives* what is in ``dist/`` stays.
    """
    found = find_artifacts(project.root, project.name)
    dist = project.root / "dist"
    removable = tuple(p for p in found.removable if archives or p.parent != dist)
    remove(removable, project.root)
    return Cleaned(removable, found.kept)


def clean_all(project: Project, store: Store) -> Cleaned:
    """Remove artifacts, bytecode, and what was compiled within the project."""
    bytecode = find_bytecode(project.root)
    in_place = _compiled_in_place(project, store)
    remove([*bytecode, *in_place], project.root)
    cleaned = clean_artifacts(project)
    return Cleaned((*in_place, *cleaned.removed), cleaned.kept, len(bytecode))


def _compiled_in_place(project: Project, store: Store) -> list[Path]:
    """Return what was compiled within the project; ``run`` and ``dev`` compile it again."""
    walk = list(folders(project.root, through_links=False))
    if not project.is_compiled(entry.name for _, entries in walk for entry in entries):
        return find_in_place(project.root, walk)
    found = find_compiled(project.root)
    if found and store.folder.is_dir():
        (store.folder / NOTES).unlink(missing_ok=True)
        write_text(store.folder / STAMP, "gone")
    bytecode = [p for p in find_in_place(project.root, walk) if p.suffix not in EXTENSIONS]
    return [*found, *bytecode]

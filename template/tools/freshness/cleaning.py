"""``clean``, and the cleaning before each forced build: what is removed is listed."""

import argparse
import os
from pathlib import Path

from freshness.artifacts import (
    EXTENSIONS,
    find_artifacts,
    find_bytecode,
    find_compiled,
    find_in_place,
    remove,
)
from freshness.editables import forget_installed
from freshness.errors import VERIFIED
from freshness.members import in_one_workspace, members_of
from freshness.project import Project
from freshness.store import Store
from freshness.terminal import count, say
from freshness.tree import folders
from freshness.uv import Uv


def clean(parsed: argparse.Namespace, project: Project, _uv: Uv) -> int:
    """Remove what builds leave behind, and bytecode; list it. What git tracks stays."""
    root = project.root
    together = in_one_workspace((project, *members_of(project, parsed.read)))
    bytecode = find_bytecode(root)
    in_place = _compiled_in_place(project)
    remove([*bytecode, *in_place], root)
    if bytecode:
        say("removed", f"__pycache__ in {count(bytecode, 'folder')}")
    for path in in_place:
        say("removed", str(path.relative_to(root)))
    removed = [clean_one(each) for each in together]
    if not any(removed) and not bytecode and not in_place:
        say("done", "nothing to remove")
    return VERIFIED


def _compiled_in_place(project: Project) -> list[Path]:
    """Find what was compiled within the project; ``run`` and ``dev`` compile it again."""
    walk = list(folders(project.root, through_links=False))
    if project.is_compiled(entry.name for _, entries in walk for entry in entries):
        found = find_compiled(project.root)
        if found:
            forget_installed(Store(project.root))
        bytecode = [p for p in find_in_place(project.root, walk) if p.suffix not in EXTENSIONS]
        return [*found, *bytecode]
    return find_in_place(project.root, walk)


def clean_one(project: Project) -> bool:
    """Remove the artifacts, list them, and say what is kept; tell if there was any."""
    artifacts = find_artifacts(project.root, project.name)
    for kept in artifacts.kept:
        say("kept", f"{os.path.relpath(kept.path)} ({kept.reason})")
    remove(artifacts.removable, project.root)
    for path in artifacts.removable:
        say("removed", os.path.relpath(path))
    return bool(artifacts.removable)

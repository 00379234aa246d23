"""What the extension modules of an editable install were compiled from, as far as we noted it.

An editable install follows the Python files. What is compiled stays as it was, and how an
extension module relates to its sources shows in nothing that is installed.
"""

import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from neverstale.environments.environment import Environment
from neverstale.environments.installed import read_installed
from neverstale.errors import NeverstaleError
from neverstale.files import Digest, digest_of_file, read_bytes, write_text
from neverstale.project.artifacts import EXTENSIONS, find_compiled
from neverstale.project.metadata import Project
from neverstale.project.sources import Sources
from neverstale.wheels.build_cache import note_of
from neverstale.wheels.toolchain import compiled_inputs, toolchain

NOTES = "editables.json"
"""In the store: environment → project → what it was when it was installed there."""

Notes = dict[str, dict[str, Any]]


def changed_inputs(
    project: Project, sources: Sources, modules: Mapping[str, Digest], store: Path
) -> list[str] | None:
    """Return the inputs that are not as they were when *modules* of *project* were compiled.

    *modules* is what `modules_of` returns. Whoever compiled them: if they are those of a note, it
    was from what is noted. None where nobody noted that.
    """
    now = compiled_inputs(project, sources.files)
    known = []
    for notes in read_notes(store).values():
        note = notes.get(project.name)
        if isinstance(note, dict) and note.get("modules") == modules:
            noted = {path: note["files"].get(path) for path in note.get("inputs", ())}
            known.append(sorted(p for p in noted.keys() | now.keys() if noted.get(p) != now.get(p)))
    return min(known, key=len, default=None)


def modules_of(project: Project, environment: Environment) -> dict[str, Digest]:
    """Return the extension modules of an editable install of *project*: in its folder, or there."""
    found = [path for path in find_compiled(project.root) if path.suffix in EXTENSIONS]
    site = environment.site_packages
    try:
        installed = read_installed(environment, project.name)
    except NeverstaleError:  # the doctor says it
        installed = None
    if installed and site:
        names = [name for name in installed.distribution.files if name.endswith(EXTENSIONS)]
        found += [site / name for name in names]
    return {
        path.name: digest_of_file(path)
        for path in found
        if path.is_file() and fits(path.name, environment)
    }


def fits(name: str, environment: Environment) -> bool:
    """Return whether the interpreter of *environment* may load the extension module *name*."""
    made_for = re.search(r"\.(?:cpython-|cp|pypy)(3\d+)", name)
    minor = (environment.minor or "").replace(".", "")
    return not made_for or not minor or made_for[1] == minor


def note_compiled(
    environment: Environment,
    compiled: Iterable[tuple[Project, Sources]],
    declared: Mapping[str, str],
    store: Path,
) -> None:
    """Note that *compiled* are now in *environment* as these sources, and what they declared."""
    notes = read_notes(store)
    for project, sources in compiled:
        notes.setdefault(str(environment.prefix), {})[project.name] = {
            **note_of(project, toolchain(), sources),
            "modules": modules_of(project, environment),
            "declared": declared.get(project.name),
        }
    kept = {place: those for place, those in notes.items() if os.path.isdir(place)}
    write_text(store / NOTES, json.dumps(kept, indent=1))


def read_notes(store: Path) -> Notes:
    """Return what is noted in the store's folder *store*."""
    try:
        notes = json.loads(read_bytes(store / NOTES).decode("utf-8", "surrogateescape"))
    except (OSError, ValueError):
        return {}
    usable = isinstance(notes, dict) and all(isinstance(those, dict) for those in notes.values())
    return notes if usable else {}

"""Editable installs that are more than pointers: what has to be installed anew, and when.

An editable install follows the Python files. What is compiled stays as it was, and so does a
project on this machine that ``[tool.uv.sources]`` has copied, not linked.
"""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from freshness.artifacts import COMPILED_FOLDERS, EXTENSIONS, find_compiled
from freshness.backend import folder_of, kept_backend
from freshness.compiled import compiled_inputs, toolchain
from freshness.environments import Environment
from freshness.errors import FreshnessError
from freshness.installed import read_installed
from freshness.objects import changed_since, note_of
from freshness.project import Project
from freshness.record import Digest, digest_of_file
from freshness.sources import Fingerprint, Sources, sources_of
from freshness.store import Store
from freshness.uv import Uv, outer_environment
from freshness.wheel import NOTHING, Reuse

NOTES = "editables.json"
"""In the store: environment → project → what it was when it was installed there."""

STAMP = "compiled"
"""A file in the store that changes when an extension is to be compiled again; ``cache-keys`` of
uv may name it."""

OUTLIVE = ("mesonpy", "scikit_build_core.build")
"""Build backends with which something of an editable install outlives the build."""

REBUILDS_ITSELF = "mesonpy"
"""The build backend whose editable installs compile what is newer whenever they are imported."""


@dataclass(frozen=True)
class Due:
    """A project that an environment holds as it was, not as it is.

    *trusted* is whether times tell what has to be compiled again.
    """

    project: Project
    sources: Sources
    trusted: bool = True


def due_in(environment: Environment, projects: Iterable[Project], store: Path) -> list[Due]:
    """Give those of *projects* that have to be installed anew in *environment*.

    The first is the project itself. *store* is the folder where this is noted.
    """
    noted = _read(store).get(str(environment.prefix), {})
    copied: set[str] = set()
    due = []
    for project in projects:
        copied |= project.copied
        sources = sources_of(project)
        note = noted.get(project.name)
        if project.is_compiled(sources.files):
            changed = changed_since(project, note, toolchain(), sources)
            if isinstance(note, dict) and note.get("modules") != modules_of(project, environment):
                changed = None  # somebody else has compiled it since, or removed it
            if changed or changed is None or _has_another_version(project, note, sources):
                due.append(Due(project, sources, trusted=changed is not None))
        elif project.name in copied and (
            not isinstance(note, dict) or note.get("fingerprint") != sources.fingerprint
        ):
            due.append(Due(project, sources))
    return due


def _has_another_version(project: Project, note: object, sources: Sources) -> bool:
    """Tell whether git would give another version than when *note* was made."""
    state = note.get("state") if isinstance(note, dict) else None
    return project.version is None and state != list(sources.state)


def changed_inputs(
    project: Project, files: Mapping[str, Digest], modules: Mapping[str, Digest], store: Path
) -> list[str] | None:
    """Give the inputs that are not as they were when *modules* of *project* were compiled.

    *files* are its sources, *modules* what `modules_of` gives. Whoever compiled them: if they are
    those of a note, it was from what is noted. None where nobody noted that.
    """
    now = compiled_inputs(project, files)
    known = [
        note["files"]
        for notes in _read(store).values()
        if isinstance(note := notes.get(project.name), dict)
        if note.get("modules") == modules and isinstance(note.get("files"), dict)
    ]
    differing = [
        sorted(path for path in noted.keys() | now.keys() if noted.get(path) != now.get(path))
        for noted in known
    ]
    return min(differing, key=len, default=None)


def modules_of(project: Project, environment: Environment) -> dict[str, Digest]:
    """Give the extension modules of an editable install of *project*: in its folder, or there."""
    found = [path for path in find_compiled(project.root) if path.suffix in EXTENSIONS]
    site = environment.site_packages
    try:
        installed = read_installed(environment, project.name)
    except FreshnessError:  # the doctor says it
        installed = None
    if installed and site:
        names = [name for name in installed.distribution.files if name.endswith(EXTENSIONS)]
        found += [site / name for name in names]
    return {
        path.name: digest_of_file(path)
        for path in found
        if path.is_file() and _fits(path.name, environment)
    }


def _fits(name: str, environment: Environment) -> bool:
    """Tell whether the interpreter of *environment* may load the extension module *name*."""
    made_for = re.search(r"\.(?:cpython-|cp|pypy)(3\d+)", name)
    minor = (environment.minor or "").replace(".", "")
    return not made_for or not minor or made_for[1] == minor


def building_with(uv: Uv, project: Project, prefix: Path, store: Store) -> Reuse:
    """Give what an editable install of *project* in *prefix* is built with, instead of isolation.

    meson-python notes the paths of Meson and Ninja, which it calls at each import, and CMake those
    of everything; of an isolated build they are gone by then. So they are of an environment that
    is kept for good: https://mesonbuild.com/meson-python/how-to-guides/editable-installs.html
    """
    if project.build_backend not in OUTLIVE:
        return NOTHING
    with store.scratch() as scratch:
        folder = store.folder / "editable" / project.name
        backend = kept_backend(uv, project, folder, scratch, for_good=True)
    if backend is None:
        return NOTHING
    path = os.pathsep.join([str(folder_of(backend)), outer_environment().get("PATH", "")])
    modules = next(backend.glob("lib/python3*/site-packages"), backend / "Lib" / "site-packages")
    environment = {"PATH": path, "PYTHONPATH": str(modules)}
    if project.build_backend != REBUILDS_ITSELF:  # which has a folder of its own
        environment["SKBUILD_BUILD_DIR"] = str(_objects(project, prefix, store.folder))
    return Reuse(backend, environment, ("--no-build-isolation-package", project.name))


@contextmanager
def set_away(due: Iterable[Due], prefix: Path, store: Store) -> Iterator[None]:
    """Move away what *due* were compiled into, where times do not tell what is to be compiled.

    If the body raises, it is there again: an editable install may run from it.
    """
    stale = [
        path
        for each in due
        if not each.trusted
        for path in (*_folders(each.project), _objects(each.project, prefix, store.folder))
        if path.is_dir()
    ]
    with store.scratch() as scratch:
        kept = {path: scratch / str(number) for number, path in enumerate(stale)}
        try:
            for path, aside in kept.items():
                shutil.move(path, aside)
            yield
        except BaseException:
            for path, aside in kept.items():
                if aside.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                    shutil.move(aside, path)
            raise


def _objects(project: Project, prefix: Path, store: Path) -> Path:
    """Give the folder in which an editable install of *project* in *prefix* is compiled."""
    name = hashlib.sha256(str(prefix).encode("utf-8", "surrogateescape")).hexdigest()[:20]
    return store / "objects" / project.name / name


def note_installed(environment: Environment, due: Iterable[Due], store: Path) -> None:
    """Note that the projects *due* are now in *environment* as they are."""
    notes, prefix = _read(store), environment.prefix
    for each in due:
        notes.setdefault(str(prefix), {})[each.project.name] = {
            **note_of(each.project, toolchain(), each.sources),
            "fingerprint": each.sources.fingerprint,
            "state": list(each.sources.state),
            "modules": modules_of(each.project, environment),
        }
    kept = {place: those for place, those in notes.items() if Path(place).is_dir()}
    text = json.dumps(kept, indent=1)
    (store / NOTES).write_text(text, encoding="utf-8", errors="surrogateescape")


def forget_installed(store: Store) -> None:
    """Forget what was noted: what was compiled in the project is gone. uv is told by the stamp."""
    (store.folder / NOTES).unlink(missing_ok=True)
    store.stamp(Fingerprint("gone"), STAMP)


def compile_anew(store: Path) -> dict[str, str]:
    """Give the variable that has setuptools compile what is not newer than what it made of it."""
    configuration = store / "anew.cfg"
    configuration.write_text("[build_ext]\nforce = 1\n", encoding="utf-8")
    return {"DIST_EXTRA_CONFIG": str(configuration)}


def _folders(project: Project) -> list[Path]:
    """Give the folders in which *project* was compiled; its modules are written over anyway."""
    names = [pattern.partition("/")[0] for pattern in COMPILED_FOLDERS]
    found = find_compiled(project.root)
    return [path for path in found if path.relative_to(project.root).parts[0] in names]


def _read(store: Path) -> dict[str, dict[str, Any]]:
    try:
        notes = json.loads((store / NOTES).read_text(encoding="utf-8", errors="surrogateescape"))
    except (OSError, ValueError):
        return {}
    usable = isinstance(notes, dict) and all(isinstance(those, dict) for those in notes.values())
    return notes if usable else {}

"""Editable installs and copies that uv takes for current: what has to be installed again, and how.

An editable install follows the Python files. Its metadata, what it holds as a copy, what is
compiled, and a project on this machine that ``[tool.uv.sources]`` has copied stay as they were.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from neverstale.diagnosis.findings import Finding
from neverstale.diagnosis.fixes import fixes_for
from neverstale.diagnosis.place import Place, Reference
from neverstale.diagnosis.places import examine
from neverstale.environments.compiled import modules_of, note_compiled, read_notes
from neverstale.environments.environment import Environment, distributions, holds
from neverstale.environments.python import python_for
from neverstale.errors import NeverstaleError
from neverstale.files import read_bytes, read_text, write_text
from neverstale.git import is_changed
from neverstale.names import NormalizedName
from neverstale.process import path_behind
from neverstale.project.artifacts import COMPILED_FOLDERS, EXTENSIONS, find_compiled
from neverstale.project.metadata import Project
from neverstale.project.sources import Sources, read_sources
from neverstale.wheels.answers import Present
from neverstale.wheels.backend import kept_backend
from neverstale.wheels.build import OUTLIVE, Builder
from neverstale.wheels.build_cache import Reuse, changed_since
from neverstale.wheels.calling import Kind, build_environment, call_hook
from neverstale.wheels.inputs import named_outside
from neverstale.wheels.store import FOLDER, Built, content_of
from neverstale.wheels.toolchain import interpreter_of, toolchain

SYNCED = "synced.json"
"""In the store: environment → project → what it was compared with, and what uv made of it."""

STAMP = "compiled"
"""A file in the store that changes when an extension is to be compiled again; ``cache-keys`` of
uv may name it."""

REBUILDS_ITSELF = "mesonpy"
"""The build backend whose editable installs compile what is newer whenever they are imported."""

OTHERS = ("NS405", "NS505", "NS207", "NS208")
"""Findings of the families 2 to 5 that no new install of the project itself fixes."""


class Due(NamedTuple):
    """A project that an environment has as it was, not as it is.

    ``sources`` are given where it is compiled, ``trusted`` is whether times tell what has to be
    compiled again. ``content`` names what it was compared with.
    """

    project: Project
    sources: Sources | None = None
    trusted: bool = True
    content: str = ""


def due_in(environment: Environment, projects: Iterable[Project], builder: Builder) -> list[Due]:
    """Return those of *projects* that have to be installed again in *environment*.

    The first is the project itself, the others are those that it has by path or as members.
    """
    copied: set[str] = set()
    due = []
    for project in projects:
        copied |= project.copied
        if project.may_compile:
            due += _compiled_due(environment, project, builder)
        elif holds(environment, project.name):
            kind: Kind = "wheel" if project.name in copied else "editable"
            due += _due(
                environment, project, builder._replace(uv=builder.uv.at(project.root)), kind
            )
    return due


def _compiled_due(environment: Environment, project: Project, builder: Builder) -> list[Due]:
    note = read_notes(builder.store.folder).get(str(environment.prefix), {}).get(project.name)
    sources = read_sources(project)
    changed = changed_since(project, note, toolchain(), sources)
    if isinstance(note, dict) and note.get("modules") != modules_of(project, environment):
        changed = None  # somebody else has compiled it since, or removed it
    declared = isinstance(note, dict) and note.get("declared") == _declared(project)
    if changed or changed is None or not declared:
        return [Due(project, sources, trusted=changed is not None)]
    return []


def _declared(project: Project) -> str:
    """Return a hash of what an editable install depends on beside the sources of its compiler.

    That is its metadata, as far as is known, and the headers outside of the project: what its
    configuration names. A version from git says as well whether something is not committed.
    """
    answers = Present(project)
    questions = ["file pyproject.toml", "file setup.py", "file setup.cfg", "file Cargo.toml"]
    questions += [f"file {path}" for path in named_outside(project)]
    state: list[object] = [answers.answers(questions)]
    if project.version is None:
        state += [answers.answer("git"), is_changed(project.root)]
    return hashlib.sha256(json.dumps(state).encode()).hexdigest()


def _due(environment: Environment, project: Project, builder: Builder, kind: Kind) -> list[Due]:
    try:
        built = reference_for(project, environment, builder, kind)
    except NeverstaleError:
        return []  # uv builds it, and says what is wrong
    place = compare(project, environment, built)
    content = f"{kind} {built.archive.parent.name}"
    if place.installed is None:
        return []
    # What the doctor calls current since the last tag, who runs the sources gets exactly.
    other = built.distribution.version != place.installed.distribution.version
    if not other and not any(_is_due(found) for found in place.findings):
        return []
    noted = _synced(builder).get(str(environment.prefix), {}).get(project.name)
    if noted == [content, content_of(place.installed.distribution)]:
        return []  # uv has built it from these sources, and this is what it makes of them
    return [Due(project, content=content)]


def reference_for(
    project: Project, environment: Environment, builder: Builder, kind: Kind
) -> Built:
    """Return what the present sources are built into; raise NeverstaleError where that fails."""
    present = Present(project)
    known = builder.known(present, kind)
    if known:
        return known
    with builder.store.locked(builder.wait):
        return builder.build(present, kind, python_for(project, environment))


def compare(project: Project, environment: Environment, built: Built | None) -> Place:
    """Return what is in *environment*, compared with *built*."""
    reference = Reference(built, (), alternatives=(built,) if built else ())
    return examine(project, environment, reference, fixes_for(project))


def _is_due(found: Finding) -> bool:
    return found.code.name[2] in "234" and found.code.name not in OTHERS


def note_installed(environment: Environment, due: Sequence[Due], builder: Builder) -> None:
    """Note that the projects *due* are now in *environment* as they are."""
    compiled = [
        (each.project, _with_new_files(each.project, each.sources)) for each in due if each.sources
    ]
    if compiled:
        declared = {str(project.name): _declared(project) for project, _ in compiled}
        note_compiled(environment, compiled, declared, builder.store.folder)
    synced = _synced(builder)
    for each in due:
        place = compare(each.project, environment, None)
        if each.content and place.installed:
            now = content_of(place.installed.distribution)
            synced.setdefault(str(environment.prefix), {})[each.project.name] = [each.content, now]
    if any(each.content for each in due):
        kept = {place: those for place, those in synced.items() if os.path.isdir(place)}
        write_text(builder.store.folder / SYNCED, json.dumps(kept, indent=1))


def _with_new_files(project: Project, before: Sources) -> Sources:
    """Return the sources *before* a compilation, and the files that it has added: Cargo.lock."""
    after = read_sources(project)
    return before._replace(files={**after.files, **before.files})


def _synced(builder: Builder) -> dict[str, dict[str, list[str]]]:
    try:
        notes = json.loads(read_bytes(builder.store.folder / SYNCED))
    except (OSError, ValueError):
        return {}
    usable = isinstance(notes, dict) and all(isinstance(those, dict) for those in notes.values())
    return notes if usable else {}


def former_names(environment: Environment, project: Project) -> list[NormalizedName]:
    """Return the names under which this project was installed before it was renamed (PEP 610)."""
    site = environment.site_packages
    known = {project.name, *project.beside}
    found = []
    for name, info, _ in distributions(site) if site else ():
        try:
            url = str(json.loads(read_text(info / "direct_url.json"))["url"])
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            continue
        own = (project.root.as_uri(), (project.root / FOLDER / "wheels").as_uri())
        if name not in known and (url.rstrip("/") == own[0] or url.startswith(own[1])):
            found.append(name)
    return found


def building_with(builder: Builder, project: Project, environment: Environment) -> Reuse:
    """Return what uv is to build an editable install with, in place of isolation.

    meson-python notes the paths of Meson and Ninja, which it calls at each import, and CMake those
    of everything; of an isolated build they are gone by then. So they are of an environment that
    is kept for good: https://mesonbuild.com/meson-python/how-to-guides/editable-installs.html
    """
    if project.build_backend not in OUTLIVE:
        return Reuse()
    python = environment.interpreter
    if python is None:
        python = Path(interpreter_of(builder.uv, python_for(project, environment)).executable)
    folder = builder.store.folder / "editable" / project.name
    backend = kept_backend(
        builder.uv, project, Path(os.path.realpath(python)), builder.wheel_of, builder.wait, folder
    )
    with builder.store.scratch() as scratch:
        environment_of_build = build_environment(project, scratch)
        backend = call_hook(
            *(builder.uv, project, backend, "editable", scratch, environment_of_build, Reuse()),
            build=False,
        )
    modules = next(backend.prefix.glob("lib/python3*/site-packages"))
    variables = {"PATH": path_behind(backend.scripts), "PYTHONPATH": str(modules)}
    if project.build_backend != REBUILDS_ITSELF:  # which has a folder of its own
        objects = _objects(project, environment.prefix, builder.store.folder)
        variables["SKBUILD_BUILD_DIR"] = str(objects)
    return Reuse(variables, {"--no-build-isolation-package": project.name})


@contextmanager
def set_away(due: Iterable[Due], prefix: Path, builder: Builder) -> Iterator[None]:
    """Move away what *due* were compiled into, where times do not tell what is to be compiled.

    Extension modules go in any case: one for another Python or ABI might hide the new one. If the
    body raises, all of it is there again: an editable install may run from it.
    """
    stale = [
        path
        for each in due
        if each.sources
        for path in _compiled_files(each, prefix, builder.store.folder)
    ]
    with builder.store.scratch() as scratch:
        kept = {path: scratch / str(number) for number, path in enumerate(stale)}
        try:
            for path, aside in kept.items():
                shutil.move(path, aside)
            yield
        except BaseException:
            for path, aside in kept.items():
                if os.path.lexists(aside):
                    shutil.rmtree(path, ignore_errors=True)
                    shutil.move(aside, path)
            raise


def _compiled_files(due: Due, prefix: Path, store: Path) -> Iterator[Path]:
    project = due.project
    names = [pattern.partition("/")[0] for pattern in COMPILED_FOLDERS]
    for path in find_compiled(project.root):
        folder = path.relative_to(project.root).parts[0] in names
        if path.suffix in EXTENSIONS or (folder and not due.trusted):
            yield path
    objects = _objects(project, prefix, store)
    if objects.is_dir() and not due.trusted:
        yield objects


def _objects(project: Project, prefix: Path, store: Path) -> Path:
    """Return the folder in which an editable install of *project* in *prefix* is compiled."""
    name = hashlib.sha256(str(prefix).encode("utf-8", "surrogateescape")).hexdigest()[:20]
    return store / "objects" / project.name / name


def compile_again(store: Path) -> dict[str, str]:
    """Return the variable that has setuptools compile what is not newer than what it made of it."""
    configuration = store / "again.cfg"
    write_text(configuration, "[build_ext]\nforce = 1\n")
    return {"DIST_EXTRA_CONFIG": str(configuration)}

"""What compilers made, kept between builds, and when it may be used again.

Ninja and Cargo compile what is newer than what they made of it. Times prove nothing, so before
that is left to them, contents are compared: what changed has to be newer, and nothing may have
come or gone. Otherwise everything is compiled anew.
"""

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from neverstale.files import Digest, read_bytes, write_text
from neverstale.process import path_behind
from neverstale.project.metadata import Project
from neverstale.project.sources import Sources
from neverstale.removal import discard
from neverstale.wheels.toolchain import (
    compiled_inputs,
    searches_elsewhere,
    toolchain,
    without_metadata,
)

NOTE = "note.json"


class Reuse(NamedTuple):
    """How a build is told where its objects are: variables, and settings of the backend."""

    environment: Mapping[str, str] = MappingProxyType({})
    settings: Mapping[str, str] = MappingProxyType({})


@contextmanager
def kept_objects(
    project: Project, folder: Path, store: Path, backend: str, before: Sources | None
) -> Iterator[Reuse]:
    """Yield where the objects of a build of the sources *before* may be kept, below *folder*.

    Only where the build backend knows what depends on what, which setuptools does not: it looks
    at no header. *backend* names its environment, whose paths are in the objects. A build that
    raises leaves nothing to use again.
    """
    reuse = _told(project.build_backend, folder / "made")
    if before is None or reuse is None or searches_elsewhere():
        yield Reuse()
        return
    key = f"{backend}\n{toolchain()}"
    if changed_since(project, _read(folder / NOTE), key, before) is None:
        discard(folder, store)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / NOTE).unlink(missing_ok=True)
    yield Reuse({"PATH": path_behind(backend), **reuse.environment}, reuse.settings)
    if folder.exists():  # not forgotten since
        write_text(folder / NOTE, json.dumps(note_of(project, key, before)))


def _told(backend: str, made: Path) -> Reuse | None:
    """Return how *backend* is told to compile in *made*, or None if it cannot be trusted.

    https://scikit-build-core.readthedocs.io/en/latest/configuration/index.html
    https://mesonbuild.com/meson-python/reference/config-settings.html
    https://doc.rust-lang.org/cargo/reference/environment-variables.html
    """
    if backend.startswith("scikit_build_core."):
        return Reuse({"SKBUILD_BUILD_DIR": str(made)})
    if backend == "mesonpy":
        return Reuse(settings={"build-dir": str(made)})
    if backend == "maturin":
        return Reuse({"CARGO_TARGET_DIR": str(made)})
    return None


def _read(note: Path) -> object:
    try:
        return json.loads(read_bytes(note).decode("utf-8", "surrogateescape"))
    except (OSError, ValueError):
        return None


def note_of(project: Project, key: str, sources: Sources) -> dict[str, object]:
    """Return a note of what *sources*, just compiled, are made of; *key* is what else counts."""
    return {
        "key": key,
        "files": without_metadata(sources.files),
        "inputs": sorted(compiled_inputs(project, sources.files)),
        "finished": time.time_ns(),
    }


def changed_since(project: Project, note: object, key: str, sources: Sources) -> list[str] | None:
    """Return the inputs of a compiler that changed since *note* was made by `note_of`.

    None where times do not tell of all of it: an input came or went, something that a generator
    may read is older than what was made of it, or *key* is another.
    """
    try:
        noted: dict[str, Digest] = note["files"]  # type: ignore[index]
        inputs: list[str] = note["inputs"]  # type: ignore[index]
        finished = int(note["finished"])  # type: ignore[index]
        if note["key"] != key:  # type: ignore[index]
            return None
    except (KeyError, TypeError, ValueError):
        return None
    now = compiled_inputs(project, sources.files)
    if set(inputs) != now.keys():
        return None
    files = without_metadata(sources.files)
    changed = [path for path, digest in files.items() if noted.get(path) != digest]
    if not all(_is_newer(sources.root / path, finished) for path in changed):
        return None
    return [path for path in changed if path in now]


def _is_newer(path: Path, finished: int) -> bool:
    """Return whether *path* was changed after *finished*, in nanoseconds since 1970.

    Not later than now: what is from the future stays newer than all that is made of it.
    """
    try:
        changed = os.stat(path).st_mtime_ns
    except OSError:
        return False
    return finished < changed <= time.time_ns()

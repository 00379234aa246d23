"""What compilers made, kept between builds, and when it may be used again.

Ninja and Cargo compile what is newer than what they made of it. Times prove nothing, so before
that is left to them, contents are compared: what changed has to be newer, and nothing may have
come or gone. Otherwise everything is compiled anew.
"""

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from freshness.backend import folder_of
from freshness.compiled import compiled_inputs, searches_elsewhere, toolchain
from freshness.project import Project
from freshness.record import Digest
from freshness.sources import Sources
from freshness.uv import outer_environment
from freshness.wheel import Reuse

NOTE = "note.json"


@contextmanager
def kept_objects(
    project: Project, folder: Path, backend: Path | None, before: Sources
) -> Iterator[Reuse]:
    """Give where the objects of a build of the sources *before* may be kept, below *folder*.

    They can be only where *backend*, the environment of the build backend, is kept as well, for
    its paths are in them; and where the build backend knows what depends on what, which
    setuptools does not: it looks at no header. A build that raises leaves nothing to use again.
    """
    reuse = _told(project.build_backend, folder / "made")
    if backend is None or reuse is None or project.reads_outside or searches_elsewhere():
        yield Reuse(backend)
        return
    key = f"{backend}\n{toolchain()}"
    if not _can_be_used(project, folder, key, before):
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / NOTE).unlink(missing_ok=True)
    path = f"{folder_of(backend)}{os.pathsep}{outer_environment().get('PATH', '')}"
    yield replace(reuse, backend=backend, environment={"PATH": path, **reuse.environment})
    if not folder.exists():  # forgotten since
        return
    text = json.dumps(note_of(project, key, before))
    (folder / NOTE).write_text(text, encoding="utf-8", errors="surrogateescape")


def forget_objects(folder: Path) -> None:
    """See to it that nothing in *folder* is used again."""
    shutil.rmtree(folder, ignore_errors=True)


def _told(backend: str, made: Path) -> Reuse | None:
    """Give how *backend* is told to compile in the folder *made*; None if it cannot be trusted.

    https://scikit-build-core.readthedocs.io/en/latest/configuration/index.html
    https://mesonbuild.com/meson-python/reference/config-settings.html
    https://doc.rust-lang.org/cargo/reference/environment-variables.html
    """
    if backend.startswith("scikit_build_core."):
        return Reuse(environment={"SKBUILD_BUILD_DIR": str(made)})
    if backend == "mesonpy":
        return Reuse(options=("--config-setting", f"build-dir={made}"))
    if backend == "maturin":
        return Reuse(environment={"CARGO_TARGET_DIR": str(made)})
    return None


def _can_be_used(project: Project, folder: Path, key: str, sources: Sources) -> bool:
    try:
        note = json.loads((folder / NOTE).read_text(encoding="utf-8", errors="surrogateescape"))
    except (OSError, ValueError):
        return False
    return changed_since(project, note, key, sources) is not None


def note_of(project: Project, key: str, sources: Sources) -> dict[str, object]:
    """Note what *sources*, just compiled, are made of; *key* is what else counts."""
    return {
        "key": key,
        "files": compiled_inputs(project, sources.files),
        "finished": time.time_ns(),
    }


def changed_since(project: Project, note: object, key: str, sources: Sources) -> list[str] | None:
    """Give the inputs of a compiler that changed since *note* was made by `note_of`.

    None where times do not tell of all of it: something came or went, is older than what was made
    of it, or *key* is another.
    """
    try:
        noted: dict[str, Digest] = note["files"]  # type: ignore[index]
        finished = int(note["finished"])  # type: ignore[index]
        if note["key"] != key:  # type: ignore[index]
            return None
    except (KeyError, TypeError, ValueError):
        return None
    now = compiled_inputs(project, sources.files)
    if noted.keys() != now.keys():
        return None
    changed = [path for path, digest in now.items() if noted[path] != digest]
    return changed if all(_is_newer(sources.root / path, finished) for path in changed) else None


def _is_newer(path: Path, finished: int) -> bool:
    """Tell whether *path* was changed after *finished*, in nanoseconds since 1970, and before now.

    What is from the future stays newer than all that is made of it.
    """
    try:
        changed = os.stat(path).st_mtime_ns  # noqa: PTH116
    except OSError:
        return False
    return finished < changed <= time.time_ns()

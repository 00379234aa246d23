"""What a project without ``[project]`` declares: its build backend knows, so a build tells."""

import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from freshness.archives import read_wheel
from freshness.backend import inputs_of, kept_backend
from freshness.errors import FreshnessError
from freshness.install import python_for
from freshness.project import Declared, Project
from freshness.store import FOLDER, Store, store_of
from freshness.uv import Uv
from freshness.wheel import Reuse, build_wheel

NOTE = "declared.json"
"""The file in the store that remembers the last answer, and the files that it follows from."""


@dataclass(frozen=True)
class Asking:
    """How the build backend may be asked: whether a build is allowed, and an old answer will do.

    *lasting* is whether the answer is kept in the project, which then has a store; *wait* is called
    where another process has it.
    """

    wait: Callable[[], None]

    may_build: bool = True
    old_will_do: bool = False
    lasting: bool = True


def ask_backend(uv: Uv, asking: Asking, project: Project) -> Declared:
    """Give what the build backend of *project* says of it, whose name is not known yet.

    setup.py, setup.cfg, ``[tool.poetry]`` and ``[tool.flit.metadata]`` are formats of their
    backends; METADATA of a wheel is the one that all share. A wheel is built once, and again
    when a file changes that such declarations stand in. Raises FreshnessError where that fails.
    """
    note, key = project.root / FOLDER / NOTE, inputs_of(project.root)
    noted = _noted(note)
    if noted and (asking.old_will_do or noted[0] == key):
        return noted[1]
    if not asking.may_build:
        raise FreshnessError(
            "only a build tells what a project without [project] is called, and --quick makes none",
            hint="run the doctor without --quick, or `install`, once",
        )
    with (
        nullcontext(Store(project.root)) if asking.lasting else store_of(project.root) as store,
        store.locked(asking.wait),
        store.scratch() as folder,
        store.scratch() as scratch,
    ):
        backend = kept_backend(uv, project, store.folder / "backends", scratch)
        declared = _read(build_wheel(uv, project, folder, python_for(project), Reuse(backend)))
    if store.lasting:
        text = json.dumps({"key": key, "declared": vars(declared)})
        note.write_text(text, encoding="utf-8")
    return declared


def _noted(note: Path) -> tuple[str, Declared] | None:
    try:
        noted = json.loads(note.read_text(encoding="utf-8"))
        return str(noted["key"]), Declared(**noted["declared"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _read(wheel: Path) -> Declared:
    import zipfile
    from email.parser import HeaderParser

    distribution = read_wheel(wheel)
    with zipfile.ZipFile(wheel) as archive:
        name = next((n for n in archive.namelist() if n.endswith(".dist-info/METADATA")), None)
        if name is None:
            raise FreshnessError(
                f"{wheel.name} has no METADATA", hint="run `uv build --wheel` and look into it"
            )
        headers = HeaderParser().parsestr(archive.read(name).decode("utf-8", "replace"))
    return Declared(
        distribution.name, str(headers["Requires-Python"] or ""), dict(distribution.commands)
    )

"""The build backend in an environment of its own that is kept between builds.

An isolated build makes that environment anew each time and compiles the backend's modules in it,
which takes longer than the build. What is kept is the backend, never anything of a build. It has
what `uv build` would install: the build requirements with their sources and constraints of
``[tool.uv]``, and what the backend itself asks for (PEP 517, get_requires_for_build_*).
"""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from neverstale.cache import cache_folder, held, limit, prune
from neverstale.files import read_bytes, short_hash, write_text
from neverstale.names import canonicalize_name
from neverstale.process import Uv, explain_failure
from neverstale.project.metadata import Project
from neverstale.project.requirements import at_path
from neverstale.project.workspace import declared_sources, sources_of_requirements

MOST_SECONDS = 7 * 24 * 60 * 60
"""The age at which an environment is made anew, so that new releases of the backend arrive."""

COMPLETE = "complete.json"
"""The file that says that an environment is whole, and what the backend has asked for."""

RECORDER = Path(__file__).with_name("recorder.py")

MODULE = "_neverstale_recorder"

WheelOf = Callable[[Path], Path]
"""Returns a wheel of the project in a folder, built from its present sources."""


class Backend(NamedTuple):
    """An environment with a build backend, what it has asked for, and projects that are in it."""

    prefix: Path
    installed: tuple[str, ...]
    projects: tuple[Path, ...]

    @property
    def scripts(self) -> Path:
        """The folder of its commands, Meson and CMake perhaps among them."""
        return self.prefix / ("Scripts" if os.name == "nt" else "bin")

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.scripts / ("python.exe" if os.name == "nt" else "python")


def kept_backend(
    uv: Uv,
    project: Project,
    python: Path,
    wheel_of: WheelOf,
    wait: Callable[[], None],
    folder: Path | None = None,
) -> Backend:
    """Return an environment with the interpreter *python* that holds the backend of *project*.

    It is in the user's cache and shared by all projects that build alike, or below *folder* where
    it has to stay for good. Raise NeverstaleError where it cannot be made.
    """
    lines, projects = _requirements(project, wheel_of)
    constraints = [*project.uv.get("build-constraint-dependencies", ())]
    recorder = short_hash(RECORDER.read_text("utf-8"))
    key = short_hash(str(python), _identity(python), recorder, *lines, "constraints", *constraints)
    place = (folder or cache_folder() / "backends") / key
    prefix = place / ".venv"  # a name that linters and type checkers pass over
    with held(place.with_suffix(".lock"), wait):
        installed = _usable(prefix, float("inf") if folder else MOST_SECONDS)
        if installed is None:
            prune(limit())
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir(parents=True)
            _make(uv, python, prefix, lines, constraints)
            installed = []
            _complete(prefix, installed)
        os.utime(place)
    return Backend(prefix, tuple(installed), projects)


def add_requirements(uv: Uv, project: Project, backend: Backend, lines: list[str]) -> Backend:
    """Install what the backend has asked for; return the environment with it."""
    constraints = [*project.uv.get("build-constraint-dependencies", ())]
    _install(uv, backend.prefix, lines, constraints)
    installed = [*backend.installed, *lines]
    _complete(backend.prefix, installed)
    return Backend(backend.prefix, tuple(installed), backend.projects)


def _requirements(project: Project, wheel_of: WheelOf) -> tuple[list[str], tuple[Path, ...]]:
    """Return the build requirements as uv's pip interface takes them, and the projects in them."""
    extra = project.uv.get("extra-build-dependencies", {}).get(project.name, ())
    asked = [*project.build_requires, *(line for line in extra if isinstance(line, str))]
    declared = declared_sources(project.configured_in)
    if not declared:
        return asked, ()
    from packaging.requirements import Requirement

    folders = sources_of_requirements(project.configured_in)
    lines, projects = [], []
    for line in asked:
        name = canonicalize_name(Requirement(line).name)
        if folder := folders.get(name):
            lines.append(at_path(name, wheel_of(folder)))
            projects.append(folder)
        else:
            lines.append(next(_from_elsewhere(name, declared.get(name, (None, None))[0]), line))
    return lines, tuple(projects)


def _from_elsewhere(name: str, source: object) -> Iterator[str]:
    """Yield the requirement that an entry of ``[tool.uv.sources]`` stands for."""
    if not isinstance(source, dict):
        return
    if git := source.get("git"):
        revision = next((source[key] for key in ("rev", "tag", "branch") if key in source), "")
        within = f"#subdirectory={source['subdirectory']}" if "subdirectory" in source else ""
        yield f"{name} @ git+{git}{'@' if revision else ''}{revision}{within}"
    elif url := source.get("url"):
        yield f"{name} @ {url}"


def _identity(python: Path) -> str:
    status = python.stat()
    return f"{status.st_size} {status.st_mtime_ns}"


def _usable(prefix: Path, most: float) -> list[str] | None:
    """Return what the environment's backend has asked for, or None where it is not usable."""
    try:
        age = time.time() - (prefix / COMPLETE).stat().st_mtime
        noted = json.loads(read_bytes(prefix / COMPLETE))
        there = (prefix / ("Scripts" if os.name == "nt" else "bin")).is_dir()
    except (OSError, ValueError):
        return None
    return [str(line) for line in noted] if 0 <= age < most and there else None


def _complete(prefix: Path, installed: list[str]) -> None:
    write_text(prefix / COMPLETE, json.dumps(installed))


def _make(uv: Uv, python: Path, prefix: Path, lines: list[str], constraints: list[str]) -> None:
    # Without a word on the project: its own settings for environments are not for this one.
    import py_compile

    code, said = uv.capture(
        *(uv.executable, "venv", "--quiet", "--no-project", "--python", str(python), str(prefix))
    )
    if code:
        raise explain_failure(uv, "uv could not make an environment for the backend", said)
    site = next(prefix.glob("lib/py*3*/site-packages"), prefix / "Lib" / "site-packages")
    recorder = site / f"{MODULE}.py"
    shutil.copyfile(RECORDER, recorder)
    py_compile.compile(str(recorder), doraise=False)
    (site / f"{MODULE}.pth").write_text(f"import {MODULE}\n", encoding="utf-8")
    if lines:
        _install(uv, prefix, lines, constraints)


def _install(uv: Uv, prefix: Path, lines: list[str], constraints: list[str]) -> None:
    """Install what the index has, as `uv build` does, or what uv's cache knows without network."""
    command = ["pip", "install", "--quiet", "--compile-bytecode", "--python", str(prefix)]
    if constraints:
        limits = prefix / "constraints.txt"
        limits.write_text("".join(f"{line}\n" for line in constraints), encoding="utf-8")
        command += ["--constraints", str(limits), "--build-constraints", str(limits)]
    uv.announce_uv("pip", "install", *lines)
    code, said = uv.capture(uv.executable, *command, *lines)
    if code and uv.attempt(*command, *lines, "--offline") is None:
        raise explain_failure(uv, "the build requirements could not be installed", said)

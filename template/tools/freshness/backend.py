"""The build backend in an environment of its own that is kept between builds.

An isolated build makes that environment anew each time and compiles the backend's modules in it,
which takes longer than the build. What is kept here is the backend, never anything of a build.
"""

import hashlib
import json
import os
import shutil
import sys
import time
from pathlib import Path

from freshness.compiled import toolchain
from freshness.project import Project
from freshness.uv import Uv, base_interpreter
from freshness.wheel import build_environment

STATIC = frozenset(
    {
        "flit_core.buildapi",
        "hatchling.build",
        "maturin",
        "mesonpy",
        "pdm.backend",
        "poetry.core.masonry.api",
        "scikit_build_core.build",
        "setuptools.build_meta",
        "setuptools.build_meta:__legacy__",
    }
)
"""Backends that take what else they require from the files of INPUTS, and from what is on PATH."""

COMPILING = frozenset({"maturin", "mesonpy", "scikit_build_core.build"})
"""Those of them that compile: what they find on PATH, they do not require."""

INPUTS = ("pyproject.toml", "setup.py", "setup.cfg", "hatch_build.py")

MOST_SECONDS = 7 * 24 * 60 * 60
"""The age at which an environment is made anew, so that new releases of the backend arrive."""

COMPLETE = "complete"

ASK = """\
import importlib, json, sys
module, _, name = sys.argv[1].partition(":")
backend = importlib.import_module(module)
backend = getattr(backend, name) if name else backend
hook = getattr(backend, "get_requires_for_build_wheel", list)
sys.stdout.write(json.dumps([*hook()]))
"""
"""PEP 517: what the backend requires beyond [build-system] requires; the last line it prints."""


def kept_backend(
    uv: Uv,
    project: Project,
    folder: Path,
    scratch: Path,
    *,
    python: Path | None = None,
    for_good: bool = False,
) -> Path | None:
    """Give an environment below *folder* that holds the project's build backend, and its needs.

    What the backend leaves behind while it is asked for them goes to the empty folder *scratch*.
    It has the interpreter *python*, or else ours. One that is to stay *for_good* is neither made
    anew after a while nor removed for another.

    None where the project's backend has to be asked at each build, or where making it failed;
    then only an isolated build is right.
    """
    from_elsewhere = any("@" in line for line in project.build_requires)  # may change in place
    if project.build_backend not in STATIC or project.backend_in_tree or from_elsewhere:
        return None
    python = python or base_interpreter()
    required = "\0".join(project.build_requires) if for_good else inputs_of(project.root)
    key = _key(project, python, required)
    kept = folder / key / ".venv"  # a name that linters and type checkers pass over
    if _is_usable(kept, float("inf") if for_good else MOST_SECONDS):
        return kept
    shutil.rmtree(kept.parent if for_good else folder, ignore_errors=True)
    kept.parent.mkdir(parents=True)
    return kept if _make(uv, project, python, kept, scratch) else None


def _key(project: Project, python: Path, required: str) -> str:
    """Name what the environment depends on: the interpreter, and what the build requires."""
    parts = [sys.version, str(python), required]
    if project.build_backend in COMPILING:
        parts.append(toolchain())
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:20]


def inputs_of(root: Path) -> str:
    """Give the hexadecimal SHA-256 over the files of INPUTS at *root*; a missing one is empty."""
    contents = (path.read_bytes() if path.is_file() else b"" for path in map(root.joinpath, INPUTS))
    digests = "\0".join(hashlib.sha256(content).hexdigest() for content in contents)
    return hashlib.sha256(digests.encode()).hexdigest()


def _is_usable(environment: Path, most: float) -> bool:
    try:
        age = time.time() - (environment / COMPLETE).stat().st_mtime
    except OSError:
        return False
    return 0 <= age < most


def _make(uv: Uv, project: Project, python: Path, environment: Path, scratch: Path) -> bool:
    where = os.path.relpath(environment, uv.root)
    if uv.attempt("venv", "--quiet", "--python", str(python), where) is None:
        return False
    if not _install(uv, where, list(project.build_requires)):
        return False
    settings = build_environment(project, scratch)
    ask = (str(folder_of(environment) / "python"), "-c", ASK, project.build_backend)
    answer = uv.capture(*ask, environment=settings)
    if answer is None:
        return False
    try:
        more = [str(line) for line in json.loads(answer.splitlines()[-1])]
    except (ValueError, IndexError, TypeError):
        return False
    if more and not _install(uv, where, more):
        return False
    (environment / COMPLETE).touch()
    return True


def _install(uv: Uv, where: str, requirements: list[str]) -> bool:
    """Install the newest that uv's cache knows of, or else ask the index."""
    command = ["pip", "install", "--quiet", "--compile-bytecode", "--python", where, *requirements]
    return uv.attempt(*command, "--offline") is not None or uv.attempt(*command) is not None


def folder_of(environment: Path) -> Path:
    """Give the folder of the commands of *environment*, Meson and CMake perhaps among them."""
    return environment / ("Scripts" if os.name == "nt" else "bin")

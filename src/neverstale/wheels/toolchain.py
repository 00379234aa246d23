"""Code that is compiled: what of the sources a compiler reads, and what it needs to be there.

The languages and the build backends are those of the packaging guide:
https://packaging.python.org/en/latest/guides/packaging-binary-extensions/
"""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from neverstale.errors import NeverstaleError
from neverstale.files import Digest
from neverstale.process import Uv
from neverstale.programs import find_program
from neverstale.project.artifacts import EXTENSIONS
from neverstale.project.metadata import Project

NEVER_COMPILED = (".py", ".pyi", ".pyc", ".md", ".rst", ".ipynb", *EXTENSIONS)
"""The ends of names of files that are no input of a compiler; setup.py is one all the same."""

BESIDE = (".github/", ".gitlab", "changelog.d/", "docs/", "tests/", "tools/", "uv.lock")
"""What stands beside the package in a project, and goes into no extension module."""

C = ("cc", "gcc", "clang")
CXX = ("c++", "g++", "clang++")

INSTALL = {
    "darwin": "install Apple's: xcode-select --install",
    "linux": "install one: `apt install build-essential` on Debian or Ubuntu, or gcc, or clang",
    "win32": "install the Build Tools for Visual Studio, with C++",
}
"""Where the compilers of C and C++ are from."""

ABOUT = """\
import sys, sysconfig
print("%d.%d" % sys.version_info[:2])
print(sysconfig.get_path("include"))
"""
"""What an interpreter is asked; the last two lines that it prints."""

RUST = "install Rust: https://rustup.rs"


def compiled_inputs(project: Project, files: Mapping[str, Digest]) -> dict[str, Digest]:
    """Return those of the sources *files* that an extension of *project* may be compiled from.

    One too many costs a compilation; so whatever is not known to be of no interest is one. Python
    is of interest to mypyc and Cython, and where setup.py names the file.
    """
    never: tuple[str, ...] = NEVER_COMPILED
    if project.compiles_python:
        never = tuple(suffix for suffix in never if suffix not in (".py", ".pyi"))
    return {
        path: digest
        for path, digest in without_metadata(files).items()
        if not path.endswith(never) or path == "setup.py" or _name(path) in project.setup
        if not path.startswith(BESIDE) and not _name(path).startswith(".")
    }


def without_metadata(files: Mapping[str, Digest]) -> dict[str, Digest]:
    """Return *files* but for those that setuptools rewrites in each build.

    They are sources where somebody has committed an sdist as it came.
    """
    return {path: digest for path, digest in files.items() if ".egg-info/" not in path}


def _name(path: str) -> str:
    return path.rpartition("/")[2]


class Interpreter(NamedTuple):
    """The Python that something is compiled for: its version, ``3.12``, and its headers' folder."""

    executable: Path
    minor: str
    headers: Path


def interpreter_of(uv: Uv, python: Sequence[str]) -> Interpreter:
    """Return the interpreter that the option *python* names, or else the one that uv chooses.

    Raise NeverstaleError where there is none, or it does not start.
    """
    named = python[-1] if python else os.environ.get("UV_PYTHON")
    if not named or not os.path.isabs(named):
        (named,) = uv.ask(("python", "find", *([named] if named else [])))
    code, told = uv.capture(named, "-I", "-c", ABOUT)
    if code:
        raise NeverstaleError(
            f"{named} does not start", hint="choose another Python: UV_PYTHON=3.12"
        )
    minor, headers = told.splitlines()[-2:]
    return Interpreter(Path(named), minor, Path(headers))


def refuse_without_toolchain(
    project: Project, files: Iterable[str], headers: Path | None = None
) -> None:
    """Raise NeverstaleError if what compiles the extensions of *project* is missing.

    Said before anything is built: what a build backend says then fills a screen. *headers* is
    where those of Python are, which Linux distributions pack apart.
    """
    if not project.is_compiled(files):
        return
    inputs = compiled_inputs(project, dict.fromkeys(files, Digest("")))
    suffixes = frozenset(Path(path).suffix for path in inputs)
    missing = [*_missing(project, suffixes, headers)]
    if missing:
        what = ", nor ".join(what for what, _ in missing)
        raise NeverstaleError(
            f"the extension cannot be compiled: there is no {what}", hint=missing[0][1]
        )


def _missing(
    project: Project, suffixes: frozenset[str], headers: Path | None
) -> Iterator[tuple[str, str]]:
    """Return what is missing and how to get it, for sources of *suffixes*."""
    hint = INSTALL.get(sys.platform, INSTALL["linux"])
    if project.build_backend == "maturin" or "setuptools-rust" in project.build_names:
        if not _found("CARGO", ("cargo",)):
            yield "cargo", RUST
        elif not _found("RUSTC", ("rustc",)):
            yield "rustc", RUST
    if sys.platform == "win32":  # Visual Studio's is found by its own ways, not along PATH
        return
    is_cxx = bool(suffixes & {".cc", ".cpp", ".cxx", ".hpp"})
    if is_cxx and not _found("CXX", CXX):
        yield "C++ compiler (c++, g++ or clang++, or what CXX names)", hint
    links = project.build_backend == "maturin"  # rustc has the C compiler link
    is_c = bool(suffixes & {".c", ".pyx"}) or project.compiles_python or links
    if is_c and not _found("CC", C):
        yield "C compiler (cc, gcc or clang, or what CC names)", hint
    reads_headers = (is_cxx or is_c) and not links
    if headers and reads_headers and not (headers / "Python.h").exists():
        yield (
            f"Python.h in {headers}",
            (
                f"install Python's headers: on Debian or Ubuntu `apt install {headers.name}-dev`,"
                " or use a Python that uv has installed"
            ),
        )


def _found(variable: str, names: Iterable[str]) -> str | None:
    """Return the program that *variable* names, or the first of *names* on PATH."""
    named = os.environ.get(variable, "").split()
    return next(filter(None, map(find_program, named[:1] or names)), None)


def searches_elsewhere() -> bool:
    """Return whether variables lead compilers to folders whose files are nobody's sources."""
    flags = [os.environ.get(name, "") for name in ("CFLAGS", "CPPFLAGS", "CXXFLAGS")]
    folders = ("CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH")
    return any("-I" in each for each in flags) or any(map(os.environ.get, folders))


def toolchain() -> str:
    """Describe what compiles here, so that another compiler or setting is seen to be another."""
    programs = [
        _found("CC", C),
        _found("CXX", CXX),
        *(_found(name.upper(), (name,)) for name in ("cargo", "rustc", "cmake", "ninja", "meson")),
        find_program("patchelf"),
    ]
    found = [f"{path} {_identity(path)}" for path in programs if path]
    return "\n".join([*found, *settings()])


def _identity(path: str) -> str:
    status = os.stat(path)
    return f"{os.path.realpath(path)} {status.st_size} {status.st_mtime_ns}"


def settings() -> list[str]:
    """Return the variables that compilers, linkers and the build backends heed."""
    heeded = ("CARGO", "CMAKE", "CXX", "CPP", "MATURIN", "MESON", "PKG_CONFIG", "RUST", "SKBUILD")
    exact = {
        "ARCHFLAGS",
        "CC",
        "CFLAGS",
        "CPATH",
        "LDFLAGS",
        "LIBRARY_PATH",
        "NINJA",
        "PYO3_PYTHON",
    }
    exact |= {"C_INCLUDE_PATH", "LDSHARED", "MACOSX_DEPLOYMENT_TARGET", "SDKROOT"}
    return sorted(
        f"{name}={value}"
        for name, value in os.environ.items()
        if name in exact or name.startswith(heeded)
    )

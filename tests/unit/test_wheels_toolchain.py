"""What of the sources a compiler reads, and what it needs to be there."""

import os
import sys
from pathlib import Path

import pytest
from support.tree import build_file_tree
from unit.small import make_project, pyproject

from neverstale.errors import NeverstaleError
from neverstale.files import Digest
from neverstale.process import Uv
from neverstale.wheels.toolchain import (
    compiled_inputs,
    interpreter_of,
    refuse_without_toolchain,
    searches_elsewhere,
    settings,
    toolchain,
)

HEEDED = (
    "CARGO",
    "CC",
    "CMAKE",
    "CXX",
    "CPP",
    "C_INCLUDE",
    "CFLAGS",
    "CPATH",
    "LD",
    "MATURIN",
    "MESON",
    "NINJA",
    "PKG_CONFIG",
    "RUST",
    "SKBUILD",
    "ARCHFLAGS",
    "LIBRARY_PATH",
    "SDKROOT",
    "PYO3",
    "MACOSX",
)


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*os.environ]:
        if name.startswith(HEEDED):
            monkeypatch.delenv(name)


def compiling(backend: str, *requires: str) -> str:
    return pyproject(backend=backend, requires=requires)


INPUTS = [
    "setup.py",
    "src/demo/table.py",
    "CMakeLists.txt",
    "src/a.c",
    "src/a.pyx",
    "data/a.inc",
    "a.in",
]
PYTHON = ["src/a.py", "src/a.pyi"]
OTHERS = [
    *("tests/a.c", "docs/x.h", "uv.lock", ".gitignore", "src/.hidden.c", "src/demo/_native.so"),
    *("src/demo/_native.abi3.so", "src/demo/_native.pyd", "a.md", "a.rst", "a.ipynb", "a.pyc"),
    *("tools/x.c", "changelog.d/x.c", ".github/x.c", ".gitlab/x.c", ".gitlab-ci.yml"),
]


@pytest.mark.parametrize(
    ("requires", "python"),
    [(["maturin"], False), (["mypy"], True), (["Cython"], True), (["hatch-mypyc"], True)],
)
def test_compiled_inputs(requires: list[str], python: bool, tmp_path: Path) -> None:
    text = compiling("setuptools.build_meta", *requires)
    project = make_project(tmp_path, {"setup.py": "read('table.py')"}, text)
    found = compiled_inputs(project, dict.fromkeys([*INPUTS, *PYTHON, *OTHERS], Digest("x")))
    assert list(found) == [*INPUTS, *(PYTHON if python else [])]


CC, CXX = (
    "C compiler (cc, gcc or clang, or what CC names)",
    "C++ compiler (c++, g++ or clang++, or what CXX names)",
)
MAY_COMPILE = {
    "maturin": compiling("maturin", "maturin"),
    "rust": compiling("setuptools.build_meta", "setuptools-rust"),
    "meson": compiling("mesonpy", "meson-python"),
    "cython": compiling("setuptools.build_meta", "cython"),
    "pure": compiling("hatchling.build", "hatchling"),
}


@pytest.mark.skipif(sys.platform == "win32", reason="Visual Studio is not found along PATH")
@pytest.mark.parametrize(
    ("kind", "files", "programs", "missing"),
    [
        ("maturin", ["src/lib.rs"], [], ["cargo", CC]),
        ("maturin", ["src/lib.rs"], ["cargo"], ["rustc", CC]),
        ("maturin", ["src/lib.rs"], ["cargo", "rustc"], [CC]),
        ("maturin", ["src/lib.rs"], ["cargo", "rustc", "gcc"], []),
        ("rust", ["src/lib.rs"], [], ["cargo"]),
        ("rust", ["src/lib.rs"], ["cargo", "rustc"], []),
        ("meson", ["a.cpp"], [], [CXX]),
        ("meson", ["a.cc"], [], [CXX]),
        ("meson", ["a.cxx"], ["clang++"], []),
        ("meson", ["a.c"], ["c++"], [CC]),
        ("meson", ["a.c"], ["clang"], []),
        ("meson", ["a.c", "b.cpp"], [], [CXX, CC]),
        ("meson", ["a.f90"], [], []),
        ("meson", ["tests/a.c"], [], []),
        ("cython", ["a.pyx"], [], [CC]),
        ("cython", ["a.py"], [], [CC]),
        ("pure", ["a.c", "a.cpp"], [], []),
        ("pure", ["a.pyx"], [], [CC]),
    ],
)
def test_without_a_toolchain(
    kind: str,
    files: list[str],
    programs: list[str],
    missing: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    project = make_project(tmp_path, {"bin/": ""}, MAY_COMPILE[kind])
    for name in programs:
        (tmp_path / "bin" / name).write_text("#!/bin/sh\n")
        (tmp_path / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    if not missing:
        refuse_without_toolchain(project, files)
        return
    with pytest.raises(NeverstaleError) as raised:
        refuse_without_toolchain(project, files)
    what = ", nor ".join(missing)
    assert raised.value.message == f"the extension cannot be compiled: there is no {what}"
    assert raised.value.hint.startswith("install ")
    assert ("rustup" in raised.value.hint) == (missing[0] in {"cargo", "rustc"})


@pytest.mark.skipif(sys.platform == "win32", reason="Visual Studio is not found along PATH")
def test_a_compiler_that_a_variable_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = make_project(tmp_path, {"mine": "#!/bin/sh\n"}, MAY_COMPILE["meson"])
    (tmp_path / "mine").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CC", "mine -m64")
    refuse_without_toolchain(project, ["a.c"])
    monkeypatch.setenv("CC", "gone -m64")
    with pytest.raises(NeverstaleError):
        refuse_without_toolchain(project, ["a.c"])


@pytest.mark.skipif(sys.platform == "win32", reason="Visual Studio is not found along PATH")
@pytest.mark.parametrize(
    ("kind", "file", "reads"),
    [
        ("meson", "a.c", True),
        ("meson", "a.cpp", True),
        ("maturin", "a.c", False),
        ("meson", "a.f90", False),
    ],
)
def test_without_headers(
    kind: str, file: str, reads: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(tmp_path, {"python3.12/": ""}, MAY_COMPILE[kind])
    for name in ("CC", "CXX", "CARGO", "RUSTC"):
        monkeypatch.setenv(name, "/bin/sh")
    headers = tmp_path / "python3.12"
    refuse_without_toolchain(project, [file])
    if reads:
        with pytest.raises(NeverstaleError, match=r"there is no Python\.h in ") as raised:
            refuse_without_toolchain(project, [file], headers)
        assert "apt install python3.12-dev" in raised.value.hint
        (headers / "Python.h").touch()
    refuse_without_toolchain(project, [file], headers)


@pytest.mark.parametrize(
    ("name", "value", "elsewhere"),
    [
        ("CFLAGS", "-O2 -I/x", True),
        ("CPPFLAGS", "-I/x", True),
        ("CXXFLAGS", "-I/x", True),
        ("CFLAGS", "-O2", False),
        ("LDFLAGS", "-I/x", False),
        ("CPATH", "/x", True),
        ("C_INCLUDE_PATH", "/x", True),
        ("CPLUS_INCLUDE_PATH", "/x", True),
        ("CPATH", "", False),
        ("PATH", "/x", False),
    ],
)
def test_searches_elsewhere(
    name: str, value: str, elsewhere: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CPLUS_INCLUDE_PATH", raising=False)
    assert not searches_elsewhere()
    monkeypatch.setenv(name, value)
    assert searches_elsewhere() is elsewhere


@pytest.mark.parametrize(
    ("name", "heeded"),
    [
        *(
            (name, True)
            for name in ("CC", "CXX", "CXXFLAGS", "CFLAGS", "LDFLAGS", "CPATH", "RUSTFLAGS")
        ),
        *(
            (name, True)
            for name in ("CARGO_HOME", "CMAKE_ARGS", "MATURIN_X", "MESON_X", "SKBUILD_X")
        ),
        *(
            (name, True)
            for name in ("NINJA", "ARCHFLAGS", "PKG_CONFIG_PATH", "SDKROOT", "LDSHARED")
        ),
        *((name, False) for name in ("CCACHE_DIR", "LIBRARY_PATHS", "XCC", "NINJA_STATUS", "DEMO")),
    ],
)
def test_settings(name: str, heeded: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "a b")
    assert (f"{name}=a b" in settings()) is heeded


def test_another_compiler_or_setting_is_another_toolchain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_file_tree(tmp_path, {"cc": "#!/bin/sh\n", "patchelf": "#!/bin/sh\n", "other": ""})
    seen = set()
    monkeypatch.setenv("PATH", str(tmp_path))
    for change in (
        lambda: None,
        lambda: (tmp_path / "cc").chmod(0o755),
        lambda: (tmp_path / "cc").write_text("#!/bin/sh\nexit\n"),
        lambda: os.utime(tmp_path / "cc", (1, 1)),
        lambda: (tmp_path / "patchelf").chmod(0o755),
        lambda: monkeypatch.setenv("CFLAGS", "-O3"),
    ):
        change()
        found = toolchain()
        assert found == toolchain()
        seen.add(found)
    assert len(seen) == 6


def test_interpreter_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uv = Uv("/nowhere", tmp_path, print)
    monkeypatch.setenv("UV_PYTHON", str(tmp_path / "other"))
    found = interpreter_of(uv, ["--python", sys.executable])
    assert found.executable == Path(sys.executable)
    assert found.minor == f"{sys.version_info.major}.{sys.version_info.minor}"
    assert found.headers.name.startswith("python3")


@pytest.mark.parametrize(
    ("python", "variable", "asked"),
    [
        ([], "", "python find"),
        ([], "3.12", "python find 3.12"),
        (["--python", "3.13"], "3.12", "python find 3.13"),
    ],
)
def test_uv_is_asked_for_an_interpreter(
    python: list[str], variable: str, asked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_PYTHON", variable)
    with pytest.raises(FileNotFoundError, match=f"'{asked}'"):
        interpreter_of(Uv("/bin/echo", tmp_path, print), python)


def test_an_interpreter_that_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uv = Uv("/nowhere", tmp_path, print)
    monkeypatch.setenv("UV_PYTHON", "/bin/false")
    with pytest.raises(NeverstaleError, match="/bin/false does not start"):
        interpreter_of(uv, [])

"""What is among the sources and not one of them, and whether it matters to a build or an import."""

import os
from pathlib import Path
from typing import Any

import pytest
from support.tree import build_file_tree
from unit.made_up import WHEEL
from unit.small import make_project, make_repository, pyproject, set_time

from neverstale.files import Digest, digest_of
from neverstale.wheels.distribution import Distribution
from neverstale.wheels.leftovers import Leftovers, read_leftovers

SETUPTOOLS = pyproject(backend="setuptools.build_meta", requires=["setuptools"])
CYTHON = pyproject(backend="setuptools.build_meta", requires=["setuptools", "cython"])


def wheel(**files: str) -> Distribution:
    """Return a wheel of modules in the package demo: name → text."""
    digests = {f"demo/{name}.py": digest_of(text.encode()) for name, text in files.items()}
    return Distribution(WHEEL.name, "1.0", digests, frozenset(), {}, frozenset())


def leftovers(
    root: Path, reference: Distribution | None = None, text: str = SETUPTOOLS
) -> Leftovers:
    return read_leftovers(make_project(root, text=text), reference, ["demo"])


def test_a_clean_project(tmp_path: Path) -> None:
    build_file_tree(tmp_path, {"src/demo/__init__.py": "", "tests/": ""})
    nothing: dict[str, Any] = {"listed": {}, "gone": {}, "versions": {}, "empty": {}}
    assert leftovers(tmp_path, wheel()) == Leftovers(
        built=(), extensions=(), bytecode=(), **nothing
    )


SOURCES_TXT = (
    "/etc/gone\n../gone\na/../../gone\nsrc/gone.py\n\n  setup.py  \nsrc\\demo\\cli.py\n"
    "src\\demo\\gone.py\nlink\n"
)


@pytest.mark.parametrize(
    ("text", "reads"),
    [(SETUPTOOLS, True), (pyproject(), False), (pyproject(requires=["pbr"]), True)],
)
def test_old_lists_of_files(text: str, reads: bool, tmp_path: Path) -> None:
    """Names in an old list of files are looked up within the project, and nowhere else."""
    files = {"setup.py": "", "src/demo/cli.py": "", "old.egg-info/SOURCES.txt": "gone\n"}
    build_file_tree(tmp_path, {**files, "src/demo.egg-info/SOURCES.txt": SOURCES_TXT})
    build_file_tree(tmp_path, {"bare.egg-info/": "", "file.egg-info": "", "lib/x.egg-info/": ""})
    (tmp_path / "link").symlink_to("nowhere")
    found = leftovers(tmp_path, text=text)
    gone = {"src/demo.egg-info": ("src/gone.py", "src/demo/gone.py"), "old.egg-info": ("gone",)}
    assert found.gone == ({**gone, "bare.egg-info": ()} if reads else {})
    listed = {info: set(names) for info, names in found.listed.items()}
    there = {"/etc/gone", "../gone", "a/../../gone", "setup.py", "src/demo/cli.py", "link"}
    expected: dict[str, set[str]] = {"src/demo.egg-info": there}
    assert listed == ({**expected, "old.egg-info": set(), "bare.egg-info": set()} if reads else {})


def test_versions_that_egg_infos_claim(tmp_path: Path) -> None:
    infos = {
        "demo": "Name: Demo\nVersion: 0.9\n",
        "other": "Name: other\nVersion: 2\n",
        "broken": "Name: demo\n",
    }
    build_file_tree(tmp_path, {f"{name}.egg-info/PKG-INFO": text for name, text in infos.items()})
    build_file_tree(tmp_path, {"src/bare.egg-info/": ""})
    for text in (SETUPTOOLS, pyproject()):
        assert leftovers(tmp_path, text=text).versions == {"demo.egg-info": "0.9"}


@pytest.mark.parametrize(
    ("source", "age", "text", "leaks"),
    [
        pytest.param(None, 0, "old", True, id="its source is gone"),
        pytest.param("src/demo/cli.py", 10, "old", True, id="newer than its source"),
        pytest.param("src/demo/cli.py", 0, "old", True, id="as old as its source"),
        pytest.param("src/demo/cli.py", -1, "old", False, id="older than its source"),
        pytest.param("demo/cli.py", 10, "old", True, id="newer, and no src"),
        pytest.param("demo/cli.py", -1, "old", False, id="older, and no src"),
        pytest.param("src/demo/cli.py", 10, "new", False, id="the same"),
    ],
)
def test_old_builds(source: str | None, age: int, text: str, leaks: bool, tmp_path: Path) -> None:
    build_file_tree(
        tmp_path, {"build/lib/demo/cli.py": text, **({source: "new"} if source else {})}
    )
    if source:
        set_time(tmp_path / source, 1000.9)
    set_time(tmp_path / "build/lib/demo/cli.py", 1000.1 + age)
    expected = ("build/lib/demo/cli.py",) if leaks else ()
    assert leftovers(tmp_path, wheel(cli="new")).built == expected
    assert leftovers(tmp_path, None).built == (), "there is nothing to compare with"
    assert leftovers(tmp_path, wheel(cli="new"), pyproject()).built == (), "it reads none of it"


def test_which_folders_of_old_builds(tmp_path: Path) -> None:
    build_file_tree(
        tmp_path,
        {
            "build/lib/a.py": "",
            "build/lib.linux-x86_64-cpython-311/b.py": "",
            "build/lib/c.so": "",
            "build/lib/d.cpython-311-x86_64-linux-gnu.so": "",
            "build/temp/e.py": "",
        },
    )
    os.mkfifo(tmp_path / "build/lib/pipe")
    found = leftovers(tmp_path, wheel()).built
    assert found == ("build/lib/a.py", "build/lib.linux-x86_64-cpython-311/b.py")


def test_what_was_compiled_in_place(tmp_path: Path) -> None:
    files = ["__init__.py", "fast.py", "fast.so", "fast.abi3.so", "other.so", "gone.pyc"]
    build_file_tree(tmp_path, {f"src/demo/{name}": "" for name in files})
    found = leftovers(tmp_path)
    assert found.extensions == ("src/demo/fast.abi3.so", "src/demo/fast.so")
    assert found.bytecode == ("src/demo/gone.pyc",)


def test_extensions_that_hide_one_another(tmp_path: Path) -> None:
    files = [
        "__init__.py",
        "fast.py",
        "fast.so",
        "fast.abi3.so",
        "fast.pyd",
        "other.so",
        "x.data.so",
    ]
    build_file_tree(tmp_path, {f"src/demo/{name}": "" for name in files})
    build_file_tree(
        tmp_path, {"a.so": "", "a.abi3.so": "", "src/demo/twin.so": "", "src/demo/twin.pyd": ""}
    )
    for age, name in enumerate(["fast.abi3.so", "fast.pyd", "fast.so", "twin.so", "twin.pyd"]):
        set_time(tmp_path / "src/demo" / name, age)
    (tmp_path / "src/demo/fast.cp312-win_amd64.pyd").symlink_to("nowhere")
    make_repository(tmp_path, "src/demo/twin.so")
    found = leftovers(tmp_path, text=CYTHON)
    assert found.extensions == ("src/demo/fast.abi3.so", "src/demo/fast.pyd")


def test_folders_without_a_module(tmp_path: Path) -> None:
    build_file_tree(
        tmp_path,
        {
            "src/demo/__init__.py": "",
            "src/demo/empty/": "",
            "src/demo/deep/er/": "",
            "src/demo/cached/__pycache__/x.pyc": "",
            "src/demo/cached-not/": "",
            "src/demo/data/x.txt": "",
            "src/demo/above/below/x.txt": "",
            "src/gone/__pycache__/x.pyc": "",
            "demo/left/": "",
            "elsewhere/": "",
            "demonstration/": "",
        },
    )
    (tmp_path / "src/demo/linked").mkdir()
    (tmp_path / "src/demo/linked/x").symlink_to("nowhere")
    assert leftovers(tmp_path).empty == {
        "demo": True,
        "demo/left": True,
        "src/demo/cached": False,
        "src/demo/deep": True,
        "src/demo/deep/er": True,
        "src/demo/empty": True,
        "src/gone": False,
    }


def test_digests_of_what_is_built_are_compared(tmp_path: Path) -> None:
    build_file_tree(tmp_path, {"build/lib/demo/cli.py": "x"})
    reference = Distribution(
        WHEEL.name, "1", {"demo/cli.py": Digest("x")}, frozenset(), {}, frozenset()
    )
    assert leftovers(tmp_path, reference).built == ("build/lib/demo/cli.py",)

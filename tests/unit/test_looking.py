"""What is read off files: commands on PATH, first lines, targets, leftovers, environments."""

import os
from pathlib import Path

import pytest
from neverstale.wheels.distribution import is_safe
from neverstale.environments.environment import Environment, distributions, sites_of
from neverstale.environments.discovery import find_environments
from neverstale.diagnosis.findings import Fix
from neverstale.project.leftovers import read_leftovers
from neverstale.project.metadata import read_project
from neverstale.environments.path_search import answers, behind, interpreter_of
from neverstale.diagnosis.invocation import find_invocation
from neverstale.diagnosis.targets import broken_targets
from packaging.utils import canonicalize_name
from support.tree import build_file_tree


@pytest.mark.parametrize(
    ("text", "interpreter"),
    [
        ("#!/opt/python/bin/python\n", "/opt/python/bin/python"),
        ("#!/opt/python/bin/python3.11 -I\n", "/opt/python/bin/python3.11"),
        ("#! /opt/python/bin/python \n", "/opt/python/bin/python"),
        ("#!/bin/sh\n'''exec' '/a b/bin/python' \"$0\" \"$@\"\n' '''\n", "/a b/bin/python"),
        ('#!/bin/sh\n\'\'\'exec\' "/a b/bin/python" "$0" "$@"\n', "/a b/bin/python"),
        ("#!/bin/sh\n'''exec' /long/bin/python \"$0\" \"$@\"\n", "/long/bin/python"),
        ("#!/bin/sh\necho hello\n", None),
        ("#!/usr/bin/env python3\n", None),
        ("#!\n", None),
        ("\x7fELF", None),
        ("#!/bin/sh\n'''exec' '/unclosed\n", None),
    ],
)
def test_interpreter_of_a_script(text: str, interpreter: str | None, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text(text)
    assert interpreter_of(script) == (interpreter and Path(interpreter))


@pytest.mark.parametrize("name", ["demo", "demo-app", "Demo.App_2", "c++", "a"])
def test_safe_names(name: str) -> None:
    assert is_safe(name)


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../out", "a/b", "$(touch x)", "-rf", "a\nb", "`id`", "a;b", "a|b", "a "],
)
def test_names_of_no_command(name: str) -> None:
    assert not is_safe(name)


def test_answers_come_in_the_order_of_path(tmp_path: Path) -> None:
    for folder in ("one", "two", "three"):
        build_file_tree(tmp_path, {f"{folder}/demo": "#!/x/python\n", f"{folder}/../secret": ""})
        (tmp_path / folder / "demo").chmod(0o755)
    (tmp_path / "two" / "demo").chmod(0o644)
    (tmp_path / "again").symlink_to("one")
    path = os.pathsep.join(str(tmp_path / n) for n in ("two", "", "gone", "one", "again", "three"))
    found = answers({"demo", "../secret", "$(id)"}, path)
    assert [answer.path.parent.name for answer in found] == ["one", "three"]
    assert found[0].interpreter == Path("/x/python")


def test_what_is_behind_a_command(tmp_path: Path) -> None:
    tool, other = tmp_path / "tool", tmp_path / "other"
    build_file_tree(tmp_path, {"tool/bin/demo": f"#!{tool}/bin/python\n", "bin/": "", "other/": ""})
    (tool / "bin" / "demo").chmod(0o755)
    (tmp_path / "bin" / "demo").symlink_to(tool / "bin" / "demo")
    copy = tmp_path / "copy"
    build_file_tree(copy, {"demo": f"#!{tool}/bin/python\n", "mine": "#!/bin/sh\n"})
    for name in ("demo", "mine"):
        (copy / name).chmod(0o755)
    for folder, command, home in (
        ("bin", "demo", tool),
        ("copy", "demo", tool),
        ("copy", "mine", None),
    ):
        (answer,) = answers([command], str(tmp_path / folder))
        assert behind(answer, [other, tool]) == home


@pytest.mark.parametrize(
    ("text", "target", "wrong"),
    [
        ("def main(): pass\n", "demo.cli:main", ""),
        ("async def main(): pass\n", "demo.cli:main", ""),
        ("main = 1\n", "demo.cli:main", ""),
        ("main: object = 1\n", "demo.cli:main", ""),
        ("from x import y as main\n", "demo.cli:main", ""),
        ("import main.deep\n", "demo.cli:main", ""),
        (
            "try:\n    from x import main\nexcept ImportError:\n    main = None\n",
            "demo.cli:main",
            "",
        ),
        ("if 1:\n    def main(): pass\n", "demo.cli:main", ""),
        ("with x as main: pass\n", "demo.cli:main", ""),
        ("for main in (): pass\n", "demo.cli:main", ""),
        ("match x:\n    case 1:\n        main = 1\n", "demo.cli:main", ""),
        ("from x import *\n", "demo.cli:main", ""),
        ("def __getattr__(name): ...\n", "demo.cli:main", ""),
        ("globals()['main'] = 1\n", "demo.cli:main", ""),
        ("this is no Python\n", "demo.cli:main", ""),
        ("class App: pass\n", "demo.cli:App.run", ""),
        ("", "demo.cli", ""),
        ("", "demo:cli", ""),
        ("", "somebody.elses:main", ""),
        ("def main(): pass\n", "demo.cli : main [extra]", ""),
        ("def other(): pass\n", "demo.cli:main", "demo.cli has no main"),
        ("def other():\n    main = 1\n", "demo.cli:main", "demo.cli has no main"),
        ("", "demo.gone:main", "there is no module demo.gone"),
        ("", "demo.cli.deeper:main", "there is no module demo.cli.deeper"),
    ],
)
def test_targets(text: str, target: str, wrong: str, tmp_path: Path) -> None:
    build_file_tree(tmp_path, {"demo/__init__.py": "", "demo/cli.py": text})

    def find(path: str) -> Path | None:
        return tmp_path / path if (tmp_path / path).is_file() else None

    found = broken_targets({"demo": target}, ["demo"], find)
    assert found.get("demo", "").endswith(wrong)
    assert bool(found) == bool(wrong)


NAMES = {
    "demo_app-1.0.dist-info": "1.0",
    "Demo.App-1.0.dev1+g0.dist-info": "1.0.dev1+g0",
    "demo-app.egg-link": "",
    "demo_app-1.0-py3.11.egg-info": "1.0",
    "demo_app.egg-info": "",
    "demo_app-.dist-info": None,
    "~emo_app-1.0.dist-info": None,
    "demo_app": None,
    "other-1.0.dist-info": None,
}


@pytest.mark.parametrize(("name", "version"), NAMES.items(), ids=str)
def test_what_says_that_something_is_installed(
    name: str, version: str | None, tmp_path: Path
) -> None:
    build_file_tree(tmp_path, {f"{name}/": ""})
    found = list(distributions(tmp_path, canonicalize_name("demo-app")))
    expected = [] if version is None else [("demo-app", tmp_path / name, version)]
    assert found == expected


def test_environments_behind_shims(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a version manager has its interpreters; the shims are not run."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("CONDA_PREFIX", raising=False)
    monkeypatch.delenv("PIPX_HOME", raising=False)
    library = "pyenv/versions/3.11.7/lib/python3.11/site-packages"
    build_file_tree(
        tmp_path,
        {
            "pyenv/shims/python3": "#!/bin/sh\nexit 1\n",
            f"{library}/demo_app-1.0.dist-info/METADATA": "",
            "pyenv/versions/3.11.7/bin/python3.11": "",
            "pyenv/versions/3.12.1/lib/python3.12/site-packages/": "",
            "env/pyvenv.cfg": "version = 3.13.0\n",
            "env/bin/": "",
            "env/lib/python3.13/site-packages/demo_app-1.0.dist-info/": "",
            "home/.local/lib/python3.11/site-packages/demo_app-1.0.dist-info/": "",
            "project/.nox/tests/pyvenv.cfg": "version = 3.10.1\n",
            "project/.nox/tests/lib/python3.10/site-packages/demo_app-1.0.dist-info/": "",
            "usr/bin/python3": "",
            "usr/lib/python3/dist-packages/demo_app-1.0.egg-info": "",
        },
    )
    path = os.pathsep.join(str(tmp_path / p) for p in ("env/bin", "pyenv/shims", "usr/bin", "gone"))
    name = canonicalize_name("demo-app")
    found = find_environments(tmp_path / "project", name, [], f"{path}{os.pathsep}relative")
    assert {str(environment) for environment in found} == {
        "session tests",
        "active env",
        "user site 3.11",
        f"python 3.11 in {tmp_path}/pyenv/versions/3.11.7",
        f"python 3 in {tmp_path}/usr",
    }
    by_name = {environment.place: environment for environment in found}
    assert by_name["user site"].python == tmp_path / "pyenv/versions/3.11.7/bin/python3.11"
    assert by_name["session"].python_version == "3.10.1"
    assert sites_of(tmp_path / "usr") == [tmp_path / "usr/lib/python3/dist-packages"]


def test_environment_of_another_version_of_python(tmp_path: Path) -> None:
    """An environment that was made anew in place has the folders of both versions."""
    build_file_tree(
        tmp_path,
        {
            "pyvenv.cfg": "version_info = 3.12.1\n",
            "lib/python3.11/site-packages/": "",
            "lib/python3.12/site-packages/": "",
        },
    )
    environment = Environment("environment", tmp_path, tmp_path / "bin")
    assert environment.site_packages == tmp_path / "lib/python3.12/site-packages"


PYPROJECT = """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "demo-app"
version = "1.0"
"""


def test_leftovers_lead_nowhere(tmp_path: Path) -> None:
    """Names in an old list of files are looked up within the project, and nowhere else."""
    build_file_tree(
        tmp_path,
        {
            "pyproject.toml": PYPROJECT,
            "src/demo_app/__init__.py": "",
            "src/demo_app.egg-info/SOURCES.txt": "/etc/gone\n../gone\na/../../gone\nsrc/gone.py\n",
        },
    )
    project = read_project(tmp_path)
    left = read_leftovers(project, {"src/demo_app/__init__.py": "x"}, ["src/demo_app/"])  # type: ignore[dict-item]
    assert left.gone == {"src/demo_app.egg-info": ("src/gone.py",)}


def test_fixes_are_spelled_as_they_are_typed(tmp_path: Path) -> None:
    assert str(Fix((("make", "install"),))) == "make install"
    assert (
        str(Fix((("make", "install", "ARGS=--target venv"),)))
        == 'make install ARGS="--target venv"'
    )
    assert str(Fix((("a", "b c"), ("d",)))) == "a 'b c' && d"
    assert str(Fix((("make", "x", 'ARGS="$HOME"'),))) == "make x 'ARGS=\"$HOME\"'"
    assert str(Fix(advice="unset PYTHONPATH")) == "unset PYTHONPATH"
    typed = find_invocation(tmp_path)("install", "--target", "a b")
    assert typed[:3] == ("uv", "run", "--script")
    assert typed[-5:] == ("--project", str(tmp_path), "install", "--target", "a b")

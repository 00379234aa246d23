"""Where environments are looked for; nothing is started."""

import os
import sys
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from support.tree import build_file_tree
from unit.made_up import DEMO, be_alone, install_files, make_environment

from neverstale.environments.discovery import (
    environment_at,
    environment_of,
    find_environments,
    tool_environment,
    venv_environment,
)
from neverstale.environments.environment import (
    OTHER,
    PIPX,
    PYTHON,
    SESSION,
    TOOL,
    USER,
    VENV,
    Environment,
)
from neverstale.errors import NeverstaleError
from neverstale.process import Uv

UV = Uv("/no/uv", Path("/"), print)
INFO = "demo-1.0.dist-info"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "a größe"
    be_alone(monkeypatch, folder)
    return folder


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere uv is asked")
@pytest.mark.parametrize(
    ("variables", "tools", "commands"),
    [
        pytest.param({}, "home/.local/share/uv/tools", "home/.local/bin", id="by default"),
        pytest.param({"XDG_DATA_HOME": "data"}, "data/uv/tools", "bin", id="XDG_DATA_HOME"),
        pytest.param(
            {"XDG_DATA_HOME": "data/x", "XDG_BIN_HOME": "b"},
            "data/x/uv/tools",
            "b",
            id="XDG_BIN_HOME",
        ),
        pytest.param({"UV_TOOL_DIR": "t"}, "t", "home/.local/bin", id="UV_TOOL_DIR"),
        pytest.param(
            {"UV_TOOL_BIN_DIR": "c", "XDG_BIN_HOME": "b"},
            "home/.local/share/uv/tools",
            "c",
            id="UV_TOOL_BIN_DIR",
        ),
    ],
)
def test_folders_of_tools(
    variables: dict[str, str],
    tools: str,
    commands: str,
    world: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("UV_TOOL_DIR", "UV_TOOL_BIN_DIR"):
        monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, str(world / value))
    expected = Environment(TOOL, world / tools / "demo", world / commands)
    assert tool_environment(UV, DEMO) == expected


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere uv is asked")
def test_variables_that_name_no_folder(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("UV_TOOL_DIR", "UV_TOOL_BIN_DIR"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    monkeypatch.setenv("XDG_BIN_HOME", "relative")
    found = tool_environment(UV, DEMO)
    assert found.prefix == world / "home/.local/share/uv/tools/demo"
    assert found.commands_folder == world / "home/.local/bin"


def test_the_projects_own(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = world / "project"
    root.mkdir()
    expected = Environment(VENV, root / ".venv", root / ".venv/bin")
    assert venv_environment(root) == expected
    make_environment(root / ".venv")
    assert venv_environment(root) == expected
    monkeypatch.setenv("UV_PROJECT_ENVIRONMENT", "other")
    assert venv_environment(root).prefix == root / "other"
    build_file_tree(root, {"other/": ""})
    with pytest.raises(NeverstaleError, match="other is not a virtual environment"):
        venv_environment(root)


def test_the_members_of_a_workspace_share_one(world: Path) -> None:
    build_file_tree(
        world,
        {
            "pyproject.toml": "[tool.uv.workspace]\nmembers = ['a']\n",
            "a/pyproject.toml": "[project]\nname = 'a'\n",
        },
    )
    assert venv_environment(world / "a").prefix == world / ".venv"


def test_an_environment_as_the_doctor_calls_it(world: Path) -> None:
    python = Path("/no/python")
    for folder in (".venv", ".nox/tests", ".tox/py", "other/.nox/tests", "else"):
        make_environment(world / folder)
    named = {
        str(environment_of(world, world / folder, python))
        for folder in (".venv", ".nox/tests", ".tox/py", "other/.nox/tests", "else")
    }
    assert named == {
        ".venv",
        "session tests",
        "session py",
        "environment tests",
        "environment else",
    }
    mine = f"python{sys.version_info.major}.{sys.version_info.minor}"
    build_file_tree(world, {f"conda/lib/{mine}/site-packages/": "", "conda/lib/python3.0/x": ""})
    found = environment_of(world, world / "conda", python)
    assert (found.place, found.python) == (PYTHON, python)
    assert found.site_packages == world / "conda/lib" / mine / "site-packages"
    with pytest.raises(NeverstaleError, match="home has no site-packages"):
        environment_of(world, world / "home", python)


def test_an_environment_that_is_named(world: Path) -> None:
    with pytest.raises(NeverstaleError, match="is not a virtual environment"):
        environment_at(world / "home", DEMO)
    make_environment(world / "x")
    plain = environment_at(world / "x", DEMO)
    assert plain == Environment(OTHER, world / "x", world / "x/bin", "x")
    (world / "link").symlink_to("x")
    assert environment_at(world / "link", DEMO) == plain


@pytest.mark.parametrize(
    ("name", "metadata", "place"),
    [("demo", True, PIPX), ("demo", False, OTHER), ("other", True, OTHER)],
)
def test_an_application_of_pipx(name: str, metadata: bool, place: str, world: Path) -> None:
    prefix = make_environment(world / name).prefix
    if metadata:
        build_file_tree(prefix, {"pipx_metadata.json": "{}"})
    found = environment_at(prefix, DEMO)
    commands = world / "home/.local/bin" if place == PIPX else prefix / "bin"
    assert found == Environment(place, prefix, commands, name)


def found_from(world: Path, *path: str, known: list[Environment] | None = None) -> set[str]:
    entries = os.pathsep.join(str(world / each) if each else "" for each in path)
    return {str(e) for e in find_environments(world / "project", DEMO, known or [], entries)}


def test_environments_of_all_kinds(world: Path) -> None:
    """Interpreters behind the shims of a version manager are found; the shims are not run."""
    build_file_tree(
        world,
        {
            "pyenv/shims/python3": "#!/bin/sh\nexit 1\n",
            f"pyenv/versions/3.11.7/lib/python3.11/site-packages/{INFO}/RECORD": "",
            "pyenv/versions/3.11.7/bin/python3.11": "",
            "pyenv/versions/3.12.1/lib/python3.12/site-packages/": "",
            f"mise/installs/python/3.13.0/lib/python3.13/site-packages/{INFO}/RECORD": "",
            "mise/shims/": "",
            "env/pyvenv.cfg": "version = 3.13.0\n",
            f"env/lib/python3.13/site-packages/{INFO}/": "",
            f"home/.local/lib/python3.11/site-packages/{INFO}/RECORD": "",
            "project/.nox/tests/pyvenv.cfg": "version = 3.10.1\n",
            f"project/.nox/tests/lib/python3.10/site-packages/{INFO}/": "",
            "project/.tox/py/pyvenv.cfg": "version = 3.10.1\n",
            f"project/.tox/py/lib/python3.10/site-packages/{INFO}/": "",
            "usr/bin/python3": "",
            f"usr/lib/python3/dist-packages/{INFO}/RECORD": "",
            "usr/bin/python": "",
            "system/bin/python3.12": "",
            f"system/lib/python3.12/site-packages/{INFO}/METADATA": "",
            "env/bin/": "",
        },
    )
    path = ("env/bin", "pyenv/shims", "mise/shims", "usr/bin", "system/bin", "gone", "")
    assert found_from(world, *path) == {
        "session tests",
        "session py",
        "active env",
        "user site 3.11",
        f"python 3.11 in {world}/pyenv/versions/3.11.7",
        f"python 3.13 in {world}/mise/installs/python/3.13.0",
        f"python 3 in {world}/usr",
    }
    found = find_environments(world / "project", DEMO, [], str(world / "pyenv/shims"))
    by_place = {each.place: each for each in found}
    python = world / "pyenv/versions/3.11.7/bin/python3.11"
    assert by_place[USER].python == python
    assert by_place[USER].beside == (python.parents[1] / "lib/python3.11/site-packages",)
    assert by_place[PYTHON].python == python
    assert by_place[PYTHON].commands_folder == python.parent
    assert by_place[SESSION].python_version == "3.10.1"


def test_an_environment_is_found_once(world: Path) -> None:
    environment = make_environment(world / "env")
    install_files(environment, {})
    (world / "link").symlink_to("env")
    assert found_from(world, "env/bin", "link/bin") == {"active env"}
    assert found_from(world, "env/bin", known=[environment]) == set()


def test_what_does_not_hold_the_project_is_not_found(world: Path) -> None:
    install_files(make_environment(world / "env"), {}, "other")
    assert found_from(world, "env/bin") == set()


def test_our_own_environment_is_not_active(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_files(make_environment(world / "env"), {})
    monkeypatch.setattr(sys, "prefix", str(world / "env"))
    assert found_from(world, "env/bin") == set()


def test_other_tools(world: Path) -> None:
    known = Environment(TOOL, world / "tools/demo", world / "commands")
    for name in ("demo", "other"):
        install_files(make_environment(world / "tools" / name), {})
    found = find_environments(world / "project", DEMO, [known], "")
    assert [str(each) for each in found] == ["uv tool other"]
    assert found[0].commands_folder == world / "tools/other/bin"
    assert found_from(world) == set()


def test_applications_of_pipx(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("demo", "other"):
        install_files(make_environment(world / "home/.local/share/pipx/venvs" / name), {})
    found = {e.label: e for e in find_environments(world / "project", DEMO, [], "")}
    assert {e.place for e in found.values()} == {PIPX}
    assert found["demo"].commands_folder == world / "home/.local/bin"
    assert found["other"].commands_folder == found["other"].scripts
    monkeypatch.setenv("PIPX_BIN_DIR", str(world / "commands"))
    (demo, _) = find_environments(world / "project", DEMO, [], "")
    assert demo.commands_folder == world / "commands"
    monkeypatch.setenv("PIPX_HOME", str(world / "elsewhere"))
    assert find_environments(world / "project", DEMO, [], "") == []
    install_files(make_environment(world / "elsewhere/venvs/demo"), {})
    assert [e.label for e in find_environments(world / "project", DEMO, [], "")] == ["demo"]


def test_conda_is_an_interpreter_of_its_own(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = f"conda/lib/python3.12/site-packages/{INFO}"
    build_file_tree(world, {f"{site}/RECORD": "", "conda/bin/python3": ""})
    assert found_from(world) == set()
    monkeypatch.setenv("CONDA_PREFIX", str(world / "conda"))
    (found,) = find_environments(world / "project", DEMO, [], "")
    assert (found.place, found.python) == (PYTHON, world / "conda/bin/python3")


def test_the_users_own_folders_may_be_named(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build_file_tree(world, {f"base/lib/python3.12/site-packages/{INFO}/RECORD": ""})
    monkeypatch.setenv("PYTHONUSERBASE", str(world / "base"))
    (found,) = find_environments(world / "project", DEMO, [], "")
    assert (str(found), found.python, found.beside) == ("user site 3.12", None, ())


def test_another_name(world: Path) -> None:
    install_files(make_environment(world / "env"), {}, "other")
    name = canonicalize_name("Other")
    found = find_environments(world / "project", name, [], str(world / "env/bin"))
    assert [str(each) for each in found] == ["active env"]

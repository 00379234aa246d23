"""Environments, known by how their folders look."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from packaging.utils import canonicalize_name
from support.tree import build_file_tree
from unit.made_up import DEMO, install_files, make_environment, site_of

from neverstale.environments import environment as module
from neverstale.environments.environment import (
    OTHER,
    PIPX,
    PYTHON,
    TOOL,
    USER,
    VENV,
    Environment,
    distributions,
    holds,
    is_environment,
    is_systems,
    sites_of,
)


def at(prefix: Path, place: str = OTHER, label: str = "", **files: str) -> Environment:
    return Environment(place, build_file_tree(prefix, files), prefix / "bin", label)


def test_how_it_is_called() -> None:
    folder = Path("/x")
    assert str(Environment(TOOL, folder, folder)) == "uv tool"
    assert str(Environment(PIPX, folder, folder, "demo")) == "pipx demo"


@pytest.mark.parametrize(
    ("place", "name", "offers"),
    [
        (TOOL, "demo", "/commands"),
        (TOOL, "other", "/tools/other/bin"),
        (PIPX, "demo", "/commands"),
        (PIPX, "other", "/tools/other/bin"),
        (OTHER, "other", "/commands"),
    ],
)
def test_a_tool_offers_the_commands_of_its_own_project(place: str, name: str, offers: str) -> None:
    environment = Environment(place, Path("/tools") / name, Path("/commands"))
    assert environment.beside_the_tool(DEMO).commands_folder == Path(offers)


@pytest.mark.parametrize(
    ("place", "own"), [(TOOL, True), (VENV, True), (OTHER, True), (PYTHON, False), (USER, False)]
)
def test_which_are_virtual(place: str, own: bool) -> None:
    assert Environment(place, Path("/x"), Path("/x")).own == own


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("version_info = 3.12.1", "3.12.1"),
        ("version = 3.12.1", "3.12.1"),
        ("version_info = 3.12.1.final.0", "3.12.1"),
        ("version=3.13", "3.13"),
        ("version_info = 3.12.1\nversion = 3.11", "3.12.1"),
        ("home = /usr/bin", None),
        ("version = three", None),
        ("", None),
    ],
)
def test_the_version_as_it_is_noted(settings: str, expected: str | None, tmp_path: Path) -> None:
    environment = at(tmp_path / "x", **{"pyvenv.cfg": settings})
    assert environment.python_version == expected
    assert environment.minor == (expected and ".".join(expected.split(".")[:2]))


@pytest.mark.parametrize(
    ("folder", "expected"),
    [("lib/python3.12", "3.12"), ("lib/pypy3.10", "3.10"), ("lib/python3", None)],
)
def test_the_version_by_the_name_of_a_folder(
    folder: str, expected: str | None, tmp_path: Path
) -> None:
    site = build_file_tree(tmp_path, {f"{folder}/site-packages/": ""}) / folder / "site-packages"
    assert Environment(PYTHON, tmp_path, tmp_path, site=site).python_version == expected


def test_where_nothing_is_there(tmp_path: Path) -> None:
    environment = at(tmp_path / "gone")
    assert environment.site_packages is None
    assert environment.python_version is None
    assert environment.minor is None
    assert environment.interpreter is None
    assert environment.runs is None
    assert environment.sites == []
    assert environment.versions == {}
    assert not environment.is_plain_cpython


def test_an_environment_of_two_versions_of_python(tmp_path: Path) -> None:
    """One that was made anew in place has the folders of both."""
    sites = {f"lib/python3.{n}/site-packages/": "" for n in (11, 12, 13)}
    environment = at(tmp_path, **sites, **{"pyvenv.cfg": "version_info = 3.12.1\n"})
    assert environment.site_packages == tmp_path / "lib/python3.12/site-packages"
    (tmp_path / "pyvenv.cfg").write_text("version_info = 3.9.1\n", encoding="utf-8")
    assert environment.site_packages == tmp_path / "lib/python3.11/site-packages"
    given = Environment(PYTHON, tmp_path, tmp_path, site=tmp_path / "other")
    assert given.site_packages == tmp_path / "other"


@pytest.mark.parametrize(
    ("folder", "expected"),
    [("python3.12", True), ("python3.13t", False), ("pypy3.10", False), ("python3", False)],
)
def test_a_plain_cpython(folder: str, expected: bool, tmp_path: Path) -> None:
    site = tmp_path / "lib" / folder / "site-packages"
    assert Environment(PYTHON, tmp_path, tmp_path, site=site).is_plain_cpython == expected


def test_the_interpreter_behind_a_link(tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "env")
    assert environment.interpreter == tmp_path / "env-base/bin/python"
    assert environment.runs == environment.scripts / "python"
    (environment.scripts / "python").unlink()
    (environment.scripts / "python").symlink_to("../../env-base/bin/python")
    assert environment.interpreter == environment.scripts / "../../env-base/bin/python"
    (tmp_path / "env-base/bin/python").unlink()
    assert environment.interpreter is None
    assert environment.runs is None


def test_the_interpreter_that_was_copied(tmp_path: Path) -> None:
    environment = at(tmp_path, **{"pyvenv.cfg": "home = /base/bin\n", "bin/python": ""})
    assert environment.interpreter == Path("/base/bin/python")
    (tmp_path / "pyvenv.cfg").write_text("", encoding="utf-8")
    assert environment.interpreter == tmp_path / "bin/python"


def test_the_interpreter_that_is_given(tmp_path: Path) -> None:
    build_file_tree(tmp_path, {"bin/python": ""})
    bare = Environment(PYTHON, tmp_path, tmp_path)
    assert (bare.interpreter, bare.runs) == (None, None)
    given = Environment(OTHER, tmp_path, tmp_path, python=Path("/usr/bin/python3"))
    assert given.interpreter == given.runs == Path("/usr/bin/python3")


def test_folders_that_it_imports_from(tmp_path: Path) -> None:
    base = build_file_tree(tmp_path / "base", {"bin/": "", "lib/python3.12/site-packages/": ""})
    environment = make_environment(tmp_path / "env")
    own, others = site_of(environment), [base / "lib/python3.12/site-packages"]
    assert environment.sites == [own]
    for said, expected in (("true", [own, *others]), ("TRUE", [own, *others]), ("false", [own])):
        text = f"home = {base}/bin\nversion = 3.12\ninclude-system-site-packages = {said}\n"
        (environment.prefix / "pyvenv.cfg").write_text(text, encoding="utf-8")
        assert environment.sites == expected
    beside = Environment(PYTHON, base, base, site=own, beside=tuple(others))
    assert beside.sites == [own, *others]


def test_versions_of_what_is_installed(tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "env")
    install_files(environment, {}, "demo", "1.0")
    build_file_tree(tmp_path, {"beside/demo-2.0.dist-info/": "", "beside/other-3.0.dist-info/": ""})
    build_file_tree(site_of(environment), {"bad-one.dist-info/": "", "egg.egg-link": ""})
    both = Environment(
        OTHER,
        environment.prefix,
        tmp_path,
        site=site_of(environment),
        beside=(tmp_path / "beside",),
    )
    assert both.versions == {DEMO: "1.0", canonicalize_name("other"): "3.0"}


NAMES = {
    "demo_app-1.0.dist-info": "1.0",
    "Demo.App-1.0.dev1+g0.dist-info": "1.0.dev1+g0",
    "demo-app.egg-link": "",
    "demo_app-1.0-py3.11.egg-info": "1.0",
    "demo_app.egg-info": "",
    "demo_app-.dist-info": None,
    "~emo_app-1.0.dist-info": None,
    "demo_app": None,
    "demo_app-1.0.data": None,
    "other-1.0.dist-info": None,
    "demo_apple-1.0.dist-info": None,
}


@pytest.mark.parametrize(("name", "version"), NAMES.items(), ids=NAMES)
def test_what_says_that_something_is_installed(
    name: str, version: str | None, tmp_path: Path
) -> None:
    build_file_tree(tmp_path, {f"{name}/": ""})
    found = list(distributions(tmp_path, canonicalize_name("demo-app")))
    expected = [] if version is None else [("demo-app", tmp_path / name, version)]
    assert found == expected


def test_all_that_is_installed(tmp_path: Path) -> None:
    build_file_tree(tmp_path, {"b-1.dist-info/": "", "a-2.dist-info/": "", "~x-1.dist-info/": ""})
    assert [(name, version) for name, _, version in distributions(tmp_path)] == [
        ("a", "2"),
        ("b", "1"),
    ]
    assert list(distributions(tmp_path / "gone")) == []


def test_holds(tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "env")
    assert not holds(environment, DEMO)
    install_files(environment, {})
    assert holds(environment, DEMO)
    assert not holds(environment, canonicalize_name("other"))
    assert not holds(at(tmp_path / "gone"), DEMO)


def test_is_environment(tmp_path: Path) -> None:
    assert not is_environment(tmp_path)
    build_file_tree(tmp_path, {"pyvenv.cfg/": ""})
    assert not is_environment(tmp_path)
    assert is_environment(make_environment(tmp_path / "env").prefix)


def test_folders_of_an_interpreter(tmp_path: Path) -> None:
    build_file_tree(
        tmp_path,
        {
            "lib/python3.12/site-packages/": "",
            "lib/python3.13t/site-packages/": "",
            "lib/python3/dist-packages/": "",
            "lib/python2.7/site-packages/": "",
            "lib/pypy3.10/site-packages/": "",
            "lib/other/site-packages/": "",
            "local/lib/python3.12/dist-packages/": "",
        },
    )
    (tmp_path / "lib64").symlink_to("lib")
    found = [path.relative_to(tmp_path).as_posix() for path in sites_of(tmp_path)]
    assert found == [
        "lib/pypy3.10/site-packages",
        "lib/python3/dist-packages",
        "lib/python3.12/site-packages",
        "lib/python3.13t/site-packages",
        "local/lib/python3.12/dist-packages",
    ]


@pytest.mark.parametrize(
    ("files", "place", "expected"),
    [
        pytest.param({"demo-1.0.dist-info/METADATA": ""}, PYTHON, True, id="no RECORD"),
        pytest.param({"demo-1.0.egg-info/PKG-INFO": ""}, PYTHON, True, id="egg-info"),
        pytest.param({"demo-1.0.dist-info/RECORD": ""}, PYTHON, False, id="RECORD"),
        pytest.param(
            {"demo-1.0.dist-info/RECORD": "", "demo-1.0.dist-info/INSTALLER": "debian\n"},
            PYTHON,
            True,
            id="the system's with RECORD",
        ),
        pytest.param(
            {"demo-1.0.dist-info/RECORD": "", "demo-1.0.dist-info/INSTALLER": "pip\n"},
            PYTHON,
            False,
            id="pip's",
        ),
        pytest.param(
            {"demo-1.0.dist-info/METADATA": ""}, VENV, False, id="not the system's Python"
        ),
        pytest.param({"demo.egg-link": ""}, PYTHON, False, id="egg-link"),
        pytest.param(
            {"demo.egg-link": "", "demo-1.0.egg-info/": ""},
            PYTHON,
            False,
            id="egg-link and egg-info",
        ),
        pytest.param(
            {"demo-1.0.dist-info/RECORD": "", "demo-1.0.egg-info/": ""}, PYTHON, False, id="two"
        ),
        pytest.param({}, PYTHON, False, id="nothing"),
    ],
)
def test_what_the_system_has_installed(
    files: dict[str, str], place: str, expected: bool, tmp_path: Path
) -> None:
    environment = Environment(place, tmp_path, tmp_path, site=build_file_tree(tmp_path, files))
    assert is_systems(environment, DEMO) == expected
    assert not is_systems(Environment(place, tmp_path / "gone", tmp_path), DEMO)


@pytest.mark.parametrize(
    ("implementation", "programs", "expected"),
    [
        ("implementation = CPython\n", ["python.exe"], True),
        ("implementation = CPython\n", ["python3.13t.exe"], False),
        ("implementation = PyPy\n", ["python.exe"], False),
        ("", ["python.exe"], False),
    ],
)
def test_a_plain_cpython_on_windows(
    implementation: str,
    programs: list[str],
    expected: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    base = build_file_tree(tmp_path / "base", dict.fromkeys(programs, ""))
    prefix = build_file_tree(tmp_path / "env", {"pyvenv.cfg": f"home = {base}\n{implementation}"})
    site = prefix / "Lib/site-packages"
    made = Environment(VENV, prefix, prefix / "Scripts", site=site)
    monkeypatch.setattr(module, "os", SimpleNamespace(name="nt"))
    assert made.is_plain_cpython == expected

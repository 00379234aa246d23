"""What decides which copy runs: leftovers, pointers, imports, commands, interpreters."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from support.tree import build_file_tree
from unit.made_up import INSTALLED, PROJECT, fixes_of, make_environment, named, site_of

from neverstale.diagnosis.checks.surroundings import (
    belongs,
    check_commands,
    check_hidden,
    check_imports,
    check_interpreter,
    check_leftovers,
    check_pointer,
)
from neverstale.diagnosis.findings import Evidence, Fix
from neverstale.environments.environment import OTHER, PYTHON, USER, VENV, Environment
from neverstale.environments.imports import Origin
from neverstale.environments.path_search import Answer
from neverstale.wheels.leftovers import Leftovers

FIX = Fix((("make", "install"),))
NOTHING = Leftovers((), {}, {}, {}, (), (), {})
CLEAN = ("neverstale", "clean")


@pytest.mark.parametrize(
    ("changes", "unselected", "expected"),
    [
        pytest.param({}, (), {}, id="nothing"),
        pytest.param({"built": ("build/lib/x.py",)}, (), {"NS501": ["build/lib/x.py"]}, id="built"),
        pytest.param(
            {"gone": {"demo.egg-info": ("a.py", "b.py")}},
            (),
            {"NS502": ["demo.egg-info: a.py", "demo.egg-info: b.py"]},
            id="a list with what is gone",
        ),
        pytest.param(
            {"listed": {"demo.egg-info": ("b.txt", "a.txt", "c.py")}},
            ("a.txt", "b.txt"),
            {
                "NS502": [
                    "demo.egg-info: a.txt, no longer selected",
                    "demo.egg-info: b.txt, no longer selected",
                ]
            },
            id="a list with what is no longer selected",
        ),
        pytest.param({"listed": {"demo.egg-info": ("a.py",)}}, (), {}, id="a good list"),
        pytest.param(
            {"versions": {"demo.egg-info": "0.9"}}, (), {"NS502": ["demo.egg-info"]}, id="a version"
        ),
        pytest.param({"versions": {"demo.egg-info": "1.0.0"}}, (), {}, id="the same version"),
        pytest.param({"extensions": ("x.so",)}, (), {"NS504": ["x.so"]}, id="an extension module"),
        pytest.param(
            {"bytecode": ("b.pyc", "a.pyc")}, (), {"NS505": ["a.pyc", "b.pyc"]}, id="code"
        ),
        pytest.param(
            {"empty": {"src/a": True, "src/b": False}},
            (),
            {"NS506": ["src/a", "src/b"]},
            id="empty",
        ),
    ],
)
def test_leftovers(
    changes: dict[str, Any], unselected: Sequence[str], expected: dict[str, list[str]]
) -> None:
    found = list(check_leftovers(PROJECT, NOTHING._replace(**changes), unselected, fixes_of()))
    assert named(found) == expected


def test_the_version_of_a_list_is_told_with_that_of_the_project() -> None:
    left = NOTHING._replace(versions={"demo.egg-info": "0.9"})
    (found,) = check_leftovers(PROJECT, left, (), fixes_of())
    assert found.evidence == (Evidence("demo.egg-info", "1.0", "0.9"),)
    assert list(check_leftovers(PROJECT._replace(version=None), left, (), fixes_of())) == []


@pytest.mark.parametrize(
    ("empty", "commands"),
    [
        pytest.param(
            {"src/a": True, "src/a/b": True},
            (("rmdir", "src/a/b"), ("rmdir", "src/a")),
            id="bare, the deepest first",
        ),
        pytest.param({"src/a": False}, (CLEAN,), id="with bytecode"),
        pytest.param({"src/a": False, "src/b": True}, (CLEAN, ("rmdir", "src/b")), id="both"),
    ],
)
def test_how_empty_folders_are_removed(
    empty: dict[str, bool], commands: tuple[tuple[str, ...], ...]
) -> None:
    (found,) = check_leftovers(PROJECT, NOTHING._replace(empty=empty), (), fixes_of())
    assert found.fix.commands == commands


@pytest.mark.parametrize(
    ("url", "folder", "expected"),
    [
        pytest.param("{root}", {}, {}, id="from here"),
        pytest.param("{link}", {}, {}, id="from here by a link"),
        pytest.param("{other}", {}, {"NS207": ["folder"]}, id="from another folder"),
        pytest.param("{other}", None, {}, id="from a wheel there"),
        pytest.param("https://example.org/demo", {}, {}, id="from an index"),
        pytest.param("file:///a%00b", {}, {}, id="a NUL"),
        pytest.param("file://[", {}, {}, id="no URL"),
        pytest.param(7, {}, {}, id="no text"),
        pytest.param(None, {}, {}, id="none"),
    ],
)
def test_where_a_copy_is_from(
    url: object, folder: object, expected: dict[str, list[str]], tmp_path: Path
) -> None:
    root, other = tmp_path / "größe a", tmp_path / "other"
    for each in (root, other):
        each.mkdir()
    (tmp_path / "link").symlink_to(root)
    if isinstance(url, str):
        places = {"root": root, "other": other, "link": tmp_path / "link"}
        url = places[url[1:-1]].as_uri() if url[1:-1] in places else url
    origin = {"url": url, "dir_info": folder}
    found = list(check_pointer(root, INSTALLED._replace(origin=origin), FIX))
    assert named(found) == expected
    for one in found:
        assert one.evidence == (Evidence("folder", str(root), str(other)),)


@pytest.mark.parametrize(
    ("url", "pointers", "expected"),
    [
        pytest.param("project", ["project/src"], {}, id="here"),
        pytest.param("project", ["project"], {}, id="a flat layout"),
        pytest.param(None, ["project/src"], {}, id="no URL"),
        pytest.param("other", ["other/src"], {"NS205": ["other", "other/src"]}, id="elsewhere"),
        pytest.param("project", ["other/src"], {"NS205": ["other/src"]}, id="a pointer elsewhere"),
        pytest.param("other", ["other"], {"NS205": ["other"]}, id="each folder once"),
        pytest.param("gone", ["gone/src"], {"NS206": ["gone", "gone/src"]}, id="gone"),
        pytest.param("other", ["gone"], {"NS206": ["gone"]}, id="gone is worse than elsewhere"),
        pytest.param(
            "project/copy", [], {"NS205": ["project/copy"]}, id="another project inside of it"
        ),
    ],
)
def test_where_an_editable_install_points(
    url: str | None, pointers: list[str], expected: dict[str, list[str]], tmp_path: Path
) -> None:
    build_file_tree(
        tmp_path,
        {
            "project/pyproject.toml": "",
            "project/src/": "",
            "project/copy/pyproject.toml": "",
            "other/src/": "",
        },
    )
    origin: dict[str, object] = {"dir_info": {"editable": True}}
    if url:
        origin["url"] = (tmp_path / url).as_uri()
    installed = INSTALLED._replace(
        origin=origin, pointers=tuple(str(tmp_path / each) for each in pointers)
    )
    root = tmp_path / "project"
    found = list(check_pointer(root, installed, FIX))
    told = {
        f.code.name: [Path(e.found).relative_to(tmp_path).as_posix() for e in f.evidence]
        for f in found
    }
    assert told == expected
    assert all(e.what == "folder" and e.expected == str(root) for f in found for e in f.evidence)


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        (".", True),
        ("src", True),
        ("src/demo", True),
        ("link", False),
        ("copy", False),
        ("copy/src", False),
        ("..", False),
        ("../other", False),
    ],
)
def test_what_belongs_to_a_project(folder: str, expected: bool, tmp_path: Path) -> None:
    build_file_tree(
        tmp_path,
        {
            "project/pyproject.toml": "",
            "project/src/demo/": "",
            "project/copy/pyproject.toml": "",
            "project/copy/src/": "",
            "other/": "",
        },
    )
    (tmp_path / "project/link").symlink_to(tmp_path / "other")
    assert belongs(tmp_path / "project" / folder, tmp_path / "project") == expected


SITE = Path("/env/lib/python3.12/site-packages")
ENVIRONMENT = Environment(OTHER, Path("/env"), Path("/env/bin"), site=SITE)


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        pytest.param(Origin("demo", SITE / "demo/__init__.py", "installed"), {}, id="the copy"),
        pytest.param(
            Origin("demo", Path("/other/demo/__init__.py"), "x.pth"),
            {"NS607": ["demo is /other/demo/__init__.py (x.pth)"]},
            id="another copy",
        ),
        pytest.param(
            Origin("demo", SITE / "demo", "installed", empty=True),
            {"NS506": [f"demo is {SITE}/demo"]},
            id="an empty folder",
        ),
        pytest.param(Origin("demo", None, "nothing is found"), {}, id="nothing"),
        pytest.param(
            Origin("demo", Path("/other/demo"), "x", unknown=True), {}, id="what cannot be told"
        ),
    ],
)
def test_what_an_import_takes(origin: Origin, expected: dict[str, list[str]]) -> None:
    found = check_imports(Path("/project"), ENVIRONMENT, INSTALLED, [origin], FIX)
    assert named(list(found)) == expected


@pytest.mark.parametrize(
    ("by", "advice"),
    [
        (["PYTHONPATH"], "unset PYTHONPATH"),
        (["x.pth"], "remove that copy, or what leads to it"),
        (["PYTHONPATH", "x.pth"], "unset PYTHONPATH"),
        (["x.pth", "PYTHONPATH"], "unset PYTHONPATH"),
    ],
)
def test_advice_against_another_copy(by: list[str], advice: str) -> None:
    origins = [Origin("demo", Path("/other/demo.py"), each) for each in by]
    (found,) = check_imports(Path("/project"), ENVIRONMENT, INSTALLED, origins, FIX)
    assert found.fix == Fix(advice=advice)
    assert len(found.evidence) == len(by)


EDITABLE = INSTALLED._replace(origin={"dir_info": {"editable": True}}, pointers=("/project/src",))


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        pytest.param(Origin("demo", Path("/project/src/demo/__init__.py"), "x.pth"), {}, id="here"),
        pytest.param(Origin("demo", Path("/project/lib/demo.py"), "a finder"), {}, id="mapped"),
        pytest.param(
            Origin("demo", Path("/project/src/demo"), "x.pth", empty=True), {}, id="empty here"
        ),
        pytest.param(
            Origin("demo", None, "nothing is found"),
            {"NS201": ["demo: nothing is found"]},
            id="nothing",
        ),
        pytest.param(
            Origin("demo", SITE / "demo/__init__.py", "installed"), {}, id="a file of its own"
        ),
        pytest.param(
            Origin("demo", SITE / "demo/other.py", "installed"),
            {"NS607": [f"demo is {SITE}/demo/other.py (installed)"]},
            id="a file that is not its own",
        ),
        pytest.param(
            Origin("demo", Path("/elsewhere/demo.py"), "y.pth"),
            {"NS607": ["demo is /elsewhere/demo.py (y.pth)"]},
            id="elsewhere",
        ),
    ],
)
def test_what_an_import_takes_of_an_editable_install(
    origin: Origin, expected: dict[str, list[str]]
) -> None:
    found = check_imports(Path("/project"), ENVIRONMENT, EDITABLE, [origin], FIX)
    assert named(list(found)) == expected


def test_a_copy_does_not_belong_to_the_project_of_its_sources() -> None:
    """What an install that is not editable takes from the project's folder is another copy."""
    origin = Origin("demo", Path("/project/demo/__init__.py"), "x.pth")
    found = check_imports(Path("/project"), ENVIRONMENT, INSTALLED, [origin], FIX)
    assert list(named(list(found))) == ["NS607"]


def test_a_folder_in_the_environment_is_its_own(tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "env")
    site = site_of(environment)
    build_file_tree(site, {"space/": ""})
    origin = Origin("space", site / "space", "installed")
    assert list(check_imports(tmp_path, environment, EDITABLE, [origin], FIX)) == []


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("the current folder", {"NS605": ["demo is /project/demo.py"]}),
        ("installed", {}),
    ],
)
def test_what_the_current_folder_hides(by: str, expected: dict[str, list[str]]) -> None:
    assert named(check_hidden([Origin("demo", Path("/project/demo.py"), by)])) == expected


def answer(path: str, command: str = "demo") -> Answer:
    return Answer(command, Path(path), Path(path), None)


BIN = Path("/home/bin")


@pytest.mark.parametrize(
    ("found", "current", "path", "expected"),
    [
        pytest.param(["/home/bin/demo"], [], "/usr/bin:/home/bin", {}, id="ours"),
        pytest.param([], [], "/home/bin", {}, id="not there at all"),
        pytest.param([], [], "/usr/bin", {"NS602": ["/home/bin"]}, id="not on PATH"),
        pytest.param([], [], "", {"NS602": ["/home/bin"]}, id="no PATH"),
        pytest.param(
            ["/usr/bin/demo", "/home/bin/demo"],
            [],
            "/usr/bin:/home/bin",
            {"NS601": ["demo is /usr/bin/demo"]},
            id="another before it",
        ),
        pytest.param(
            ["/venv/bin/demo", "/home/bin/demo"],
            ["/venv/bin"],
            "/home/bin",
            {},
            id="another that is as good",
        ),
        pytest.param(
            ["/home/bin/demo", "/usr/bin/demo"],
            [],
            "/home/bin",
            {"NS604": ["demo is /home/bin/demo; it was /usr/bin/demo before"]},
            id="another behind it",
        ),
        pytest.param(
            ["/home/bin/demo", "/venv/bin/demo"],
            ["/venv/bin"],
            "/home/bin",
            {},
            id="good behind it",
        ),
    ],
)
def test_commands(
    found: list[str], current: list[str], path: str, expected: dict[str, list[str]]
) -> None:
    environment = Environment(OTHER, Path("/env"), BIN)
    answers = [*map(answer, found), answer("/usr/bin/other", "other")]
    folders = set(map(Path, current))
    findings = list(check_commands(environment, ["demo"], answers, folders, path))
    assert named(findings) == expected


def test_advice_about_commands() -> None:
    environment = Environment(OTHER, Path("/env"), BIN)
    both = [answer("/usr/bin/demo"), answer("/home/bin/demo")]
    path, shadow = check_commands(environment, ["demo"], both, (), "/usr/bin")
    assert path.fix.advice == 'export PATH="/home/bin:$PATH"'
    assert shadow.fix.advice == "remove /usr/bin/demo, or put /home/bin before it on PATH"
    (remembered,) = check_commands(environment, ["demo"], both[::-1], (), "/home/bin")
    assert remembered.fix.advice == "hash -r"


def test_each_command_is_looked_at_in_order() -> None:
    environment = Environment(OTHER, Path("/env"), BIN)
    answers = [answer("/usr/bin/b", "b"), answer("/usr/bin/a", "a")]
    findings = check_commands(environment, ["b", "c", "a"], answers, (), "/home/bin")
    assert [f.evidence[0].what for f in findings] == ["a is /usr/bin/a", "b is /usr/bin/b"]


@pytest.mark.parametrize(
    ("version", "runs", "expected"),
    [
        pytest.param("3.12.1", True, {}, id="good"),
        pytest.param("3.10.0", True, {}, id="the oldest"),
        pytest.param("3.9.9", True, {"NS405": ["Python >=3.10 (3.9.9 is used)"]}, id="too old"),
        pytest.param("3.13", True, {}, id="two parts"),
        pytest.param("3.12.1", False, {"NS603": ["{scripts}/python"]}, id="no interpreter"),
    ],
)
def test_interpreter(
    version: str, runs: bool, expected: dict[str, list[str]], tmp_path: Path
) -> None:
    environment = make_environment(tmp_path / "env", version=version, runs=runs)
    found = list(check_interpreter(PROJECT, environment, {}, fixes_of()))
    scripts = str(environment.scripts)
    told = {
        code: [e.replace(scripts, "{scripts}") for e in each] for code, each in named(found).items()
    }
    assert told == expected


def test_the_interpreter_that_commands_start(tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "env")
    own, other = environment.scripts / "python3", tmp_path / "other" / "python"
    found = check_interpreter(PROJECT, environment, {"b": other, "a": other, "c": own}, fixes_of())
    (stranger,) = found
    scripts = str(environment.scripts)
    assert stranger.code.name == "NS608"
    assert stranger.evidence == (
        Evidence("a", scripts, str(other)),
        Evidence("b", scripts, str(other)),
    )


@pytest.mark.parametrize("place", [PYTHON, USER])
def test_an_interpreters_own_folders_have_no_interpreter_to_miss(place: str) -> None:
    environment = Environment(place, Path("/nowhere"), Path("/nowhere/bin"))
    other = {"demo": Path("/other/python")}
    assert list(check_interpreter(PROJECT, environment, other, fixes_of())) == []


def test_the_fix_for_another_python(tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "env", VENV, version="3.9.1")
    (found,) = check_interpreter(PROJECT, environment, {}, fixes_of())
    assert found.fix.commands == (("neverstale", "dev"),)
    anything = PROJECT._replace(requires_python="")
    assert list(check_interpreter(anything, environment, {}, fixes_of())) == []

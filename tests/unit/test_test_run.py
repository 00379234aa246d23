"""What a test run says of the projects that it tests."""

import subprocess
import sys
from pathlib import Path

import pytest
from support.tree import build_file_tree

from neverstale import test_run
from neverstale.diagnosis.codes import Code
from neverstale.diagnosis.findings import Fix, Verdict, finding
from neverstale.diagnosis.place import Place
from neverstale.diagnosis.reference import Depth
from neverstale.test_run import INSTALL, Watch, find_projects

FOUND = finding(Code.NS203, Fix((("make", "install"),)), "demo/x.py")
STALE = Place("demo (.venv)", Path("/e"), Verdict.OUT_OF_DATE, (FOUND,))
FRESH = Place("more (.venv)", Path("/e"), Verdict.FRESH)
UNKNOWN = Place("odd (.venv)", Path("/e"), Verdict.UNKNOWN, reason="no uv", doubt="no uv")
ABSENT = Place("none (.venv)", Path("/e"), Verdict.NOT_INSTALLED)
STRANGE = finding(Code.NS607, Fix(advice="remove that copy"), "demo is /x")
SHADOWED = Place("demo (.venv)", Path("/e"), Verdict.OUT_OF_DATE, (STRANGE,))

PROJECT = "[build-system]\nrequires = []\n"


def test_the_nearest_project_of_each_path(tmp_path: Path) -> None:
    build_file_tree(
        tmp_path,
        {
            "a/pyproject.toml": PROJECT,
            "a/tests/x.py": "",
            "a/inner/pyproject.toml": "[tool.x]\n",
            "a/inner/tests/": "",
            "b/setup.py": "",
            "c/pyproject.toml": "[project]\nname = 'never-installed'\n",
            "d/pyproject.toml": "broken = [",
        },
    )
    paths = ["a/tests/x.py", "a", "a/inner/tests/gone.py", "b/x", "c", "d"]
    found = find_projects(tmp_path / path for path in paths)
    assert found == dict.fromkeys((tmp_path / name for name in "abd"), True)
    assert find_projects([]) == {}
    assert find_projects([tmp_path / ("long" * 100) / "x"]) == {}


def test_the_members_of_a_workspace(tmp_path: Path) -> None:
    members = {f"packages/{name}/pyproject.toml": PROJECT for name in ("one", "two")}
    root = {"pyproject.toml": "[tool.uv.workspace]\nmembers = ['packages/*']\n"}
    build_file_tree(tmp_path, {**root, **members, "packages/one/tests/": ""})
    one, two = tmp_path / "packages/one", tmp_path / "packages/two"
    assert find_projects([tmp_path]) == {one: False, two: False}
    assert find_projects([one / "tests"]) == {one: True}
    assert find_projects([tmp_path, one]) == {one: True, two: False}


def watch(*places: Place) -> Watch:
    made = Watch([])
    made.places = [*places]
    return made


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ([], []),
        ([FRESH, UNKNOWN], []),
        (
            [STALE, FRESH],
            [f"demo (.venv) is out of date: {Code.NS203.value} (NS203)", "hint: make install"],
        ),
        ([ABSENT], ["none (.venv) is not installed", f"hint: {INSTALL}"]),
        (
            [SHADOWED, SHADOWED],
            [
                f"{'; '.join([f'demo (.venv) is out of date: {Code.NS607.value} (NS607)'] * 2)}",
                "hint: remove that copy",
            ],
        ),
    ],
)
def test_what_starts_no_tests(places: list[Place], expected: list[str]) -> None:
    assert watch(*places).refusal() == expected


def test_what_is_told_before_and_after() -> None:
    assert watch(FRESH).header() == watch(FRESH).summary() == []
    assert watch(UNKNOWN, FRESH).header() == ["neverstale: odd (.venv) is unknown: no uv"]
    assert watch(STALE).summary()[-2:] == ["To fix:", "  make install"]
    assert watch(ABSENT).summary() == ["none (.venv) is not installed"]


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("print('[\"one\"]')", ["one"]),
        ("raise SystemExit(3)", ["the build ended with exit code 3: see the doctor"]),
    ],
)
def test_what_another_process_tells(program: str, expected: list[str]) -> None:
    waiting = watch(UNKNOWN)
    command = [sys.executable, "-I", "-c", program]
    waiting.child = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert "building beside the tests" in "".join(waiting.header())
    assert waiting.summary() == expected
    waiting.end()


def test_who_is_not_waited_for_is_stopped() -> None:
    waiting = watch(UNKNOWN)
    command = [sys.executable, "-I", "-c", "import time; time.sleep(60)"]
    waiting.child = subprocess.Popen(command, stdout=subprocess.PIPE)
    waiting.end()
    assert waiting.child.returncode


def test_nothing_that_goes_wrong_is_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("what nobody thought of")

    monkeypatch.setattr(test_run, "task_of", fail)
    (place,) = test_run._look(tmp_path, Depth.QUICK, ())  # noqa: SLF001
    assert place.verdict is Verdict.UNKNOWN
    assert place.reason == "unexpected RuntimeError: what nobody thought of"

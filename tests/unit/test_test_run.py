"""What a test run says of the projects that it tests."""

from concurrent.futures import Future
from pathlib import Path

import pytest
from support.tree import build_file_tree

from neverstale import test_run
from neverstale.diagnosis.codes import Code
from neverstale.diagnosis.findings import Fix, Verdict, finding
from neverstale.diagnosis.place import Place
from neverstale.diagnosis.reference import Depth
from neverstale.test_run import Watch, find_projects

FOUND = finding(Code.NS203, Fix((("make", "install"),)), "demo/x.py")
STALE = Place("demo (.venv)", Path("/e"), Verdict.OUT_OF_DATE, (FOUND,))
FRESH = Place("more (.venv)", Path("/e"), Verdict.FRESH)
UNKNOWN = Place("odd (.venv)", Path("/e"), Verdict.UNKNOWN, reason="no uv", doubt="no uv")
ABSENT = Place("none (.venv)", Path("/e"), Verdict.NOT_INSTALLED, reason="install it")

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
    assert found == [tmp_path / "a", tmp_path / "b", tmp_path / "d"]
    assert find_projects([]) == []


def watch(*places: Place, later: tuple[Place, ...] | None = None) -> Watch:
    made = Watch([])
    made.places = [*places]
    if later is not None:
        made.later = Future()
        made.later.set_result([*later])
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
        ([ABSENT], ["none (.venv) is not installed: install it", "hint: install it"]),
    ],
)
def test_what_starts_no_tests(places: list[Place], expected: list[str]) -> None:
    assert watch(*places).refusal() == expected


def test_what_is_told_before_and_after() -> None:
    assert watch(FRESH).header() == watch(FRESH).summary() == []
    assert watch(UNKNOWN, FRESH).header() == ["neverstale: odd (.venv) is unknown: no uv"]
    assert watch(STALE).summary()[-2:] == ["To fix:", "  make install"]
    waiting = watch(UNKNOWN, later=(STALE,))
    assert "building beside the tests" in "".join(waiting.header())
    assert waiting.summary()[0] == "demo (.venv) is out of date"
    assert watch(UNKNOWN, later=(FRESH,)).summary() == []
    assert watch(ABSENT).summary() == ["none (.venv) is not installed: install it"]


def test_nothing_that_goes_wrong_is_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("what nobody thought of")

    monkeypatch.setattr(test_run, "task_of", fail)
    (place,) = test_run._look(tmp_path, Depth.QUICK)  # noqa: SLF001
    assert place.verdict is Verdict.UNKNOWN
    assert place.reason == "unexpected RuntimeError: what nobody thought of"

"""A diagnosis in the formats of services."""

import io
import json
import re
from pathlib import Path

import pytest
from junitparser import JUnitXml
from sarif_pydantic import Sarif
from support.render import REPOSITORY
from support.tree import build_file_tree
from unit.made_up import PROJECT

from neverstale.diagnosis.codes import Code
from neverstale.diagnosis.doctor import Diagnosis
from neverstale.diagnosis.findings import Evidence, Finding, Fix, Verdict, finding
from neverstale.diagnosis.place import Place
from neverstale.diagnosis.reference import Depth
from neverstale.environments.environment import VENV, Environment
from neverstale.formats import FORMATS, as_github, as_junit, as_sarif

FIX = Fix((("make", "install"),))
CHANGED = Finding(
    Code.NS203, (Evidence("demo/x y.py", "1", "2"), Evidence("gone\n::error::1:2,3%")), FIX
)
REMARK = finding(Code.NS602, FIX, "/home/me/bin")
PASSWORD = finding(Code.NS607, FIX, "demo is https://me:secret@example.org/x")


def diagnosis(root: Path, *places: Place) -> Diagnosis:
    build_file_tree(root, {"pyproject.toml": "", "src/demo/x y.py": ""})
    project = PROJECT._replace(root=root)
    return Diagnosis(project, Depth.QUICK, "a fresh build", places, (), (), ())


@pytest.fixture
def found(tmp_path: Path) -> Diagnosis:
    """Return a diagnosis with a place of each verdict."""
    return diagnosis(
        tmp_path,
        Place("sources", tmp_path, Verdict.FRESH, (REMARK,)),
        Place("uv tool", tmp_path, Verdict.OUT_OF_DATE, (CHANGED,)),
        Place("environment \x1b[31m", tmp_path, Verdict.DAMAGED, (PASSWORD,)),
        Place(".venv", tmp_path, Verdict.NOT_INSTALLED),
        Place("pipx", tmp_path, Verdict.UNKNOWN, reason="a build\nfailed"),
    )


def test_annotations(found: Diagnosis) -> None:
    lines = as_github(found).splitlines()
    assert len(lines) == 5
    shape = r"::(error|notice) file=([^,:]*),title=([^,:]*)::.*|::warning::.*"
    assert all(re.fullmatch(shape, line) for line in lines)
    assert [line.partition(" ")[0] for line in lines[:4]] == ["::notice", *["::error"] * 3]
    assert lines[1].startswith("::error file=src/demo/x y.py,title=NS203 content differs")
    assert lines[1].endswith("demo/x y.py: expected 1, found 2. Fix: make install")
    assert "gone%0A::error::1:2,3%25" in lines[2]
    assert lines[2].startswith("::error file=pyproject.toml,")
    assert lines[4] == "::warning::pipx: a build%0Afailed"


def test_sarif(found: Diagnosis) -> None:
    text = as_sarif(found)
    (run,) = Sarif.model_validate_json(text).runs
    (told,) = json.loads(text)["runs"]
    rules = [rule["id"] for rule in told["tool"]["driver"]["rules"]]
    assert rules == [code.name for code in Code]
    assert [(each["ruleId"], each["level"]) for each in told["results"]] == [
        ("NS602", "note"),
        ("NS203", "error"),
        ("NS203", "error"),
        ("NS607", "error"),
    ]
    (place,) = told["results"][1]["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "src/demo/x%20y.py"
    assert run.results is not None
    assert len(run.results) == len(told["results"])


def test_junit(found: Diagnosis) -> None:
    (suite,) = JUnitXml.fromstring(as_junit(found).encode())
    assert (suite.name, suite.tests, suite.failures, suite.skipped) == ("neverstale", 5, 2, 2)
    cases = {case.name: case for case in suite}
    assert [*cases] == ["sources", "uv tool", "environment \\x1b[31m", ".venv", "pipx"]
    (failure,) = cases["uv tool"].result
    assert failure.message == "out of date"
    assert "NS203" in failure.text
    assert [case.is_skipped for case in cases.values()] == [False, False, False, True, True]
    assert cases["sources"].is_passed


def test_files_are_named_as_in_the_repository(tmp_path: Path) -> None:
    build_file_tree(tmp_path, {".git/HEAD": ""})
    root = tmp_path / "packages/one"
    stale = diagnosis(root, Place("uv tool", root, Verdict.OUT_OF_DATE, (CHANGED,)))
    assert as_github(stale).startswith("::error file=packages/one/src/demo/x y.py,title=")
    assert '"uri": "packages/one/src/demo/x%20y.py"' in as_sarif(stale)


def test_not_installed(tmp_path: Path) -> None:
    place = Place("uv tool", tmp_path, Verdict.NOT_INSTALLED)
    nowhere = diagnosis(tmp_path, place)
    assert as_github(nowhere) == "::error::demo is not installed anywhere"


def test_nothing_shows_a_password(found: Diagnosis) -> None:
    for made in (as_github, as_sarif, as_junit):
        assert "secret" not in made(found)
        assert "***@example.org" in made(found)


def test_nothing_found(tmp_path: Path) -> None:
    home = Environment(VENV, tmp_path, tmp_path)
    fresh = diagnosis(tmp_path, Place(".venv", tmp_path, Verdict.FRESH, environment=home))
    assert as_github(fresh) == ""
    assert json.loads(as_sarif(fresh))["runs"][0]["results"] == []
    (suite,) = JUnitXml.fromfile(io.BytesIO(as_junit(fresh).encode()))
    assert (suite.tests, suite.failures) == (1, 0)
    assert [*FORMATS] == ["json", "github", "sarif", "junit"]


def test_the_editor_finds_what_the_doctor_says(found: Diagnosis) -> None:
    (tasks,) = (REPOSITORY / "template").glob("*vscode*/tasks.json")
    (task,) = (t for t in json.loads(tasks.read_text("utf-8"))["tasks"] if t["label"] == "doctor")
    pattern = task["problemMatcher"]["pattern"]
    matched = [re.fullmatch(pattern["regexp"], line) for line in as_github(found).splitlines()]
    problems = [
        (each[pattern["severity"]], each[pattern["file"]], each[pattern["code"]])
        for each in matched
        if each
    ]
    assert problems == [
        ("notice", "pyproject.toml", "NS602"),
        ("error", "src/demo/x y.py", "NS203"),
        ("error", "pyproject.toml", "NS203"),
        ("error", "pyproject.toml", "NS607"),
    ]

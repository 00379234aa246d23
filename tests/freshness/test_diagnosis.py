"""The comparisons, as tables of values: no disk, no process."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from freshness.diagnosis import Code, Verdict, judge_installed, judge_wheel, verdict_of
from freshness.distribution import Distribution
from freshness.installed import Installed
from freshness.project import Project
from freshness.record import Digest, digest_of
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ONE, TWO = digest_of(b"1"), digest_of(b"2")
INFO = "demo-1.0.dist-info"

PROJECT = Project(
    root=Path("/project"),
    name=canonicalize_name("demo"),
    version="1.0",
    commands={"demo": "demo:main"},
    requirements=frozenset({Requirement("dep>=1"), Requirement('more; extra == "all"')}),
    requires_python=SpecifierSet(">=3.10"),
    build_backend="hatchling.build",
    build_requires=(),
    backend_in_tree=False,
    target="tool",
    generated=("demo/_version.py",),
    sourced=(),
    text='version-file = "src/demo/named.py"',
)
WHEEL = Distribution(
    name=PROJECT.name,
    version="1.0",
    files={"demo/__init__.py": ONE, "demo/data.txt": ONE, f"{INFO}/METADATA": ONE},
    executable=frozenset(),
    commands=dict(PROJECT.commands or {}),
    requirements=PROJECT.requirements or frozenset(),
)
ON_DISK = dict(WHEEL.files) | {
    f"{INFO}/{name}": TWO for name in ("RECORD", "INSTALLER", "REQUESTED", "uv_cache.json")
}
INSTALLED = Installed(
    distribution=replace(WHEEL, files=ON_DISK | {"{scripts}/demo": TWO}),
    dist_info=INFO,
    origin={},
    altered=frozenset(),
    missing=frozenset(),
    unrecorded=frozenset(),
    commands=frozenset({"demo"}),
)
ENVIRONMENT = ("3.11.0", {canonicalize_name("dep"): Version("1.5")})


def found(installed: Installed, reference: Distribution | None = WHEEL) -> dict[str, list[str]]:
    findings = judge_installed(PROJECT, reference, installed, ENVIRONMENT, "make install")
    return {finding.code.name: list(finding.evidence) for finding in findings}


def with_files(files: dict[str, Digest]) -> Installed:
    return replace(INSTALLED, distribution=replace(INSTALLED.distribution, files=files))


def with_distribution(**changes: Any) -> Installed:  # noqa: ANN401
    return replace(INSTALLED, distribution=replace(INSTALLED.distribution, **changes))


FILES = dict(INSTALLED.distribution.files)


@pytest.mark.parametrize(
    ("installed", "expected"),
    [
        (INSTALLED, {}),
        (
            with_files({k: v for k, v in FILES.items() if "data" not in k}),
            {"F201": ["demo/data.txt"]},
        ),
        (with_files(FILES | {"demo/old.py": ONE}), {"F202": ["demo/old.py"]}),
        (with_files(FILES | {"demo/data.txt": TWO}), {"F203": ["demo/data.txt"]}),
        (
            with_distribution(executable=frozenset({"demo/data.txt", f"{INFO}/INSTALLER"})),
            {"F203": ["demo/data.txt"]},
        ),
        (with_files(FILES | {"{data}/include/demo.h": TWO}), {}),
        (with_files(FILES | {"demo/__pycache__/x.pyc": TWO}), {}),
        (with_files(FILES | {"{scripts}/other": TWO}), {"F202": ["{scripts}/other"]}),
        (with_files(FILES | {"other/INSTALLER": TWO}), {"F202": ["other/INSTALLER"]}),
        (replace(INSTALLED, altered=frozenset({"demo/data.txt"})), {"F301": ["demo/data.txt"]}),
        (replace(INSTALLED, missing=frozenset({"demo/data.txt"})), {"F302": ["demo/data.txt"]}),
        (replace(INSTALLED, unrecorded=frozenset({"demo/x"})), {"F303": ["demo/x"]}),
        (replace(INSTALLED, commands=frozenset()), {"F401": ["demo"]}),
        (replace(INSTALLED, commands=frozenset({"demo", "old"})), {"F402": ["old"]}),
        (with_distribution(commands={"demo": "demo:other"}), {"F401": ["demo"]}),
        (
            with_distribution(version="0.9"),
            {"F204": ["0.9 is installed, pyproject.toml says 1.0"]},
        ),
        (with_distribution(version="1.0.0"), {}),
        (
            with_distribution(requirements=frozenset({Requirement("dep<1")})),
            {
                "F403": ["dep>=1", 'more; extra == "all"'],
                "F404": ["dep<1"],
                "F405": ["dep<1 (1.5 is installed)"],
            },
        ),
    ],
)
def test_installed(installed: Installed, expected: dict[str, list[str]]) -> None:
    assert found(installed) == expected


@pytest.mark.parametrize(
    ("requirement", "unmet"),
    [
        ("absent", ["absent (not installed)"]),
        ('absent; python_version < "3.11"', []),
        ('absent; python_full_version == "3.11.0"', ["(not installed)"]),
        ('absent; extra == "all"', []),
        ("dep>=1,!=1.5", ["(1.5 is installed)"]),
        ("DEP", []),
        ("dep[extra] @ https://example.org/dep.whl", []),
    ],
)
def test_requirements_are_satisfied(requirement: str, unmet: list[str]) -> None:
    asked = frozenset({Requirement(requirement)})
    evidence = found(with_distribution(requirements=asked)).get("F405", [])
    assert len(evidence) == len(unmet)
    assert all(part in line for part, line in zip(unmet, evidence, strict=True))


def test_an_editable_install_has_no_files_to_compare() -> None:
    editable = replace(
        with_files({"demo.pth": ONE, f"{INFO}/RECORD": TWO}),
        origin={"dir_info": {"editable": True}},
    )
    assert found(editable) == found(editable, None) == {}
    assert verdict_of(editable, []) is Verdict.EDITABLE
    assert "F401" in found(replace(editable, commands=frozenset()))


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, Verdict.FRESH),
        ({"missing": frozenset({"x"}), "commands": frozenset()}, Verdict.DAMAGED),
        ({"commands": frozenset()}, Verdict.OUT_OF_DATE),
    ],
)
def test_verdict(changes: dict[str, frozenset[str]], verdict: Verdict) -> None:
    installed = replace(INSTALLED, **changes)  # type: ignore[arg-type]
    findings = judge_installed(PROJECT, WHEEL, installed, ENVIRONMENT, "fix")
    assert verdict_of(installed, findings) is verdict
    assert verdict_of(None, []) is Verdict.NOT_INSTALLED


SOURCES = {"src/demo/__init__.py": ONE, "src/demo/data.txt": ONE, "README.md": TWO}


@pytest.mark.parametrize(
    ("sources", "files", "expected"),
    [
        (SOURCES, {}, {}),
        ({k.removeprefix("src/"): v for k, v in SOURCES.items()}, {}, {}),
        ({k.replace("src/demo", "lib/python"): v for k, v in SOURCES.items()}, {}, {}),
        (SOURCES | {"src/demo/new.py": ONE}, {}, {"F101": ["src/demo/new.py"]}),
        (SOURCES, {"demo/old.py": ONE}, {"F102": ["demo/old.py"]}),
        (SOURCES, {"demo/_version.py": ONE, "demo/named.py": ONE}, {}),
        (SOURCES, {"demo/speedup.so": ONE, "generated/__init__.py": TWO}, {}),
        (SOURCES | {"src/demo/__init__.py": TWO}, {}, {"F103": ["src/demo/__init__.py"]}),
        (SOURCES | {"src/one.py": ONE}, {"one.py": TWO}, {"F103": ["src/one.py"]}),
        # A copy of an older state elsewhere in the tree does not stand in for the sources.
        (
            SOURCES | {f"copy/demo/{n}.py": ONE for n in "abc"},
            {"demo/a.py": ONE},
            {"F102": ["demo/a.py"]},
        ),
        (SOURCES | {f"x/{INFO}/METADATA": TWO}, {}, {}),
    ],
)
def test_wheel(
    sources: dict[str, Digest], files: dict[str, Digest], expected: dict[str, list[str]]
) -> None:
    wheel = replace(WHEEL, files=dict(WHEEL.files) | files)
    findings = judge_wheel(PROJECT, sources, wheel, "make build")
    assert {f.code.name: list(f.evidence) for f in findings} == expected


def test_wheel_without_the_module_of_a_command() -> None:
    wheel = replace(WHEEL, files={f"{INFO}/METADATA": ONE})
    findings = judge_wheel(PROJECT, SOURCES, wheel, "make build")
    assert {f.code: f.evidence for f in findings} == {Code.F406: ("src/demo/__init__.py",)}


def test_markers_are_the_build_backends_to_word() -> None:
    project = replace(
        PROJECT,
        requirements=frozenset({Requirement("a; python_version<'3.11'"), Requirement("demo[x]")}),
    )
    wheel = replace(WHEEL, requirements=frozenset({Requirement("a; python_full_version<'3.11'")}))
    assert judge_wheel(project, SOURCES, wheel, "make build") == []


def test_wheel_with_other_declarations() -> None:
    wheel = replace(WHEEL, version="2.0", commands={"other": "demo:main"}, requirements=frozenset())
    codes = {finding.code for finding in judge_wheel(PROJECT, SOURCES, wheel, "make build")}
    assert codes == {Code.F204, Code.F401, Code.F402, Code.F403}
    dynamic = replace(PROJECT, version=None, commands=None, requirements=None)
    assert judge_wheel(dynamic, SOURCES, wheel, "make build") == []

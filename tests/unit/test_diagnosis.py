"""The comparisons, as tables of values: no disk, no process."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from neverstale.diagnosis.codes import Code
from neverstale.diagnosis.checks import (
    judge_archive,
    judge_by_sources,
    judge_installed,
    judge_sdist,
    judge_wheel,
)
from neverstale.wheels.distribution import Distribution
from neverstale.diagnosis.findings import Finding, Fix, Verdict, verdict_of
from neverstale.environments.installed import Installed
from neverstale.project.metadata import Project
from neverstale.files import Digest, digest_of
from neverstale.diagnosis.requirements import Surroundings
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
    text="",
    written=("src/demo/named.py",),
    plugins={},
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
    altered={},
    missing=frozenset(),
    unrecorded=frozenset(),
    outside=frozenset(),
    unchecked=frozenset(),
    commands=frozenset({"demo"}),
    tags=frozenset({"py3-none-any"}),
    pointers=(),
)
AROUND = Surroundings("3.11.0", {canonicalize_name("dep"): Version("1.5")})
FIX = Fix((("make", "install"),))


def named(findings: Iterable[Finding]) -> dict[str, list[str]]:
    """Give the code of each finding, and what its evidence names."""
    return {f.code.name: [evidence.what for evidence in f.evidence] for f in findings}


def found(installed: Installed, reference: Distribution | None = WHEEL) -> dict[str, list[str]]:
    return named(judge_installed(PROJECT, reference, installed, AROUND, FIX))


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
            {"NS201": ["demo/data.txt"]},
        ),
        (with_files(FILES | {"demo/old.py": ONE}), {"NS202": ["demo/old.py"]}),
        (with_files(FILES | {"demo/data.txt": TWO}), {"NS203": ["demo/data.txt"]}),
        (
            with_distribution(executable=frozenset({"demo/data.txt", f"{INFO}/INSTALLER"})),
            {"NS203": ["demo/data.txt"]},
        ),
        (with_files(FILES | {"{data}/include/demo.h": TWO}), {}),
        (with_files(FILES | {"demo/__pycache__/x.pyc": TWO}), {}),
        (with_files(FILES | {"{scripts}/other": TWO}), {"NS202": ["{scripts}/other"]}),
        (with_files(FILES | {"other/INSTALLER": TWO}), {"NS202": ["other/INSTALLER"]}),
        (replace(INSTALLED, altered={"demo/data.txt": (TWO, ONE)}), {"NS301": ["demo/data.txt"]}),
        (replace(INSTALLED, missing=frozenset({"demo/data.txt"})), {"NS302": ["demo/data.txt"]}),
        (replace(INSTALLED, unrecorded=frozenset({"demo/x"})), {"NS303": ["demo/x"]}),
        (replace(INSTALLED, commands=frozenset()), {"NS401": ["demo"]}),
        (replace(INSTALLED, commands=frozenset({"demo", "old"})), {"NS402": ["old"]}),
        (with_distribution(commands={"demo": "demo:other"}), {"NS401": ["demo"]}),
        (
            with_distribution(version="0.9"),
            {"NS204": ["version"]},
        ),
        (with_distribution(version="1.0.0"), {}),
        (
            with_distribution(requirements=frozenset({Requirement("dep<1")})),
            {
                "NS403": ["dep>=1", 'more; extra == "all"'],
                "NS404": ["dep<1"],
                "NS405": ["dep<1 (1.5 is installed)"],
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
    evidence = found(with_distribution(requirements=asked)).get("NS405", [])
    assert len(evidence) == len(unmet)
    assert all(part in line for part, line in zip(unmet, evidence, strict=True))


DEMO, DEP, DEEP = (canonicalize_name(name) for name in ("demo", "dep", "deep"))


@pytest.mark.parametrize(
    ("asked", "deeper", "unmet"),
    [
        ("dep", "deep", ["deep (not installed, required by dep)"]),
        ("dep", "deep; extra == 'fast'", []),
        ("dep[fast]", "deep; extra == 'fast'", ["deep", "required by dep"]),
        ("dep[fast]", "deep; extra == 'fast' and python_version < '3'", []),
        ("dep[other]", "deep; extra == 'fast'", []),
        ("dep", "demo>=2", ["demo>=2 (1.0 is installed, required by dep)"]),
        ("dep", "dep[loop]", []),
    ],
)
def test_requirements_of_requirements(asked: str, deeper: str, unmet: list[str]) -> None:
    more = {DEP: frozenset({Requirement(deeper)})}
    around = replace(AROUND, requirements=lambda name: more.get(name, frozenset()))
    installed = with_distribution(requirements=frozenset({Requirement(asked)}))
    findings = named(judge_installed(PROJECT, WHEEL, installed, around, FIX))
    evidence = findings.get("NS405", [])
    assert len(evidence) == bool(unmet)
    assert all(part in evidence[0] for part in unmet)


@pytest.mark.parametrize(
    ("files", "version", "expected"),
    [
        ({}, "1.0", {}),
        ({"demo/old.py": ONE}, "1.0", {"NS102": ["demo/old.py"], "NS503": ["version 1.0"]}),
        ({"demo/data.txt": TWO}, "1.0", {"NS103": ["demo/data.txt"], "NS503": ["version 1.0"]}),
        ({"demo/data.txt": TWO}, "2.0", {"NS103": ["demo/data.txt"], "NS204": ["version"]}),
        ({}, "1.0.0", {}),
    ],
)
def test_archive(files: dict[str, Digest], version: str, expected: dict[str, list[str]]) -> None:
    archive = replace(WHEEL, files=dict(WHEEL.files) | files, version=version)
    assert named(judge_archive(WHEEL, archive, FIX)) == expected
    fewer = replace(WHEEL, files={k: v for k, v in WHEEL.files.items() if "data" not in k})
    assert named(judge_archive(WHEEL, fewer, FIX))["NS104"] == ["demo/data.txt"]


def test_archive_of_another_release_of_its_backend() -> None:
    """It has another Generator line in WHEEL; the rest of the file is compared."""
    path = "demo-1.0.dist-info/WHEEL"
    reference = replace(WHEEL, files={**WHEEL.files, path: ONE}, bodies={path: ONE})
    archive = replace(reference, files={**WHEEL.files, path: TWO})
    assert judge_archive(reference, archive, FIX) == []
    other = replace(archive, bodies={path: TWO})
    assert named(judge_archive(reference, other, FIX))["NS103"] == [path]


IN_SDIST = {"src/demo/__init__.py": ONE, "src/demo/data.txt": ONE, "README.md": TWO}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {}),
        ({"PKG-INFO": TWO, "setup.cfg": ONE, "src/demo.egg-info/SOURCES.txt": ONE}, {}),
        ({"src/demo/old.py": ONE}, {"NS102": ["src/demo/old.py"], "NS503": ["version 1.0"]}),
        ({"README.md": ONE}, {"NS103": ["README.md"], "NS503": ["version 1.0"]}),
        ({"README.md": None}, {}),
        ({"src/demo/named.py": ONE, "demo/_version.py": ONE}, {}),
        ({"src/demo/data.txt": None}, {"NS104": ["src/demo/data.txt"], "NS503": ["version 1.0"]}),
    ],
)
def test_sdist(changes: dict[str, Digest | None], expected: dict[str, list[str]]) -> None:
    files = {k: v for k, v in (IN_SDIST | changes).items() if v}
    assert named(judge_sdist(PROJECT, "1.0", files, SOURCES, WHEEL, FIX)) == expected


@pytest.mark.parametrize(
    ("changes", "expected", "doubt"),
    [
        ({}, {}, "only a build tells whether the sources would give what is installed"),
        ({"demo/data.txt": TWO}, {"NS203": ["src/demo/data.txt"]}, "only a build tells"),
        ({"demo/old.py": TWO}, {"NS202": ["demo/old.py"]}, "only a build tells"),
        ({"demo/__init__.py": None}, {}, "whether src/demo/__init__.py should be installed"),
        ({"demo/_version.py": TWO, "demo/fast.so": ONE}, {}, "only a build tells"),
    ],
)
def test_without_a_wheel(
    changes: dict[str, Digest | None], expected: dict[str, list[str]], doubt: str
) -> None:
    files = {k: v for k, v in (FILES | changes).items() if v}
    findings, why = judge_by_sources(PROJECT, SOURCES, with_files(files), FIX)
    assert named(findings) == expected
    assert doubt in why


@pytest.mark.parametrize(
    ("expected", "found", "stale"),
    [
        ("1.0", "1.0", False),
        ("1.0", "0.9.1.dev3+gabc", True),
        ("0.9.1", "0.9.1.dev3+gabc", True),
        ("0.9.2.dev4+gdef", "0.9.2.dev1+gabc.d20260101", False),
        ("1.0rc1", "1.0b1", True),
    ],
)
def test_version_from_git_of_an_editable_install(expected: str, found: str, stale: bool) -> None:
    project = replace(PROJECT, version=None)
    editable = replace(with_distribution(version=found), origin={"dir_info": {"editable": True}})
    reference = replace(WHEEL, version=expected)
    findings = named(judge_installed(project, reference, editable, AROUND, FIX))
    assert ("NS408" in findings) == stale


def test_an_editable_install_has_no_files_to_compare() -> None:
    editable = replace(
        with_files({"demo.pth": ONE, f"{INFO}/RECORD": TWO}),
        origin={"dir_info": {"editable": True}},
    )
    assert found(editable) == found(editable, None) == {}
    assert verdict_of([], editable=True) is Verdict.EDITABLE
    assert "NS401" in found(replace(editable, commands=frozenset()))


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
    findings = judge_installed(PROJECT, WHEEL, installed, AROUND, FIX)
    assert verdict_of(findings, editable=installed.editable) is verdict


SOURCES = {"src/demo/__init__.py": ONE, "src/demo/data.txt": ONE, "README.md": TWO}


@pytest.mark.parametrize(
    ("sources", "files", "expected"),
    [
        (SOURCES, {}, {}),
        ({k.removeprefix("src/"): v for k, v in SOURCES.items()}, {}, {}),
        ({k.replace("src/demo", "lib/python"): v for k, v in SOURCES.items()}, {}, {}),
        (SOURCES | {"src/demo/new.py": ONE}, {}, {"NS101": ["src/demo/new.py"]}),
        (SOURCES, {"demo/old.py": ONE}, {"NS102": ["demo/old.py"]}),
        (SOURCES, {"demo/_version.py": ONE, "demo/named.py": ONE}, {}),
        (SOURCES, {"demo/speedup.so": ONE, "generated/__init__.py": TWO}, {}),
        (SOURCES | {"src/demo/__init__.py": TWO}, {}, {"NS103": ["src/demo/__init__.py"]}),
        (SOURCES | {"src/one.py": ONE}, {"one.py": TWO}, {"NS103": ["src/one.py"]}),
        # A copy of an older state elsewhere in the tree does not stand in for the sources.
        (
            SOURCES | {f"copy/demo/{n}.py": ONE for n in "abc"},
            {"demo/a.py": ONE},
            {"NS102": ["demo/a.py"]},
        ),
        (SOURCES | {f"x/{INFO}/METADATA": TWO}, {}, {}),
    ],
)
def test_wheel(
    sources: dict[str, Digest], files: dict[str, Digest], expected: dict[str, list[str]]
) -> None:
    wheel = replace(WHEEL, files=dict(WHEEL.files) | files)
    assert named(judge_wheel(PROJECT, sources, wheel, FIX)) == expected


def test_wheel_without_the_module_of_a_command() -> None:
    wheel = replace(WHEEL, files={f"{INFO}/METADATA": ONE})
    findings = judge_wheel(PROJECT, SOURCES, wheel, FIX)
    assert named(findings) == {"NS406": ["src/demo/__init__.py"]}


def test_markers_are_the_build_backends_to_word() -> None:
    project = replace(
        PROJECT,
        requirements=frozenset({Requirement("a; python_version<'3.11'"), Requirement("demo[x]")}),
    )
    wheel = replace(WHEEL, requirements=frozenset({Requirement("a; python_full_version<'3.11'")}))
    assert judge_wheel(project, SOURCES, wheel, FIX) == []


def test_wheel_with_other_declarations() -> None:
    wheel = replace(WHEEL, version="2.0", commands={"other": "demo:main"}, requirements=frozenset())
    codes = {finding.code for finding in judge_wheel(PROJECT, SOURCES, wheel, FIX)}
    assert codes == {Code.NS204, Code.NS401, Code.NS402, Code.NS403}
    dynamic = replace(PROJECT, version=None, commands=None, requirements=None)
    assert judge_wheel(dynamic, SOURCES, wheel, FIX) == []

"""What is required in an environment and not there."""

import pytest
from packaging.utils import canonicalize_name
from unit.made_up import WHEEL, requirements

from neverstale.diagnosis.requirements import Surroundings, unmet

AROUND = Surroundings("3.11.0", {canonicalize_name("dep"): "1.5"})


def lacking(*lines: str, around: Surroundings = AROUND) -> list[str]:
    return list(unmet(WHEEL._replace(requirements=requirements(*lines)), around))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("absent", ["absent (not installed)"], id="not installed"),
        pytest.param("dep", [], id="any version"),
        pytest.param("DEP", [], id="another spelling"),
        pytest.param("dep>=1.5", [], id="the lower bound"),
        pytest.param("dep>1.5", ["dep>1.5 (1.5 is installed)"], id="above the bound"),
        pytest.param("dep<1.5", ["dep<1.5 (1.5 is installed)"], id="below the bound"),
        pytest.param("dep>=1,!=1.5", ["dep!=1.5,>=1 (1.5 is installed)"], id="excluded"),
        pytest.param('absent; python_version < "3.11"', [], id="for an older Python"),
        pytest.param(
            'absent; python_version < "3.12"',
            ['absent; python_version < "3.12" (not installed)'],
            id="for this Python",
        ),
        pytest.param(
            'absent; python_full_version == "3.11.0"',
            ['absent; python_full_version == "3.11.0" (not installed)'],
            id="for this very release",
        ),
        pytest.param('absent; extra == "all"', [], id="an extra that nobody asks for"),
        pytest.param("dep[extra] @ https://example.org/dep.whl", [], id="by URL"),
        pytest.param('absent; os_name > "zzz"', [], id="a system that is none"),
        pytest.param('absent; python_version < "three"', [], id="what nobody can evaluate"),
    ],
)
def test_what_is_required_directly(line: str, expected: list[str]) -> None:
    assert lacking(line) == expected


@pytest.mark.parametrize(
    ("asked", "deeper", "expected"),
    [
        ("dep", "deep", ["deep (not installed, required by dep)"]),
        ("dep", "deep; extra == 'fast'", []),
        (
            "dep[fast]",
            "deep; extra == 'fast'",
            ['deep; extra == "fast" (not installed, required by dep)'],
        ),
        ("dep[fast]", "deep; extra == 'fast' and python_version < '3'", []),
        ("dep[other]", "deep; extra == 'fast'", []),
        ("dep", "demo>=2", ["demo>=2 (1.0 is installed, required by dep)"]),
        ("dep", "demo>=1", []),
        ("dep", "dep[loop]", []),
    ],
)
def test_what_requirements_require(asked: str, deeper: str, expected: list[str]) -> None:
    more = {"dep": requirements(deeper)}
    around = AROUND._replace(requirements=lambda name: more.get(name, frozenset()))
    assert lacking(asked, around=around) == expected


def test_of_what_is_not_installed_nothing_more_is_said() -> None:
    around = AROUND._replace(requirements=lambda _: requirements("deep"))
    assert lacking("absent", around=around) == ["absent (not installed)"]


def test_each_is_said_once_and_in_order() -> None:
    more = {"dep": requirements("b-absent", "a-absent")}
    around = AROUND._replace(requirements=lambda name: more.get(name, frozenset()))
    assert lacking("dep", "dep>=1", "zero", around=around) == [
        "zero (not installed)",
        "a-absent (not installed, required by dep)",
        "b-absent (not installed, required by dep)",
    ]


def test_what_does_not_apply_hides_nothing_behind_it() -> None:
    assert lacking('a; python_version < "3"', "b") == ["b (not installed)"]


def test_without_requirements_nothing_is_looked_at() -> None:
    def fail(name: str) -> frozenset[object]:
        raise AssertionError(name)

    assert lacking(around=AROUND._replace(requirements=fail)) == []  # type: ignore[arg-type]


def test_a_python_that_nobody_knows_is_taken_for_ours() -> None:
    line = 'absent; python_version < "3"'
    assert lacking(line, around=AROUND._replace(python_version=None)) == []
    assert lacking('dep>2; python_version >= "3"', around=Surroundings(None, AROUND.versions)) == [
        'dep>2; python_version >= "3" (1.5 is installed)'
    ]


def test_a_prerelease_satisfies() -> None:
    around = Surroundings("3.11.0", {canonicalize_name("dep"): "2.0rc1"})
    assert lacking("dep>=1", around=around) == []

"""Requirements are the same however they are spelled, and different where they mean another."""

from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from neverstale.project.requirements import at_path, by_kind, by_own_extras, extras_of

OWN = canonicalize_name("demo")


def kinds(*lines: str) -> set[object]:
    return set(by_kind(map(Requirement, lines), OWN))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Foo_Bar", "foo-bar"),
        ("a>=1,<2", "a<2,>=1"),
        ("a>=1.0", "a>=1"),
        ("a==1.0.0", "a==1"),
        ("a~=3.4", "a>=3.4,<4.0"),
        ("a~=3.4.0", "a>=3.4,<3.5"),
        ("a~=1.2.3.4", "a>=1.2.3.4,<1.2.4"),
        ("a[X_y,z]", "a[z,x-y]"),
        ("a; python_version<'3.11'", "a"),
        ("a; extra=='X_y'", "a; python_version<'3' and extra == \"x-y\""),
        ("a @ https://x/a.whl", "a @ https://x/a.whl"),
    ],
)
def test_one_requirement_in_two_spellings(one: str, other: str) -> None:
    assert kinds(one) == kinds(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a", "b"),
        ("a", "a>=1"),
        ("a>=1", "a>1"),
        ("a>=1", "a>=1.1"),
        ("a~=3.4", "a>=3.4"),
        ("a~=3.4", "a~=3.4.0"),
        ("a~=3.9", "a>=3.9,<5"),
        ("a[x]", "a"),
        ("a[x]", "a[y]"),
        ("a; extra=='x'", "a"),
        ("a; extra=='x'", "a; extra=='y'"),
        ("a @ https://x/a.whl", "a"),
        ("a @ https://x/a.whl", "a @ https://x/b.whl"),
    ],
)
def test_two_requirements(one: str, other: str) -> None:
    assert kinds(one) != kinds(other)


def test_a_project_does_not_require_itself() -> None:
    lines = ["demo[x]; extra == 'all'", "Demo", "other"]
    assert list(by_kind(map(Requirement, lines), OWN).values()) == ["other"]


@pytest.mark.parametrize(
    ("line", "extras"),
    [
        ("a", set()),
        ("a; python_version<'3'", set()),
        ("a; extra == 'X_y'", {"x-y"}),
        ("a; extra=='x' or extra == \"y\"", {"x", "y"}),
        ("a; sys_platform=='x' and extra=='y'", {"y"}),
        ("a[z]; extra == 'x'", {"x"}),
    ],
)
def test_extras_of(line: str, extras: set[str]) -> None:
    assert extras_of(Requirement(line)) == extras


@pytest.mark.parametrize(
    ("lines", "stand_for"),
    [
        pytest.param(["a; extra == 'x'"], [], id="none on itself"),
        pytest.param(
            ["demo[x]; extra == 'all'", "a>=1; extra == 'x'", "b; extra == 'y'", "c"],
            ["a>=1; extra == 'all'"],
            id="one",
        ),
        pytest.param(
            ["demo[x,Y_y]; extra == 'all'", "a; extra == 'x'", "b; extra == 'y-y'"],
            ["a; extra == 'all'", "b; extra == 'all'"],
            id="two at once",
        ),
        pytest.param(
            [
                "demo[x]; extra == 'all'",
                "demo[y]; extra == 'all'",
                "a; extra == 'x'",
                "b; extra == 'y'",
            ],
            ["a; extra == 'all'", "b; extra == 'all'"],
            id="one after the other",
        ),
        pytest.param(
            [
                "demo[b]; extra == 'a'",
                "demo[c]; extra == 'b'",
                "demo[d]; extra == 'c'",
                "x; extra == 'd'",
            ],
            ["x; extra == 'a'", "x; extra == 'b'", "x; extra == 'c'"],
            id="by way of others",
        ),
        pytest.param(
            ["demo[b]; extra == 'a'", "demo[a]; extra == 'b'", "x; extra == 'b'"],
            ["x; extra == 'a'", "x; extra == 'b'"],
            id="in a circle",
        ),
        pytest.param(["demo[x]; extra == 'all'"], [], id="an extra that requires nothing"),
    ],
)
def test_by_own_extras(lines: list[str], stand_for: list[str]) -> None:
    found = by_own_extras(map(Requirement, lines), OWN)
    assert {kind for kind in found if kind[0] != OWN} == kinds(*stand_for)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/a/b", "demo @ file:///a/b"),
        ("/a; b #1", "demo @ file:///a%3B%20b%20%231"),
        ("/größe [x]", "demo @ file:///gr%C3%B6%C3%9Fe%20%5Bx%5D"),
    ],
)
def test_a_path_as_a_requirement(path: str, expected: str) -> None:
    assert at_path(canonicalize_name("Demo"), Path(path)) == expected
    assert Requirement(expected).url == expected.partition(" @ ")[2]

"""Versions: what `packaging` says of them, said faster."""

import pytest
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from neverstale.versions import admits, fault_of, is_same, is_version

VERSIONS = (
    "1",
    "1.0",
    "1.0.0",
    "0",
    "1.",
    ".1",
    "",
    "v1.0",
    "1!1.0",
    "1.0rc1",
    "1.0+a",
    "x",
    "1\n",
)
SPECIFIERS = (
    *(
        "",
        " ",
        ">=3.10",
        ">=3.10,<4",
        ">= 3.9 , < 4",
        ">=3.10,",
        "~=3.9",
        "~=3",
        "!=3.9.*",
        ">=3.*",
    ),
    *("==3.*", "3.9", ">3", "<=3.12.1", "=>3", "===3", ">=3 <4", ">=", ">=3.10;", "<3\n"),
)


@pytest.mark.parametrize("text", VERSIONS)
def test_what_is_a_version(text: str) -> None:
    try:
        Version(text)
    except InvalidVersion:
        assert not is_version(text)
    else:
        assert is_version(text)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("1", "1", True),
        ("1.0", "1.0.0", True),
        ("1.0", "1.0.1", False),
        ("1.0a1", "1.0alpha1", True),
    ],
)
def test_equal_versions(one: str, other: str, same: bool) -> None:
    assert is_same(one, other) is same


@pytest.mark.parametrize("text", SPECIFIERS)
def test_faults_of_specifiers(text: str) -> None:
    fault = None
    try:
        SpecifierSet(text)
    except InvalidSpecifier as error:
        fault = str(error)
    assert fault_of(text) == fault


@pytest.mark.parametrize(
    "specifiers", [">=3.10", ">=3.10,<3.12", ">3,<=3.11.0", "<4,", "", "~=3.9"]
)
@pytest.mark.parametrize("version", ["3", "3.0", "3.10", "3.10.0", "3.11", "3.12", "4", "3.12.0a1"])
def test_what_is_admitted(specifiers: str, version: str) -> None:
    expected = SpecifierSet(specifiers).contains(version, prereleases=True)
    assert admits(specifiers, version) is expected

"""Versions (PEP 440) of distributions and of Python; `packaging` is asked where text does not do.

Most versions are plain numbers, and most commands compare them with what they already are.
"""

import operator
import re

RELEASE = r"\d+(\.\d+)*"
BOUND = rf"([<>]=?)\s*({RELEASE})"
BOUNDS = re.compile(rf"\s*({BOUND}\s*(,\s*|\Z))*", re.ASCII)

COMPARE = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def is_version(text: str) -> bool:
    """Return whether *text* is a version."""
    if re.fullmatch(RELEASE, text, re.ASCII):
        return True
    from packaging.version import InvalidVersion, Version

    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def is_same(one: str, other: str) -> bool:
    """Return whether two versions are equal: 1.0 is 1.0.0."""
    if one == other:
        return True
    from packaging.version import Version

    return Version(one) == Version(other)


def fault_of(specifiers: str) -> str | None:
    """Return what is wrong with *specifiers*, as in Requires-Python; None where nothing is."""
    if BOUNDS.fullmatch(specifiers):
        return None
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        SpecifierSet(specifiers)
    except InvalidSpecifier as error:
        return str(error)
    return None


def admits(specifiers: str, version: str) -> bool:
    """Return whether *version* is one that *specifiers* admit, pre-releases too.

    Raise packaging.version.InvalidVersion where it is none.
    """
    if BOUNDS.fullmatch(specifiers) and re.fullmatch(RELEASE, version, re.ASCII):
        there = _release(version)
        bounds = ((found[1], _release(found[2])) for found in re.finditer(BOUND, specifiers))
        return all(COMPARE[sign](there, release) for sign, release in bounds)
    from packaging.specifiers import SpecifierSet

    return SpecifierSet(specifiers).contains(version, prereleases=True)


def _release(text: str) -> list[int]:
    """Return the numbers of a plain version, without zeros at its end: 1.0 is 1."""
    numbers = [int(number) for number in text.split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return numbers

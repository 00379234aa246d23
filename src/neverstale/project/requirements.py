"""Requirements, compared however they are spelled."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from neverstale.names import NormalizedName, canonicalize_name

if TYPE_CHECKING:
    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet

OF_EXTRA = re.compile(r"extra\s*==\s*[\"']([^\"']+)|[\"']([^\"']+)[\"']\s*==\s*extra\b")
"""In a marker: the extra that a requirement is for."""


Kind = tuple[object, ...]
"""What two spellings of one requirement have in common."""


def at_path(name: NormalizedName, path: Path) -> str:
    """Return the requirement on *name* at the absolute *path*, as PEP 508 spells it.

    In a path alone, uv would take what follows ``; `` or `` #`` for a marker or a fragment.
    """
    return f"{name} @ {path.as_uri()}"


def by_kind(requirements: "Iterable[Requirement]", own: NormalizedName) -> dict[Kind, str]:
    """Return requirements by all but their markers, which build backends put in words of their own.

    One of the project on itself (``all = ["name[one,two]"]``) is left out: some spell it out.
    """
    return {
        _kind(r, extras_of(r)): str(r) for r in requirements if canonicalize_name(r.name) != own
    }


def by_own_extras(requirements: Iterable["Requirement"], own: NormalizedName) -> set[Kind]:
    """Return the kinds that requirements of a project on its own extras stand for.

    ``all = ["name[one,two]"]``: some build backends write what is in one and two for all as well.
    """
    listed = list(requirements)
    included: dict[NormalizedName, set[NormalizedName]] = {}
    for requirement in listed:
        if canonicalize_name(requirement.name) == own:
            for extra in extras_of(requirement):
                asked = map(canonicalize_name, requirement.extras)
                included.setdefault(extra, set()).update(asked)
    for _ in included:  # one may include another, and that one a third
        for names in included.values():
            names |= {deeper for name in [*names] for deeper in included.get(name, ())}
    return {
        _kind(requirement, frozenset({extra}))
        for extra, names in included.items()
        for requirement in listed
        if extras_of(requirement) & names
    }


def _kind(requirement: "Requirement", extras: frozenset[NormalizedName]) -> Kind:
    return (
        canonicalize_name(requirement.name),
        frozenset(map(canonicalize_name, requirement.extras)),
        _canonical(requirement.specifier),
        requirement.url,
        extras,
    )


def extras_of(requirement: "Requirement") -> frozenset[NormalizedName]:
    """Return the extras that *requirement* is for."""
    found = OF_EXTRA.findall(str(requirement.marker or ""))
    return frozenset(canonicalize_name(first or second) for first, second in found)


def _canonical(specifiers: "SpecifierSet") -> frozenset[tuple[str, str]]:
    """Return specifiers so that equal ones are equal, however a build backend spells them.

    poetry-core writes ``~=3.4`` as ``>=3.4,<4.0``.
    """
    from packaging.utils import canonicalize_version
    from packaging.version import Version

    found = set()
    for specifier in specifiers:
        version = specifier.version
        if specifier.operator == "~=" and "*" not in version:
            epoch, release = Version(version).epoch, Version(version).release[:-1]
            next_one = f"{epoch}!" + ".".join(map(str, (*release[:-1], release[-1] + 1)))
            found |= {(">=", canonicalize_version(version)), ("<", canonicalize_version(next_one))}
        else:
            found.add((specifier.operator, canonicalize_version(version)))
    return frozenset(found)

"""Requirements: compared however they are spelled, and looked for in an environment."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.utils import NormalizedName, canonicalize_name, canonicalize_version
from packaging.version import InvalidVersion, Version

from freshness.distribution import Distribution

if TYPE_CHECKING:
    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet

OF_EXTRA = re.compile(r"extra\s*==\s*[\"']([^\"']+)")
"""In a marker: the extra that a requirement is for."""


Kind = tuple[object, ...]
"""What two spellings of one requirement have in common."""


def _no_requirements(name: NormalizedName) -> "frozenset[Requirement]":
    del name
    return frozenset()


@dataclass(frozen=True)
class Surroundings:
    """What lies around an installed distribution: its interpreter and its neighbours.

    ``python_version`` is as pyvenv.cfg has it, ``versions`` are those of all that is installed
    beside it, ``requirements`` gives what one of those requires, ``fits`` tells whether a wheel
    of its tags fits that interpreter.
    """

    python_version: str | None
    versions: Mapping[NormalizedName, Version]
    fits: bool = True
    requirements: "Callable[[NormalizedName], frozenset[Requirement]]" = _no_requirements


def by_kind(requirements: "Iterable[Requirement]", own: NormalizedName) -> dict[Kind, str]:
    """Give requirements by all but their markers, which build backends put in words of their own.

    One of the project on itself (``all = ["name[one,two]"]``) is left out: some spell it out.
    """
    return {
        _kind(r, extras_of(r)): str(r) for r in requirements if canonicalize_name(r.name) != own
    }


def by_own_extras(requirements: Iterable["Requirement"], own: NormalizedName) -> set[Kind]:
    """Give the kinds that requirements of a project on its own extras stand for.

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
    """Give the extras that *requirement* is for."""
    return frozenset(map(canonicalize_name, OF_EXTRA.findall(str(requirement.marker or ""))))


def _canonical(specifiers: "SpecifierSet") -> frozenset[tuple[str, str]]:
    """Give specifiers so that equal ones are equal, however a build backend spells them.

    poetry-core writes ``~=3.4`` as ``>=3.4,<4.0``.
    """
    found = set()
    for specifier in specifiers:
        version = specifier.version
        if specifier.operator == "~=" and "*" not in version:
            release = Version(version).release[:-1]
            next_one = ".".join(map(str, (*release[:-1], release[-1] + 1)))
            found |= {(">=", canonicalize_version(version)), ("<", canonicalize_version(next_one))}
        else:
            found.add((specifier.operator, canonicalize_version(version)))
    return frozenset(found)


def unmet(distribution: Distribution, surroundings: Surroundings) -> Iterator[str]:
    """Give what is required, directly or by what is, and that nothing installed satisfies.

    Markers are evaluated for that environment's interpreter and for the extras asked for
    (https://packaging.python.org/en/latest/specifications/dependency-specifiers/).
    """
    if not distribution.requirements:
        return
    from packaging.markers import default_environment

    context = {name: str(value) for name, value in default_environment().items()}
    if python_version := surroundings.python_version:
        minor = ".".join(python_version.split(".")[:2])
        context |= {"python_full_version": python_version, "python_version": minor}
    versions = {**surroundings.versions, distribution.name: Version(distribution.version)}
    waiting = [(distribution.name, "")]
    seen = set(waiting)
    while waiting:
        name, extra = waiting.pop(0)
        own = name == distribution.name
        asked = distribution.requirements if own else surroundings.requirements(name)
        by = "" if own else f", required by {name}"
        for requirement in sorted(asked, key=str):
            if not _applies(requirement, context | {"extra": extra}):
                continue
            needed = canonicalize_name(requirement.name)
            version = versions.get(needed)
            if version is None:
                yield f"{requirement} (not installed{by})"
            elif not requirement.specifier.contains(version, prereleases=True):
                yield f"{requirement} ({version} is installed{by})"
            for wanted in ("", *sorted(requirement.extras)):
                if version is not None and (needed, wanted) not in seen:
                    seen.add((needed, wanted))
                    waiting.append((needed, wanted))


def _applies(requirement: "Requirement", context: dict[str, str]) -> bool:
    from packaging.markers import UndefinedComparison, UndefinedEnvironmentName

    try:
        return requirement.marker is None or requirement.marker.evaluate(context)
    except (UndefinedComparison, UndefinedEnvironmentName, InvalidVersion):
        return False  # nobody can tell what it is for, and installers pass it over

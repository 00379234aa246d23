"""What is required in an environment, and whether what is installed there satisfies it."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from neverstale.names import NormalizedName, canonicalize_name
from neverstale.wheels.distribution import Distribution

if TYPE_CHECKING:
    from packaging.requirements import Requirement


def _no_requirements(name: NormalizedName) -> "frozenset[Requirement]":
    del name
    return frozenset()


class Surroundings(NamedTuple):
    """What is around an installed distribution: its interpreter and the other distributions.

    ``python_version`` is as pyvenv.cfg has it, ``versions`` are those of all that is installed,
    ``requirements`` returns what one of those requires.
    """

    python_version: str | None
    versions: Mapping[NormalizedName, str]
    requirements: "Callable[[NormalizedName], frozenset[Requirement]]" = _no_requirements


def unmet(distribution: Distribution, surroundings: Surroundings) -> Iterator[str]:
    """Return what is required, directly or by what is, and that nothing installed satisfies.

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
    versions = {**surroundings.versions, distribution.name: distribution.version}
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
    from packaging.version import InvalidVersion

    try:
        return requirement.marker is None or requirement.marker.evaluate(context)
    except (UndefinedComparison, UndefinedEnvironmentName, InvalidVersion):
        return False  # nobody can tell what it is for, and installers pass it over

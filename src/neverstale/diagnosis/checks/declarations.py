"""What a project declares, compared with what an installation notes of it."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from neverstale.diagnosis.codes import Code
from neverstale.diagnosis.findings import Evidence, Finding, Fix, finding, shown
from neverstale.names import NormalizedName
from neverstale.project.metadata import Project
from neverstale.project.requirements import by_kind, by_own_extras
from neverstale.versions import is_same
from neverstale.wheels.distribution import Distribution, is_safe

if TYPE_CHECKING:
    from packaging.requirements import Requirement
    from packaging.version import Version


class Declaration(NamedTuple):
    """What the present sources declare; None where only a build would tell."""

    name: NormalizedName
    version: str | None
    commands: Mapping[str, str] | None
    plugins: Mapping[str, str] | None
    requirements: "frozenset[Requirement] | None"


def declared_by(project: Project, reference: Distribution | None) -> Declaration:
    """Return what *project* declares: as its build says, or else as pyproject.toml does."""
    said = reference or project
    return Declaration(project.name, said.version, said.commands, said.plugins, said.requirements)


def check_declarations(
    declared: Declaration,
    distribution: Distribution,
    fix: Fix,
    offered: frozenset[str] | None = None,
) -> Iterator[Finding]:
    """Compare *declared* with METADATA, and with the commands *offered* to the shell."""
    if declared.commands is not None:
        yield from _check_commands(declared.commands, distribution, offered, fix)
    if declared.plugins is not None:
        yield from _check_plugins(declared.plugins, distribution.plugins, fix)
    if declared.requirements is not None:
        wanted = by_kind(declared.requirements, declared.name)
        given = by_kind(distribution.requirements, declared.name)
        both = (*declared.requirements, *distribution.requirements)
        spelled_out = by_own_extras(both, declared.name)
        for code, here, there in ((Code.NS403, wanted, given), (Code.NS404, given, wanted)):
            differ = [text for kind, text in here.items() if kind not in {*there, *spelled_out}]
            yield from shown(finding(code, fix, *sorted(differ)))


def other_version(version: str, expected: str, fix: Fix) -> Finding:
    """Return the finding for an installed *version* that is not the *expected* one."""
    return Finding(Code.NS204, (Evidence("version", expected, version),), fix)


def check_version(expected: str, found: str, fix: Fix) -> Iterator[Finding]:
    """Compare two versions as PEP 440 orders them."""
    if not is_same(expected, found):
        yield other_version(found, expected, fix)


def check_tag(expected: str, found: str, fix: Fix) -> Iterator[Finding]:
    """Compare versions from git of an editable install: the commits after a tag do not count.

    *expected* is that of the present sources. Between two tags a version is guessed from the one
    before (setuptools-scm, hatch-vcs): 1.7.1.dev0 comes after 1.7.0.
    """
    from packaging.version import Version

    new, old = Version(expected), Version(found)
    if new.is_devrelease or new.local:
        same = new.base_version == old.base_version or (
            not old.is_devrelease and _precedes(old, new)
        )
    else:
        same = new.public == old.public
    if not same:
        yield Finding(Code.NS408, (Evidence("version", expected, found),), fix)


def _precedes(old: "Version", new: "Version") -> bool:
    """Return whether *new* is the next version that is guessed from the tag *old*."""
    release = [*new.release, 0, 0]
    place = max((i for i, part in enumerate(release) if part), default=0)
    before = [*old.release, *(0 for _ in release)]
    return before[:place] == release[:place] and before[place] == release[place] - 1


def _check_plugins(
    declared: Mapping[str, str], given: Mapping[str, str], fix: Fix
) -> Iterator[Finding]:
    """Compare the entry points that are not commands."""
    absent = tuple(
        Evidence(name, target, given.get(name, ""))
        for name, target in sorted(declared.items())
        if given.get(name) != target
    )
    left = sorted(given.keys() - declared.keys())
    yield from shown(Finding(Code.NS401, absent, fix), finding(Code.NS402, fix, *left))


def _check_commands(
    declared: Mapping[str, str],
    distribution: Distribution,
    offered: frozenset[str] | None,
    fix: Fix,
) -> Iterator[Finding]:
    commands = frozenset(distribution.commands) if offered is None else offered
    unsafe = {name for name in distribution.commands if not is_safe(name)}
    differ = {n: distribution.commands.get(n, "") for n in declared}
    absent = {n for n in declared if differ[n] != declared[n]} | (declared.keys() - commands)
    own = {path.removeprefix("{scripts}/") for path in distribution.files}
    left = (distribution.commands.keys() | (commands - own)) - declared.keys() - unsafe
    evidence = tuple(Evidence(n, declared[n], differ[n]) for n in sorted(absent))
    yield from shown(
        Finding(Code.NS401, evidence, fix),
        finding(Code.NS402, fix, *sorted(left)),
        finding(Code.NS409, fix, *sorted(unsafe)),
    )

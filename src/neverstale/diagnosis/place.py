"""Where a copy is, what was found, and what it is compared with."""

from collections.abc import Collection, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

from neverstale.diagnosis.checks.contents import is_metadata
from neverstale.diagnosis.findings import Finding, Verdict, is_stale, verdict_of
from neverstale.environments.environment import Environment
from neverstale.environments.installed import Installed
from neverstale.project.metadata import Ignored
from neverstale.wheels.distribution import Distribution
from neverstale.wheels.store import Built


class Place(NamedTuple):
    """Where a copy is, and what was found.

    ``reason`` says why the verdict is unknown; it is empty otherwise. ``doubt`` is why it would be
    unknown if nothing were found: no build tells what it should be. ``environment`` and
    ``installed`` are None where the copy is an archive or the sources themselves. ``ignored`` are
    findings that the owner has left out, each with the reason.
    """

    name: str
    path: Path
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    version: str | None = None
    reason: str = ""
    environment: Environment | None = None
    installed: Installed | None = None
    ignored: tuple[tuple[Finding, str], ...] = ()
    doubt: str | None = None

    def with_findings(self, *findings: Finding) -> "Place":
        """Return this place with more *findings*, and the verdict that they ask for."""
        together = (*self.findings, *findings)
        if self.verdict in (Verdict.NOT_INSTALLED, Verdict.DAMAGED) or not is_stale(findings):
            return self._replace(findings=together)
        editable = bool(self.installed and self.installed.editable)
        verdict = verdict_of(together, editable=editable)
        return self._replace(findings=together, verdict=verdict, reason="")


class Reference(NamedTuple):
    """What a place is compared with: what the present sources are built into, if that is known.

    Where it is not, ``doubt`` says why, ``before`` is the last build that is, and ``changed``
    are its questions that have another answer now. ``packages`` are the names that the project
    lets people import. ``alternatives`` are all builds of these sources that are known: a
    compiler may not give the same bytes twice.
    """

    built: Built | None
    packages: Collection[str]
    doubt: str = ""
    before: Built | None = None
    changed: tuple[str, ...] = ()
    alternatives: tuple[Built, ...] = ()

    @property
    def distribution(self) -> Distribution | None:
        """What was built, as a value."""
        return self.built.distribution if self.built else None

    def nearest(self, files: Mapping[str, str]) -> Built | None:
        """Return the build that has the bytes of *files*, or else the newest."""
        for built in self.alternatives:
            known = built.distribution.files
            if all(files.get(p) == d for p, d in known.items() if not is_metadata(p)):
                return built
        return self.built


def without_ignored(place: Place, rules: Sequence[Ignored]) -> Place:
    """Return *place* without the findings that the owner ignores, and the verdict of the rest."""
    kept: list[Finding] = []
    ignored = [*place.ignored]
    for found in place.findings:
        evidence = found.evidence
        for rule in (each for each in rules if each.code.upper() == found.code.name):
            left_out = tuple(each for each in evidence if fnmatch(each.what, rule.path))
            evidence = tuple(each for each in evidence if each not in left_out)
            if left_out:
                ignored.append((found._replace(evidence=left_out), rule.reason))
        if evidence:
            kept.append(found._replace(evidence=evidence))
    if len(ignored) == len(place.ignored):
        return place
    editable = bool(place.installed and place.installed.editable)
    judged = place.verdict not in (Verdict.NOT_INSTALLED, Verdict.UNKNOWN)
    verdict = verdict_of(kept, editable=editable) if judged else place.verdict
    place = place._replace(findings=tuple(kept), verdict=verdict, ignored=tuple(ignored))
    return doubted(place)


def doubted(place: Place) -> Place:
    """Return *place*, which is not known to be fresh where nothing says what it should be."""
    if place.doubt is not None and place.verdict in (Verdict.FRESH, Verdict.EDITABLE):
        return place._replace(verdict=Verdict.UNKNOWN, reason=place.doubt)
    return place

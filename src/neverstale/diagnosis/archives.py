"""The archives of a project in ``dist/``."""

import os
from collections.abc import Iterator
from pathlib import Path

from neverstale.diagnosis.checks.contents import check_archive
from neverstale.diagnosis.codes import Code
from neverstale.diagnosis.findings import Fix, Verdict, finding, verdict_of
from neverstale.diagnosis.fixes import Fixes
from neverstale.diagnosis.place import Place, Reference
from neverstale.diagnosis.reference import References
from neverstale.errors import NeverstaleError
from neverstale.names import canonicalize_name
from neverstale.project.metadata import Project
from neverstale.project.packed import is_archive_of
from neverstale.wheels.archives import read_sdist, read_wheel
from neverstale.wheels.distribution import Distribution


def examine_archive(path: Path, version: str | None, reference: Reference, fix: Fix) -> Place:
    """Return what an archive in ``dist/`` is: a wheel, or an sdist of *version*."""
    kind = "wheel" if version is None else "sdist"
    place = Place(kind, path, Verdict.UNKNOWN, version=version, reason=reference.doubt)
    try:
        if version is None:
            archive = read_wheel(path)
        else:
            nothing = frozenset[str]()
            name = reference.built.distribution.name if reference.built else ""
            archive = Distribution(name, version, read_sdist(path), nothing, {}, frozenset())  # type: ignore[arg-type]
    except NeverstaleError as error:
        found = finding(Code.NS105, fix, error.message)
        return place._replace(verdict=Verdict.DAMAGED, findings=(found,), reason="")
    place = place._replace(version=archive.version)
    built = reference.nearest(archive.files)
    if built is None:
        return place
    findings = tuple(check_archive(built.distribution, archive, fix))
    verdict = verdict_of(findings, editable=False)
    return place._replace(verdict=verdict, findings=findings, reason="")


def examine_archives(project: Project, references: References, fixes: Fixes) -> Iterator[Place]:
    """Yield each archive of the project in ``dist/``, compared with what the sources give now.

    `build` replaces no file that is not an archive of the project: the fix moves it away before.
    """
    build, found = fixes.verb("build"), []
    for path, version in _archives(project):
        reference = references.of("wheel" if version is None else "sdist", None)
        found.append((path, examine_archive(path, version, reference, build)))
    strange = [p for p, place in found if place.findings and not is_archive_of(project.name, p)]
    kept = [path.name for path in strange if not path.is_symlink()]
    moves = [("mv", "-n", f"dist/{name}", f"{name}.damaged") for name in kept]
    for path, place in found:
        by_hand = path.is_symlink() or (path in strange and os.name == "nt")
        advice = Fix(advice=f"move {path.name} away: `build` does not replace it")
        fix = advice if by_hand else Fix((*moves, *build.commands), build.advice)
        yield place._replace(findings=tuple(each._replace(fix=fix) for each in place.findings))


def _archives(project: Project) -> Iterator[tuple[Path, str | None]]:
    """Yield the archives of the project in ``dist/``: wheels, and sdists with their version."""
    folder = project.root / "dist"
    if not folder.is_dir():
        return
    from packaging.utils import (
        InvalidSdistFilename,
        InvalidWheelFilename,
        parse_sdist_filename,
        parse_wheel_filename,
    )

    for path in sorted(folder.iterdir()):
        own = canonicalize_name(path.name.partition("-")[0]) == project.name
        version = None if path.suffix == ".whl" else "0"
        try:
            if path.suffix == ".whl":
                own = parse_wheel_filename(path.name)[0] == project.name
            elif path.name.endswith(".tar.gz"):
                name, parsed = parse_sdist_filename(path.name)
                own, version = name == project.name, str(parsed)
            else:
                continue
        except (InvalidWheelFilename, InvalidSdistFilename):
            own = own and path.suffix == ".whl"
        if own and path.is_file():
            yield path, version

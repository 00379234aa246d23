"""Files in the packages of a distribution that no RECORD knows."""

import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from neverstale.environments.dist_info import DamagedError, read_record
from neverstale.environments.environment import Environment


def find_unrecorded(site: Path, info: Path, recorded: frozenset[str]) -> frozenset[str]:
    """Find files in the distribution's own packages and dist-info that RECORD does not know.

    A package is its own if RECORD has its ``__init__.py``: other folders may be shared.
    """
    packages = {path.partition("/")[0] for path in recorded if path.count("/") == 1} - {"", ".."}
    own = {package for package in packages if f"{package}/__init__.py" in recorded}
    own.add(info.name)
    found = {path for package in own for path in _files_in(site, package)} - recorded
    found.discard(f"{info.name}/RECORD")
    return frozenset(found - recorded_by_others(site) if found else found)


def _files_in(site: Path, package: str) -> Iterator[str]:
    """Yield the files of a package, without bytecode, relative to *site*; no link is entered."""
    if (site / package).is_symlink():
        yield package
        return
    for folder, folders, names in os.walk(site / package):
        below = os.path.relpath(folder, site).replace(os.sep, "/")
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        folders[:] = [name for name in folders if name != "__pycache__"]
        yield from (f"{below}/{name}" for name in [*names, *links])


def recorded_by_others(site: Path, own: Path | None = None) -> frozenset[str]:
    """Return the files of every distribution but *own*: a plugin may put some into our package."""
    found: set[str] = set()
    for record in site.glob("*.dist-info/RECORD"):
        with suppress(DamagedError):
            if record.parent == own:
                continue
            found |= read_record(record.parent).keys()
    return frozenset(found)


def find_orphans(environment: Environment, packages: Collection[str]) -> list[str]:
    """Find files of *packages* in an environment in which no RECORD knows them.

    For an environment in which the project's own records are missing. Bytecode is not counted.
    """
    site = environment.site_packages
    if site is None:
        return []
    found = {path for package in packages for path in _files_in(site, package)}
    found |= {f"{name}.py" for name in packages if (site / f"{name}.py").is_file()}
    return sorted(found - recorded_by_others(site)) if found else []


def find_empty_folders(environment: Environment, packages: Collection[str]) -> list[str]:
    """Find folders of *packages* without any file but bytecode: namespaces (PEP 420)."""
    site = environment.site_packages
    return [
        package
        for package in sorted(packages)
        if site and (site / package).is_dir() and not any(_files_in(site, package))
    ]

"""What is installed in an environment, read as files: nothing is imported or executed."""

import csv
import json
import os
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.utils import NormalizedName

from neverstale.environments.environment import Environment, distributions
from neverstale.errors import NeverstaleError
from neverstale.files import (
    Digest,
    Files,
    Tick,
    digest_of,
    digest_of_file,
    no_tick,
    read_bytes,
    read_files,
    read_text,
    real,
)
from neverstale.wheels.distribution import (
    Distribution,
    Metadata,
    body_of,
    has_body,
    parse_commands,
    parse_metadata,
    parse_plugins,
)
from neverstale.wheels.record import algorithm_of, parse_record

if TYPE_CHECKING:
    from packaging.requirements import Requirement

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


class DamagedError(NeverstaleError):
    """What is installed cannot be read for what it is; a new install fixes it."""

    def __init__(self, *evidence: str, twice: bool = False) -> None:
        super().__init__(f"damaged: {', '.join(evidence)}", hint="install it again")
        self.evidence = evidence
        self.twice = twice


@dataclass(frozen=True)
class Installed:
    """One installed distribution: what its RECORD promises, and what the disk holds.

    ``distribution.files`` has the SHA-256 of what is on disk. Against RECORD, files are
    ``altered`` (digest promised, digest found), ``missing`` or ``unrecorded``; rows are ``outside``
    that lead out of the environment (those are not read), and ``unchecked`` whose hash cannot be.
    ``commands`` are the names that the environment's folder of commands offers, ``tags`` those of
    WHEEL, ``pointers`` the folders that an editable install names.
    """

    distribution: Distribution
    dist_info: str
    origin: Mapping[str, Any]
    altered: Mapping[str, tuple[Digest, Digest]]
    missing: frozenset[str]
    unrecorded: frozenset[str]
    outside: frozenset[str]
    unchecked: frozenset[str]
    commands: frozenset[str]
    tags: frozenset[str]
    pointers: tuple[str, ...]

    @property
    def editable(self) -> bool:
        """Whether it points at the sources (PEP 610: ``dir_info.editable``)."""
        folder = self.origin.get("dir_info")
        return isinstance(folder, dict) and bool(folder.get("editable"))

    @property
    def whole(self) -> bool:
        """Whether the disk holds what RECORD promises, and no more."""
        return not (self.altered or self.missing or self.unrecorded or self.outside)


def read_receipt(environment: Environment) -> list[Path]:
    """Return the paths of the commands that uv noted for a tool; none where it noted nothing."""
    try:
        receipt = tomllib.loads(read_text(environment.prefix / "uv-receipt.toml"))
        return [Path(entry["install-path"]) for entry in receipt["tool"]["entrypoints"]]
    except (OSError, KeyError, TypeError, ValueError):
        return []


def read_installed(
    environment: Environment,
    name: NormalizedName,
    like: Distribution | None = None,
    tick: Tick = no_tick,
) -> Installed | None:
    """Read the distribution *name* in *environment*; None where it is not installed.

    Where METADATA is that of *like*, what is known of that need not be parsed again. *tick* is
    told how far it is. Raise DamagedError where the installation's own records are not there or
    not readable, and NeverstaleError where what they say cannot be understood.
    """
    site = environment.site_packages
    found = [path for _, path, _ in distributions(site, name)] if site else []
    if site is None or not found:
        return None
    if len(found) > 1:
        raise DamagedError(*(path.name for path in found), twice=True)
    info = found[0]
    _refuse_other_installers(environment, info)
    record = _relative(_record(info), site, environment)
    kept, outside = _within(site, record, environment)
    paths = {path: f"{site}{os.sep}{path}" for path in kept}
    read = read_files(paths, tick)
    if not read.digests:
        raise DamagedError(f"{info.name}/RECORD (no row of it is a file)")
    altered, unchecked = _compare(kept, read.digests, paths)
    distribution = _distribution(environment, info, read, like)
    return Installed(
        distribution=distribution,
        dist_info=info.name,
        origin=_origin(info),
        altered=altered,
        missing=frozenset(kept) - frozenset(read.digests),
        unrecorded=_unrecorded(site, info, frozenset(record)),
        outside=frozenset(outside),
        unchecked=unchecked,
        commands=frozenset(_offered(environment, info, distribution.files)),
        tags=_tags(info),
        pointers=tuple(_pointers(site, read.digests)),
    )


def _distribution(
    environment: Environment, info: Path, read: Files, like: Distribution | None
) -> Distribution:
    """Return the distribution of *info* as a value; *read* are the files of its RECORD."""
    site = info.parent
    metadata = _metadata(info, like)
    entry_points = _read_if_there(info, "entry_points.txt")
    places = {path: _by_scheme(path, site, environment) for path in read.digests}
    return Distribution(
        name=metadata.name,
        version=metadata.version,
        files={places[path]: digest for path, digest in read.digests.items()},
        executable=frozenset(places[path] for path in read.executable),
        commands=parse_commands(entry_points),
        requirements=metadata.requirements,
        plugins=parse_plugins(entry_points),
        requires_python=metadata.requires_python,
        bodies={
            place: digest_of(body_of(place, read_bytes(site / path)))
            for path, place in places.items()
            if has_body(place)
        },
    )


def _refuse_other_installers(environment: Environment, info: Path) -> None:
    """Raise NeverstaleError for an installation that never had a record of its files.

    Those of `setup.py install` and `develop`, and what a system's package manager installs for
    its Python: https://packaging.python.org/en/latest/specifications/recording-installed-packages/
    """
    by = _read_if_there(info, "INSTALLER").strip() if info.is_dir() else ""
    foreign = not environment.own and by not in ("pip", "uv")
    if info.suffix != ".dist-info" or (foreign and not (info / "RECORD").exists()):
        raise NeverstaleError(
            f"{info.name} has no record of its files: another installer's, or `setup.py install`",
            hint="ask who installed it",
        )


def read_requirements(environment: Environment, name: NormalizedName) -> "frozenset[Requirement]":
    """Return what the distribution *name* in *environment* requires, as far as it says."""
    for site in environment.sites:
        for _, info, _ in distributions(site, name):
            try:
                return parse_metadata(_read(info, "METADATA")).requirements
            except NeverstaleError:
                return frozenset()
    return frozenset()


def _read(info: Path, name: str) -> str:
    """Read a file of a dist-info folder; raises DamagedError where that is not possible."""
    try:
        return read_text(info / name)
    except PermissionError:
        raise
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise DamagedError(f"{info.name}/{name} ({reason})") from error


def _record(info: Path) -> dict[str, Digest | None]:
    try:
        return parse_record(_read(info, "RECORD"))
    except csv.Error as error:
        raise DamagedError(f"{info.name}/RECORD ({error})") from error


def _metadata(info: Path, like: Distribution | None) -> Metadata:
    text = _read(info, "METADATA")
    digest = like and like.files.get(f"{info.name}/METADATA")
    if like and digest == digest_of(text.encode("utf-8", "surrogateescape")):
        return Metadata(like.name, like.version, like.requirements, like.requires_python)
    try:
        return parse_metadata(text)
    except NeverstaleError as error:
        raise DamagedError(f"{info.name}/METADATA ({error.message})") from error


def _read_if_there(info: Path, name: str) -> str:
    return _read(info, name) if (info / name).exists() else ""


def _origin(info: Path) -> dict[str, Any]:
    """Read direct_url.json (PEP 610); nothing where there is none or it is not JSON."""
    try:
        origin = json.loads(_read_if_there(info, "direct_url.json"))
    except (ValueError, RecursionError):
        return {}
    return origin if isinstance(origin, dict) else {}


def _tags(info: Path) -> frozenset[str]:
    lines = _read_if_there(info, "WHEEL").splitlines()
    return frozenset(line[4:].strip() for line in lines if line.startswith("Tag:"))


def _pointers(site: Path, files: Collection[str]) -> Iterator[str]:
    """Return the folders that the distribution's own ``.pth`` files add to sys.path."""
    for path in sorted(files):
        if path.endswith(".pth") and "/" not in path:
            for line in read_text(site / path).replace("\0", "").splitlines():
                if line.strip() and not line.startswith(("#", "import ", "import\t")):
                    yield str(site / line.strip())


def _relative(
    record: Mapping[str, Digest | None], site: Path, environment: Environment
) -> dict[str, Digest | None]:
    """Return *record* with absolute paths into the environment, as Poetry's, made relative."""
    prefix = os.path.normpath(environment.prefix) + os.sep
    return {
        os.path.relpath(path, site).replace(os.sep, "/")
        if os.path.isabs(path) and os.path.normpath(path).startswith(prefix)
        else path: digest
        for path, digest in record.items()
    }


def _within(
    site: Path, record: Mapping[str, Digest | None], environment: Environment
) -> tuple[dict[str, Digest | None], list[str]]:
    """Part the rows of RECORD into those within the environment and those that lead out of it."""
    prefix = os.path.normpath(environment.prefix) + os.sep
    behind = f"{real(environment.prefix)}{os.sep}"
    kept, outside = {}, []
    inside: dict[str, bool] = {}  # folder → whether it is, links followed
    for path, digest in record.items():
        absolute = os.path.isabs(path)
        plain = ".." not in path and not absolute
        if plain or (os.path.normpath(site / path).startswith(prefix) and not absolute):
            folder = path.rpartition("/")[0]
            if folder not in inside:
                inside[folder] = _is_behind(site / folder, behind)
            if inside[folder]:
                kept[path] = digest
                continue
        outside.append(path)
    return kept, outside


def _is_behind(folder: Path, prefix: str) -> bool:
    try:
        return f"{real(folder)}{os.sep}".startswith(prefix)
    except ValueError:  # a NUL in it: it is nowhere
        return True


def _compare(
    record: Mapping[str, Digest | None], on_disk: Mapping[str, Digest], paths: Mapping[str, str]
) -> tuple[dict[str, tuple[Digest, Digest]], frozenset[str]]:
    """Return what differs from *record*, with what that promises, and what cannot be checked."""
    altered: dict[str, tuple[Digest, Digest]] = {}
    unchecked: set[str] = set()
    for path, digest in on_disk.items():
        promised = record[path]
        if not promised or promised == digest:
            continue
        try:
            found = digest_of_file(paths[path], algorithm_of(promised))
        except (ValueError, TypeError):  # an algorithm that this Python does not know, or none
            unchecked.add(path)
            continue
        if found != promised and not _is_rewritten(paths[path], promised):
            altered[path] = (promised, found)
    return altered, frozenset(unchecked)


def _is_rewritten(path: str, promised: Digest) -> bool:
    """Return whether *path* is as promised but for what pipx adds to a command's first line."""
    script = Path(path)
    if script.parent.name not in ("bin", "Scripts"):
        return False
    content = script.read_bytes()
    first, newline, rest = content.partition(b"\n")
    before = first.removesuffix(b" -E") + newline + rest
    return first.startswith(b"#!") and digest_of(before, algorithm_of(promised)) == promised


def _by_scheme(path: str, site: Path, environment: Environment) -> str:
    """Spell a path of RECORD as `Distribution.files` does."""
    if not path.startswith("../"):
        return path
    file = Path(os.path.normpath(site / path))
    if file.parent == environment.scripts:
        return f"{{scripts}}/{file.name}"
    headers = environment.prefix / "include" / "site"
    if file.is_relative_to(headers):  # python3.12/NAME/…
        return "{headers}/" + "/".join(file.relative_to(headers).parts[2:])
    if file.is_relative_to(environment.prefix):
        return f"{{data}}/{file.relative_to(environment.prefix).as_posix()}"
    return path


def _unrecorded(site: Path, info: Path, recorded: frozenset[str]) -> frozenset[str]:
    """Find files in the distribution's own packages and dist-info that RECORD does not know.

    A package is its own if RECORD has its ``__init__.py``: other folders may be shared.
    """
    packages = {path.partition("/")[0] for path in recorded if path.count("/") == 1}
    own = {package for package in packages if f"{package}/__init__.py" in recorded}
    own.add(info.name)
    found = {path for package in own for path in _files_in(site, package)} - recorded
    found.discard(f"{info.name}/RECORD")
    return frozenset(found - _recorded_by_others(site) if found else found)


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


def _recorded_by_others(site: Path, own: Path | None = None) -> frozenset[str]:
    """Return the files of every distribution but *own*: a plugin may put some into our package."""
    found: set[str] = set()
    for record in site.glob("*.dist-info/RECORD"):
        with suppress(DamagedError):
            if record.parent == own:
                continue
            found |= _record(record.parent).keys()
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
    return sorted(found - _recorded_by_others(site)) if found else []


def find_empty_folders(environment: Environment, packages: Collection[str]) -> list[str]:
    """Find folders of *packages* without any file but bytecode: namespaces (PEP 420)."""
    site = environment.site_packages
    return [
        package
        for package in sorted(packages)
        if site and (site / package).is_dir() and not any(_files_in(site, package))
    ]


def _offered(environment: Environment, info: Path, files: Collection[str]) -> Iterator[str]:
    """Return the commands of the distribution of *files* that the folder of commands has."""
    names = {p.removeprefix("{scripts}/") for p in files if p.startswith("{scripts}/")}
    if environment.commands_folder == environment.scripts:
        own = [environment.scripts / name for name in names]
    else:
        own = own_commands(environment)
        if any(path.name not in names for path in own):  # uv tool install --with-executables-from
            others = {row.rpartition("/")[2] for row in _recorded_by_others(info.parent, info)}
            own = [path for path in own if path.name in names or path.name not in others]
    yield from (path.name.removesuffix(".exe") for path in own if path.exists())


def own_commands(environment: Environment) -> list[Path]:
    """Return the paths in the folder of commands that are the tool's: those that lead into it.

    Where commands are copies (Windows), what uv noted of them has to do.
    """
    return read_receipt(environment) if os.name == "nt" else links_into(environment)


def links_into(environment: Environment) -> list[Path]:
    """Find the links in the folder of commands that lead into the environment."""
    folder = environment.commands_folder
    entries = sorted(folder.iterdir()) if folder.is_dir() else []
    return [path for path in entries if leads_into(path, environment)]


def leads_into(path: Path, environment: Environment) -> bool:
    """Return whether *path* is a link into *environment*, even to what is no longer there."""
    if not path.is_symlink():
        return False
    target = Path(os.path.normpath(path.parent / os.readlink(path)))
    return (real(target.parent) / target.name).is_relative_to(real(environment.prefix))

"""What is installed in an environment, read as files: nothing is imported or executed."""

import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from neverstale.environments.commands import offered_commands
from neverstale.environments.dist_info import (
    DamagedError,
    is_editable,
    read_metadata,
    read_origin,
    read_record,
    read_tags,
    refuse_other_installers,
    text_if_given,
    text_of,
)
from neverstale.environments.environment import Environment, distributions
from neverstale.environments.unrecorded import find_unrecorded
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
from neverstale.names import NormalizedName
from neverstale.wheels.distribution import (
    Distribution,
    body_of,
    has_body,
    parse_commands,
    parse_metadata,
    parse_plugins,
)
from neverstale.wheels.record import algorithm_of

if TYPE_CHECKING:
    from packaging.requirements import Requirement


class Installed(NamedTuple):
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
        """Whether it points at the sources."""
        return is_editable(self.origin)

    @property
    def whole(self) -> bool:
        """Whether the disk holds what RECORD promises, and no more."""
        return not (self.altered or self.missing or self.unrecorded or self.outside)


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
    refuse_other_installers(environment, info)
    record = _relative(read_record(info), site, environment)
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
        origin=read_origin(info),
        altered=altered,
        missing=frozenset(kept) - frozenset(read.digests),
        unrecorded=find_unrecorded(site, info, frozenset(record)),
        outside=frozenset(outside),
        unchecked=unchecked,
        commands=frozenset(offered_commands(environment, info, distribution.files)),
        tags=read_tags(info),
        pointers=tuple(_pointers(site, read.digests)),
    )


def _distribution(
    environment: Environment, info: Path, read: Files, like: Distribution | None
) -> Distribution:
    """Return the distribution of *info* as a value; *read* are the files of its RECORD."""
    site = info.parent
    metadata = read_metadata(info, like)
    entry_points = text_if_given(info, "entry_points.txt")
    places = {path: _by_scheme(path, site, environment) for path in read.digests}
    # Poetry asks no backend for an editable install, and has METADATA of its own.
    by_poetry = text_if_given(info, "INSTALLER").lower().startswith("poetry")
    return Distribution(
        name=metadata.name,
        version=metadata.version,
        files={places[path]: digest for path, digest in read.digests.items()},
        executable=frozenset(places[path] for path in read.executable),
        commands=parse_commands(entry_points),
        requirements=metadata.requirements,
        plugins=parse_plugins(entry_points),
        requires_python=metadata.requires_python,
        fields=None if by_poetry else metadata.fields,
        bodies={
            place: digest_of(body_of(place, read_bytes(site / path)))
            for path, place in places.items()
            if has_body(place)
        },
    )


def read_requirements(environment: Environment, name: NormalizedName) -> "frozenset[Requirement]":
    """Return what the distribution *name* in *environment* requires, as far as it says."""
    for site in environment.sites:
        for _, info, _ in distributions(site, name):
            try:
                return parse_metadata(text_of(info, "METADATA")).requirements
            except NeverstaleError:
                return frozenset()
    return frozenset()


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

"""Wheels and sdists: archive files, read without being unpacked."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from neverstale.errors import NeverstaleError
from neverstale.files import EXECUTABLE, Digest, Readable, digest_of, digest_of_stream
from neverstale.wheels.distribution import (
    Distribution,
    body_of,
    has_body,
    parse_commands,
    parse_metadata,
    parse_plugins,
)

if TYPE_CHECKING:
    import tarfile
    import zipfile

UNREADABLE = (OSError, EOFError, NotImplementedError, RuntimeError, ValueError, LookupError)
"""What reading an archive raises where it is damaged, encrypted, or of an unknown kind, beyond
the errors of its own kind."""

LARGE, MOST_TIMES = 1 << 26, 200
"""An archive that unpacks to more bytes than LARGE, and to more than MOST_TIMES its own size, is
not read: text packs to a fifth, and nothing that belongs into a package to so little."""

CODE = ("#", "import ", "import\t")
"""How the lines of a ``.pth`` file begin that are no folders:
https://docs.python.org/3/library/site.html"""

LARGEST_TEXT = 1 << 26
"""The most bytes of METADATA and the like."""


def read_wheel(path: Path) -> Distribution:
    """Read what the wheel file at *path* holds (PEP 427); every byte in it is hashed.

    Raise NeverstaleError where it is not a wheel.
    """
    import lzma  # most diagnoses open no archive
    import struct
    import zipfile
    import zlib

    from packaging.utils import parse_wheel_filename

    try:
        parse_wheel_filename(path.name)
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            _refuse_bomb(sum(entry.file_size for entry in entries), path)
            _refuse_other_compression(entries, path)
            _refuse_to_leave([entry.filename for entry in entries], path)
            digests = {entry.filename: _hash_entry(archive, entry) for entry in entries}
            info = _dist_info(digests, path)
            places = {name: _installed_path(name, info) for name in digests}
            _refuse_twice([places[entry.filename] for entry in entries], path)
            bodies = {
                place: digest_of(body_of(place, _read(archive, name)))
                for name, place in places.items()
                if has_body(place)
            }
            metadata, entry_points = (
                _text(archive, f"{info}/{name}") for name in ("METADATA", "entry_points.txt")
            )
    except (*UNREADABLE, zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error) as error:
        raise _unreadable(path, "wheel", error) from error
    parsed = parse_metadata(metadata)
    digests.pop(f"{info}/RECORD", None)
    return Distribution(
        name=parsed.name,
        version=parsed.version,
        files={places[name]: digest for name, digest in digests.items()},
        executable=frozenset(
            places[entry.filename] for entry in entries if entry.external_attr >> 16 & EXECUTABLE
        ),
        commands=parse_commands(entry_points),
        requirements=parsed.requirements,
        plugins=parse_plugins(entry_points),
        bodies=bodies,
        requires_python=parsed.requires_python,
        fields=parsed.fields,
    )


def pointers_in(path: Path) -> list[str]:
    """Return the folders that the ``.pth`` files of the wheel at *path* add to sys.path.

    Raise NeverstaleError where it cannot be read.
    """
    import zipfile
    import zlib

    try:
        with zipfile.ZipFile(path) as archive:
            names = [n for n in archive.namelist() if n.endswith(".pth") and "/" not in n]
            lines = [line for n in names for line in _text(archive, n).splitlines()]
    except (*UNREADABLE, zipfile.BadZipFile, zlib.error) as error:
        raise _unreadable(path, "wheel", error) from error
    return [line.strip() for line in lines if line.strip() and not line.startswith(CODE)]


def _refuse_to_leave(names: Iterable[str], path: Path) -> None:
    """Raise NeverstaleError if a name would be unpacked outside of the folder it belongs into."""
    for name in names:
        windows = PureWindowsPath(name)  # the parts of either kind of path
        if name.startswith(("/", "\\")) or windows.drive or ".." in windows.parts:
            raise NeverstaleError(
                f"{path.name} has a file that would be unpacked elsewhere: {name}",
                hint="do not install it; see what the build backend is told to take in",
            )


def _refuse_other_compression(entries: Iterable["zipfile.ZipInfo"], path: Path) -> None:
    """Raise NeverstaleError for what zipfile would unpack as a whole, whatever its size."""
    import zipfile

    for entry in entries:
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise NeverstaleError(
                f"{path.name} is compressed in a way that wheels are not: {entry.filename}",
                hint="find out where the file is from, and remove it",
            )


def _refuse_twice(places: Sequence[str], path: Path) -> None:
    """Raise NeverstaleError if two entries are for one place: which one wins is the installer's."""
    twice = sorted(place for place, times in Counter(places).items() if times > 1)
    if twice:
        raise NeverstaleError(
            f"{path.name} has two files for {twice[0]}",
            hint="do not install it; see what the build backend is told to take in",
        )


def read_sdist(path: Path) -> Mapping[str, Digest]:
    """Read the sdist at *path* (PEP 625) into path below its one folder → digest.

    Left out is ``*.egg-info``, which setuptools packs where it is told to keep it, and makes anew
    from the rest.
    Raise NeverstaleError where it is not an sdist.
    """
    import gzip
    import tarfile
    import zlib

    try:
        with gzip.open(path) as stream:
            limited = _Limited(stream, path)
            with tarfile.open(fileobj=limited, mode="r|") as archive:  # type: ignore[call-overload]
                return dict(_hash_members(archive, path))
    except (*UNREADABLE, tarfile.TarError, zlib.error) as error:
        raise _unreadable(path, "sdist", error) from error


class _Limited:
    """A stream that ends in an error where it would give more than an archive can hold."""

    def __init__(self, stream: Readable, path: Path) -> None:
        self._stream, self._path, self._given = stream, path, 0

    def read(self, size: int) -> bytes:
        self._given += size
        _refuse_bomb(self._given, self._path)
        return self._stream.read(size) or b""


def _hash_members(archive: "tarfile.TarFile", path: Path) -> Iterator[tuple[str, Digest]]:
    size = 0
    for member in archive:
        size += member.size if member.isfile() else 0  # with the holes of a sparse file
        _refuse_bomb(size, path)
        below = PurePosixPath(member.name).parts[1:]
        stream = archive.extractfile(member) if member.isfile() else None
        if stream and below and not any(part.endswith(".egg-info") for part in below):
            yield "/".join(below), digest_of_stream(stream)


def _hash_entry(archive: "zipfile.ZipFile", entry: "zipfile.ZipInfo") -> Digest:
    with archive.open(entry) as stream:
        return digest_of_stream(stream)


def _refuse_bomb(size: int, path: Path) -> None:
    if size > LARGE and size > MOST_TIMES * path.stat().st_size:
        raise NeverstaleError(
            f"{path.name} would unpack to {size >> 20} MiB, which no package does",
            hint="find out where the file is from, and remove it",
        )


def _unreadable(path: Path, kind: str, error: BaseException) -> NeverstaleError:
    return NeverstaleError(
        f"{path.name} is not {'an' if kind == 'sdist' else 'a'} {kind}: {error}",
        hint="remove it, then run `neverstale install`",
    )


def _dist_info(files: Mapping[str, Digest], path: Path) -> str:
    own = [name for name in files if name.count("/") == 1]  # others are data, of what is vendored
    found = {name.partition("/")[0] for name in own if name.endswith(".dist-info/METADATA")}
    if len(found) != 1:
        raise NeverstaleError(
            f"{path.name} holds {len(found)} dist-info folders, not one",
            hint="run `uv build --wheel` and see what the build backend does",
        )
    return found.pop()


def _installed_path(name: str, info: str) -> str:
    """Return where an entry of the wheel goes, as `Distribution.files` spells it."""
    data = f"{info.removesuffix('.dist-info')}.data/"
    if not name.startswith(data):
        return name
    scheme, _, rest = name.removeprefix(data).partition("/")
    return rest if scheme in ("purelib", "platlib") else f"{{{scheme}}}/{rest}"


def _text(archive: "zipfile.ZipFile", name: str) -> str:
    if name not in archive.namelist():
        return ""
    return _read(archive, name).decode("utf-8", "surrogateescape")


def _read(archive: "zipfile.ZipFile", name: str) -> bytes:
    with archive.open(name) as stream:
        return stream.read(LARGEST_TEXT)

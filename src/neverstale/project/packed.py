"""Which archives and folders of metadata are of one project: by name and content."""

from pathlib import Path

from neverstale.files import read_bytes, text_if_there
from neverstale.names import NormalizedName, canonicalize_name


def is_info_of(name: NormalizedName, told: Path) -> bool:
    """Return whether *told* is a PKG-INFO, and of no other project than *name*."""
    from email.parser import HeaderParser

    named = HeaderParser().parsestr(text_if_there(told))["Name"]
    return told.is_file() and canonicalize_name(named or name) == name


def is_archive_of(name: NormalizedName, path: Path) -> bool:
    """Return whether *path* is a wheel, an sdist or an egg of *name*, by its name and content."""
    if path.suffix not in (".whl", ".egg", ".gz") or path.is_symlink():
        return False
    from packaging.utils import (
        InvalidSdistFilename,
        InvalidWheelFilename,
        parse_sdist_filename,
        parse_wheel_filename,
    )

    try:
        if path.suffix == ".whl" and path.is_file():
            return parse_wheel_filename(path.name)[0] == name and _is_zip_of(name, path)
        if path.suffix == ".egg":
            is_egg = (path / "EGG-INFO").is_dir() or _begins_as_zip(path)
            return is_egg and canonicalize_name(path.name.partition("-")[0]) == name
        if path.name.endswith(".tar.gz") and path.is_file():
            return parse_sdist_filename(path.name)[0] == name and _is_sdist_of(name, path)
    except (InvalidWheelFilename, InvalidSdistFilename):
        pass
    return False


def _begins_as_zip(path: Path) -> bool:
    return path.is_file() and read_bytes(path, 4) in (b"PK\3\4", b"")


def _is_zip_of(name: NormalizedName, path: Path) -> bool:
    """Return whether a wheel has METADATA of *name*; one that was cut off counts, too."""
    import zipfile

    try:
        with zipfile.ZipFile(path) as archive:
            found = [n for n in archive.namelist() if n.endswith(".dist-info/METADATA")]
            return any(canonicalize_name(n.partition("-")[0]) == name for n in found)
    except (OSError, zipfile.BadZipFile, NotImplementedError, ValueError):
        return read_bytes(path, 4) in (b"PK\3\4", b"")


def _is_sdist_of(name: NormalizedName, path: Path) -> bool:
    """Return whether an archive begins as an sdist does; one that was cut off counts, too."""
    import tarfile
    from email.parser import HeaderParser

    if not read_bytes(path, 2):
        return True
    top = path.name.removesuffix(".tar.gz")
    try:
        with tarfile.open(path, "r|gz") as archive:
            for member, _ in zip(archive, range(20_000), strict=False):
                if member.name.partition("/")[0] != top:
                    return False
                if member.name == f"{top}/PKG-INFO" and (stream := archive.extractfile(member)):
                    text = stream.read(1 << 16).decode("utf-8", "replace")
                    return canonicalize_name(str(HeaderParser().parsestr(text)["Name"])) == name
    except (OSError, EOFError, tarfile.TarError, ValueError):
        return read_bytes(path, 2) == b"\x1f\x8b"
    return False

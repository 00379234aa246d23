"""sdists: the same bytes from the same sources."""

import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tarfile

SCRATCH = ".neverstale"
"""The store's folder. setuptools keeps its ``*.egg-info`` there and packs that too; others pack
all that the project's own .gitignore does not name."""


def settle(sdist: Path, epoch: int) -> None:
    """Write *sdist* anew if its build backend does not heed SOURCE_DATE_EPOCH, or packed ours.

    *epoch* is that time, in seconds since 1970. All else that says where and when it was built
    (owners, permissions beyond those to execute, the order of the members, the folder that the
    backend was told to work in) becomes the same or goes:
    https://reproducible-builds.org/docs/archives/
    """
    import gzip
    import tarfile

    with tarfile.open(sdist) as built:
        members = built.getmembers()
        ours = [member for member in members if SCRATCH in PurePosixPath(member.name).parts[1:2]]
        times = [_packed_at(sdist), *(member.mtime for member in members)]
        if not ours and all(time <= epoch for time in times):
            return
        settled = sdist.with_name(f"{sdist.name}.settled")
        with (
            settled.open("wb") as file,
            gzip.GzipFile("", "wb", fileobj=file, mtime=epoch) as packed,
            tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as made,
        ):
            for member in sorted(members, key=lambda each: each.name):
                if member in ours:
                    continue
                content = built.extractfile(member) if member.isfile() else None
                made.addfile(_settled(member, epoch), content)
    os.replace(settled, sdist)


def _packed_at(sdist: Path) -> int:
    """Return the time in the header of the compressed file, seconds since 1970: RFC 1952, 2.3.1."""
    with sdist.open("rb") as file:
        return int.from_bytes(file.read(8)[4:], "little")


def _settled(member: "tarfile.TarInfo", epoch: int) -> "tarfile.TarInfo":
    import copy

    plain = copy.copy(member)
    plain.mtime = epoch
    plain.uid = plain.gid = 0
    plain.uname = plain.gname = ""
    plain.mode = 0o755 if member.isdir() or member.mode & 0o111 else 0o644
    plain.pax_headers = {}
    return plain

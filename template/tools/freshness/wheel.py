"""Wheels: built afresh with uv, and read."""

import hashlib
import os
import time
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from freshness.distribution import Distribution, parse_commands, parse_metadata
from freshness.errors import FreshnessError
from freshness.project import Project
from freshness.record import digest_of
from freshness.uv import Uv

UNREADABLE = (
    *(InvalidWheelFilename, zipfile.BadZipFile, zlib.error),
    *(OSError, EOFError, NotImplementedError, RuntimeError),
)
"""What reading an archive raises where it is damaged, encrypted, or of an unknown kind."""

EXECUTABLE = 0o111
"""The bits of a file's mode of which installers take any for a permission to execute."""

EPOCH = "315532800"
"""1980-01-01 in seconds, the earliest time that a zip archive can hold."""


def build_wheel(
    uv: Uv, project: Project, into: Path, python: Sequence[str], backend: Path | None
) -> Path:
    """Build the project's wheel into the empty folder *into*, reusing nothing of earlier builds.

    *python* is the option that names an interpreter, or nothing where uv is to find one.
    *backend* is an environment that holds the build backend. Without one the build is isolated,
    and the index is asked only where uv's cache cannot supply what the build requires. A build
    that fails is repeated in isolation, so that the build backend's own word on it is seen.
    Raises FreshnessError where that fails too.
    """
    arguments = ["build", "--wheel", "--out-dir", os.path.relpath(into, uv.root)]
    environment = build_environment(project, into)
    quick = (
        ["--no-build-isolation", "--python", str(backend)] if backend else [*python, "--offline"]
    )
    if uv.attempt(*arguments, *quick, environment=environment) is None:
        build(uv, *arguments, *python, environment=environment)
    built = list(into.glob("*.whl"))
    if len(built) != 1:
        raise FreshnessError(
            f"the build left {len(built)} wheels, not one",
            hint="run `uv build --wheel` and see what the build backend does",
        )
    return built[0]


def build(uv: Uv, *arguments: str, environment: Mapping[str, str]) -> None:
    """Run ``uv ARGUMENTS``, a build whose output is shown; raises FreshnessError if it fails."""
    code = uv.run(*arguments, environment=environment)
    if code:
        raise FreshnessError(
            f"the build failed (exit code {code}); what was installed before is untouched",
            hint="mend what the build backend says above, then run the command again",
        )


def build_environment(project: Project, scratch: Path) -> dict[str, str]:
    """Give the variables under which a build is reproducible and leaves nothing in the tree.

    setuptools keeps ``build/`` and ``*.egg-info`` between builds and reads them again; here they
    go to *scratch*: https://setuptools.pypa.io/en/latest/deprecated/distutils/configfile.html
    SOURCE_DATE_EPOCH: https://reproducible-builds.org/docs/source-date-epoch/
    """
    environment = {
        "SOURCE_DATE_EPOCH": os.environ.get("SOURCE_DATE_EPOCH", _epoch(project)),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    if project.build_backend.startswith("setuptools"):
        (scratch / "egg-info").mkdir()
        configuration = scratch / "setuptools.cfg"
        # Relative, for distutils expands what it takes for variables in the folders above.
        where = os.path.relpath(scratch, project.root)
        configuration.write_text(
            f"[build]\nbuild_base = {where}/build\n[egg_info]\negg_base = {where}/egg-info\n",
            encoding="utf-8",
        )
        environment["DIST_EXTRA_CONFIG"] = str(configuration)
    return environment


def _epoch(project: Project) -> str:
    """Give the time that a build takes for now: the version of a changed tree names the day."""
    now = int(time.time())
    return EPOCH if project.version else str(now - now % (24 * 60 * 60))


def read_wheel(path: Path) -> Distribution:
    """Read the wheel file at *path* (PEP 427); every byte in it is hashed.

    Raises FreshnessError where it is not a wheel.
    """
    try:
        parse_wheel_filename(path.name)
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            contents = {entry.filename: archive.read(entry) for entry in entries}
    except UNREADABLE as error:
        raise FreshnessError(
            f"{path.name} is not a wheel: {error}", hint="remove it, then run `make install`"
        ) from error
    info = _dist_info(contents, path)
    metadata = parse_metadata(_text(contents.get(f"{info}/METADATA")))
    return Distribution(
        name=metadata.name,
        version=metadata.version,
        files={
            _installed_path(name, info): digest_of(content)
            for name, content in contents.items()
            if name != f"{info}/RECORD"
        },
        executable=frozenset(
            _installed_path(entry.filename, info)
            for entry in entries
            if entry.external_attr >> 16 & EXECUTABLE
        ),
        commands=parse_commands(_text(contents.get(f"{info}/entry_points.txt"))),
        requirements=metadata.requirements,
    )


def _dist_info(contents: Mapping[str, bytes], path: Path) -> str:
    found = {name.partition("/")[0] for name in contents if name.endswith(".dist-info/METADATA")}
    if len(found) != 1:
        raise FreshnessError(
            f"{path.name} holds {len(found)} dist-info folders, not one",
            hint="run `uv build --wheel` and see what the build backend does",
        )
    return found.pop()


def _installed_path(name: str, info: str) -> str:
    """Give where an entry of the wheel goes, as `Distribution.files` spells it."""
    data = f"{info.removesuffix('.dist-info')}.data/"
    if not name.startswith(data):
        return name
    scheme, _, rest = name.removeprefix(data).partition("/")
    return rest if scheme in ("purelib", "platlib") else f"{{{scheme}}}/{rest}"


def _text(content: bytes | None) -> str:
    return (content or b"").decode("utf-8", "surrogateescape")


def content_of(distribution: Distribution) -> str:
    """Give 120 bits of SHA-256, in hexadecimal, over all that *distribution* holds.

    The times in a wheel's archive do not count. Lower case and short, as a folder's name on any
    file system has to be.
    """
    lines = [f"{path}\0{digest}\n" for path, digest in sorted(distribution.files.items())]
    lines += sorted(distribution.executable)
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()[:30]

"""Where the project is installed, and what is there.

Environments are read as files: nothing of them is imported or executed.
"""

import json
import os
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.utils import InvalidName, NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from freshness.distribution import Distribution, parse_commands, parse_metadata
from freshness.errors import FreshnessError
from freshness.record import Digest, algorithm_of, digest_of_file, parse_record
from freshness.uv import Uv

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TOOL, VENV = "uv tool", ".venv"
"""The names of the places, as the doctor shows them."""


@dataclass(frozen=True)
class Environment:
    """A virtual environment, and the folder in which its commands are offered to the shell."""

    place: str
    prefix: Path
    commands_folder: Path

    @property
    def scripts(self) -> Path:
        """The environment's own folder of executables."""
        return self.prefix / ("Scripts" if os.name == "nt" else "bin")

    @property
    def site_packages(self) -> Path | None:
        """The folder of installed packages; None where there is no environment."""
        pattern = "Lib/site-packages" if os.name == "nt" else "lib/python3*/site-packages"
        return next(iter(sorted(self.prefix.glob(pattern))), None)

    @property
    def interpreter(self) -> Path | None:
        """The interpreter that the environment was made from; None where it is gone."""
        own = self.scripts / ("python.exe" if os.name == "nt" else "python")
        if not own.exists():
            return None
        if own.is_symlink():
            return own.parent / os.readlink(own)
        home = self._settings.get("home")
        return Path(home, own.name) if home else None

    @property
    def python_version(self) -> str | None:
        """The interpreter's version as pyvenv.cfg notes it (PEP 405), such as ``3.12.1``."""
        return self._settings.get("version_info") or self._settings.get("version")

    @property
    def _settings(self) -> dict[str, str]:
        """What pyvenv.cfg says; nothing where there is none."""
        try:
            text = (self.prefix / "pyvenv.cfg").read_text(encoding="utf-8")
        except OSError:
            return {}
        pairs = (line.partition("=") for line in text.splitlines())
        return {key.strip(): value.strip() for key, _, value in pairs}

    @property
    def versions(self) -> Mapping[NormalizedName, Version]:
        """The versions of all distributions in it, by the names of their dist-info folders."""
        found = {}
        for folder in self.site_packages.glob("*.dist-info") if self.site_packages else ():
            name, _, version = folder.name.removesuffix(".dist-info").partition("-")
            try:
                found[canonicalize_name(name, validate=True)] = Version(version)
            except (InvalidName, InvalidVersion):
                continue
        return found


@dataclass(frozen=True)
class Installed:
    """One installed distribution: what its RECORD promises, and what the disk holds.

    ``distribution.files`` has the digests of what is on disk, by the algorithm of the wheel;
    ``altered``, ``missing`` and ``unrecorded`` are the differences between RECORD and disk.
    ``commands`` are the names that the environment's folder of commands offers.
    """

    distribution: Distribution
    dist_info: str
    origin: Mapping[str, Any]
    altered: frozenset[str]
    missing: frozenset[str]
    unrecorded: frozenset[str]
    commands: frozenset[str]

    @property
    def editable(self) -> bool:
        """Whether it points at the sources (PEP 610: ``dir_info.editable``)."""
        return bool(self.origin.get("dir_info", {}).get("editable"))


def tool_environment(uv: Uv, name: NormalizedName) -> Environment:
    """Give the place of the uv tool *name*, installed or not, by what uv says of its folders."""
    tools, commands = uv.ask(("tool", "dir"), ("tool", "dir", "--bin"))
    return Environment(TOOL, Path(tools).resolve() / name, Path(commands).resolve())


def venv_environment(root: Path) -> Environment:
    """Give the project's own environment, where ``uv sync`` and ``uv run`` have it.

    Raises FreshnessError where something else is there, a whole Python perhaps.
    """
    prefix = (root / os.environ.get("UV_PROJECT_ENVIRONMENT", ".venv")).resolve()
    if prefix.exists() and not (prefix / "pyvenv.cfg").exists():
        raise FreshnessError(
            f"{prefix} is not a virtual environment",
            hint="move it away, or name another folder in UV_PROJECT_ENVIRONMENT",
        )
    scripts = prefix / ("Scripts" if os.name == "nt" else "bin")
    return Environment(VENV, prefix, scripts)


def read_receipt(environment: Environment) -> list[Path]:
    """Give the paths of the commands that uv noted for a tool; none where it noted nothing."""
    try:
        text = (environment.prefix / "uv-receipt.toml").read_text(encoding="utf-8")
        entries = tomllib.loads(text)["tool"]["entrypoints"]
        return [Path(entry["install-path"]) for entry in entries]
    except (OSError, KeyError, TypeError, tomllib.TOMLDecodeError):
        return []


def read_installed(environment: Environment, name: NormalizedName) -> Installed | None:
    """Read the distribution *name* in *environment*; None where it is not installed.

    Raises FreshnessError where what is there cannot be understood.
    """
    site = environment.site_packages
    found = list(_dist_infos(site, name)) if site else []
    if site is None or not found:
        return None
    if len(found) > 1:
        raise FreshnessError(
            f"{environment.place} holds {name} {len(found)} times: "
            + ", ".join(folder.name for folder in found),
            hint=f"remove {environment.prefix}, then run `make install`",
        )
    info = found[0]
    try:
        record = parse_record(_read(info / "RECORD"))
        metadata = parse_metadata(_read(info / "METADATA"))
    except OSError as error:
        raise FreshnessError(
            f"{error.filename} cannot be read: {error.strerror}", hint="run `make install`"
        ) from error
    on_disk, altered = _compare_with_disk(site, record)
    files = {_by_scheme(path, site, environment): digest for path, digest in on_disk.items()}
    scripts = [path for path in files if path.startswith("{scripts}/")]
    return Installed(
        distribution=Distribution(
            name=metadata.name,
            version=metadata.version,
            files=files,
            executable=frozenset(
                _by_scheme(path, site, environment)
                for path in on_disk
                if os.access(site / path, os.X_OK)
            ),
            commands=_commands(info),
            requirements=metadata.requirements,
        ),
        dist_info=info.name,
        origin=_origin(info),
        altered=altered,
        missing=frozenset(record) - frozenset(on_disk),
        unrecorded=_unrecorded(site, frozenset(record)),
        commands=frozenset(_offered(environment, scripts)),
    )


def _dist_infos(site: Path, name: NormalizedName) -> Iterator[Path]:
    for folder in sorted(site.glob("*.dist-info")):
        if canonicalize_name(folder.name.removesuffix(".dist-info").partition("-")[0]) == name:
            yield folder


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="surrogateescape")


def _commands(info: Path) -> dict[str, str]:
    path = info / "entry_points.txt"
    return parse_commands(_read(path)) if path.exists() else {}


def _origin(info: Path) -> dict[str, Any]:
    """Read direct_url.json (PEP 610); nothing where there is none or it is not JSON."""
    try:
        origin = json.loads(_read(info / "direct_url.json"))
    except (OSError, ValueError):
        return {}
    return origin if isinstance(origin, dict) else {}


def _compare_with_disk(
    site: Path, record: Mapping[str, Digest | None]
) -> tuple[dict[str, Digest], frozenset[str]]:
    """Give the SHA-256 of each recorded file that is there, and the paths that differ."""
    on_disk: dict[str, Digest] = {}
    altered: set[str] = set()
    for path, promised in record.items():
        file = site / path
        if not file.is_file():
            continue
        on_disk[path] = digest_of_file(file)
        if promised and promised != on_disk[path]:
            try:
                same = promised == digest_of_file(file, algorithm_of(promised))
            except ValueError:  # an algorithm that this Python does not know
                same = False
            if not same:
                altered.add(path)
    return on_disk, frozenset(altered)


def _by_scheme(path: str, site: Path, environment: Environment) -> str:
    """Spell a path of RECORD as `Distribution.files` does."""
    if not path.startswith("../"):
        return path
    file = Path(os.path.normpath(site / path))
    if file.parent == environment.scripts:
        return f"{{scripts}}/{file.name}"
    if file.is_relative_to(environment.prefix):
        return f"{{data}}/{file.relative_to(environment.prefix).as_posix()}"
    return path


def _unrecorded(site: Path, recorded: frozenset[str]) -> frozenset[str]:
    """Find files in the distribution's own packages that RECORD does not know.

    A package is its own if RECORD has its ``__init__.py``: other folders may be shared.
    """
    packages = {path.partition("/")[0] for path in recorded if path.count("/") == 1}
    own = {package for package in packages if f"{package}/__init__.py" in recorded}
    found = {
        path
        for package in own
        for file in (site / package).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
        if (path := file.relative_to(site).as_posix()) not in recorded
    }
    return frozenset(found - _recorded_by_others(site) if found else found)


def _recorded_by_others(site: Path) -> frozenset[str]:
    """Give the files of every distribution: a plugin may put its own into our package."""
    return frozenset(
        path for record in site.glob("*.dist-info/RECORD") for path in parse_record(_read(record))
    )


def _offered(environment: Environment, recorded: Collection[str]) -> Iterator[str]:
    """Give the commands of the distribution that the folder of commands has."""
    if environment.commands_folder == environment.scripts:
        own = [environment.scripts / path.removeprefix("{scripts}/") for path in recorded]
    else:
        own = own_commands(environment)
    yield from (path.name.removesuffix(".exe") for path in own if path.exists())


def own_commands(environment: Environment) -> list[Path]:
    """Give the paths in the folder of commands that are the tool's: those that lead into it.

    Where commands are copies (Windows), what uv noted of them has to do.
    """
    return read_receipt(environment) if os.name == "nt" else links_into(environment)


def links_into(environment: Environment) -> list[Path]:
    """Find the links in the folder of commands that lead into the environment."""
    folder = environment.commands_folder
    entries = sorted(folder.iterdir()) if folder.is_dir() else []
    return [path for path in entries if leads_into(path, environment)]


def leads_into(path: Path, environment: Environment) -> bool:
    """Tell whether *path* is a link into *environment*, even to what is no longer there."""
    if not path.is_symlink():
        return False
    target = Path(os.path.normpath(path.parent / os.readlink(path)))
    return (target.parent.resolve() / target.name).is_relative_to(environment.prefix)

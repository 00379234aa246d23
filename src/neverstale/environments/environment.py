"""An environment in which a copy of the project may be, known by how its folders look (PEP 405)."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from neverstale.files import listing, read_text, real
from neverstale.names import NormalizedName, canonicalize_name, is_name
from neverstale.versions import is_version

TOOL, VENV, PIPX = "uv tool", ".venv", "pipx"
SESSION, ACTIVE, OTHER = "session", "active", "environment"
PYTHON, USER = "python", "user site"
"""The kinds of places where the project can be installed, as the doctor shows them."""

SITE = "Lib/site-packages" if os.name == "nt" else "lib/py*3*/site-packages"
"""Where an environment has what is installed in it."""

SUFFIXES = (".dist-info", ".egg-info", ".egg-link")
"""The ends of the names of what says that a distribution is installed."""

VERSIONED = re.compile(r"(python|pypy)3(\.\d+t?)?")
"""The folders in which a Python has its library, and Debian what fits all of them."""

SCRIPTS = "Scripts" if os.name == "nt" else "bin"

EGG_PYTHON = re.compile(r"-py\d.*")
"""What the name of an egg has behind the version."""


class Environment(NamedTuple):
    """An environment, and the folder in which its commands are offered to the shell.

    ``place`` is its kind and ``label`` which one of that kind. ``site`` and ``python`` are given
    where they cannot be told from the prefix, ``beside`` are other folders on its ``sys.path``.
    """

    place: str
    prefix: Path
    commands_folder: Path
    label: str = ""
    site: Path | None = None
    python: Path | None = None
    beside: tuple[Path, ...] = ()

    def __str__(self) -> str:
        return f"{self.place} {self.label}".strip()

    def beside_the_tool(self, name: NormalizedName) -> "Environment":
        """Return it as it is for *name*: a tool offers the commands of its own project alone."""
        if self.place in (TOOL, PIPX) and self.prefix.name != name:
            return self._replace(commands_folder=self.scripts)
        return self

    @property
    def own(self) -> bool:
        """Whether it is a virtual environment, not an interpreter's own folders."""
        return self.place not in (PYTHON, USER)

    @property
    def scripts(self) -> Path:
        """The environment's own folder of executables."""
        return self.prefix / SCRIPTS

    @property
    def site_packages(self) -> Path | None:
        """The folder of installed packages; None where there is no environment."""
        if self.site:
            return self.site
        found = sorted(self.prefix.glob(SITE))
        if not found[1:]:
            return found[0] if found else None
        version = ".".join((self._settings_version or "").split(".")[:2])
        fitting = (site for site in found if site.parent.name == f"python{version}")
        return next(fitting, found[0])

    @property
    def interpreter(self) -> Path | None:
        """The interpreter that the environment was made from; None where it is gone."""
        if self.python or not self.own:
            return self.python
        own = self.scripts / ("python.exe" if os.name == "nt" else "python")
        if not os.path.exists(own):
            return None
        if own.is_symlink():
            return own.parent / os.readlink(own)
        home = self._settings.get("home")
        return Path(home, own.name) if home else own

    @property
    def runs(self) -> Path | None:
        """The executable that starts Python in this environment; None where there is none."""
        own = self.scripts / ("python.exe" if os.name == "nt" else "python")
        return self.python or (own if self.own and os.path.exists(own) else None)

    @property
    def python_version(self) -> str | None:
        """The interpreter's version as pyvenv.cfg notes it (PEP 405), such as ``3.12.1``.

        Where there is no pyvenv.cfg, as the folder's name says: ``3.12``.
        """
        named = re.findall(r"py\w*(3\.\d+)", str(self.site_packages or ""))
        return self._settings_version or next(reversed(named), None)

    @property
    def minor(self) -> str | None:
        """The first two parts of its version, such as ``3.12``; None where nobody knows."""
        return ".".join(self.python_version.split(".")[:2]) if self.python_version else None

    @property
    def is_plain_cpython(self) -> bool:
        """Whether it is a CPython with the usual ABI, as far as its folders tell."""
        site = self.site_packages
        if os.name == "nt":  # Lib\\site-packages is everybody's; uv and virtualenv note who it is
            free_threaded = [*Path(self._settings.get("home", "")).glob("python3*t.exe")]
            return self._settings.get("implementation") == "CPython" and not free_threaded
        return site is not None and re.fullmatch(r"python3\.\d+", site.parent.name) is not None

    @property
    def sites(self) -> list[Path]:
        """All folders from which it imports what is installed, its own first."""
        found = [*([self.site_packages] if self.site_packages else []), *self.beside]
        if self._settings.get("include-system-site-packages", "").lower() == "true":
            found += sites_of(Path(self._settings.get("home", "/")).parent)
        return found

    @property
    def versions(self) -> Mapping[NormalizedName, str]:
        """The versions of all distributions in it, by the names of their dist-info folders."""
        found: dict[NormalizedName, str] = {}
        for site in reversed(self.sites):
            found |= {name: text for name, _, text in distributions(site) if is_version(text)}
        return found

    @property
    def _settings_version(self) -> str | None:
        noted = self._settings.get("version_info") or self._settings.get("version") or ""
        found = re.match(r"\d+\.\d+(\.\d+)?", noted)  # virtualenv writes 3.12.1.final.0
        return found[0] if found else None

    @property
    def _settings(self) -> dict[str, str]:
        """What pyvenv.cfg says; nothing where there is none."""
        try:
            text = read_text(self.prefix / "pyvenv.cfg")
        except OSError:
            return {}
        pairs = (line.partition("=") for line in text.splitlines())
        return {key.strip(): value.strip() for key, _, value in pairs}


def distributions(
    site: Path, only: NormalizedName | None = None
) -> Iterator[tuple[NormalizedName, Path, str]]:
    """Return name, path and version of what says, in *site*, that a distribution is installed.

    *only* one of that name, where it is given. The version is empty where the name does not have
    it. An unreadable folder holds nothing.
    """
    first = only[0] if only else ""
    for name in listing(site):
        if not name.endswith(SUFFIXES) or not name.lower().startswith(first):
            continue
        stem = name.rpartition(".")[0]
        own, _, version = (stem, "", "") if name.endswith(".egg-link") else stem.partition("-")
        if not is_name(own):
            continue
        normalized = canonicalize_name(own)
        if only in (None, normalized) and (version or not stem.endswith("-")):
            yield normalized, site / name, EGG_PYTHON.sub("", version)


def holds(environment: Environment, name: NormalizedName) -> bool:
    """Return whether something in *environment* says that *name* is installed there."""
    site = environment.site_packages
    return site is not None and any(distributions(site, name))


def sites_of(prefix: Path) -> list[Path]:
    """Return the folders of installed packages of the interpreter at *prefix*."""
    found = [f"{prefix}/Lib/site-packages"]
    for library in ("lib", "lib64", "local/lib"):  # the last is Debian's
        folder = f"{prefix}/{library}"
        for name in sorted(filter(VERSIONED.fullmatch, listing(folder))):
            found += [f"{folder}/{name}/site-packages", f"{folder}/{name}/dist-packages"]
    return list(dict.fromkeys(real(p) for p in found if os.path.isdir(p)))


def is_environment(prefix: Path) -> bool:
    """Return whether *prefix* is a virtual environment (PEP 405); one that is locked is none."""
    return os.path.isfile(prefix / "pyvenv.cfg")


def is_systems(environment: Environment, name: NormalizedName) -> bool:
    """Return whether *name* was put there by the system's package manager, not by an installer.

    That leaves no RECORD, or says so in INSTALLER; the copy is another release of another builder.
    """
    site = environment.site_packages
    found = [path for _, path, _ in distributions(site, name)] if site else []
    return (
        bool(found)
        and not environment.own
        and all(
            path.suffix == ".egg-info"
            or not (path / "RECORD").exists()
            or _installer(path) == "debian"
            for path in found
            if path.suffix != ".egg-link"
        )
        and not any(path.suffix == ".egg-link" for path in found)
    )


def _installer(info: Path) -> str:
    try:
        return read_text(info / "INSTALLER").strip()
    except OSError:
        return ""

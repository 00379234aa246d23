"""The environments in which a copy of the project may lie, found by how their folders look.

No interpreter is started, and nothing in an environment is imported: virtual environments are
those of PEP 405, user sites those of PEP 370, and the other folders are where the documentation
of uv, pipx and nox says that they are.
"""

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.utils import InvalidName, NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from freshness.errors import FreshnessError
from freshness.record import read_text
from freshness.tree import real
from freshness.uv import Uv
from freshness.workspace import workspace_of

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

INTERPRETER = re.compile(r"python(3(\.\d+)?)?(\.exe)?")

MANAGED = ("versions/*", "installs/python/*")
"""Beside a folder ``shims``: where pyenv, asdf and mise keep the interpreters."""

EGG_PYTHON = re.compile(r"-py\d.*")
"""What the name of an egg has behind the version."""


@dataclass(frozen=True)
class Environment:
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
        """Give it as it is for *name*: a tool offers the commands of its own project alone."""
        if self.place in (TOOL, PIPX) and self.prefix.name != name:
            return replace(self, commands_folder=self.scripts)
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
        version = ".".join((self._settings_version or "").split(".")[:2])
        fitting = (site for site in found if site.parent.name == f"python{version}")
        return next(fitting, found[0] if found else None)

    @property
    def interpreter(self) -> Path | None:
        """The interpreter that the environment was made from; None where it is gone."""
        if self.python or not self.own:
            return self.python
        own = self.scripts / ("python.exe" if os.name == "nt" else "python")
        if not os.path.exists(own):  # noqa: PTH110 - which does not raise
            return None
        if own.is_symlink():
            return own.parent / os.readlink(own)
        home = self._settings.get("home")
        return Path(home, own.name) if home else own

    @property
    def runs(self) -> Path | None:
        """The executable that starts Python in this environment; None where there is none."""
        own = self.scripts / ("python.exe" if os.name == "nt" else "python")
        return self.python or (own if self.own and os.path.exists(own) else None)  # noqa: PTH110

    @property
    def python_version(self) -> str | None:
        """The interpreter's version as pyvenv.cfg notes it (PEP 405), such as ``3.12.1``.

        Where there is no pyvenv.cfg, as the folder's name says: ``3.12``.
        """
        named = re.search(r"py\w*(3\.\d+)", str(self.site_packages or ""))
        return self._settings_version or (named and named[1]) or None

    @property
    def minor(self) -> str | None:
        """The first two parts of its version, such as ``3.12``; None where nobody knows."""
        return ".".join(self.python_version.split(".")[:2]) if self.python_version else None

    @property
    def is_plain_cpython(self) -> bool:
        """Whether it is a CPython with the usual ABI, as far as its folders tell."""
        site = self.site_packages
        return site is not None and re.fullmatch(r"python3\.\d+", site.parent.name) is not None

    @property
    def sites(self) -> list[Path]:
        """All folders from which it imports what is installed, its own first."""
        found = [*([self.site_packages] if self.site_packages else []), *self.beside]
        if self._settings.get("include-system-site-packages", "").lower() == "true":
            found += sites_of(Path(self._settings.get("home", "/")).parent)
        return found

    @property
    def versions(self) -> Mapping[NormalizedName, Version]:
        """The versions of all distributions in it, by the names of their dist-info folders."""
        found: dict[NormalizedName, Version] = {}
        for site in reversed(self.sites):
            for name, _, version in distributions(site):
                try:
                    found[name] = Version(version)
                except InvalidVersion:
                    continue
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
    """Give name, path and version of what says, in *site*, that a distribution is installed.

    *only* one of that name, where it is given. The version is empty where the name does not have
    it. An unreadable folder holds nothing.
    """
    first = only[0] if only else ""
    for name in sorted(_listing(str(site))):
        if not name.endswith(SUFFIXES) or not name.lower().startswith(first):
            continue
        stem = name.rpartition(".")[0]
        own, _, version = (stem, "", "") if name.endswith(".egg-link") else stem.partition("-")
        try:
            normalized = canonicalize_name(own, validate=True)
        except InvalidName:
            continue
        if only in (None, normalized) and (version or not stem.endswith("-")):
            yield normalized, site / name, EGG_PYTHON.sub("", version)


def holds(environment: Environment, name: NormalizedName) -> bool:
    """Tell whether something in *environment* says that *name* is installed there."""
    site = environment.site_packages
    return site is not None and any(distributions(site, name))


def tool_environment(uv: Uv, name: NormalizedName) -> Environment:
    """Give the place of the uv tool *name*, installed or not.

    Where uv keeps tools is documented, and asking it takes longer than the rest of a diagnosis:
    https://docs.astral.sh/uv/reference/storage/. It is asked where older versions did otherwise.
    """
    if sys.platform == "linux":
        folders = _documented_folders(os.environ)
    else:
        folders = tuple(map(Path, uv.ask(("tool", "dir"), ("tool", "dir", "--bin"))))
    tools, commands = folders
    return Environment(TOOL, real(tools) / name, real(commands))


def _documented_folders(variables: Mapping[str, str]) -> tuple[Path, Path]:
    """Give the folders of uv's tools and of their commands, as *variables* decide on them."""
    home = Path.home()
    given = {name: Path(value) for name, value in variables.items() if value}
    absolute = {name: path for name, path in given.items() if path.is_absolute()}
    data = absolute.get("XDG_DATA_HOME")
    commands = absolute.get("XDG_BIN_HOME") or (data / "../bin" if data else home / ".local/bin")
    return (
        given.get("UV_TOOL_DIR") or (data or home / ".local/share") / "uv" / "tools",
        given.get("UV_TOOL_BIN_DIR") or commands,
    )


def venv_environment(root: Path) -> Environment:
    """Give the project's own environment, where ``uv sync`` and ``uv run`` have it.

    The members of a workspace share one, at its root:
    https://docs.astral.sh/uv/concepts/projects/config/#project-environment-path. Raises
    FreshnessError where something else is there, a whole Python perhaps.
    """
    prefix = real(workspace_of(root) / os.environ.get("UV_PROJECT_ENVIRONMENT", ".venv"))
    if os.path.lexists(prefix) and not is_environment(prefix):
        raise FreshnessError(
            f"{prefix} is not a virtual environment",
            hint="move it away, or name another folder in UV_PROJECT_ENVIRONMENT",
        )
    return Environment(VENV, prefix, prefix / SCRIPTS)


def is_environment(prefix: Path) -> bool:
    """Tell whether *prefix* is a virtual environment (PEP 405); one that is locked is none."""
    return os.path.isfile(prefix / "pyvenv.cfg")  # noqa: PTH113 - which does not raise


def environment_at(prefix: Path, name: NormalizedName) -> Environment:
    """Give the virtual environment at *prefix*; pipx's of the application *name* as pipx's.

    Raises FreshnessError where there is none.
    """
    prefix = real(prefix)
    if not is_environment(prefix):
        raise FreshnessError(
            f"{prefix} is not a virtual environment",
            hint="name `tool`, `venv` or the folder of an environment, which has a pyvenv.cfg",
        )
    if prefix.name == name and (prefix / "pipx_metadata.json").is_file():
        return Environment(PIPX, prefix, _pipx_commands(), prefix.name)
    return Environment(OTHER, prefix, prefix / SCRIPTS, prefix.name)


def find_environments(
    root: Path, name: NormalizedName, known: Sequence[Environment], path: str
) -> list[Environment]:
    """Find the environments beside *known* in which *name* is installed.

    *path* is the PATH of whoever asks: the environments that are active are on it.
    """
    seen = {real(site) for place in known if (site := place.site_packages)}
    found = []
    for environment in _candidates(root, name, known, path):
        site = environment.site_packages
        if site and real(site) not in seen and holds(environment, name):
            seen.add(real(site))
            found.append(environment)
    return found


def _candidates(
    root: Path, name: NormalizedName, known: Iterable[Environment], path: str
) -> Iterator[Environment]:
    folders = [Path(entry) for entry in path.split(os.pathsep) if entry]
    for place in known:
        if place.place == TOOL:  # beside another tool, its commands are not offered
            yield from _environments_in(place.prefix.parent, TOOL)
    for home in _pipx_homes():
        for environment in _environments_in(home / "venvs", PIPX):
            offered = environment.label == name
            yield replace(environment, commands_folder=_pipx_commands()) if offered else environment
    for folder in (".nox", ".tox"):
        yield from _environments_in(root / folder, SESSION)
    yield from _active(folders)
    interpreters = [*_interpreters(folders)]
    yield from _user_sites(folders)
    for prefix in dict.fromkeys(interpreters):
        yield from _python(prefix)


def _environments_in(folder: Path, place: str) -> Iterator[Environment]:
    for settings in sorted(folder.glob("*/pyvenv.cfg")):
        prefix = settings.parent
        yield Environment(place, prefix, prefix / SCRIPTS, prefix.name)


def _active(folders: Iterable[Path]) -> Iterator[Environment]:
    """Give the environments whose commands are on PATH, as activation puts them there."""
    prefixes = [folder.parent for folder in folders if is_environment(folder.parent)]
    for prefix in dict.fromkeys(prefixes):
        if prefix != Path(sys.prefix):
            yield Environment(ACTIVE, prefix, prefix / SCRIPTS, prefix.name)
    if conda := os.environ.get("CONDA_PREFIX"):  # an interpreter of its own, not of PEP 405
        yield from _python(Path(conda))


def _interpreters(folders: Iterable[Path]) -> Iterator[Path]:
    """Give the prefixes of the interpreters on PATH, those behind shims among them."""
    for folder in folders:
        if folder.name == "shims":
            for pattern in MANAGED:
                yield from sorted(folder.parent.glob(pattern))
            continue
        for name in sorted(filter(INTERPRETER.fullmatch, _listing(str(folder)))):
            target = real(folder / name)
            yield target.parent if os.name == "nt" else target.parent.parent


def _python(prefix: Path) -> Iterator[Environment]:
    sites = sites_of(prefix)
    for site in sites:
        base = site.parent if os.name == "nt" else site.parents[2]
        version = site.parent.name if site.parent.name.startswith("python") else "python"
        executable = next(filter(os.path.isfile, _executables(prefix, version)), None)
        beside = tuple(other for other in sites if other != site)
        label = f"{version.removeprefix('python')} in {base}"
        yield Environment(PYTHON, base, base / SCRIPTS, label, site, executable, beside)


def sites_of(prefix: Path) -> list[Path]:
    """Give the folders of installed packages of the interpreter at *prefix*."""
    found = [f"{prefix}/Lib/site-packages"]
    for library in ("lib", "lib64", "local/lib"):  # the last is Debian's
        folder = f"{prefix}/{library}"
        for name in sorted(filter(VERSIONED.fullmatch, _listing(folder))):
            found += [f"{folder}/{name}/site-packages", f"{folder}/{name}/dist-packages"]
    return list(dict.fromkeys(real(p) for p in found if os.path.isdir(p)))  # noqa: PTH112


def _listing(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 - asked of every interpreter on PATH
    except OSError:
        return []


def _executables(prefix: Path, version: str) -> list[Path]:
    if os.name == "nt":
        return [prefix / "python.exe"]
    return [prefix / "bin" / version, prefix / "bin" / "python3"]


def _user_sites(folders: Sequence[Path]) -> Iterator[Environment]:
    """Give the user's own site folders (PEP 370), of every version of Python."""
    if base := os.environ.get("PYTHONUSERBASE"):
        homes = [Path(base)]
    elif os.name == "nt":
        homes = [Path.home() / "AppData/Roaming/Python"]
    else:
        macos = sorted(Path.home().glob("Library/Python/3.*"))
        homes = [Path.home() / ".local", *macos]
    for home in homes:
        for pattern in (SITE, "lib/python/site-packages", "Python3*/site-packages"):
            for site in sorted(home.glob(pattern)):
                version = site.parent.name if "." in site.parent.name else f"python{home.name}"
                python = _named(version, folders)
                beside = tuple(sites_of(python.parents[1])) if python else ()
                label = version.removeprefix("python")
                yield Environment(USER, home, home / SCRIPTS, label, site, python, beside)


def _named(name: str, folders: Iterable[Path]) -> Path | None:
    """Give the interpreter that *name* starts, not the shim in front of it."""
    for folder in folders:
        behind = [folder]
        if folder.name == "shims":
            behind = [p / "bin" for m in MANAGED for p in sorted(folder.parent.glob(m))]
        for place in behind:
            if os.path.isfile(place / name):  # noqa: PTH113 - which does not raise
                return real(place / name)
    return None


def _pipx_homes() -> list[Path]:
    if home := os.environ.get("PIPX_HOME"):
        return [real(home)]
    usual = ("~/.local/share/pipx", "~/.local/pipx", "~/Library/Application Support/pipx", "~/pipx")
    return [*(real(Path(folder).expanduser()) for folder in usual), Path("/opt/pipx")]


def _pipx_commands() -> Path:
    return real(Path(os.environ.get("PIPX_BIN_DIR") or "~/.local/bin").expanduser())

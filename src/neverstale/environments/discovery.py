"""Where the environments are in which a copy of the project may be.

No interpreter is started, and nothing in an environment is imported: virtual environments are
those of PEP 405, user sites those of PEP 370, and the other folders are where the documentation
of uv, pipx and nox says that they are.
"""

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from neverstale.environments.environment import (
    ACTIVE,
    OTHER,
    PIPX,
    PYTHON,
    SCRIPTS,
    SESSION,
    SITE,
    TOOL,
    USER,
    VENV,
    Environment,
    holds,
    is_environment,
    is_systems,
    sites_of,
)
from neverstale.environments.other_tools import prefixes_of_others
from neverstale.environments.path_search import folders_on
from neverstale.errors import NeverstaleError
from neverstale.files import home, listing, real
from neverstale.names import NormalizedName
from neverstale.process import Uv
from neverstale.project.workspace import workspace_of

INTERPRETER = re.compile(r"python(3(\.\d+)?)?(\.exe)?")

SESSIONS = (".nox", ".tox")
"""Where nox and tox keep the environments of a project's sessions."""

MANAGED = ("versions/*", "installs/python/*")
"""Next to a folder ``shims``: where pyenv, asdf and mise keep the interpreters."""


def tool_environment(uv: Uv, name: NormalizedName) -> Environment:
    """Return the place of the uv tool *name*, installed or not.

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
    """Return the folders of uv's tools and of their commands, as *variables* decide on them."""
    user = home()
    given = {name: Path(value) for name, value in variables.items() if value}
    absolute = {name: path for name, path in given.items() if path.is_absolute()}
    data = absolute.get("XDG_DATA_HOME")
    commands = absolute.get("XDG_BIN_HOME") or (data / "../bin" if data else user / ".local/bin")
    return (
        given.get("UV_TOOL_DIR") or (data or user / ".local/share") / "uv" / "tools",
        given.get("UV_TOOL_BIN_DIR") or commands,
    )


def venv_environment(root: Path) -> Environment:
    """Return the project's own environment, where ``uv sync`` and ``uv run`` have it.

    The members of a workspace share one, at its root:
    https://docs.astral.sh/uv/concepts/projects/config/#project-environment-path. Raises
    NeverstaleError where something else is there, a whole Python perhaps.
    """
    prefix = real(workspace_of(root) / os.environ.get("UV_PROJECT_ENVIRONMENT", ".venv"))
    if os.path.lexists(prefix) and not is_environment(prefix):
        raise NeverstaleError(
            f"{prefix} is not a virtual environment",
            hint="move it away, or name another folder in UV_PROJECT_ENVIRONMENT",
        )
    return Environment(VENV, prefix, prefix / SCRIPTS)


def environment_at(prefix: Path, name: NormalizedName) -> Environment:
    """Return the virtual environment at *prefix*; pipx's of the application *name* as pipx's.

    Raise NeverstaleError where there is none.
    """
    prefix = real(prefix)
    if not is_environment(prefix):
        raise NeverstaleError(
            f"{prefix} is not a virtual environment",
            hint="name `tool`, `venv` or the folder of an environment, which has a pyvenv.cfg",
        )
    if prefix.name == name and (prefix / "pipx_metadata.json").is_file():
        return Environment(PIPX, prefix, _pipx_commands(), prefix.name)
    return Environment(OTHER, prefix, prefix / SCRIPTS, prefix.name)


def environment_of(root: Path, prefix: Path, python: Path) -> Environment:
    """Return the environment at *prefix*, called as the doctor of the project at *root* calls it.

    *python* is its interpreter, for where it is no virtual environment: conda's, or a Python's own
    folders. Raise NeverstaleError where nothing can be installed in it.
    """
    prefix = real(prefix)
    if is_environment(prefix):
        sessions = (real(root / folder) for folder in SESSIONS)
        own = real(workspace_of(root) / os.environ.get("UV_PROJECT_ENVIRONMENT", ".venv"))
        place = VENV if prefix == own else SESSION if prefix.parent in sessions else OTHER
        label = "" if place == VENV else prefix.name
        return Environment(place, prefix, prefix / SCRIPTS, label)
    sites = sites_of(prefix)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    site = next((s for s in sites if s.parent.name == version), sites[0] if sites else None)
    if site is None:
        raise NeverstaleError(
            f"{prefix} has no site-packages", hint="use a virtual environment: `uv venv`"
        )
    return Environment(PYTHON, prefix, prefix / SCRIPTS, prefix.name, site, python, tuple(sites))


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
        if site is None or real(site) in seen or is_systems(environment, name):
            continue
        if holds(environment, name):
            seen.add(real(site))
            found.append(environment)
    return found


def _candidates(
    root: Path, name: NormalizedName, known: Iterable[Environment], path: str
) -> Iterator[Environment]:
    folders = folders_on(path)
    for place in known:
        if place.place == TOOL:  # beside another tool, its commands are not offered
            yield from _environments_in(place.prefix.parent, TOOL)
    for pipx in _pipx_homes():
        for environment in _environments_in(pipx / "venvs", PIPX):
            offered = environment.label == name
            yield environment._replace(commands_folder=_pipx_commands()) if offered else environment
    for folder in SESSIONS:
        yield from _environments_in(root / folder, SESSION)
    yield from _active(folders)
    for prefix in prefixes_of_others(root):
        with suppress(NeverstaleError, OSError, ValueError):  # it is gone, or no path
            python = prefix / ("python.exe" if os.name == "nt" else "bin/python")
            yield environment_of(root, prefix, python)
    interpreters = [*_interpreters(folders)]
    yield from _user_sites(folders)
    for prefix in dict.fromkeys(interpreters):
        yield from _python(prefix)


def _environments_in(folder: Path, place: str) -> Iterator[Environment]:
    for settings in sorted(folder.glob("*/pyvenv.cfg")):
        prefix = settings.parent
        yield Environment(place, prefix, prefix / SCRIPTS, prefix.name)


def _active(folders: Iterable[Path]) -> Iterator[Environment]:
    """Return the environments whose commands are on PATH, as activation puts them there."""
    prefixes = [folder.parent for folder in folders if is_environment(folder.parent)]
    for prefix in dict.fromkeys(prefixes):
        if prefix != Path(sys.prefix):
            yield Environment(ACTIVE, prefix, prefix / SCRIPTS, prefix.name)
    if conda := os.environ.get("CONDA_PREFIX"):  # an interpreter of its own, not of PEP 405
        yield from _python(Path(conda))


def _interpreters(folders: Iterable[Path]) -> Iterator[Path]:
    """Return the prefixes of the interpreters on PATH, those behind shims among them."""
    for folder in folders:
        if folder.name == "shims":
            for pattern in MANAGED:
                yield from sorted(folder.parent.glob(pattern))
            continue
        for name in sorted(filter(INTERPRETER.fullmatch, listing(folder))):
            target = real(folder / name)
            yield target.parent if os.name == "nt" else target.parent.parent


def _python(prefix: Path) -> Iterator[Environment]:
    sites = sites_of(prefix)
    for site in sites:
        base = site.parents[1 if os.name == "nt" else 2]  # Lib/site-packages
        version = site.parent.name if site.parent.name.startswith("python") else "python"
        executable = next(filter(os.path.isfile, _executables(prefix, version)), None)
        beside = tuple(other for other in sites if other != site)
        label = f"{version.removeprefix('python')} in {base}".strip()
        yield Environment(PYTHON, base, base / SCRIPTS, label, site, executable, beside)


def _executables(prefix: Path, version: str) -> list[Path]:
    if os.name == "nt":
        return [prefix / "python.exe"]
    return [prefix / "bin" / version, prefix / "bin" / "python3"]


def _user_sites(folders: Sequence[Path]) -> Iterator[Environment]:
    """Return the user's own site folders (PEP 370), of every version of Python."""
    if named := os.environ.get("PYTHONUSERBASE"):
        homes = [Path(named)]
    elif os.name == "nt":
        homes = [Path(os.environ.get("APPDATA") or home() / "AppData/Roaming", "Python")]
    else:
        macos = sorted(home().glob("Library/Python/3.*"))
        homes = [home() / ".local", *macos]
    for base in homes:
        for pattern in (SITE, "lib/python/site-packages", "Python3*/site-packages"):
            for site in sorted(base.glob(pattern)):
                if os.name == "nt":
                    yield _user_site_of_windows(site, folders)
                    continue
                version = site.parent.name if "." in site.parent.name else f"python{base.name}"
                python = _named(version, folders)
                beside = tuple(sites_of(python.parents[1])) if python else ()
                label = version.removeprefix("python")
                yield Environment(USER, base, base / SCRIPTS, label, site, python, beside)


def _user_site_of_windows(site: Path, folders: Iterable[Path]) -> Environment:
    """Return the user site in a folder ``Python313``, with the interpreter that has its DLL."""
    prefix, number = site.parent, site.parent.name.removeprefix("Python")
    homes = (each for each in folders if os.path.isfile(each / f"python{number}.dll"))
    python = next((p for each in homes if os.path.isfile(p := each / "python.exe")), None)
    beside = tuple(sites_of(python.parent)) if python else ()
    label = f"{number[:1]}.{number[1:]}"
    return Environment(USER, prefix, prefix / SCRIPTS, label, site, python, beside)


def _named(name: str, folders: Iterable[Path]) -> Path | None:
    """Return the interpreter that *name* starts, not the shim in front of it."""
    for folder in folders:
        behind = [folder]
        if folder.name == "shims":
            behind = [p / "bin" for m in MANAGED for p in sorted(folder.parent.glob(m))]
        for place in behind:
            if os.path.isfile(place / name):
                return real(place / name)
    return None


def _pipx_homes() -> list[Path]:
    if named := os.environ.get("PIPX_HOME"):
        return [real(named)]
    usual = (".local/share/pipx", ".local/pipx", "Library/Application Support/pipx", "pipx")
    return [*(real(home() / folder) for folder in usual), Path("/opt/pipx")]


def _pipx_commands() -> Path:
    return real(Path(os.environ.get("PIPX_BIN_DIR") or home() / ".local/bin"))

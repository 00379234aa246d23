"""What decides which copy runs, and what the next build takes.

Where paths are compared, links are followed; no file is opened.
"""

import os
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from neverstale.diagnosis.codes import Code
from neverstale.diagnosis.findings import Evidence, Finding, Fix, finding, shown
from neverstale.diagnosis.fixes import Fixes
from neverstale.environments.environment import PYTHON, USER, Environment
from neverstale.environments.imports import Origin
from neverstale.environments.installed import Installed
from neverstale.environments.path_search import Answer, folders_on
from neverstale.files import real
from neverstale.project.metadata import Project
from neverstale.shell import before_path
from neverstale.versions import admits, is_same, is_version
from neverstale.wheels.leftovers import Leftovers


def check_leftovers(
    project: Project, left: Leftovers, unselected: Collection[str], fixes: Fixes
) -> Iterator[Finding]:
    """Return what of *left* will be in the next build, or in the next import.

    *unselected* are files of the packages that a wheel of the sources does not have.
    """
    fix = fixes.verb("clean")
    stale = [Evidence(f"{i}: {name}") for i, names in left.gone.items() for name in names]
    stale += [
        Evidence(f"{info}: {name}, no longer selected")
        for info, names in left.listed.items()
        for name in sorted(set(names) & set(unselected))
    ]
    stale += [
        Evidence(info, project.version, version)
        for info, version in left.versions.items()
        if project.version and not is_same(version, project.version)
    ]
    yield from shown(
        finding(Code.NS501, fix, *left.built),
        Finding(Code.NS502, tuple(stale), fix),
        finding(Code.NS504, fix, *left.extensions),
        finding(Code.NS505, fix, *sorted(left.bytecode)),
    )
    if left.empty:
        bare = sorted((path for path, is_bare in left.empty.items() if is_bare), reverse=True)
        removals = tuple(("rmdir", str(Path(path))) for path in bare)  # cmd takes / for an option
        commands = (*fix.commands, *removals) if len(bare) < len(left.empty) else removals
        yield finding(Code.NS506, Fix(commands), *sorted(left.empty))


def check_pointer(root: Path, installed: Installed, fix: Fix) -> Iterator[Finding]:
    """Return whether an installation comes from *root*, or points at it."""
    url = installed.origin.get("url")
    folders = [Path(path) for path in installed.pointers]
    where = _local_path(url) if isinstance(url, str) else None
    if not installed.editable:
        is_folder = isinstance(installed.origin.get("dir_info"), dict)
        if where and is_folder and real(where) != real(root):
            yield Finding(Code.NS207, (Evidence("folder", str(root), str(where)),), fix)
        return
    if where:
        folders.insert(0, where)
    gone = [folder for folder in folders if not os.path.isdir(folder)]
    other = [folder for folder in folders if folder not in gone and not belongs(folder, root)]
    for code, paths in ((Code.NS206, gone), (Code.NS205, other)):
        if paths:
            evidence = (Evidence("folder", str(root), str(path)) for path in dict.fromkeys(paths))
            yield Finding(code, tuple(evidence), fix)
            return


def _local_path(url: str) -> Path | None:
    from urllib.parse import unquote, urlsplit

    try:
        parts = urlsplit(url)
        path = unquote(parts.path, errors="surrogateescape")
        os.fsencode(path)
    except (ValueError, OSError):  # no URL, or not one of a path
        return None
    if os.name == "nt":  # file:///C:/folder, file://server/share
        path = f"//{parts.netloc}{path}" if parts.netloc else path.lstrip("/")
    return Path(path) if parts.scheme == "file" and "\0" not in path else None


def belongs(folder: Path, root: Path) -> bool:
    """Return whether *folder* is at *root* or below, and not in a project in between.

    A work tree or a copy of the project may be inside of it.
    """
    inner, outer = real(folder), real(root)
    for part in (inner, *inner.parents):
        if part == outer:
            return True
        if os.path.isfile(part / "pyproject.toml"):
            return False
    return False


def check_imports(
    root: Path, environment: Environment, installed: Installed, origins: Iterable[Origin], fix: Fix
) -> Iterator[Finding]:
    """Return which packages of *installed* an import would take from elsewhere.

    *origins* are those outside of the project's folder.
    """
    site = environment.site_packages or root
    homes = [Path(path) for path in installed.pointers] if installed.editable else []
    strangers, empty, lost, by_variable = [], [], [], False
    for origin in origins:
        if origin.unknown:
            continue
        if origin.path is None:
            lost.append(f"{origin.name}: {origin.by}")
        elif _is_own(origin.path, site, installed) or any(
            _is_within(origin.path, h) for h in homes
        ):
            if origin.empty and not installed.editable:
                empty.append(f"{origin.name} is {origin.path}")
        elif not (installed.editable and belongs(origin.path.parent, root)):
            strangers.append(f"{origin.name} is {origin.path} ({origin.by})")
            by_variable = by_variable or origin.by == "PYTHONPATH"
    if lost and installed.editable:
        yield finding(Code.NS201, fix, *lost)
    if strangers:
        advice = "unset PYTHONPATH" if by_variable else "remove that copy, or what leads to it"
        yield finding(Code.NS607, Fix(advice=advice), *strangers)
    if empty:
        yield finding(Code.NS506, fix, *empty)


def _is_own(path: Path, site: Path, installed: Installed) -> bool:
    """Return whether *path* is in *site* and, where only copies are there, one of them."""
    if not path.is_relative_to(site):
        return False
    below = path.relative_to(site).as_posix()
    return not installed.editable or below in installed.distribution.files or path.is_dir()


def _is_within(path: Path, folder: Path) -> bool:
    return real(path).is_relative_to(real(folder))


def check_hidden(origins: Iterable[Origin]) -> list[Finding]:
    """Return which packages the project's folder hides from who works there."""
    hidden = [f"{o.name} is {o.path}" for o in origins if o.by == "the current folder"]
    advice = Fix(advice="expected of a flat layout: run it elsewhere, or fix what is hidden")
    return shown(finding(Code.NS605, advice, *hidden))


def check_commands(
    environment: Environment,
    commands: Collection[str],
    answers: Iterable[Answer],
    current: Collection[Path],
    path: str,
) -> Iterator[Finding]:
    """Return what a shell with *path* would run in place of *commands* of *environment*.

    *answers* are the files along *path*, in order. *current* are the folders whose commands are
    as good: those of other places that are fresh or editable.
    """
    folder = environment.commands_folder
    if folder not in map(real, folders_on(path)):
        yield finding(Code.NS602, Fix(advice=_path_setting(folder)), str(folder))
    for command in sorted(commands):
        found = [answer for answer in answers if answer.command == command]
        if not found:
            continue
        first, later = found[0], found[1:]
        good = {folder, *current}
        if real(first.path.parent) not in good:
            fix = Fix(advice=f"remove {first.path}, or put {folder} before it on PATH")
            yield finding(Code.NS601, fix, f"{command} is {first.path}")
        elif old := [a for a in later if real(a.path.parent) not in good]:
            evidence = (f"{command} is {first.path}; it was {answer.path} before" for answer in old)
            again = "open a new terminal" if os.name == "nt" else "hash -r"
            yield finding(Code.NS604, Fix(advice=again), *evidence)


def _path_setting(folder: Path) -> str:
    """Return how the shell of this system puts *folder* on PATH."""
    if sys.platform == "win32":
        return f"$env:PATH = {before_path(str(folder))} (PowerShell), or `uv tool update-shell`"
    return f"export PATH={before_path(str(folder))}"


def check_interpreter(
    project: Project, environment: Environment, interpreters: Mapping[str, Path], fixes: Fixes
) -> Iterator[Finding]:
    """Return whether the interpreter exists, suits the project, and is what the commands start.

    *interpreters* are what the first line of each command of the environment names.
    """
    if environment.place in (PYTHON, USER):
        return
    fix = fixes.reinstall(environment, editable=False)
    if environment.interpreter is None:
        yield finding(Code.NS603, fix, str(environment.scripts / "python"))
        return
    version = environment.python_version
    if version and not _allows(project, version):
        wanted = f"Python {project.requires_python} ({version} is used)"
        yield finding(Code.NS405, fixes.another_python(environment), wanted)
    scripts = real(environment.scripts)
    strangers = tuple(
        Evidence(command, str(environment.scripts), str(python))
        for command, python in sorted(interpreters.items())
        if real(python.parent) != scripts
    )
    yield from shown(Finding(Code.NS608, strangers, fix))


def _allows(project: Project, version: str) -> bool:
    return not is_version(version) or admits(project.requires_python, version)

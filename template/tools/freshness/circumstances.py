"""What decides which copy runs, and what the next build takes: values in, findings out.

Where paths are compared, links are followed; no file is opened, and no process started.
"""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from packaging.version import Version

from freshness.codes import Code
from freshness.environments import PYTHON, USER, Environment
from freshness.findings import Evidence, Finding, Fix, finding
from freshness.fixes import Fixes
from freshness.imports import Origin
from freshness.installed import Installed
from freshness.leftovers import Leftovers
from freshness.project import Project
from freshness.shell import Answer
from freshness.tree import real


def judge_leftovers(
    project: Project,
    left: Leftovers,
    stale_bytecode: Iterable[str],
    unselected: Collection[str],
    fixes: Fixes,
) -> Iterator[Finding]:
    """Say what of *left* will be in the next build, or in the next import.

    *unselected* are files of the packages that the wheel of the sources does not have.
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
        if project.version and Version(version) != Version(project.version)
    ]
    if left.built:
        yield finding(Code.F501, fix, *left.built)
    if stale:
        yield Finding(Code.F502, tuple(stale), fix)
    if left.extensions:
        yield finding(Code.F504, fix, *left.extensions)
    if bytecode := [*stale_bytecode, *left.sourceless]:
        yield finding(Code.F505, fix, *sorted(bytecode))
    if left.empty:
        bare = sorted((path for path, is_bare in left.empty.items() if is_bare), reverse=True)
        removals = tuple(("rmdir", path) for path in bare)
        commands = (*fix.commands, *removals) if len(bare) < len(left.empty) else removals
        yield finding(Code.F506, Fix(commands), *sorted(left.empty))


def judge_pointer(root: Path, installed: Installed, fix: Fix) -> Iterator[Finding]:
    """Say whether an installation comes from *root*, or points at it."""
    url = installed.origin.get("url")
    folders = [Path(path) for path in installed.pointers]
    where = _local_path(url) if isinstance(url, str) else None
    if not installed.editable:
        is_folder = isinstance(installed.origin.get("dir_info"), dict)
        if where and is_folder and real(where) != real(root):
            yield Finding(Code.F207, (Evidence("folder", str(root), str(where)),), fix)
        return
    if where:
        folders.insert(0, where)
    gone = [folder for folder in folders if not os.path.isdir(folder)]  # noqa: PTH112
    other = [folder for folder in folders if folder not in gone and not _belongs(folder, root)]
    for code, paths in ((Code.F206, gone), (Code.F205, other)):
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
    except ValueError:  # no URL, or none of a path
        return None
    if os.name == "nt":  # file:///C:/folder
        path = path.lstrip("/")
    return Path(path) if parts.scheme == "file" and "\0" not in path else None


def _belongs(folder: Path, root: Path) -> bool:
    """Tell whether *folder* is the project's: at *root* or below, and not of a project in between.

    A work tree or a copy of the project may lie inside of it.
    """
    inner, outer = real(folder), real(root)
    for part in (inner, *inner.parents):
        if part == outer:
            return True
        if os.path.isfile(part / "pyproject.toml"):  # noqa: PTH113 - which does not raise
            return False
    return False


def _is_within(path: Path, folder: Path) -> bool:
    return real(path).is_relative_to(real(folder))


def judge_imports(
    root: Path,
    environment: Environment,
    installed: Installed,
    origins: Iterable[Origin],
    fix: Fix,
) -> Iterator[Finding]:
    """Say which packages of *installed* an import would take from elsewhere.

    *origins* are those outside of the project's folder.
    """
    site = environment.site_packages or root
    homes = [Path(path) for path in installed.pointers] if installed.editable else [site]
    strangers, empty, lost, by_variable = [], [], [], False
    for origin in origins:
        if origin.path is None:
            lost.append(f"{origin.name}: {origin.by}")
        elif origin.path.is_relative_to(site) or any(_is_within(origin.path, h) for h in homes):
            if origin.empty and not installed.editable:
                empty.append(f"{origin.name} is {origin.path}")
        elif not (installed.editable and _belongs(origin.path.parent, root)):
            strangers.append(f"{origin.name} is {origin.path} ({origin.by})")
            by_variable = by_variable or origin.by == "PYTHONPATH"
    if lost and installed.editable:
        yield finding(Code.F201, fix, *lost)
    if strangers:
        advice = "unset PYTHONPATH" if by_variable else "remove that copy, or what leads to it"
        yield finding(Code.F607, Fix(advice=advice), *strangers)
    if empty:
        yield finding(Code.F506, fix, *empty)


def judge_hidden(origins: Iterable[Origin]) -> Iterator[Finding]:
    """Say which packages the project's folder hides from who works there."""
    hidden = [f"{o.name} is {o.path}" for o in origins if o.by == "the current folder"]
    if hidden:
        advice = Fix(advice="expected of a flat layout: run it elsewhere, or mend what is hidden")
        yield finding(Code.F605, advice, *hidden)


def judge_commands(
    environment: Environment,
    commands: Collection[str],
    answers: Iterable[Answer],
    current: Mapping[Path, str],
    path: str,
) -> Iterator[Finding]:
    """Say what a shell with *path* would run in place of *commands* of *environment*.

    *answers* are the files along *path*, in order. *current* are the folders whose commands are
    as good: those of other places that are fresh or editable.
    """
    folder = environment.commands_folder
    if folder not in [real(entry) for entry in path.split(os.pathsep) if entry]:
        fix = Fix(advice=f'export PATH="{folder}:$PATH"')
        yield finding(Code.F602, fix, str(folder))
    for command in sorted(commands):
        found = [answer for answer in answers if answer.command == command]
        if not found:
            continue
        first, later = found[0], found[1:]
        good = {folder, *current}
        if real(first.path.parent) not in good:
            fix = Fix(advice=f"remove {first.path}, or put {folder} before it on PATH")
            yield finding(Code.F601, fix, f"{command} is {first.path}")
        elif old := [a for a in later if real(a.path.parent) not in good]:
            evidence = (f"{command} is {first.path}; it was {answer.path} before" for answer in old)
            yield finding(Code.F604, Fix(advice="hash -r"), *evidence)


def judge_interpreter(
    environment: Environment, interpreters: Mapping[str, Path], fix: Fix
) -> Iterator[Finding]:
    """Say whether the interpreter is there, and the one that the commands start.

    *interpreters* are what the first line of each command of the environment names.
    """
    if environment.place in (PYTHON, USER):
        return
    if environment.interpreter is None:
        yield finding(Code.F603, fix, str(environment.scripts / "python"))
        return
    home = real(environment.scripts)
    strangers = [
        Evidence(command, str(environment.scripts), str(python))
        for command, python in sorted(interpreters.items())
        if real(python.parent) != home
    ]
    if strangers:
        yield Finding(Code.F608, tuple(strangers), fix)


def judge_template(
    newer: str | None,
    version: str,
    edited: Iterable[str],
    answers: Iterable[tuple[str, str, str]],
    fixes: Fixes,
) -> Iterator[Finding]:
    """Say how the project stands to its template.

    *newer* is the newest version if it is newer than *version*, which the project has; *edited*
    are the template's own files that are not as it made them; *answers* are the questions that
    the project no longer goes by, with the answer and what is so.
    """
    if newer:
        yield Finding(Code.F701, (Evidence("version", newer, version),), fixes.verb("update"))
    if files := [*edited]:
        advice = Fix(advice="undo it (git checkout), or let `update` merge it")
        yield finding(Code.F702, advice, *files)
    for question, answer, so in answers:
        fix = fixes.verb("update", "--data", f"{question}=...")
        yield Finding(Code.F703, (Evidence(question, answer, so),), Fix(advice=str(fix)))

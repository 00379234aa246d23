"""Requirements that no index has: ``[tool.uv.sources]``, and the members of a uv workspace.

https://docs.astral.sh/uv/concepts/projects/dependencies/#dependency-sources
https://docs.astral.sh/uv/concepts/projects/workspaces/
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from neverstale.files import text_if_there
from neverstale.names import NormalizedName, canonicalize_name
from neverstale.project.pyproject import load_tables

WORKSPACE = "workspace"


def workspace_of(root: Path) -> Path:
    """Return the folder of the workspace that the project at *root* belongs to, or else *root*.

    Its ``uv.lock`` and its ``.venv`` are those of all members.
    """
    if WORKSPACE in _uv_table(_tables(root, WORKSPACE)):
        return root
    is_project = (f for f in root.parents if os.path.isfile(f / "pyproject.toml"))
    above = next(is_project, None)  # uv looks no further than the first
    table = _uv_table(_tables(above, WORKSPACE)) if above else {}
    return above if above and root in _members(above, table.get(WORKSPACE)) else root


def members_at(home: Path) -> list[Path]:
    """Return the folders of the members of the workspace at *home*; none where there is none."""
    return [*_members(home, _uv_table(_tables(home, WORKSPACE)).get(WORKSPACE))]


def sources_of_requirements(root: Path) -> dict[NormalizedName, Path | None]:
    """Return what ``[tool.uv.sources]`` says for the project at *root*, and its workspace for it.

    The value is the folder of the project that a name is, or None where it is from anywhere else
    (a repository, an archive, an index of its own). Raise NeverstaleError where a pyproject.toml
    of the workspace cannot be read.
    """
    home = workspace_of(root)
    members: dict[NormalizedName, Path] | None = None
    found: dict[NormalizedName, Path | None] = {}
    for name, (source, folder) in declared_sources(root).items():
        if isinstance(source, dict) and source.get(WORKSPACE) is True:
            members = _by_name(home) if members is None else members
            found[name] = members.get(name)
        else:
            found[name] = _project_at(source, folder)
    return found


def copied_requirements(root: Path) -> frozenset[NormalizedName]:
    """Return what ``uv sync`` installs as a copy, although its sources are on this machine.

    A member of the workspace is installed editable, and so is a path that says so.
    """
    copied = set()
    for name, (source, _) in declared_sources(root).items():
        table = source if isinstance(source, dict) else {}
        if not table.get("editable", WORKSPACE in table):
            copied.add(name)
    return frozenset(copied)


def declared_sources(root: Path) -> dict[NormalizedName, tuple[object, Path]]:
    """Return the entries of ``[tool.uv.sources]`` for *root*, each with the folder that has it."""
    return {**_sources(workspace_of(root)), **_sources(root)}


def _sources(folder: Path) -> dict[NormalizedName, tuple[object, Path]]:
    """Return the sources that the project in *folder* names, each with that folder."""
    sources = _uv_table(_tables(folder, "sources")).get("sources")
    entries = sources.items() if isinstance(sources, dict) else ()
    return {canonicalize_name(str(name)): (source, folder) for name, source in entries}


def _project_at(source: object, folder: Path) -> Path | None:
    """Return the folder that a source of *folder* names by path, if there is a project."""
    path = source.get("path") if isinstance(source, dict) else None
    if not isinstance(path, str) or (isinstance(source, dict) and "marker" in source):
        return None
    found = Path(os.path.normpath(folder / path))
    is_project = any((found / name).is_file() for name in ("pyproject.toml", "setup.py"))
    return found if is_project else None


def _by_name(home: Path) -> dict[NormalizedName, Path]:
    """Return the folders of the members of the workspace at *home*, by the projects' names."""
    found = {}
    for folder in (home, *_members(home, _uv_table(_tables(home, WORKSPACE)).get(WORKSPACE))):
        project = _tables(folder, "project").get("project")
        name = project.get("name") if isinstance(project, dict) else None
        if isinstance(name, str):
            found[canonicalize_name(name)] = folder
    return found


def _members(home: Path, workspace: object) -> Iterator[Path]:
    """Yield the folders of projects that the patterns of *workspace*, at *home*, name."""
    table = workspace if isinstance(workspace, dict) else {}
    left_out = {
        folder for pattern in _patterns(table, "exclude") for folder in _glob(home, pattern)
    }
    for pattern in _patterns(table, "members"):
        for folder in _glob(home, pattern):
            if folder not in left_out and (folder / "pyproject.toml").is_file():
                yield folder


def _patterns(table: Mapping[str, Any], key: str) -> list[str]:
    patterns = table.get(key)
    return [p for p in patterns if isinstance(p, str)] if isinstance(patterns, list) else []


def _glob(home: Path, pattern: str) -> Iterator[Path]:
    """Yield the folders that *pattern*, relative to *home*, names; sorted."""
    if pattern.startswith(("/", "..")) or pattern in ("", ".", "./"):  # no glob leads there
        yield Path(os.path.normpath(home / pattern))
    else:
        with suppress(ValueError, IndexError):  # as Python says that it is no pattern
            yield from (Path(os.path.normpath(path)) for path in sorted(home.glob(pattern)))


def _tables(folder: Path, about: str) -> Mapping[str, Any]:
    """Return what pyproject.toml in *folder* says; nothing where it lacks the word *about*."""
    path = folder / "pyproject.toml"
    return load_tables(path) if about in text_if_there(path) else {}


def _uv_table(tables: Mapping[str, Any]) -> Mapping[str, Any]:
    tool = tables.get("tool")
    uv = tool.get("uv") if isinstance(tool, dict) else None
    return uv if isinstance(uv, dict) else {}

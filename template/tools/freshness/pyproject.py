"""pyproject.toml as a file: read, and of the shape that it has to be."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from freshness.errors import FreshnessError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SHAPE: dict[str, type[dict[str, Any]] | type[list[Any]] | type[str]] = {
    "build-system": dict,
    "build-system.requires": list,
    "build-system.build-backend": str,
    "project": dict,
    "project.name": str,
    "project.version": str,
    "project.requires-python": str,
    "project.classifiers": list,
    "project.dynamic": list,
    "project.dependencies": list,
    "project.optional-dependencies": dict,
    "project.scripts": dict,
    "project.gui-scripts": dict,
    "project.entry-points": dict,
    "tool": dict,
    "tool.uv": dict,
    "tool.uv.sources": dict,
    "tool.freshness": dict,
    "tool.freshness.target": str,
    "tool.freshness.generated": list,
}
"""What is read, and the type that it has to be of."""

OF_PROJECT: dict[str, type[dict[str, Any]] | type[list[Any]] | type[str]] = {
    "entry-points": dict,
    "gui-scripts": str,
    "optional-dependencies": list,
    "scripts": str,
}
"""The tables of [project] whose keys are the owner's, and the type of what they hold."""

NAMES = {"dict": "table", "list": "list", "str": "string"}


def load_tables(path: Path, *, may_be_missing: bool = False) -> dict[str, Any]:
    """Read the TOML file *path*; empty where it is missing and *may_be_missing*.

    Raises FreshnessError where it cannot be read, or is no TOML.
    """
    try:
        with path.open("rb") as stream:
            return tomllib.load(stream)
    except FileNotFoundError:
        if may_be_missing:
            return {}
        raise FreshnessError(
            f"there is no pyproject.toml in {path.parent}",
            hint="run this in the project's folder, or name it with --project",
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FreshnessError(
            f"pyproject.toml is not valid TOML: {error}",
            hint="correct that line, then run the command again",
        ) from None
    except OSError as error:
        raise FreshnessError(
            f"pyproject.toml cannot be read: {error.strerror}",
            hint="check the file and its permissions",
        ) from None


def refusal_of(problems: list[str]) -> FreshnessError:
    """Give the error that names all *problems* of pyproject.toml at once."""
    return FreshnessError(
        f"pyproject.toml: {'; '.join(problems)}",
        hint="see https://packaging.python.org/en/latest/specifications/pyproject-toml/",
    )


def wrong_types(tables: Mapping[str, Any]) -> Iterator[str]:
    """Tell what in *tables* is of another type than SHAPE and OF_PROJECT say."""
    for path, kind in SHAPE.items():
        value: Any = tables
        for key in path.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        if value is not None and not isinstance(value, kind):
            yield f"`{path}` is not a {NAMES[kind.__name__]}"
        elif isinstance(value, list) and not all(isinstance(item, str) for item in value):
            yield f"`{path}` is not a list of strings"
    yield from _wrong_entries(tables.get("project"))


def _wrong_entries(project: object) -> Iterator[str]:
    """Tell what is wrong inside of the tables of [project] whose keys are the owner's."""
    for table, kind in OF_PROJECT.items():
        entries = project.get(table) if isinstance(project, dict) else None
        for key, value in entries.items() if isinstance(entries, dict) else ():
            if not isinstance(value, kind):
                yield f"`project.{table}.{key}` is not a {NAMES[kind.__name__]}"
            elif isinstance(value, list) and not all(isinstance(line, str) for line in value):
                yield f"`project.{table}.{key}` is not a list of strings"


def missing_tables(tables: Mapping[str, Any]) -> Iterator[str]:
    """Tell what no project can be without, and *tables* have not (PEP 518, PEP 621)."""
    for table, keys in (("build-system", ("requires", "build-backend")), ("project", ("name",))):
        if table not in tables:
            yield f"it has no [{table}] table"
        elif isinstance(tables[table], dict):
            yield from (f"[{table}] has no `{key}`" for key in keys if key not in tables[table])
    project = tables.get("project")
    if isinstance(project, dict) and not (
        "version" in project or "version" in (project.get("dynamic") or ())
    ):
        yield "[project] has no `version`, and it is not in `dynamic`"


def text_if_there(path: Path) -> str:
    """Give the text of *path*, UTF-8; empty where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""

"""pyproject.toml as a file: read, and of the shape that it has to be."""

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from neverstale.errors import NeverstaleError
from neverstale.files import read_bytes

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Kind = type[dict[str, Any]] | type[list[Any]] | type[str]

SHAPE: dict[str, Kind] = {
    "build-system": dict,
    "build-system.requires": list,
    "build-system.build-backend": str,
    "build-system.backend-path": list,
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
    "tool.uv.build-constraint-dependencies": list,
    "tool.uv.extra-build-dependencies": dict,
    "tool.neverstale": dict,
    "tool.neverstale.target": str,
    "tool.neverstale.tests": str,
    "tool.neverstale.generated": list,
}
"""What is read, and the type that it has to be of."""

OWN_KEYS: dict[str, Kind] = {
    "entry-points": dict,
    "gui-scripts": str,
    "optional-dependencies": list,
    "scripts": str,
}
"""The tables of [project] whose keys are the owner's, and the type of what they hold."""

SETTINGS = ("target", "tests", "ignore", "generated")
"""The keys of [tool.neverstale]; ``generated`` is accepted and has had no effect since 0.3."""

TESTED = ("editable", "wheel")
"""What the sessions of the template install for the tests."""

IGNORING = ("code", "path", "reason")
"""The keys of an entry of [tool.neverstale] ignore."""

NAMES = {"dict": "table", "list": "list", "str": "string"}

SPECIFICATION = "https://packaging.python.org/en/latest/specifications/pyproject-toml/"


def load_tables(path: Path, *, may_be_missing: bool = False) -> dict[str, Any]:
    """Return the tables of the TOML file *path*; empty where it is missing and *may_be_missing*.

    Raise NeverstaleError where it cannot be read, or is not TOML.
    """
    try:
        return tomllib.loads(read_bytes(path).decode("utf-8").replace("\r\n", "\n"))
    except FileNotFoundError:
        if may_be_missing:
            return {}
        raise NeverstaleError(
            f"there is no pyproject.toml in {path.parent}",
            hint="run this in the project's folder, or name it with --project",
        ) from None
    except (ValueError, RecursionError) as error:
        raise NeverstaleError(
            f"pyproject.toml is not valid TOML: {error}",
            hint="correct that line, then run the command again",
        ) from None
    except OSError as error:
        raise NeverstaleError(
            f"pyproject.toml cannot be read: {error.strerror}",
            hint="check the file and its permissions",
        ) from None


def refusal_of(problems: list[str]) -> NeverstaleError:
    """Return the error that names all *problems* of pyproject.toml at once."""
    return NeverstaleError(f"pyproject.toml: {'; '.join(problems)}", hint=f"see {SPECIFICATION}")


def wrong_types(tables: Mapping[str, Any]) -> Iterator[str]:
    """Yield what in *tables* is of another type than SHAPE and OWN_KEYS say."""
    for path, kind in SHAPE.items():
        value: Any = tables
        for key in path.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        if value is not None:
            yield from _wrong_value(path, value, kind)
    project = tables.get("project")
    for table, kind in OWN_KEYS.items():
        entries = project.get(table) if isinstance(project, dict) else None
        for key, value in entries.items() if isinstance(entries, dict) else ():
            yield from _wrong_value(f"project.{table}.{key}", value, kind)


def _wrong_value(path: str, value: object, kind: Kind) -> Iterator[str]:
    if not isinstance(value, kind):
        yield f"`{path}` is not a {NAMES[kind.__name__]}"
    elif isinstance(value, list) and not all(isinstance(item, str) for item in value):
        yield f"`{path}` is not a list of strings"


def settings_in(tables: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``[tool.neverstale]``, or what it was called before 0.3: ``[tool.freshness]``."""
    tool = tables.get("tool", {})
    settings: dict[str, Any] = tool.get("neverstale", tool.get("freshness", {}))
    return settings if isinstance(settings, dict) else {}


def wrong_settings(tables: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong in ``[tool.neverstale]``; the nearest known key is named."""
    settings = settings_in(tables)
    tests = settings.get("tests", "editable")
    if tests not in TESTED:
        yield f"[tool.neverstale] tests is {tests!r}, not {' or '.join(map(repr, TESTED))}"
    yield from _unknown_keys("[tool.neverstale]", settings, SETTINGS)
    entries = settings.get("ignore", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        yield "`tool.neverstale.ignore` is not a list of tables"
        return
    for entry in entries:
        yield from _unknown_keys("[[tool.neverstale.ignore]]", entry, IGNORING)
        if not all(isinstance(entry.get(key, ""), str) for key in IGNORING):
            yield "`tool.neverstale.ignore` has a value that is not a string"
        elif not (entry.get("code") and entry.get("reason")):
            yield "`tool.neverstale.ignore` has an entry without a `code` or a `reason`"
        elif not re.fullmatch(r"NS[1-7]\d\d", entry["code"], re.IGNORECASE):
            yield f"`tool.neverstale.ignore`: {entry['code']!r} is not a code such as NS203"


def _unknown_keys(where: str, table: Mapping[str, Any], known: tuple[str, ...]) -> Iterator[str]:
    for key in table:
        if key not in known:
            import difflib

            near = difflib.get_close_matches(key, known, 1)
            meant = f"did you mean `{near[0]}`?" if near else f"it knows {', '.join(known)}"
            yield f"{where} has no key `{key}`: {meant}"


def missing_tables(tables: Mapping[str, Any]) -> Iterator[str]:
    """Yield what no project can be without, and *tables* lack (PEP 518, PEP 621)."""
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

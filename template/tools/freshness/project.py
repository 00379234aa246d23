"""pyproject.toml: what the project declares of itself."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import InvalidName, NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from freshness.errors import FreshnessError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TARGETS = ("tool", "venv")

SHAPE: dict[str, type[dict[str, Any]] | type[list[Any]] | type[str]] = {
    "build-system": dict,
    "build-system.requires": list,
    "build-system.build-backend": str,
    "project": dict,
    "project.name": str,
    "project.version": str,
    "project.requires-python": str,
    "project.dynamic": list,
    "project.dependencies": list,
    "project.optional-dependencies": dict,
    "project.scripts": dict,
    "project.gui-scripts": dict,
    "tool": dict,
    "tool.uv": dict,
    "tool.uv.sources": dict,
    "tool.freshness": dict,
    "tool.freshness.target": str,
    "tool.freshness.generated": list,
}
"""What is read, and the type that it has to be of."""

NAMES = {"dict": "table", "list": "list", "str": "string"}


@dataclass(frozen=True)
class Project:
    """The declarations of one project, read from its pyproject.toml.

    ``version`` is None where the build backend finds it, ``requirements`` and ``commands``
    are None where they are dynamic. From ``[tool.freshness]``: ``target`` is where ``install``
    puts the project, ``generated`` are patterns of files that the build itself writes.
    ``sourced`` are the requirements that ``[tool.uv.sources]`` takes from elsewhere than an index.
    ``text`` is the file as it is: a path that it names is one that the owner decides on.
    """

    root: Path
    name: NormalizedName
    version: str | None
    commands: Mapping[str, str] | None
    requirements: frozenset[Requirement] | None
    requires_python: SpecifierSet
    build_backend: str
    build_requires: tuple[str, ...]
    backend_in_tree: bool
    target: str
    generated: tuple[str, ...]
    sourced: tuple[str, ...]
    text: str

    @property
    def reads_outside(self) -> bool:
        """Whether a build may read what lies outside of the project's folder."""
        return '"..' in self.text or "'.." in self.text


def read_project(root: Path) -> Project:
    """Read ``root/pyproject.toml`` (PEP 621, PEP 518).

    Raises FreshnessError that names everything that is wrong with it.
    """
    tables = _load(root / "pyproject.toml")
    problems = [*_wrong_types(tables), *_missing(tables)]
    if problems:
        raise _of(problems)
    project = tables.get("project", {})
    dynamic = frozenset(project.get("dynamic", ()))
    name = _name(project, problems)
    version = _version(project, problems)
    requirements = _requirements(project, problems)
    requires_python = _requires_python(project, problems)
    commands = {**project.get("scripts", {}), **project.get("gui-scripts", {})}
    settings = tables.get("tool", {}).get("freshness", {})
    target = settings.get("target") or ("tool" if commands or "scripts" in dynamic else "venv")
    if target not in TARGETS:
        problems.append(f"[tool.freshness] target is {target!r}, not `tool` or `venv`")
    if problems:
        raise _of(problems)
    return Project(
        root=root,
        name=name,
        version=None if "version" in dynamic else version,
        commands=None if dynamic & {"scripts", "gui-scripts", "entry-points"} else commands,
        requirements=(
            None if dynamic & {"dependencies", "optional-dependencies"} else requirements
        ),
        requires_python=requires_python,
        build_backend=str(tables["build-system"]["build-backend"]),
        build_requires=tuple(tables["build-system"]["requires"]),
        backend_in_tree="backend-path" in tables["build-system"],
        target=target,
        generated=tuple(settings.get("generated", ())),
        sourced=_sourced(_uv_sources(root, tables), requirements),
        text=(root / "pyproject.toml").read_text(encoding="utf-8"),
    )


def _load(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as stream:
            return tomllib.load(stream)
    except FileNotFoundError:
        raise FreshnessError(
            f"there is no pyproject.toml in {path.parent}",
            hint="run this in the project's folder, or name it with --project",
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FreshnessError(
            f"pyproject.toml is not valid TOML: {error}",
            hint="correct that line, then run the command again",
        ) from None
    except OSError as error:
        raise FreshnessError(
            f"pyproject.toml cannot be read: {error.strerror}",
            hint="check the file and its permissions",
        ) from None


def _of(problems: list[str]) -> FreshnessError:
    return FreshnessError(
        f"pyproject.toml: {'; '.join(problems)}",
        hint="see https://packaging.python.org/en/latest/specifications/pyproject-toml/",
    )


def _wrong_types(tables: Mapping[str, Any]) -> Iterator[str]:
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
    for table, kind in (("optional-dependencies", list), ("scripts", str), ("gui-scripts", str)):
        entries = project.get(table) if isinstance(project, dict) else None
        for key, value in entries.items() if isinstance(entries, dict) else ():
            if not isinstance(value, kind):
                yield f"`project.{table}.{key}` is not a {NAMES[kind.__name__]}"
            elif isinstance(value, list) and not all(isinstance(line, str) for line in value):
                yield f"`project.{table}.{key}` is not a list of strings"


def _missing(tables: Mapping[str, Any]) -> Iterator[str]:
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


def _name(project: Mapping[str, Any], problems: list[str]) -> NormalizedName:
    try:
        return canonicalize_name(str(project.get("name", "unnamed")), validate=True)
    except InvalidName:
        problems.append(f"{project['name']!r} is not a name that a package index accepts")
        return canonicalize_name("unnamed")


def _version(project: Mapping[str, Any], problems: list[str]) -> str:
    version = str(project.get("version", "0"))
    try:
        Version(version)
    except InvalidVersion:
        problems.append(f"{version!r} is not a version, such as 1.2.3 (PEP 440)")
    return version


def _requires_python(project: Mapping[str, Any], problems: list[str]) -> SpecifierSet:
    try:
        return SpecifierSet(str(project.get("requires-python", "")))
    except InvalidSpecifier as error:
        problems.append(f"requires-python: {error}")
        return SpecifierSet()


def _requirements(project: Mapping[str, Any], problems: list[str]) -> frozenset[Requirement]:
    """Give the declared requirements as METADATA spells them: extras as a marker."""
    found: set[Requirement] = set()
    groups = {None: project.get("dependencies", ()), **project.get("optional-dependencies", {})}
    for extra, lines in groups.items():
        for line in lines:
            try:
                requirement = Requirement(line)
                found.add(_of_extra(requirement, extra) if extra else requirement)
            except InvalidRequirement as error:
                problems.append(f"{line!r} is not a requirement: {str(error).splitlines()[0]}")
    return frozenset(found)


def _uv_sources(root: Path, tables: Mapping[str, Any]) -> frozenset[str]:
    """Give the names in ``[tool.uv.sources]``, the workspace's that the project may belong to."""
    uv = tables.get("tool", {}).get("uv", {})
    names = set(uv.get("sources", {}))
    for folder in root.parents:
        if (folder / "pyproject.toml").is_file():
            above = _load(folder / "pyproject.toml").get("tool", {}).get("uv", {})
            names |= set(above.get("sources", {})) if "workspace" in above else set()
    return frozenset(names)


def _sourced(names: frozenset[str], requirements: frozenset[Requirement]) -> tuple[str, ...]:
    named = {canonicalize_name(name) for name in names}
    return tuple(sorted({canonicalize_name(r.name) for r in requirements} & named))


def _of_extra(requirement: Requirement, extra: str) -> Requirement:
    clause = f'extra == "{canonicalize_name(extra)}"'
    marker = f"({requirement.marker}) and {clause}" if requirement.marker else clause
    bare = Requirement(str(requirement))
    bare.marker = None
    separator = " ; " if bare.url else "; "
    return Requirement(f"{bare}{separator}{marker}")

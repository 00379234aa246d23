"""What a project declares of itself, in pyproject.toml or in its build backend's own format."""

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from neverstale.files import text_if_there
from neverstale.names import NormalizedName, canonicalize_name, is_name
from neverstale.project.pyproject import (
    load_tables,
    missing_tables,
    refusal_of,
    settings_in,
    wrong_settings,
    wrong_types,
)
from neverstale.project.workspace import copied_requirements, sources_of_requirements
from neverstale.versions import fault_of, is_version

if TYPE_CHECKING:
    from packaging.requirements import Requirement

TARGETS = ("tool", "venv")

COMPILERS = frozenset(
    {
        *("cffi", "cython", "hatch-cython", "hatch-mypyc", "maturin", "meson-python", "mesonpy"),
        *("mypy", "nanobind", "pybind11", "scikit-build", "scikit-build-core"),
        *("scikit_build_core", "setuptools-rust"),
    }
)
"""Build backends, and requirements of a build, that compile."""

EXTENSION_SIGNS = ("ext_modules", "ext-modules", "cffi_modules", "Extension(")

LEGACY = {"requires": ["setuptools>=40.8.0"], "build-backend": "setuptools.build_meta:__legacy__"}
"""What builds a project that does not say what builds it (PEP 517, PEP 518)."""

ONE_FORMAT = ("hatchling", "pdm.backend", "scikit_build_core", "uv_build")
"""Build backends that know of no other format than ``[project]``."""

FORMATS = ("setup.py", "setup.cfg")
"""Files of setuptools that declare a project in place of pyproject.toml."""

DYNAMIC = ["version", "dependencies", "optional-dependencies", "scripts", "entry-points"]


class Ignored(NamedTuple):
    """A finding that the owner has left out: its code, a pattern of evidence, and why."""

    code: str
    path: str
    reason: str


class Project(NamedTuple):
    """The declarations of one project.

    ``version``, ``commands``, ``requirements`` and ``plugins`` (group and name of other entry
    points) are None where only the build backend knows them; ``likely_commands`` are those that
    the last build had then. ``target`` is where ``install`` puts the project. ``beside`` are the
    requirements that are projects here (members of a uv workspace, paths) and their folders,
    ``copied`` those of them that no environment follows, ``sourced`` those that
    ``[tool.uv.sources]`` takes from elsewhere. ``uv`` is ``[tool.uv]``, ``setup`` the text of
    setup.py and setup.cfg. Without ``[project]`` (``has_table``) uv has no environment for it.
    """

    root: Path
    name: NormalizedName
    version: str | None
    commands: Mapping[str, str] | None
    requirements: "frozenset[Requirement] | None"
    requires_python: str
    build_backend: str
    build_requires: tuple[str, ...]
    backend_path: tuple[str, ...]
    target: str
    text: str
    uv: Mapping[str, Any] = MappingProxyType({})
    setup: str = ""
    ignored: tuple[Ignored, ...] = ()
    sourced: tuple[str, ...] = ()
    plugins: Mapping[str, str] | None = None
    classifiers: tuple[str, ...] = ()
    has_table: bool = True
    likely_commands: Mapping[str, str] | None = None
    beside: Mapping[NormalizedName, Path] = MappingProxyType({})
    copied: frozenset[NormalizedName] = frozenset()
    packed_from: Path | None = None

    @property
    def configured_in(self) -> Path:
        """Where relative paths of ``[tool.uv]`` start: for an unpacked sdist, in its project."""
        return self.packed_from or self.root

    @property
    def compiles_python(self) -> bool:
        """Whether Python files may be compiled into extension modules."""
        return bool(self.build_names & {"cython", "hatch-cython", "hatch-mypyc", "mypy"})

    @property
    def build_names(self) -> frozenset[NormalizedName]:
        """The names of what a build requires."""
        names = (re.split(r"[^\w.-]", line.strip())[0] for line in self.build_requires)
        return frozenset(canonicalize_name(name) for name in names)

    @property
    def may_compile(self) -> bool:
        """Whether a build may compile, as far as the declarations tell."""
        return (
            self.build_backend.partition(".")[0] in COMPILERS
            or bool(self.build_names & COMPILERS)
            or any(sign in text for sign in EXTENSION_SIGNS for text in (self.setup, self.text))
        )

    def is_compiled(self, files: Iterable[str]) -> bool:
        """Return whether a build of the sources *files* would compile an extension module."""
        return self.may_compile or any(path.endswith(".pyx") for path in files)


class Declared(NamedTuple):
    """What only a build tells of a project without ``[project]``."""

    name: str
    requires_python: str
    commands: Mapping[str, str]


def read_project(root: Path, ask: Callable[[Project], Declared] | None = None) -> Project:
    """Return what the project in *root* declares (PEP 621, PEP 518).

    A project that is declared in another format has no ``[project]``; *ask* is called with what
    is known of it, and returns the rest.
    Raise NeverstaleError that names everything that is wrong with it.
    """
    tables = load_tables(root / "pyproject.toml", may_be_missing=_is_legacy(root))
    if ask and _has_another_format(root, tables):
        declared = ask(_read_tables(root, _completed(tables, "unnamed")))
        project = _read_tables(root, _completed(tables, declared.name))
        return project._replace(
            requires_python=_requires_python({"requires-python": declared.requires_python}, []),
            target=_target(tables) or ("tool" if declared.commands else "venv"),
            has_table=False,
            likely_commands=declared.commands,
        )
    if "project" in tables and "build-system" not in tables and _is_legacy(root):
        tables = {**tables, "build-system": LEGACY}
    return _read_tables(root, tables)


def _has_another_format(root: Path, tables: Mapping[str, Any]) -> bool:
    """Return whether the project may be declared in a format that its backend alone knows."""
    if "project" in tables:
        return False
    system = tables.get("build-system")
    backend = str(system.get("build-backend", "")) if isinstance(system, dict) else ""
    return _is_legacy(root) or (system is not None and not backend.startswith(ONE_FORMAT))


def _is_legacy(root: Path) -> bool:
    return any((root / name).is_file() for name in FORMATS)


def _completed(tables: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return *tables* with what PEP 518 and PEP 517 take for given, and the project's name."""
    said = tables.get("build-system", {})
    system = {**LEGACY, **said} if isinstance(said, dict) else said
    return {**tables, "build-system": system, "project": {"name": name, "dynamic": DYNAMIC}}


def _target(tables: Mapping[str, Any]) -> str | None:
    settings = settings_in(tables) if isinstance(tables.get("tool", {}), dict) else {}
    return settings.get("target")


def _read_tables(root: Path, tables: Mapping[str, Any]) -> Project:
    problems = [*wrong_types(tables), *missing_tables(tables)]
    if problems:
        raise refusal_of(problems)
    problems += wrong_settings(tables)
    project, system = tables["project"], tables["build-system"]
    dynamic = frozenset(project.get("dynamic", ()))
    name = _name(project, problems)
    version = _version(project, problems)
    requirements = _requirements(project, problems)
    requires_python = _requires_python(project, problems)
    commands = {**project.get("scripts", {}), **project.get("gui-scripts", {})}
    target = _target(tables) or ("tool" if commands or "scripts" in dynamic else "venv")
    if target not in TARGETS:
        problems.append(f"[tool.neverstale] target is {target!r}, not `tool` or `venv`")
    if problems:
        raise refusal_of(problems)
    settings = settings_in(tables)
    origins = _origins(root, requirements)
    declared = None if dynamic & {"scripts", "gui-scripts", "entry-points"} else commands
    return Project(
        root=root,
        name=name,
        version=None if "version" in dynamic else version,
        commands=declared,
        likely_commands=declared,
        requirements=(
            None if dynamic & {"dependencies", "optional-dependencies"} else requirements
        ),
        requires_python=requires_python,
        build_backend=system["build-backend"],
        build_requires=tuple(system["requires"]),
        backend_path=tuple(system.get("backend-path", ())),
        target=target,
        text=text_if_there(root / "pyproject.toml"),
        uv=tables.get("tool", {}).get("uv", {}),
        setup="".join(text_if_there(root / name) for name in FORMATS),
        ignored=tuple(
            Ignored(entry["code"], entry.get("path", "*"), entry["reason"])
            for entry in settings.get("ignore", ())
        ),
        sourced=tuple(sorted(name for name, folder in origins.items() if folder is None)),
        plugins=None if "entry-points" in dynamic else _plugins(project),
        classifiers=tuple(project.get("classifiers", ())),
        beside={name: folder for name, folder in origins.items() if folder},
        copied=copied_requirements(root) if origins else frozenset(),
    )


def _plugins(project: Mapping[str, Any]) -> dict[str, str]:
    groups = project.get("entry-points", {})
    return {f"{group}: {name}": to for group, names in groups.items() for name, to in names.items()}


def _name(project: Mapping[str, Any], problems: list[str]) -> NormalizedName:
    if not is_name(project["name"]):
        problems.append(f"{project['name']!r} is not a name that a package index accepts")
    return canonicalize_name(project["name"])


def _version(project: Mapping[str, Any], problems: list[str]) -> str:
    version = str(project.get("version", "0"))
    if not is_version(version):
        problems.append(f"{version!r} is not a version, such as 1.2.3 (PEP 440)")
    return version


def _requires_python(project: Mapping[str, Any], problems: list[str]) -> str:
    specifiers = str(project.get("requires-python", ""))
    if fault := fault_of(specifiers):
        problems.append(f"requires-python: {fault}")
        return ""
    return specifiers


def _requirements(project: Mapping[str, Any], problems: list[str]) -> "frozenset[Requirement]":
    """Return the declared requirements as METADATA spells them: extras as a marker."""
    groups = {None: project.get("dependencies", ()), **project.get("optional-dependencies", {})}
    if not any(groups.values()):
        return frozenset()
    from packaging.requirements import InvalidRequirement, Requirement

    found: set[Requirement] = set()
    for extra, lines in groups.items():
        for line in lines:
            try:
                requirement = Requirement(line)
                found.add(_of_extra(requirement, extra) if extra else requirement)
            except InvalidRequirement as error:
                problems.append(f"{line!r} is not a requirement: {str(error).splitlines()[0]}")
    return frozenset(found)


def _of_extra(requirement: "Requirement", extra: str) -> "Requirement":
    from packaging.requirements import Requirement

    clause = f'extra == "{canonicalize_name(extra)}"'
    marker = f"({requirement.marker}) and {clause}" if requirement.marker else clause
    bare = Requirement(str(requirement))
    bare.marker = None
    separator = " ; " if bare.url else "; "
    return Requirement(f"{bare}{separator}{marker}")


def _origins(
    root: Path, requirements: "frozenset[Requirement]"
) -> dict[NormalizedName, Path | None]:
    """Return the *requirements*, those of extras too, that ``[tool.uv.sources]`` names."""
    if not requirements:
        return {}
    sources = sources_of_requirements(root)
    named = {canonicalize_name(requirement.name) for requirement in requirements}
    return {name: folder for name, folder in sources.items() if name in named}

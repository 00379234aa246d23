"""pyproject.toml: what the project declares of itself."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import InvalidName, NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from freshness.pyproject import (
    load_tables,
    missing_tables,
    refusal_of,
    text_if_there,
    wrong_types,
)
from freshness.workspace import copied_requirements, sources_of_requirements

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

INDIFFERENT = frozenset(
    {
        *("flit-core", "hatchling", "pdm-backend", "poetry-core", "setuptools", "uv-build"),
        "wheel",
    }
)
"""Requirements of a build that do not look at git's history."""

HOOK_SIGNS = (".hooks", "build-script", "tool.poetry.build", "run-setuptools", "custom-hook")
"""Settings under which a build runs code that a build backend does not come with."""

WRITERS = ("version-file", "version_file", "write_to", "write-to")
"""Settings of hatch-vcs, setuptools-scm and others that name a file for a build to write."""

LEGACY = {"requires": ["setuptools>=40.8.0"], "build-backend": "setuptools.build_meta:__legacy__"}
"""What builds a project that does not say what builds it (PEP 517, PEP 518)."""

ONE_FORMAT = ("hatchling", "pdm.backend", "scikit_build_core", "uv_build")
"""Build backends that know of no other format than ``[project]``."""

OUTSIDE = ('"..', "'..")

BUILD_FILES = ("CMakeLists.txt", "Cargo.toml", "meson.build")
"""What says what is compiled, beside setup.py."""

FORMATS = ("setup.py", "setup.cfg")
"""Files of setuptools that declare a project in place of pyproject.toml."""

DYNAMIC = ["version", "dependencies", "optional-dependencies", "scripts", "entry-points"]


@dataclass(frozen=True)
class Project:
    """The declarations of one project, read from its pyproject.toml.

    ``version`` is None where the build backend finds it, ``requirements`` and ``commands``
    are None where they are dynamic. From ``[tool.freshness]``: ``target`` is where ``install``
    puts the project, ``generated`` are patterns of files that the build itself writes.
    ``beside`` are the requirements that are projects here (members of a uv workspace, paths) and
    their folders, ``copied`` those of them that no environment follows, ``sourced`` those that
    ``[tool.uv.sources]`` takes from anywhere else.
    ``text`` is the file as it is, ``setup`` the text of setup.py and setup.cfg, ``build_files``
    that of the other files that say what is compiled. ``written`` are
    the files that a build writes by settings of the build backend. ``plugins`` maps the group and
    name of entry points that are no commands; None where they are dynamic. ``classifiers`` are
    those that are declared. ``has_table`` is whether there is a ``[project]`` at all: without one
    all but the name, the target and the Pythons is dynamic, and uv has no environment for it.
    ``likely_commands`` are those that are declared or, where that is dynamic, that the last build
    had; None where nobody knows.
    """

    root: Path
    name: NormalizedName
    version: str | None
    commands: Mapping[str, str] | None
    requirements: "frozenset[Requirement] | None"
    requires_python: SpecifierSet
    build_backend: str
    build_requires: tuple[str, ...]
    backend_in_tree: bool
    target: str
    generated: tuple[str, ...]
    sourced: tuple[str, ...]
    text: str
    setup: str = ""
    written: tuple[str, ...] = ()
    plugins: Mapping[str, str] | None = None
    classifiers: tuple[str, ...] = ()
    has_table: bool = True
    likely_commands: Mapping[str, str] | None = None
    beside: Mapping[NormalizedName, Path] = field(default_factory=dict)
    copied: frozenset[NormalizedName] = frozenset()
    build_files: str = ""

    @property
    def reads_history(self) -> bool:
        """Whether a build may ask git: for the version, or in code of the project's own."""
        indifferent = (
            self.build_names <= INDIFFERENT and not self.backend_in_tree and not self.setup
        )
        hooked = any(sign in self.text for sign in HOOK_SIGNS)
        return self.version is None or not indifferent or hooked

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
    def build_writes_sources(self) -> bool:
        """Whether a build may write into the sources: a version, what a hook makes, leftovers.

        setuptools before version 64 does not know of the setting that keeps its own elsewhere.
        """
        hooked = any(sign in self.text for sign in HOOK_SIGNS)
        old = any(_excludes_new_setuptools(line) for line in self.build_requires)
        return bool(self.written) or hooked or old

    def is_compiled(self, files: Iterable[str]) -> bool:
        """Tell whether a build of *files*, the sources, would compile an extension module."""
        backend = self.build_backend.partition(".")[0]
        texts = (self.setup, self.text)
        return (
            backend in COMPILERS
            or bool(self.build_names & COMPILERS)
            or any(sign in text for sign in EXTENSION_SIGNS for text in texts)
            or any(path.endswith(".pyx") for path in files)
        )

    @property
    def reads_outside(self) -> bool:
        """Whether a build may read what lies outside of the project's folder.

        The paths of other projects are for uv, and their sources are looked at as they are.
        """
        text = self.text
        for folder in self.beside.values():
            path = os.path.relpath(folder, self.root).replace(os.sep, "/")
            text = text.replace(f'"{path}"', "").replace(f"'{path}'", "")
        return any(sign in text for sign in OUTSIDE) or "../" in self.setup + self.build_files


@dataclass(frozen=True)
class Declared:
    """What is known of a project without ``[project]``: see the module ``declared``."""

    name: str
    requires_python: str
    commands: Mapping[str, str]


def read_project(root: Path, ask: Callable[[Project], Declared] | None = None) -> Project:
    """Read ``root/pyproject.toml`` (PEP 621, PEP 518).

    A project that is declared in another format has no ``[project]``; *ask* is called with what
    is known of it, and gives the rest.
    Raises FreshnessError that names everything that is wrong with it.
    """
    tables = load_tables(root / "pyproject.toml", may_be_missing=_is_legacy(root))
    if ask and _has_another_format(root, tables):
        declared = ask(_read_tables(root, _completed(tables, "unnamed")))
        project = _read_tables(root, _completed(tables, declared.name))
        return replace(
            project,
            requires_python=_requires_python({"requires-python": declared.requires_python}, []),
            target=_target(tables) or ("tool" if declared.commands else "venv"),
            has_table=False,
            likely_commands=declared.commands,
        )
    if "project" in tables and "build-system" not in tables and _is_legacy(root):
        tables = {**tables, "build-system": LEGACY}
    return _read_tables(root, tables)


def _has_another_format(root: Path, tables: Mapping[str, Any]) -> bool:
    """Tell whether the project may be declared in a format that its build backend alone knows."""
    if "project" in tables:
        return False
    system = tables.get("build-system")
    backend = str(system.get("build-backend", "")) if isinstance(system, dict) else ""
    return _is_legacy(root) or (system is not None and not backend.startswith(ONE_FORMAT))


def _is_legacy(root: Path) -> bool:
    return any((root / name).is_file() for name in FORMATS)


def _completed(tables: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Give *tables* with what PEP 518 and PEP 517 take for given, and the name of the project."""
    said = tables.get("build-system", {})
    system = {**LEGACY, **said} if isinstance(said, dict) else said
    return {**tables, "build-system": system, "project": {"name": name, "dynamic": DYNAMIC}}


def _target(tables: Mapping[str, Any]) -> str | None:
    settings = tables.get("tool", {}).get("freshness", {})
    return settings.get("target") or None


def _read_tables(root: Path, tables: Mapping[str, Any]) -> Project:
    problems = [*wrong_types(tables), *missing_tables(tables)]
    if problems:
        raise refusal_of(problems)
    project = tables.get("project", {})
    dynamic = frozenset(project.get("dynamic", ()))
    name = _name(project, problems)
    version = _version(project, problems)
    requirements = _requirements(project, problems)
    requires_python = _requires_python(project, problems)
    commands = {**project.get("scripts", {}), **project.get("gui-scripts", {})}
    settings = tables.get("tool", {}).get("freshness", {})
    target = _target(tables) or ("tool" if commands or "scripts" in dynamic else "venv")
    if target not in TARGETS:
        problems.append(f"[tool.freshness] target is {target!r}, not `tool` or `venv`")
    if problems:
        raise refusal_of(problems)
    origins = _origins(root, requirements)
    declared_commands = None if dynamic & {"scripts", "gui-scripts", "entry-points"} else commands
    return Project(
        root=root,
        name=name,
        version=None if "version" in dynamic else version,
        commands=declared_commands,
        likely_commands=declared_commands,
        requirements=(
            None if dynamic & {"dependencies", "optional-dependencies"} else requirements
        ),
        requires_python=requires_python,
        build_backend=str(tables["build-system"]["build-backend"]),
        build_requires=tuple(tables["build-system"]["requires"]),
        backend_in_tree="backend-path" in tables["build-system"],
        target=target,
        generated=tuple(settings.get("generated", ())),
        sourced=tuple(sorted(name for name, folder in origins.items() if folder is None)),
        beside={name: folder for name, folder in origins.items() if folder},
        copied=copied_requirements(root) if origins else frozenset(),
        text=text_if_there(root / "pyproject.toml"),
        setup="".join(text_if_there(root / name) for name in FORMATS),
        build_files="".join(text_if_there(root / name) for name in BUILD_FILES),
        written=tuple(_written(tables.get("tool", {}))),
        plugins=None if "entry-points" in dynamic else _plugins(project),
        classifiers=tuple(map(str, project.get("classifiers", ()))),
    )


def _excludes_new_setuptools(requirement: str) -> bool:
    from packaging.requirements import InvalidRequirement, Requirement

    if not requirement.lstrip().startswith("setuptools"):
        return False
    try:
        parsed = Requirement(requirement)
    except InvalidRequirement:
        return True
    named = canonicalize_name(parsed.name) == "setuptools"
    return named and not parsed.specifier.contains("80.0.0")


def _written(tool: Mapping[str, Any], within: tuple[str, ...] = ()) -> Iterator[str]:
    """Give the files that settings of build backends below *tool* have a build write."""
    for key, value in tool.items():
        if isinstance(value, dict):
            yield from _written(value, (*within, key))
        elif isinstance(value, str) and (key in WRITERS or (key == "path" and "hooks" in within)):
            yield value


def _plugins(project: Mapping[str, Any]) -> dict[str, str]:
    groups = project.get("entry-points", {})
    return {f"{group}: {name}": to for group, names in groups.items() for name, to in names.items()}


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


def _requirements(project: Mapping[str, Any], problems: list[str]) -> "frozenset[Requirement]":
    """Give the declared requirements as METADATA spells them: extras as a marker."""
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


def _origins(
    root: Path, requirements: "frozenset[Requirement]"
) -> dict[NormalizedName, Path | None]:
    """Give the *requirements*, those of extras too, that ``[tool.uv.sources]`` has a word on."""
    if not requirements:
        return {}
    sources = sources_of_requirements(root)
    named = {canonicalize_name(requirement.name) for requirement in requirements}
    return {name: folder for name, folder in sources.items() if name in named}


def _of_extra(requirement: "Requirement", extra: str) -> "Requirement":
    from packaging.requirements import Requirement

    clause = f'extra == "{canonicalize_name(extra)}"'
    marker = f"({requirement.marker}) and {clause}" if requirement.marker else clause
    bare = Requirement(str(requirement))
    bare.marker = None
    separator = " ; " if bare.url else "; "
    return Requirement(f"{bare}{separator}{marker}")

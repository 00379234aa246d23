"""Rendered projects: the combinations of answers that the tests name, made with copier."""

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import copier
import pytest
from jinja2 import Environment

REPOSITORY = Path(__file__).parents[2]
TEMPLATE_PARTS = ("copier.yml", "template", "licenses", "macros")

VERBS = [
    "install",
    "install-editable",
    "uninstall",
    "fresh",
    "doctor",
    "build",
    "clean",
    "dev",
    "run",
    "run-wheel",
    "update",
    "format",
    "fix",
    "upgrade",
    "test",
    "test-all",
    "test-lowest",
    "coverage",
    "doctest",
    "lint",
    "format-check",
    "types",
    "spell",
    "deps",
    "docs",
    "check",
    "audit",
    "check-dist",
    "wheels",
    "sbom",
    "changelog",
    "bump",
    "publish",
]
"""What the Makefile and the noxfile of a generated project both have."""


@dataclass(frozen=True)
class Combination:
    """The answers that decide how a project is built and installed."""

    build_backend: str
    layout: str
    project_type: str
    version_source: str = "static"
    binding: str = field(default="", kw_only=True)

    @property
    def answers(self) -> dict[str, object]:
        given = {name: value for name, value in vars(self).items() if value}
        return {"project_name": "Demo App", "python_min": "3.10", **given}

    @property
    def import_name(self) -> str:
        return "demo.demo_app" if self.layout == "namespace" else "demo_app"

    @property
    def package_path(self) -> str:
        return ("" if self.layout == "flat" else "src/") + self.import_name.replace(".", "/")

    @property
    def is_compiled(self) -> bool:
        return self.build_backend in COMPILED

    def __str__(self) -> str:
        parts = (self.build_backend, self.binding, self.layout, self.project_type)
        vcs = "vcs" if self.version_source == "vcs" else ""
        return "-".join(part for part in (*parts, vcs) if part)


PURE = ("hatchling", "uv_build", "setuptools", "flit_core", "pdm", "poetry_core")
COMPILED = ("setuptools_ext", "scikit_build_core", "meson_python", "maturin")

COMBINATIONS = [
    Combination(backend, layout, kind)
    for backend in PURE[:3]
    for layout in ("src", "flat")
    for kind in ("cli", "library")
]

MORE = [
    *(Combination(backend, layout, "cli") for backend in PURE[3:] for layout in ("src", "flat")),
    *(Combination(backend, "namespace", "library") for backend in PURE),
    *(Combination(backend, "workspace", "cli") for backend in PURE),
]
"""The build backends and the layouts of which not every pair is made."""

NATIVE = [
    Combination("setuptools_ext", "src", "cli", binding="c"),
    Combination("setuptools_ext", "namespace", "library", binding="pybind11"),
    Combination("scikit_build_core", "src", "cli", binding="nanobind"),
    Combination("scikit_build_core", "namespace", "library", binding="pybind11"),
    Combination("meson_python", "src", "cli"),
    Combination("meson_python", "namespace", "library"),
    Combination("maturin", "src", "cli"),
    Combination("maturin", "namespace", "library"),
]
"""What is compiled."""


@lru_cache
def template_without_git() -> Path:
    """Return a copy of the template as it is in the working tree, which copier takes as it is."""
    import atexit
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="neverstale-template-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for part in TEMPLATE_PARTS:
        source = REPOSITORY / part
        if source.is_dir():
            skip = shutil.ignore_patterns("*cache*")
            shutil.copytree(source, folder / part, ignore=skip)
        else:
            shutil.copy2(source, folder / part)
    return folder


_compile = Environment.compile
_compiled: dict[tuple[object, ...], object] = {}


def _compile_once(
    environment: Environment, source: object, *rest: object, **more: object
) -> object:
    """Compile each string of copier.yml once, not anew for each project: half of a render's time."""
    key = (type(environment), source, rest, tuple(sorted(more.items())))
    if key not in _compiled:
        _compiled[key] = _compile(environment, source, *rest, **more)  # type: ignore[call-overload]
    return _compiled[key]


Environment.compile = _compile_once  # type: ignore[method-assign, assignment]


def render(destination: Path, answers: Mapping[str, object]) -> Path:
    """Render the template into *destination* as ``copier copy --defaults --overwrite`` does.

    Called Demo App where *answers* have no other name, for its own default is the folder's.
    """
    named = {"project_name": "Demo App", **answers}
    copier.run_copy(
        *(str(template_without_git()), destination, named),
        defaults=True,
        overwrite=True,
        quiet=True,
    )
    return destination


def values_of(choices: list[str] | dict[str, str | dict[str, str]]) -> list[str]:
    """Return the answers that *choices* of copier.yml allows."""
    values = choices.values() if isinstance(choices, dict) else choices
    return [value["value"] if isinstance(value, dict) else value for value in values]


def render_again(destination: Path, combination: Combination) -> Path:
    """Do what `render` does; the template is rendered once for each *combination*."""
    shutil.copytree(_rendered(combination), destination, symlinks=True)
    return destination


@lru_cache
def _rendered(combination: Combination) -> Path:
    import atexit
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="neverstale-rendered-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return render(folder / "project", combination.answers)


def forget_tools(project: Path) -> None:
    """Take the tools out of *project*'s dependency groups, but for those that it is built with."""
    pyproject = project / "pyproject.toml"

    def without(groups: re.Match[str]) -> str:
        build = "".join(re.findall(r"^build = .*\n", groups[0], re.MULTILINE))
        dev = '{ include-group = "build" }' if build else ""
        return f"[dependency-groups]\n{build}dev = [{dev}]\n\n"

    groups = re.compile(r"^\[dependency-groups\]\n.*?(?=^\[)", re.DOTALL | re.MULTILINE)
    text, count = groups.subn(without, pyproject.read_text(encoding="utf-8"))
    assert count == 1
    pyproject.write_text(text, encoding="utf-8")


def quickly(combinations: list[Combination], *quick: str) -> list[object]:
    """Return *combinations* as parameters of a test; those that are not *quick* are slow ones."""
    return [
        pytest.param(c, id=str(c), marks=[] if str(c) in quick else [pytest.mark.slow])
        for c in combinations
    ]

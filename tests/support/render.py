"""Rendered projects: the combinations of answers that the tests name, made with copier."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import copier
import pytest

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
    "test",
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

    @property
    def answers(self) -> dict[str, object]:
        return {"project_name": "Demo App", "python_min": "3.10", **vars(self)}

    @property
    def package_path(self) -> str:
        return "src/demo_app" if self.layout == "src" else "demo_app"

    def __str__(self) -> str:
        parts = (self.build_backend, self.layout, self.project_type)
        return "-".join(parts + (("vcs",) if self.version_source == "vcs" else ()))


COMBINATIONS = [
    Combination(backend, layout, kind)
    for backend in ("hatchling", "uv_build", "setuptools")
    for layout in ("src", "flat")
    for kind in ("cli", "library")
]


@lru_cache
def template_without_git() -> Path:
    """Give a copy of the template as it is in the working tree, which copier takes as it is."""
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


def render(destination: Path, answers: Mapping[str, object]) -> Path:
    """Render the template into *destination* as ``copier copy --defaults`` does."""
    copier.run_copy(
        str(template_without_git()), destination, data=dict(answers), defaults=True, quiet=True
    )
    return destination


def quickly(combinations: list[Combination], *quick: str) -> list[object]:
    """Give *combinations* as parameters of a test; those that are not *quick* are slow ones."""
    return [
        pytest.param(c, id=str(c), marks=[] if str(c) in quick else [pytest.mark.slow])
        for c in combinations
    ]

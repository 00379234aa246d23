"""The validators of the field, as commands that look at one generated project."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from support.render import REPOSITORY
from support.world import find_python, uv_executable

TOOLS = Path(sys.executable).parent

YAMLLINT = """
extends: default
rules:
  line-length: disable
  document-start: disable
  truthy: {check-keys: false}
  comments: {min-spaces-from-content: 1}
"""
"""yamllint's default but for long lines, and two habits of workflows (`on:`, `# v1.2.3`)."""

SCHEMAS = {
    "vendor.github-workflows": ".github/workflows/*.yml",
    "custom.github-workflows-require-timeout": ".github/workflows/*.yml",
    "vendor.github-issue-forms": ".github/ISSUE_TEMPLATE/*.yml",
    "vendor.dependabot": ".github/dependabot.yml",
    "vendor.gitlab-ci": ".gitlab-ci.yml",
    "vendor.renovate": "renovate.json",
    "vendor.citation-file-format": "CITATION.cff",
}


def validators(project: Path, files: list[str]) -> Iterator[list[str]]:
    """Return the commands; *files* are those that git tracks, relative to *project*."""
    yield tool("validate-pyproject", "pyproject.toml")
    yield tool("repo-review", ".")
    yield tool("typos")
    yield tool("mbake", "validate", "Makefile")
    yield tool("taplo", "lint", "--no-schema", *ending(files, ".toml"))
    yield tool("taplo", "fmt", "--check", *ending(files, ".toml"))
    yield tool("tombi", "lint", "--offline", *ending(files, ".toml"))
    yield tool("tombi", "format", "--offline", "--check", *ending(files, ".toml"))
    yield tool("rumdl", "check", "--no-cache", *ending(files, ".md"))
    yield tool("yamllint", "--strict", "-d", YAMLLINT, *ending(files, ".yml", ".cff"))
    if licensed(project):
        yield tool("reuse", "lint")
        yield [*on_its_python(project), "pyroma", "--min", "10", "."]
    if "Dockerfile" in files:
        yield tool("hadolint", "Dockerfile")
    if any(name.startswith(".github/") for name in files):
        yield tool("zizmor", "--offline", "--no-progress", "--persona", "auditor", ".")
    for schema, pattern in SCHEMAS.items():
        found = sorted(str(path.relative_to(project)) for path in project.glob(pattern))
        transform = ["--data-transform", "gitlab-ci"] if "gitlab" in schema else []
        if found:
            yield tool(
                "check-jsonschema", "--builtin-schema", schema, *transform,
                *("--default-filetype", "yaml"), *found,
            )  # fmt: skip


def tool(name: str, *arguments: str) -> list[str]:
    return [str(TOOLS / name), *arguments]


def on_its_python(project: Path) -> list[str]:
    """Return how to start a tool on the oldest Python of *project*: meson-python builds on no other."""
    text = (project / "pyproject.toml").read_text(encoding="utf-8")
    (oldest,) = re.findall(r'^requires-python = ">=(3\.\d+)"$', text, re.MULTILINE)
    ours = ("run", "--isolated", "--project", str(REPOSITORY), "--only-group", "validators")
    return [uv_executable(), *ours, "--quiet", "--python", str(find_python(oldest))]


def ending(files: list[str], *suffixes: str) -> list[str]:
    return [name for name in files if name.endswith(suffixes)]


def licensed(project: Path) -> bool:
    """Tell whether a licence was chosen: without one, reuse and pyroma have to object."""
    return "\nlicense = " in (project / "pyproject.toml").read_text(encoding="utf-8")

"""Workflows and pipelines, read as data: the commands of each job, in order."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

NEEDS_A_SERVICE = {
    "uv run nox --session audit": "asks a database on the internet",
    "gh release create": "makes a release on GitHub",
    "uv publish --trusted-publishing always": "uploads to PyPI",
    "uv run --isolated --python 3.16": "needs a Python that is not released",
    "uvx pypi-attestations": "asks GitLab who it is",
}
"""Commands that cannot run here, and why; no other may be left out."""


@dataclass(frozen=True)
class Step:
    """One command of a job, and the variables that the service would give it."""

    job: str
    command: str
    variables: Mapping[str, str]

    @property
    def reason_not_to_run(self) -> str:
        return next((why for what, why in NEEDS_A_SERVICE.items() if what in self.command), "")


def github_steps(project: Path, name: str, values: Mapping[str, str]) -> Iterator[Step]:
    """Return the ``run:`` steps of a workflow; *values* are those of its expressions."""
    workflow = read_workflow(project, name)
    for job, content in workflow["jobs"].items():
        for step in content.get("steps", []):  # a job that calls another workflow has none
            if "run" in step:
                variables = {**workflow.get("env", {}), **step.get("env", {})}
                filled = {key: _fill(str(value), values) for key, value in variables.items()}
                yield Step(job, _fill(step["run"], values), filled)


def read_workflow(project: Path, name: str) -> dict[Any, Any]:
    """Return a workflow of GitHub's as data."""
    return _read(project / ".github/workflows" / name)


def artifacts(project: Path, name: str, job: str) -> list[str]:
    """Return the patterns of the files that *job* of a workflow uploads."""
    steps = read_workflow(project, name)["jobs"][job]["steps"]
    uploads = [each for each in steps if "upload-artifact" in each.get("uses", "")]
    return [pattern for each in uploads for pattern in each["with"]["path"].split()]


def gitlab_steps(pipeline: Path, values: Mapping[str, str]) -> Iterator[Step]:
    """Return the lines of each job's ``script``, once for each entry of its matrix."""
    content = _read(pipeline)
    for included in content.get("include", []):
        content |= _read(pipeline.parent / included["local"])
    for job, each in content.items():
        if job.startswith(".") or not isinstance(each, dict):
            continue
        extended = content.get(each.get("extends"), {}) | each
        for line in extended.get("script", []):
            for chosen in _matrix(extended):
                variables = {**content["variables"], **values, **chosen}
                yield Step(job, line, {key: str(value) for key, value in variables.items()})


def _matrix(job: dict[str, Any]) -> list[dict[str, str]]:
    rows = job.get("parallel", {}).get("matrix", [{}])
    return [
        {name: value}
        for row in rows
        for name, choices in row.items()
        for value in ([choices] if isinstance(choices, str) else choices)
    ] or [{}]


def _read(path: Path) -> dict[Any, Any]:
    content: dict[Any, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content


def _fill(text: str, values: Mapping[str, str]) -> str:
    """Put *values* in for expressions; KeyError for one that the test does not know."""
    return re.sub(r"\$\{\{ (.+?) \}\}", lambda found: values[found.group(1)], text)

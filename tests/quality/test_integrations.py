"""What others build on: the hooks, the action and the job for GitLab, from a clone of this."""

import subprocess
from pathlib import Path

import pytest
import yaml
from quality.pipelines import _read
from quality.validators import tool
from scenarios.library import Library
from support.history import history
from support.render import REPOSITORY
from support.world import output

pytestmark = pytest.mark.slow

HOOKS = """\
repos:
  - repo: CLONE
    rev: HEAD
    hooks:
      - id: neverstale-doctor
      - id: neverstale-lock
"""


@pytest.mark.parametrize("runner", ["prek", "pre-commit"])
def test_hooks(runner: str, find_links: Path, tmp_path: Path) -> None:
    world = Library(tmp_path)
    world.extra |= {
        "PREK_HOME": str(world.root / "prek"),
        "PRE_COMMIT_HOME": str(world.root / "pc"),
    }
    world.extra["UV_FIND_LINKS"] = str(find_links)
    clone = history()
    revision = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=clone, check=True, capture_output=True, text=True
    ).stdout.strip()
    text = HOOKS.replace("CLONE", str(clone)).replace("HEAD", revision)
    world.write(".pre-commit-config.yaml", text)
    world.write(".gitignore", ".venv/\n")
    world.run("uv", "lock", "--quiet")
    world.make_environment()
    world.install(".")
    world.commit()
    run = ("uvx", runner, "run", "--all-files")
    assert "Passed" in output(world.run(*run, "--hook-stage", "pre-push"))
    assert "Passed" in output(world.run(*run))
    world.edit()
    told = output(world.run(*run, "--hook-stage", "pre-push", expect=1))
    assert "NS203" in told
    world.replace('requires-python = ">=3.10"', 'requires-python = ">=3.11"')
    assert "needs to be updated" in output(world.run(*run, expect=1))


def test_the_action(tmp_path: Path) -> None:
    clone = history()
    world = Library(tmp_path)
    world.make_environment()
    world.install(".")
    assert world.run(
        *tool("zizmor", "--offline", "--persona", "auditor", str(clone / "action.yml"))
    )
    schema = tool("check-jsonschema", "--builtin-schema", "vendor.github-actions")
    world.run(*schema, str(clone / "action.yml"))
    _, step = _read(clone / "action.yml")["runs"]["steps"]
    summary = world.root / "summary.md"
    inputs = {"PROJECT": ".", "TARGET": "", "ARGUMENTS": "--build"}
    given = {**inputs, "TOOLS": str(clone / "template/tools"), "GITHUB_STEP_SUMMARY": str(summary)}
    assert step["env"].keys() <= given.keys()
    shell = ("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"])
    world.extra |= given
    fresh = world.run(*shell)
    assert "all fresh" in fresh.stdout
    world.edit()
    stale = world.run(*shell, expect=1)
    assert "::error file=src/demo/__init__.py,title=NS203 " in stale.stdout
    assert "demo: not fresh: .venv" in summary.read_text("utf-8")
    assert summary.read_text("utf-8").count("```") == 4
    installed = world.run(*shell, TARGET="venv")
    assert "Installed demo 1.0 in .venv (fresh: " in installed.stdout
    world.replace('build-backend = "hatchling.build"', 'build-backend = "no.such"')
    world.run(*shell, expect=2, TARGET="venv")


def test_the_job_for_gitlab(tmp_path: Path) -> None:
    world = Library(tmp_path)
    world.run(
        *("uvx", "copier", "copy", "--quiet", "--defaults", "--vcs-ref", "HEAD"),
        *("--data", "scope=tasks", "--overwrite", str(history()), "."),
    )
    included = REPOSITORY / "integrations/gitlab.yml"
    job = yaml.safe_load(included.read_text("utf-8"))
    pipeline = world.project / ".gitlab-ci.yml"
    pipeline.write_text(yaml.safe_dump({**job, "neverstale": {"extends": ".neverstale"}}))
    world.run(*tool("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", str(pipeline)))
    (own,) = job.values()
    for line in own["script"]:
        world.extra |= own["variables"]
        world.run("bash", "-e", "-c", line)
    assert "<testsuite" in (world.project / "neverstale.xml").read_text("utf-8")

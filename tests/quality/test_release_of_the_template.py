"""The template's own release, and its own workflows: made in a clone, read as data."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from neverstale.template.answers import changes_between
from packaging.version import Version
from quality.pipelines import github_steps
from quality.test_pipelines import check_shell
from quality.validators import YAMLLINT, tool
from support.history import commit, git, history
from support.render import REPOSITORY
from support.world import output, run, uv_executable

WORKFLOWS = REPOSITORY / ".github" / "workflows"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """This repository as the working tree has it, in a clone, with something to release."""
    folder = tmp_path / "a größe" / "clone"
    git(tmp_path, "clone", "--quiet", str(history()), str(folder))
    for name in ("docs/release.py", "pyproject.toml", "uv.lock", "noxfile.py"):
        (folder / name).write_bytes((REPOSITORY / name).read_bytes())
    changelog = folder / "CHANGELOG.md"
    text = changelog.read_text(encoding="utf-8")
    text = re.sub(r"(?ms)^## Unreleased.*?(?=^## |\Z)", "", text)
    head, _, rest = text.partition("\n## ")
    new = "## Unreleased\n\n- Something for those who update.\n\n"
    changelog.write_text(f"{head}\n{new}## {rest}" if rest else f"{text}\n{new}", encoding="utf-8")
    git(folder, "config", "user.name", "A")
    git(folder, "config", "user.email", "a@example.org")
    commit(folder)
    return folder


def released(clone: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = (sys.executable, str(clone / "docs" / "release.py"), *arguments)
    return run(command, clone, {**os.environ, "UV": uv_executable()})


def test_release_is_a_section_a_commit_and_a_tag(clone: Path) -> None:
    done = released(clone, "--skip-checks", "7.0.0")
    assert done.returncode == 0, output(done)
    assert git(clone, "status", "--porcelain") == ""
    assert git(clone, "log", "-1", "--format=%s") == "Release 7.0.0\n"
    assert git(clone, "cat-file", "-t", "v7.0.0") == "tag\n"
    text = (clone / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^## 7\.0\.0 - 20\d\d-\d\d-\d\d$", text, re.MULTILINE)
    assert "## Unreleased" not in text
    assert 'version = "7.0.0"' in (clone / "pyproject.toml").read_text(encoding="utf-8")
    notes = released(clone, "--notes", "v7.0.0").stdout
    assert notes == "- Something for those who update.\n"
    assert changes_between(text, Version("6.0"), Version("7.0.0")).endswith(notes.strip())


@pytest.mark.parametrize(
    ("version", "says"),
    [
        ("seven", "seven is no version"),
        ("v7.0", "v7.0 is spelled 7.0"),
        ("0.0.1", "0.0.1 is not after 6.0"),
    ],
)
def test_no_release_without_a_later_version(version: str, says: str, clone: Path) -> None:
    git(clone, "tag", "v6.0")
    done = released(clone, "--skip-checks", version)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert "hint: " in done.stderr
    assert git(clone, "status", "--porcelain") == ""


def test_no_release_of_nothing_or_of_what_is_not_committed(clone: Path) -> None:
    assert released(clone, "--skip-checks", "7.0.0").returncode == 0
    assert "nothing under `## Unreleased`" in released(clone, "--skip-checks", "7.1.0").stderr
    (clone / "new.txt").touch()
    assert "not committed" in released(clone, "--skip-checks", "7.1.0").stderr
    assert git(clone, "tag", "--list", "v7*") == "v7.0.0\n"


def test_every_release_is_in_the_changelog() -> None:
    text = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
    named = re.findall(r"^## (\S+) - \d{4}-\d\d-\d\d$", text, re.MULTILINE)
    assert [Version(each) for each in named] == sorted(map(Version, named), reverse=True)
    tags = {tag.removeprefix("v") for tag in git(REPOSITORY, "tag", "--list", "v*").split()}
    assert tags <= set(named)


def test_workflows_run_sessions_on_three_systems() -> None:
    listed = run([sys.executable, "-m", "nox", "--list"], REPOSITORY, dict(os.environ)).stdout
    sessions = set(re.findall(r"^[*-] (\S+)", listed, re.MULTILINE))
    steps = list(github_steps(REPOSITORY, "ci.yml", {"matrix.os": "", "matrix.python": ""}))
    run_by_ci = [step.command.removeprefix("uv run nox --session ") for step in steps]
    assert set(run_by_ci) <= sessions
    assert {"lint", "types", "tests", "sample"} <= set(run_by_ci)
    text = (WORKFLOWS / "ci.yml").read_text(encoding="utf-8")
    assert "os: [ubuntu-latest, macos-latest, windows-latest]" in text
    of_a_release = dict.fromkeys(("github.ref_name", "github.token", "github.repository"), "")
    for step in [*steps, *github_steps(REPOSITORY, "release.yml", of_a_release)]:
        check_shell(step.command)


def test_validators_have_nothing_to_say_of_the_workflows() -> None:
    files = sorted(map(str, WORKFLOWS.glob("*.yml")))
    for command in (
        tool("zizmor", "--offline", "--no-progress", "--persona", "auditor", *files),
        tool("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *files),
        tool("yamllint", "--strict", "-d", YAMLLINT, *files),
    ):
        done = run(list(command), REPOSITORY, dict(os.environ))
        assert done.returncode == 0, output(done)

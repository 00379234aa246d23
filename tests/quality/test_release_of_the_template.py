"""The template's own release, and its own workflows: made in a clone, read as data."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.version import Version
from quality.pipelines import github_steps
from quality.test_pipelines import check_shell
from quality.validators import YAMLLINT, tool
from support.history import commit, git
from support.render import REPOSITORY
from support.world import output, run, uv_executable

from neverstale.template.answers import changes_between

WORKFLOWS = REPOSITORY / ".github" / "workflows"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """This repository as the working tree has it, with something to release, and one commit."""
    folder = tmp_path / "a größe" / "clone"
    (folder / "docs").mkdir(parents=True)
    for name in (
        ".gitignore",
        "docs/release.py",
        "README.md",
        "LICENSE",
        "CHANGELOG.md",
        "prek.toml",
        "pyproject.toml",
    ):
        (folder / name).write_bytes((REPOSITORY / name).read_bytes())
    for name in ("src", "tools", "macros", "template/tools"):
        skip = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPOSITORY / name, folder / name, ignore=skip)
    changelog = folder / "CHANGELOG.md"
    text = changelog.read_text(encoding="utf-8")
    text = re.sub(r"(?ms)^## Unreleased.*?(?=^## |\Z)", "", text)
    head, _, rest = text.partition("\n## ")
    new = "## Unreleased\n\n- Something for those who update.\n\n"
    changelog.write_text(f"{head}\n{new}## {rest}" if rest else f"{text}\n{new}", encoding="utf-8")
    commit(folder)
    git(folder, "config", "user.name", "A")
    git(folder, "config", "user.email", "a@example.org")
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
    assert 'RELEASE = "7.0.0"' in (clone / "tools/version.py").read_text(encoding="utf-8")
    tools = clone / "template" / "tools"
    assert [path.name for path in tools.glob("*.whl")] == ["neverstale-7.0.0-py3-none-any.whl"]
    assert "neverstale==7.0.0" in (tools / "neverstale.py").read_text(encoding="utf-8")
    assert "neverstale==7.0.0" in (clone / "macros/neverstale-index.py").read_text(encoding="utf-8")
    changed = git(clone, "show", "--name-only", "--format=", "HEAD").split()
    assert {name.partition("/")[0] for name in changed} <= {
        *["CHANGELOG.md", "tools", "template", "macros"]
    }
    notes = released(clone, "--notes", "v7.0.0").stdout
    assert notes == "- Something for those who update.\n"
    assert changes_between(text, Version("6.0"), Version("7.0.0")).endswith(notes.strip())


@pytest.mark.parametrize(
    ("version", "says"),
    [
        ("seven", "seven is not a version"),
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


def test_nothing_is_changed_where_the_wheel_cannot_be_built(clone: Path) -> None:
    (clone / "tools/bundle.py").write_text(
        "from pathlib import Path\n\nPath('template/tools/half.whl').touch()\nraise SystemExit(1)\n",
        encoding="utf-8",
    )
    commit(clone)
    before = git(clone, "rev-parse", "HEAD")
    done = released(clone, "--skip-checks", "7.0.0")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: tools/bundle.py failed\nhint: ")
    assert git(clone, "rev-parse", "HEAD") == before
    assert git(clone, "status", "--porcelain") == ""
    assert git(clone, "tag", "--list", "v7*") == ""


def test_a_push_with_the_wheel_of_other_sources_is_refused(clone: Path, tmp_path: Path) -> None:
    remote, environment = tmp_path / "remote", {**os.environ, "PREK_HOME": str(tmp_path / "prek")}
    git(tmp_path, "init", "--quiet", "--bare", str(remote))
    folder = os.pathsep.join([str(Path(uv_executable()).parent), environment["PATH"]])
    environment["PATH"] = folder
    install = tool("prek", "install", "--config", "prek.toml", "--hook-type", "pre-push")
    assert run([*install], clone, environment).returncode == 0
    push = ("git", "push", "--quiet", str(remote), "HEAD:refs/heads/main")
    done = run(push, clone, environment)
    assert done.returncode == 0, output(done)
    with (clone / "src/neverstale/errors.py").open("a", encoding="utf-8") as module:
        module.write("# edited\n")
    commit(clone)
    done = run(push, clone, environment)
    assert done.returncode != 0
    assert "hint: run `make wheel`" in output(done)


def test_no_release_of_nothing_or_of_what_is_not_committed(clone: Path) -> None:
    (clone / "new.txt").touch()
    assert "not committed" in released(clone, "--skip-checks", "7.0.0").stderr
    changelog = clone / "CHANGELOG.md"
    text = changelog.read_text(encoding="utf-8")
    changelog.write_text(text.replace("- Something for those who update.\n", ""), encoding="utf-8")
    commit(clone)
    assert "nothing under `## Unreleased`" in released(clone, "--skip-checks", "7.0.0").stderr
    assert git(clone, "tag", "--list", "v7*") == ""


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
    assert {"lint", "types", "tests", "sample", "windows"} <= set(run_by_ci)
    text = (WORKFLOWS / "ci.yml").read_text(encoding="utf-8")
    assert "os: [ubuntu-latest, macos-latest]" in text
    assert "runs-on: windows-latest" in text
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

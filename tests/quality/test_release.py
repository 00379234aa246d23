"""From the tag to an index and back: build, check, rehearse, upload, install from there."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from quality.combinations import Everything
from quality.test_combinations import living
from quality.test_pipelines import VERSION, released
from scenarios.edits import value, write
from support.world import World, output

CLI = Everything("hatchling", "src", "cli", ci="none", docs="none", python_min="3.11")
FROM_GIT = Everything("setuptools", "src", "cli", "vcs", ci="none", docs="none")


@contextmanager
def index(folder: Path) -> Iterator[str]:
    """Run a package index of what is in *folder*, which takes uploads; return its address.

    What it does not have it redirects to PyPI.
    """
    folder.mkdir(exist_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "pypiserver", "run", "--interface", "127.0.0.1"]
    options = ["--port", str(port), "--authenticate", ".", "--passwords", "."]
    options += ["--hash-algo", "sha256", str(folder)]
    server = subprocess.Popen([*command, *options], stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


@pytest.mark.slow
@pytest.mark.parametrize("combination", [CLI, FROM_GIT], ids=str)
def test_upload_and_install_from_the_index(combination: Everything, tmp_path: Path) -> None:
    world = living(combination, tmp_path)
    released(world)
    world.make("check-dist")
    with index(tmp_path / "index") as address:
        upload = f"--publish-url {address} --username u --password p"
        rehearsal = world.make("publish", f"ARGS={upload}")
        assert "nothing was uploaded" in rehearsal.stderr
        assert list((tmp_path / "index").iterdir()) == []
        world.make("publish", f"ARGS=--yes {upload}")
        assert len(list((tmp_path / "index").iterdir())) == 2
        world.run(
            *("uv", "tool", "install", "--index", f"{address}/simple/"),
            *("--python", "3.11", f"demo-app=={VERSION}"),
            NO_PROXY="127.0.0.1",
        )
    assert world.command("demo-app", "hello", "Ada") == "Hello, Ada!"
    assert world.command("demo-app", "--version") == f"demo-app {VERSION}"


@pytest.mark.slow
def test_nothing_stale_is_published(tmp_path: Path) -> None:
    world = World(tmp_path, CLI)
    world.commit()
    world.make("build")
    write(world, "state.py", 'VALUE = "new"\n')
    refused = world.make("publish", expect=2)
    assert "demo_app-0.1.0-py3-none-any.whl differs from a fresh build" in refused.stderr
    assert "hint: run `make build`" in refused.stderr
    world.make("build")
    rehearsal = world.make("publish", expect=2)
    missing = [line[10:] for line in rehearsal.stderr.splitlines() if line.startswith("missing ")]
    assert missing == [
        "uncommitted changes: commit them",
        "the commit has no tag of this version: git tag v0.1.0",
        "CHANGELOG.md has no entry for 0.1.0",
        # The index may know a demo-app 0.1.0 of somebody else, or not be reached.
        *(line for line in missing if "the index " in line),
    ]
    assert "nothing was uploaded; once nothing is missing" in rehearsal.stderr
    refused = world.make("publish", "ARGS=--yes --publish-url http://127.0.0.1:9", expect=2)
    assert "error: uncommitted changes: commit them; the commit has no tag" in refused.stderr
    (world.project / "dist" / "demo_app-0.0.9-py3-none-any.whl").write_bytes(b"")
    refused = world.make("publish", expect=2)
    assert "demo_app-0.0.9-py3-none-any.whl differs from a fresh build" in refused.stderr


@pytest.mark.slow
def test_publish_builds_where_nothing_is_built(tmp_path: Path) -> None:
    world = World(tmp_path, CLI)
    rehearsal = world.make("publish", "ARGS=--publish-url http://127.0.0.1:9", expect=2)
    assert "missing   CHANGELOG.md has no entry for 0.1.0\nnothing was uploaded" in rehearsal.stderr
    assert len(list((world.project / "dist").glob("demo_app-0.1.0*"))) == 2


def test_private_projects_are_not_published(tmp_path: Path) -> None:
    world = World(tmp_path, Everything("uv_build", "src", "cli", license="proprietary"))
    refused = world.make("publish", expect=2)
    assert "error: Private :: Do Not Upload is among the classifiers" in refused.stderr


@pytest.mark.slow
def test_a_version_between_two_tags_is_not_published(tmp_path: Path) -> None:
    world = World(tmp_path, FROM_GIT)
    world.commit(tag="v1.0.0")
    write(world, "__main__.py", "")
    refused = world.make("publish", expect=2)
    assert "an index takes no local version" in refused.stderr


@pytest.mark.slow
def test_a_version_that_git_should_tell_is_not_made_up(tmp_path: Path) -> None:
    world = World(tmp_path, FROM_GIT)
    refused = world.make("publish", expect=2)
    assert "the version comes from git, and this is not a repository: 0.0.0" in refused.stderr


@pytest.mark.slow
def test_nobody_reads_a_password(tmp_path: Path) -> None:
    world = World(tmp_path, CLI)
    options = "--publish-url http://127.0.0.1:9 --username u --password geheim"
    said = output(world.make("publish", f"ARGS={options}", expect=2))
    assert "missing " in said
    assert "geheim" not in said
    nox = (sys.executable, "-m", "nox", "--session", "publish", "--", *options.split())
    said = output(world.run(*nox, expect=1))
    assert "missing " in said
    assert "geheim" not in said


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["hatchling", "uv_build", "setuptools"])
def test_two_builds_are_the_same_bytes(backend: str, tmp_path: Path) -> None:
    """In another folder, at another time, by files of other times, and with another umask."""
    made: list[dict[str, bytes]] = []
    for name, umask in (("one", 0o022), ("another", 0o077)):
        world = World(tmp_path / name, Everything(backend, "src", "cli"))
        if made:
            for path in world.package.rglob("*"):
                os.utime(path, (10**9, 10**9))
        world.run("sh", "-c", f"umask {umask:o}; make build ARGS=--twice")
        dist = world.project / "dist"
        made.append({path.name: path.read_bytes() for path in dist.glob("demo_app*")})
    assert made[0].keys() == made[1].keys()
    assert [name for name in made[0] if made[0][name] != made[1][name]] == []
    listed = world.run("tar", "tzf", *dist.glob("*.tar.gz")).stdout
    assert ".neverstale" not in listed


@pytest.mark.slow
def test_a_build_that_differs_is_told(tmp_path: Path) -> None:
    """A module that the build writes anew each time, in a project's own build hook."""
    world = World(tmp_path, CLI)
    hook = """
import uuid
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
class Hook(BuildHookInterface):
    def initialize(self, version, build_data):
        made = __import__("pathlib").Path(self.directory) / "made.py"
        made.parent.mkdir(exist_ok=True)
        made.write_text(f"ID = {uuid.uuid4().hex!r}")
        build_data["force_include"][str(made)] = "demo_app/made.py"
"""
    (world.project / "hatch_build.py").write_text(hook, encoding="utf-8")
    world.replace("[tool.mypy]", "[tool.hatch.build.targets.wheel.hooks.custom]\n\n[tool.mypy]")
    done = world.make("build", "ARGS=--twice", expect=2)
    assert "demo_app-0.1.0-py3-none-any.whl: two builds of the same sources differ" in done.stderr


@pytest.mark.slow
def test_bump(tmp_path: Path) -> None:
    world = living(CLI, tmp_path)
    before = (world.project / "pyproject.toml").read_text()
    (world.project / "changelog.d" / "first-release.md").unlink()
    unwritten = "<!--\n### Added\n\n- Something.\n-->\n"
    for note in ("", unwritten):
        (world.project / "changelog.d" / "x.md").write_text(note)
        refused = world.make("bump", "ARGS=minor", expect=2)
        assert "the changelog has no entries\nhint: write one: `make changelog" in output(refused)
    for wrong in ("foo1", "banana", "0.1.0", "0.0.9"):
        assert "\nhint: " in output(world.make("bump", f"ARGS={wrong}", expect=2))
    assert (world.project / "pyproject.toml").read_text() == before
    assert (world.project / "changelog.d" / "x.md").exists()
    (world.project / "changelog.d" / "x.md").write_text("### Fixed\n\n- That.\n")
    assert "- That." in world.make("changelog").stdout
    assert "git tag v0.2.0" in output(world.make("bump", "ARGS=minor"))
    assert "## 0.2.0 - 2" in (world.project / "CHANGELOG.md").read_text()
    assert 'version = "0.2.0"' in (world.project / "pyproject.toml").read_text()
    (world.project / "changelog.d").rmdir()  # as in a clone: git keeps no empty folder
    world.make("changelog", "ARGS=create")
    assert list((world.project / "changelog.d").glob("*.md"))


@pytest.mark.slow
def test_the_first_release_is_the_version_that_is_there(tmp_path: Path) -> None:
    world = living(CLI, tmp_path)
    assert "git tag v0.1.0" in output(world.make("bump"))
    assert "## 0.1.0 - 2" in (world.project / "CHANGELOG.md").read_text()
    assert 'version = "0.1.0"' in (world.project / "pyproject.toml").read_text()
    world.commit(tag="v0.1.0")
    address = "--publish-url http://127.0.0.1:9"  # and so no other index is asked
    assert "nothing was uploaded; `make" in world.make("publish", f"ARGS={address}").stderr
    (world.project / "changelog.d" / "x.md").write_text("### Fixed\n\n- That.\n")
    assert "0.1.0 is not after 0.1.0" in output(world.make("bump", "ARGS=0.1.0", expect=2))
    assert "git tag v0.1.1" in output(world.make("bump"))


@pytest.mark.slow
def test_a_workspace_is_released_together(tmp_path: Path) -> None:
    world = living(Everything("hatchling", "workspace", "cli", ci="none", docs="none"), tmp_path)
    released(world)
    core = world.project / "packages/demo-app-core/pyproject.toml"
    assert f'version = "{VERSION}"' in core.read_text()
    assert (
        f'dependencies = ["demo-app-core>={VERSION}"]'
        in (world.project / "pyproject.toml").read_text()
    )
    told = world.make("publish", "ARGS=--publish-url http://127.0.0.1:9").stderr
    assert "missing" not in told
    assert "nothing was uploaded; `make" in told
    names = {path.name.partition("-")[0] for path in (world.project / "dist").glob("*.whl")}
    assert names == {"demo_app", "demo_app_core"}


@pytest.mark.slow
def test_bump_of_a_version_from_git(tmp_path: Path) -> None:
    world = living(FROM_GIT, tmp_path)
    assert "the version is a tag in git" in output(world.make("bump", "ARGS=minor", expect=2))
    assert "foo1 is not a version" in output(world.make("bump", "ARGS=foo1", expect=2))
    assert "git tag v0.2.0" in output(world.make("bump", "ARGS=v0.2.0"))
    world.commit(tag="v0.2.0")
    world.make("install")
    assert world.ask(value("__init__", "__version__")) == VERSION


@pytest.mark.slow
def test_sbom_names_what_is_locked(tmp_path: Path) -> None:
    world = living(CLI, tmp_path)
    world.run("uv", "add", "--quiet", "iniconfig>=2")
    world.make("sbom")
    text = (world.project / "sbom.cdx.json").read_text()
    assert '"bomFormat": "CycloneDX"' in text
    assert "pkg:pypi/iniconfig@" in text
    assert "pytest" not in text
    shutil.rmtree(world.project / ".venv")

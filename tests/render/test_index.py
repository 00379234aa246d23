"""The answer ``tool: index``: the distribution comes from a package index, and is upgraded there."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import bundle
import pytest
from quality.test_release import index
from support.render import REPOSITORY, Combination, render
from support.world import World, output, uv_executable

if not hasattr(bundle, "RELEASE"):
    raise ImportError("tools/bundle.py no longer imports RELEASE")

OLDER = re.sub(r"\.dev\d+$", "", bundle.RELEASE)
"""The version that the launcher of the template asks for."""

NEWER = f"{OLDER}.post1"


def release(version: str, workspace: Path, into: Path) -> None:
    """Build the wheel of *version* from a copy of the sources."""
    copy = workspace / version
    copy.mkdir(parents=True)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy2(REPOSITORY / name, copy)
    for name in ("src", "tools"):
        shutil.copytree(
            REPOSITORY / name, copy / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    file = copy / "tools" / "version.py"
    text = file.read_text(encoding="utf-8")
    file.write_text(re.sub("(?m)^RELEASE = .*", f'RELEASE = "{version}"', text), encoding="utf-8")
    command: list[str | Path] = [
        uv_executable(),
        "build",
        "--quiet",
        "--wheel",
        "--out-dir",
        into,
        copy,
    ]
    subprocess.run(command, check=True, env=dict(os.environ))


@pytest.mark.slow
def test_install_from_the_index_and_upgrade(tmp_path: Path) -> None:
    packages = tmp_path / "packages"
    packages.mkdir()
    for version in (OLDER, NEWER):
        release(version, tmp_path / "copies", packages)
    world = World(tmp_path, Combination("hatchling", "src", "cli"))
    shutil.rmtree(world.project)
    render(world.project, {**world.combination.answers, "tool": "index"})
    assert list((world.project / "tools").iterdir()) == [world.project / "tools/neverstale.py"]
    with index(packages) as address:
        world.extra |= {"UV_DEFAULT_INDEX": f"{address}/simple/", "NO_PROXY": "127.0.0.1"}
        launcher = world.project / "tools" / "neverstale.py"
        lock = launcher.with_name("neverstale.py.lock")

        without_a_lock = world.make("install", expect=2)
        assert "lock" in without_a_lock.stderr, output(without_a_lock)

        world.run("uv", "lock", "--script", launcher)
        assert_works(world, OLDER, lock)

        world.run("uv", "add", "--script", launcher, f"neverstale=={NEWER}")
        assert_works(world, NEWER, lock)
        assert f'"neverstale=={NEWER}"' in launcher.read_text(encoding="utf-8")

        text = launcher.read_text(encoding="utf-8")
        launcher.write_text(text.replace(f"neverstale=={NEWER}", "neverstale"), encoding="utf-8")
        world.run("uv", "lock", "--script", launcher, "--upgrade-package", f"neverstale=={OLDER}")
        assert_works(world, OLDER, lock)


def assert_works(world: World, version: str, lock: Path) -> None:
    """The launcher runs *version*, which its lock pins with a hash, and the verbs do their work."""
    (pinned,) = re.findall(r'(?m)^name = "neverstale"\nversion = "(.+)"', lock.read_text("utf-8"))
    assert pinned == version
    wheel = re.search(rf"neverstale-{re.escape(version)}-.*", lock.read_text(encoding="utf-8"))
    assert wheel
    assert 'hash = "sha256:' in wheel[0]
    start = ("uv", "run", "--quiet", "--frozen", "--script", "tools/neverstale.py")
    assert version in world.run(*start, "--version").stdout
    world.make("install")
    assert world.command("demo-app", "hello") == "Hello, world!"
    told = world.make("doctor").stdout
    assert re.search("(?m)^uv tool +fresh", told), told

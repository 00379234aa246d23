"""`make dev` installs hooks that run the tools of uv.lock, and touches nobody else's."""

from pathlib import Path

import pytest
from quality.combinations import Everything
from quality.test_combinations import living
from support.world import World, output

CLI = Everything("hatchling", "src", "cli", docs="none", python_min="3.11")


@pytest.mark.slow
def test_a_commit_is_looked_at(tmp_path: Path) -> None:
    world = living(CLI, tmp_path)
    module = world.package / "more.py"
    mistakes = {
        "import os\n": "F401",
        "x = {  'a':1 }\n": "reformatted",
        "MISSPELT = 'recieve'\n".replace("'", '"'): "recieve",
    }
    for text, told in mistakes.items():
        module.write_text(text, encoding="utf-8")
        world.run("git", "add", "--all")
        done = world.run("git", "commit", "--message", "change", expect=1)
        assert told in output(done)
    module.write_text("", encoding="utf-8")
    world.replace('"pytest>=8.3"', '"pytest>=8.4"')
    world.run("git", "add", "--all")
    done = world.run("git", "commit", "--message", "change", expect=1)
    assert "uv lock --check" in output(done)
    world.make("dev")
    world.commit()
    assert world.status() == ""


@pytest.mark.slow
def test_the_hooks_run_what_is_locked(tmp_path: Path) -> None:
    """Another ruff in uv.lock is another ruff in the hook, and in `make lint`."""
    world = living(CLI, tmp_path)
    world.run("uv", "add", "--quiet", "--group", "lint", "ruff==0.12.0")
    (world.package / "more.py").write_text("import os\n", encoding="utf-8")
    shim = world.project / ".venv" / "bin" / "ruff"
    assert world.run(shim, "--version").stdout.strip() == "ruff 0.12.0"
    world.run("git", "add", "--all")
    before = world.run("uv", "run", "prek", "run", "ruff-check", expect=1)
    shim.rename(shim.with_name("ruff-locked"))
    shim.write_text('#!/bin/sh\necho "this is the locked one"\nexit 1\n', encoding="utf-8")
    shim.chmod(0o755)
    after = world.run("uv", "run", "prek", "run", "ruff-check", expect=1)
    assert "F401" in output(before)
    assert "this is the locked one" in output(after)
    assert "this is the locked one" in output(world.make("lint", expect=2))


@pytest.mark.slow
def test_dev_without_git(tmp_path: Path) -> None:
    world = World(tmp_path, CLI)
    done = world.make("dev")
    assert "no hooks were installed: this is not a git repository" in done.stderr
    assert (world.project / "uv.lock").exists()


@pytest.mark.slow
def test_hooks_that_are_kept_elsewhere_are_left_alone(tmp_path: Path) -> None:
    world = World(tmp_path, CLI)
    world.run("git", "init", "--quiet")
    world.run("git", "config", "core.hooksPath", ".mine")
    done = world.make("dev")
    assert "git's core.hooksPath says that they are in .mine" in done.stderr
    assert not (world.project / ".git" / "hooks" / "pre-commit").exists()
    assert "commit it" in done.stderr


@pytest.mark.slow
def test_a_hook_that_is_there_goes_on_being_run(tmp_path: Path) -> None:
    world = World(tmp_path, CLI)
    world.run("git", "init", "--quiet")
    mine = world.project / ".git" / "hooks" / "pre-commit"
    mine.parent.mkdir(exist_ok=True)
    mine.write_text("#!/bin/sh\necho mine >> ran\n", encoding="utf-8")
    mine.chmod(0o755)
    world.make("dev")
    world.run("git", "add", "--all")
    world.run("git", "commit", "--quiet", "--message", "change")
    assert (world.project / "ran").read_text() == "mine\n"

"""Rendered projects pass what they ask of their owners, and stay clean in git."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.render import COMBINATIONS, REPOSITORY, VERBS, Combination, quickly, render
from support.world import World, find_python, output

VERSIONED = [
    Combination("hatchling", "flat", "library", "vcs"),
    Combination("setuptools", "src", "cli", "vcs"),
]


@pytest.mark.parametrize(
    "combination",
    quickly([*COMBINATIONS, *VERSIONED]),
)
def test_check_passes_and_leaves_a_clean_tree(combination: Combination, tmp_path: Path) -> None:
    world = World(tmp_path, combination)
    world.run("git", "init", "--quiet")
    world.make("dev")
    world.commit()
    done = world.make("check")
    for session in ("lint", "format-check", "types", "spell", "deps", "doctest", "coverage"):
        assert f"* {session}: success" in output(done)
    for target in ("install", "doctor", "build", "format", "fresh"):
        world.make(target)
    assert world.status() == ""


@pytest.mark.slow
@pytest.mark.parametrize("python_min", ["3.10", "3.12", "3.13"])
def test_oldest_python_is_kept(python_min: str, tmp_path: Path) -> None:
    """On the very version that it promises: the tests, and the tool itself."""
    interpreter = find_python(python_min)
    if interpreter is None:
        pytest.skip(f"there is no CPython {python_min} here")
    world = World(tmp_path, Combination("hatchling", "src", "cli"))
    shutil.rmtree(world.project)
    render(world.project, {"python_min": python_min})
    world.extra["UV_PYTHON"] = str(interpreter)
    assert "passed" in world.make("test").stdout
    assert f"test-all-{python_min}: success" in output(world.make("test-all"))
    world.make("install")
    assert world.ask("import sys; print('.'.join(map(str, sys.version_info[:2])))") == python_min
    assert "nothing to do" in world.make("fresh").stdout


def test_make_and_nox_have_the_same_verbs(tmp_path: Path) -> None:
    world = World(tmp_path, Combination("hatchling", "src", "cli"))
    told = world.make()
    assert told.stdout == world.make("help").stdout
    listed = dict(re.findall(r"^  ([a-z-]+) +(.+)$", told.stdout, re.MULTILINE))
    assert set(listed) == {"help", *VERBS}
    assert "uv build --force" in listed["build"]
    done = world.run(sys.executable, "-m", "nox", "--list")
    sessions = dict(re.findall(r"^[*-] ([a-z-]+[a-z]).* -> (.+)$", done.stdout, re.MULTILINE))
    assert set(sessions) == set(VERBS)
    assert all(len(text) < 90 for text in (*listed.values(), *sessions.values()))


def test_one_command_for_each_verb() -> None:
    text = (REPOSITORY / "template" / "Makefile").read_text(encoding="utf-8")
    for verb in (*VERBS, "help"):
        recipe = re.search(rf"^{verb}:.*\n((?:\t.*\n)*)", text, re.MULTILINE)
        assert recipe, verb
        assert recipe.group(1).replace("\\\n", "").count("\n") == 1, verb


def test_makefile_is_plain() -> None:
    """POSIX sh, and nothing that GNU make 3.81 does not know."""
    text = (REPOSITORY / "template" / "Makefile").read_text(encoding="utf-8")
    newer = (
        r"\$\(file |\$\(guile |::=|!=|\.ONESHELL|\.SHELLFLAGS|&:|--output-sync|\$\(let |\$\(intcmp "
    )
    assert not re.search(newer, text)
    assert "[[" not in text
    assert text.rstrip().endswith("-include local.mk")


def test_owner_adds_targets_in_local_mk(tmp_path: Path) -> None:
    world = World(tmp_path, Combination("hatchling", "src", "cli"))
    (world.project / "local.mk").write_text("greet:\n\t@echo mine\n")
    assert world.make("greet").stdout == "mine\n"


@pytest.mark.slow
def test_metadata_of_the_distributions(tmp_path: Path) -> None:
    """What twine and a package index look at, in sdist and wheel."""
    for backend in ("hatchling", "uv_build", "setuptools"):
        world = World(tmp_path / backend, Combination(backend, "src", "cli"))
        world.make("build")
        wheel = next((world.project / "dist").glob("*.whl"))
        listed = subprocess.run(
            [sys.executable, "-m", "zipfile", "-l", wheel],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert "demo_app-0.1.0.dist-info/licenses/LICENSE" in listed
        world.make("install")
        fields = "['License-Expression', 'License-File', 'Requires-Python', 'Summary', 'Author']"
        code = f"from importlib.metadata import metadata as m; d = m('demo-app'); print(*map(d.get, {fields}), sep='|')"
        expected = "MIT|LICENSE|>=3.10|A command-line application.|The Demo App authors"
        assert world.ask(code) == expected


def test_makefile_of_the_repository_has_the_commands_of_the_readme() -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    for command in ("make demo", "make test"):
        assert f"\n    {command}" in readme

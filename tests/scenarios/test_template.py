"""``make update`` and the doctor, in a project whose template goes on."""

import json
import re
import shutil
import sys
from pathlib import Path

import copier
import pytest
from packaging.version import Version
from support.history import commit, git
from support.render import REPOSITORY, Combination, template_without_git
from support.tree import build_file_tree
from support.world import World, output

from neverstale.template.answers import Template, changes_between, find_template, newer_than

CLI = Combination("hatchling", "src", "cli")
LAUNCHER = "template/tools/neverstale.py"
"""A part of what the verbs are started with, which projects that adopt them have, too."""

CHANGES = "# Changelog\n\n## 1.1.0 - 2026-12-01\n\n- The second.\n\n## 1.0.0 - 2026-11-01\n\n- The first.\n"


class Made(World):
    """A project made from version 1.0.0 of a template that has a repository of its own."""

    def __init__(self, root: Path, **answers: str) -> None:
        super().__init__(root, CLI)
        self.template = self.root / "template"
        shutil.copytree(template_without_git(), self.template)
        commit(self.template, "v1.0.0")
        shutil.rmtree(self.project)
        if answers.get("scope") == "tasks":
            build_file_tree(
                self.project,
                {
                    "pyproject.toml": '[project]\nname = "demo-app"\nversion = "1"\n'
                    '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n',
                    "demo_app/__init__.py": "",
                    ".gitignore": "/.venv/\n",
                },
            )
        data = {**CLI.answers, **answers}
        copier.run_copy(str(self.template), self.project, data=data, defaults=True, quiet=True)
        commit(self.project)

    def release(self, tag: str = "v1.1.0") -> None:
        """Let the template go on: another line in what it owns."""
        with (self.template / "template" / "prek.toml").open("a", encoding="utf-8") as file:
            file.write(f"# {tag}\n")
        with (self.template / LAUNCHER).open("a", encoding="utf-8") as file:
            file.write(f"# {tag}\n")
        build_file_tree(self.template, {"CHANGELOG.md": CHANGES})
        commit(self.template, tag)

    def findings(self, *options: str) -> dict[str, list[dict[str, str]]]:
        # Not by the launcher: uv starts nothing where the wheel beside it was changed.
        command = (sys.executable, "-m", "neverstale", "doctor", "--json", *options)
        told = self.run(*command, expect=None, PYTHONPATH=str(REPOSITORY / "src"))
        places = json.loads(told.stdout)["places"]
        return {
            found["code"]: found["evidence"]
            for place in places
            for found in place["findings"]
            if found["code"].startswith("NS7")
        }


@pytest.mark.slow
def test_the_doctor_says_that_there_is_a_newer_version(tmp_path: Path) -> None:
    world = Made(tmp_path)
    assert world.findings() == {}
    world.release()
    (evidence,) = world.findings()["NS701"]
    assert (evidence["expected"], evidence["found"]) == ("v1.1.0", "v1.0.0")
    assert world.findings("--quick") == {}
    world.make("install")
    done = world.make("doctor")
    assert "fix: make update" in done.stdout
    assert "all fresh" in done.stdout, "a remark changes no verdict"


@pytest.mark.slow
def test_the_doctor_does_not_mind_a_template_that_is_not_there(tmp_path: Path) -> None:
    world = Made(tmp_path)
    world.make("install")
    for address in ("https://127.0.0.1:9/x.git", "/nowhere", "ext::touch PWNED", "--upload-pack=x"):
        world.replace(
            f"_src_path: {source(world)}", f'_src_path: "{address}"', ".copier-answers.yml"
        )
        assert "all fresh" in world.make("doctor").stdout
        done = world.make("update", expect=2)
        assert "error: there are changes that are not committed" in done.stderr
        commit(world.project)
        done = world.make("update", expect=2)
        assert "error: the template cannot be reached" in done.stderr, output(done)
        assert "hint: " in done.stderr
    assert not list(world.root.rglob("PWNED"))


def source(world: Made) -> str:
    text = (world.project / ".copier-answers.yml").read_text(encoding="utf-8")
    found = re.search(r"^_src_path: (.*(?:\n  .*)*)$", text, re.MULTILINE)
    assert found
    return found.group(1)


@pytest.mark.slow
def test_the_doctor_says_that_the_project_has_drifted(tmp_path: Path) -> None:
    world = Made(tmp_path)
    (wheel,) = (world.project / "tools").glob("neverstale-*.whl")
    shipped = wheel.read_bytes()
    wheel.write_bytes(shipped + b"\0")
    world.replace('name = "demo-app"', 'name = "other"')
    found = world.findings()
    assert [each["what"] for each in found["NS702"]] == [f"tools/{wheel.name}"]
    assert [tuple(each.values()) for each in found["NS703"]] == [
        ("distribution_name", "demo-app", "other")
    ]
    wheel.write_bytes(shipped)
    assert "NS702" not in world.findings()


@pytest.mark.slow
def test_update_shows_what_changed_updates_and_checks(tmp_path: Path) -> None:
    world = Made(tmp_path)
    world.make("dev")
    commit(world.project)
    assert "v1.0.0 is the newest version" in world.make("update").stdout
    world.release()
    done = world.make("update")
    assert "- The second." in done.stdout
    assert "- The first." not in done.stdout
    assert "* check: success" in done.stderr, output(done)
    changed = git(world.project, "diff", "--name-only").split()
    assert changed == [".copier-answers.yml", "prek.toml", "tools/neverstale.py"]
    commit(world.project)
    done = world.run(
        sys.executable, "-m", "nox", "--session", "update", "--", "--data", "layout=flat"
    )
    assert "* check: success" in output(done)
    assert (world.project / "demo_app" / "cli.py").exists()
    assert not (world.project / "src" / "demo_app" / "cli.py").exists()
    commit(world.project)
    done = world.make("update", "ARGS=--data package_name=renamed", expect=2)
    assert "to do     demo_app is yours: rename it to renamed" in done.stderr


@pytest.mark.slow
def test_update_stops_at_a_conflict(tmp_path: Path) -> None:
    world = Made(tmp_path)
    with (world.project / "prek.toml").open("a", encoding="utf-8") as file:
        file.write("# mine\n")
    commit(world.project)
    world.release()
    done = world.make("update", expect=2)
    assert "conflict  prek.toml" in done.stderr, output(done)
    assert "check" not in done.stdout
    assert "# mine" in (world.project / "prek.toml").read_text(encoding="utf-8")


@pytest.mark.slow
def test_update_of_adopted_verbs(tmp_path: Path) -> None:
    world = Made(tmp_path, scope="tasks")
    world.release()
    assert set(world.findings()) == {"NS701"}
    done = world.make("update")
    assert "- The second." in done.stdout
    assert "place" in done.stdout, "the doctor has looked"
    changed = git(world.project, "diff", "--name-only").split()
    assert changed == [".copier-answers.yml", "tools/neverstale.py"]


@pytest.mark.slow
def test_update_takes_the_version_that_is_asked_for(tmp_path: Path) -> None:
    """A pre-release for a project that has one, and whichever somebody asks for."""
    world = Made(tmp_path, scope="tasks")
    world.release("v1.1.0")
    world.release("v2.0.0rc1")
    world.release("v2.0.0rc2")
    done = world.make("update", "ARGS=--vcs-ref v2.0.0rc1")
    assert "v1.0.0 to v2.0.0rc1" in done.stderr
    commit(world.project)
    done = world.make("update")
    assert "v2.0.0rc1 to v2.0.0rc2" in done.stderr
    commit(world.project)
    assert "newest version" in world.make("update").stdout
    done = world.make("update", "ARGS=--vcs-ref v9", expect=2)
    assert "error: copier did not update" in done.stderr
    shutil.rmtree(world.project / ".git")
    assert "error: this is no git repository" in world.make("update", expect=2).stderr


HOSTILE = {
    "no mapping": "- a\n",
    "an address with a control character": '_src_path: "a\\0b"\nscope: tasks\n',
    "an address that is no text": '_src_path: "a\\ud800b"\nscope: tasks\n',
    "deep": "[" * 5000,
    "a program": "_src_path: !!python/object/apply:os.system [touch PWNED]\nscope: tasks\n",
    "a bomb": "a: &a [x,x,x,x,x,x,x,x,x]\n"
    + "".join(
        f"{n}: &{n} [*{m},*{m},*{m},*{m},*{m},*{m},*{m},*{m},*{m}]\n"
        for m, n in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "_src_path: x\n_commit: *i\nscope: tasks\n",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_answers_files(kind: str, tmp_path: Path) -> None:
    (tmp_path / ".copier-answers.yml").write_text(HOSTILE[kind], encoding="utf-8")
    found = find_template(tmp_path)
    assert found is None or found.version == ""
    assert not list(tmp_path.rglob("PWNED"))


def test_what_cannot_be_updated(tmp_path: Path) -> None:
    world = World(tmp_path, CLI)
    commit(world.project)
    done = world.make("update", expect=2)
    assert "names no version" in done.stderr, output(done)
    (world.project / ".copier-answers.yml").unlink()
    done = world.make("update", expect=2)
    assert "there is no .copier-answers.yml" in done.stderr
    assert done.stderr.count("hint: ") == 1


HEAD = "a" * 40


@pytest.mark.parametrize(
    ("version", "listing", "newer"),
    [
        ("v1.0", "v1.0 v1.1 v1.10 v1.9", "v1.10"),
        ("1.0", "1.0", None),
        ("v1.0", "v1.0 v2.0rc1", None),
        ("v2.0rc1", "v1.0 v2.0rc1 v2.0rc2", "v2.0rc2"),
        ("v1.0-3-gabcdef0", "v1.0", None),
        ("v1.0-3-gabcdef0", "v1.0 v1.1", "v1.1"),
        ("v1.0", "v1.0 nightly", None),
        ("v1.1", "v1.0", None),
        ("aaaaaaa", "", None),
        ("bbbbbbb", "", "HEAD"),
        ("bbbbbbb", "v1.0", "v1.0"),
    ],
)
def test_newer_versions(version: str, listing: str, newer: str | None) -> None:
    lines = [f"{HEAD}\tHEAD", *(f"{HEAD}\trefs/tags/{tag}" for tag in listing.split())]
    lines += [f"{HEAD}\trefs/tags/{tag}^{{}}" for tag in listing.split()]
    assert newer_than(Template("", "", version, {}), "\n".join(lines)) == newer


def test_changes_between_versions() -> None:
    assert changes_between(CHANGES, Version("1.0"), Version("1.1")).endswith("- The second.")
    assert "first" not in changes_between(CHANGES, Version("1.0"), Version("1.1"))
    assert changes_between(CHANGES, Version("1.1"), Version("1.1")) == ""
    assert "## Unreleased" in changes_between("## Unreleased\n\n- New.\n", None, None)

"""What an update would bring, which command brings it, and what is left to do after it."""

from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType

import pytest
from support.tree import build_file_tree

from neverstale.errors import NeverstaleError
from neverstale.template import update
from neverstale.template.answers import Template
from neverstale.template.update import COPIER, Plan, move_package, plan_update, update_command

ANSWERS = "_src_path: /gone\n_commit: v1.0\nscope: full\n"


def template(**answers: object) -> Template:
    return Template(".copier-answers.x.yml", "/gone", "v1.0", MappingProxyType(answers))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], None),
        (["--vcs-ref", "v2"], "v2"),
        (["-r", "v2"], "v2"),
        (["--vcs-ref=v2"], "v2"),
        (["--data", "a=b", "-r", "v2", "--quiet"], "v2"),
        (["--vcs-ref"], ""),
        (["--vcs-refs", "v2"], None),
        (["--data", "ci=gitlab"], None),
    ],
)
def test_the_version_that_is_asked_for(arguments: list[str], expected: str | None) -> None:
    assert update._asked(arguments) == expected  # noqa: SLF001


@pytest.mark.parametrize(
    ("target", "is_asked", "may_ask", "end"),
    [
        pytest.param(
            "v2.0", False, True, ["--skip-answered", "--vcs-ref", "v2.0"], id="a newer one"
        ),
        pytest.param("v2.0", True, False, ["--defaults"], id="one that was asked for"),
        pytest.param(None, False, False, ["--defaults"], id="nothing newer"),
    ],
)
def test_command(target: str | None, is_asked: bool, may_ask: bool, end: list[str]) -> None:
    plan = Plan(template(), target, "", is_asked)
    start = [*COPIER, "--answers-file", ".copier-answers.x.yml"]
    assert update_command(plan, may_ask=may_ask) == [*start, *end]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in a repository without changes, whose template has another release."""
    monkeypatch.setattr(update, "is_changed", lambda _: False)
    monkeypatch.setattr(update, "start_listing", lambda address: address)
    monkeypatch.setattr(update, "listed", lambda *_: "a\trefs/tags/v1.0\nb\trefs/tags/v2.0")
    monkeypatch.setattr(update, "text_of", lambda *_: "## 2.0\n\nnews\n\n## 1.0\n\nold\n")
    return build_file_tree(tmp_path, {".copier-answers.yml": ANSWERS, ".git/HEAD": ""})


def test_plan(project: Path) -> None:
    plan = plan_update(project, [])
    assert (plan.target, plan.changes, plan.is_asked) == ("v2.0", "## 2.0\n\nnews", False)
    asked = plan_update(project, ["-r", "v1.0"])
    assert (asked.target, asked.changes, asked.is_asked) == ("v1.0", "", True)
    head = plan_update(project, ["-r", "HEAD"])
    assert (head.target, head.changes) == ("HEAD", "## 2.0\n\nnews")


def test_nothing_newer(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(update, "listed", lambda *_: "a\trefs/tags/v1.0")
    plan = plan_update(project, [])
    assert (plan.target, plan.changes, plan.is_asked) == (None, "", False)


def test_a_template_without_a_changelog(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(update, "text_of", lambda *_: None)
    assert plan_update(project, []).changes == ""


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        pytest.param(
            lambda root, _: (root / ".copier-answers.yml").unlink(),
            "there is no .copier-answers.yml",
            id="no template",
        ),
        pytest.param(
            lambda root, _: (root / ".git/HEAD").unlink() or (root / ".git").rmdir(),
            "this is no git repository",
            id="no repository",
        ),
        pytest.param(
            lambda _, patch: patch.setattr(update, "is_changed", lambda _: True),
            "changes that are not committed",
            id="changes",
        ),
        pytest.param(
            lambda _, patch: patch.setattr(update, "listed", lambda *_: None),
            "the template cannot be reached: /gone",
            id="no answer",
        ),
    ],
)
def test_what_cannot_be_updated(
    spoil: Callable[[Path, pytest.MonkeyPatch], None],
    message: str,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spoil(project, monkeypatch)
    with pytest.raises(NeverstaleError, match=message):
        plan_update(project, [])


@pytest.mark.parametrize(
    ("before", "after", "files", "moved", "left"),
    [
        pytest.param("demo", "demo", ["src/demo/"], None, False, id="the same"),
        pytest.param("demo", "new", ["src/demo/"], None, True, id="another name"),
        pytest.param("demo", "new", ["src/demo/", "src/new/"], None, False, id="there already"),
        pytest.param("demo", "new", [], None, False, id="nothing to move"),
        pytest.param(
            "demo", "flat", ["src/demo/"], ("src/demo", "demo"), False, id="another layout"
        ),
        pytest.param("demo", None, ["src/demo/"], None, False, id="no answers"),
    ],
)
def test_a_package_that_moves(  # noqa: PLR0913, PLR0917
    before: str,
    after: str | None,
    files: list[str],
    moved: tuple[str, str] | None,
    left: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls: list[tuple[str, ...]] = []

    def move(_: Path, *paths: str) -> bool:
        calls.append(paths)
        return True

    monkeypatch.setattr(update, "move", move)
    build_file_tree(tmp_path, dict.fromkeys(files, ""))
    if after:
        said = "package_name: demo\nlayout: flat" if after == "flat" else f"package_name: {after}"
        build_file_tree(tmp_path, {".copier-answers.yml": f"{ANSWERS}{said}\n"})
    told = move_package(tmp_path, template(package_name=before))
    assert calls == ([moved] if moved else [])
    end = " is yours: rename it to src/new, and its name where it is imported"
    assert told == (f"src/demo{end}" if left else None)


def test_a_package_that_git_does_not_move(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(update, "move", lambda *_: False)
    said = "package_name: demo\nlayout: flat\n"
    build_file_tree(tmp_path, {"src/demo/": "", ".copier-answers.yml": f"{ANSWERS}{said}"})
    told = move_package(tmp_path, template(package_name="demo"))
    assert told == "src/demo is yours: rename it to demo, and its name where it is imported"

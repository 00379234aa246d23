"""``--data``, ``--data-file`` and the questionnaire itself: the same answers, the same project."""

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import pexpect
import pytest
import yaml
from support.index import NO_NETWORK
from support.parse import files_of
from support.render import render, template_without_git
from support.world import FOLDER, output, run, uv_executable

if sys.platform == "win32":
    pytest.skip("pexpect has no terminal to give on Windows", allow_module_level=True)

ENVIRONMENT = {"PYTHONWARNINGS": "ignore", "COLUMNS": "200", "LANG": "C.UTF-8", "TERM": "xterm"}
ENVIRONMENT["PROMPT_TOOLKIT_NO_CPR"] = "1"  # it would wait for what only a real terminal answers
COPIER: tuple[str, ...] = (sys.executable, "-m", "copier", "copy")

ALIKE = [
    {},
    {"project_name": 'It\'s "{{ 7 * 7 }}" \\ 🎉', "distribution_name": "it"},
    {"description": "null", "user_name": "true", "user_email": "o'x@example.org"},
    {"description": "$(touch PWNED) `touch PWNED` ${{ x }} # : ---", "user_name": "1e3"},
    {"description": "[a, b]", "user_name": "{a: b}", "project_name": "2024-01-01 x"},
    {"description": "~", "user_name": "größe 日本 e\u0301", "command_name": "x.y"},
    {"description": "- a", "user_name": "@", "license": "GPL-3.0-or-later", "python_min": "3.12"},
]
QUICK_AND_SLOW = [
    pytest.param(answers, id=str(place), marks=[pytest.mark.slow] if place > 1 else [])
    for place, answers in enumerate(ALIKE)
]
REFUSED = [("package_name", "json"), ("description", "a\x07b"), ("user_email", "a@b")]


def made_of(project: Path) -> dict[str, bytes]:
    """Return all that a project is made of, but for where its template is."""
    return {path.relative_to(project).as_posix(): path.read_bytes() for path in files_of(project)}


def expected(answers: Mapping[str, str], folder: Path) -> dict[str, bytes]:
    return made_of(render(folder / "expected", answers))


@pytest.mark.parametrize("answers", QUICK_AND_SLOW)
def test_data_and_data_file(answers: dict[str, str], tmp_path: Path) -> None:
    data: list[str | Path] = []
    for item in answers.items():
        data += ["--data", "=".join(item)]
    file = tmp_path / "answers.yml"
    file.write_text(yaml.safe_dump(answers, allow_unicode=True), encoding="utf-8")
    ways: list[list[str | Path]] = [data, ["--data-file", file]]
    for place, options in enumerate(ways):
        project = tmp_path / FOLDER / str(place)
        command = [*COPIER, "--defaults", *options, template_without_git(), project]
        done = run(command, tmp_path, {**os.environ, **ENVIRONMENT})
        assert done.returncode == 0, output(done)
        assert made_of(project) == expected(answers, tmp_path / str(place))
    assert not list(tmp_path.rglob("PWNED"))


@pytest.mark.parametrize("answers", QUICK_AND_SLOW)
def test_questionnaire(answers: dict[str, str], tmp_path: Path) -> None:
    """Whoever is asked types an answer, or takes the default that stands there."""
    project = tmp_path / "made"
    asked = typed(answers, tmp_path, project)
    asked.expect(pexpect.EOF)
    asked.close()
    assert asked.exitstatus == 0
    assert made_of(project) == expected(answers, tmp_path)


def questionnaire(folder: Path, project: Path) -> "pexpect.spawn[str]":
    asked = pexpect.spawn(
        COPIER[0],
        [*COPIER[1:], str(template_without_git()), str(project)],
        cwd=folder,
        env={**os.environ, **ENVIRONMENT},
        encoding="utf-8",
        timeout=60,
        dimensions=(60, 200),
    )
    asked.delaybeforesend = None
    return asked


def typed(answers: Mapping[str, str], folder: Path, project: Path) -> "pexpect.spawn[str]":
    """Answer the questions at a terminal; what is not in *answers* is the default."""
    questions = yaml.safe_load((template_without_git() / "copier.yml").read_text(encoding="utf-8"))
    asked = questionnaire(folder, project)
    for name, question in questions.items():
        if name.startswith("_") or question.get("when", True) is False:
            continue
        if name == "version_source" and answers.get("build_backend") == "uv_build":
            continue
        if name in ("namespace_name", "binding"):  # asked where other answers ask for them
            continue
        asked.expect_exact(question["help"])
        if name in answers and "choices" in question:
            choose(asked, list_of(question["choices"]), answers[name], str(question["default"]))
        elif name in answers:
            asked.send("\x05\x15")  # to the end of the line, and remove what stands before it
            asked.send(answers[name])
        asked.send("\r")
    return asked


def list_of(choices: "list[str] | dict[str, str]") -> list[str]:
    return list(choices.values()) if isinstance(choices, dict) else choices


def choose(asked: "pexpect.spawn[str]", choices: list[str], answer: str, default: str) -> None:
    steps = choices.index(answer) - choices.index(default)
    for _ in range(abs(steps)):
        asked.send("\x1b[B" if steps > 0 else "\x1b[A")


@pytest.mark.parametrize(("name", "answer"), REFUSED)
def test_refusals_are_alike(name: str, answer: str, tmp_path: Path) -> None:
    file = tmp_path / "answers.yml"
    file.write_text(yaml.safe_dump({name: answer}), encoding="utf-8")
    for options in (["--data", f"{name}={answer}"], ["--data-file", file]):
        command = [*COPIER, "--defaults", *options, template_without_git(), tmp_path / "made"]
        done = run(command, tmp_path, {**os.environ, **ENVIRONMENT})
        assert done.returncode != 0
        assert re.search(rf"question '{name}': Type ", done.stderr), output(done)
        assert not (tmp_path / "made").exists()


def test_questionnaire_asks_again(tmp_path: Path) -> None:
    """What is refused stays on the screen to be mended, with the sentence below it."""
    asked = questionnaire(tmp_path, tmp_path / "made")
    asked.expect_exact("What is it to be?")
    asked.send("\r")
    asked.expect_exact("What is the project called")
    asked.send("\x05\x15!\r")
    asked.expect_exact("Type a name with at least one letter or digit")
    asked.send("\x05\x15Mended\r")
    asked.expect_exact("Under which name")
    asked.expect_exact("mended")
    asked.close(force=True)


@pytest.mark.slow
@pytest.mark.parametrize("scope", ["project", "tasks"])
def test_the_oldest_copier_makes_the_same(scope: str, tmp_path: Path) -> None:
    """That of ``_min_copier_version``, from the package index."""
    questions = yaml.safe_load((template_without_git() / "copier.yml").read_text(encoding="utf-8"))
    oldest = questions["_min_copier_version"]
    copier = [uv_executable(), "tool", "run", "--quiet", "--from", f"copier=={oldest}", "copier"]
    options = ["copy", "--defaults", "--quiet", "--data", f"scope={scope}"]
    project = tmp_path / "made"
    command: list[str | Path] = [*copier, *options, template_without_git(), project]
    done = run(command, tmp_path, {**os.environ, **ENVIRONMENT})
    if done.returncode and any(sign in done.stderr for sign in NO_NETWORK):
        pytest.skip(f"the package index cannot be reached: {done.stderr.splitlines()[-1]}")
    assert done.returncode == 0, output(done)
    assert made_of(project) == expected({"scope": scope}, tmp_path)

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
from support.render import REPOSITORY, render, template_without_git, values_of
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
QUESTIONS = {
    name: question
    for name, question in yaml.safe_load((REPOSITORY / "copier.yml").read_text("utf-8")).items()
    if not name.startswith("_")
}
QUICK = 9
"""The most questions that somebody who presses Enter is asked."""
MISFITS = [
    *(
        ({"layout": layout}, "build_backend", backend)
        for layout in ("flat", "workspace")
        for backend in ("setuptools_ext", "scikit_build_core", "meson_python", "maturin")
    ),
    ({"project_type": "library"}, "layout", "workspace"),
    ({"build_backend": "setuptools_ext"}, "binding", "nanobind"),
    ({"build_backend": "scikit_build_core"}, "binding", "c"),
    ({"project_type": "library"}, "extras", "docker"),
    ({"ci": "gitlab"}, "extras", "dependabot"),
    ({"ci": "none"}, "extras", "dependabot"),
]
"""Earlier answers, and the choice that does not go with them. Without version_source: it is
asked only where both of its choices fit."""
QUICK_AND_SLOW = [
    pytest.param(answers, id=str(place), marks=[pytest.mark.slow] if place > 1 else [])
    for place, answers in enumerate(ALIKE)
]
REFUSED = [("package_name", "json"), ("description", "a\x07b"), ("user_email", "a@b")]


def made_of(project: Path) -> dict[str, bytes]:
    """Return all that a project is made of, but for where its template is."""
    return {path.relative_to(project).as_posix(): path.read_bytes() for path in files_of(project)}


def expected(answers: Mapping[str, object], folder: Path) -> dict[str, bytes]:
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
        project = tmp_path / FOLDER / str(place) / "demo-app"
        command = [*COPIER, "--defaults", *options, template_without_git(), project]
        done = run(command, tmp_path, {**os.environ, **ENVIRONMENT})
        assert done.returncode == 0, output(done)
        assert made_of(project) == expected(answers, tmp_path / str(place))
    assert not list(tmp_path.rglob("PWNED"))


@pytest.mark.parametrize("answers", QUICK_AND_SLOW)
def test_questionnaire(answers: dict[str, str], tmp_path: Path) -> None:
    """Whoever is asked types an answer, or takes the default that stands there."""
    project = tmp_path / "demo-app"
    asked = typed(answers, tmp_path, project)
    asked.expect(pexpect.EOF)
    asked.close()
    assert asked.exitstatus == 0
    customized = {"customize": True} if len(asked_for(answers)) > QUICK else {}
    assert made_of(project) == expected({**answers, **customized}, tmp_path)


def questionnaire(folder: Path, project: Path) -> "pexpect.spawn[str]":
    asked = pexpect.spawn(
        COPIER[0],
        [*COPIER[1:], str(template_without_git()), str(project)],
        cwd=folder,
        env={**os.environ, **ENVIRONMENT},
        encoding="utf-8",
        timeout=20,
        dimensions=(60, 200),
    )
    asked.delaybeforesend = None
    return asked


def typed(answers: Mapping[str, str], folder: Path, project: Path) -> "pexpect.spawn[str]":
    """Answer the questions at a terminal; what is not in *answers* is the default."""
    asked = questionnaire(folder, project)
    for name in asked_for(answers):
        answer_one(asked, name, answers)
    return asked


def asked_for(answers: Mapping[str, str]) -> list[str]:
    """Return the questions in a new folder; those behind `customize` if *answers* has one of them."""
    names = [n for n, question in QUESTIONS.items() if question.get("when", True) is not False]
    names.remove("scope")
    first = names[: names.index("customize") + 1]
    if not answers.keys() - set(first):
        return first
    if answers.get("layout") != "namespace":
        names.remove("namespace_name")
    if answers.get("build_backend") not in ("setuptools_ext", "scikit_build_core"):
        names.remove("binding")
    if answers.get("build_backend") in ("uv_build", "flit_core", "meson_python", "maturin"):
        names.remove("version_source")
    if answers.get("project_type") == "library":
        names.remove("command_name")
    return names


def answer_one(asked: "pexpect.spawn[str]", name: str, answers: Mapping[str, str]) -> None:
    question = QUESTIONS[name]
    asked.expect_exact(f"1m {question['help']}")
    if name == "customize":
        asked.send("y" if len(asked_for(answers)) > QUICK else "n")
        return
    if name in answers and question.get("multiselect"):
        asked.send("a")
    elif name in answers and "choices" in question:
        choose(asked, values_of(question["choices"]), answers[name], str(question["default"]))
    elif name in answers:
        asked.send("\x05\x15")  # to the end of the line, and remove what stands before it
        asked.send(answers[name])
    asked.send("\r")


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


def test_few_questions_are_asked() -> None:
    assert len(asked_for({})) <= QUICK


@pytest.mark.parametrize(
    ("earlier", "name", "misfit"),
    [
        pytest.param(*each, id=f"{each[2]}-{place}", marks=[pytest.mark.slow] if place else [])
        for place, each in enumerate(MISFITS)
    ],
)
def test_a_choice_that_does_not_fit_cannot_be_picked(
    earlier: dict[str, str], name: str, misfit: str, tmp_path: Path
) -> None:
    """Moving to where it stands, or choosing all, does not choose it; the label says why."""
    question = QUESTIONS[name]
    (choice,) = [
        c for c in question["choices"].values() if isinstance(c, dict) and c["value"] == misfit
    ]
    reason = re.findall(r"'(needs [^']+|works [^']+)'", choice["validator"])[0]
    answers = {**earlier, name: misfit}
    asked = questionnaire(tmp_path, tmp_path / "made")
    names = asked_for(answers)
    for each in names[: names.index(name)]:
        answer_one(asked, each, answers)
    asked.expect_exact(f"1m {question['help']}")
    asked.expect_exact(f"({reason})")
    asked.send("a" if question.get("multiselect") else "")
    choose(asked, values_of(question["choices"]), misfit, values_of(question["choices"])[0])
    asked.send("\r")
    while asked.expect_exact(["🎤", pexpect.EOF]) == 0:
        asked.send("\r")
    made = yaml.safe_load((tmp_path / "made" / ".copier-answers.yml").read_text(encoding="utf-8"))
    assert misfit not in (made[name] if question.get("multiselect") else [made[name]])


def test_questionnaire_asks_again(tmp_path: Path) -> None:
    """What is refused stays on the screen to be corrected, with what to type below it."""
    asked = questionnaire(tmp_path, tmp_path / "made")
    asked.expect_exact("1m Project name")
    asked.send("\x05\x15!\r")
    asked.expect_exact("Type a name with at least one letter or digit")
    asked.send("\x05\x15Corrected\r")
    asked.expect_exact("1m Project type")
    asked.close(force=True)


@pytest.mark.parametrize(
    ("folder", "name"),
    [("word-count_2", "Word Count 2"), ("FastAPI-tools", "FastAPI Tools"), ("!", "Demo App")],
)
def test_the_name_of_the_folder_is_the_default(folder: str, name: str, tmp_path: Path) -> None:
    command: list[str | Path] = [
        *COPIER,
        "--defaults",
        template_without_git(),
        tmp_path / folder,
    ]
    done = run(command, tmp_path, {**os.environ, **ENVIRONMENT})
    assert done.returncode == 0, output(done)
    made = yaml.safe_load((tmp_path / folder / ".copier-answers.yml").read_text(encoding="utf-8"))
    assert made["project_name"] == name


@pytest.mark.parametrize("keys", ["\x03", "Words\r\x03"], ids=["first", "second"])
def test_an_interrupted_questionnaire_leaves_nothing(keys: str, tmp_path: Path) -> None:
    asked = questionnaire(tmp_path, tmp_path / "made")
    asked.expect_exact("1m Project name")
    asked.send(keys)
    asked.expect(pexpect.EOF)
    asked.close()
    assert asked.exitstatus
    assert not (tmp_path / "made").exists()


@pytest.mark.slow
@pytest.mark.parametrize("scope", ["project", "tasks"])
def test_the_oldest_copier_makes_the_same(scope: str, tmp_path: Path) -> None:
    """That of ``_min_copier_version``, from the package index."""
    questions = yaml.safe_load((template_without_git() / "copier.yml").read_text(encoding="utf-8"))
    oldest = questions["_min_copier_version"]
    copier = [uv_executable(), "tool", "run", "--quiet", "--from", f"copier=={oldest}", "copier"]
    options = ["copy", "--defaults", "--quiet", "--data", f"scope={scope}"]
    project = tmp_path / "demo-app"
    command: list[str | Path] = [*copier, *options, template_without_git(), project]
    done = run(command, tmp_path, {**os.environ, **ENVIRONMENT})
    if done.returncode and any(sign in done.stderr for sign in NO_NETWORK):
        pytest.skip(f"the package index cannot be reached: {done.stderr.splitlines()[-1]}")
    assert done.returncode == 0, output(done)
    assert made_of(project) == expected({"scope": scope}, tmp_path)

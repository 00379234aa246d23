"""The questions: defaults for all, each answer validated, no ``--trust``."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from support.render import REPOSITORY, render, template_without_git
from support.tree import build_file_tree
from support.world import run

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

QUESTIONS = yaml.safe_load((REPOSITORY / "copier.yml").read_text(encoding="utf-8"))
ASKED = [
    name
    for name, question in QUESTIONS.items()
    if not name.startswith("_") and question.get("when", True) is not False
]
CONTRACT = (
    "scope project_name project_type description user_name user_email github_user license ci customize"
    " distribution_name package_name command_name layout namespace_name build_backend binding"
    " version_source python_min type_checker docs extras tool"
)


def copier(*arguments: str | Path, folder: Path) -> "subprocess.CompletedProcess[str]":
    import os

    command = (sys.executable, "-m", "copier", "copy", *arguments)
    return run(command, folder, dict(os.environ) | {"PYTHONWARNINGS": "ignore", "COLUMNS": "200"})


def test_the_questions_are_those_of_the_contract() -> None:
    assert CONTRACT.split() == ASKED


def test_nothing_needs_trust() -> None:
    needing = {"_tasks", "_migrations", "_jinja_extensions", "_external_data"}
    assert not needing & set(QUESTIONS)


@pytest.mark.parametrize("name", ASKED)
def test_every_question_has_a_default_and_a_check(name: str) -> None:
    question = QUESTIONS[name]
    assert "default" in question
    assert 0 < len(question["help"]) <= 70
    assert "choices" in question or "validator" in question or question["type"] == "bool"


def pyproject_of(project: Path) -> dict[str, object]:
    return tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({}, ("demo-app", "demo_app", "demo-app")),
        ({"project_name": "My Größe 2"}, ("my-gr-e-2", "my_gr_e_2", "my-gr-e-2")),
        ({"project_name": "3D Tools!"}, ("d-tools", "d_tools", "d-tools")),
        ({"distribution_name": "Big.Thing_x"}, ("Big.Thing_x", "big_thing_x", "big-thing-x")),
        ({"package_name": "other"}, ("demo-app", "other", "demo-app")),
        ({"command_name": "run-me"}, ("demo-app", "demo_app", "run-me")),
    ],
)
def test_answers_follow_from_one_another(
    answers: dict[str, str], expected: tuple[str, str, str], tmp_path: Path
) -> None:
    project = render(tmp_path / "made", answers)
    table = pyproject_of(project)["project"]
    assert isinstance(table, dict)
    command, target = next(iter(table["scripts"].items()))
    assert (table["name"], target, command) == (expected[0], f"{expected[1]}.cli:main", expected[2])
    assert (project / "src" / expected[1] / "cli.py").exists()


REFUSED = [
    ("project_name", "", "Type a name"),
    ("project_name", "   ", "Type a name"),
    ("project_name", "a\nb", "on one line"),
    ("project_name", "a\x07b", "on one line"),
    ("project_name", "!?", "at least one letter"),
    ("project_name", "x" * 101, "at most 100"),
    ("distribution_name", "-a", "letters from A to Z"),
    ("distribution_name", "a-", "letters from A to Z"),
    ("distribution_name", "a b", "letters from A to Z"),
    ("distribution_name", "a/../b", "letters from A to Z"),
    ("distribution_name", "größe", "letters from A to Z"),
    ("distribution_name", "a\n", "letters from A to Z"),
    ("distribution_name", "x" * 101, "at most 100"),
    ("package_name", "1a", "a letter first"),
    ("package_name", "A", "lower-case"),
    ("package_name", "a-b", "lower-case"),
    ("package_name", "a.b", "lower-case"),
    ("package_name", "a\n", "lower-case"),
    ("package_name", "class", "Python's grammar"),
    ("package_name", "match", "Python's grammar"),
    ("package_name", "json", "hide a module"),
    ("package_name", "tests", "hide a module"),
    ("package_name", "tools", "of the project itself"),
    ("package_name", "x" * 101, "at most 100"),
    ("command_name", "a b", "letters from A to Z"),
    ("command_name", "$(x)", "letters from A to Z"),
    ("command_name", "../a", "letters from A to Z"),
    ("command_name", "a\n", "letters from A to Z"),
    ("command_name", "x" * 101, "at most 100"),
    ("description", "a\nb", "on one line"),
    ("description", "x" * 513, "at most 512"),
    ("user_name", "", "Type a name"),
    ("user_name", "a\tb", "on one line"),
    ("user_name", "x" * 201, "at most 200"),
    ("user_email", "nobody", "Type an address"),
    ("user_email", "a@b", "Type an address"),
    ("user_email", "a@b.c\n", "Type an address"),
    ("user_email", "A <a@b.c>", "Type an address"),
    ("github_user", "-a", "the name alone"),
    ("project_type", "game", "project_type"),
    ("layout", "round", "layout"),
    ("build_backend", "distutils", "build_backend"),
    ("license", "WTFPL", "license"),
    ("python_min", "2.7", "python_min"),
]


@pytest.mark.parametrize(("name", "answer", "says"), REFUSED)
def test_answer_is_refused_with_what_to_type(
    name: str, answer: str, says: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        render(tmp_path / "made", {name: answer})
    assert not list((tmp_path / "made").rglob("*.toml"))


TOGETHER = [
    *(
        (
            {"build_backend": b, "version_source": "vcs"},
            "'version_source': needs another build_backend",
        )
        for b in ("uv_build", "flit_core", "meson_python", "maturin")
    ),
    *(
        ({"build_backend": b, "layout": "flat"}, "'build_backend': needs the layout src or")
        for b in ("setuptools_ext", "scikit_build_core", "meson_python", "maturin")
    ),
    (
        {"build_backend": "maturin", "layout": "workspace"},
        "'build_backend': needs the layout src or",
    ),
    ({"project_type": "library", "layout": "workspace"}, "'layout': needs a command-line tool"),
    ({"build_backend": "setuptools_ext", "binding": "nanobind"}, "'binding': needs CMake"),
    (
        {"build_backend": "scikit_build_core", "binding": "c"},
        "'binding': needs build_backend setuptools_ext",
    ),
    ({"extras": ["docker"], "project_type": "library"}, "'extras': needs a command-line tool"),
    ({"extras": ["dependabot"], "ci": "gitlab"}, "'extras': works on GitHub only"),
    *(
        ({"layout": "namespace", "namespace_name": name}, f"'namespace_name': Type {says}")
        for name, says in [
            ("", "lower-case"),
            ("a.b", "lower-case"),
            ("A", "lower-case"),
            ("1a", "lower-case"),
            ("a\nb", "lower-case"),
            ("x" * 101, "at most 100"),
            ("json", "another name"),
            ("class", "another name"),
            ("tools", "another name"),
            ("con", "another name"),
        ]
    ),
]


@pytest.mark.parametrize(("answers", "says"), TOGETHER)
def test_answers_that_do_not_go_together(
    answers: dict[str, str], says: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        render(tmp_path / "made", answers)
    assert not list((tmp_path / "made").rglob("*.toml"))


LICENSES = {
    "MIT": ("MIT", "Permission is hereby granted"),
    "Apache-2.0": ("Apache-2.0", "Apache License"),
    "BSD-3-Clause": ("BSD-3-Clause", "Redistribution and use"),
    "GPL-3.0-or-later": ("GPL-3.0-or-later", "GNU GENERAL PUBLIC LICENSE"),
    "LGPL-3.0-or-later": ("LGPL-3.0-or-later", "GNU LESSER GENERAL PUBLIC LICENSE"),
    "AGPL-3.0-or-later": ("AGPL-3.0-or-later", "GNU AFFERO GENERAL PUBLIC LICENSE"),
    "ISC": ("ISC", "Permission to use, copy, modify"),
    "MPL-2.0": ("MPL-2.0", "Mozilla Public License"),
    "proprietary": ("LicenseRef-Proprietary", "All rights reserved"),
}


@pytest.mark.parametrize("license_name", LICENSES)
def test_license_is_declared_as_pep_639_says(license_name: str, tmp_path: Path) -> None:
    expression, words = LICENSES[license_name]
    project = render(tmp_path / "made", {"license": license_name, "user_name": "Ada"})
    table = pyproject_of(project)["project"]
    assert isinstance(table, dict)
    assert (table["license"], table["license-files"]) == (expression, ["LICENSE"])
    assert words in (project / "LICENSE").read_text(encoding="utf-8")
    private = "Private :: Do Not Upload" in table["classifiers"]
    assert private == (license_name == "proprietary")


def test_no_license(tmp_path: Path) -> None:
    project = render(tmp_path / "made", {"license": "none"})
    table = pyproject_of(project)["project"]
    assert isinstance(table, dict)
    assert not table.keys() & {"license", "license-files"}
    assert not (project / "LICENSE").exists()


def test_copier_from_the_command_line(tmp_path: Path) -> None:
    """What the README says: no --trust, and the next three commands in the message."""
    done = copier("--defaults", template_without_git(), tmp_path / "made", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    following = done.stderr.partition("Next:")[2].strip().splitlines()
    assert [line.split()[0] for line in following[:3]] == ["cd", "git", "make"]
    done = copier(
        *("--defaults", "--data", "package_name=class", template_without_git(), tmp_path / "no"),
        folder=tmp_path,
    )
    assert done.returncode != 0
    assert "Type another name" in done.stderr


def test_no_file_but_those_that_must_holds_a_tag_of_jinja() -> None:
    """Verbatim before Jinja: what has the suffix needs it, and nothing else is rendered."""
    template = REPOSITORY / "template"
    for path in template.rglob("*"):
        is_text = path.is_file() and path.suffix != ".whl"
        if is_text and not any("cache" in part for part in path.parts):
            text = path.read_text(encoding="utf-8")
            assert (path.suffix == ".jinja") == bool(re.search(r"(?<!\$){{ |{%", text)), path


def test_starter_files_are_the_owners(tmp_path: Path) -> None:
    project = render(tmp_path / "made", {})
    edited = ["README.md", "src/demo_app/cli.py", "tests/test_cli.py"]
    build_file_tree(project, dict.fromkeys(edited, "mine"))
    render_again = pytest.importorskip("copier").run_copy
    render_again(str(template_without_git()), project, defaults=True, quiet=True, overwrite=True)
    assert {(project / name).read_text() for name in edited} == {"mine"}
    assert (project / "Makefile").read_text() == (REPOSITORY / "template/Makefile").read_text()

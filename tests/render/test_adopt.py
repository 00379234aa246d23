"""``scope: tasks``: what a project that exists gets, and what stays its owner's."""

import os
import re
import shutil
import sys
from pathlib import Path

import pexpect
import pytest
from render.test_ways_to_answer import COPIER, ENVIRONMENT, questionnaire
from support.parse import files_of
from support.render import render, template_without_git
from support.tree import build_file_tree
from support.world import FOLDER, output, run, uv_executable

ALONE = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")} | {
    "PATH": os.pathsep.join([str(Path(uv_executable()).parent), os.environ["PATH"]])
}
"""The environment without that of a make which runs the tests, with uv on PATH as owners have it."""

LINE = "include tools/neverstale.mk"
NOX_LINE = '__import__("runpy").run_path("tools/neverstale_nox.py")'
PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "theirs"
version = "1.0"
"""


def adopting(*options: str) -> tuple[str | Path, ...]:
    template = template_without_git()
    return (*COPIER, "--defaults", "--data", "scope=tasks", *options, template, ".")


def adopt(folder: Path, *options: str) -> str:
    """Adopt as a person does, in the project's folder; give what was said."""
    done = run(adopting(*options), folder, {**os.environ, **ENVIRONMENT})
    assert done.returncode == 0, output(done)
    return done.stderr


@pytest.fixture(scope="session")
def adopted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that took the targets: what is in its tools/ depends on nothing that it has."""
    return render(tmp_path_factory.mktemp("adopted"), {"scope": "tasks"})


def project_with(tmp_path: Path, files: dict[str, str]) -> Path:
    return build_file_tree(tmp_path / FOLDER, {"pyproject.toml": PYPROJECT, **files})


def test_nothing_else_is_added(tmp_path: Path) -> None:
    project = project_with(tmp_path, {"theirs.py": "", "tools/own.sh": ""})
    said = adopt(project)
    added = {path.relative_to(project).as_posix() for path in files_of(project)}
    added -= {"pyproject.toml", "theirs.py", "tools/own.sh"}
    (wheel,) = [path for path in added if path.endswith(".whl")]
    launcher = {"tools/neverstale.py", "tools/neverstale.py.lock", wheel}
    targets = {"tools/neverstale.mk", "tools/neverstale.awk", "tools/neverstale_nox.py"}
    assert added == {".copier-answers.yml", "Makefile", "noxfile.py", *launcher, *targets}
    assert "Add this line" not in said
    assert said.partition("Then:")[2].split() == ["make", "install", "make", "doctor"]


def test_one_question_is_asked_where_a_project_is(tmp_path: Path) -> None:
    """The default adds to the project: Enter changes none of its files."""
    project = project_with(tmp_path, {})
    asked = questionnaire(tmp_path, project)
    asked.expect_exact("New project, or add to an existing one?")
    told = asked.before or ""
    asked.send("\r")
    asked.expect(pexpect.EOF)
    told += asked.before or ""
    assert told.count("🎤") - 1 == told.count(
        "add to an existing one?"
    )  # drawn again when answered
    assert (project / "Makefile").read_text(encoding="utf-8").count("\n") < 10


@pytest.mark.parametrize(
    "name",
    ["Makefile", *(pytest.param(n, marks=pytest.mark.slow) for n in ("makefile", "GNUmakefile"))],
)
def test_their_makefile_is_kept_and_named(name: str, tmp_path: Path) -> None:
    project = project_with(tmp_path, {name: "all:\n\t@echo theirs\n", "noxfile.py": "import nox\n"})
    said = adopt(project)
    assert f"at the end of your {name}:\n\n    {LINE}\n" in said
    assert "at the end of your noxfile.py" in said
    assert f"    {NOX_LINE}\n" in said
    assert "make neverstale-install" in said
    assert (project / name).read_text(encoding="utf-8") == "all:\n\t@echo theirs\n"
    assert (project / "noxfile.py").read_text(encoding="utf-8") == "import nox\n"
    present = {path.name for path in project.iterdir()} & {"Makefile", "makefile", "GNUmakefile"}
    assert present == {name}


MAKEFILES = {
    "plain": "install:\n\t@echo theirs\n",
    "with prerequisites": "first:\n\t@echo theirs\ninstall: first ; @true\n",
    "prerequisites alone": "first:\n\t@echo theirs\ninstall: first\n",
    "double colon": "install::\n\t@echo theirs\n",
    "space before the colon": "install :\n\t@echo theirs\n",
    "several": "install doctor fresh:\n\t@echo theirs\n",
    "continued": "doctor \\\n  install \\\n  fresh: \n\t@echo theirs\n",
    "a variable": "NAME = install\n$(NAME):\n\t@echo theirs\n",
    "a variable in braces": "NAME = stall\nin${NAME}:\n\t@echo theirs\n",
    "included": "include own.mk\n",
    "in a conditional": "ifdef HOME\ninstall:\n\t@echo theirs\nendif\n",
    "on one line": "install: ; @echo theirs\n",
    "catches all": (
        "install:\n\t@echo theirs\n.PHONY: Makefile\n%: Makefile\n\t@echo caught $@; exit 1\n"
    ),
    "strict": "MAKEFLAGS += --warn-undefined-variables -rR\n.SUFFIXES:\ninstall:\n\t@echo theirs\n",
    "of a variable": "install: NAME = theirs\ninstall:\n\t@echo $(NAME)\n",
    "after a line continued with a tab": (
        "SOURCES = a.py \\\n\tb.py\ninstall:\n\t@echo theirs\n.PHONY: install \\\n\tclean\n"
    ),
    "a recipe continued without a tab": (
        "install:\n\t@echo \\\nthe\\\nirs\n".replace("\\\nthe\\\nirs", "the\\\nirs")
    ),
    "a function": "$(addprefix in,stall):\n\t@echo theirs\n",
    "a substitution": "V = stall\n$(V:%=in%):\n\t@echo theirs\n",
    "a name in a name": "A = install\nB = A\n$($(B)):\n\t@echo theirs\n",
    "a pattern": "all:\n\t@echo theirs\ninst%l:\n\t@echo theirs\n",
    "another ARGS and UV": "ARGS = -x\nUV = nothing\ninstall:\n\t@echo theirs\n",
    "another shell": "SHELL := /usr/bin/env python3\ninstall:\n\t@print('theirs')\n",
    "another prefix": ".RECIPEPREFIX = >\ninstall:\n> @echo theirs\n",
    "another file with a space": "include own.mk\n-include a*.mk\n",
}


KNOWN_LATE = ("included", "a function", "a substitution", "a name in", "another prefix", "space")
AT_THE_TOP = [
    k for k in MAKEFILES if "a variable" not in k and not any(late in k for late in KNOWN_LATE)
]
"""What is not known before it is read is seen only where our line comes last, as it should."""


@pytest.mark.parametrize(
    ("kind", "at_the_top"),
    [
        *(
            pytest.param(kind, False, marks=[pytest.mark.slow] if place % 2 else [])
            for place, kind in enumerate(MAKEFILES)
        ),
        *(pytest.param(kind, True, marks=pytest.mark.slow) for kind in AT_THE_TOP),
    ],
)
def test_a_target_of_theirs_is_never_overridden(
    kind: str, at_the_top: bool, tmp_path: Path, adopted: Path
) -> None:
    text = MAKEFILES[kind] + "\n# doctors: not a target\nFRESH := a:b\n"
    text = f"{LINE}\n{text}" if at_the_top else f"{text}\n{LINE}\n"
    own = {"Makefile": text, "own.mk": "install:\n\t@echo theirs\n", "a b.mk": "x: ;\n"}
    project = project_with(tmp_path, own)
    shutil.copytree(adopted / "tools", project / "tools")
    done = run(["make", "install"], project, ALONE)
    assert (done.stdout, done.stderr, done.returncode) == ("theirs\n", "", 0), output(done)
    first = run(["make"], project, ALONE)
    assert first.stdout == done.stdout, "what `make` alone makes stays theirs"
    catches_all = kind == "catches all"  # then every verb is theirs
    for verb in ("neverstale-install", "neverstale-fresh" if catches_all else "uninstall"):
        told = run(["make", "-n", verb], project, ALONE)
        assert "tools/neverstale.py" in told.stdout, output(told)
        assert not re.search("overriding|ignoring|undefined", told.stderr), output(told)


def test_help_tells_whose_is_whose(tmp_path: Path, adopted: Path) -> None:
    project = project_with(tmp_path, {"Makefile": f"install:\n\t@true\n\n{LINE}\n"})
    shutil.copytree(adopted / "tools", project / "tools")
    told = run(["make", "help"], project, ALONE).stdout
    assert "install is your own target; ours is neverstale-install" in told
    assert "doctor is your own" not in told


def test_sessions_of_theirs_stay_theirs(tmp_path: Path, adopted: Path) -> None:
    own = (
        "import nox\n\n\n@nox.session(venv_backend='none')\ndef install(session):\n"
        f'    """Theirs."""\n    print("theirs")\n\n\n{NOX_LINE}\n'
    )
    project = project_with(tmp_path, {"noxfile.py": own})
    shutil.copytree(adopted / "tools", project / "tools")
    nox: tuple[str, ...] = (sys.executable, "-m", "nox")
    listed = run((*nox, "--list"), project, ALONE).stdout
    assert re.search(r"^\* install .*-> Theirs\.", listed, re.MULTILINE)
    assert re.search("^- neverstale-install .*-> Clean, force", listed, re.MULTILINE)
    assert re.search("^- doctor .*-> Tell of every copy", listed, re.MULTILINE)
    done = run(nox, project, ALONE)
    assert "theirs" in done.stdout
    assert "doctor" not in done.stdout + done.stderr


def test_another_templates_answers_are_not_overwritten(tmp_path: Path) -> None:
    answers = "_src_path: gh:somebody/else\nname: x\n"
    project = project_with(tmp_path, {".copier-answers.yml": answers})
    done = run(adopting(), project, {**os.environ, **ENVIRONMENT})
    assert done.returncode != 0
    assert "Add --answers-file .copier-answers.neverstale.yml to copier copy" in done.stderr
    assert {path.name for path in project.iterdir()} == {".copier-answers.yml", "pyproject.toml"}
    adopt(project, "--answers-file", ".copier-answers.neverstale.yml")
    assert (project / ".copier-answers.yml").read_text(encoding="utf-8") == answers
    assert "scope: tasks" in (project / ".copier-answers.neverstale.yml").read_text(
        encoding="utf-8"
    )
    adopt(project, "--answers-file", ".copier-answers.neverstale.yml", "--overwrite")


def test_a_new_project_has_none_of_it(tmp_path: Path) -> None:
    project = render(tmp_path / "made", {})
    names = {path.name for path in files_of(project)}
    assert not names & {"neverstale.mk", "neverstale.awk", "neverstale_nox.py"}
    assert not names & {"freshness.mk", "sessions.py"}


OLD_LINE = "include tools/freshness.mk"
OLD_NOX_LINE = '__import__("runpy").run_path("tools/freshness/sessions.py")'


def test_lines_of_version_0_2_work_and_name_the_new_ones(tmp_path: Path) -> None:
    """The shims come only where their names were in use."""
    own = {
        "Makefile": f"all: ; @echo theirs\n\n{OLD_LINE}\n",
        "noxfile.py": f"import nox\n\n{OLD_NOX_LINE}\n",
        "tools/freshness.mk": "",
        "tools/freshness/sessions.py": "",
    }
    project = project_with(tmp_path, own)
    render(project, {"scope": "tasks"})
    told = run(["make", "-n", "freshness-install"], project, ALONE)
    assert "tools/neverstale.py install" in told.stdout, output(told)
    assert "freshness-install is called neverstale-install now" in told.stdout
    assert "tools/neverstale.py doctor" in run(["make", "-n", "doctor"], project, ALONE).stdout
    assert run(["make"], project, ALONE).stdout == "theirs\n"
    listed = run((sys.executable, "-m", "nox", "--list"), project, ALONE).stdout
    assert re.search("^- neverstale-doctor .*-> Tell of every copy", listed, re.MULTILINE)


@pytest.mark.parametrize("tool", ["bundled", "index"])
def test_the_tool_comes_with_its_lock_or_from_the_index(tool: str, tmp_path: Path) -> None:
    project = project_with(tmp_path, {})
    render(project, {"scope": "tasks", "tool": tool})
    names = {path.suffix for path in (project / "tools").iterdir()}
    assert ({".whl", ".lock"} <= names) == (tool == "bundled")
    launcher = (project / "tools/neverstale.py").read_text(encoding="utf-8")
    assert ("[tool.uv.sources]" in launcher) == (tool == "bundled")


NOT_TARGETS = {
    "define": "define TEXT\ninstall: this\nendef\nexport TEXT\n",
    "of one target": "install: PREFIX = /usr\n",
    "a message": "$(info Please install: foo)\n",
    "vpath": "vpath install src:lib\n",
    "an assignment": "install := a:b\ndoctor = c:d\n",
    "a comment": "# install: not a target\n",
}


@pytest.mark.parametrize("kind", NOT_TARGETS)
def test_what_is_no_target_withholds_no_verb(kind: str, tmp_path: Path, adopted: Path) -> None:
    text = f"all: ; @echo all\n{NOT_TARGETS[kind]}\n{LINE}\n"
    project = project_with(tmp_path, {"Makefile": text})
    shutil.copytree(adopted / "tools", project / "tools")
    told = run(["make", "-n", "install"], project, ALONE)
    assert "tools/neverstale.py install" in told.stdout, output(told)
    assert "your own target" not in run(["make", "neverstale-help"], project, ALONE).stdout


def test_arguments_come_from_the_command_line(tmp_path: Path, adopted: Path) -> None:
    project = project_with(tmp_path, {"Makefile": f"ARGS ?= -x\n\n{LINE}\n"})
    shutil.copytree(adopted / "tools", project / "tools")
    for arguments in (["ARGS=--quick"], []):
        told = run(["make", "-n", "doctor", *arguments], project, ALONE).stdout
        assert ("--quick" in told, "-x" in told) == (bool(arguments), False)
    told = run(["make", "-n", "doctor"], project, {**ALONE, "ARGS": "--json"}).stdout
    assert "--json" in told


def test_adopting_twice_is_no_harm(tmp_path: Path) -> None:
    project = project_with(tmp_path, {"Makefile": f"all: ; @echo all\n{LINE}\n{LINE}\n"})
    for _ in range(2):
        render(project, {"scope": "tasks"})
    assert run(["make"], project, ALONE).stderr == ""


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    project = project_with(tmp_path, {"tools": "a file"})
    done = run(adopting(), project, {**os.environ, **ENVIRONMENT})
    assert done.returncode != 0
    assert "give the file tools another name" in done.stderr
    assert {path.name for path in project.iterdir()} == {"pyproject.toml", "tools"}

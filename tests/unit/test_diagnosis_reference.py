"""What a diagnosis compares with: remembered, built, or nothing, and why."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from support.tree import build_file_tree
from unit.made_up import (
    SOURCES,
    be_alone,
    make_builder,
    make_environment,
    make_program,
    make_project,
    remember,
)

from neverstale.diagnosis.reference import OWN, Depth, References
from neverstale.environments.environment import TOOL, Environment
from neverstale.project.metadata import Project
from neverstale.wheels.answers import Present
from neverstale.wheels.build import Builder
from neverstale.wheels.store import Built

COMPILED = {"build_backend": "mesonpy", "build_requires": ("meson-python",)}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    be_alone(monkeypatch, tmp_path)
    return make_project(tmp_path / "a größe")


def builder_of(project: Project, program: str = "/no/uv") -> Builder:
    return make_builder(project.root, project.root.parent / "store", lambda _: None, program)


def references(
    project: Project, depth: Depth = Depth.DEFAULT, home: Environment | None = None, **changes: str
) -> References:
    return References(builder_of(project, **changes), Present(project), depth, home)


@pytest.mark.parametrize("depth", [Depth.QUICK, Depth.DEFAULT])
def test_what_is_remembered_is_not_built_again(depth: Depth, project: Project) -> None:
    built = remember(builder_of(project), project, project.root.parent)
    asked = references(project, depth)
    assert asked.compared == "pyproject.toml alone: nothing needs a build"
    found = asked.of("wheel", None)
    assert found.built == built
    assert found.alternatives == (built,)
    assert (found.doubt, found.packages) == ("", ["demo"])
    assert asked.compared == "a build of these sources, which was made before"
    assert asked.of("wheel", None) is found
    assert asked.project is project


def test_nothing_is_known(project: Project) -> None:
    asked = references(project, Depth.QUICK)
    found = asked.of("wheel", None)
    assert (found.built, found.before, found.changed) == (None, None, ())
    assert asked.compared == f"what is known without a build: {found.doubt}"
    assert found.doubt == "no build of the present sources is known, and --quick makes none"
    assert found.packages == ["demo"]


def test_sources_that_changed_since_the_last_build(project: Project) -> None:
    built = remember(builder_of(project), project, project.root.parent)
    (project.root / "src/demo/cli.py").write_text("edited", encoding="utf-8")
    found = references(project, Depth.QUICK).of("wheel", None)
    assert (found.built, found.before) == (None, built)
    assert found.changed == ("file src/demo/cli.py",)
    assert found.doubt.startswith("src/demo/cli.py changed since the last build; no build of the")


def test_three_changes_are_named(project: Project) -> None:
    answers = {f"file src/demo/{n}.py": "x" for n in "abcd"}
    remember(builder_of(project), project, project.root.parent, answers=answers)
    found = references(project, Depth.QUICK).of("wheel", None)
    assert len(found.changed) == 4
    start = "src/demo/a.py, src/demo/b.py, src/demo/c.py changed since the last build"
    assert found.doubt.startswith(start)


def test_what_compiles_is_built_only_where_asked(project: Project) -> None:
    compiled = project._replace(**COMPILED)  # type: ignore[arg-type]
    found = references(compiled).of("wheel", None)
    assert found.doubt == "a build would compile, which only --build does"
    assert "--quick" in references(compiled, Depth.QUICK).of("wheel", None).doubt


@pytest.mark.parametrize("depth", [Depth.DEFAULT, Depth.BUILD])
def test_a_build_that_fails_is_made_once(depth: Depth, project: Project) -> None:
    program = make_program(project.root.parent / "failing", 1, "broken")
    asked = references(project._replace(build_backend="uv_build"), depth, program=program)
    found = asked.of("wheel", None)
    assert found.built is None
    assert found.doubt.startswith("the build failed: ")
    assert (asked.compared, asked.failed) == ("pyproject.toml alone: the build failed", True)
    assert asked.of("sdist", None).doubt == "the build failed"


def test_of_what_is_remembered_nothing_is_used_where_a_build_is_asked_for(
    project: Project,
) -> None:
    native = project._replace(build_backend="uv_build")
    program = make_program(project.root.parent / "failing", 1)
    remember(builder_of(native), native, project.root.parent)
    found = references(native, Depth.BUILD, program=program).of("wheel", None)
    assert found.built is None
    assert "the build failed" in found.doubt


def test_what_is_built(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the interpreter of the environment that it is for, or else of the one at home."""
    asked: list[Sequence[str]] = []

    def build(builder: Builder, _: object, kind: str, python: Sequence[str]) -> Built:
        asked.append(python)
        files = {"demo/__init__.py": "", f"{len(asked)}.txt": ""}
        return remember(builder, project, tmp_path, files, kind=kind)

    monkeypatch.setattr(Builder, "build", build)
    tools = [make_environment(tmp_path / name / "demo", TOOL) for name in ("a", "b")]
    for given, home in ((tools[0], tools[1]), (None, tools[1]), (tools[0], None)):
        new = references(project, Depth.BUILD, home)
        found = new.of("editable", given)
        assert new.compared == "a fresh build"
        assert found.built is found.alternatives[0]
        assert len(found.alternatives) == len(asked), "what is known already counts as well"
        interpreters = [each.interpreter for each in (given, home) if each]
        assert asked[-1] == ["--python", str(interpreters[0])]
    references(project, Depth.DEFAULT).of("editable", None)
    references(project, Depth.DEFAULT).of("wheel", None)
    assert len(asked) == 4, "only what is not known is built where nobody asked for it"


def test_a_wheel_for_each_python(project: Project, tmp_path: Path) -> None:
    compiled = project._replace(**COMPILED)  # type: ignore[arg-type]
    scratch = project.root.parent
    for_312, for_own = (
        remember(
            builder_of(compiled), compiled, scratch, {**SOURCES, "x.py": v}, answers={"python": v}
        )
        for v in ("3.12", OWN)
    )
    other = make_environment(tmp_path / "env", version="3.12.4")
    asked = references(compiled, Depth.QUICK)
    assert asked.of("wheel", other).built == for_312
    assert asked.of("wheel", None).built == (for_own if OWN != "3.12" else for_312)
    at_home = references(compiled, Depth.QUICK, other)
    assert at_home.of("wheel", None).built == for_312
    nobody = Environment("environment", tmp_path / "gone", tmp_path)
    assert references(compiled, Depth.QUICK, nobody).of("wheel", None).built == for_own


def test_pure_python_is_the_same_for_each(project: Project, tmp_path: Path) -> None:
    remember(builder_of(project), project, project.root.parent)
    asked = references(project)
    other = make_environment(tmp_path / "env", version="3.10.4")
    assert asked.of("wheel", other) is asked.of("wheel", None)


def test_what_is_known_without_a_question(project: Project) -> None:
    asked = references(project, Depth.QUICK)
    assert asked.known("wheel") is None
    built = remember(builder_of(project), project, project.root.parent)
    assert references(project, Depth.QUICK).known("wheel") == built
    again = references(project, Depth.QUICK)
    found = again.of("wheel", None)
    assert again.known("wheel") is found.built
    assert again.known("sdist") is None


def test_known_for_the_python_of_the_environment(project: Project, tmp_path: Path) -> None:
    compiled = project._replace(**COMPILED)  # type: ignore[arg-type]
    built = remember(
        builder_of(compiled), compiled, project.root.parent, answers={"python": "3.12"}
    )
    home = make_environment(tmp_path / "env", version="3.12.4")
    assert references(compiled, Depth.QUICK, home).known("wheel") == built
    assert references(compiled, Depth.QUICK).known("wheel") is None
    assert references(project, Depth.QUICK, home).known("wheel") is None


@pytest.mark.parametrize(
    ("files", "commands", "expected"),
    [
        pytest.param({"src/demo/": ""}, None, ["demo"], id="src"),
        pytest.param({"demo.py": ""}, None, ["demo"], id="a single module"),
        pytest.param({"src/demo.py": ""}, None, ["demo"], id="a single module in src"),
        pytest.param({"other/": ""}, None, [], id="nothing of that name"),
        pytest.param({"other/": ""}, {"x": "other.cli:main"}, ["other"], id="a command's"),
        pytest.param({"other/": "", "src/demo/": ""}, {"x": "other"}, ["demo", "other"], id="both"),
        pytest.param({"other/": ""}, {"x": "gone:main"}, [], id="a command's that is not there"),
    ],
)
def test_packages_that_are_declared(
    files: dict[str, str], commands: dict[str, str] | None, expected: list[str], tmp_path: Path
) -> None:
    project = make_project(tmp_path / "p", likely_commands=commands)
    for path in ("cli.py", "__init__.py"):
        (project.root / "src/demo" / path).unlink()
    (project.root / "src/demo").rmdir()
    build_file_tree(project.root, files)
    assert references(project, Depth.QUICK).packages() == expected


def test_packages_of_what_is_installed_come_first(project: Project) -> None:
    built = remember(builder_of(project), project, project.root.parent, {"made/__init__.py": ""})
    asked = references(project, Depth.QUICK)
    assert asked.packages() == ["made"]
    installed = built.distribution._replace(
        files={"other.py": built.distribution.files["made/__init__.py"]}
    )
    assert asked.packages(installed) == ["other"]
    assert asked.packages(installed._replace(files={})) == ["made"]
    assert asked.of("wheel", None).packages == ["made"]


def test_a_name_with_hyphens(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p")._replace(name="demo-app", likely_commands={})  # type: ignore[arg-type]
    build_file_tree(project.root, {"src/demo_app/": ""})
    assert references(project, Depth.QUICK).packages() == ["demo_app"]

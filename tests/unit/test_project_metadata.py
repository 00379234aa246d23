"""What a project declares of itself, and what is said where it declares it wrongly."""

from pathlib import Path

import pytest
from packaging.requirements import Requirement
from support.tree import build_file_tree
from unit.small import make_project, pyproject

from neverstale.errors import NeverstaleError
from neverstale.project.metadata import Declared, Ignored, Project, read_project

BUILD = '[build-system]\nrequires = ["x"]\nbuild-backend = "x"\n'
NAMED = BUILD + '[project]\nname = "a"\nversion = "1"\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no [build-system] table; it has no [project] table"),
        ("a = ", "not valid TOML"),
        (BUILD + "[project]\n", "has no `name`; [project] has no `version`"),
        (BUILD + '[project]\nname = "-"\nversion = "1"', "'-' is not a name"),
        ("project = 3\n" + BUILD, "`project` is not a table"),
        (BUILD + '[project]\nname = "a"\nversion = 1', "`project.version` is not a string"),
        (NAMED + 'dependencies = ["a b"]', "'a b' is not a requirement"),
        (NAMED + "dependencies = [1]", "a list of strings"),
        (NAMED + 'optional-dependencies = {x = ["b", "=="]}', "'==' is not a requirement"),
        (NAMED + 'optional-dependencies = {x = "a"}', "optional-dependencies.x` is not a list"),
        (BUILD + '[project]\nname = "a"\nversion = "one"', "'one' is not a version"),
        (NAMED + 'requires-python = "3"', "requires-python"),
        (NAMED + '[tool.neverstale]\ntarget = "moon"', "'moon', not `tool` or `venv`"),
        (NAMED + "[tool.neverstale]\ntargets = 'x'", "did you mean `target`?"),
        (NAMED + "[project.scripts]\nx = 1", "`project.scripts.x` is not a string"),
        (
            BUILD + '[project]\nname = "-"\nversion = "x"\nrequires-python = "y"',
            "is not a name that a package index accepts; 'x' is not a version",
        ),
    ],
)
def test_pyproject_that_is_wrong(text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(NeverstaleError) as raised:
        read_project(tmp_path)
    assert says in raised.value.message
    assert raised.value.hint
    assert "\n" not in raised.value.message


def test_pyproject_that_is_right(tmp_path: Path) -> None:
    text = (
        "[build-system]\nrequires = ['x[y]>=1']\nbuild-backend = 'x.y:z'\nbackend-path = ['.']\n"
        '[project]\nname = "Demo_App"\nversion = "1.0"\nrequires-python = ">=3.9"\n'
        'classifiers = ["Private :: Do Not Upload"]\n'
        'dependencies = ["X>=1", "y @ https://example.org/y.whl", "near"]\n'
        'optional-dependencies = {Big_One = ["z; python_version < \'3.11\'", "w @ file:///w"]}\n'
        'scripts = {run = "m:f"}\ngui-scripts = {win = "m:g"}\n'
        '[project.entry-points."a.b"]\nc = "m:h"\n'
        '[tool.uv.sources]\nx = {path = ".."}\nnear = {path = "near"}\nunused = {path = "near"}\n'
        '[[tool.neverstale.ignore]]\ncode = "NS101"\nreason = "so"\n'
        '[[tool.neverstale.ignore]]\ncode = "NS202"\npath = "a/*"\nreason = "thus"\n'
    )
    files = {"setup.py": "one\n", "setup.cfg": "two\n", "near/pyproject.toml": pyproject()}
    project = make_project(tmp_path, files, text)
    assert (project.root, project.name, project.version) == (tmp_path, "demo-app", "1.0")
    assert project.commands == project.likely_commands == {"run": "m:f", "win": "m:g"}
    assert project.plugins == {"a.b: c": "m:h"}
    assert project.target == "tool"
    assert project.has_table
    assert project.requires_python == ">=3.9"
    assert project.classifiers == ("Private :: Do Not Upload",)
    assert (project.build_backend, project.build_requires) == ("x.y:z", ("x[y]>=1",))
    assert project.backend_path == (".",)
    assert (project.setup, project.text) == ("one\ntwo\n", text)
    assert (project.sourced, {*project.copied}) == (("x",), {"x", "near", "unused"})
    assert project.beside == {"near": tmp_path / "near"}
    assert project.uv["sources"]["x"] == {"path": ".."}
    assert project.ignored == (Ignored("NS101", "*", "so"), Ignored("NS202", "a/*", "thus"))
    assert {*(project.requirements or ())} == {
        Requirement("x>=1"),
        Requirement("near"),
        Requirement("y @ https://example.org/y.whl"),
        Requirement('z; (python_version < "3.11") and extra == "big-one"'),
        Requirement('w @ file:///w ; extra == "big-one"'),
    }


def dynamic(*fields: str) -> str:
    version = "" if "version" in fields else 'version = "1"'
    return pyproject(version=f"{version}\ndynamic = {[*fields]}").replace("dependencies = []\n", "")


@pytest.mark.parametrize(
    ("field", "unknown"),
    [
        ("version", {"version"}),
        ("dependencies", {"requirements"}),
        ("optional-dependencies", {"requirements"}),
        ("scripts", {"commands", "likely_commands"}),
        ("gui-scripts", {"commands", "likely_commands"}),
        ("entry-points", {"commands", "likely_commands", "plugins"}),
        ("readme", set()),
    ],
)
def test_what_only_the_backend_knows(field: str, unknown: set[str], tmp_path: Path) -> None:
    project = make_project(tmp_path, text=dynamic(field))
    values = {name: getattr(project, name) for name in ("version", "requirements", "commands")}
    values |= {"plugins": project.plugins, "likely_commands": project.likely_commands}
    assert {name for name, value in values.items() if value is None} == unknown


@pytest.mark.parametrize(
    ("more", "target"),
    [
        ("", "venv"),
        ('scripts = { a = "b:c" }', "tool"),
        ('gui-scripts = { a = "b:c" }', "tool"),
        ("scripts = {}", "venv"),
        ('entry-points = { x = { a = "b:c" } }', "venv"),
        ('dynamic = ["scripts"]', "tool"),
        ('dynamic = ["readme"]', "venv"),
        ('[tool.neverstale]\ntarget = "tool"', "tool"),
        ('scripts = { a = "b:c" }\n[tool.neverstale]\ntarget = "venv"', "venv"),
        ('[tool.freshness]\ntarget = "tool"', "tool"),
    ],
)
def test_target(more: str, target: str, tmp_path: Path) -> None:
    assert make_project(tmp_path, text=pyproject(more)).target == target


def compiling(*requires: str, backend: str = "setuptools.build_meta", more: str = "") -> str:
    return pyproject(more, backend=backend, requires=requires)


@pytest.mark.parametrize(
    ("text", "setup", "compiles"),
    [
        (compiling("setuptools"), "", False),
        (compiling("hatchling", backend="hatchling.build"), "", False),
        (compiling("x", backend="maturin"), "", True),
        (compiling("x", backend="mesonpy"), "", True),
        (compiling("x", backend="scikit_build_core.build"), "", True),
        (compiling("x", backend="maturinator"), "", False),
        (compiling("setuptools", "Cython>=3"), "", True),
        (compiling("setuptools", "setuptools_rust ~= 1"), "", True),
        (compiling("setuptools", " pybind11[global]; python_version>'3'"), "", True),
        (compiling("setuptools", "cython-lint"), "", False),
        (compiling("setuptools"), "setup(ext_modules=[])", True),
        (compiling("setuptools"), "cffi_modules=1", True),
        (compiling("setuptools"), "Extension('x')", True),
        (compiling("setuptools"), "extensions = 1", False),
        (compiling("setuptools", more="[tool.setuptools]\next-modules = []\n"), "", True),
    ],
)
def test_what_may_compile(text: str, setup: str, compiles: bool, tmp_path: Path) -> None:
    project = make_project(tmp_path, {"setup.py": setup}, text)
    assert project.may_compile is compiles
    assert project.is_compiled([]) is compiles
    assert project.is_compiled(["a.py", "b.pyx"])
    assert project.is_compiled(["a.py", "a.c"]) is compiles


@pytest.mark.parametrize(
    ("required", "compiles"),
    [
        ("Cython", True),
        ("hatch_mypyc>1", True),
        ("mypy", True),
        ("hatch-cython", True),
        ("maturin", False),
        ("pybind11", False),
    ],
)
def test_what_compiles_python(required: str, compiles: bool, tmp_path: Path) -> None:
    assert make_project(tmp_path, text=compiling(required)).compiles_python is compiles


def test_the_names_of_what_a_build_requires(tmp_path: Path) -> None:
    project = make_project(
        tmp_path, text=compiling("A_b.c>=1", "d[e]", "f @ https://g", "h;i", "j ~=1")
    )
    assert project.build_names == {"a-b-c", "d", "f", "h", "j"}


POETRY = '[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n'
HATCH = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'


@pytest.mark.parametrize(
    ("files", "backend"),
    [
        pytest.param({"setup.py": ""}, "setuptools.build_meta:__legacy__", id="setup.py"),
        pytest.param({"setup.cfg": ""}, "setuptools.build_meta:__legacy__", id="setup.cfg"),
        pytest.param(
            {"setup.py": "", "pyproject.toml": "[build-system]\nrequires = ['setuptools', 'x']\n"},
            "setuptools.build_meta:__legacy__",
            id="setup.py and requirements",
        ),
        pytest.param({"pyproject.toml": POETRY}, "poetry.core.masonry.api", id="poetry"),
        pytest.param(
            {"pyproject.toml": POETRY.replace("poetry.core.masonry.api", "flit_core.x")},
            "flit_core.x",
            id="flit",
        ),
        pytest.param({"setup.py": "", "pyproject.toml": HATCH}, "hatchling.build", id="both"),
    ],
)
def test_a_project_in_another_format(files: dict[str, str], backend: str, tmp_path: Path) -> None:
    asked: list[Project] = []

    def ask(project: Project) -> Declared:
        asked.append(project)
        return Declared("Demo_App", ">=3.10", {"run": "m:f"})

    build_file_tree(tmp_path, files)
    project = read_project(tmp_path, ask)
    assert [(each.name, each.build_backend) for each in asked] == [("unnamed", backend)]
    assert (project.name, project.build_backend, project.target) == ("demo-app", backend, "tool")
    assert project.requires_python == ">=3.10"
    assert project.likely_commands == {"run": "m:f"}
    assert not project.has_table
    for value in (project.version, project.commands, project.requirements, project.plugins):
        assert value is None


def test_a_python_that_no_backend_should_have_asked_for(tmp_path: Path) -> None:
    build_file_tree(tmp_path, {"setup.py": ""})
    project = read_project(tmp_path, lambda _: Declared("demo", ">=3.6.*", {}))
    assert not project.requires_python


@pytest.mark.parametrize(
    ("commands", "settings", "target"),
    [
        ({"a": "b"}, "", "tool"),
        ({}, "", "venv"),
        ({"a": "b"}, "[tool.neverstale]\ntarget = 'venv'\n", "venv"),
        ({}, "[tool.neverstale]\ntarget = 'tool'\n", "tool"),
        ({}, "[tool.neverstale]\ntests = 'wheel'\n", "venv"),
    ],
)
def test_target_in_another_format(
    commands: dict[str, str], settings: str, target: str, tmp_path: Path
) -> None:
    (tmp_path / "pyproject.toml").write_text(POETRY + settings)
    found = read_project(tmp_path, lambda _: Declared("a", "", commands))
    assert found.target == target


@pytest.mark.parametrize(
    ("files", "says"),
    [
        pytest.param({"pyproject.toml": HATCH}, "no [project] table", id="one format only"),
        pytest.param(
            {"pyproject.toml": "[tool.x]\n"}, "no [build-system] table", id="nothing builds it"
        ),
        pytest.param({}, "there is no pyproject.toml", id="nothing"),
        pytest.param(
            {"pyproject.toml": "build-system = 1\n"}, "`build-system` is not a table", id="no table"
        ),
    ],
)
def test_no_backend_is_asked(files: dict[str, str], says: str, tmp_path: Path) -> None:
    build_file_tree(tmp_path, files)

    def ask(_: Project) -> Declared:
        raise AssertionError

    with pytest.raises(NeverstaleError) as raised:
        read_project(tmp_path, ask)
    assert says in raised.value.message


def test_setuptools_builds_what_says_nothing(tmp_path: Path) -> None:
    text = '[project]\nname = "a"\nversion = "1"\n'
    with pytest.raises(NeverstaleError, match=r"no \[build-system\] table"):
        make_project(tmp_path, text=text)
    project = make_project(tmp_path, {"setup.py": ""}, text)
    assert project.build_backend == "setuptools.build_meta:__legacy__"
    assert project.has_table
    project = make_project(tmp_path, {"setup.py": ""}, HATCH + text)
    assert project.build_backend == "hatchling.build"


def test_another_format_and_nobody_to_ask(tmp_path: Path) -> None:
    (tmp_path / "setup.py").touch()
    with pytest.raises(NeverstaleError, match=r"no \[project\] table"):
        read_project(tmp_path)

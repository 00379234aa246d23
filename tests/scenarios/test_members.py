"""Projects that need one another: a workspace, paths, and where git has a project."""

import json
import os
import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from support.render import Combination, render
from support.tree import build_file_tree
from support.world import World, output, run

from scenarios.edits import LIBRARY, VERSION, starting_point, value, write

WORKSPACE = Combination("hatchling", "workspace", "cli")
CLI = Combination("hatchling", "src", "cli")
TOOL = ("uv", "run", "--quiet", "--script", "tools/neverstale.py")

LIBRARY_PYPROJECT = """\
[project]
name = "{name}"
version = "1.0"
requires-python = ">=3.10"
dependencies = {dependencies}
[build-system]
requires = ["{requires}"]
build-backend = "{backend}"
[tool.uv.sources]
{sources}
"""
BACKENDS = {
    "hatchling": ("hatchling", "hatchling.build"),
    "setuptools": ("setuptools>=77", "setuptools.build_meta"),
}


def made(tmp_path: Path, combination: Combination = WORKSPACE) -> World:
    world = World(tmp_path, combination)
    starting_point(world)
    return world


def greet(world: World, word: str) -> None:
    """Have the library of the workspace greet with *word*."""
    path = world.project / LIBRARY / "__init__.py"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("Hello", word).replace("Howdy", word), encoding="utf-8")


def doctor(world: World, *options: str, expect: int | None = None) -> dict[str, str]:
    done = world.run(*TOOL, "doctor", "--json", *options, expect=expect)
    return {place["place"]: place["verdict"] for place in json.loads(done.stdout)["places"]}


@pytest.mark.slow
def test_a_tool_that_holds_a_stale_library(tmp_path: Path) -> None:
    """The trap: the command is up to date, and what it calls is not."""
    world = made(tmp_path)
    world.make("install")
    assert "nothing to do" in world.make("fresh").stdout
    greet(world, "Howdy")
    assert doctor(world, expect=1) == {
        "sources": "fresh",
        "uv tool": "fresh",
        "uv tool: demo-app-core": "out of date",
        ".venv": "not installed",
    }
    world.make("fresh")
    assert world.command("demo-app", "hello") == "Howdy, world!"
    assert doctor(world, expect=0)["uv tool: demo-app-core"] == "fresh"
    write(world, "state.py", "VALUE = 2\n")
    assert doctor(world, expect=1)["uv tool: demo-app-core"] == "fresh"
    world.run(*TOOL, "doctor", "--fix", "--yes")
    assert world.ask(value("state")) == "2"
    (world.site_packages / "demo_app_core/__init__.py").write_text("edited in place\n")
    assert doctor(world, expect=1)["uv tool: demo-app-core"] == "damaged"
    world.make("fresh")
    assert world.command("demo-app", "hello") == "Howdy, world!"
    ran = world.make("run-wheel", "ARGS=demo-app hello").stdout
    assert ran.splitlines()[-1] == "Howdy, world!"


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["hatchling", "setuptools"])
def test_every_verb_in_a_workspace(backend: str, tmp_path: Path) -> None:
    world = made(tmp_path, Combination(backend, "workspace", "cli"))
    world.commit()
    world.make("install-editable")
    greet(world, "Howdy")
    assert world.command("demo-app", "hello") == "Howdy, world!"
    assert set(doctor(world).values()) <= {"fresh", "editable", "not installed"}
    world.make("install", "ARGS=--target venv")
    python = world.project / ".venv/bin/demo-app"
    assert world.run(python, "hello").stdout.strip() == "Howdy, world!"
    world.make("dev")
    greet(world, "Hello")
    ran = world.make("run", "ARGS=demo-app hello").stdout
    assert ran.splitlines()[-1] == "Hello, world!"
    world.make("build")
    names = sorted(path.name for path in (world.project / "dist").glob("demo*"))
    assert [name.partition("-0")[0] for name in names] == [
        "demo_app",
        "demo_app",
        "demo_app_core",
        "demo_app_core",
    ]
    (wheel,) = (world.project / "dist").glob("demo_app-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert not [name for name in archive.namelist() if "core" in name]
    assert "dist" in world.make("clean").stderr
    world.make("uninstall")
    assert world.command("demo-app", "hello") == "command not found"


@pytest.mark.slow
def test_from_within_a_member(tmp_path: Path) -> None:
    """The library's own doctor: its environment is that of the workspace."""
    world = made(tmp_path)
    world.make("dev")
    script = world.project / "tools/neverstale.py"
    member = world.project / "packages/demo-app-core"
    command = ("uv", "run", "--quiet", "--script", script, "--project", member, "doctor", "--json")
    told = json.loads(run(command, member, world.environment).stdout)
    assert {p["place"]: p["verdict"] for p in told["places"]}[".venv"] == "editable"
    assert str(world.project / ".venv") in [p["path"] for p in told["places"]], told
    assert not (member / ".venv").exists()


def project_beside(world: World, name: str, backend: str, needs: dict[str, str]) -> Path:
    """Make a project beside the one of *world*; *needs* are names and what is said of them."""
    requires, module = BACKENDS[backend]
    sources = "".join(f"{need} = {said}\n" for need, said in needs.items())
    folder = world.root / name
    build_file_tree(
        folder,
        {
            "pyproject.toml": LIBRARY_PYPROJECT.format(
                name=name, dependencies=json.dumps([*needs]), requires=requires, backend=module,
                sources=sources,
            ),
            f"src/{name}/__init__.py": 'VALUE = "one"\n',
            f"src/{name}/gone.py": "",
        },
    )  # fmt: skip
    return folder


def need(world: World, name: str, said: str) -> None:
    world.replace("dependencies = []", f'dependencies = ["{name}"]')
    file = world.project / "pyproject.toml"
    file.write_text(file.read_text() + f"\n[tool.uv.sources]\n{name} = {said}\n")


HOLDS = "import beside as b, importlib.util as u; print(b.VALUE, bool(u.find_spec('beside.gone')))"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("backend", "said"),
    [
        pytest.param("hatchling", '{ path = "../beside" }', id="hatchling-copied"),
        pytest.param(
            "setuptools",
            '{ path = "../beside" }',
            id="setuptools-copied",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "setuptools",
            '{ path = "../beside", editable = true }',
            id="setuptools-editable",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_requirement_by_path_is_never_stale(backend: str, said: str, tmp_path: Path) -> None:
    world = made(tmp_path, CLI)
    beside = project_beside(world, "beside", backend, {})
    need(world, "beside", said)
    world.make("install")
    world.make("dev")
    world.make("install-editable", "ARGS=--target venv")
    ask_again: dict[str, Callable[[], str]] = {
        "install": lambda: (world.make("install"), world.ask(HOLDS))[1],
        "run": lambda: last_line(world, "run"),
        "run-wheel": lambda: last_line(world, "run-wheel"),
        "dev": lambda: (world.make("dev"), in_venv(world))[1],
        "install-editable": lambda: (world.make("install-editable"), world.ask(HOLDS))[1],
    }
    (beside / "src/beside/gone.py").unlink()
    for turn, (verb, ask) in enumerate(ask_again.items()):
        (beside / "src/beside/__init__.py").write_text(f'VALUE = "{turn}"\n')
        assert ask() == f"{turn} False", verb
    assert not (beside / ".neverstale").exists(), "another project's folder is not ours"


def last_line(world: World, verb: str) -> str:
    return world.make(verb, f'ARGS=python -c "{HOLDS}"').stdout.splitlines()[-1]


def in_venv(world: World) -> str:
    python = world.project / ".venv/bin/python"
    done = run((python, "-I", "-c", HOLDS), world.elsewhere, world.environment)
    return done.stdout.strip() or done.stderr


@pytest.mark.slow
def test_two_projects_that_need_one_another(tmp_path: Path) -> None:
    world = made(tmp_path, CLI)
    back = '{ path = "../demo-app", editable = true }'
    beside = project_beside(world, "beside", "hatchling", {"demo-app": back})
    need(world, "beside", '{ path = "../beside", editable = true }')
    world.make("install")
    assert world.ask("import beside as b; print(b.VALUE)") == "one"
    (beside / "src/beside/__init__.py").write_text('VALUE = "two"\n')
    assert doctor(world, expect=1)["uv tool: beside"] == "out of date"
    world.make("fresh")
    assert world.ask("import beside as b; print(b.VALUE)") == "two"
    assert "nothing to do" in world.make("fresh").stdout


@pytest.mark.slow
def test_a_library_with_a_command_and_an_extra(tmp_path: Path) -> None:
    """A uv tool offers the commands of its own project; what an extra needs is never an index's."""
    world = made(tmp_path)
    core = "packages/demo-app-core/pyproject.toml"
    world.replace(
        "dependencies = []",
        'dependencies = []\n\n[project.optional-dependencies]\nfast = ["iniconfig"]\n\n'
        '[project.scripts]\ncoretool = "demo_app_core:greeting"\n',
        core,
    )
    world.replace('"demo-app-core>=0.1.0"', '"demo-app-core[fast]>=0.1.0"')
    world.replace("[tool.uv.sources]\n", "[tool.uv.sources]\niniconfig = { workspace = true }\n")
    folder = world.project / "packages/iniconfig"
    build_file_tree(
        folder,
        {
            "pyproject.toml": LIBRARY_PYPROJECT.format(
                name="iniconfig", dependencies="[]", requires="hatchling",
                backend="hatchling.build", sources="",
            ),
            "src/iniconfig/__init__.py": 'VALUE = "ours"\n',
        },
    )  # fmt: skip
    world.make("install")
    assert world.ask("import iniconfig; print(iniconfig.VALUE)") == "ours"
    assert "nothing to do" in world.make("fresh").stdout
    assert doctor(world, expect=0)["uv tool: iniconfig"] == "fresh"


@pytest.mark.slow
def test_a_name_that_is_not_that_of_the_project(tmp_path: Path) -> None:
    world = made(tmp_path, CLI)
    project_beside(world, "beside", "hatchling", {})
    need(world, "other", '{ path = "../beside" }')
    done = world.make("install", expect=2)
    assert "error: [tool.uv.sources] has other in" in done.stderr
    assert "which is beside\nhint: correct" in done.stderr


@pytest.mark.slow
def test_what_is_from_a_repository_is_refused_with_what_to_do(tmp_path: Path) -> None:
    world = made(tmp_path, CLI)
    need(world, "beside", '{ git = "https://example.org/x.git" }')
    done = world.make("install", expect=2)
    assert "says where beside is; a wheel cannot" in done.stderr, output(done)


VERSIONED = [
    Combination("hatchling", "src", "cli", "vcs"),
    Combination("setuptools", "src", "cli", "vcs"),
    Combination("pdm", "src", "cli", "vcs"),
    Combination("poetry_core", "src", "cli", "vcs"),
    Combination("setuptools_ext", "src", "cli", "vcs", binding="c"),
    Combination("scikit_build_core", "src", "cli", "vcs", binding="pybind11"),
]


@pytest.mark.slow
@pytest.mark.parametrize("combination", [VERSIONED[0], VERSIONED[2], VERSIONED[5]], ids=str)
def test_version_from_git_in_every_workflow(combination: Combination, tmp_path: Path) -> None:
    world = made(tmp_path, combination)
    world.make("dev")
    world.commit("v1.0.0")

    def versions() -> dict[str, str]:
        world.make("dev")
        found = {"dev": in_venv_version(world), "run": last_version(world, "run")}
        world.make("install-editable")
        found["install-editable"] = world.ask(VERSION)
        found["run-wheel"] = last_version(world, "run-wheel")
        world.make("install")
        found["install"] = world.ask(VERSION)
        return found

    assert set(versions().values()) == {"1.0.0"}
    write(world, "state.py", 'VALUE = "committed"\n')
    world.commit()
    after_commit = versions()
    assert len(set(after_commit.values())) == 1, after_commit
    assert after_commit["install"].startswith("1.0."), after_commit
    assert after_commit["install"] != "1.0.0"
    world.run("git", "tag", "v2.0.0")
    assert set(versions().values()) == {"2.0.0"}
    write(world, "state.py", 'VALUE = "not committed"\n')
    dirty = versions()
    assert len(set(dirty.values())) == 1, dirty
    assert dirty["install"] != "2.0.0", dirty


def last_version(world: World, verb: str) -> str:
    return world.make(verb, f'ARGS=python -c "{VERSION}"').stdout.splitlines()[-1]


def in_venv_version(world: World) -> str:
    python = world.project / ".venv/bin/python"
    return run((python, "-I", "-c", VERSION), world.elsewhere, world.environment).stdout.strip()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "combination"), [("worktree", VERSIONED[1]), ("submodule", VERSIONED[0])], ids=str
)
def test_where_git_is_a_file(place: str, combination: Combination, tmp_path: Path) -> None:
    world = made(tmp_path, combination)
    world.commit("v1.0.0")
    elsewhere = world.root / "outer" / "demo-app"
    if place == "worktree":
        world.run("git", "worktree", "add", "--quiet", "-b", "other", elsewhere)
    else:
        outer = elsewhere.parent
        outer.mkdir()
        run(("git", "init", "--quiet"), outer, world.environment)
        add = ("git", "-c", "protocol.file.allow=always", "submodule", "--quiet", "add")
        done = run((*add, world.project, "demo-app"), outer, world.environment)
        assert done.returncode == 0, output(done)
        run(("git", "fetch", "--quiet", "--tags"), elsewhere, world.environment)
    assert (elsewhere / ".git").is_file()
    world.project = elsewhere
    world.make("install")
    assert world.ask(VERSION) == "1.0.0"
    write(world, "state.py", 'VALUE = "two"\n')
    world.commit("v1.1.0")
    assert "fresh" not in doctor(world, expect=1)["uv tool"]
    world.make("fresh")
    assert (world.ask(VERSION), world.ask(value("state"))) == ("1.1.0", "two")
    assert world.status() == ""
    done = world.make("clean")
    assert world.status() == "", output(done)


@pytest.mark.slow
def test_distributions_that_share_a_namespace(tmp_path: Path) -> None:
    """What another distribution has in the namespace is not ours, and no install takes it."""
    world = made(tmp_path, Combination("hatchling", "namespace", "library"))
    other = world.root / "other"
    answers = {
        "distribution_name": "demo-other",
        "namespace_name": "demo",
        "layout": "namespace",
        "project_type": "library",
    }
    render(other, {"project_name": "Other", **answers})
    python = world.project / ".venv/bin/python"
    world.make("install")
    world.run("uv", "pip", "install", "--quiet", "--python", python, other)
    assert "nothing to do" in world.make("fresh").stdout
    world.make("install")
    both = "import demo.demo_app, demo.demo_other; print(demo.__file__)"
    assert world.ask(both) == "None"
    world.make("install-editable")
    assert world.ask(both) == "None"
    assert doctor(world, expect=0)[".venv"] == "editable"
    world.make("uninstall")
    assert world.run(python, "-I", "-c", "import demo.demo_other").returncode == 0


@pytest.mark.slow
def test_pipx_takes_the_library_too(tmp_path: Path) -> None:
    world = made(tmp_path)
    pipx = world.root / "pipx"
    world.run("uv", "venv", "--quiet", "--python", sys.executable, pipx)
    world.run("uv", "pip", "install", "--quiet", "--python", pipx / "bin/python", "pipx")
    homes = {"PIPX_HOME": str(world.home / "pipx"), "PIPX_BIN_DIR": str(world.home / "bin")}
    world.extra |= homes
    world.extra["PATH"] = os.pathsep.join([str(pipx / "bin"), world.environment["PATH"]])
    world.make("build")
    wheels = [*(world.project / "dist").glob("*.whl")]
    app, library = sorted(wheels, key=lambda path: "core" in path.name)
    world.run("pipx", "install", "--pip-args", f'"{library}"', app)
    place = world.home / "pipx/venvs/demo-app"
    for word in ("Howdy", "Hello", "Howdy"):
        greet(world, word)
        world.make("install", f"ARGS=--target '{place}'")
        done = world.run(world.home / "bin/demo-app", "hello")
        assert done.stdout.strip() == f"{word}, world!"
    shutil.rmtree(world.project / "dist")
    world.run("pipx", "reinstall", "demo-app")
    assert world.run(world.home / "bin/demo-app", "hello").stdout.strip() == "Howdy, world!"

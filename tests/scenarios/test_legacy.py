"""Projects without ``[project]``: every verb, by what the build backend says of them."""

import shutil
from pathlib import Path

import pytest
from support.render import Combination, render
from support.tree import build_file_tree
from support.world import World, output

SETUP_PY = """\
from setuptools import setup

print("noise, as some have it")
setup(
    name=open("NAME").read().strip(),
    version="1.5",
    py_modules=["demo"],
    entry_points={"console_scripts": ["demo-app = demo:main"]},
)
"""
TOOL = ("uv", "run", "--quiet", "--script", "tools/neverstale.py")

MODULE = 'def main():\n    print("one")\n'


class Legacy(World):
    """A project with a setup.py alone, which has adopted the verbs."""

    def __init__(self, root: Path, files: dict[str, str] | None = None) -> None:
        super().__init__(root, Combination("setuptools", "flat", "cli"))
        shutil.rmtree(self.project)
        own = files or {"setup.py": SETUP_PY, "NAME": "Demo_App\n", "demo.py": MODULE}
        own |= {"MANIFEST.in": "include NAME\n"} if files is None else {}
        build_file_tree(self.project, own)
        render(self.project, {"scope": "tasks"})
        self.commit()

    def edit(self, text: str) -> None:
        (self.project / "demo.py").write_text(MODULE.replace("one", text), encoding="utf-8")


@pytest.mark.slow
def test_every_verb(tmp_path: Path) -> None:
    world = Legacy(tmp_path)
    world.make("install")
    assert world.command("demo-app") == "one"
    assert "all fresh" in world.make("doctor").stdout
    world.edit("two")
    assert world.make("run").stdout.endswith("two\n")
    assert world.command("demo-app") == "one"
    world.make("fresh")
    assert world.command("demo-app") == "two"
    world.make("dev")
    assert (world.project / ".venv" / "bin" / "demo-app").exists()
    world.edit("three")
    done = world.run(world.project / ".venv" / "bin" / "demo-app")
    assert done.stdout == "three\n"
    assert world.make("run-wheel", "ARGS=demo-app").stdout.endswith("three\n")
    world.make("build")
    names = sorted(path.name for path in (world.project / "dist").iterdir())
    assert [name.lower() for name in names if name.startswith("demo")] == [
        "demo_app-1.5-py3-none-any.whl",
        "demo_app-1.5.tar.gz",
    ]
    world.make("install-editable")
    world.edit("four")
    assert world.command("demo-app") == "four"
    world.make("uninstall")
    assert world.command("demo-app") == "command not found"


@pytest.mark.slow
def test_another_name_is_noticed(tmp_path: Path) -> None:
    world = Legacy(tmp_path)
    world.make("install")
    world.replace("version=", "description='x', version=", "setup.py")
    (world.project / "NAME").write_text("other\n")
    done = world.make("install", expect=2)
    assert "a command of the uv tool demo-app" in done.stderr, (
        "the tool of its old name is in the way"
    )
    world.run("uv", "tool", "uninstall", "demo-app")
    assert "Installed other 1.5 in uv tool" in world.make("install").stdout


BROKEN = {
    "a setup.py that fails": ({"setup.py": "raise SystemExit('no')\n"}, "the build failed"),
    "nothing to build": ({"README.md": ""}, "there is no pyproject.toml"),
    "tables alone": ({"pyproject.toml": "[tool.x]\n"}, "it has no [build-system] table"),
    "a backend that is none": (
        {"pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "nothing"\n'},
        "the build failed",
    ),
    "a table of another kind": (
        {"pyproject.toml": 'build-system = "x"\n', "setup.py": ""},
        "`build-system` is not a table",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", BROKEN)
def test_broken_declarations(kind: str, tmp_path: Path) -> None:
    files, says = BROKEN[kind]
    world = Legacy(tmp_path, files)
    for verb in ("install", "doctor"):
        done = world.make(verb, expect=2)
        error, hint = done.stderr.splitlines()[:2]
        assert error.startswith("error: "), output(done)
        assert says in error
        assert hint.startswith("hint: "), output(done)


@pytest.mark.slow
def test_quick_builds_nothing(tmp_path: Path) -> None:
    world = Legacy(tmp_path)
    done = world.make("doctor", "ARGS=--quick", expect=2)
    assert "only a build tells" in done.stderr
    world.make("install")
    done = world.run(*TOOL, "-v", "doctor", "--quick")
    assert "build" not in done.stderr, output(done)
    world.replace("setup(", "raise SystemExit('boom')\nsetup(", "setup.py")
    world.make("clean")
    assert "the build failed" in world.make("install", expect=2).stderr
    assert world.command("demo-app") == "one"
    world.make("uninstall")


@pytest.mark.slow
def test_setup_py_beside_project(tmp_path: Path) -> None:
    """PEP 518 names a build backend for those who name none."""
    project = '[project]\nname = "demo-app"\nversion = "1"\n'
    files = {"pyproject.toml": project, "setup.py": SETUP_PY, "NAME": "x", "demo.py": MODULE}
    world = Legacy(tmp_path, files)
    world.make("install", "ARGS=--target venv")


@pytest.mark.slow
def test_a_wheel_that_includes_the_launcher_is_reported(tmp_path: Path) -> None:
    pyproject = """\
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"
[project]
name = "demo-app"
version = "1"
[tool.setuptools.packages.find]
exclude = ["tests*"]
"""
    world = Legacy(tmp_path, {"pyproject.toml": pyproject, "demo_app/__init__.py": ""})
    world.make("install", "ARGS=--target venv")
    done = world.make("doctor")
    assert "NS106" in done.stdout, output(done)
    assert "NS101" not in done.stdout
    world.replace('exclude = ["tests*"]', 'exclude = ["tests*", "tools*"]')
    world.make("install", "ARGS=--target venv")
    assert "NS106" not in world.make("doctor").stdout

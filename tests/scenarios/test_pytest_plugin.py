"""The pytest plugin, in real test runs."""

import time
from pathlib import Path

import pytest

from scenarios.library import PYPROJECT, Library, told

pytestmark = pytest.mark.slow

SLOW = """\
import time
from hatchling.builders.hooks.plugin.interface import BuildHookInterface as B
class Hook(B):
    def initialize(self, *_):
        time.sleep(60)
"""

STALE = "demo (.venv) is out of date: content differs from the sources (NS203)"


@pytest.fixture
def world(tmp_path: Path) -> Library:
    """A library, installed as a wheel beside pytest."""
    made = Library(tmp_path)
    made.make_environment("pytest", "pytest-xdist")
    made.install(".")
    return made


def test_fresh_and_edited(world: Library) -> None:
    first = world.pytest("--neverstale=warn").stdout
    assert "neverstale: building beside the tests, to compare what is installed" in first
    assert told(first) == []
    world.edit()
    later = world.pytest("--neverstale=warn").stdout
    assert told(later)[:3] == [
        "demo (.venv) is out of date",
        "NS203 content differs from the sources",
        "     src/demo/__init__.py",
    ]
    assert "To fix:" in told(later)
    assert "1 passed" in later
    header = world.pytest("--neverstale=warn").stdout.partition("collected")[0]
    assert f"neverstale: {STALE}" in header
    refused = world.pytest("--neverstale=error", expect=4)
    what, hint = refused.stderr.strip().splitlines()
    assert what == f"ERROR: {STALE}"
    assert hint.startswith("hint: ")
    assert "install" in hint
    assert "passed" not in refused.stdout
    world.install(".")
    world.pytest("--neverstale=error")
    assert "neverstale" not in world.pytest("--neverstale=warn").stdout.replace("neverstale-", "")


def test_off_imports_nothing(world: Library) -> None:
    world.edit()
    world.write(
        "tests/test_off.py",
        "import sys\n\n\ndef test_off():\n"
        "    ours = {m for m in sys.modules if m.startswith('neverstale')}\n"
        "    assert ours <= {'neverstale', 'neverstale.pytest_plugin'}, ours\n",
    )
    for arguments in ((), ("--neverstale=off",), ("-p", "no:neverstale")):
        assert "2 passed" in world.pytest(*arguments).stdout


def test_the_configuration_chooses(world: Library) -> None:
    world.edit()
    world.write("pyproject.toml", f'{PYPROJECT}neverstale = "error"\n')
    assert "is out of date" in world.pytest(expect=4).stderr
    assert "1 passed" in world.pytest("--neverstale=off").stdout
    world.write("pyproject.toml", f'{PYPROJECT}neverstale = "loud"\n')
    refused = world.pytest(expect=4)
    assert refused.stderr.strip() == (
        "ERROR: neverstale = 'loud' in the configuration is no choice\n"
        "hint: there are off, warn, error"
    )


def test_an_editable_install(world: Library) -> None:
    world.install("--editable", ".")
    world.edit()
    world.pytest("--neverstale=error")
    world.replace('version = "1.0"', 'version = "2.0"')
    assert "is out of date" in world.pytest("--neverstale=error", expect=4).stderr
    assert "NS204" in world.pytest("--neverstale=warn").stdout


def test_another_copy_comes_first(world: Library) -> None:
    other = world.root / "other"
    (other / "demo").mkdir(parents=True)
    (other / "demo/__init__.py").write_text("VALUE = 3\n", encoding="utf-8")
    refused = world.pytest("--neverstale=error", expect=4, PYTHONPATH=str(other))
    assert "NS607" in refused.stderr
    warned = world.pytest("--neverstale=warn", PYTHONPATH=str(other)).stdout
    assert str(other / "demo/__init__.py") in "".join(told(warned))


def test_sources_that_come_first_are_fresh(world: Library) -> None:
    world.edit()
    world.pytest("--neverstale=error", PYTHONPATH=str(world.project / "src"))
    world.write("pyproject.toml", f'{PYPROJECT}pythonpath = ["src"]\n')
    world.pytest("--neverstale=error")


def test_not_installed_here(world: Library) -> None:
    python = str(world.project / ".venv/bin/python")
    world.run("uv", "pip", "uninstall", "--quiet", "--python", python, "demo")
    world.write("tests/test_demo.py", "def test_demo():\n    pass\n")
    warned = world.pytest("--neverstale=warn").stdout
    assert "neverstale: demo (.venv) is not installed\n" in warned
    what, hint = world.pytest("--neverstale=error", expect=4).stderr.strip().splitlines()
    assert what.startswith("ERROR: demo (.venv) is not installed")
    assert hint == "hint: install it here, or run the tests where it is installed"


def test_a_flat_layout_whose_tests_put_it_first(world: Library) -> None:
    world.run("mv", "src/demo", "demo")
    world.write("tests/__init__.py", "")
    world.write("demo/__init__.py", "VALUE = 2\n")
    prepend = ("-o", "addopts=")
    assert "1 passed" in world.pytest("--neverstale=error", *prepend).stdout
    assert "is out of date" in world.pytest("--neverstale=error", expect=4).stderr


def test_nothing_is_changed_for_the_tests(world: Library) -> None:
    """No thread is there, and what they replace is not needed."""
    world.write(
        "tests/test_demo.py",
        "import subprocess, threading\n\n\ndef test_alone(monkeypatch):\n"
        "    monkeypatch.setattr(subprocess, 'Popen', None)\n"
        "    monkeypatch.setenv('PATH', '/nowhere')\n"
        "    assert threading.active_count() == 1\n",
    )
    world.edit()
    assert told(world.pytest("--neverstale=warn").stdout)[0] == "demo (.venv) is out of date"


def test_a_build_that_is_not_waited_for(world: Library) -> None:
    world.write("hatch_build.py", SLOW)
    world.replace("[tool.pytest", "[tool.hatch.build.hooks.custom]\n\n[tool.pytest")
    world.write("tests/test_demo.py", "def test_stop():\n    raise KeyboardInterrupt\n")
    began = time.monotonic()
    stopped = world.pytest("--neverstale=warn", expect=2)
    assert "Traceback" not in stopped.stdout + stopped.stderr
    assert time.monotonic() - began < 50


def test_once_with_xdist_and_from_elsewhere(world: Library) -> None:
    world.pytest("--neverstale=warn")
    world.edit()
    told_by_two = world.pytest("--neverstale=warn", "-n", "2").stdout
    assert told_by_two.count(STALE) == 1
    assert told_by_two.count("To fix:") == 1
    tests = str(world.project / "tests")
    program = str(world.project / ".venv/bin/pytest")
    done = world.run(
        *("sh", "-c", 'cd "$1" && "$2" --rootdir=. --neverstale=error "$3"', "sh"),
        *(str(world.elsewhere), program, tests),
        expect=4,
    )
    assert STALE in done.stderr


def test_no_project_and_two_projects(world: Library) -> None:
    (world.elsewhere / "test_alone.py").write_text("def test_alone(): pass\n", encoding="utf-8")
    alone = world.pytest("--neverstale=error", str(world.elsewhere)).stdout
    assert "neverstale:" not in alone
    more = {"pyproject.toml": PYPROJECT.replace('"demo"', '"more"'), "src/more/__init__.py": ""}
    for path, text in {**more, "test_more.py": "import more\n\n\ndef test_more(): pass\n"}.items():
        world.write(f"../more/{path}", text)
    world.install("../more")
    world.pytest("--neverstale=warn", "tests", "../more")
    world.write("../more/src/more/__init__.py", "VALUE = 2\n")
    world.edit()
    refused = world.pytest("--neverstale=error", "tests", "../more", expect=4).stderr
    assert refused.startswith(f"ERROR: {STALE}; more (environment .venv) is out of date")


def test_what_cannot_be_told_fails_no_run(world: Library) -> None:
    world.replace('build-backend = "hatchling.build"', 'build-backend = "no.such"')
    world.pytest("--neverstale=error")
    warned = world.pytest("--neverstale=warn").stdout
    assert "demo (.venv) is unknown: the build failed" in "".join(told(warned))
    world.replace('name = "demo"', "name = 3")
    warned = world.pytest("--neverstale=warn", "-o", "addopts=").stdout
    assert told(warned)[0].startswith("demo-app is unknown: ")
    assert "1 passed" in warned


def test_a_path_that_is_too_long_is_pytests_to_refuse(world: Library) -> None:
    refused = world.pytest("--neverstale=warn", "a" * 300, expect=4)
    assert "file or directory not found" in refused.stderr
    assert "INTERNALERROR" not in refused.stdout + refused.stderr

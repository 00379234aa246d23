"""Which processes are named, and what is shown of them."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.tree import build_file_tree
from unit.made_up import DEMO, SOURCES, install_files, make_environment, site_of
from unit.test_report import place

from neverstale.diagnosis.findings import Verdict
from neverstale.diagnosis.processes import (
    Running,
    _home_of,
    _modules,
    find_outdated,
)
from neverstale.environments.environment import VENV, Environment
from neverstale.environments.imports import Imports, Origin
from neverstale.environments.installed import read_installed


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("{env}/bin/python", True),
        ("env/bin/python", True),
        ("./env/bin/python3", True),
        ("python", True),
        ("python3.99", False),
        ("/usr/bin/python", False),
        ("", False),
    ],
)
def test_whose_interpreter_it_is(program: str, expected: bool, tmp_path: Path) -> None:
    env = build_file_tree(tmp_path / "env", {"bin/python": ""})
    (env / "bin/python").chmod(0o755)
    command = [program.format(env=env), "-m", "demo"]
    found = _home_of(command, str(tmp_path), f"/nowhere:{env}/bin")
    assert (found == env.resolve()) is expected


def test_no_command_has_no_home(tmp_path: Path) -> None:
    assert _home_of([], str(tmp_path), "") is None


def test_the_files_of_a_module(tmp_path: Path) -> None:
    build_file_tree(
        tmp_path, {"demo/__init__.py": "", "demo/a.py": "", "demo/x.txt": "", "one.py": ""}
    )
    found = {path.name for path in _modules(tmp_path / "demo/__init__.py")}
    assert found == {path.name for path in _modules(tmp_path / "demo")} == {"__init__.py", "a.py"}
    assert [*_modules(tmp_path / "one.py")] == [tmp_path / "one.py"]


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return make_environment(tmp_path / "env", VENV)


@pytest.fixture
def running(environment: Environment) -> "Iterator[subprocess.Popen[bytes]]":
    """Start a process by the name of an interpreter of an environment."""
    python = environment.scripts / "python"
    python.unlink(missing_ok=True)
    python.symlink_to(os.path.realpath(sys.executable))
    code = "import time; print(flush=True); time.sleep(60)"
    command = [str(python), "-c", code, "--password", "x"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.kill()


def test_what_began_before_its_copy_changed(
    running: "subprocess.Popen[bytes]", environment: Environment
) -> None:
    info = install_files(environment, SOURCES)
    site = site_of(environment)
    for path in site.rglob("*"):
        os.utime(path, (1, 1))

    def found() -> list[Running]:
        installed = read_installed(environment, DEMO)
        home = place(Verdict.FRESH)._replace(environment=environment, installed=installed)
        return [each for each in find_outdated([home], []) if each.pid == running.pid]

    assert found() == []
    later = time.time() + 10
    os.utime(info / "RECORD", (later, later))
    (one,) = found()
    assert one.changed == (str(info / "RECORD"),)
    assert one.command.endswith("--password '***'")
    assert one.started.tzinfo is not None


def test_of_an_editable_install_the_sources_count(
    running: "subprocess.Popen[bytes]", environment: Environment, tmp_path: Path
) -> None:
    info = install_files(environment, {"demo.pth": str(tmp_path / "src")})
    origin = '{"url": "file:///x", "dir_info": {"editable": true}}'
    (info / "direct_url.json").write_text(origin, encoding="utf-8")
    build_file_tree(tmp_path / "src", {"demo/__init__.py": ""})
    later = time.time() + 10
    os.utime(tmp_path / "src/demo/__init__.py", (later, later))
    for path in environment.prefix.rglob("*"):
        os.utime(path, (1, 1), follow_symlinks=False)
    home = place(Verdict.EDITABLE)._replace(
        environment=environment,
        installed=read_installed(environment, DEMO),
    )
    origins = (Origin("demo", tmp_path / "src/demo/__init__.py", "demo.pth"),)
    imports = [Imports(environment, origins, origins)]
    (one,) = (each for each in find_outdated([home], imports) if each.pid == running.pid)
    assert one.changed == (str(tmp_path / "src/demo/__init__.py"),)

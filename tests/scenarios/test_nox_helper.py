"""The nox helper, in real sessions: reused environments are never stale."""

import sys
from pathlib import Path

import pytest
from support.world import output

from scenarios.library import Library

pytestmark = pytest.mark.slow

NOXFILE = """\
import nox
from neverstale.nox_helper import install


@nox.session(reuse_venv=True, venv_backend="BACKEND")
def tests(session):
    install(session, ARGUMENTS)
    session.run("python", "-c", "import demo; print('it is', demo.VALUE, demo.__file__)")


@nox.session(reuse_venv=True, venv_backend="BACKEND")
def others(session):
    install(session)
    session.run("python", "-c", "import demo; print('it is', demo.VALUE)")


@nox.session(venv_backend="none")
def none(session):
    install(session)
"""


class Sessions(Library):
    """A library with a noxfile, and nox in an environment that is not the project's."""

    def prepare(self, backend: str, arguments: str = "") -> None:
        """Write the noxfile, and install nox."""
        self.write_sessions(backend, arguments)
        self.nox_itself = self.make_environment("nox", "virtualenv", "uv", at="../nox") / "nox"

    def write_sessions(self, backend: str, arguments: str) -> None:
        text = NOXFILE.replace("BACKEND", backend).replace("ARGUMENTS", arguments)
        self.write("noxfile.py", text)

    def nox(self, session: str, *options: str, expect: int = 0) -> str:
        """Run *session*; return what nox says and what the session prints."""
        return output(self.run(self.nox_itself, "-s", session, *options, expect=expect))


@pytest.mark.parametrize("backend", ["uv", "venv", "virtualenv"])
def test_a_reused_environment_is_never_stale(backend: str, tmp_path: Path) -> None:
    world = Sessions(tmp_path)
    world.prepare(backend)
    assert "it is 1 " in world.nox("tests")
    world.edit(2)
    told = world.nox("tests")
    assert "it is 2 " in told
    assert "site-packages" in told
    again = world.nox("tests")
    assert "it is 2 " in again
    assert "--force-reinstall" not in again
    installed = next((world.project / ".nox/tests").glob("lib/*/site-packages/demo/__init__.py"))
    installed.unlink()
    installed.write_text("VALUE = 'edited'\n", encoding="utf-8")
    assert "it is 2 " in world.nox("tests")
    world.edit(3)
    refused = world.nox("tests", "--no-install", expect=1)
    assert "Session tests aborted: session tests: demo is out of date" in refused
    assert "hint: run it without --no-install" in refused
    assert "it is 2" not in refused


def test_one_build_is_for_all_sessions(tmp_path: Path) -> None:
    world = Sessions(tmp_path)
    world.prepare("uv")
    told = world.nox("tests") + world.nox("others")
    wheels = {line.partition("demo @ ")[2] for line in told.splitlines() if "demo @ " in line}
    assert len(wheels) == 1
    log = "open('built', 'a').write('x')"
    hook = f"class Hook(B):\n    def initialize(self, *_):\n        {log}\n"
    start = "from hatchling.builders.hooks.plugin.interface import BuildHookInterface as B\n"
    world.write("hatch_build.py", start + hook)
    world.replace("[tool.pytest", "[tool.hatch.build.hooks.custom]\n\n[tool.pytest")
    world.nox("tests")
    world.nox("others")
    world.nox("tests")
    assert (world.project / "built").read_text("utf-8") == "x"


def test_extras_and_groups(find_links: Path, tmp_path: Path) -> None:
    world = Sessions(tmp_path)
    world.extra["UV_FIND_LINKS"] = str(find_links)
    world.prepare("uv", 'extras=["probed"], groups=["test"]')
    assert "stale-probe==1.0" in world.nox("tests")
    assert list((world.project / ".nox/tests").glob("lib/*/site-packages/stale_probe*"))
    world.write_sessions("uv", 'groups=["missing"]')
    assert "hint: correct the groups that install() is given" in world.nox("tests", expect=1)
    world.write_sessions("uv", 'extras=["missing"]')
    assert "pyproject.toml has no such extra: missing" in world.nox("tests", expect=1)


def test_what_cannot_be_built_or_has_no_place(tmp_path: Path) -> None:
    world = Sessions(tmp_path)
    world.prepare("uv")
    assert "install() needs a session with an environment" in world.nox("none", expect=1)
    world.replace('build-backend = "hatchling.build"', 'build-backend = "no.such"')
    refused = world.nox("tests", expect=1)
    assert "Session tests aborted: the build failed" in refused
    assert "hint: " in refused
    assert "Traceback" not in refused.partition("Session tests aborted")[0]
    assert sys.executable not in refused

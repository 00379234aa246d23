"""With Git for Windows."""

import subprocess
from pathlib import Path

import pytest
from support.render import Combination

from windows.app import App
from windows.machine import Done, Machine

VCS = Combination("hatchling", "src", "cli", "vcs")

PLANTED = """\
#include <stdio.h>
int main(void) { FILE *file = fopen("%s", "a"); if (file) fclose(file); return 1; }
"""


class Repository(App):
    """A project in a repository, with git on PATH."""

    def __init__(self, machine: Machine, root: Path, git: str) -> None:
        super().__init__(machine, root, VCS)
        self.inside = {"PATH": machine.path(git)}
        self.program = rf"{git}\git.exe"
        self.git("init", "--quiet")
        self.git("config", "core.autocrlf", "false")
        self.git("config", "core.filemode", "false")
        self.commit()
        self.git("tag", "v1.2.3")

    def git(self, *words: str) -> Done:
        done = self.machine.run(self.program, *words, cwd=self.project)
        assert done.code == 0, f"{words}\n{done}"
        return done

    def commit(self) -> None:
        self.git("add", "--all")
        who = ("-c", "user.name=A", "-c", "user.email=a@example.org")
        self.git(*who, "commit", "--quiet", "--allow-empty", "--message", "change")


@pytest.fixture
def app(machine: Machine, git: str, tmp_path: Path) -> Repository:
    return Repository(machine, tmp_path, git)


def test_a_version_from_git(app: Repository) -> None:
    app.verb("install")
    assert app.command("--version") == "demo-app 1.2.3"
    assert "all fresh" in app.verb("doctor").out
    assert "nothing to do" in app.verb("fresh").out
    app.commit()
    assert app.fixes("NS204") == [r"uv run --script tools\neverstale.py install"]
    app.verb("fresh")
    assert app.command("--version").startswith("demo-app 1.2.4.dev1+g")
    assert "all fresh" in app.verb("doctor").out
    inside, app.inside = app.inside, {"PATH": app.machine.path()}
    assert "the build asked git, which is not installed" in app.verb("install").err
    app.inside = inside
    app.verb("uninstall")


def test_what_git_tracks_stays(app: Repository) -> None:
    kept = app.project / "src/demo_app/__pycache__/kept.cpython-313.pyc"
    kept.parent.mkdir(exist_ok=True)
    kept.write_bytes(b"mine")
    app.git("add", "--force", str(kept.relative_to(app.project)))
    index = (app.project / ".git/index").read_bytes()
    app.verb("build")
    app.verb("clean")
    app.verb("doctor", expect=None)
    assert kept.read_bytes() == b"mine"
    assert (app.project / ".git/index").read_bytes() == index
    assert not list((app.project / "dist").glob("*.whl"))


def test_a_checkout_with_autocrlf(app: Repository) -> None:
    app.verb("install")
    (app.project / ".gitattributes").unlink()
    app.commit()
    app.git("tag", "--force", "v1.2.3")
    app.verb("fresh")
    app.git("config", "core.autocrlf", "true")
    app.git("rm", "-r", "--quiet", "--cached", ".")
    app.git("reset", "--quiet", "--hard")
    assert b"\r\n" in (app.package / "__init__.py").read_bytes()
    app.verb("fresh")
    assert "all fresh" in app.verb("doctor").out
    assert "nothing to do" in app.verb("fresh").out
    app.verb("uninstall")


def test_planted_programs(app: Repository) -> None:
    """Windows looks into the current folder before it looks along PATH."""
    app.verb("install")
    (app.project / "dist").mkdir()
    (app.project / "dist/demo_app-1.0-py3-none-any.whl").touch()
    started = app.machine.drive / "started"
    source, program = app.project / "planted.c", app.project / "git.exe"
    source.write_text(PLANTED % app.machine.spelled(started).replace("\\", "/"))
    subprocess.run([app.machine.compiler, "-o", str(program), str(source)], check=True)
    for name in ("uv", "make", "nox", "pipx", "cc", "cl"):
        program.with_name(f"{name}.exe").write_bytes(program.read_bytes())
    try:
        for verb in (("doctor", "--quick"), ("doctor",), ("clean",)):
            app.verb(*verb, expect=None)
            assert not started.exists(), verb
        app.machine.run(r"git.exe", cwd=app.project)
        assert started.exists()
    finally:
        started.unlink(missing_ok=True)

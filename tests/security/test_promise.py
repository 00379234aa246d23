"""Each sentence of docs/explanation/security.md."""

import ast
import os
import re
import shutil
import zipfile
from pathlib import Path

import pytest
import yaml
from faults.stage import needs
from scenarios.edits import starting_point, value, write
from scenarios.situations import rows_that_lead_out
from support.history import git
from support.parse import AnyTag
from support.render import REPOSITORY, Combination, forget_tools
from support.tree import build_wheel_file
from support.world import World, output, uv_executable

import neverstale
from neverstale.errors import NeverstaleError
from neverstale.wheels.archives import read_wheel

CLI = Combination("hatchling", "src", "cli")
TOOL = ("uv", "run", "--quiet", "--script", "tools/neverstale.py")
PAGE = REPOSITORY / "docs" / "explanation" / "security.md"
NEEDS_TRUST = ("_tasks", "_migrations", "_jinja_extensions", "_external_data")


def test_every_test_that_the_page_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE.read_text(encoding="utf-8")))
    assert len(named) >= 10
    tests = [path.read_text(encoding="utf-8") for path in (REPOSITORY / "tests").rglob("test_*.py")]
    for name in named:
        assert any(f"def {name}(" in text for text in tests), name


def test_the_template_runs_nothing() -> None:
    releases = git(REPOSITORY, "tag", "--list", "v*", check=False).split()
    texts = [git(REPOSITORY, "show", f"{release}:copier.yml") for release in releases]
    texts.append((REPOSITORY / "copier.yml").read_text(encoding="utf-8"))
    for text in texts:
        asked = yaml.load(text, AnyTag)  # noqa: S506 - a safe loader
        assert not set(asked) & set(NEEDS_TRUST)


def executed(world: World, *command: str) -> list[list[str]]:
    """Run *command* in the project; give the arguments of every program that is started."""
    log = world.root / "executed"
    tracing = ["strace", "--follow-forks", "-qq", "--seccomp-bpf", "-e", "signal=none"]
    tracing += ["-e", "trace=execve", "-s", "4000", "-o", str(log)]
    world.run(*tracing, *command, expect=None)
    found = []
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        started = re.search(r'execve\("[^"]*", \[(.*)\], ', line)
        if started and line.endswith("= 0"):
            found.append(re.findall(r'"((?:[^"\\]|\\.)*)"', started[1]))
    assert found, "strace saw what was started"
    return found


@pytest.mark.slow
@pytest.mark.skipif(bool(needs("strace")), reason=needs("strace"))
def test_what_is_executed(tmp_path: Path) -> None:
    world = World(tmp_path, CLI)
    world.commit()
    programs = set()
    verbs = ["install", "install-editable", "fresh", "build", "clean", "uninstall", "doctor"]
    fixing = ("doctor", "--fix", "--yes")
    for verb in (
        *((verb,) for verb in verbs),
        ("dev",),
        ("run-wheel", "demo-app", "hello"),
        fixing,
    ):
        for arguments in executed(world, *TOOL, *verb):
            if arguments[:2] == ["/bin/sh", "-c"]:  # git's own, where the template is a folder
                assert verb[0] == "doctor"
                assert arguments[2].startswith("git-upload-pack ")
            else:
                assert not any(re.search("import demo_app|-m demo_app", each) for each in arguments)
                programs.add(re.sub(r"[0-9.]+$", "", Path(arguments[0]).name))
    asked_by_uv_and_git = {"ld-linux-x86-64.so", "git-upload-pack"}
    asked_by_uv_and_git |= {"dirname", "realpath"}  # by the command, where its path has a space
    assert programs <= {"uv", "git", "python", "prek", "demo-app", *asked_by_uv_and_git}


@pytest.mark.skipif(bool(needs("strace")), reason=needs("strace"))
def test_no_shell_is_started(tmp_path: Path) -> None:
    world = World(tmp_path, CLI)
    shells = [a for a in executed(world, "make", "install") if Path(a[0]).name in ("sh", "bash")]
    recipes = (world.project / "Makefile").read_text(encoding="utf-8")
    assert shells, "make starts its recipes with a shell"
    for shell in shells:
        assert shell[1] in ("-c", "-ec"), shell
        text = shell[2].replace('\\"', '"')
        assert "tools/neverstale.py install" in text or "--version" in text, shell
    assert "@$(NEVERSTALE) install $(ARGS)" in recipes


def test_no_call_goes_through_a_shell() -> None:
    refused = {"system", "popen", "getoutput", "getstatusoutput", "spawnl", "spawnlp"}
    for path in Path(neverstale.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                assert name not in refused, f"{path.name}:{node.lineno}"
                assert "shell" not in {keyword.arg for keyword in node.keywords}, path.name


def test_programs_are_found_in_one_place() -> None:
    """Windows looks for a program in the current folder as well, and so may PATH."""
    for path in Path(neverstale.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            assert name != "which" or path.name == "programs.py", f"{path.name}:{node.lineno}"
            if name in ("run", "Popen", "execvpe", "capture") and node.args:
                first = node.args[0]
                head = first.elts[0] if isinstance(first, ast.List | ast.Tuple) else first
                literal = isinstance(head, ast.Constant) and name != "run"
                literal |= isinstance(first, ast.List | ast.Tuple) and isinstance(
                    head, ast.Constant
                )
                assert not literal, f"{path.name}:{node.lineno}"


@pytest.mark.parametrize("entry", [".", ""])
def test_no_program_of_the_project_is_started(entry: str, tmp_path: Path) -> None:
    world = World(tmp_path, Combination("hatchling", "src", "cli", "vcs"))
    forget_tools(world.project)
    world.commit(tag="v1.0.0")
    world.make("install")
    planted = world.home / "planted"
    for name in ("git", "uv", "make", "nox", "pipx", "cc"):
        program = world.project / name
        program.write_text(f"#!/bin/sh\necho {name} >> {str(planted)!r}\n", encoding="utf-8")
        program.chmod(0o755)
    path = os.pathsep.join([entry, world.environment["PATH"]])
    for verb in (("doctor", "--quick"), ("doctor",)):
        world.run(uv_executable(), *TOOL[1:], *verb, expect=None, PATH=path)
        assert not planted.exists(), f"{verb} started {planted.read_text('utf-8')}"


def test_the_doctor_executes_nothing_of_the_project(tmp_path: Path) -> None:
    world = World(tmp_path, CLI)
    forget_tools(world.project)
    world.make("install")
    world.make("dev")
    executed_by = world.home / "executed"
    for name in ("__init__.py", "cli.py", "__main__.py"):
        with (world.package / name).open("a", encoding="utf-8") as stream:
            stream.write(f"\nopen({str(executed_by)!r}, 'w').close()\n")
    for depth in ("--quick", "--build"):
        world.run(*TOOL, "doctor", depth, expect=None)
        assert not executed_by.exists(), depth


@pytest.mark.parametrize(
    "name", ["../out.py", "/out.py", "a/../../out.py", "..\\out.py", "C:out.py"]
)
def test_wheel_with_a_path_that_leads_out(name: str, tmp_path: Path) -> None:
    wheel = build_wheel_file(tmp_path, {name: "", "demo/__init__.py": ""})
    with pytest.raises(NeverstaleError, match="would be unpacked elsewhere"):
        read_wheel(wheel)


def test_record_that_leads_out(tmp_path: Path) -> None:
    world = World(tmp_path, CLI)
    world.make("install")
    rows_that_lead_out(world)
    assert "NS305" in world.make("doctor", expect=2).stdout
    world.make("install")
    assert (world.home / "precious.txt").read_text() == "precious"


LOOK = """
import os, pathlib, stat
folder = pathlib.Path(os.environ["DIST_EXTRA_CONFIG"]).resolve().parent
modes = [oct(stat.S_IMODE(each.stat().st_mode)) for each in (folder, *folder.parents)]
pathlib.Path(os.environ["LOOKED"]).write_text(" ".join(modes))
from setuptools import setup
setup()
"""


def test_temporary_folders_are_private(tmp_path: Path) -> None:
    """A build sees the folder that it works in, and the ones above it, under the widest umask."""
    world = World(tmp_path, Combination("setuptools", "src", "cli"))
    (world.project / "setup.py").write_text(LOOK)
    world.extra["LOOKED"] = str(world.home / "modes")
    world.run("sh", "-c", 'umask 0; exec "$@"', "sh", *TOOL, "install")
    assert (world.home / "modes").read_text().split()[0] == "0o700"
    (world.home / "modes").unlink()
    bare = world.root / "bare"
    shutil.copytree(world.project, bare, ignore=shutil.ignore_patterns(".neverstale"))
    (bare / "tools" / "neverstale.py").unlink()  # what is remembered of it is in the user's cache
    script = str(world.project / "tools" / "neverstale.py")
    looking = ("uv", "run", "--quiet", "--script", script, "--project", str(bare), "doctor")
    world.run("sh", "-c", 'umask 0; exec "$@"', "sh", *looking, "--build", expect=None)
    modes = (world.home / "modes").read_text().split()
    assert "0o700" in modes[:2], modes
    assert not (bare / ".neverstale").exists()


def test_store_is_verified(tmp_path: Path) -> None:
    """A wheel of the store is replaced by a right one with other contents: nobody runs that."""
    world = World(tmp_path, CLI)
    starting_point(world)
    world.make("install")
    (wheel,) = (world.project / ".neverstale" / "wheels").glob("*/*.whl")
    changed = world.root / wheel.name
    with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(changed, "w") as new:
        for entry in old.infolist():
            body = old.read(entry)
            new.writestr(entry, body.replace(b'VALUE = "one"', b'VALUE = "evil"'))
    shutil.copy(changed, wheel)
    code = "from demo_app.state import VALUE; print(VALUE)"
    told = world.make("run-wheel", f"ARGS=python -c '{code}'").stdout
    assert told.splitlines()[-1] == "one"
    shutil.copy(changed, next((world.project / ".neverstale" / "wheels").glob("*/*.whl")))
    world.make("install")
    assert world.ask(value("state")) == "one"


def test_nothing_of_yours_is_deleted(tmp_path: Path) -> None:
    world = World(tmp_path, Combination("setuptools", "src", "cli"))
    starting_point(world)
    write(world, "state.py", 'VALUE = "mine"\n')
    tracked = {"build/lib/mine.py": "", "dist/notes.txt": "n", "src/demo_app.egg-info/own": "o"}
    elsewhere = world.root / "elsewhere" / "precious"
    elsewhere.mkdir()
    for name, text in tracked.items():
        path = world.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        world.run("git", "init", "--quiet")
        world.run("git", "add", "--force", name)
    (elsewhere / "file.whl").write_text("precious")
    (world.project / "dist" / "link").symlink_to(elsewhere)
    for verb in ("install", "build", "clean", "uninstall"):
        world.make(verb)
        assert {name: (world.project / name).read_text() for name in tracked} == tracked
        assert (elsewhere / "file.whl").read_text() == "precious"


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    """Neither where a command is announced nor where it fails."""
    world = World(tmp_path, CLI)
    (world.project / "CHANGELOG.md").write_text("## 0.1.0\n")
    world.make("build")
    where = "https://me:hunter2@127.0.0.1:9/legacy/"
    publish = ("-v", "publish", "--yes", "--token", "hunter3", "--publish-url", where)
    done = world.run(*TOOL, *publish, expect=None, UV_HTTP_RETRIES="0")
    assert done.returncode != 0
    assert "--token '***'" in done.stderr, output(done)
    assert "***@127.0.0.1:9/legacy/" in done.stderr, output(done)
    assert "hunter" not in done.stdout + done.stderr

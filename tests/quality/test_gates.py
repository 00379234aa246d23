"""Gates that cannot be passed by what is left over, skipped in silence, or set aside."""

import contextlib
import json
import os
import pty
import shutil
import signal
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path

import pytest
from quality.combinations import Everything
from quality.test_combinations import living
from quality.validators import tool
from scenarios.edits import write
from support.world import BASE_PYTHON, World, output, pythons_here

CLI = Everything("hatchling", "src", "cli", docs="none", ci="none", python_min="3.11")
MIXED = """
def used(value: int) -> int:
    if value > 1:
        return 1
    if value > 2:
        return 2
    return 3
"""


def nox(world: World, *arguments: str, expect: int = 0) -> str:
    return output(world.run("uv", "run", "nox", "--session", *arguments, expect=expect))


@pytest.mark.slow
def test_coverage_forgets_what_was_reached_before(tmp_path: Path) -> None:
    """By tests that are gone since, on a Python that is not here any more."""
    world = living(CLI, tmp_path)
    other = max(pythons_here())
    if other == f"3.{sys.version_info.minor}":
        pytest.skip("there is no second Python here")
    write(world, "mixed.py", MIXED * 3)
    tests = world.project / "tests" / "test_mixed.py"
    tests.write_text("from demo_app import mixed\n\ndef test_it() -> None:\n    mixed.used(3)\n")
    nox(world, f"test-all-{other}")
    assert (world.project / f".coverage.{other}").exists()
    tests.unlink()
    world.extra["PATH"] = os.pathsep.join(
        [str(world.root / "uv"), str(BASE_PYTHON.parent), "/usr/bin", "/bin"]
    )
    told = nox(world, "coverage", expect=1)
    assert f"test-all-{other}: skipped" in told
    assert "mixed.py" in told


@pytest.mark.slow
def test_a_tool_that_is_not_known_is_an_error(tmp_path: Path) -> None:
    world = living(CLI, tmp_path)
    world.replace(
        'types = ["mypy>=1.16", { include-group = "test" }]',
        'types = ["pytest"]\ndocs = ["pytest"]',
    )
    world.run("uv", "lock", "--quiet")
    assert "none of mypy, ty, pyrefly, basedpyright is in" in nox(world, "types", expect=1)
    assert "none of zensical, sphinx is in the dependency group 'docs'" in nox(
        world, "docs", expect=1
    )


@pytest.mark.slow
@pytest.mark.parametrize("docs", ["zensical", "sphinx"])
def test_documentation_has_no_page_of_yesterday_and_no_dead_link(docs: str, tmp_path: Path) -> None:
    world = living(
        Everything("hatchling", "src", "library", docs=docs, python_min="3.11"), tmp_path
    )
    page = world.project / "docs" / "old.md"
    page.write_text("---\norphan: true\n---\n\n# Old\n", encoding="utf-8")
    world.make("docs")
    built = list((world.project / "site").rglob("old*"))
    assert built
    page.unlink()
    world.make("docs")
    assert list((world.project / "site").rglob("old*")) == []
    index = world.project / "docs" / "index.md"
    text = index.read_text(encoding="utf-8")
    for dead in ("[there](nowhere.md)", "[there](changelog.md#nowhere)"):
        index.write_text(f"{text}\n{dead}\n", encoding="utf-8")
        assert "warning" in output(world.make("docs", expect=2)).lower(), dead


@pytest.mark.slow
def test_sdist_that_lacks_a_module_is_found_whatever_the_hash_seed(tmp_path: Path) -> None:
    world = living(Everything("setuptools", "flat", "library", ci="none", docs="none"), tmp_path)
    (world.project / "MANIFEST.in").write_text("exclude demo_app/text.py\n", encoding="utf-8")
    world.commit()
    for seed in "0123":
        told = output(world.make("check-dist", expect=2, PYTHONHASHSEED=seed))
        assert "Git only:\n  demo_app/text.py" in told


@pytest.mark.slow
def test_checks_of_files_alone_leave_the_installed_project_alone(tmp_path: Path) -> None:
    world = living(Everything("hatchling", "src", "library", docs="none", ci="none"), tmp_path)
    world.make("install")
    for verb in ("lint", "format", "format-check", "spell", "changelog"):
        world.make(verb)
    world.run("git", "commit", "--allow-empty", "--message", "hooks")
    assert ".venv    fresh" in world.make("doctor", expect=None).stdout


@pytest.mark.slow
def test_deps_finds_what_is_not_used_and_what_is_not_required(tmp_path: Path) -> None:
    world = living(CLI, tmp_path)
    world.run("uv", "add", "--quiet", "iniconfig")
    assert "DEP002" in nox(world, "deps", expect=1)
    write(world, "reader.py", "import iniconfig\nimport packaging\n\nprint(iniconfig, packaging)\n")
    told = nox(world, "deps", expect=1)
    assert "DEP002" not in told
    assert "DEP004" in told or "DEP003" in told or "DEP001" in told


def test_noxfile_runs_where_nox_is_not_installed(tmp_path: Path) -> None:
    world = World(tmp_path, CLI)
    listed = world.run("uv", "run", "noxfile.py", "--list").stdout
    assert "Clean, force a fresh build, install it, verify." in listed
    assert not (world.project / ".venv").exists()
    assert shutil.which("nox", path=str(world.commands)) is None


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["cli", "library"])
def test_starter_code_satisfies_every_type_checker(kind: str, tmp_path: Path) -> None:
    """Whichever was chosen; and all that the package offers is typed (PEP 561)."""
    answers = Everything(
        "hatchling", "src", kind, ci="none", docs="none", type_checker="basedpyright"
    )
    world = living(answers, tmp_path)
    world.run("uv", "sync", "--quiet", "--no-editable")
    python = world.project / ".venv" / "bin" / "python"
    places = ["src/demo_app", "tests"]
    for command in (
        tool("mypy", "--strict", "--python-executable", str(python), *places),
        tool("ty", "check", "--error-on-warning", "--python", ".venv", *places),
        tool("pyrefly", "check", "--preset=strict", f"--python-interpreter-path={python}", *places),
        tool("basedpyright", "--pythonpath", str(python)),  # strict, by the project's settings
    ):
        world.run(*command)
    # With this option it asks the first python on PATH, and no other, where packages are.
    completeness = tool("basedpyright", "--ignoreexternal", "--verifytypes", "demo_app")
    done = world.run(*completeness, PATH=f"{python.parent}:{world.environment['PATH']}")
    assert "Type completeness score: 100%" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("version_source", ["static", "vcs"])
def test_steps_of_the_dockerfile(version_source: str, tmp_path: Path) -> None:
    """No engine is needed to run its RUN lines: in folders of their own, from what COPY takes."""
    answers = Everything(
        "hatchling", "src", "cli", version_source, ci="none", docs="none", extras=("docker",)
    )
    world = living(answers, tmp_path)
    (world.project / "build").mkdir()
    (world.project / "build" / "stale.py").touch()
    text = (world.project / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", "")
    build, _, final = text.partition("\nFROM python:")
    image = tmp_path / "image"
    image.mkdir()
    ignored = (world.project / ".dockerignore").read_text(encoding="utf-8").splitlines()
    skip = shutil.ignore_patterns(*(line.removeprefix("**/") for line in ignored if line[0] != "#"))
    shutil.copytree(world.project, image / "src", ignore=skip)
    assert not (image / "src" / "build").exists()
    assert not (image / "src" / ".venv").exists()
    world.extra |= {"SETUPTOOLS_SCM_PRETEND_VERSION": "1.2.0"}
    for folder in ("/app", "/requirements.txt", "/wheels"):
        build = build.replace(folder, str(image / folder[1:]))
    for line in build.splitlines():
        if line.startswith("RUN "):
            command = f"cd '{image / 'src'}' && {line.removeprefix('RUN ')}"
            world.run("sh", "-c", command, PATH=f"{BASE_PYTHON.parent}:{world.environment['PATH']}")
    installed = image / "app" / "bin" / "demo-app"
    told = world.run(installed, "--version").stdout.split()[-1]
    assert told == ("0.1.0" if version_source == "static" else "1.2.0")
    assert '"editable"' not in "".join(
        p.read_text() for p in (image / "app").rglob("direct_url.json")
    )
    assert "USER 1000" in final


@pytest.mark.slow
def test_everything_that_is_json_is_json(tmp_path: Path) -> None:
    world = World(
        tmp_path,
        Everything("hatchling", "src", "cli", extras=("vscode", "devcontainer", "renovate")),
    )
    found = [p for p in world.project.rglob("*.json") if ".venv" not in p.parts]
    names = {path.name for path in found}
    assert names >= {
        "tasks.json",
        "launch.json",
        "settings.json",
        "devcontainer.json",
        "renovate.json",
    }
    assert all(json.loads(path.read_text(encoding="utf-8")) for path in found)


UNWANTED = {
    "COM812": "the formatter's",
    "CPY001": "REUSE.toml says it, once",
    "D1": "what needs a docstring is the owner's to say",
    "D203": "the other of two styles",
    "D213": "the other of two styles",
    "INP001": "tests are no package",
    "PLC0415": "what is imported late starts faster",
    "PLR2004": "tests expect numbers",
    "S101": "tests assert",
    "T201": "a command prints",
    "EM102": "the message stands where it is raised",
    "TRY003": "the message stands where it is raised",
}
"""Rules of Ruff that the starter code does without, and why."""


@pytest.mark.parametrize("kind", ["cli", "library"])
def test_starter_code_under_all_rules_of_ruff(kind: str, tmp_path: Path) -> None:
    """The noxfile is held to them by this repository's own settings."""
    world = World(tmp_path, Everything("hatchling", "src", kind, docs="sphinx"))
    rules = ("--isolated", "--no-cache", "--select=ALL", f"--ignore={','.join(UNWANTED)}")
    target = ("--line-length=100", "--target-version=py310")
    world.run(*tool("ruff", "check", *rules, *target, "src", "tests"))


@pytest.mark.slow
def test_no_gate_runs_yesterdays_bytecode(tmp_path: Path) -> None:
    """An edit of the same second and size, which plain Python does not see."""
    world = living(CLI, tmp_path)
    tests = world.project / "tests" / "test_cli.py"
    write(world, "state.py", 'VALUE = "one"\n')
    tests.write_text(
        'from demo_app import state\n\n\ndef test_state() -> None:\n    assert state.VALUE == "one"\n',
        encoding="utf-8",
    )
    state = world.package / "state.py"
    plain = ("uv", "run", "python", "-c", "from demo_app.state import VALUE; print(VALUE)")
    assert world.run(*plain).stdout == "one\n"
    before = state.stat()
    state.write_text('VALUE = "two"\n', encoding="utf-8")
    os.utime(state, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert world.run(*plain).stdout == "one\n", "Python sees such an edit now"
    for verb in ("test", f"test-all-3.{sys.version_info.minor}", "test-lowest"):
        assert "AssertionError" in nox(world, verb, expect=1), verb
    assert "assert 'two' == 'one'" in nox(
        world, "doctest", "--", "tests", "-o", "python_files=test_*.py", expect=1
    )


@pytest.mark.slow
@pytest.mark.parametrize("docs", ["zensical", "sphinx"])
def test_documentation_is_served_live(docs: str, tmp_path: Path) -> None:
    """At a terminal; without one `--serve` builds and ends."""
    world = living(
        Everything("hatchling", "src", "library", docs=docs, python_min="3.11"), tmp_path
    )
    world.make("docs", "ARGS=--serve")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    where = f"--dev-addr 127.0.0.1:{port}" if docs == "zensical" else f"--port {port}"
    ours, theirs = pty.openpty()
    serving = subprocess.Popen(
        ["make", "docs", f"ARGS=--serve {where}"],
        cwd=world.project,
        env=world.environment,
        stdin=theirs,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        assert wait_for(port, "A Python library.")
        page = world.project / "docs" / "index.md"
        page.write_text(page.read_text(encoding="utf-8") + "\nwritten now\n", encoding="utf-8")
        assert wait_for(port, "written now")
    finally:
        os.killpg(serving.pid, signal.SIGTERM)
        serving.wait()
        os.close(ours)
        os.close(theirs)


def wait_for(port: int, text: str) -> bool:
    """Ask for the page at *port* until it has *text*; give up after a minute."""
    for _ in range(120):
        with (
            contextlib.suppress(OSError),
            contextlib.closing(HTTPConnection("127.0.0.1", port)) as c,
        ):
            c.request("GET", "/")
            if text in c.getresponse().read().decode():
                return True
        time.sleep(0.5)
    return False

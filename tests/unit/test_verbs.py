"""The verbs as a user meets them: what each says, and the exit code."""

import argparse
import sys
from pathlib import Path

import pytest
from support.tree import build_file_tree
from unit.made_up import SOURCES, be_alone, install_files, make_environment, make_program

from neverstale import verbs
from neverstale.errors import NeverstaleError
from neverstale.install.cleaning import Cleaned
from neverstale.process import Uv
from neverstale.project.artifacts import Kept
from neverstale.terminal import Console
from neverstale.verbs import looking
from neverstale.verbs.task import say_cleaned

linux = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere uv is asked for folders")

PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "demo"
version = "1.0"
[project.scripts]
demo = "demo.cli:main"
"""


def options(verb: str, **given: object) -> argparse.Namespace:
    doctor = dict.fromkeys(("quick", "build", "all", "fix", "yes", "schema", "processes"), False)
    common: dict[str, object] = {"project": ".", "arguments": [], "explain": None, "format": "text"}
    values = {**common, **doctor}
    return argparse.Namespace(verb=verb, **{**values, **given})


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project, with a program in place of uv that does nothing."""
    be_alone(monkeypatch, tmp_path)
    monkeypatch.setenv("UV", make_program(tmp_path / "nothing", 0))
    monkeypatch.setenv("NEVERSTALE_CACHE_DIR", str(tmp_path / "cache"))
    sources = {f"src/{path}": text for path, text in SOURCES.items()}
    return build_file_tree(tmp_path / "a größe", {"pyproject.toml": PYPROJECT, **sources})


def say(capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    told = capsys.readouterr()
    return told.out, told.err


def test_explain(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("NS203", "ns203"):
        assert verbs.doctor(options("doctor", explain=name), Console()) == 0
        assert say(capsys)[0].startswith("NS203: content differs from the sources\n\n")
    with pytest.raises(NeverstaleError, match="there is no finding 'NS999'") as caught:
        verbs.doctor(options("doctor", explain="NS999"), Console())
    assert caught.value.hint.startswith("there are NS101, ")


def test_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert verbs.doctor(options("doctor", schema=True), Console()) == 0
    assert say(capsys)[0].startswith("{")


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        ({"fix": True}, True),
        ({"fix": True, "format": "json"}, True),
        ({"fix": True, "yes": True, "quick": True}, False),
        ({"quick": True}, False),
    ],
)
@linux
def test_fixes_are_asked_about(given: dict[str, object], refused: bool, root: Path) -> None:
    asked = options("doctor", project=str(root), **given)
    if refused:
        with pytest.raises(NeverstaleError, match="here nobody can answer"):
            verbs.doctor(asked, Console())
    else:
        assert verbs.doctor(asked, Console()) in (1, 2)


@linux
def test_doctor(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = options("doctor", project=str(root), quick=True)
    assert verbs.doctor(asked, Console()) == 1
    assert "demo: not installed anywhere" in say(capsys)[0]
    install_files(make_environment(root / ".venv"), SOURCES, commands={"demo": "demo.cli:main"})
    assert verbs.doctor(replace_options(asked, format="json"), Console()) == 2
    assert '"verdict": "unknown"' in say(capsys)[0]
    assert not (root / ".neverstale").exists(), "who looks leaves no trace"


def replace_options(given: argparse.Namespace, **changes: object) -> argparse.Namespace:
    return argparse.Namespace(**{**vars(given), **changes})


@linux
def test_fixes_are_run(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    build_file_tree(root, {"src/demo/empty/": ""})
    asked = options("doctor", project=str(root), quick=True, fix=True, yes=True)
    assert verbs.doctor(asked, Console()) == 1
    out, err = say(capfd)
    assert "rmdir cannot be started: No such file or directory" in err, "nothing is on PATH"
    assert out.count("NS506") == 2, "it is looked at again"
    assert verbs.doctor(replace_options(asked, format="json"), Console()) == 1
    out, _ = say(capfd)
    assert out.count('"format": 1') == 1, "one object, not two"


def test_fixes_that_fail(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    good, bad = (make_program(tmp_path / name, code) for name, code in (("good", 0), ("bad", 4)))
    uv = Uv("/no/uv", tmp_path, lambda _: None)
    looking._run_all([[bad], ["/no/program"], [good]], uv, Console())  # noqa: SLF001
    assert say(capfd)[1].splitlines() == [
        "that ended with exit code 4",
        "/no/program cannot be started: No such file or directory",
    ]


def test_what_was_cleaned_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    root = Path("/project")
    cleaned = Cleaned((root / "build",), (Kept(root / "dist/x", "git tracks it"),), 2)
    say_cleaned(cleaned, root, Console())
    assert say(capsys) == ("", "kept      dist/x (git tracks it)\nremoved   build\n")
    forged = Cleaned((root / "dist\nInstalled demo",), (), 0)
    say_cleaned(forged, root, Console())
    assert say(capsys) == ("", "removed   dist\\nInstalled demo\n")


def test_clean(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = options("clean", project=str(root))
    assert verbs.clean(asked, Console()) == 0
    assert say(capsys) == ("Nothing to remove\n", "")
    build_file_tree(root, {"build/lib/x.py": "", "src/demo/__pycache__/x.pyc": ""})
    assert verbs.clean(asked, Console()) == 0
    assert say(capsys) == ("", "removed   build/lib\nremoved   __pycache__ in 1 folder\n")
    build_file_tree(root, {"src/demo/__pycache__/x.pyc": ""})
    assert verbs.clean(asked, Console()) == 0
    assert "Nothing to remove" not in say(capsys)[0]


@linux
def test_uninstall_of_what_is_not_installed(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = options("uninstall", project=str(root), target="venv")
    assert verbs.uninstall(asked, Console()) == 0
    assert say(capsys)[0] == "demo is not installed (.venv)\n"


@pytest.mark.parametrize("what", ["dir", "prune", "clean"])
def test_cache(what: str, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cache = root.parent / "cache"
    build_file_tree(cache, {"projects/a/x": "x" * (1 << 20)})
    assert verbs.cache(options("cache", what=what), Console()) == 0
    assert (
        say(capsys)[0]
        == {
            "dir": f"{cache}\n",
            "prune": "Removed 0 entries; the limit is 2048 MiB\n",
            "clean": f"Removed 1 MiB from {cache}\n",
        }[what]
    )
    assert cache.exists() == (what != "clean")


@linux
def test_dev_passes_on_how_uv_ended(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_environment(root / ".venv")
    asked = options("dev", project=str(root), arguments=["--frozen"])
    console = Console(verbose=True)
    assert verbs.dev(asked, console) == 0
    assert say(capsys)[1] == "$ nothing sync --frozen\n"
    monkeypatch.setenv("UV", make_program(root.parent / "failing", 5))
    assert verbs.dev(asked, console) == 5
    assert verbs.run(replace_options(asked, verb="run", arguments=["x"]), console) == 5


@linux
def test_dev_installs_hooks_where_there_are_some(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_environment(root / ".venv")
    build_file_tree(root, {"prek.toml": ""})
    make_program(root / ".venv/bin/prek", 6)
    asked = options("dev", project=str(root))
    assert verbs.dev(asked, Console()) == 0
    assert "no hooks were installed: this is not a git repository" in say(capsys)[1]


def test_a_project_that_cannot_be_read(tmp_path: Path, root: Path) -> None:
    with pytest.raises(NeverstaleError, match=r"pyproject\.toml"):
        verbs.clean(options("clean", project=str(tmp_path)), Console())
    assert root.exists()

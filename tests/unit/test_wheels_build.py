"""Builds: of which sources, told what, and what is said where they fail."""

import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from support.tree import build_file_tree
from unit.small import make_project, pyproject, set_time

from neverstale.errors import NeverstaleError
from neverstale.files import Digest
from neverstale.process import Uv, base_interpreter
from neverstale.project.metadata import Project, read_project
from neverstale.project.sources import Sources
from neverstale.wheels import build as module
from neverstale.wheels import calling
from neverstale.wheels.answers import Present
from neverstale.wheels.backend import COMPLETE, Backend
from neverstale.wheels.build import Builder
from neverstale.wheels.build_cache import Reuse
from neverstale.wheels.calling import EPOCH, Kind, build_environment, call_hook
from neverstale.wheels.inputs import Events
from neverstale.wheels.store import Store

# What a project may bring along itself: https://peps.python.org/pep-0517/#in-tree-build-backends
BACKEND = """\
import os, zipfile
def build_wheel(into, settings, count=1):
    text = open("demo.py").read()
    if "fail" in text:
        raise SystemExit("the compiler said no")
    if "turn" in text or ("once" in text and not os.path.exists("../built")):
        open("demo.py", "a").write("# again\\n")
    if "same" in text:
        os.utime("demo.py")
    if "more" in text:
        open(os.path.join(into, "other-1.0-py3-none-any.whl"), "w").close()
    open("../built", "a").write("x")
    name = "demo-1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(into, name), "w") as archive:
        archive.write("demo.py")
        info, metadata = "demo-1.0.dist-info", "Name: Real_Name\\nVersion: 1.0\\n"
        archive.writestr(f"{info}/METADATA", metadata + "Requires-Python: >=3.9\\n")
        archive.writestr(f"{info}/entry_points.txt", "[console_scripts]\\nrun = demo:f\\n")
        archive.writestr(f"{info}/RECORD", "")
    return name
"""
TEXT = pyproject(requires=[], backend="own").replace("[project]", "backend-path = ['.']\n[project]")


def builder_of(root: Path, files: dict[str, str]) -> tuple[Builder, Project]:
    """Return a project with its own backend, and what builds it in an environment made by hand."""
    project = make_project(root / "p", {"own.py": BACKEND, **files}, TEXT)
    builder = Builder(Uv("/bin/false", root, lambda _: None), Store(root / "store"), lambda: None)
    with pytest.raises(NeverstaleError, match="could not make an environment"):
        builder.build(Present(project), "wheel", [])
    (place,) = (path for path in (root / "cache" / "backends").iterdir() if path.is_dir())
    build_file_tree(place, {".venv/bin/": "", f".venv/{COMPLETE}": "[]"})
    (place / ".venv" / "bin" / "python").symlink_to(sys.executable)
    return builder, project


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEVERSTALE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)


def test_a_build_is_stored(tmp_path: Path) -> None:
    builder, project = builder_of(tmp_path, {"demo.py": ""})
    assert builder.known(Present(project), "wheel") is None
    built = builder.build(Present(project), "wheel", [])
    assert built.distribution.commands == {"run": "demo:f"}
    assert {"tree", "file demo.py", "file pyproject.toml"} <= built.answers.keys()
    assert builder.known(Present(project), "wheel") == built
    (tmp_path / "p" / "demo.py").write_text("edited")
    assert builder.known(Present(project), "wheel") is None
    declared = builder.ask(project, old=True, may_build=False)
    assert (declared.name, declared.requires_python) == ("real-name", ">=3.9")
    with pytest.raises(NeverstaleError, match="only a build tells"):
        builder.ask(project, may_build=False)
    assert builder.ask(project).commands == {"run": "demo:f"}
    assert builder.wheel_of(tmp_path / "p").parent.parent == tmp_path / "store" / "wheels"
    assert (tmp_path / "built").read_text() == "xx", "the edit, and nothing else, was built"
    assert not [path for path in (tmp_path / "store").iterdir() if "building" in path.name]


@pytest.mark.parametrize(("text", "builds"), [("once", 2), ("turn", 3)], ids=["once", "each time"])
def test_sources_that_change_during_a_build(text: str, builds: int, tmp_path: Path) -> None:
    builder, project = builder_of(tmp_path, {"demo.py": f"# {text}\n"})
    if text == "turn":
        with pytest.raises(NeverstaleError, match=r"changed during each of 3 builds: demo\.py"):
            builder.build(Present(project), "wheel", [])
    else:
        built = builder.build(Present(project), "wheel", [])
        assert builder.known(Present(read_project(tmp_path / "p")), "wheel") == built
    assert (tmp_path / "built").read_text() == "x" * builds


@pytest.mark.parametrize("seen", [True, False])
def test_a_source_that_is_written_as_it_was_in_each_build(
    seen: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be the build that does so where code runs unseen; else it is somebody else."""
    builder, project = builder_of(tmp_path, {"demo.py": "# same\n"})
    read = {"r": frozenset({str(tmp_path / "p" / "demo.py")})}
    monkeypatch.setattr(module, "read_events", lambda _: Events(seen, read))
    if seen:
        with pytest.raises(NeverstaleError, match=r"changed during each of 3 builds: demo\.py"):
            builder.build(Present(project), "wheel", [])
    else:
        builder.build(Present(project), "wheel", [])
    assert (tmp_path / "built").read_text() == "x" * (3 if seen else 2)


@pytest.mark.parametrize(
    ("python", "expected"),
    [
        pytest.param([], base_interpreter(), id="none"),
        pytest.param(["--python", "3.99"], Path("/found"), id="a version"),
        pytest.param(["--python", sys.executable], Path(sys.executable), id="a path"),
    ],
)
def test_the_interpreter_of_a_pure_project(
    python: list[str], expected: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = SimpleNamespace(executable="/found")
    monkeypatch.setattr(module, "interpreter_of", lambda *_: found)
    uv, project = Uv("/no/uv", tmp_path, print), make_project(tmp_path)
    target, minor = module._target(uv, project, python, None)  # noqa: SLF001
    assert (target, minor) == (Path(os.path.realpath(expected)), None)


@pytest.mark.parametrize(
    ("text", "says", "details"),
    [
        ("more", "the build left 2 archives, not one", ""),
        (
            "fail",
            "the build failed; what was installed before is untouched",
            "the compiler said no",
        ),
    ],
)
def test_a_build_that_fails(text: str, says: str, details: str, tmp_path: Path) -> None:
    builder, project = builder_of(tmp_path, {"demo.py": f"# {text}\n"})
    with pytest.raises(NeverstaleError) as raised:
        builder.build(Present(project), "wheel", [])
    assert raised.value.message == says
    assert details in raised.value.details
    assert builder.known(Present(project), "wheel") is None


def test_a_kind_that_a_backend_cannot_build(tmp_path: Path) -> None:
    builder, project = builder_of(tmp_path, {"demo.py": ""})
    (prefix,) = (tmp_path / "cache" / "backends").glob("*/.venv")
    backend, scratch = Backend(prefix, (), ()), build_file_tree(tmp_path, {"s/out/": ""}) / "s"
    with pytest.raises(NeverstaleError, match="own cannot build an editable"):
        call_hook(builder.uv.at(project.root), project, backend, "editable", scratch, {}, Reuse())


def test_build_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = make_project(tmp_path / "p")
    scratch = tmp_path / "größe"
    scratch.mkdir()
    found = build_environment(project, scratch)
    assert found["SOURCE_DATE_EPOCH"] == EPOCH
    assert found["PYTHONDONTWRITEBYTECODE"] == "1"
    assert found["DEPENDENCIES_OUTPUT"] == str(scratch / "dependencies")
    text = Path(found["DIST_EXTRA_CONFIG"]).read_text("utf-8")
    assert "build_base = ../größe/build\n" in text
    assert "egg_base = ../größe/egg-info\n" in text
    assert (scratch / "egg-info").is_dir()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "123")
    (tmp_path / "again").mkdir()
    assert build_environment(project, tmp_path / "again")["SOURCE_DATE_EPOCH"] == "123"


@pytest.mark.parametrize(
    ("now", "epoch"), [(86_400 * 100, 86_400 * 100), (86_400 * 101 - 1, 86_400 * 100)]
)
def test_a_version_from_elsewhere_may_name_the_day(
    now: int, epoch: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(tmp_path)
    monkeypatch.setattr(time, "time", lambda: now + 0.5)
    assert calling._epoch(project) == EPOCH  # noqa: SLF001
    assert calling._epoch(project._replace(version=None)) == str(epoch)  # noqa: SLF001


SETTINGS = """\
config-settings = { a = 'b', c = 'd' }
config-settings-package = { demo = { c = 'e' }, other = { f = 'g' } }
"""


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("", {}),
        ("[tool.uv]\nconfig-settings = { a = 'b' }\n", {"a": "b"}),
        (
            f"[tool.uv]\n{SETTINGS}",
            {"a": "b", "c": "e"},
        ),
    ],
)
def test_settings_of_a_backend(more: str, expected: dict[str, str], tmp_path: Path) -> None:
    assert calling._settings(make_project(tmp_path, text=pyproject(more))) == expected  # noqa: SLF001


@pytest.mark.parametrize(
    ("archive", "minor", "more"),
    [
        ("demo-1.0-py3-none-any.whl", "3.12", set()),
        ("demo-1.0.tar.gz", "3.12", set()),
        ("demo-1.0-cp312-cp312-linux_x86_64.whl", "3.12", {"python"}),
        ("demo-1.0-cp312-cp312-linux_x86_64.whl", None, set()),
        ("demo-1.0+d20240101-py3-none-any.whl", None, {"day"}),
    ],
)
def test_what_follows_from_what_was_built(archive: str, minor: str | None, more: set[str]) -> None:
    found = module._with_circumstances({"tree"}, Path(archive), minor)  # noqa: SLF001
    assert found == {"tree"} | more


@pytest.mark.parametrize(
    ("backend", "kind", "outlives"),
    [
        ("mesonpy", "editable", True),
        ("scikit_build_core.build", "editable", True),
        ("mesonpy", "wheel", False),
        ("setuptools.build_meta", "editable", False),
    ],
)
def test_environments_that_are_called_later(
    backend: str, kind: Kind, outlives: bool, tmp_path: Path
) -> None:
    project = make_project(tmp_path)._replace(build_backend=backend)
    assert module._outlives(project, kind) is outlives  # noqa: SLF001


@pytest.mark.parametrize(
    ("since", "touched"),
    [(0, ["file a"]), (1, ["file a"]), (-1, [])],
    ids=["at", "after", "before"],
)
def test_files_that_were_touched(since: int, touched: list[str], tmp_path: Path) -> None:
    project = make_project(tmp_path, {"a": "", "d/": "", "made": ""})
    marker = (tmp_path / "a").stat().st_ctime_ns - since
    answers = {
        "file a": "x",
        "kind a": "x",
        "file gone": "x",
        "tree": "x",
        "file d": "x",
        "file a\0b": "x",
    }
    events = Events(seen=True, paths={"w": frozenset({str(tmp_path / "made")})})
    assert module._touched(project, answers, marker, events) == touched  # noqa: SLF001
    assert module._touched(project, {"file made": "x"}, 0, events) == []  # noqa: SLF001
    set_time(tmp_path / "a", 1)
    assert module._touched(project, answers, marker, events) == ["file a"], "by ctime"  # noqa: SLF001


@pytest.mark.parametrize(
    ("after", "differing"),
    [
        ({"a": "1", "b": "2"}, set()),
        ({"a": "1", "b": "3"}, {"b"}),
        ({"a": "1"}, {"b"}),
        ({"a": "1", "b": "2", "c": "3"}, {"c"}),
    ],
)
def test_differing(after: dict[str, str], differing: set[str]) -> None:
    one, two = (
        Sources(Path(), {path: Digest(text) for path, text in files.items()}, frozenset())
        for files in ({"a": "1", "b": "2"}, after)
    )
    assert set(module._differing(one, two)) == differing  # noqa: SLF001


def test_what_a_compiler_noted(tmp_path: Path) -> None:
    assert module._read_by_compilers(tmp_path) == []  # noqa: SLF001
    text = "/x/a.o: /x/a.c \\\n /x/a.h\\\n b.h\n/y/b.o: /y/b.c /y/c.c:\n"
    (tmp_path / "dependencies").write_text(text)
    assert module._read_by_compilers(tmp_path) == ["/x/a.c", "/x/a.h", "/y/b.c"]  # noqa: SLF001


@pytest.mark.parametrize("python", [[], ["--python", "LINK"]])
def test_the_interpreter_of_a_pure_build(python: list[str], tmp_path: Path) -> None:
    project = make_project(tmp_path)
    (tmp_path / "link").symlink_to("/bin/sh")
    named = [each.replace("LINK", str(tmp_path / "link")) for each in python]
    uv = Uv("/nowhere", tmp_path, print)
    target, minor = module._target(uv, project, named, None)  # noqa: SLF001
    assert target == (Path(os.path.realpath("/bin/sh")) if python else base_interpreter())
    assert minor is None

"""The verbs that install or run: which steps are needed, and what they come to."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name
from support.tree import build_file_tree
from unit.made_up import (
    EDITABLE,
    PROJECT,
    SOURCES,
    be_alone,
    built_of,
    install_files,
    make_builder,
    make_environment,
    make_program,
    make_project,
    make_wheel,
    remember,
    requirements,
    site_of,
)

from neverstale.diagnosis.findings import Verdict
from neverstale.diagnosis.place import Place
from neverstale.environments.environment import OTHER, TOOL, VENV
from neverstale.environments.installed import read_installed
from neverstale.errors import NeverstaleError
from neverstale.install import running, workflows
from neverstale.install.cleaning import Cleaned
from neverstale.install.developing import Failed, for_due, sync_environment
from neverstale.install.editables import STAMP, Due
from neverstale.install.running import command_or_default, wheels_of
from neverstale.install.sync import MARK
from neverstale.install.task import Outcome, Task
from neverstale.install.workflows import (
    fresh,
    install,
    install_editable,
    look,
    uninstall,
)
from neverstale.project.metadata import Project
from neverstale.project.requirements import at_path
from neverstale.project.sources import read_sources
from neverstale.wheels.build_cache import Reuse

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere uv is asked for folders")

COMMANDS = {"demo": "demo.cli:main"}


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "a größe"
    be_alone(monkeypatch, folder)
    return folder


@pytest.fixture
def project(world: Path) -> Project:
    return make_project(world / "project", target="venv")


def fail(folder: Path) -> Project:
    raise AssertionError(folder)


def task_of(
    project: Project,
    *,
    code: int | None = None,
    said: list[str] | None = None,
    **changes: Any,  # noqa: ANN401
) -> Task:
    """Return a task without a uv, or with a program in its place that ends with *code*."""
    world = project.root.parent
    program = "/no/uv" if code is None else make_program(world / f"ends-{code}", code, "its words")
    say: Callable[[str], None] = (said if said is not None else []).append
    builder = make_builder(project.root, world / "store", say, program)
    return Task(project, builder, changes.pop("read", fail), **changes)


@pytest.mark.parametrize(
    ("asked", "own", "place"),
    [("tool", "venv", TOOL), ("venv", "tool", VENV), (None, "tool", TOOL), (None, "venv", VENV)],
)
def test_where_to_install(asked: str | None, own: str, place: str, project: Project) -> None:
    task = task_of(project._replace(target=own), target=asked)
    assert task.environment().place == place
    assert task.uv is task.builder.uv


def test_where_to_install_as_a_folder_is_named(world: Path, project: Project) -> None:
    make_environment(world / "env")
    assert task_of(project, target=str(world / "env")).environment().place == OTHER
    with pytest.raises(NeverstaleError, match="is not a virtual environment"):
        task_of(project, target=str(world)).environment()


def test_what_is_installed_together(project: Project) -> None:
    member = PROJECT._replace(name=canonicalize_name("member"))
    needs = project._replace(requirements=requirements("member"), beside={member.name: Path("/m")})
    task = task_of(needs, read=lambda _: member)
    assert task.together() == (needs, member)
    assert task_of(project).together() == (project,)


def place_of(verdict: Verdict) -> Place:
    return Place("x", Path("/x"), verdict)


@pytest.mark.parametrize(
    ("verdicts", "changed", "expected"),
    [
        pytest.param([Verdict.FRESH], (), True, id="fresh"),
        pytest.param([Verdict.EDITABLE], (), True, id="editable"),
        pytest.param([Verdict.FRESH, Verdict.EDITABLE], (), True, id="both"),
        pytest.param([Verdict.FRESH, Verdict.OUT_OF_DATE], (), False, id="one is stale"),
        pytest.param([Verdict.UNKNOWN], (), False, id="unknown"),
        pytest.param([Verdict.FRESH], ("x.py",), False, id="changed meanwhile"),
    ],
)
def test_outcome(verdicts: list[Verdict], changed: tuple[str, ...], expected: bool) -> None:
    outcome = Outcome(tuple((place_of(v), None) for v in verdicts), changed=changed)
    assert outcome.fresh == expected
    assert (outcome.installed, outcome.built, outcome.restored) == (True, True, False)


def test_what_is_fresh_is_not_installed_again(project: Project) -> None:
    install_files(make_environment(project.root / ".venv", VENV), SOURCES, commands=COMMANDS)
    task = task_of(project)
    built = remember(task.builder, project, project.root.parent)
    outcome = fresh(task)
    ((place, reference),) = outcome.places
    assert (place.verdict, reference) == (Verdict.FRESH, built)
    assert (outcome.installed, outcome.built, outcome.fresh) == (False, False, True)


@pytest.mark.parametrize("state", ["stale", "nothing", "unknown", "a member"])
def test_what_is_not_fresh_is_built(state: str, project: Project) -> None:
    """Where nothing can be built, that is where it ends; what is installed stays."""
    environment = make_environment(project.root / ".venv", VENV)
    task = task_of(project._replace(build_backend="uv_build"), code=1)
    if state != "nothing":
        install_files(environment, SOURCES, commands=COMMANDS)
    if state in ("stale", "a member"):
        remember(task.builder, project, project.root.parent)
    if state == "stale":
        build_file_tree(project.root, {"src/demo/cli.py": "edited"})
    if state == "a member":
        member = make_project(project.root.parent / "m", name=canonicalize_name("member"))
        needs = {"requirements": requirements("member"), "beside": {member.name: member.root}}
        owner = task.project._replace(**needs)  # type: ignore[arg-type]
        task = task._replace(project=owner, read=lambda _: member)
    with pytest.raises(NeverstaleError, match="the build failed"):
        fresh(task)


def test_an_install_is_built_in_any_case(project: Project) -> None:
    install_files(make_environment(project.root / ".venv", VENV), SOURCES, commands=COMMANDS)
    task = task_of(project._replace(build_backend="uv_build"), code=1)
    remember(task.builder, task.project, project.root.parent)
    build_file_tree(project.root, {"build/lib/x.py": ""})
    with pytest.raises(NeverstaleError, match="the build failed"):
        install(task)
    assert not (project.root / "build").exists(), "it is cleaned before"


def test_what_speaks_against_an_install_is_said_before_a_build(
    world: Path, project: Project
) -> None:
    sourced = project._replace(sourced=("dep",))
    with pytest.raises(NeverstaleError, match="says where dep is"):
        install(task_of(sourced))
    build_file_tree(world, {"commands/demo": ""})
    with pytest.raises(NeverstaleError, match="would overwrite"):
        install(task_of(project._replace(target="tool")))
    with pytest.raises(NeverstaleError, match="would overwrite"):
        install_editable(task_of(project._replace(target="tool", build_backend="maturin")))
    bare = project._replace(target="tool", build_backend="maturin", likely_commands={})
    with pytest.raises(NeverstaleError, match="declares no command"):
        install_editable(task_of(bare))


def steps_of_install(
    project: Project, monkeypatch: pytest.MonkeyPatch, done: Callable[[], None]
) -> tuple[Task, list[str]]:
    """Replace the build and the install of a task by values; return it, and what was called."""
    task, called = task_of(project), list[str]()
    archive = make_wheel(project.root.parent / "made", SOURCES, commands=COMMANDS)
    built = built_of(archive, {"python": "3.12", "file src/demo/cli.py": "as it was"})

    def build(*_: object) -> tuple[list[Any], list[Cleaned]]:
        called.append("build")
        return [built], [Cleaned((), ())]

    def install_built(*_: object) -> None:
        called.append("install")
        done()

    monkeypatch.setattr(workflows, "_build", build)
    monkeypatch.setattr(workflows, "install_built", install_built)
    return task, called


def test_an_install(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = make_environment(project.root / ".venv", VENV)

    def done() -> None:
        install_files(environment, SOURCES, commands=COMMANDS)

    task, called = steps_of_install(project, monkeypatch, done)
    outcome = install(task)
    assert called == ["build", "install"]
    assert [place.verdict for place, _ in outcome.places] == [Verdict.FRESH]
    assert outcome.changed == ("src/demo/cli.py",), "the Python it was built for is no change"
    assert (outcome.fresh, outcome.installed, outcome.built) == (False, True, True)
    assert (outcome.restored, len(outcome.cleaned)) == (False, 1)
    again = fresh(task)
    assert called == ["build", "install", "build"], "the build is the same"
    assert (again.installed, again.built, again.fresh, len(again.cleaned)) == (False, True, True, 1)
    (site_of(environment) / "demo/cli.py").unlink()
    assert fresh(task).installed
    assert called[3:] == ["build", "install"]


@pytest.mark.parametrize(
    ("commands", "message"),
    [({}, "declares no command"), (COMMANDS, "would overwrite")],
    ids=["none", "somebody's"],
)
def test_commands_that_only_a_build_tells(
    commands: dict[str, str], message: str, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_file_tree(project.root.parent, {"commands/demo": ""})
    dynamic = project._replace(target="tool", commands=None, likely_commands=None)
    task, called = steps_of_install(dynamic, monkeypatch, lambda: None)
    built = built_of(make_wheel(project.root.parent / "other", SOURCES, commands=commands))
    monkeypatch.setattr(workflows, "_build", lambda *_: ([built], []))
    with pytest.raises(NeverstaleError, match=message):
        install(task)
    assert called == [], "it is refused before anything is installed"


def test_what_a_killed_install_left_is_put_back_first(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = make_environment(project.root / ".venv", VENV)
    left = {".neverstale-swap/journal.json": '{"demo": []}'}
    build_file_tree(environment.prefix, {**left, ".neverstale-swap/old/demo/share/x": ""})
    task, _ = steps_of_install(project, monkeypatch, lambda: None)
    assert install(task).restored
    assert (environment.prefix / "share/x").exists()


def test_look(project: Project) -> None:
    environment = make_environment(project.root / ".venv", VENV)
    built = built_of(make_wheel(project.root.parent, SOURCES, commands=COMMANDS))
    assert look(project, environment, built).verdict is Verdict.NOT_INSTALLED
    build_file_tree(site_of(environment), {"demo/x.py": ""})
    assert look(project, environment, built).verdict is Verdict.DAMAGED
    install_files(environment, SOURCES, commands=COMMANDS)
    (site_of(environment) / "demo/x.py").unlink()
    assert look(project, environment, built).verdict is Verdict.FRESH
    assert look(project, environment, None).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("compiled", [True, False])
def test_an_editable_install(
    compiled: bool, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = make_environment(project.root / ".venv", VENV)
    pointer = {"demo.pth": f"{project.root}/src\n"}
    called: list[object] = []

    def install_pointer(*given: object) -> None:
        called.append(given[-2])
        origin = {**EDITABLE, "url": project.root.as_uri()}
        install_files(environment, pointer, commands=COMMANDS, origin=origin)

    monkeypatch.setattr(workflows, "install_pointer", install_pointer)
    if compiled:
        project = project._replace(text="ext-modules")
    task = task_of(project)
    if not compiled:
        remember(task.builder, project, project.root.parent, pointer, kind="editable")
    build_file_tree(project.root, {"src/demo/__pycache__/gone.cpython-312.pyc": ""})
    outcome = install_editable(task)
    ((place, built),) = outcome.places
    assert (place.verdict, place.reason) == (Verdict.EDITABLE, "")
    assert outcome.fresh
    assert (built is None) == compiled
    assert not (project.root / "src/demo/__pycache__").exists()
    (reuse,) = called
    assert isinstance(reuse, Reuse)
    assert ("DIST_EXTRA_CONFIG" in reuse.environment) == compiled
    assert (task.builder.store.folder / STAMP).exists() == compiled


def test_an_editable_build_that_fails_costs_nothing(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise NeverstaleError("the build failed", hint="")

    monkeypatch.setattr(workflows, "reference_for", fails)
    monkeypatch.setattr(workflows, "install_pointer", fail)
    build_file_tree(project.root, {"src/demo/__pycache__/gone.cpython-312.pyc": ""})
    with pytest.raises(NeverstaleError, match="the build failed"):
        install_editable(task_of(project))
    assert (project.root / "src/demo/__pycache__").exists()


def test_what_is_not_installed_is_not_removed(world: Path, project: Project) -> None:
    make_environment(project.root / ".venv", VENV)
    assert uninstall(task_of(project)) == "demo is not installed (.venv)"
    tool = project._replace(target="tool")
    assert uninstall(task_of(tool)) == "demo is not installed (uv tool)"
    assert not (world / "tools/demo").exists()


@pytest.mark.parametrize("target", ["venv", "tool"])
def test_uninstall(target: str, world: Path, project: Project) -> None:
    prefix = world / "tools/demo" if target == "tool" else project.root / ".venv"
    environment = make_environment(prefix)
    install_files(environment, SOURCES)
    build_file_tree(site_of(environment), {"demo/added.py": ""})
    place = "uv tool" if target == "tool" else ".venv"
    own = project._replace(target=target)
    assert uninstall(task_of(own, code=0)) == f"Removed demo ({place})"
    assert not (site_of(environment) / "demo/added.py").exists()


def test_a_tool_that_cannot_be_removed(world: Path, project: Project) -> None:
    environment = make_environment(world / "tools/demo")
    install_files(environment, SOURCES)
    with pytest.raises(NeverstaleError, match="demo could not be removed") as caught:
        uninstall(task_of(project._replace(target="tool"), code=2))
    assert caught.value.details == "its words"


def test_what_removes_a_tool(world: Path, project: Project) -> None:
    environment = make_environment(world / "tools/demo")
    install_files(environment, SOURCES)
    echo = world / "echo"
    echo.write_text('#!/bin/sh\necho "$@"\nexit 1\n', encoding="utf-8")
    echo.chmod(0o755)
    builder = make_builder(project.root, world / "store", lambda _: None, str(echo))
    with pytest.raises(NeverstaleError) as caught:
        uninstall(Task(project._replace(target="tool"), builder, fail))
    assert caught.value.details == "tool uninstall demo\n"


def test_uninstall_of_pipx(world: Path, project: Project) -> None:
    prefix = make_environment(world / "venvs/demo").prefix
    build_file_tree(prefix, {"pipx_metadata.json": ""})
    task = task_of(project, target=str(prefix))
    with pytest.raises(NeverstaleError, match="pipx is not on PATH"):
        uninstall(task)
    make_program(world / "commands/pipx", 0)
    assert uninstall(task) == "Removed demo (pipx)"


@pytest.mark.parametrize(
    ("arguments", "commands", "expected"),
    [
        (["x", "y"], COMMANDS, ["x", "y"]),
        ([], COMMANDS, ["demo"]),
        ([], {"a": "", "b": ""}, None),
        (["a"], {"a": "", "b": ""}, ["a"]),
        ([], {}, None),
        ([], None, None),
        (["x"], None, ["x"]),
    ],
)
def test_which_command_is_run(
    arguments: list[str], commands: dict[str, str] | None, expected: list[str] | None
) -> None:
    project = PROJECT._replace(likely_commands=commands)
    if expected is None:
        with pytest.raises(NeverstaleError, match="run what") as caught:
            command_or_default(arguments, project, "run")
        assert caught.value.message.endswith(f"declares {len(commands or ())} commands")
    else:
        assert command_or_default(arguments, project, "run") == expected


def test_a_sync(project: Project) -> None:
    said: list[str] = []
    environment = make_environment(project.root / ".venv", VENV)
    build_file_tree(project.root, {"src/demo/__pycache__/gone.cpython-312.pyc": ""})
    synced = sync_environment(task_of(project, code=0, said=said), "--frozen")
    assert (synced.code, synced.due) == (0, ())
    assert said == ["ends-0 sync --frozen"]
    assert not (project.root / "src/demo/__pycache__").exists()
    said.clear()
    assert sync_environment(task_of(project, said=said), always=False).code == 0
    assert said == [], "what is current need not be synced"
    (project.root.parent / "store" / MARK).touch()
    sync_environment(task_of(project, code=0, said=said), always=False)
    assert said == ["ends-0 sync"], "the last one did not end well"
    with pytest.raises(Failed) as caught:
        sync_environment(task_of(project, code=3))
    assert caught.value.code == 3
    assert environment.prefix.exists()


def test_a_sync_of_what_uv_takes_for_current(project: Project) -> None:
    said: list[str] = []
    environment = make_environment(project.root / ".venv", VENV)
    origin = {**EDITABLE, "url": project.root.as_uri()}
    pointer = {"demo.pth": f"{project.root}/src\n"}
    install_files(environment, pointer, commands={"old": "demo:old"}, origin=origin)
    task = task_of(project, code=0, said=said)
    remember(task.builder, project, project.root.parent, pointer, kind="editable")
    synced = sync_environment(task, always=False)
    assert said == ["ends-0 sync --reinstall-package demo"]
    assert synced.due == ("demo",)
    assert sync_environment(task).due == (), "uv has made this of these sources"


@pytest.mark.parametrize(
    ("arguments", "there"),
    [((), False), (("--quiet", "--inexact"), False), (("--no-install-project",), True)],
)
def test_a_copy_is_out_of_its_place_while_uv_replaces_it(
    arguments: tuple[str, ...], there: bool, project: Project
) -> None:
    """uv would remove it file by file; but with some options it may leave it as it is."""
    environment = make_environment(project.root / ".venv", VENV)
    install_files(environment, SOURCES)
    module, seen = site_of(environment) / "demo/cli.py", project.root.parent / "seen"
    pointer = {"demo.pth": f"{project.root}/src\n"}
    task = task_of(project, code=0)
    look = f"#!/bin/sh\ntest -e '{module}' && : > '{seen}'\nexit 1\n"
    Path(task.uv.executable).write_text(look, encoding="utf-8")
    remember(task.builder, project, project.root.parent, pointer, kind="editable")
    with pytest.raises(Failed):
        sync_environment(task, *arguments)
    assert seen.exists() == there
    assert module.exists()


def test_a_sync_of_what_is_compiled(project: Project) -> None:
    said: list[str] = []
    make_environment(project.root / ".venv", VENV)
    compiled = project._replace(text="ext-modules")
    task = task_of(compiled, code=0, said=said)
    synced = sync_environment(task, "--quiet")
    assert [line.partition(" ")[0].partition("=")[0] for line in said] == ["DIST_EXTRA_CONFIG"]
    assert said[0].endswith(" ends-0 sync --reinstall-package demo --quiet")
    assert synced.due == ("demo",)
    assert sync_environment(task).due == ()
    build_file_tree(project.root, {"src/lib.rs": ""})
    with pytest.raises(Failed):
        sync_environment(task_of(compiled, code=1))
    assert sync_environment(task).due == ("demo",), "what failed is due again"


def test_a_project_under_its_former_name_is_removed(project: Project) -> None:
    said: list[str] = []
    environment = make_environment(project.root / ".venv", VENV)
    install_files(environment, {}, "old", origin={"url": project.root.as_uri()})
    sync_environment(task_of(project, code=0, said=said), always=False)
    assert said == []
    assert read_installed(environment, canonicalize_name("old")) is None


def test_what_is_due_is_prepared(project: Project) -> None:
    task = task_of(project)
    task.builder.store.make()
    build_file_tree(project.root, {"build/lib/x.py": ""})
    reuse = Reuse({"A": "b"}, {"--x": "y"})
    told, cleaned = for_due([Due(project)], task.builder, reuse)
    assert told == reuse
    assert [len(each.removed) for each in cleaned] == [1]
    assert not (task.builder.store.folder / STAMP).exists()
    sources = read_sources(project)
    told, _ = for_due([Due(project, sources)], task.builder, reuse)
    assert set(told.environment) == {"A", "DIST_EXTRA_CONFIG"}
    assert told.settings == reuse.settings
    first = (task.builder.store.folder / STAMP).read_text("utf-8")
    for_due([Due(project, sources)], task.builder, reuse)
    assert (task.builder.store.folder / STAMP).read_text("utf-8") != first
    assert for_due([], task.builder, Reuse()) == (Reuse(), [])


def test_wheels(project: Project) -> None:
    task = task_of(project)
    built = remember(task.builder, project, project.root.parent)
    assert wheels_of(task, []) == {project.name: built.archive}
    with pytest.raises(NeverstaleError, match="says where x is"):
        wheels_of(task_of(project._replace(sourced=("x",))), [])
    built.archive.write_bytes(b"torn")
    native = task_of(project._replace(build_backend="uv_build"), code=1)
    build_file_tree(project.root, {"build/lib/x.py": ""})
    with pytest.raises(NeverstaleError, match="the build failed"):
        wheels_of(native, [])
    assert not (project.root / "build").exists(), "it is cleaned before a build"


def test_a_run_from_the_sources(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[tuple[list[str], Path]] = []

    def become(command: list[str], folder: Path, _: object) -> int:
        ran.append((command, folder))
        return 7

    monkeypatch.setattr(running, "become", become)
    task = task_of(project)
    assert running.run(task, []) == 7
    assert ran == [(["/no/uv", "run", "demo"], project.root)]
    make_environment(project.root / ".venv", VENV)
    assert running.run(task, ["other", "-x"]) == 7
    assert ran[1][0] == ["/no/uv", "run", "other", "-x"]
    bare = project._replace(has_table=False)
    remember(task.builder, bare, project.root.parent, {"demo.pth": ""}, kind="editable")
    running.run(task_of(bare), [])
    start = ["/no/uv", "run", "--isolated", "--no-project"]
    assert ran[2][0] == [*start, "--with-editable", at_path(project.name, project.root), "demo"]
    with pytest.raises(NeverstaleError, match="run what"):
        running.run(task_of(project._replace(likely_commands={})), [])


def test_a_run_of_scripts_that_are_copied(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[list[str]] = []
    monkeypatch.setattr(running, "become", lambda command, *_: ran.append(command))
    bare = project._replace(has_table=False)
    task = task_of(bare)
    script = {"demo-1.0.data/scripts/tool": "#!/bin/sh\n"}
    remember(task.builder, bare, project.root.parent, script, kind="editable")
    built = remember(task.builder, bare, project.root.parent)
    running.run(task, [])
    assert ran[0][4:] == ["--with", at_path(project.name, built.archive), "demo"]


def test_a_run_from_a_wheel(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[list[str]] = []
    monkeypatch.setattr(running, "become", lambda command, *_: ran.append(command))
    monkeypatch.setenv("PYTHONSAFEPATH", "")
    task = task_of(project)
    built = remember(task.builder, project, project.root.parent)
    running.run_wheel(task, ["demo", "-x"])
    (command,) = ran
    assert command[:4] == ["/no/uv", "run", "--isolated", "--no-project"]
    assert command[4] == "--python"
    assert command[6:] == ["--with", at_path(project.name, built.archive), "demo", "-x"]
    monkeypatch.setenv("UV_PYTHON", "")
    running.run_wheel(task, [])
    assert ran[1][4:6] == ["--python", ">=3.10"]
    assert os.environ["PYTHONSAFEPATH"] == "1"

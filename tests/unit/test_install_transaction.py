"""An install as one transaction: what is refused, what is passed on, what is put back."""

import os
import shlex
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from support.tree import build_file_tree
from unit.made_up import (
    DEMO,
    EDITABLE,
    INFO,
    PROJECT,
    SOURCES,
    be_alone,
    built_of,
    install_files,
    links_in,
    make_environment,
    make_program,
    make_wheel,
    nobody_waits,
    site_of,
    tree,
)

from neverstale.environments.environment import OTHER, PIPX, TOOL, VENV, Environment
from neverstale.environments.installed import read_installed
from neverstale.errors import NeverstaleError
from neverstale.install import transaction
from neverstale.install.task import refuse_sources
from neverstale.install.tool import Copies
from neverstale.install.transaction import (
    find_pipx,
    held_alone,
    install_built,
    install_pointer,
    is_tool_of,
    make_removable,
    recover,
    refuse_foreign_commands,
    refuse_useless_tool,
    replacing,
)
from neverstale.process import Uv
from neverstale.project.requirements import at_path
from neverstale.wheels.build_cache import Reuse
from neverstale.wheels.store import Store

COMMANDS = {"demo": "demo.cli:main"}


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "a größe"
    be_alone(monkeypatch, folder)
    return folder


@pytest.fixture
def tool(world: Path) -> Environment:
    return make_environment(world / "tools/demo", TOOL, commands=world / "commands")


@pytest.mark.parametrize(
    ("place", "name", "expected"),
    [(TOOL, "demo", True), (TOOL, "other", False), (VENV, "demo", False), (PIPX, "demo", False)],
)
def test_is_tool_of(place: str, name: str, expected: bool) -> None:
    assert is_tool_of(PROJECT, Environment(place, Path("/x") / name, Path("/x"))) == expected


def test_a_tool_needs_a_command() -> None:
    tool = Environment(TOOL, Path("/x"), Path("/x"))
    with pytest.raises(NeverstaleError, match="declares no command"):
        refuse_useless_tool(tool, {})
    with pytest.raises(NeverstaleError, match=r"no command, so it cannot be a uv tool\Z"):
        refuse_useless_tool(tool, [""])
    refuse_useless_tool(tool, COMMANDS)
    refuse_useless_tool(Environment(VENV, Path("/x"), Path("/x")), {})


def test_sources_that_a_wheel_cannot_name() -> None:
    refuse_sources(PROJECT)
    with pytest.raises(NeverstaleError, match=r"says where a, b is; a wheel cannot\Z") as raised:
        refuse_sources(PROJECT._replace(sourced=("a", "b")))
    assert raised.value.hint.endswith("or require it as `NAME @ URL`")


def refused(tool: Environment, commands: Iterable[str]) -> str:
    try:
        refuse_foreign_commands(tool, commands)
    except NeverstaleError as error:
        return error.message
    return ""


def test_commands_of_its_own_are_replaced(tool: Environment) -> None:
    assert refused(tool, ["demo", "new"]) == ""
    (tool.commands_folder / "demo").symlink_to(tool.scripts / "demo")
    name = Copies(tool, Path()).name
    (tool.commands_folder / "new").symlink_to(f"/store/{name}-1/running/new")
    assert refused(tool, ["demo", "new"]) == ""


@pytest.mark.parametrize(
    ("target", "owner"),
    [
        (None, "(a file that uv did not put there)"),
        ("/gone/demo", "(a file that uv did not put there)"),
        ("{tools}/other/bin/demo", "(a command of the uv tool other)"),
        ("../tools/other/bin/demo", "(a command of the uv tool other)"),
    ],
)
def test_commands_of_others_are_not_replaced(
    target: str | None, owner: str, tool: Environment
) -> None:
    path = tool.commands_folder / "demo"
    if target is None:
        path.touch()
    else:
        (tool.prefix.parent / "other/bin").mkdir(parents=True)
        path.symlink_to(target.format(tools=tool.prefix.parent))
    assert refused(tool, ["demo"]) == f"not installed, because it would overwrite {path} {owner}"
    assert refused(tool, ["other"]) == ""
    own = Environment(OTHER, tool.prefix, tool.scripts)
    (tool.scripts / "demo").touch()
    assert refused(own, ["demo"]) == ""


def test_all_commands_of_others_are_named(tool: Environment) -> None:
    for name in "ab":
        (tool.commands_folder / name).touch()
    assert refused(tool, ["b", "a"]).partition("overwrite ")[2].count("; ") == 1


@pytest.mark.parametrize(
    ("place", "runs", "hint"),
    [
        (OTHER, True, None),
        (OTHER, False, "create the environment again"),
        (VENV, False, "run `dev`, which creates the environment again"),
    ],
)
def test_an_environment_that_no_install_repairs(
    place: str, runs: bool, hint: str | None, tmp_path: Path
) -> None:
    environment = make_environment(tmp_path / "env", place, runs=runs)
    if hint is None:
        transaction._refuse_broken(environment)  # noqa: SLF001
        return
    with pytest.raises(NeverstaleError, match=r"the interpreter of .*env is missing") as caught:
        transaction._refuse_broken(environment)  # noqa: SLF001
    assert caught.value.hint.startswith(hint)
    (environment.prefix / "pyvenv.cfg").unlink()
    transaction._refuse_broken(environment)  # noqa: SLF001


def test_pipx_is_found_on_path(world: Path) -> None:
    with pytest.raises(NeverstaleError, match="pipx is not on PATH"):
        find_pipx()
    make_program(world / "commands/pipx", 0)
    assert find_pipx() == str(world / "commands/pipx")


def test_what_pipx_is_to_take_from_this_machine(tmp_path: Path) -> None:
    store = Store(tmp_path / "a b")
    assert transaction._constrained(store, {}) == []  # noqa: SLF001
    store.make()
    wheel = tmp_path / "größe.whl"
    (option,) = transaction._constrained(store, {DEMO: wheel})  # noqa: SLF001
    assert option == f"--pip-args=--constraint '{store.folder}/constraints.txt'"
    text = (store.folder / "constraints.txt").read_text("utf-8")
    assert text == f"demo @ {wheel.as_uri()}\n"


def test_what_an_uninstall_takes(tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "w/env")
    site = site_of(environment)
    build_file_tree(tmp_path, {"w/outside.txt": "", "away/x": ""})
    install_files(environment, SOURCES, rows=["../../../../outside.txt,,", "../../../share/x,,"])
    build_file_tree(site, {"demo/added.py": "", "other.py": ""})
    (site / "demo/link").symlink_to(tmp_path / "away")
    make_removable(DEMO, environment)
    assert not (site / "demo/added.py").exists()
    assert not (site / "demo/link").is_symlink()
    assert (tmp_path / "away/x").exists()
    assert (site / "other.py").exists()
    record = (site / INFO / "RECORD").read_text("utf-8")
    assert "outside.txt" not in record
    assert "../../../share/x" in record
    installed = read_installed(environment, DEMO)
    assert installed
    assert not installed.outside
    assert not installed.unrecorded
    assert not installed.altered


def test_a_row_that_leads_out_in_full(tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "env")
    site = site_of(environment)
    build_file_tree(tmp_path, {"away/a": "mine"})
    (site / "lnk").symlink_to(tmp_path / "away")
    install_files(environment, SOURCES, rows=[f"{site}/lnk/a,,"])
    make_removable(DEMO, environment)
    assert "lnk" not in (site / INFO / "RECORD").read_text("utf-8")


def test_what_needs_no_change_is_not_written(tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "env")
    make_removable(DEMO, environment)
    make_removable(DEMO, Environment(OTHER, tmp_path / "gone", tmp_path))
    record = install_files(environment, SOURCES) / "RECORD"
    inode = record.stat().st_ino
    make_removable(DEMO, environment)
    assert record.stat().st_ino == inode
    (record.parent / "METADATA").unlink()
    build_file_tree(site_of(environment), {"demo/added.py": ""})
    make_removable(DEMO, environment)
    assert (site_of(environment) / "demo/added.py").exists()


def test_of_an_editable_install_nothing_is_removed(tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "env")
    install_files(environment, SOURCES, origin=EDITABLE)
    build_file_tree(site_of(environment), {"demo/added.py": ""})
    make_removable(DEMO, environment)
    assert (site_of(environment) / "demo/added.py").exists()


@pytest.mark.parametrize("place", [TOOL, PIPX, VENV])
def test_another_install_is_kept_from_an_environment(place: str, tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "envs" / "demo", place)
    with held_alone(environment, nobody_waits), held_alone(environment, nobody_waits):
        waited: list[int] = []

        def wait() -> None:
            waited.append(1)
            raise TimeoutError

        def enter() -> None:
            with held_alone(environment, wait):
                pass

        with ThreadPoolExecutor(1) as another, pytest.raises(TimeoutError):
            another.submit(enter).result()
        assert waited == [1]
        other = make_environment(tmp_path / "envs" / "other", place)
        with held_alone(other, nobody_waits):
            pass
    # pipx holds `.demo.lock`, and beside a project's .venv nothing is to appear.
    lock = {True: "demo/.neverstale.lock", False: ".demo.neverstale.lock"}[place == VENV]
    assert (tmp_path / "envs" / lock).exists()
    assert place != VENV or not list((tmp_path / "envs").glob(".*"))


def test_an_environment_that_is_not_there_is_not_held(tmp_path: Path) -> None:
    with held_alone(Environment(VENV, tmp_path / "gone", tmp_path), nobody_waits):
        assert not (tmp_path / "gone").exists()


@pytest.mark.parametrize("place", [TOOL, PIPX])
def test_a_tool_is_put_back_where_its_replacement_fails(place: str, world: Path) -> None:
    tool = make_environment(world / "tools/demo", place, commands=world / "commands")
    install_files(tool, SOURCES, commands=COMMANDS)
    before, store = tree(tool.prefix), Store(world / "store")
    store.make()
    with pytest.raises(RuntimeError), replacing(tool, store):  # noqa: PT012
        assert len(list((store.folder / "aside").iterdir())) == 1
        (site_of(tool) / "demo/cli.py").unlink()
        raise RuntimeError
    assert tree(tool.prefix) == before


def test_an_environment_is_not_copied(tmp_path: Path) -> None:
    environment, store = make_environment(tmp_path / "env", VENV), Store(tmp_path / "store")
    with pytest.raises(RuntimeError), replacing(environment, store):  # noqa: PT012
        build_file_tree(environment.prefix, {"new": ""})
        raise RuntimeError
    assert (environment.prefix / "new").exists()
    assert not store.folder.exists()


def test_recover(tool: Environment, world: Path) -> None:
    store = Store(world / "store")
    assert not recover(PROJECT, tool, store)
    install_files(tool, SOURCES, commands=COMMANDS)
    copies = Copies(tool, store.folder / "aside")
    build_file_tree(copies.new(), {"complete": "", ".venv/x": "", "commands/": ""})
    assert recover(PROJECT, tool, store)
    assert tree(tool.prefix) == {"x": ""}
    build_file_tree(site_of(make_environment(world / "b/demo", VENV)), {})
    other = Environment(VENV, world / "b/demo", world / "b/demo/bin")
    build_file_tree(
        other.prefix,
        {".neverstale-swap/journal.json": '{"demo": []}'},
    )
    build_file_tree(other.prefix, {".neverstale-swap/old/demo/share/x": "old"})
    assert recover(PROJECT, other, store)
    assert (other.prefix / "share/x").read_text("utf-8") == "old"


def program(folder: Path, code: int, said: list[str]) -> Uv:
    return Uv(make_program(folder / f"ends-{code}", code, "its own words"), folder, said.append)


def test_how_a_tool_is_installed(tool: Environment, world: Path) -> None:
    said: list[str] = []
    wheels = [make_wheel(world / "dist", SOURCES), make_wheel(world / "dist", {}, "member")]
    for wheel in wheels:
        os.utime(wheel, (1, 1))
    built, store = [built_of(wheel) for wheel in wheels], Store(world / "store")
    install_files(tool, SOURCES)
    build_file_tree(site_of(tool), {"demo/added.py": ""})
    install_built(program(world, 0, said), PROJECT._replace(root=world), tool, built, store)
    (line,) = said
    names = ("demo", "member")
    own, member = (
        f"'{at_path(canonicalize_name(n), w)}'" for n, w in zip(names, wheels, strict=True)
    )
    python = f"--python '{tool.interpreter}'"
    assert line == (
        f"uv tool install --force {python} --reinstall-package demo --with {member} {own}"
    )
    assert not (site_of(tool) / "demo/added.py").exists()
    assert all(wheel.stat().st_mtime > 1 for wheel in wheels), "a newer wheel is read again"


def test_a_tool_that_uv_cannot_install(tool: Environment, world: Path) -> None:
    built = [built_of(make_wheel(world / "dist", SOURCES))]
    with pytest.raises(NeverstaleError, match="the install failed; what was installed") as caught:
        install_built(program(world, 2, []), PROJECT, tool, built, Store(world / "store"))
    assert caught.value.details == "its own words"


def test_pipx_installs_its_own_application(world: Path) -> None:
    environment = make_environment(world / "venvs/demo", PIPX, commands=world / "commands")
    built, store = [built_of(make_wheel(world / "dist", SOURCES))], Store(world / "store")
    arguments = world / "arguments"
    pipx = world / "commands/pipx"
    pipx.write_text(f'#!/bin/sh\necho "$@" > "{arguments}"\n', encoding="utf-8")
    pipx.chmod(0o755)
    uv = Uv("/no/uv", world, print)
    install_built(uv, PROJECT, environment, built, store)
    assert arguments.read_text("utf-8") == f"install --force {built[0].archive}\n"
    install_pointer(uv, PROJECT, environment, Reuse({}, {"--x": "y"}))
    assert arguments.read_text("utf-8") == "install --force --editable /project\n"


def test_an_environment_without_an_interpreter_is_not_installed_into(tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "env", OTHER, runs=False)
    uv, store = Uv("/no/uv", tmp_path, print), Store(tmp_path / "store")
    built = [built_of(make_wheel(tmp_path, SOURCES))]
    with pytest.raises(NeverstaleError, match=r"interpreter of .* is missing"):
        install_built(uv, PROJECT, environment, built, store)
    with pytest.raises(NeverstaleError, match=r"interpreter of .* is missing"):
        install_pointer(uv, PROJECT, environment, Reuse())


@pytest.mark.parametrize("there", [True, False])
def test_how_an_editable_install_is_made(there: bool, tmp_path: Path) -> None:
    said: list[str] = []
    prefix = tmp_path / "env"
    environment = make_environment(prefix) if there else Environment(OTHER, prefix, prefix / "bin")
    reuse = Reuse({"A": "b"}, {"--no-build-isolation-package": "demo"})
    names = map(canonicalize_name, ("demo", "beside"))
    install_pointer(program(tmp_path, 0, said), PROJECT, environment, reuse, names)
    start = f"uv pip install --python {shlex.quote(str(prefix))} --reinstall-package demo"
    more = "--no-build-isolation-package demo --reinstall-package beside"
    assert said == [f"{start} --editable 'demo @ file:///project' {more}"]
    with pytest.raises(NeverstaleError, match="the install failed"):
        install_pointer(program(tmp_path, 1, said), PROJECT, environment, reuse)
    assert len(said) == (2 if there else 1), "an environment that cannot be made is the end"


def test_an_editable_tool(tool: Environment, world: Path) -> None:
    said: list[str] = []
    project = PROJECT._replace(root=world)
    install_pointer(program(world, 0, said), project, tool, Reuse())
    start = f"uv tool install --force --python '{tool.interpreter}' --reinstall-package demo"
    assert said == [f"{start} --editable 'demo @ {world.as_uri()}'"]


def test_commands_that_uv_removes_are_put_back_at_once(tool: Environment) -> None:
    path, gone = tool.commands_folder / "demo", tool.commands_folder / "gone"
    build_file_tree(tool.scripts, {"demo": ""})
    path.symlink_to(tool.scripts / "demo")
    gone.symlink_to(tool.scripts / "gone")
    before = links_in(tool.commands_folder)
    with transaction._kept_running(tool):  # noqa: SLF001
        for each in (path, gone):
            each.unlink()
        for _ in range(2000):
            if path.is_symlink():
                break
            threading.Event().wait(0.001)
    assert links_in(tool.commands_folder) == {"demo": before["demo"]}


def test_where_there_are_no_commands_nothing_is_watched(tmp_path: Path) -> None:
    tool = Environment(TOOL, tmp_path / "tools/demo", tmp_path / "commands")
    before = threading.active_count()
    with transaction._kept_running(tool):  # noqa: SLF001
        assert threading.active_count() == before

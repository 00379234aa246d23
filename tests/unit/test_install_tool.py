"""A tool that is replaced: a copy is kept, and put back where the new one is not whole."""

import os
import shutil
from pathlib import Path

import pytest
from support.tree import build_file_tree
from unit.made_up import (
    DEMO,
    PROJECT,
    SOURCES,
    install_files,
    links_in,
    make_environment,
    site_of,
    tree,
)

from neverstale.environments.environment import OTHER, TOOL, Environment
from neverstale.install import tool as module
from neverstale.install.standins import stand_in
from neverstale.install.tool import (
    COMPLETE,
    KEPT,
    Copies,
    let_go,
    put_back,
    recover,
    set_aside,
    without_commands,
)

COMMANDS = {"demo": "demo.cli:main"}


@pytest.fixture
def tool(tmp_path: Path) -> Environment:
    """A tool that offers its command."""
    commands = tmp_path / "commands"
    commands.mkdir()
    environment = make_environment(tmp_path / "tools/demo", TOOL, commands=commands)
    install_files(environment, SOURCES, commands=COMMANDS)
    (commands / "demo").symlink_to(environment.scripts / "demo")
    return environment


def copies_of(tool: Environment) -> Copies:
    return Copies(tool, tool.prefix.parents[1] / "store/aside")


def test_copies_are_named_by_the_environment(tool: Environment, tmp_path: Path) -> None:
    copies = copies_of(tool)
    assert copies.name == Copies(tool, tmp_path / "another store").name
    other = Environment(TOOL, tool.prefix, tmp_path)
    assert len({copies.name, Copies(other, tmp_path).name}) == 2
    assert len(copies.name) == 20
    assert copies.new().parent == copies.folder
    assert copies.new().name.startswith(f"{copies.name}-")


def test_which_copy_is_put_back(tool: Environment) -> None:
    copies = copies_of(tool)
    assert (copies.all(), copies.to_put_back()) == ([], None)
    folders = [copies.folder / f"{copies.name}-{number}" for number in (1, 2, 3)]
    for folder in folders:
        folder.mkdir(parents=True)
    (copies.folder / "other-4").mkdir()
    assert copies.all() == folders
    assert copies.to_put_back() is None
    for folder in folders[:2]:
        (folder / COMPLETE).touch()
    assert copies.to_put_back() == folders[1]


def test_while_it_is_replaced_commands_run_from_the_copy(tool: Environment) -> None:
    copies = copies_of(tool)
    before = tree(tool.prefix)
    with set_aside(copies):
        (aside,) = copies.all()
        assert (aside / COMPLETE).exists()
        assert tree(aside / KEPT) == before
        assert links_in(tool.commands_folder) == {"demo": str(aside / "running/demo")}
        assert links_in(aside / "commands") == {"demo": str(tool.scripts / "demo")}
        (tool.commands_folder / "demo").unlink()
        (tool.commands_folder / "demo").symlink_to(tool.scripts / "demo")
    assert copies.all() == [aside]
    assert not (aside / COMPLETE).exists()
    assert tree(aside / KEPT) == before


def test_older_copies_go_when_the_new_one_is_whole(tool: Environment) -> None:
    copies = copies_of(tool)
    old = copies.folder / f"{copies.name}-1"
    build_file_tree(old, {".venv/x": ""})
    with set_aside(copies):
        assert old in copies.all()
    assert old not in copies.all()


def test_a_command_that_is_no_longer_one_goes_with_the_copy(tool: Environment) -> None:
    """uv has replaced those that there are; a link to the copy is of one that is not."""
    with set_aside(copies_of(tool)):
        pass
    assert links_in(tool.commands_folder) == {}


def test_a_body_that_raises_is_undone(tool: Environment) -> None:
    copies, before = copies_of(tool), tree(tool.prefix)
    links = links_in(tool.commands_folder)
    with pytest.raises(KeyboardInterrupt), set_aside(copies):  # noqa: PT012
        shutil.rmtree(tool.prefix)
        build_file_tree(tool.prefix, {"bin/new": ""})
        (tool.commands_folder / "demo").unlink()
        (tool.commands_folder / "new").symlink_to(tool.scripts / "new")
        raise KeyboardInterrupt
    assert tree(tool.prefix) == before
    assert links_in(tool.commands_folder) == links
    assert copies.all() == []
    assert os.readlink(tool.scripts / "python").endswith("demo-base/bin/python")


def test_where_nothing_was_there_nothing_is_kept(tmp_path: Path) -> None:
    tool = Environment(TOOL, tmp_path / "tools/demo", tmp_path / "commands")
    copies = copies_of(tool)
    with pytest.raises(RuntimeError), set_aside(copies):
        raise RuntimeError
    assert copies.all() == []
    with set_aside(copies):
        pass
    assert copies.all() == []
    assert not tool.prefix.exists()


def make_copy(tool: Environment) -> Path:
    """Set the tool aside, and be killed."""
    copies = copies_of(tool)
    aside = copies.new()
    module._copy(copies, aside)  # noqa: SLF001
    stand_in(tool, aside, aside / KEPT)
    return aside


def test_put_back_where_nothing_was_touched(tool: Environment) -> None:
    links = links_in(tool.commands_folder)
    aside = make_copy(tool)
    inode = (site_of(tool) / "demo/cli.py").stat().st_ino
    prefix = tool.prefix.stat().st_ino
    assert not put_back(copies_of(tool), aside)
    assert tool.prefix.stat().st_ino == prefix
    assert (site_of(tool) / "demo/cli.py").stat().st_ino == inode
    assert links_in(tool.commands_folder) == links
    assert not aside.exists()


def test_bytecode_does_not_count(tool: Environment) -> None:
    aside = make_copy(tool)
    build_file_tree(site_of(tool), {"demo/__pycache__/x.pyc": ""})
    assert not put_back(copies_of(tool), aside)


@pytest.mark.parametrize("change", ["edited", "removed", "added", "link"])
def test_put_back_what_was_touched(change: str, tool: Environment) -> None:
    before, aside = tree(tool.prefix), make_copy(tool)
    path = site_of(tool) / "demo/cli.py"
    path.unlink()
    if change == "edited":
        path.write_text("other", encoding="utf-8")
    elif change == "link":
        path.symlink_to(aside / KEPT / "pyvenv.cfg")
    elif change == "added":
        shutil.copy2(aside / KEPT / path.relative_to(tool.prefix), path)
        path.with_name("more.py").touch()
    assert put_back(copies_of(tool), aside)
    assert tree(tool.prefix) == before


def test_a_copy_that_is_not_complete_is_not_put_back(tool: Environment) -> None:
    before, aside = tree(tool.prefix), make_copy(tool)
    (aside / COMPLETE).unlink()
    (aside / KEPT / "pyvenv.cfg").unlink()
    assert not put_back(copies_of(tool), aside)
    assert tree(tool.prefix) == before
    assert not aside.exists()


def test_commands_are_put_back(tool: Environment, tmp_path: Path) -> None:
    build_file_tree(tool.scripts, {"more": f"#!{tool.scripts}/python\n"})
    (tool.commands_folder / "more").symlink_to(tool.scripts / "more")
    links = links_in(tool.commands_folder)
    aside = make_copy(tool)
    (tool.commands_folder / "more").unlink()
    (tool.commands_folder / "new").symlink_to(tool.scripts / "new")
    (tool.commands_folder / "left").symlink_to(aside / "running/left")
    (tool.commands_folder / "stranger").symlink_to("/bin/sh")
    put_back(copies_of(tool), aside)
    assert links_in(tool.commands_folder) == {**links, "stranger": "/bin/sh"}
    aside = make_copy(tool)
    shutil.rmtree(tool.commands_folder)
    put_back(copies_of(tool), aside)
    assert links_in(tmp_path / "commands") == links


def test_a_folder_of_commands_that_is_the_environments_own(tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "env", OTHER)
    install_files(environment, SOURCES, commands=COMMANDS)
    before, copies = tree(environment.prefix), Copies(environment, tmp_path / "aside")
    with pytest.raises(RuntimeError), set_aside(copies):  # noqa: PT012
        (aside,) = copies.all()
        assert list((aside / "commands").iterdir()) == []
        (environment.scripts / "demo").unlink()
        raise RuntimeError
    assert tree(environment.prefix) == before


def test_let_go(tool: Environment) -> None:
    copies, aside = copies_of(tool), make_copy(tool)
    (tool.commands_folder / "stranger").symlink_to("/bin/sh")
    (tool.commands_folder / ".tmpZc9QAr").symlink_to(tool.scripts / "demo")  # uv was killed
    old = copies.folder / f"{copies.name}-0"
    old.mkdir()
    let_go(copies, aside, [old])
    assert links_in(tool.commands_folder) == {"stranger": "/bin/sh"}
    assert copies.all() == [aside]
    assert copies.to_put_back() is None
    let_go(copies, copies.folder / "gone", [])


def test_recover(tool: Environment) -> None:
    copies, before = copies_of(tool), tree(tool.prefix)
    assert not recover(PROJECT, copies)
    make_copy(tool)
    shutil.rmtree(tool.prefix)
    assert recover(PROJECT, copies)
    assert tree(tool.prefix) == before
    assert copies.all() == []


@pytest.mark.parametrize("state", ["whole", "no command", "damaged", "records gone"])
def test_what_is_whole_now_stays(state: str, tool: Environment) -> None:
    copies, aside = copies_of(tool), make_copy(tool)
    (tool.commands_folder / "demo").unlink()
    shutil.rmtree(tool.prefix)
    make_environment(tool.prefix, TOOL)
    info = install_files(tool, {**SOURCES, "demo/cli.py": "new"}, commands=COMMANDS)
    if state != "no command":
        (tool.commands_folder / "demo").symlink_to(tool.scripts / "demo")
    if state == "damaged":
        build_file_tree(site_of(tool), {"demo/cli.py": "torn"})
    elif state == "records gone":
        (info / "RECORD").unlink()
    assert recover(PROJECT, copies) == (state != "whole")
    text = (site_of(tool) / "demo/cli.py").read_text("utf-8")
    assert text == ("new" if state == "whole" else SOURCES["demo/cli.py"])
    assert aside.exists() == (state == "whole")
    assert copies.to_put_back() is None
    assert links_in(tool.commands_folder) == {"demo": str(tool.scripts / "demo")}


def test_a_tree_is_copied_with_its_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build_file_tree(tmp_path, {"a/deep/x": "x", "a/empty/": ""})
    for name, target in {"file": "deep/x", "folder": "deep", "gone": "/gone"}.items():
        (tmp_path / "a" / name).symlink_to(target)

    def same(copy: str) -> None:
        assert links_in(tmp_path / copy) == links_in(tmp_path / "a")
        assert (tmp_path / copy / "deep/x").read_text("utf-8") == "x"
        assert (tmp_path / copy / "empty").is_dir()

    module._link_tree(tmp_path / "a", tmp_path / "b")  # noqa: SLF001
    same("b")
    assert (tmp_path / "a/deep/x").samefile(tmp_path / "b/deep/x")

    def fail(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", fail)
    module._link_tree(tmp_path / "a", tmp_path / "c")  # noqa: SLF001
    same("c")
    assert not (tmp_path / "a/deep/x").samefile(tmp_path / "c/deep/x")
    stamps = [(tmp_path / each / "deep/x").stat().st_mtime_ns for each in "ac"]
    assert stamps[0] == stamps[1]


def test_a_command_that_is_a_program(tmp_path: Path) -> None:
    build_file_tree(tmp_path, {"program": "x"})
    (tmp_path / "link").symlink_to("/gone")
    for name in ("program", "link"):
        module._copy_command(tmp_path / name, tmp_path / f"{name}-copy")  # noqa: SLF001
    assert (tmp_path / "program-copy").read_text("utf-8") == "x"
    assert os.readlink(tmp_path / "link-copy") == "/gone"


def test_commands_go_before_what_they_start(tool: Environment) -> None:
    other = tool.commands_folder / "other"
    other.symlink_to("/elsewhere")
    with without_commands(tool, DEMO):
        assert links_in(tool.commands_folder) == {"other": "/elsewhere"}
    assert links_in(tool.commands_folder) == {"other": "/elsewhere"}


def test_a_link_of_the_users_own(tool: Environment) -> None:
    commands = tool.commands_folder
    noted = f'[[tool.entrypoints]]\nname = "demo"\ninstall-path = "{commands / "demo"}"\n'
    build_file_tree(tool.prefix, {"uv-receipt.toml": f"[tool]\n{noted}"})
    (commands / "alias").symlink_to(tool.scripts / "demo")
    before = links_in(commands)
    copies = copies_of(tool)
    with set_aside(copies):
        assert links_in(commands)["demo"] != before["demo"]
        assert links_in(commands)["alias"] == before["alias"]
        (commands / "demo").unlink()  # as uv does
        (commands / "demo").symlink_to(tool.scripts / "demo")
    assert links_in(commands) == before
    with without_commands(tool, DEMO):
        assert set(links_in(commands)) == {"alias"}


@pytest.mark.parametrize("whole", [True, False])
def test_commands_of_what_was_not_removed(whole: bool, tool: Environment) -> None:
    before = links_in(tool.commands_folder)
    with pytest.raises(KeyboardInterrupt), without_commands(tool, DEMO):  # noqa: PT012 - as uv is
        if not whole:
            (site_of(tool) / "demo/cli.py").unlink()
        raise KeyboardInterrupt
    assert links_in(tool.commands_folder) == (before if whole else {})

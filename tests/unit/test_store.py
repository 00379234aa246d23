"""The store and the swap, where a clock, a program or a kill is not what one would expect."""

import os
import time
from pathlib import Path

import pytest
from neverstale.environments.environment import OTHER, SCRIPTS, TOOL, Environment
from neverstale.wheels.record import parse_record
from neverstale.project.sources import Fingerprint
from neverstale.install.standins import FOLDER, links_to_copies, replace_link, stand_in
from neverstale.wheels.store import NOTES_KEPT, WHEELS_KEPT, Store
from neverstale.install.sync import repair
from support.tree import build_file_tree, build_wheel_file


def test_what_is_put_in_stays_though_all_else_is_from_the_future(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.locked(lambda: None):
        tomorrow = time.time() + 86_400
        for number in range(NOTES_KEPT + 1):
            wheel = build_wheel_file(tmp_path / "made", {"demo/state.py": f"VALUE = {number}\n"})
            state = Fingerprint(f"state-{number}")
            kept = store.put(wheel, state)
            assert store.get(state) == kept, number
            for path in (kept.parent, store.folder / "builds" / state):
                os.utime(path, (tomorrow + number, tomorrow + number))
    assert len(list((store.folder / "wheels").iterdir())) == WHEELS_KEPT
    assert len(list((store.folder / "builds").iterdir())) == NOTES_KEPT


def tool(root: Path, command: bytes) -> Environment:
    """Make a tool with one command, which holds *command*, and a link to it."""
    environment = Environment(TOOL, root / "tools" / "demo", root / "commands")
    script = environment.scripts / "demo"
    for folder in (environment.scripts, environment.commands_folder):
        folder.mkdir(parents=True)
    script.write_bytes(command.replace(b"PYTHON", os.fsencode(environment.scripts / "python")))
    (environment.commands_folder / "demo").symlink_to(script)
    return environment


@pytest.mark.parametrize(
    "program", [b"\x7fELF\0\0\0/lib64/ld.so\0", b"#!\0/bin/sh\n", b"", b"#!/bin/sh\nexit\n"]
)
def test_a_command_that_is_no_script_of_python_stays(program: bytes, tmp_path: Path) -> None:
    environment = tool(tmp_path, program)
    copy = tmp_path / "aside" / "name"
    copy.mkdir(parents=True)
    stand_in(environment, copy, copy / "environment")
    link = environment.commands_folder / "demo"
    assert os.readlink(link) == str(environment.scripts / "demo")
    assert links_to_copies(environment, "name") == []


def test_a_command_runs_from_the_copy(tmp_path: Path) -> None:
    environment = tool(tmp_path, b"#!PYTHON\nimport demo\n")
    copy = tmp_path / "aside" / "name"
    copy.mkdir(parents=True)
    stand_in(environment, copy, copy / "environment")
    link = environment.commands_folder / "demo"
    assert links_to_copies(environment, "name") == [link]
    started = copy / FOLDER / "demo"
    assert os.readlink(link) == str(started)
    first, rest = started.read_text().split("\n", 1)
    assert first == f"#!{copy / 'environment' / SCRIPTS / 'python'}"
    assert rest == "import demo\n"
    assert list(environment.commands_folder.iterdir()) == [link]


def test_a_link_is_replaced_and_nothing_is_left(tmp_path: Path) -> None:
    link, copy = tmp_path / "commands" / "demo", tmp_path / "copy"
    for folder in (link.parent, copy):
        folder.mkdir()
    link.symlink_to("old")
    (copy / "link").symlink_to("left by a kill")
    replace_link(link, "new", copy)
    assert os.readlink(link) == "new"
    with pytest.raises(OSError, match="missing"):
        replace_link(tmp_path / "missing" / "demo", "new", copy)
    assert list(link.parent.iterdir()) == [link]
    assert not list(copy.iterdir())


def record(name: str, *paths: str) -> str:
    rows = [*paths, f"{name}-1.0.dist-info/METADATA", f"{name}-1.0.dist-info/RECORD"]
    return "".join(f"{path},,\n" for path in rows)


def test_what_a_stopped_sync_left(tmp_path: Path) -> None:
    """Whole, with a file missing, without RECORD, with an empty one, with one that was cut off."""
    environment = Environment(OTHER, tmp_path, tmp_path / SCRIPTS, site=tmp_path / "site")
    records = {
        "whole": record("whole", "whole.py"),
        "lacking": record("lacking", "lacking.py"),
        "without": None,
        "empty": "",
        "cut": record("cut", "cut.py").rpartition("cut-1.0.dist-info/RECORD")[0],
        "torn": f"torn-1.0.dist-info/RECORD,,\n{record('torn', 'torn.py')}"[:-1],
    }
    records["early"] = record("early", "early.py")
    files = {f"site/{name}.py": "" for name in ("whole", "cut", "torn", "early")}
    files["site/early-1.0.dist-info/direct_url.json"] = "{}"  # written, and not yet named
    files["site/cut-1.0.dist-info/a, b.txt"] = ""
    for name, text in records.items():
        files[f"site/{name}-1.0.dist-info/METADATA"] = f"Name: {name}\nVersion: 1.0\n"
        if text is not None:
            files[f"site/{name}-1.0.dist-info/RECORD"] = text
    build_file_tree(tmp_path, files)
    assert mend(environment) == ["cut", "early", "empty", "lacking", "torn", "without"]
    assert not (tmp_path / "site" / "without-1.0.dist-info").exists()
    assert (tmp_path / "site" / "cut-1.0.dist-info").exists(), "uv goes by it to remove the rest"
    for name in ("cut", "early", "empty", "torn"):
        info = tmp_path / "site" / f"{name}-1.0.dist-info"
        named = parse_record((info / "RECORD").read_text())
        assert {f"{info.name}/{each.name}" for each in info.iterdir()} <= named.keys(), name

"""Commands that run from a copy while their environment is replaced."""

import os
from pathlib import Path

import pytest
from support.tree import build_file_tree
from unit.made_up import links_in, make_environment

from neverstale.environments.environment import OTHER, TOOL, Environment
from neverstale.install import standins
from neverstale.install.standins import are_apart, links_to_copies, replace_link, stand_in


@pytest.fixture
def tool(tmp_path: Path) -> Environment:
    commands = tmp_path / "commands"
    commands.mkdir()
    return make_environment(tmp_path / "tools/demo", TOOL, commands=commands)


def test_commands_that_are_apart(tool: Environment, tmp_path: Path) -> None:
    assert are_apart(tool)
    assert not are_apart(Environment(OTHER, tmp_path, tmp_path / "bin"))


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/store/aside/abc-1/running/demo", True),
        ("/store/aside/abc-1/commands/demo", False),
        ("/store/aside/abd-1/running/demo", False),
        ("/store/aside/abc/running/demo", False),
        ("/store/aside/abc-1/running/deep/demo", False),
        ("running/demo", False),
        ("demo", False),
    ],
)
def test_links_to_copies(target: str, expected: bool, tool: Environment) -> None:
    path = tool.commands_folder / "demo"
    path.symlink_to(target)
    (tool.commands_folder / "file").touch()
    assert links_to_copies(tool, "abc") == ([path] if expected else [])


def test_an_environments_own_folder_has_no_links_to_copies(tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "env")
    (environment.scripts / "demo").symlink_to("/aside/abc-1/running/demo")
    assert links_to_copies(environment, "abc") == []
    gone = Environment(TOOL, tmp_path, tmp_path / "gone")
    assert links_to_copies(gone, "abc") == []


def started(
    script: bytes, tool: Environment, interpreter: Path = Path("/copy/bin/python")
) -> bytes | None:
    path = tool.scripts / "demo"
    path.write_bytes(script)
    return standins._started_by(interpreter, path, tool)  # noqa: SLF001


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        pytest.param("#!{own}/python\n", "#!/copy/bin/python\n", id="its own"),
        pytest.param("#! {own}/python3 \n", "#!/copy/bin/python\n", id="with spaces"),
        pytest.param(
            "#!/bin/sh\n'''exec' '{own}/python' \"$0\" \"$@\"\n' '''\n",
            "#!/copy/bin/python\n",
            id="the long way",
        ),
        pytest.param(
            "#!/bin/sh\n'''exec' \"{own}/python\" \"$0\" \"$@\"\n' '''\n",
            "#!/copy/bin/python\n",
            id="the long way, in double quotes",
        ),
        pytest.param("#!/usr/bin/python\n", None, id="another's"),
        pytest.param("#!/bin/sh\n", None, id="of the shell"),
        pytest.param("#!{own}/py\0thon\n", None, id="a NUL"),
        pytest.param("\x7fELF\n", None, id="compiled"),
    ],
)
def test_the_first_line_of_a_script(first: str, expected: str | None, tool: Environment) -> None:
    body = b"import demo\n'''exec' x\n"
    found = started(first.format(own=tool.scripts).encode() + body, tool)
    assert found == (None if expected is None else expected.encode() + body)


def test_a_script_that_is_empty_or_gone(tool: Environment) -> None:
    assert started(b"", tool) is None
    path = tool.scripts / "gone"
    assert standins._started_by(Path("/x"), path, tool) is None  # noqa: SLF001


@pytest.mark.parametrize(
    ("interpreter", "long"),
    [
        pytest.param("/" + "x" * 123, False, id="as long as a line may be"),
        pytest.param("/" + "x" * 124, True, id="one more"),
        pytest.param("/a b/python", True, id="a space"),
    ],
)
def test_how_an_interpreter_is_spelled(interpreter: str, long: bool, tool: Environment) -> None:
    script = f"#!{tool.scripts}/python\nrest\n".encode()
    short = f"#!{interpreter}\nrest\n"
    spelled = f"#!/bin/sh\n'''exec' \"{interpreter}\" \"$0\" \"$@\"\n' '''\nrest\n"
    found = started(script, tool, Path(interpreter))
    assert found == (spelled if long else short).encode()


@pytest.mark.parametrize("sign", ["'", '"', "\\", "$", "`"])
def test_a_path_that_no_shell_takes_as_it_is(sign: str, tool: Environment) -> None:
    script = f"#!{tool.scripts}/python\n".encode()
    assert started(script, tool, Path(f"/a{sign}b/python")) is None


def test_commands_stand_in(tool: Environment, tmp_path: Path) -> None:
    build_file_tree(tool.scripts, {"demo": f"#!{tool.scripts}/python\nmain\n", "native": "\x7fELF"})
    for name in ("demo", "native"):
        (tool.commands_folder / name).symlink_to(tool.scripts / name)
    (tool.commands_folder / "stranger").symlink_to("/bin/sh")
    copy = tmp_path / "copy"
    copy.mkdir()
    stand_in(tool, copy, copy / ".venv")
    assert links_in(tool.commands_folder) == {
        "demo": str(copy / "running/demo"),
        "native": str(tool.scripts / "native"),
        "stranger": "/bin/sh",
    }
    script = copy / "running/demo"
    assert script.stat().st_mode & 0o777 == 0o755
    assert str(copy / ".venv/bin/python").encode() in script.read_bytes()
    assert sorted(path.name for path in copy.iterdir()) == ["running"]


def test_an_environments_own_commands_stay(tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "env")
    stand_in(environment, tmp_path, tmp_path / ".venv")
    assert not (tmp_path / "running").exists()


def test_a_link_is_replaced_in_one_step(tmp_path: Path) -> None:
    build_file_tree(tmp_path, {"commands/": "", "copy/": ""})
    path = tmp_path / "commands/demo"
    path.symlink_to("/old")
    for left in (tmp_path / "copy/link", tmp_path / "commands/.demo.new"):
        left.symlink_to("/left")
    replace_link(path, "/new", tmp_path / "copy")
    assert links_in(tmp_path / "commands") == {"demo": "/new"}
    assert links_in(tmp_path / "copy") == {}


def test_a_link_on_another_file_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build_file_tree(tmp_path, {"commands/": "", "copy/": ""})
    path, real = tmp_path / "commands/demo", os.replace

    def replace(source: Path, target: Path) -> None:
        if Path(source).parent != Path(target).parent:
            raise OSError(18, "Invalid cross-device link")
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    replace_link(path, "/new", tmp_path / "copy")
    assert links_in(tmp_path / "commands") == {"demo": "/new"}
    assert links_in(tmp_path / "copy") == {}

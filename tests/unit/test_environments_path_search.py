"""What a shell would run, and what is behind it."""

import os
from pathlib import Path

import pytest
from support.tree import build_file_tree

from neverstale.environments import path_search
from neverstale.environments.path_search import Answer, answers, behind, interpreter_of


@pytest.mark.parametrize(
    ("text", "interpreter"),
    [
        ("#!/opt/python/bin/python\n", "/opt/python/bin/python"),
        ("#!/opt/python/bin/python", "/opt/python/bin/python"),
        ("#!/opt/python/bin/python3.11 -I\n", "/opt/python/bin/python3.11"),
        ("#!/opt/bin/pypy3\n", "/opt/bin/pypy3"),
        ("#! /opt/python/bin/python \n", "/opt/python/bin/python"),
        ("#!/bin/sh\n'''exec' '/a b/bin/python' \"$0\" \"$@\"\n' '''\n", "/a b/bin/python"),
        ('#!/bin/sh\n\'\'\'exec\' "/a b/bin/python" "$0" "$@"\n', "/a b/bin/python"),
        ("#!/bin/sh\n'''exec' /long/bin/python \"$0\" \"$@\"\n", "/long/bin/python"),
        ("#!/bin/sh\necho hello\n", None),
        ("#!/usr/bin/env python3\n", None),
        ("#!\n", None),
        ("#!/opt/\0python\n", None),
        ("\x7fELF", None),
        ("", None),
        ("/opt/python\n", None),
        ("#!/bin/sh\n'''exec' '/unclosed\n", None),
    ],
)
def test_interpreter_of_a_script(text: str, interpreter: str | None, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text(text, encoding="utf-8")
    assert interpreter_of(script) == (interpreter and Path(interpreter))


def test_what_cannot_be_read_names_no_interpreter(tmp_path: Path) -> None:
    assert interpreter_of(tmp_path) is None
    assert interpreter_of(tmp_path / "gone") is None


def make_commands(folder: Path, *paths: str, text: str = "#!/x/python\n") -> None:
    build_file_tree(folder, dict.fromkeys(paths, text))
    for path in paths:
        (folder / path).chmod(0o755)


def test_answers_come_in_the_order_of_path(tmp_path: Path) -> None:
    make_commands(tmp_path, "one/demo", "two/demo", "three/demo", "secret", "one/again")
    (tmp_path / "two/demo").chmod(0o644)
    (tmp_path / "again").symlink_to("one")
    (tmp_path / "four/demo").mkdir(parents=True)
    names = ("two", "", "gone", "four", "one", "again", "three", "one")
    path = os.pathsep.join(str(tmp_path / n) if n else "" for n in names)
    found = answers({"demo", "../secret", "$(id)", "again"}, path)
    assert [(a.command, a.path.parent.name) for a in found] == [
        ("again", "one"),
        ("demo", "one"),
        ("demo", "three"),
    ]
    assert found[1] == Answer(
        "demo", tmp_path / "one/demo", (tmp_path / "one/demo").resolve(), Path("/x/python")
    )


def test_the_file_behind_a_link_answers(tmp_path: Path) -> None:
    make_commands(tmp_path, "tool/bin/demo")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/demo").symlink_to("../tool/bin/demo")
    (tmp_path / "bin/gone").symlink_to("../tool/bin/gone")
    (found,) = answers(["demo", "gone"], str(tmp_path / "bin"))
    assert found.path == tmp_path / "bin/demo"
    assert found.target == (tmp_path / "tool/bin/demo").resolve()


def test_what_is_behind_a_command(tmp_path: Path) -> None:
    tool, other = tmp_path / "tool", tmp_path / "other"
    build_file_tree(tmp_path, {"tool/bin/": "", "other/bin/": ""})
    (tool / "bin/python").symlink_to("/usr/bin/env")
    within = tool / "bin/demo"

    def answer(target: Path, interpreter: Path | None) -> Answer:
        return Answer("demo", target, target, interpreter)

    elsewhere = tmp_path / "copy"
    assert behind(answer(within, None), [other, tool]) == tool
    assert behind(answer(elsewhere, tool / "bin/python"), [other, tool]) == tool
    assert behind(answer(elsewhere, tool / "bin/deep/python"), [other, tool]) is None
    assert behind(answer(elsewhere, tool / "bin/python"), [other]) is None
    assert behind(answer(elsewhere, None), [other, tool]) is None
    (tmp_path / "link").symlink_to("tool")
    assert behind(answer(within, None), [tmp_path / "link"]) == tmp_path / "link"
    assert behind(answer(elsewhere, tmp_path / "link/bin/python"), [tool]) == tool


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (r"C:\a;C:\b", [r"C:\a", r"C:\b"]),
        (r'"C:\a;b";;C:\c', [r'"C:\a;b"', r"C:\c"]),
        (r'C:\a"b', [r'C:\a"b']),
        (";", []),
    ],
)
def test_the_entries_of_a_path_of_windows(path: str, expected: list[str]) -> None:
    assert path_search.ENTRY.findall(path) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"MZ\x90\0#!C:\\py\\python.exe\r\nPK", [rb"C:\py\python.exe"]),
        (b'MZ\0#!"C:\\a b\\python.exe"\n', [rb"C:\a b\python.exe"]),
        (b"MZ\0#!/usr/bin/env python\n#!x.exe\n", [b"x.exe"]),
        (b"MZ\0", []),
    ],
)
def test_what_a_launcher_of_windows_starts(content: bytes, expected: list[bytes]) -> None:
    assert path_search.STARTED.findall(content) == expected

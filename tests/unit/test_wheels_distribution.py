"""What METADATA and entry points say, and what of a file is the project's."""

import pytest
from unit import made_up

from neverstale.errors import NeverstaleError
from neverstale.files import Digest
from neverstale.wheels.distribution import (
    LONGEST,
    body_of,
    has_body,
    is_safe,
    parse_commands,
    parse_metadata,
    parse_plugins,
    parse_requirements,
)


def test_metadata() -> None:
    text = "Name: Demo_App\nVersion: 1.0\nRequires-Python: >=3.10\n"
    text += "Requires-Dist: X[y]>=1; extra=='z'\n"
    metadata = parse_metadata(f"{text}Requires-Dist: w\n\nRequires-Dist: not this\n")
    assert (metadata.name, metadata.version) == ("demo-app", "1.0")
    assert metadata.requires_python == ">=3.10"
    assert {str(line) for line in metadata.requirements} == {'X[y]>=1; extra == "z"', "w"}
    assert metadata.fields == {"Requires-Python": ">=3.10"}
    bare = parse_metadata("Name: x\nVersion: 1\n")
    assert (bare.requirements, bare.requires_python) == (frozenset(), "")


def test_other_fields_of_metadata() -> None:
    text = "Metadata-Version: 2.4\nName: x\nVersion: 1\nProvides-Extra: y\nDynamic: version\n"
    text += "Classifier: B\nsummary: One\n  line\nClassifier: A\nLicense-File: LICENSE\n"
    text += "Description-Content-Type: text/markdown\n\nAuthor: of the README\n"
    assert parse_metadata(text).fields == {"Classifier": "A\nB", "Summary": "One line"}
    old, new = (f"Name: x\nVersion: 1\n{key}: MIT\n" for key in ("License", "License-Expression"))
    assert parse_metadata(old).fields == parse_metadata(new).fields == {"License": "MIT"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "names no distribution or no version"),
        ("Name: x\n", "names no distribution or no version"),
        ("Version: 1\n", "names no distribution or no version"),
        ("Name: -\nVersion: 1\n", "names no distribution or no version"),
        ("Name: x\nVersion: one\n", "names no distribution or no version"),
        ("Name: \udcff\nVersion: 1\n", "names no distribution or no version"),
        ("Name: x\nVersion: \udcff\n", "names no distribution or no version"),
        ("Name: x\nVersion: 1\nRequires-Dist: ==\n", "a requirement that is none"),
    ],
)
def test_metadata_that_is_wrong(text: str, says: str) -> None:
    with pytest.raises(NeverstaleError, match=says) as raised:
        parse_metadata(text)
    assert "\n" not in raised.value.message


def test_requirements() -> None:
    assert parse_requirements([]) == frozenset()
    assert {str(each) for each in parse_requirements(["a>=1", "a >= 1"])} == {"a>=1"}
    with pytest.raises(NeverstaleError):
        parse_requirements(["a", "a b"])


ENTRY_POINTS = """\
[console_scripts]
A = m:a
a=m:other

[gui_scripts]
b=m:b [x]
# a comment
[pytest11]
A = m:c
[x.y]
c: d = m:e
"""


def test_entry_points() -> None:
    assert parse_commands(ENTRY_POINTS) == {"A": "m:a", "a": "m:other", "b": "m:b [x]"}
    assert parse_plugins(ENTRY_POINTS) == {"pytest11: A": "m:c", "x.y: c: d": "m:e"}
    assert parse_commands("") == parse_plugins("") == {}
    twice = "[console_scripts]\na = m:a\n[console_scripts]\na = m:b\n"
    assert parse_commands(twice) == {"a": "m:b"}


@pytest.mark.parametrize("text", ["no section", "[console_scripts]\nno value\n"])
def test_entry_points_that_are_wrong(text: str) -> None:
    for parse in (parse_commands, parse_plugins):
        with pytest.raises(NeverstaleError, match=r"entry_points\.txt cannot be read") as raised:
            parse(text)
        assert "\n" not in raised.value.message


@pytest.mark.parametrize(
    ("command", "safe"),
    [
        ("demo", True),
        ("demo-app_2.0+x", True),
        ("a", True),
        ("_", True),
        ("two words", True),
        ("größe", True),
        ("ö", False),
        ("x" * LONGEST, True),
        ("x" * (LONGEST + 1), False),
        ("", False),
        (".hidden", False),
        ("-option", False),
        (" demo", False),
        ("demo ", False),
        ("demo\n", False),
        ("../demo", False),
        ("a/b", False),
        ("a\\b", False),
        ("$(id)", False),
        ("a;b", False),
        ("a\0b", False),
    ],
)
def test_is_safe(command: str, safe: bool) -> None:
    assert is_safe(command) is safe


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("{scripts}/demo", True),
        ("{scripts}/sub/demo", False),
        ("{data}/demo", False),
        ("demo-1.0.dist-info/METADATA", True),
        ("demo-1.0.dist-info/WHEEL", True),
        ("demo-1.0.dist-info/RECORD", False),
        ("demo/METADATA", False),
        ("METADATA", False),
        ("demo/cli.py", False),
    ],
)
def test_has_body(path: str, expected: bool) -> None:
    assert has_body(path) is expected


SCRIPT = "{scripts}/demo"
METADATA = "demo-1.0.dist-info/METADATA"
WHEEL = "demo-1.0.dist-info/WHEEL"


@pytest.mark.parametrize(
    ("path", "one", "other"),
    [
        pytest.param(SCRIPT, b"#!python\nx\n", b"#!/a/bin/python3\nx\n", id="an interpreter"),
        pytest.param(
            SCRIPT, b"#!python\nx", b"#!/bin/sh\n'''exec' '/a b/python' \"$0\"\n' '''\nx", id="exec"
        ),
        pytest.param(
            METADATA,
            b"Metadata-Version: 2.1\nName: a\n",
            b"Metadata-Version: 2.4\nName: a\n",
            id="its format",
        ),
        pytest.param(
            METADATA,
            b"Name: a\nVersion: 1\n",
            b"License-File: b\nName: a\nDynamic: c\nVersion: 1\n",
            id="its backend",
        ),
        pytest.param(METADATA, b"Name: a\nVersion: 1\n", b"Version: 1\nName: a\n", id="its order"),
        pytest.param(
            WHEEL, b"Generator: a\nTag: b\n", b"Generator: c\nTag: b\n", id="its generator"
        ),
    ],
)
def test_what_is_written_anew_does_not_count(path: str, one: bytes, other: bytes) -> None:
    assert body_of(path, one) == body_of(path, other)


@pytest.mark.parametrize(
    ("path", "one", "other"),
    [
        pytest.param(SCRIPT, b"#!python\nx\n", b"#!python\ny\n", id="a script"),
        pytest.param(SCRIPT, b"#!/bin/sh\nx\n", b"#!/bin/bash\nx\n", id="another interpreter"),
        pytest.param(SCRIPT, b"python 1\nx\n", b"python 2\nx\n", id="no first line of a script"),
        pytest.param(SCRIPT, b"#!python\nx\n", b"#!python\n\nx\n", id="a line"),
        pytest.param(METADATA, b"Name: a\n", b"Name: b\n", id="a name"),
        pytest.param(METADATA, b"Name: a\n\nx", b"Name: a\n\ny", id="a description"),
        pytest.param(
            METADATA, b"Name: a\n\nDynamic: x", b"Name: a\n\nDynamic: y", id="a word of it"
        ),
        pytest.param(METADATA, b"Generator: a\n", b"Generator: b\n", id="a line of WHEEL"),
        pytest.param(WHEEL, b"Dynamic: a\n", b"Dynamic: b\n", id="a line of METADATA"),
        pytest.param(WHEEL, b"Tag: a\n", b"Tag: b\n", id="a tag"),
    ],
)
def test_what_is_the_projects_counts(path: str, one: bytes, other: bytes) -> None:
    assert body_of(path, one) != body_of(path, other)


def test_programs_are_commands_and_scripts() -> None:
    files = ["{scripts}/run", "{scripts}/demo", "{scripts}/$(id)", "{scripts}/a/b", "demo/cli.py"]
    found = made_up.WHEEL._replace(
        files=dict.fromkeys(files, Digest("x")), commands={"demo": "m:f"}
    )
    assert found.programs == {"run": "", "demo": "m:f"}

"""pyproject.toml as a file: what cannot be read, and what is of another shape."""

from pathlib import Path
from typing import Any

import pytest

from neverstale.errors import NeverstaleError
from neverstale.project.pyproject import (
    OWN_KEYS,
    SHAPE,
    load_tables,
    missing_tables,
    refusal_of,
    settings_in,
    wrong_settings,
    wrong_types,
)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"a = ", "not valid TOML"),
        (b"a = '\xff'", "not valid TOML"),
        (b"a = " + b"[" * 20_000, "not valid TOML"),
    ],
    ids=["no TOML", "no UTF-8", "too deep"],
)
def test_a_file_that_is_not_valid(content: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_bytes(content)
    for may_be_missing in (False, True):
        with pytest.raises(NeverstaleError, match=says):
            load_tables(path, may_be_missing=may_be_missing)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    assert load_tables(path, may_be_missing=True) == {}
    with pytest.raises(NeverstaleError, match=r"there is no pyproject\.toml in ") as raised:
        load_tables(path)
    assert str(tmp_path) in raised.value.message
    path.mkdir()
    with pytest.raises(NeverstaleError, match="cannot be read: not a regular file"):
        load_tables(path, may_be_missing=True)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_ends_of_lines_do_not_matter(end: str, tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_bytes(f'a = """{end}one{end}two"""{end}b = "ö"'.encode())
    assert load_tables(path) == {"a": "one\ntwo", "b": "ö"}


def test_all_problems_are_said_at_once() -> None:
    assert refusal_of(["one", "two"]).message == "pyproject.toml: one; two"
    assert refusal_of(["one"]).hint.startswith("see https://")


def nested(path: str, value: object) -> dict[str, Any]:
    """Return tables in which the key *path* has *value*."""
    for key in reversed(path.split(".")):
        value = {key: value}
    assert isinstance(value, dict)
    return value


GOOD: dict[str, object] = {"dict": {}, "list": ["x"], "str": "x"}


@pytest.mark.parametrize("path", SHAPE)
def test_shape(path: str) -> None:
    kind = SHAPE[path].__name__
    assert list(wrong_types(nested(path, GOOD[kind]))) == []
    name = {"dict": "table", "list": "list", "str": "string"}[kind]
    for value in (3, *(good for other, good in GOOD.items() if other != kind)):
        assert next(iter(wrong_types(nested(path, value)))) == f"`{path}` is not a {name}"


@pytest.mark.parametrize("table", OWN_KEYS)
def test_shape_of_what_the_owner_names(table: str) -> None:
    kind = OWN_KEYS[table].__name__
    good = nested(f"project.{table}.key", GOOD[kind])
    assert list(wrong_types(good)) == []
    (said,) = wrong_types(nested(f"project.{table}.key", 3))
    assert said.startswith(f"`project.{table}.key` is not a ")


def test_a_list_of_something_else() -> None:
    tables = nested("project.optional-dependencies.x", ["a", 1])
    assert list(wrong_types(tables)) == [
        "`project.optional-dependencies.x` is not a list of strings"
    ]
    assert list(wrong_types({})) == []
    assert list(wrong_types({"project": {"name": None}})) == []


ENTRY = {"code": "NS203", "reason": "y"}


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, None),
        ({"target": "tool", "tests": "wheel", "ignore": [], "generated": []}, None),
        ({"ignore": [ENTRY, {**ENTRY, "path": "z"}]}, None),
        ({"tarket": "x"}, "no key `tarket`: did you mean `target`?"),
        ({"zzz": 1}, "no key `zzz`: it knows target, tests, ignore, generated"),
        ({"ignore": "x"}, "`tool.neverstale.ignore` is not a list of tables"),
        ({"ignore": ["x"]}, "`tool.neverstale.ignore` is not a list of tables"),
        ({"ignore": [{**ENTRY, "paht": "z"}]}, "no key `paht`: did you mean `path`?"),
        ({"ignore": [{**ENTRY, "path": 1}]}, "a value that is not a string"),
        ({"tests": "sdist"}, "tests is 'sdist', not 'editable' or 'wheel'"),
        ({"tests": "editable"}, None),
        ({"ignore": [{**ENTRY, "code": "ns799"}]}, None),
        ({"ignore": [{**ENTRY, "code": "NS801"}]}, "'NS801' is not a code such as NS203"),
        ({"ignore": [{**ENTRY, "code": "NS001"}]}, "'NS001' is not a code such as NS203"),
        ({"ignore": [{**ENTRY, "code": "NS2034"}]}, "'NS2034' is not a code such as NS203"),
        ({"ignore": [{"code": "x"}]}, "an entry without a `code` or a `reason`"),
        ({"ignore": [{"reason": "x"}]}, "an entry without a `code` or a `reason`"),
        ({"ignore": [{"code": "x", "reason": ""}]}, "an entry without a `code` or a `reason`"),
    ],
)
def test_settings(settings: dict[str, object], says: str | None) -> None:
    found = list(wrong_settings({"tool": {"neverstale": settings}}))
    assert len(found) == (says is not None)
    assert all(said.endswith(says or "") for said in found)


@pytest.mark.parametrize(
    ("tool", "expected"),
    [
        ({}, {}),
        ({"neverstale": {"target": "tool"}}, {"target": "tool"}),
        ({"freshness": {"target": "venv"}}, {"target": "venv"}),
        ({"neverstale": {}, "freshness": {"target": "venv"}}, {}),
        ({"neverstale": 3}, {}),
    ],
)
def test_settings_have_an_older_name(tool: dict[str, object], expected: dict[str, object]) -> None:
    assert settings_in({"tool": tool}) == expected
    assert settings_in({}) == {}


SYSTEM = {"requires": [], "build-backend": "x"}


@pytest.mark.parametrize(
    ("tables", "missing"),
    [
        ({"build-system": SYSTEM, "project": {"name": "a", "version": "1"}}, []),
        ({"build-system": SYSTEM, "project": {"name": "a", "dynamic": ["version"]}}, []),
        (
            {"build-system": SYSTEM, "project": {"name": "a", "dynamic": ["readme"]}},
            ["[project] has no `version`, and it is not in `dynamic`"],
        ),
        ({"build-system": SYSTEM, "project": {"version": "1"}}, ["[project] has no `name`"]),
        (
            {"build-system": {}, "project": {"name": "a", "version": "1"}},
            ["[build-system] has no `requires`", "[build-system] has no `build-backend`"],
        ),
        ({"build-system": SYSTEM}, ["it has no [project] table"]),
        ({"project": {"name": "a", "version": "1"}}, ["it has no [build-system] table"]),
        ({"build-system": 1, "project": 1}, []),
    ],
)
def test_missing_tables(tables: dict[str, Any], missing: list[str]) -> None:
    assert list(missing_tables(tables)) == missing

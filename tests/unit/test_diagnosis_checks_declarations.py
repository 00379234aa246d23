"""Declarations compared with what is installed: commands, plugins, requirements, versions."""

import pytest
from unit.made_up import DEMO, ONE, PROJECT, WHEEL, named, requirements

from neverstale.diagnosis.checks.declarations import (
    Declaration,
    check_declarations,
    check_tag,
    check_version,
    declared_by,
    other_version,
)
from neverstale.diagnosis.findings import Evidence, Fix

FIX = Fix((("make", "install"),))
SAME = Declaration(DEMO, "1.0", WHEEL.commands, {}, frozenset())


def compared(
    declared: Declaration = SAME,
    *,
    offered: frozenset[str] | None = frozenset({"demo"}),
    **changes: object,
) -> dict[str, list[str]]:
    installed = WHEEL._replace(**changes)  # type: ignore[arg-type]
    return named(list(check_declarations(declared, installed, FIX, offered)))


def test_the_same() -> None:
    assert compared() == {}


@pytest.mark.parametrize(
    ("commands", "offered", "expected"),
    [
        pytest.param({"demo": "demo.cli:main"}, {"demo"}, {}, id="the same"),
        pytest.param({}, {"demo"}, {"NS401": ["demo"]}, id="not in the metadata"),
        pytest.param({"demo": "demo.cli:main"}, set(), {"NS401": ["demo"]}, id="not offered"),
        pytest.param(
            {"demo": "demo.cli:other"}, {"demo"}, {"NS401": ["demo"]}, id="another target"
        ),
        pytest.param(
            {"demo": "demo.cli:main", "old": "x:y"}, {"demo"}, {"NS402": ["old"]}, id="one too many"
        ),
        pytest.param(
            {"demo": "demo.cli:main"}, {"demo", "old"}, {"NS402": ["old"]}, id="offered too many"
        ),
        pytest.param(
            {"demo": "demo.cli:main"}, {"demo", "script"}, {}, id="a script of the project's own"
        ),
        pytest.param(
            {"demo": "demo.cli:main", "$(id)": "x:y"}, {"demo"}, {"NS409": ["$(id)"]}, id="unsafe"
        ),
        pytest.param({"demo": "demo.cli:main"}, None, {}, id="nobody knows what is offered"),
        pytest.param({}, None, {"NS401": ["demo"]}, id="not in the metadata, offered or not"),
    ],
)
def test_commands(
    commands: dict[str, str], offered: set[str] | None, expected: dict[str, list[str]]
) -> None:
    files = {**WHEEL.files, "{scripts}/script": ONE}
    shell = None if offered is None else frozenset(offered)
    assert compared(offered=shell, commands=commands, files=files) == expected


def test_a_command_is_told_with_both_targets() -> None:
    installed = WHEEL._replace(commands={"demo": "demo.cli:other"})
    (found,) = check_declarations(SAME, installed, FIX, frozenset({"demo"}))
    assert found.evidence == (Evidence("demo", "demo.cli:main", "demo.cli:other"),)


@pytest.mark.parametrize(
    ("plugins", "expected"),
    [
        pytest.param({"group: a": "x"}, {}, id="the same"),
        pytest.param({}, {"NS401": ["group: a"]}, id="missing"),
        pytest.param({"group: a": "y"}, {"NS401": ["group: a"]}, id="another target"),
        pytest.param(
            {"group: a": "x", "group: b": "x"}, {"NS402": ["group: b"]}, id="one too many"
        ),
    ],
)
def test_plugins(plugins: dict[str, str], expected: dict[str, list[str]]) -> None:
    assert compared(SAME._replace(plugins={"group: a": "x"}), plugins=plugins) == expected


@pytest.mark.parametrize(
    ("declared", "installed", "expected"),
    [
        pytest.param(["dep>=1"], ["dep>=1"], {}, id="the same"),
        pytest.param(["dep>=1"], ["DEP >=1.0"], {}, id="another spelling"),
        pytest.param(["dep>=1"], [], {"NS403": ["dep>=1"]}, id="new"),
        pytest.param([], ["dep>=1"], {"NS404": ["dep>=1"]}, id="gone"),
        pytest.param(
            ["dep>=2"], ["dep>=1"], {"NS403": ["dep>=2"], "NS404": ["dep>=1"]}, id="changed"
        ),
        pytest.param(
            ["a; python_version<'3.11'"], ["a; python_full_version<'3.11'"], {}, id="other markers"
        ),
        pytest.param(["demo[x]"], [], {}, id="of itself"),
        pytest.param(
            ["demo[one]; extra == 'all'", "b; extra == 'one'"],
            ["demo[one]; extra == 'all'", "b; extra == 'one'", "b; extra == 'all'"],
            {},
            id="its own extras spelled out",
        ),
    ],
)
def test_requirements(
    declared: list[str], installed: list[str], expected: dict[str, list[str]]
) -> None:
    declaration = SAME._replace(requirements=requirements(*declared))
    assert compared(declaration, requirements=requirements(*installed)) == expected


def test_what_only_a_build_tells_is_not_compared() -> None:
    unknown = Declaration(DEMO, None, None, None, None)
    needs = requirements("dep")
    assert compared(unknown, commands={}, plugins={"a: b": "c"}, requirements=needs) == {}


def test_what_declares() -> None:
    other = WHEEL._replace(version="2.0", commands={}, plugins={"a: b": "c"})
    assert declared_by(PROJECT, other) == Declaration(DEMO, "2.0", {}, {"a: b": "c"}, frozenset())
    assert declared_by(PROJECT._replace(version=None), None) == SAME._replace(
        version=None, commands=PROJECT.commands
    )


@pytest.mark.parametrize(
    ("expected", "found", "differs"),
    [("1.0", "1.0", False), ("1.0", "1.0.0", False), ("1.0", "1.1", True), ("1.0", "1.0rc1", True)],
)
def test_version(expected: str, found: str, differs: bool) -> None:
    findings = list(check_version(expected, found, FIX))
    assert findings == ([other_version(found, expected, FIX)] if differs else [])


def test_another_version_is_told_with_the_expected_one() -> None:
    assert other_version("0.9", "1.0", FIX).evidence == (Evidence("version", "1.0", "0.9"),)


@pytest.mark.parametrize(
    ("expected", "found", "stale"),
    [
        pytest.param("1.0", "1.0", False, id="at the tag"),
        pytest.param("1.0", "0.9.1.dev3+gabc", True, id="a tag was set since"),
        pytest.param("0.9.1", "0.9.1.dev3+gabc", True, id="the tag that was guessed"),
        pytest.param("0.9.2.dev4+gdef", "0.9.2.dev1+gabc.d20260101", False, id="more commits"),
        pytest.param("0.9.2.dev4+gdef", "0.9.1.dev1+gabc", True, id="a tag between"),
        pytest.param("1.0rc1", "1.0b1", True, id="from beta to candidate"),
        pytest.param("1.0.1.dev1+gabc", "1.0", False, id="commits after the tag"),
        pytest.param("1.0.1.dev1+gabc", "1.0.0", False, id="commits after the tag, spelled out"),
        pytest.param("1.1.dev1+gabc", "1.0", False, id="commits after a tag of two parts"),
        pytest.param("2.dev1+gabc", "1", False, id="commits after a tag of one part"),
        pytest.param("1.0.2.dev1+gabc", "1.0", True, id="commits after a later tag"),
        pytest.param("1.0.2.dev1+gabc", "1.0.1.dev1", True, id="from commits to commits"),
        pytest.param("1.1.1.dev1+gabc", "1.0", True, id="commits after another minor"),
        pytest.param("1.2.dev1+gabc", "1.0", True, id="two minors on"),
        pytest.param("2.0.1.dev1", "1.0", True, id="commits after another major"),
        pytest.param("1.0+gabc", "1.0", False, id="a local version"),
        pytest.param("1.0+gabc", "1.0+gdef", False, id="two local versions"),
        pytest.param("1.0", "1.0+gdef", False, id="the local part does not count"),
        pytest.param("1.0", "1.0.dev1", True, id="from commits to the tag"),
    ],
)
def test_version_from_git_of_an_editable_install(expected: str, found: str, stale: bool) -> None:
    findings = list(check_tag(expected, found, FIX))
    assert bool(findings) == stale
    for each in findings:
        assert each.code.name == "NS408"
        assert each.evidence == (Evidence("version", expected, found),)

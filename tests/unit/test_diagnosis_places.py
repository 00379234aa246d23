"""One place: fresh, stale, damaged or unknown."""

import os
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from unit.made_up import (
    EDITABLE,
    FILES,
    INFO,
    INSTALLED,
    ONE,
    PROJECT,
    SOURCES,
    built_of,
    fixes_of,
    install_files,
    make_environment,
    make_wheel,
    named,
    site_of,
    tree,
)
from unit.small import unprivileged

from neverstale.diagnosis import places
from neverstale.diagnosis.archives import examine_archive
from neverstale.diagnosis.codes import Code
from neverstale.diagnosis.findings import Evidence, Fix, Verdict, finding
from neverstale.diagnosis.place import Place, Reference, without_ignored
from neverstale.diagnosis.places import examine, misleading_bytecode
from neverstale.environments.environment import OTHER, PYTHON, Environment
from neverstale.project.metadata import Ignored, Project
from neverstale.wheels.store import Built

FIX = Fix((("make", "install"),))
COMMANDS = {"demo": "demo.cli:main"}


def wheel_of(folder: Path, files: Mapping[str, str] = SOURCES, **changes: Any) -> Built:  # noqa: ANN401
    return built_of(make_wheel(folder, files, commands=COMMANDS, **changes))


def look(
    environment: Environment,
    built: Built | None,
    project: Project = PROJECT,
    **changes: Any,  # noqa: ANN401
) -> Place:
    reference = Reference(built, ["demo"], **changes)
    return examine(project, environment, reference, fixes_of(project))


def put(environment: Environment, files: Mapping[str, str] = SOURCES, **changes: Any) -> Path:  # noqa: ANN401
    return install_files(environment, files, **{"commands": COMMANDS, **changes})


def test_fresh(tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "env", label="x")
    put(environment)
    place = look(environment, wheel_of(tmp_path), doubt="none")
    assert place.verdict is Verdict.FRESH
    assert (place.findings, place.reason, place.version) == ((), "", "1.0")
    assert (place.name, place.path) == ("environment x", environment.prefix)
    assert (place.environment, place.installed is None) == (environment, False)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({**SOURCES, "demo/cli.py": "edited"}, {"NS203": ["demo/cli.py"]}),
        ({**SOURCES, "demo/new.py": ""}, {"NS201": ["demo/new.py"]}),
        ({"demo/__init__.py": ""}, {"NS202": ["demo/cli.py"]}),
    ],
    ids=["edited", "added", "deleted"],
)
def test_out_of_date(files: dict[str, str], expected: dict[str, list[str]], tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "env")
    put(environment)
    place = look(environment, wheel_of(tmp_path, files))
    assert place.verdict is Verdict.OUT_OF_DATE
    assert named(place.findings) == expected
    fix = ("neverstale", "install", "--target", str(environment.prefix))
    assert place.findings[0].fix.commands == (fix,)


def test_another_version(tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "env")
    put(environment, version="0.9")
    place = look(environment, wheel_of(tmp_path))
    assert place.verdict is Verdict.OUT_OF_DATE
    assert named(place.findings) == {"NS204": ["version"]}
    assert place.version == "0.9"


def test_without_a_reference_nobody_can_tell(tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "env")
    put(environment)
    place = look(environment, None, doubt="no build is known")
    assert (place.verdict, place.reason) == (Verdict.UNKNOWN, "no build is known")
    put(environment, origin={**EDITABLE, "url": PROJECT.root.as_uri()})
    assert (
        look(environment, None, doubt="none").verdict is Verdict.OUT_OF_DATE
    )  # its folder is gone


def test_without_a_reference_what_is_declared_is_compared(tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "env")
    put(environment)
    project = PROJECT._replace(commands={"demo": "demo.cli:main", "new": "demo:new"})
    place = look(environment, None, project, doubt="no build is known")
    assert (place.verdict, place.reason) == (Verdict.OUT_OF_DATE, "")
    assert named(place.findings) == {"NS401": ["new"]}


def test_what_certainly_changed_since_the_last_build(tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "env")
    put(environment)
    before = wheel_of(tmp_path)
    question = "file src/demo/cli.py"
    before = before._replace(answers={question: before.distribution.files["demo/cli.py"]})
    changed: dict[str, Any] = {"before": before, "changed": (question,), "doubt": "--quick"}
    place = look(environment, None, **changed)
    assert place.verdict is Verdict.OUT_OF_DATE
    assert named(place.findings) == {"NS202": ["demo/cli.py"]}, "there is no such source"
    put(environment, {"demo.pth": f"{tmp_path}\n"}, commands={}, origin=EDITABLE)
    put_again = look(environment, None, **changed)
    assert "NS203" not in named(put_again.findings)


def test_not_installed(tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "env")
    place = look(environment, wheel_of(tmp_path), doubt="none")
    assert (place.verdict, place.findings) == (Verdict.NOT_INSTALLED, ())
    assert (place.installed, place.version, place.environment) == (None, None, environment)
    assert place.reason == ""


@pytest.mark.parametrize(
    ("left", "evidence"),
    [
        (["demo/__init__.py"], ["demo/__init__.py"]),
        (["demo/__init__.py", "demo/b.py"], ["demo/__init__.py", "1 more"]),
        (["demo/__init__.py", "demo/b.py", "demo/c.py"], ["demo/__init__.py", "2 more"]),
    ],
    ids=["one", "two", "three"],
)
def test_a_package_without_records(left: list[str], evidence: list[str], tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "env")
    for path in left:
        (site_of(environment) / path).parent.mkdir(exist_ok=True)
        (site_of(environment) / path).touch()
    place = look(environment, None)
    assert place.verdict is Verdict.DAMAGED
    assert named(place.findings) == {"NS306": evidence}


def test_an_empty_folder(tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "env")
    (site_of(environment) / "demo").mkdir()
    place = look(environment, None)
    assert place.verdict is Verdict.NOT_INSTALLED
    assert named(place.findings) == {"NS506": ["demo"]}
    assert place.findings[0].fix.commands == (("rmdir", str(site_of(environment) / "demo")),)
    own = environment._replace(place=PYTHON, site=site_of(environment))
    assert look(own, None).findings == ()


def test_of_an_interpreters_own_folders_orphans_are_not_ours(tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "env", PYTHON)
    environment = environment._replace(site=site_of(environment))
    (site_of(environment) / "demo").mkdir()
    (site_of(environment) / "demo/__init__.py").touch()
    assert look(environment, None).verdict is Verdict.NOT_INSTALLED


@pytest.mark.parametrize("name", ["RECORD", "METADATA"])
def test_records_that_are_missing(name: str, tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "env")
    (put(environment) / name).unlink()
    place = look(environment, wheel_of(tmp_path))
    assert place.verdict is Verdict.DAMAGED
    assert named(place.findings) == {"NS306": [f"{INFO}/{name} (No such file or directory)"]}


def test_two_records(tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "env")
    put(environment)
    put(environment, version="0.9")
    place = look(environment, wheel_of(tmp_path))
    assert place.verdict is Verdict.DAMAGED
    assert named(place.findings) == {"NS307": ["demo-0.9.dist-info", INFO]}


def test_an_egg_is_another_installers(tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "env")
    (site_of(environment) / "demo-1.0-py3.12.egg-info").mkdir()
    place = look(environment, wheel_of(tmp_path))
    assert place.verdict is Verdict.UNKNOWN
    assert "has no record of its files" in place.reason


@pytest.mark.skipif(os.name == "nt", reason="there a file has no such permissions")
def test_what_may_not_be_read(open_path: Path) -> None:
    environment = make_environment(open_path / "env")
    metadata, built = put(environment) / "METADATA", wheel_of(open_path)
    assert look(environment, built).verdict is Verdict.FRESH
    metadata.chmod(0)
    with unprivileged():
        place = look(environment, built)
    assert place.verdict is Verdict.UNKNOWN
    assert "cannot be read: Permission denied" in place.reason


def test_damage_is_said_before_staleness(tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "env")
    put(environment)
    (site_of(environment) / "demo/cli.py").unlink()
    place = look(environment, wheel_of(tmp_path, {**SOURCES, "demo/new.py": ""}))
    assert place.verdict is Verdict.DAMAGED
    assert named(place.findings) == {"NS302": ["demo/cli.py"], "NS201": ["demo/new.py"]}


def test_requirements_of_what_is_installed(tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "env")
    project = PROJECT._replace(requirements=None)
    put(environment, requires=["dep>=2"])
    built = wheel_of(tmp_path, requires=["dep>=2"])
    assert named(look(environment, built, project).findings) == {
        "NS405": ["dep>=2 (not installed)"]
    }
    install_files(environment, {"dep.py": ""}, "dep", "2.0", requires=["deep"])
    expected = {"NS405": ["deep (not installed, required by dep)"]}
    assert named(look(environment, built, project).findings) == expected
    install_files(environment, {"deep.py": ""}, "deep", "1.0")
    assert look(environment, built, project).verdict is Verdict.FRESH


@pytest.mark.parametrize(
    ("tags", "version", "fits"),
    [
        pytest.param("Tag: py3-none-any\n", "3.12.1", True, id="for any"),
        pytest.param("Tag: py2-none-any\nTag: py3-none-any\n", "3.12.1", True, id="for all"),
        pytest.param("", "3.12.1", True, id="no tag"),
        pytest.param("Tag: cp39-cp39-any\n", "3.12.1", False, id="for an older one"),
        pytest.param("Tag: cp312-cp312-any\n", "3.12.1", False, id="for a platform of that name"),
        pytest.param("Tag: cp39-cp39-any\nTag: py3-none-any\n", "3.12.1", True, id="one of two"),
        pytest.param("Tag: cp312-none-any\n", "3.12.1", True, id="any ABI"),
    ],
)
def test_wheel_tags(tags: str, version: str, fits: bool, tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "env", version=version)
    info = put(environment)
    built = wheel_of(tmp_path)
    text = f"Wheel-Version: 1.0\nGenerator: hand\n{tags}"
    (info / "WHEEL").write_text(text, encoding="utf-8")
    found = named(look(environment, built).findings)
    assert ("NS606" not in found) == fits


def test_an_architecture_of_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = make_environment(tmp_path / "env")
    (put(environment) / "WHEEL").write_text("Tag: cp312-cp312-win_arm64\n", encoding="utf-8")
    assert "NS606" in named(look(environment, None).findings)
    monkeypatch.setattr(places, "os", SimpleNamespace(name="nt"))
    assert "NS606" not in named(look(environment, None).findings)


def test_tags_are_told_with_the_version_of_the_interpreter(tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "env")
    info = put(environment)
    (info / "WHEEL").write_text("Tag: cp39-cp39-any\nTag: cp38-cp38-any\n", encoding="utf-8")
    (found,) = (f for f in look(environment, None).findings if f.code is Code.NS606)
    assert found.evidence == (
        Evidence("wheel tag", "Python 3.12.1", "cp38-cp38-any, cp39-cp39-any"),
    )


def test_the_first_line_of_a_command(tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "env")
    put(environment)
    script = environment.scripts / "demo"
    script.write_text("#!/elsewhere/bin/python\nimport demo.cli\n", encoding="utf-8")
    found = named(look(environment, wheel_of(tmp_path)).findings)
    assert found["NS608"] == ["demo"]


def make_editable(environment: Environment, root: Path, version: str = "1.0") -> None:
    origin = {"url": root.as_uri(), "dir_info": {"editable": True}}
    put(environment, {"demo.pth": f"{root}/src\n"}, origin=origin, version=version)


@pytest.mark.parametrize(
    ("version", "answers", "code"),
    [
        pytest.param("1.0", {}, None, id="the same"),
        pytest.param("0.9", {}, "NS204", id="another version"),
        pytest.param("0.9", {"git": "x"}, "NS408", id="a tag"),
        pytest.param("0.9", {"hg": "x"}, "NS408", id="a tag of Mercurial"),
    ],
)
def test_versions_of_an_editable_install(
    version: str, answers: dict[str, str], code: str | None, tmp_path: Path
) -> None:
    (tmp_path / "src").mkdir()
    environment = make_environment(tmp_path / "env")
    make_editable(environment, tmp_path, version)
    project = PROJECT._replace(root=tmp_path, version=None)
    built = wheel_of(tmp_path / "dist", {"demo.pth": f"{tmp_path}/src\n"})
    place = look(environment, built._replace(answers=answers), project)
    assert list(named(place.findings)) == ([code] if code else [])
    assert place.verdict is (Verdict.OUT_OF_DATE if code else Verdict.EDITABLE)
    fixed = look(environment, built._replace(answers=answers), project._replace(version="1.0"))
    assert list(named(fixed.findings)) == (["NS204"] if code else [])


def test_an_editable_install_that_points_elsewhere(tmp_path: Path) -> None:
    for name in ("here/src", "there/src"):
        (tmp_path / name).mkdir(parents=True)
    environment = make_environment(tmp_path / "env")
    make_editable(environment, tmp_path / "there")
    built = wheel_of(tmp_path / "dist", {"demo.pth": f"{tmp_path}/here/src\n"})
    place = look(environment, built, PROJECT._replace(root=tmp_path / "here"))
    assert place.verdict is Verdict.OUT_OF_DATE
    assert list(named(place.findings)) == ["NS205"]
    assert place.findings[0].fix.commands[0][1] == "install-editable"


def test_the_nearest_of_several_builds(tmp_path: Path) -> None:
    first, second = (wheel_of(tmp_path / n, {**SOURCES, "demo/cli.py": n}) for n in ("a", "b"))
    reference = Reference(first, (), alternatives=(first, second))
    assert reference.nearest(second.distribution.files) is second
    assert reference.nearest(first.distribution.files) is first
    assert reference.nearest({}) is first
    assert reference.nearest({**second.distribution.files, "demo/more.py": ONE}) is second
    assert Reference(None, ()).nearest(FILES) is None
    assert reference.distribution is first.distribution
    assert Reference(None, ()).distribution is None


def test_a_compiler_need_not_give_the_same_bytes_twice(tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "env")
    put(environment)
    newest = wheel_of(tmp_path / "b", {**SOURCES, "demo/cli.py": "other bytes"})
    same = wheel_of(tmp_path / "a")
    reference = Reference(newest, ["demo"], alternatives=(newest, same))
    assert examine(PROJECT, environment, reference, fixes_of()).verdict is Verdict.FRESH


def place_with(verdict: Verdict, *codes: str, editable: bool = False) -> Place:
    origin = {"dir_info": {"editable": True}} if editable else {}
    findings = tuple(finding(Code[code], FIX, "x") for code in codes)
    installed = INSTALLED._replace(origin=origin)
    return Place("x", Path("/x"), verdict, findings, "1.0", "why", None, installed)


@pytest.mark.parametrize(
    ("place", "code", "verdict", "reason"),
    [
        pytest.param(place_with(Verdict.FRESH), "NS607", Verdict.OUT_OF_DATE, "", id="fresh"),
        pytest.param(place_with(Verdict.UNKNOWN), "NS607", Verdict.OUT_OF_DATE, "", id="unknown"),
        pytest.param(place_with(Verdict.FRESH), "NS604", Verdict.FRESH, "why", id="a remark"),
        pytest.param(
            place_with(Verdict.UNKNOWN), "NS604", Verdict.UNKNOWN, "why", id="still unknown"
        ),
        pytest.param(place_with(Verdict.FRESH), "NS303", Verdict.DAMAGED, "", id="damage"),
        pytest.param(
            place_with(Verdict.DAMAGED), "NS607", Verdict.DAMAGED, "why", id="damaged as it was"
        ),
        pytest.param(
            place_with(Verdict.NOT_INSTALLED), "NS607", Verdict.NOT_INSTALLED, "why", id="not there"
        ),
        pytest.param(
            place_with(Verdict.EDITABLE, editable=True),
            "NS604",
            Verdict.EDITABLE,
            "why",
            id="editable",
        ),
    ],
)
def test_more_findings(place: Place, code: str, verdict: Verdict, reason: str) -> None:
    more = place.with_findings(finding(Code[code], FIX, "y"))
    assert (more.verdict, more.reason) == (verdict, reason)
    assert [f.code.name for f in more.findings] == [code]
    assert place.with_findings() == place


def test_bytecode_that_hides_what_is_installed(tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "env")
    put(environment, {**SOURCES, "single.py": "", "not-a-package/x.py": ""})
    place = look(environment, None)
    assert place.installed
    assert misleading_bytecode(environment, place.installed) == []
    nowhere = Environment(OTHER, tmp_path / "gone", tmp_path)
    assert misleading_bytecode(nowhere, place.installed) == []


@pytest.mark.parametrize(
    ("files", "verdict", "codes"),
    [
        pytest.param(SOURCES, Verdict.FRESH, [], id="the same"),
        pytest.param(
            {**SOURCES, "demo/old.py": ""}, Verdict.OUT_OF_DATE, ["NS102", "NS503"], id="another"
        ),
    ],
)
def test_a_wheel_in_dist(
    files: dict[str, str], verdict: Verdict, codes: list[str], tmp_path: Path
) -> None:
    path = make_wheel(tmp_path / "dist", files, commands=COMMANDS)
    place = examine_archive(path, None, Reference(wheel_of(tmp_path), (), doubt="none"), FIX)
    assert (place.name, place.path, place.version) == ("wheel", path, "1.0")
    assert (place.verdict, list(named(place.findings)), place.reason) == (verdict, codes, "")


def test_a_wheel_in_dist_without_a_reference(tmp_path: Path) -> None:
    path = make_wheel(tmp_path / "dist", SOURCES)
    place = examine_archive(path, None, Reference(None, (), doubt="no build"), FIX)
    assert (place.verdict, place.reason, place.version) == (Verdict.UNKNOWN, "no build", "1.0")
    assert place.findings == ()


@pytest.mark.parametrize("version", [None, "1.0"], ids=["wheel", "sdist"])
def test_what_is_no_archive(version: str | None, tmp_path: Path) -> None:
    path = tmp_path / ("demo-1.0.tar.gz" if version else "demo-1.0-py3-none-any.whl")
    path.write_bytes(b"no archive")
    place = examine_archive(path, version, Reference(None, (), doubt="no build"), FIX)
    assert (place.verdict, place.reason) == (Verdict.DAMAGED, "")
    assert list(named(place.findings)) == ["NS105"]
    assert place.name == ("sdist" if version else "wheel")
    assert place.findings[0].fix == FIX
    assert tree(tmp_path) == {path.name: "no archive"}


def stale(*evidence: str, code: Code = Code.NS203, **changes: object) -> Place:
    place = Place("uv tool", Path("/x"), Verdict.OUT_OF_DATE, (finding(code, FIX, *evidence),))
    return place._replace(**changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rule", "left", "gone", "verdict"),
    [
        pytest.param(("NS203", "*"), [], ["a.py", "b.txt"], Verdict.FRESH, id="all of it"),
        pytest.param(("ns203", "*"), [], ["a.py", "b.txt"], Verdict.FRESH, id="small letters"),
        pytest.param(("NS203", "*.txt"), ["a.py"], ["b.txt"], Verdict.OUT_OF_DATE, id="a part"),
        pytest.param(("NS203", "x"), ["a.py", "b.txt"], [], Verdict.OUT_OF_DATE, id="another path"),
        pytest.param(("NS201", "*"), ["a.py", "b.txt"], [], Verdict.OUT_OF_DATE, id="another code"),
    ],
)
def test_what_the_owner_ignores(
    rule: tuple[str, str], left: list[str], gone: list[str], verdict: Verdict
) -> None:
    place = without_ignored(stale("a.py", "b.txt"), [Ignored(*rule, "because")])
    assert [e.what for f in place.findings for e in f.evidence] == left
    assert place.verdict is verdict
    assert [reason for _, reason in place.ignored] == ["because"] * bool(gone)
    assert [e.what for f, _ in place.ignored for e in f.evidence] == gone


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        pytest.param({}, Verdict.FRESH, id="out of date"),
        pytest.param({"verdict": Verdict.UNKNOWN}, Verdict.UNKNOWN, id="unknown"),
        pytest.param({"verdict": Verdict.NOT_INSTALLED}, Verdict.NOT_INSTALLED, id="not there"),
        pytest.param(
            {"installed": INSTALLED._replace(origin=EDITABLE)}, Verdict.EDITABLE, id="editable"
        ),
        pytest.param({"installed": INSTALLED}, Verdict.FRESH, id="a copy"),
        pytest.param(
            {"findings": (finding(Code.NS203, FIX, "a"), finding(Code.NS301, FIX, "a"))},
            Verdict.DAMAGED,
            id="still damaged",
        ),
    ],
)
def test_the_verdict_without_what_is_ignored(changes: dict[str, Any], verdict: Verdict) -> None:
    rules = [Ignored("NS203", "*", "because")]
    assert without_ignored(stale("a", **changes), rules).verdict is verdict


def test_where_nothing_is_ignored_nothing_changes() -> None:
    place = stale("a", verdict=Verdict.DAMAGED)
    assert without_ignored(place, [Ignored("NS203", "b", "because")]) is place


def test_two_rules_for_one_finding() -> None:
    rules = [Ignored("NS203", "a*", "one"), Ignored("NS203", "*", "two")]
    place = without_ignored(stale("a", "b"), rules)
    assert place.findings == ()
    assert [([e.what for e in f.evidence], why) for f, why in place.ignored] == [
        (["a"], "one"),
        (["b"], "two"),
    ]


def test_what_is_ignored_adds_up() -> None:
    once = without_ignored(stale("a", "b"), [Ignored("NS203", "a", "one")])
    twice = without_ignored(once, [Ignored("NS203", "b", "two")])
    assert [reason for _, reason in twice.ignored] == ["one", "two"]
    assert without_ignored(twice, [Ignored("NS203", "*", "three")]) is twice


def test_what_the_owner_of_a_project_ignores(tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "env")
    put(environment)
    project = PROJECT._replace(ignored=(Ignored("NS201", "demo/*", "generated"),))
    place = look(environment, wheel_of(tmp_path, {**SOURCES, "demo/new.py": ""}), project)
    assert (place.verdict, place.findings) == (Verdict.FRESH, ())
    assert [(f.code.name, reason) for f, reason in place.ignored] == [("NS201", "generated")]

"""Wheels, archives and installations compared, as tables of values: no disk, no process."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from support.tree import build_file_tree
from unit.made_up import FILES, INFO, INSTALLED, ONE, TWO, WHEEL, named

from neverstale.diagnosis.checks.contents import (
    check_archive,
    check_changes,
    check_disk,
    check_editable,
    check_installed,
    check_wheel,
    is_metadata,
)
from neverstale.diagnosis.findings import Evidence, Fix
from neverstale.environments.installed import Installed
from neverstale.files import Digest
from neverstale.wheels.distribution import Distribution

FIX = Fix((("make", "install"),))
HELD = dict(INSTALLED.distribution.files)


def with_files(files: Mapping[str, Digest | None]) -> Installed:
    """Return the installation with other files; None removes one."""
    kept = {path: digest for path, digest in {**HELD, **files}.items() if digest}
    return INSTALLED._replace(distribution=INSTALLED.distribution._replace(files=kept))


def with_distribution(**changes: Any) -> Installed:  # noqa: ANN401
    return INSTALLED._replace(distribution=INSTALLED.distribution._replace(**changes))


@pytest.mark.parametrize(
    ("installed", "expected"),
    [
        pytest.param(INSTALLED, {}, id="the same"),
        pytest.param(with_files({"demo/cli.py": None}), {"NS201": ["demo/cli.py"]}, id="missing"),
        pytest.param(with_files({"demo/old.py": ONE}), {"NS202": ["demo/old.py"]}, id="deleted"),
        pytest.param(with_files({"demo/cli.py": TWO}), {"NS203": ["demo/cli.py"]}, id="edited"),
        pytest.param(
            with_distribution(executable=frozenset({"demo/cli.py", f"{INFO}/RECORD"})),
            {"NS203": ["demo/cli.py"]},
            id="executable",
        ),
        pytest.param(
            with_files({f"{INFO}/{n}": TWO for n in ("INSTALLER", "REQUESTED", "direct_url.json")}),
            {},
            id="an installer's files",
        ),
        pytest.param(
            with_files({f"{INFO}/{n}": TWO for n in ("uv_build.json", "uv_cache.json")}),
            {},
            id="uv's files",
        ),
        pytest.param(
            with_files({f"{INFO}/extra": TWO}),
            {"NS202": [f"{INFO}/extra"]},
            id="not an installer's",
        ),
        pytest.param(
            with_files({"other/INSTALLER": TWO}), {"NS202": ["other/INSTALLER"]}, id="elsewhere"
        ),
        pytest.param(with_files({"demo/__pycache__/x.pyc": TWO}), {}, id="bytecode"),
        pytest.param(
            with_files({"demo/my__pycache__/x.pyc": TWO}),
            {"NS202": ["demo/my__pycache__/x.pyc"]},
            id="a folder whose name ends like that of bytecode",
        ),
        pytest.param(
            with_files({"{scripts}/other": TWO}), {"NS202": ["{scripts}/other"]}, id="a script"
        ),
        pytest.param(
            with_files({f"{{scripts}}/demo{end}": TWO for end in (".exe", "-script.py")}),
            {},
            id="launchers of Windows",
        ),
        pytest.param(
            with_files({"{scripts}/demo-script.pyw": TWO}), {}, id="a launcher without a console"
        ),
        pytest.param(
            with_files({"demo/cli.py": TWO})._replace(altered={"demo/cli.py": (ONE, TWO)}),
            {},
            id="altered on disk is said elsewhere",
        ),
        pytest.param(
            with_files({"demo/cli.py": None})._replace(missing=frozenset({"demo/cli.py"})),
            {},
            id="missing on disk is said elsewhere",
        ),
        pytest.param(
            with_files({"demo/cli.py": None})._replace(outside=frozenset({"demo/cli.py"})),
            {},
            id="outside is said elsewhere",
        ),
        pytest.param(
            with_files({"demo/cli.py": None})._replace(unrecorded=frozenset({"demo/cli.py"})),
            {},
            id="unrecorded is said elsewhere",
        ),
    ],
)
def test_installed(installed: Installed, expected: dict[str, list[str]]) -> None:
    assert named(check_installed(WHEEL, installed, FIX)) == expected


def test_what_differs_is_told_with_both_digests() -> None:
    (found,) = check_installed(WHEEL, with_files({"demo/cli.py": TWO}), FIX)
    assert found.evidence == (Evidence("demo/cli.py", ONE, TWO),)
    assert found.fix == FIX


@pytest.mark.skipif(os.name == "nt", reason="there is no such permission")
def test_permissions_are_told_in_words() -> None:
    installed = with_distribution(executable=frozenset({"demo/cli.py"}))
    (found,) = check_installed(WHEEL, installed, FIX)
    assert found.evidence == (Evidence("demo/cli.py", "not executable", "executable"),)
    wheel = WHEEL._replace(executable=frozenset({"demo/cli.py"}))
    (found,) = check_installed(wheel, INSTALLED, FIX)
    assert found.evidence == (Evidence("demo/cli.py", "executable", "not executable"),)


def test_a_script_is_executable_wherever_it_is_installed() -> None:
    wheel = WHEEL._replace(files={**FILES, "{scripts}/run": ONE})
    installed = with_files({"{scripts}/run": ONE})
    changed = installed.distribution._replace(executable=frozenset({"{scripts}/run"}))
    assert check_installed(wheel, installed._replace(distribution=changed), FIX) == []


def test_a_twin_of_a_command_is_an_installers() -> None:
    """pip adds names with the version, of the same content."""
    files = {**HELD, "{scripts}/demo3.12": TWO}
    bodies = {"{scripts}/demo": ONE, "{scripts}/demo3.12": ONE}
    assert check_installed(WHEEL, with_distribution(files=files, bodies=bodies), FIX) == []
    other = {**bodies, "{scripts}/demo3.12": TWO}
    found = check_installed(WHEEL, with_distribution(files=files, bodies=other), FIX)
    assert named(found) == {"NS202": ["{scripts}/demo3.12"]}


METADATA = f"{INFO}/METADATA"


@pytest.mark.parametrize(
    ("here", "there", "expected"),
    [
        pytest.param({METADATA: ONE}, {METADATA: ONE}, {"NS208": [METADATA]}, id="rewritten"),
        pytest.param({METADATA: ONE}, {METADATA: TWO}, {"NS203": [METADATA]}, id="other body"),
        pytest.param({METADATA: ONE}, {}, {"NS203": [METADATA]}, id="no body there"),
        pytest.param({}, {}, {"NS203": [METADATA]}, id="no body"),
        pytest.param({}, {METADATA: ONE}, {"NS203": [METADATA]}, id="no body here"),
    ],
)
def test_what_build_backends_write_anew(
    here: dict[str, Digest], there: dict[str, Digest], expected: dict[str, list[str]]
) -> None:
    changed = with_files({METADATA: TWO}).distribution._replace(bodies=there)
    installed = INSTALLED._replace(distribution=changed)
    assert named(check_installed(WHEEL._replace(bodies=here), installed, FIX)) == expected


def test_a_script_with_another_interpreter_is_the_same() -> None:
    wheel = WHEEL._replace(files={**FILES, "{scripts}/run": ONE}, bodies={"{scripts}/run": ONE})
    installed = INSTALLED._replace(
        distribution=INSTALLED.distribution._replace(
            files={**HELD, "{scripts}/run": TWO},
            bodies={"{scripts}/run": ONE},
        ),
    )
    assert check_installed(wheel, installed, FIX) == []


def test_of_another_version_the_metadata_does_not_count() -> None:
    """Each path of its dist-info differs; that the version does is said once."""
    wheel = WHEEL._replace(
        version="2.0",
        files={"demo/__init__.py": ONE, "demo/new.py": ONE, "demo-2.0.dist-info/METADATA": ONE},
    )
    assert named(check_installed(wheel, INSTALLED, FIX)) == {
        "NS201": ["demo/new.py"],
        "NS202": ["demo/cli.py"],
    }
    spelled = WHEEL._replace(version="1.0.0", files={**FILES, f"{INFO}/more": ONE})
    assert named(check_installed(spelled, INSTALLED, FIX)) == {"NS201": [f"{INFO}/more"]}


@pytest.mark.parametrize(
    ("changes", "version", "expected"),
    [
        pytest.param({}, "1.0", {}, id="the same"),
        pytest.param(
            {"demo/old.py": ONE},
            "1.0",
            {"NS102": ["demo/old.py"], "NS503": ["version 1.0"]},
            id="a deleted file",
        ),
        pytest.param(
            {"demo/cli.py": TWO},
            "1.0",
            {"NS103": ["demo/cli.py"], "NS503": ["version 1.0"]},
            id="an edited file",
        ),
        pytest.param(
            {"demo/cli.py": None},
            "1.0",
            {"NS104": ["demo/cli.py"], "NS503": ["version 1.0"]},
            id="a new file",
        ),
        pytest.param(
            {"demo/cli.py": TWO},
            "2.0",
            {"NS103": ["demo/cli.py"], "NS204": ["version"]},
            id="another version",
        ),
        pytest.param({}, "2.0", {"NS204": ["version"]}, id="another version of the same"),
        pytest.param({}, "1.0.0", {}, id="another spelling of the version"),
        pytest.param(
            {METADATA: None, "demo-2.0.dist-info/METADATA": ONE},
            "2.0",
            {"NS204": ["version"]},
            id="the metadata of another version",
        ),
        pytest.param(
            {METADATA: None},
            "1.0",
            {"NS104": [METADATA], "NS503": ["version 1.0"]},
            id="metadata of this version",
        ),
    ],
)
def test_archive(
    changes: dict[str, Digest | None], version: str, expected: dict[str, list[str]]
) -> None:
    files = {path: digest for path, digest in {**FILES, **changes}.items() if digest}
    archive = WHEEL._replace(files=files, version=version)
    assert named(check_archive(WHEEL, archive, FIX)) == expected


def test_generated_files_of_an_archive_are_not_compared() -> None:
    archive = WHEEL._replace(files={**FILES, "demo/cli.py": TWO})
    assert check_archive(WHEEL, archive, FIX, generated=("demo/cli.py",)) == []


def test_archive_of_another_release_of_its_backend() -> None:
    path = f"{INFO}/WHEEL"
    reference = WHEEL._replace(files={**FILES, path: ONE}, bodies={path: ONE})
    archive = reference._replace(files={**FILES, path: TWO})
    assert check_archive(reference, archive, FIX) == []
    other = archive._replace(bodies={path: TWO})
    assert named(check_archive(reference, other, FIX))["NS103"] == [path]


def test_the_version_of_an_archive_is_told_with_the_expected_one() -> None:
    (found,) = check_archive(WHEEL, WHEEL._replace(version="2.0"), FIX)
    assert found.evidence == (Evidence("version", "1.0", "2.0"),)


def without(*paths: str, **changes: Any) -> Distribution:  # noqa: ANN401
    files = {path: digest for path, digest in FILES.items() if path not in paths}
    return WHEEL._replace(**{"files": files, **changes})


@pytest.mark.parametrize(
    ("wheel", "unselected", "expected"),
    [
        pytest.param(WHEEL, (), {}, id="good"),
        pytest.param(
            WHEEL,
            ("src/demo/b.txt", "src/demo/a.txt"),
            {"NS101": ["src/demo/a.txt", "src/demo/b.txt"]},
            id="not selected",
        ),
        pytest.param(
            WHEEL._replace(files={**FILES, "tools/neverstale.py": ONE}),
            (),
            {"NS106": ["tools/neverstale.py"]},
            id="the launcher",
        ),
        pytest.param(
            WHEEL._replace(files={**FILES, "tools/other.py": ONE}), (), {}, id="other tools"
        ),
        pytest.param(
            without("demo/cli.py"), (), {"NS406": ["demo: demo.cli:main"]}, id="no module"
        ),
        pytest.param(
            without("demo/cli.py")._replace(
                files={**without("demo/cli.py").files, "demo/cli.so": ONE}
            ),
            (),
            {},
            id="an extension module",
        ),
        pytest.param(
            without("demo/cli.py")._replace(files={"demo/cli/__init__.py": ONE}),
            (),
            {},
            id="a package",
        ),
        pytest.param(
            without("demo/cli.py")._replace(files={"demo/cli/data.txt": ONE}),
            (),
            {"NS406": ["demo: demo.cli:main"]},
            id="a folder",
        ),
        pytest.param(
            without("demo/cli.py", "demo/__init__.py"),
            (),
            {"NS406": ["demo: demo.cli:main"]},
            id="nothing of it",
        ),
        pytest.param(
            without("demo/cli.py")._replace(commands={"demo": "demo:main"}),
            (),
            {},
            id="a top module",
        ),
        pytest.param(
            WHEEL._replace(
                commands={"x": "elsewhere.cli:main"},
                requirements=frozenset({Requirement("elsewhere")}),
            ),
            (),
            {},
            id="of another distribution",
        ),
        pytest.param(
            WHEEL._replace(commands={"x": "elsewhere.cli:main"}),
            (),
            {"NS406": ["x: elsewhere.cli:main"]},
            id="of no distribution",
        ),
        pytest.param(
            WHEEL._replace(commands={"x": "elsewhere:main"}, files={**FILES, "a.pth": ONE}),
            (),
            {},
            id="of a folder that a file names",
        ),
        pytest.param(
            WHEEL._replace(commands={"x": "json.tool:main"}), (), {}, id="of the standard library"
        ),
        pytest.param(
            without("demo/cli.py", commands={"b": "demo.cli : x", "a": "demo.cli:y"}),
            (),
            {"NS406": ["a: demo.cli:y", "b: demo.cli : x"]},
            id="in order",
        ),
    ],
)
def test_wheel(
    wheel: Distribution, unselected: tuple[str, ...], expected: dict[str, list[str]], tmp_path: Path
) -> None:
    assert named(check_wheel(wheel, unselected, tmp_path)) == expected


@pytest.mark.parametrize("home", ["", "src/"])
def test_a_module_of_a_command_that_no_package_of_the_wheel_has(home: str, tmp_path: Path) -> None:
    wheel = without("demo/cli.py", commands={"a": "other.cli:x", "b": "elsewhere.cli:x"})
    wheel = wheel._replace(requirements=frozenset({Requirement("elsewhere")}))
    build_file_tree(tmp_path, {f"{home}other/cli.py": ""})
    assert named(check_wheel(wheel, (), tmp_path)) == {"NS406": ["a: other.cli:x"]}


POINTED = {"demo.pth": ONE, f"{INFO}/RECORD": TWO, METADATA: ONE}


def editable(files: Mapping[str, Digest], *pointers: Path, **changes: Any) -> Installed:  # noqa: ANN401
    distribution = INSTALLED.distribution._replace(files={**POINTED, **files})
    return INSTALLED._replace(
        distribution=distribution, pointers=tuple(map(str, pointers)), **changes
    )


@pytest.mark.parametrize(
    ("expected", "held", "changes", "findings"),
    [
        pytest.param({}, {}, {}, {}, id="pointers alone"),
        pytest.param({"__editable__.demo.pth": TWO}, {}, {}, {}, id="another name of the pointers"),
        pytest.param({f"{INFO}/more": TWO}, {}, {}, {}, id="metadata is compared as declarations"),
        pytest.param({"gen.py": ONE}, {"gen.py": ONE}, {}, {}, id="the same copy"),
        pytest.param(
            {"gen.py": ONE}, {"gen.py": TWO}, {}, {"NS203": ["gen.py"]}, id="a stale copy"
        ),
        pytest.param({"gen.py": ONE}, {}, {}, {"NS201": ["gen.py"]}, id="no copy"),
        pytest.param({}, {"gen.py": ONE}, {}, {"NS202": ["gen.py"]}, id="a copy too many"),
        pytest.param({}, {"{scripts}/demo": TWO}, {}, {}, id="a launcher"),
        pytest.param(
            {"gen.py": ONE},
            {"gen.py": TWO},
            {"altered": {"gen.py": (ONE, TWO)}},
            {},
            id="altered is said elsewhere",
        ),
        pytest.param(
            {"gen.py": ONE}, {}, {"missing": frozenset({"gen.py"})}, {}, id="missing, too"
        ),
        pytest.param({"gen.py": ONE}, {}, {"outside": frozenset({"gen.py"})}, {}, id="and outside"),
    ],
)
def test_copies_of_an_editable_install(
    expected: dict[str, Digest],
    held: dict[str, Digest],
    changes: dict[str, Any],
    findings: dict[str, list[str]],
) -> None:
    wheel = WHEEL._replace(files={**POINTED, **expected})
    installed = editable(held, Path("/src"), **changes)
    assert named(check_editable(wheel, ["/src"], installed, FIX)) == findings


@pytest.mark.parametrize(
    ("here", "there", "evidence"),
    [
        ({"Summary": "a"}, {"Summary": "a"}, []),
        ({"Summary": "a"}, None, []),
        (None, {"Summary": "a"}, []),
        ({"Summary": "a"}, {}, [("METADATA Summary", "a", "")]),
        ({}, {"Summary": "a"}, [("METADATA Summary", "", "a")]),
        ({"Summary": "a"}, {"Summary": "b"}, [("METADATA Summary", "a", "b")]),
        ({"A": "a", "B": "b"}, {"B": "b"}, [("METADATA A", "a", "")]),
        ({"A": "x\ny"}, {"A": "x\nz\nw"}, [("METADATA A", "y", "z, w")]),
    ],
)
def test_metadata_of_an_editable_install(
    here: dict[str, str] | None, there: dict[str, str] | None, evidence: list[tuple[str, str, str]]
) -> None:
    """None is a listing that was made before they were noted."""
    installed = editable({}, Path("/src"))
    installed = installed._replace(distribution=installed.distribution._replace(fields=there))
    wheel = WHEEL._replace(files=POINTED, fields=here)
    found = check_editable(wheel, ["/src"], installed, FIX)
    given = [(each.what, each.expected, each.found) for f in found for each in f.evidence]
    assert given == evidence


@pytest.mark.parametrize(
    ("now", "installed", "held", "findings"),
    [
        pytest.param(["/a"], ["/a"], {}, {}, id="the same"),
        pytest.param(["/a"], ["/a", "/b"], {}, {}, id="one too many"),
        pytest.param(["/a", "/b"], ["/a"], {}, {"NS203": ["sys.path"]}, id="one too few"),
        pytest.param(["/a"], ["/b"], {}, {}, id="elsewhere is said as such"),
        pytest.param(["/a"], [], {}, {"NS203": ["sys.path"]}, id="none at all"),
        pytest.param([], ["/a"], {}, {}, id="none wanted"),
        pytest.param(
            ["/a"],
            ["/b"],
            {"gen.py": ONE},
            {"NS201": ["gen.py"], "NS203": ["sys.path"]},
            id="elsewhere, and another kind of install",
        ),
    ],
)
def test_pointers_of_an_editable_install(
    now: list[str], installed: list[str], held: dict[str, Digest], findings: dict[str, list[str]]
) -> None:
    wheel = WHEEL._replace(files={**POINTED, **held})
    found = check_editable(wheel, now, editable({}, *map(Path, installed)), FIX)
    assert named(found) == findings


def test_a_link_to_the_same_folder_is_the_same_pointer(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "link").symlink_to("src")
    wheel = WHEEL._replace(files=POINTED)
    installed = editable({}, tmp_path / "link")
    assert check_editable(wheel, [str(tmp_path / "src")], installed, FIX) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, {}, id="whole"),
        pytest.param(
            {"altered": {"b": (ONE, TWO), "a": (TWO, ONE)}}, {"NS301": ["a", "b"]}, id="altered"
        ),
        pytest.param({"missing": frozenset("ba")}, {"NS302": ["a", "b"]}, id="missing"),
        pytest.param({"unrecorded": frozenset("ba")}, {"NS303": ["a", "b"]}, id="unrecorded"),
        pytest.param({"unchecked": frozenset("ba")}, {"NS304": ["a", "b"]}, id="unchecked"),
        pytest.param({"outside": frozenset("ba")}, {"NS305": ["a", "b"]}, id="outside"),
    ],
)
def test_disk(changes: dict[str, Any], expected: dict[str, list[str]]) -> None:
    assert named(check_disk(INSTALLED._replace(**changes), FIX)) == expected


def test_what_was_altered_is_told_with_both_digests() -> None:
    (found,) = check_disk(INSTALLED._replace(altered={"a": (ONE, TWO)}), FIX)
    assert found.evidence == (Evidence("a", ONE, TWO),)


def test_a_row_that_leads_out_has_advice_as_well() -> None:
    (found,) = check_disk(INSTALLED._replace(outside=frozenset({"../x"})), FIX)
    assert found.fix.commands == FIX.commands
    assert "where the distribution is from" in found.fix.advice


@pytest.mark.parametrize(
    ("question", "before", "expected"),
    [
        pytest.param("file src/demo/cli.py", ONE, ["src/demo/cli.py"], id="what is installed"),
        pytest.param("file src/demo/cli.py", f"{ONE} x", ["src/demo/cli.py"], id="executable"),
        pytest.param("file src/demo/cli.py", TWO, [], id="other content is installed"),
        pytest.param("file src/demo/other.py", ONE, [], id="another name"),
        pytest.param("kind src/demo/cli.py", ONE, [], id="another question"),
        pytest.param("folder src/demo", ONE, [], id="a folder"),
    ],
)
def test_changes_since_a_build(
    question: str, before: str, expected: list[str], tmp_path: Path
) -> None:
    build_file_tree(tmp_path, {"src/demo/cli.py": "changed"})
    found = list(check_changes({question: before}, [question], INSTALLED, FIX, tmp_path))
    assert [each.what for f in found for each in f.evidence] == expected
    assert {f.code.name for f in found} <= {"NS203"}


def test_a_source_that_is_gone_since_a_build(tmp_path: Path) -> None:
    question = "file src/demo/cli.py"
    found = [*check_changes({question: ONE}, [question], INSTALLED, FIX, tmp_path)]
    assert named(found) == {"NS202": ["demo/cli.py"]}


def test_what_did_not_change_since_a_build_is_not_told(tmp_path: Path) -> None:
    assert list(check_changes({"file src/demo/cli.py": ONE}, [], INSTALLED, FIX, tmp_path)) == []


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (f"{INFO}/METADATA", True),
        ("demo.egg-info/PKG-INFO", True),
        ("demo/x.dist-info/METADATA", False),
        ("demo/__init__.py", False),
        ("demo.dist-info", True),
    ],
)
def test_metadata(path: str, expected: bool) -> None:
    assert is_metadata(path) == expected

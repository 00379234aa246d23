"""What is installed, read as files: what RECORD promises, and what the disk holds."""

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name
from support.tree import build_file_tree
from unit.made_up import (
    DEMO,
    INFO,
    INSTALLED,
    ONE,
    SOURCES,
    install_files,
    make_environment,
    requirements,
    site_of,
)
from unit.small import unprivileged

from neverstale.environments.commands import leads_into, links_into, own_commands, read_receipt
from neverstale.environments.dist_info import DamagedError
from neverstale.environments.environment import OTHER, PYTHON, TOOL, VENV, Environment
from neverstale.environments.installed import Installed, read_installed, read_requirements
from neverstale.environments.unrecorded import find_empty_folders, find_orphans
from neverstale.errors import NeverstaleError
from neverstale.files import digest_of
from neverstale.wheels.distribution import Distribution

COMMANDS = {"demo": "demo.cli:main"}


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return make_environment(tmp_path / "env", VENV)


def read(environment: Environment) -> Installed:
    installed = read_installed(environment, DEMO)
    assert installed
    return installed


def put(environment: Environment, files: dict[str, str] | None = None, **changes: Any) -> Path:  # noqa: ANN401
    held = SOURCES if files is None else files
    return install_files(environment, held, **{"commands": COMMANDS, **changes})


def test_a_row_that_leads_out_makes_no_package(environment: Environment) -> None:
    put(environment)
    site = site_of(environment)
    build_file_tree(site.parent, {"theirs/mine.txt": ""})
    record = site / INFO / "RECORD"
    for row in ("../__init__.py", "/__init__.py"):
        record.write_text(f"{record.read_text()}{row},,\n")
    assert read(environment).unrecorded == frozenset()


@pytest.mark.parametrize(("by", "compared"), [("pip", True), ("uv", True), ("poetry 2.4.3", False)])
def test_whose_metadata_is_the_backends(by: str, compared: bool, environment: Environment) -> None:
    put(environment)
    (site_of(environment) / INFO / "INSTALLER").write_text(f"{by}\n")
    assert (read(environment).distribution.fields is not None) == compared


def test_an_installation(environment: Environment) -> None:
    assert read_installed(environment, DEMO) is None
    assert read_installed(Environment(OTHER, Path("/gone"), Path("/gone")), DEMO) is None
    put(environment, requires=["dep>=1"], origin={"url": "x"})
    installed = read(environment)
    distribution = installed.distribution
    assert (distribution.name, distribution.version) == ("demo", "1.0")
    assert set(distribution.files) == {
        *SOURCES,
        "{scripts}/demo",
        *(f"{INFO}/{n}" for n in ("METADATA", "WHEEL", "INSTALLER", "direct_url.json")),
        *(f"{INFO}/{n}" for n in ("RECORD", "entry_points.txt")),
    }
    assert distribution.files["demo/cli.py"] == digest_of(SOURCES["demo/cli.py"].encode())
    assert distribution.executable == {"{scripts}/demo"}
    assert distribution.commands == COMMANDS
    assert distribution.requirements == requirements("dep>=1")
    assert set(distribution.bodies) == {"{scripts}/demo", f"{INFO}/METADATA", f"{INFO}/WHEEL"}
    assert (installed.dist_info, installed.origin) == (INFO, {"url": "x"})
    assert installed.commands == {"demo"}
    assert installed.tags == {"py3-none-any"}
    assert (installed.whole, installed.editable, installed.pointers) == (True, False, ())


@pytest.mark.parametrize(
    ("changes", "whole"),
    [
        ({}, True),
        ({"altered": {"x": (ONE, ONE)}}, False),
        ({"missing": frozenset("x")}, False),
        ({"unrecorded": frozenset("x")}, False),
        ({"outside": frozenset("x")}, False),
        ({"unchecked": frozenset("x")}, True),
    ],
)
def test_whole(changes: dict[str, Any], whole: bool) -> None:
    assert INSTALLED._replace(**changes).whole == whole


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ({"dir_info": {"editable": True}}, True),
        ({"dir_info": {"editable": False}}, False),
        ({"dir_info": {}}, False),
        ({"dir_info": "editable"}, False),
        ({}, False),
    ],
)
def test_editable(origin: dict[str, object], expected: bool) -> None:
    assert INSTALLED._replace(origin=origin).editable is expected


def test_what_the_disk_holds_otherwise(environment: Environment) -> None:
    put(environment, {**SOURCES, "demo/gone.py": ""})
    site = site_of(environment)
    build_file_tree(site, {"demo/cli.py": "edited", "demo/new.py": "", f"{INFO}/extra": ""})
    build_file_tree(site, {"demo/__pycache__/cli.pyc": "", "demo/deep/__pycache__/x.pyc": ""})
    build_file_tree(site, {"other/x.py": "", "top.py": ""})
    (site / "demo/gone.py").unlink()
    installed = read(environment)
    digests = (digest_of(SOURCES["demo/cli.py"].encode()), digest_of(b"edited"))
    assert installed.altered == {"demo/cli.py": digests}
    assert installed.missing == {"demo/gone.py"}
    assert installed.unrecorded == {"demo/new.py", f"{INFO}/extra"}
    assert not installed.outside
    assert not installed.whole


def test_a_folder_that_others_share_is_not_its_own(environment: Environment) -> None:
    put(environment, {"space/demo/__init__.py": ""})
    build_file_tree(site_of(environment), {"space/other/__init__.py": ""})
    assert read(environment).unrecorded == set()


def test_a_plugin_may_put_files_into_a_package(environment: Environment) -> None:
    put(environment)
    install_files(environment, {"demo/plugin.py": ""}, "plugin")
    assert read(environment).unrecorded == set()


def test_a_package_that_is_a_link(environment: Environment, tmp_path: Path) -> None:
    put(environment)
    site = site_of(environment)
    build_file_tree(tmp_path / "away", {"inner/x.py": ""})
    (site / "demo/linked").symlink_to(tmp_path / "away/inner")
    assert read(environment).unrecorded == {"demo/linked"}


@pytest.mark.parametrize(
    ("row", "outside"),
    [
        pytest.param("../../../../elsewhere/x.py,,", True, id="out of it"),
        pytest.param("{folder}/elsewhere/x.py,,", True, id="absolute"),
        pytest.param("{prefix}/bin/x,,", False, id="absolute within it"),
        pytest.param("../../../bin/x,,", False, id="within it"),
        pytest.param("demo/../demo/x.py,,", False, id="there and back"),
        pytest.param("linked/x.py,,", True, id="through a link"),
    ],
)
def test_rows_that_lead_out(row: str, outside: bool, tmp_path: Path) -> None:
    folder = tmp_path / "w"
    environment = make_environment(folder / "env")
    build_file_tree(folder, {"elsewhere/x.py": "secret"})
    (site_of(environment) / "linked").symlink_to(folder / "elsewhere")
    line = row.format(folder=folder, prefix=environment.prefix)
    put(environment, rows=[line])
    installed = read(environment)
    assert installed.outside == ({line.partition(",")[0]} if outside else set())
    assert bool(installed.missing) != outside
    assert not any(d == digest_of(b"secret") for d in installed.distribution.files.values())


def test_a_prefix_that_begins_like_the_environments(tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "env")
    build_file_tree(tmp_path, {"env2/x": ""})
    put(environment, rows=[f"{tmp_path}/env2/x,,", "../../../../env2/x,,"])
    assert read(environment).outside == {f"{tmp_path}/env2/x", "../../../../env2/x"}


@pytest.mark.parametrize(
    ("algorithm", "altered", "unchecked"),
    [
        pytest.param("md5", False, False, id="another that Python has"),
        pytest.param("sha384", False, False, id="a longer one"),
        pytest.param("rot13", False, True, id="one that nobody has"),
    ],
)
def test_hashes_of_other_kinds(
    algorithm: str, altered: bool, unchecked: bool, environment: Environment
) -> None:
    info = put(environment, {**SOURCES, "demo/x.txt": "text"})
    content = b"text"
    known = algorithm in hashlib.algorithms_available
    value = digest_of(content, algorithm) if known else f"{algorithm}=abc"
    text = (info / "RECORD").read_text("utf-8").replace(digest_of(content), value)
    (info / "RECORD").write_text(text, encoding="utf-8")
    installed = read(environment)
    assert bool(installed.altered) == altered
    assert installed.unchecked == ({"demo/x.txt"} if unchecked else set())
    build_file_tree(site_of(environment), {"demo/x.txt": "other"})
    assert set(read(environment).altered) == (set() if unchecked else {"demo/x.txt"})


@pytest.mark.parametrize(
    ("first", "altered"),
    [("#!/x/python -E", False), ("#!/x/python -I", True), ("# /x/python -E", True)],
)
def test_what_pipx_adds_to_the_first_line(
    first: str, altered: bool, environment: Environment
) -> None:
    put(environment)
    script = environment.scripts / "demo"
    before = f"{first.removesuffix(' -E').removesuffix(' -I')}\nimport demo.cli\n"
    record = site_of(environment) / INFO / "RECORD"
    text = record.read_text("utf-8").replace(
        digest_of(script.read_bytes()), digest_of(before.encode())
    )
    record.write_text(text, encoding="utf-8")
    script.write_text(f"{first}\nimport demo.cli\n", encoding="utf-8")
    assert bool(read(environment).altered) == altered


def test_of_a_file_elsewhere_that_first_line_counts(environment: Environment) -> None:
    put(environment, {**SOURCES, "demo/run": "#!/x/python\n"})
    build_file_tree(site_of(environment), {"demo/run": "#!/x/python -E\n"})
    assert set(read(environment).altered) == {"demo/run"}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("../../../bin/tool", "{scripts}/tool"),
        ("../../../bin/deep/tool", "{data}/bin/deep/tool"),
        ("../../../share/x", "{data}/share/x"),
        ("../../../include/site/python3.12/demo/x.h", "{headers}/x.h"),
        ("../x", "{data}/lib/python3.12/x"),
    ],
)
def test_where_files_belong(path: str, expected: str, environment: Environment) -> None:
    file = site_of(environment) / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("x", encoding="utf-8")
    put(environment, rows=[f"{path},{digest_of(b'x')},"])
    assert expected in read(environment).distribution.files


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{folder}/src\n", ["{folder}/src"]),
        ("relative\n", ["{site}/relative"]),
        ("# no\n\nimport x\nimport\ty\n  \n{folder}/a\n{folder}/b\n", ["{folder}/a", "{folder}/b"]),
        ("{folder}/a\0b\n", ["{folder}/ab"]),
    ],
)
def test_pointers(text: str, expected: list[str], environment: Environment, tmp_path: Path) -> None:
    put(environment, {"demo.pth": text.format(folder=tmp_path), "deep/x.pth": "/no\n"})
    site = site_of(environment)
    told = tuple(each.format(folder=tmp_path, site=site) for each in expected)
    assert read(environment).pointers == told


@pytest.mark.parametrize(
    ("text", "expected"),
    [('{"url": "x"}', {"url": "x"}), ("[]", {}), ("{", {}), ("", {})],
)
def test_origin(text: str, expected: dict[str, object], environment: Environment) -> None:
    info = put(environment)
    (info / "direct_url.json").write_text(text, encoding="utf-8")
    assert read(environment).origin == expected


def test_tags(environment: Environment) -> None:
    info = put(environment)
    (info / "WHEEL").write_text("Tag: a\nTag: b \nTags: c\n", encoding="utf-8")
    assert read(environment).tags == {"a", "b"}
    (info / "WHEEL").unlink()
    assert read(environment).tags == frozenset()


@pytest.mark.parametrize("name", ["RECORD", "METADATA"])
def test_records_that_are_missing(name: str, environment: Environment) -> None:
    info = put(environment)
    (info / name).unlink()
    with pytest.raises(DamagedError) as caught:
        read(environment)
    assert caught.value.evidence == (f"{INFO}/{name} (No such file or directory)",)
    assert (caught.value.twice, caught.value.hint) == (False, "install it again")
    (info / name).mkdir()
    with pytest.raises(DamagedError):
        read(environment)


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("METADATA", "Name: demo\n", "METADATA names no distribution or no version"),
        ("METADATA", "Version: 1.0\n", "METADATA names no distribution or no version"),
        ("RECORD", "gone.py,,\n", "no row of it is a file"),
        ("RECORD", "", "no row of it is a file"),
        ("RECORD", '"' + "x" * 140_000 + '"\n', "field larger than field limit"),
    ],
    ids=["no version", "no name", "nothing is there", "empty", "too long"],
)
def test_records_that_are_none(name: str, text: str, what: str, environment: Environment) -> None:
    info = put(environment)
    (info / name).write_text(text, encoding="utf-8")
    with pytest.raises(DamagedError, match=what):
        read(environment)


def test_two_records(environment: Environment) -> None:
    put(environment)
    put(environment, version="2.0")
    with pytest.raises(DamagedError) as caught:
        read(environment)
    assert caught.value.twice
    assert caught.value.evidence == (INFO, "demo-2.0.dist-info")


@pytest.mark.parametrize(
    ("place", "installer", "record", "foreign"),
    [
        pytest.param(VENV, "", True, False, id="an environment"),
        pytest.param(PYTHON, "pip", True, False, id="pip"),
        pytest.param(PYTHON, "uv", True, False, id="uv"),
        pytest.param(PYTHON, "conda", True, False, id="another with RECORD"),
        pytest.param(PYTHON, "conda", False, True, id="another without RECORD"),
    ],
)
def test_other_installers(
    place: str, installer: str, record: bool, foreign: bool, tmp_path: Path
) -> None:
    environment = make_environment(tmp_path / "env", place)
    environment = environment._replace(site=site_of(environment))
    info = put(environment)
    (info / "INSTALLER").write_text(installer, encoding="utf-8")
    if not record:
        (info / "RECORD").unlink()
    if foreign:
        with pytest.raises(NeverstaleError, match="no record of its files") as caught:
            read(environment)
        assert not isinstance(caught.value, DamagedError)
    else:
        assert set(read(environment).altered) <= {f"{INFO}/INSTALLER"}


@pytest.mark.parametrize(
    "name", ["demo.egg-link", "demo-1.0.egg-info", "demo-1.0-py3.12.egg-info/"]
)
def test_what_setup_py_installed(name: str, environment: Environment) -> None:
    build_file_tree(site_of(environment), {name: ""})
    with pytest.raises(NeverstaleError, match="no record of its files"):
        read(environment)


def test_what_is_known_is_not_parsed_again(environment: Environment) -> None:
    info = put(environment, requires=["dep"])
    plain = read(environment).distribution
    assert plain.fields == {}
    like = plain._replace(requires_python=">=3", requirements=requirements("other"))
    found = read_installed(environment, DEMO, like)
    assert found
    assert found.distribution.requirements == requirements("other")
    assert found.distribution.requires_python == ">=3"
    other: Distribution = like._replace(files={**like.files, f"{INFO}/METADATA": ONE})
    found = read_installed(environment, DEMO, other)
    assert found
    assert found.distribution.requirements == requirements("dep")
    assert info.name == INFO


def test_progress_is_told(environment: Environment) -> None:
    put(environment)
    ticks: list[tuple[int, int]] = []
    read_installed(environment, DEMO, None, lambda done, total: ticks.append((done, total)))
    assert ticks[0][0] == 0
    assert ticks[-1][0] == ticks[-1][1] > 0


def test_requirements_of_others(environment: Environment) -> None:
    dep = canonicalize_name("dep")
    assert read_requirements(environment, dep) == frozenset()
    info = install_files(environment, {}, "dep", requires=["deep"])
    assert read_requirements(environment, dep) == requirements("deep")
    (info / "METADATA").unlink()
    assert read_requirements(environment, dep) == frozenset()


def test_orphans(environment: Environment) -> None:
    site = site_of(environment)
    assert find_orphans(environment, ["demo", "single"]) == []
    build_file_tree(site, {"demo/b.py": "", "demo/a.py": "", "single.py": "", "other/x.py": ""})
    build_file_tree(site, {"demo/__pycache__/a.pyc": ""})
    assert find_orphans(environment, ["demo", "single"]) == ["demo/a.py", "demo/b.py", "single.py"]
    install_files(environment, {"demo/a.py": ""}, "other")
    assert find_orphans(environment, ["demo"]) == ["demo/b.py"]
    assert find_orphans(Environment(OTHER, Path("/gone"), Path("/gone")), ["demo"]) == []


def test_empty_folders(environment: Environment) -> None:
    build_file_tree(
        site_of(environment),
        {"b/": "", "a/__pycache__/x.pyc": "", "full/x.py": "", "c/deep/": "", "file": ""},
    )
    names = ["full", "b", "a", "gone", "c", "file"]
    assert find_empty_folders(environment, names) == ["a", "b", "c"]
    assert find_empty_folders(Environment(OTHER, Path("/gone"), Path("/gone")), ["a"]) == []


def tool(folder: Path) -> Environment:
    commands = folder / "commands"
    commands.mkdir(parents=True)
    return make_environment(folder / "tools/demo", TOOL, commands=commands)


def test_commands_that_are_offered(tmp_path: Path) -> None:
    environment = tool(tmp_path)
    put(environment)
    assert read(environment).commands == set()
    (tmp_path / "commands/demo").symlink_to(environment.scripts / "demo")
    assert read(environment).commands == {"demo"}
    (tmp_path / "commands/old").symlink_to(environment.scripts / "demo")
    (tmp_path / "commands/gone").symlink_to(environment.scripts / "gone")
    (tmp_path / "commands/else").symlink_to("/bin/sh")
    assert read(environment).commands == {"demo", "old"}


def test_commands_of_another_distribution_in_the_tool(tmp_path: Path) -> None:
    environment = tool(tmp_path)
    put(environment)
    install_files(environment, {}, "other", commands={"more": "other:main"})
    for name in ("demo", "more"):
        (tmp_path / "commands" / name).symlink_to(environment.scripts / name)
    assert read(environment).commands == {"demo"}


def test_commands_in_the_environments_own_folder(environment: Environment) -> None:
    put(environment, commands={"one": "demo:a", "two": "demo:b"})
    (environment.scripts / "two").unlink()
    build_file_tree(environment.scripts, {"three": ""})
    assert read(environment).commands == {"one"}


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("{env}/bin/demo", True),
        ("{env}/bin/gone", True),
        ("../tools/demo/bin/demo", True),
        ("{folder}/link/bin/demo", True),
        ("{folder}/tools/demo2/bin/demo", False),
        ("/bin/sh", False),
        (None, False),
    ],
)
def test_links_into_an_environment(target: str | None, expected: bool, tmp_path: Path) -> None:
    environment = tool(tmp_path)
    (tmp_path / "link").symlink_to(environment.prefix)
    path = tmp_path / "commands/demo"
    if target is None:
        path.write_text("", encoding="utf-8")
    else:
        path.symlink_to(target.format(env=environment.prefix, folder=tmp_path))
    assert leads_into(path, environment) == expected
    assert links_into(environment) == ([path] if expected else [])


def test_without_a_folder_of_commands_there_are_none(tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "env", TOOL, commands=tmp_path / "gone")
    assert links_into(environment) == own_commands(environment) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[tool]\nentrypoints = [{ name = "a", install-path = "/b/a" }]\n', [Path("/b/a")]),
        ("[tool]\nentrypoints = []\n", []),
        ("[tool]\nentrypoints = [{}]\n", []),
        ("[tool]\nentrypoints = [1]\n", []),
        ("[tool]\n", []),
        ("no TOML", []),
        (None, []),
    ],
)
def test_what_uv_noted_of_a_tool(
    text: str | None, expected: list[Path], environment: Environment
) -> None:
    if text is not None:
        build_file_tree(environment.prefix, {"uv-receipt.toml": text})
    assert read_receipt(environment) == expected


@pytest.mark.skipif(os.name == "nt", reason="there a file has no such permissions")
def test_what_may_not_be_read_is_not_damaged(open_path: Path) -> None:
    environment = make_environment(open_path / "env")
    metadata = put(environment) / "METADATA"
    assert read(environment)
    metadata.chmod(0)
    with unprivileged(), pytest.raises(PermissionError):
        read(environment)


def test_json_that_nests_too_deep(environment: Environment) -> None:
    info = put(environment)
    (info / "direct_url.json").write_text("[" * 100_000, encoding="utf-8")
    assert read(environment).origin == {}

"""The whole diagnosis of a made-up project in a made-up world, and the decisions in it."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from support.tree import build_file_tree
from unit.made_up import (
    EDITABLE,
    PROJECT,
    SOURCES,
    be_alone,
    fixes_of,
    install_files,
    make_builder,
    make_environment,
    make_project,
    make_wheel,
    named,
    remember,
    requirements,
    site_of,
)

from neverstale.diagnosis import doctor
from neverstale.diagnosis.codes import Code
from neverstale.diagnosis.copies import is_editable
from neverstale.diagnosis.doctor import Diagnosis, Request, diagnose, no_drift
from neverstale.diagnosis.findings import Finding, Fix, Verdict, finding
from neverstale.diagnosis.fixes import Fixes
from neverstale.diagnosis.place import Place, Reference
from neverstale.diagnosis.reference import Depth, References
from neverstale.environments.compiled import note_compiled
from neverstale.environments.environment import OTHER, PIPX, PYTHON, TOOL, VENV, Environment
from neverstale.files import no_tick
from neverstale.project.metadata import Ignored, Project
from neverstale.project.sources import read_sources
from neverstale.wheels.build import Builder

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere uv is asked for folders")

COMMANDS = {"demo": "demo.cli:main"}
COMPILED = {"build_backend": "maturin", "build_requires": ("maturin",)}
OWN = ("uv", "run", "--script", "tools/neverstale.py")


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home, a folder of commands and one of tools, and nothing else."""
    folder = tmp_path / "a größe"
    be_alone(monkeypatch, folder)
    return folder


@pytest.fixture
def project(world: Path) -> Project:
    made = make_project(world / "project")
    build_file_tree(made.root, {"tools/neverstale.py": ""})
    return made


def builder_of(project: Project) -> Builder:
    return make_builder(project.root, project.root.parent / "store", lambda _: None)


def examined(
    project: Project,
    depth: Depth = Depth.QUICK,
    **changes: Any,  # noqa: ANN401
) -> Diagnosis:
    return diagnose(project, builder_of(project), Request(depth, no_tick, **changes))


def known(project: Project, files: Mapping[str, str] | None = None, **changes: Any) -> None:  # noqa: ANN401
    remember(builder_of(project), project, project.root.parent, files, **changes)


def tool_of(world: Path, name: str = "demo", *, offered: bool = True) -> Environment:
    """Install the project as a uv tool."""
    environment = make_environment(world / "tools" / name, TOOL, commands=world / "commands")
    install_files(environment, SOURCES, commands=COMMANDS)
    if offered:
        (world / "commands/demo").symlink_to(environment.scripts / "demo")
    return environment


def verdicts(diagnosis: Diagnosis) -> dict[str, str]:
    return {place.name: place.verdict.value for place in diagnosis.places}


def found_in(diagnosis: Diagnosis, name: str) -> dict[str, list[str]]:
    (place,) = (place for place in diagnosis.places if place.name == name)
    return named(place.findings)


def test_installed_nowhere(project: Project) -> None:
    known(project)
    diagnosis = examined(project)
    assert verdicts(diagnosis) == {
        "sources": "fresh",
        "uv tool": "not installed",
        ".venv": "not installed",
    }
    assert diagnosis.fixes == ((*OWN, "install"),)
    assert (diagnosis.commands, diagnosis.imports, diagnosis.ignored) == ((), (), ())
    assert (diagnosis.project, diagnosis.depth) == (project, Depth.QUICK)


def test_an_environment_without_site_packages(world: Path, project: Project) -> None:
    known(project)
    build_file_tree(world, {"tools/demo/pyvenv.cfg": "home = /nowhere\n"})
    assert verdicts(examined(project))["uv tool"] == "not installed"


def test_a_fresh_tool(world: Path, project: Project) -> None:
    known(project)
    tool = tool_of(world)
    diagnosis = examined(project)
    assert verdicts(diagnosis)["uv tool"] == "fresh"
    assert diagnosis.fixes == ()
    assert diagnosis.compared == "a build of these sources, which was made before"
    ((answer, home),) = diagnosis.commands
    assert (answer.path, home) == (world / "commands/demo", "uv tool")
    (imports,) = diagnosis.imports
    assert imports.environment == tool
    (origin,) = imports.elsewhere
    assert origin.path == site_of(tool) / "demo/__init__.py"


def test_a_stale_tool(world: Path, project: Project) -> None:
    known(project, {**SOURCES, "demo/new.py": ""})
    tool_of(world)
    diagnosis = examined(project)
    assert verdicts(diagnosis)["uv tool"] == "out of date"
    assert found_in(diagnosis, "uv tool") == {"NS201": ["demo/new.py"]}
    assert diagnosis.fixes == ((*OWN, "install"),)


def test_a_tool_that_nobody_can_judge(world: Path, project: Project) -> None:
    tool_of(world)
    diagnosis = examined(project)
    assert verdicts(diagnosis)["uv tool"] == "unknown"
    assert verdicts(diagnosis)["sources"] == "fresh"
    assert diagnosis.compared.startswith("what is known without a build: no build of the present")
    assert diagnosis.fixes == ()


def test_both_environments(world: Path, project: Project) -> None:
    known(project)
    tool_of(world)
    venv = make_environment(project.root / ".venv", VENV)
    install_files(venv, {**SOURCES, "demo/cli.py": "old"}, commands=COMMANDS)
    diagnosis = examined(project)
    assert verdicts(diagnosis) == {"sources": "fresh", "uv tool": "fresh", ".venv": "out of date"}
    assert diagnosis.fixes == ((*OWN, "install", "--target", "venv"),)
    assert {str(each.environment) for each in diagnosis.imports} == {"uv tool", ".venv"}


def test_what_is_no_environment(project: Project) -> None:
    build_file_tree(project.root, {".venv/x": ""})
    (place,) = (p for p in examined(project).places if p.name == ".venv")
    assert (place.verdict, place.path) == (Verdict.UNKNOWN, project.root / ".venv")
    assert place.reason.endswith(".venv is not a virtual environment")
    assert place.findings == ()


def test_an_editable_install(project: Project) -> None:
    venv = make_environment(project.root / ".venv", VENV)
    origin = {**EDITABLE, "url": project.root.as_uri()}
    pointer = {"demo.pth": f"{project.root}/src\n"}
    install_files(venv, pointer, commands=COMMANDS, origin=origin)
    assert verdicts(examined(project))[".venv"] == "unknown"
    known(project, pointer, kind="editable")
    assert verdicts(examined(project))[".venv"] == "editable"
    (imports,) = examined(project).imports
    assert [origin.path for origin in imports.elsewhere] == [project.root / "src/demo/__init__.py"]


def test_a_copy_is_not_compared_with_an_editable_build(world: Path, project: Project) -> None:
    tool_of(world)
    known(project, kind="editable")
    assert verdicts(examined(project))["uv tool"] == "unknown"


def test_an_import_that_takes_another_copy(
    world: Path, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    known(project)
    tool_of(world)
    build_file_tree(world, {"other/demo.py": ""})
    monkeypatch.setenv("PYTHONPATH", str(world / "other"))
    diagnosis = examined(project)
    assert verdicts(diagnosis)["uv tool"] == "out of date"
    assert list(found_in(diagnosis, "uv tool")) == ["NS607"]


def test_imports_are_of_what_is_installed(world: Path, project: Project) -> None:
    known(project)
    tool = make_environment(world / "tools/demo", TOOL, commands=world / "commands")
    install_files(tool, {"old/__init__.py": "", "single.py": ""}, commands=COMMANDS)
    (imports,) = examined(project).imports
    assert [origin.name for origin in imports.elsewhere] == ["old", "single"]


def test_a_flat_layout_hides_what_is_stale(world: Path, project: Project) -> None:
    build_file_tree(project.root, {"demo/__init__.py": ""})
    tool_of(world)
    known(project)
    assert "NS605" not in found_in(examined(project), "uv tool")
    (project.root / "src/demo/cli.py").write_text("edited", encoding="utf-8")
    known(project, {**SOURCES, "demo/cli.py": "edited"})
    assert set(found_in(examined(project), "uv tool")) == {"NS203", "NS605"}


def test_of_an_editable_install_nothing_is_hidden(project: Project) -> None:
    build_file_tree(project.root, {"demo/__init__.py": ""})
    venv = make_environment(project.root / ".venv", VENV)
    origin = {**EDITABLE, "url": project.root.as_uri()}
    install_files(venv, {"demo.pth": f"{project.root}/src\n"}, origin=origin)
    known(project, {"demo.pth": f"{project.root}/src\n"}, kind="editable")
    assert set(found_in(examined(project), ".venv")) == {"NS401"}


@pytest.mark.parametrize(
    ("venv", "path", "expected"),
    [
        pytest.param(None, "commands", [], id="the tool is on PATH"),
        pytest.param(None, "elsewhere", ["NS602"], id="it is not"),
        pytest.param(SOURCES, "project/.venv/bin:commands", [], id="a fresh copy before it"),
        pytest.param(
            {**SOURCES, "demo/cli.py": "old"},
            "project/.venv/bin:commands",
            ["NS601"],
            id="a stale copy before it",
        ),
        pytest.param(
            {**SOURCES, "demo/cli.py": "old"},
            "commands:project/.venv/bin",
            ["NS604"],
            id="a stale copy behind it",
        ),
    ],
)
def test_what_a_shell_would_run(
    venv: dict[str, str] | None,
    path: str,
    expected: list[str],
    world: Path,
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known(project)
    tool_of(world)
    if venv:
        install_files(make_environment(project.root / ".venv", VENV), venv, commands=COMMANDS)
    monkeypatch.setenv("PATH", os.pathsep.join(str(world / each) for each in path.split(":")))
    assert list(found_in(examined(project), "uv tool")) == expected


def test_an_environment_with_its_own_commands_need_not_be_on_path(project: Project) -> None:
    known(project)
    install_files(make_environment(project.root / ".venv", VENV), SOURCES, commands=COMMANDS)
    assert found_in(examined(project), ".venv") == {}


def test_a_tool_beside_another_offers_no_commands(world: Path, project: Project) -> None:
    known(project)
    tool_of(world, "other", offered=False)
    diagnosis = examined(project)
    assert verdicts(diagnosis)["uv tool other"] == "fresh"
    assert found_in(diagnosis, "uv tool other") == {}


def test_commands_are_those_that_are_declared_or_installed(world: Path, project: Project) -> None:
    tool = make_environment(world / "tools/demo", TOOL, commands=world / "commands")
    install_files(tool, SOURCES, commands={**COMMANDS, "old": "demo.cli:old"})
    for name in ("demo", "old"):
        (world / "commands" / name).symlink_to(tool.scripts / name)
    build_file_tree(world, {"commands/stranger": ""})
    (world / "commands/stranger").chmod(0o755)
    diagnosis = examined(project)
    assert [answer.command for answer, _ in diagnosis.commands] == ["demo", "old"]
    declared = project._replace(likely_commands={"stranger": "demo.cli:main"})
    homes = {answer.command: home for answer, home in examined(declared).commands}
    assert homes == {"demo": "uv tool", "old": "uv tool", "stranger": None}
    assert list(examined(project._replace(likely_commands=None)).commands) == [*diagnosis.commands]


def test_what_the_next_build_leaves_out(project: Project) -> None:
    build_file_tree(project.root, {"src/demo/data.txt": "", "tools/x": ""})
    known(project, {**SOURCES, "tools/neverstale.py": ""}, commands={"demo": "demo.gone:main"})
    diagnosis = examined(project)
    assert found_in(diagnosis, "sources") == {
        "NS101": ["src/demo/data.txt"],
        "NS106": ["tools/neverstale.py"],
        "NS406": ["demo: demo.gone:main"],
        "NS407": ["demo.gone:main: there is no module demo.gone"],
    }
    assert verdicts(diagnosis)["sources"] == "out of date"


def test_leftovers_among_the_sources(project: Project) -> None:
    build_file_tree(project.root, {"src/empty/": ""})
    diagnosis = examined(project._replace(likely_commands={"x": "empty:main"}))
    assert found_in(diagnosis, "sources") == {"NS506": ["src/empty"]}
    (sources,) = (place for place in diagnosis.places if place.name == "sources")
    assert (sources.version, sources.path) == ("1.0", project.root)


def test_the_version_of_the_sources(project: Project) -> None:
    dynamic = project._replace(version=None)
    versions = [p.version for p in examined(dynamic).places if p.name == "sources"]
    assert versions == [None]
    known(dynamic)
    assert [p.version for p in examined(dynamic).places if p.name == "sources"] == ["1.0"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("demo-1.0-py3-none-any.whl", "wheel"),
        ("demo-2.0.tar.gz", "sdist"),
        ("demo-1.0.whl", "wheel"),
        ("demo-1.tar.gz.asc", None),
        ("demo-1.0.zip", None),
        ("demo.tar.gz", None),
        ("other-1.0-py3-none-any.whl", None),
        ("other-1.0.tar.gz", None),
        ("other-1.0.whl", None),
        ("demo_app-1.0.tar.gz", None),
        ("Demo-1.0.tar.gz", "sdist"),
    ],
)
def test_archives_in_dist(name: str, shown: str | None, project: Project) -> None:
    build_file_tree(project.root, {f"dist/{name}": "no archive"})
    found = [p for p in examined(project).places if p.path == project.root / "dist" / name]
    assert [place.name for place in found] == ([shown] if shown else [])
    assert [place.verdict for place in found] == ([Verdict.DAMAGED] if shown else [])
    away = ("mv", "-n", f"dist/{name}", f"{name}.damaged")
    fixes = [f.fix.commands for place in found for f in place.findings]
    assert fixes == ([(away, (*OWN, "build"))] if shown else [])


def test_a_strange_archive_is_moved_before_another_is_built(project: Project) -> None:
    known(project)
    make_wheel(project.root / "dist", {**SOURCES, "demo/old.py": ""}, commands=COMMANDS)
    build_file_tree(project.root, {"dist/demo-1.0.tar.gz": "no archive"})
    away = ("mv", "-n", "dist/demo-1.0.tar.gz", "demo-1.0.tar.gz.damaged")
    assert examined(project).fixes == (away, (*OWN, "build"))


def test_an_archive_that_was_cut_off_is_built_again(project: Project) -> None:
    build_file_tree(project.root, {"dist/demo-1.0-py3-none-any.whl": "PK\3\4"})
    (place,) = (p for p in examined(project).places if p.name == "wheel")
    assert [f.fix.commands for f in place.findings] == [((*OWN, "build"),)]


def test_archives_of_an_older_state(project: Project) -> None:
    known(project)
    make_wheel(project.root / "dist", SOURCES, commands=COMMANDS)
    assert verdicts(examined(project))["wheel"] == "fresh"
    make_wheel(project.root / "dist", {**SOURCES, "demo/old.py": ""}, commands=COMMANDS)
    diagnosis = examined(project)
    assert set(found_in(diagnosis, "wheel")) == {"NS102", "NS503"}
    assert diagnosis.fixes == ((*OWN, "build"),)
    build_file_tree(project.root, {"dist/folder-1.0-py3-none-any.whl/": ""})
    assert len(examined(project).places) == len(diagnosis.places)


def test_a_link_in_dist_is_removed_by_hand(project: Project) -> None:
    build_file_tree(project.root, {"dist/": "", "elsewhere": "no archive"})
    link = project.root / "dist/demo-1.0-py3-none-any.whl"
    link.symlink_to(project.root / "elsewhere")
    (place,) = (p for p in examined(project).places if p.path == link)
    assert place.findings[0].fix == Fix(
        advice=f"move {link.name} away: `build` does not replace it"
    )
    (project.root / "dist/demo-1.0.tar.gz").write_bytes(b"\x1f\x8b")  # that was cut off
    assert examined(project).fixes == ((*OWN, "build"),)


def test_members_are_looked_at_where_the_project_is(world: Path, project: Project) -> None:
    member = make_project(world / "member", name="member", commands={}, likely_commands={})
    tool = tool_of(world)
    install_files(tool, {"member.py": ""}, "member")
    known(project)
    known(member, {"member.py": ""})
    diagnosis = examined(project, members=(member,))
    assert verdicts(diagnosis)["uv tool: member"] == "fresh"
    assert ".venv: member" not in verdicts(diagnosis)
    known(member, {"member.py": "new"})
    assert verdicts(examined(project, members=(member,)))["uv tool: member"] == "fresh"


def test_members_without_an_installation(world: Path, project: Project) -> None:
    member = make_project(world / "member", name="member", commands={})
    assert not [n for n in verdicts(examined(project, members=(member,))) if "member" in n]


def test_drift_from_the_template_is_said_of_the_sources(project: Project) -> None:
    def drift(fixes: Fixes) -> Sequence[Finding]:
        return (finding(Code.NS701, fixes.verb("update"), "2.0"),)

    diagnosis = examined(project, drift=drift)
    assert found_in(diagnosis, "sources") == {"NS701": ["2.0"]}
    assert verdicts(diagnosis)["sources"] == "fresh"
    assert no_drift(fixes_of()) == ()


def test_which_fixes_are_run_and_in_which_order(world: Path, project: Project) -> None:
    build_file_tree(project.root, {"src/empty/": "", "dist/demo-1.0-py3-none-any.whl": "PK\3\4"})
    asked = project._replace(likely_commands={**COMMANDS, "x": "empty:main"})
    tool_of(world)
    diagnosis = examined(asked._replace(requirements=requirements("dep")))
    assert diagnosis.fixes == (
        ("rmdir", "src/empty"),
        (*OWN, "install"),
        (*OWN, "build"),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(json.dumps({"dir_info": {"editable": True}}), True, id="editable"),
        pytest.param(json.dumps({"dir_info": {"editable": False}}), False, id="a copy"),
        pytest.param(json.dumps({"dir_info": {}}), False, id="no word of it"),
        pytest.param(json.dumps({"url": "x"}), False, id="no folder"),
        pytest.param("[]", False, id="a list"),
        pytest.param("{", False, id="no JSON"),
        pytest.param(None, False, id="no file"),
    ],
)
def test_is_editable(text: str | None, expected: bool, tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "env")
    assert not is_editable(environment, PROJECT)
    info = install_files(environment, SOURCES)
    if text is not None:
        (info / "direct_url.json").write_text(text, encoding="utf-8")
    assert is_editable(environment, PROJECT) is expected
    assert not is_editable(Environment(OTHER, tmp_path / "gone", tmp_path), PROJECT)


def test_what_is_ignored_is_not_fixed(world: Path, project: Project) -> None:
    known(project, {**SOURCES, "demo/new.py": ""})
    tool_of(world)
    owner = project._replace(ignored=(Ignored("NS201", "demo/*", "generated"),))
    diagnosis = examined(owner)
    assert verdicts(diagnosis)["uv tool"] == "fresh"
    assert diagnosis.fixes == ()
    ((name, found, reason),) = diagnosis.ignored
    assert (name, found.code, reason) == ("uv tool", Code.NS201, "generated")


SO = "demo/fast.cpython-312-x86_64-linux-gnu.so"


@pytest.fixture
def compiled(world: Path) -> Project:
    """A project with an extension module, installed editable and compiled in place."""
    made = make_project(world / "project", **COMPILED)
    build_file_tree(made.root, {f"src/{SO}": "machine code", "src/lib.rs": "source"})
    environment = make_environment(made.root / ".venv", VENV)
    origin = {**EDITABLE, "url": made.root.as_uri()}
    pointer = {"demo.pth": f"{made.root}/src\n"}
    install_files(environment, pointer, commands=COMMANDS, origin=origin)
    return made


def note(project: Project) -> None:
    """Note that what is compiled is of the present sources."""
    environment = make_venv(project)
    pairs = [(project, read_sources(project))]
    (project.root.parent / "store").mkdir(exist_ok=True)
    note_compiled(environment, pairs, {}, project.root.parent / "store")


def make_venv(project: Project) -> Environment:
    return Environment(VENV, project.root / ".venv", project.root / ".venv/bin")


def place_of(project: Project, depth: Depth = Depth.DEFAULT) -> Place:
    return next(p for p in examined(project, depth).places if p.name == ".venv")


def test_compiled_from_what_nobody_knows(compiled: Project) -> None:
    place = place_of(compiled)
    assert (place.verdict, named(place.findings)) == (Verdict.UNKNOWN, {})
    assert place.reason == (
        "what its extension was compiled from is not known;"
        f" `uvx --from {place.reason.partition('--from ')[2]}"
    )
    assert place.reason.endswith("dev` compiles it")


def test_compiled_from_the_present_sources(compiled: Project) -> None:
    note(compiled)
    place = place_of(compiled)
    assert (place.verdict, place.reason, named(place.findings)) == (Verdict.EDITABLE, "", {})


def test_compiled_from_older_sources(compiled: Project) -> None:
    note(compiled)
    (compiled.root / "src/lib.rs").write_text("edited", encoding="utf-8")
    place = place_of(compiled)
    assert (place.verdict, place.reason) == (Verdict.OUT_OF_DATE, "")
    assert named(place.findings) == {"NS209": ["src/lib.rs"]}
    assert place.findings[0].fix.commands[0][-1] == "dev"


def test_compiled_where_something_else_is_wrong(compiled: Project) -> None:
    note(compiled)
    project = compiled._replace(version="2.0", commands={"new": "demo:new"})
    place = place_of(project)
    assert place.verdict is Verdict.OUT_OF_DATE
    assert set(named(place.findings)) == {"NS204", "NS401", "NS402"}


def test_what_compiles_itself_is_never_old(compiled: Project) -> None:
    meson = compiled._replace(build_backend="mesonpy", build_requires=("meson-python",))
    assert place_of(meson).verdict is Verdict.EDITABLE


@pytest.mark.parametrize(
    ("depth", "code", "in_place", "verdict"),
    [
        pytest.param(Depth.BUILD, "machine code", True, Verdict.EDITABLE, id="the same"),
        pytest.param(Depth.BUILD, "other code", True, Verdict.UNKNOWN, id="other code"),
        pytest.param(Depth.DEFAULT, "machine code", True, Verdict.UNKNOWN, id="nobody asked"),
        pytest.param(Depth.BUILD, "machine code", False, Verdict.UNKNOWN, id="not compiled"),
    ],
)
def test_compiled_as_a_build_gives_it(
    depth: Depth,
    code: str,
    in_place: bool,
    verdict: Verdict,
    compiled: Project,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever compiled it: with --build a wheel of the sources says what it should be."""
    files = {**SOURCES, SO: code}
    built = remember(builder_of(compiled), compiled, compiled.root.parent, files)
    monkeypatch.setattr(References, "of", lambda *_: Reference(built, ()))
    if not in_place:
        (compiled.root / "src" / SO).unlink()
    assert place_of(compiled, depth).verdict is verdict


def test_a_copy_of_what_is_compiled_is_compared(world: Path) -> None:
    project = make_project(world / "project", **COMPILED)
    tool_of(world)
    known(project, answers={"python": "3.12"})
    assert verdicts(examined(project))["uv tool"] == "fresh"


def test_where_a_python_is_taken_from(tmp_path: Path) -> None:
    tool = Environment(TOOL, tmp_path / "tool", tmp_path)
    venv = Environment(VENV, tmp_path / "venv", tmp_path)
    home = doctor._home  # noqa: SLF001
    assert home([tool, venv]) == venv
    assert home([tool]) == tool


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        pytest.param([(PYTHON, Verdict.FRESH)], (), id="installed"),
        pytest.param([(TOOL, Verdict.NOT_INSTALLED)], (("neverstale", "install"),), id="nowhere"),
        pytest.param(
            [(TOOL, Verdict.NOT_INSTALLED), (PIPX, Verdict.UNKNOWN)], (), id="unknown somewhere"
        ),
        pytest.param([(None, Verdict.FRESH)], (("neverstale", "install"),), id="sources alone"),
    ],
)
def test_if_it_is_installed_nowhere_the_fix_is_an_install(
    places: list[tuple[str | None, Verdict]], expected: tuple[tuple[str, ...], ...]
) -> None:
    given = [
        Place("x", Path("/x"), v, environment=Environment(k, Path("/x"), Path("/x")) if k else None)
        for k, v in places
    ]
    assert doctor._commands_that_fix(given, fixes_of()) == expected  # noqa: SLF001

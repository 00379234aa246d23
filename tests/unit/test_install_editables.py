"""Editable installs and copies that uv takes for current."""

import json
import os
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from support.tree import build_file_tree
from unit.made_up import (
    EDITABLE,
    SOURCES,
    be_alone,
    install_files,
    make_builder,
    make_environment,
    make_program,
    make_project,
    remember,
    site_of,
    tree,
)
from unit.small import git, make_repository

from neverstale.diagnosis.codes import Code
from neverstale.diagnosis.findings import Fix, Verdict, finding
from neverstale.environments.compiled import NOTES
from neverstale.environments.environment import VENV, Environment
from neverstale.install import editables
from neverstale.install.editables import (
    SYNCED,
    Due,
    building_with,
    compare,
    compile_again,
    due_in,
    former_names,
    note_installed,
    reference_for,
    set_away,
)
from neverstale.project.metadata import Project
from neverstale.project.sources import read_sources
from neverstale.wheels.backend import Backend
from neverstale.wheels.build import Builder
from neverstale.wheels.build_cache import Reuse

COMMANDS = {"demo": "demo.cli:main"}
SO = "src/demo/fast.cpython-312-x86_64-linux-gnu.so"
COMPILED = {"build_backend": "maturin", "build_requires": ("maturin",)}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    be_alone(monkeypatch, tmp_path)
    return make_project(tmp_path / "a größe")


@pytest.fixture
def builder(project: Project) -> Builder:
    made = make_builder(project.root, project.root.parent / "store", lambda _: None)
    made.store.make()
    return made


@pytest.fixture
def environment(project: Project) -> Environment:
    return make_environment(project.root / ".venv", VENV)


def pointer(project: Project) -> dict[str, str]:
    return {"demo.pth": f"{project.root}/src\n"}


def install_pointer(environment: Environment, project: Project, **commands: str) -> None:
    origin = {**EDITABLE, "url": project.root.as_uri()}
    install_files(environment, pointer(project), origin=origin, commands=commands or COMMANDS)


def test_what_is_not_installed_is_not_due(
    environment: Environment, project: Project, builder: Builder
) -> None:
    remember(builder, project, project.root.parent, kind="editable")
    assert due_in(environment, [project], builder) == []


def test_an_editable_install_that_is_current(
    environment: Environment, project: Project, builder: Builder
) -> None:
    install_pointer(environment, project)
    remember(builder, project, project.root.parent, pointer(project), kind="editable")
    assert due_in(environment, [project], builder) == []


def test_an_editable_install_with_other_metadata(
    environment: Environment, project: Project, builder: Builder
) -> None:
    install_pointer(environment, project, old="demo.cli:main")
    built = remember(builder, project, project.root.parent, pointer(project), kind="editable")
    due = due_in(environment, [project], builder)
    assert due == [Due(project, content=f"editable {built.archive.parent.name}")]
    note_installed(environment, due, builder)
    assert due_in(environment, [project], builder) == [], "uv has made this of these sources"
    noted = json.loads((builder.store.folder / SYNCED).read_text("utf-8"))
    assert list(noted) == [str(environment.prefix)]
    assert noted[str(environment.prefix)]["demo"][0] == due[0].content
    (site_of(environment) / "demo.pth").write_text("/other\n", encoding="utf-8")
    assert due_in(environment, [project], builder) == due


def test_a_project_that_is_copied_is_compared_with_a_wheel(
    environment: Environment, project: Project, builder: Builder
) -> None:
    member = make_project(project.root.parent / "member", name=canonicalize_name("member"))
    install_files(environment, {**SOURCES, "demo/cli.py": "old"}, "member", commands=COMMANDS)
    install_pointer(environment, project)
    remember(builder, project, project.root.parent, pointer(project), kind="editable")
    built = remember(builder, member, project.root.parent)
    copied = project._replace(copied=frozenset({member.name}))
    expected = [Due(member, content=f"wheel {built.archive.parent.name}")]
    assert due_in(environment, [copied, member], builder) == expected
    remember(builder, member, project.root.parent, kind="editable")
    assert due_in(environment, [project, member], builder) == [
        Due(member, content=f"editable {built.archive.parent.name}")
    ]


def test_what_cannot_be_built_is_left_to_uv(environment: Environment, project: Project) -> None:
    install_pointer(environment, project, old="x:y")
    program = make_program(project.root.parent / "failing", 1)
    store = project.root.parent / "store"
    builder = make_builder(project.root, store, lambda _: None, program)
    native = project._replace(build_backend="uv_build", copied=frozenset({project.name}))
    assert due_in(environment, [native], builder) == []


@pytest.mark.parametrize(
    ("code", "due"),
    [
        *((code, True) for code in ("NS201", "NS202", "NS203", "NS204", "NS205", "NS206", "NS209")),
        *((code, True) for code in ("NS301", "NS302", "NS306", "NS401", "NS403", "NS408")),
        *((code, False) for code in ("NS207", "NS208", "NS405", "NS505", "NS501", "NS504")),
        *((code, False) for code in ("NS101", "NS603", "NS607", "NS701")),
    ],
)
def test_which_findings_an_install_fixes(code: str, due: bool) -> None:
    assert editables._is_due(finding(Code[code], Fix(), "x")) == due  # noqa: SLF001


def test_compare(environment: Environment, project: Project, builder: Builder) -> None:
    install_files(environment, SOURCES, commands=COMMANDS)
    assert compare(project, environment, None).verdict is Verdict.UNKNOWN
    built = remember(builder, project, project.root.parent)
    assert compare(project, environment, built).verdict is Verdict.FRESH
    assert reference_for(project, environment, builder, "wheel") == built


@pytest.fixture
def compiled(project: Project) -> Project:
    build_file_tree(project.root, {SO: "code", "src/lib.rs": "1"})
    return project._replace(**COMPILED)  # type: ignore[arg-type]


def note(environment: Environment, project: Project, builder: Builder) -> None:
    note_installed(environment, [Due(project, read_sources(project))], builder)


def due_of(environment: Environment, project: Project, builder: Builder) -> bool | None:
    """Return whether times tell what has to be compiled, or None where nothing has to be."""
    found = due_in(environment, [project], builder)
    assert all(each.sources == read_sources(project) for each in found)
    assert len(found) <= 1
    return found[0].trusted if found else None


def test_what_was_never_compiled_is_due(
    environment: Environment, compiled: Project, builder: Builder
) -> None:
    assert due_of(environment, compiled, builder) is False
    note(environment, compiled, builder)
    assert due_of(environment, compiled, builder) is None
    elsewhere = make_environment(compiled.root.parent / "other")
    assert due_of(elsewhere, compiled, builder) is False


def test_sources_that_changed_since(
    environment: Environment, compiled: Project, builder: Builder
) -> None:
    note(environment, compiled, builder)
    build_file_tree(compiled.root, {"src/lib.rs": "2"})
    assert due_of(environment, compiled, builder) is True
    os.utime(compiled.root / "src/lib.rs", (1, 1))
    assert due_of(environment, compiled, builder) is False
    note(environment, compiled, builder)
    build_file_tree(compiled.root, {"src/demo/cli.py": "edited"})
    assert due_of(environment, compiled, builder) is None
    build_file_tree(compiled.root, {"src/new.rs": ""})
    assert due_of(environment, compiled, builder) is False


def test_a_module_that_somebody_else_compiled(
    environment: Environment, compiled: Project, builder: Builder
) -> None:
    note(environment, compiled, builder)
    build_file_tree(compiled.root, {SO: "other code"})
    assert due_of(environment, compiled, builder) is False


def test_metadata_that_changed(
    environment: Environment, compiled: Project, builder: Builder
) -> None:
    note(environment, compiled, builder)
    build_file_tree(compiled.root, {"pyproject.toml": "[project]\nname = 'demo'\n"})
    found = due_of(environment, compiled, builder)
    assert found is True
    note(environment, compiled, builder)
    notes = json.loads((builder.store.folder / NOTES).read_text("utf-8"))
    notes[str(environment.prefix)]["demo"]["declared"] = "else"
    (builder.store.folder / NOTES).write_text(json.dumps(notes), encoding="utf-8")
    assert due_of(environment, compiled, builder) is True


def test_files_that_a_compilation_adds_are_noted(
    environment: Environment, compiled: Project, builder: Builder
) -> None:
    before = read_sources(compiled)
    build_file_tree(compiled.root, {"Cargo.lock": ""})
    note_installed(environment, [Due(compiled, before)], builder)
    assert due_of(environment, compiled, builder) is None


def test_notes_of_environments_that_are_gone(
    environment: Environment, project: Project, builder: Builder
) -> None:
    build_file_tree(builder.store.folder, {SYNCED: json.dumps({"/gone": {"demo": ["a", "b"]}})})
    install_pointer(environment, project)
    note_installed(environment, [Due(project)], builder)
    assert "/gone" in (builder.store.folder / SYNCED).read_text("utf-8"), "nothing is written"
    note_installed(environment, [Due(project, content="x")], builder)
    noted = json.loads((builder.store.folder / SYNCED).read_text("utf-8"))
    assert list(noted) == [str(environment.prefix)]
    assert noted[str(environment.prefix)]["demo"][0] == "x"


@pytest.mark.parametrize("text", [None, "", "[]", '{"a": 1}'])
def test_notes_that_are_none(text: str | None, builder: Builder) -> None:
    if text is not None:
        build_file_tree(builder.store.folder, {SYNCED: text})
    assert editables._synced(builder) == {}  # noqa: SLF001


@pytest.mark.parametrize(
    ("name", "url", "expected"),
    [
        pytest.param("old", "{root}", True, id="from here"),
        pytest.param("old", "{root}/", True, id="with a slash"),
        pytest.param("old", "{root}/.neverstale/wheels/x/old.whl", True, id="from our store"),
        pytest.param("old", "{root}/packages/old", False, id="from below"),
        pytest.param("old", "file:///elsewhere", False, id="from elsewhere"),
        pytest.param("old", None, False, id="from an index"),
        pytest.param("demo", "{root}", False, id="its own name"),
        pytest.param("member", "{root}", False, id="a member"),
    ],
)
def test_former_names(
    name: str, url: str | None, expected: bool, environment: Environment, project: Project
) -> None:
    origin = {"url": url.format(root=project.root.as_uri())} if url else None
    install_files(environment, {}, name, origin=origin)
    beside = project._replace(beside={canonicalize_name("member"): Path("/x")})
    assert former_names(environment, beside) == ([name] if expected else [])


@pytest.mark.parametrize("text", ["[]", "{", "{}"])
def test_former_names_where_nothing_is_said(
    text: str, environment: Environment, project: Project
) -> None:
    info = install_files(environment, {}, "old")
    (info / "direct_url.json").write_text(text, encoding="utf-8")
    assert former_names(environment, project) == []
    assert former_names(Environment(VENV, Path("/gone"), Path("/gone")), project) == []


def test_most_backends_are_built_with_in_isolation(
    environment: Environment, compiled: Project, builder: Builder
) -> None:
    assert building_with(builder, compiled, environment) == Reuse()


@pytest.mark.parametrize("backend", ["mesonpy", "scikit_build_core.build"])
def test_what_calls_its_environment_later_is_built_in_one_that_is_kept(
    backend: str,
    environment: Environment,
    project: Project,
    builder: Builder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = builder.store.folder / "editable/demo"
    build_file_tree(kept, {"lib/python3.12/site-packages/": ""})
    asked: list[tuple[object, ...]] = []

    def kept_backend(*given: object) -> Backend:
        asked.append(given)
        return Backend(kept, (), ())

    def call_hook(_: object, asking: Project, given: Backend, *__: object, build: bool) -> Backend:
        assert (asking, given.prefix, build) == (own, kept, False)
        return given

    monkeypatch.setattr(editables, "kept_backend", kept_backend)
    monkeypatch.setattr(editables, "call_hook", call_hook)
    builder.store.make()
    own = project._replace(build_backend=backend)
    reuse = building_with(builder, own, environment)
    objects = editables._objects(own, environment.prefix, builder.store.folder)  # noqa: SLF001
    assert reuse.settings == {"--no-build-isolation-package": "demo"}
    assert reuse.environment == {
        "PATH": f"{kept}/bin{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(kept / "lib/python3.12/site-packages"),
        **({} if backend == "mesonpy" else {"SKBUILD_BUILD_DIR": str(objects)}),
    }
    ((_, asking, python, *_, folder),) = asked
    assert (asking, folder) == (own, kept)
    assert python == Path(os.path.realpath(str(environment.interpreter)))


def objects(builder: Builder, project: Project, environment: Environment) -> Path:
    return editables._objects(project, environment.prefix, builder.store.folder)  # noqa: SLF001


def away(due: Due, environment: Environment, builder: Builder) -> list[str]:
    """Return what is not there while it is set away."""
    before = set(tree(due.project.root)) | set(tree(builder.store.folder))
    with set_away([due], environment.prefix, builder):
        during = set(tree(due.project.root)) | set(tree(builder.store.folder))
        return sorted(path for path in before - during if not path.startswith("building-"))


@pytest.mark.parametrize(
    ("trusted", "expected"),
    [
        pytest.param(True, [SO], id="times tell"),
        pytest.param(False, ["build/cp312/x.o", "objects", SO], id="times do not tell"),
    ],
)
def test_what_is_set_away(
    trusted: bool,
    expected: list[str],
    environment: Environment,
    compiled: Project,
    builder: Builder,
) -> None:
    build_file_tree(compiled.root, {"build/cp312/x.o": ""})
    made = objects(builder, compiled, environment)
    build_file_tree(made, {"y.o": ""})
    due = Due(compiled, read_sources(compiled), trusted=trusted)
    found = away(due, environment, builder)
    assert sorted("objects" if path.startswith("objects/") else path for path in found) == expected


def test_what_is_not_compiled_is_not_set_away(
    environment: Environment, compiled: Project, builder: Builder
) -> None:
    assert away(Due(compiled, trusted=False), environment, builder) == []


def test_what_was_set_away_comes_back_where_the_body_raises(
    environment: Environment, compiled: Project, builder: Builder
) -> None:
    build_file_tree(compiled.root, {"build/cp312/x.o": "old"})
    before = tree(compiled.root)
    due = Due(compiled, read_sources(compiled), trusted=False)
    with pytest.raises(KeyboardInterrupt), set_away([due], environment.prefix, builder):  # noqa: PT012
        build_file_tree(compiled.root, {"build/cp312/half.o": "new"})
        raise KeyboardInterrupt
    assert tree(compiled.root) == before


def test_objects_of_each_environment(builder: Builder, project: Project) -> None:
    one, two = (editables._objects(project, Path(p), builder.store.folder) for p in "ab")  # noqa: SLF001
    assert one != two
    assert one.parent == two.parent == builder.store.folder / "objects/demo"


def test_setuptools_compiles_again(builder: Builder) -> None:
    variables = compile_again(builder.store.folder)
    assert variables == {"DIST_EXTRA_CONFIG": str(builder.store.folder / "again.cfg")}
    text = (builder.store.folder / "again.cfg").read_text("utf-8")
    assert text == "[build_ext]\nforce = 1\n"


def test_a_header_outside_of_the_project(tmp_path: Path) -> None:
    text = 'include_dirs=["../include"]'
    root = build_file_tree(tmp_path / "p", {"pyproject.toml": "", "setup.py": text})
    header = build_file_tree(tmp_path / "include", {"value.h": "1"}) / "value.h"
    project = make_project(root)
    before = editables._declared(project)  # noqa: SLF001
    assert editables._declared(project) == before  # noqa: SLF001
    header.write_text("2", encoding="utf-8")
    assert editables._declared(project) != before  # noqa: SLF001


@pytest.mark.parametrize(("version", "follows"), [("1.0", False), (None, True)])
def test_a_version_from_git_follows_what_is_not_committed(
    version: str | None, follows: bool, tmp_path: Path
) -> None:
    project = make_project(tmp_path)._replace(version=version)
    make_repository(tmp_path, ".")
    git(tmp_path, "commit", "--quiet", "--message", "x")
    before = editables._declared(project)  # noqa: SLF001
    (tmp_path / "src/demo/__init__.py").write_text("edited")
    assert (editables._declared(project) != before) == follows  # noqa: SLF001


@pytest.mark.parametrize("name", ["pyproject.toml", "setup.py", "setup.cfg", "Cargo.toml"])
def test_what_decides_on_the_metadata(name: str, tmp_path: Path) -> None:
    project = make_project(tmp_path)
    before = editables._declared(project)  # noqa: SLF001
    (tmp_path / name).write_text("[other]\n")
    assert editables._declared(project) != before  # noqa: SLF001
    (tmp_path / "README.md").write_text("other")
    after = editables._declared(project)  # noqa: SLF001
    (tmp_path / "README.md").write_text("another")
    assert editables._declared(project) == after  # noqa: SLF001

"""`copier update`: from each release and what came between, of projects that owners have edited."""

import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import copier
import pytest
import yaml
from quality.combinations import Everything
from support.history import commit, git, has_verbs_to_adopt, history, versions
from support.parse import files_of
from support.render import PURE, REPOSITORY
from support.tree import build_file_tree
from support.world import World, output, pythons_here, run

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

COMBINATIONS = {
    "command": Everything("hatchling", "src", "cli", extras=("dependabot", "vscode")),
    "library": Everything(
        *("setuptools", "src", "library", "vcs", "Apache-2.0", "3.10", "gitlab", "sphinx", "ty"),
        extras=("renovate",),
    ),
    "flat": Everything(
        *("uv_build", "flat", "cli", "static", "none", "3.11", "none", "none", "basedpyright")
    ),
    "full": Everything(
        *("hatchling", "src", "cli", "vcs", "MPL-2.0", "3.10", "github", "zensical", "pyrefly"),
        extras=("vscode", "devcontainer", "docker", "agents", "renovate", "dependabot"),
    ),
    "plain": Everything(
        *(
            "setuptools",
            "flat",
            "library",
            "static",
            "BSD-3-Clause",
            "3.12",
            "gitlab",
            "none",
            "mypy",
        )
    ),
}
CHOSEN = ("ece2d53", "9472e5c", "da1c619", "3eeb51c", "ed62a5c")
"""The first commit, 0.1.0, 0.2.0, and two on the way."""

KNOWN = git(REPOSITORY, "rev-list", "HEAD", check=False).split()
VERSIONS = [
    *(version for version in CHOSEN if any(known.startswith(version) for known in KNOWN)),
    *(version for version in versions() if version.startswith("v")),
]
STARTERS = re.compile(
    r"(README|CHANGELOG|CODE_OF_CONDUCT)\.md|CITATION\.cff|docs/(doctor|index|install)\.md"
    r"|(src|tests|changelog\.d|demo_app|packages)/.*"
)
"""What is its owner's after the first render: an update leaves it as it is."""


def rendered(folder: Path, answers: Mapping[str, object], version: str = "HEAD") -> Path:
    copier.run_copy(
        str(history()), folder, data=dict(answers), vcs_ref=version, defaults=True, quiet=True
    )
    return folder


def updated(project: Path, **answers: object) -> None:
    """Update to the newest version as ``copier update --defaults`` does, without a conflict."""
    merged(project, **answers)
    assert conflicts(project) == ""


def merged(project: Path, **answers: object) -> None:
    """Run ``copier update`` in the folder of the project, as people and `make update` do."""
    data = [
        word
        for name, answer in answers.items()
        for word in (
            "--data",
            f"{name}={answer if isinstance(answer, str) else json.dumps(answer)}",
        )
    ]
    update = ("-m", "copier", "update", "--defaults", "--quiet", "--vcs-ref", "HEAD")
    done = run([sys.executable, *update, *data], project, dict(os.environ))
    assert done.returncode == 0, output(done)
    assert not list(project.rglob("*.rej"))


def conflicts(project: Path) -> str:
    return git(project, "diff", "--name-only", "--diff-filter=U")


def made_of(project: Path) -> dict[str, tuple[object, int]]:
    """Return path → content and whether it may be run, but for what is the owner's."""
    found = {path.relative_to(project).as_posix(): path for path in files_of(project)}
    return {
        name: (content_of(path), path.stat().st_mode & 0o100)
        for name, path in found.items()
        if not STARTERS.fullmatch(name)
    }


def content_of(path: Path) -> object:
    """Return what *path* holds; the tables of pyproject.toml in any order.

    An update leaves ``[tool.neverstale]`` where ``[tool.freshness]`` was.
    """
    if path.name != "pyproject.toml":
        return path.read_bytes()
    return sorted(re.split(r"(?m)^(?=\[)", path.read_text(encoding="utf-8").rstrip() + "\n\n"))


def assert_like(project: Path, fresh: Path) -> None:
    one, other = made_of(project), made_of(fresh)
    assert sorted(one) == sorted(other)
    assert [name for name in one if one[name] != other[name]] == []


@pytest.fixture(autouse=True)
def as_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the git that copier starts commit, whoever runs the tests."""
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "A")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "a@example.org")


def test_there_is_a_history() -> None:
    if not VERSIONS:
        pytest.skip("git has no history here to update from: a shallow clone, or an export")
    assert len(VERSIONS) == len(set(VERSIONS))


@pytest.mark.slow
@pytest.mark.parametrize("name", COMBINATIONS)
@pytest.mark.parametrize("version", VERSIONS)
def test_untouched_project_ends_as_a_new_one(version: str, name: str, tmp_path: Path) -> None:
    answers = COMBINATIONS[name].answers
    project = rendered(tmp_path / "project", answers, version)
    commit(project)
    updated(project)
    assert_like(project, rendered(tmp_path / "fresh", answers))


def renaming_the_package(project: Path, combination: Everything) -> dict[str, str]:
    """Rename the package, in every file that names it, and keep the answer as it was."""
    package = project / combination.package_path
    shutil.move(package, package.with_name("renamed"))
    for path in [*files_of(project)]:
        parts = path.relative_to(project).parts
        if parts[0] not in ("tools", ".copier-answers.yml"):
            text = path.read_text(encoding="utf-8")
            if "demo_app" in text:
                path.write_text(text.replace("demo_app", "renamed"), encoding="utf-8")
    return {
        "pyproject.toml": "renamed",
        f"{package.parent.relative_to(project)}/renamed/__init__.py": "",
    }


def adding_a_session(project: Path, _: Everything) -> dict[str, str]:
    """Add a session where the template adds none, and a target where make includes one's own."""
    replace(
        project / "noxfile.py",
        '\n\nif __name__ == "__main__":',
        '\n\n@nox.session(default=False)\ndef mine(session: nox.Session) -> None:\n    """Mine."""'
        '\n    session.log("mine")\n\n\nif __name__ == "__main__":',
    )
    build_file_tree(project, {"local.mk": "mine:\n\t@echo mine\n"})
    return {"noxfile.py": "def mine(", "local.mk": "@echo mine"}


TABLE = re.compile(r'^\[tool\.(?:freshness|neverstale)\]\n# .*\ntarget = ".*"\n', re.MULTILINE)


def changing_settings(project: Path, _: Everything) -> dict[str, str]:
    """Require something, lower the floor of the coverage, and have the tests install a wheel."""
    pyproject = project / "pyproject.toml"
    replace(pyproject, "dependencies = []", 'dependencies = ["packaging>=24"]')
    replace(pyproject, "fail_under = 90", "fail_under = 80")
    table = TABLE.search(pyproject.read_text(encoding="utf-8"))
    assert table
    replace(pyproject, table[0], f'{table[0]}tests = "wheel" # mine\n')
    return {"pyproject.toml": 'tests = "wheel" # mine'}


def writing_and_deleting(project: Path, combination: Everything) -> dict[str, str]:
    """Use what is required, write a README of one's own, and delete what nobody needs."""
    init = project / combination.package_path / "__init__.py"
    import_line = "from importlib.metadata import version\n"
    replace(init, import_line, f"{import_line}\nimport packaging\n")
    text = init.read_text(encoding="utf-8")
    mine = '\nPACKAGING = packaging.__name__\n"""Mine."""\n'
    init.write_text(text + mine, encoding="utf-8")
    build_file_tree(project, {"README.md": "# Mine\n\nMine alone.\n"})
    for gone in (".vscode", "Dockerfile", ".dockerignore", "SECURITY.md"):
        path = project / gone
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    return {"README.md": "Mine alone.", init.relative_to(project).as_posix(): "Mine."}


Edit = Callable[[Path, Everything], dict[str, str]]
EDITS: tuple[Edit, ...] = (
    changing_settings,
    writing_and_deleting,
    adding_a_session,
)
"""What owners do, and what an update merges."""


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in {path.name}"
    path.write_text(text.replace(old, new), encoding="utf-8")


QUICK = {
    ("9472e5c", "command", writing_and_deleting),
    ("da1c619", "library", changing_settings),
    ("ed62a5c", "plain", changing_settings),
}


@pytest.mark.parametrize(
    ("version", "name", "edit"),
    [
        pytest.param(
            *(version, name, edit),
            id=f"{version}-{name}-{edit.__name__}",
            marks=[] if (version, name, edit) in QUICK else [pytest.mark.slow],
        )
        for version in VERSIONS
        for name in COMBINATIONS
        for edit in EDITS
    ],
)
def test_what_owners_edit_stays(version: str, name: str, edit: Edit, tmp_path: Path) -> None:
    """No conflict, nothing lost, nothing back that was deleted."""
    combination = COMBINATIONS[name]
    project = rendered(tmp_path / "project", combination.answers, version)
    kept = edit(project, combination)
    commit(project)
    before = {path.relative_to(project) for path in files_of(project)}
    updated(project)
    assert_kept(project, kept)
    assert_of_the_new_tool(project)
    new = {path.relative_to(project) for path in files_of(project)} - before
    assert [path for path in new if STARTERS.fullmatch(path.as_posix())] == []
    if edit is writing_and_deleting:
        gone = (".vscode", "Dockerfile", ".dockerignore", "SECURITY.md")
        assert [path for path in gone if (project / path).exists()] == []
    commit(project)
    assert git(project, "status", "--porcelain", "--ignored") == ""


@pytest.mark.slow
@pytest.mark.parametrize("name", COMBINATIONS)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_package_renamed_by_hand_conflicts_where_lines_are_gone(
    version: str, name: str, tmp_path: Path
) -> None:
    """Where the new version changes a line that names the package: how-to/update says what to do."""
    combination = COMBINATIONS[name]
    project = rendered(tmp_path / "project", combination.answers, version)
    kept = renaming_the_package(project, combination)
    commit(project)
    merged(project)
    pyproject = project / "pyproject.toml"
    text = pyproject.read_text(encoding="utf-8")
    assert set(conflicts(project).split()) <= {"AGENTS.md", "pyproject.toml"}
    for before, after in CONFLICT.findall(text):
        assert "renamed" in before
        assert "cache-keys" not in after
    pyproject.write_text(CONFLICT.sub(r"\2", text), encoding="utf-8")
    assert_kept(project, kept)
    assert_of_the_new_tool(project)


CONFLICT = re.compile(r"(?ms)^<{7} before updating$(.*?)^={7}$(.*?)^>{7} after updating$\n")


def assert_kept(project: Path, kept: Mapping[str, str]) -> None:
    for path, text in kept.items():
        assert text in (project / path).read_text(encoding="utf-8"), path


def assert_of_the_new_tool(project: Path) -> None:
    """One launcher, one wheel, and the table of pyproject.toml has the new name."""
    assert (project / "tools" / "neverstale.py").exists()
    assert len([*(project / "tools").glob("neverstale-*.whl")]) == 1
    declared = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    assert "freshness" not in declared["tool"]
    assert declared["tool"]["neverstale"]["target"] in ("tool", "venv")


def test_a_project_of_this_version_is_updated_later(tmp_path: Path) -> None:
    """The table of the tool stays where a new project has it, with what its owner added."""
    later, project = tmp_path / "later", tmp_path / "project"
    git(tmp_path, "clone", "--quiet", str(history()), str(later))
    answers = COMBINATIONS["command"].answers
    copier.run_copy(str(later), project, data=answers, defaults=True, quiet=True, vcs_ref="HEAD")
    pyproject = project / "pyproject.toml"
    replace(pyproject, "[tool.neverstale]\n", '[tool.neverstale]\nlinks = "copy"\n')
    commit(project)
    template = later / "template" / "pyproject.toml.jinja"
    replace(template, "fail_under = 90", "fail_under = 91")
    replace(template, "strict = true", "strict = true\npretty = true")
    commit(later)
    expected = pyproject.read_text(encoding="utf-8").replace("fail_under = 90", "fail_under = 91")
    updated(project)
    text = pyproject.read_text(encoding="utf-8")
    assert text == expected.replace("strict = true\n", "strict = true\npretty = true\n")


@pytest.mark.parametrize(
    "version",
    [
        pytest.param(version, marks=[] if version == "ed62a5c" else [pytest.mark.slow])
        for version in VERSIONS
        if version in CHOSEN
    ],
)
def test_the_old_tool_goes(version: str, tmp_path: Path) -> None:
    project = rendered(tmp_path / "project", COMBINATIONS["command"].answers, version)
    commit(project)
    updated(project)
    assert not (project / "tools" / "freshness").exists()
    naming = [
        path.relative_to(project).as_posix()
        for path in files_of(project)
        if path.suffix not in (".whl", ".lock") and "freshness" in path.read_text(encoding="utf-8")
    ]
    assert [path for path in naming if not STARTERS.fullmatch(path)] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", COMBINATIONS)
@pytest.mark.parametrize("version", [v for v in VERSIONS if v.startswith(("9472e5c", "ed62a5c"))])
def test_an_edited_project_passes_its_check_afterwards(
    version: str, name: str, tmp_path: Path
) -> None:
    combination = COMBINATIONS[name]
    world = World(tmp_path, combination)
    folders = map(str, pythons_here().values())
    world.extra["PATH"] = os.pathsep.join([*folders, world.environment["PATH"]])
    shutil.rmtree(world.project)
    rendered(world.project, combination.answers, version)
    for edit in EDITS:
        edit(world.project, combination)
    commit(world.project, "v1.2.3" if combination.version_source == "vcs" else None)
    updated(world.project)
    world.make("dev")
    done = world.make("check", expect=None)
    assert done.returncode == 0, output(done)
    world.run("git", "diff", "--quiet", "HEAD", "--", "src", "tests", "README.md")


@pytest.mark.slow
@pytest.mark.parametrize("version", [v for v in VERSIONS if has_verbs_to_adopt(v)])
def test_adopted_verbs_are_updated_and_nothing_else(version: str, tmp_path: Path) -> None:
    project = build_file_tree(
        tmp_path / "project",
        {
            "pyproject.toml": "[project]\n",
            "Makefile": "mine:\n\t@echo mine\n",
            "gone.txt": "",
            "demo_app/__init__.py": "",
        },
    )
    rendered(project, {"scope": "tasks"}, version)
    had_them = (project / "tools/freshness.mk").exists()
    commit(project)
    lines = {"Makefile": "\ninclude tools/neverstale.mk\n", "noxfile.py": "\n# mine\n"}
    for name, line in lines.items():
        with (project / name).open("a", encoding="utf-8") as file:
            file.write(line)
    (project / "gone.txt").unlink()
    commit(project)
    updated(project)
    changed = {
        line[3:].split("/")[0] for line in git(project, "status", "--porcelain").splitlines()
    }
    assert changed <= {".copier-answers.yml", "tools"}
    fresh = rendered(tmp_path / "fresh", {"scope": "tasks"})
    for path in files_of(fresh / "tools"):
        assert (project / path.relative_to(fresh)).read_bytes() == path.read_bytes()
    more = {path.relative_to(project) for path in files_of(project / "tools")}
    more -= {path.relative_to(fresh) for path in files_of(fresh / "tools")}
    shims = {Path("tools/freshness.mk"), Path("tools/freshness/sessions.py")}
    assert more == (shims if had_them else set())


def test_deleted_starter_files_do_not_come_back(tmp_path: Path) -> None:
    project = rendered(tmp_path / "project", COMBINATIONS["command"].answers)
    commit(project)
    gone = ["src/demo_app/commands/hello.py", "tests/test_cli.py", "CITATION.cff", "renovate.json"]
    gone += ["README.md", "CHANGELOG.md"]
    for path in gone:
        (project / path).unlink(missing_ok=True)
    commit(project)
    updated(project)
    assert git(project, "status", "--porcelain") == ""
    assert not [path for path in gone if (project / path).exists()]


SWITCHES: list[tuple[str, object, object]] = [
    *(("license", "MIT", other) for other in ("Apache-2.0", "GPL-3.0-or-later", "none")),
    *(("license", "MPL-2.0", other) for other in ("BSD-3-Clause", "proprietary")),
    *(("build_backend", "hatchling", other) for other in PURE[1:]),
    ("build_backend", "scikit_build_core", "setuptools_ext"),
    ("build_backend", "maturin", "meson_python"),
    ("layout", "src", "namespace"),
    ("layout", "src", "workspace"),
    *(("ci", "github", other) for other in ("gitlab", "none")),
    *(("docs", "zensical", other) for other in ("sphinx", "none")),
    *(("type_checker", "mypy", other) for other in ("ty", "pyrefly", "basedpyright")),
    *(("python_min", "3.11", other) for other in ("3.10", "3.14")),
    ("version_source", "static", "vcs"),
    ("layout", "src", "flat"),
    ("project_type", "cli", "library"),
    ("extras", [], ["vscode", "devcontainer", "docker", "agents", "renovate", "dependabot"]),
    ("command_name", "demo-app", "other"),
    ("distribution_name", "demo-app", "other"),
    ("package_name", "demo_app", "other"),
    ("project_name", "Demo App", "Other"),
    ("description", "One.", "The other."),
    ("user_name", "Ada", "Grace"),
    ("user_email", "", "grace@example.org"),
    ("github_user", "", "grace"),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("question", "one", "other"), SWITCHES, ids=[f"{name}-{to}" for name, _, to in SWITCHES]
)
def test_an_answer_is_changed_both_ways(
    question: str, one: object, other: object, tmp_path: Path
) -> None:
    """What is the template's is that of a new project; nothing of the other choice is left."""
    answers = {**COMBINATIONS["command"].answers, "extras": [], question: one}
    project = rendered(tmp_path / "project", answers)
    recorded = yaml.safe_load((project / ".copier-answers.yml").read_text(encoding="utf-8"))
    answers = {name: answer for name, answer in recorded.items() if not name.startswith("_")}
    if question == "build_backend":
        answers.pop("binding", None)  # the default is the backend's
    commit(project)
    for step, answer in enumerate((other, one)):
        updated(project, **{question: answer})
        fresh = rendered(tmp_path / f"fresh-{step}", {**answers, question: answer})
        assert_like(project, fresh)
        commit(project)


def test_recopy_brings_back_what_the_template_owns(tmp_path: Path) -> None:
    answers = COMBINATIONS["full"].answers
    project = rendered(tmp_path / "project", answers)
    fresh = made_of(project)
    build_file_tree(project, {"README.md": "mine", "src/demo_app/cli.py": "mine"})
    (project / "noxfile.py").unlink()
    (project / "tools/neverstale.py").write_text("broken")
    commit(project)
    copier.run_recopy(str(project), vcs_ref="HEAD", defaults=True, overwrite=True, quiet=True)
    assert made_of(project) == fresh
    assert (project / "README.md").read_text(encoding="utf-8") == "mine"
    assert (project / "src/demo_app/cli.py").read_text(encoding="utf-8") == "mine"


def test_nothing_depends_on_the_clock_or_the_machine(tmp_path: Path) -> None:
    world = World(tmp_path, COMBINATIONS["full"])
    told = {**os.environ, "PYTHONWARNINGS": "ignore"}
    made: list[dict[Path, bytes]] = []
    for place, more in enumerate(
        (
            {"TZ": "Asia/Tokyo", "LANG": "tr_TR.UTF-8", "HOME": "/nonexistent", "USER": "one"},
            {"TZ": "UTC", "LANG": "C", "USER": "two", "GIT_AUTHOR_NAME": "B", "COLUMNS": "40"},
        )
    ):
        project = tmp_path / str(place) / "demo-app"
        world.extra = {**told, **more}
        copying = (sys.executable, "-m", "copier", "copy", "--defaults", "--quiet")
        world.run(*copying, "--vcs-ref", "HEAD", history(), project)
        made.append({p.relative_to(project): p.read_bytes() for p in files_of(project)})
    assert made[0] == made[1]
    days = re.compile(rb"\b20[2-9]\d-[01]\d-[0-3]\d\b|Copyright \(c\) 20\d\d")
    dated = {path for path, content in made[0].items() if days.search(content)}
    assert {path for path in dated if path.parts[0] != "tools"} == set()

"""A replacement in an environment: what is moved where, and what is put back."""

import json
import os
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from support.tree import build_file_tree
from unit.made_up import (
    DEMO,
    INFO,
    SITE,
    SOURCES,
    built_of,
    install_files,
    make_environment,
    make_program,
    make_wheel,
    requirements,
    site_of,
    tree,
)

from neverstale.environments.environment import VENV, Environment
from neverstale.environments.installed import read_installed
from neverstale.errors import NeverstaleError
from neverstale.files import digest_of
from neverstale.install import recovery, staging, swap
from neverstale.install.recovery import recover
from neverstale.install.staging import Swap
from neverstale.install.swap import install_wheels, recorded_files
from neverstale.process import Uv
from neverstale.wheels.record import rows_of
from neverstale.wheels.store import Built

COMMANDS = {"demo": "demo.cli:main"}


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """An environment with the file that every environment of uv's has."""
    made = make_environment(tmp_path / "a größe", VENV)
    build_file_tree(site_of(made), {"_virtualenv.py": ""})
    return made


def swap_in(environment: Environment) -> Swap:
    return Swap(environment, site_of(environment), DEMO)


def units(prefix: Path, files: Sequence[str]) -> list[str]:
    return sorted(swap._units(prefix, prefix / SITE, [prefix / each for each in files]))  # noqa: SLF001


@pytest.mark.parametrize(
    ("there", "own", "expected"),
    [
        pytest.param(["a/x", "a/y"], ["a/x", "a/y"], ["a"], id="a whole folder"),
        pytest.param(["a/x", "a/y"], ["a/x"], ["a/x"], id="a part of one"),
        pytest.param(["a/b/x", "a/b/y"], ["a/b/x", "a/b/y"], ["a"], id="the topmost"),
        pytest.param(["a/b/x", "a/y"], ["a/b/x"], ["a/b"], id="one within a shared one"),
        pytest.param(["a/b/x", "a/b/y"], ["a/b/x"], ["a/b/x"], id="a stranger deep in it"),
        pytest.param(["a/x", "a/__pycache__/x.pyc"], ["a/x"], ["a"], id="bytecode is its own"),
        pytest.param(["a/x", "b/y", "c"], ["a/x", "b/y", "c"], ["a", "b", "c"], id="several"),
        pytest.param(["a/x", "a/y/z"], ["a/x"], ["a/x"], id="a stranger's folder"),
        pytest.param(["a/x"], [], [], id="nothing"),
        pytest.param(["a/x"], ["a/x", "/elsewhere/out"], ["a"], id="nothing outside"),
    ],
)
def test_units(there: list[str], own: list[str], expected: list[str], tmp_path: Path) -> None:
    prefix = build_file_tree(tmp_path / "p", dict.fromkeys(there, ""))
    assert units(prefix, own) == expected


def test_a_folder_that_is_a_link_is_not_moved_as_a_whole(tmp_path: Path) -> None:
    build_file_tree(tmp_path, {"away/x": "", "p/y": ""})
    (tmp_path / "p/a").symlink_to("../away")
    assert units(tmp_path / "p", ["a/x"]) == ["a/x"]


def stage(environment: Environment, files: dict[str, str]) -> Swap:
    """Lay files out as uv does in a target folder."""
    made = swap_in(environment)
    made.old.mkdir(parents=True)
    build_file_tree(made.stage, files)
    return made


def test_where_the_new_files_belong(environment: Environment, tmp_path: Path) -> None:
    data = "demo-1.0.data"
    built = built_of(
        make_wheel(
            tmp_path,
            {
                **SOURCES,
                f"{data}/data/share/x": "",
                f"{data}/headers/x.h": "",
                f"{data}/scripts/tool": "",
                "bin/module.py": "",
            },
        )
    )
    paths = [*SOURCES, "share/x", "include/demo/x.h", "bin/tool", "bin/deep/tool", ".lock"]
    made = stage(environment, dict.fromkeys([*paths, "bin/module.py", f"{INFO}/RECORD"], ""))
    site, prefix = made.site, environment.prefix
    assert staging.destinations(built, made) == {
        **{path: site / path for path in SOURCES},
        "share/x": prefix / "share/x",
        "include/demo/x.h": prefix / "include/site/python3.12/demo/x.h",
        "bin/tool": prefix / "bin/tool",
        "bin/deep/tool": site / "bin/deep/tool",
        "bin/module.py": site / "bin/module.py",
        f"{INFO}/RECORD": site / INFO / "RECORD",
    }


def test_record_is_written_for_the_environment(environment: Environment) -> None:
    record = f'demo/cli.py,sha256=x,1\nbin/demo,sha256=y,2\n"with,comma",,\n{INFO}/RECORD,,\n'
    made = stage(environment, {f"{INFO}/RECORD": record, "bin/demo": "", "demo/cli.py": ""})
    moves = {"bin/demo": environment.scripts / "demo", "demo/cli.py": made.site / "demo/cli.py"}
    staging.rewrite_record(made, moves)
    text = (made.stage / INFO / "RECORD").read_text("utf-8")
    assert list(rows_of(text)) == [
        ["demo/cli.py", "sha256=x", "1"],
        ["../../../bin/demo", "sha256=y", "2"],
        ["with,comma", "", ""],
        [f"{INFO}/RECORD", "", ""],
    ]


def test_what_is_moved_in_as_a_whole(environment: Environment) -> None:
    files = ["demo/a.py", "demo/deep/b.py", "single.py", "bin/demo", f"{INFO}/RECORD", "z/x.py"]
    made = stage(environment, dict.fromkeys(files, ""))
    moves = {path: made.site / path for path in files}
    moves["bin/demo"] = environment.scripts / "demo"
    entries = list(swap._entries(made, moves))  # noqa: SLF001
    assert dict(entries) == {
        made.stage / "demo": made.site / "demo",
        made.stage / "z": made.site / "z",
        made.stage / INFO: made.site / INFO,
        made.stage / "single.py": made.site / "single.py",
        made.stage / "bin/demo": environment.scripts / "demo",
    }
    assert entries[-1][0].name == INFO, "what has no record is not installed"


def test_a_folder_of_which_a_part_goes_elsewhere(environment: Environment) -> None:
    made = stage(environment, {"x/a": "", "x/b": ""})
    moves = {"x/a": made.site / "x/a", "x/b": environment.prefix / "x/b"}
    for order in (moves, dict(reversed(moves.items()))):
        assert dict(swap._entries(made, order)) == {  # noqa: SLF001
            made.stage / path: to for path, to in moves.items()
        }


def installed_files(environment: Environment) -> dict[str, str]:
    return {
        path: text for path, text in tree(environment.prefix).items() if "neverstale" not in path
    }


@dataclass(frozen=True)
class ByHand:
    """What an install does between uv's part and the end, step by step."""

    made: Swap
    built: Built
    units: list[str]
    entries: list[tuple[Path, Path]]

    def note(self, new: Iterable[str] = ()) -> None:
        journal = {self.made.name: [*new]}
        (self.made.folder / recovery.JOURNAL).write_text(json.dumps(journal), encoding="utf-8")

    def move_away(self, units: Sequence[str] | None = None) -> None:
        swap._move_away(self.made, self.units if units is None else units)  # noqa: SLF001

    def move_in(self, entries: Sequence[tuple[Path, Path]] | None = None) -> None:
        self.note(swap._new_files(self.made.environment.prefix, self.entries))  # noqa: SLF001
        swap._move_in(self.entries if entries is None else entries)  # noqa: SLF001


def replace_by_hand(environment: Environment, tmp_path: Path, files: dict[str, str]) -> ByHand:
    built = built_of(make_wheel(tmp_path, files, commands=COMMANDS))
    info = {f"{INFO}/METADATA": "Name: demo\nVersion: 1.0\n", "bin/demo": "new"}
    record = "".join(
        f"{path},{digest_of(text.encode())},\n" for path, text in {**files, **info}.items()
    )
    made = stage(environment, {**files, **info, f"{INFO}/RECORD": f"{record}{INFO}/RECORD,,\n"})
    moves = staging.destinations(built, made)
    staging.rewrite_record(made, moves)
    old = [*swap._old_files(made, built.distribution.files)]  # noqa: SLF001
    units = [*swap._units(environment.prefix, site_of(environment), old)]  # noqa: SLF001
    by_hand = ByHand(made, built, units, [*swap._entries(made, moves)])  # noqa: SLF001
    by_hand.note()
    return by_hand


def test_old_files_are_moved_away_and_new_ones_in(environment: Environment, tmp_path: Path) -> None:
    install_files(environment, {**SOURCES, "demo/old.py": ""}, commands=COMMANDS)
    build_file_tree(site_of(environment), {"other/x.py": "", "demo/__pycache__/old.pyc": ""})
    by_hand = replace_by_hand(environment, tmp_path, {**SOURCES, "demo/cli.py": "new"})
    assert sorted(by_hand.units) == ["bin/demo", f"{SITE}/demo", f"{SITE}/{INFO}"]
    by_hand.move_away()
    assert read_installed(environment, DEMO) is None
    assert (by_hand.made.old / SITE / "demo/old.py").exists()
    by_hand.move_in()
    installed = read_installed(environment, DEMO)
    assert installed
    assert installed.whole
    assert tree(site_of(environment) / "demo") == {"__init__.py": "", "cli.py": "new"}
    assert (environment.scripts / "demo").read_text("utf-8") == "new"
    assert (site_of(environment) / "other/x.py").exists()


def test_new_files_join_a_folder_that_others_share(environment: Environment) -> None:
    build_file_tree(site_of(environment), {"space/other/x.py": "other", "space/demo/a.py": "old"})
    made = stage(environment, {"space/demo/a.py": "new", "space/demo/b.py": "new"})
    swap._move_in([(made.stage / "space", made.site / "space")])  # noqa: SLF001
    assert tree(made.site / "space") == {
        "demo/a.py": "new",
        "demo/b.py": "new",
        "other/x.py": "other",
    }


@pytest.mark.parametrize("steps", range(9))
def test_a_kill_at_any_step_is_undone(steps: int, environment: Environment, tmp_path: Path) -> None:
    """Renames are steps; what is installed is then the old one, byte for byte, or the new one."""
    install_files(environment, {**SOURCES, "demo/old.py": "old"}, commands=COMMANDS)
    before = installed_files(environment)
    by_hand = replace_by_hand(environment, tmp_path, {**SOURCES, "demo/cli.py": "new"})
    entries = by_hand.entries
    order = sorted(by_hand.units, key=lambda unit: not unit.endswith(".dist-info"))
    for unit in order[:steps]:
        by_hand.move_away([unit])
    if steps > len(order):
        by_hand.move_in(entries[: steps - len(order)])
    done = steps >= len(order) + len(entries)
    assert recover(environment) == (steps > 0 and not done)
    assert not by_hand.made.folder.exists()
    if done:
        assert (site_of(environment) / "demo/cli.py").read_text("utf-8") == "new"
    else:
        assert installed_files(environment) == before
    installed = read_installed(environment, DEMO)
    assert installed
    assert installed.whole


@pytest.mark.parametrize(
    "fault",
    [None, NeverstaleError("no network", hint="try again"), OSError(28, "No space left", "x")],
    ids=str,
)
def test_the_project_is_away_while_its_requirements_change(
    fault: Exception | None, environment: Environment, tmp_path: Path
) -> None:
    """A kill there leaves none, and not an old project with new requirements; a fault, the old."""
    install_files(environment, SOURCES, commands=COMMANDS)
    before = installed_files(environment)
    by_hand = replace_by_hand(environment, tmp_path, {**SOURCES, "demo/cli.py": "new"})
    made = by_hand.made
    made.old.rmdir()
    seen = []

    def between() -> None:
        seen.append(read_installed(environment, DEMO))
        if fault:
            raise fault

    with pytest.raises(NeverstaleError) if fault else nullcontext():
        swap._replace([(by_hand.built, made)], between)
    assert seen == [None]
    assert (installed_files(environment) == before) == bool(fault)
    assert not (made.folder / recovery.JOURNAL).exists()


def test_a_new_record_does_not_stay(environment: Environment, tmp_path: Path) -> None:
    """Where nothing was installed before, or another version was."""
    (site_of(environment) / "_virtualenv.py").unlink()
    by_hand = replace_by_hand(environment, tmp_path, SOURCES)
    by_hand.move_in(by_hand.entries[-1:])
    assert recover(environment)
    assert read_installed(environment, DEMO) is None
    assert site_of(environment).is_dir()


def test_what_others_put_into_the_folder_meanwhile_stays(
    environment: Environment, tmp_path: Path
) -> None:
    """A requirement in the same namespace is installed while the project is away."""
    install_files(environment, {"space/app.py": "old"}, commands=COMMANDS)
    new = {"space/app.py": "new", "space/more.py": "", "space/both.py": "ours"}
    by_hand = replace_by_hand(environment, tmp_path, new)
    by_hand.move_away()
    build_file_tree(site_of(environment), {"space/dep.py": "dep", "space/both.py": "theirs"})
    by_hand.move_in([entry for entry in by_hand.entries if entry[0].name == "space"])
    assert recover(environment)
    found = tree(site_of(environment) / "space")
    assert found.keys() == {"app.py", "dep.py", "both.py"}
    assert (found["app.py"], found["dep.py"]) == ("old", "dep")


def test_records_come_last_of_all_projects(
    environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has no record is not installed: a kill leaves no project that looks whole and is not."""
    moved: list[str] = []
    monkeypatch.setattr(swap, "_move_in", lambda entries: moved.extend(e[1].name for e in entries))
    staged = []
    for name in ("demo", "member"):
        info = f"{name}-1.0.dist-info"
        wheel = make_wheel(tmp_path, {f"{name}/z.py": ""}, name)
        made = Swap(environment, site_of(environment), canonicalize_name(name))
        build_file_tree(made.stage, {f"{name}/z.py": "", f"{info}/RECORD": ""})
        staged.append((built_of(wheel), made))
    swap._replace(staged, lambda: None)
    assert moved == ["demo", "member", "demo-1.0.dist-info", "member-1.0.dist-info"]


def test_a_recovery_that_was_killed_goes_on(environment: Environment, tmp_path: Path) -> None:
    """What is put back already has the names of new files, and is none."""
    install_files(environment, {**SOURCES, "demo/old.py": "old"}, commands=COMMANDS)
    before = installed_files(environment)
    by_hand = replace_by_hand(environment, tmp_path, {**SOURCES, "demo/cli.py": "new"})
    by_hand.move_away()
    by_hand.move_in(by_hand.entries[:2])
    recovery.undo([by_hand.made], recovery._read_journal(by_hand.made.folder))  # noqa: SLF001
    by_hand.move_away([f"{SITE}/{INFO}"])
    assert recover(environment)
    assert installed_files(environment) == before


def test_what_stands_in_the_way_is_removed(environment: Environment) -> None:
    made = stage(environment, {})
    build_file_tree(made.old, {"share/file": "old", "share/folder/x": "old", "share/deep/y": "old"})
    build_file_tree(environment.prefix, {"share/file/x": "new", "share/folder": "new"})
    (environment.prefix / "share/link").symlink_to("/gone")
    assert recover(environment)
    assert tree(environment.prefix / "share") == {
        "file": "old",
        "folder/x": "old",
        "deep/y": "old",
    }
    assert not made.folder.exists()
    assert (environment.prefix / "share/link").is_symlink()


def test_recover_where_nothing_is(environment: Environment, tmp_path: Path) -> None:
    assert not recover(environment)
    assert not recover(Environment(VENV, tmp_path / "gone", tmp_path))


def test_recover_before_anything_was_moved(environment: Environment) -> None:
    made = stage(environment, {"demo/cli.py": ""})
    assert not recover(environment)
    assert not made.folder.exists()
    stage(environment, {})
    (made.folder / recovery.JOURNAL).write_text("{", encoding="utf-8")
    assert not recover(environment)
    assert not made.folder.exists()


@pytest.mark.parametrize("how", ["absolute", "above", "through a link", "a folder"])
def test_a_journal_that_leads_out(how: str, environment: Environment, tmp_path: Path) -> None:
    mine = build_file_tree(tmp_path / "mine", {"thesis": "mine"}) / "thesis"
    (environment.prefix / "link").symlink_to(mine.parent)
    build_file_tree(environment.prefix, {"folder/thesis": "mine"})
    above = os.path.relpath(mine, environment.prefix)
    path = {"absolute": str(mine), "above": above, "through a link": "link/thesis"}.get(how)
    swapped = environment.prefix / staging.FOLDER
    build_file_tree(swapped, {"old/demo/link/thesis": "theirs"})
    (swapped / recovery.JOURNAL).write_text(
        json.dumps({"demo": [path or "folder"]}), encoding="utf-8"
    )
    recover(environment)
    assert mine.read_text() == "mine"
    assert (environment.prefix / "folder/thesis").read_text() == "mine"


@pytest.mark.parametrize("name", ["old", "old/demo"])
def test_old_files_behind_a_link_are_not_taken(
    name: str, environment: Environment, tmp_path: Path
) -> None:
    build_file_tree(tmp_path / "mine", {"demo/thesis": "mine", "thesis": "mine"})
    link = environment.prefix / staging.FOLDER / name
    link.parent.mkdir(parents=True)
    link.symlink_to(tmp_path / "mine")
    assert not recover(environment)
    assert tree(tmp_path / "mine") == {"demo/thesis": "mine", "thesis": "mine"}


@pytest.mark.parametrize("text", ["{", "[]", '{"demo": 1, "..": [], "Demo": ["a"]}', "null"])
def test_a_journal_that_nobody_can_read(text: str, environment: Environment) -> None:
    """What was moved away is put back all the same: it is there under its project's name."""
    swapped = environment.prefix / staging.FOLDER
    build_file_tree(swapped, {f"old/demo/{SITE}/demo/cli.py": "old", "old/..x/y": ""})
    (swapped / recovery.JOURNAL).write_text(text, encoding="utf-8")
    assert recover(environment)
    assert tree(site_of(environment) / "demo") == {"cli.py": "old"}
    assert not swapped.exists()
    assert not (environment.prefix / "old").exists()


def test_a_folder_of_swaps_that_is_a_link(environment: Environment, tmp_path: Path) -> None:
    mine = build_file_tree(tmp_path / "mine", {"old/thesis": "", "journal.json": "{}"})
    (environment.prefix / staging.FOLDER).symlink_to(mine)
    assert not recover(environment)
    built = built_of(make_wheel(tmp_path, SOURCES))
    with pytest.raises(NeverstaleError):
        swap.install_wheels(Uv("/bin/false", tmp_path, lambda _: None), [built], environment)
    assert sorted(path.name for path in mine.rglob("*")) == ["journal.json", "old", "thesis"]


def test_a_swap_of_another_project_is_undone(environment: Environment, tmp_path: Path) -> None:
    """The project is whole by then: somebody has installed it again."""
    install_files(environment, SOURCES, commands=COMMANDS)
    install_files(environment, {"member/__init__.py": "old"}, "member")
    before = installed_files(environment)
    built = built_of(make_wheel(tmp_path, {"member/__init__.py": "new"}, "member"))
    made = Swap(environment, site_of(environment), canonicalize_name("member"))
    made.old.mkdir(parents=True)
    old = [*swap._old_files(made, built.distribution.files)]  # noqa: SLF001
    units = [*swap._units(environment.prefix, site_of(environment), old)]  # noqa: SLF001
    swap._move_away(made, units)  # noqa: SLF001
    assert recover(environment)
    assert installed_files(environment) == before


def test_what_is_whole_now_stays(environment: Environment, tmp_path: Path) -> None:
    install_files(environment, SOURCES, commands=COMMANDS)
    by_hand = replace_by_hand(environment, tmp_path, SOURCES)
    by_hand.move_away()
    install_files(environment, {**SOURCES, "demo/cli.py": "somebody's"}, commands=COMMANDS)
    assert not recover(environment)
    assert (site_of(environment) / "demo/cli.py").read_text("utf-8") == "somebody's"
    assert not by_hand.made.folder.exists()


def test_a_link_in_place_of_our_folder_is_left_alone(
    environment: Environment, tmp_path: Path
) -> None:
    build_file_tree(tmp_path, {"away/journal.json": "{}"})
    (environment.prefix / staging.FOLDER).symlink_to(tmp_path / "away")
    assert not recover(environment)
    assert (tmp_path / "away/journal.json").exists()


def old_files(environment: Environment, tmp_path: Path) -> list[str]:
    built = built_of(make_wheel(tmp_path, {**SOURCES, "single.py": ""}))
    found = swap._old_files(swap_in(environment), built.distribution.files)  # noqa: SLF001
    return sorted(os.path.relpath(path, site_of(environment)) for path in found)


def test_what_is_replaced(environment: Environment, tmp_path: Path) -> None:
    assert old_files(environment, tmp_path) == []
    install_files(
        environment, SOURCES, commands=COMMANDS, rows=["demo/gone.py,,", "../../../../x,,"]
    )
    build_file_tree(site_of(environment), {"demo/new.py": "", "other.py": "", "../../../x": ""})
    assert old_files(environment, tmp_path) == [
        "../../../bin/demo",
        *(f"{INFO}/{n}" for n in ("INSTALLER", "METADATA", "RECORD", "WHEEL", "entry_points.txt")),
        "demo/__init__.py",
        "demo/cli.py",
        "demo/new.py",
    ]


def test_what_is_replaced_where_records_are_damaged(
    environment: Environment, tmp_path: Path
) -> None:
    info = install_files(environment, SOURCES)
    build_file_tree(site_of(environment), {"other/x.py": "", "single.py": ""})
    (info / "RECORD").unlink()
    (info / "deep").mkdir()
    (info / "link").symlink_to("/gone")
    assert old_files(environment, tmp_path) == [
        *(f"{INFO}/{n}" for n in ("INSTALLER", "METADATA", "WHEEL", "link")),
        "demo/__init__.py",
        "demo/cli.py",
    ]


def test_what_another_installer_made_is_not_replaced(
    environment: Environment, tmp_path: Path
) -> None:
    build_file_tree(site_of(environment), {"demo-1.0.egg-info/PKG-INFO": "", "demo/cli.py": ""})
    assert old_files(environment, tmp_path) == []


def test_records_that_are_a_link_are_not_followed(environment: Environment, tmp_path: Path) -> None:
    build_file_tree(tmp_path, {"away/METADATA": "", "away/x": ""})
    (site_of(environment) / INFO).symlink_to(tmp_path / "away")
    assert old_files(environment, tmp_path) == []


def test_recorded_files(environment: Environment) -> None:
    install_files(environment, SOURCES, rows=["../../../../out,,", "../../../share/x,,"])
    build_file_tree(site_of(environment), {"demo/new.py": ""})
    installed = read_installed(environment, DEMO)
    assert installed
    found = recorded_files(installed, site_of(environment))
    prefix = environment.prefix
    assert prefix / "share/x" in found
    assert site_of(environment) / "demo/new.py" in found
    assert all(path.is_relative_to(prefix) for path in found)


def test_what_setup_py_develop_left(environment: Environment, tmp_path: Path) -> None:
    built = built_of(make_wheel(tmp_path, SOURCES))
    site = site_of(environment)
    build_file_tree(site, {"demo.egg-link": "/src\n.\n", "easy-install.pth": "/a\n/src\n/b\n"})
    build_file_tree(site, {"other.egg-link": "/a\n"})
    swap._forget_legacy(built, swap_in(environment))  # noqa: SLF001
    kept = {"_virtualenv.py": "", "other.egg-link": "/a\n"}
    assert tree(site) == {**kept, "easy-install.pth": "/a\n/b\n"}
    build_file_tree(site, {"demo.egg-link": "/b\n"})
    (site / "easy-install.pth").unlink()
    swap._forget_legacy(built, swap_in(environment))  # noqa: SLF001
    assert tree(site) == kept


def test_links_of_that_kind_are_left_alone(environment: Environment, tmp_path: Path) -> None:
    built = built_of(make_wheel(tmp_path, SOURCES))
    site = site_of(environment)
    build_file_tree(tmp_path, {"away": "/src\n"})
    (site / "demo.egg-link").symlink_to(tmp_path / "away")
    swap._forget_legacy(built, swap_in(environment))  # noqa: SLF001
    assert (site / "demo.egg-link").is_symlink()
    (site / "demo.egg-link").unlink()
    build_file_tree(site, {"demo.egg-link": "/src\n"})
    (site / "easy-install.pth").symlink_to(tmp_path / "away")
    swap._forget_legacy(built, swap_in(environment))  # noqa: SLF001
    assert (tmp_path / "away").read_text("utf-8") == "/src\n"


@pytest.mark.parametrize(
    ("line", "name", "of_extra"),
    [
        ("dep>=1", "dep", False),
        ("Dep_X[extra]>=1", "dep-x", False),
        ('dep; extra == "all"', "dep", True),
        ('dep; python_version > "3"', "dep", False),
    ],
)
def test_requirements(line: str, name: str, of_extra: bool) -> None:
    (requirement,) = requirements(line)
    assert staging._name(line) == name  # noqa: SLF001
    assert staging._of_extra(requirement) == of_extra  # noqa: SLF001


def failing(tmp_path: Path, said: list[str]) -> Uv:
    return Uv(make_program(tmp_path / "failing", 3, "no such thing"), tmp_path, said.append)


def test_what_uv_is_asked_to_install_first(environment: Environment, tmp_path: Path) -> None:
    said: list[str] = []
    needs = ["dep>=2", "member", 'more; extra == "all"', "a-first"]
    wheels = [make_wheel(tmp_path, SOURCES, requires=needs), make_wheel(tmp_path, {}, "member")]
    built = [built_of(path) for path in wheels]
    with pytest.raises(NeverstaleError, match="uv could not get what the project") as caught:
        staging.lacking(failing(tmp_path, said), built, environment)
    assert caught.value.details == "no such thing"
    assert [line.replace(f"'{environment.prefix}'", "ENV") for line in said] == [
        "uv pip install --dry-run --color never --python ENV a-first 'dep>=2' --offline"
    ]
    assert not (environment.prefix / staging.FOLDER).exists()


def test_how_uv_is_asked_to_unpack(environment: Environment, tmp_path: Path) -> None:
    said: list[str] = []
    made = Swap(environment, site_of(environment), DEMO)
    made.folder.mkdir()
    built = built_of(make_wheel(tmp_path, SOURCES))
    with pytest.raises(NeverstaleError, match="uv could not unpack the wheel"):
        staging.stage(failing(tmp_path, said), built, made)
    where = f"--target '{made.stage}' --python '{environment.prefix}' {built.archive}"
    assert said == [f"uv pip install --quiet --no-deps {where} --offline"]


LISTED = """\
Resolved 4 packages in 5ms
Would uninstall 2 packages
 - dep==1.0
 + dep==2.0
 ~ again==1.0
 + demo==0.5
 + near==1.0 (from file:///a%20b/near)
 + far @ https://user:****@example.org/far-1.0-py3-none-any.whl
"""


def test_what_uv_would_install(environment: Environment, tmp_path: Path) -> None:
    """Not the project itself, which a requirement may require; a password as it was required."""
    far = "far @ https://user:secret@example.org/far-1.0-py3-none-any.whl"
    built = [built_of(make_wheel(tmp_path, SOURCES, requires=["dep>=2", far]))]
    uv = Uv(make_program(tmp_path / "listing", 0, LISTED), tmp_path, lambda _: None)
    found = staging.lacking(uv, built, environment)
    assert found == ["dep==2.0", "again==1.0", "near @ file:///a%20b/near", far]


@pytest.mark.parametrize("cached", [True, False])
def test_what_is_in_no_cache_is_installed_before_the_project_is_away(
    cached: bool, environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_files(environment, SOURCES, commands=COMMANDS)
    built = built_of(make_wheel(tmp_path, SOURCES, commands=COMMANDS))
    staged = {**SOURCES, f"{INFO}/METADATA": "Name: demo\nVersion: 1.0\n", f"{INFO}/RECORD": ""}
    seen = []

    def install(_uv: Uv, names: list[str], _environment: Environment) -> None:
        seen.append((names, read_installed(environment, DEMO) is not None))

    monkeypatch.setattr(swap, "stage", lambda _uv, _each, made: build_file_tree(made.stage, staged))
    monkeypatch.setattr(swap, "lacking", lambda *_: ["dep==1"])
    monkeypatch.setattr(swap, "fetch", lambda *_: cached)
    monkeypatch.setattr(swap, "install_exactly", install)
    install_wheels(Uv("/no/uv", tmp_path, lambda _: None), [built], environment)
    wanted = ["dep==1"]
    assert seen == ([(wanted, False)] if cached else [(wanted, True), ([], False)])


@pytest.mark.parametrize(
    ("offline", "calls", "cached"),
    [("exit 0", 1, True), ("test -e again", 3, True), ("exit 1", 3, False)],
    ids=["in the cache", "fetched into it", "no cache"],
)
def test_fetch(
    offline: str, calls: int, cached: bool, environment: Environment, tmp_path: Path
) -> None:
    """A program stands for uv: offline it ends as *offline* says, else well, and `again` is there."""
    uv = tmp_path / "uv"
    uv.write_text(
        f'#!/bin/sh\necho x >> calls\ncase "$*" in *--offline) {offline} ;; *) touch again ;; esac\n'
    )
    uv.chmod(0o755)
    found = staging.fetch(Uv(str(uv), tmp_path, [""].append), ["a==1"], environment, tmp_path / "x")
    assert found == cached
    assert len((tmp_path / "calls").read_text().splitlines()) == calls


def test_nothing_lacks(environment: Environment, tmp_path: Path) -> None:
    said: list[str] = []
    uv = Uv(make_program(tmp_path / "content", 0, "Would make no changes"), tmp_path, said.append)
    for requires in (["dep>=2"], []):
        built = [built_of(make_wheel(tmp_path, SOURCES, requires=requires))]
        assert staging.lacking(uv, built, environment) == []
    assert len(said) == 1


@pytest.mark.parametrize(
    ("left", "stays"),
    [
        ({}, False),
        ({"WHEEL": "", "REQUESTED": "", ".tmpgfhwAk": ""}, False),
        ({"METADATA": "", "INSTALLER": "uv"}, False),
        ({"METADATA": "", "INSTALLER": "debian\n"}, True),
        ({"RECORD": ""}, True),
    ],
)
def test_what_a_kill_left_of_a_requirement(
    left: dict[str, str], stays: bool, environment: Environment, tmp_path: Path
) -> None:
    """It is removed before uv installs another version, which would take it for installed."""
    info, other = (site_of(environment) / f"{name}-1.0.dist-info" for name in ("dep", "other"))
    info.mkdir()
    build_file_tree(info, left)
    other.mkdir()
    link = info.with_name("dep-3.0.dist-info")
    link.symlink_to(tmp_path)
    said: list[str] = []
    uv = Uv(make_program(tmp_path / "content", 0), tmp_path, said.append)
    staging.install_exactly(uv, ["dep==2.0"], environment)
    assert info.is_dir() == stays
    assert other.is_dir()
    assert link.is_symlink()


def test_a_wheel_that_uv_cannot_install(environment: Environment, tmp_path: Path) -> None:
    said: list[str] = []
    install_files(environment, SOURCES, commands=COMMANDS)
    before = installed_files(environment)
    built = built_of(make_wheel(tmp_path, {**SOURCES, "demo/cli.py": "new"}))
    with pytest.raises(NeverstaleError, match="what was installed before is untouched"):
        install_wheels(failing(tmp_path, said), [built], environment)
    (line,) = said
    assert line.startswith("uv pip install --quiet --no-deps --target ")
    assert line.endswith("--offline")
    assert str(built.archive) in line
    assert installed_files(environment) == before
    assert not (environment.prefix / staging.FOLDER).exists()


def test_an_environment_that_cannot_be_made(tmp_path: Path) -> None:
    nowhere = Environment(VENV, tmp_path / "gone", tmp_path)
    with pytest.raises(NeverstaleError, match="uv could not create the environment"):
        install_wheels(failing(tmp_path, []), [], nowhere)
    done = Uv(make_program(tmp_path / "done", 0), tmp_path, print)
    with pytest.raises(NeverstaleError, match="gone has no site-packages"):
        install_wheels(done, [], nowhere)


def test_renames_that_fail_are_undone(
    environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_files(environment, SOURCES, commands=COMMANDS)
    before = installed_files(environment)
    built = built_of(make_wheel(tmp_path, {**SOURCES, "demo/cli.py": "new"}, commands=COMMANDS))

    def unpack(*_: str) -> str:
        made = swap_in(environment)
        build_file_tree(made.stage, {"demo/cli.py": "new", f"{INFO}/RECORD": "demo/cli.py,,\n"})
        return ""

    def fail(_: object) -> None:
        raise PermissionError(13, "Permission denied", "/some/file")

    monkeypatch.setattr(Uv, "attempt", lambda *_: unpack())
    monkeypatch.setattr(swap, "_move_in", fail)
    with pytest.raises(NeverstaleError) as caught:
        install_wheels(Uv("/no/uv", tmp_path, print), [built], environment)
    assert caught.value.message.startswith("/some/file could not be replaced: Permission denied")
    assert installed_files(environment) == before
    monkeypatch.undo()
    monkeypatch.setattr(Uv, "attempt", lambda *_: unpack())
    install_wheels(Uv("/no/uv", tmp_path, print), [built], environment)
    assert tree(site_of(environment)) == {
        "_virtualenv.py": "",
        "demo/cli.py": "new",
        f"{INFO}/RECORD": "demo/cli.py,,\n",
    }
    assert not (environment.scripts / "demo").exists()
    assert not (environment.prefix / staging.FOLDER).exists()


def test_one_that_is_alone_in_site_packages_is_put_back(tmp_path: Path) -> None:
    """An environment without pip: nothing else is below its ``lib``."""
    environment = make_environment(tmp_path / "bare", VENV)
    install_files(environment, SOURCES, commands=COMMANDS)
    before = installed_files(environment)
    replace_by_hand(environment, tmp_path, {**SOURCES, "demo/cli.py": "new"}).move_away()
    assert environment.site_packages is not None
    assert recover(environment)
    assert installed_files(environment) == before


def test_a_new_package_does_not_stay(environment: Environment, tmp_path: Path) -> None:
    install_files(environment, SOURCES, commands=COMMANDS)
    before = installed_files(environment)
    by_hand = replace_by_hand(environment, tmp_path, {**SOURCES, "added/__init__.py": ""})
    by_hand.move_away()
    by_hand.move_in(by_hand.entries[:2])
    assert recover(environment)
    assert not (site_of(environment) / "added").exists()
    assert installed_files(environment) == before


def everything(environment: Environment) -> dict[str, str]:
    """Return the files of *environment*, but for those that are there in any case."""
    found = (path for path in environment.prefix.rglob("*") if path.is_file())
    below = {path.relative_to(environment.prefix).as_posix(): path for path in found}
    return {name: p.read_text("utf-8") for name, p in below.items() if "_virtualenv" not in name}


def test_what_is_moved_away_is_removed(environment: Environment) -> None:
    before = everything(environment)
    install_files(environment, SOURCES, commands=COMMANDS)
    build_file_tree(site_of(environment), {"demo/added.py": "", "other.py": ""})
    with swap.moved_away(environment, [DEMO]):
        assert everything(environment).keys() > before.keys()
        assert not (site_of(environment) / "demo").exists()
        assert read_installed(environment, DEMO) is None
    assert everything(environment).keys() - before.keys() == {f"{SITE}/other.py"}
    assert not (environment.prefix / staging.FOLDER).exists()


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, OSError, NeverstaleError])
def test_what_was_moved_away_is_put_back(
    error: type[BaseException], environment: Environment
) -> None:
    install_files(environment, SOURCES, commands=COMMANDS)
    before = everything(environment)
    raised = NeverstaleError("x", hint="y") if error is NeverstaleError else error("x")
    with pytest.raises(error), swap.moved_away(environment, [DEMO]):  # noqa: PT012 - as uv is killed
        build_file_tree(site_of(environment), {f"{INFO}/METADATA": "", f"{INFO}/uv_cache.json": ""})
        raise raised
    assert everything(environment) == before


def test_a_kill_while_it_is_moved_away(environment: Environment) -> None:
    install_files(environment, SOURCES)
    before = everything(environment)
    left = swap.moved_away(environment, [DEMO])
    left.__enter__()
    assert read_installed(environment, DEMO) is None
    assert recover(environment)
    assert everything(environment) == before
    del left


def test_a_kill_while_another_is_installed_in_its_place(environment: Environment) -> None:
    install_files(environment, SOURCES)
    before = everything(environment)
    left = swap.moved_away(environment, [DEMO])
    left.__enter__()
    part = f"{SITE}/demo-2.0.dist-info/METADATA"
    build_file_tree(environment.prefix, {part: "Name: demo\nVersion: 2.0\n"})
    assert recover(environment)
    assert everything(environment) == before
    del left


def test_a_kill_while_it_is_removed(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_files(environment, SOURCES)
    monkeypatch.setattr(swap, "discard", lambda *_: None)
    with swap.moved_away(environment, [DEMO]):
        pass
    assert not recover(environment)
    assert read_installed(environment, DEMO) is None
    assert not (environment.prefix / staging.FOLDER).exists()


def test_what_is_not_there_is_not_moved_away(environment: Environment, tmp_path: Path) -> None:
    before = everything(environment)
    with swap.moved_away(environment, [DEMO]):
        pass
    assert everything(environment) == before
    nowhere = Environment(VENV, tmp_path / "gone", tmp_path)
    with swap.moved_away(nowhere, [DEMO]), swap.moved_away(environment, []):
        assert not nowhere.prefix.exists()


@pytest.mark.parametrize("row", [".", "..", "../../../bin", "", "six.py", "{site}/lnk/a", "lnk/a"])
def test_rows_of_what_is_not_its_own(row: str, environment: Environment, tmp_path: Path) -> None:
    site = site_of(environment)
    build_file_tree(tmp_path, {"away/a": "mine"})
    (site / "lnk").symlink_to(tmp_path / "away")
    install_files(environment, {"six.py": "six"}, "six", "1.0")
    build_file_tree(environment.prefix, {"bin/other": "other"})
    info = install_files(environment, SOURCES, commands=COMMANDS)
    with (info / "RECORD").open("a", encoding="utf-8") as record:
        record.write(f"{row.format(site=site)},,\n")
    with swap.moved_away(environment, [DEMO]):
        pass
    assert (tmp_path / "away/a").read_text("utf-8") == "mine"
    assert (site / "six.py").read_text("utf-8") == "six"
    assert (environment.prefix / "bin/other").exists()
    assert not (site / "demo/cli.py").exists()
    assert not (environment.prefix / "bin/demo").exists()

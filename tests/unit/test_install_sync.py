"""``uv sync`` that was stopped half-way, and what is repaired before the next one."""

from pathlib import Path

import pytest
from support.tree import build_file_tree
from unit.made_up import (
    INFO,
    SOURCES,
    install_files,
    make_environment,
    make_program,
    site_of,
    tree,
)

from neverstale.environments.environment import VENV, Environment
from neverstale.install import sync
from neverstale.install.sync import MARK, repair, run, was_stopped
from neverstale.process import Uv
from neverstale.wheels.store import Store


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return make_environment(tmp_path / "env", VENV)


def record_of(info: Path) -> list[str]:
    return (info / "RECORD").read_text("utf-8").splitlines()


def test_what_is_whole_stays(environment: Environment) -> None:
    install_files(environment, SOURCES, rows=["demo/__pycache__/x.pyc,,"])
    build_file_tree(site_of(environment), {"old-1.0.egg-info/x": "", "more.egg-link": ""})
    before = tree(environment.prefix)
    assert repair(environment) == []
    assert tree(environment.prefix) == before


@pytest.mark.parametrize("name", ["METADATA", "RECORD"])
def test_a_record_that_is_there_in_part_goes(name: str, environment: Environment) -> None:
    info = install_files(environment, SOURCES)
    other = install_files(environment, {"b.py": ""}, "a-b")
    (info / name).unlink()
    assert repair(environment) == ["demo"]
    assert not info.exists()
    assert other.exists()
    assert (site_of(environment) / "demo/cli.py").exists()


def test_a_command_that_is_not_yet_named_goes(environment: Environment) -> None:
    build_file_tree(environment.scripts, {".tmpD20l9p": "", ".tmp": "", "tmpD20l9p": ""})
    before = tree(environment.prefix)
    assert repair(environment) == []
    assert before.keys() - tree(environment.prefix).keys() == {"bin/.tmpD20l9p"}


def test_a_file_that_is_missing(environment: Environment) -> None:
    info = install_files(environment, SOURCES)
    (site_of(environment) / "demo/cli.py").unlink()
    before = record_of(info)
    assert repair(environment) == ["demo"]
    assert record_of(info) == before


def test_files_that_record_does_not_name_are_named(environment: Environment) -> None:
    """uv writes them beside the wheel's own RECORD, and names them last."""
    info = install_files(environment, SOURCES)
    before = record_of(info)
    build_file_tree(info, {"REQUESTED": "", "deep/x": "", "a,b": ""})
    assert repair(environment) == ["demo"]
    assert record_of(info) == [
        *before,
        f"{INFO}/REQUESTED,,",
        f'"{INFO}/a,b",,',
        f"{INFO}/deep/x,,",
    ]
    assert repair(environment) == []


def test_a_record_that_was_cut_off(environment: Environment) -> None:
    info = install_files(environment, SOURCES)
    whole = record_of(info)
    text = (info / "RECORD").read_text("utf-8")
    (info / "RECORD").write_text(text[:-5], encoding="utf-8")
    assert repair(environment) == ["demo"]
    assert sorted(record_of(info)) == sorted(whole)
    assert repair(environment) == []
    (info / "RECORD").write_text(text.removesuffix("\n"), encoding="utf-8")
    assert repair(environment) == ["demo"]
    assert sorted(record_of(info)) == sorted(whole)


def test_an_empty_record(environment: Environment) -> None:
    info = install_files(environment, SOURCES)
    (info / "RECORD").write_text("", encoding="utf-8")
    assert repair(environment) == ["demo"]
    assert record_of(info) == [
        f"{INFO}/{n},," for n in ("INSTALLER", "METADATA", "RECORD", "WHEEL")
    ]


def test_links_are_left_alone(environment: Environment, tmp_path: Path) -> None:
    build_file_tree(tmp_path, {"away/x": ""})
    (site_of(environment) / INFO).symlink_to(tmp_path / "away")
    assert repair(environment) == []
    assert (tmp_path / "away/x").exists()
    (tmp_path / "link").symlink_to(environment.prefix)
    install_files(environment, {}, "other")
    (site_of(environment) / "other-1.0.dist-info/RECORD").unlink()
    assert repair(Environment(VENV, tmp_path / "link", tmp_path)) == []
    assert repair(Environment(VENV, tmp_path / "gone", tmp_path)) == []
    assert repair(environment) == ["other"]


def test_names_are_sorted(environment: Environment) -> None:
    for name in ("b-b", "a-a", "c-c"):
        (install_files(environment, {}, name) / "RECORD").unlink()
    assert repair(environment) == ["a-a", "b-b", "c-c"]


def synced(
    tmp_path: Path, environment: Environment, code: int, *arguments: str, stopped: bool = False
) -> tuple[list[str], Store]:
    """Run `sync.run` with a program that ends with *code*; return what was announced."""
    said: list[str] = []
    store = Store(tmp_path / "store")
    store.make()
    if stopped:
        (store.folder / MARK).touch()
    name = f"ends-{code}"
    uv = Uv(make_program(tmp_path / name, code), tmp_path, said.append)
    assert run(uv, store, environment, *arguments, settings={"A": "b"}) == code
    return [line.removeprefix(f"A=b {name} ") for line in said], store


def test_a_sync_that_ends_well(environment: Environment, tmp_path: Path) -> None:
    (install_files(environment, SOURCES) / "RECORD").unlink()
    said, store = synced(tmp_path, environment, 0, "--frozen")
    assert said == ["sync --frozen"]
    assert not was_stopped(store)
    assert (site_of(environment) / INFO).exists(), "nothing was stopped: nothing is repaired"


def test_a_sync_that_ends_badly(environment: Environment, tmp_path: Path) -> None:
    said, store = synced(tmp_path, environment, 2)
    assert said == ["sync"]
    assert was_stopped(store)


def test_a_sync_after_one_that_was_stopped(environment: Environment, tmp_path: Path) -> None:
    (install_files(environment, SOURCES) / "RECORD").unlink()
    said, store = synced(tmp_path, environment, 0, "--frozen", stopped=True)
    assert said == ["sync --reinstall-package demo --frozen"]
    assert not was_stopped(store)


@pytest.mark.parametrize("option", sorted(sync.ONLY_LOOK))
@pytest.mark.parametrize("code", [0, 1])
def test_who_only_looks_repairs_nothing(
    option: str, code: int, environment: Environment, tmp_path: Path
) -> None:
    (install_files(environment, SOURCES) / "RECORD").unlink()
    said, store = synced(tmp_path, environment, code, option, stopped=True)
    assert said == [f"sync {option}"]
    assert was_stopped(store)
    assert (site_of(environment) / INFO).exists()

"""Many installs in a row, and a large project."""

import random
from collections import Counter
from pathlib import Path

import pytest
from scenarios.edits import value, write
from support.tree import build_file_tree

from faults.outcomes import note
from faults.stage import COMBINATIONS, Stage
from neverstale.wheels.store import NOTES_KEPT, WHEELS_KEPT

INSTALLS = 40
FILES = 20_000

WHEELS, NOTES = WHEELS_KEPT, NOTES_KEPT
"""How many wheels of a name and how many notes the store keeps."""


def size_of(folder: Path) -> int:
    """Return the bytes of all files below *folder*."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@pytest.mark.slow
def test_many_installs_with_edits_between(tmp_path: Path) -> None:
    stage = Stage(tmp_path, COMBINATIONS[0])
    store = stage.project / ".neverstale"
    chance = random.Random(1)
    modules: dict[str, str] = {}
    for turn in range(INSTALLS):
        name = f"random{chance.randrange(12)}"
        if name in modules and chance.random() < 0.3:
            (stage.package / f"{name}.py").unlink()
            del modules[name]
        else:
            modules[name] = f"{chance.randrange(100)}"
            write(stage, f"{name}.py", f"VALUE = {modules[name]}\n")
        stage.make("install")
        expected = modules.get(name, "ModuleNotFoundError")
        assert stage.ask(value(name)).startswith(expected), turn
        assert len(list((store / "wheels").glob("*/*.whl"))) <= WHEELS
        assert len(list((store / "builds").glob("*/*"))) <= NOTES
        assert len(list((store / "aside").glob("*"))) <= 1
        assert not list(store.glob("building-*"))
    wheel = max(path.stat().st_size for path in store.glob("wheels/*/*.whl"))
    rest = size_of(store / "aside")
    assert size_of(store) - rest <= WHEELS * 4 * wheel + NOTES * 8_000 + 100_000
    note(
        f"{INSTALLS} installs in a row",
        "install",
        COMBINATIONS[0],
        Counter({"the new works": INSTALLS}),
    )


@pytest.mark.slow
def test_project_of_20_000_files(tmp_path: Path) -> None:
    stage = Stage(tmp_path, COMBINATIONS[0])
    many = {f"m{i // 200}/f{i % 200}.py": f"VALUE = {i}\n" for i in range(FILES)}
    build_file_tree(stage.package, many)
    stage.make("install")
    write(stage, "m7/f7.py", "VALUE = 'edited'\n")
    (stage.package / "m8" / "f8.py").unlink()
    stage.make("fresh")
    assert stage.ask(value("m7.f7")) == "edited"
    assert stage.ask(value("m8.f8")).startswith("ModuleNotFoundError")
    assert "nothing to do" in stage.make("fresh").stdout
    note(f"{FILES:,} files", "install", COMBINATIONS[0], Counter({"the new works": 1}))

"""Bytecode that would run in place of its source, or without one."""

import os
import py_compile
import shutil
import sys
from pathlib import Path

import pytest
from unit.small import below, make_repository, set_time

from neverstale.files import folders
from neverstale.project.bytecode import RACY_NS, find_misleading_bytecode, find_stale_bytecode

TAG = sys.implementation.cache_tag


def compiled(folder: Path, age_ns: int) -> Path:
    """Return bytecode that was written *age_ns* after its source last changed."""
    source = folder / "module.py"
    source.write_text("")
    cache = folder / "__pycache__"
    cache.mkdir(exist_ok=True)
    bytecode = cache / "module.cpython-311.pyc"
    bytecode.write_bytes(bytes(16))
    noted = source.stat().st_ctime_ns + age_ns
    os.utime(bytecode, ns=(noted, noted))
    return bytecode


@pytest.mark.parametrize(
    ("age_ns", "stale"),
    [(-1, True), (0, True), (RACY_NS, True), (RACY_NS + 1, False), (10 * RACY_NS, False)],
)
def test_bytecode_is_trusted_by_distance(age_ns: int, stale: bool, tmp_path: Path) -> None:
    bytecode = compiled(tmp_path, age_ns)
    assert find_stale_bytecode(tmp_path) == ([bytecode] if stale else [])


def test_the_coarsest_clock_is_that_of_fat() -> None:
    assert RACY_NS == 2_000_000_000


def test_a_time_that_is_put_back_shows(tmp_path: Path) -> None:
    bytecode = compiled(tmp_path, -10 * RACY_NS)
    set_time(tmp_path / "module.py", 0)
    assert find_stale_bytecode(tmp_path) == [bytecode]


def test_a_source_from_the_future(tmp_path: Path) -> None:
    bytecode = compiled(tmp_path, 10 * RACY_NS)
    set_time(tmp_path / "module.py", bytecode.stat().st_mtime + 100)
    assert find_stale_bytecode(tmp_path) == [bytecode]


def test_bytecode_that_is_never_trusted(tmp_path: Path) -> None:
    bytecode = compiled(tmp_path, 10 * RACY_NS)
    unchecked = bytecode.with_name("module.cpython-312.opt-1.pyc")
    unchecked.write_bytes(bytes(4) + b"\x01\0\0\0" + bytes(8))
    shutil.copystat(bytecode, unchecked)
    orphan = bytecode.with_name("gone.cpython-311.pyc")
    orphan.write_bytes(bytes(16))
    bytecode.with_name("notes.txt").touch()
    (tmp_path / "gone.py").mkdir()  # no module, whatever it is called
    later = orphan.stat().st_mtime_ns + 10 * RACY_NS
    os.utime(orphan, ns=(later, later))
    assert set(find_stale_bytecode(tmp_path)) == {unchecked, orphan}
    (tmp_path / ".venv" / "lib").mkdir(parents=True)
    (tmp_path / ".venv" / "pyvenv.cfg").touch()
    compiled(tmp_path / ".venv" / "lib", 0)
    assert set(find_stale_bytecode(tmp_path)) == {unchecked, orphan}, "not the project's"
    make_repository(tmp_path, "__pycache__/gone.cpython-311.pyc")
    assert set(find_stale_bytecode(tmp_path)) == {unchecked}


def test_bytecode_that_is_kept_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, prefix = tmp_path / "root", tmp_path / "prefix"
    root.mkdir()
    (root / "module.py").touch()
    place = prefix.joinpath(*root.parts[1:])
    place.mkdir(parents=True)
    (place / "module.cpython-311.pyc").write_bytes(bytes(16))
    assert find_stale_bytecode(root) == []
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(prefix))
    assert find_stale_bytecode(root) == [place / "module.cpython-311.pyc"]


Mode = py_compile.PycInvalidationMode


def compile_source(
    root: Path, name: str, text: str, edited: str, *, optimize: int = 0, mode: Mode = Mode.TIMESTAMP
) -> None:
    """Compile *text*; put *edited*, of the same size and time, in its place."""
    source = root / f"{name}.py"
    source.write_text(text)
    set_time(source, 1_000_000_000)
    ending = f".opt-{optimize}" if optimize else ""
    cache = root / "__pycache__" / f"{name}.{TAG}{ending}.pyc"
    py_compile.compile(str(source), str(cache), optimize=optimize, invalidation_mode=mode)
    source.write_text(edited)
    set_time(source, 1_000_000_000)


def misleading(root: Path) -> list[str]:
    names = below(
        root / "__pycache__", find_misleading_bytecode(folders(root, through_links=False))
    )
    return [name.replace(f".{TAG}", "").removesuffix(".pyc") for name in names]


def test_misleading_bytecode(tmp_path: Path) -> None:
    root = tmp_path / "a größe"
    root.mkdir()
    compile_source(root, "same", "A = 1\n", "A = 1\n")
    compile_source(root, "comment", "A = 1  # x\n", "A = 1  # y\n")
    compile_source(root, "edited", "A = 1\n", "A = 2\n")
    compile_source(root, "broken", "A = 1\n", "A = (\n")
    compile_source(root, "asserts", "assert A\n", "assert B\n", optimize=1)
    compile_source(root, "optimized", "assert A\n", "assert A\n", optimize=1)
    compile_source(root, "twice", "'x'\nassert A\n", "'x'\nassert A\n", optimize=2)
    compile_source(root, "unchecked", "A = 1\n", "A = 2\n", mode=Mode.UNCHECKED_HASH)
    compile_source(root, "checked", "A = 1\n", "A = 2\n", mode=Mode.CHECKED_HASH)
    compile_source(root, "hashed", "A = 1\n", "A = 1\n", mode=Mode.UNCHECKED_HASH)
    compile_source(root, "noticed", "A = 1\n", "A = 234\n")
    compile_source(root, "later", "A = 1\n", "A = 2\n")
    set_time(root / "later.py", 1_000_000_001)
    compile_source(root, "trusted", "A = 1\n", "A = 2\n")
    set_time(
        root / "__pycache__" / f"trusted.{TAG}.pyc", (root / "trusted.py").stat().st_ctime + 10
    )
    for name, content in {"gone": bytes(16), "short": b"x", "torn": bytes(16)}.items():
        (root / "__pycache__" / f"{name}.{TAG}.pyc").write_bytes(content)
    for name in ("short", "torn"):
        (root / f"{name}.py").write_text("")
    other = root / "__pycache__" / f"edited.{TAG}.pyc"
    shutil.copyfile(other, root / "__pycache__" / "edited.cpython-32.pyc")
    assert misleading(root) == ["broken", "edited", "unchecked"]


def test_code_that_nobody_can_read(tmp_path: Path) -> None:
    compile_source(tmp_path, "cut", "A = 1\n", "A = 1\n")
    bytecode = tmp_path / "__pycache__" / f"cut.{TAG}.pyc"
    os.truncate(bytecode, 20)
    assert misleading(tmp_path) == ["cut"]


def test_nothing_is_asked_where_nothing_is_doubtful(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "module.py").touch()
    monkeypatch.setattr(sys, "_base_executable", "/nowhere")
    assert misleading(tmp_path) == []
    compile_source(tmp_path, "same", "A = 1\n", "A = 1\n")
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    assert misleading(tmp_path) == ["same"], "nobody can tell, so all of it is doubtful"

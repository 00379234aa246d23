"""Extensions in C, C++ and Rust: wheels, editable installs, what is left in the tree, the doctor."""

import json
import os
import shutil
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest
from packaging.tags import cpython_tags
from packaging.utils import parse_wheel_filename
from support.render import NATIVE, Combination
from support.tree import build_file_tree
from support.world import World, output, pythons_here

from scenarios.edits import COUNT, _count_one_more, _count_with_the_old_time, native, starting_point

C = Combination("setuptools_ext", "src", "cli", binding="c")
CPP = Combination("scikit_build_core", "src", "cli", binding="pybind11")
MESON = Combination("meson_python", "src", "cli")
RUST = Combination("maturin", "src", "cli")
TOOLS = [C, MESON, RUST, CPP]
KEEPING = [MESON, RUST, CPP]
"""Those whose build backends know what depends on what, so that objects are kept."""

ABI3 = {"setuptools_ext-c", "meson_python", "maturin"}
"""Where one wheel fits all later Pythons: the others' bindings have no stable ABI before 3.12."""

OURS = ("tools/neverstale.py",)
TOOL = ("uv", "run", "--quiet", "--script", *OURS)


def slowly(combinations: Iterable[Combination], *quick: Combination) -> list[object]:
    return [
        pytest.param(c, id=str(c), marks=[] if c in quick else [pytest.mark.slow])
        for c in combinations
    ]


def made(tmp_path: Path, combination: Combination) -> World:
    world = World(tmp_path, combination)
    starting_point(world)
    return world


def run_count(world: World) -> str:
    return world.make("run", "ARGS=demo-app count 'a b'").stdout.splitlines()[-1]


def wheels(world: World) -> list[Path]:
    return sorted((world.project / ".neverstale/wheels").glob("*/*.whl"))


def modules_in(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return [name for name in archive.namelist() if name.endswith((".so", ".pyd"))]


@pytest.mark.parametrize("combination", slowly(NATIVE, C))
def test_wheel_has_the_tags_of_what_is_in_it(combination: Combination, tmp_path: Path) -> None:
    world = made(tmp_path, combination)
    world.make("install")
    (wheel,) = wheels(world)
    (module,) = modules_in(wheel)
    tags = parse_wheel_filename(wheel.name)[3]
    assert tags & set(cpython_tags(sys.version_info[:2])), "it does not fit this Python"
    stable = str(combination).startswith(tuple(ABI3)) and "pybind11" not in str(combination)
    assert {tag.abi for tag in tags} == {"abi3" if stable else f"cp3{sys.version_info.minor}"}
    assert (".abi3." in module) == stable
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        assert module.partition(".")[0] + ".pyi" in names
        metadata = next(n for n in names if n.endswith(".dist-info/WHEEL"))
        assert "Root-Is-Purelib: false" in archive.read(metadata).decode()


@pytest.mark.slow
@pytest.mark.parametrize("combination", [C, RUST], ids=str)
def test_the_stub_says_what_the_module_has(combination: Combination, tmp_path: Path) -> None:
    world = made(tmp_path, combination)
    world.make("install", "ARGS=--target venv")
    checked = f"{combination.import_name}._native"
    world.run("uv", "pip", "install", "--quiet", "--python", ".venv", "mypy")
    python = world.project / ".venv/bin/python"
    world.run(python, "-P", "-m", "mypy.stubtest", checked, "--ignore-missing-stub")


@pytest.mark.slow
@pytest.mark.parametrize("combination", slowly(TOOLS, C))
def test_what_is_left_in_the_tree_ships_in_no_wheel(
    combination: Combination, tmp_path: Path
) -> None:
    world = made(tmp_path, combination)
    package = combination.package_path
    mine = f"{package}/kept.cpython-39-x86_64-linux-gnu.so"
    (world.project / "src/.gitignore").unlink()
    build_file_tree(world.project, {mine: "git tracks this", "build/cp39/tracked.txt": "and this"})
    world.run("git", "init", "--quiet")
    world.run("git", "add", "--all", "--force")
    world.run("git", "commit", "--quiet", "--message", "x")
    left = {
        f"{package}/_native.cpython-39-x86_64-linux-gnu.so": "yesterday",
        f"{package}/_native.abi3.so": "yesterday",
        "_skbuild/linux-x86_64-3.9/cmake-install/demo_app/_native.so": "yesterday",
        "build/cp311/_native.abi3.so": "yesterday",
        "target/CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55",
        "target/release/lib_native.so": "yesterday",
    }
    if combination.build_backend == "meson_python":
        (world.project / mine).unlink()  # Meson refuses a module of another Python by itself
    build_file_tree(world.project, left)
    world.make("install")
    (wheel,) = wheels(world)
    tracked = {"demo_app/kept.cpython-39-x86_64-linux-gnu.so"}
    (module,) = set(modules_in(wheel)) - tracked
    with zipfile.ZipFile(wheel) as archive:
        assert len(archive.namelist()) == len(set(archive.namelist()))
        assert archive.read(module) != b"yesterday"
    assert world.command("demo-app", "count", "a b") == "2"
    assert all((world.project / path).exists() for path in left), "an editable install may need it"
    told = world.make("clean").stderr
    gone = {path for path in left if not (world.project / path).exists()}
    expected = set(left) if combination == RUST else {p for p in left if "target" not in p}
    assert gone == expected, told
    assert (world.project / "build/cp39/tracked.txt").read_text() == "and this"
    assert world.run("git", "diff", "--name-only").stdout.split() in ([], [mine])


@pytest.mark.slow
@pytest.mark.parametrize("combination", [C, RUST], ids=str)
def test_run_never_runs_yesterdays_extension(combination: Combination, tmp_path: Path) -> None:
    world = made(tmp_path, combination)
    world.make("dev")
    assert run_count(world) == "2"
    quiet = world.run(*TOOL, "-v", "run", "demo-app", "count", "a b")
    assert "uv sync" not in quiet.stderr, "nothing changed, and it was installed again"
    _count_one_more(world)
    assert run_count(world) == "3"
    _count_with_the_old_time(world)
    assert run_count(world) in ("1", "10"), "times are not to be trusted"
    world.make("clean")
    assert run_count(world) in ("1", "10")
    world.run("git", "init", "--quiet")
    assert world.run("git", "status", "--porcelain", "--", "build", "target").stdout == ""


@pytest.mark.slow
@pytest.mark.parametrize("combination", [C, MESON], ids=str)
def test_plain_uv_run_compiles_what_is_newer(combination: Combination, tmp_path: Path) -> None:
    """Without make: cache-keys, or meson-python itself, see to it."""
    world = made(tmp_path, combination)
    command = ("uv", "run", "--quiet", "demo-app", "count", "a b")
    assert world.run(*command).stdout.strip() == "2"
    _count_one_more(world)
    assert world.run(*command).stdout.strip() == "3"
    doctor = world.run(*TOOL, "doctor", "--json", expect=None)
    verdicts = {p["place"]: p["verdict"] for p in json.loads(doctor.stdout)["places"]}
    itself = combination.build_backend == "meson_python"
    assert verdicts[".venv"] == ("editable" if itself else "unknown"), doctor.stdout


@pytest.mark.slow
def test_editable_install_of_meson_python_outlives_its_build(tmp_path: Path) -> None:
    """Under isolation it broke when meson.build changed: what it calls was gone with the build."""
    world = made(tmp_path, MESON)
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in ("cc", "gcc", "ar", "ld", "as", "git", "sh", "env", "make", "uname", "awk"):
        if found := shutil.which(name):
            (bare / name).symlink_to(found)
    world.extra["PATH"] = os.pathsep.join([str(world.commands), str(world.root / "uv"), str(bare)])
    world.extra["UV_PYTHON"] = sys.executable
    meson = "  install: true,\n"
    world.run(*TOOL, "install-editable")
    world.run(*TOOL, "dev")
    _count_one_more(world)
    assert world.command("demo-app", "count", "a b") == "3", "no ninja on PATH"
    world.replace(meson, f"{meson}  c_args: ['-DUNUSED=1'],\n", "meson.build")
    done = world.run(*TOOL, "run", "demo-app", "count", "a b")
    assert done.stdout.strip() == "3"
    plain = world.run("uv", "run", "--quiet", "demo-app", "count", "a b")
    assert plain.stdout.strip() == "3"


@pytest.mark.slow
@pytest.mark.parametrize("combination", [C, CPP], ids=str)
def test_fresh_compiles_nothing_where_nothing_changed(
    combination: Combination, tmp_path: Path
) -> None:
    world = made(tmp_path, combination)
    world.run("uv", "lock", "--quiet")
    world.make("fresh")
    done = world.make("fresh")
    assert done.stdout.count("nothing to do") == 1
    assert done.stderr == ""
    world.make("dev")
    assert "nothing to do" in world.make("fresh").stdout, "what dev compiled is no source"


@pytest.mark.slow
@pytest.mark.parametrize("combination", KEEPING, ids=str)
def test_what_is_unchanged_is_not_compiled_again(combination: Combination, tmp_path: Path) -> None:
    """And what comes out is, byte for byte, what a build from nothing gives."""
    world = made(tmp_path, combination)
    (world.project / "src" / "more.c").write_text("int more;\n")
    if combination == MESON:
        world.replace("'src/_native.c'", "['src/_native.c', 'src/more.c']", "meson.build")
    if combination == CPP:
        (world.project / "src/more.c").rename(world.project / "src/more.cpp")
        world.replace("src/_native.cpp", "src/_native.cpp src/more.cpp", "CMakeLists.txt")
    world.make("install")
    before = objects(world)
    _count_one_more(world)
    world.make("install")
    after = objects(world)
    kept = {path for path in before if before[path] == after.get(path)}
    assert kept, "all of it was compiled again"
    assert kept != set(before), "nothing was compiled"
    reused = {path.parent.name for path in wheels(world)}
    shutil.rmtree(world.project / ".neverstale")
    world.make("install")
    assert {path.parent.name for path in wheels(world)} < reused
    assert world.ask(COUNT) == "3"


def objects(world: World) -> dict[str, int]:
    folder = world.project / ".neverstale/objects"
    found = [p for p in folder.rglob("*") if p.suffix in (".d", ".o", ".rlib", ".so")]
    assert found
    return {str(path): path.stat().st_mtime_ns for path in found}


@pytest.mark.slow
def test_another_setting_of_the_compiler_is_seen(tmp_path: Path) -> None:
    world = made(tmp_path, MESON)
    path = native(world, "words")
    text = (world.project / path).read_text()
    guarded = text.replace("= 0;", "= EXTRA;", 1)
    (world.project / path).write_text(f"#ifndef EXTRA\n#define EXTRA 0\n#endif\n{guarded}")
    world.make("install")
    assert world.ask(COUNT) == "2"
    world.make("install", CFLAGS="-DEXTRA=4")
    assert world.ask(COUNT) == "6"


@pytest.mark.slow
@pytest.mark.parametrize("combination", slowly([C, RUST], C))
def test_a_missing_compiler_is_reported_before_anything_is_built(
    combination: Combination, tmp_path: Path
) -> None:
    world = made(tmp_path, combination)
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in ("git", "make", "sh", "env", "awk"):
        if found := shutil.which(name):
            (bare / name).symlink_to(found)
    world.extra["PATH"] = os.pathsep.join([str(world.root / "uv"), str(bare)])
    world.extra["UV_PYTHON"] = sys.executable
    for verb in ("install", "install-editable", "dev", "run", "build"):
        done = world.run(*TOOL, verb, expect=2)
        error, hint = done.stderr.strip().splitlines()
        what = "cargo" if combination == RUST else "compiler"
        assert error.startswith("error: the extension cannot be compiled"), output(done)
        assert what in error, output(done)
        assert hint.startswith("hint: install"), output(done)


@pytest.mark.slow
@pytest.mark.parametrize("combination", TOOLS, ids=str)
def test_the_doctor_knows_from_what_it_was_compiled(
    combination: Combination, tmp_path: Path
) -> None:
    world = made(tmp_path, combination)
    world.make("install-editable")
    told = doctor(world)
    assert told["uv tool"] == ("editable", [])
    _count_one_more(world)
    itself = combination.build_backend == "meson_python"
    expected = ("editable", []) if itself else ("out of date", ["NS209"])
    assert doctor(world)["uv tool"] == expected
    world.run(*TOOL, "doctor", "--fix", "--yes", expect=None)
    assert doctor(world)["uv tool"] == ("editable", [])
    assert world.command("demo-app", "count", "a b") == "3"


def doctor(world: World, *options: str) -> dict[str, tuple[str, list[str]]]:
    done = world.run(*TOOL, "doctor", "--json", *options, expect=None)
    return {
        place["place"]: (place["verdict"], [found["code"] for found in place["findings"]])
        for place in json.loads(done.stdout)["places"]
    }


@pytest.mark.slow
@pytest.mark.parametrize("combination", [CPP], ids=str)
def test_each_python_has_its_wheel(combination: Combination, tmp_path: Path) -> None:
    """A wheel that was made for one Python is none of the sources' for another."""
    here = pythons_here()
    if len(here) < 2:
        pytest.skip("there is one Python here")
    world = made(tmp_path, combination)
    world.make("install")
    other = next(folder for version, folder in here.items() if version != own_version())
    world.run("uv", "venv", "--quiet", "--python", other / "python3", ".venv")
    assert "Installed" in world.make("fresh", "ARGS=--target venv").stdout
    python = world.project / ".venv/bin/python"
    assert world.run(python, "-I", "-c", COUNT).stdout.strip() == "2"
    assert "nothing to do" in world.make("fresh", "ARGS=--target venv").stdout
    assert "nothing to do" in world.make("fresh").stdout
    told = doctor(world)
    assert (told["uv tool"][0], told[".venv"][0]) == ("fresh", "fresh")


def own_version() -> str:
    return f"3.{sys.version_info.minor}"


@pytest.mark.slow
@pytest.mark.parametrize("combination", TOOLS, ids=str)
def test_two_builds_give_the_same_bytes(combination: Combination, tmp_path: Path) -> None:
    world = made(tmp_path, combination)
    world.commit()
    assert "(twice, to the same bytes)" in world.make("build", "ARGS=--twice").stdout
    sdist, wheel = sorted((world.project / "dist").glob("demo_app*"), key=lambda p: p.suffix)
    assert (sdist.suffix, wheel.suffix) == (".gz", ".whl")
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            assert str(world.root).encode() not in archive.read(name), f"{name} names the folder"

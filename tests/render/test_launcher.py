"""The launcher that the template ships, its lock, and the wheel next to them."""

import ast
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import bundle
import pytest
from packaging.utils import parse_wheel_filename
from support.render import REPOSITORY, render
from support.tree import build_file_tree
from support.world import find_python, output, run, uv_executable
from version import version

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TOOLS = REPOSITORY / "template" / "tools"


def bundled() -> Path:
    (wheel,) = TOOLS.glob("*.whl")
    return wheel


def dependencies_of(launcher: Path) -> dict[str, object]:
    """Return the metadata in a script's first comment (PEP 723)."""
    text = launcher.read_text(encoding="utf-8")
    block = re.search(r"(?ms)^# /// script\n(.*?)^# ///$", text)
    assert block
    return tomllib.loads(re.sub("(?m)^# ?", "", block[1]))


def test_one_wheel_which_the_launcher_and_the_lock_name() -> None:
    wheel = bundled()
    name, release, _, tags = parse_wheel_filename(wheel.name)
    assert (name, {str(tag) for tag in tags}) == ("neverstale", {"py3-none-any"})
    declared = dependencies_of(TOOLS / "neverstale.py")
    assert declared["dependencies"] == [f"neverstale=={release}"]
    assert declared["tool"] == {"uv": {"sources": {"neverstale": {"path": wheel.name}}}}
    locked = tomllib.loads((TOOLS / "neverstale.py.lock").read_text(encoding="utf-8"))
    (package,) = (each for each in locked["package"] if each["name"] == "neverstale")
    digest = f"sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}"
    assert package["version"] == str(release)
    assert package["source"] == {"path": wheel.name}
    assert package["wheels"] == [{"filename": wheel.name, "hash": digest}]


def test_the_launcher_of_the_index_asks_for_the_release() -> None:
    launcher = REPOSITORY / "macros" / "neverstale-index.py"
    assert launcher.read_text(encoding="utf-8") == bundle.launcher(None)
    assert "tool" not in dependencies_of(launcher)
    ast.parse(launcher.read_text(encoding="utf-8"))


def assert_current(built: Path) -> None:
    """Compare *built*, of the present sources, with the wheel in the template."""
    wheel = bundled()
    assert (built.name, built.read_bytes()) == (wheel.name, wheel.read_bytes()), (
        f"template/tools has {wheel.name}, and the sources give {built.name}: run `make wheel`"
    )


def test_the_wheel_is_built_from_the_present_sources(tmp_path: Path) -> None:
    assert version() in bundled().name, "the sources have changed since: run `make wheel`"
    assert_current(bundle.build(tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("python", ["3.10", "3.13"])
def test_the_wheel_is_the_same_under_every_python(python: str, tmp_path: Path) -> None:
    interpreter = find_python(python)
    if interpreter is None:
        pytest.skip(f"there is no CPython {python} here")
    command = [uv_executable(), "build", "--quiet", "--wheel", "--python", str(interpreter)]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1580601600"}
    subprocess.run([*command, "--out-dir", tmp_path, REPOSITORY], check=True, env=environment)
    (built,) = tmp_path.glob("*.whl")
    assert_current(built)


PYPROJECT = '[build-system]\nrequires = ["hatchling"]\n\n[project]\nname = "x"\nversion = "1"\n'


def remove(wheel: Path) -> None:
    wheel.unlink()


def truncate(wheel: Path) -> None:
    wheel.write_bytes(wheel.read_bytes()[:-1000])


def rewrite(wheel: Path) -> None:
    """Put another file in: a valid wheel of the same name, which says that it ran."""
    wheel.unlink()
    folder = wheel.parent / "unpacked"
    shutil.unpack_archive(bundled(), folder, "zip")
    main = folder / "neverstale" / "__main__.py"
    main.write_text("print('OUR CODE RAN')\n" + main.read_text("utf-8"), encoding="utf-8")
    made = shutil.make_archive(str(wheel.parent / "made"), "zip", folder)
    Path(made).rename(wheel)
    shutil.rmtree(folder)


@pytest.mark.slow
@pytest.mark.parametrize("cached", [False, True], ids=["new-cache", "used-cache"])
@pytest.mark.parametrize("spoil", [remove, truncate, rewrite])
def test_a_spoilt_wheel_is_refused_before_anything_runs(
    spoil: "object", cached: bool, tmp_path: Path
) -> None:
    project = render(
        build_file_tree(tmp_path / "project", {"pyproject.toml": PYPROJECT}), {"scope": "tasks"}
    )
    launcher = project / "tools" / "neverstale.py"
    environment = {**os.environ, "UV_CACHE_DIR": str(tmp_path / "cache")}
    start: list[str | Path] = [
        uv_executable(),
        "run",
        "--frozen",
        "--script",
        str(launcher),
        "--version",
    ]
    if cached:
        assert run(start, project, environment).returncode == 0
    (wheel,) = launcher.parent.glob("*.whl")
    assert callable(spoil)
    spoil(wheel)
    done = run(start, project, environment)
    assert done.returncode != 0, output(done)
    assert "OUR CODE RAN" not in done.stdout
    assert "Traceback" not in done.stderr
    assert wheel.name in done.stderr or "neverstale" in done.stderr, output(done)

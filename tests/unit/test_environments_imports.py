"""What an import would find, and why."""

from pathlib import Path

import pytest
from support.tree import build_file_tree
from unit.made_up import make_environment, site_of

from neverstale.environments.environment import PYTHON, USER, Environment
from neverstale.environments.imports import (
    Origin,
    find_imports,
    packages_of,
    search_path,
)


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHONPATH", "PYTHONSAFEPATH"):
        monkeypatch.delenv(name, raising=False)


def origin(folder: Path, files: dict[str, str], name: str = "demo") -> Origin:
    """Return what is found elsewhere, of files below ``site``, ``root`` and others of *folder*."""
    environment = make_environment(folder / "env")
    build_file_tree(folder, {"root/": ""})
    for path, text in files.items():
        start, _, rest = path.partition("/")
        base = site_of(environment) if start == "site" else folder / start
        build_file_tree(base, {rest: text.format(folder=folder)})
    (found,) = find_imports(environment, folder / "root", [name]).elsewhere
    return found


def told(found: Origin, folder: Path) -> tuple[str | None, str]:
    site = folder / "env/lib/python3.12/site-packages"
    path = found.path
    if path and path.is_relative_to(site):
        return f"site/{path.relative_to(site).as_posix()}", found.by
    return (path.relative_to(folder).as_posix() if path else None), found.by


FINDER = "MAPPING: dict[str, str] = {{'demo': '{folder}/other/demo'}}\n"
BY_FINDER = "the finder of an editable install"
PTH = {"site/x.pth": "{folder}/other\n"}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param(
            {"site/demo/__init__.py": ""}, ("site/demo/__init__.py", "installed"), id="package"
        ),
        pytest.param({"site/demo.py": ""}, ("site/demo.py", "installed"), id="module"),
        pytest.param({"site/demo.pyc": ""}, ("site/demo.pyc", "installed"), id="bytecode"),
        pytest.param(
            {"site/demo/__init__.pyc": ""},
            ("site/demo/__init__.pyc", "installed"),
            id="package of bytecode",
        ),
        pytest.param({"site/demo.abi3.so": ""}, ("site/demo.abi3.so", "installed"), id="extension"),
        pytest.param(
            {"site/demo.so": "", "site/demo.py": ""},
            ("site/demo.so", "installed"),
            id="extension first",
        ),
        pytest.param(
            {"site/demo/__init__.py": "", "site/demo.so": ""},
            ("site/demo/__init__.py", "installed"),
            id="package first",
        ),
        pytest.param(
            {"site/demo/__init__.so": "", "site/demo/__init__.py": ""},
            ("site/demo/__init__.so", "installed"),
            id="package that is an extension",
        ),
        pytest.param({"site/demo.txt": ""}, (None, "nothing is found"), id="no module"),
        pytest.param({"site/demo.py/": ""}, (None, "nothing is found"), id="a folder of that name"),
        pytest.param({}, (None, "nothing is found"), id="nothing"),
        pytest.param({"site/demo/x/data": ""}, ("site/demo", "installed"), id="namespace"),
        pytest.param(
            {"site/demo/": ""}, ("site/demo", "installed, a folder without a module"), id="empty"
        ),
        pytest.param(
            {"site/demo/__pycache__/x.pyc": ""},
            ("site/demo", "installed, a folder without a module"),
            id="bytecode alone",
        ),
        pytest.param({**PTH, "other/demo.py": ""}, ("other/demo.py", "x.pth"), id="by .pth"),
        pytest.param(
            {**PTH, "other/demo.py": "", "site/demo/": ""},
            ("other/demo.py", "x.pth"),
            id="a namespace is last",
        ),
        pytest.param(
            {**PTH, "other/demo/": "", "site/demo/x": ""},
            ("site/demo", "installed"),
            id="the first namespace",
        ),
        pytest.param(
            {"site/x.pth": "../../../../other\n", "other/demo.py": ""},
            ("other/demo.py", "x.pth"),
            id="by .pth, relative",
        ),
        pytest.param(
            {"site/x.pth": "# {folder}/other\n", "other/demo.py": ""},
            (None, "nothing is found"),
            id="a comment",
        ),
        pytest.param(
            {"site/.x.pth": "{folder}/other\n", "other/demo.py": ""},
            (None, "nothing is found"),
            id="a hidden .pth",
        ),
        pytest.param(
            {"site/_virtualenv.pth": "{folder}/other\n", "other/demo.py": ""},
            (None, "nothing is found"),
            id="a virtual environment's .pth",
        ),
        pytest.param(
            {"site/x.pth": "\n \n{folder}/other  \n", "other/demo.py": ""},
            ("other/demo.py", "x.pth"),
            id="spaces in .pth",
        ),
        pytest.param(
            {
                "site/x.pth": "import finder; finder.install()\n",
                "site/finder.py": FINDER,
                "other/demo/__init__.py": "",
            },
            ("other/demo/__init__.py", BY_FINDER),
            id="mapped",
        ),
        pytest.param(
            {
                "site/x.pth": "import finder; finder.install()\n",
                "site/finder.py": "MAPPING: dict = {{'demo.a': '{folder}/other', 'demon': '/x'}}\n",
                "other/__init__.py": "",
            },
            ("other/__init__.py", BY_FINDER),
            id="mapped below a namespace",
        ),
        pytest.param(
            {
                "site/x.pth": "import\tfinder; finder.install()\n",
                "site/finder.py": FINDER,
                "other/demo/x": "",
            },
            ("other/demo", BY_FINDER),
            id="mapped to a folder",
        ),
        pytest.param(
            {"site/x.pth": "import finder\n", "site/finder.py": FINDER},
            (None, BY_FINDER),
            id="mapped to nothing",
        ),
        pytest.param(
            {"site/x.pth": "import finder\n", "site/finder.py": FINDER, "site/demo.py": ""},
            ("site/demo.py", "installed"),
            id="a finder comes last",
        ),
        pytest.param(
            {
                "site/x.pth": "import finder\n",
                "site/finder.py": "OTHER: dict = {{}}\nMAPPING = {{}}\n",
            },
            (None, BY_FINDER),
            id="a finder of another kind",
        ),
        pytest.param(
            {"site/x.pth": "import gone\n"}, (None, BY_FINDER), id="code that is not there"
        ),
        pytest.param(
            {"site/x.pth": "import finder\n", "site/finder.py": "MAPPING: dict = f()\n"},
            (None, BY_FINDER),
            id="a mapping that is computed",
        ),
    ],
)
def test_origin(files: dict[str, str], expected: tuple[str | None, str], tmp_path: Path) -> None:
    assert told(origin(tmp_path, files), tmp_path) == expected


@pytest.mark.parametrize(
    ("files", "unknown", "empty"),
    [
        pytest.param({}, False, False, id="nothing"),
        pytest.param({"site/x.pth": "import gone\n"}, True, False, id="a finder"),
        pytest.param({"site/x.pth": "import gone\n", "site/demo.py": ""}, False, False, id="found"),
        pytest.param({"site/x.pth": "import f\n", "site/f.py": FINDER}, False, False, id="mapped"),
        pytest.param({"site/demo/": ""}, False, True, id="empty"),
        pytest.param({"site/demo/data": ""}, False, False, id="a namespace"),
        pytest.param({"site/distutils-precedence.pth": "import os\n"}, False, False, id="harmless"),
    ],
)
def test_what_cannot_be_told_and_what_is_empty(
    files: dict[str, str], unknown: bool, empty: bool, tmp_path: Path
) -> None:
    found = origin(tmp_path, files)
    assert (found.unknown, found.empty) == (unknown, empty)


def test_in_the_folder_of_the_project_and_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = make_environment(tmp_path / "env")
    site = site_of(environment)
    build_file_tree(site, {"demo.py": ""})
    root = build_file_tree(tmp_path / "root", {"demo.py": ""})
    copy = Origin("demo", site / "demo.py", "installed")
    here = Origin("demo", root / "demo.py", "the current folder")
    found = find_imports(environment, root, ["demo"])
    assert (found.there, found.elsewhere, found.environment) == ((here,), (copy,), environment)
    monkeypatch.setenv("PYTHONSAFEPATH", "1")
    assert find_imports(environment, root, ["demo"]).there == (copy,)
    monkeypatch.setenv("PYTHONSAFEPATH", "")
    assert find_imports(environment, root, ["demo"]).there == (here,)


def test_the_search_path(tmp_path: Path) -> None:
    environment = make_environment(tmp_path / "env")
    site = site_of(environment)
    build_file_tree(site, {"b.pth": "/b\n", "a.pth": "/a\n/c\n"})
    found = list(search_path(environment, tmp_path, {"PYTHONPATH": "/one:two"}))
    assert found == [
        (Path("/one"), "PYTHONPATH"),
        (tmp_path / "two", "PYTHONPATH"),
        (site, "installed"),
        (Path("/a"), "a.pth"),
        (Path("/c"), "a.pth"),
        (Path("/b"), "b.pth"),
    ]
    assert "PYTHONPATH" not in dict(map(reversed, search_path(environment, tmp_path, {})))  # type: ignore[arg-type]


@pytest.mark.parametrize("python", [None, Path("/usr/bin/python3")])
@pytest.mark.parametrize("place", [PYTHON, USER])
def test_variables_count_where_an_interpreter_is(
    place: str, python: Path | None, tmp_path: Path
) -> None:
    environment = Environment(place, tmp_path, tmp_path, site=tmp_path, python=python)
    found = list(search_path(environment, tmp_path, {"PYTHONPATH": "/one"}))
    assert ((Path("/one"), "PYTHONPATH") in found) == (python is not None)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["demo/__init__.py", "demo/cli.py", "single.py"], ["demo", "single"]),
        (["demo/deep/x.py"], ["demo"]),
        (["demo/data.txt", "fast.so"], []),
        (["demo-1.0.dist-info/x.py", "demo-1.0.data/x.py"], []),
        (["{scripts}/run.py", "../../../bin/x.py", ".hidden/x.py"], []),
        (["not-a-name/x.py", "not-a-name.py"], []),
        (["__editable___demo_1_0_finder.py"], []),
        (["_demo_editable.py", "_demo_editable_loader.py", "x_editable/y.py"], []),
        (["_editables_impl.py"], ["_editables_impl"]),
    ],
)
def test_packages(files: list[str], expected: list[str]) -> None:
    assert packages_of(files) == expected

"""The ``module:attribute`` of commands, looked up in the text of the wheel's modules."""

import zipfile
from pathlib import Path

import pytest
from unit.made_up import make_wheel

from neverstale.diagnosis import targets
from neverstale.diagnosis.targets import broken_targets
from neverstale.wheels.archives import read_wheel


def broken(folder: Path, files: dict[str, str], *wanted: str) -> list[str]:
    commands = {f"command-{number}": target for number, target in enumerate(wanted)}
    path = make_wheel(folder, files, commands=commands)
    return broken_targets(read_wheel(path), path)


@pytest.mark.parametrize(
    "text",
    [
        "def main(): pass\n",
        "async def main(): pass\n",
        "class main: pass\n",
        "main = 1\n",
        "main: object = 1\n",
        "a, (b, main) = x\n",
        "from x import y as main\n",
        "from x import main\n",
        "import main.deep\n",
        "import x as main\n",
        "try:\n    from x import main\nexcept ImportError:\n    main = None\n",
        "try:\n    pass\nexcept ImportError:\n    def main(): pass\n",
        "try:\n    pass\nfinally:\n    def main(): pass\n",
        "try:\n    pass\nexcept E:\n    pass\nelse:\n    def main(): pass\n",
        "if 1:\n    def main(): pass\n",
        "if 1:\n    pass\nelse:\n    def main(): pass\n",
        "with x as main: pass\n",
        "for main in (): pass\n",
        "match x:\n    case 1:\n        def main(): pass\n",
        "from x import *\n",
        "def __getattr__(name): ...\n",
        "globals()['main'] = 1\n",
        "vars()['main'] = 1\n",
        "exec('main = 1')\n",
        "setattr(x, 'main', 1)\n",
        "this is no Python\n",
    ],
)
def test_what_defines_a_name_or_may(text: str, tmp_path: Path) -> None:
    files = {"demo/__init__.py": "", "demo/cli.py": text}
    assert broken(tmp_path, files, "demo.cli:main") == []


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        pytest.param("demo.cli:App.run", [], id="an attribute of an attribute"),
        pytest.param("demo.cli", [], id="a module alone"),
        pytest.param("demo.cli:__doc__", [], id="what every module has"),
        pytest.param("demo:cli", [], id="a module as an attribute"),
        pytest.param("somebody.elses:main", [], id="another distribution's"),
        pytest.param("single:run", [], id="a single module"),
        pytest.param("demo.cli : main [extra]", [], id="spaces and an extra"),
        pytest.param("demo.fast:main", [], id="an extension module"),
        pytest.param("demo.inner:main", [], id="a folder without __init__.py"),
        pytest.param("demo.cli:other", ["demo.cli:other: demo.cli has no other"], id="no name"),
        pytest.param("demo.cli:local", ["demo.cli:local: demo.cli has no local"], id="local"),
        pytest.param(
            "demo.cli:deep", ["demo.cli:deep: demo.cli has no deep"], id="part of an import"
        ),
        pytest.param("single:no", ["single:no: single has no no"], id="not in a single module"),
        pytest.param("demo:no", ["demo:no: demo has no no"], id="not in a package"),
        pytest.param(
            "demo.gone:main", ["demo.gone:main: there is no module demo.gone"], id="no module"
        ),
        pytest.param(
            "demo.cli.deeper:main",
            ["demo.cli.deeper:main: there is no module demo.cli.deeper"],
            id="below a module",
        ),
    ],
)
def test_targets(target: str, expected: list[str], tmp_path: Path) -> None:
    files = {
        "demo/__init__.py": "",
        "demo/cli.py": "import os.deep\ndef main():\n    local = 1\nclass App: pass\n",
        "demo/fast.so": "",
        "demo/inner/data.txt": "",
        "single.py": "def run(): pass\n",
    }
    assert broken(tmp_path, files, target) == expected


def test_each_target_is_said_once(tmp_path: Path) -> None:
    files = {"demo/__init__.py": ""}
    assert broken(tmp_path, files, "demo:a", "demo:a", "demo:b") == [
        "demo:a: demo has no a",
        "demo:b: demo has no b",
    ]


def test_a_module_that_the_wheel_has_as_data(tmp_path: Path) -> None:
    path = make_wheel(
        tmp_path,
        {"demo-1.0.data/purelib/demo/cli.py": "main = 1\n"},
        commands={"a": "demo.cli:main", "b": "demo.cli:other"},
    )
    assert broken_targets(read_wheel(path), path) == ["demo.cli:other: demo.cli has no other"]


def test_what_cannot_be_read_is_taken_to_be_right(tmp_path: Path) -> None:
    path = make_wheel(tmp_path, {"demo/__init__.py": ""}, commands={"a": "demo:main"})
    wheel = read_wheel(path)
    other = wheel._replace(files={**wheel.files, "demo/more.py": wheel.files["demo/__init__.py"]})
    assert broken_targets(other._replace(commands={"a": "demo.more:main"}), path) == []
    path.write_bytes(b"no archive")
    assert broken_targets(wheel, path) == []
    path.unlink()
    assert broken_targets(wheel, path) == []


def test_of_a_large_module_the_start_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_wheel(tmp_path, {"demo/__init__.py": "a = 1\nb = 2\n"}, commands={"x": "demo:b"})
    assert broken_targets(read_wheel(path), path) == []
    monkeypatch.setattr(targets, "LARGEST", len("a = 1\n"))
    assert broken_targets(read_wheel(path), path) == ["demo:b: demo has no b"]
    assert zipfile.is_zipfile(path)

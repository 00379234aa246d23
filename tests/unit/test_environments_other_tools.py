"""Where other tools keep environments."""

import json
from pathlib import Path

import pytest
from support.tree import build_file_tree
from unit.made_up import DEMO, SOURCES, be_alone, install_files, make_environment

from neverstale.environments.discovery import find_environments
from neverstale.environments.environment import OTHER, PYTHON
from neverstale.environments.other_tools import prefixes_of_others

KERNEL = json.dumps({"argv": ["KERNEL/bin/python", "-m", "ipykernel"]})


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "a größe"
    be_alone(monkeypatch, folder)
    return folder


@pytest.mark.parametrize(
    ("prefix", "variable", "value"),
    [
        ("home/.cache/pypoetry/virtualenvs/demo-x", "", ""),
        ("poetry/virtualenvs/demo-x", "POETRY_CACHE_DIR", "poetry"),
        ("poetry/demo-x", "POETRY_VIRTUALENVS_PATH", "poetry"),
        ("home/.local/share/pdm/venvs/demo-x", "", ""),
        ("home/.local/share/hatch/env/virtual/demo/aBc/test", "", ""),
        ("hatch/env/virtual/demo/aBc/test", "HATCH_DATA_DIR", "hatch"),
        ("home/.virtualenvs/demo-x", "", ""),
        ("home/.local/share/virtualenvs/demo-x", "", ""),
        ("work on/demo-x", "WORKON_HOME", "work on"),
    ],
)
def test_folders(
    prefix: str, variable: str, value: str, world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = make_environment(world / prefix)
    install_files(environment, SOURCES)
    if variable:
        monkeypatch.setenv(variable, str(world / value))
    assert world / prefix in prefixes_of_others(world)
    (found,) = find_environments(world, DEMO, [], "")
    assert (found.place, found.label, found.prefix) == (OTHER, Path(prefix).name, world / prefix)


def test_conda_a_kernel_and_an_editor(world: Path) -> None:
    build_file_tree(
        world,
        {
            "home/.conda/environments.txt": f"{world}/conda env\n/gone\n\n",
            "conda env/lib/python3.11/site-packages/": "",
            "home/.local/share/jupyter/kernels/demo/kernel.json": KERNEL.replace(
                "KERNEL", str(world / "kernel env")
            ),
            "home/.local/share/jupyter/kernels/bare/kernel.json": '{"argv": ["python"]}',
            "home/.local/share/jupyter/kernels/broken/kernel.json": "{",
            "home/.local/share/jupyter/kernels/odd/kernel.json": '{"argv": 3}',
            ".vscode/settings.json": json.dumps(
                {"python.defaultInterpreterPath": "${workspaceFolder}/own env/bin/python"}
            ),
        },
    )
    found = [*prefixes_of_others(world)]
    assert {world / "conda env", world / "kernel env", world / "own env"} <= {*found}
    info = world / "conda env/lib/python3.11/site-packages/demo-1.0.dist-info"
    build_file_tree(info, {"METADATA": "Name: demo\nVersion: 1.0\n", "RECORD": ""})
    (conda,) = find_environments(world, DEMO, [], "")
    assert (conda.place, conda.label, conda.python) == (
        PYTHON,
        "conda env",
        world / "conda env/bin/python",
    )


@pytest.mark.parametrize("text", ["{} // a comment", "[]", "3", '{"python": 1}', "\0"])
def test_settings_that_say_nothing(text: str, world: Path) -> None:
    build_file_tree(world, {".vscode/settings.json": text})
    assert [*prefixes_of_others(world)] == []

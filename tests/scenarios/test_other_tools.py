"""Copies in the environments of other tools, which made them themselves."""

import sys
from pathlib import Path

import pytest

from scenarios.library import Library

pytestmark = pytest.mark.slow

OURS = (sys.executable, "-m", "neverstale", "doctor")


@pytest.mark.parametrize(
    ("tool", "commands"),
    [
        ("poetry", [("uvx", "poetry", "install", "--no-interaction", "--quiet")]),
        (
            "pdm",
            [
                ("uvx", "pdm", "venv", "create", "--name", "test", "PYTHON"),
                # With the newest of what it requires, `pdm install` itself does not run.
                ("sh", "-c", 'uv pip install --python "$HOME"/.local/share/pdm/venvs/* .'),
            ],
        ),
        ("hatch", [("uvx", "hatch", "run", "python", "-c", "import demo")]),
        ("pipenv", [("uvx", "pipenv", "install", "--skip-lock", ".")]),
    ],
)
def test_the_copy_is_found(tool: str, commands: list[tuple[str, ...]], tmp_path: Path) -> None:
    del tool
    world = Library(tmp_path)
    for of_no_index in ('probed = ["stale-probe"]\n', 'test = ["stale-probe==1.0"]\n'):
        world.replace(of_no_index, "")
    for command in commands:
        words = [sys.executable if word == "PYTHON" else word for word in command]
        world.run(*words)
    told = world.run(*OURS).stdout
    assert "\nenvironment " in told, told
    world.replace('version = "1.0"', 'version = "2.0"')
    told = world.run(*OURS, expect=1).stdout
    assert "NS204" in told
    assert " --target " in told


def test_a_kernel_of_jupyter(tmp_path: Path) -> None:
    world = Library(tmp_path)
    python = world.make_environment("ipykernel", at="../kernel env") / "python"
    world.run("uv", "pip", "install", "--quiet", "--python", str(python), ".")
    world.run(str(python), "-m", "ipykernel", "install", "--user", "--name", "demo")
    assert "environment kernel env  fresh" in world.run(*OURS).stdout
    world.edit()
    assert "environment kernel env  out of date" in world.run(*OURS, expect=1).stdout

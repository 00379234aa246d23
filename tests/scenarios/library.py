"""A small library with one test, and environments with pytest or nox, and neverstale, in them."""

import re
import subprocess
from pathlib import Path

from support.render import REPOSITORY
from support.tree import build_file_tree
from support.world import BASE_PYTHON, FOLDER, World

PYPROJECT = """\
[project]
name = "demo"
version = "1.0"
description = "One."
requires-python = ">=3.10"

[project.optional-dependencies]
probed = ["stale-probe"]

[dependency-groups]
test = ["stale-probe==1.0"]

[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[tool.pytest.ini_options]
addopts = ["--import-mode=importlib"]
"""

FILES = {
    "pyproject.toml": PYPROJECT,
    "src/demo/__init__.py": "VALUE = 1\n",
    "tests/test_demo.py": "import demo\n\n\ndef test_demo() -> None:\n    assert demo.VALUE\n",
}


class Library(World):
    """A world whose project is that library."""

    def __init__(self, root: Path) -> None:
        self._prepare(root / FOLDER)
        build_file_tree(self.project, FILES)

    def edit(self, value: int = 2, name: str = "demo") -> None:
        """Change the code of the project, or of another copy of it."""
        self.write(f"src/{name}/__init__.py", f"VALUE = {value}\n")

    def write(self, path: str, text: str) -> None:
        """Write a file of the project."""
        file = self.project / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def make_environment(self, *requirements: str, at: str = ".venv") -> Path:
        """Make an environment of *requirements* and neverstale; return its folder of commands."""
        python = self.project / at / "bin" / "python"
        self.run("uv", "venv", "--quiet", "--python", str(BASE_PYTHON), at)
        every = ("--editable", str(REPOSITORY), *requirements)
        self.run("uv", "pip", "install", "--quiet", "--python", str(python), *every)
        return python.parent

    def install(self, *how: str) -> None:
        """Install the project in ``.venv``, as uv does."""
        python = self.project / ".venv/bin/python"
        again = ("--reinstall-package", "demo")
        self.run("uv", "pip", "install", "--quiet", "--python", str(python), *again, *how)

    def pytest(
        self, *arguments: str, expect: int = 0, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run pytest of ``.venv``, which finds neverstale by its entry point."""
        program = self.project / ".venv/bin/pytest"
        return self.run(program, "-p", "no:cacheprovider", *arguments, expect=expect, **variables)


def told(text: str) -> list[str]:
    """Return the lines of the section of neverstale in what pytest printed."""
    found = re.search(r"^=+ neverstale =+\n(.*?)^=", text, re.MULTILINE | re.DOTALL)
    return found[1].splitlines() if found else []

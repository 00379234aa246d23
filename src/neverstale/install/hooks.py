"""git's hooks: installed where the project has some, and nobody keeps them elsewhere."""

import os
from pathlib import Path

from neverstale.git import configured_hooks_folder, in_repository

RUNNERS = {
    "prek": ("prek.toml", ".pre-commit-config.yaml", ".pre-commit-config.yml"),
    "pre-commit": (".pre-commit-config.yaml", ".pre-commit-config.yml"),
}
"""Programs that run hooks, and the files in which each finds them."""


def find_runner(root: Path) -> Path | None:
    """Return the program in the project's environment that its hooks are to be installed with."""
    folder = root / ".venv" / ("Scripts" if os.name == "nt" else "bin")
    for name, configurations in RUNNERS.items():
        program = folder / f"{name}{'.exe' if os.name == 'nt' else ''}"
        if program.exists() and any((root / each).is_file() for each in configurations):
            return program
    return None


def reason_against(root: Path) -> str:
    """Return why no hooks are to be installed into git at *root*; empty where nothing is."""
    if not in_repository(root):
        return "this is not a git repository: `git init`, then run this again"
    elsewhere = configured_hooks_folder(root)
    return f"git's core.hooksPath says that they are in {elsewhere}" if elsewhere else ""

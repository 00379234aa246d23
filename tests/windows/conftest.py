"""The lane for Windows: collected by `nox -s windows` alone, which says where Wine is to be."""

import os
from pathlib import Path

import pytest

from windows.wine import Wine, add_git, set_up

FOLDER = os.environ.get("NEVERSTALE_WINE", "")

collect_ignore_glob = [] if FOLDER else ["test_*.py"]


@pytest.fixture(scope="session")
def wine() -> Wine:
    """Return a Windows with Python and uv; it is made once, and kept."""
    return set_up(Path(FOLDER))


@pytest.fixture(scope="session")
def git(wine: Wine) -> str:
    """Return the folder, as Windows names it, of a git that is not on PATH."""
    add_git(wine)
    return r"C:\git\cmd"

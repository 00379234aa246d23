"""The lane for Windows: collected by `nox -s windows` alone, which says where Windows is to be."""

import os
import shutil
from pathlib import Path

import pytest

from windows.machine import Machine
from windows.wine import Wine, add_git, set_up

FOLDER = os.environ.get("NEVERSTALE_WINDOWS", "")

collect_ignore_glob = [] if FOLDER else ["test_*.py"]


@pytest.fixture(scope="session")
def machine() -> Machine:
    """Return a Windows with Python and uv: this one, or one that is made once, and kept."""
    if os.name == "nt":
        Path(FOLDER, "user").mkdir(parents=True, exist_ok=True)
        return Machine(Path(FOLDER))
    return set_up(Path(FOLDER))


@pytest.fixture(scope="session")
def git(machine: Machine) -> str:
    """Return the folder, as Windows names it, of a git that is not on its PATH."""
    if isinstance(machine, Wine):
        return machine.spelled(add_git(machine) / "cmd")
    return os.path.dirname(str(shutil.which("git")))

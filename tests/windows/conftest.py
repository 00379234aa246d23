"""The lane for Windows: collected by `nox -s windows` alone, which says where Wine is to be."""

import os
from pathlib import Path

import pytest

from windows.wine import Wine, set_up

FOLDER = os.environ.get("NEVERSTALE_WINE", "")

collect_ignore_glob = [] if FOLDER else ["test_*.py"]


@pytest.fixture(scope="session")
def wine() -> Wine:
    """Return a Windows with Python and uv; it is made once, and kept."""
    return set_up(Path(FOLDER))

"""Fixtures that more than one folder of tests needs."""

from pathlib import Path

import pytest
from support.tree import build_probes


@pytest.fixture
def find_links(tmp_path: Path) -> Path:
    """A folder with two releases of a distribution that no index has."""
    return build_probes(tmp_path / "find links")

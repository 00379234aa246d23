"""Fixtures that more than one folder of tests needs."""

import hashlib
from pathlib import Path

import pytest
from support.tree import build_probes


@pytest.fixture
def find_links(tmp_path: Path) -> Path:
    """A folder with two releases of a distribution that no index has."""
    return build_probes(tmp_path / "find links")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark one slow case of each module as ``sample``: every kind is in what CI takes of them.

    It is the one whose name has the smallest hash, so that it does not change with the order.
    """
    slow: dict[str, list[pytest.Item]] = {}
    for item in items:
        if item.get_closest_marker("slow"):
            slow.setdefault(item.nodeid.partition("::")[0], []).append(item)
    for cases in slow.values():
        chosen = min(cases, key=lambda item: hashlib.sha256(item.nodeid.encode()).digest())
        chosen.add_marker("sample")

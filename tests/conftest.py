"""Fixtures that more than one folder of tests needs."""

import zipfile
from pathlib import Path

import pytest


@pytest.fixture
def find_links(tmp_path: Path) -> Path:
    """A folder with two releases of a distribution that no index has."""
    folder = tmp_path / "find links"
    folder.mkdir()
    for version in ("1.0", "2.0"):
        metadata = f"Metadata-Version: 2.1\nName: stale-probe\nVersion: {version}\n"
        info = f"stale_probe-{version}.dist-info"
        wheel = folder / f"stale_probe-{version}-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            for name, text in {
                "stale_probe.py": f"VERSION = {version!r}\n",
                f"{info}/METADATA": metadata,
                f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
                f"{info}/RECORD": "",
            }.items():
                archive.writestr(name, text)
    return folder

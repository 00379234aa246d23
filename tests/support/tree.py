"""Trees of small files, and wheels of them."""

import zipfile
from collections.abc import Mapping
from pathlib import Path


def build_file_tree(root: Path, files: Mapping[str, str]) -> Path:
    """Write *files* (path → text) below *root*; a path that ends with / is an empty folder."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            path.mkdir(exist_ok=True)
        else:
            path.write_text(text, encoding="utf-8")
    return root


def build_wheel_file(
    folder: Path, files: Mapping[str, str], name: str = "demo", version: str = "1.0"
) -> Path:
    """Write a wheel of *files* by hand; a METADATA is added where there is none."""
    info = f"{name}-{version}.dist-info"
    metadata = {f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for entry, text in {**metadata, f"{info}/RECORD": "", **files}.items():
            archive.writestr(entry, text)
    return path


def build_probes(folder: Path) -> Path:
    """Write two releases of ``stale-probe``, a distribution that no index has."""
    for release in ("1.0", "2.0"):
        info = f"stale_probe-{release}.dist-info"
        files = {
            "stale_probe.py": f"VERSION = {release!r}\n",
            f"{info}/METADATA": (
                f"Metadata-Version: 2.1\nName: stale-probe\nVersion: {release}\n"
                f"Project-URL: What's new?, https://example.org/{release}\n"
            ),
            f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        build_wheel_file(folder, files, "stale_probe", release)
    return folder

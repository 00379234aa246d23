"""The version of the distribution: between releases it carries a digest of the sources.

New content is a new name, so no cache can answer for it with an old wheel.
"""

import hashlib
from pathlib import Path

RELEASE = "0.3.0.dev0"
"""The version, by hand; one with ``dev`` in it gets the digest."""

ROOT = Path(__file__).parents[1]


def version() -> str:
    """Return the version of the present sources (PEP 440): ``0.3.0.dev0+1f2e3d4c``."""
    if "dev" not in RELEASE:
        return RELEASE
    described = (ROOT / name for name in ("LICENSE", "README.md", "pyproject.toml"))
    files = [*described, *sorted((ROOT / "src").rglob("*.*"))]
    digest = hashlib.sha256()
    for path in files:
        if path.is_file() and "__pycache__" not in path.parts:
            content = path.read_bytes().replace(b"\r\n", b"\n")
            digest.update(f"{path.relative_to(ROOT).as_posix()}\0{len(content)}\0".encode())
            digest.update(content)
    return f"{RELEASE}+{digest.hexdigest()[:8]}"

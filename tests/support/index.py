"""Sources of real projects: sdists, from whichever package index uv is set to."""

import os
import sys
import tarfile
import urllib.request
from pathlib import Path

import pytest

from support.world import run, uv_executable

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

NO_NETWORK = ("offline", "network", "Failed to fetch", "Could not connect", "ConnectionError")
"""What uv and pip say where there is no network."""


def unpack_sdist(requirement: str, folder: Path, asking: Path, environment: dict[str, str]) -> Path:
    """Unpack the sdist of *requirement* (``name==version``) into *folder*, which it makes.

    The index is asked from a project at *asking*, made for that. Skips the test where the index
    cannot be reached.
    """
    asking.mkdir()
    name = requirement.partition("=")[0].replace(".", "-")
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    (asking / "pyproject.toml").write_text(
        f'[project]\nname = "asking"\nversion = "0"\nrequires-python = "=={python}.*"\n'
        f'dependencies = ["{requirement}"]\n'
    )
    done = run([uv_executable(), "lock", "--quiet"], asking, environment)
    if done.returncode and any(sign in done.stderr for sign in NO_NETWORK):
        pytest.skip(f"the package index cannot be reached: {done.stderr.splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    locked = tomllib.loads((asking / "uv.lock").read_text(encoding="utf-8"))["package"]
    (url,) = (package["sdist"]["url"] for package in locked if package["name"] == name)
    archive = asking / "sdist.tar.gz"
    with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310 - what the index said
        archive.write_bytes(answer.read())
    with tarfile.open(archive) as packed:
        # `filter="data"` does this, and more; Python 3.11.2 has none, and would give root's files away.
        for member in packed:
            member.uid, member.gid, member.uname, member.gname = os.getuid(), os.getgid(), "", ""
        packed.extractall(asking)  # noqa: S202 - what the index said
    (unpacked,) = (path for path in asking.iterdir() if path.is_dir())
    return unpacked.rename(folder)

"""What ``uv.lock`` has: versions, and what of a developer's own settings has got into it."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neverstale.files import text_if_there

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PYPI = "https://pypi.org/simple"

SPAN = "exclude-newer-span"
"""How the lock has a time such as "7 days", next to a date of no effect."""


def of_one_machine(root: Path, settings: Mapping[str, Any]) -> list[str]:
    """Return what ``uv.lock`` has of settings that the project does not have.

    That is a user's or a system's ``uv.toml``, or a variable. *settings* are ``[tool.uv]``; a
    ``uv.toml`` in *root* is the project's, too:
    https://docs.astral.sh/uv/concepts/configuration-files/
    """
    lock = _read(root / "uv.lock")
    own = dict(settings) | _read(root / "uv.toml")
    found = []
    options = lock.get("options", {})
    newest = options.get(SPAN) or options.get("exclude-newer")
    if newest and "exclude-newer" not in own:
        found.append(f"exclude-newer = {newest}")
    given = [own.get("index-url"), own.get("default-index"), *own.get("extra-index-url", [])]
    given += [index.get("url") for index in own.get("index", []) if isinstance(index, dict)]
    known = {PYPI, *(_plain(url) for url in given if isinstance(url, str))}
    named = {package.get("source", {}).get("registry", PYPI) for package in lock.get("package", [])}
    return [*found, *(f"the index {url}" for url in sorted(named) if _is_foreign(url, known, own))]


def locked_versions(root: Path) -> dict[str, str]:
    """Return name → version, or versions, of what ``uv.lock`` has from an index."""
    found: dict[str, set[str]] = {}
    for package in _read(root / "uv.lock").get("package", []):
        if "registry" in package.get("source", {}):
            found.setdefault(package["name"], set()).add(package.get("version", ""))
    return {name: ", ".join(sorted(versions)) for name, versions in found.items()}


def _is_foreign(url: str, known: set[str], settings: Mapping[str, Any]) -> bool:
    """Return whether nobody but the user named the index *url*; a folder is of find-links."""
    return _plain(url) not in known and ("://" in url or "find-links" not in settings)


def _plain(url: str) -> str:
    """Return *url* without what uv leaves out: a password, ``./``, a slash at the end."""
    scheme, separator, rest = url.removeprefix("./").rstrip("/").lower().rpartition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2] if separator else rest}"


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text_if_there(path))
    except ValueError:  # uv has said so
        return {}

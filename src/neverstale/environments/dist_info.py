"""The files of one dist-info folder: RECORD, METADATA, WHEEL, direct_url.json, INSTALLER."""

import csv
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neverstale.environments.environment import Environment
from neverstale.errors import NeverstaleError
from neverstale.files import Digest, digest_of, read_text
from neverstale.wheels.distribution import Distribution, Metadata, parse_metadata
from neverstale.wheels.record import parse_record


class DamagedError(NeverstaleError):
    """What is installed cannot be read for what it is; a new install fixes it."""

    def __init__(self, *evidence: str, twice: bool = False) -> None:
        super().__init__(f"damaged: {', '.join(evidence)}", hint="install it again")
        self.evidence = evidence
        self.twice = twice


def refuse_other_installers(environment: Environment, info: Path) -> None:
    """Raise NeverstaleError for an installation that never had a record of its files.

    Those of `setup.py install` and `develop`, and what a system's package manager installs for
    its Python: https://packaging.python.org/en/latest/specifications/recording-installed-packages/
    """
    by = text_if_given(info, "INSTALLER").strip() if info.is_dir() else ""
    foreign = not environment.own and by not in ("pip", "uv")
    if info.suffix != ".dist-info" or (foreign and not (info / "RECORD").exists()):
        raise NeverstaleError(
            f"{info.name} has no record of its files: another installer's, or `setup.py install`",
            hint="ask who installed it",
        )


def text_of(info: Path, name: str) -> str:
    """Read a file of a dist-info folder; raises DamagedError where that is not possible."""
    try:
        return read_text(info / name)
    except PermissionError:
        raise
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise DamagedError(f"{info.name}/{name} ({reason})") from error


def read_record(info: Path) -> dict[str, Digest | None]:
    """Return path → digest, if any, of RECORD; raise DamagedError where it cannot be read."""
    try:
        return parse_record(text_of(info, "RECORD"))
    except csv.Error as error:
        raise DamagedError(f"{info.name}/RECORD ({error})") from error


def read_metadata(info: Path, like: Distribution | None) -> Metadata | Distribution:
    """Return what METADATA says, or *like* where that says the same; raise DamagedError."""
    text = text_of(info, "METADATA")
    digest = like and like.files.get(f"{info.name}/METADATA")
    if like and digest == digest_of(text.encode("utf-8", "surrogateescape")):
        return like
    try:
        return parse_metadata(text)
    except NeverstaleError as error:
        raise DamagedError(f"{info.name}/METADATA ({error.message})") from error


def text_if_given(info: Path, name: str) -> str:
    """Return the text of a file that not every dist-info has; empty where this one has none."""
    return text_of(info, name) if (info / name).exists() else ""


def read_origin(info: Path) -> dict[str, Any]:
    """Read direct_url.json (PEP 610); nothing where there is none or it is not JSON."""
    try:
        origin = json.loads(text_if_given(info, "direct_url.json"))
    except (ValueError, RecursionError):
        return {}
    return origin if isinstance(origin, dict) else {}


def is_editable(origin: Mapping[str, Any]) -> bool:
    """Return whether what is of *origin* points at the sources (PEP 610: ``dir_info.editable``)."""
    folder = origin.get("dir_info")
    return isinstance(folder, dict) and bool(folder.get("editable"))


def read_tags(info: Path) -> frozenset[str]:
    """Return the tags of WHEEL, such as ``py3-none-any``."""
    lines = text_if_given(info, "WHEEL").splitlines()
    return frozenset(line[4:].strip() for line in lines if line.startswith("Tag:"))

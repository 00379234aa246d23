"""A distribution as one frozen value: what a wheel holds, and what an environment holds."""

import configparser
from collections.abc import Mapping
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from freshness.errors import FreshnessError
from freshness.record import Digest


@dataclass(frozen=True)
class Distribution:
    """What a wheel or an installed distribution consists of.

    ``files`` maps the path below site-packages (``/`` between the parts) to the digest of the
    content; files outside of it start with ``{scripts}/``, ``{data}/`` or ``{headers}/``.
    ``executable`` are those of them that may be run as programs.
    ``commands`` maps the name of a console or GUI script to its ``module:attribute``.
    """

    name: NormalizedName
    version: str
    files: Mapping[str, Digest]
    executable: frozenset[str]
    commands: Mapping[str, str]
    requirements: frozenset[Requirement]


@dataclass(frozen=True)
class Metadata:
    """The fields of a METADATA file that the tool compares."""

    name: NormalizedName
    version: str
    requirements: frozenset[Requirement]


def parse_metadata(text: str) -> Metadata:
    """Read a METADATA file (core metadata, an e-mail header block).

    Raises FreshnessError where a name, a version or a valid requirement is missing.
    """
    from email.parser import HeaderParser

    headers = HeaderParser().parsestr(text)
    name, version = headers.get("Name"), headers.get("Version")
    if not name or not version:
        raise FreshnessError(
            "METADATA names no distribution or no version",
            hint="build the project again with `make install`",
        )
    try:
        requirements = frozenset(map(Requirement, headers.get_all("Requires-Dist", [])))
    except InvalidRequirement as error:
        raise FreshnessError(
            f"METADATA of {name} holds a requirement that is none: {error}".splitlines()[0],
            hint="correct it in pyproject.toml, then run `make install`",
        ) from error
    return Metadata(canonicalize_name(name), version, requirements)


def parse_commands(text: str) -> dict[str, str]:
    """Read entry_points.txt into command → ``module:attribute``, console and GUI scripts alike.

    The format is the one of
    https://packaging.python.org/en/latest/specifications/entry-points/
    Raises FreshnessError where the text is not of it.
    """
    parser = configparser.RawConfigParser(delimiters=("=",), strict=False)
    parser.optionxform = str  # type: ignore[assignment]  # names are case-sensitive
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise FreshnessError(
            f"entry_points.txt cannot be read: {error}".splitlines()[0],
            hint="build the project again with `make install`",
        ) from error
    groups = ("console_scripts", "gui_scripts")
    return {
        name: target
        for group in groups
        if parser.has_section(group)
        for name, target in parser.items(group)
    }

"""A distribution as one frozen value: what a wheel holds, and what an environment holds."""

import re
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from neverstale.errors import NeverstaleError
from neverstale.files import Digest
from neverstale.names import NormalizedName, canonicalize_name, is_name
from neverstale.versions import is_version

if TYPE_CHECKING:
    import configparser

    from packaging.requirements import Requirement

COMMANDS = ("console_scripts", "gui_scripts")
"""The groups of entry points that installers make commands of."""

SAFE = re.compile(r"[A-Za-z0-9_](?:[\w.+ -]*[\w.+-])?")
"""Names that a command can have: letters, digits, ``_``, ``.`` and ``-`` are what the specification
of entry points asks for; others lead out of the folder of commands, or mean more to a shell."""

LONGEST = 200
"""The most letters of a command's name; file systems take 255 bytes, ending included."""

REWRITTEN = {
    "METADATA": ("Metadata-Version:", "License-File:", "Dynamic:"),
    "WHEEL": ("Generator:",),
}
"""Lines of dist-info that change with the build backend's release, and not with the project."""

COMPARED_ELSEWHERE = frozenset(
    {
        *(line.rstrip(":").lower() for line in REWRITTEN["METADATA"]),
        *("name", "version", "requires-dist", "provides-extra"),
        *("description", "description-content-type"),
    }
)
"""Fields of METADATA that `Metadata.fields` leaves out. The description is the README, which no
program asks for: an editable install is not out of date because of it."""


class Distribution(NamedTuple):
    """What a wheel or an installed distribution consists of.

    ``files`` maps the path below site-packages (``/`` between the parts) to the digest of the
    content; files outside of it start with ``{scripts}/``, ``{data}/`` or ``{headers}/``.
    ``executable`` are those of them that may be run as programs.
    ``commands`` maps the name of a console or GUI script to its ``module:attribute``, ``plugins``
    the group and name of any other entry point. ``bodies`` are digests of what remains of a
    script, METADATA and WHEEL without what installers and build backends write anew.
    ``fields`` are those of `Metadata`; None of what was noted before they were.
    """

    name: NormalizedName
    version: str
    files: Mapping[str, Digest]
    executable: frozenset[str]
    commands: Mapping[str, str]
    requirements: "frozenset[Requirement]"
    plugins: Mapping[str, str] = MappingProxyType({})
    bodies: Mapping[str, Digest] = MappingProxyType({})
    requires_python: str = ""
    fields: Mapping[str, str] | None = None

    @property
    def programs(self) -> dict[str, str]:
        """The commands, and the scripts that are installed as they are (name → nothing)."""
        start = "{scripts}/"
        scripts = (path.removeprefix(start) for path in self.files if path.startswith(start))
        return {**dict.fromkeys(filter(is_safe, scripts), ""), **self.commands}


class Metadata(NamedTuple):
    """What a METADATA file says.

    ``fields`` are those that nothing else compares, by name: the summary, the authors, the
    classifiers and the like. A field that occurs several times has a line for each, sorted.
    """

    name: NormalizedName
    version: str
    requirements: "frozenset[Requirement]"
    requires_python: str = ""
    fields: Mapping[str, str] | None = None


def is_safe(command: str) -> bool:
    """Return whether *command* is the name of a file, and nothing that a shell takes for more."""
    return len(command) <= LONGEST and SAFE.fullmatch(command) is not None


def parse_metadata(text: str) -> Metadata:
    """Read a METADATA file (core metadata, an e-mail header block).

    Raise NeverstaleError where a name, a version or a valid requirement is missing.
    """
    from email.parser import HeaderParser

    headers = HeaderParser().parsestr(text)
    # A value with other bytes than ASCII is not a str.
    name, version = str(headers["Name"] or ""), str(headers["Version"] or "")
    if not is_name(name) or not is_version(version):
        raise NeverstaleError(
            f"METADATA names no distribution or no version: {name!r}, {version!r}",
            hint="build the project again with `neverstale install`",
        )
    requirements = parse_requirements([str(r) for r in headers.get_all("Requires-Dist", [])])
    requires_python = str(headers["Requires-Python"] or "")
    return Metadata(
        canonicalize_name(name), version, requirements, requires_python, _fields(headers.items())
    )


def _fields(headers: Iterable[tuple[str, object]]) -> dict[str, str]:
    """Return the fields of METADATA that nothing else compares: see `Metadata`."""
    found: dict[str, list[str]] = {}
    for key, value in headers:
        if key.lower() not in COMPARED_ELSEWHERE:
            name = key.title().removesuffix("-Expression")  # which newer backends write
            found.setdefault(name, []).append(" ".join(str(value).split()))
    return {name: "\n".join(sorted(values)) for name, values in sorted(found.items())}


def parse_requirements(lines: Collection[str]) -> "frozenset[Requirement]":
    """Read the requirements of METADATA (PEP 508); raises NeverstaleError where one is none."""
    if not lines:
        return frozenset()
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        return frozenset(map(Requirement, lines))
    except InvalidRequirement as error:
        raise NeverstaleError(
            f"METADATA holds a requirement that is none: {error}".splitlines()[0],
            hint="correct it in pyproject.toml, then run `neverstale install`",
        ) from error


def body_of(path: str, content: bytes) -> bytes:
    """Return *content* of the file at *path* without what is written anew: see `Distribution`."""
    if path.startswith("{scripts}/"):
        first, _, rest = content.partition(b"\n")
        if rest.startswith(b"'''exec'"):  # how installers write a path with a space in it
            return b"".join(rest.splitlines(keepends=True)[2:])
        return rest if first.startswith(b"#!") and b"python" in first else content
    head, _, text = content.partition(b"\n\n")
    unwanted = tuple(line.encode() for line in REWRITTEN[path.rpartition("/")[2]])
    kept = sorted(line for line in head.splitlines() if not line.startswith(unwanted))
    return b"\n".join([*kept, b"", text])


def has_body(path: str) -> bool:
    """Return whether the file at *path*, as in `Distribution.files`, is one for `body_of`."""
    folder, _, name = path.rpartition("/")
    return folder == "{scripts}" or (name in REWRITTEN and folder.endswith(".dist-info"))


def parse_plugins(text: str) -> dict[str, str]:
    """Read entry_points.txt into ``group: name`` → object reference, but for commands."""
    parser = _entry_points(text)
    groups = [group for group in parser.sections() if group not in COMMANDS]
    return {f"{group}: {name}": to for group in groups for name, to in parser.items(group)}


def parse_commands(text: str) -> dict[str, str]:
    """Read entry_points.txt into command → ``module:attribute``, console and GUI scripts alike.

    Raise NeverstaleError where the text is not of that format.
    """
    parser = _entry_points(text)
    groups = [group for group in COMMANDS if parser.has_section(group)]
    return {name: target for group in groups for name, target in parser.items(group)}


def _entry_points(text: str) -> "configparser.RawConfigParser":
    """Parse entry_points.txt.

    The format is the one of
    https://packaging.python.org/en/latest/specifications/entry-points/
    Raise NeverstaleError where the text is not of it.
    """
    import configparser

    parser = configparser.RawConfigParser(delimiters=("=",), strict=False)
    parser.optionxform = str  # type: ignore[assignment]  # names are case-sensitive
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise NeverstaleError(
            f"entry_points.txt cannot be read: {error}".splitlines()[0],
            hint="build the project again with `neverstale install`",
        ) from error
    return parser

"""The template that a project came from: its answers file and its versions."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, TypeGuard

from packaging.version import InvalidVersion, Version

from neverstale.errors import NeverstaleError
from neverstale.files import read_bytes

SHORTHANDS = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/"}
"""How copier lets people write addresses:
https://copier.readthedocs.io/en/stable/configuring/#template-locations"""

LARGEST = 1 << 20
"""The most bytes of an answers file that are read."""

LONGEST = 1000
"""The most characters of an address, a version or an answer that is looked at."""

DESCRIBED = re.compile(r"(?P<tag>.+)-(?P<since>\d+)-g(?P<commit>[0-9a-f]{7,})")
"""What ``git describe`` gives for a commit behind a tag."""


class Template(NamedTuple):
    """Where a project comes from, as its answers file says.

    ``answers_file`` is relative to the project, ``address`` is as git takes it, ``version`` as
    copier wrote it: a tag, a commit, or what ``git describe`` says; empty without git.
    """

    answers_file: str
    address: str
    version: str
    answers: Mapping[str, object]

    @property
    def release(self) -> Version | None:
        """The release that the project was made from, or from a later commit."""
        described = DESCRIBED.fullmatch(self.version)
        return _version(described["tag"] if described else self.version)


def find_template(root: Path) -> Template | None:
    """Read the answers file at *root*; None where the project was not made by copier.

    There may be several, of several templates; ours has the question ``scope``.
    """
    import yaml

    found = []
    for path in sorted(root.glob(".copier-answers*.y*ml")):
        try:
            answers = yaml.safe_load(read_bytes(path, LARGEST).decode("utf-8"))
        except (OSError, ValueError, RecursionError, yaml.YAMLError):
            continue
        if isinstance(answers, dict) and is_text(answers.get("_src_path")):
            found.append(_template(path.name, answers))
    return next((each for each in found if "scope" in each.answers), None)


def is_text(value: object) -> TypeGuard[str]:
    """Return whether *value* is what a person may have typed, and a program may be given."""
    return isinstance(value, str) and 0 < len(value) <= LONGEST and value.isprintable()


def _template(name: str, answers: Mapping[str, object]) -> Template:
    address = str(answers["_src_path"]).removeprefix("git+")
    for short, full in SHORTHANDS.items():
        if address.startswith(short):
            address = f"{full}{address.removeprefix(short)}"
    if address.startswith("~"):
        address = os.path.expanduser(address)
    said = answers.get("_commit")
    version = said if is_text(said) else ""
    return Template(name, address, version, MappingProxyType(dict(answers)))


def newer_than(template: Template, listing: str) -> str | None:
    """Return the newest version of *template* if it is newer than the project's; else None.

    *listing* is what ``git ls-remote`` gives. Where there are tags, releases count, and
    pre-releases only for a project that has one; where there is none, the last commit does.
    """
    rows = (line.split() for line in listing.splitlines())
    commits = {row[1]: row[0] for row in rows if len(row) == 2}  # noqa: PLR2004 - name and commit
    names = (name for name in commits if not name.endswith("^{}"))
    tags = {name.removeprefix("refs/tags/") for name in names if name != "HEAD"}
    releases = {tag: version for tag in tags if (version := _version(tag))}
    if not releases:
        return None if _is_head(template, commits.get("HEAD", "")) else "HEAD"
    current = template.release
    if not (current and current.is_prerelease):
        releases = {tag: each for tag, each in releases.items() if not each.is_prerelease}
    newest = max(releases, key=releases.__getitem__, default=None)
    if newest is None or (current and releases[newest] <= current):
        return None
    return newest


def _is_head(template: Template, head: str) -> bool:
    described = DESCRIBED.fullmatch(template.version)
    commit = described["commit"] if described else template.version
    return not head or bool(commit and head.startswith(commit))


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


def sections_of(changelog: str) -> dict[str, str]:
    """Return version or word → its section of *changelog* (Markdown, ``## WORD - DATE``)."""
    parts = re.split(r"^(?=## )", changelog, flags=re.MULTILINE)[1:]
    titled = (part for part in parts if part.splitlines()[0].strip("# "))
    return {part.split(maxsplit=2)[1].strip("[]"): part.strip() for part in titled}


def changes_between(changelog: str, since: Version | None, until: Version | None) -> str:
    """Return the sections of *changelog* for what came after *since*.

    *until* is the last of them; without one that is also what no version has yet.
    """
    chosen = []
    for word, section in sections_of(changelog).items():
        version = _version(word)
        after = version is None or since is None or version > since
        if after and (until is None or (version is not None and version <= until)):
            chosen.append(section)
    return "\n\n".join(chosen)


def package_folder(template: Template) -> str | None:
    """Return the package's folder, by the answers; None where they do not name one."""
    name, layout = template.answers.get("package_name"), template.answers.get("layout")
    if not is_text(name):
        return None
    namespace = template.answers.get("namespace_name")
    if layout == "namespace" and is_text(namespace):
        return f"src/{namespace}/{name}"
    return name if layout == "flat" else f"src/{name}"


def refuse_update(template: Template | None) -> Template:
    """Return *template*; raises NeverstaleError where it cannot be updated from."""
    if template is None:
        raise NeverstaleError(
            "there is no .copier-answers.yml of the template's here",
            hint="only a project that copier made, or that adopted the verbs, can be updated",
        )
    if not template.version:
        raise NeverstaleError(
            f"{template.answers_file} names no version: {template.address} was no git repository",
            hint="set _src_path there to a clone of the template, and _commit to one of its tags",
        )
    return template

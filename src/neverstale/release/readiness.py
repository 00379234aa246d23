"""What a release needs beside its archives: a commit, a tag, an entry, and a version of its own."""

import re
import zipfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from packaging.metadata import ExceptionGroup, Metadata
from packaging.version import InvalidVersion, Version

from neverstale.files import read_text
from neverstale.git import in_repository, is_changed, tags_of_head
from neverstale.process import Uv
from neverstale.release.archives import Release
from neverstale.wheels.archives import read_wheel

CHANGELOGS = ("CHANGELOG*", "CHANGES*", "HISTORY*", "NEWS*")
"""How the file is called in which users read what changed: https://keepachangelog.com"""

UNKNOWN = re.compile(r"there is no version of|was not found in the package registry")
"""What uv says of a version that an index does not have."""


def what_is_missing(
    uv: Uv, release: Release, scratch: Path, *, tag: str | None, ask_index: bool
) -> list[str]:
    """Return all that *release* still needs before it may be uploaded.

    With *tag*, by which somebody else has chosen the commit, that is not looked at. With
    *ask_index*, uv asks its default index whether the version is taken; *scratch* is a folder for
    that question.
    """
    root, wheel = release.project.root, read_wheel(release.wheel)
    version = Version(wheel.version)
    missing = []
    if tag is None and is_changed(root):
        missing.append("uncommitted changes: commit them")
    if tag is None and in_repository(root) and not any(map(version.__eq__, _tagged(root))):
        missing.append(f"the commit has no tag of this version: git tag v{version}")
    if (changelog := _changelog(root)) and version not in entries_of(root):
        missing.append(f"{changelog.name} has no entry for {version}")
    missing += invalid_metadata(release.wheel)
    if ask_index:
        missing += _on_index(uv, f"{wheel.name}=={version}", scratch)
    return missing


def _tagged(root: Path) -> set[Version]:
    """Return the versions that tags of the commit end with: ``v1.0``, ``demo-2d-1.0``."""
    return {v for tag in tags_of_head(root) for v in _versions(re.split("[-/_@]", tag)[-1:])}


def _versions(words: Iterable[str]) -> set[Version]:
    found = set()
    for word in words:
        with suppress(InvalidVersion):
            found.add(Version(word))
    return found


def _changelog(root: Path) -> Path | None:
    """Return the file that is the changelog, if there is one; a folder of that name is none."""
    found = (path for name in CHANGELOGS for path in sorted(root.glob(name)) if path.is_file())
    return next(found, None)


def entries_of(root: Path) -> set[Version]:
    """Return the versions in the headings of the changelog: Markdown, reStructuredText, HTML."""
    changelog = _changelog(root)
    lines = read_text(changelog).splitlines() if changelog else []
    headings = [
        line
        for line, below in zip(lines, [*lines[1:], ""], strict=False)
        if re.match(r"#+ |<h\d|\*\*", line) or re.fullmatch(r"([^\w\s])\1{2,}\s*", below)
    ]
    return _versions(re.findall(r"(?<![\w.])v?\d[\w.!+-]*(?<![.!+-])", " ".join(headings)))


def invalid_metadata(wheel: Path) -> list[str]:
    """Return what an index would refuse of the metadata, one line for each field (PEP 643)."""
    with zipfile.ZipFile(wheel) as archive:
        (place,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        text = archive.read(place)
    try:
        Metadata.from_email(text, validate=True)
    except ExceptionGroup as group:
        return [f"invalid metadata: {error}" for error in group.exceptions]
    return []


def _on_index(uv: Uv, requirement: str, scratch: Path) -> list[str]:
    question = scratch / "on-index.in"
    question.write_text(f"{requirement}\n", encoding="utf-8")
    options = ("--quiet", "--no-deps", "--no-header", "--refresh", "--universal")
    code, said = uv.capture(uv.executable, "pip", "compile", *options, str(question))
    if not code:
        return [f"the index has {requirement} already: release another version"]
    return [] if UNKNOWN.search(said) else ["the index could not be asked for the version"]

"""What a build asked of the world, and the answers: equal answers, equal wheels.

A question is a word and its object: ``file src/demo/cli.py``, ``kind setup.cfg`` (is it there, and
what), ``folder src`` (its listing), ``project ../hook`` (all its files), ``variable DEMO``,
``tree`` (the names of all source files, but for those behind it that the build wrote), ``git``,
``hg``, ``day``, ``python``. Paths below the project are relative to it. The answers are digests
and words; what a build asked is in its record (`recorder`).
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from neverstale.files import text_if_there
from neverstale.project.metadata import Project
from neverstale.project.sources import find_sources
from neverstale.wheels.answers import is_environment_folder, is_noise

GIVEN = frozenset({"SOURCE_DATE_EPOCH", "DIST_EXTRA_CONFIG", "PATH", "VIRTUAL_ENV", "PYTHONPATH"})
"""Variables whose values a build gets from us."""

VERSIONING = ("git", "hg")
"""Programs that answer from a repository, and the question that stands for it."""

DATED = re.compile(r"\+(.*\.)?d?20\d{6}\b")
"""A version that carries the day, as setuptools-scm makes of a changed tree."""

OUTSIDE = re.compile(r"""["'( =]((?:\.\./)[\w./+-]+|/[\w.+-]+/[\w./+-]+)""")
"""Paths in configuration that lead out of the project."""

CONFIGURATION = (
    *("pyproject.toml", "setup.py", "setup.cfg"),
    *("CMakeLists.txt", "meson.build", "Cargo.toml", "build.rs"),
)

MOST_OUTSIDE = 10_000
"""How many files of a folder outside of the project count as inputs of a native build."""


class Events(NamedTuple):
    """What the recorder saw: paths by kind, and whether it ran at all."""

    seen: bool
    paths: Mapping[str, frozenset[str]]

    def of(self, kind: str) -> frozenset[str]:
        """Return the paths, variables or programs of one kind."""
        return self.paths.get(kind, frozenset())

    @property
    def opaque(self) -> bool:
        """Whether something read files that the recorder could not see."""
        return not self.seen or bool(self.of("p"))


def read_events(folder: Path) -> Events:
    """Return the events that the recorder wrote into *folder*."""
    files = sorted(folder.glob("events-*"))
    found: dict[str, set[str]] = {}
    for file in files:
        for event in file.read_bytes().split(b"\0"):
            if event:
                found.setdefault(chr(event[0]), set()).add(os.fsdecode(event[1:]))
    return Events(bool(files), {kind: frozenset(paths) for kind, paths in found.items()})


def questions_of(
    project: Project, events: Events, without: Iterable[Path], depended_on: Iterable[str] = ()
) -> set[str]:
    """Return the questions that a build of *project* asked, as its *events* tell.

    *without* are folders of ours; the folders above them and the project always exist. What the
    build itself wrote, and what is in a folder that it made, is no input. *depended_on* are paths
    that compilers noted. A build that ran programs of other kinds may have read every source file,
    and what the configuration names outside.
    """
    import tempfile

    written = events.of("w")
    ours = tuple(os.path.join(os.path.realpath(f), "") for f in without)

    known: dict[Path, bool] = {}

    def is_within(path: Path) -> bool:
        """Return whether *path* is in an environment or a cache inside of the project."""
        if path == project.root or not path.is_relative_to(project.root):
            return False
        if path not in known:
            known[path] = is_within(path.parent) or is_environment_folder(path, project.root)
        return known[path]

    def counts(path: str) -> bool:
        below = _spelled(project.root, path)
        return not (
            is_within(Path(path))
            or path in written
            or any(parent in written for parent in map(str, Path(path).parents))
            or os.path.join(os.path.realpath(path), "").startswith(ours)
            or path.startswith(("/proc/", "/dev/", "/sys/"))
            or (not os.path.isabs(below) and is_noise(below))
        )

    read = {path for path in (*events.of("r"), *depended_on) if counts(path)}
    above = {str(parent) for home in (project.root, *without) for parent in Path(home).parents}
    temporary = os.path.realpath(tempfile.gettempdir())
    outside = {
        p for p in events.of("k") | events.of("l") if os.path.isabs(_spelled(project.root, p))
    }
    passing = {path for path in outside - read if _is_in(path, temporary)}
    asked = {path for path in events.of("k") if counts(path)} - read - above - passing
    found = {f"file {_spelled(project.root, path)}" for path in read}
    found |= {f"kind {_spelled(project.root, path)}" for path in asked}
    found |= {f"folder {_spelled(project.root, p)}" for p in events.of("l") - passing if counts(p)}
    found |= {f"variable {name}" for name in events.of("v") - GIVEN if _is_asked(name)}
    programs = {program.lower().removesuffix(".exe") for program in events.of("p")}
    found |= programs & set(VERSIONING)
    if events.opaque:
        made = {_spelled(project.root, path) for path in written}
        made &= {question[5:] for question in outputs_of(project, events)}
        found.add("\t".join(["tree", *sorted(made)]))
        found |= {f"file {path}" for path in find_sources(project) if path not in made}
    if project.may_compile:
        found.add("settings")
    if not events.seen or project.may_compile:
        found |= {f"file {path}" for path in named_outside(project)}
    return found


def _is_in(path: str, temporary: str) -> bool:
    """Return whether *path* is the folder *temporary*, or right in it: others come and go there."""
    return temporary in (os.path.realpath(path), os.path.realpath(os.path.dirname(path)))


def outputs_of(project: Project, events: Events) -> set[str]:
    """Return the questions about files that a build wrote among the sources and left there."""
    below = {_spelled(project.root, path) for path in events.of("w")}
    return {
        f"file {path}"
        for path in below
        if not os.path.isabs(path) and not is_noise(path) and (project.root / path).is_file()
    }


def _is_asked(name: str) -> bool:
    return not name.startswith(("NEVERSTALE_", "PYTHON")) and "\n" not in name


def _spelled(root: Path, path: str) -> str:
    """Return *path* relative to *root*, ``/`` between the parts; one outside as it is."""
    start = str(root)
    if path == start:
        return "."
    if path.startswith(start + os.sep):
        return path[len(start) + 1 :].replace(os.sep, "/")
    return path


def named_outside(project: Project) -> Iterator[str]:
    """Yield the files outside of the project that its configuration names."""
    texts = (text_if_there(project.root / name) for name in CONFIGURATION)
    for named in sorted({match[1] for text in texts for match in OUTSIDE.finditer(text)}):
        place = Path(os.path.normpath(project.root / named))
        if project.root.is_relative_to(place) or place.is_relative_to(project.root):
            continue
        if place.is_file():
            yield str(place)
        elif place.is_dir() and not str(place).startswith(("/usr", "/lib", "/bin", "/opt", "/etc")):
            files = (
                path for path in place.rglob("*") if path.is_file() and ".git" not in path.parts
            )
            yield from (str(path) for path, _ in zip(files, range(MOST_OUTSIDE), strict=False))

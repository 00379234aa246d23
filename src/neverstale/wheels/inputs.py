"""What a build asked of the world, and the answers: equal answers, equal wheels.

A question is a word and its object: ``file src/demo/cli.py``, ``kind setup.cfg`` (is it there, and
what), ``folder src`` (its listing), ``project ../hook`` (all its files), ``variable DEMO``,
``tree`` (the names of all source files, but for those behind it that the build wrote), ``git``,
``hg``, ``day``, ``python``. Paths below the project are relative to it. The answers are digests
and words; what a build asked is in its record (`recorder`).
"""

import os
import re
import stat
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from neverstale.errors import NeverstaleError
from neverstale.files import (
    EXECUTABLE,
    NOT_THE_PROJECT,
    Tick,
    digest_of_file,
    folders,
    is_apart,
    leads_to_file,
    listing,
    no_tick,
    short_hash,
    text_if_there,
)
from neverstale.git import state_of
from neverstale.process import outer_environment
from neverstale.project.artifacts import FOR_ONE_PYTHON, is_artifact
from neverstale.project.metadata import Project
from neverstale.project.sources import find_sources
from neverstale.wheels.toolchain import settings

Answers = Mapping[str, str]

ABSENT = "-"

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


@dataclass(frozen=True)
class Events:
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
    written = events.of("w")
    ours = tuple(os.path.join(os.path.realpath(f), "") for f in without)

    known: dict[Path, bool] = {}

    def is_within(path: Path) -> bool:
        """Return whether *path* is in an environment or a cache inside of the project."""
        if path == project.root or not path.is_relative_to(project.root):
            return False
        if path not in known:
            known[path] = is_within(path.parent) or _is_environment(path, project.root)
        return known[path]

    def counts(path: str) -> bool:
        below = _spelled(project.root, path)
        return not (
            is_within(Path(path))
            or path in written
            or any(parent in written for parent in map(str, Path(path).parents))
            or os.path.join(os.path.realpath(path), "").startswith(ours)
            or path.startswith(("/proc/", "/dev/", "/sys/"))
            or (not os.path.isabs(below) and _is_noise(below))
        )

    read = {path for path in (*events.of("r"), *depended_on) if counts(path)}
    above = {str(parent) for home in (project.root, *without) for parent in Path(home).parents}
    asked = {path for path in events.of("k") if counts(path)} - read - above
    found = {f"file {_spelled(project.root, path)}" for path in read}
    found |= {f"kind {_spelled(project.root, path)}" for path in asked}
    found |= {f"folder {_spelled(project.root, p)}" for p in events.of("l") if counts(p)}
    found |= {f"variable {name}" for name in events.of("v") - GIVEN if _is_asked(name)}
    found |= {each for each in VERSIONING if events.of("p") & {each, f"{each}.exe"}}
    if events.opaque:
        made = {_spelled(project.root, path) for path in written}
        made &= {question[5:] for question in outputs_of(project, events)}
        found.add("\t".join(["tree", *sorted(made)]))
        found |= {f"file {path}" for path in find_sources(project) if path not in made}
    if project.may_compile:
        found.add("settings")
    if not events.seen or project.may_compile:
        found |= {f"file {path}" for path in _named_outside(project)}
    return found


def outputs_of(project: Project, events: Events) -> set[str]:
    """Return the questions about files that a build wrote among the sources and left there."""
    below = {_spelled(project.root, path) for path in events.of("w")}
    return {
        f"file {path}"
        for path in below
        if not os.path.isabs(path) and not _is_noise(path) and (project.root / path).is_file()
    }


def _is_asked(name: str) -> bool:
    return not name.startswith(("NEVERSTALE_", "PYTHON")) and "\n" not in name


def _is_noise(path: str) -> bool:
    """Return whether *path*, below the project, is an artifact, bytecode or in such a folder."""
    parts = path.split("/")
    return (
        is_artifact(path)
        or not NOT_THE_PROJECT.isdisjoint(parts)
        or "__pycache__" in parts
        or path.endswith(".pyc")
    )


def _spelled(root: Path, path: str) -> str:
    """Return *path* relative to *root*, ``/`` between the parts; one outside as it is."""
    start = str(root)
    if path == start:
        return "."
    if path.startswith(start + os.sep):
        return path[len(start) + 1 :].replace(os.sep, "/")
    return path


def _named_outside(project: Project) -> Iterator[str]:
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


@dataclass
class Present:
    """The world as it is now, as one project's builds see it; each question is answered once.

    ``python`` is the version, such as ``3.12``, that something is compiled for.
    """

    project: Project
    python: str | None = None
    tick: Tick = no_tick
    known: dict[str, str] = field(default_factory=dict)

    def for_python(self, python: str | None) -> "Present":
        """Return the same world for another Python; what was answered is not asked again."""
        known = {q: a for q, a in self.known.items() if q != "python"}
        return Present(self.project, python, self.tick, known)

    def answers(self, questions: Iterable[str]) -> dict[str, str]:
        """Return the answers to *questions*."""
        return {question: self.answer(question) for question in sorted(questions)}

    def changed(self, answers: Answers, *, at_most: int | None = None) -> list[str]:
        """Return the questions whose answers are not those of *answers*, *at_most* so many."""
        found: list[str] = []
        for done, (question, answer) in enumerate(answers.items()):
            if done % 200 == 0:
                self.tick(done, len(answers))
            if self.answer(question) != answer:
                found.append(question)
                if at_most is not None and len(found) >= at_most:
                    break
        return found

    def answer(self, question: str) -> str:
        """Return the answer to one question."""
        if question not in self.known:
            self.known[question] = self._answer(question)
        return self.known[question]

    def _answer(self, question: str) -> str:
        word, _, about = question.partition(" ")
        if question.startswith("tree\t"):
            return self._circumstance(question)
        path = self.project.root / about
        of_path = {"file": _content_of, "kind": _kind_of, "project": _project_at}
        if word in of_path:
            return of_path[word](path)
        if word == "folder":
            return _listing_of(path, self.project.root)
        if word == "variable":
            value = outer_environment().get(about)
            return ABSENT if value is None else short_hash(value)
        return self._circumstance(word)

    def _circumstance(self, word: str) -> str:
        tree, *without = word.split("\t")
        if tree == "tree":
            return short_hash(*sorted(find_sources(self.project).keys() - set(without)))
        if word == "git":
            return state_of(self.project.root)
        if word == "hg":
            return _mercurial(self.project.root)
        if word == "day":
            return time.strftime("%Y%m%d", time.gmtime())
        if word == "settings":
            return short_hash(*settings())
        return (self.python or "") if word == "python" else ABSENT


def _content_of(path: Path) -> str:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return "folder" if stat.S_ISDIR(status.st_mode) else "special"
        return digest_of_file(path) + (" x" if status.st_mode & EXECUTABLE else "")
    except PermissionError as error:
        raise NeverstaleError(
            f"{path} cannot be read: {error.strerror}",
            hint="check its permissions, or move it out of the project",
        ) from error
    except (OSError, ValueError):
        return ABSENT


def _kind_of(path: Path) -> str:
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return ABSENT
    return "folder" if stat.S_ISDIR(mode) else "file"


def _listing_of(path: Path, root: Path) -> str:
    """Return a hash over the names in a folder, without what is no input: see `_is_noise`."""
    if not path.is_dir():
        return ABSENT
    names = listing(path)
    if path.is_relative_to(root):
        names = [name for name in names if not _is_passed_over(path / name, root)]
    return short_hash(*names)


def _is_passed_over(path: Path, root: Path) -> bool:
    below = path.relative_to(root).as_posix()
    if _is_noise(below) or FOR_ONE_PYTHON.fullmatch(path.name):
        return True
    return _is_environment(path, root)


def _is_environment(path: Path, root: Path) -> bool:
    """Return whether *path*, below *root*, is an environment's or a cache's folder."""
    return path.is_dir() and is_apart(path, root, listing(path))


def _project_at(root: Path) -> str:
    """Return a hash over the files of a project by path, which something is built with."""
    found = []
    try:
        for folder, entries in folders(root, through_links=False):
            for entry in entries:
                below = Path(folder, entry.name).relative_to(root).as_posix()
                if not _is_noise(below) and leads_to_file(entry):
                    found.append(f"{below} {_content_of(Path(entry.path))}")
    except OSError:
        return ABSENT
    return short_hash(*found)


def _mercurial(root: Path) -> str:
    """Return a hash of the state of a Mercurial repository: its parents, changesets and names."""
    found = next((f / ".hg" for f in (root, *root.parents) if (f / ".hg").is_dir()), None)
    if found is None:
        return ABSENT
    names = ("store/00changelog.i", "branch", "bookmarks", "localtags")
    parts = [_content_of(found / name) for name in names]
    return short_hash(text_if_there(found / "dirstate")[:40], *parts, _content_of(root / ".hgtags"))


def in_words(question: str) -> str:
    """Return what a question is about, for a person."""
    word, _, about = question.partition("\t")[0].partition(" ")
    return {
        "folder": f"the files in {about}",
        "variable": f"the variable {about}",
        "tree": "the names of the source files",
        "git": "git's state (HEAD, refs or index)",
        "hg": "Mercurial's state",
        "day": "the day, which is in the version",
        "settings": "the settings of the compilers (CC, CFLAGS and the like)",
        "python": "the version of Python",
    }.get(word, about)

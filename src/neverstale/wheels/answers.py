"""The world as it is now: the answers to the questions of a build."""

import os
import stat
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from neverstale.errors import NeverstaleError
from neverstale.files import (
    EXECUTABLE,
    NOT_THE_PROJECT,
    Tick,
    digest_of_file,
    entries_in,
    folders,
    is_apart,
    leads_to_file,
    leads_to_folder,
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


def is_noise(path: str) -> bool:
    """Return whether *path*, below the project, is an artifact, bytecode or in such a folder."""
    parts = path.split("/")
    return (
        is_artifact(path)
        or not NOT_THE_PROJECT.isdisjoint(parts)
        or "__pycache__" in parts
        or path.endswith(".pyc")
    )


class Present:
    """The world as it is now, as one project's builds see it; each question is answered once.

    ``python`` is the version, such as ``3.12``, that something is compiled for.
    """

    def __init__(
        self,
        project: Project,
        python: str | None = None,
        tick: Tick = no_tick,
        known: dict[str, str] | None = None,
    ) -> None:
        self.project = project
        self.python = python
        self.tick = tick
        self.known = {} if known is None else known

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
        path = os.path.join(self.project.root, about)
        of_path = {"file": _content_of, "kind": _kind_of, "project": _project_at}
        if word in of_path:
            return of_path[word](path)
        if word == "folder":
            return _listing_of(Path(path), self.project.root)
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


def _content_of(path: Path | str) -> str:
    try:
        status = os.stat(path)
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


def _kind_of(path: Path | str) -> str:
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return ABSENT
    return "folder" if stat.S_ISDIR(mode) else "file"


def _listing_of(path: Path, root: Path) -> str:
    """Return a hash over the names in a folder, without what is no input: see `is_noise`."""
    if not path.is_dir():
        return ABSENT
    if not path.is_relative_to(root):
        return short_hash(*listing(path))
    above = "" if path == root else f"{path.relative_to(root).as_posix()}/"
    try:
        entries = entries_in(path)
    except OSError:
        entries = []
    return short_hash(*(e.name for e in entries if not _is_passed_over(e, above, root)))


def _is_passed_over(entry: os.DirEntry[str], above: str, root: Path) -> bool:
    if is_noise(above + entry.name) or FOR_ONE_PYTHON.fullmatch(entry.name):
        return True
    return leads_to_folder(entry, through_links=True) and is_environment_folder(
        Path(entry.path), root
    )


def is_environment_folder(path: Path, root: Path) -> bool:
    """Return whether *path*, below *root*, is an environment's or a cache's folder."""
    return path.is_dir() and is_apart(path, root, listing(path))


def _project_at(path: str) -> str:
    """Return a hash over the files of a project by path, which something is built with."""
    root, found = Path(path), []
    try:
        for folder, entries in folders(root, through_links=False):
            for entry in entries:
                below = Path(folder, entry.name).relative_to(root).as_posix()
                if not is_noise(below) and leads_to_file(entry):
                    found.append(f"{below} {_content_of(entry.path)}")
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

"""Builds: forced, recorded, and in the one configuration that every command shares.

The hook of the build backend is called as `uv build` calls it. uv's own backend is called by uv.
"""

import os
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from neverstale.errors import NeverstaleError
from neverstale.process import Uv, base_interpreter
from neverstale.project.metadata import Declared, Project, read_project
from neverstale.project.sources import Sources, read_sources
from neverstale.wheels.answers import Answers, Present, in_words
from neverstale.wheels.backend import kept_backend
from neverstale.wheels.build_cache import kept_objects
from neverstale.wheels.calling import FRONTEND, Kind, build_environment, build_failed, call_hook
from neverstale.wheels.inputs import DATED, Events, outputs_of, questions_of, read_events
from neverstale.wheels.sdist import settle
from neverstale.wheels.store import Built, Store
from neverstale.wheels.toolchain import interpreter_of, refuse_without_toolchain
from neverstale.wheels.trace import Trace

BUILDS_AT_MOST = 3
"""How often a build is made again because the sources changed under it."""

OUTLIVE = ("mesonpy", "scikit_build_core.build")
"""Backends whose editable installs call their environment later: it is kept for good."""


class _Call(NamedTuple):
    """One call of a build backend: the archive, the events, what compilers have read.

    ``projects`` are the folders of build requirements by path.
    """

    archive: Path
    events: Events
    read: tuple[str, ...]
    projects: tuple[Path, ...]


class Builder(NamedTuple):
    """What every build of a command shares: uv, the store, and how to wait for another process.

    *traceless* is whether a build may leave nothing in the project's folder.
    """

    uv: Uv
    store: Store
    wait: Callable[[], None]
    traceless: bool = False

    def known(self, present: Present, kind: Kind) -> Built | None:
        """Return what the store has of the present state, or None."""
        return self.store.find(present.project, kind, present)

    def usable(self, present: Present, kind: Kind) -> Built | None:
        """Return what `known` returns if its file is still what was put in, or None."""
        built = self.known(present, kind)
        return built if built and self.store.whole(built) else None

    def build(self, present: Present, kind: Kind, python: Sequence[str]) -> Built:
        """Build *kind* from the sources as they are, and store it with what the build read.

        *python* is the option that names an interpreter, or nothing. Sources that change during a
        build are built again, for the archive may hold half of each state. Raise NeverstaleError
        where the build fails or the sources do not come to rest.
        """
        project = present.project
        before = read_sources(project, present.tick) if project.may_compile else None
        target, minor = _target(self.uv, project, python, before)
        touched: dict[str, str] = {}
        for _ in range(BUILDS_AT_MOST):
            with self.store.scratch() as scratch, Trace(project.root, scratch, self.traceless):
                marker = _now_at(scratch)
                call = self._call(project, kind, target, minor, before, scratch)
                archive, events = call.archive, call.events
                now = Present(project, minor)
                ours = [scratch, self.store.folder, FRONTEND.parent]
                questions = questions_of(project, events, ours, call.read)
                questions |= {f"project {folder}" for folder in call.projects}
                answers = now.answers(_with_circumstances(questions, archive, minor))
                again = {q: answers[q] for q in _touched(project, answers, marker, events)}
                changed = [] if before is None else _differing(before, read_sources(project))
                settled = events.opaque and again == touched and not changed
                if not again or settled:  # what runs unseen may write into the sources each time
                    outputs = Present(project).answers(outputs_of(project, events))
                    return self.store.put(project, kind, archive, answers, outputs)
                touched, before = again, read_sources(project) if before else None
        raise NeverstaleError(
            f"the sources changed during each of {BUILDS_AT_MOST} builds: "
            f"{in_words(next(iter(touched)))}",
            hint="let whatever writes into the project finish, then run the command again",
        )

    def archive(self, project: Project, kind: Kind, python: Sequence[str], scratch: Path) -> Path:
        """Build *kind* of *project* in the empty folder *scratch*, without a word to the store."""
        before = read_sources(project) if project.may_compile else None
        target, minor = _target(self.uv, project, python, before)
        return self._call(project, kind, target, minor, None, scratch).archive

    def _call(
        self,
        project: Project,
        kind: Kind,
        python: Path,
        minor: str | None,
        before: Sources | None,
        scratch: Path,
    ) -> _Call:
        """Build once in *scratch*."""
        projects: tuple[Path, ...] = ()
        into, record = scratch / "out", scratch / "record"
        into.mkdir()
        record.mkdir()
        uv = self.uv.at(project.root)
        environment = build_environment(project, scratch) | {"NEVERSTALE_RECORD": str(record)}
        if self.traceless:
            environment["NEVERSTALE_KEEP"] = os.path.realpath(project.root)
        if project.build_backend == "uv_build" and kind != "editable":
            self._call_uv(uv, kind, into, environment)
        else:
            good = (
                self.store.folder / "editable" / project.name if _outlives(project, kind) else None
            )
            at = self.uv.at(project.configured_in)
            backend = kept_backend(at, project, python, self.wheel_of, self.wait, good)
            projects = backend.projects
            objects = self.store.folder / "objects" / project.name / (minor or "any")
            sources = before if kind == "wheel" else None
            where = str(backend.scripts)
            with kept_objects(project, objects, self.store.folder, where, sources) as reuse:
                call_hook(uv, project, backend, kind, scratch, environment, reuse)
        ending = ".tar.gz" if kind == "sdist" else ".whl"  # uv puts a .gitignore beside it
        built = [path for path in into.iterdir() if path.name.endswith(ending)]
        if len(built) != 1:
            raise NeverstaleError(
                f"the build left {len(built)} archives, not one",
                hint="run `uv build` and see what the build backend does",
            )
        if kind == "sdist":
            settle(built[0], int(environment["SOURCE_DATE_EPOCH"]))
        read = _read_by_compilers(scratch)
        return _Call(built[0], read_events(record), tuple(read), projects)

    def _call_uv(self, uv: Uv, kind: Kind, into: Path, environment: Mapping[str, str]) -> None:
        command = ("build", f"--{kind}", "--quiet", "--out-dir", str(into))
        if uv.attempt(*command, "--offline", environment=environment) is None:
            code, said = uv.capture(uv.executable, *command, environment=environment)
            if code:
                raise build_failed(uv, said)

    def wheel_of(self, folder: Path) -> Path:
        """Return a wheel of the project in *folder*, a build requirement by path."""
        project = read_project(folder, self.ask)
        present = Present(project)
        return (self.usable(present, "wheel") or self.build(present, "wheel", [])).archive

    def ask(self, project: Project, *, may_build: bool = True, old: bool = False) -> Declared:
        """Return what the backend of *project* says of it, whose name is not known yet.

        setup.py, setup.cfg, ``[tool.poetry]`` and ``[tool.flit.metadata]`` are formats of their
        backends; METADATA of a wheel is the one that all share. With *old*, an earlier state will
        do. Raise NeverstaleError where no build is known and none may be made.
        """
        present = Present(project)
        built = self.store.newest(project, "wheel") if old else None
        built = built or self.known(present, "wheel")
        if built is None and not may_build:
            raise NeverstaleError(
                "only a build tells what a project without [project] is called",
                hint="run the doctor without --quick, or `install`, once",
            )
        if built is None:
            with self.store.locked(self.wait):
                built = self.build(present, "wheel", [])
        found = built.distribution
        return Declared(found.name, found.requires_python, found.programs)


def _outlives(project: Project, kind: Kind) -> bool:
    return kind == "editable" and project.build_backend in OUTLIVE


def _target(
    uv: Uv, project: Project, python: Sequence[str], before: Sources | None
) -> tuple[Path, str | None]:
    """Return the interpreter to build with, and its version where something is compiled for it."""
    if before is None:
        if not python:
            return base_interpreter(), None
        is_path = os.path.exists(python[-1])  # or a version, as uv takes it
        given = python[-1] if is_path else interpreter_of(uv, python).executable
        return Path(os.path.realpath(given)), None
    refuse_without_toolchain(project, before.files)
    target = interpreter_of(uv, python)
    refuse_without_toolchain(project, before.files, target.headers)
    return Path(os.path.realpath(target.executable)), target.minor


def _with_circumstances(questions: set[str], archive: Path, minor: str | None) -> set[str]:
    """Return *questions* with those that follow from what was built."""
    pure = archive.name.endswith(("-none-any.whl", ".tar.gz"))
    day = {"day"} if DATED.search(archive.name) else set()
    return questions | day | (set() if pure or minor is None else {"python"})


def _now_at(folder: Path) -> int:
    """Return the present time by the clock of the file system of *folder*, in nanoseconds."""
    marker = folder / "began"
    marker.touch()
    return marker.stat().st_mtime_ns


def _touched(project: Project, answers: Answers, since: int, events: Events) -> list[str]:
    """Return the questions whose files changed since *since*, whatever they hold now.

    A time of change (ctime) cannot be put back: a checkout of another branch and back during the
    build shows. Windows has no such time.
    """
    found = []
    for question in answers:
        word, _, about = question.partition(" ")
        if word != "file":
            continue
        try:
            status = os.stat(project.root / about)
        except (OSError, ValueError):
            continue
        changed = status.st_mtime_ns if os.name == "nt" else status.st_ctime_ns
        written = str(project.root / about) in events.of("w")
        if changed >= since and stat.S_ISREG(status.st_mode) and not written:
            found.append(question)
    return found


def _differing(before: Sources, after: Sources) -> list[str]:
    paths = before.files.keys() | after.files.keys()
    return [path for path in paths if before.files.get(path) != after.files.get(path)]


def _read_by_compilers(scratch: Path) -> list[str]:
    """Return the absolute paths that GCC noted (``DEPENDENCIES_OUTPUT``)."""
    try:
        text = (scratch / "dependencies").read_text("utf-8", "replace")
    except OSError:
        return []
    words = text.replace("\\\n", " ").split()
    return [word for word in words if os.path.isabs(word) and not word.endswith(":")]

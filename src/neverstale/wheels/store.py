"""The store: what was built, at paths that are named by content, and what each build read.

No cache of uv's can answer for a path that did not exist before, and a wheel of equal content has
an equal path, so that uv's caches still serve it. A project that has the launcher has a store of
its own, ``.neverstale/``; what is remembered of any other is in the user's cache.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from neverstale.cache import cache_folder, held, seal_of
from neverstale.errors import NeverstaleError
from neverstale.files import read_bytes, short_hash, write_text
from neverstale.project.metadata import Project
from neverstale.removal import discard
from neverstale.wheels.answers import Answers, Present
from neverstale.wheels.archives import read_sdist, read_wheel
from neverstale.wheels.distribution import Distribution, parse_requirements

FOLDER = ".neverstale"
"""The store's folder in a project; git and backup programs are told to pass it over."""

LAUNCHER = "tools/neverstale.py"

MANIFEST = "manifest"
"""What a wheel of the store holds, next to it: read without unpacking the wheel again."""

IDENTITY = "identity"
"""The file with a seal of the folder: what came with a clone or an archive has none that fits."""

PARTS = ("aside", "backends", "builds", "editable", "objects", "wheels")

BUILDING = "building-"
"""How the names of folders begin in which something is built."""

WHEELS_KEPT = 8
"""How many wheels of one name the store holds at most."""

NOTES_KEPT = 48
"""How many builds of one project it remembers."""

CACHEDIR_TAG = "Signature: 8a477f597d28d172789f06886806bc55\n"


class Built(NamedTuple):
    """Something that was built: the archive, what it holds, and the answers it depends on.

    ``outputs`` are the answers about files that the build itself wrote among the sources.
    """

    archive: Path
    distribution: Distribution
    answers: Answers
    outputs: Answers = MappingProxyType({})


class Store(NamedTuple):
    """The store of one project, in the folder *folder*; made when something is put in."""

    folder: Path

    @contextmanager
    def locked(self, wait: Callable[[], None]) -> Iterator[None]:
        """Hold the store for one process; call *wait* once if another one has it.

        What builds that were killed have left is removed: whoever builds holds the store.
        """
        self.make()
        with held(self.folder / "lock", wait) as anew:
            for left in self.folder.glob(f"{BUILDING}*") if anew else ():
                discard(left, self.folder)
            yield

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Yield an empty folder in the store, which has to be held; it is gone afterwards."""
        import tempfile

        self.make()
        with tempfile.TemporaryDirectory(
            prefix=BUILDING, dir=self.folder, ignore_cleanup_errors=True
        ) as folder:
            yield Path(folder)

    def put(
        self,
        project: Project,
        kind: str,
        archive: Path,
        answers: Answers,
        outputs: Answers | None = None,
    ) -> Built:
        """Move *archive*, built of *project* with *answers*, in; return it at its new path."""
        distribution = _read(archive)
        kept = self.folder / "wheels" / content_of(distribution) / archive.name
        if not _holds(kept):
            kept.parent.mkdir(parents=True, exist_ok=True)
            os.replace(archive, kept)
        write_text(kept.parent / MANIFEST, _spelled(distribution))
        os.utime(kept.parent)
        content = kept.parent.name
        note = self._notes(project) / f"{short_hash(kind, content, json.dumps(answers))}.json"
        note.parent.mkdir(parents=True, exist_ok=True)
        where = kept.relative_to(self.folder / "wheels").as_posix()
        written = dict(outputs or {})
        noted = {"kind": kind, "archive": where, "answers": dict(answers), "outputs": written}
        write_text(note, json.dumps(noted))
        self._forget_oldest(project, kept.parent, note)
        return Built(kept, distribution, answers, written)

    def find(self, project: Project, kind: str, present: Present) -> Built | None:
        """Return the newest of `all_of`, or None."""
        return next(iter(self.all_of(project, kind, present)), None)

    def all_of(self, project: Project, kind: str, present: Present) -> list[Built]:
        """Return what *project* was built into where all answers are those of *present*.

        The newest first; several where a compiler does not give the same bytes twice.
        """
        notes = reversed(_oldest_first(self._notes(project)))
        built = (each for note in notes if (each := self._noted(note, kind)))
        return [each for each in built if not present.changed(each.answers, at_most=1)]

    def newest(self, project: Project, kind: str) -> Built | None:
        """Return the last build of *project*, whatever has changed since, or None."""
        notes = reversed(_oldest_first(self._notes(project)))
        return next((built for note in notes if (built := self._noted(note, kind))), None)

    def whole(self, built: Built) -> bool:
        """Return whether the file of *built* is still what was put in."""
        return _holds(built.archive)

    def make(self) -> None:
        """Make the folder, and tell git and backup programs to pass it over."""
        self.folder.mkdir(parents=True, exist_ok=True)
        texts = {".gitignore": "*\n", "CACHEDIR.TAG": CACHEDIR_TAG}
        if not _is_ours(self.folder):
            texts[IDENTITY] = str(seal_of(_identity_of(self.folder), make=True))
        for name, text in texts.items():
            if name == IDENTITY or not (self.folder / name).exists():
                write_text(self.folder / name, text)

    def _notes(self, project: Project) -> Path:
        # A project without [project] is called `unnamed` until its first build.
        return self.folder / "builds" / short_hash(str(project.root))

    def _noted(self, note: Path, kind: str) -> Built | None:
        try:
            noted = json.loads(read_bytes(note).decode("utf-8", "surrogateescape"))
            archive = self.folder / "wheels" / str(noted["archive"])
            answers = {str(q): str(a) for q, a in noted["answers"].items()}
            outputs = {str(q): str(a) for q, a in noted["outputs"].items()}
            if noted["kind"] != kind or ".." in archive.parts:
                return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        found = _read_manifest(archive.parent / MANIFEST)
        return Built(archive, found, answers, outputs) if found and archive.is_file() else None

    def _forget_oldest(self, project: Project, wheel: Path, note: Path) -> None:
        """Keep the newest archives and notes, and those just put in, whatever the clock says."""
        by_name: dict[str, list[Path]] = {}
        for folder in _oldest_first(self.folder / "wheels"):
            names = [path.name for path in folder.glob("*-*")]
            key = f"{names[0].partition('-')[0]} {Path(names[0]).suffix}" if names else ""
            by_name.setdefault(key, []).append(folder)
        for names_of in by_name.values():
            for folder in names_of[:-WHEELS_KEPT]:
                if folder != wheel:
                    discard(folder, self.folder)
        for old in _oldest_first(self._notes(project))[:-NOTES_KEPT]:
            if old != note:
                old.unlink(missing_ok=True)


def store_of(root: Path, *, looking: bool = False) -> Store:
    """Return the store of the project at *root*: its own, or one in the user's cache.

    A store that this user did not make is a stranger's, who can put anything into it: it is left
    alone. Unless only *looking*, raise NeverstaleError where it, or a part of it, is a link.
    """
    own = root / FOLDER
    if not own.exists() and not own.is_symlink() and not (root / LAUNCHER).is_file():
        return _in_cache(root)
    links = [path for path in (own, *(own / part for part in PARTS)) if path.is_symlink()]
    foreign = own.is_dir() and any(own.iterdir()) and not _is_ours(own)
    if looking if links else foreign:
        return _in_cache(root)
    if links:
        raise NeverstaleError(
            f"{links[0].relative_to(root)} is a link to {os.readlink(links[0])}",
            hint=f"remove the link: `rm {links[0].relative_to(root)}`",
        )
    return Store(own)


def _in_cache(root: Path) -> Store:
    return Store(cache_folder() / "projects" / short_hash(os.path.realpath(root)))


def _identity_of(folder: Path) -> str:
    return f"store {folder.stat().st_ino}"


def _is_ours(folder: Path) -> bool:
    try:
        return read_bytes(folder / IDENTITY).decode() == seal_of(_identity_of(folder))
    except (OSError, ValueError, NeverstaleError):
        return False


def content_of(distribution: Distribution) -> str:
    """Return 120 bits of SHA-256, in hexadecimal, over all that *distribution* holds.

    The times in an archive do not count. Lower case and short, as a folder's name on any file
    system has to be.
    """
    lines = [f"{path}\0{digest}\n" for path, digest in sorted(distribution.files.items())]
    lines += [f"{path}\n" for path in sorted(distribution.executable)]
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()[:30]


def _read(archive: Path) -> Distribution:
    from packaging.utils import parse_sdist_filename

    if archive.suffix == ".whl":
        return read_wheel(archive)
    name, version = parse_sdist_filename(archive.name)
    files = read_sdist(archive)
    nothing = frozenset[str]()
    return Distribution(name, str(version), files, nothing, {}, frozenset())


def _holds(archive: Path) -> bool:
    """Return whether the file *archive* is there and still has the content of its folder."""
    try:
        return content_of(_read(archive)) == archive.parent.name
    except (NeverstaleError, OSError):
        return False


def _spelled(distribution: Distribution) -> str:
    """Return *distribution* as JSON, behind a hash that tells whether it was changed since."""
    noted = {
        **distribution._asdict(),
        "plugins": dict(distribution.plugins),
        "bodies": dict(distribution.bodies),
        "executable": sorted(distribution.executable),
        "requirements": sorted(map(str, distribution.requirements)),
    }
    text = json.dumps(noted)
    return f"{hashlib.sha256(text.encode('ascii')).hexdigest()}\n{text}"


def _read_manifest(path: Path) -> Distribution | None:
    """Return what was noted of an archive; None unless it is what was noted, of that archive."""
    try:
        check, _, text = read_bytes(path).partition(b"\n")
        if check.decode() != hashlib.sha256(text).hexdigest():
            return None
        noted = json.loads(text)
        requirements = parse_requirements(noted["requirements"])
        executable = frozenset(noted["executable"])
        found = Distribution(**{**noted, "executable": executable, "requirements": requirements})
    except (OSError, ValueError, KeyError, TypeError, AttributeError, NeverstaleError):
        return None
    return found if content_of(found) == path.parent.name else None


def _oldest_first(folder: Path) -> list[Path]:
    if not folder.is_dir() or folder.is_symlink():
        return []
    return sorted(folder.iterdir(), key=lambda path: path.lstat().st_mtime_ns)

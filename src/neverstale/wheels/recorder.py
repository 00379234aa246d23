"""Record what a build reads. Copied into the environment of a build backend, where a ``.pth`` file
imports it at start-up, in every process of that interpreter (Python 3.8 and newer).

Where NEVERSTALE_RECORD names a folder, each event is appended to a file in it: a letter and a
path, ended by a NUL. ``r`` read, ``w`` written, made or removed, ``l`` listed, ``k`` asked whether
it is there, ``v`` a variable of the environment, ``p`` a program started, ``c`` a copy kept of
what is about to be overwritten (its number, a colon, the path).
Audit events: https://docs.python.org/3/library/audit_events.html. They do not cover `os.stat` and
`os.environ`, so those two are wrapped.
"""

import importlib._bootstrap_external as _loader
import os
import sys
from types import FrameType
from typing import Any, Callable, Iterator, List, Optional, Set, Tuple

LIBRARY = os.path.dirname(os.__file__)
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGED = {"os.mkdir": 2, "os.remove": 1, "os.rmdir": 1, "os.truncate": 9, "os.chmod": 2}
"""Events of one path, and which argument is the folder that it is relative to (-1: none)."""

MOVED = {"os.rename": 2, "os.link": 2, "os.symlink": 2}
"""Events of two paths, the same."""

STARTED = ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.spawn")
IN_BETWEEN = ("os.py", "<frozen os>", "_collections_abc.py", "<frozen _collections_abc>", __file__)
COUNTED = ("string.py", "posixpath.py", "ntpath.py", "<frozen posixpath>", "<frozen ntpath>")
stat, lstat = os.stat, os.lstat


def asking() -> Optional[FrameType]:
    """Return the frame of the code that asks the environment, behind what only passes it on."""
    frame: Optional[FrameType] = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.endswith(IN_BETWEEN):
        frame = frame.f_back
    return frame


class Asked:
    """A function of `os` that notes the path it is asked of.

    No function of Python, for as an attribute of a class that would become a method: pathlib keeps
    `os.stat` in one, up to Python 3.10.
    """

    def __init__(self, original: Callable[..., Any], note: Callable[[str, Any], None]) -> None:
        self.original, self.note = original, note
        self.__name__ = original.__name__
        for known in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks):
            if original in known:
                known.add(self)

    def __call__(self, path: Any, *arguments: Any, **options: Any) -> Any:
        """Note the path, and return what the function does."""
        if not options.get("dir_fd"):
            self.note("k", path)
        return self.original(path, *arguments, **options)


def exists(path: Any) -> bool:
    """Return whether *path* exists, without a word in the record."""
    try:
        lstat(path)
    except (OSError, ValueError, TypeError):
        return False
    return True


class Recorder:
    """Records to a new file in *folder*; keeps what is overwritten below *kept*, if any.

    Left out are the backend itself (its environment), the interpreter and *folder*.
    """

    def __init__(self, folder: str, kept: str) -> None:
        self.folder, self.kept = folder, kept
        self.process = "%d-%s" % (os.getpid(), os.urandom(4).hex())
        name = os.path.join(folder, "events-" + self.process)
        self.out = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.program = os.path.realpath(sys.executable)
        made = os.path.join(os.path.dirname(self.program), "Modules")  # in its build folder
        zipped = "python%d%d.zip" % sys.version_info[:2]
        library = os.path.join(os.path.dirname(LIBRARY), zipped)
        ours = (sys.prefix, LIBRARY, library, folder, self.program, made)
        self.noise = tuple({os.path.join(path, "") for path in ours})
        self.seen: Set[Tuple[str, str]] = set()
        self.busy = False
        self.copies = 0
        self.copied: Optional[Tuple[int, int]] = None

    def write(self, kind: bytes, what: bytes) -> None:
        """Append one event."""
        os.write(self.out, kind + what + b"\0")

    def note(self, kind: str, path: Any) -> None:
        """Note what happened to *path*, once."""
        if isinstance(path, int) or self.busy:
            return
        try:
            path = os.fsdecode(path)
        except (TypeError, ValueError):
            return
        if (kind, path) in self.seen and os.path.isabs(path):
            return
        self.busy = True
        try:
            absolute = os.path.abspath(path)
            place = os.path.join(absolute, "")
            above = kind == "k" and any(each.startswith(place) for each in self.noise)
            if (kind, absolute) not in self.seen and not place.startswith(self.noise) and not above:
                if kind == "w" and self.kept:
                    self.keep(absolute)
                self.seen.add((kind, absolute))
                self.write(kind.encode(), os.fsencode(absolute))
        except (OSError, ValueError):
            pass
        finally:
            self.busy = False

    def keep(self, path: str) -> None:
        """Keep a copy of the file at *path*, which is about to be overwritten."""
        if ("w", path) in self.seen or not path.startswith(self.kept + os.sep):
            return
        if os.path.isfile(path) and not os.path.islink(path):
            self.copies += 1
            name = "%s-%d" % (self.process, self.copies)
            copy = os.path.join(self.folder, name)
            with open(path, "rb") as old, open(copy, "wb") as new:
                new.write(old.read())
            os.chmod(copy, stat(path).st_mode & 0o777 | 0o600)
            self.write(b"c", name.encode() + b":" + os.fsencode(path))

    def below(self, folder: Any) -> List[str]:
        """Return the files below *folder*, which is about to go."""
        busy, self.busy = self.busy, True
        try:
            return [
                os.path.join(place, name) for place, _, names in os.walk(folder) for name in names
            ]
        finally:
            self.busy = busy

    def note_variable(self, key: object) -> None:
        """Note that the build asked for a variable of the environment."""
        frame = asking()
        if frame is not None and (id(frame), frame.f_lasti) == self.copied:
            return  # one of all: the environment is copied, for a process to be started
        place = frame.f_code.co_filename if frame is not None else ""
        # What the standard library asks (PATH, HOME, TMPDIR) shows in what it opens or starts.
        own = place.startswith((LIBRARY, "<frozen")) and "site-packages" not in place
        asked = not own or place.endswith(COUNTED)
        if asked and isinstance(key, str) and ("v", key) not in self.seen:
            self.seen.add(("v", key))
            self.write(b"v", os.fsencode(key))

    def note_program(self, arguments: Tuple[Any, ...]) -> None:
        """Note a program that this recorder does not see into."""
        words = arguments[1] or ["?"]
        if isinstance(words, str):  # one line, as Windows has it
            first = words[1:].partition('"')[0] if words[0] == '"' else words.partition(" ")[0]
            words = [first, *words.split()]
        program = arguments[0] or words[0]
        same = os.path.realpath(os.fsdecode(program)) == self.program
        if not same or "-S" in [str(each) for each in words]:
            self.write(b"p", os.path.basename(os.fsencode(program)))

    def hook(self, event: str, arguments: Tuple[Any, ...]) -> None:
        """Take an audit event."""
        if event == "open":
            path, mode, flags = arguments
            writes = any(sign in mode for sign in "wax+") if mode else (flags or 0) & WRITING
            self.note("w" if writes else "r", path)
        elif event in ("os.listdir", "os.scandir"):
            self.note("l", arguments[0] if arguments[0] is not None else ".")
        elif event == "shutil.rmtree" or (event == "os.rename" and os.path.isdir(arguments[0])):
            for path in [*self.below(arguments[0]), *arguments[: 1 + (event == "os.rename")]]:
                self.note("w", path)
        elif event in CHANGED:
            # A folder that exists is often made again (exist_ok); that makes nothing.
            again = event == "os.mkdir" and exists(arguments[0])
            if arguments[CHANGED[event] :][:1] in ((), (-1,), (None,)) and not again:
                self.note("w", arguments[0])
        elif event in MOVED and arguments[MOVED[event] :][:1] in ((), (-1,)):
            self.note("w" if event == "os.rename" else "r", arguments[0])
            self.note("w", arguments[1])
        elif event in STARTED:
            self.note_program(arguments[event == "os.spawn" :])  # the first is how
        elif event == "os.system":
            self.write(b"p", b"sh")


def start(recorder: Recorder) -> None:
    """Have *recorder* see what this process does from now on."""
    environ = type(os.environ)
    getitem = environ.__getitem__

    def asked_for(self: Any, key: Any) -> Any:
        recorder.note_variable(key)
        return getitem(self, key)

    def iterated(self: Any) -> Iterator[str]:
        for key in list(self._data):
            frame = asking()
            recorder.copied = (id(frame), frame.f_lasti if frame else 0)
            yield self.decodekey(key)

    cached = _loader.cache_from_source

    def cache_of(path: Any, *arguments: Any, **options: Any) -> Any:
        # Bytecode of the project's own modules may be that of an earlier edit: not used.
        if not os.path.abspath(path).startswith(recorder.noise):
            raise NotImplementedError
        return cached(path, *arguments, **options)

    environ.__iter__ = iterated  # type: ignore[method-assign]
    environ.__getitem__ = asked_for  # type: ignore[method-assign]
    os.stat, os.lstat = Asked(stat, recorder.note), Asked(lstat, recorder.note)
    _loader.cache_from_source = cache_of
    sys.addaudithook(recorder.hook)


if "NEVERSTALE_RECORD" in os.environ:
    start(Recorder(os.environ["NEVERSTALE_RECORD"], os.environ.get("NEVERSTALE_KEEP", "")))

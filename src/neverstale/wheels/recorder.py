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
from typing import Any, Callable, Dict, Iterator, Optional, Set, Tuple

LIBRARY = os.path.dirname(os.__file__)
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGED = {"os.mkdir": 2, "os.remove": 1, "os.rmdir": 1, "os.truncate": 9, "shutil.rmtree": 1}
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


def start(folder: str, kept: str) -> None:
    """Record to a new file in *folder*; keep what is overwritten below the folder *kept*, if any.

    Left out are the backend itself (its environment), the interpreter and *folder*.
    """
    name = os.path.join(folder, "events-%d-%s" % (os.getpid(), os.urandom(4).hex()))
    out = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    program = os.path.realpath(sys.executable)
    made = os.path.join(os.path.dirname(program), "Modules")  # of a Python in its build folder
    zipped = "python%d%d.zip" % sys.version_info[:2]
    ours = (
        sys.prefix,
        LIBRARY,
        os.path.join(os.path.dirname(LIBRARY), zipped),
        folder,
        program,
        made,
    )
    noise = tuple({os.path.join(path, "") for path in ours})
    seen: Set[Tuple[str, str]] = set()
    state: Dict[str, Any] = {"busy": False, "copies": 0, "copied": None}

    def note(kind: str, path: Any) -> None:
        if isinstance(path, int) or state["busy"]:
            return
        try:
            path = os.fsdecode(path)
        except (TypeError, ValueError):
            return
        if (kind, path) in seen and os.path.isabs(path):
            return
        state["busy"] = True
        try:
            absolute = os.path.abspath(path)
            place = os.path.join(absolute, "")
            above = kind == "k" and any(each.startswith(place) for each in noise)
            if (kind, absolute) not in seen and not place.startswith(noise) and not above:
                if kind == "w" and kept:
                    keep(absolute)
                seen.add((kind, absolute))
                os.write(out, kind.encode() + os.fsencode(absolute) + b"\0")
        except (OSError, ValueError):
            pass
        finally:
            state["busy"] = False

    def keep(path: str) -> None:
        if ("w", path) in seen or not path.startswith(kept + os.sep):
            return
        if os.path.isfile(path) and not os.path.islink(path):
            state["copies"] += 1
            copy = "%s-%d" % (os.path.basename(name)[7:], state["copies"])
            with open(path, "rb") as old, open(os.path.join(folder, copy), "wb") as new:
                new.write(old.read())
            os.chmod(os.path.join(folder, copy), stat(path).st_mode & 0o777 | 0o600)
            os.write(out, b"c" + copy.encode() + b":" + os.fsencode(path) + b"\0")

    def note_variable(key: object) -> None:
        frame = asking()
        if frame is not None and (id(frame), frame.f_lasti) == state["copied"]:
            return  # one of all: the environment is copied, for a process to be started
        place = frame.f_code.co_filename if frame is not None else ""
        # What the standard library asks (PATH, HOME, TMPDIR) shows in what it opens or starts.
        own = place.startswith((LIBRARY, "<frozen")) and "site-packages" not in place
        asked = not own or place.endswith(COUNTED)
        if asked and isinstance(key, str) and ("v", key) not in seen:
            seen.add(("v", key))
            os.write(out, b"v" + os.fsencode(key) + b"\0")

    def note_program(arguments: Tuple[Any, ...]) -> None:
        program = arguments[0] or (arguments[1] or ["?"])[0]
        same = os.path.realpath(os.fsdecode(program)) == os.path.realpath(sys.executable)
        if not same or "-S" in [str(each) for each in arguments[1] or ()]:
            os.write(out, b"p" + os.path.basename(os.fsencode(program)) + b"\0")

    def hook(event: str, arguments: Tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            writes = any(sign in mode for sign in "wax+") if mode else (flags or 0) & WRITING
            note("w" if writes else "r", path)
        elif event in ("os.listdir", "os.scandir"):
            note("l", arguments[0] if arguments[0] is not None else ".")
        elif event in CHANGED:
            # A folder that exists is often made again (exist_ok); that makes nothing.
            again = event == "os.mkdir" and exists(arguments[0])
            if arguments[CHANGED[event] :][:1] in ((), (-1,), (None,)) and not again:
                note("w", arguments[0])
        elif event in MOVED and arguments[MOVED[event] :][:1] in ((), (-1,)):
            note("w" if event == "os.rename" else "r", arguments[0])
            note("w", arguments[1])
        elif event in STARTED:
            note_program(arguments)
        elif event == "os.system":
            os.write(out, b"psh\0")

    environ = type(os.environ)
    getitem = environ.__getitem__

    def asked_for(self: Any, key: Any) -> Any:
        note_variable(key)
        return getitem(self, key)

    def iterated(self: Any) -> Iterator[str]:
        for key in list(self._data):
            frame = asking()
            state["copied"] = (id(frame), frame.f_lasti if frame else 0)
            yield self.decodekey(key)

    cached = _loader.cache_from_source

    def cache_of(path: Any, *arguments: Any, **options: Any) -> Any:
        # Bytecode of the project's own modules may be that of an earlier edit: not used.
        if not os.path.abspath(path).startswith(noise):
            raise NotImplementedError
        return cached(path, *arguments, **options)

    environ.__iter__ = iterated  # type: ignore[method-assign]
    environ.__getitem__ = asked_for  # type: ignore[method-assign]
    os.stat, os.lstat = Asked(stat, note), Asked(lstat, note)
    _loader.cache_from_source = cache_of
    sys.addaudithook(hook)


if "NEVERSTALE_RECORD" in os.environ:
    start(os.environ["NEVERSTALE_RECORD"], os.environ.get("NEVERSTALE_KEEP", ""))

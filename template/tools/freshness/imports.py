"""What ``import`` would give in an environment, and why, without importing it."""

import json
import os
import subprocess
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from freshness.environments import Environment
from freshness.record import read_text
from freshness.tree import real
from freshness.uv import outer_environment

MOST_SECONDS = 20
"""How long the interpreters may take to answer, all together."""

HARMLESS = ("_virtualenv.pth", "distutils-precedence.pth")
"""The ``.pth`` files of virtual environments and of setuptools, which add no folder."""

QUESTION = Path(__file__).with_name("answer.py")


@dataclass(frozen=True)
class Origin:
    """Where an import of *name* is found: the file or folder, and what leads there.

    ``path`` is None where nothing is found. ``by`` is the reason in words, ``entry`` the entry of
    sys.path. ``empty`` says that it is a namespace (PEP 420): a folder without a module.
    """

    name: str
    path: Path | None
    by: str
    entry: Path | None = None
    empty: bool = False


@dataclass(frozen=True)
class Imports:
    """The origins for one environment: in the project's folder, and elsewhere."""

    environment: Environment
    there: tuple[Origin, ...]
    elsewhere: tuple[Origin, ...]


@dataclass(frozen=True)
class Answers:
    """What the interpreters said: the imports of each environment, and the stale bytecode.

    ``silent`` are those that did not start, or did not answer.
    """

    imports: tuple[Imports, ...]
    stale: tuple[Path, ...]
    silent: tuple[Environment, ...]


def is_doubtful(environment: Environment, root: Path) -> bool:
    """Tell whether an import in *environment* may take another copy than the one installed there.

    Without PYTHONPATH, and with no ``.pth`` files but those of installers and those that name
    folders of the project, it does not: https://docs.python.org/3/library/site.html
    """
    if outer_environment().keys() & {"PYTHONPATH", "PYTHONHOME"}:
        return True
    site = environment.site_packages
    notes = site.glob("*.pth") if site else ()
    return any(note.name not in HARMLESS and not _names_folders_of(root, note) for note in notes)


def _names_folders_of(root: Path, note: Path) -> bool:
    """Tell whether a ``.pth`` file adds folders of the project, and does nothing else."""
    try:
        lines = read_text(note).splitlines()
    except (OSError, ValueError):
        return False
    paths = [os.path.normpath(note.parent / line.strip()) for line in lines]
    is_code = any(line.startswith(("import ", "import\t")) for line in lines)
    return not is_code and all(Path(path).is_relative_to(root) for path in paths)


class Interpreters:
    """The interpreters of environments, started and waiting for what they are to be asked.

    They run at once, in processes of their own. One that does not start or answer is left out.
    """

    def __init__(self, root: Path, environments: Iterable[Environment]) -> None:
        self._root = root
        self._code = QUESTION.read_text(encoding="utf-8")
        self._running: list[tuple[Environment, subprocess.Popen[bytes] | None]] = []
        for environment in environments:
            self.start(environment)

    def start(self, environment: Environment) -> None:
        """Start the interpreter of one more environment."""
        if environment.runs:
            process = _start(environment.runs, self._code, self._root)
            self._running.append((environment, process))

    def answers(self, names: Sequence[str], bytecode: Mapping[Path, Path]) -> Answers:
        """Ask what an import of *names* finds, and which of *bytecode* is not its source's.

        *names* are packages and modules, *bytecode* is the suspect file → its source.
        """
        pairs = [(str(cache), str(source)) for cache, source in bytecode.items()]
        question = json.dumps({"names": list(names), "bytecode": pairs}).encode("ascii")
        found: list[Imports] = []
        stale: set[Path] = set()
        silent: list[Environment] = []
        until = time.monotonic() + MOST_SECONDS
        for environment, process in self._running:
            answer = _answer(process, question, until)
            if answer is None:
                silent.append(environment)
            else:
                stale |= {Path(path) for path in answer["stale"]}
                there = tuple(_origins(answer["there"], environment, self._root))
                elsewhere = tuple(_origins(answer["elsewhere"], environment, self._root))
                found.append(Imports(environment, there, elsewhere))
        return Answers(tuple(found), tuple(sorted(stale)), tuple(silent))


def _start(python: Path, code: str, root: Path) -> "subprocess.Popen[bytes] | None":
    try:
        return subprocess.Popen(
            [str(python), "-B", "-c", code],
            cwd=root,
            env=outer_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return None


def _answer(
    process: "subprocess.Popen[bytes] | None", question: bytes, until: float
) -> dict[str, Any] | None:
    if process is None:
        return None
    try:
        said, _ = process.communicate(question, timeout=max(until - time.monotonic(), 0.1))
    except (subprocess.TimeoutExpired, BrokenPipeError):
        process.kill()
        process.communicate()
        return None
    with suppress(ValueError, IndexError):
        answer = json.loads(said.splitlines()[-1])
        return answer if isinstance(answer, dict) else None
    return None


def _origins(answer: Mapping[str, Any], environment: Environment, root: Path) -> Iterator[Origin]:
    for name, found in answer.items():
        if not found or "error" in found:
            yield Origin(name, None, (found or {}).get("error", "nothing is found"))
            continue
        locations = found["locations"]
        empty = not found["origin"] and bool(locations) and not any(map(_has_file, locations))
        path = Path(found["origin"] or (locations[0] if locations else "/"))
        entry = None if found["entry"] is None else Path(found["entry"] or root)
        by = _reason(found, environment, root, entry)
        yield Origin(name, path, f"{by}, a folder without a module" if empty else by, entry, empty)


def _has_file(folder: str) -> bool:
    """Tell whether there is a file below *folder*, other than bytecode."""
    return any(
        names and os.path.basename(below) != "__pycache__"  # noqa: PTH119
        for below, _, names in os.walk(folder)
    )


def _reason(
    found: Mapping[str, Any], environment: Environment, root: Path, entry: Path | None
) -> str:
    if entry is None:
        return f"the finder {found['finder']} of an editable install"
    if found["entry"] == "":
        return "the current folder"
    pythonpath = outer_environment().get("PYTHONPATH", "").split(os.pathsep)
    if any(path and real(root / path) == real(entry) for path in pythonpath):
        return "PYTHONPATH"
    if any(real(site) == real(entry) for site in environment.sites):
        return "installed"
    named = [pth.name for site in environment.sites for pth in _pth_files_with(site, entry)]
    return named[0] if named else "sys.path"


def _pth_files_with(site: Path, entry: Path) -> Iterator[Path]:
    for file in sorted(site.glob("*.pth")):
        with suppress(OSError):
            lines = read_text(file).splitlines()
            if any(line.strip() and real(site / line.strip()) == real(entry) for line in lines):
                yield file


def packages_of(files: Collection[str]) -> list[str]:
    """Give the packages and modules that a distribution of *files* lets people import."""
    tops = {
        path.partition("/")[0] for path in files if path.endswith(".py") and path[0] not in "{."
    }
    names = {top.removesuffix(".py") for top in tops if not top.endswith((".dist-info", ".data"))}
    return sorted(name for name in names if name.isidentifier())

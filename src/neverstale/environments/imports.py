"""What ``import`` would find in an environment, and why; read from files, nothing is started.

The order is that of https://docs.python.org/3/library/sys_path_init.html and
https://docs.python.org/3/library/site.html.
"""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from neverstale.environments.environment import Environment
from neverstale.files import listing, read_text
from neverstale.process import outer_environment

HARMLESS = ("_virtualenv.pth", "distutils-precedence.pth")
"""The ``.pth`` files of virtual environments and of setuptools, which add no folder."""

MOST_FOLDERS = 1000
"""How many folders below a namespace are looked into for a file."""


class Origin(NamedTuple):
    """Where an import of *name* is found: the file or folder, and what leads there.

    ``path`` is None where nothing is found, or ``unknown`` where that cannot be told without
    running code. ``by`` is the reason in words. ``empty`` is whether it is a namespace (PEP 420)
    without a module.
    """

    name: str
    path: Path | None
    by: str
    empty: bool = False
    unknown: bool = False


class Imports(NamedTuple):
    """The origins for one environment: in the project's folder, and elsewhere."""

    environment: Environment
    there: tuple[Origin, ...]
    elsewhere: tuple[Origin, ...]


def find_imports(environment: Environment, root: Path, names: Sequence[str]) -> Imports:
    """Return what an import of *names* finds in *environment*, at *root* and elsewhere."""
    elsewhere = [*search_path(environment, root, outer_environment())]
    safe = bool(outer_environment().get("PYTHONSAFEPATH"))
    there = elsewhere if safe else [(root, "the current folder"), *elsewhere]
    mapped, guessed = _mappings(environment)

    def origins(entries: list[tuple[Path, str]]) -> tuple[Origin, ...]:
        return tuple(_origin(name, entries, mapped, unknown=guessed) for name in names)

    return Imports(environment, origins(there), origins(elsewhere))


def search_path(
    environment: Environment, root: Path, variables: Mapping[str, str]
) -> Iterator[tuple[Path, str]]:
    """Yield the entries of sys.path behind the current folder, and what puts each there."""
    if environment.own or environment.python:
        for entry in variables.get("PYTHONPATH", "").split(os.pathsep):
            if variables.get("PYTHONPATH"):
                yield root / entry, "PYTHONPATH"
    for site in environment.sites:
        yield site, "installed"
        for pth in _pth_files(site):
            for line in _folders_in(pth):
                yield Path(os.path.normpath(site / line)), pth.name


def _pth_files(site: Path) -> list[Path]:
    names = [n for n in listing(site) if n.endswith(".pth") and not n.startswith(".")]
    return [site / name for name in names if name not in HARMLESS]


def _lines(pth: Path) -> list[str]:
    with suppress(OSError, ValueError):
        return [line.rstrip() for line in read_text(pth).replace("\0", "").splitlines()]
    return []


def _folders_in(pth: Path) -> list[str]:
    starts = ("#", "import ", "import\t")
    return [line for line in _lines(pth) if line.strip() and not line.startswith(starts)]


def _mappings(environment: Environment) -> tuple[dict[str, Path], bool]:
    """Return what the finders of editable installs map, and whether one cannot be read off.

    setuptools writes a module with a dictionary MAPPING; others run code.
    """
    found: dict[str, Path] = {}
    unknown = False
    for site in environment.sites:
        for pth in _pth_files(site):
            for line in _lines(pth):
                if line.startswith(("import ", "import\t")):
                    module = line[7:].partition(";")[0].strip()
                    mapping = _mapping_in(site / f"{module}.py")
                    found |= mapping or {}
                    unknown |= mapping is None
    return found, unknown


def _mapping_in(finder: Path) -> dict[str, Path] | None:
    import ast

    with suppress(OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        for node in ast.parse(read_text(finder)).body:
            target = node.target if isinstance(node, ast.AnnAssign) else None
            if isinstance(target, ast.Name) and target.id == "MAPPING" and node.value:  # type: ignore[attr-defined]
                value = ast.literal_eval(node.value)  # type: ignore[attr-defined]
                return {str(name): Path(str(path)) for name, path in value.items()}
    return None


def _origin(
    name: str, entries: Iterable[tuple[Path, str]], mapped: Mapping[str, Path], *, unknown: bool
) -> Origin:
    portion: Origin | None = None
    for entry, by in entries:
        found = _module_in(entry, name)
        if found:
            return Origin(name, found, by)
        if portion is None and (entry / name).is_dir():
            empty = not _has_file(entry / name)
            why = f"{by}, a folder without a module" if empty else by
            portion = Origin(name, entry / name, why, empty=empty)
    # Of a namespace, setuptools maps the packages: `space.demo`, and makes `space` as it imports.
    places = [mapped[each] for each in sorted(mapped) if each.partition(".")[0] == name]
    if places and portion is None:  # setuptools' finder comes after the folders
        place = mapped.get(name, places[0])
        path = place / "__init__.py" if (place / "__init__.py").is_file() else place
        return Origin(name, path if path.exists() else None, "the finder of an editable install")
    if unknown and not places:
        return Origin(name, None, "the finder of an editable install", unknown=True)
    return portion or Origin(name, None, "nothing is found")


def _module_in(entry: Path, name: str) -> Path | None:
    """Return the file of the package or module *name* in a folder of sys.path, or None."""
    names = listing(entry / name)
    for start, those in ((entry / name, names), (entry, listing(entry))):
        stem = "__init__" if start != entry else name
        compiled = (n for n in those if n.startswith(f"{stem}.") and n.endswith((".so", ".pyd")))
        for file in (*compiled, f"{stem}.py", f"{stem}.pyc"):
            if file in those and (start / file).is_file():
                return start / file
    return None


def _has_file(folder: Path) -> bool:
    """Return whether there is a file below *folder*, other than bytecode."""
    for number, (below, _, names) in enumerate(os.walk(folder)):
        if (names and os.path.basename(below) != "__pycache__") or number > MOST_FOLDERS:
            return True
    return False


def packages_of(files: Collection[str]) -> list[str]:
    """Return the packages and modules that a distribution of *files* lets people import."""
    tops = {
        path.partition("/")[0] for path in files if path.endswith(".py") and path[0] not in "{."
    }
    names = {top.removesuffix(".py") for top in tops if not top.endswith((".dist-info", ".data"))}
    return sorted(name for name in names if name.isidentifier() and not _is_finder(name))


def _is_finder(name: str) -> bool:
    return name.startswith("__editable__") or name.endswith(("_editable", "_editable_loader"))

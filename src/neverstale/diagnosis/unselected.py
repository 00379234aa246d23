"""Which files next to a wheel's modules the build backend left out; only where that is certain."""

from collections.abc import Collection
from pathlib import Path

from neverstale.files import folders, leads_to_file
from neverstale.wheels.store import Built

MOST = 100


def find_unselected(root: Path, built: Built) -> list[str]:
    """Return files in the folders of the wheel's packages that the wheel lacks.

    A package's folder is known where one file that the build read, and no other, is its
    ``__init__.py``: by content and by the end of the path.
    """
    files = built.distribution.files
    found: list[str] = []
    for path in files:
        package, slash, name = path.partition("/")
        if name != "__init__.py" or not slash:
            continue
        sources = [
            s
            for s in _read(built.answers, path)
            if built.answers[f"file {s}"].split()[0] == files[path]
        ]
        if len(sources) == 1 and not Path(sources[0]).is_absolute():
            found += _left_out(root, sources[0].removesuffix("/__init__.py"), package, files)
    return found[:MOST]


def _read(answers: Collection[str], path: str) -> list[str]:
    ends = (f"file {path}", f"/{path}")
    return [q[5:] for q in answers if q.startswith("file ") and q.endswith(ends)]


def _left_out(root: Path, folder: str, package: str, files: Collection[str]) -> list[str]:
    found = []
    for below, entries in folders(root / folder, through_links=True):
        above = "" if below == root / folder else f"{below.relative_to(root / folder).as_posix()}/"
        for entry in entries:
            path = above + entry.name
            hidden = any(part.startswith(".") for part in path.split("/"))
            if hidden or path.endswith((".pyc", "~", ".so", ".pyd")) or not leads_to_file(entry):
                continue
            if f"{package}/{path}" not in files:
                found.append(f"{folder}/{path}")
    return found

"""What the commands of a wheel start, looked up in the text of its modules; nothing is imported."""

import ast
import zipfile
from collections.abc import Iterator
from pathlib import Path

from neverstale.wheels.distribution import Distribution

DYNAMIC = ("__getattr__", "globals(", "vars(", "exec(", "setattr(")
"""Text in a module that may define names which cannot be read off it."""

OF_EVERY_MODULE = frozenset(
    {"__builtins__", "__doc__", "__file__", "__loader__", "__name__", "__package__", "__spec__"}
)

LARGEST = 1 << 22
"""The most bytes of a module that are parsed."""


def broken_targets(wheel: Distribution, archive: Path) -> list[str]:
    """Return what is wrong with the ``module:attribute`` of commands of *wheel*, in *archive*.

    What cannot be known without running code is taken to be right, and so is what starts a module
    of another distribution.
    """
    tops = {path.partition("/")[0].removesuffix(".py") for path in wheel.files}
    found = []
    for target in dict.fromkeys(wheel.commands.values()):
        module, _, attribute = (part.strip() for part in target.partition("[")[0].partition(":"))
        path = module.replace(".", "/")
        if path.partition("/")[0] not in tops:
            continue
        file = next((f for f in (f"{path}.py", f"{path}/__init__.py") if f in wheel.files), None)
        if file is None:
            if not any(each.startswith((f"{path}.", f"{path}/")) for each in wheel.files):
                found.append(f"{target}: there is no module {module}")
        elif attribute and not _defines(archive, wheel, file, attribute.partition(".")[0]):
            found.append(f"{target}: {module} has no {attribute}")
    return found


def _defines(archive: Path, wheel: Distribution, file: str, name: str) -> bool:
    if name in OF_EVERY_MODULE or f"{file.rpartition('/')[0]}/{name}.py" in wheel.files:
        return True
    try:
        with zipfile.ZipFile(archive) as opened, opened.open(_entry(opened, file)) as stream:
            text = stream.read(LARGEST).decode("utf-8")
        names = set(_names(ast.parse(text).body))
    except (OSError, ValueError, KeyError, SyntaxError, RecursionError, MemoryError):
        return True
    except (zipfile.BadZipFile, NotImplementedError):
        return True
    return "*" in names or name in names or any(sign in text for sign in DYNAMIC)


def _entry(archive: zipfile.ZipFile, file: str) -> str:
    """Return the name in the archive of what is installed as *file*."""
    ends = (f".data/purelib/{file}", f".data/platlib/{file}")
    return next((n for n in archive.namelist() if n == file or n.endswith(ends)), file)


def _names(body: list[ast.stmt]) -> Iterator[str]:
    """Yield the names that the statements of a module bind, also those under ``if`` and ``try``."""
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield statement.name
            continue
        if isinstance(statement, ast.Import | ast.ImportFrom):
            for alias in statement.names:
                yield alias.asname or alias.name.partition(".")[0]
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id
        for field in ("body", "orelse", "finalbody"):
            yield from _names(getattr(statement, field, []))
        for handler in [*getattr(statement, "handlers", []), *getattr(statement, "cases", [])]:
            yield from _names(handler.body)

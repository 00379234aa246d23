"""What the commands of a distribution start, looked up in the text of the modules."""

import ast
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

from freshness.record import read_bytes

Find = Callable[[str], Path | None]
"""Gives the file at a path below site-packages or the sources, None where there is none."""

UNKNOWABLE = ("__getattr__", "globals(", "vars(", "exec(", "setattr(")
"""Text in a module that may define names which cannot be read off it."""


def broken_targets(
    commands: Mapping[str, str], packages: Collection[str], find: Find
) -> dict[str, str]:
    """Give command → what is wrong with its ``module:attribute``, for those of *packages*.

    Nothing is imported: what cannot be known without that is taken to be right.
    """
    found: dict[str, str] = {}
    for command, target in commands.items():
        module, _, attribute = (part.strip() for part in target.partition("[")[0].partition(":"))
        path = module.replace(".", "/")
        if path.partition("/")[0] not in packages:
            continue
        file = find(f"{path}.py") or find(f"{path}/__init__.py")
        if file is None:
            compiled = find(path)
            if compiled is None:
                found[command] = f"{target}: there is no module {module}"
        elif attribute and not _defines(file, attribute.partition(".")[0]):
            found[command] = f"{target}: {module} has no {attribute}"
    return found


def _defines(file: Path, name: str) -> bool:
    try:
        text = read_bytes(file).decode("utf-8")
        names = set(_names(ast.parse(text).body))
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        return True
    unknowable = "*" in names or any(sign in text for sign in UNKNOWABLE)
    module = name.isidentifier() and file.with_name(f"{name}.py").exists()
    return unknowable or name in names or module


def _names(body: list[ast.stmt]) -> Iterator[str]:
    """Give the names that the statements of a module bind, also those under ``if`` and ``try``."""
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

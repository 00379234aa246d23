"""Markdown, as the generated pages are written."""

from collections.abc import Iterable


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table in Markdown; what would end a cell is escaped."""
    heading = list(head)
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join("| " + " | ".join(c.replace("|", "\\|") for c in row) + " |" for row in lines)


def code(text: object) -> str:
    """Spell *text* as code in Markdown, whatever is in it."""
    fence = "``" if "`" in str(text) else "`"
    return f"{fence}{text}{fence}"

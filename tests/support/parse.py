"""Every file of a project, read by the parser of its kind."""

import ast
import json
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import yaml
from markdown import markdown
from markdown_it import MarkdownIt

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


class AnyTag(yaml.SafeLoader):
    """YAML with the tags of whichever service reads it."""


AnyTag.add_multi_constructor("!", lambda loader, _, node: loader.construct_sequence(node))


def files_of(project: Path) -> Iterator[Path]:
    """Return the files below *project*, but for git's."""
    for path in sorted(project.rglob("*")):
        if path.is_file() and ".git" not in path.relative_to(project).parts:
            yield path


def parse(path: Path) -> object:
    """Read *path* with the parser of its kind, text where it has none; raises as that does."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".toml":
        return tomllib.loads(text)
    if path.suffix == ".py":
        return ast.parse(text)
    if path.suffix == ".json":
        return json.loads(text)
    if path.suffix in (".yml", ".yaml", ".cff"):
        return list(yaml.load_all(text, AnyTag))
    return text


def heading_and_text(path: Path) -> tuple[str, str]:
    """Return what the first heading and the first paragraph behind it say on GitHub."""
    tokens = (
        MarkdownIt("commonmark").enable(["strikethrough", "table"]).parse(path.read_text("utf-8"))
    )
    first = next(place for place, token in enumerate(tokens) if token.type == "heading_close")
    if tokens[first + 2].content.startswith("[!["):
        first += 3  # the paragraph of badges
    assert tokens[first + 1].type == "paragraph_open", tokens[first + 1]
    return tuple(  # type: ignore[return-value]
        "".join(child.content for child in token.children or () if child.type.startswith("text"))
        for token in (tokens[1], tokens[first + 2])
    )


def heading_and_text_of_a_site(path: Path) -> tuple[str, str]:
    """Return the same as Python-Markdown, which sites are made with, has it; badges are no text."""
    import html
    import re

    page = markdown(path.read_text("utf-8"), extensions=["admonition", "tables", "toc"])
    found = re.findall(r"<(?:h1|p)[^>]*>(.*?)</(?:h1|p)>", page, re.DOTALL)
    texts = [html.unescape(re.sub("<[^>]*>", "", text)) for text in found]
    heading, text = [text for text in texts if text][:2]
    return heading, text

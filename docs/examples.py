"""The examples of a page, run for real: each command, and what it has to say.

A fence whose info string is ``console`` holds commands behind ``$ `` and what they print below.
``...`` stands for anything, and runs of white space count as one, as in doctest. The commands of
a page run in one folder after another, ``cd`` being remembered; a page is run from its beginning.
"""

import doctest
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True)
class Example:
    """A command, what it has to print (both streams), and the line of the page it stands on."""

    command: str
    expected: str
    line: int


def examples_of(text: str) -> Iterator[Example]:
    """Return the examples of a page in Markdown, in order."""
    for token in MarkdownIt().parse(text):
        if token.type == "fence" and token.info.strip() == "console" and token.map:
            command, start = "", 0
            expected: list[str] = []
            for number, line in enumerate(token.content.splitlines(), token.map[0] + 2):
                if line.startswith("$ "):
                    if command:
                        yield Example(command, "\n".join(expected), start)
                    command, expected, start = line[2:], [], number
                else:
                    expected.append(line)
            if command:
                yield Example(command, "\n".join(expected), start)


def differing(page: Path, folder: Path, environment: Mapping[str, str]) -> list[str]:
    """Run the examples of *page* in *folder*; give what came out otherwise, each as a text."""
    found, here = [], folder
    for example in examples_of(page.read_text(encoding="utf-8")):
        if example.command.startswith("cd "):
            here = Path(os.path.normpath(here / example.command[3:]))
            continue
        done = subprocess.run(
            ["bash", "-c", example.command],
            cwd=here,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        if not doctest.OutputChecker().check_output(example.expected, done.stdout, OPTIONS):
            found.append(
                f"{page.name}:{example.line}: {example.command}\n"
                f"expected: {example.expected}\ngot: {done.stdout}"
            )
    return found

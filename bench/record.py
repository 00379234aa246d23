"""Record the first five minutes, from a real run, as pictures for the tutorial.

Each scene is a command in a terminal of its own, with colours, in a temporary folder; what is
written is SVG in docs/pictures. Paths of the folder are shown as ``~``.
"""

import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import cast

import pexpect
from demo import SUBCOMMAND
from rich.console import Console
from rich.text import Text
from timed import environment_in

REPOSITORY = Path(__file__).parents[1]
PICTURES = REPOSITORY / "docs" / "pictures"
COLUMNS, ROWS = 100, 200

FRAME = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">
<title>TITLE</title>
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, monospace; \
font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" \
height="{terminal_height}"/></clipPath>{lines}</defs>
<rect width="{width}" height="{height}" rx="8" fill="#292929"/>
<text x="16" y="26" fill="#9a9a9a" style="font: 14px system-ui, sans-serif">TITLE</text>
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g></g></svg>
"""
"""rich's frame without its window and without the font that it fetches from elsewhere."""


@dataclass(frozen=True)
class Scene:
    """A part of the story: the name of its file, its title, and the commands that are typed."""

    name: str
    title: str
    commands: tuple[str, ...]


ANSWERS_NO = {"make doctor"}
"""The commands whose exit code is not 0: at that point of the story something is stale."""

SCENES = (
    Scene(
        "1-made",
        "1. A project is made",
        (
            "copier copy --defaults --quiet --vcs-ref HEAD ~/neverstale demo-app",
            "cd demo-app && ls",
        ),
    ),
    Scene("2-installed", "2. It is installed, and runs", ("make install", "demo-app hello")),
    Scene(
        "3-stale",
        "3. The sources change",
        (
            "sed -i 's/Hello, /Howdy, /' src/demo_app/commands/hello.py",
            "demo-app hello",
            "make doctor",
        ),
    ),
    Scene(
        "4-fresh",
        "4. It is installed again",
        ("make install", "demo-app hello", "demo-app good-bye", "make fresh"),
    ),
)


def typed(command: str, root: Path, folder: Path, environment: Mapping[str, str]) -> str:
    """Run *command* in a terminal; give what it shows, behind a prompt."""
    line = command.replace("~", shlex.quote(str(root)))
    run = pexpect.run(  # with an encoding it is text
        shlex.join(["sh", "-c", line]),
        cwd=str(folder),
        env=dict(environment),
        timeout=300,
        encoding="utf-8",
        withexitstatus=True,
    )
    said, code = cast("tuple[str, int]", run)
    if bool(code) != (command in ANSWERS_NO):
        sys.exit(f"{command} ended with exit code {code}:\n{said}")
    text = said.replace("\r\n", "\n")
    for private in (root, Path.home()):
        text = text.replace(str(private), "~")
    return f"\x1b[1;32m$\x1b[0m \x1b[1m{command}\x1b[0m\n{text}"


def picture(text: str, title: str) -> str:
    """Draw what a terminal showed."""
    console = Console(record=True, width=COLUMNS, file=StringIO(), force_terminal=True)
    console.print(Text.from_ansi(text.rstrip()))
    frame = FRAME.replace("TITLE", title)
    return console.export_svg(code_format=frame, unique_id=f"t{title[:1]}")


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="neverstale-record-") as folder:
        root = Path(folder)
        # A clone has no changes that are not committed, of which copier would speak.
        clone = ["git", "clone", "--quiet", str(REPOSITORY), str(root / "neverstale")]
        subprocess.run(clone, check=True)
        environment = environment_in(root) | {
            "COLUMNS": str(COLUMNS),
            "LINES": str(ROWS),
            "TERM": "xterm-256color",
            "PATH": os.pathsep.join([str(root / "bin"), environment_in(root)["PATH"]]),
        }
        here = root
        for scene in SCENES:
            shown = []
            for command in scene.commands:
                shown.append(typed(command, root, here, environment))
                if command.startswith("cd demo-app"):
                    here = root / "demo-app"
            if scene.name == "3-stale":
                subcommand = here / "src" / "demo_app" / "commands" / "good_bye.py"
                subcommand.write_text(SUBCOMMAND, encoding="utf-8")
            path = PICTURES / f"terminal-{scene.name}.svg"
            path.write_text(picture("\n".join(shown), scene.title), encoding="utf-8")
            print(f"wrote {path.relative_to(REPOSITORY)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

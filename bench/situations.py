"""Record, as text: the first five minutes with their times, and what the doctors say of six copies.

``nox -s record`` writes docs/reference/recordings.md. Before is 0.2, after is what the clone has.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from timed import environment_in

REPOSITORY = Path(__file__).parents[1]
PAGE = REPOSITORY / "docs" / "reference" / "recordings.md"

BEFORE, AFTER = "ed62a5c", "main"
"""What 0.2 ended with, and the present."""

EDIT = "sed -i 's/Hello, /Howdy, /' src/demo_app/commands/hello.py"
COMMAND = "sed -i 's/^\\[project.scripts\\]/&\\nhi = \"demo_app.cli:main\"/' pyproject.toml"
HELLO = "lib/python3*/site-packages/demo_app/commands/hello.py"

SITUATIONS = {
    "Fresh": ["make install"],
    "Edited": ["make install", EDIT],
    "Another program comes first on PATH": ["make install", "cp /bin/true ../first/demo-app"],
    "Two copies, one of them old": [
        "uv venv --quiet && uv pip install --quiet .",
        EDIT,
        "make install",
    ],
    "Editable, with a new command": ["make install-editable", COMMAND],
    "Damaged": ["make install", f"rm ../tools/demo-app/{HELLO}"],
}

EDIT_BOTH = f"{EDIT} tests/test_cli.py"

FIVE_MINUTES = [
    "git clone --quiet {origin} neverstale",
    "uvx --quiet copier copy --defaults --quiet --vcs-ref HEAD neverstale demo-app",
    "cd demo-app",
    "make install",
    "demo-app hello",
    EDIT_BOTH,
    "demo-app hello",
    "make doctor",
    "make install",
    "demo-app hello",
    "make fresh",
    "make test",
    "make",
]

HEAD = """\
# Recordings

Real runs, written down by `nox -s record` with the caches of uv warm. Paths of the temporary folder
are `~`.

## The first five minutes

By somebody who has uv, git and make, in an empty folder, from the README. In brackets the time that
each step took.
"""

SIX = """\
## Six situations, before and after

What `make doctor` said with 0.2, and says now.
"""


@dataclass(frozen=True)
class Stage:
    """A folder with a user of its own."""

    root: Path
    environment: Mapping[str, str]

    def run(self, command: str, folder: Path) -> tuple[str, int, float]:
        """Return what *command* says, its exit code and the seconds it took."""
        began = time.perf_counter()
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=folder,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        said = done.stdout.replace(str(self.root), "~").replace(str(Path.home()), "~")
        said = re.sub(r"interpreter at: \S+", "interpreter at: …", said)
        return said.rstrip(), done.returncode, time.perf_counter() - began


def stage(root: Path) -> Stage:
    """Return the stage in the empty folder *root*; ``first`` is at the head of its PATH."""
    environment = environment_in(root)
    (root / "first").mkdir()
    path = os.pathsep.join([str(root / "first"), str(root / "bin"), environment["PATH"]])
    return Stage(root, environment | {"PATH": path, "TERM": "dumb", "COLUMNS": "100"})


def five_minutes(here: Stage) -> str:
    """Return the transcript of somebody new."""
    lines, folder = [], here.root
    for command in FIVE_MINUTES:
        shown = command.format(origin="CLONE")
        if command.startswith("cd "):
            folder /= command.removeprefix("cd ")
            lines.append(f"$ {shown}")
            continue
        said, _, took = here.run(command.format(origin=REPOSITORY), folder)
        lines += [f"$ {shown}    [{took:.1f} s]", *said.splitlines()]
    return block(lines)


def block(lines: list[str]) -> str:
    return "\n".join(["```text", *lines, "```", ""])


def diagnosis(commit: str, commands: list[str]) -> list[str]:
    """Return what `make doctor` says in a project of *commit* after *commands*."""
    with tempfile.TemporaryDirectory(prefix="neverstale-situation-") as folder:
        here = stage(Path(folder))
        project = here.root / "demo-app"
        copied = (
            f"git clone --quiet {REPOSITORY} template && git -C template checkout --quiet {commit}",
            "copier copy --defaults --quiet --vcs-ref HEAD template demo-app",
        )
        steps = [*((each, here.root) for each in copied), *((each, project) for each in commands)]
        for command, where in steps:
            said, code, _ = here.run(command, where)
            if code:
                sys.exit(f"error: {command} ended with exit code {code}\n{said}")
        said, _, _ = here.run("make doctor", project)
        return ["$ make doctor", *said.splitlines()]


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="neverstale-minutes-") as folder:
        page = [HEAD, five_minutes(stage(Path(folder)))]
    page.append(f"{SIX}\n")
    for name, commands in SITUATIONS.items():
        page += [f"### {name}\n", "Before:\n", block(diagnosis(BEFORE, commands))]
        page += ["After:\n", block(diagnosis(AFTER, commands))]
    PAGE.write_text("\n".join(page).rstrip() + "\n", encoding="utf-8")
    print(f"wrote {PAGE.relative_to(REPOSITORY)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

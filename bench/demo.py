"""Tell the story of the project: render, install, edit, install again, look.

Everything happens in a temporary folder, with uv's folders for tools and commands in it.
"""

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]

OWN = ("UV", "VIRTUAL_ENV", "MAKEFLAGS", "MAKELEVEL", "MFLAGS")
"""Variables that say how this script was started, and not what its user wants."""

SUBCOMMAND = '''"""Say good bye."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the subcommand takes: nothing."""


def run(arguments: argparse.Namespace) -> int:
    """Print the farewell; give the exit code."""
    print("Good bye!")
    return 0
'''


class Stage:
    """The folder that the story happens in, and the environment of its commands."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.project = root / "demo-app"
        path = [root / "bin", Path(sys.executable).parent, os.environ["PATH"]]
        uv = os.environ.get("UV")
        if uv:
            path.insert(1, Path(uv).parent)
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in OWN},
            "PATH": os.pathsep.join(map(str, path)),
            "UV_TOOL_DIR": str(root / "tools"),
            "UV_TOOL_BIN_DIR": str(root / "bin"),
        }

    def run(self, *command: str, expect: int = 0) -> None:
        """Show *command*, run it, show what it says; stop the story if it ends otherwise."""
        folder = self.project if self.project.exists() else self.root
        print(f"\n{folder.name}$ {shlex.join(command)}", flush=True)
        done = subprocess.run(command, cwd=folder, env=self.environment, check=False)
        if done.returncode != expect:
            sys.exit(f"demo: that ended with {done.returncode}, not {expect}")

    def answer(self, *command: str) -> str:
        """Show *command* and what it answers; give that."""
        print(f"\n{self.project.name}$ {shlex.join(command)}", flush=True)
        done = subprocess.run(
            command,
            cwd=self.root,
            env=self.environment,
            check=False,
            capture_output=True,
            text=True,
        )
        said = (done.stdout or done.stderr.splitlines()[-1]).strip()
        print(said, flush=True)
        return said


def say(text: str) -> None:
    print(f"\n--- {text}", flush=True)


def tell(stage: Stage) -> int:
    say("A project is made from the template.")
    stage.run(
        *("copier", "copy", "--defaults", "--quiet", "--vcs-ref", "HEAD"),
        str(REPOSITORY),
        "demo-app",
    )

    say("It is installed by its own `make install`, and runs.")
    stage.run("make", "install")
    before = [stage.answer("demo-app", "hello"), stage.answer("demo-app", "good-bye")]

    say("The sources change: a module is edited, to the same size, and a subcommand is added.")
    commands = stage.project / "src" / "demo_app" / "commands"
    hello = commands / "hello.py"
    hello.write_text(
        hello.read_text(encoding="utf-8").replace("Hello, ", "Howdy, "), encoding="utf-8"
    )
    (commands / "good_bye.py").write_text(SUBCOMMAND, encoding="utf-8")
    print("src/demo_app/commands/hello.py: Hello → Howdy\nsrc/demo_app/commands/good_bye.py: new")

    say("What is installed is yesterday's code. The doctor says so.")
    stage.answer("demo-app", "hello")
    stage.run("make", "doctor", expect=2)

    say("It is installed again, and what runs is what is in the sources.")
    stage.run("make", "install")
    after = [stage.answer("demo-app", "hello"), stage.answer("demo-app", "good-bye")]

    say("A second time there is nothing to do.")
    stage.run("make", "fresh")
    stage.run("make", "doctor")

    say("What changed:")
    for old, new in zip(before, after, strict=True):
        print(f"    {old}\n      → {new}")
    if after != ["Howdy, world!", "Good bye!"]:
        print("\nVerdict: STALE. This must not happen.")
        return 1
    print("\nVerdict: fresh.")
    return 0


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="neverstale-demo-") as folder:
        return tell(Stage(Path(folder)))


if __name__ == "__main__":
    sys.exit(main())

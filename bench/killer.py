"""Kill verbs at random moments, and look at what is left: ``nox -s killer -- --kills 500``.

After each kill the installed program is the old one, the new one or absent, and never half of
one; files of the user's are as they were; and the next `install` works. For a uv tool and for a
library in `.venv`. The seed is printed; the same seed gives the same sequence.
"""

import argparse
import collections
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]

MODULES = 120
"""How many plugins the package has: enough for a kill to land between them."""

PYPROJECT = """\
[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = "target"
version = "1.0"

{scripts}
[tool.hatch.build.targets.wheel]
packages = ["src/target"]

[tool.neverstale]
target = "{target}"
"""

PROGRAM = """\
import pkgutil

from target import plugins
from target.state import STATE


def main() -> None:
    import importlib

    names = [module.name for module in pkgutil.iter_modules(plugins.__path__)]
    states = {importlib.import_module(f"target.plugins.{name}").STATE for name in names}
    print(len(names), STATE, *sorted(states))
"""

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)

VERBS = ("install", "fresh", "install-editable", "run", "uninstall")


class Target:
    """One project, installed as a tool or into its environment."""

    def __init__(self, folder: Path, target: str) -> None:
        self.folder, self.target, self.state = folder / target, target, 0
        package = self.folder / "src" / "target"
        (package / "plugins").mkdir(parents=True)
        scripts = '[project.scripts]\ntarget = "target.main:main"\n' if target == "tool" else ""
        text = PYPROJECT.format(scripts=scripts, target=target)
        (self.folder / "pyproject.toml").write_text(text, encoding="utf-8")
        (package / "__init__.py").touch()
        (package / "plugins" / "__init__.py").touch()
        (package / "main.py").write_text(PROGRAM, encoding="utf-8")
        shutil.copytree(ROOT / "template" / "tools", self.folder / "tools")
        (self.folder / "dist").mkdir()
        self.mine = [self.folder / "dist" / "mine.txt", self.folder / "build.txt"]
        for path in self.mine:
            path.write_text("mine", encoding="utf-8")
        self.home = folder / f"home-{target}"
        self.home.mkdir()
        self.edit()

    @property
    def environment(self) -> dict[str, str]:
        """A home of its own, and the sources of this repository."""
        kept = ("PATH", "LANG", "SSL_", "UV_CACHE_DIR", "UV_DEFAULT_INDEX", "NEVERSTALE_CACHE_DIR")
        base = {name: value for name, value in os.environ.items() if name.startswith(kept)}
        return base | {
            "HOME": str(self.home),
            "PYTHONPATH": str(ROOT / "src"),
            "UV_PYTHON": sys.executable,
            "UV_PYTHON_DOWNLOADS": "never",
        }

    def edit(self) -> None:
        """Write the next state into every module."""
        self.state += 1
        package = self.folder / "src" / "target"
        text = f"STATE = {self.state}\n"
        (package / "state.py").write_text(text, encoding="utf-8")
        for number in range(MODULES):
            (package / "plugins" / f"p{number}.py").write_text(text, encoding="utf-8")

    def start(self, *verb: str) -> subprocess.Popen[bytes]:
        """Start a verb in a process group of its own."""
        command = [sys.executable, "-m", "neverstale", *verb]
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def look(self) -> str:
        """Return what the installed program is: old or new (whole), absent, or half of one."""
        if self.target == "tool":
            program = [str(self.home / ".local" / "bin" / "target")]
        else:
            code = "from target.main import main; main()"
            program = [str(self.folder / ".venv" / "bin" / "python"), "-I", "-c", code]
        if not Path(program[0]).exists():
            return "absent"
        done = subprocess.run(
            program,
            cwd=self.home,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            gone = "No module named 'target'\n" in done.stderr
            return "absent" if gone else f"half: {done.stderr.strip().splitlines()[-1]}"
        count, *states = done.stdout.split()
        whole = count == str(MODULES) and len(set(states)) == 1
        return "whole" if whole else f"half: {done.stdout.strip()}"


def attempt(target: Target, chance: random.Random) -> tuple[str, str]:
    """Edit, start a verb, kill it at a random moment; return the verb and what was found."""
    verb = chance.choice(VERBS)
    number = chance.choice(SIGNALS)
    moment = chance.uniform(0, 1.6)
    target.edit()
    arguments = ("run", "python", "-c", "pass") if verb == "run" else (verb,)
    process = target.start(*arguments)
    time.sleep(moment)
    ended = process.poll() is not None
    if not ended:
        os.killpg(process.pid, number)
    process.communicate()
    time.sleep(0.05)
    found = target.look()
    if any(path.read_text("utf-8") != "mine" for path in target.mine if path.exists()):
        found = "half: a file of the user's changed"
    if not all(path.exists() for path in target.mine):
        found = "half: a file of the user's is gone"
    again = target.start("install")
    said, _ = again.communicate()
    if again.returncode or target.look() != "whole":
        found = f"half: the next install: {said.decode()[-400:]} {target.look()}"
    return f"{verb} {number.name}{' (ended before)' if ended else ''}", found


def main() -> None:
    """Kill as often as is asked; exit with 1 if anything was left half-way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    options = parser.parse_args()
    chance = random.Random(options.seed)  # noqa: S311 - nothing secret
    print(f"seed {options.seed}")
    counts: collections.Counter[str] = collections.Counter()
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="killer-") as folder:
        targets = [Target(Path(folder), target) for target in ("tool", "venv")]
        for target in targets:
            said, _ = target.start("install").communicate()
            if target.look() != "whole":
                sys.exit(f"the first install of {target.target} failed: {said.decode()}")
        for _ in range(options.kills):
            target = chance.choice(targets)
            verb, found = attempt(target, chance)
            counts[f"{target.target}: {found.partition(':')[0]}"] += 1
            if found.startswith("half"):
                wrong += 1
                print(f"{target.target} {verb}: {found}", flush=True)
    for what, count in sorted(counts.items()):
        print(f"{what}: {count}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()

"""A project that can tell which of its two states is installed, or that it is a mixture."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from support.render import Combination, forget_tools
from support.tree import build_probes
from support.world import FOLDER, World, output

PARTS = 30
"""How many modules the package has beside the starter code: room for half an installation."""

PROBE = f"""\
import importlib
import importlib.metadata
import stale_probe


def main() -> None:
    names = [f"demo_app.part{{number}}" for number in range({PARTS})]
    values = {{importlib.import_module(name).VALUE for name in names}}
    print(*sorted(values), stale_probe.VERSION, importlib.metadata.version("demo-app"))
"""

OLD, NEW, ABSENT, MIXTURE = "the old works", "the new works", "absent", "a mixture"

COMBINATIONS = (
    Combination("hatchling", "src", "cli"),
    Combination("setuptools", "flat", "library"),
    Combination("uv_build", "workspace", "cli"),
)
"""A uv tool, a library in ``.venv``, and a tool of which a part is another project."""


@dataclass(frozen=True)
class State:
    """What the sources say: in every module, of the requirement, of the version."""

    value: str
    requirement: str
    version: str

    @property
    def answer(self) -> str:
        """What the installed program says in this state."""
        return f"{self.value} {self.requirement} {self.version}"


ONE, TWO = State("one", "1.0", "0.1.0"), State("two", "2.0", "0.2.0")


class Stage(World):
    """A world whose project has a command, ``probe``, that says what is installed."""

    def __init__(self, root: Path, combination: Combination, folder: str = FOLDER) -> None:
        super().__init__(root, combination, folder=folder)
        forget_tools(self.project)
        self.state = ONE
        self.extra["UV_FIND_LINKS"] = str(build_probes(self.root / "find links"))
        self.extra["TMPDIR"] = str(self.root / "temporary")
        (self.root / "temporary").mkdir()
        self.declare()
        self.set(ONE)
        self.commit()

    def declare(self) -> None:
        """Declare the command and the requirement."""
        (self.package / "probe.py").write_text(PROBE, encoding="utf-8")
        command = f'probe = "{self.combination.import_name}.probe:main"\n'
        text = self.pyproject.read_text(encoding="utf-8")
        text = re.sub(
            r"^dependencies = \[", 'dependencies = ["stale-probe==1.0", ', text, flags=re.MULTILINE
        )
        if "[project.scripts]\n" in text:
            text = text.replace("[project.scripts]\n", f"[project.scripts]\n{command}")
        else:
            text = text.replace(
                "[dependency-groups]", f"[project.scripts]\n{command}\n[dependency-groups]"
            )
        self.pyproject.write_text(text.replace(", ]", "]"), encoding="utf-8")

    @property
    def pyproject(self) -> Path:
        return self.project / "pyproject.toml"

    def set(self, state: State) -> None:
        """Write *state* into the sources."""
        for number in range(PARTS):
            part = self.package / f"part{number}.py"
            part.write_text(f'"""Part."""\n\nVALUE = "{state.value}"\n', encoding="utf-8")
        text = self.pyproject.read_text(encoding="utf-8")
        text = re.sub("stale-probe==[0-9.]+", f"stale-probe=={state.requirement}", text)
        text = re.sub('^version = ".*"', f'version = "{state.version}"', text, flags=re.MULTILINE)
        self.pyproject.write_text(text, encoding="utf-8")
        self.state = state

    def change(self) -> State:
        """Take the sources to the other state; give that."""
        self.set(TWO if self.state == ONE else ONE)
        return self.state

    def installed(self, *, in_venv: bool = False) -> str:
        """Return what the installed command says: an answer of a state, ABSENT, or anything else."""
        home = self.project / ".venv" / "bin" if in_venv else self.commands_folder
        try:
            done = subprocess.run(
                [home / "probe"],
                cwd=self.elsewhere,
                env=self.environment | {"PYTHONDONTWRITEBYTECODE": "1"},
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
        except (FileNotFoundError, PermissionError):  # not there, or not yet to be started
            return ABSENT
        return done.stdout.strip() if done.returncode == 0 else f"MIXTURE: {output(done)}"

    def outcome(self, old: str, *, in_venv: bool = False) -> str:
        """Return what a fault left: OLD (which answers *old*), NEW, ABSENT, or a MIXTURE."""
        words = {self.state.answer: NEW, ABSENT: ABSENT, old: OLD}
        return words.get(self.installed(in_venv=in_venv), MIXTURE)

    def comes_back(self, verb: str, *, in_venv: bool = False) -> None:
        """Run *verb* without a fault: it succeeds, and what is installed is what is written."""
        self.make(verb)
        assert self.installed(in_venv=in_venv) == self.state.answer
        if verb == "fresh":  # which tidies nothing where there is nothing to do
            self.make("install")
        store = self.project / ".neverstale"
        left = [*store.glob("building-*"), *store.glob("aside/*/complete")]
        left += self.project.glob(".venv/.neverstale-swap")
        left += self.commands_folder.glob(".tmp*")
        assert not left, f"left in the store or in the folder of commands: {left}"
        # The copy of the last install stays for what still runs from it.
        assert len(list(store.glob("aside/*"))) <= 1

    def forget_temporary_files(self) -> None:
        """Empty the system's temporary folder, as it is for the stage."""
        shutil.rmtree(self.root / "temporary")
        (self.root / "temporary").mkdir()

    def surroundings(self) -> Mapping[str, str]:
        """Return all that no install may change, path by path, with its content and permissions."""
        return {
            str(path.relative_to(self.root)): _seen(path)
            for path in _below(self.root, self._may_change)
        }

    def _may_change(self, path: Path) -> bool:
        relative = path.relative_to(self.root)
        if relative.parts[0] in ("tools", "uv"):
            return True
        if relative.parts[0] == "commands":
            unfinished = path.is_symlink() and re.fullmatch(r"\.tmp\w{6}", relative.name)
            return relative.name in ("probe", "demo-app") or bool(unfinished)
        inside = path.relative_to(self.project).parts if path.is_relative_to(self.project) else ()
        if len(inside) == 1 and inside[0].startswith(".tmp"):  # uv.lock, as uv writes it
            return True
        artifacts = ("__pycache__", ".neverstale", ".venv", "build", "dist", "uv.lock", ".git")
        return any(part in artifacts or part.endswith(".egg-info") for part in inside)


def _below(folder: Path, passed_over: Callable[[Path], bool]) -> list[Path]:
    found = []
    for entry in sorted(os.scandir(folder), key=lambda each: each.name):
        path = Path(entry.path)
        if passed_over(path):
            continue
        found.append(path)
        if entry.is_dir(follow_symlinks=False):
            found += _below(path, passed_over)
    return found


def _seen(path: Path) -> str:
    if path.is_symlink():
        return f"→ {os.readlink(path)}"
    mode = oct(path.stat().st_mode & 0o777)
    return mode if path.is_dir() else f"{mode} {path.read_bytes()!r}"


@dataclass(frozen=True)
class Workflow:
    """A verb that installs, and whether what it installs is in ``.venv`` whatever the project."""

    verb: str
    in_venv: bool = False

    def __str__(self) -> str:
        return self.verb


WORKFLOWS = (
    Workflow("install"),
    Workflow("fresh"),
    Workflow("install-editable"),
    Workflow("dev", in_venv=True),
)


PAIRS = (
    (COMBINATIONS[0], WORKFLOWS[0]),
    (COMBINATIONS[1], WORKFLOWS[1]),
    (COMBINATIONS[2], WORKFLOWS[2]),
    (COMBINATIONS[1], WORKFLOWS[3]),
)
"""Each workflow once, each kind of project at least once: what most faults are tried on."""


def needs(*programs: str) -> str:
    """Return why a test cannot run where one of *programs* is missing, or nothing."""
    missing = [program for program in programs if shutil.which(program) is None]
    return f"{', '.join(missing)} is not here" if missing else ""

"""A project in a world of its own: its own home, uv tools, commands; the real programs."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import pytest

from support.render import Combination, render_again

FOLDER = "a größe of its own"
"""A folder's name with spaces and a letter beyond ASCII: everything is tested below one."""

KEPT = (
    *(
        "LANG",
        "LC_",
        "TERM",
        "TMPDIR",
        "SSL_",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
    ),
    *("UV_OFFLINE", "UV_INDEX", "UV_DEFAULT_INDEX", "UV_SYSTEM_CERTS", "UV_NATIVE_TLS"),
)
"""Variables of whoever runs the tests that say how the machine reaches an index, and no more."""

BASE_PYTHON = Path(getattr(sys, "_base_executable", sys.executable))


def uv_executable() -> str:
    found = os.environ.get("UV") or shutil.which("uv")
    assert found, "the tests need uv"
    return found


def pythons_here() -> dict[str, Path]:
    """Return the folder of each interpreter here that a generated project may support, by version."""
    found = {f"3.{sys.version_info.minor}": BASE_PYTHON.parent}
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    for folder in sorted(root.glob("versions/3.1[0-5].*/bin")):
        found.setdefault(folder.parent.name.rpartition(".")[0], folder)
    return dict(sorted(found.items()))


def find_python(version: str) -> Path | None:
    """Return an interpreter of *version*, also one on PATH; a shim that starts none is none."""
    if version in pythons_here():
        return pythons_here()[version] / f"python{version}"
    program = shutil.which(f"python{version}")
    if program is None:
        return None
    asked = [program, "-c", "import sys; print(sys.executable)"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    return None if done.returncode else Path(done.stdout.strip())


def needs_toolchain(combination: Combination) -> None:
    """Skip the test, with the reason, where what compiles the extension is not here."""
    needed = {"maturin": ("cargo",), "meson_python": ("cc",), "scikit_build_core": ("c++",)}
    extension = ("c++",) if combination.binding == "pybind11" else ("cc",)
    for program in needed.get(combination.build_backend, extension):
        if combination.is_compiled and not starts(program):
            pytest.skip(f"{program} is not here, which {combination} is compiled with")


@lru_cache
def starts(program: str) -> bool:
    """Return whether *program* is on PATH and starts: rustup's cargo may have no Rust to start."""
    if shutil.which(program) is None:
        return False
    return subprocess.run((program, "--version"), check=False, capture_output=True).returncode == 0


class World:
    """One rendered project, and what installing it reaches."""

    def __init__(
        self, root: Path, combination: Combination, uv: str | None = None, folder: str = FOLDER
    ) -> None:
        self.combination = combination
        needs_toolchain(combination)
        self._prepare(root / folder, uv)
        render_again(self.project, combination)

    def _prepare(self, root: Path, uv: str | None = None) -> None:
        """Make the places around the project, which is not there yet."""
        if os.name == "nt":
            pytest.skip("a world of its own needs make, links and signals as POSIX has them")
        self.extra: dict[str, str] = {}
        self.root = root
        self.project = self.root / "demo-app"
        self.tools, self.commands = self.root / "tools", self.root / "commands"
        self.home, self.elsewhere = self.root / "home", self.root / "elsewhere"
        for place in (self.home, self.elsewhere, self.root / "uv", self.commands):
            place.mkdir(parents=True)
        found = Path(uv or uv_executable()).resolve()
        for program in (found, found.with_name("uvx")):
            (self.root / "uv" / program.name).symlink_to(program)

    @property
    def package(self) -> Path:
        return self.project / self.combination.package_path

    @property
    def environment(self) -> dict[str, str]:
        environment = {k: v for k, v in os.environ.items() if k.upper().startswith(KEPT)}
        path = [self.commands, self.root / "uv", BASE_PYTHON.parent]
        return environment | {
            "HOME": str(self.home),
            # Cargo's downloads are shared, as uv's are; rustup looks for its toolchains at home.
            "CARGO_HOME": os.environ.get("CARGO_HOME", str(Path.home() / ".cargo")),
            "RUSTUP_HOME": os.environ.get("RUSTUP_HOME", str(Path.home() / ".rustup")),
            "PATH": os.pathsep.join([*map(str, path), os.environ["PATH"]]),
            "UV_CACHE_DIR": cache_folder(),
            "NEVERSTALE_CACHE_DIR": f"{cache_folder()}-neverstale-tests",
            "UV_PYTHON_DOWNLOADS": "never",
            "UV_TOOL_DIR": str(self.tools),
            "UV_TOOL_BIN_DIR": str(self.commands),
            "GIT_AUTHOR_NAME": "A",
            "GIT_AUTHOR_EMAIL": "a@example.org",
            "GIT_COMMITTER_NAME": "A",
            "GIT_COMMITTER_EMAIL": "a@example.org",
            "GIT_CONFIG_GLOBAL": os.devnull,
            **self.extra,
        }

    @property
    def site_packages(self) -> Path:
        home = self.tools / "demo-app" if self.installs_tool else self.project / ".venv"
        return next(home.glob("lib/python3*/site-packages"))

    @property
    def installs_tool(self) -> bool:
        return self.combination.project_type == "cli"

    def run(
        self, *command: str | Path, expect: int | None = 0, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run *command* in the project; its exit code has to be *expect*, None for any."""
        done = run(command, self.project, self.environment | environment)
        assert expect is None or done.returncode == expect, f"{command}\n{output(done)}"
        return done

    def make(
        self, *arguments: str, expect: int | None = 0, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return self.run("make", *arguments, expect=expect, **environment)

    def ask(self, code: str) -> str:
        """Run Python *code* in the environment that the project is installed in."""
        python = self.site_packages.parents[2] / "bin" / "python"
        done = run([python, "-I", "-c", code], self.elsewhere, self.environment)
        return done.stdout.strip() if done.returncode == 0 else done.stderr.splitlines()[-1]

    def command(self, *arguments: str) -> str:
        """Run an installed command as a shell elsewhere would."""
        found = shutil.which(arguments[0], path=str(self.commands_folder))
        if not found:
            return "command not found"
        done = run([found, *arguments[1:]], self.elsewhere, self.environment)
        return done.stdout.strip() if done.returncode == 0 else done.stderr.splitlines()[-1]

    @property
    def commands_folder(self) -> Path:
        return self.commands if self.installs_tool else self.project / ".venv" / "bin"

    def commit(self, tag: str | None = None) -> None:
        if not (self.project / ".git").exists():
            self.run("git", "init", "--quiet")
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--allow-empty", "--no-verify", "--message", "change")
        if tag:
            self.run("git", "tag", tag)

    def status(self) -> str:
        return self.run("git", "status", "--porcelain").stdout

    def replace(self, old: str, new: str, path: str = "pyproject.toml") -> None:
        file = self.project / path
        text = file.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {path}:\n{text}"
        file.write_text(text.replace(old, new), encoding="utf-8")


def run(
    command: "list[str | Path] | tuple[str | Path, ...]",
    folder: Path,
    environment: Mapping[str, str],
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=dict(environment),
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        timeout=300,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def output(done: subprocess.CompletedProcess[str]) -> str:
    return f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"


def cache_folder() -> str:
    """Return uv's cache, shared by all tests: what is measured must not depend on its state."""
    chosen = os.environ.get("UV_CACHE_DIR")
    if chosen:
        return chosen
    asked = subprocess.run(
        [uv_executable(), "cache", "dir"], capture_output=True, text=True, check=True
    )
    return asked.stdout.strip()

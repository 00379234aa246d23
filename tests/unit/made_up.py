"""Made-up projects, environments, installations and builds: values, or a few small files."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from support.tree import build_file_tree, build_wheel_file

from neverstale.diagnosis.findings import Finding
from neverstale.diagnosis.fixes import Fixes
from neverstale.environments.environment import OTHER, SCRIPTS, Environment
from neverstale.environments.installed import Installed
from neverstale.files import Digest, digest_of
from neverstale.process import Uv
from neverstale.project.metadata import Project
from neverstale.wheels.archives import read_wheel
from neverstale.wheels.build import Builder
from neverstale.wheels.distribution import Distribution
from neverstale.wheels.store import Built, Store

DEMO = canonicalize_name("demo")
INFO = "demo-1.0.dist-info"
ONE, TWO = digest_of(b"1"), digest_of(b"2")
SITE = "lib/python3.12/site-packages"

PROJECT = Project(
    root=Path("/project"),
    name=DEMO,
    version="1.0",
    commands={"demo": "demo.cli:main"},
    requirements=frozenset(),
    requires_python=">=3.10",
    build_backend="hatchling.build",
    build_requires=("hatchling",),
    backend_path=(),
    target="tool",
    text="",
    plugins={},
    likely_commands={"demo": "demo.cli:main"},
)

FILES = {"demo/__init__.py": ONE, "demo/cli.py": ONE, f"{INFO}/METADATA": ONE}

WHEEL = Distribution(
    name=DEMO,
    version="1.0",
    files=FILES,
    executable=frozenset(),
    commands={"demo": "demo.cli:main"},
    requirements=frozenset(),
)

INSTALLED = Installed(
    distribution=WHEEL._replace(files={**FILES, f"{INFO}/RECORD": TWO, "{scripts}/demo": TWO}),
    dist_info=INFO,
    origin={},
    altered={},
    missing=frozenset(),
    unrecorded=frozenset(),
    outside=frozenset(),
    unchecked=frozenset(),
    commands=frozenset({"demo"}),
    tags=frozenset({"py3-none-any"}),
    pointers=(),
)

EDITABLE = {"url": "file:///project", "dir_info": {"editable": True}}


def requirements(*lines: str) -> frozenset[Requirement]:
    """Return requirements as METADATA has them."""
    return frozenset(map(Requirement, lines))


def named(findings: Sequence[Finding]) -> dict[str, list[str]]:
    """Return code → what its evidence names."""
    return {found.code.name: [each.what for each in found.evidence] for found in findings}


def typed(verb: str, *arguments: str) -> tuple[str, ...]:
    """Return a verb as it is typed where nothing else is known."""
    return ("neverstale", verb, *arguments)


def fixes_of(project: Project = PROJECT) -> Fixes:
    """Return the fixes of *project*, typed with the command ``neverstale``."""
    return Fixes(project, typed)


def make_environment(
    prefix: Path,
    place: str = OTHER,
    *,
    version: str = "3.12.1",
    commands: Path | None = None,
    label: str = "",
    runs: bool = True,
) -> Environment:
    """Make a virtual environment; its interpreter is an empty file beside it."""
    minor = ".".join(version.split(".")[:2])
    base = prefix.with_name(f"{prefix.name}-base")
    build_file_tree(
        prefix,
        {
            "pyvenv.cfg": f"home = {base}/bin\nversion_info = {version}\n",
            f"lib/python{minor}/site-packages/": "",
            f"{SCRIPTS}/": "",
        },
    )
    if runs:
        build_file_tree(base, {"bin/python": ""})
        (prefix / SCRIPTS / "python").symlink_to(base / "bin" / "python")
    return Environment(place, prefix, commands or prefix / SCRIPTS, label)


def site_of(environment: Environment) -> Path:
    """Return the folder of installed packages, which has to be there."""
    site = environment.site_packages
    assert site
    return site


def script_of(environment: Environment, module: str = "demo.cli") -> str:
    """Return a script as installers write one for a command."""
    return f"#!{environment.scripts}/python\nimport {module}\n"


def install_files(  # noqa: PLR0913
    environment: Environment,
    files: Mapping[str, str],
    name: str = "demo",
    version: str = "1.0",
    *,
    requires: Sequence[str] = (),
    origin: Mapping[str, object] | None = None,
    commands: Mapping[str, str] | None = None,
    rows: Sequence[str] = (),
) -> Path:
    """Install *files* (path below site-packages → text) by hand; return the dist-info folder.

    *rows* are further rows of RECORD. Each of *commands* gets a script.
    """
    site, info = site_of(environment), f"{name.replace('-', '_')}-{version}.dist-info"
    text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    text += "".join(f"Requires-Dist: {line}\n" for line in requires)
    placed = {
        **files,
        f"{info}/METADATA": text,
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: hand\nTag: py3-none-any\n",
        f"{info}/INSTALLER": "uv",
    }
    if origin is not None:
        placed[f"{info}/direct_url.json"] = json.dumps(origin)
    if commands:
        lines = "".join(f"{command} = {target}\n" for command, target in commands.items())
        placed[f"{info}/entry_points.txt"] = f"[console_scripts]\n{lines}"
    scripts = {
        f"../../../{SCRIPTS}/{command}": script_of(environment, target.partition(":")[0])
        for command, target in (commands or {}).items()
    }
    build_file_tree(site, {**placed, **scripts})
    for path in scripts:
        (site / path).chmod(0o755)
    record = [f"{path},{digest_of((site / path).read_bytes())}," for path in (*placed, *scripts)]
    record += [*rows, f"{info}/RECORD,,"]
    (site / info / "RECORD").write_text("".join(f"{row}\n" for row in record), encoding="utf-8")
    return site / info


def make_wheel(
    folder: Path,
    files: Mapping[str, str],
    name: str = "demo",
    version: str = "1.0",
    *,
    requires: Sequence[str] = (),
    commands: Mapping[str, str] | None = None,
) -> Path:
    """Write a wheel like the one that `install_files` installs."""
    info = f"{name.replace('-', '_')}-{version}.dist-info"
    text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    text += "".join(f"Requires-Dist: {line}\n" for line in requires)
    placed = {
        **files,
        f"{info}/METADATA": text,
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: hand\nTag: py3-none-any\n",
    }
    if commands:
        lines = "".join(f"{command} = {target}\n" for command, target in commands.items())
        placed[f"{info}/entry_points.txt"] = f"[console_scripts]\n{lines}"
    return build_wheel_file(folder, placed, name.replace("-", "_"), version)


def built_of(archive: Path, answers: Mapping[str, str] | None = None) -> Built:
    """Return what the store would return for *archive*."""
    return Built(archive, read_wheel(archive), answers or {})


def nobody_waits() -> None:
    """Fail: nothing else holds the store of a test."""
    raise AssertionError("the store is held by nobody else")


def make_builder(
    root: Path, store: Path, say: Callable[[str], None] = print, program: str = "/no/uv"
) -> Builder:
    """Return a builder with a store of its own and, but for a *program* given, without a uv."""
    return Builder(Uv(program, root, say), Store(store), nobody_waits)


def make_program(path: Path, code: int, says: str = "") -> str:
    """Write a program that does nothing, says *says*, and ends with *code*."""
    path.write_text(f"#!/bin/sh\nprintf %s '{says}'\nexit {code}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def digests(root: Path, *paths: str) -> dict[str, Digest]:
    """Return the digests of files below *root*."""
    return {path: digest_of((root / path).read_bytes()) for path in paths}


def links_in(folder: Path) -> dict[str, str]:
    """Return the links in *folder*: name → target."""
    return {p.name: os.readlink(p) for p in sorted(folder.iterdir()) if p.is_symlink()}


def tree(root: Path) -> dict[str, str]:
    """Return path → text of every file below *root*, without interpreters."""
    return {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.name != "python"
    }


def be_alone(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Path:
    """Have nothing but what is below *folder*: home, PATH, tools; return the folder of commands."""
    own = ("CONDA", "GIT_", "NEVERSTALE", "PIPX_", "PYTHON", "UV", "VIRTUAL_ENV", "XDG_")
    for name in list(os.environ):
        if name.startswith(own) and name != "PYTEST_CURRENT_TEST":
            monkeypatch.delenv(name)
    commands = folder / "commands"
    for each in (folder / "home", commands):
        each.mkdir(parents=True, exist_ok=True)
    monkeypatch.setenv("HOME", str(folder / "home"))
    monkeypatch.setenv("PATH", str(commands))
    monkeypatch.setenv("UV_TOOL_DIR", str(folder / "tools"))
    monkeypatch.setenv("UV_TOOL_BIN_DIR", str(commands))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    return commands


SOURCES = {"demo/__init__.py": "", "demo/cli.py": "def main(): pass\n"}
"""What `make_project` puts into ``src``, and a wheel of that holds."""


def make_project(root: Path, **changes: object) -> Project:
    """Make the sources of a project; return what it declares."""
    build_file_tree(root, {f"src/{path}": text for path, text in SOURCES.items()})
    build_file_tree(root, {"pyproject.toml": "[project]\n"})
    return PROJECT._replace(root=root, **changes)  # type: ignore[arg-type]


def remember(  # noqa: PLR0913
    builder: Builder,
    project: Project,
    scratch: Path,
    files: Mapping[str, str] | None = None,
    *,
    kind: str = "wheel",
    commands: Mapping[str, str] | None = None,
    answers: Mapping[str, str] | None = None,
) -> Built:
    """Put a wheel into the store as what the present sources of *project* give."""
    said = project.commands if commands is None else commands
    held = SOURCES if files is None else files
    requires = sorted(map(str, project.requirements or ()))
    archive = make_wheel(
        scratch, held, project.name, project.version or "1.0", requires=requires, commands=said
    )
    paths = [p.relative_to(project.root).as_posix() for p in project.root.rglob("src/**/*.py")]
    read = {f"file {path}": digest for path, digest in digests(project.root, *paths).items()}
    return builder.store.put(project, kind, archive, read if answers is None else answers)

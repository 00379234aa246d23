"""What uv unpacks beside an environment, before anything in it changes."""

import os
import re
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import NormalizedName, canonicalize_name

from neverstale.environments.environment import Environment, distributions
from neverstale.files import read_text, text_if_there, write_text
from neverstale.process import Uv, explain_failure
from neverstale.removal import discard
from neverstale.wheels.record import rows_of, spell_record
from neverstale.wheels.store import Built

FOLDER = ".neverstale-swap"
"""The folder in the environment in which the new one is unpacked, and the old one is kept."""


@dataclass(frozen=True)
class Swap:
    """The replacement of *name* in *environment*: ``stage`` has its new files, ``old`` the old."""

    environment: Environment
    site: Path
    name: NormalizedName

    @property
    def folder(self) -> Path:
        """The folder of this module in the environment."""
        return self.environment.prefix / FOLDER

    @property
    def stage(self) -> Path:
        """Where uv unpacks the new files."""
        return self.folder / "new" / self.name

    @property
    def old(self) -> Path:
        """Where the old files are kept, by their paths below the environment."""
        return self.folder / "old"


def lacking(uv: Uv, built: Sequence[Built], environment: Environment, scratch: Path) -> list[str]:
    """Return what uv would install in *environment* for what *built* require, and fetch it.

    Unpacked once in *scratch*, it is in uv's cache, so that installing it takes a moment.
    """
    named = {each.distribution.name for each in built}
    wanted = [str(r) for each in built for r in each.distribution.requirements if not _of_extra(r)]
    wanted = [line for line in wanted if _name(line) not in named]
    if not wanted:
        return []
    where = ("--python", str(environment.prefix))
    said = _pip_install(uv, "--dry-run", "--color", "never", *where, *sorted(wanted))
    found = [_exactly(line) for line in re.findall(r"^ [+~] (.+)$", said, re.MULTILINE)]
    if found:
        _pip_install(uv, "--quiet", "--no-deps", "--target", str(scratch), *where, *found)
        shutil.rmtree(scratch, ignore_errors=True)
    return found


def _exactly(line: str) -> str:
    """Return the requirement for what uv lists: ``a==1``, ``a @ URL`` or ``a==1 (from URL)``."""
    pinned, _, url = line.partition(" (from ")
    return f"{pinned.partition('==')[0]} @ {url.removesuffix(')')}" if url else pinned


def install_exactly(uv: Uv, requirements: Sequence[str], environment: Environment) -> None:
    """Have uv install *requirements*, and nothing that they require."""
    if requirements:
        for info in [*_half_there(environment, {_name(line) for line in requirements})]:
            discard(info, environment.prefix)
        where = ("--python", str(environment.prefix))
        _pip_install(uv, "--quiet", "--no-deps", *where, *requirements)


def _pip_install(uv: Uv, *arguments: str) -> str:
    """Return what uv says; from its cache if it can. Raise NeverstaleError where uv fails."""
    command = ("pip", "install", *arguments)
    said = uv.attempt(*command, "--offline")
    if said is None:
        code, said = uv.capture(uv.executable, *command)
        if code:
            what = "uv could not install the wheel; what was installed before is untouched"
            raise explain_failure(uv, what, said)
    return said


def _half_there(environment: Environment, names: Collection[str]) -> Iterator[Path]:
    """Yield the folders of metadata without RECORD that a kill has left of *names*.

    uv counts each as an installed version, cannot uninstall it, and installs another one next to
    it. Those of a system's package manager have none by right.
    """
    site = environment.site_packages
    for name, info, _ in distributions(site) if site else ():
        if name not in names or info.suffix != ".dist-info" or info.is_symlink():
            continue
        by = text_if_there(info / "INSTALLER").strip()
        if not (info / "RECORD").exists() and by in ("", "pip", "uv"):
            yield info


def _of_extra(requirement: object) -> bool:
    return "extra ==" in str(requirement)


def _name(line: str) -> str:
    from packaging.requirements import Requirement

    return canonicalize_name(Requirement(line).name)


def stage(uv: Uv, built: Built, swap: Swap) -> None:
    """Have uv unpack *built* beside the environment; raise NeverstaleError where it cannot."""
    swap.stage.mkdir(parents=True)
    (swap.folder / ".gitignore").write_text("*\n", encoding="utf-8")
    where = ("--target", str(swap.stage), "--python", str(swap.environment.prefix))
    _pip_install(uv, "--quiet", "--no-deps", *where, str(built.archive))


def destinations(built: Built, swap: Swap) -> dict[str, Path]:
    """Return path below the stage, as its RECORD has it → where the file belongs.

    uv lays a target folder out flat: https://docs.astral.sh/uv/reference/cli/#uv-pip-install
    """
    environment, files = swap.environment, built.distribution.files
    scripts = environment.scripts.name
    found: dict[str, Path] = {}
    for path in _staged(swap.stage):
        first, _, rest = path.partition("/")
        header = rest.partition("/")[2]
        if path in files:
            found[path] = swap.site / path
        elif first == scripts and "/" not in rest:
            found[path] = environment.scripts / rest
        elif first == "include" and f"{{headers}}/{header}" in files:
            folder = environment.prefix / "include" / "site" / f"python{environment.minor}"
            found[path] = folder / rest
        elif f"{{data}}/{path}" in files:
            found[path] = environment.prefix / path
        else:
            found[path] = swap.site / path
    return found


def _staged(stage: Path) -> Iterator[str]:
    for folder, _, names in os.walk(stage):
        for name in names:
            path = Path(folder, name).relative_to(stage).as_posix()
            if path != ".lock":
                yield path


def rewrite_record(swap: Swap, moves: Mapping[str, Path]) -> None:
    """Write RECORD as it is for the environment, not for a target folder."""
    for info in swap.stage.glob("*.dist-info"):
        rows = []
        for path, *rest in rows_of(read_text(info / "RECORD")):
            to = moves.get(path, swap.site / path)
            rows.append([os.path.relpath(to, swap.site).replace(os.sep, "/"), *rest])
        write_text(info / "RECORD", spell_record(rows))

"""What uv unpacks beside an environment, before anything in it changes."""

import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from neverstale.environments.environment import Environment, distributions
from neverstale.files import read_text, text_if_there, write_text
from neverstale.names import NormalizedName, canonicalize_name
from neverstale.process import Uv, explain_failure
from neverstale.removal import discard
from neverstale.wheels.record import rows_of, spell_record
from neverstale.wheels.store import Built

FOLDER = ".neverstale-swap"
"""The folder in the environment in which the new one is unpacked, and the old one is kept."""


TARGET_SCRIPTS = "bin"
"""Where uv has the commands of a target folder, on Windows as well."""

OLD = "old"
"""The folder in that one with the old files of each project."""

UNMET = "uv could not get what the project requires; what was installed before is untouched"


class Swap(NamedTuple):
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
        return self.folder / OLD / self.name


def lacking(uv: Uv, built: Sequence[Built], environment: Environment) -> list[str]:
    """Return what uv would install in *environment* for what *built* require.

    Exact versions, as uv lists them; an address as it was required, for uv masks passwords.
    """
    named = {each.distribution.name for each in built}
    asked = [r for each in built for r in each.distribution.requirements if not _of_extra(r)]
    wanted = {str(r): r for r in asked if _name(str(r)) not in named}
    if not wanted:
        return []
    where = ("--python", str(environment.prefix))
    said, _ = _pip_install(uv, UNMET, "--dry-run", "--color", "never", *where, *sorted(wanted))
    addresses = {_name(line): line for line, r in wanted.items() if r.url}
    listed = re.findall(r"^ [+~] (.+)$", said, re.MULTILINE)
    found = {_name(line): _exactly(line) for line in listed}
    return [addresses.get(name, line) for name, line in found.items() if name not in named]


def _exactly(line: str) -> str:
    """Return the requirement for what uv lists: ``a==1``, ``a @ URL`` or ``a==1 (from URL)``."""
    pinned, _, url = line.partition(" (from ")
    return f"{pinned.partition('==')[0]} @ {url.removesuffix(')')}" if url else pinned


def fetch(uv: Uv, requirements: Sequence[str], environment: Environment, scratch: Path) -> bool:
    """Have uv unpack *requirements* in *scratch*; return whether its cache has them now."""
    where = ("--target", str(scratch), "--python", str(environment.prefix))
    command = ("--quiet", "--no-deps", *where, *requirements)
    _, cached = _pip_install(uv, UNMET, *command)
    return cached or uv.attempt("pip", "install", "--reinstall", *command, "--offline") is not None


def install_exactly(uv: Uv, requirements: Sequence[str], environment: Environment) -> None:
    """Have uv install *requirements*, and nothing that they require."""
    if not requirements:
        return
    for info in [*_half_there(environment, {_name(line) for line in requirements})]:
        discard(info, environment.prefix)
    where = ("--python", str(environment.prefix))
    what = "uv could not install what the project requires; the project is what it was before"
    _pip_install(uv, what, "--quiet", "--no-deps", *where, *requirements)


def _pip_install(uv: Uv, what: str, *arguments: str) -> tuple[str, bool]:
    """Return what uv says, and whether its cache was enough.

    Raise NeverstaleError, which says *what*, where uv fails.
    """
    command = ("pip", "install", *arguments)
    said = uv.attempt(*command, "--offline")
    if said is not None:
        return said, True
    code, said = uv.capture(uv.executable, *command)
    if code:
        raise explain_failure(uv, what, said)
    return said, False


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


def _name(line: str) -> NormalizedName:
    return canonicalize_name(re.split(r"[^\w.-]", line)[0])


def stage(uv: Uv, built: Built, swap: Swap) -> None:
    """Have uv unpack *built* beside the environment; raise NeverstaleError where it cannot."""
    swap.stage.mkdir(parents=True)
    (swap.folder / ".gitignore").write_text("*\n", encoding="utf-8")
    where = ("--target", str(swap.stage), "--python", str(swap.environment.prefix))
    what = "uv could not unpack the wheel; what was installed before is untouched"
    _pip_install(uv, what, "--quiet", "--no-deps", *where, str(built.archive))


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
        elif first in (scripts, TARGET_SCRIPTS) and "/" not in rest:
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


def is_own_file(path: Path, prefix: Path) -> bool:
    """Return whether *path* is a file or a link in *prefix*, and no link leads out on its way.

    RECORD may be anybody's: a row can name a folder, or another place in full.
    """
    home = Path(os.path.realpath(path.parent))
    inside = path.is_relative_to(prefix) and home.is_relative_to(os.path.realpath(prefix))
    return inside and (path.is_symlink() or path.is_file())

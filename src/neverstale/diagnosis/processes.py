"""What still runs: processes that began before the copy of the project that they have changed."""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import NamedTuple

from neverstale.diagnosis.place import Place
from neverstale.environments.imports import Imports
from neverstale.errors import NeverstaleError
from neverstale.files import real
from neverstale.programs import find_program
from neverstale.shell import typed, without_secrets

UNSURE = 1.0
"""By how many seconds the start of a process may be off: Linux notes that of the machine in whole
seconds. What changed in the first second of a process is not seen."""


class Running(NamedTuple):
    """A process of this user in the environment of *place*, which *started* before *changed* did.

    ``started`` is in UTC; ``changed`` are paths of files; ``command`` is without secrets.
    """

    pid: int
    place: str
    command: str
    started: datetime
    changed: tuple[str, ...]


def find_outdated(places: Sequence[Place], imports: Sequence[Imports]) -> list[Running]:
    """Return the processes of this user that run what one of *places* has no longer.

    *imports* are where the packages of an editable install are.

    A process belongs to the environment whose interpreter it was started by; what it has loaded
    meanwhile is not known. Nothing is stopped. Raise NeverstaleError where psutil is missing.
    """
    try:
        import psutil
    except ImportError:
        raise NeverstaleError(
            "--processes needs the package psutil",
            hint="install neverstale[processes], or start the launcher by"
            " `uv run --with psutil --script tools/neverstale.py doctor --processes`",
        ) from None
    homes = {real(p.environment.prefix): p for p in places if p.environment and p.installed}
    times = {home: dict(_times(place, imports)) for home, place in homes.items()}
    me, found = psutil.Process(), []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):  # it has ended, or belongs to somebody else
            if process.username() != me.username() or process.pid == me.pid:
                continue
            command, started = process.cmdline(), process.create_time()
            home = _home_of(command, process.cwd(), process.environ().get("PATH", ""))
            seen = times.get(home, {}) if home else {}
            changed = [path for path, at in seen.items() if at > started + UNSURE]
            if home and changed:
                when = datetime.fromtimestamp(started, timezone.utc)
                line = typed(without_secrets(command))
                running = Running(process.pid, homes[home].name, line, when, tuple(changed))
                found.append(running)
    return found


def _home_of(command: Sequence[str], folder: str, path: str) -> Path | None:
    """Return the prefix of the environment whose interpreter *command* was started by.

    Its first word is the path of that as it was called; what it is a link to is another prefix.
    """
    program = command[0] if command else ""
    named = os.path.join(folder, program) if os.path.dirname(program) else None
    found = named or find_program(program, path=path)
    return real(Path(found).parent.parent) if found else None


def _times(place: Place, imports: Sequence[Imports]) -> Iterator[tuple[str, float]]:
    """Yield path and time of change, in seconds since 1970, of what a process may have loaded."""
    installed = place.installed
    site = place.environment.site_packages if place.environment else None
    if installed is None or site is None:
        return
    # An installer writes RECORD anew; others may be links to its cache, with the times there.
    paths = [site / installed.dist_info / "RECORD"]
    paths += [site / path for path in installed.distribution.files if not path.startswith("{")]
    if installed.editable:
        own = (each for each in imports if each.environment == place.environment)
        origins = [o.path for each in own for o in each.elsewhere if o.path]
        paths += [file for origin in origins for file in _modules(origin)]
    for path in paths:
        with suppress(OSError):
            yield str(path), os.stat(path).st_mtime


def _modules(origin: Path) -> Iterator[Path]:
    """Yield the files of the module or the package that *origin* is or is the start of."""
    folder = origin.parent if origin.stem == "__init__" else origin
    if folder.is_dir():
        yield from (path for path in folder.rglob("*") if path.suffix in (".py", ".so", ".pyd"))
    else:
        yield origin

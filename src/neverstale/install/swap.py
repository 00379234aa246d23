"""Replace an installation in an environment: staged, swapped by renames, or put back.

uv unpacks the new one into a folder of the environment; then the old one's folders are renamed
away, what the new one requires is installed, and the new one's folders are renamed in. At any
moment the project is the old one, the new one or absent, and never half of each. A journal in that
folder lets the next install finish what a kill left.
"""

import json
import os
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path

from packaging.utils import canonicalize_name

from neverstale.environments.dist_info import DamagedError
from neverstale.environments.environment import Environment, distributions
from neverstale.environments.installed import Installed, read_installed
from neverstale.environments.unrecorded import find_orphans
from neverstale.errors import NeverstaleError
from neverstale.files import listing, read_bytes, read_text, write_text
from neverstale.install.staging import (
    FOLDER,
    Swap,
    destinations,
    install_exactly,
    lacking,
    rewrite_record,
    stage,
)
from neverstale.process import Uv, explain_failure, unstoppable
from neverstale.removal import discard, is_below
from neverstale.wheels.record import rows_of
from neverstale.wheels.store import Built

JOURNAL = "journal.json"


def install_wheels(uv: Uv, built: Sequence[Built], environment: Environment) -> None:
    """Install *built*, a project's wheel and those it needs, in place of what is there.

    All are unpacked, and what they require and is missing is fetched, before anything changes.
    Raise NeverstaleError where a step fails; then the projects are what they were before.
    """
    if environment.site_packages is None:
        code, said = uv.capture(uv.executable, "venv", "--quiet", str(environment.prefix))
        if code:
            raise explain_failure(uv, "uv could not create the environment", said)
    site = environment.site_packages
    if site is None:
        raise NeverstaleError(f"{environment.prefix} has no site-packages", hint="create it again")
    staged = [(each, Swap(environment, site, each.distribution.name)) for each in built]
    folder = staged[0][1].folder
    discard(folder, environment.prefix)
    folder.mkdir(mode=0o700)
    try:
        for each, swap in staged:
            stage(uv, each, swap)
        requirements = lacking(uv, built, environment, folder / "fetched")
        _replace(staged, lambda: install_exactly(uv, requirements, environment))
    finally:
        if not (folder / JOURNAL).exists():  # else it is what the next install recovers from
            shutil.rmtree(folder, ignore_errors=True)


def _replace(staged: Sequence[tuple[Built, Swap]], between: Callable[[], None]) -> None:
    """Swap all of *staged*; what *between* does happens while none of them is there."""
    swap = staged[0][1]
    prefix = swap.environment.prefix
    swap.old.mkdir(parents=True)
    old: list[Path] = []
    entries: list[tuple[Path, Path]] = []
    for built, each in staged:
        moves = destinations(built, each)
        rewrite_record(each, moves)
        old += _old_files(built, each.environment)
        entries += _entries(each, moves)
    entries.sort(key=_is_record)
    units = [*_units(prefix, swap.site, old)]
    new = [os.path.relpath(to, prefix) for _, to in entries if not os.path.lexists(to)]
    journal = {"names": [str(each.name) for _, each in staged], "old": units, "new": new}
    write_text(swap.folder / JOURNAL, json.dumps(journal))
    with unstoppable():  # no longer than some renames, and what is fetched already
        try:
            _move_away(swap, units)
            between()
            _move_in(entries)
        except OSError as error:
            _roll_back(swap, journal)
            raise NeverstaleError(
                f"{error.filename} could not be replaced: {error.strerror}; what was installed"
                " before is there again",
                hint="close what uses it, then run the command again",
            ) from error
        except NeverstaleError:
            _roll_back(swap, journal)
            raise
    (swap.folder / JOURNAL).unlink()
    for built, each in staged:
        _forget_legacy(built, each)


def _is_record(entry: tuple[Path, Path]) -> bool:
    """Return whether *entry* moves records, which come last: without one nothing is installed."""
    return entry[0].suffix == ".dist-info"


def _old_files(built: Built, environment: Environment) -> Iterator[Path]:
    """Yield the files of the present installation, and what is among them and in no RECORD."""
    site, name = environment.site_packages, built.distribution.name
    if site is None:
        return
    try:
        installed = read_installed(environment, name)
    except DamagedError:
        for _, info, _ in distributions(site, name):
            if info.is_dir() and not info.is_symlink():
                yield from (path for path in info.rglob("*") if not path.is_dir())
        tops = {path.partition("/")[0] for path in built.distribution.files if path.count("/")}
        packages = [top for top in tops if top.isidentifier()]
        yield from (site / path for path in find_orphans(environment, packages))
        return
    except NeverstaleError:
        return
    if installed is not None:
        paths = recorded_files(installed, site)
        yield from (path for path in paths if os.path.lexists(path))


def recorded_files(installed: Installed, site: Path) -> list[Path]:
    """Return the paths of what an installation consists of, but for rows that lead out of it."""
    rows = read_text(site / installed.dist_info / "RECORD")
    paths = {row[0] for row in rows_of(rows)} - installed.outside
    return [Path(os.path.normpath(site / path)) for path in sorted(paths | installed.unrecorded)]


def _units(prefix: Path, site: Path, files: Collection[Path]) -> Iterator[str]:
    """Yield the fewest paths below *prefix* that cover *files* and nothing of anybody else's.

    *site*, its site-packages, stays: an environment without one is none.
    """
    own = frozenset(map(str, files))
    tree: dict[str, set[str]] = {}
    for file in own:
        below = Path(file)
        while below != prefix and below.is_relative_to(prefix):
            tree.setdefault(str(below.parent), set()).add(str(below))
            below = below.parent

    def covered(folder: str) -> bool:
        names = {os.path.join(folder, name) for name in listing(folder)}
        strangers = {n for n in names - tree.get(folder, set()) if not n.endswith("__pycache__")}
        inner = (each for each in tree.get(folder, ()) if each not in own)
        return not strangers and not os.path.islink(folder) and all(map(covered, inner))

    waiting = [str(prefix)]
    while waiting:
        for path in sorted(tree.get(waiting.pop(), ())):
            if path in own or (covered(path) and not site.is_relative_to(path)):
                yield os.path.relpath(path, prefix)
            else:
                waiting.append(path)


def _entries(swap: Swap, moves: Mapping[str, Path]) -> Iterator[tuple[Path, Path]]:
    """Yield from → to for whole folders that no one else has anything in, or else for files."""
    whole: dict[str, bool] = {}
    for path, to in moves.items():
        top = path.partition("/")[0]
        whole[top] = whole.get(top, "/" in path) and to == swap.site / path
    found = {swap.stage / top: swap.site / top for top, is_whole in whole.items() if is_whole}
    found |= {
        swap.stage / path: to for path, to in moves.items() if not whole[path.partition("/")[0]]
    }
    yield from sorted(found.items(), key=_is_record)


def _move_away(swap: Swap, units: Sequence[str]) -> None:
    records = [unit for unit in units if unit.endswith(".dist-info")]
    for unit in (*records, *(unit for unit in units if unit not in records)):
        kept = swap.old / unit
        kept.parent.mkdir(parents=True, exist_ok=True)
        os.rename(swap.environment.prefix / unit, kept)


def _move_in(entries: Sequence[tuple[Path, Path]]) -> None:
    for source, to in entries:
        if source.is_dir() and to.is_dir() and not to.is_symlink():  # shared with others
            for folder, _, names in os.walk(source):
                there = to / Path(folder).relative_to(source)
                there.mkdir(parents=True, exist_ok=True)
                for name in names:
                    os.replace(Path(folder, name), there / name)
        else:
            to.parent.mkdir(parents=True, exist_ok=True)
            os.replace(source, to)


def _roll_back(swap: Swap, journal: Mapping[str, Sequence[str]]) -> None:
    """Put back what was moved away; what was moved in and was not there before is removed."""
    prefix = swap.environment.prefix
    for unit in filter(_is_inside, journal["old"]):
        kept, there = swap.old / unit, prefix / unit
        if not os.path.lexists(kept) or not is_below(kept, prefix) or not is_below(there, prefix):
            continue
        if os.path.lexists(there):
            _remove(there)
        there.parent.mkdir(parents=True, exist_ok=True)
        os.rename(kept, there)
    for unit in filter(_is_inside, journal["new"]):
        if is_below(prefix / unit, prefix):
            _remove(prefix / unit)
    discard(swap.folder, prefix)


def _is_inside(unit: str) -> bool:
    """Return whether *unit* is relative and leads nowhere else: a journal may be a stranger's."""
    return not os.path.isabs(unit) and ".." not in Path(unit).parts


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def recover(environment: Environment) -> bool:
    """Undo a swap that was killed half-way; return whether something was put back.

    What is whole now stays, whoever made it.
    """
    site, folder = environment.site_packages, environment.prefix / FOLDER
    if site is None or not folder.is_dir() or folder.is_symlink():
        return False
    try:
        noted = json.loads(read_bytes(folder / JOURNAL))
        journal = {key: [str(unit) for unit in noted[key]] for key in ("old", "new")}
        swaps = [Swap(environment, site, canonicalize_name(name)) for name in noted["names"]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # nothing was moved yet
        shutil.rmtree(folder, ignore_errors=True)
        return False
    if not swaps or all(_is_whole(swap) for swap in swaps):
        shutil.rmtree(folder, ignore_errors=True)
        return False
    with unstoppable():
        _roll_back(swaps[0], journal)
    return True


def _is_whole(swap: Swap) -> bool:
    try:
        installed = read_installed(swap.environment, swap.name)
    except (OSError, NeverstaleError):
        return False
    return installed is not None and installed.whole


def _forget_legacy(built: Built, swap: Swap) -> None:
    """Remove what `setup.py develop` left for this project: its egg-link, its line in the list.

    https://setuptools.pypa.io/en/latest/deprecated/easy_install.html
    """
    for _, link, _ in [*distributions(swap.site, built.distribution.name)]:
        if link.suffix != ".egg-link" or link.is_symlink():
            continue
        folder = read_text(link).partition("\n")[0].strip()
        listed = swap.site / "easy-install.pth"
        if listed.is_file() and not listed.is_symlink():
            lines = read_text(listed).splitlines(keepends=True)
            write_text(listed, "".join(line for line in lines if line.strip() != folder))
        link.unlink()

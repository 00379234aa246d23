"""Replace an installation in an environment: staged, swapped by renames, or put back.

uv unpacks the new one into a folder of the environment; then the old one's folders are renamed
away, what the new one requires is installed, and the new one's folders are renamed in. At any
moment the project is the old one, the new one or absent, and never half of each. A journal in that
folder lets the next install finish what a kill left.
"""

import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from neverstale.environments.dist_info import DamagedError
from neverstale.environments.environment import Environment, distributions
from neverstale.environments.installed import Installed, read_installed
from neverstale.environments.unrecorded import find_orphans, recorded_by_others
from neverstale.errors import NeverstaleError
from neverstale.files import listing, read_text, write_text
from neverstale.install.recovery import JOURNAL, recover, undo
from neverstale.install.staging import (
    OLD,
    Swap,
    destinations,
    fetch,
    install_exactly,
    is_own_file,
    lacking,
    rewrite_record,
    stage,
)
from neverstale.names import NormalizedName
from neverstale.process import Uv, explain_failure, unstoppable
from neverstale.removal import discard
from neverstale.wheels.record import rows_of
from neverstale.wheels.store import Built


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
    if folder.exists():  # on Windows, what somebody has open stays
        raise NeverstaleError(
            f"{folder} is in use; what was installed before is untouched",
            hint="end the program that uses it, then run the command again",
        )
    folder.mkdir(mode=0o700)
    try:
        for each, swap in staged:
            stage(uv, each, swap)
        requirements = lacking(uv, built, environment)
        if requirements and not fetch(uv, requirements, environment, folder / "fetched"):
            install_exactly(uv, requirements, environment)  # without a cache it may take long
            requirements = []
    except BaseException:
        discard(folder, environment.prefix)
        raise
    _replace(staged, lambda: install_exactly(uv, requirements, environment))
    discard(folder, environment.prefix)


def _replace(staged: Sequence[tuple[Built, Swap]], between: Callable[[], None]) -> None:
    """Swap all of *staged*; what *between* does happens while none of them is there."""
    folder, prefix = staged[0][1].folder, staged[0][1].environment.prefix
    plan: list[tuple[Swap, list[str], list[tuple[Path, Path]]]] = []
    for built, swap in staged:
        moves = destinations(built, swap)
        rewrite_record(swap, moves)
        swap.old.mkdir(parents=True)
        old = [*_old_files(swap, built.distribution.files)]
        plan.append((swap, [*_units(prefix, swap.site, old)], [*_entries(swap, moves)]))
    journal: dict[str, list[str]] = {swap.name: [] for swap, _, _ in plan}
    write_text(folder / JOURNAL, json.dumps(journal))
    with unstoppable():  # no longer than some renames, and what uv has in its cache
        try:
            for each, units, _ in plan:
                _move_away(each, units)
            between()
            journal = {swap.name: [*_new_files(prefix, entries)] for swap, _, entries in plan}
            write_text(folder / JOURNAL, json.dumps(journal))
            _move_in(sorted((e for _, _, entries in plan for e in entries), key=_is_record))
        except BaseException as error:
            undo([swap for swap, _, _ in plan], journal)
            discard(folder, prefix)
            if not isinstance(error, OSError):
                raise
            raise NeverstaleError(
                f"{error.filename} could not be replaced: {error.strerror}; what was installed"
                " before is there again",
                hint="close what uses it, then run the command again",
            ) from error
    (folder / JOURNAL).unlink()
    for built, swap in staged:
        _forget_legacy(built, swap)


@contextmanager
def moved_away(environment: Environment, names: Iterable[NormalizedName]) -> Iterator[None]:
    """Have the installations of *names* out of their places while the body runs, by renames.

    They are put back where the body raises, or by the next verb where this is killed; else they
    are removed.
    """
    site, prefix = environment.site_packages, environment.prefix
    swaps = [Swap(environment, site, name) for name in names] if site else []
    if not swaps:
        yield
        return
    folder = swaps[0].folder
    recover(environment)
    discard(folder, prefix)
    folder.mkdir(mode=0o700)
    units = [[*_units(prefix, swap.site, [*_old_files(swap)])] for swap in swaps]
    write_text(folder / JOURNAL, json.dumps({swap.name: [] for swap in swaps}))
    try:
        with unstoppable():
            for swap, own in zip(swaps, units, strict=True):
                swap.old.mkdir(parents=True)
                _move_away(swap, own)
        yield
        os.rename(folder / OLD, folder / "removed")  # from here on nothing is put back
    except BaseException:
        with unstoppable():
            for swap in swaps:  # what the body has begun in their places
                for _, info, _ in [*distributions(swap.site, swap.name)]:
                    discard(info, prefix)
            undo(swaps, {})
        raise
    finally:
        discard(folder, prefix)


def _new_files(prefix: Path, entries: Sequence[tuple[Path, Path]]) -> Iterator[str]:
    """Yield the files below *prefix* that moving *entries* in adds; others have a file already."""
    for source, to in entries:
        files = [p.relative_to(source) for p in source.rglob("*") if p.is_symlink() or p.is_file()]
        paths = (to / path for path in files or [Path()])
        yield from (os.path.relpath(path, prefix) for path in paths if not os.path.lexists(path))


def _is_record(entry: tuple[Path, Path]) -> bool:
    """Return whether *entry* moves records, which come last: without one nothing is installed."""
    return entry[0].suffix == ".dist-info"


def _old_files(swap: Swap, new: Collection[str] = ()) -> Iterator[Path]:
    """Yield the files of the present installation, and what is among them and in no RECORD.

    Where that cannot be read, they are in packages of the names that *new* files have.
    """
    site = swap.site
    try:
        installed = read_installed(swap.environment, swap.name)
    except DamagedError:
        for _, info, _ in distributions(site, swap.name):
            if info.is_dir() and not info.is_symlink():
                yield from (path for path in info.rglob("*") if not path.is_dir())
        tops = {path.partition("/")[0] for path in new if path.count("/")}
        packages = [top for top in tops if top.isidentifier()]
        yield from (site / path for path in find_orphans(swap.environment, packages))
        return
    except NeverstaleError:
        return
    if installed is not None:
        _, info, _ = next(iter(distributions(site, swap.name)))
        others = {Path(os.path.normpath(site / row)) for row in recorded_by_others(site, info)}
        for path in recorded_files(installed, site):
            if path not in others and is_own_file(path, swap.environment.prefix):
                yield path


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

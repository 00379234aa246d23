"""Results as JSON lines: written one by one, so that a run which was stopped goes on."""

import json
import os
import statistics
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from staleness.cells import Cell
from staleness.trial import Outcome, Result

NOTHING_RAN = 0.001
"""Seconds below which no command was run: one that is run once, before the edit."""

FILE = Path(__file__).parents[1] / "results" / "staleness.jsonl"


@dataclass(frozen=True)
class Circumstances:
    """When and with what the cells were measured; one for each time the matrix was started."""

    date: str
    python: str
    system: str
    versions: Mapping[str, str]


@dataclass(frozen=True)
class Results:
    """All that was measured."""

    cells: Mapping[Cell, Result]
    circumstances: tuple[Circumstances, ...]

    def count_of(self, cells: Iterable[Cell]) -> Counter[Outcome]:
        """Count the outcomes of *cells*."""
        return Counter(self.cells[cell].outcome for cell in cells)

    def costs(self, uv: str, subjects: Container[str]) -> dict[str, float]:
        """Return the median of each command with *uv*, as a multiple of the fastest one's.

        Only over cells of *subjects* that every command has, so that all of them did the same work.
        """
        taken: dict[str, dict[tuple[str, str], float]] = {}
        for cell, result in self.cells.items():
            if (
                cell.uv == uv
                and cell.subject in subjects
                and result.outcome is not Outcome.FAILED
                and result.seconds > NOTHING_RAN
            ):
                taken.setdefault(cell.command, {})[cell.subject, cell.edit] = result.seconds
        if not taken:
            return {}
        shared = set.intersection(*(set(times) for times in taken.values()))
        if not shared:
            return {}
        medians = {
            command: statistics.median(times[key] for key in shared)
            for command, times in taken.items()
        }
        fastest = min(medians.values())
        return {command: median / fastest for command, median in medians.items()}


def read(path: Path = FILE) -> Results:
    """Read what was measured; of a line that was cut off, and of no file, nothing."""
    cells: dict[Cell, Result] = {}
    circumstances = []
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    for line in lines:
        try:
            row = json.loads(line)
        except ValueError:
            continue  # the last line of a run that was killed
        if "date" in row:
            circumstances.append(Circumstances(**row))
        else:
            cell = Cell(row["uv"], row["subject"], row["command"], row["edit"])
            outcome = Outcome(row["outcome"])
            cells[cell] = Result(outcome, row["seconds"], row.get("shown", ""))
    return Results(cells, tuple(circumstances))


def write(rows: Iterable[Circumstances | tuple[Cell, Result]], path: Path = FILE) -> None:
    """Add *rows* to the file at *path*, each as one line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as stream:
        if stream.tell():
            stream.seek(-1, os.SEEK_END)
            if stream.read() != b"\n":  # a run was killed within a line
                stream.write(b"\n")
        for row in rows:
            stream.write(f"{json.dumps(_spelled(row), ensure_ascii=False)}\n".encode())


def forget(unwanted: Callable[[Cell], bool], path: Path = FILE) -> None:
    """Write the file at *path* anew, without the cells that are *unwanted*."""
    known = read(path)
    kept = [(cell, result) for cell, result in known.cells.items() if not unwanted(cell)]
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    write([*known.circumstances, *kept], new)
    new.replace(path)


def _spelled(row: Circumstances | tuple[Cell, Result]) -> dict[str, object]:
    if isinstance(row, Circumstances):
        return asdict(row)
    cell, result = row
    shown = {"shown": result.shown} if result.shown else {}
    measured = {"outcome": result.outcome.value, "seconds": round(result.seconds, 3)}
    return {**asdict(cell), **measured, **shown}

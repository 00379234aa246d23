"""Stop a command at a chosen change of the disk: strace says when it comes."""

import os
import re
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from faults.stage import Stage

CHANGING = (
    "rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,link,linkat,symlink,symlinkat,"
    "open,openat,creat,ftruncate,copy_file_range"
)
SLOWED = CHANGING.replace("open,openat,creat,", "")
"""What waits for a millisecond after each: by then its line is read, and the next has not begun.

Without it a signal came up to fifty changes late; with it, at that change or at the next one.
"""

PLACES = {
    r"/commands/": "commands",
    r"/demo-app/\.neverstale/aside": "the old install set aside",
    r"/demo-app/\.neverstale/building-": "the build",
    r"/demo-app/\.neverstale": "the store",
    r"/tools/": "the tool",
    r"/demo-app/\.venv/\.neverstale-swap": "what is swapped in",
    r"/demo-app/\.venv": "the environment",
    r"/demo-app/": "the project's folder",
}
"""What a change of the disk is about: the first pattern that its line has."""


@dataclass(frozen=True)
class Step:
    """A run of changes in one place: what it is about, the first and the last, counted from 0."""

    place: str
    first: int
    last: int

    @property
    def moments(self) -> list[int]:
        """The first change, one in the middle and, where the program itself is, one more."""
        parts = 3 if self.place in ("the tool", "the environment") else 2
        return sorted({self.first + (self.last - self.first) * n // parts for n in range(parts)})


def steps_of(changes: Sequence[str]) -> list[Step]:
    """Join the changes (their places, in order) that follow one another in one place."""
    steps, start = [], 0
    for place, run in groupby(changes):
        length = len(list(run))
        steps.append(Step(place, start, start + length - 1))
        start += length
    return steps


def traced(
    stage: Stage, command: Sequence[str], moment: int | None = None, number: int = signal.SIGKILL
) -> tuple[list[str], int, str]:
    """Run *command* in the stage's project; at the change *moment* send all of it a signal.

    Gives the places of the changes up to then, the exit code, and what was said.
    """
    with tempfile.TemporaryDirectory() as folder:
        pipe = Path(folder, "changes")
        os.mkfifo(pipe)
        tracing = ["strace", "--follow-forks", "-qq", "--seccomp-bpf", "-y", "-e", "signal=none"]
        tracing += ["-e", f"inject={SLOWED}:delay_exit=1000"]
        tracing += ["-e", f"trace={CHANGING}", "-s", "400", "-o", str(pipe)]
        process = subprocess.Popen(
            [
                *tracing,
                "env",
                "--default-signal=INT",
                *command,
            ],  # else nohup's ignoring is inherited
            cwd=stage.project,
            env=stage.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        seen: list[str] = []
        watching = threading.Thread(
            target=_watch, args=(pipe, stage, process, seen, moment, number)
        )
        watching.start()
        said, _ = process.communicate(timeout=300)
        watching.join()
        return seen, process.returncode, said


def _watch(
    pipe: Path,
    stage: Stage,
    process: "subprocess.Popen[str]",
    seen: list[str],
    moment: int | None,
    number: int,
) -> None:
    root = "".join(chr(b) if b < 128 else f"\\{b:o}" for b in os.fsencode(stage.root))
    with pipe.open(encoding="utf-8", errors="replace") as lines:
        for place in _changes(lines, root):
            if moment is not None and len(seen) == moment:
                with suppress(ProcessLookupError):  # it is done already
                    os.killpg(process.pid, number)
                moment = None
            seen.append(place)


def _changes(lines: Iterator[str], root: str) -> Iterator[str]:
    """Return the place of each line that tells of a change below *root* that was made."""
    for line in lines:
        opens = re.search(r"\bopen(at)?\(", line)
        if " = -1 " in line or (opens and "O_CREAT" not in line):
            continue
        if root in line:
            place = next(
                (place for p, place in PLACES.items() if re.search(re.escape(root) + p, line)), None
            )
            if place:
                yield place

"""What a process is seen to read, to write, to list, to ask and to start."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.tree import build_file_tree

from neverstale.wheels import recorder
from neverstale.wheels.inputs import Events, read_events

SCRIPT = """\
import sys
sys.path.insert(0, sys.argv[1])
import _neverstale_recorder
import os, shutil, subprocess, tempfile
open("read"); open(b"read bytes", "rb"); os.open("read low", os.O_RDONLY)
with open("written", "w") as f: f.write("new")
with open("appended", "a") as f: f.write("new")
with open("updated", "r+") as f: f.write("new")
os.close(os.open("made low", os.O_WRONLY | os.O_CREAT))
os.mkdir("folder"); os.rmdir("folder"); os.remove("removed")
os.rename("renamed", "renamed to"); os.symlink("x", "linked"); os.link("read", "hard")
os.listdir("listed"); os.scandir("scanned").close(); os.listdir()
class Accessor: stat = os.stat  # as pathlib has it, up to Python 3.10
Accessor().stat("read"); os.path.exists("asked"); os.stat("read bytes"); os.path.islink("asked link")
os.environ.get("GOT"); os.getenv("HAD"); "IN" in os.environ
try: os.environ["INDEXED"]
except KeyError: pass
os.path.expandvars("$EXPANDED"); shutil.which("true"); tempfile.gettempdir()
subprocess.run(["true"]); os.system("exit 0")
subprocess.run([sys.executable, "-S", "-c", "pass"])
subprocess.run([sys.executable, "-c", "import _neverstale_recorder; open('by a child')"])
with open("written", "w") as f: f.write("twice")
try: open("gone")
except OSError: pass
import module
os.makedirs("made/listed"); open("made/module.py", "w").close(); shutil.rmtree("made")
os.makedirs("listed", exist_ok=True); copied = {**os.environ}
shutil.rmtree("tree"); os.rename("moved", "moved to"); os.chmod("locked", 0o600)
os.stat in os.supports_dir_fd and open("still supported", "w")
"""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Events, Path]:
    """A project whose build did many things, what was seen, and the folder of the record."""
    top = Path(os.path.realpath(tmp_path_factory.mktemp("a größe")))
    root, record, library = top / "project", top / "record", top / "library"
    files = ["read", "read bytes", "read low", "written", "appended", "updated", "removed"]
    build_file_tree(root, {name: f"old {name}" for name in [*files, "renamed", "by a child"]})
    build_file_tree(root, {"listed/": "", "scanned/": "", "module.py": ""})
    build_file_tree(root, {"tree/deep/mine": "mine", "moved/mine": "mine", "locked": "mine"})
    record.mkdir()
    library.mkdir()
    shutil.copyfile(recorder.__file__, library / "_neverstale_recorder.py")
    (root / "script.py").write_text(SCRIPT)
    variables = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    variables |= {"NEVERSTALE_RECORD": str(record), "NEVERSTALE_KEEP": str(root)}
    variables |= {"PYTHONPATH": str(library), "GOT": "1", "COPIED": "1"}
    command = [sys.executable, "script.py", str(library)]
    done = subprocess.run(command, cwd=root, env=variables, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return root, read_events(record), record


def names(events: Events, kind: str, root: Path) -> set[str]:
    """Return the paths of one kind below *root*, relative to it."""
    start = f"{root}{os.sep}"
    return {path.removeprefix(start) for path in events.of(kind) if path.startswith(start)}


def test_what_is_read_and_written(recorded: tuple[Path, Events, Path]) -> None:
    root, events, _ = recorded
    assert names(events, "r", root) >= {"read", "read bytes", "read low", "gone", "module.py"}
    assert "by a child" in names(events, "r", root)
    written = {"written", "appended", "updated", "made low", "folder", "removed", "still supported"}
    moved = {"renamed", "renamed to", "linked", "hard"}
    made = {"made", "made/listed", "made/module.py"}
    gone = {"tree", "tree/deep/mine", "moved", "moved/mine", "moved to", "locked"}
    assert names(events, "w", root) == written | moved | made | gone, "none by its last name alone"
    assert not names(events, "r", root) & written
    assert not any("__pycache__" in path for path in events.of("w") | events.of("r"))


def test_what_is_asked(recorded: tuple[Path, Events, Path]) -> None:
    root, events, _ = recorded
    assert names(events, "l", root) >= {"listed", "scanned"}
    assert str(root) in events.of("l")
    assert names(events, "k", root) >= {"asked", "read bytes", "asked link"}
    assert {"GOT", "HAD", "IN", "INDEXED", "EXPANDED"} <= events.of("v")
    assert not {"PATH", "TMPDIR", "COPIED"} & events.of("v"), (
        "what the standard library asks shows in what it opens"
    )


def test_what_is_started(recorded: tuple[Path, Events, Path]) -> None:
    _, events, record = recorded
    unseen = Path(sys.executable).name  # with -S it does not record for itself, and else it does
    assert events.of("p") == {"true", "sh", unseen}
    assert len(list(record.glob("events-*"))) == 2
    assert events.seen
    assert events.opaque


def test_what_is_overwritten_is_kept(recorded: tuple[Path, Events, Path]) -> None:
    root, events, record = recorded
    copies = dict(each.partition(":")[::2] for each in events.of("c"))
    kept = {
        Path(original).relative_to(root).as_posix(): (record / copy).read_text()
        for copy, original in copies.items()
    }
    names_of = ("written", "appended", "updated", "removed", "renamed")
    assert kept == {name: f"old {name}" for name in names_of} | dict.fromkeys(
        ("tree/deep/mine", "moved/mine", "locked"), "mine"
    )


def test_nothing_of_ours_is_recorded(recorded: tuple[Path, Events, Path]) -> None:
    _, events, record = recorded
    for kind in "rwlk":
        for path in events.of(kind):
            assert not path.startswith((str(record), os.path.join(sys.prefix, ""))), (kind, path)


@pytest.mark.parametrize(
    ("words", "noted"),
    [
        (["git", "describe"], {"git"}),
        ("git describe", {"git"}),
        ("git", {"git"}),
        ('"/a b/git.EXE" "describe it"', {"git.EXE"}),
        (f'"{sys.executable}" -c "x y"', set()),
        (f"{sys.executable} -S -c x", {Path(sys.executable).name}),
        (None, {"?"}),
    ],
)
def test_which_program_is_noted(
    words: list[str] | str | None, noted: set[str], tmp_path: Path
) -> None:
    """On Windows a command is one line: https://docs.python.org/3/library/subprocess.html"""
    made = recorder.Recorder(str(tmp_path), "")
    made.note_program((None, words))
    made.hook("os.spawn", (os.P_NOWAIT, "/b/hg", ["hg"], None))
    os.close(made.out)
    assert read_events(tmp_path).of("p") == {*noted, "hg"}

"""git: what it tracks, where the sources stand in its history, what another repository has."""

import os
import subprocess
from pathlib import Path

from freshness.errors import FreshnessError

ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX")
"""Variables under which git would answer for another repository, as it does within a hook."""

FETCHING = 60.0
"""How many seconds a fetch may take."""

HISTORY = (
    ("describe", "--tags", "--long", "--always", "--dirty"),
    ("rev-parse", "HEAD"),
    ("for-each-ref", "refs/tags"),
)
"""What a version taken from git can depend on: the commit, the tags, whether the tree differs."""


def in_repository(root: Path) -> bool:
    """Tell whether *root* is below a folder that git has made a repository or a work tree of."""
    return any((folder / ".git").exists() for folder in (root, *root.parents))


def tracked_files(root: Path) -> list[str]:
    """Give the files below *root* that git tracks, relative to it; none outside of a repository.

    Raises FreshnessError where git has a say and cannot be asked.
    """
    if not in_repository(root):
        return []
    try:
        listed = _ask(root, "ls-files", "-z")
    except FileNotFoundError:
        raise FreshnessError(
            "git is not installed, and only it knows which of the build's leftovers it tracks",
            hint="install git: https://git-scm.com/downloads",
        ) from None
    if listed.returncode:
        said = os.fsdecode(listed.stderr).strip().splitlines() or ["it said nothing"]
        raise FreshnessError(
            f"git cannot list the files that it tracks: {said[0]}",
            hint="run `git status` and follow what it says",
        )
    return [os.fsdecode(name) for name in listed.stdout.split(b"\0") if name]


def history(root: Path) -> tuple[str, ...]:
    """Give what git says to HISTORY; nothing where it is missing or *root* in no repository."""
    if not in_repository(root):
        return ()
    try:
        running = [_start(root, *question) for question in HISTORY]
    except FileNotFoundError:
        return ()
    return tuple(process.communicate()[0].decode("utf-8", "replace") for process in running)


def is_changed(root: Path, *paths: str) -> bool:
    """Tell whether git sees a change below *root*, or of *paths* there, that is not committed.

    Where git is missing or *root* in no repository there is none to see.
    """
    try:
        told = _ask(root, "status", "--porcelain", "--", *paths) if in_repository(root) else None
    except FileNotFoundError:
        return False
    return bool(told and told.stdout.strip())


def hooks_kept_elsewhere(root: Path) -> str:
    """Give the folder that git's ``core.hooksPath`` names, empty where it names none."""
    try:
        return os.fsdecode(_ask(root, "config", "--get", "core.hooksPath").stdout).strip()
    except FileNotFoundError:
        return ""


def unmerged_files(root: Path) -> list[str]:
    """Give the files at and below *root* in which a merge has left a conflict."""
    told = _ask(root, "diff", "--name-only", "--diff-filter=U", "--relative", "-z").stdout
    return [os.fsdecode(name) for name in told.split(b"\0") if name]


def move(root: Path, source: str, destination: str) -> bool:
    """Move *source* to *destination*, both relative to *root*; tell whether git did it."""
    return _ask(root, "mv", "--", source, destination).returncode == 0


def start_listing(address: str) -> "subprocess.Popen[bytes] | None":
    """Start to ask the repository at *address* for its tags; None where git is missing.

    Nobody is asked for a password, and no command is run that an address may name (``ext::``).
    """
    try:
        return _start_away("ls-remote", "--", address, "HEAD", "refs/tags/*")
    except FileNotFoundError:
        return None


def listed(process: "subprocess.Popen[bytes] | None", seconds: float) -> str | None:
    """Give what *process* of `start_listing` says; None where it fails or takes too long."""
    if process is None:
        return None
    try:
        out, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return None
    return None if process.returncode else out.decode("utf-8", "replace")


def text_of(address: str, reference: str, path: str, scratch: Path) -> str | None:
    """Give the text of *path* at *reference* of the repository at *address*; None if it fails.

    *scratch* is an empty folder that git may use.
    """
    fetch = ("fetch", "--quiet", "--depth=1", "--", address, reference)
    for question in (("init", "--quiet", "--bare"), fetch):
        process = _start_away(*question, folder=scratch)
        if listed(process, FETCHING) is None:
            return None
    return listed(_start_away("show", f"FETCH_HEAD:{path}", folder=scratch), FETCHING)


def _start_away(*question: str, folder: Path | None = None) -> "subprocess.Popen[bytes]":
    """Start git outside of the project; where it would ask somebody something, it fails."""
    mute = {"GIT_TERMINAL_PROMPT": "0", "GIT_SSH_COMMAND": "ssh -o BatchMode=yes"}
    environment = {**mute, **os.environ}
    for name in ELSEWHERE:
        environment.pop(name, None)
    return subprocess.Popen(
        ["git", "-c", "protocol.ext.allow=never", *question],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def _ask(root: Path, *question: str) -> "subprocess.CompletedProcess[bytes]":
    process = _start(root, *question)
    out, err = process.communicate()
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def _start(root: Path, *question: str) -> "subprocess.Popen[bytes]":
    environment = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
    environment["GIT_OPTIONAL_LOCKS"] = "0"
    return subprocess.Popen(
        ["git", *question],
        cwd=root,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )

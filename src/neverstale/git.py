"""git: what it tracks, where the sources stand in its history, what another repository has.

Nothing of a stranger's repository runs: its folder is found here and named to git, its monitors
and hooks are switched off, and no command is used that refreshes the index or reads the work tree
(those run filters). What the owner asks for by name (update, publish) may use `git status`.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from neverstale.errors import NeverstaleError
from neverstale.files import short_hash, text_if_there
from neverstale.programs import find_program

if TYPE_CHECKING:
    import subprocess

ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX")
"""Variables under which git would answer for another repository, as it does within a hook."""

INERT = (
    *("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}"),
    *("-c", "core.askPass=", "-c", "credential.helper=", "-c", "protocol.ext.allow=never"),
    *("-c", "safe.bareRepository=explicit", "-c", "safe.directory=*", "-c", "core.pager=cat"),
)
"""Options under which git runs no program that a repository's configuration names."""

FETCHING = 60.0
"""How many seconds a fetch may take."""

ANSWERING = 10.0
"""How many seconds git may take to answer: its folder may hold a pipe, which it waits for."""

OFFLINE = {"GIT_ALLOW_PROTOCOL": "", "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0"}
"""Variables under which git fetches nothing that a partial clone lacks: a program would run."""

HISTORY = ("HEAD", "packed-refs", "info/exclude", "refs", "reftable")
"""Files and folders of a repository that a version from git, or what it ignores, depends on."""


def repository_of(root: Path) -> tuple[Path, Path] | None:
    """Return the work tree around *root* and git's own folder for it, or None.

    In a linked work tree or a submodule ``.git`` is a file that names the folder.
    """
    for folder in (root, *root.parents):
        found = folder / ".git"
        if found.is_dir():
            return folder, found
        if found.is_file():
            named = text_if_there(found).partition("gitdir:")[2].strip()
            return folder, Path(os.path.normpath(folder / named))
    return None


def in_repository(root: Path) -> bool:
    """Return whether *root* is in a repository or a work tree of git."""
    return repository_of(root) is not None


def tracked_files(root: Path) -> dict[str, str]:
    """Return path → mode and object name of what git tracks below *root*; nothing elsewhere.

    Paths are relative to *root*. Raise NeverstaleError where git has a say and cannot be asked.
    """
    found = repository_of(root)
    if found is None:
        return {}
    top, folder = found
    within = os.path.relpath(root, top).replace(os.sep, "/")
    start = "" if within == "." else f"{within}/"
    try:
        done = _run(
            top, *_at(top, folder), "ls-files", "--stage", "-z", "--", f":(literal){within}"
        )
    except FileNotFoundError:
        raise NeverstaleError(
            "git is not installed, and only it knows which files it tracks",
            hint="install git: https://git-scm.com/downloads",
        ) from None
    # A list that lacks something, as of an index whose trees are not here, ends with exit code 0.
    if done.returncode or b"error: " in done.stderr:
        said = os.fsdecode(done.stderr).strip().splitlines() or ["it said nothing"]
        raise NeverstaleError(
            f"git cannot list the files that it tracks: {said[0]}",
            hint="run `git status` and follow what it says",
        )
    rows = (os.fsdecode(row).partition("\t") for row in done.stdout.split(b"\0") if row)
    return {path.removeprefix(start): stage for stage, _, path in rows}


def state_of(root: Path) -> str:
    """Return a hash of what a build can ask of git beyond the files of the project.

    HEAD, the refs, what is excluded, and the index; read as files, for git may refuse to answer
    (a repository of another user) and would answer the same each time. Empty without git.
    """
    found = repository_of(root)
    if found is None:
        return ""
    _, folder = found
    common = folder / (text_if_there(folder / "commondir").strip() or ".")
    parts = [f"{path}\0{text}" for place in {folder, common} for path, text in _history(place)]
    try:
        parts += [f"{path}\0{stage}" for path, stage in tracked_files(root).items()]
    except NeverstaleError as error:
        parts.append(error.message)
    return short_hash(*sorted(parts), length=64)


def _history(folder: Path) -> Iterator[tuple[str, str]]:
    for name in HISTORY:
        place = folder / name
        files = sorted(place.rglob("*")) if place.is_dir() else [place]
        for path in files:
            if path.is_file():
                yield path.relative_to(folder).as_posix(), text_if_there(path)


def is_changed(root: Path, *paths: str) -> bool:
    """Return whether git sees an uncommitted change below *root*, or of *paths* there.

    For what the owner asks for by name: git reads the work tree, with the owner's own filters.
    """
    if not in_repository(root):
        return False
    try:
        done = _run(root, "status", "--porcelain", "--", *paths)
    except FileNotFoundError:
        return False
    return bool(done.stdout.strip())


def tags_of_head(root: Path) -> list[str]:
    """Return the tags of the commit that is checked out; none without git."""
    try:
        told = _run(root, "tag", "--points-at", "HEAD").stdout
    except FileNotFoundError:
        return []
    return os.fsdecode(told).split()


def configured_hooks_folder(root: Path) -> str:
    """Return the folder that ``core.hooksPath`` names, or an empty string."""
    try:
        return os.fsdecode(_run(root, "config", "--get", "core.hooksPath").stdout).strip()
    except FileNotFoundError:
        return ""


def unmerged_files(root: Path) -> list[str]:
    """Return the files at and below *root* in which a merge has left a conflict."""
    told = _run(root, "diff", "--name-only", "--diff-filter=U", "--relative", "-z").stdout
    return [os.fsdecode(name) for name in told.split(b"\0") if name]


def move(root: Path, source: str, destination: str) -> bool:
    """Move *source* to *destination*, both relative to *root*; return whether git did it."""
    return _run(root, "mv", "--", source, destination).returncode == 0


def start_listing(address: str) -> "subprocess.Popen[bytes] | None":
    """Start to ask the repository at *address* for its tags; return None where git is missing.

    Nobody is asked for a password, and no command is run that an address may name (``ext::``).
    """
    try:
        return _start_away("ls-remote", "--", address, "HEAD", "refs/tags/*")
    except FileNotFoundError:
        return None


def listed(process: "subprocess.Popen[bytes] | None", seconds: float) -> str | None:
    """Return what *process* of `start_listing` says; None where it fails or takes too long."""
    import subprocess

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
    """Return the text of *path* at *reference* of the repository at *address*, or None.

    *scratch* is an empty folder that git may use.
    """
    fetch = ("fetch", "--quiet", "--depth=1", "--", address, reference)
    for question in (("init", "--quiet", "--bare"), fetch):
        if listed(_start_away("--git-dir=.", *question, folder=scratch), FETCHING) is None:
            return None
    show = ("--git-dir=.", "show", f"FETCH_HEAD:{path}")
    return listed(_start_away(*show, folder=scratch), FETCHING)


def _start_away(*question: str, folder: Path | None = None) -> "subprocess.Popen[bytes]":
    """Start git outside of the project; where it would ask somebody something, it fails."""
    import subprocess

    environment = _environment() | {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_SSH_COMMAND": "ssh -o BatchMode=yes",
        "GIT_ASKPASS": "",
        "SSH_ASKPASS": "",
        "SSH_ASKPASS_REQUIRE": "never",
    }
    return subprocess.Popen(
        [_git(), *INERT, *question],
        cwd=folder or os.path.abspath(os.sep),
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def _git() -> str:
    """Return the path of git; raise FileNotFoundError where there is none."""
    found = find_program("git")
    if found is None:
        raise FileNotFoundError("git")
    return found


def _at(top: Path, folder: Path) -> tuple[str, ...]:
    return (*INERT, f"--git-dir={folder}", f"--work-tree={top}")


def _environment() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if name not in ELSEWHERE and not name.endswith("_PATHSPECS")
    }


def _run(root: Path, *question: str) -> "subprocess.CompletedProcess[bytes]":
    import subprocess

    try:
        return subprocess.run(
            [_git(), *question],
            cwd=root,
            env=_environment() | OFFLINE,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=ANSWERING,
        )
    except subprocess.TimeoutExpired:
        raise NeverstaleError(
            f"git does not answer in {root}", hint="see whether its folder holds a pipe"
        ) from None

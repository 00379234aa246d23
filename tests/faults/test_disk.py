"""A disk that is full, a project that is read-only, file systems of other kinds."""

import os
import shutil
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.render import Combination
from support.world import output

from faults.outcomes import note
from faults.stage import COMBINATIONS, NEW, OLD, PAIRS, WORKFLOWS, Stage, Workflow, needs

LEVELS = (0, 16, 64, 192, 512, 1024, 2048)
"""How much of the disk is free, in KiB: from nothing to more than any install here writes."""

SFTP = "/usr/lib/openssh/sftp-server"

MOUNTING = "" if hasattr(os, "geteuid") and os.geteuid() == 0 else "only root may mount"


@contextmanager
def mounted(where: Path, *command: str) -> Iterator[Path]:
    """Mount something at *where*, an empty folder, with *command*; skip where that fails."""
    where.mkdir()
    done = subprocess.run([*command, str(where)], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"{command[0]} cannot mount here: {done.stderr.strip()}")
    try:
        yield where
    finally:
        subprocess.run(["umount", "--lazy", str(where)], check=True)


@pytest.mark.slow
@pytest.mark.skipif(bool(MOUNTING), reason=MOUNTING)
@pytest.mark.parametrize(("combination", "workflow"), PAIRS, ids=str)
def test_disk_is_full(combination: Combination, workflow: Workflow, tmp_path: Path) -> None:
    verb, in_venv = workflow.verb, workflow.in_venv
    tmpfs = ("mount", "-t", "tmpfs", "-o", "size=200m", "tmpfs")
    outcomes: Counter[str] = Counter()
    with mounted(tmp_path / "disk", *tmpfs) as disk:
        stage = Stage(disk, combination)
        stage.make(verb)
        filler = disk / "filler"
        for level in LEVELS:
            stage.change()
            stage.forget_temporary_files()
            old, before = stage.installed(in_venv=in_venv), stage.surroundings()
            fill(filler, level)
            done = stage.make(verb, expect=None)
            filler.unlink()
            outcomes[stage.outcome(old, in_venv=in_venv)] += 1
            # hatchling leaves a temporary file of its own where it cannot move it.
            stage.forget_temporary_files()
            assert stage.surroundings() == before
            assert "error: unexpected" not in done.stderr, output(done)
            if done.returncode and not in_venv:  # uv itself speaks for `dev`
                assert "\nhint: " in f"\n{done.stderr}", output(done)
            stage.comes_back(verb, in_venv=in_venv)
    assert outcomes[OLD], "the smallest disk is too small"
    note("disk full", verb, combination, outcomes)


def fill(filler: Path, left: int) -> None:
    """Write the file *filler* until *left* KiB are free on its file system."""
    usage = os.statvfs(filler.parent)
    size = max(usage.f_bavail * usage.f_frsize - left * 1024, 0)
    with filler.open("wb") as stream:
        os.posix_fallocate(stream.fileno(), 0, max(size, 1))


@pytest.mark.slow
@pytest.mark.skipif(bool(MOUNTING), reason=MOUNTING)
@pytest.mark.parametrize(("combination", "workflow"), PAIRS[:3], ids=str)
def test_project_is_read_only(combination: Combination, workflow: Workflow, tmp_path: Path) -> None:
    verb, in_venv = workflow.verb, workflow.in_venv
    stage = Stage(tmp_path, combination)
    stage.make(verb)
    stage.change()
    old = stage.installed(in_venv=in_venv)
    subprocess.run(["mount", "--bind", stage.project, stage.project], check=True)
    try:
        remount = ["mount", "-o", "remount,ro,bind", str(stage.project)]
        subprocess.run(remount, check=True)
        done = stage.make(verb, expect=2)
        if not in_venv:
            assert "\nhint: " in f"\n{done.stderr}", output(done)
        outcome = stage.outcome(old, in_venv=in_venv)
        assert outcome == OLD
    finally:
        subprocess.run(["umount", "--lazy", stage.project], check=True)
    stage.comes_back(verb, in_venv=in_venv)
    note("project folder read-only", verb, combination, Counter({outcome: 1}))


@contextmanager
def far_away(where: Path) -> Iterator[Path]:
    """Return a file system behind a protocol: SFTP, between two ends of a socket."""
    there = where.with_name(f"{where.name}-there")
    there.mkdir()
    where.mkdir()
    ours, theirs = socket.socketpair()
    server = subprocess.Popen([SFTP], stdin=theirs.fileno(), stdout=theirs.fileno())
    command = ["sshfs", f":{there}", str(where), "-o", "passive,no_contain_symlinks"]
    end = ours.fileno()
    client = subprocess.Popen(command, stdin=end, stdout=end, stderr=subprocess.DEVNULL)
    ours.close()
    theirs.close()
    try:
        for _ in range(100):
            if where.is_mount():
                break
            time.sleep(0.05)
        else:
            pytest.skip("sshfs cannot mount here")
        yield where
    finally:
        subprocess.run(["umount", "--lazy", str(where)], check=False)
        for process in (client, server):
            process.kill()
            process.wait()


KINDS = {
    "behind a network protocol": (
        far_away,
        needs("sshfs") or ("" if shutil.which(SFTP) else "sftp-server is not here"),
    ),
}


@pytest.mark.slow
@pytest.mark.skipif(bool(MOUNTING), reason=MOUNTING)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("combination", COMBINATIONS[:1], ids=str)
def test_other_file_systems(combination: Combination, kind: str, tmp_path: Path) -> None:
    making, missing = KINDS[kind]
    if missing:
        pytest.skip(missing)
    with making(tmp_path / "disk") as disk:
        stage = Stage(disk, combination)
        for workflow in WORKFLOWS:
            stage.make(workflow.verb)
            stage.change()
            old, before = stage.installed(in_venv=workflow.in_venv), stage.surroundings()
            stage.comes_back(workflow.verb, in_venv=workflow.in_venv)
            assert stage.surroundings() == before
            outcome = stage.outcome(old, in_venv=workflow.in_venv)
            assert outcome == NEW
            note(f"file system: {kind}", workflow.verb, combination, Counter({outcome: 1}))

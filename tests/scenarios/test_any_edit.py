"""Any edit of any installed file: the verdict changes exactly when bytes that matter changed."""

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.render import Combination
from support.world import World

from neverstale.diagnosis.findings import Verdict
from neverstale.diagnosis.fixes import fixes_for
from neverstale.diagnosis.place import Reference
from neverstale.diagnosis.places import examine
from neverstale.environments.environment import TOOL, VENV, Environment
from neverstale.environments.imports import packages_of
from neverstale.project.metadata import Declared, Project, read_project
from neverstale.wheels.archives import read_wheel
from neverstale.wheels.distribution import Distribution
from neverstale.wheels.store import Built
from scenarios.edits import starting_point

COMBINATIONS = [
    Combination("hatchling", "src", "cli"),
    Combination("setuptools", "flat", "cli"),
    Combination("uv_build", "src", "library"),
]

EDITS = [
    *("append", "drop a byte", "change a byte", "truncate", "delete", "empty"),
    *("rewrite", "new time", "executable", "link to a copy", "other content and back"),
]
HARMLESS = {"rewrite", "new time", "link to a copy", "other content and back"}

pytestmark = pytest.mark.slow


class Sample:
    """A project that is installed, and the wheel that it was installed from."""

    def __init__(self, root: Path, combination: Combination) -> None:
        self.world = World(root, combination)
        starting_point(self.world)
        self.world.make("install")
        (wheel,) = (self.world.project / ".neverstale" / "wheels").glob("*/*.whl")
        self.wheel: Distribution = read_wheel(wheel)
        built = Built(wheel, self.wheel, {})
        self.reference = Reference(built, packages_of(self.wheel.files), alternatives=(built,))
        self.project: Project = read_project(self.world.project, not_asked)
        prefix = self.world.site_packages.parents[2]
        place = TOOL if self.world.installs_tool else VENV
        self.environment = Environment(place, prefix, self.world.commands_folder)
        self.site = self.world.site_packages
        info = next(self.site.glob("demo_app-*.dist-info"))
        rows = (info / "RECORD").read_text().splitlines()
        self.files = sorted(row.split(",")[0] for row in rows)

    def verdict(self) -> Verdict:
        fixes = fixes_for(self.project)
        return examine(self.project, self.environment, self.reference, fixes).verdict


def not_asked(project: Project) -> Declared:
    """Fail: a project with a [project] table needs no build to be read."""
    raise AssertionError(project)


@pytest.fixture(scope="module", params=COMBINATIONS, ids=str)
def sample(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Sample:
    return Sample(tmp_path_factory.mktemp("sample"), request.param)


@contextmanager
def edited(path: Path, edit: str, place: float) -> Iterator[None]:
    """Edit the file at *path*, and put back afterwards what was there."""
    content, status = path.read_bytes(), path.stat()
    path.unlink()  # uv's cache has a hard link to it
    at = int(place * len(content))
    changed = {
        "append": content + b"x",
        "drop a byte": content[:at] + content[at + 1 :],
        "change a byte": content[:at]
        + bytes([(content[at : at + 1] or b"x")[0] ^ 1])
        + content[at + 1 :],
        "truncate": content[:at],
        "empty": b"",
        "other content and back": b"other",
    }
    path.write_bytes(changed.get(edit, content))
    path.chmod(status.st_mode)
    if edit == "delete":
        path.unlink()
    elif edit == "new time":
        os.utime(path, (1, 1))
    elif edit == "executable":
        path.chmod(status.st_mode ^ (stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH))
    elif edit == "link to a copy":
        copy = path.with_name("copy.tmp")
        shutil.move(path, copy.parent.parent.parent / "copy.tmp")
        path.symlink_to(copy.parent.parent.parent / "copy.tmp")
    elif edit == "other content and back":
        path.write_bytes(content)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        path.write_bytes(content)
        path.chmod(status.st_mode)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def matters(sample: Sample, name: str, before: bytes, path: Path, mode: int) -> bool:
    """Tell, without the doctor's rules, whether what is at *path* now is something else."""
    after = path.read_bytes() if path.exists() else None
    if after != before:
        return True
    executable = bool(path.stat().st_mode & 0o111) != bool(mode & 0o111)
    from_the_wheel = name in sample.wheel.files
    return executable and from_the_wheel


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    print_blob=True,
)
@given(data=st.data())
def test_any_edit_of_an_installed_file(sample: Sample, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sample.files))
    edit = data.draw(st.sampled_from(EDITS))
    place = data.draw(st.floats(0, 0.999))
    path = sample.site / name
    before, mode = path.read_bytes(), path.stat().st_mode
    with edited(path, edit, place):
        changed = matters(sample, name, before, path, mode)
        if edit in HARMLESS:
            assert not changed
        verdict = sample.verdict()
        is_record = name.endswith("/RECORD")
        if not is_record:  # RECORD has no hash of itself: what its rows say is what counts
            assert (verdict is not Verdict.FRESH) == changed, (name, edit, verdict)
        elif not changed:
            assert verdict is Verdict.FRESH
    assert sample.verdict() is Verdict.FRESH


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=st.sampled_from(
        ["new.py", "data.bin", "deep/er/new.py", "__pycache__/x.cpython-311.pyc", "ü.txt"]
    ),
    content=st.binary(max_size=20),
)
def test_any_added_file(sample: Sample, name: str, content: bytes) -> None:
    path = sample.site / "demo_app" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    try:
        bytecode = "__pycache__" in name
        assert (sample.verdict() is Verdict.FRESH) == bytecode
    finally:
        path.unlink()
    assert sample.verdict() is Verdict.FRESH


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_rows_of_record(sample: Sample, data: st.DataObject) -> None:
    """RECORD with any text in it: a verdict, never an error, and nothing outside is read."""
    info = next(sample.site.glob("demo_app-*.dist-info"))
    record = info / "RECORD"
    content = record.read_bytes()
    lines = content.decode().splitlines()
    at = data.draw(st.integers(0, len(lines)))
    row = data.draw(
        st.one_of(
            st.text(max_size=60),
            st.sampled_from(
                [
                    "../../../../../../etc/passwd,sha256=x,1",
                    "/etc/passwd,,",
                    "a\0b,,",
                    '"',
                    ",,,,",
                    "//,,",
                    "..,,",
                    ".,,",
                ]
            ),
        )
    )
    lines.insert(at, row)
    record.unlink()
    record.write_text("\n".join(lines) + "\n", encoding="utf-8", errors="surrogateescape")
    try:
        verdict = sample.verdict()
        assert verdict in (Verdict.FRESH, Verdict.DAMAGED, Verdict.OUT_OF_DATE)
    finally:
        record.write_bytes(content)
    assert sample.verdict() is Verdict.FRESH

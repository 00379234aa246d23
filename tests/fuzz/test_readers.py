"""Every reader of foreign data ends in a value or in an error of ours, never in a traceback."""

import csv
import json
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from neverstale.environments.compiled import read_notes
from neverstale.environments.discovery import find_environments
from neverstale.environments.environment import Environment
from neverstale.environments.imports import find_imports
from neverstale.environments.installed import read_installed
from neverstale.environments.path_search import interpreter_of
from neverstale.errors import NeverstaleError
from neverstale.git import repository_of
from neverstale.project.metadata import read_project
from neverstale.project.packed import is_archive_of
from neverstale.template.answers import find_template, newer_than
from neverstale.template.drift import edited_files
from neverstale.wheels.archives import read_sdist, read_wheel
from neverstale.wheels.distribution import parse_commands, parse_metadata, parse_plugins
from neverstale.wheels.inputs import read_events
from neverstale.wheels.record import parse_record
from neverstale.wheels.store import Store

NAME = canonicalize_name("demo")

NAMES = st.text(min_size=1, max_size=12).filter(lambda name: not name.startswith("\0"))
"""Of files in archives: zipfile cuts a name at a NUL, and cannot write one without a letter."""

QUICKLY = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

PIECES = st.sampled_from(
    [
        *(
            "[project]",
            "name",
            "=",
            '"demo"',
            "version",
            "\n",
            "[tool.uv.sources]",
            "[[",
            "]]",
            "{",
        ),
        *(
            "[build-system]",
            "requires",
            "[]",
            "dynamic",
            '["version"]',
            "Name: demo",
            "Version: 1.0",
        ),
        *(
            "Requires-Dist: x>=1",
            "../../../etc/passwd",
            "sha256=abc",
            ",",
            '"',
            "\r",
            "\0",
            "\x1b[2J",
        ),
        *(
            "console_scripts",
            "demo:main",
            "_src_path: /x",
            "_commit: v1",
            "scope: tasks",
            "}",
            ":",
            "-",
        ),
        *(
            "file:///x",
            "dir_info",
            "editable",
            "true",
            "null",
            "1e999",
            "[tool.neverstale]",
            "ignore",
        ),
    ]
)

TEXTS = st.lists(PIECES | st.text(max_size=8), max_size=14).map("".join)

CONTENT = TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")) | st.binary(max_size=200)


def survives(read: Callable[[], object], *also: type[Exception]) -> None:
    """Call *read*; an error of ours, or one that its callers expect, is an answer as well."""
    with suppress(NeverstaleError, *also):
        read()


@QUICKLY
@given(CONTENT)
def test_pyproject(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "pyproject.toml").write_bytes(content)
    survives(lambda: read_project(tmp_path))


@QUICKLY
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "name",
                        "version",
                        "requires",
                        "build-backend",
                        "dependencies",
                        "scripts",
                        "uv",
                        "sources",
                        "workspace",
                        "members",
                        "neverstale",
                        "ignore",
                        "code",
                        "path",
                        "x",
                    ]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_pyproject_of_other_types(tmp_path: Path, value: object) -> None:
    def spelled(each: object) -> str:
        if isinstance(each, dict):
            return "{" + ", ".join(f"{json.dumps(k)} = {spelled(v)}" for k, v in each.items()) + "}"
        if isinstance(each, list):
            return "[" + ", ".join(map(spelled, each)) + "]"
        return json.dumps(each) if each is not None else '""'

    text = "".join(f"{table} = {spelled(value)}\n" for table in ("project", "build-system", "tool"))
    (tmp_path / "pyproject.toml").write_text(text, "utf-8", "surrogatepass")
    survives(lambda: read_project(tmp_path))


@pytest.mark.parametrize("parse", [parse_metadata, parse_commands, parse_plugins])
@QUICKLY
@given(text=TEXTS)
def test_texts(parse: Callable[[str], object], text: str) -> None:
    survives(lambda: parse(text))


@QUICKLY
@given(TEXTS)
def test_record(text: str) -> None:
    survives(lambda: parse_record(text), csv.Error)


@pytest.mark.parametrize(
    "name", ["METADATA", "RECORD", "WHEEL", "entry_points.txt", "direct_url.json"]
)
@QUICKLY
@given(content=CONTENT)
def test_installed(tmp_path: Path, name: str, content: bytes) -> None:
    prefix = tmp_path / "env"
    info = prefix / "lib" / "python3.12" / "site-packages" / "demo-1.0.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (prefix / "bin").mkdir(exist_ok=True)
    (prefix / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.12.1\n", encoding="utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n", "utf-8")
    (info / "RECORD").write_text("demo-1.0.dist-info/METADATA,,\n", "utf-8")
    for other in ("WHEEL", "entry_points.txt", "direct_url.json"):
        (info / other).unlink(missing_ok=True)
    (info / name).write_bytes(content)
    environment = Environment("environment", prefix, prefix / "bin")
    survives(lambda: read_installed(environment, NAME))
    survives(lambda: environment.versions)
    survives(lambda: find_imports(environment, tmp_path, ["demo"]))


@pytest.mark.parametrize("name", ["demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz"])
@QUICKLY
@given(content=CONTENT, start=st.sampled_from([b"", b"PK\3\4", b"\x1f\x8b\x08\0"]))
def test_archives(tmp_path: Path, name: str, content: bytes, start: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(start + content)
    survives(lambda: read_wheel(path) if path.suffix == ".whl" else read_sdist(path))
    survives(lambda: is_archive_of(NAME, path))


@QUICKLY
@given(st.dictionaries(NAMES, CONTENT, max_size=4), CONTENT)
def test_wheels_of_any_entries(tmp_path: Path, files: dict[str, bytes], metadata: bytes) -> None:
    path = tmp_path / "demo-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("demo-1.0.dist-info/METADATA", metadata)
        for name, content in files.items():
            archive.writestr(name.encode("utf-8", "replace").decode(), content)
    survives(lambda: read_wheel(path))


@QUICKLY
@given(CONTENT)
def test_notes_of_the_store(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "editables.json").write_bytes(content)
    survives(lambda: read_notes(tmp_path))
    (tmp_path / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "x"\n[project]\nname = "demo"\nversion = "1"\n',
        encoding="utf-8",
    )
    project, store = read_project(tmp_path), Store(tmp_path / ".neverstale")
    notes = store._notes(project)  # noqa: SLF001 - the place of what others may have written
    notes.mkdir(parents=True, exist_ok=True)
    (notes / "note.json").write_bytes(content)
    survives(lambda: store.newest(project, "wheel"))


@QUICKLY
@given(CONTENT)
def test_answers_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".copier-answers.yml").write_bytes(content)
    survives(lambda: find_template(tmp_path))
    (tmp_path / "tools").mkdir(exist_ok=True)
    (tmp_path / "tools" / "neverstale.py.lock").write_bytes(content)
    (tmp_path / "tools" / "neverstale-1-py3-none-any.whl").write_bytes(content)
    survives(lambda: list(edited_files(tmp_path)))


@QUICKLY
@given(TEXTS)
def test_listing_of_a_repository(tmp_path: Path, text: str) -> None:
    (tmp_path / ".copier-answers.yml").write_text(
        "_src_path: /x\n_commit: v1\nscope: project\n", "utf-8"
    )
    template = find_template(tmp_path)
    assert template is not None
    survives(lambda: newer_than(template, text))


@QUICKLY
@given(CONTENT)
def test_files_that_are_found(tmp_path: Path, content: bytes) -> None:
    for name in ("script", ".git", "events-1", "pyvenv.cfg"):
        (tmp_path / name).write_bytes(content)
    survives(lambda: interpreter_of(tmp_path / "script"))
    survives(lambda: repository_of(tmp_path))
    survives(lambda: read_events(tmp_path))
    survives(lambda: find_environments(tmp_path, NAME, [], str(tmp_path)))

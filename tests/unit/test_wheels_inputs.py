"""What a build asked of the world, and which answers are equal."""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from support.tree import build_file_tree
from unit.small import make_project, make_repository, pyproject

from neverstale.errors import NeverstaleError
from neverstale.files import digest_of
from neverstale.wheels import answers, inputs
from neverstale.wheels.answers import ABSENT, Present, in_words
from neverstale.wheels.inputs import DATED, GIVEN, Events, outputs_of, questions_of, read_events

MESON = pyproject(backend="mesonpy", requires=["meson-python"])


def spelled(root: Path, text: str) -> str:
    """Return *text* with the folders that ROOT and OURS stand for."""
    return text.replace("OURS", str(root.parent / "ours")).replace("ROOT", str(root))


def seen(root: Path, events: Mapping[str, str], *, ran: bool = True) -> Events:
    """Return events: letters → names, of paths below *root*, and of others as they are."""
    paths: dict[str, frozenset[str]] = {}
    for kind, names in events.items():
        words = [spelled(root, name) for name in names.split()]
        below = words if kind in "vp" else [os.path.normpath(root / word) for word in words]
        paths[kind] = frozenset(below)
    return Events(ran, paths)


def test_events_are_read(tmp_path: Path) -> None:
    (tmp_path / "events-1").write_bytes(b"r/a\0w/b\0\0r/c\xff\0")
    (tmp_path / "events-2").write_bytes(b"r/a\0vX\0w/cut o")
    (tmp_path / "1-1").write_bytes(b"r/not an event\0")
    found = read_events(tmp_path)
    assert found.seen
    assert found.of("r") == {"/a", "/c\udcff"}
    assert found.of("w") == {"/b", "/cut o"}
    assert found.of("v") == {"X"}
    assert found.of("l") == frozenset()
    assert read_events(tmp_path / "gone") == Events(seen=False, paths={})


@pytest.mark.parametrize(
    ("ran", "programs", "opaque"), [(True, "", False), (True, "git", True), (False, "", True)]
)
def test_opaque_builds(ran: bool, programs: str, opaque: bool) -> None:
    assert seen(Path("/p"), {"p": programs}, ran=ran).opaque is opaque


@pytest.mark.parametrize(
    ("events", "questions"),
    [
        pytest.param({}, set(), id="nothing"),
        pytest.param({"r": "a b/c"}, {"file a", "file b/c"}, id="read"),
        pytest.param({"k": "a b"}, {"kind a", "kind b"}, id="asked"),
        pytest.param({"k": "a b", "r": "a"}, {"file a", "kind b"}, id="asked and read"),
        pytest.param({"l": ". b"}, {"folder .", "folder b"}, id="listed"),
        pytest.param({"r": "/else/where"}, {"file /else/where"}, id="outside"),
        pytest.param({"r": "ROOT2/x"}, {"file ROOT2/x"}, id="a folder of a longer name"),
        pytest.param({"r": "a b", "w": "a"}, {"file b"}, id="written by the build"),
        pytest.param({"r": "made/a b", "w": "made"}, {"file b"}, id="in a folder that it made"),
        pytest.param({"r": "made2/a", "w": "made"}, {"file made2/a"}, id="beside it"),
        pytest.param({"k": "a", "l": "b", "w": "a b"}, set(), id="asked of what it made"),
        pytest.param(
            {"r": "/proc/1 /dev/null /sys/x /process"}, {"file /process"}, id="the system"
        ),
        pytest.param({"r": "OURS/x OURS2/y", "l": "OURS"}, {"file OURS2/y"}, id="ours"),
        pytest.param(
            {
                "r": "dist/a.whl target/debug/a build/lib/a x.egg-info/a a.pyc "
                "b/__pycache__/c .git/HEAD b/.nox/c"
            },
            set(),
            id="noise",
        ),
        pytest.param(
            {"r": "building/a dist/a.js target/__init__.py a/b.abi3.so /out/dist/a /out/a.pyc"},
            {
                "file building/a",
                "file dist/a.js",
                "file target/__init__.py",
                "file a/b.abi3.so",
                "file /out/dist/a",
                "file /out/a.pyc",
            },
            id="no noise",
        ),
        pytest.param({"k": ". .. /", "r": "a"}, {"file a", "kind ."}, id="the folders above"),
        pytest.param(
            {"v": f"CC DEMO NEVERSTALE_RECORD PYTHON_X {' '.join(GIVEN)}"},
            {"variable CC", "variable DEMO"},
            id="variables",
        ),
    ],
)
def test_questions(events: dict[str, str], questions: set[str], tmp_path: Path) -> None:
    root = tmp_path / "größe"
    project = make_project(root)
    found = questions_of(project, seen(root, events), [tmp_path / "ours"])
    assert found == {spelled(root, question) for question in questions}


def test_what_a_build_reads_of_an_environment_is_no_input(tmp_path: Path) -> None:
    files = ["env/pyvenv.cfg", "env/lib/x.py", ".c/CACHEDIR.TAG", ".c/x", "a/env/pyvenv.cfg", "b/x"]
    project = make_project(tmp_path, dict.fromkeys(files, ""))
    events = seen(tmp_path, {"r": " ".join(files), "l": "env/lib b", "k": "env/lib/gone b/gone"})
    expected = {"file a/env/pyvenv.cfg", "file b/x", "folder b", "kind b/gone"}
    assert questions_of(project, events, []) == expected


def test_what_comes_and_goes_among_temporary_files_is_no_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    root = tmp_path / "project"
    asked = {"l": ". parts .. ../other", "k": "asked ../other ../other/deep", "r": "../read"}
    expected = {"folder .", "folder parts", "kind asked", "file ../read", "kind ../other/deep"}
    found = questions_of(make_project(root), seen(root, asked), [])
    assert found == {each.replace("../", f"{tmp_path}/") for each in expected}


def test_a_variable_of_two_lines_is_not_asked(tmp_path: Path) -> None:
    events = Events(seen=True, paths={"v": frozenset({"A\nB", "C"})})
    assert questions_of(make_project(tmp_path), events, []) == {"variable C"}
    assert "PATH" in GIVEN


def test_what_a_compiler_noted(tmp_path: Path) -> None:
    project, x = make_project(tmp_path), str(tmp_path / "x.h")
    events = seen(tmp_path, {"w": "made.h", "k": "x.h"})
    depended_on = [x, "/usr/include/y.h", str(tmp_path / "made.h")]
    assert questions_of(project, events, [], depended_on) == {"file x.h", "file /usr/include/y.h"}


@pytest.mark.parametrize(
    ("programs", "ran", "more"),
    [
        ("git", True, {"git"}),
        ("git.exe", True, {"git"}),
        ("hg", True, {"hg"}),
        ("git hg", True, {"git", "hg"}),
        ("make", True, set()),
        ("", False, set()),
    ],
)
def test_a_build_that_may_have_read_all(
    programs: str, ran: bool, more: set[str], tmp_path: Path
) -> None:
    project = make_project(tmp_path, {"a/b": "", "dist/demo-1.0.tar.gz": ""})
    found = questions_of(project, seen(tmp_path, {"p": programs}, ran=ran), [])
    assert found == {"tree", "file a/b", "file pyproject.toml"} | more


def test_what_an_opaque_build_wrote_is_no_input_of_it(tmp_path: Path) -> None:
    project = make_project(tmp_path, {"a": "", "b made": "", "c": "", "made/d": ""})
    written = frozenset({*map(str, (tmp_path / "b made", tmp_path / "gone", tmp_path / "c"))})
    events = Events(seen=True, paths={"p": frozenset({"make"}), "w": written})
    tree = "tree\tb made\tc"
    found = questions_of(project, events, [])
    assert found == {tree, "file a", "file made/d", "file pyproject.toml"}
    before = Present(project).answer(tree)
    (tmp_path / "c").unlink()
    assert Present(project).answer(tree) == before
    (tmp_path / "new").touch()
    assert Present(project).answer(tree) != before


OUTSIDE = """
[tool.x]
one = "../near/one.txt"
two = ["/far/away", "../near/folder", '../near/gone']
three = "src/../inside"
four = ".."
"""


@pytest.mark.parametrize(
    ("text", "ran", "asked"),
    [
        pytest.param(MESON, True, True, id="compiled"),
        pytest.param(pyproject(), False, True, id="not seen"),
        pytest.param(pyproject(), True, False, id="seen"),
    ],
)
def test_what_the_configuration_names_outside(
    text: str, ran: bool, asked: bool, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    project = make_project(root, {"a": ""}, text + OUTSIDE)
    build_file_tree(
        tmp_path / "near", {"one.txt": "", "two.txt": "", "folder/x/y": "", "folder/.git/z": ""}
    )
    found = questions_of(project, seen(root, {}, ran=ran), [])
    outside = {f"file {tmp_path}/near/one.txt", f"file {tmp_path}/near/folder/x/y"}
    assert found - {"tree", "file a", "file pyproject.toml", "settings"} == (
        outside if asked else set()
    )
    assert ("settings" in found) is (text == MESON)
    assert ("tree" in found) is not ran


def test_most_of_what_is_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "MOST_OUTSIDE", 2)
    project = make_project(tmp_path / "root", {}, MESON + '[tool]\nx = "../near"\n')
    build_file_tree(tmp_path / "near", {"a": "", "b": "", "c": ""})
    found = questions_of(project, seen(tmp_path, {}), [])
    assert len([question for question in found if "near" in question]) == 2


def test_outputs(tmp_path: Path) -> None:
    project = make_project(
        tmp_path, {"demo/version.py": "", "build/lib/x": "", "a.pyc": "", "d/": ""}
    )
    events = seen(
        tmp_path,
        {"w": "demo/version.py build/lib/x a.pyc d gone /etc/hostname", "r": "pyproject.toml"},
    )
    assert outputs_of(project, events) == {"file demo/version.py"}


Change = Callable[[Path], object]

TREE = {"a": "x", "run": "x", "d/x": "", "d/y/z": "", "out/": "", "src/demo/__init__.py": ""}


@pytest.mark.parametrize(
    ("question", "change", "changed"),
    [
        pytest.param("file a", lambda root: (root / "a").write_text("y"), True, id="edited"),
        pytest.param("file a", lambda root: (root / "a").unlink(), True, id="deleted"),
        pytest.param("file a", lambda root: (root / "a").chmod(0o755), True, id="executable"),
        pytest.param("file a", lambda root: (root / "a").chmod(0o600), False, id="not readable"),
        pytest.param("file a", lambda root: os.utime(root / "a", (1, 1)), False, id="touched"),
        pytest.param("file new", lambda root: (root / "new").touch(), True, id="made"),
        pytest.param("file new", lambda root: (root / "new").mkdir(), True, id="a folder"),
        pytest.param("kind a", lambda root: (root / "a").write_text("y"), False, id="kind, edited"),
        pytest.param("kind a", lambda root: (root / "a").unlink(), True, id="kind, deleted"),
        pytest.param("kind new", lambda root: (root / "new").touch(), True, id="kind, made"),
        pytest.param("kind out", lambda root: (root / "out").rmdir(), True, id="kind, no folder"),
        pytest.param("folder d", lambda root: (root / "d/w").touch(), True, id="listing, made"),
        pytest.param("folder d", lambda root: (root / "d/x").unlink(), True, id="listing, deleted"),
        pytest.param(
            "folder d", lambda root: (root / "d/x").write_text("y"), False, id="listing, edited"
        ),
        pytest.param(
            "folder d", lambda root: (root / "d/y/w").touch(), False, id="listing, deeper"
        ),
        pytest.param(
            "folder d", lambda root: (root / "d/w.pyc").touch(), False, id="listing, bytecode"
        ),
        pytest.param(
            "folder d", lambda root: (root / "d/__pycache__").mkdir(), False, id="listing, cache"
        ),
        pytest.param(
            "folder d", lambda root: (root / "d/w.abi3.so").touch(), False, id="listing, extension"
        ),
        pytest.param(
            "folder d", lambda root: (root / "d/w.so").touch(), True, id="listing, library"
        ),
        pytest.param(
            "folder new", lambda root: (root / "new").mkdir(), True, id="listing, a folder"
        ),
        pytest.param(
            "folder .", lambda root: (root / "dist").mkdir(), False, id="listing, artifacts"
        ),
        pytest.param(
            "folder .", lambda root: (root / "x.egg-info").mkdir(), False, id="listing, egg-info"
        ),
        pytest.param("folder .", lambda root: (root / "new").mkdir(), True, id="listing, the root"),
        pytest.param(
            "folder .",
            lambda root: build_file_tree(root, {"env/pyvenv.cfg": ""}),
            False,
            id="listing, an environment",
        ),
        pytest.param(
            "folder d",
            lambda root: build_file_tree(root, {"d/.c/CACHEDIR.TAG": ""}),
            False,
            id="listing, a hidden cache",
        ),
        pytest.param(
            "folder d",
            lambda root: build_file_tree(root, {"d/c/CACHEDIR.TAG": ""}),
            True,
            id="listing, no cache",
        ),
        pytest.param("tree", lambda root: (root / "a").write_text("y"), False, id="names, edited"),
        pytest.param("tree", lambda root: (root / "d/y/w").touch(), True, id="names, made"),
        pytest.param(
            "tree",
            lambda root: build_file_tree(root, {"dist/demo-1.tar.gz": ""}),
            False,
            id="names, artifact",
        ),
        pytest.param("git", lambda root: make_repository(root, "a"), True, id="git"),
        pytest.param("hg", lambda root: (root / ".hg").mkdir(), True, id="Mercurial"),
        pytest.param(
            "project d", lambda root: (root / "d/y/z").write_text("y"), True, id="project, edited"
        ),
        pytest.param(
            "project d", lambda root: (root / "d/x").unlink(), True, id="project, deleted"
        ),
        pytest.param(
            "project d",
            lambda root: (root / "d/y/z").rename(root / "d/y/w"),
            True,
            id="project, renamed",
        ),
        pytest.param(
            "project d", lambda root: (root / "d/w.pyc").touch(), False, id="project, bytecode"
        ),
        pytest.param(
            "project d",
            lambda root: build_file_tree(root, {"d/dist/x.whl": ""}),
            False,
            id="project, artifact",
        ),
        pytest.param("project new", lambda root: (root / "new").mkdir(), True, id="project, made"),
        pytest.param("unknown", lambda _: None, False, id="no question"),
    ],
)
def test_answers(question: str, change: Change, changed: bool, tmp_path: Path) -> None:
    root = tmp_path / "größe"
    project = make_project(root, TREE)
    before = Present(project).answer(question)
    assert Present(project).answers([question]) == {question: before}
    change(root)
    assert (Present(project).answer(question) != before) is changed
    assert Present(project).changed({question: before}) == ([question] if changed else [])


def test_what_answers_look_like(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p", {"a": "x", "run": "x"})
    (tmp_path / "p" / "run").chmod(0o755)
    os.mkfifo(tmp_path / "p" / "pipe")
    (tmp_path / "b").write_text("y")
    present = Present(project, "3.12")
    expected = {
        "file a": digest_of(b"x"),
        "file run": f"{digest_of(b'x')} x",
        f"file {tmp_path}/b": digest_of(b"y"),
        "file gone": ABSENT,
        "file a\0b": ABSENT,
        "file .": "folder",
        "file pipe": "special",
        "kind .": "folder",
        "kind a": "file",
        "kind gone": ABSENT,
        "kind a\0b": ABSENT,
        "folder a": ABSENT,
        "project gone": ABSENT,
        "python": "3.12",
        "git": "",
        "hg": ABSENT,
        "unknown": ABSENT,
        "day": time.strftime("%Y%m%d", time.gmtime()),
    }
    assert present.answers(expected) == expected
    assert list(present.answers({"python", "day"})) == ["day", "python"]
    assert Present(project).answer("python") == ""
    other = present.for_python("3.13")
    assert (other.answer("python"), other.known["file a"]) == ("3.13", digest_of(b"x"))
    assert present.answer("python") == "3.12"


def test_a_folder_that_is_outside_is_listed_as_it_is(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p")
    outside = build_file_tree(tmp_path / "out", {"a": ""})
    before = Present(project).answer(f"folder {outside}")
    (outside / "x.pyc").touch()
    assert Present(project).answer(f"folder {outside}") != before


def test_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = make_project(tmp_path)
    answers = []
    monkeypatch.delenv("DEMO", raising=False)
    for value in (None, "", "a", "b", "a"):
        if value is not None:
            monkeypatch.setenv("DEMO", value)
        answers.append(Present(project).answer("variable DEMO"))
    assert answers[0] == ABSENT
    assert len({*answers}) == 4
    assert answers[2] == answers[4]
    assert answers[2] != "a", "what it holds may be a secret"


def test_settings_of_compilers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = make_project(tmp_path)
    monkeypatch.setenv("CFLAGS", "-O2")
    before = Present(project).answer("settings")
    monkeypatch.setenv("CFLAGS", "-O3")
    assert Present(project).answer("settings") != before


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        ({"dirstate": "y" * 60}, True),
        ({"dirstate": "x" * 40 + "y" * 20}, False),
        ({"store/00changelog.i": "y"}, True),
        ({"branch": "y"}, True),
        ({"bookmarks": "y"}, True),
        ({"localtags": "y"}, True),
        ({"../p/.hgtags": "y"}, True),
        ({"hgrc": "y"}, False),
    ],
    ids=str,
)
def test_mercurial(change: dict[str, str], changed: bool, tmp_path: Path) -> None:
    project = make_project(tmp_path / "p")
    build_file_tree(tmp_path / ".hg", {"dirstate": "x" * 60, "store/00changelog.i": "x"})
    before = Present(project).answer("hg")
    assert before != ABSENT
    build_file_tree(tmp_path / ".hg", change)
    assert (Present(project).answer("hg") != before) is changed


def test_each_question_is_answered_once(tmp_path: Path) -> None:
    present = Present(make_project(tmp_path, {"a": "x"}))
    before = present.answer("file a")
    (tmp_path / "a").write_text("y")
    assert present.answer("file a") == before


@pytest.mark.parametrize(("at_most", "found"), [(None, 3), (1, 1), (2, 2), (3, 3), (4, 3)])
def test_changed(at_most: int | None, found: int, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    present = Present(make_project(tmp_path), tick=lambda done, total: told.append((done, total)))
    answers = {"file a": "x", "file b": ABSENT, "file c": "x", "file d": "x"}
    assert present.changed(answers, at_most=at_most) == ["file a", "file c", "file d"][:found]
    assert told == [(0, 4)]
    present.changed({f"file {number}": ABSENT for number in range(401)})
    assert told[1:] == [(0, 401), (200, 401), (400, 401)]


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> str:
        raise PermissionError(13, "Permission denied")

    project = make_project(tmp_path, {"a": ""})
    monkeypatch.setattr(answers, "digest_of_file", refuse)
    with pytest.raises(NeverstaleError, match="a cannot be read: Permission denied"):
        Present(project).answer("file a")


@pytest.mark.parametrize(
    ("version", "dated"),
    [
        ("demo-1.0+d20240131-py3-none-any.whl", True),
        ("demo-1.0.dev1+g0123abc.d20240131-py3-none-any.whl", True),
        ("demo-1.0+20240131.tar.gz", True),
        ("demo-1.0+g0123abc-py3-none-any.whl", False),
        ("demo-20240131-py3-none-any.whl", False),
        ("demo-1.0+d202401311-py3-none-any.whl", False),
        ("demo-1.0+d19990131-py3-none-any.whl", False),
    ],
)
def test_a_version_that_carries_the_day(version: str, dated: bool) -> None:
    assert bool(DATED.search(version)) is dated


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("file src/a b.py", "src/a b.py"),
        ("kind setup.cfg", "setup.cfg"),
        ("folder src", "the files in src"),
        ("variable CC", "the variable CC"),
        ("tree", "the names of the source files"),
        ("day", "the day, which is in the version"),
        ("python", "the version of Python"),
    ],
)
def test_in_words(question: str, words: str) -> None:
    assert in_words(question) == words

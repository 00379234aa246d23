"""Whatever a person types comes back to the letter, or is refused; nothing of it is executed."""

import html
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from email.parser import HeaderParser
from email.utils import parseaddr
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from render.hostile import KEPT, NAMES, REFUSED, TEXTS
from support.parse import files_of, heading_and_text, heading_and_text_of_a_site, parse
from support.render import MORE, NATIVE, Combination, render
from support.world import FOLDER, World, run, uv_executable

QUICK = 40
"""Every how many sets of answers is rendered by the quick tests."""


def test_the_table_is_long_enough() -> None:
    assert len(KEPT) >= 120
    assert len(REFUSED) >= 120
    assert len(set(TEXTS)) >= len(TEXTS) - 2


def some_quick(sets: Sequence[Mapping[str, object]]) -> list[object]:
    slow = pytest.mark.slow
    return [
        pytest.param(answers, id=str(place), marks=[] if place % QUICK == 0 else [slow])
        for place, answers in enumerate(sets)
    ]


@pytest.mark.parametrize("answers", some_quick(KEPT))
def test_answers_come_back_to_the_letter(answers: dict[str, object], tmp_path: Path) -> None:
    project = render(tmp_path / FOLDER / "made", answers)
    assert_kept(project, answers)
    assert not executed(tmp_path)


@pytest.mark.parametrize("answers", some_quick(NAMES))
def test_odd_names_build(answers: dict[str, object], tmp_path: Path) -> None:
    project = render(tmp_path / "made", {**answers, "build_backend": "uv_build"})
    parsed = {path.name: parse(path) for path in files_of(project)}
    declared = parsed["pyproject.toml"]
    assert isinstance(declared, dict)
    module = next(iter(declared["project"]["scripts"].values())).partition(".")[0]
    with zipfile.ZipFile(built(project)) as wheel:
        wheel.extractall(tmp_path / "unpacked")
    command = [sys.executable, "-m", module, "hello"]
    done = run(command, tmp_path, {**os.environ, "PYTHONPATH": str(tmp_path / "unpacked")})
    assert done.stdout == "Hello, world!\n", done.stderr


@pytest.mark.parametrize(
    ("name", "answer"), REFUSED, ids=[f"{name}-{place}" for place, (name, _) in enumerate(REFUSED)]
)
def test_answer_is_refused_in_one_sentence(name: str, answer: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=f"question '{name}': ") as refused:
        render(tmp_path / "made", {name: answer})
    sentence = str(refused.value).rpartition(f"'{name}': ")[2]
    assert re.match(r"Type [^\n]+\Z", sentence), sentence
    assert not (tmp_path / "made").exists()


PEOPLE = st.text(max_size=200)
NAME = st.from_regex(r"\A[A-Za-z0-9]([A-Za-z0-9._-]{0,20}[A-Za-z0-9])?\Z")
ANSWERS = st.fixed_dictionaries(
    {
        "project_name": st.text(max_size=100).map(lambda text: f"a{text}"),
        "distribution_name": NAME.filter(lambda name: name.lower() not in ("con", "test")),
        "package_name": st.from_regex(r"\Aa[a-z0-9_]{0,20}x\Z"),
        "command_name": NAME.map(lambda name: f"x{name}"),
        "description": st.text(max_size=512) | st.sampled_from(TEXTS),
        "user_name": PEOPLE | st.sampled_from(TEXTS),
        "user_email": st.just("") | st.emails(),
        "github_user": st.just("") | st.from_regex(r"\A[a-z0-9](-?[a-z0-9]){0,30}\Z"),
        "build_backend": st.sampled_from(["hatchling", "uv_build", "setuptools"]),
        "ci": st.sampled_from(["github", "gitlab", "none"]),
        "docs": st.sampled_from(["zensical", "sphinx", "none"]),
    }
)


@pytest.mark.slow
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[*HealthCheck],
)
@given(ANSWERS)
def test_any_answers_come_back_or_are_refused(
    tmp_path_factory: pytest.TempPathFactory, answers: dict[str, object]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    try:
        project = render(folder / "made", {**answers, "extras": []})
    except ValueError as error:
        refused = str(error)
    else:
        assert_kept(project, answers)
        return
    assert re.search(r"question '\w+': Type [^\n]+\Z", refused)


@pytest.mark.slow
@pytest.mark.parametrize("combination", [*MORE[::2], *NATIVE], ids=str)
def test_every_build_backend_keeps_them(combination: Combination, tmp_path: Path) -> None:
    """In METADATA, whoever writes it, and in the build files that are not TOML."""
    odd = {
        "project_name": "Démo \"App\" 'x' \\ {{ 7 * 7 }} ${X} @X@ #",
        "distribution_name": "Demo.App_x",
        "package_name": "demo_app",
        "description": 'It\'s "quoted" \\ {{ 7 * 7 }} ${X} @X@ %(x)s # größe 🦆; [a](b)',
        "user_name": 'Ada O\'Neil-Größe "X"',
        "user_email": "ada+x@example.org",
    }
    world = World(tmp_path, combination)
    shutil.rmtree(world.project)
    render(world.project, {**combination.answers, **odd, "command_name": "x.y-z"})
    told = yaml.safe_load((world.project / ".copier-answers.yml").read_text(encoding="utf-8"))
    world.run("uv", "run", "--quiet", "--script", "tools/neverstale.py", "install")
    wheels = (world.project / ".neverstale/wheels").glob("*/demo_app_x-*.whl")
    (wheel,) = [path for path in wheels if "core" not in path.name]
    told = {**told, "package_name": combination.import_name}
    assert_metadata(wheel, told, has_command=combination.project_type == "cli")


def assert_kept(project: Path, answers: Mapping[str, object]) -> None:
    """Every file that holds an answer holds it to the letter, and so does the wheel."""
    parsed = {path.relative_to(project).as_posix(): parse(path) for path in files_of(project)}
    told = yaml.safe_load((project / ".copier-answers.yml").read_text(encoding="utf-8"))
    assert {name: told.get(name) for name in answers} == dict(answers)
    people = {"name": told["user_name"]} | (
        {"email": told["user_email"]} if told["user_email"] else {}
    )
    assert_declared(parsed["pyproject.toml"], told, people)
    shown = (told["project_name"], told["description"])
    assert heading_and_text(project / "README.md") == shown
    if told["docs"] != "none":
        assert "README.md" in (project / "docs/index.md").read_text(encoding="utf-8")
        assert heading_and_text_of_a_site(project / "README.md") == shown
    if told["docs"] == "zensical":
        site = parsed["zensical.toml"]["project"]  # type: ignore[index]
        named = (site["site_name"], site["site_description"], site["site_author"])
        assert tuple(map(html.unescape, named)) == (*shown, told["user_name"])
        assert not any(sign in text for text in named for sign in '<>"')
    if "CITATION.cff" in parsed:
        cited = parsed["CITATION.cff"][0]  # type: ignore[index]
        assert (cited["title"], cited["abstract"], cited["authors"]) == (*shown, [people])
    if told["license"] in ("MIT", "BSD-3-Clause", "proprietary"):
        assert f" {told['user_name']}" in (project / "LICENSE").read_text(encoding="utf-8")
    if "REUSE.toml" in parsed:
        noted = parsed["REUSE.toml"]["annotations"][0]  # type: ignore[index]
        assert noted["SPDX-FileCopyrightText"] == told["user_name"]
    if told["github_user"] and told["ci"] != "none":
        assert f"{told['github_user']}/" in (project / "README.md").read_text(encoding="utf-8")
    assert_metadata(built(project), told)


def assert_declared(declared: object, told: Mapping[str, str], people: dict[str, str]) -> None:
    assert isinstance(declared, dict)
    table = declared["project"]
    together = {key: value for author in table["authors"] for key, value in author.items()}
    assert (table["name"], table["description"]) == (told["distribution_name"], told["description"])
    assert together == people
    assert list(table["scripts"].items()) == [
        (told["command_name"], f"{told['package_name']}.cli:main")
    ]


def built(project: Path) -> Path:
    """Build a wheel with the build backend that the tests have, which is quick."""
    done = subprocess.run(
        [
            *(uv_executable(), "build", "--wheel", "--quiet", "--offline", "--out-dir", "dist"),
            *("--no-build-isolation", "--python", sys.executable),
        ],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return next((project / "dist").glob("*.whl"))


def assert_metadata(path: Path, told: Mapping[str, str], *, has_command: bool = True) -> None:
    with zipfile.ZipFile(path) as wheel:
        info = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
        text = wheel.read(info).decode("utf-8")
        commands = info.replace("METADATA", "entry_points.txt")
        entries = wheel.read(commands).decode("utf-8") if has_command else ""
    fields = HeaderParser().parsestr(text)
    assert fields["Name"] == told["distribution_name"]
    assert fields["Summary"] == told["description"]
    name, address = parseaddr(fields.get("Author-email", ""))
    if name == "Unknown":  # what flit_core calls who has an address of one's own
        name = ""
    assert (name or fields["Author"]) == told["user_name"]
    assert address == told["user_email"]
    command = f"{told.get('command_name')}={told['package_name']}.cli:main"
    assert not has_command or command in entries.replace("'", "").replace(" ", "")
    assert text.partition("\n\n")[2].strip().startswith("# ")


def executed(folder: Path) -> list[Path]:
    return [*folder.rglob("PWNED"), *Path.cwd().glob("PWNED")]


KILLER = {
    "project_name": "P $(touch PWNED) `touch PWNED` {{ 7 * 7 }} ; touch PWNED",
    "distribution_name": "demo-app",
    "description": (
        "`touch PWNED` $(touch PWNED) $$(touch PWNED) ${{ x }} {{ 7 * 7 }} {% x %} %(x)s | touch "
        "PWNED <script>PWNED()</script> <!-- *a* _b_ {ref}`x` [a](b) C:\\new # x: y --- @a \\"
    ),
    "user_name": "$(touch PWNED) `touch PWNED` ${{ x }} ; touch PWNED # \\",
    "user_email": "o'x$$+`{x}@example.org",
    "python_min": "3.10",
}


@pytest.mark.slow
@pytest.mark.parametrize("docs", ["zensical", "sphinx"])
def test_nothing_is_executed_by_any_target(docs: str, tmp_path: Path) -> None:
    world = World(tmp_path, Combination("hatchling", "src", "cli"))
    shutil.rmtree(world.project)
    render(world.project, {**KILLER, "docs": docs})
    world.run("git", "init", "--quiet")
    world.make("dev")
    world.commit()
    for verb in ("check", "install", "doctor", "fresh", "check-dist", "build"):
        world.make(verb)
    world.run(sys.executable, "-m", "nox", "--session", "install")
    page = (world.project / "site" / "index.html").read_text(encoding="utf-8")
    paragraph = re.search(r"<h1.*?</h1>\s*<p[^>]*>(.*?)</p>", page, re.DOTALL)
    assert paragraph
    assert html.unescape(re.sub("<[^>]+>", "", paragraph.group(1))) == KILLER["description"]
    assert "<script>PWNED" not in page
    assert not executed(tmp_path)
    assert world.status() == ""

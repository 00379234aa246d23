"""What was found, as text for a person and as JSON for a program."""

import json
import os
from pathlib import Path

import pytest
from unit.made_up import INSTALLED, PROJECT, WHEEL

from neverstale import report
from neverstale.diagnosis.codes import EXPLANATIONS, REMARKS, Code
from neverstale.diagnosis.doctor import Diagnosis
from neverstale.diagnosis.findings import Evidence, Finding, Fix, Verdict, finding
from neverstale.diagnosis.place import Place
from neverstale.diagnosis.reference import Depth
from neverstale.environments.environment import VENV, Environment
from neverstale.environments.imports import Imports, Origin
from neverstale.environments.path_search import Answer
from neverstale.install.task import Outcome
from neverstale.report import (
    MOST_SHOWN,
    as_explanation,
    as_json,
    as_text,
    counted,
    exit_code,
    explained,
    of_install,
)
from neverstale.wheels.store import Built

ROOT = Path("/project")
FIX = Fix((("make", "install"),))
ENVIRONMENT = Environment(VENV, ROOT / ".venv", ROOT / ".venv/bin")


def place(verdict: Verdict, *findings: Finding, name: str = ".venv", **changes: object) -> Place:
    made = Place(name, ROOT / ".venv", verdict, findings, "1.0", environment=ENVIRONMENT)
    return made._replace(**changes)  # type: ignore[arg-type]


def diagnosis(*places: Place, **changes: object) -> Diagnosis:
    project = PROJECT._replace(root=ROOT)
    made = Diagnosis(project, Depth.QUICK, "a fresh build", places, (), (), ())
    return made._replace(**changes)  # type: ignore[arg-type]


def test_no_name_starts_a_line() -> None:
    forged = "a\n.venv  fresh  9.9"
    stale = finding(Code.NS202, Fix((("rm", forged),)), forged)
    advised = finding(Code.NS601, Fix(advice=forged), forged)
    places = [
        place(Verdict.OUT_OF_DATE, stale, advised, name=forged, path=ROOT / forged),
        place(Verdict.UNKNOWN, name=forged),
    ]
    text = as_text(diagnosis(*places, fixes=(("rm", forged),)), 200)
    assert not [line for line in text.splitlines() if line.startswith(".venv  fresh  9.9")]


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        pytest.param([place(Verdict.FRESH)], 0, id="fresh"),
        pytest.param([place(Verdict.EDITABLE)], 0, id="editable"),
        pytest.param([place(Verdict.FRESH), place(Verdict.NOT_INSTALLED)], 0, id="in one place"),
        pytest.param([place(Verdict.NOT_INSTALLED)], 1, id="nowhere"),
        pytest.param([], 1, id="nothing"),
        pytest.param([place(Verdict.FRESH, environment=None)], 1, id="sources alone"),
        pytest.param([place(Verdict.OUT_OF_DATE)], 1, id="out of date"),
        pytest.param([place(Verdict.DAMAGED)], 1, id="damaged"),
        pytest.param([place(Verdict.UNKNOWN)], 2, id="unknown"),
        pytest.param([place(Verdict.UNKNOWN), place(Verdict.FRESH)], 2, id="unknown and fresh"),
        pytest.param([place(Verdict.UNKNOWN), place(Verdict.DAMAGED)], 1, id="unknown and damaged"),
        pytest.param(
            [place(Verdict.FRESH), place(Verdict.OUT_OF_DATE, environment=None)], 1, id="an archive"
        ),
    ],
)
def test_exit_code(places: list[Place], expected: int) -> None:
    assert exit_code(places) == expected
    assert json.loads(as_json(diagnosis(*places)))["exit_code"] == expected


@pytest.mark.parametrize(
    ("places", "first"),
    [
        ([place(Verdict.FRESH)], "demo: all fresh"),
        ([place(Verdict.NOT_INSTALLED)], "demo: not installed anywhere"),
        ([place(Verdict.OUT_OF_DATE), place(Verdict.FRESH, name="x")], "demo: not fresh: .venv"),
        ([place(Verdict.DAMAGED)] * 2, "demo: not fresh: .venv"),
        ([place(Verdict.UNKNOWN)] * 2, "demo: cannot tell whether it is fresh: .venv"),
        (
            [place(Verdict.UNKNOWN), place(Verdict.DAMAGED, name="x")],
            "demo: not fresh: x",
        ),
    ],
)
def test_summary(places: list[Place], first: str) -> None:
    lines = as_text(diagnosis(*places), 80).splitlines()
    assert lines[:2] == [first, "compared with a fresh build"]


ANSWER = Answer("demo", Path("/bin/demo"), Path("/bin/demo"), None)


def test_text() -> None:
    stale = finding(Code.NS203, FIX, "demo/cli.py")
    told = as_text(
        diagnosis(
            place(Verdict.OUT_OF_DATE, stale),
            place(
                Verdict.UNKNOWN, name="pipx demo", version=None, path=Path("/x"), reason="who knows"
            ),
            commands=((ANSWER, ".venv"), (ANSWER, None)),
            fixes=(("make", "install"),),
            ignored=((".venv", finding(Code.NS201, FIX, "a", "b"), "generated"),),
        ),
        80,
    )
    assert told.splitlines()[3:] == [
        "place      verdict      version  where",
        ".venv      out of date  1.0      .venv",
        "pipx demo  unknown      -        /x",
        "",
        "demo runs /bin/demo (.venv)",
        "demo then /bin/demo (no place of this project)",
        "",
        ".venv, out of date",
        "NS203 content differs from the sources",
        "     demo/cli.py",
        "     fix: make install",
        "",
        "pipx demo, unknown: who knows",
        "",
        ".venv: NS201 ignored (2): generated",
        "",
        "To fix:",
        "  make install",
    ]


@pytest.mark.parametrize("width", range(30, 90, 7))
def test_a_password_is_masked_before_a_line_is_parted(width: int) -> None:
    reason = "nobody can tell: https://robot:secret-one-secret-two-secret@example.org/simple"
    unknown = place(Verdict.UNKNOWN, reason=reason)
    for text in as_text(diagnosis(unknown, compared=reason), width).splitlines():
        assert "secret" not in text


def test_where_all_is_fresh_there_is_nothing_to_fix() -> None:
    told = as_text(diagnosis(place(Verdict.FRESH), fixes=(("make", "install"),)), 80)
    assert "To fix" not in told
    assert told.endswith("demo is not on PATH")


def test_imports_in_text_and_json() -> None:
    here = Origin("demo", ROOT / "demo.py", "the current folder")
    there = Origin("demo", Path("/site/demo.py"), "installed")
    lost = Origin("demo", None, "nothing is found")
    imports = (Imports(ENVIRONMENT, (here, lost), (there, lost)),)
    made = diagnosis(place(Verdict.FRESH), imports=imports)
    assert as_text(made, 80).splitlines()[-3:] == [
        "import demo (.venv), in the project's folder: demo.py (the current folder)",
        "import demo (.venv), elsewhere: /site/demo.py (installed)",
        "import demo (.venv): nothing is found",
    ]
    told = json.loads(as_json(made))["imports"]
    assert [(each["from"], each["path"]) for each in told] == [
        ("project", "/project/demo.py"),
        ("project", None),
        ("elsewhere", "/site/demo.py"),
        ("elsewhere", None),
    ]
    assert {each["place"] for each in told} == {".venv"}


def test_json() -> None:
    found = Finding(Code.NS204, (Evidence("version", "1.0", "0.9"), Evidence("x")), FIX)
    advice = finding(Code.NS604, Fix(advice="hash -r"), "y")
    made = diagnosis(
        place(Verdict.OUT_OF_DATE, found, advice),
        place(Verdict.UNKNOWN, reason="why", version=None),
        commands=((ANSWER, None),),
        fixes=(("make", "install", "ARGS=a b"),),
        ignored=((".venv", advice, "because"),),
    )
    told = json.loads(as_json(made))
    assert (told["format"], told["project"], told["root"]) == (1, "demo", "/project")
    assert (told["depth"], told["compared_with"]) == ("quick", "a fresh build")
    assert told["commands"] == [{"command": "demo", "path": "/bin/demo", "place": None}]
    assert told["fixes"] == ['make install ARGS="a b"']
    first, second = told["places"]
    assert (first["verdict"], first["reason"], first["version"]) == ("out of date", None, "1.0")
    assert (second["reason"], second["version"], second["findings"]) == ("why", None, [])
    assert first["findings"][0] == {
        "code": "NS204",
        "what": Code.NS204.value,
        "remark": False,
        "evidence": [
            {"what": "version", "expected": "1.0", "found": "0.9"},
            {"what": "x", "expected": None, "found": None},
        ],
        "fix": "make install",
        "advice": None,
    }
    assert first["findings"][1]["remark"] is True
    assert (first["findings"][1]["fix"], first["findings"][1]["advice"]) == (None, "hash -r")
    (ignored,) = told["ignored"]
    assert (ignored["place"], ignored["reason"]) == (".venv", "because")
    assert ignored["finding"] == first["findings"][1]


def test_evidence_is_told_with_both_values() -> None:
    found = Finding(Code.NS204, (Evidence("a\nb", "1\t0", ""), Evidence("c", "", "2")), FIX)
    assert explained([found]) == [
        f"NS204 {Code.NS204.value}",
        "     a\\nb",
        "       expected 1\\t0",
        "       found    nothing",
        "     c",
        "       expected nothing",
        "       found    2",
        "     fix: make install",
    ]


def test_a_remark_and_a_fix_with_advice() -> None:
    remark = finding(Code.NS101, Fix(advice="select it"), "x")
    both = finding(Code.NS305, Fix((("a",),), "or find out"), "x")
    assert explained([remark, both]) == [
        f"NS101 {Code.NS101.value} (a remark)",
        "     x",
        "     fix: select it",
        f"NS305 {Code.NS305.value}",
        "     x",
        "     fix: a",
        "     or: or find out",
    ]


@pytest.mark.parametrize(("number", "more"), [(MOST_SHOWN, 0), (MOST_SHOWN + 1, 1)])
def test_much_evidence_is_not_all_shown(number: int, more: int) -> None:
    lines = explained([finding(Code.NS203, FIX, *map(str, range(number)))])
    assert len(lines) == MOST_SHOWN + 2 + (1 if more else 0)
    assert (f"     and {more} more; `doctor --all` lists them" in lines) == bool(more)


def test_much_that_was_found_is_not_all_shown() -> None:
    remarks = [code for code in Code if code in REMARKS]
    changing = [code for code in Code if code not in REMARKS]
    codes = [*remarks[:2], *changing[:9]]
    found = [finding(code, FIX, "x", "y") for code in codes]
    lines = explained(found)
    shown = [line[:5] for line in lines if line.startswith("NS")]
    assert shown == [code.name for code in (codes[0], *codes[2:])]
    assert lines.count("     and 1 more; `doctor --all` lists them") == MOST_SHOWN
    assert lines[-1] == f"and {codes[1].name}; `doctor --all` explains them"
    everything = "\n".join(explained(found, None))
    assert "more" not in everything
    assert all(code.name in everything for code in codes)
    assert everything.count("     y") == len(codes)


@pytest.mark.parametrize("width", [30, 60, 80])
def test_a_table_fits_the_terminal(width: int) -> None:
    long = place(Verdict.FRESH, path=Path("/" + "x" * 100))
    rows = [*report._table([report._row(long, ROOT)], width)]  # noqa: SLF001
    start = rows[0].index("where")
    assert all(len(row) <= max(width, start + 20) for row in rows)
    assert "".join(row[start:] for row in rows[1:]) == str(long.path)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/project", "."),
        ("/project/src", "src"),
        ("/home/me/x", "~/x"),
        ("/home/me", "~"),
        ("/home/meyer", "/home/meyer"),
        ("/elsewhere", "/elsewhere"),
    ],
)
def test_short_paths(path: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert report._short(Path(path), ROOT) == expected  # noqa: SLF001
    assert os.path.expanduser("~") == "/home/me"


@pytest.mark.parametrize("code", [Code.NS203, Code.NS101], ids=lambda code: code.name)
def test_explanation(code: Code) -> None:
    told = as_explanation(code, 1000).split("\n\n")
    assert told[:2] == [f"{code.name}: {code.value}", EXPLANATIONS[code]]
    assert told[2:] == (["A remark: it changes no verdict."] if code is Code.NS101 else [])
    assert max(map(len, as_explanation(code, 40).splitlines())) <= 40


BUILT = Built(Path("/x.whl"), WHEEL, {})
EDITABLE = place(Verdict.EDITABLE, installed=INSTALLED._replace(pointers=("/src",)))


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        pytest.param(
            Outcome(((place(Verdict.FRESH), BUILT),)),
            ["Installed demo 1.0 in .venv (fresh: 3 files, 1 command verified) in 1.3s"],
            id="installed",
        ),
        pytest.param(
            Outcome(((place(Verdict.FRESH), BUILT),), installed=False),
            ["demo 1.0 in .venv is fresh (3 files, 1 command verified): the build is the same"],
            id="the build is the same",
        ),
        pytest.param(
            Outcome(((place(Verdict.FRESH), BUILT),), installed=False, built=False),
            ["demo 1.0 in .venv is fresh (3 files, 1 command verified): nothing to do"],
            id="nothing to do",
        ),
        pytest.param(
            Outcome(((place(Verdict.OUT_OF_DATE), BUILT),)),
            ["Not fresh: demo 1.0 (.venv, out of date)"],
            id="not fresh",
        ),
        pytest.param(
            Outcome(((place(Verdict.UNKNOWN, reason="why"), None),)),
            ["Not fresh: 1.0 (.venv, unknown: why)"],
            id="unknown",
        ),
        pytest.param(
            Outcome(((EDITABLE, None),)),
            ["Installed demo 1.0 in .venv (editable: runs /src) in 1.3s"],
            id="editable",
        ),
        pytest.param(
            Outcome(((place(Verdict.EDITABLE), BUILT),)),
            ["Installed demo 1.0 in .venv (editable: runs the sources) in 1.3s"],
            id="editable without a pointer",
        ),
        pytest.param(
            Outcome(((place(Verdict.FRESH), None), (place(Verdict.FRESH, version="2"), None))),
            [
                "Installed 2 in .venv (fresh: metadata verified) in 1.3s",
                "Installed 1.0 in .venv (fresh: metadata verified) in 1.3s",
            ],
            id="the project itself comes last",
        ),
    ],
)
def test_what_an_install_came_to(outcome: Outcome, expected: list[str]) -> None:
    assert list(of_install(outcome, 1.26)) == expected


@pytest.mark.parametrize(("number", "expected"), [(0, "0 files"), (1, "1 file"), (2, "2 files")])
def test_counted(number: int, expected: str) -> None:
    assert counted(range(number), "file") == expected

"""Findings as values: how a fix is typed, and the verdict that findings ask for."""

import pytest

from neverstale.diagnosis.codes import REMARKS, Code
from neverstale.diagnosis.findings import (
    Evidence,
    Finding,
    Fix,
    Verdict,
    finding,
    is_stale,
    shown,
    verdict_of,
)

FIX = Fix((("make", "install"),))


@pytest.mark.parametrize(
    ("fix", "typed"),
    [
        pytest.param(Fix((("make", "install"),)), "make install", id="one command"),
        pytest.param(Fix((("a", "b c"), ("d",))), "a 'b c' && d", id="two commands"),
        pytest.param(Fix(advice="unset PYTHONPATH"), "unset PYTHONPATH", id="advice alone"),
        pytest.param(Fix((("a",),), "or not"), "a", id="a command goes before advice"),
        pytest.param(Fix(), "", id="nothing"),
        pytest.param(
            Fix((("make", "install", "ARGS=--target venv"),)),
            'make install ARGS="--target venv"',
            id="ARGS in double quotes",
        ),
        pytest.param(Fix((("make", "x", "ARGS="),)), 'make x ARGS=""', id="ARGS without a value"),
        pytest.param(Fix((("make", "x", "ARGS=$HOME"),)), "make x 'ARGS=$HOME'", id="a dollar"),
        pytest.param(Fix((("make", "x", "ARGS=`id`"),)), "make x 'ARGS=`id`'", id="a backtick"),
        pytest.param(Fix((("make", "x", 'ARGS="a"'),)), "make x 'ARGS=\"a\"'", id="a quote"),
        pytest.param(Fix((("make", "x", "ARGS=a!b"),)), "make x 'ARGS=a!b'", id="history"),
        pytest.param(Fix((("make", "x", "ARGS=a\\b"),)), "make x 'ARGS=a\\b'", id="a backslash"),
        pytest.param(Fix((("x", "--data=a b"),)), "x '--data=a b'", id="an option is no variable"),
        pytest.param(Fix((("x", "NAME"),)), "x NAME", id="capitals without a value"),
        pytest.param(Fix((("x", "args=a b"),)), "x 'args=a b'", id="small letters"),
    ],
)
def test_fixes_are_spelled_as_they_are_typed(fix: Fix, typed: str) -> None:
    assert str(fix) == typed


def test_finding_of_names() -> None:
    assert finding(Code.NS203, FIX, "a", "b") == Finding(
        Code.NS203, (Evidence("a", "", ""), Evidence("b", "", "")), FIX
    )


def test_shown_are_findings_with_evidence() -> None:
    full = finding(Code.NS203, FIX, "a")
    assert shown(finding(Code.NS201, FIX), full) == [full]
    assert shown() == []


@pytest.mark.parametrize(
    ("codes", "editable", "verdict"),
    [
        pytest.param([], False, Verdict.FRESH, id="nothing"),
        pytest.param([], True, Verdict.EDITABLE, id="nothing, editable"),
        pytest.param(["NS208"], False, Verdict.FRESH, id="a remark"),
        pytest.param(["NS208"], True, Verdict.EDITABLE, id="a remark, editable"),
        pytest.param(["NS304"], False, Verdict.FRESH, id="a remark of the family of damage"),
        pytest.param(["NS203"], False, Verdict.OUT_OF_DATE, id="stale"),
        pytest.param(["NS203"], True, Verdict.OUT_OF_DATE, id="stale, editable"),
        pytest.param(["NS301"], False, Verdict.DAMAGED, id="damaged"),
        pytest.param(["NS203", "NS302"], True, Verdict.DAMAGED, id="damaged and stale"),
        pytest.param(["NS105"], False, Verdict.DAMAGED, id="no archive"),
        pytest.param(["NS103"], False, Verdict.OUT_OF_DATE, id="another archive"),
        pytest.param(["NS603"], False, Verdict.OUT_OF_DATE, id="no interpreter"),
    ],
)
def test_verdict(codes: list[str], editable: bool, verdict: Verdict) -> None:
    findings = [finding(Code[code], FIX, "x") for code in codes]
    assert verdict_of(findings, editable=editable) is verdict
    assert is_stale(findings) == (verdict not in (Verdict.FRESH, Verdict.EDITABLE))


@pytest.mark.parametrize("code", Code, ids=lambda code: code.name)
def test_a_remark_changes_no_verdict(code: Code) -> None:
    assert is_stale([finding(code, FIX, "x")]) == (code not in REMARKS)
    assert (verdict_of([finding(code, FIX)], editable=False) is Verdict.FRESH) == (code in REMARKS)

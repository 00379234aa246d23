"""Every finding has a code, a message of its own and an explanation."""

import re

import pytest

from neverstale.diagnosis.codes import EXPLANATIONS, REMARKS, Code

FAMILIES = {"1": 6, "2": 9, "3": 7, "4": 9, "5": 6, "6": 8, "7": 3}
"""The first digit of a code → how many there are."""

CODES = [
    f"NS{family}{number:02}" for family, most in FAMILIES.items() for number in range(1, most + 1)
]


def test_the_codes() -> None:
    assert list(Code.__members__) == CODES
    assert (CODES[0], CODES[-1]) == ("NS101", "NS703")


def test_every_message_is_unique() -> None:
    # An Enum makes two names with one value one member: `Code.__members__` has both.
    assert len({code.value for code in Code}) == len(Code) == len(Code.__members__)


@pytest.mark.parametrize("code", Code, ids=lambda code: code.name)
def test_every_code_has_a_message_and_an_explanation(code: Code) -> None:
    assert re.fullmatch(r"\S.*[^.\s]", code.value)
    assert re.fullmatch(r"\S.*\.", EXPLANATIONS[code])
    assert "  " not in EXPLANATIONS[code]


def test_explanations_are_of_codes() -> None:
    assert set(EXPLANATIONS) == set(Code)
    assert len(set(EXPLANATIONS.values())) == len(Code)


def test_remarks() -> None:
    assert {code.name for code in REMARKS} == {
        *("NS101", "NS106", "NS207", "NS208", "NS304", "NS602"),
        *("NS604", "NS605", "NS701", "NS702", "NS703"),
    }

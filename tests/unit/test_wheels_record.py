"""RECORD: paths and hashes, however they were written."""

import csv
import hashlib

import pytest

from neverstale.files import Digest
from neverstale.wheels.record import algorithm_of, parse_record, rows_of, spell_record

EMPTY = "sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
EMPTY_HEX = f"sha256={hashlib.sha256(b'').hexdigest()}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", {}, id="nothing"),
        pytest.param(f"a.py,{EMPTY},0\n", {"a.py": EMPTY}, id="a file"),
        pytest.param(f"a.py,{EMPTY}=,0\r\n", {"a.py": EMPTY}, id="padded, and of Windows"),
        pytest.param(f"a.py,{EMPTY_HEX},0\n", {"a.py": EMPTY}, id="in hexadecimal"),
        pytest.param(f"a.py,{EMPTY_HEX[:-2]},0\n", {"a.py": EMPTY_HEX[:-2]}, id="too short for it"),
        pytest.param('"a,b.py",,\n', {"a,b.py": None}, id="a comma"),
        pytest.param('"a\nb.py",md5=x,\n', {"a\nb.py": "md5=x"}, id="two lines"),
        pytest.param('"a""b",,\n', {'a"b': None}, id="a quote"),
        pytest.param("a.py\n\nb.py,md5=x,1", {"a.py": None, "b.py": "md5=x"}, id="other shapes"),
        pytest.param("a.py,unknown=00ff,1", {"a.py": "unknown=00ff"}, id="another hash"),
        pytest.param("a.py,md5=x,\na.py,md5=x,", {"a.py": "md5=x"}, id="a row twice"),
        pytest.param("a.py,md5=x,\na.py,md5=y,", {"a.py": None}, id="rows that contradict"),
        pytest.param("a.py,md5=zz==,1", {"a.py": "md5=zz"}, id="no hexadecimal"),
    ],
)
def test_record(text: str, expected: dict[str, str | None]) -> None:
    assert parse_record(text) == expected


def test_what_is_spelled_is_read() -> None:
    rows = [["a,b", EMPTY, "0"], ['c"d\n', "", ""], ["größe"]]
    text = spell_record(rows)
    assert list(rows_of(text)) == rows
    assert text.startswith(f'"a,b",{EMPTY},0\n')
    assert "\r" not in text


def test_a_row_that_is_too_long() -> None:
    with pytest.raises(csv.Error):
        parse_record("x" * (csv.field_size_limit() + 1))


@pytest.mark.parametrize(("digest", "name"), [(EMPTY, "sha256"), ("sha512=a=b", "sha512")])
def test_algorithm_of(digest: str, name: str) -> None:
    assert algorithm_of(Digest(digest)) == name

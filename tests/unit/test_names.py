"""Names of distributions: what `packaging` says of them, said faster."""

import pytest
from packaging import utils

from neverstale.names import canonicalize_name, is_name, is_normalized_name

NAMES = (
    "a",
    "A.b",
    "a_-b",
    "a--b",
    "a-",
    "-a",
    "_",
    "",
    "a b",
    "ä",
    "a\n",
    "Demo_App",
    "1",
    "a.B-_C",
)


@pytest.mark.parametrize("name", NAMES)
def test_as_packaging(name: str) -> None:
    assert canonicalize_name(name) == utils.canonicalize_name(name)
    try:
        utils.canonicalize_name(name, validate=True)
    except utils.InvalidName:
        assert not is_name(name)
    else:
        assert is_name(name)
    assert is_normalized_name(name) == utils.is_normalized_name(name)

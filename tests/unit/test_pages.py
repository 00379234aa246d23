"""The pages that are made from the code say what the code says."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from neverstale.diagnosis.codes import EXPLANATIONS, REMARKS, Code

REPOSITORY = Path(__file__).parents[2]


def generator() -> ModuleType:
    path = REPOSITORY / "docs" / "generate.py"
    spec = importlib.util.spec_from_file_location("generate", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    before = list(sys.path)
    spec.loader.exec_module(module)
    sys.path[:] = before
    return module


def test_pages_are_up_to_date() -> None:
    for path, page in generator().PAGES.items():
        assert path.read_text(encoding="utf-8") == page(), "run `nox -s pages`"


def test_every_code_is_explained() -> None:
    assert set(EXPLANATIONS) == set(Code)
    assert set(Code) > REMARKS
    for code, text in EXPLANATIONS.items():
        assert text.endswith("."), code
        assert code.value == code.value.rstrip("."), code
    assert len({code.value for code in Code}) == len(Code)

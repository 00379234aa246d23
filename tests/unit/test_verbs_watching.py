"""What is watched."""

from pathlib import Path

import pytest

from neverstale.verbs.watching import may_be_source


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("src/demo/__init__.py", True),
        ("src/demo/build/x.py", True),
        ("pyproject.toml", True),
        ("build/lib/x.py", False),
        ("dist/x.whl", False),
        (".venv/lib/x.py", False),
        ("src/demo/__pycache__/x.pyc", False),
        (".git/HEAD", False),
        ("../elsewhere/x.py", False),
    ],
)
def test_what_may_be_a_source(path: str, expected: bool) -> None:
    root = Path("/build/dist/node_modules/project")
    assert may_be_source((root / path).resolve(), root) == expected

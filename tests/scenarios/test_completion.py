"""Completion in a shell, as argcomplete asks for it: https://kislyuk.github.io/argcomplete."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("neverstale inst", ["install", "install-editable"]),
        ("neverstale doctor --qu", ["--quiet", "--quick"]),
        ("neverstale doctor --format s", ["sarif "]),
        ("neverstale cache p", ["prune "]),
    ],
)
def test_completion(typed: str, expected: list[str], tmp_path: Path) -> None:
    completed = tmp_path / "completed"
    environment = {
        **os.environ,
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_IFS": "\n",
        "_ARGCOMPLETE_STDOUT_FILENAME": str(completed),
        "COMP_LINE": typed,
        "COMP_POINT": str(len(typed)),
    }
    subprocess.run([sys.executable, "-m", "neverstale"], env=environment, check=True)
    assert completed.read_text("utf-8").split("\n") == expected

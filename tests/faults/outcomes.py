"""What became of an install under a fault, noted for the table in the documentation."""

import json
import os
from collections import Counter
from pathlib import Path

from support.render import REPOSITORY

from faults.stage import MIXTURE

FILE = REPOSITORY / "bench" / "results" / "faults.jsonl"

VARIABLE = "FAULTS_RESULTS"
"""The variable that names the file to note outcomes in; unset, none are noted."""


def note(
    fault: str, verb: str, project: object, outcomes: Counter[str], *, may_mix: bool = False
) -> None:
    """Add a line to the file that VARIABLE names; a mixture fails the test, unless it *may_mix*."""
    if VARIABLE in os.environ:
        row = {"fault": fault, "verb": verb, "project": str(project), "outcomes": dict(outcomes)}
        with Path(os.environ[VARIABLE]).open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(row, sort_keys=True) + "\n")
    assert may_mix or not outcomes[MIXTURE], outcomes

"""Start neverstale with one kind of question left out of its records: what it is for must show.

``python without.py KIND VERB…``; ``none`` leaves nothing out.
"""

import re
import sys
from collections.abc import Iterable
from pathlib import Path

from neverstale.__main__ import main
from neverstale.project.metadata import Project
from neverstale.wheels import build
from neverstale.wheels.inputs import Events, questions_of


def fewer(
    project: Project, events: Events, without: Iterable[Path], depended_on: Iterable[str] = ()
) -> set[str]:
    """Return the questions that the build asked, without those of the kind."""
    asked = questions_of(project, events, without, depended_on)
    return {each for each in asked if re.split(r"[ \t]", each)[0] != KIND}


KIND = sys.argv.pop(1)
setattr(build, "questions_of", fewer)  # noqa: B010 - it is not theirs to export
sys.exit(main())

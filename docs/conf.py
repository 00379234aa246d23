"""The documentation site: `nox -s docs` builds it, with warnings as errors."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))

from version import RELEASE

release = version = RELEASE

project = "Neverstale"
author = "The Neverstale authors"
project_copyright = "The Neverstale authors"
extensions = ["myst_parser"]
myst_heading_anchors = 3
exclude_patterns = ["reference/advice.md"]  # a part of another page
nitpicky = True
html_theme = "furo"
html_title = f"Neverstale {release}"
html_show_sphinx = False
html_copy_source = False

"""The documentation site: `nox -s docs` builds it, with warnings as errors."""

import sys
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = Path(__file__).parent
with (HERE.parent / "pyproject.toml").open("rb") as stream:
    release = version = tomllib.load(stream)["project"]["version"]

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

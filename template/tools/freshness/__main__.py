# /// script
# requires-python = ">=3.10"
# dependencies = [
#   "filelock>=3.12",
#   "packaging>=24.1",
#   "rich>=13.7",
#   "tomli>=2; python_version < '3.11'",
# ]
# ///
"""Start: ``uv run --script tools/freshness/__main__.py VERB`` or ``python -m freshness VERB``."""

import sys
from pathlib import Path

if __name__ == "__main__":
    # As a script, sys.path[0] is this folder; the package is found from the one above it.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

    from freshness.cli import main

    sys.exit(main())

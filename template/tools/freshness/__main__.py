# /// script
# requires-python = ">=3.10"
# dependencies = [
#   "filelock>=3.12",
#   "packaging>=24.1",
#   "pyyaml>=6",
#   "rich>=13.7",
#   "tomli>=2; python_version < '3.11'",
# ]
# ///
"""Start: ``uv run --script tools/freshness/__main__.py VERB`` or ``python -m freshness VERB``."""

import gc
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - before any import
FOREIGN = [HERE, *os.environ.get("PYTHONPATH", "").split(os.pathsep)]


def load_package() -> None:
    """Load the package from its folder: whatever else lies beside it must not be imported."""
    import importlib.util

    spec = importlib.util.spec_from_file_location("freshness", os.path.join(HERE, "__init__.py"))  # noqa: PTH118
    if spec and spec.loader:
        package = importlib.util.module_from_spec(spec)
        sys.modules["freshness"] = package
        spec.loader.exec_module(package)


if __name__ == "__main__":
    gc.disable()  # it would look for garbage while modules are imported, and find none
    if not __package__:
        sys.path[:] = [path for path in sys.path if path not in FOREIGN]
        load_package()

    from freshness.cli import main

    sys.exit(main())

"""Start: the command ``neverstale``, ``python -m neverstale``, and the launcher of a project."""

import gc
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType


def main() -> int:
    """Run the command line, with no module of the current project or of PYTHONPATH in reach."""
    gc.disable()  # it would look for garbage while modules are imported, and find none
    own = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    zipped = f"python{sys.version_info.major}{sys.version_info.minor}.zip"
    places = [number for number, path in enumerate(sys.path) if os.path.basename(path) == zipped]
    if places:  # what is before it is the script's folder and PYTHONPATH
        sys.path[: places[-1]] = []
        if own not in sys.path:
            sys.path.append(own)

    import signal

    from neverstale.cli import main as run

    signal.signal(signal.SIGINT, _interrupted)
    return run()


def _interrupted(_number: int, _frame: "FrameType | None") -> None:
    os.write(2, b"error: interrupted\nhint: nothing was changed; run the command again\n")
    os._exit(2)


if __name__ == "__main__":
    sys.exit(main())

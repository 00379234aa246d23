"""Build the wheel that the template ships, and the launchers with their locks: ``make wheel``.

The wheel's name carries a digest of its sources, so this changes nothing where nothing changed.
``--check`` changes nothing: it tells whether the wheel is one of the present sources.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from version import RELEASE, version

ROOT = Path(__file__).parents[1]

TOOLS = ROOT / "template" / "tools"

INDEX = ROOT / "macros" / "neverstale-index.py"
"""The launcher that asks the index; `template/tools/neverstale.py.jinja` chooses one."""

UV = os.environ.get("UV", "uv")
"""`uv run` sets the variable: uv need not be on PATH."""

LAUNCHER = '''\
#!/usr/bin/env -S uv run --script
# /// script
# requires-python = ">=3.10"
# dependencies = ["neverstale=={version}"]{sources}
# ///
"""Start neverstale: ``uv run --script tools/neverstale.py VERB``. Kept by the template."""

import _signal  # built in: the imports of `signal` could be interrupted, with a traceback
import sys

_signal.signal(_signal.SIGINT, _signal.SIG_DFL)
del sys.path[0]  # this file is called like the package

from neverstale.__main__ import main  # noqa: E402

sys.exit(main())
'''

SOURCES = """
# [tool.uv.sources]
# neverstale = {{ path = "{wheel}" }}"""


def build(into: Path) -> Path:
    """Build the wheel into the empty folder *into*; return its path."""
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1580601600"}
    command = [UV, "build", "--quiet", "--wheel", "--out-dir", str(into), str(ROOT)]
    subprocess.run(command, check=True, env=environment)
    (wheel,) = into.glob("*.whl")
    return wheel


def launcher(wheel: str | None) -> str:
    """Return the launcher's text: with the wheel next to it, or with the index."""
    sources = SOURCES.format(wheel=wheel) if wheel else ""
    named = version() if wheel else re.sub(r"\.dev\d+$", "", RELEASE)
    return LAUNCHER.format(version=named, sources=sources)


def lock(script: str, wheel: Path) -> str:
    """Return the lock of a launcher with the text *script*, as `uv lock --script` writes it.

    What the template's present lock has stays, so that a new release of a requirement is a change
    that somebody decides on.
    """
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "neverstale.py")
        place.write_text(script, encoding="utf-8")
        shutil.copy2(wheel, folder)
        with suppress(FileNotFoundError):
            shutil.copy2(TOOLS / "neverstale.py.lock", folder)
        command = [UV, "lock", "--quiet", "--no-config", "--script", str(place)]
        subprocess.run(command, check=True)
        return place.with_name("neverstale.py.lock").read_text("utf-8")


def main() -> int:
    """Write the wheel, the launchers and the lock into the template; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args().check
    with tempfile.TemporaryDirectory() as folder:
        wheel = build(Path(folder))
        if check:
            return compare(wheel)
        for old in TOOLS.glob("neverstale-*.whl"):
            if old.name != wheel.name:
                old.unlink()
        shutil.copy2(wheel, TOOLS / wheel.name)
        script = launcher(wheel.name)
        (TOOLS / "neverstale.py").write_text(script, "utf-8")
        (TOOLS / "neverstale.py.lock").write_text(lock(script, wheel), "utf-8")
    INDEX.write_text(launcher(None), "utf-8")
    return 0


def compare(wheel: Path) -> int:
    """Return 0 where the template ships *wheel*, else say what to do and return 2."""
    shipped = {path.name: path.read_bytes() for path in TOOLS.glob("neverstale-*.whl")}
    if shipped == {wheel.name: wheel.read_bytes()}:
        return 0
    named = ", ".join(shipped) or "no wheel"
    print(f"error: template/tools has {named}, and src gives {wheel.name}", file=sys.stderr)
    print("hint: run `make wheel`, and commit what it changed", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())

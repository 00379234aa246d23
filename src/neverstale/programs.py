"""Where programs are: along PATH, and never in the current folder."""

import os
import shutil


def find_program(name: str, path: str | None = None) -> str | None:
    """Return the program *name* along PATH, or along *path*; also where *name* is a path itself.

    Only in folders that PATH names in full: Windows looks into the current folder as well, as an
    entry like ``.`` does, and what is there may be a stranger's project.
    """
    if os.path.dirname(name):
        return shutil.which(name)
    endings = program_endings()
    if name.lower().endswith(tuple(filter(None, endings))):
        endings = ["", *endings]
    whole = os.environ.get("PATH", os.defpath) if path is None else path
    for folder in named_in_full(whole):
        for ending in endings:
            found = os.path.join(folder, f"{name}{ending}")
            if os.path.isfile(found) and os.access(found, os.X_OK):
                return found
    return None


def program_endings() -> list[str]:
    """Return what a program's name may end in where it is not typed: nothing, but on Windows."""
    if os.name != "nt":
        return [""]
    return os.environ.get("PATHEXT", ".COM;.EXE;.BAT;.CMD").lower().split(";")


def named_in_full(path: str) -> list[str]:
    """Return the folders along *path*, a value of PATH, that do not depend on the current one."""
    return [*filter(os.path.isabs, (entry.strip('"') for entry in path.split(os.pathsep)))]

"""Which interpreter to build with, and to install for."""

import os

from neverstale.environments.environment import PIPX, TOOL, Environment
from neverstale.process import base_interpreter
from neverstale.project.metadata import Project
from neverstale.versions import admits


def python_for(project: Project, environment: Environment | None = None) -> list[str]:
    """Return the option that names the interpreter, if we know it.

    It is the one that a tool has already, or else ours, which uv has chosen; that saves uv a
    search that takes longer than the build where Python is behind the shims of a version manager.
    What is compiled fits no other than that of the environment.
    A choice of the owner's (UV_PYTHON, a ``.python-version`` file) is left to uv to follow.
    """
    import platform

    if "UV_PYTHON" in os.environ or (project.root / ".python-version").exists():
        return []
    version, python = None, None
    if environment and (environment.place in (TOOL, PIPX) or project.may_compile):
        version, python = environment.python_version, environment.interpreter
    if version is None or python is None:
        version, python = platform.python_version(), base_interpreter()
    fits = admits(project.requires_python, version)
    return ["--python", str(python)] if fits else []

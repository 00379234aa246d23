"""One call of a build backend: its variables, its hook, and what it says where it fails."""

import json
import os
import time
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Literal

from neverstale.errors import NeverstaleError
from neverstale.process import Uv, explain_failure, path_behind
from neverstale.project.metadata import Project
from neverstale.wheels.backend import Backend, add_requirements
from neverstale.wheels.build_cache import Reuse

Kind = Literal["wheel", "editable", "sdist"]

EPOCH = "315532800"
"""1980-01-01 in seconds, the earliest time that a zip archive can hold."""


FRONTEND = Path(__file__).with_name("frontend.py")


def call_hook(  # noqa: PLR0913, PLR0917 - each is a value of its own
    uv: Uv,
    project: Project,
    backend: Backend,
    kind: Kind,
    scratch: Path,
    environment: Mapping[str, str],
    reuse: Reuse,
    *,
    build: bool = True,
) -> Backend:
    """Call the hook of the build backend that builds *kind* into ``scratch/out``.

    What the backend asks for beyond [build-system] requires is installed first; return it with
    that. Without *build* that is all. Raise NeverstaleError with the backend's own words where it
    fails.
    """
    from threading import Thread

    question, answer = scratch / "question.json", scratch / "answer.json"
    variables = {"PATH": path_behind(backend.scripts)}
    variables |= {**environment, **reuse.environment}
    Thread(target=_import_readers, daemon=True).start()
    while True:
        asked = {
            "kind": kind,
            "backend": project.build_backend,
            "backend_path": project.backend_path,
            "settings": {**_settings(project), **reuse.settings},
            "installed": backend.installed,
            "into": str(scratch / "out") if build else None,
        }
        question.write_text(json.dumps(asked), encoding="utf-8")
        uv.announce(f"build the {kind} of {project.name} with {project.build_backend}")
        command = (str(backend.python), str(FRONTEND), str(question), str(answer))
        code, said = uv.capture(*command, environment=variables)
        if code or not answer.exists():
            raise build_failed(uv, said)
        told = json.loads(answer.read_text("utf-8"))
        if "unsupported" in told:
            raise NeverstaleError(
                f"{project.build_backend} cannot build an {kind}",
                hint="use `install`, which needs a wheel alone",
            )
        if not told.get("missing"):
            return backend
        backend = add_requirements(uv, project, backend, told["missing"])


def _import_readers() -> None:
    """Import what will read the archive, while the backend builds it on another processor."""
    for name in ("configparser", "email.parser", "packaging.utils", "zipfile"):
        import_module(name)


def build_failed(uv: Uv, said: str) -> NeverstaleError:
    """Return the error of a build that failed and *said* why."""
    return explain_failure(uv, "the build failed; what was installed before is untouched", said)


def _settings(project: Project) -> dict[str, object]:
    """Return the config settings of ``[tool.uv]`` for the backend (PEP 517)."""
    own = project.uv.get("config-settings-package", {}).get(project.name, {})
    return {**project.uv.get("config-settings", {}), **own}


def build_environment(project: Project, scratch: Path) -> dict[str, str]:
    """Return the variables under which a build is reproducible and keeps nothing in the tree.

    setuptools keeps ``build/`` and ``*.egg-info`` between builds and reads them again; here they
    go to *scratch*: https://setuptools.pypa.io/en/latest/deprecated/distutils/configfile.html
    SOURCE_DATE_EPOCH: https://reproducible-builds.org/docs/source-date-epoch/
    """
    (scratch / "egg-info").mkdir()
    configuration = scratch / "setuptools.cfg"
    where = _from(project.root, scratch)
    configuration.write_text(
        f"[build]\nbuild_base = {where}/build\nbuild_lib = {where}/build/lib\n"
        f"build_purelib = {where}/build/lib\nbuild_platlib = {where}/build/lib\n"
        f"build_temp = {where}/build/temp\nbuild_scripts = {where}/build/scripts\n"
        # What was compiled beside the modules is newer, and would be taken for what is to be.
        f"[build_ext]\nforce = 1\n[egg_info]\negg_base = {where}/egg-info\n",
        encoding="utf-8",
    )
    return {
        "SOURCE_DATE_EPOCH": os.environ.get("SOURCE_DATE_EPOCH", _epoch(project)),
        "PYTHONDONTWRITEBYTECODE": "1",
        "NoDefaultCurrentDirectoryInExePath": "1",  # on Windows, for what the backend starts
        "DEPENDENCIES_OUTPUT": str(scratch / "dependencies"),
        "DIST_EXTRA_CONFIG": str(configuration),
    }


def _from(root: Path, folder: Path) -> str:
    """Return *folder* relative to *root*: distutils expands variables in the folders above."""
    try:
        return os.path.relpath(folder, root).replace(os.sep, "/")
    except ValueError:  # another drive
        return folder.as_posix()


def _epoch(project: Project) -> str:
    """Return the time that a build takes for now: a version from elsewhere may name the day."""
    now = int(time.time())
    return EPOCH if project.version else str(now - now % (24 * 60 * 60))

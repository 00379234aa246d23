"""Wheels: built afresh with uv, and read."""

import hashlib
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from freshness.distribution import Distribution
from freshness.errors import FreshnessError
from freshness.project import Project
from freshness.uv import Uv

EPOCH = "315532800"
"""1980-01-01 in seconds, the earliest time that a zip archive can hold."""


@dataclass(frozen=True)
class Reuse:
    """What a build may use again: an environment, and where objects are kept.

    ``backend`` is an environment that holds the build backend; without one the build is isolated.
    ``environment`` and ``options`` of ``uv build`` tell the backend where it compiles.
    """

    backend: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()


NOTHING = Reuse()


def build_wheel(
    uv: Uv, project: Project, into: Path, python: Sequence[str], reuse: Reuse = NOTHING
) -> Path:
    """Build the project's wheel into the empty folder *into*, using no more again than *reuse*.

    *python* is the option that names an interpreter, or nothing where uv is to find one.
    In isolation, the index is asked only where uv's cache cannot supply what the build requires.
    A build that fails is repeated in isolation, so that the build backend's own word on it is
    seen. Raises FreshnessError where that fails too.
    """
    arguments = ["build", "--wheel", "--out-dir", os.path.relpath(into, uv.root)]
    environment = build_environment(project, into)
    quick = [*python, "--offline", *isolated(project)]
    if reuse.backend:
        quick = ["--no-build-isolation", "--python", str(reuse.backend), *reuse.options]
    again = {**environment, **reuse.environment}
    if uv.attempt(*arguments, *quick, environment=again) is None:
        build(uv, *arguments, *python, *isolated(project), environment=environment)
    built = list(into.glob("*.whl"))
    if len(built) != 1:
        raise FreshnessError(
            f"the build left {len(built)} wheels, not one",
            hint="run `uv build --wheel` and see what the build backend does",
        )
    return built[0]


def isolated(project: Project) -> list[str]:
    """Give the option that isolates a build although ``[tool.uv]`` says otherwise."""
    return ["--build-isolation"] if "no-build-isolation" in project.text else []


def build(uv: Uv, *arguments: str, environment: Mapping[str, str]) -> None:
    """Run ``uv ARGUMENTS``, a build whose output is shown; raises FreshnessError if it fails."""
    code = uv.run(*arguments, environment=environment)
    if code:
        raise FreshnessError(
            f"the build failed (exit code {code}); what was installed before is untouched",
            hint="mend what the build backend says above, then run the command again",
        )


def build_environment(project: Project, scratch: Path) -> dict[str, str]:
    """Give the variables under which a build is reproducible and leaves nothing in the tree.

    setuptools keeps ``build/`` and ``*.egg-info`` between builds and reads them again; here they
    go to *scratch*: https://setuptools.pypa.io/en/latest/deprecated/distutils/configfile.html
    SOURCE_DATE_EPOCH: https://reproducible-builds.org/docs/source-date-epoch/
    """
    environment = {
        "SOURCE_DATE_EPOCH": os.environ.get("SOURCE_DATE_EPOCH", _epoch(project)),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    if project.build_backend.startswith("setuptools"):
        (scratch / "egg-info").mkdir()
        configuration = scratch / "setuptools.cfg"
        # Relative, for distutils expands what it takes for variables in the folders above.
        where = os.path.relpath(scratch, project.root)
        configuration.write_text(
            # What was compiled beside the modules is newer, and would be taken for what is to be.
            f"[build]\nbuild_base = {where}/build\n[build_ext]\nforce = 1\n"
            f"[egg_info]\negg_base = {where}/egg-info\n",
            encoding="utf-8",
        )
        environment["DIST_EXTRA_CONFIG"] = str(configuration)
    return environment


def _epoch(project: Project) -> str:
    """Give the time that a build takes for now: the version of a changed tree names the day."""
    now = int(time.time())
    return EPOCH if project.version else str(now - now % (24 * 60 * 60))


def content_of(distribution: Distribution) -> str:
    """Give 120 bits of SHA-256, in hexadecimal, over all that *distribution* holds.

    The times in a wheel's archive do not count. Lower case and short, as a folder's name on any
    file system has to be.
    """
    lines = [f"{path}\0{digest}\n" for path, digest in sorted(distribution.files.items())]
    lines += sorted(distribution.executable)
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()[:30]

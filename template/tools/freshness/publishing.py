"""``build`` and ``publish``: what is in ``dist/`` is what the sources give."""

import argparse
import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from freshness.archives import read_wheel
from freshness.artifacts import is_tracked
from freshness.cleaning import clean_one
from freshness.diagnosis import judge_wheel
from freshness.environments import venv_environment
from freshness.errors import NOT_VERIFIED, VERIFIED, FreshnessError
from freshness.findings import is_stale
from freshness.fixes import fixes_for
from freshness.install import python_for
from freshness.members import in_one_workspace, members_of
from freshness.project import Project
from freshness.release import archives_in, build_all, differing, refuse_upload
from freshness.sources import sources_of
from freshness.store import Store
from freshness.terminal import say, show, tell, waiting
from freshness.uv import Uv


def build_distributions(parsed: argparse.Namespace, project: Project, uv: Uv) -> int:
    """Build the sdist, and the wheel from it, into ``dist/``: a forced build."""
    together = in_one_workspace((project, *members_of(project, parsed.read)))
    return _build(together, uv, Path(parsed.out_dir), twice=parsed.twice)


def _build(together: Sequence[Project], uv: Uv, destination: Path, *, twice: bool) -> int:
    """Build *together*, the first of which is the project, into the folder *destination*."""
    project = together[0]
    _refuse_folder_elsewhere(destination, project.root)
    store = Store(project.root)
    python = python_for(project, venv_environment(project.root))
    with store.locked(waiting), store.scratch() as scratch:
        for each in together:
            clean_one(each)
        sources = [sources_of(each) for each in together]
        made = build_all(uv, together, scratch, python)
        paths = [path for _, each in made for path in each]
        wheels = [read_wheel(each[-1]) for _, each in made]
        unlike = _unlike_another_build(together, uv, paths) if twice else []
        _refuse_tracked([project.root / destination / path.name for path in paths], project.root)
        destination.mkdir(parents=True, exist_ok=True)
        for path in paths:
            shutil.move(path, destination / path.name)
            say("built", str(destination / path.name))
    findings = [
        found
        for each, its, wheel in zip(together, sources, wheels, strict=True)
        for found in judge_wheel(each, its.files, wheel, fixes_for(project).verb("build"))
    ]
    show(findings)
    for name in unlike:
        say("differs", f"{name}: two builds of the same sources, and not the same bytes")
    if twice and not unlike:
        say("same", "two builds, the same bytes")
    return NOT_VERIFIED if unlike or is_stale(findings) else VERIFIED


def _unlike_another_build(together: Sequence[Project], uv: Uv, made: Iterable[Path]) -> list[str]:
    """Build again; give the names of what comes out otherwise than in *made*."""
    root = together[0].root
    python = python_for(together[0], venv_environment(root))
    with Store(root).scratch() as scratch:
        again = build_all(uv, together, scratch, python)
        return differing(made, [path for _, paths in again for path in paths])


def publish(parsed: argparse.Namespace, project: Project, uv: Uv) -> int:
    """Upload what is in ``dist/``, if it is what the sources give; rehearse without --upload."""
    own, passed_on = _publish_parser().parse_known_args(parsed.arguments)
    dist = project.root / own.dist
    together = in_one_workspace((project, *members_of(project, parsed.read)))
    if not archives_in(dist) and _build(together, uv, Path(own.dist), twice=False) != VERIFIED:
        return NOT_VERIFIED
    store = Store(project.root)
    python = python_for(project, venv_environment(project.root))
    with store.locked(waiting), store.scratch() as scratch:
        made = build_all(uv, together, scratch, python)
        refuse_upload(made, dist, own.tag, for_real=own.upload)
    rehearsal = [] if own.upload else ["--dry-run"]
    names = [os.path.relpath(path) for path in archives_in(dist)]
    code = uv.run("publish", *rehearsal, *passed_on, *names)
    if rehearsal and not code:
        tell("nothing was uploaded; `make publish ARGS=--upload` does it")
    return code


def _publish_parser() -> argparse.ArgumentParser:
    """Give what ``publish`` knows; what it does not know is for ``uv publish``."""
    parser = argparse.ArgumentParser(prog="freshness publish", description=publish.__doc__)
    parser.add_argument("--upload", action="store_true", help="no rehearsal: upload")
    parser.add_argument("--tag", help="the tag in git that the version has to be that of")
    parser.add_argument("--dist", default="dist", metavar="DIR", help="the folder (default: dist)")
    return parser


def _refuse_folder_elsewhere(folder: Path, root: Path) -> None:
    if folder.is_symlink() and not folder.resolve().is_relative_to(root):
        raise FreshnessError(
            f"{folder} is a link to {os.readlink(folder)}, outside of the project",
            hint="remove the link, or name another folder with --out-dir",
        )
    if folder.is_dir() and any(folder.glob("*.py")):
        raise FreshnessError(
            f"{folder} is a package of the project, no place for wheels",
            hint="name another folder with --out-dir",
        )


def _refuse_tracked(paths: Iterable[Path], root: Path) -> None:
    tracked = [path for path in paths if path.exists() and is_tracked(path, root)]
    if tracked:
        raise FreshnessError(
            f"git tracks {', '.join(path.name for path in tracked)}, which would be overwritten",
            hint="name another folder with --out-dir, or take it out of git",
        )

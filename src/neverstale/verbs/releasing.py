"""The verbs of a release: ``bump``, ``build``, ``publish``."""

import os
import re
from pathlib import Path

from neverstale.errors import FRESH, STALE
from neverstale.terminal import Console
from neverstale.verbs.task import Options, Parser, say_cleaned, say_unanswered, task_of

OTHER_INDEX = re.compile("--(index|publish-url|check-url)(=|\\Z)")
"""Options of ``uv publish`` for an index that is not the one that uv installs from."""


def bump(options: Options, console: Console) -> int:
    """Set the next version, and collect the changelog with scriv.

    VERSION is one, or what to raise: major, minor, patch, stable, alpha, beta, rc, post, dev. By
    default it is the present version, if that was never released, or else a patch.
    """
    from neverstale.release.bump import bump as set_next

    version = set_next(task_of(options, console), options.version or "")
    console.tell(f"next: commit that, then `git tag v{version}`, and push both")
    return FRESH


def build(options: Options, console: Console) -> int:
    """Build the sdist, and the wheel from it, into ``dist/``: a forced build."""
    from neverstale.release import publish as releasing
    from neverstale.report import explained

    task = task_of(options, console)
    done = releasing.build(task, Path(options.out_dir), twice=options.twice)
    for cleaned in done.cleaned:
        say_cleaned(cleaned, task.project.root, console)
    console.lines(explained(done.findings))
    say_unanswered(task, console)
    for name in done.unlike or ():
        console.tell(f"{name}: two builds of the same sources differ")
    for path in done.archives:
        console.result(f"Built {path}{' (twice, to the same bytes)' if done.unlike == () else ''}")
    return FRESH if done.good else STALE


def publish(options: Options, console: Console) -> int:
    """Upload what is in ``dist/``, if it is a build of the sources; rehearse without --yes."""
    from neverstale.diagnosis.invocation import as_typed
    from neverstale.release.publish import prepare_upload

    parser = Parser(prog="neverstale publish", description=publish.__doc__)
    for_real = "no rehearsal: upload (0.2 called it --upload)"
    parser.add_argument("--yes", "--upload", action="store_true", help=for_real)
    parser.add_argument("--tag", help="the tag in git that the version has to match")
    parser.add_argument("--dist", default="dist", metavar="DIR", help="the folder (default: dist)")
    own, passed_on = parser.parse_known_args(options.arguments)
    task = task_of(options, console)
    elsewhere = (
        any(map(OTHER_INDEX.match, passed_on))
        or {"UV_PUBLISH_URL", "UV_PUBLISH_INDEX", "UV_PUBLISH_CHECK_URL"} & os.environ.keys()
        or {"publish-url", "check-url"} & task.project.uv.keys()
    )
    upload = prepare_upload(
        task, Path(own.dist), own.tag, for_real=own.yes, ask_index=not elsewhere
    )
    rehearsal = [] if own.yes else ["--dry-run"]
    code: int = task.uv.run("publish", *rehearsal, *passed_on, *upload.names)
    for line in upload.missing:
        console.step("missing", line)
    if rehearsal and not code:
        then = "once nothing is missing, " if upload.missing else ""
        again = as_typed("`neverstale publish --yes`", task.project.root)
        console.tell(f"nothing was uploaded; {then}{again} uploads")
    return code or (STALE if upload.missing else FRESH)

"""Make a release: the checks, the version, the wheel, the changelog's section, the commit, the tag.

    uv run nox -s release -- 0.3.0
    uv run docs/release.py --notes v0.3.0     # what the changelog says of it

One tag releases both the distribution and the template, which bundles the wheel of that version.
Nothing is pushed. Exit code 2 with an error and a hint where it cannot be made; then nothing has
changed. Versions are those of PEP 440, tags are ``v`` and the version.
"""

import argparse
import datetime as dt
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from packaging.version import InvalidVersion, Version

REPOSITORY = Path(__file__).parents[1]
sys.path.insert(0, str(REPOSITORY / "src"))

from neverstale.template.answers import sections_of  # noqa: E402

CHANGELOG = REPOSITORY / "CHANGELOG.md"
VERSION = REPOSITORY / "tools" / "version.py"
WRITTEN = ("CHANGELOG.md", "tools/version.py", "template/tools", "macros/neverstale-index.py")
"""What a release changes: the rest of the tree stays as it is."""

UNRELEASED = "## Unreleased"
CHECKS = ("lint", "format-check", "types", "tests", "sample")


class ReleaseError(Exception):
    """Why there is no release, and what to do: one line each."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("version", help="such as 0.3.0; with --notes, a tag")
    parser.add_argument(
        "--notes", action="store_true", help="print the changelog's section, and end"
    )
    parser.add_argument("--skip-checks", action="store_true", help="they have just passed")
    asked = parser.parse_args()
    try:
        if asked.notes:
            print(section_of(asked.version.removeprefix("v")))
        else:
            release(asked.version, with_checks=not asked.skip_checks)
    except ReleaseError as error:
        message, hint = error.args
        print(f"error: {message}\nhint: {hint}", file=sys.stderr)
        return 2
    return 0


def release(asked: str, *, with_checks: bool) -> None:
    version = parsed(asked)
    problems = [*reasons_against(version)]
    if problems:
        raise ReleaseError("; ".join(problems), "see to that first; nothing was changed")
    if with_checks:
        command = ["nox", "--session", *CHECKS]
        if subprocess.run(command, cwd=REPOSITORY, check=False).returncode:
            raise ReleaseError("the checks fail", "fix what nox says above; nothing was changed")
    today = dt.datetime.now(tz=dt.timezone.utc).date()
    text = CHANGELOG.read_text(encoding="utf-8")
    text = text.replace(UNRELEASED, f"## {version} - {today}", 1)
    CHANGELOG.write_text(text, encoding="utf-8")
    set_version(version)
    bundle = [sys.executable, str(REPOSITORY / "tools" / "bundle.py")]
    if subprocess.run(bundle, cwd=REPOSITORY, check=False).returncode:
        git("checkout", "--", *WRITTEN)
        git("clean", "--force", "--quiet", "--", "template/tools")
        raise ReleaseError("tools/bundle.py failed", "see what it says above; nothing was changed")
    git("add", "--", *WRITTEN)
    git("commit", "--quiet", "--message", f"Release {version}")
    git("tag", "--annotate", f"v{version}", "--message", section_of(str(version)))
    print(f"v{version} is tagged; next: git push --follow-tags")


def set_version(version: Version) -> None:
    """Write *version* into tools/version.py, where the build takes it from."""
    text = VERSION.read_text(encoding="utf-8")
    text, count = re.subn(r'(?m)^RELEASE = ".*"$', f'RELEASE = "{version}"', text)
    assert count == 1
    VERSION.write_text(text, encoding="utf-8")


def parsed(asked: str) -> Version:
    try:
        version = Version(asked)
    except InvalidVersion:
        raise ReleaseError(f"{asked} is not a version", "such as 0.3.0 (PEP 440)") from None
    if str(version) != asked:
        raise ReleaseError(f"{asked} is spelled {version}", f"type {version}")
    return version


def reasons_against(version: Version) -> list[str]:
    tags = [*released()]
    found = []
    if git("status", "--porcelain"):
        found.append("there are changes that are not committed")
    if any(tag >= version for tag in tags):
        found.append(f"{version} is not after {max(tags)}, the last release")
    if UNRELEASED not in CHANGELOG.read_text("utf-8") or not section_of("Unreleased"):
        found.append(f"CHANGELOG.md has nothing under `{UNRELEASED}`")
    return found


def released() -> Iterator[Version]:
    for tag in git("tag", "--list", "v*").split():
        with suppress(InvalidVersion):
            yield Version(tag)


def section_of(version: str) -> str:
    """Return what CHANGELOG.md says of *version*, without the heading."""
    sections = sections_of(CHANGELOG.read_text(encoding="utf-8"))
    if version not in sections:
        raise ReleaseError(
            f"CHANGELOG.md does not name {version}", "release it with nox -s release"
        )
    return sections[version].partition("\n")[2].strip()


def git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ReleaseError(f"git {arguments[0]}: {done.stderr.strip()}", "see what git says above")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())

"""How a project differs from its template: a newer version, edited files, outdated answers."""

import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from neverstale.diagnosis.codes import Code
from neverstale.diagnosis.findings import Evidence, Finding, Fix, finding, shown
from neverstale.diagnosis.fixes import Fixes
from neverstale.files import digest_of_file, text_if_there
from neverstale.git import listed, start_listing
from neverstale.project.metadata import Project
from neverstale.template.answers import Template, find_template, is_text, newer_than, package_folder

PATIENCE = 3.0
"""How many seconds the doctor waits for the template's repository, after all else is done."""

MODULES = {
    "meson_python": ("mesonpy",),
    "poetry_core": ("poetry", "poetry_dynamic_versioning"),
    "setuptools_ext": ("setuptools",),
}
"""The modules of build backends, by the answers, where they are called otherwise."""


def contradictions(template: Template, project: Project) -> Iterator[tuple[str, str, str]]:
    """Yield the answers that the project no longer matches: question, answer, what is so."""
    if template.answers.get("scope") == "tasks":
        return
    answered = template.answers.get("distribution_name")
    if is_text(answered) and re.sub("[-_.]+", "-", answered).lower() != project.name:
        yield "distribution_name", answered, project.name
    answered = template.answers.get("build_backend")
    backend = re.split("[.:]", project.build_backend)[0]
    if is_text(answered) and backend not in MODULES.get(answered, (answered,)):
        yield "build_backend", answered, backend
    folder = package_folder(template)
    if folder and not (project.root / folder).is_dir():
        yield "package_name", folder.rpartition("/")[2], f"there is no {folder}"


class Asked(NamedTuple):
    """The template of a project, and the question to its repository, on its way."""

    template: Template | None
    listing: "subprocess.Popen[bytes] | None"


def ask_template(root: Path) -> Asked:
    """Find the template of the project at *root*, and start to ask it what is new."""
    template = find_template(root)
    return Asked(template, start_listing(template.address) if template else None)


def check_template(asked: Asked, project: Project, fixes: Fixes) -> list[Finding]:
    """Return how *project* differs from its template."""
    template = asked.template
    if template is None:
        return []
    listing = listed(asked.listing, PATIENCE)
    newer = newer_than(template, listing) if listing else None
    found = []
    if newer:
        evidence = (Evidence("version", newer, template.version),)
        found.append(Finding(Code.NS701, evidence, fixes.verb("update")))
    restore = Fix(advice="restore it (git checkout), or let `update` replace it")
    found += shown(finding(Code.NS702, restore, *edited_files(project.root)))
    for question, answer, so in contradictions(template, project):
        fix = fixes.verb("update", "--data", f"{question}=...")
        evidence = (Evidence(question, answer, so),)
        found.append(Finding(Code.NS703, evidence, Fix(advice=str(fix))))
    return found


def edited_files(root: Path) -> Iterable[str]:
    """Yield the bundled wheel where it is not the one whose hash the launcher's lock has."""
    lock = text_if_there(root / "tools" / "neverstale.py.lock")
    for wheel in sorted((root / "tools").glob("neverstale-*.whl")):
        named = f'"{wheel.name}"' in lock or f"/{wheel.name}" in lock or wheel.name in lock
        if not named or wheel.is_symlink():
            yield f"tools/{wheel.name}"
            continue
        hashes = re.findall(r"sha256:([0-9a-f]{64})", lock)
        if hashes and _hexadecimal(wheel) not in hashes:
            yield f"tools/{wheel.name}"


def _hexadecimal(path: Path) -> str:
    import base64

    value = digest_of_file(path).partition("=")[2]
    return base64.urlsafe_b64decode(f"{value}=").hex()

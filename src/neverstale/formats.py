"""A diagnosis in the formats of services: GitHub's annotations, SARIF 2.1.0, JUnit's XML."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree as ET

from neverstale import __version__
from neverstale.diagnosis.codes import EXPLANATIONS, REMARKS, Code
from neverstale.diagnosis.doctor import Diagnosis
from neverstale.diagnosis.findings import Evidence, Finding, Verdict
from neverstale.diagnosis.place import Place
from neverstale.git import repository_of
from neverstale.project.metadata import Project
from neverstale.report import as_json, exit_code, explained
from neverstale.shell import without_password
from neverstale.terminal import printable

BAD = (Verdict.OUT_OF_DATE, Verdict.DAMAGED)


def as_github(diagnosis: Diagnosis) -> str:
    """Return a workflow command for each piece of evidence, an error or, of a remark, a notice.

    https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
    """
    lines = []
    for place, found, evidence in _evidence(diagnosis):
        word = "notice" if found.code in REMARKS else "error"
        title = _property(f"{found.code.name} {found.code.value}")
        file = _property(_file_of(evidence, diagnosis.project))
        said = _escaped(without_password(_message(place, found, evidence)))
        lines.append(f"::{word} file={file},title={title}::{said}")
    unknown = (p for p in diagnosis.places if p.verdict is Verdict.UNKNOWN)
    lines += [f"::warning::{_escaped(f'{p.name}: {p.reason}')}" for p in unknown]
    if not lines and exit_code(diagnosis.places):
        lines.append(f"::error::{diagnosis.project.name} is not installed anywhere")
    return "\n".join(lines)


def as_sarif(diagnosis: Diagnosis) -> str:
    """Return a log of one run in SARIF 2.1.0, each piece of evidence as a result.

    https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
    """
    results = [
        {
            "ruleId": found.code.name,
            "level": "note" if found.code in REMARKS else "error",
            "message": {"text": without_password(_message(place, found, evidence))},
            "locations": [_location(_file_of(evidence, diagnosis.project))],
        }
        for place, found, evidence in _evidence(diagnosis)
    ]
    rules = [
        {
            "id": code.name,
            "shortDescription": {"text": code.value},
            "fullDescription": {"text": EXPLANATIONS[code]},
        }
        for code in Code
    ]
    driver = {"name": "neverstale", "version": __version__, "rules": rules}
    run = {"tool": {"driver": driver}, "results": results, "columnKind": "unicodeCodePoints"}
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return json.dumps({"$schema": schema, "version": "2.1.0", "runs": [run]}, indent=2)


def as_junit(diagnosis: Diagnosis) -> str:
    """Return one test suite in JUnit's XML, each place a case: passed, failed or skipped.

    https://github.com/testmoapp/junitxml
    """
    bad = [place for place in diagnosis.places if place.verdict in BAD]
    left = [p for p in diagnosis.places if p.verdict in (Verdict.UNKNOWN, Verdict.NOT_INSTALLED)]
    counts = {"tests": len(diagnosis.places), "failures": len(bad), "skipped": len(left)}
    counted = {name: str(number) for name, number in {**counts, "errors": 0}.items()}
    top = ET.Element("testsuites", counted)
    suite = ET.SubElement(top, "testsuite", {"name": "neverstale", **counted})
    for place in diagnosis.places:
        names = {"classname": diagnosis.project.name, "name": printable(place.name)}
        case = ET.SubElement(suite, "testcase", names)
        if place in bad:
            failure = ET.SubElement(case, "failure", {"message": place.verdict.value})
            failure.text = printable(without_password("\n".join(explained(place.findings, None))))
        elif place in left:
            reason = place.reason or place.verdict.value
            ET.SubElement(case, "skipped", {"message": printable(without_password(reason))})
    ET.indent(top)
    return ET.tostring(top, encoding="unicode", xml_declaration=True)


FORMATS: dict[str, Callable[[Diagnosis], str]] = {
    "json": as_json,
    "github": as_github,
    "sarif": as_sarif,
    "junit": as_junit,
}


def _evidence(diagnosis: Diagnosis) -> Iterator[tuple[Place, Finding, Evidence]]:
    for place in diagnosis.places:
        for found in place.findings:
            yield from ((place, found, evidence) for evidence in found.evidence)


def _message(place: Place, found: Finding, evidence: Evidence) -> str:
    differing = f": expected {evidence.expected or 'nothing'}, found {evidence.found or 'nothing'}"
    detail = differing if evidence.expected or evidence.found else ""
    return f"{place.name}: {found.code.value}: {evidence.what}{detail}. Fix: {found.fix}"


def _file_of(evidence: Evidence, project: Project) -> str:
    """Return the source that *evidence* is about, or else what declares *project*.

    Relative to the repository, which services expect, or to the project where there is none.
    """
    root = project.root
    repository = repository_of(root)
    start = root.relative_to(repository[0]).as_posix() if repository else "."
    return os.path.normpath(f"{start}/{_source_of(evidence.what, root)}").replace(os.sep, "/")


def _source_of(what: str, root: Path) -> str:
    for path in (what, f"src/{what}"):
        inside = not Path(path).is_absolute() and ".." not in Path(path).parts
        with suppress(OSError, ValueError):  # a sentence may be too long for a path
            if inside and (root / path).is_file():
                return path
    return "pyproject.toml" if (root / "pyproject.toml").is_file() else "setup.py"


def _location(path: str) -> dict[str, object]:
    return {"physicalLocation": {"artifactLocation": {"uri": quote(os.fsencode(path))}}}


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")

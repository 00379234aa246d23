"""Write the pages that are made from the code, so that they cannot say anything else."""

import argparse
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
sys.path[:0] = [str(REPOSITORY / part) for part in ("src", "tests", "bench", "docs")]

import curves  # noqa: E402
import declared_pages  # noqa: E402
import diagrams  # noqa: E402
import measured_pages  # noqa: E402
from staleness import picture  # noqa: E402
from staleness import results as measured  # noqa: E402

from neverstale.diagnosis.codes import EXPLANATIONS, REMARKS, Code  # noqa: E402

FAMILIES = {
    "1": "Sources and archives",
    "2": "Sources and installed copies",
    "3": "RECORD and the disk",
    "4": "Commands, requirements, versions",
    "5": "Leftovers in the sources",
    "6": "Which copy runs",
    "7": "The project and its template",
}

INTRODUCTION = """\
# Findings

What `neverstale doctor` reports, and what its verdicts mean. In a project of the template it is
`make doctor` or `nox -s doctor`. It finds every copy of the project that could run, compares each
with the sources as they are now, and tells how to fix it. It changes nothing and imports nothing.

    make doctor                          # compare contents; build if need be
    make doctor ARGS=--quick             # never build
    make doctor ARGS=--build             # always build, compiled code too
    make doctor ARGS=--fix               # show the fixes, ask, run them, look again
    make doctor ARGS="--explain NS203"   # what a code means
    make doctor ARGS=--json              # for programs: see json.md

## Where it looks

| place | what |
|---|---|
| `sources` | the project itself: what the next build or import would take that is not in the sources |
| `uv tool` | the uv tool of the project's name, its commands, and copies beside other tools |
| `.venv` | the project's own environment |
| `pipx` | what pipx has installed |
| `session` | the environments of nox and tox |
| `active` | environments whose commands are on PATH |
| `user site` | what `pip install --user` has installed |
| `python` | the interpreters on PATH, and those behind the shims of pyenv, asdf and mise |
| `wheel`, `sdist` | the archives in `dist/` |

Below the table it tells which files on PATH answer to each command, and what `import` would find in
each environment, and why.

## Verdicts

| verdict | meaning |
|---|---|
| `fresh` | byte for byte what a forced build of the sources would give; commands and requirements as declared |
| `editable` | it points at the sources; commands, requirements and version are those declared |
| `out of date` | it differs from the sources, or something else would run in its place |
| `damaged` | the disk is not what the installation's RECORD promises |
| `not installed` | nothing is there |
| `unknown` | nobody can tell, and the reason is given |

Exit codes: 0 if everything is fresh or editable, 1 if something is stale or nothing is installed, 2 if
nobody can tell. make ends with 2 whenever a recipe fails; nox and `neverstale` keep the code.

## Questions that it answers

| question | where the answer stands |
|---|---|
| Is the wheel stale? (`unzip -l dist/*.whl`) | the rows `wheel` and `sdist`, with NS102, NS103 and NS104 |
| Are the installed files those of the sources? (`diff`, `find`) | the row of the place, with NS201, NS202 and NS203 |
| Which copy does Python import? (`print(module.__file__)`) | the lines `import …` |
| Which copy does the shell run? (`which -a`) | the lines `COMMAND runs …` |
| Why was `--force` not enough? | the row `sources`: NS501 and NS502 are what the next build takes from the last one |
"""


def wrap(paragraph: str) -> str:
    """Break *paragraph* into lines of the length that Markdown linters take for usual."""
    return textwrap.fill(paragraph, 79, break_long_words=False, break_on_hyphens=False)


def findings() -> str:
    """Return the page of the doctor's verdicts and findings."""
    parts = [INTRODUCTION, "## Codes"]
    for family, title in FAMILIES.items():
        parts.append(f"### NS{family}: {title}")
        for code in Code:
            if code.name.removeprefix("NS").startswith(family):
                remark = " *A remark: it changes no verdict.*" if code in REMARKS else ""
                text = f"**{code.name}** {code.value}. {EXPLANATIONS[code]}{remark}"
                parts.append(wrap(text))
    return "\n\n".join(part.strip() for part in parts) + "\n"


REFERENCE = REPOSITORY / "docs" / "reference"
PICTURES = REPOSITORY / "docs" / "pictures"


def drawn(name: str) -> Callable[[], str]:
    """Return what draws the picture *name*."""

    def draw() -> str:
        if name in diagrams.DIAGRAMS:
            return diagrams.way(diagrams.DIAGRAMS[name])
        if name in curves.CURVES:
            return curves.drawn(curves.CURVES[name])
        return picture.drawn(measured.read())[name]

    return draw


PAGES: dict[Path, Callable[[], str]] = {
    REFERENCE / "findings.md": findings,
    REFERENCE / "questions.md": declared_pages.questions,
    REFERENCE / "verbs.md": declared_pages.verbs,
    REFERENCE / "command.md": declared_pages.command,
    REFERENCE / "staleness.md": measured_pages.staleness,
    REFERENCE / "advice.md": measured_pages.advice,
    REFERENCE / "speed.md": measured_pages.speed,
    REFERENCE / "faults.md": measured_pages.faults,
    REFERENCE / "real-projects.md": measured_pages.real_projects,
    **{
        PICTURES / name: drawn(name)
        for name in (*diagrams.DIAGRAMS, *curves.CURVES, *picture.NAMES)
    },
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.parse_args()
    for path, page in PAGES.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(page(), encoding="utf-8")
        print(f"wrote {path.relative_to(REPOSITORY)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The cells of the matrix: which edit, command, build backend and uv are tried together."""

from collections.abc import Iterator
from dataclasses import dataclass

from scenarios.edits import EDITS, Edit
from support.render import Combination

from staleness.commands import BY_NAME, COMMANDS

OLD_UVS = ("0.8.0", "0.10.9", "0.11.19", "0.11.20")
"""The oldest that a generated project admits, and both sides of what changed on the way."""

SUBJECTS = {
    **{
        backend: Combination(backend, "src", "cli")
        for backend in ("hatchling", "setuptools", "uv_build", "flit_core", "pdm", "poetry_core")
    },
    "hatchling, version from git": Combination("hatchling", "src", "cli", "vcs"),
    "setuptools, version from git": Combination("setuptools", "src", "cli", "vcs"),
    "setuptools, C": Combination("setuptools_ext", "src", "cli", binding="c"),
    "meson-python": Combination("meson_python", "src", "cli"),
}
"""The projects that are edited, by the name of their build backend."""

ON_OLD_UVS = ("hatchling", "setuptools")
EDITS_OF_EACH_KIND = (
    "module edited",
    "edited to the same size with the old time",
    "module added",
    "module deleted",
    "data file no longer selected",
    "command added",
)
"""What old uvs are tried with: two build backends, and edits of each kind."""

LIKE_HATCHLING = ("flit_core", "pdm", "poetry_core")
"""Build backends in Python alone that keep nothing: tried with edits of each kind, too."""

COLUMNS = {
    "module edited": "edited",
    "edited to the same size with the old time": "same size and time",
    "older content with older times": "older content",
    "module added": "module added",
    "module deleted": "module deleted",
    "Scenario 3: Moved Files": "module moved",
    "data file deleted": "data deleted",
    "data file no longer selected": "data unselected",
    "command added": "command added",
    "command renamed": "command renamed",
    "Scenario 2: Updated Dependency": "requirement",
    "version changed": "version",
    "version changed by git tag": "git tag",
    "header edited": "C header",
}
"""The edits, of the table that the tests hold the template to, and what the picture calls them."""

UNSELECTED = "data file no longer selected"

CHOSEN = [edit for edit in EDITS if edit.name in COLUMNS]


@dataclass(frozen=True)
class Cell:
    """One edit of one project, one command, one uv."""

    uv: str
    subject: str
    command: str
    edit: str

    def __str__(self) -> str:
        return f"uv {self.uv} | {self.subject} | {self.command} | {self.edit}"


def cells(newest: str) -> Iterator[Cell]:
    """Return all cells where *newest* is the newest uv; what tells most comes first."""
    for subject in ON_OLD_UVS:
        yield from _of(newest, subject)
    for subject in ("hatchling, version from git", "setuptools, C", "meson-python", "uv_build"):
        yield from _of(newest, subject)
    for uv in OLD_UVS:
        for subject in ON_OLD_UVS:
            yield from (cell for cell in _of(uv, subject, few=True) if asks_uv(cell))
    yield from _of(newest, "setuptools, version from git")
    for subject in LIKE_HATCHLING:
        yield from _of(newest, subject, few=True)


def asks_uv(cell: Cell) -> bool:
    """Tell whether another uv could answer otherwise."""
    return BY_NAME[cell.command].asks_uv


def _of(uv: str, subject: str, *, few: bool = False) -> Iterator[Cell]:
    for edit in CHOSEN:  # the commands in turn, so that their costs are of the same minutes
        for command in COMMANDS:
            left_out = few and edit.name not in EDITS_OF_EACH_KIND
            left_out |= command.runs_the_sources and edit.name == UNSELECTED
            if is_asked(subject, edit) and not left_out:
                yield Cell(uv, subject, command.name, edit.name)


def is_asked(subject: str, edit: Edit) -> bool:
    """Tell whether *edit* says anything of *subject* that another one does not say as well."""
    combination = SUBJECTS[subject]
    if combination.version_source == "vcs":
        return edit.needs == "vcs"
    if combination.is_compiled:
        return edit.needs == "compiled"
    return edit.fits(combination)

"""Real projects of every format adopt the verbs: installed, edited, found stale, fresh again."""

import os
import re
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

import copier
import pytest
from support.index import unpack_sdist
from support.render import template_without_git
from support.world import FOLDER, World, output, run

OWN = {".copier-answers.yml", "Makefile", "noxfile.py", "tools"}
"""What adoption adds, at the top."""

LINES = {
    "Makefile": "include tools/neverstale.mk",
    "noxfile.py": '__import__("runpy").run_path("tools/neverstale_nox.py")',
}
"""What the message asks the owner to add."""


@dataclass(frozen=True)
class Case:
    """A project as its authors ship it, an edit, and a command that shows the edit.

    A *library* has no command: it is installed into ``.venv``.
    """

    kind: str
    requirement: str
    path: str
    old: str
    new: str
    command: str
    library: bool = False


CASES = [
    Case(
        "setup.py",
        *("pyflakes==4.1.0", "pyflakes/messages.py"),
        *("'%r imported but unused'", "'%r is imported in vain'"),
        "printf 'import os\\n' | pyflakes || true",
    ),
    Case(
        "setup.cfg",
        *("identify==2.6.20", "identify/cli.py"),
        *("print(json.dumps(tags))", "print(json.dumps({'tags': tags}))"),
        "identify-cli --filename-only x.py",
    ),
    Case(
        "setuptools-flat-own-Makefile",
        *("cogapp==3.6.0", "cogapp/cogapp.py"),
        *('f"Cog version {__version__}"', 'f"Cog, version {__version__}"', "cog -v"),
    ),
    Case(
        "namespace",
        *("zope.event==6.2", "src/zope/event/__init__.py"),
        *("        subscriber(event)", "        subscriber([event])"),
        "python -c \"import zope.event as e; e.subscribers.append(print); e.notify('hi')\"",
        library=True,
    ),
    Case(
        "hatchling-own-noxfile",
        *("towncrier==26.9.0", "src/towncrier/_shell.py"),
        *("produce useful, summarised", "produce summarised", "towncrier --help"),
    ),
    Case(
        "flit-before-project",
        *("astsearch==0.2.0", "astsearch.py", '"{:>4}|{}"', '"{:>4}: {}"'),
        "printf 'x = a / b\\n' > x.py; astsearch '?/?' x.py",
    ),
    Case(
        "poetry",
        *("tomlkit==0.15.2", "tomlkit/items.py"),
        *("return str(self._value).lower()", "return str(self._value).upper()"),
        "python -c \"import tomlkit; print(tomlkit.dumps({'a': True}), end='')\"",
        library=True,
    ),
    Case(
        "pdm",
        *("findpython==0.9.0", "src/findpython/__main__.py"),
        *('f"%(prog)s {__version__}"', 'f"%(prog)s, {__version__}"', "findpython --version"),
    ),
    Case(
        "workspace-member",
        *("sqlparse==0.6.1", "sqlparse/filters/tokens.py"),
        *("getattr(str, case)", "getattr(str, 'title')"),
        "echo 'select 1' | sqlformat -k upper -",
    ),
]


class Adopter(World):
    """A project of somebody else's, in git, before and after it adopts the verbs."""

    def __init__(self, root: Path, case: Case) -> None:
        self.case = case
        self._prepare(root / FOLDER)
        repository = self.project
        if case.kind == "workspace-member":
            repository.mkdir()
            (repository / "pyproject.toml").write_text(
                '[tool.uv.workspace]\nmembers = ["packages/*"]\n', encoding="utf-8"
            )
            (repository / "packages").mkdir()
            self.project = repository / "packages" / "member"
        unpack_sdist(case.requirement, self.project, self.root / "asking", self.environment)
        self.run("git", "-C", str(repository), "init", "--quiet")
        self.commit()

    @property
    def environment(self) -> dict[str, str]:
        """The environment without what is active: copier itself needs some of these projects."""
        inherited = super().environment
        path = inherited["PATH"].split(os.pathsep)
        apart = [place for place in path if not Path(place).parent.joinpath("pyvenv.cfg").exists()]
        return {**inherited, "PATH": os.pathsep.join(apart)}

    def adopt(self) -> None:
        answers = {"scope": "tasks"}
        copier.run_copy(
            str(template_without_git()), self.project, data=answers, defaults=True, quiet=True
        )

    def include_where(self, theirs: set[str]) -> None:
        """Do what the message after the copy asks for, in the files that are *theirs*."""
        for name in theirs & set(LINES):
            with (self.project / name).open("a", encoding="utf-8") as file:
                file.write(f"\n{LINES[name]}\n")

    def commit(self, tag: str | None = None) -> None:
        del tag
        self.run("git", "add", "--all", "--force")
        self.run("git", "commit", "--quiet", "--allow-empty", "--message", "as it came")

    def show(self) -> str:
        """Run the program as a shell elsewhere would; give what it prints."""
        folders = [self.project / ".venv" / "bin"] if self.case.library else []
        path = ":".join([*map(str, folders), self.environment["PATH"]])
        done = run(
            ["sh", "-c", self.case.command],
            self.elsewhere,
            {**self.environment, "PATH": path, "NO_COLOR": "1", "COLUMNS": "80"},
        )
        assert done.returncode == 0, output(done)
        return done.stdout

    def edit(self) -> None:
        self.replace(self.case.old, self.case.new, self.case.path)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=[case.kind for case in CASES])
def test_adopt_install_edit_fresh(case: Case, tmp_path: Path) -> None:
    world = Adopter(tmp_path, case)
    theirs = {name for name in OWN if (world.project / name).exists()}
    tasks = targets(world), sessions(world)
    world.commit()  # some Makefiles make something even when they are told not to
    world.adopt()
    added = {line[3:].split("/")[0].strip('"') for line in status(world) if line[:2] == "??"}
    assert added == OWN - theirs | ({"tools"} if "tools" in theirs else set())
    assert not [line for line in status(world) if line[:2] != "??"]
    if theirs & {"Makefile", "noxfile.py"}:
        world.include_where(theirs)
        assert (targets(world), sessions(world)) == tasks
    made = {path: path.read_bytes() for path in world.project.rglob("*") if is_theirs(path, world)}

    verb = "neverstale-{}" if "Makefile" in theirs else "{}"
    world.make(verb.format("install"))
    before = world.show()
    world.make(verb.format("doctor"))
    world.edit()
    assert world.show() == before, "an install is no pointer to the sources"
    told = world.make(verb.format("doctor"), expect=2)  # GNU make's own code for any other
    assert "out of date" in told.stdout, output(told)
    assert re.search(r"fix: make neverstale-install$", told.stdout, re.MULTILINE), output(told)
    world.make(verb.format("fresh"))
    after = world.show()
    assert after != before
    world.make(verb.format("doctor"))
    assert "nothing to do" in world.make(verb.format("fresh")).stdout

    if case.kind.startswith("hatchling"):  # it packs all that .gitignore does not name
        world.make(verb.format("build"))
        (sdist,) = (world.project / "dist").glob("*.tar.gz")
        with tarfile.open(sdist) as packed:
            names = packed.getnames()
        assert not [name for name in names if "/.neverstale" in name]

    made.pop(world.project / case.path)
    assert {path: path.read_bytes() for path in made} == made
    left = {line[3:].strip('"') for line in status(world) if line[:2] == "??"}
    assert {path.split("/")[0] for path in left} <= OWN
    assert not [path for path in left if "__pycache__" in path]


def is_theirs(path: Path, world: Adopter) -> bool:
    parts = path.relative_to(world.project).parts
    return path.is_file() and parts[0] not in (".git", ".venv", ".neverstale")


def status(world: Adopter) -> list[str]:
    """Return git's lines about the project's own folder, paths relative to it."""
    told = world.run("git", "status", "--porcelain", "--untracked-files=all", ".").stdout
    prefix = world.run("git", "rev-parse", "--show-prefix").stdout.strip()
    return [line.replace(prefix, "") for line in told.splitlines()]


def targets(world: Adopter) -> dict[str, str]:
    """Return what make would run for each target of the owner's own Makefile."""
    path = world.project / "Makefile"
    if not path.exists():
        return {}
    own = re.findall(r"^([A-Za-z][\w-]*):(?!=)", path.read_text(encoding="utf-8"), re.MULTILINE)
    told = {name: world.run("make", "-nB", name, expect=None).stdout for name in own}
    return {name: text.replace(" tools/neverstale.mk", "") for name, text in told.items()}


def sessions(world: Adopter) -> list[str]:
    """Return the sessions that a noxfile of the owner's has, and those that run by default."""
    if not (world.project / "noxfile.py").exists():
        return []
    quiet = {"PYTHONDONTWRITEBYTECODE": "1"}
    told = world.run(sys.executable, "-m", "nox", "--list", expect=None, **quiet).stdout
    lines = re.findall(r"^[*-] .*$", told, re.MULTILINE)
    return [line for line in lines if "neverstale" not in line]

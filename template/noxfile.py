#!/usr/bin/env -S uv run --script
# /// script
# dependencies = ["nox>=2026.8.10"]
# ///
"""The tasks of this project, the same that the Makefile has: ``nox --list`` shows them.

A session runs one command, with the tools of uv.lock; what needs more is a module in ``tools/``.
What is particular to the project (its name, its Pythons, its tools) is read from pyproject.toml.
``uv run noxfile.py --list`` works where nox is not installed.
"""

import re
import shutil
import sys
from pathlib import Path

import nox
from nox.command import CommandFailed
from nox.popen import popen

nox.needs_version = ">=2026.8.10"
nox.options.default_venv_backend = "none"  # `uv run` brings the environment
nox.options.download_python = "never"  # a missing Python is skipped; in CI, an error

PROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = nox.project.python_versions(PROJECT)
GROUPS = PROJECT.get("dependency-groups", {})
LINT = ("--only-group", "lint")  # what looks at files alone leaves the installed project alone
DIST = ("--only-group", "dist")
LAUNCHER = "tools/neverstale.py"
NEVERSTALE = ("run", "--quiet", "--frozen", "--python", ">=3.10", "--script", LAUNCHER)
TYPE_CHECKERS = {
    "mypy": ("mypy",),
    "ty": ("ty", "check"),
    "pyrefly": ("pyrefly", "check"),
    "basedpyright": ("basedpyright",),
}
DOCUMENTATION = {
    "zensical": ("zensical", "build", "--clean", "--strict"),
    "sphinx": ("sphinx-build", "--fail-on-warning", "--fresh-env", "docs", "site"),
}
LIVE_DOCUMENTATION = {
    "zensical": ("zensical", "serve"),
    "sphinx": ("sphinx-autobuild", "docs", "site"),
}


def need_uv(session: nox.Session) -> None:
    """End the session where uv is missing."""
    if shutil.which("uv") is None:
        session.error(
            "uv is not installed\nhint: see https://docs.astral.sh/uv/getting-started/installation/"
        )


def uv(session: nox.Session, *arguments: str, also_good: tuple[int, ...] = ()) -> None:
    """Run uv with *arguments*; exit codes that are *also_good* are no failure."""
    need_uv(session)
    session.run("uv", *arguments, external=True, success_codes=[0, *also_good])


def tool(session: nox.Session, *command: str) -> None:
    """Run a tool of uv.lock with the arguments behind ``--``."""
    uv(session, "run", *command, *session.posargs)


def neverstale(session: nox.Session, *arguments: str) -> None:
    """Run a verb of neverstale; nox ends with its exit code if that is not 0.

    nox would show the command if it fails, and there may be a password in it.
    """
    need_uv(session)
    command = ["uv", *NEVERSTALE, *arguments, *session.posargs]
    # What is interrupted gets the time to put back what was there.
    code, _ = popen(command, stderr=None, interrupt_timeout=None)
    if code:
        sys.exit(code)


def chosen(session: nox.Session, group: str, known: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the command of the one of the *known* tools that a dependency group names."""
    listed = nox.project.dependency_groups(PROJECT, group) if group in GROUPS else ()
    names = {re.split("[^A-Za-z0-9-]", requirement)[0] for requirement in listed}
    command = next((command for name, command in known.items() if name in names), ())
    if not command:
        session.error(
            f"none of {', '.join(known)} is in the dependency group {group!r}\n"
            "hint: name one there, or teach noxfile.py another"
        )
    return command


def add(verb: str, about: str) -> None:
    """Add the session of a verb, which gets the arguments behind ``--``."""

    def session_of_verb(session: nox.Session) -> None:
        neverstale(session, verb)

    session_of_verb.__doc__ = about
    nox.session(name=verb, default=False, tags=["neverstale"])(session_of_verb)


for name, text in {
    "install": "Clean, force a fresh build, install it, verify.",
    "install-editable": "Install the project editable, metadata included.",
    "uninstall": "Remove what is installed.",
    "fresh": "Install only if what is installed is stale.",
    "doctor": "Tell of every copy whether it is stale, why, and how to fix it.",
    "build": "Build into dist/, forced (uv has no `uv build --force`).",
    "clean": "Remove what builds left behind, and list it.",
    "dev": "Create or update the environment and uv.lock, install the hooks.",
    "run": "Run from the sources: nox -s run -- COMMAND --help.",
    "run-wheel": "Run the built wheel in a throwaway environment.",
    "update": "Merge the template's news, run the check: -- --data ci=gitlab.",
}.items():
    add(name, text)


@nox.session(name="format", default=False, tags=["develop"])
def format_(session: nox.Session) -> None:
    """Format the code."""
    tool(session, *LINT, "ruff", "format")


@nox.session(default=False, tags=["develop"])
def fix(session: nox.Session) -> None:
    """Format, apply lint fixes, and show what is left to do by hand."""
    uv(session, "run", *LINT, "ruff", "check", "--fix-only", "--quiet", *session.posargs)
    uv(session, "run", *LINT, "ruff", "format", *session.posargs)
    tool(session, *LINT, "ruff", "check")


@nox.session(default=False, tags=["develop"])
def upgrade(session: nox.Session) -> None:
    """Raise uv.lock, show what became newer, run the check: -- NAME for one package."""
    neverstale(session, "upgrade")
    # Not session.notify, which leaves out what a session requires.
    uv(session, "run", "--only-group", "tasks", "nox", "--parallel", "auto", "--session", "check")


def alone(session: nox.Session) -> tuple[str, ...]:
    """Return the options for a throwaway environment: no copy stays to get stale."""
    return ("--isolated", "--python", str(session.python))


def installed(session: nox.Session) -> tuple[str, ...]:
    """Return the options that install the project for its tests.

    It is editable, or a wheel of the present sources where ``[tool.neverstale] tests`` says so.
    """
    if PROJECT.get("tool", {}).get("neverstale", {}).get("tests") != "wheel":
        return ("--no-default-groups", "--group", "test")
    session.env["PYTHONSAFEPATH"] = "1"  # what is installed, not what lies in this folder
    return ("--only-group", "test", *own_wheels(session))


def own_wheels(session: nox.Session) -> tuple[str, ...]:
    """Return the options that install a wheel of the sources, for the session's Python."""
    made = (*NEVERSTALE, "wheel", "--python", str(session.python))
    told = str(session.run("uv", *made, silent=True, external=True, stderr=None))
    paths = (line for line in told.splitlines() if line.endswith(".whl"))
    return tuple(word for path in paths for word in ("--with", path))


def without_bytecode(session: nox.Session) -> None:
    """Let Python neither read nor write bytecode: it may be that of an earlier edit."""
    session.env["PYTHONPYCACHEPREFIX"] = str(session.cache_dir / "none")
    session.env["PYTHONDONTWRITEBYTECODE"] = "1"


@nox.session(default=False, tags=["test"])
def test(session: nox.Session) -> None:
    """Run the tests on the project's own Python: nox -s test -- -k NAME."""
    neverstale(session, "run", "pytest")


@nox.session(default=False, tags=["test"])
def _erase(session: nox.Session) -> None:
    """Forget the coverage of earlier runs, also of Pythons that are not tested this time."""
    uv(session, "run", "--only-group", "test", "coverage", "erase")


@nox.session(
    name="test-all",
    requires=["_erase"],
    python=PYTHONS,
    venv_backend="uv",
    default=False,
    tags=["test"],
    allow_parallel=True,
)
def test_all(session: nox.Session) -> None:
    """Run the tests on every supported Python that is installed."""
    without_bytecode(session)
    session.env["COVERAGE_FILE"] = f".coverage.{session.python}"
    tests = (*alone(session), *installed(session))
    tool(session, *tests, "coverage", "run", "-m", "pytest")


@nox.session(name="test-lowest", python=PYTHONS[0], venv_backend="uv", default=False, tags=["test"])
def test_lowest(session: nox.Session) -> None:
    """Run the tests on the oldest Python, with the oldest requirements allowed."""
    without_bytecode(session)
    oldest = str(Path(session.create_tmp(), "requirements.txt"))
    asked = ("--resolution", "lowest-direct", "--python-version", str(session.python))
    read = ("--group", "test", "pyproject.toml", "--output-file", oldest)
    uv(session, "pip", "compile", "--quiet", *asked, *read)
    editable = installed(session)[:1] != ("--only-group",)
    own = ("--with-editable", ".") if editable else own_wheels(session)
    requirements = ("--with-requirements", oldest, *own)
    tool(session, *alone(session), "--no-project", *requirements, "python", "-m", "pytest")


@nox.session(requires=["test-all"], default=False, tags=["test"])
def coverage(session: nox.Session) -> None:
    """Combine the coverage of all Pythons; fail below the floor."""
    uv(session, "run", "coverage", "combine", "--quiet")
    uv(session, "run", "coverage", "html", "--quiet", "--fail-under=0")
    uv(session, "run", "coverage", "report")


@nox.session(default=False, tags=["test"], allow_parallel=True)
def doctest(session: nox.Session) -> None:
    """Run the examples in docstrings."""
    without_bytecode(session)
    examples = ("--doctest-modules", "--override-ini=python_files=", *session.posargs)
    none = () if session.posargs else (5,)
    uv(session, "run", "pytest", *examples, also_good=none)


@nox.session(default=False, tags=["lint"], allow_parallel=True)
def lint(session: nox.Session) -> None:
    """Find mistakes."""
    tool(session, *LINT, "ruff", "check")


@nox.session(name="format-check", default=False, tags=["lint"], allow_parallel=True)
def format_check(session: nox.Session) -> None:
    """Check the format."""
    tool(session, *LINT, "ruff", "format", "--check")


@nox.session(default=False, tags=["lint"], allow_parallel=True)
def types(session: nox.Session) -> None:
    """Check the types."""
    tool(session, *chosen(session, "types", TYPE_CHECKERS))


@nox.session(default=False, tags=["lint"], allow_parallel=True)
def spell(session: nox.Session) -> None:
    """Find misspelt words."""
    tool(session, *LINT, "codespell")


@nox.session(default=False, tags=["lint"], allow_parallel=True)
def deps(session: nox.Session) -> None:
    """Compare imports with requirements: unused, missing, transitive."""
    tool(session, "deptry", ".")


@nox.session(default=False, tags=["docs"], allow_parallel=True)
def docs(session: nox.Session) -> None:
    """Build the documentation, warnings and dead links as errors: -- --serve shows it live."""
    if "docs" not in GROUPS:
        session.skip("this project was made without documentation (docs: none)")
    serve = session.interactive and "--serve" in session.posargs
    command = chosen(session, "docs", LIVE_DOCUMENTATION if serve else DOCUMENTATION)
    if Path("site", ".buildinfo").exists():  # Sphinx leaves pages there whose sources are gone
        shutil.rmtree("site")
    uv(session, "run", *command, *(each for each in session.posargs if each != "--serve"))


@nox.session(
    requires=["lint", "format-check", "types", "spell", "deps", "doctest", "coverage", "docs"]
)
def check(session: nox.Session) -> None:
    """Run everything that must pass before a push."""
    session.log("everything passed, or was skipped with a reason above")


@nox.session(default=False, tags=["release"])
def audit(session: nox.Session) -> None:
    """Scan uv.lock for known vulnerabilities."""
    try:
        preview = ("--preview-features", "audit-command")  # until uv calls it stable
        uv(session, "audit", *preview, "--locked", *session.posargs)
    except CommandFailed as failed:
        if getattr(failed, "return_code", None) == 1:
            raise
        session.error(
            "could not reach the vulnerability database\n"
            "hint: see what uv says above; it needs uv 0.10 or newer, and a network"
        )


@nox.session(name="check-dist", default=False, tags=["release"])
def check_dist(session: nox.Session) -> None:
    """Build twice, to the same bytes, and check what an index would refuse."""
    if Path(".git").exists():  # check-sdist may leave an egg-info behind; the build removes it
        uv(session, "run", *DIST, "check-sdist", "--installer", "uv")
    else:
        session.warn("not a git repository, so the sdist cannot be checked for completeness")
    neverstale(session, "build", "--twice")
    uv(session, "run", *DIST, "check-wheel-contents", "dist")
    uv(session, "run", *DIST, "twine", "check", "--strict", *map(str, Path("dist").glob("*.*")))


@nox.session(default=False, tags=["release"])
def wheels(session: nox.Session) -> None:
    """Compile the wheels for this system, one for each Python that needs it, into wheelhouse/."""
    if "cibuildwheel" not in str(GROUPS.get("dist")):
        session.skip("nothing is compiled, so the wheel from `build` fits every system")
    uv(session, "run", *DIST, "cibuildwheel", "--output-dir", "wheelhouse", *session.posargs)


@nox.session(default=False, tags=["release"])
def sbom(session: nox.Session) -> None:
    """Write the bill of materials of uv.lock to sbom.cdx.json (CycloneDX)."""
    command = "export --quiet --locked --no-dev --format cyclonedx1.5 --output-file sbom.cdx.json"
    uv(session, *command.split())


@nox.session(default=False, tags=["release"])
def changelog(session: nox.Session) -> None:
    """Show what the changelog will say of the next version: -- create adds to it."""
    command = session.posargs or ("print",)
    nothing = () if session.posargs else (2,)
    Path("changelog.d").mkdir(exist_ok=True)  # a release empties it, and then git drops it
    uv(session, "run", *DIST, "scriv", *command, also_good=nothing)


@nox.session(default=False, tags=["release"])
def bump(session: nox.Session) -> None:
    """Set the next version, and collect the changelog: nox -s bump -- minor (or 1.2.0)."""
    neverstale(session, "bump")


@nox.session(default=False, tags=["release"])
def publish(session: nox.Session) -> None:
    """Upload what is in dist/, if it is fresh; a rehearsal, until: -- --yes."""
    neverstale(session, "publish")


if __name__ == "__main__":
    nox.main()

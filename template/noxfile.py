#!/usr/bin/env -S uv run --script
# /// script
# dependencies = ["nox>=2026.8.10"]
# ///
"""The verbs of this project, the same that the Makefile has: ``nox --list`` shows them.

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
from packaging.version import InvalidVersion, Version

nox.needs_version = ">=2026.8.10"
nox.options.default_venv_backend = "none"  # `uv run` brings the environment
nox.options.download_python = "never"  # a Python that is not here is skipped; in CI, an error

PROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = nox.project.python_versions(PROJECT)
GROUPS = PROJECT.get("dependency-groups", {})
LINT = ("--only-group", "lint")  # what looks at files alone leaves the installed project alone
DIST = ("--only-group", "dist")
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


def uv(
    session: nox.Session, *arguments: str, also_good: tuple[int, ...] = (), log: bool = True
) -> None:
    """Run uv with *arguments*; exit codes that are *also_good* are no failure.

    Without *log* the command is not shown, for there may be a password in it.
    """
    if shutil.which("uv") is None:
        session.error(
            "uv is not installed\nhint: see https://docs.astral.sh/uv/getting-started/installation/"
        )
    session.run("uv", *arguments, external=True, success_codes=[0, *also_good], log=log)


def tool(session: nox.Session, *command: str) -> None:
    """Run a tool of uv.lock with the arguments behind ``--``."""
    uv(session, "run", *command, *session.posargs)


def freshness(session: nox.Session, *arguments: str, log: bool = True) -> None:
    """Run a verb of tools/freshness; nox ends with its exit code if that is not 0."""
    script = ("run", "--quiet", "--script", "tools/freshness/__main__.py")
    try:
        uv(session, *script, *arguments, *session.posargs, log=log)
    except CommandFailed as failed:
        sys.exit(getattr(failed, "return_code", None) or 1)


def chosen(session: nox.Session, group: str, known: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Give the command of the one of the *known* tools that a dependency group names."""
    listed = nox.project.dependency_groups(PROJECT, group) if group in GROUPS else ()
    names = {re.split("[^A-Za-z0-9-]", requirement)[0] for requirement in listed}
    command = next((command for name, command in known.items() if name in names), ())
    if not command:
        session.error(
            f"none of {', '.join(known)} is in the dependency group {group!r}\n"
            "hint: name one there, or teach noxfile.py another"
        )
    return command


# --- Install: what runs is what is in the sources -------------------------------------------------


@nox.session(default=False, tags=["install"])
def install(session: nox.Session) -> None:
    """Clean, force a fresh build, install it, verify."""
    freshness(session, "install")


@nox.session(name="install-editable", default=False, tags=["install"])
def install_editable(session: nox.Session) -> None:
    """Install a pointer to the sources."""
    freshness(session, "install-editable")


@nox.session(default=False, tags=["install"])
def uninstall(session: nox.Session) -> None:
    """Remove what is installed."""
    freshness(session, "uninstall")


@nox.session(default=False, tags=["install"])
def fresh(session: nox.Session) -> None:
    """Install, but only if what is installed is stale."""
    freshness(session, "fresh")


@nox.session(default=False, tags=["install"])
def doctor(session: nox.Session) -> None:
    """Say of every copy whether it is stale, why, and what mends it."""
    freshness(session, "doctor")


# --- Build ----------------------------------------------------------------------------------------


@nox.session(default=False, tags=["build"])
def build(session: nox.Session) -> None:
    """Build into dist/, forced (uv has no ``uv build --force``; this is it)."""
    freshness(session, "build")


@nox.session(default=False, tags=["build"])
def clean(session: nox.Session) -> None:
    """Remove what builds left behind, and list it."""
    freshness(session, "clean")


# --- Develop: straight from the sources -----------------------------------------------------------


@nox.session(default=False, tags=["develop"])
def dev(session: nox.Session) -> None:
    """Create or update the environment and uv.lock, install the hooks."""
    freshness(session, "dev")


@nox.session(default=False, tags=["develop"])
def run(session: nox.Session) -> None:
    """Run from the sources: nox -s run -- COMMAND --help."""
    freshness(session, "run")


@nox.session(name="run-wheel", default=False, tags=["develop"])
def run_wheel(session: nox.Session) -> None:
    """Run the built wheel in a throwaway environment."""
    freshness(session, "run-wheel")


@nox.session(default=False, tags=["develop"])
def update(session: nox.Session) -> None:
    """Show what is new in the template, merge it, run the check: -- --data ci=gitlab."""
    freshness(session, "update")


@nox.session(name="format", default=False, tags=["develop"])
def format_(session: nox.Session) -> None:
    """Format the code."""
    tool(session, *LINT, "ruff", "format")


# --- Check: what `check` requires, and then some --------------------------------------------------


def alone(session: nox.Session) -> tuple[str, ...]:
    """Give the options for an environment that is gone afterwards: no copy stays to get stale."""
    return ("--isolated", "--python", str(session.python))


def installed(session: nox.Session) -> tuple[str, ...]:
    """Give the options that install the project for its tests.

    It is editable, or a wheel of the present sources where ``[tool.freshness] tests`` says so.
    """
    if PROJECT.get("tool", {}).get("freshness", {}).get("tests") != "wheel":
        return ("--no-default-groups", "--group", "test")
    session.env["PYTHONSAFEPATH"] = "1"  # what is installed, not what lies in this folder
    return ("--only-group", "test", *own_wheels(session))


def own_wheels(session: nox.Session) -> tuple[str, ...]:
    """Give the options that install a wheel of the sources, made for the session's Python."""
    made = ("run", "--quiet", "--script", "tools/freshness/__main__.py", "wheel")
    python = ("--python", str(session.python))
    told = str(session.run("uv", *made, *python, silent=True, external=True, stderr=None))
    paths = (line for line in told.splitlines() if line.endswith(".whl"))
    return tuple(word for path in paths for word in ("--with", path))


def without_bytecode(session: nox.Session) -> None:
    """Let Python neither read nor write bytecode: it may be that of an earlier edit."""
    session.env["PYTHONPYCACHEPREFIX"] = str(session.cache_dir / "none")
    session.env["PYTHONDONTWRITEBYTECODE"] = "1"


@nox.session(default=False, tags=["test"])
def _erase(session: nox.Session) -> None:
    """Forget what earlier tests reached, of Pythons that are not tested this time as well."""
    uv(session, "run", "--only-group", "test", "coverage", "erase")


@nox.session(
    requires=["_erase"],
    python=PYTHONS,
    venv_backend="uv",
    default=False,
    tags=["test"],
    allow_parallel=True,
)
def test(session: nox.Session) -> None:
    """Run the tests on every supported Python that is here: nox -s test -- -k NAME."""
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


@nox.session(requires=["test"], default=False, tags=["test"])
def coverage(session: nox.Session) -> None:
    """Add up which lines the tests reached, on all Pythons; below the floor it fails."""
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
    """Look for mistakes."""
    tool(session, *LINT, "ruff", "check")


@nox.session(name="format-check", default=False, tags=["lint"], allow_parallel=True)
def format_check(session: nox.Session) -> None:
    """Tell whether the code is formatted."""
    tool(session, *LINT, "ruff", "format", "--check")


@nox.session(default=False, tags=["lint"], allow_parallel=True)
def types(session: nox.Session) -> None:
    """Check the types."""
    tool(session, *chosen(session, "types", TYPE_CHECKERS))


@nox.session(default=False, tags=["lint"], allow_parallel=True)
def spell(session: nox.Session) -> None:
    """Look for misspelt words."""
    tool(session, *LINT, "codespell")


@nox.session(default=False, tags=["lint"], allow_parallel=True)
def deps(session: nox.Session) -> None:
    """Compare what is imported with what is required: unused, missing, transitive."""
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
    """All that must pass before a push."""
    session.log("all of it passes, or was skipped with a reason above")


@nox.session(default=False, tags=["release"])
def audit(session: nox.Session) -> None:
    """Ask for known vulnerabilities of what uv.lock holds."""
    try:
        preview = ("--preview-features", "audit-command")  # until uv calls it stable
        uv(session, "audit", *preview, "--locked", *session.posargs)
    except CommandFailed as failed:
        if getattr(failed, "return_code", None) == 1:
            raise
        session.error(
            "the database was not asked, so this says nothing about vulnerabilities\n"
            "hint: see what uv says above; it needs uv 0.10 or newer, and a network"
        )


# --- Release --------------------------------------------------------------------------------------


@nox.session(name="check-dist", default=False, tags=["release"])
def check_dist(session: nox.Session) -> None:
    """Build twice, to the same bytes, and look at what a package index would."""
    if Path(".git").exists():  # check-sdist may leave an egg-info behind; the build removes it
        uv(session, "run", *DIST, "check-sdist", "--installer", "uv")
    else:
        session.warn("no git here, so nobody knows whether the sdist is complete")
    freshness(session, "build", "--twice")
    uv(session, "run", *DIST, "check-wheel-contents", "dist")
    uv(session, "run", *DIST, "twine", "check", "--strict", *map(str, Path("dist").glob("*.*")))


@nox.session(default=False, tags=["release"])
def wheels(session: nox.Session) -> None:
    """Compile the wheels for this system, one for each Python that needs it, into wheelhouse/."""
    if "cibuildwheel" not in str(GROUPS.get("dist")):
        session.skip("nothing is compiled here, so the wheel that `build` makes fits every system")
    uv(session, "run", *DIST, "cibuildwheel", "--output-dir", "wheelhouse", *session.posargs)


@nox.session(default=False, tags=["release"])
def sbom(session: nox.Session) -> None:
    """Write the bill of materials of uv.lock to sbom.cdx.json (CycloneDX)."""
    uv(
        session,
        "export",
        "--quiet",
        "--locked",
        "--no-dev",
        "--format",
        "cyclonedx1.5",
        "--output-file",
        "sbom.cdx.json",
    )


@nox.session(default=False, tags=["release"])
def changelog(session: nox.Session) -> None:
    """Show what the changelog will say of the next version: -- create adds to it."""
    command = session.posargs or ("print",)
    nothing = () if session.posargs else (2,)
    uv(session, "run", *DIST, "scriv", *command, also_good=nothing)


@nox.session(default=False, tags=["release"])
def bump(session: nox.Session) -> None:
    """Set the next version, and collect the changelog: nox -s bump -- minor (or 1.2.0)."""
    version = next_version(session)
    scriv = ("run", "--quiet", *DIST, "scriv")
    notes = session.run("uv", *scriv, "print", silent=True, external=True, success_codes=[0, 2])
    if not re.search("^#", re.sub("(?s)<!--.*?-->", "", str(notes)), re.MULTILINE):
        session.error("the changelog has nothing to say\nhint: nox -s changelog -- create")
    uv(session, *scriv, "collect", "--version", version)
    if "version" in PROJECT["project"]:
        uv(session, "version", version)
    session.log(f"next: commit that, then `git tag v{version}`, and push both")


def next_version(session: nox.Session) -> str:
    """Give the version that is asked for, as PEP 440 spells it."""
    asked = "".join(session.posargs[:1]) or "patch"
    current = PROJECT["project"].get("version")
    if asked.isalpha() and current is None:
        session.error("the version is a tag in git\nhint: name the next one: nox -s bump -- 1.2.0")
    if asked.isalpha():
        preview = ("version", "--short", "--dry-run", "--bump", asked)
        asked = str(session.run("uv", *preview, silent=True, external=True)).strip()
    try:
        version = Version(asked)
    except InvalidVersion:
        session.error(f"{asked} is no version\nhint: one such as 1.2.0, or patch, minor, major")
    if current and version <= Version(current):
        session.error(f"{version} is not after {current}\nhint: name a later one")
    return str(version)


@nox.session(default=False, tags=["release"])
def publish(session: nox.Session) -> None:
    """Upload what is in dist/, if it is fresh; a rehearsal, until: -- --upload."""
    freshness(session, "publish", log=False)


if __name__ == "__main__":
    nox.main()

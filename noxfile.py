"""The tasks of this repository; a session is one command, run with the tools of uv.lock."""

from pathlib import Path

import nox

ROOT = Path(__file__).parent

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "none"
nox.options.sessions = ["lint", "format-check", "types", "tests"]

RULES = "--config=pyproject.toml"
"""Else the ruff.toml that ships, against an owner's ruff, keeps ours from tools/freshness too."""

SCENARIOS = " or ".join(
    (
        "test_edits and uv_build-src-library and (deleted or command)",
        "test_situations and not compiled and (gone or leads)",
        "test_doctor and (trace or json or pipx or anywhere or system or terminal or fails)",
        *("test_any_edit and hatchling-src-cli", "no_false_alarm and bytecode"),
        *("name_of_a_build_folder and setuptools", "nox_does_what_make_does and setuptools"),
        *("take_turns", "no_trace", "deletes_nothing", "arguments_and_exit_codes"),
        *("setuptools-src-cli-vcs-version", "oldest_python_is_kept and hatchling"),
    )
)
QUALITY = " or ".join(
    (
        *("cli-MIT-3.11-github-zensical-mypy", "library-Apache-2.0-3.12-gitlab-sphinx-mypy"),
        *("test_github_ci", "test_github_release", "test_gitlab"),
        *("upload_and_install and hatchling", "commit_is_looked_at", "coverage_forgets"),
        *("dockerfile and static", "hash_seed", "reads_a_password", "test_dev_without_git"),
    )
)
TEMPLATE = " or ".join(
    (
        *("executed_by_any_target and sphinx", "any_answers_come_back", "ece2d53 and full"),
        *("adopt_install_edit and (own or poetry or setup)", "both_ways and (gitlab or namespace)"),
        *("test_template and (update or drifted)", "test_legacy and (verb or quick)"),
        *("oldest_copier", "every_build_backend and maturin-src"),
    )
)
KINDS = " or ".join(
    (
        *("test_compiled and setuptools_ext", "unchanged and maturin", "outlives"),
        *(
            "meson_python-src-cli and native and deleted",
            "flit_core-src-cli and module and deleted",
        ),
        *("pdm-namespace and deleted", "hatchling-workspace-cli-library and edited"),
        *("shares_a_namespace", "from_within", "one_another", "every_verb_in_a_workspace"),
        *("in_every_workflow and pdm", "git_is_a_file and submodule and setuptools"),
    )
)
PROOF = " or ".join(
    (
        *("test_trial and (deleted or uvx)", "test_in_a_browser", "test_examples"),
        *("every_step and hatchling-src-cli-install-SIGKILL", "two_checkouts and install-4"),
        *(
            "disk_is_full and flat-library-install-editable",
            "test_index and workspace-cli-install-gone",
        ),
        "set_back and flat-library-fresh",
    )
)
SAMPLE = (
    f"({SCENARIOS}) and not generated_project and not upload"
    f" or {QUALITY} or {TEMPLATE} or {KINDS} or {PROOF}"
)


@nox.session
def lint(session: nox.Session) -> None:
    """Look for mistakes."""
    session.run("ruff", "check", RULES, *session.posargs)


@nox.session(name="format-check")
def format_check(session: nox.Session) -> None:
    """Tell whether the code is formatted."""
    session.run("ruff", "format", "--check", RULES, *session.posargs)


@nox.session
def types(session: nox.Session) -> None:
    """Check the types."""
    session.run("mypy", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests without the slow matrix."""
    session.run("pytest", "--numprocesses=2", "-m", "not slow", *session.posargs)


@nox.session
def sample(session: nox.Session) -> None:
    """Run the part of the slow tests that SAMPLE names (an expression of pytest's -k)."""
    session.run("pytest", "--numprocesses=2", "-m", "slow", "-k", SAMPLE, *session.posargs)


@nox.session
def scenarios(session: nox.Session) -> None:
    """Run the whole matrix: every edit, build backend, layout and project type."""
    session.run("pytest", "--numprocesses=2", *session.posargs)


@nox.session
def faults(session: nox.Session) -> None:
    """Inject faults into every install workflow; note the outcomes for the documentation."""
    results = ROOT / "bench" / "results" / "faults.jsonl"
    results.unlink(missing_ok=True)
    command = ("pytest", "--numprocesses=2", "tests/faults", *session.posargs)
    session.run(*command, env={"FAULTS_RESULTS": str(results)})


@nox.session
def matrix(session: nox.Session) -> None:
    """Run what is left of the staleness matrix: an hour or two; then draw it."""
    session.run("python", "bench/staleness/__main__.py", *session.posargs)
    if "--list" not in session.posargs:
        session.notify("pages", posargs=[])


@nox.session
def bench(session: nox.Session) -> None:
    """Time the commands against those that people type instead, as ratios of medians."""
    session.run("python", "bench/timings.py", *session.posargs)


@nox.session(name="bench-compiled")
def bench_compiled(session: nox.Session) -> None:
    """Time `make install` of compiled code against the build backends' own rebuild commands."""
    session.run("python", "bench/compiled.py", *session.posargs)


@nox.session
def scale(session: nox.Session) -> None:
    """Time the doctor on packages of up to 50,000 files, against sha256sum."""
    session.run("python", "bench/scale.py", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation into site/, with warnings as errors."""
    session.run(
        "sphinx-build", "--fail-on-warning", "--fresh-env", "docs", "site", *session.posargs
    )


@nox.session
def pages(session: nox.Session) -> None:
    """Write the pages that are made from the code."""
    session.run("python", "docs/generate.py", *session.posargs)


@nox.session
def record(session: nox.Session) -> None:
    """Record the first five minutes from a real run, for the tutorial."""
    session.run("python", "bench/record.py", *session.posargs)


@nox.session
def release(session: nox.Session) -> None:
    """Make a release: the checks, the changelog's section, the tag: -- 0.2.0."""
    session.run("python", "docs/release.py", *session.posargs)


@nox.session
def demo(session: nox.Session) -> None:
    """Render a project, install it, edit it, install it again, look."""
    session.run("python", "bench/demo.py", *session.posargs)

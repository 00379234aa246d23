"""Try the tool on real projects from the index: install, edit, doctor, fresh, and again.

    nox -s real-projects            # all of them
    nox -s real-projects -- click   # those whose names match

Each project is an sdist of an exact version, committed as it came, with the launcher added. A step
that answers wrongly is a failure; `unknown` is counted apart. Results are written as JSON lines.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "bench" / "results" / "real-projects.jsonl"

PROJECTS = {
    "setuptools": ("requests==2.32.5", "s3cmd==2.4.0", "markupsafe==3.0.4"),
    "setuptools-scm": ("pluggy==1.6.0", "iniconfig==2.1.0", "python-dateutil==2.9.0.post0"),
    "pbr": ("stevedore==5.5.0", "debtcollector==3.0.0", "os-service-types==1.7.0"),
    "hatchling with hooks": ("virtualenv==20.34.0", "platformdirs==4.4.0", "jsonschema==4.25.1"),
    "hatchling": ("httpx==0.28.1", "attrs==25.3.0", "pipx==1.7.1"),
    "poetry-core": ("rich==14.1.0", "tomlkit==0.13.3", "cachecontrol==0.14.3"),
    "pdm-backend": ("typer==0.17.4", "fastapi==0.116.1", "pdm-backend==2.4.5"),
    "flit-core": ("click==8.2.1", "packaging==25.0", "idna==3.10"),
    "uv_build": ("uv-dynamic-versioning==0.11.0", "pydoclint==0.7.3", "narwhals==2.29.0"),
    "scikit-build-core": ("nanobind==2.9.2", "pybind11==3.1.0", "lz4==4.4.4"),
    "meson-python": ("meson-python==0.18.0", "contourpy==1.3.3", "pywavelets==1.9.0"),
    "maturin": ("rpds-py==0.27.1", "jiter==0.11.0", "css-inline==0.17.0"),
    "in-tree": ("pyyaml==6.0.2", "setuptools==80.9.0", "poetry-core==2.1.3"),
    "no [project]": ("ruamel.yaml==0.18.15", "httpie==3.2.4", "docutils==0.22"),
}
"""By kind: what builds them."""


@dataclass
class Trial:
    """One project in a folder of its own, and what went wrong."""

    name: str
    kind: str
    editable: bool
    folder: Path
    wrong: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the tool: a home of its own, whose commands come first."""
        kept = ("PATH", "LANG", "SSL_", "UV_CACHE_DIR", "UV_DEFAULT_INDEX", "CARGO_", "RUSTUP_")
        base = {k: v for k, v in os.environ.items() if k.startswith(kept)}
        return base | {
            "HOME": str(self.folder / "home"),
            "PATH": os.pathsep.join([str(self.folder / "bin"), os.environ["PATH"]]),
            "UV_TOOL_BIN_DIR": str(self.folder / "bin"),
            "PYTHONPATH": str(ROOT / "src"),
            "UV_PYTHON": sys.executable,
            "UV_PYTHON_DOWNLOADS": "never",
            "CARGO_HOME": os.environ.get("CARGO_HOME", str(Path.home() / ".cargo")),
            "RUSTUP_HOME": os.environ.get("RUSTUP_HOME", str(Path.home() / ".rustup")),
            "NEVERSTALE_CACHE_DIR": os.environ.get("NEVERSTALE_CACHE_DIR", str(self.folder / "c")),
            "GIT_CONFIG_GLOBAL": os.devnull,
        }

    @property
    def project(self) -> Path:
        """The project's folder."""
        return self.folder / "project"

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the project."""
        return subprocess.run(
            command,
            cwd=self.project,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def nothing_to_do(self, step: str) -> None:
        """Run `fresh`, which has to do nothing."""
        said = self.expect(step, (0,), "fresh")
        if "nothing to do" not in said:
            self.wrong.append(f"{step} did something: {said[-200:]}")

    def tool(self, *verb: str) -> subprocess.CompletedProcess[str]:
        """Run a verb of the tool, with the sources of this repository."""
        return self.run(sys.executable, "-m", "neverstale", *verb)

    def expect(self, step: str, codes: tuple[int, ...], *verb: str) -> str:
        """Run *verb* and note where its exit code is another; return what it printed."""
        done = self.tool(*verb)
        if done.returncode not in codes:
            said = (done.stderr.strip() or done.stdout.strip()).splitlines()
            (self.unknown if done.returncode == 2 and verb[0] == "doctor" else self.wrong).append(  # noqa: PLR2004
                f"{step}: exit code {done.returncode}: {' | '.join(said[:3])[:300]}"
            )
        return done.stdout + done.stderr

    def verdict(self, step: str, *expected: str, names: str = "") -> None:
        """Ask the doctor of the place that was installed into; a finding has to name *names*."""
        done = self.tool("doctor", "--json", *(["--build"] if self.compiled else []))
        try:
            places = json.loads(done.stdout)["places"]
        except ValueError:
            self.wrong.append(f"{step}: the doctor: {done.stderr[-300:]}")
            return
        found = [p for p in places if p["version"] and p["place"] in (".venv", "uv tool")]
        verdicts = {place["verdict"] for place in found}
        findings = [
            f"{f['code']} {f['evidence'][0]['what']}"
            for p in found
            for f in p["findings"]
            if not f["remark"]
        ]
        if "unknown" in verdicts:
            self.unknown.append(f"{step}: {[p['reason'] for p in found if p['reason']]}")
        elif not verdicts <= set(expected) or not verdicts:
            self.wrong.append(f"{step}: {sorted(verdicts)}, not {expected}: {findings[:3]}")
        elif verdicts == {"out of date"} and names not in json.dumps(places):
            self.wrong.append(f"{step}: nothing names {names}: {findings[:3]}")

    compiled: bool = False


def download(requirement: str, folder: Path) -> None:
    """Unpack the sdist of *requirement* from the index into *folder*."""
    asked = folder / "asked.txt"
    asked.write_text(f"{requirement}\n", encoding="utf-8")
    lock = folder / "pylock.toml"
    command = ("uv", "pip", "compile", "-q", "--no-deps", "--no-header", "--format", "pylock.toml")
    subprocess.run([*command, str(asked), "-o", str(lock)], check=True, capture_output=True)
    found = re.search(r'sdist = \{ url = "([^"]+)"', lock.read_text("utf-8"))
    if found is None:
        raise ValueError(f"{requirement} has no sdist")
    url = found[1]
    archive = folder / url.rpartition("/")[2]
    urllib.request.urlretrieve(url, archive)  # noqa: S310 - as the index says
    shutil.unpack_archive(archive, folder / "unpacked", filter="data")
    (top,) = (folder / "unpacked").iterdir()
    top.rename(folder / "project")


def prepare(trial: Trial, requirement: str) -> None:
    """Make a repository of the sdist, with a tag and the launcher."""
    download(requirement, trial.folder)
    (trial.folder / "home").mkdir()
    shutil.copytree(ROOT / "template" / "tools", trial.project / "tools", dirs_exist_ok=True)
    (trial.project / "tools" / "neverstale.py.jinja").unlink()
    trial.run("git", "init", "-q")
    commit(trial)
    trial.run("git", "tag", requirement.partition("==")[2])


def commit(trial: Trial) -> None:
    """Commit all of the project."""
    trial.run("git", "add", "--all")
    name = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    trial.run("git", *name, "commit", "-q", "-m", "it")


def sources_of(trial: Trial) -> tuple[Path | None, Path | None]:
    """Return a module and a data file of the project that are installed, by name and content."""
    wheels = sorted(trial.project.glob(".neverstale/wheels/*/*.whl"))
    if not wheels:
        return None, None
    module = data = None
    with zipfile.ZipFile(wheels[-1]) as archive:
        for name in archive.namelist():
            if ".dist-info/" in name or name.endswith("/"):
                continue
            content = archive.read(name)
            found = [
                p
                for p in trial.project.rglob(name.rpartition("/")[2])
                if p.is_file() and ".neverstale" not in p.parts and ".venv" not in p.parts
                if p.as_posix().endswith(name) and p.read_bytes() == content
            ]
            if name.endswith(".py") and name.count("/") and content and module is None and found:
                module = found[0]
            elif not name.endswith((".py", ".so")) and found and data is None:
                data = found[0]
    return module, data


def raise_version(trial: Trial) -> bool:
    """Write another version where pyproject.toml has one; return whether it has."""
    declared = trial.project / "pyproject.toml"
    if not declared.exists():
        return False
    text = declared.read_text("utf-8")
    new = re.sub(r'(?m)^version = "[^"]+"', 'version = "99.9"', text, count=1)
    declared.write_text(new, "utf-8")
    return new != text


def steps(trial: Trial) -> Iterator[tuple[str, Callable[[], object], str]]:
    """Yield the edits of a project: name, edit, and the name of the file that it is of."""
    module, data = sources_of(trial)
    if module is None:
        trial.unknown.append("no module of the wheel is found among the sources: not edited")
        return
    before = module.read_bytes()
    times = (module.stat().st_atime_ns, module.stat().st_mtime_ns)
    new = module.with_name("zz_added.py")
    yield "edit", lambda: module.write_bytes(before + b"\n# edited\n"), module.name
    yield "edit back", lambda: module.write_bytes(before), module.name

    def same_time() -> None:
        module.write_bytes(before + b"\n# again!\n")
        os.utime(module, ns=times)

    yield "edit with the old time", same_time, module.name
    if data is not None:
        yield "data file", lambda: data.write_bytes(data.read_bytes() + b"\n"), data.name
    yield "add", lambda: new.write_text("NEW = 1\n", "utf-8"), new.name
    yield "delete", new.unlink, new.name


def try_project(requirement: str, kind: str, *, editable: bool) -> Trial:
    """Install, edit and ask; return what went wrong."""
    with tempfile.TemporaryDirectory(prefix="real-") as folder:
        trial = Trial(requirement, kind, editable, Path(folder))
        trial.compiled = (
            kind in ("scikit-build-core", "meson-python", "maturin") or "markupsafe" in requirement
        )
        prepare(trial, requirement)
        verb = "install-editable" if editable else "install"
        trial.expect(verb, (0,), verb)
        if trial.wrong:
            return trial
        good = "editable" if editable else "fresh"
        trial.verdict("after install", good)
        if not editable:  # `fresh` replaces a pointer by what was built
            trial.nothing_to_do("fresh")
        for name, edit, of in () if editable else steps(trial):
            edit()
            selected = name in ("add", "delete")  # the build backend may not select a new file
            expected = ("out of date", "fresh") if selected else ("out of date",)
            trial.verdict(name, *expected, names=of)
            trial.expect(f"fresh after {name}", (0,), "fresh")
            trial.verdict(f"fresh after {name}", "fresh")
        if raise_version(trial):
            trial.verdict("version", "out of date", names="99.9")
            trial.expect("after the version", (0,), "install-editable" if editable else "fresh")
            trial.verdict("after the version", good)
        if not editable:
            trial.nothing_to_do("fresh at the end")
            commit(trial)  # of which meson-python and setuptools-scm make an sdist
            trial.expect("build", (0,), "build", *([] if trial.compiled else ["--twice"]))
        return trial


def note(row: Mapping[str, object]) -> None:
    """Write *row* into the results, in place of what was there of the same run."""
    run = ("project", "editable")
    old = RESULTS.read_text("utf-8").splitlines() if RESULTS.exists() else []
    kept = [line for line in old if any(json.loads(line)[key] != row[key] for key in run)]
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text("".join(f"{line}\n" for line in [*kept, json.dumps(row)]), "utf-8")


def main() -> None:
    """Try the projects that are asked for; exit with 1 if an answer was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="parts of names")
    asked = parser.parse_args().names
    wrong = 0
    for kind, requirements in PROJECTS.items():
        for requirement in requirements:
            if asked and not any(name in f"{requirement} {kind}" for name in asked):
                continue
            for editable in (False, True):
                try:
                    trial = try_project(requirement, kind, editable=editable)
                except (OSError, subprocess.SubprocessError, KeyError, ValueError) as error:
                    trial = Trial(requirement, kind, editable, Path())
                    trial.wrong.append(f"could not be tried: {error!r}"[:300])
                wrong += bool(trial.wrong)
                row = {
                    "project": requirement,
                    "kind": kind,
                    "editable": editable,
                    "wrong": trial.wrong,
                    "unknown": trial.unknown,
                }
                print(json.dumps(row), flush=True)
                note(row)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()

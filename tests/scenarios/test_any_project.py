"""Any project, any edits: after each command, what is installed is a build of a pristine copy.

``PROJECTS=300`` makes so many examples, ``PROJECTS_SEED`` others; ``PROJECTS_WITHOUT=folder`` leaves
one kind of question out of the records, and a test has to fail.
"""

import json
import os
import sys
import zipfile
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, event, given, seed, settings
from hypothesis import strategies as st
from support.render import REPOSITORY, Combination
from support.world import World

from scenarios.any_project import (
    BACKENDS,
    FEATURES,
    Edit,
    Place,
    Plan,
    copy_of,
    edits_of,
    make,
    versions_of,
)

pytestmark = [pytest.mark.slow, pytest.mark.sample]

EXAMPLES = int(os.environ.get("PROJECTS", "60"))
SEED = int(os.environ.get("PROJECTS_SEED", "2026"))
WITHOUT = os.environ.get("PROJECTS_WITHOUT", "none")

FIRST = ("install", "fresh", "install-editable")
VERBS = ("fresh", "doctor", "fresh", "doctor", "install", "install-editable", "build")
"""The first two are those that a record of a build is for."""

OURS = {"INSTALLER", "RECORD", "REQUESTED", "direct_url.json", "uv_cache.json"}
"""What an installer adds to a dist-info, or changes."""

LOOK = """
import importlib, json, pkgutil, sys
from importlib import metadata, resources
import demo
found = {}
for module in pkgutil.iter_modules(demo.__path__):
    found[module.name] = repr(importlib.import_module("demo." + module.name).VALUE)
for path in resources.files("demo").iterdir():
    if path.name.endswith(".txt"):
        found[path.name] = path.read_text()
told = metadata.metadata("demo")
found["version"], found["summary"] = told["Version"], told["Summary"]
found["commands"] = sorted(str(each) for each in metadata.distribution("demo").entry_points)
found["value"] = demo.VALUE
print(json.dumps(found, sort_keys=True))
"""


class Sample(World):
    """A project of a plan, with the environment that it is installed in."""

    def __init__(self, root: Path, plan: Plan) -> None:
        self.combination = Combination("hatchling", "src", "library")
        self._prepare(root)
        self.plan, self.built = plan, count()
        self.variables: dict[str, str] = {}
        self.project = make(plan, self.root / "made")
        self.run("git", "init", "--quiet")
        self.commit("v1.0" if plan.version == "git" else None)

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | self.variables

    def git(self, *words: str) -> None:
        self.run("git", *words)

    def verb(self, *words: str, expect: int | None = 0) -> int:
        started = REPOSITORY / "tests" / "support" / "without.py"
        return self.run(sys.executable, started, WITHOUT, *words, expect=expect).returncode

    def pristine(self, *options: str) -> Path | None:
        """Build a wheel of a copy that nothing was ever built in; return its path.

        None where uv cannot build it: an sdist may lack what a link or the build needs.
        """
        place = self.root / f"pristine-{next(self.built)}"
        project = copy_of(self.project.parent, place)
        out = place / "wheel"
        self.run("uv", "build", "--quiet", *options, "--out-dir", out, project, expect=None)
        return next(out.glob("*.whl"), None)

    def is_editable(self) -> bool:
        (info,) = self.site_packages.glob("demo-*.dist-info")
        url = json.loads((info / "direct_url.json").read_text("utf-8"))
        return bool(url.get("dir_info", {}).get("editable"))

    def difference(self, wheel: Path, *, version: bool = True) -> object:
        """Return what is installed otherwise than *wheel* says; nothing where it is the same.

        Of an editable install without the *version*, unless that counts.
        """
        if self.is_editable():
            python = self.site_packages.parents[2] / "bin" / "python"
            ours, theirs = (
                self.run(python, "-P", "-B", "-c", f"import sys; {added}\n{LOOK}").stdout
                for added in ("", f"sys.path.insert(0, {str(unpacked(wheel))!r})")
            )
            both = [json.loads(each) for each in (ours, theirs)]
            for each in both if not version else ():
                each.pop("version")
            return None if both[0] == both[1] else both
        expected = contents(wheel)
        (info,) = self.site_packages.glob("demo-*.dist-info")
        rows = (row.rpartition(",")[0].rpartition(",")[0] for row in text_of(info / "RECORD"))
        installed = {row.strip('"') for row in rows if not row.startswith("..")}
        found = {
            name: (self.site_packages / name).read_bytes()
            if name in installed
            else b"not installed"
            for name in installed | set(expected)
            if counts(name)
        }
        return {name for name in found | expected if found.get(name) != expected.get(name)} or None


def text_of(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines()


def counts(name: str) -> bool:
    return name.rpartition("/")[2] not in OURS and not name.endswith((".pyc", "/"))


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if counts(name)}


def unpacked(wheel: Path) -> Path:
    place = wheel.with_name("unpacked")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place)
    return place


@st.composite
def plans(draw: st.DrawFn, backend: str) -> Plan:
    features = [each for each in FEATURES if (backend, each) != ("poetry_core", "link")]
    return Plan(
        backend,
        draw(st.sampled_from(["src", "flat"])),
        draw(st.sampled_from(versions_of(backend))),
        frozenset(draw(st.sets(st.sampled_from(features), max_size=3))),
    )


def check(sample: Sample, verb: str) -> None:
    """Run *verb*, and compare with a pristine build what it promises."""
    if verb == "build":
        wheel = sample.pristine()
        sample.verb("build", expect=0 if wheel else 2)
        if wheel:
            assert contents(sample.project / "dist" / wheel.name) == contents(wheel)
        return
    if verb != "doctor":
        sample.verb(verb)
    wheel = sample.pristine("--wheel")
    assert wheel
    difference = sample.difference(wheel)
    if verb == "doctor":
        # Of an editable install, a version between two tags need not be a finding.
        open_to = difference and not sample.difference(wheel, version=False)
        expected = {0, 1} if open_to else {1 if difference else 0}
        assert sample.verb("doctor", expect=None) in expected
    else:
        assert difference is None
        assert sample.is_editable() or verb != "install-editable"


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_is_installed_is_a_build_of_the_sources(
    backend: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    @seed(SEED)
    @settings(
        max_examples=-(-EXAMPLES // len(BACKENDS)),
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    @given(data=st.data())
    def one(data: st.DataObject) -> None:
        plan = data.draw(plans(backend))
        for feature in (plan.layout, f"version {plan.version}", *sorted(plan.features)):
            event(f"{backend}, {feature}")
        sample = Sample(tmp_path_factory.mktemp("any") / "a größe", plan)
        check(sample, data.draw(st.sampled_from(FIRST)))
        place = Place(sample.project.parent, plan, sample.variables, sample.git)
        for _ in range(data.draw(st.integers(1, 3))):
            any_edit, own_edit = map(st.sampled_from, edits_of(plan))
            few = st.lists(own_edit | any_edit, min_size=1, max_size=2)  # many hide each other
            edits: list[Edit] = data.draw(few)
            verb = data.draw(st.sampled_from(VERBS))
            for edit in edits:
                edit(place)
            check(sample, verb)

    one()

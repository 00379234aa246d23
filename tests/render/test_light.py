"""What the template leaves in a project: few files, most of them as they are in the template."""

import re
import tarfile
import zipfile
from pathlib import Path

import pytest
from support.parse import files_of
from support.render import REPOSITORY, Combination, render
from support.world import World

TEMPLATE = REPOSITORY / "template"
PURE = ("hatchling", "uv_build", "setuptools", "flit_core", "pdm", "poetry_core")
COMPILING = ("setuptools_ext", "scikit_build_core", "meson_python", "maturin")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of the default answers."""
    return render(tmp_path_factory.mktemp("light") / "made", {})


def test_a_project_is_small(project: Path) -> None:
    files = [path for path in files_of(project) if path.suffix != ".whl" and path.name != "uv.lock"]
    assert len(list(files_of(project))) <= 45
    assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files) <= 1800


def test_most_files_come_from_the_template_as_they_are(project: Path) -> None:
    verbatim = {
        path.read_bytes()
        for part in (TEMPLATE, REPOSITORY / "licenses")
        for path in part.rglob("*")
        if path.is_file() and path.suffix != ".jinja"
    }
    files = [path for path in files_of(project) if path.parent.name != "tools"]
    rendered = [
        str(path.relative_to(project)) for path in files if path.read_bytes() not in verbatim
    ]
    assert len(rendered) <= 0.3 * len(files), rendered


def test_nothing_has_to_be_protected_from_jinja() -> None:
    texts = [path for path in files_of(TEMPLATE) if path.suffix not in (".whl", ".pyc")]
    texts += [REPOSITORY / "copier.yml", *files_of(REPOSITORY / "macros")]
    assert [path for path in texts if re.search(r"{%-? *raw", path.read_text("utf-8"))] == []


def test_the_old_name_occurs_nowhere(project: Path) -> None:
    paths = [path.relative_to(project).as_posix() for path in files_of(project)]
    assert [name for name in paths if "freshness" in name.lower()] == []
    for path in files_of(project):
        if path.suffix != ".whl":
            assert "freshness" not in path.read_text(encoding="utf-8").lower(), path


def test_the_documentation_is_all_the_owners(project: Path) -> None:
    pages = sorted(path.name for path in (project / "docs").iterdir())
    assert pages == ["changelog.md", "index.md", "reference.md"]
    for name in pages:
        text = (project / "docs" / name).read_text(encoding="utf-8")
        assert not re.search("neverstale|NS[0-9]{3}|doctor", text), name


@pytest.mark.slow
@pytest.mark.parametrize(
    ("backend", "layout"),
    [
        *((backend, layout) for backend in PURE for layout in ("src", "flat")),
        *((backend, "src") for backend in COMPILING),
    ],
)
def test_nothing_of_ours_is_published(backend: str, layout: str, tmp_path: Path) -> None:
    """Neither the sdist nor the wheel holds the launcher and what is next to it."""
    world = World(tmp_path, Combination(backend, layout, "cli"))
    world.commit()
    world.make("build")
    (sdist,) = (world.project / "dist").glob("*.tar.gz")
    (wheel,) = (world.project / "dist").glob("*.whl")
    with tarfile.open(sdist) as packed, zipfile.ZipFile(wheel) as zipped:
        names = [*packed.getnames(), *zipped.namelist()]
    assert any(name.endswith("demo_app/cli.py") for name in names)
    assert [name for name in names if "neverstale" in name] == []

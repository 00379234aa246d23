"""How a project differs from its template."""

import hashlib
from pathlib import Path
from types import MappingProxyType

import pytest
from support.tree import build_file_tree
from unit.made_up import PROJECT, fixes_of, named

from neverstale.diagnosis.findings import Evidence
from neverstale.template import drift
from neverstale.template.answers import Template
from neverstale.template.drift import (
    Asked,
    ask_template,
    check_template,
    contradictions,
    edited_files,
)

WHEEL = "tools/neverstale-1.0-py3-none-any.whl"
LOCK = "tools/neverstale.py.lock"


def template(version: str = "v1.0", **answers: object) -> Template:
    return Template(".copier-answers.yml", "/gone", version, MappingProxyType(answers))


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        pytest.param({}, [], id="nothing answered"),
        pytest.param({"distribution_name": "demo"}, [], id="the same name"),
        pytest.param({"distribution_name": "DEMO"}, [], id="another spelling"),
        pytest.param(
            {"distribution_name": "other"}, [("distribution_name", "other", "demo")], id="a name"
        ),
        pytest.param({"distribution_name": 7}, [], id="no text"),
        pytest.param({"build_backend": "hatchling"}, [], id="the same backend"),
        pytest.param(
            {"build_backend": "setuptools"},
            [("build_backend", "setuptools", "hatchling")],
            id="a backend",
        ),
        pytest.param({"package_name": "demo"}, [], id="the same package"),
        pytest.param(
            {"package_name": "other"},
            [("package_name", "other", "there is no src/other")],
            id="a package",
        ),
        pytest.param(
            {"package_name": "other", "distribution_name": "x", "scope": "tasks"},
            [],
            id="the verbs alone",
        ),
    ],
)
def test_contradictions(
    answers: dict[str, object], expected: list[tuple[str, str, str]], tmp_path: Path
) -> None:
    build_file_tree(tmp_path, {"src/demo/": ""})
    project = PROJECT._replace(root=tmp_path)
    assert list(contradictions(template("v1.0", **answers), project)) == expected


@pytest.mark.parametrize(
    ("answer", "backend", "differs"),
    [
        ("meson_python", "mesonpy", False),
        ("poetry_core", "poetry.core.masonry.api", False),
        ("poetry_core", "poetry_dynamic_versioning.backend", False),
        ("setuptools_ext", "setuptools.build_meta", False),
        ("setuptools", "setuptools.build_meta:__legacy__", False),
        ("setuptools_ext", "mesonpy", True),
        ("uv_build", "uv_build", False),
        ("maturin", "uv_build", True),
    ],
)
def test_build_backends_by_their_modules(answer: str, backend: str, differs: bool) -> None:
    project = PROJECT._replace(build_backend=backend)
    assert bool(list(contradictions(template(build_backend=answer), project))) == differs


def lock_of(content: str, name: str = WHEEL) -> str:
    digest = hashlib.sha256(content.encode()).hexdigest()
    return f'wheel = {{ filename = "{Path(name).name}", hash = "sha256:{digest}" }}\n'


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({}, [], id="no wheel"),
        pytest.param({WHEEL: "x", LOCK: lock_of("x")}, [], id="the same"),
        pytest.param({WHEEL: "y", LOCK: lock_of("x")}, [WHEEL], id="edited"),
        pytest.param({WHEEL: "x"}, [WHEEL], id="no lock"),
        pytest.param({WHEEL: "x", LOCK: lock_of("x", "other.whl")}, [WHEEL], id="another's lock"),
        pytest.param({WHEEL: "x", LOCK: "neverstale-1.0-py3-none-any.whl"}, [], id="no hash"),
        pytest.param({"tools/other-1.0.whl": "x"}, [], id="another wheel"),
    ],
)
def test_edited_files(files: dict[str, str], expected: list[str], tmp_path: Path) -> None:
    assert list(edited_files(build_file_tree(tmp_path, {"tools/": "", **files}))) == expected


def test_a_wheel_that_is_a_link(tmp_path: Path) -> None:
    build_file_tree(tmp_path, {"away.whl": "x", LOCK: lock_of("x")})
    (tmp_path / WHEEL).symlink_to(tmp_path / "away.whl")
    assert list(edited_files(tmp_path)) == [WHEEL]


def checked(
    root: Path, asked: Asked, listing: str | None, monkeypatch: pytest.MonkeyPatch
) -> dict[str, list[str]]:
    monkeypatch.setattr(drift, "listed", lambda *_: listing)
    return named(check_template(asked, PROJECT._replace(root=root), fixes_of()))


def test_a_newer_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked(template(), None)
    tags = "a\trefs/tags/v1.0\nb\trefs/tags/v2.0"
    assert checked(tmp_path, asked, tags, monkeypatch) == {"NS701": ["version"]}
    (found,) = check_template(asked, PROJECT, fixes_of())
    assert found.evidence == (Evidence("version", "v2.0", "v1.0"),)
    assert found.fix.commands == (("neverstale", "update"),)
    assert checked(tmp_path, asked, "a\trefs/tags/v1.0", monkeypatch) == {}
    assert checked(tmp_path, asked, None, monkeypatch) == {}, "it cannot be reached"
    assert checked(tmp_path, Asked(None, None), tags, monkeypatch) == {}


def test_edited_files_and_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build_file_tree(tmp_path, {WHEEL: "x"})
    asked = Asked(template(distribution_name="other"), None)
    assert checked(tmp_path, asked, None, monkeypatch) == {
        "NS702": [WHEEL],
        "NS703": ["distribution_name"],
    }
    found = check_template(asked, PROJECT._replace(root=tmp_path), fixes_of())
    assert found[1].evidence == (Evidence("distribution_name", "other", "demo"),)
    assert not found[1].fix.commands
    assert found[1].fix.advice == "neverstale update --data distribution_name=..."


def test_a_project_without_a_template_asks_nobody(tmp_path: Path) -> None:
    assert ask_template(tmp_path) == Asked(None, None)

"""What uv.lock has: versions, and what of a developer's own settings has got into it."""

from pathlib import Path

import pytest
from support.tree import build_file_tree

from neverstale.project.lock import PYPI, locked_versions, of_one_machine

OTHER = "https://example.org/simple"
NEWEST = '[options]\nexclude-newer = "2026-01-01T00:00:00Z"\n'
DAYS = f'{NEWEST}exclude-newer-span = "P7D"\n'


def package(registry: str) -> str:
    return f'[[package]]\nname = "x"\nsource = {{ registry = "{registry}" }}\n'


@pytest.mark.parametrize(
    ("lock", "settings", "expected"),
    [
        ("", {}, []),
        ("broken = [", {}, []),
        (NEWEST, {}, ["exclude-newer = 2026-01-01T00:00:00Z"]),
        (DAYS, {}, ["exclude-newer = P7D"]),
        (DAYS, {"exclude-newer": "7 days"}, []),
        (package(PYPI), {}, []),
        (package(f"{PYPI}/"), {}, []),
        (package(OTHER), {}, [f"the index {OTHER}"]),
        (package(OTHER) + NEWEST, {"exclude-newer": "x"}, [f"the index {OTHER}"]),
        (package(OTHER), {"index": [{"name": "o", "url": f"{OTHER}/"}]}, []),
        (package(OTHER), {"index-url": OTHER}, []),
        (package(OTHER), {"extra-index-url": [OTHER]}, []),
        (package(OTHER) + package(PYPI), {"extra-index-url": []}, [f"the index {OTHER}"]),
        (package("vendor"), {"index": [{"url": "./vendor", "format": "flat"}]}, []),
        (package("http://h/simple"), {"index": [{"url": "http://u:p@h/simple"}]}, []),
        (package("../wheels"), {}, ["the index ../wheels"]),
        (package("../wheels"), {"find-links": ["../wheels"]}, []),
        ('[[package]]\nname = "x"\nsource = { editable = "." }\n', {}, []),
        ('[[package]]\nname = "x"\n', {}, []),
    ],
)
def test_what_is_of_one_machine(
    lock: str, settings: dict[str, object], expected: list[str], tmp_path: Path
) -> None:
    build_file_tree(tmp_path, {"uv.lock": lock})
    assert of_one_machine(tmp_path, settings) == expected


def test_a_file_of_settings_in_the_project_is_the_projects(tmp_path: Path) -> None:
    assert of_one_machine(tmp_path, {}) == []
    build_file_tree(tmp_path, {"uv.lock": NEWEST, "uv.toml": 'exclude-newer = "2026-01-01"\n'})
    assert of_one_machine(tmp_path, {}) == []


def test_versions(tmp_path: Path) -> None:
    lock = "".join(
        f'[[package]]\nname = "{name}"\nversion = "{version}"\nsource = {source}\n'
        for name, version, source in [
            ("a", "2", f'{{ registry = "{PYPI}" }}'),
            ("a", "1", f'{{ registry = "{PYPI}" }}'),
            ("b", "1", '{ registry = "wheels" }'),
            ("own", "1", '{ editable = "." }'),
        ]
    )
    build_file_tree(tmp_path, {"uv.lock": lock})
    assert locked_versions(tmp_path) == {"a": "1, 2", "b": "1"}
    assert locked_versions(tmp_path / "none") == {}

"""What this interpreter would import of a project."""

import sys
from pathlib import Path
from types import ModuleType

import pytest
from support.tree import build_file_tree

from neverstale.diagnosis.copies import _is_source, _origin


@pytest.mark.parametrize(
    ("path", "prefix", "expected"),
    [
        ("src/demo/__init__.py", ".venv", True),
        (".venv/lib/demo/__init__.py", ".venv", False),
        (".nox/tests/lib/demo.py", ".nox/tests", False),
        ("../other/demo.py", ".venv", False),
        ("demo.py", "../env", True),
        ("demo.py", "..", True),
    ],
)
def test_what_is_a_source(path: str, prefix: str, expected: bool, tmp_path: Path) -> None:
    root = tmp_path / "project"
    assert _is_source(root / path, root, (root / prefix).resolve()) == expected


def test_where_an_import_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build_file_tree(
        tmp_path,
        {"ns_one/packed_one/__init__.py": "", "pack_one/__init__.py": "1 / 0", "mod_one.py": ""},
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    assert _origin("pack_one").path == tmp_path / "pack_one/__init__.py"
    assert _origin("mod_one").path == tmp_path / "mod_one.py"
    assert _origin("ns_one").path == tmp_path / "ns_one"
    assert _origin("no_such_one").path is None
    assert "pack_one" not in sys.modules
    by_hand = ModuleType("by_hand")
    by_hand.__spec__ = None
    monkeypatch.setitem(sys.modules, "by_hand", by_hand)
    assert _origin("by_hand").path is None

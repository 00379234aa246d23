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

    def origin(name: str, *files: str) -> Path | None:
        return _origin(name, files, ()).path

    assert origin("pack_one") == tmp_path / "pack_one/__init__.py"
    assert origin("mod_one") == tmp_path / "mod_one.py"
    assert origin("ns_one") == tmp_path / "ns_one"
    assert origin("no_such_one") is None
    assert "pack_one" not in sys.modules
    module = "ns_one/packed_one/__init__.py"
    assert origin("ns_one", module, "ns_one/z.py") == tmp_path / module
    assert origin("ns_one", "ns_one/gone.py") is None
    build_file_tree(tmp_path / "early", {"mod_one.py": "", "pack_one/x.txt": ""})
    early = [str(tmp_path / "early")]
    assert _origin("mod_one", (), early).path == tmp_path / "early/mod_one.py"
    assert _origin("pack_one", (), early).path == tmp_path / "pack_one/__init__.py"
    by_hand = ModuleType("by_hand")
    by_hand.__spec__ = None
    monkeypatch.setitem(sys.modules, "by_hand", by_hand)
    assert origin("by_hand") is None

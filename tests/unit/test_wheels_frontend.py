"""Hooks of build backends, called as PEP 517 and PEP 660 say."""

import json
import sys
from pathlib import Path

import pytest
from support.tree import build_file_tree

from neverstale.wheels.frontend import main

BACKEND = """\
import sys
ASKED = []
def build_wheel(into, settings):
    sys.argv[1:] = ["changed"]
    return f"{into} {settings}"
class Inner:
    class Deep:
        def get_requires_for_build_sdist(settings):
            return [f"first {settings}", "second"]
        def build_sdist(into, settings):
            return f"deep {into}"
"""


def call(
    root: Path, monkeypatch: pytest.MonkeyPatch, backend: str, kind: str, **more: object
) -> dict[str, object]:
    """Call a hook of the backend in the folder ``größe``; return the answer."""
    module = backend.partition(":")[0]
    build_file_tree(root, {f"größe/{module}.py": BACKEND})
    asked = {"kind": kind, "backend": backend, "backend_path": ["größe"], "settings": {}}
    question, answer = root / "question", root / "answer"
    question.write_text(json.dumps({**asked, "installed": [], "into": "out", **more}), "utf-8")
    monkeypatch.chdir(root)
    monkeypatch.setattr(sys, "argv", ["frontend", str(question), str(answer)])
    monkeypatch.setattr(sys, "path", ["the script's own", *sys.path])
    monkeypatch.delitem(sys.modules, module, raising=False)
    main()
    assert sys.path[0] == str(root / "größe"), "and nothing of the tool can be imported"
    assert "the script's own" not in sys.path
    del sys.modules[module]
    told = json.loads(answer.read_text("utf-8"))
    assert isinstance(told, dict)
    return told


@pytest.mark.parametrize(
    ("backend", "kind", "more", "told"),
    [
        pytest.param("one_backend", "wheel", {}, {"built": "out None"}, id="no settings"),
        pytest.param(
            "one_backend",
            "wheel",
            {"settings": {"a": "b"}},
            {"built": "out {'a': 'b'}"},
            id="settings",
        ),
        pytest.param("one_backend", "editable", {}, {"unsupported": "editable"}, id="no such hook"),
        pytest.param(
            "one_backend:Inner.Deep",
            "sdist",
            {},
            {"missing": ["first None", "second"]},
            id="missing",
        ),
        pytest.param(
            "one_backend:Inner.Deep",
            "sdist",
            {"installed": ["second"]},
            {"missing": ["first None"]},
            id="missing one",
        ),
        pytest.param(
            "one_backend:Inner.Deep",
            "sdist",
            {"installed": ["second", "first None"]},
            {"built": "deep out"},
            id="nothing is missing",
        ),
    ],
)
def test_a_hook(
    backend: str,
    kind: str,
    more: dict[str, object],
    told: dict[str, object],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert call(tmp_path, monkeypatch, backend, kind, **more) == told


def test_a_backend_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AttributeError):
        call(tmp_path, monkeypatch, "one_backend:Gone", "wheel")
    assert not (tmp_path / "answer").exists()

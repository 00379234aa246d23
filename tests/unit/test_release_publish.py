"""``build`` and ``publish``: what is refused, and what they come to."""

from pathlib import Path

import pytest
from support.tree import build_file_tree

from neverstale.diagnosis.codes import Code
from neverstale.diagnosis.findings import Fix, finding
from neverstale.errors import NeverstaleError
from neverstale.release import publish
from neverstale.release.publish import Published

STALE, REMARK = (finding(Code[code], Fix(), "x") for code in ("NS406", "NS101"))


@pytest.mark.parametrize(
    ("findings", "unlike", "good"),
    [
        pytest.param((), None, True, id="nobody asked for two"),
        pytest.param((), (), True, id="the same twice"),
        pytest.param((), ("a.whl",), False, id="not the same"),
        pytest.param((STALE,), None, False, id="a finding"),
        pytest.param((REMARK,), (), True, id="a remark"),
        pytest.param((REMARK, STALE), (), False, id="both"),
    ],
)
def test_published(
    findings: tuple[object, ...], unlike: tuple[str, ...] | None, good: bool
) -> None:
    assert Published((), (), findings, unlike).good == good  # type: ignore[arg-type]


def refused(root: Path, folder: str) -> str:
    try:
        publish._refuse_folder_elsewhere(Path(folder), root)  # noqa: SLF001
    except NeverstaleError as error:
        return error.message
    return ""


def test_a_folder_for_archives(tmp_path: Path) -> None:
    root = build_file_tree(tmp_path / "p", {"dist/x.whl": "", "demo/__init__.py": "", "real/": ""})
    (tmp_path / "away").mkdir()
    (root / "inside").symlink_to("real")
    (root / "outside").symlink_to(tmp_path / "away")
    root = root.resolve()
    assert refused(root, "dist") == refused(root, "gone") == refused(root, "inside") == ""
    assert refused(root, str(tmp_path / "away")) == ""
    assert refused(root, "demo") == "demo is a package of the project, not a folder for wheels"
    assert refused(root, "outside") == (
        f"outside is a link to {tmp_path / 'away'}, outside the project"
    )


def test_archives_that_git_tracks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build_file_tree(tmp_path, {"dist/a.whl": "", "dist/b.whl": ""})
    tracked = {tmp_path / "dist/a.whl", tmp_path / "dist/gone.whl"}
    monkeypatch.setattr(publish, "Tracked", lambda _: tracked)
    paths = [tmp_path / "dist" / f"{name}.whl" for name in ("a", "b", "gone")]
    with pytest.raises(NeverstaleError, match=r"git tracks a\.whl, which would be overwritten"):
        publish._refuse_tracked(paths, tmp_path)  # noqa: SLF001
    publish._refuse_tracked(paths[1:], tmp_path)  # noqa: SLF001

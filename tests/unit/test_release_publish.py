"""``build`` and ``publish``: what is refused, and what they come to."""

from contextlib import nullcontext
from pathlib import Path

import pytest
from support.tree import build_file_tree
from unit.small import make_project

from neverstale.diagnosis.codes import Code
from neverstale.diagnosis.findings import Fix, finding
from neverstale.errors import NeverstaleError
from neverstale.release import publish
from neverstale.release.archives import Release
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


NAMES = ("demo-1.0.tar.gz", "demo-1.0-py3-none-any.whl")


@pytest.mark.parametrize(
    ("content", "tracked", "said"),
    [
        ("", False, ""),
        (None, False, ""),
        ("notes", False, r"no build of this project made demo-1\.0-py3-none-any\.whl"),
        ("", True, r"git tracks demo-1\.0-py3-none-any\.whl, which would be overwritten"),
    ],
)
def test_what_is_in_the_way(
    content: str | None, tracked: bool, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(tmp_path)
    release = Release(project, *(tmp_path / "scratch" / name for name in NAMES))
    there = tmp_path / "dist" / NAMES[1]
    if content is not None:
        build_file_tree(tmp_path, {f"dist/{NAMES[1]}": content})
    monkeypatch.setattr(publish, "Tracked", lambda _: {there} if tracked else set())
    expected = pytest.raises(NeverstaleError, match=said) if said else nullcontext()
    with expected:
        publish._refuse_to_overwrite(release, tmp_path / "dist", tmp_path)  # noqa: SLF001


def test_a_link_in_the_way(tmp_path: Path) -> None:
    release = Release(make_project(tmp_path), *(tmp_path / name for name in NAMES))
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / NAMES[0]).symlink_to(tmp_path / "gone")
    with pytest.raises(NeverstaleError, match="no build of this project made"):
        publish._refuse_to_overwrite(release, tmp_path / "dist", tmp_path)  # noqa: SLF001

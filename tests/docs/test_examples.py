"""Every example of the documentation is run: what a command does is what the page says."""

import os
import shutil
from pathlib import Path

import pytest
from examples import differing, examples_of
from support.render import REPOSITORY
from support.world import BASE_PYTHON, FOLDER, KEPT, cache_folder, uv_executable

DOCS = REPOSITORY / "docs"
NEEDED = {"npm-and-cargo": ("npm", "cargo")}
"""What the examples of a page run beside uv, git and a shell."""

PAGES = [page for page in sorted(DOCS.rglob("*.md")) if "\n```console\n" in page.read_text("utf-8")]


def environment_of(root: Path) -> dict[str, str]:
    """Make the folders of somebody who has nothing but uv, and give their environment."""
    for name in ("home", "uv", "commands"):
        (root / name).mkdir(parents=True)
    for name in ("uv", "uvx"):
        (root / "uv" / name).symlink_to(Path(uv_executable()).with_name(name))
    path = [root / "commands", root / "uv", BASE_PYTHON.parent]
    return {
        **{k: v for k, v in os.environ.items() if k.upper().startswith(KEPT)},
        "HOME": str(root / "home"),
        "PATH": os.pathsep.join([*map(str, path), os.environ["PATH"]]),
        "UV_CACHE_DIR": cache_folder(),
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_TOOL_DIR": str(root / "tools"),
        "UV_TOOL_BIN_DIR": str(root / "commands"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "NEVERSTALE": str(REPOSITORY),
        "RUSTUP_HOME": os.environ.get("RUSTUP_HOME", str(Path.home() / ".rustup")),
    }


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_examples(page: Path, tmp_path: Path) -> None:
    if missing := [name for name in NEEDED.get(page.stem, ()) if not shutil.which(name)]:
        pytest.skip(f"{', '.join(missing)} not found, which the examples of {page.name} run")
    root = tmp_path / FOLDER
    assert not (found := differing(page, root, environment_of(root))), "\n\n".join(found)


def test_the_page_at_the_centre_is_full_of_examples() -> None:
    text = (DOCS / "explanation" / "build-caches.md").read_text(encoding="utf-8")
    assert len(list(examples_of(text))) >= 60


def test_an_example_that_is_wrong_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```console\n$ mkdir deep\n$ cd deep\n$ pwd\n/.../deep\n$ echo one\ntwo\n```\n")
    (found,) = differing(page, tmp_path, os.environ)
    assert found.startswith("page.md:6: echo one\n")

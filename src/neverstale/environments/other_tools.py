"""Where other tools keep environments, as their documentation has it: read, and nothing asked."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from neverstale.files import home, listing, text_if_there


def prefixes_of_others(root: Path) -> Iterator[Path]:
    """Yield the prefixes of environments that may have a copy of the project at *root*.

    Of Poetry, PDM, Hatch, virtualenvwrapper, Pipenv and conda; of the kernels of Jupyter; and the
    one that VS Code uses in *root*. Some may be gone.
    """
    for folder in (*_folders(), *_hatch()):
        yield from (folder / name for name in listing(folder))
    for line in text_if_there(home() / ".conda/environments.txt").splitlines():
        yield Path(line.strip())
    for python in (*_kernels(), *_editor(root)):
        if os.path.dirname(python):
            yield Path(os.path.abspath(root / python)).parents[0 if os.name == "nt" else 1]


def _folders() -> Iterator[Path]:
    # https://python-poetry.org/docs/configuration, https://pdm-project.org/en/latest/usage/venv,
    # https://virtualenvwrapper.readthedocs.io, https://pipenv.pypa.io/en/latest/virtualenv.html
    from platformdirs import user_cache_path, user_data_path

    poetry = Path(os.environ.get("POETRY_CACHE_DIR") or user_cache_path("pypoetry", "pypoetry"))
    yield Path(os.environ.get("POETRY_VIRTUALENVS_PATH") or poetry / "virtualenvs")
    yield user_data_path("pdm", "pdm") / "venvs"
    if named := os.environ.get("WORKON_HOME"):
        yield Path(named)
    else:
        yield home() / ".virtualenvs"
        yield home() / ".local/share/virtualenvs"


def _hatch() -> Iterator[Path]:
    # https://hatch.pypa.io/latest/plugins/environment/virtual
    from platformdirs import user_data_path

    data = Path(os.environ.get("HATCH_DATA_DIR") or user_data_path("hatch", appauthor=False))
    yield from (data / "env/virtual").glob("*/*")


def _kernels() -> Iterator[str]:
    # https://jupyter-client.readthedocs.io/en/latest/kernels.html
    from platformdirs import user_data_path

    data = Path(os.environ.get("JUPYTER_DATA_DIR") or user_data_path("jupyter", appauthor=False))
    for file in data.glob("kernels/*/kernel.json"):
        command = _read(file).get("argv")
        if isinstance(command, list) and command:
            yield str(command[0])


def _editor(root: Path) -> Iterator[str]:
    # https://code.visualstudio.com/docs/python/settings-reference
    named = _read(root / ".vscode/settings.json").get("python.defaultInterpreterPath")
    if isinstance(named, str):
        yield named.replace("${workspaceFolder}", str(root)).replace("${userHome}", str(home()))


def _read(file: Path) -> dict[str, Any]:
    """Return a JSON object; nothing where it is none, as with the comments that VS Code allows."""
    try:
        read = json.loads(text_if_there(file))
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}

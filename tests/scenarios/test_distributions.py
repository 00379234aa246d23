"""Real distributions, installed by uv and by pip: the doctor has nothing to say of their files."""

import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from support.index import NO_NETWORK
from support.world import BASE_PYTHON, uv_executable

from neverstale.diagnosis.requirements import Surroundings, unmet
from neverstale.environments.environment import OTHER, Environment, distributions
from neverstale.environments.installed import read_installed, read_requirements

WELL_KNOWN = [
    *("attrs", "babel", "black", "certifi", "cffi", "click", "cryptography", "django", "fastapi"),
    *(
        "flask",
        "httpx",
        "ipython",
        "jinja2",
        "lxml",
        "numpy",
        "pillow",
        "pip",
        "psutil",
        "pydantic",
    ),
    *("pygments", "pytest", "pyyaml", "requests", "ruff", "setuptools", "six", "sqlalchemy"),
    *("tqdm", "virtualenv", "wheel"),
]
"""Pure and compiled, with commands, data files, namespaces, and a wheel of a binary."""

pytestmark = pytest.mark.slow


def install(folder: Path, by: str) -> Environment:
    prefix = folder / "a größe of its own" / by
    uv = uv_executable()
    commands = {
        "uv": [uv, "pip", "install", "--quiet", "--python", str(prefix), *WELL_KNOWN],
        "pip": [sys.executable, "-m", "pip", "--python", str(prefix / "bin" / "python"), "install"],
    }
    commands["pip"] += ["--quiet", "--disable-pip-version-check", *WELL_KNOWN]
    commands["uv with bytecode"] = [*commands["uv"], "--compile-bytecode"]
    commands["uv by copies"] = [*commands["uv"], "--link-mode", "copy"]
    venv = [uv, "venv", "--quiet", "--python", str(BASE_PYTHON), str(prefix)]
    for command in (venv, commands[by]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode and any(sign in done.stderr for sign in NO_NETWORK):
            pytest.skip(f"the package index cannot be reached: {done.stderr.splitlines()[-1]}")
        assert done.returncode == 0, done.stderr
    return Environment(OTHER, prefix, prefix / "bin")


@pytest.mark.parametrize("by", ["uv", "uv with bytecode", "uv by copies", "pip"])
def test_no_false_alarm(by: str, tmp_path: Path) -> None:
    environment = install(tmp_path, by)
    site = environment.site_packages
    assert site
    names = {name for name, _, _ in distributions(site)}
    assert names >= {canonicalize_name(name) for name in WELL_KNOWN}
    alarms = {}
    for name in sorted(names):
        installed = read_installed(environment, name)
        assert installed, name
        assert installed.whole, (name, installed.unrecorded, installed.missing, installed.altered)
        around = Surroundings(
            environment.python_version,
            environment.versions,
            requirements=partial(read_requirements, environment),
        )
        alarms[name] = [*installed.outside, *unmet(installed.distribution, around)]
        assert any(path.endswith("/METADATA") for path in installed.distribution.files)
    assert not any(alarms.values()), alarms

"""What still runs after an install: a server, a pool of workers, a kernel of Jupyter."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scenarios.library import Library

pytestmark = pytest.mark.slow

APPLICATION = """\
import demo


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while (message := await receive())["type"] != "lifespan.shutdown":
            await send({"type": message["type"] + ".complete"})
"""

POOL = """\
import multiprocessing, sys, time
import demo

if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        pool.map(print, ["the pool is there"])
        time.sleep(600)
"""


def test_what_began_before_the_install_is_named(tmp_path: Path) -> None:
    world = Library(tmp_path)
    bin_folder = world.make_environment("uvicorn", "ipykernel", "psutil")
    world.install(".")
    world.write("application.py", APPLICATION)
    world.write("pool.py", POOL)
    commands = {
        "uvicorn": ("uvicorn", "application:app", "--port", "0", "--app-dir", "."),
        "pool": ("python", "pool.py", "--api-key", "geheim"),
        "kernel": ("python", "-m", "ipykernel", "-f", str(world.root / "kernel.json")),
    }
    started = [
        subprocess.Popen(
            [bin_folder / program, *arguments],
            cwd=world.project,
            env=world.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for program, *arguments in commands.values()
    ]
    try:
        time.sleep(5)
        assert all(process.poll() is None for process in started)
        ours = (sys.executable, "-m", "neverstale", "doctor", "--processes")
        before = world.run(*ours, "--json", expect=0).stdout
        assert json.loads(before)["processes"] == []
        world.edit()
        world.install(".")
        found = json.loads(world.run(*ours, "--json").stdout)["processes"]
        numbers = {each["pid"] for each in found}
        assert {process.pid for process in started} <= numbers
        assert len(numbers) >= 4, "the worker of the pool as well"
        assert all(each["place"] == ".venv" for each in found)
        assert any("RECORD" in path for each in found for path in each["changed"])
        told = world.run(*ours).stdout
        assert f"process {started[0].pid} (.venv) runs since " in told
        assert "changed since: .venv/lib/" in told
        assert "--api-key '***'" in told
        assert "geheim" not in told
        assert all(process.poll() is None for process in started), "nothing is stopped"
    finally:
        for process in started:
            process.kill()
            process.wait()


def test_without_psutil_it_says_what_to_install(tmp_path: Path) -> None:
    world = Library(tmp_path)
    command = (world.make_environment() / "neverstale", "doctor", "--processes")
    refused = world.run(*command, expect=2)
    assert refused.stderr.startswith("error: --processes needs the package psutil\nhint: install ")

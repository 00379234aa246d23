"""The edits of which none may be lost: what is changed, what is asked, what must be answered."""

import os
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

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
    "meson_python": ('".pyd", ".so"', '".pyd", ".so", ".txt"'),
    "maturin": ("exclude = [\n", 'exclude = [\n  { path = "**/notes.txt", format = "wheel" },\n'),
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
        if self.needs not in (*kinds, combination.is_compiled and "compiled"):
            return False
        if self.change is _unselect_data:
            return EXCLUDED_DATA[combination.build_backend] is not None
        if self.change in (_rename_package, _rename_package_and_greet):
            return combination.layout in ("src", "flat") and not combination.is_compiled
        return True


def starting_point(world: World) -> None:
    """Return the package what the edits work on."""
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
REQUIRES = (
    "from importlib.metadata import requires; "
    "own = [r for r in requires('demo-app') or () if 'core' not in r]; "
    "print([r.replace(' (', '').replace(')', '') for r in own] or None)"
)
COUNT = "from demo_app._native import count_words; print(count_words('a b'))"
DEPENDENCY = "from importlib.metadata import version; print(version('stale-probe'))"


def _add_module(world: World) -> None:
    write(world, "added.py", 'VALUE = "added"\n')


def _add_package(world: World) -> None:
    write(world, "inner/__init__.py", "")
    write(world, "inner/deep.py", 'VALUE = "deep"\n')


def _add_subcommand(world: World) -> None:
    hello = (world.package / "commands" / "hello.py").read_text(encoding="utf-8")
    own = 'def greeting(name: str) -> str:\n    return f"Hello, {name}!"\n'
    hello = hello.replace("from demo_app_core import greeting\n", own)
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
    in_meson = world.combination.build_backend == "meson_python"
    world.replace(*told, "meson.build" if in_meson else "pyproject.toml")


def _scripts(*lines: str) -> str:
    return "\n".join(["[project.scripts]", *lines, "", "[dependency-groups]"])


def _declare_commands(world: World, *names: str) -> None:
    """Declare *names* beside what is there; each prints what is in state.py."""
    write(world, "shout.py", "from . import state\n\n\ndef main():\n    print(state.VALUE)\n")
    lines = [f'{name} = "{world.combination.import_name}.shout:main"' for name in names]
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
        text = (world.project / "pyproject.toml").read_text(encoding="utf-8")
        (declared,) = re.findall("^dependencies = .*$", text, re.MULTILINE)
        wanted = f'["stale-probe=={version}"' + (", " if "core" in declared else "")
        world.replace(declared, declared.replace("[", wanted))

    return change


def _update_dependency(world: World) -> None:
    world.replace("stale-probe==1.0", "stale-probe==2.0")


def _remove_dependency(world: World) -> None:
    text = (world.project / "pyproject.toml").read_text(encoding="utf-8")
    (declared,) = re.findall('"stale-probe==1.0"(?:, )?', text)
    world.replace(declared, "")


def _change_version(world: World) -> None:
    world.replace('version = "0.1.0"', 'version = "0.2.0rc1"')


def _tag(name: str) -> Callable[[World], None]:
    return lambda world: world.commit(tag=name)


def _retag(world: World) -> None:
    world.run("git", "tag", "--delete", "v1.0.0")
    world.run("git", "tag", "v2.0.0")


# --- What is compiled -----------------------------------------------------------------------------


def native(world: World, stem: str) -> str:
    """Return the path of a source of the extension: ``words`` counts, ``_native`` is the module."""
    found = [path for path in (world.project / "src").glob(f"{stem}.*") if path.suffix != ".pyi"]
    (path,) = found or (world.project / "src").glob("lib.rs")
    return path.relative_to(world.project).as_posix()


COUNTS = {".h": ("words = 0;", "words = 7;"), ".rs": ("!word.is_empty()", " word.is_empty()")}
"""What is changed to another result of the same length: 9 where it was 2, 0 in Rust."""


def _count_otherwise(world: World) -> None:
    path = native(world, "words")
    world.replace(*COUNTS[path[path.rindex(".") :][:3].replace(".hp", ".h")], path)


def _count_one_more(world: World) -> None:
    path = native(world, "words")
    world.replace(*((".count()", ".count() + 1") if path.endswith(".rs") else MORE), path)


MORE = ("return words;", "return words + 1;")


def _document_otherwise(world: World) -> None:
    world.replace("Count the runs", "Counts the runs", native(world, "_native"))


def _count_with_the_old_time(world: World) -> None:
    file = world.project / native(world, "words")
    before = file.stat()
    _count_otherwise(world)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns - A_DAY * 10**9))
    assert file.stat().st_size == before.st_size


def _count_as_before(world: World) -> None:
    """Go back to what was there, with the time that it had then: a day ago."""
    path = native(world, "words")
    text = (world.project / path).read_text(encoding="utf-8")
    back = text.replace(".count() + 1", ".count()").replace(MORE[1], MORE[0])
    (world.project / path).write_text(back, encoding="utf-8")
    yesterday = time.time() - A_DAY
    os.utime(world.project / path, (yesterday, yesterday))


def _prepare_a_setting(world: World) -> None:
    """Have the code look at a setting of the build, which is not set."""
    path = native(world, "words")
    if path.endswith(".rs"):
        more = '.count() + if cfg!(feature = "extra") { 5 } else { 0 }'
        world.replace(".count()", more, path)
        world.replace("[dependencies]", "[features]\nextra = []\n\n[dependencies]", "Cargo.toml")
        return
    text = (world.project / path).read_text(encoding="utf-8")
    guarded = "#ifndef EXTRA\n#define EXTRA 0\n#endif\n" + text.replace("= 0;", "= EXTRA;", 1)
    (world.project / path).write_text(guarded, encoding="utf-8")


def _set_the_setting(world: World) -> None:
    """Change the build file alone: CMakeLists.txt, meson.build, setup.py or Cargo.toml."""
    combination = world.combination
    if combination.build_backend == "scikit_build_core":
        file = world.project / "CMakeLists.txt"
        text = file.read_text() + "target_compile_definitions(_native PRIVATE EXTRA=5)\n"
        file.write_text(text)
    elif combination.build_backend == "meson_python":
        world.replace(
            "  install: true,\n", "  install: true,\n  c_args: ['-DEXTRA=5'],\n", "meson.build"
        )
    elif combination.build_backend == "maturin":
        world.replace("[features]\n", '[features]\ndefault = ["extra"]\n', "Cargo.toml")
    elif combination.binding == "c":
        world.replace("define_macros=[", 'define_macros=[("EXTRA", "5"), ', "setup.py")
    else:
        world.replace(
            "cxx_std=17,", 'cxx_std=17,\n            define_macros=[("EXTRA", "5")],', "setup.py"
        )


def _add_native_source(world: World) -> None:
    """Add a file that is compiled, have the build take it, and call what it has."""
    module = native(world, "_native")
    suffix = module[module.rindex(".") :]
    if suffix == ".rs":
        write_at(world, "src/more.rs", "pub fn more() -> usize {\n    5\n}\n")
        world.replace("mod words;", "mod more;\nmod words;", module)
        world.replace("words_in(text)", "words_in(text) + crate::more::more()", module)
        return
    write_at(world, f"src/more{suffix}", "int more(void);\nint more(void) { return 5; }\n")
    if suffix == ".c":
        world.replace('#include "words.h"', '#include "words.h"\nint more(void);', module)
        world.replace("(size_t)size)", "(size_t)size) + (size_t)more()", module)
    else:
        path = native(world, "words")
        world.replace("#pragma once", "#pragma once\nint more(void);", path)
        world.replace("return words;", "return words + more();", path)
    for file in ("CMakeLists.txt", "meson.build"):
        if (world.project / file).exists():
            quoted = "'src/_native.c'" if file == "meson.build" else f"src/_native{suffix}"
            both = quoted.replace("_native", "more")
            joined = f"[{quoted}, {both}]" if file == "meson.build" else f"{quoted} {both}"
            world.replace(quoted, joined, file)


def _remove_native_source(world: World) -> None:
    """Undo `_add_native_source`, from the file that the project had before."""
    for path in sorted((world.project / "src").glob("more.*")):
        path.unlink()
    for name, text in BEFORE.pop(world.project).items():
        (world.project / name).write_text(text, encoding="utf-8")


BEFORE: dict[Path, dict[str, str]] = {}


def _add_native_source_for_now(world: World) -> None:
    kept = [*(world.project / "src").glob("*.*"), world.project / "CMakeLists.txt"]
    kept.append(world.project / "meson.build")
    BEFORE[world.project] = {
        str(path.relative_to(world.project)): path.read_text(encoding="utf-8")
        for path in kept
        if path.is_file()
    }
    _add_native_source(world)


def write_at(world: World, path: str, text: str) -> None:
    (world.project / path).write_text(text, encoding="utf-8")


NATIVE_EDITS = [
    Edit(
        "native source edited",
        _document_otherwise,
        {COUNT.replace("count_words('a b')", "'Counts' in count_words.__doc__"): "True"},
        needs="compiled",
    ),
    Edit("header edited", _count_one_more, {COUNT: "3"}, needs="compiled"),
    Edit("build file edited", _set_the_setting, {COUNT: "7"}, _prepare_a_setting, "compiled"),
    Edit("native source added", _add_native_source, {COUNT: "7"}, needs="compiled"),
    Edit(
        "native source deleted",
        _remove_native_source,
        {COUNT: "2"},
        _add_native_source_for_now,
        "compiled",
    ),
    Edit(
        "native source of the same size with an older time",
        _count_with_the_old_time,
        {"import demo_app._native as n; print(n.count_words('a b') in (0, 9))": "True"},
        needs="compiled",
    ),
    Edit("native source as before", _count_as_before, {COUNT: "2"}, _count_one_more, "compiled"),
]


# --- The library of a workspace -------------------------------------------------------------------

LIBRARY = "packages/demo-app-core/src/demo_app_core"
LIBRARY_STATE = "from demo_app_core.state import VALUE; print(VALUE)"


def _state_of_the_library(text: str) -> Callable[[World], None]:
    return lambda world: write_at(world, f"{LIBRARY}/state.py", f"VALUE = {text!r}\n")


def _greet_otherwise(world: World) -> None:
    world.replace("Hello", "Howdy", f"{LIBRARY}/__init__.py")


def _library_state_gone(world: World) -> None:
    (world.project / LIBRARY / "state.py").unlink()


def _library_version(world: World) -> None:
    world.replace('"0.1.0"', '"0.3.0"', "packages/demo-app-core/pyproject.toml")


def _second_library(world: World) -> None:
    """Have the library need another one, which the command itself does not."""
    folder = world.project / "packages" / "demo-app-more"
    shutil.copytree(world.project / "packages" / "demo-app-core", folder)
    (folder / "src/demo_app_core").rename(folder / "src/demo_app_more")
    declared = folder / "pyproject.toml"
    text = declared.read_text().replace("demo-app-core", "demo-app-more")
    declared.write_text(text.replace("demo_app_core", "demo_app_more"))
    (folder / "src/demo_app_more/__init__.py").write_text('VALUE = "more"\n')
    world.replace(
        "dependencies = []", 'dependencies = ["demo-app-more"]', f"{LIBRARY}/../../pyproject.toml"
    )
    world.replace(
        "[tool.uv.sources]\n", "[tool.uv.sources]\ndemo-app-more = { workspace = true }\n"
    )


def _edit_second_library(world: World) -> None:
    write_at(world, "packages/demo-app-more/src/demo_app_more/__init__.py", 'VALUE = "less"\n')


WORKSPACE_EDITS = [
    Edit(
        "library edited", _greet_otherwise, {"$demo-app hello": "Howdy, world!"}, needs="workspace"
    ),
    Edit(
        "module added to the library",
        _state_of_the_library("one"),
        {LIBRARY_STATE: "one"},
        needs="workspace",
    ),
    Edit(
        "module of the library edited to the same size",
        _state_of_the_library("two"),
        {LIBRARY_STATE: "two"},
        _state_of_the_library("one"),
        "workspace",
    ),
    Edit(
        "module of the library deleted",
        _library_state_gone,
        {LIBRARY_STATE: GONE},
        _state_of_the_library("one"),
        "workspace",
    ),
    Edit(
        "version of the library changed",
        _library_version,
        {VERSION.replace("demo-app", "demo-app-core"): "0.3.0"},
        needs="workspace",
    ),
    Edit(
        "library of the library edited",
        _edit_second_library,
        {"import demo_app_more as m; print(m.VALUE)": "less"},
        _second_library,
        "workspace",
    ),
]

EDITS = [
    *NATIVE_EDITS,
    *WORKSPACE_EDITS,
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

"""Projects made at random: a build backend, a layout, what its build reads; and edits of each."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from support.tree import build_file_tree

BACKENDS = {
    "hatchling": ("hatchling", "hatchling.build"),
    "setuptools": ("setuptools", "setuptools.build_meta"),
    "flit_core": ("flit_core", "flit_core.buildapi"),
    "pdm": ("pdm-backend", "pdm.backend"),
    "poetry_core": ("poetry-core", "poetry.core.masonry.api"),
    "uv_build": ("uv_build", "uv_build"),
    "in_tree": ("flit_core", "flit_core.buildapi"),
}
"""The distribution of each, and its module (PEP 517); the last is wrapped by one in the project."""

WRAPPED = ("flit_core", "uv_build", "in_tree")
"""Those that run no code of the project: a backend in the project does, and calls them."""

ATTRIBUTE = {
    "hatchling": '[tool.hatch.version]\npath = "{package}/__init__.py"\n',
    "setuptools": '[tool.setuptools.dynamic]\nversion = {{ attr = "demo.__version__" }}\n',
    "flit_core": "",
    "in_tree": "",
    "pdm": '[tool.pdm.version]\nsource = "file"\npath = "{package}/__init__.py"\n',
}
"""How each takes the version from the module."""

FROM_GIT = {
    "hatchling": ("hatch-vcs", '[tool.hatch.version]\nsource = "vcs"\n'),
    "setuptools": ("setuptools-scm", "[tool.setuptools_scm]\n"),
    "pdm": ("", '[tool.pdm.version]\nsource = "scm"\n'),
}

READS = {
    "outside": 'read(root.parent / "beside" / "value.txt")',
    "listing": 'sorted(p.name for p in (root / "parts").iterdir())',
    "variable": 'os.environ.get("DEMO_VALUE", "unset")',
    "absent": 'read(root / "override.txt") if (root / "override.txt").exists() else "none"',
    "git": 'git("rev-parse", "HEAD")',
    "requirement": '__import__("demo_plugin").VALUE',
}
"""What the project's own code reads while it is built; each value ends up in ``demo._made``."""

FEATURES = (*READS, "data", "link", "scripts")

GENERATE = '''\
"""Called by the build."""

import os
import subprocess
from pathlib import Path

root = Path(__file__).resolve().parent


def read(path):
    return path.read_text(encoding="utf-8")


def git(*arguments):
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True)
    return done.stdout.strip()


def generate():
    values = {{
{values}
    }}
    (root / "{package}" / "_made.py").write_text(f"VALUE = {{values!r}}\\n", encoding="utf-8")
'''

CALLING = "import sys\nsys.path.insert(0, {root})\nimport generate\n"

HOOKS = {
    "hatchling": (
        "hatch_build.py",
        "from hatchling.builders.hooks.plugin.interface import BuildHookInterface\n"
        + CALLING.format(root="__import__('os').path.dirname(__file__)")
        + "class Hook(BuildHookInterface):\n"
        "    def initialize(self, version, build_data):\n"
        "        generate.generate()\n"
        '        build_data["artifacts"].append("/{package}/_made.py")\n',
        "[tool.hatch.build.hooks.custom]\n",
    ),
    "setuptools": (
        "setup.py",
        CALLING.format(
            root="__import__('os').path.dirname(__import__('os').path.abspath(__file__))"
        )
        + "generate.generate()\nimport setuptools\nsetuptools.setup()\n",
        "",
    ),
    "pdm": (
        "pdm_build.py",
        CALLING.format(root="__import__('os').path.dirname(__file__)")
        + "def pdm_build_initialize(context):\n    generate.generate()\n",
        "",
    ),
    "poetry_core": (
        "build.py",
        CALLING.format(
            root="__import__('os').path.dirname(__import__('os').path.abspath(__file__))"
        )
        + "generate.generate()\n",
        '[tool.poetry.build]\nscript = "build.py"\ngenerate-setup-file = false\n',
    ),
}

BACKEND_IN_TREE = """\
import os, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
{call}
import {module} as made
from {module} import *

def build_wheel(*arguments, **options):
    {before}
    return made.build_wheel(*arguments, **options)

def build_editable(*arguments, **options):
    {before}
    return made.build_editable(*arguments, **options)
"""


@dataclass(frozen=True)
class Plan:
    """What a project is made of."""

    backend: str
    layout: str
    version: str
    features: frozenset[str]

    @property
    def package(self) -> str:
        """The package's folder, relative to the project."""
        return "src/demo" if self.layout == "src" else "demo"

    @property
    def linked(self) -> str:
        """The file that a link in the package leads to; flit refuses one outside."""
        inside = BACKENDS[self.backend][0] == "flit_core"
        return "project/linked.py" if inside else "beside/linked.py"

    @property
    def reads(self) -> list[str]:
        """What its build runs the project's own code for."""
        return sorted(self.features & set(READS))

    def __str__(self) -> str:
        return "-".join([self.backend, self.layout, self.version, *sorted(self.features)])


def versions_of(backend: str) -> list[str]:
    """Return the sources of a version that *backend* knows."""
    return [
        "static",
        *(["attribute"] if backend in ATTRIBUTE else []),
        *(["git"] if backend in FROM_GIT else []),
    ]


def make(plan: Plan, root: Path) -> Path:
    """Write the project of *plan*, and what is beside it, below *root*; return the project."""
    project = root / "project"
    module = "# state\n" if plan.version != "attribute" else '__version__ = "1.0"\n'
    files = {
        f"project/{plan.package}/__init__.py": f'"""A demo."""\n\n{module}VALUE = 1\n\n\ndef main():\n'
        "    print(VALUE)\n",
        f"project/{plan.package}/other.py": "VALUE = 1\n",
        "project/pyproject.toml": pyproject(plan),
        "project/.gitignore": ".venv/\n.neverstale/\nbuild/\ndist/\n*.egg-info/\n__pycache__/\n"
        ".pdm-build/\n_made.py\n",
        "project/parts/one": "",
        "beside/value.txt": "one",
        plan.linked: "VALUE = 1\n",
        "plugin/pyproject.toml": '[build-system]\nrequires = ["flit_core"]\n'
        'build-backend = "flit_core.buildapi"\n'
        '[project]\nname = "demo-plugin"\nversion = "1"\ndescription = "x"\n',
        "plugin/demo_plugin.py": '"""A plugin."""\n\nVALUE = 1\n',
    }
    if plan.reads:
        values = "".join(f"        {name!r}: {READS[name]},\n" for name in plan.reads)
        files["project/generate.py"] = GENERATE.format(values=values, package=plan.package)
        if plan.backend in HOOKS:
            name, text, _ = HOOKS[plan.backend]
            files[f"project/{name}"] = text.replace("{package}", plan.package)
    if is_wrapped(plan):
        call, before = ("import generate", "generate.generate()") if plan.reads else ("", "pass")
        text = BACKEND_IN_TREE.format(call=call, before=before, module=BACKENDS[plan.backend][1])
        files["project/backend/own_backend.py"] = text
    if "data" in plan.features:
        files[f"project/{plan.package}/notes.txt"] = "notes"
    build_file_tree(root, files)
    if "link" in plan.features:
        link = project / plan.package / "linked.py"
        link.symlink_to(os.path.relpath(root / plan.linked, link.parent))
    return project


def is_wrapped(plan: Plan) -> bool:
    """Return whether the backend is one in the project, which calls another."""
    return plan.backend == "in_tree" or (plan.backend in WRAPPED and bool(plan.reads))


def pyproject(plan: Plan) -> str:
    """Return the text of pyproject.toml."""
    distribution, module = BACKENDS[plan.backend]
    requires = [distribution]
    own = ""
    dynamic = 'version = "1.0"\n'
    if plan.version != "static":
        dynamic = 'dynamic = ["version"]\n'
    if plan.version == "attribute":
        own += ATTRIBUTE[plan.backend].format(package=plan.package)
    if plan.version == "git":
        requirement, table = FROM_GIT[plan.backend]
        requires += [requirement] if requirement else []
        own += table
    if "requirement" in plan.features:
        requires.append("demo-plugin")
        own += '[tool.uv.sources]\ndemo-plugin = { path = "../plugin" }\n'
    backend = f'build-backend = "{module}"\n'
    if is_wrapped(plan):
        backend = 'build-backend = "own_backend"\nbackend-path = ["backend"]\n'
    if plan.reads and plan.backend in HOOKS:
        own += HOOKS[plan.backend][2]
    own += selection(plan)
    scripts = '[project.scripts]\ndemo = "demo:main"\n' if "scripts" in plan.features else ""
    return (
        f"[build-system]\nrequires = {requires!r}\n{backend}\n"
        f'[project]\nname = "demo"\n{dynamic}description = "A demo."\n'
        f'requires-python = ">=3.10"\n\n{scripts}\n{own}[tool.neverstale]\ntarget = "venv"\n'
    )


def selection(plan: Plan) -> str:
    """Return the tables that tell the backend where the package is, and of its data."""
    if plan.backend == "hatchling":
        return f'[tool.hatch.build.targets.wheel]\npackages = ["{plan.package}"]\n'
    if plan.backend == "setuptools":
        where = "src" if plan.layout == "src" else "."
        return (
            f'[tool.setuptools.packages.find]\nwhere = ["{where}"]\ninclude = ["demo*"]\n'
            '[tool.setuptools.package-data]\ndemo = ["*.txt"]\n'
        )
    if plan.backend == "uv_build" and plan.layout == "flat":
        return '[tool.uv.build-backend]\nmodule-root = ""\n'
    if plan.backend == "poetry_core":
        source = ', from = "src"' if plan.layout == "src" else ""
        made = f'include = [{{ path = "{plan.package}/_made.py", format = "wheel" }}]\n'
        return f'[tool.poetry]\npackages = [{{ include = "demo"{source} }}]\n{made}'
    if plan.backend == "pdm" and plan.layout == "flat":
        return '[tool.pdm.build]\nincludes = ["demo"]\n'
    return ""


@dataclass(frozen=True)
class Place:
    """Where an edit works: the project, its package, what is beside it, and the environment."""

    root: Path
    plan: Plan
    variables: dict[str, str]
    git: Callable[..., None]

    @property
    def project(self) -> Path:
        return self.root / "project"

    @property
    def package(self) -> Path:
        return self.project / self.plan.package

    def replace(self, path: Path, old: str, new: str) -> None:
        path.write_text(path.read_text("utf-8").replace(old, new, 1), encoding="utf-8")


def edit_module(place: Place) -> None:
    path = place.package / "other.py"
    text = path.read_text("utf-8") if path.exists() else "VALUE = 1\n"
    path.write_text(text.replace("VALUE = ", "VALUE = 1 + "), encoding="utf-8")


def edit_with_the_old_times(place: Place) -> None:
    """Edit a file to the same size, with the times that it had."""
    path = place.package / "__init__.py"
    times = path.stat()
    text = path.read_text("utf-8")
    new = "VALUE = 2" if "VALUE = 1" in text else "VALUE = 1"
    path.write_text(text.replace("VALUE = 1" if new[-1] == "2" else "VALUE = 2", new), "utf-8")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def touch(place: Place) -> None:
    (place.package / "__init__.py").touch()


def add_module(place: Place) -> None:
    (place.package / "added.py").write_text("VALUE = 3\n", encoding="utf-8")


def delete_module(place: Place) -> None:
    (place.package / "other.py").unlink(missing_ok=True)


def change_description(place: Place) -> None:
    place.replace(place.project / "pyproject.toml", "A demo.", "Another demo.")


def change_version(place: Place) -> None:
    if place.plan.version == "git":
        place.git("commit", "--quiet", "--allow-empty", "--message", "x")
    elif place.plan.version == "attribute":
        place.replace(place.package / "__init__.py", '"1.0"', '"1.1"')
    else:
        place.replace(place.project / "pyproject.toml", '"1.0"', '"1.1"')


def tag(place: Place) -> None:
    place.git("commit", "--quiet", "--allow-empty", "--message", "x")
    place.git("tag", "--force", "v2.0")


def edit_data(place: Place) -> None:
    with (place.package / "notes.txt").open("a", encoding="utf-8") as file:
        file.write("more")


def delete_data(place: Place) -> None:
    (place.package / "notes.txt").unlink(missing_ok=True)


def edit_what_is_linked(place: Place) -> None:
    with (place.root / place.plan.linked).open("a", encoding="utf-8") as file:
        file.write("VALUE += 1\n")


def replace_the_link(place: Place) -> None:
    link = place.package / "linked.py"
    link.unlink(missing_ok=True)
    link.write_text("VALUE = 7\n", encoding="utf-8")


def edit_outside(place: Place) -> None:
    with (place.root / "beside" / "value.txt").open("a", encoding="utf-8") as file:
        file.write("more")


def add_part(place: Place) -> None:
    (place.project / "parts" / f"{len(list((place.project / 'parts').iterdir()))}x").touch()


def delete_part(place: Place) -> None:
    for path in sorted((place.project / "parts").iterdir())[:1]:
        path.unlink()


def set_variable(place: Place) -> None:
    place.variables["DEMO_VALUE"] = place.variables.get("DEMO_VALUE", "") + "x"


def unset_variable(place: Place) -> None:
    place.variables.pop("DEMO_VALUE", None)


def add_what_was_absent(place: Place) -> None:
    with (place.project / "override.txt").open("a", encoding="utf-8") as file:
        file.write("there")


def delete_what_was_absent(place: Place) -> None:
    (place.project / "override.txt").unlink(missing_ok=True)


def commit(place: Place) -> None:
    place.git("add", "--all")
    place.git("commit", "--quiet", "--allow-empty", "--message", "x")


def edit_plugin(place: Place) -> None:
    with (place.root / "plugin" / "demo_plugin.py").open("a", encoding="utf-8") as file:
        file.write("VALUE += 1\n")


def rename_command(place: Place) -> None:
    place.replace(place.project / "pyproject.toml", '\ndemo = "demo:main"', '\nother = "demo:main"')


def forget_what_was_made(place: Place) -> None:
    (place.package / "_made.py").unlink(missing_ok=True)


Edit = Callable[[Place], None]

ALWAYS: tuple[Edit, ...] = (
    *(edit_module, edit_with_the_old_times, touch, add_module, delete_module),
    *(change_description, change_version, commit),
)
OF_FEATURES: dict[str, tuple[Edit, ...]] = {
    "outside": (edit_outside, forget_what_was_made),
    "listing": (add_part, delete_part),
    "variable": (set_variable, unset_variable),
    "absent": (add_what_was_absent, delete_what_was_absent),
    "git": (commit,),
    "requirement": (edit_plugin,),
    "data": (edit_data, delete_data),
    "link": (edit_what_is_linked, replace_the_link),
    "scripts": (rename_command,),
}


def edits_of(plan: Plan) -> tuple[list[Edit], list[Edit]]:
    """Return the edits that any project may have, and those of what *plan* has."""
    own = [edit for feature in sorted(plan.features) for edit in OF_FEATURES[feature]]
    return [*ALWAYS], [*own, *([tag] if plan.version == "git" else [])] or [*ALWAYS]


def copy_of(root: Path, into: Path) -> Path:
    """Copy what is at *root*, without what builds and installs made; return the project in it."""
    made = [".venv", ".neverstale", "build", "dist", "*.egg-info", "__pycache__", "_made.py"]
    made += [".pdm-build"]
    shutil.copytree(root, into, symlinks=True, ignore=shutil.ignore_patterns(*made))
    return into / "project"

"""The commands that mend what a diagnosis finds, as the owner of the project types them."""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from packaging.utils import NormalizedName

from freshness.codes import REMARKS
from freshness.environments import PYTHON, TOOL, USER, VENV, Environment
from freshness.findings import Finding, Fix
from freshness.project import Project
from freshness.spelling import Typed, find_spelling
from freshness.tree import real


@dataclass(frozen=True)
class Fixes:
    """What mends the copies of one project; ``typed`` spells the verbs."""

    project: Project
    typed: Typed

    def verb(self, name: str, *arguments: str) -> Fix:
        """Give the fix that is one verb of this tool."""
        return Fix((self.typed(name, *arguments),))

    def reinstall(self, environment: Environment, *, editable: bool) -> Fix:
        """Give the fix that installs the project anew in *environment*, of the same kind."""
        if not environment.own:
            return self._with_pip(environment, editable=editable)
        verb = "install-editable" if editable else "install"
        target = {TOOL: "tool", VENV: "venv"}.get(environment.place, str(environment.prefix))
        if environment.place == TOOL and environment.prefix.name != self.project.name:
            target = str(environment.prefix)
        return self.verb(verb, *([] if target == self.project.target else ["--target", target]))

    def _with_pip(self, environment: Environment, *, editable: bool) -> Fix:
        """Give the fix for an interpreter's own folders, which are never replaced as a whole."""
        python = environment.python
        if python is None:
            return Fix(advice=f"no interpreter on PATH uses {environment.site_packages}: remove it")
        what = ["--editable", "."] if editable else ["."]
        pip = NormalizedName("pip") in environment.versions
        if not pip and environment.place == USER:
            return Fix(advice=f"install pip for {python}, or remove the project there by hand")
        if pip:
            user = ["--user"] if environment.place == USER else []
            command = [str(python), "-m", "pip", "install", "--quiet", *user, *what]
        else:
            name = self.project.name
            command = ["uv", "pip", "install", "--python", str(python)]
            command += ["--reinstall-package", name, *what]
        if _is_managed(environment):
            command.insert(command.index("install") + 1, "--break-system-packages")
            advice = f"the system keeps these packages; if they are yours: {shlex.join(command)}"
            return Fix(advice=advice)
        return Fix((self.typed("clean"), tuple(command)))


def _is_managed(environment: Environment) -> bool:
    """Tell whether the interpreter's packages are the system's to keep (PEP 668)."""
    if environment.python is None or environment.place not in (PYTHON, USER):
        return False
    library = real(environment.python).parents[1] / "lib"
    return any(library.glob("python3*/EXTERNALLY-MANAGED"))


def fixes_for(project: Project) -> Fixes:
    """Give the fixes of *project*, as they are typed in its folder."""
    return Fixes(project, find_spelling(project.root))


def commands_of(findings: Iterable[Finding]) -> list[tuple[str, ...]]:
    """Give the commands that mend what is stale of *findings*, each once, in order."""
    stale = [found.fix for found in findings if found.code not in REMARKS]
    return list(dict.fromkeys(command for fix in stale for command in fix.commands))

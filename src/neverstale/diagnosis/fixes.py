"""The commands that fix what a diagnosis finds, as the owner of the project types them."""

import os
from collections.abc import Iterable
from typing import NamedTuple

from neverstale.diagnosis.codes import REMARKS
from neverstale.diagnosis.findings import Finding, Fix
from neverstale.diagnosis.invocation import Typed, find_invocation
from neverstale.environments.environment import PYTHON, TOOL, USER, VENV, Environment
from neverstale.files import real
from neverstale.names import NormalizedName
from neverstale.project.metadata import Project
from neverstale.shell import typed


class Fixes(NamedTuple):
    """How to fix the copies of one project; ``typed`` returns a verb as it is typed."""

    project: Project
    typed: Typed

    def verb(self, name: str, *arguments: str) -> Fix:
        """Return the fix that is one verb of this tool."""
        return Fix((self.typed(name, *arguments),))

    def reinstall(self, environment: Environment, *, editable: bool) -> Fix:
        """Return the fix that installs the project again in *environment*, in the same way."""
        if not environment.own:
            return self._with_pip(environment, editable=editable)
        if environment.interpreter is None and not self._is_tool(environment):
            # Only its maker knows what else was in it; uv sync knows for the project's own.
            if environment.place == VENV and self.project.has_table:
                return self.verb("dev")
            return Fix(advice=f"create the environment again: {environment.prefix}")
        if editable and environment.place == VENV and self.project.has_table:
            return self.verb("dev")
        verb = "install-editable" if editable else "install"
        target = {TOOL: "tool", VENV: "venv"}.get(environment.place, str(environment.prefix))
        if environment.place == TOOL and not self._is_tool(environment):
            target = str(environment.prefix)
        return self.verb(verb, *([] if target == self.project.target else ["--target", target]))

    def another_python(self, environment: Environment) -> Fix:
        """Return the fix for an environment whose Python the project does not allow."""
        if self._is_tool(environment):
            return self.verb("install")
        if environment.place == VENV and self.project.has_table:
            return self.verb("dev")
        wanted = f"Python {self.project.requires_python}"
        return Fix(advice=f"create {environment.prefix} again with {wanted}")

    def _is_tool(self, environment: Environment) -> bool:
        return environment.place == TOOL and environment.prefix.name == self.project.name

    def _with_pip(self, environment: Environment, *, editable: bool) -> Fix:
        """Return the fix for an interpreter's own folders, which are never replaced as a whole."""
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
            command = ["uv", "pip", "install", "--python", str(python)]
            command += ["--reinstall-package", self.project.name, *what]
        if _is_managed(environment):
            command.insert(command.index("install") + 1, "--break-system-packages")
            advice = f"the system keeps these packages; if they are yours: {typed(command)}"
            return Fix(advice=advice)
        return Fix((self.typed("clean"), tuple(command)))


def _is_managed(environment: Environment) -> bool:
    """Return whether the interpreter's packages are the system's to keep (PEP 668)."""
    if environment.python is None or environment.place not in (PYTHON, USER):
        return False
    python = real(environment.python)
    if os.name == "nt":
        return (python.parent / "Lib/EXTERNALLY-MANAGED").is_file()
    return any((python.parents[1] / "lib").glob("python3*/EXTERNALLY-MANAGED"))


def fixes_for(project: Project) -> Fixes:
    """Return the fixes of *project*, as they are typed in its folder."""
    return Fixes(project, find_invocation(project.root))


def commands_of(findings: Iterable[Finding]) -> list[tuple[str, ...]]:
    """Return the commands that fix what is stale of *findings*, each once, in order."""
    stale = [found.fix for found in findings if found.code not in REMARKS]
    return list(dict.fromkeys(command for fix in stale for command in fix.commands))

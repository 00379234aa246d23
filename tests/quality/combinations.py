"""Named combinations of answers in which every pair of answers occurs together somewhere."""

from dataclasses import dataclass

from support.render import Combination

SWITCHES = ("vscode", "devcontainer", "docker", "agents", "renovate", "dependabot")


@dataclass(frozen=True)
class Everything(Combination):
    """The answers to every question with a choice."""

    license: str = "MIT"
    python_min: str = "3.10"
    ci: str = "github"
    docs: str = "zensical"
    type_checker: str = "mypy"
    extras: tuple[str, ...] = ()

    @property
    def answers(self) -> dict[str, object]:
        identity = {
            "project_name": "Demo App",
            "user_name": "Ada Lovelace",
            "user_email": "ada@example.org",
            "github_user": "ada",
        }
        return {**identity, **vars(self), "extras": list(self.extras)}

    @property
    def choices(self) -> set[tuple[str, object]]:
        """Each answer as (question, answer); what is in ``extras`` as questions of their own."""
        single = {(name, value) for name, value in vars(self).items() if name != "extras"}
        return single | {(name, name in self.extras) for name in SWITCHES}

    def __str__(self) -> str:
        more = (self.license, self.python_min, self.ci, self.docs, self.type_checker)
        return "-".join((super().__str__(), *more))


def _row(text: str) -> Everything:
    kind, layout, backend, version, license_, python, ci, docs, checker, *extras = text.split()
    return Everything(
        *(backend, layout, kind, version, "", license_, python, ci, docs, checker), tuple(extras)
    )


COMBINATIONS = [
    _row(line)
    for line in """
cli flat uv_build static MIT 3.11 none zensical pyrefly devcontainer agents
cli src setuptools vcs BSD-3-Clause 3.10 github none ty vscode docker renovate dependabot
library src hatchling static Apache-2.0 3.12 gitlab sphinx mypy renovate
library flat hatchling vcs none 3.13 github sphinx basedpyright vscode devcontainer agents dependabot
cli flat setuptools vcs proprietary 3.12 gitlab none mypy devcontainer docker agents
cli src uv_build static MPL-2.0 3.13 none zensical basedpyright vscode docker renovate
library flat uv_build static GPL-3.0-or-later 3.10 github zensical ty agents dependabot
cli src hatchling vcs GPL-3.0-or-later 3.11 gitlab sphinx pyrefly vscode devcontainer docker renovate
library src setuptools static none 3.11 none none pyrefly
library flat hatchling vcs MPL-2.0 3.10 none sphinx ty devcontainer agents renovate
cli src setuptools vcs MIT 3.12 github zensical mypy vscode docker renovate dependabot
library src uv_build static BSD-3-Clause 3.12 gitlab none basedpyright devcontainer agents
library src uv_build static proprietary 3.11 github sphinx pyrefly vscode renovate dependabot
cli flat setuptools vcs Apache-2.0 3.13 github none pyrefly devcontainer docker agents dependabot
cli flat uv_build static none 3.10 gitlab zensical mypy docker renovate
library flat hatchling vcs MIT 3.13 gitlab none ty renovate
cli flat hatchling static BSD-3-Clause 3.13 none zensical mypy agents
library src setuptools static MPL-2.0 3.11 github none mypy vscode agents dependabot
library src uv_build static Apache-2.0 3.11 none zensical basedpyright vscode
cli src setuptools static GPL-3.0-or-later 3.12 none none basedpyright vscode devcontainer docker
cli src hatchling vcs proprietary 3.10 none zensical basedpyright docker renovate
library flat setuptools static MPL-2.0 3.12 gitlab sphinx pyrefly vscode
cli src setuptools static BSD-3-Clause 3.10 github sphinx pyrefly vscode devcontainer docker
library src hatchling static MIT 3.10 gitlab sphinx basedpyright agents
cli src hatchling vcs none 3.12 github zensical ty vscode devcontainer docker dependabot
cli src uv_build static proprietary 3.13 none none ty vscode devcontainer agents
cli flat hatchling vcs Apache-2.0 3.10 github none ty vscode devcontainer agents renovate
cli flat uv_build static GPL-3.0-or-later 3.13 none sphinx mypy devcontainer agents
cli flat setuptools vcs BSD-3-Clause 3.11 github sphinx ty vscode devcontainer agents dependabot
cli src hatchling static MIT 3.11 github zensical mypy dependabot
""".strip().splitlines()
]
"""The last one has the defaults."""

IMPOSSIBLE = [
    {("build_backend", "uv_build"), ("version_source", "vcs")},
    {("ci", "gitlab"), ("dependabot", True)},
    {("ci", "none"), ("dependabot", True)},
    {("project_type", "library"), ("docker", True)},
]
"""Pairs that the template refuses, with a sentence that says what to type."""

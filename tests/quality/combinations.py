"""Named combinations of answers in which every answer to every question occurs somewhere."""

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
        given = {name: value for name, value in vars(self).items() if value != ""}
        return {**identity, **given, "extras": list(self.extras)}

    @property
    def choices(self) -> set[tuple[str, object]]:
        """Each answer as (question, answer); what is in ``extras`` as questions of their own."""
        single = {(name, value) for name, value in vars(self).items() if name != "extras"}
        return single | {(name, name in self.extras) for name in SWITCHES}

    def __str__(self) -> str:
        more = (self.license, self.python_min, self.ci, self.docs, self.type_checker)
        return "-".join((super().__str__(), *more))


def _row(text: str) -> Everything:
    kind, layout, built, version, license_, python, ci, docs, checker, *extras = text.split()
    backend, _, binding = built.partition(":")
    return Everything(
        *(backend, layout, kind, version, license_, python, ci, docs, checker),
        tuple(extras),
        binding=binding,
    )


COMBINATIONS = [
    _row(line)
    for line in """
cli src setuptools vcs BSD-3-Clause 3.10 github none ty vscode docker renovate dependabot
library src hatchling static Apache-2.0 3.12 gitlab sphinx mypy renovate
library flat uv_build static GPL-3.0-or-later 3.10 github zensical ty agents dependabot
cli namespace scikit_build_core:nanobind static none 3.12 gitlab zensical mypy devcontainer docker renovate
cli workspace pdm vcs AGPL-3.0-or-later 3.13 none sphinx basedpyright docker agents
cli workspace poetry_core static LGPL-3.0-or-later 3.10 github zensical ty vscode devcontainer docker renovate dependabot
cli namespace flit_core static ISC 3.10 none none pyrefly devcontainer agents renovate
cli src scikit_build_core:pybind11 static MPL-2.0 3.11 gitlab none pyrefly vscode devcontainer docker agents
cli namespace meson_python static proprietary 3.12 gitlab none ty vscode agents
cli namespace maturin static MIT 3.12 none zensical basedpyright devcontainer renovate
library namespace setuptools_ext:c vcs proprietary 3.13 none sphinx ty devcontainer agents
cli src hatchling static MIT 3.11 github zensical mypy dependabot
""".strip().splitlines()
]
"""The last one has the defaults."""

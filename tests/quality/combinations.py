"""Named combinations of answers in which every pair of answers occurs together somewhere."""

from dataclasses import dataclass

from support.render import COMPILED, PURE, Combination

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
cli namespace setuptools_ext:c static MPL-2.0 3.11 github sphinx basedpyright vscode agents dependabot
cli namespace scikit_build_core:nanobind static none 3.12 gitlab zensical mypy devcontainer docker renovate
library namespace setuptools_ext:pybind11 vcs GPL-3.0-or-later 3.13 github sphinx ty devcontainer renovate
cli workspace pdm vcs MPL-2.0 3.13 none sphinx basedpyright docker agents
library src scikit_build_core:nanobind vcs MPL-2.0 3.13 github sphinx basedpyright agents dependabot
cli workspace poetry_core static none 3.10 github zensical ty vscode devcontainer docker renovate dependabot
cli namespace flit_core static BSD-3-Clause 3.10 none none pyrefly devcontainer agents renovate
cli src setuptools_ext:c vcs Apache-2.0 3.10 gitlab zensical mypy devcontainer docker agents renovate
cli src scikit_build_core:pybind11 static MPL-2.0 3.11 gitlab none pyrefly vscode devcontainer docker agents
cli namespace meson_python static proprietary 3.12 gitlab none ty vscode agents
cli workspace poetry_core vcs GPL-3.0-or-later 3.11 none none pyrefly vscode agents
cli namespace maturin static MIT 3.12 none zensical basedpyright devcontainer renovate
cli namespace maturin static Apache-2.0 3.13 github sphinx pyrefly vscode docker agents dependabot
library namespace pdm static none 3.10 gitlab zensical ty vscode devcontainer renovate
cli workspace flit_core static Apache-2.0 3.13 github zensical basedpyright vscode docker dependabot
cli src meson_python static none 3.13 github sphinx basedpyright devcontainer docker renovate dependabot
library src setuptools_ext:c vcs MIT 3.10 none none pyrefly
cli workspace pdm static BSD-3-Clause 3.11 github none mypy devcontainer docker agents dependabot
library src scikit_build_core:nanobind static Apache-2.0 3.11 none none ty devcontainer agents renovate
library flat poetry_core static Apache-2.0 3.13 gitlab sphinx mypy devcontainer renovate
cli namespace scikit_build_core:pybind11 static Apache-2.0 3.10 none zensical basedpyright docker agents
library flat flit_core static none 3.11 gitlab zensical ty agents renovate
cli src setuptools_ext:pybind11 static none 3.12 github zensical mypy devcontainer dependabot
library src maturin static Apache-2.0 3.11 gitlab none mypy agents
cli workspace pdm static proprietary 3.12 gitlab none basedpyright docker agents renovate
library src meson_python static MPL-2.0 3.11 none zensical mypy vscode agents renovate
cli src flit_core static MPL-2.0 3.12 github sphinx mypy devcontainer docker agents renovate dependabot
library src scikit_build_core:nanobind vcs proprietary 3.10 gitlab zensical pyrefly vscode devcontainer agents
cli src poetry_core static MIT 3.12 gitlab zensical basedpyright agents renovate
library namespace setuptools_ext:c vcs proprietary 3.13 none sphinx ty devcontainer agents
cli namespace meson_python static BSD-3-Clause 3.10 github none pyrefly docker agents dependabot
library src pdm static MIT 3.12 none zensical pyrefly vscode devcontainer renovate
cli namespace maturin static MPL-2.0 3.10 none zensical ty docker agents renovate
cli src setuptools_ext:c vcs BSD-3-Clause 3.12 none sphinx ty docker
cli workspace flit_core static MIT 3.12 github zensical basedpyright vscode devcontainer renovate
cli src scikit_build_core:nanobind vcs MIT 3.11 github sphinx basedpyright devcontainer docker agents renovate dependabot
cli namespace scikit_build_core:nanobind vcs BSD-3-Clause 3.13 gitlab zensical basedpyright docker renovate
cli namespace poetry_core vcs proprietary 3.10 github none mypy vscode docker agents renovate dependabot
cli flat pdm static GPL-3.0-or-later 3.12 github sphinx pyrefly vscode docker agents
library namespace scikit_build_core:nanobind static GPL-3.0-or-later 3.11 gitlab sphinx pyrefly vscode agents renovate
cli workspace hatchling static GPL-3.0-or-later 3.11 github none basedpyright vscode devcontainer agents renovate
library src setuptools_ext:pybind11 static proprietary 3.12 github zensical ty devcontainer renovate
cli src flit_core static proprietary 3.11 github sphinx ty vscode devcontainer docker agents renovate dependabot
cli namespace setuptools_ext:pybind11 vcs MIT 3.13 none sphinx pyrefly vscode devcontainer renovate
library namespace maturin static BSD-3-Clause 3.12 none zensical ty vscode devcontainer agents
cli flat poetry_core static BSD-3-Clause 3.11 none zensical ty vscode devcontainer renovate
cli namespace pdm vcs Apache-2.0 3.11 none sphinx basedpyright devcontainer docker renovate
cli workspace uv_build static Apache-2.0 3.10 none sphinx pyrefly vscode agents
library namespace meson_python static MIT 3.10 github zensical pyrefly devcontainer agents renovate
cli namespace hatchling static proprietary 3.13 github sphinx basedpyright vscode renovate dependabot
cli namespace uv_build static MIT 3.10 gitlab none mypy vscode agents
library namespace meson_python static GPL-3.0-or-later 3.13 gitlab sphinx mypy vscode devcontainer
cli namespace poetry_core vcs MPL-2.0 3.10 gitlab zensical pyrefly vscode agents
cli src setuptools_ext:pybind11 vcs BSD-3-Clause 3.13 github zensical basedpyright vscode agents
library src setuptools_ext:c vcs none 3.12 github none pyrefly agents renovate dependabot
library namespace setuptools_ext:c static GPL-3.0-or-later 3.12 none sphinx basedpyright vscode
library src maturin static proprietary 3.10 gitlab zensical pyrefly vscode devcontainer agents
cli workspace setuptools static Apache-2.0 3.13 none zensical mypy agents renovate
cli src maturin static GPL-3.0-or-later 3.11 gitlab zensical ty vscode docker agents
cli src flit_core static GPL-3.0-or-later 3.13 github none pyrefly docker agents
cli src meson_python static Apache-2.0 3.12 github sphinx basedpyright devcontainer
library namespace setuptools vcs MIT 3.11 github none mypy devcontainer agents renovate
cli src maturin static none 3.11 github zensical basedpyright devcontainer
cli src hatchling static MIT 3.11 github zensical mypy dependabot
""".strip().splitlines()
]
"""The last one has the defaults."""

BINDINGS = {"setuptools_ext": {"c", "pybind11"}, "scikit_build_core": {"nanobind", "pybind11"}}

IMPOSSIBLE = [
    *({("build_backend", b), ("version_source", "vcs")} for b in ("flit_core", "uv_build")),
    *({("build_backend", b), ("version_source", "vcs")} for b in ("maturin", "meson_python")),
    *({("build_backend", b), ("layout", at)} for b in COMPILED for at in ("flat", "workspace")),
    {("ci", "gitlab"), ("dependabot", True)},
    {("ci", "none"), ("dependabot", True)},
    {("project_type", "library"), ("docker", True)},
    {("project_type", "library"), ("layout", "workspace")},
    # The question of the binding is asked for two build backends alone, each with answers of its own.
    *(
        {("build_backend", backend), ("binding", binding)}
        for backend in (*PURE, *COMPILED)
        for binding in ("", "c", "nanobind", "pybind11")
        if binding not in BINDINGS.get(backend, {""})
    ),
    *(
        {("binding", b), ("layout", at)}
        for b in ("c", "nanobind", "pybind11")
        for at in ("flat", "workspace")
    ),
]
"""Pairs that the template refuses, with a sentence that says what to type."""

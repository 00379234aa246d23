"""What is stale, and why: values in, findings and a verdict out.

Nothing here touches a path, a process or the terminal.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from freshness.distribution import Distribution
from freshness.installed import Installed
from freshness.project import Project
from freshness.record import Digest

ADDED_BY_INSTALLERS = frozenset(
    {"INSTALLER", "RECORD", "REQUESTED", "direct_url.json", "uv_build.json", "uv_cache.json"}
)
"""What installers put into dist-info beside what the wheel holds."""


class Verdict(Enum):
    """How one place stands to the sources as they are now."""

    FRESH = "fresh"
    EDITABLE = "editable"
    OUT_OF_DATE = "out of date"
    DAMAGED = "damaged"
    NOT_INSTALLED = "not installed"
    UNKNOWN = "unknown"


class Code(Enum):
    """What a finding is; the family is the first digit.

    1: sources and wheel, 2: wheel and installed, 3: RECORD and disk, 4: commands and requirements,
    6: which copy runs.
    """

    F101 = "in the package, and the build backend does not select it"
    F102 = "in the wheel, and gone from the sources"
    F103 = "not the same in the wheel and in the sources"
    F201 = "in the wheel, and not installed"
    F202 = "installed, and not in the wheel"
    F203 = "not the same in the wheel and where it is installed"
    F204 = "another version is installed"
    F301 = "changed since it was installed"
    F302 = "in RECORD, and not on disk"
    F303 = "on disk, and not in RECORD"
    F401 = "command declared, and not installed"
    F402 = "command installed, and no longer declared"
    F403 = "requirement declared, and not in METADATA"
    F404 = "requirement in METADATA, and not declared"
    F405 = "requirement not satisfied"
    F406 = "module of a command, not in the wheel"
    F601 = "another file answers to the command"
    F602 = "the folder of commands is not on PATH"
    F603 = "the interpreter of the environment is gone"


GENERATED = "{}; a file that the build itself writes: name it in [tool.freshness] generated"

REMARKS = frozenset({Code.F101, Code.F602})
"""Worth saying, and no sign of anything stale."""


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be: the code, what shows it, the command that mends it."""

    code: Code
    evidence: tuple[str, ...]
    fix: str


def verdict_of(installed: Installed | None, findings: Iterable[Finding]) -> Verdict:
    """Sum up the findings about one place."""
    if installed is None:
        return Verdict.NOT_INSTALLED
    families = {f.code.name[1] for f in findings if f.code not in REMARKS}
    if "3" in families:
        return Verdict.DAMAGED
    if families:
        return Verdict.OUT_OF_DATE
    return Verdict.EDITABLE if installed.editable else Verdict.FRESH


def judge_wheel(
    project: Project, sources: Mapping[str, Digest], wheel: Distribution, fix: str
) -> list[Finding]:
    """Hold a wheel against the sources and the declarations that it was built from."""
    origins = _origins(sources, wheel.files)
    package_files = {
        _source_of(path, origins[_package(path)]): path
        for path in wheel.files
        if _package(path) in origins
        if not any(fnmatchcase(path, pattern) for pattern in project.generated)
    }
    package_files = {s: p for s, p in package_files.items() if not _named(project, s, p)}
    gone = [p for s, p in package_files.items() if s not in sources and p.endswith(".py")]
    differ = [s for s, p in package_files.items() if s in sources and sources[s] != wheel.files[p]]
    unselected = [
        source
        for package, folder in origins.items()
        for source in sources
        if package and source.startswith(f"{folder}/") and source not in package_files
        if source.endswith(".py")
    ]
    lost = [m for c in wheel.commands.values() if (m := _lost_module(c, sources, wheel))]
    found = [
        Finding(code, tuple(sorted(paths)), advice)
        for code, paths, advice in (
            (Code.F101, unselected, "see what the build backend selects"),
            (Code.F102, gone, GENERATED.format(fix)),
            (Code.F103, differ, GENERATED.format(fix)),
            (Code.F406, lost, "have the build backend select it"),
        )
        if paths
    ]
    return found + list(_judge_declarations(project, wheel, frozenset(wheel.commands), fix))


def _named(project: Project, source: str, path: str) -> bool:
    """Tell whether pyproject.toml itself names a file: then the owner has a build write it."""
    return any(
        f"{quote}{name}{quote}" in project.text for name in (source, path) for quote in "\"'"
    )


def _lost_module(target: str, sources: Mapping[str, Digest], wheel: Distribution) -> str | None:
    """Give the source of a command's module, if the sources have it and the wheel does not."""
    path = target.partition(":")[0].strip().replace(".", "/")
    if any(file.startswith((f"{path}.", f"{path}/__init__.")) for file in wheel.files):
        return None
    places = (f"{start}{path}{end}" for start in ("src/", "") for end in (".py", "/__init__.py"))
    return next((place for place in places if place in sources), None)


def judge_installed(
    project: Project,
    reference: Distribution | None,
    installed: Installed,
    environment: tuple[str | None, Mapping[NormalizedName, Version]],
    fix: str,
) -> list[Finding]:
    """Hold an installed distribution against the wheel that it should be, and against itself.

    *environment* is the version of its interpreter and the versions of what lies beside it.
    An editable install has no files to compare: its declarations and its RECORD are judged.
    """
    found: list[Finding] = []
    if reference and not installed.editable:
        found += _judge_files(reference, installed, fix)
        found += _judge_version(project, reference, installed, fix)
    found += _judge_disk(installed, fix)
    found += _judge_declarations(project, installed.distribution, installed.commands, fix)
    unmet = tuple(_unmet(installed.distribution.requirements, *environment))
    return [*found, *([Finding(Code.F405, unmet, fix)] if unmet else [])]


def _judge_files(wheel: Distribution, installed: Installed, fix: str) -> Iterator[Finding]:
    flawed = installed.altered | installed.missing
    expected = {p: d for p, d in wheel.files.items() if not p.startswith("{headers}/")}
    present = installed.distribution.files
    switched = wheel.executable ^ installed.distribution.executable
    missing = expected.keys() - present.keys() - flawed
    extra = {p for p in present.keys() - expected.keys() if not _by_installer(p, installed)}
    rewritten = {p for p in expected if p.startswith("{scripts}/")}  # the #! line, PEP 427
    differ = {
        path
        for path in (expected.keys() & present.keys()) - flawed - rewritten
        if expected[path] != present[path] or path in switched
    }
    for code, paths in ((Code.F201, missing), (Code.F202, extra), (Code.F203, differ)):
        if paths:
            yield Finding(code, tuple(sorted(paths)), fix)


def _judge_version(
    project: Project, wheel: Distribution, installed: Installed, fix: str
) -> Iterator[Finding]:
    """Compare a version that only the build knows; a static one is a declaration."""
    if project.version is None and wheel.version != installed.distribution.version:
        evidence = f"{installed.distribution.version} is installed, the sources are {wheel.version}"
        yield Finding(Code.F204, (evidence,), fix)


def _by_installer(path: str, installed: Installed) -> bool:
    folder, _, name = path.rpartition("/")
    return (
        (folder == installed.dist_info and name in ADDED_BY_INSTALLERS)
        or (folder == "{scripts}" and _command(name) in installed.distribution.commands)
        or "__pycache__" in folder.split("/")
        or path.startswith("{data}/include/")  # where headers go
    )


def _command(file_name: str) -> str:
    return file_name.removesuffix(".exe").removesuffix("-script.pyw").removesuffix("-script.py")


def _judge_disk(installed: Installed, fix: str) -> Iterator[Finding]:
    for code, paths in (
        (Code.F301, installed.altered),
        (Code.F302, installed.missing),
        (Code.F303, installed.unrecorded),
    ):
        if paths:
            yield Finding(code, tuple(sorted(paths)), fix)


def _judge_declarations(
    project: Project, distribution: Distribution, commands: frozenset[str], fix: str
) -> Iterator[Finding]:
    if project.commands is not None:
        declared = project.commands
        wrong = {n for n in declared if distribution.commands.get(n) != declared[n]}
        absent = wrong | (declared.keys() - commands)
        own = {path.removeprefix("{scripts}/") for path in distribution.files}
        left = distribution.commands.keys() | (commands - own)
        left -= declared.keys()
        if absent:
            yield Finding(Code.F401, tuple(sorted(absent)), fix)
        if left:
            yield Finding(Code.F402, tuple(sorted(left)), fix)
    if project.requirements is not None:
        wanted = _by_kind(project.requirements, project.name)
        given = _by_kind(distribution.requirements, project.name)
        for code, here, there in ((Code.F403, wanted, given), (Code.F404, given, wanted)):
            differ = [text for kind, text in here.items() if kind not in there]
            if differ:
                yield Finding(code, tuple(sorted(differ)), fix)
    if project.version and Version(project.version) != Version(distribution.version):
        evidence = f"{distribution.version} is installed, pyproject.toml says {project.version}"
        yield Finding(Code.F204, (evidence,), fix)


def _by_kind(
    requirements: Iterable[Requirement], own: NormalizedName
) -> dict[tuple[object, ...], str]:
    """Give requirements by all but their markers, which build backends put in words of their own.

    One of the project on itself (``all = ["name[one,two]"]``) is left out: some spell it out.
    """
    return {
        (canonicalize_name(r.name), frozenset(r.extras), r.specifier, r.url): str(r)
        for r in requirements
        if canonicalize_name(r.name) != own
    }


def package_folders(sources: Mapping[str, Digest], files: Mapping[str, Digest]) -> tuple[str, ...]:
    """Give the folders of the sources, ``/`` at the end, that the packages of a wheel are from."""
    return tuple(f"{folder}/".lstrip("/") for folder in _origins(sources, files).values())


def _unmet(
    requirements: Iterable[Requirement],
    python_version: str | None,
    versions: Mapping[NormalizedName, Version],
) -> Iterator[str]:
    """Give the requirements that hold in that environment and that nothing in it satisfies."""
    context = {name: str(value) for name, value in default_environment().items()} | {"extra": ""}
    if python_version:
        minor = ".".join(python_version.split(".")[:2])
        context |= {"python_full_version": python_version, "python_version": minor}
    for requirement in sorted(requirements, key=str):
        if requirement.marker and not requirement.marker.evaluate(context):
            continue
        version = versions.get(canonicalize_name(requirement.name))
        if version is None:
            yield f"{requirement} (not installed)"
        elif not requirement.specifier.contains(version, prereleases=True):
            yield f"{requirement} ({version} is installed)"


def _origins(sources: Mapping[str, Digest], files: Mapping[str, Digest]) -> dict[str, str]:
    """Give, for each package of a wheel, the folder of the sources that most of it comes from.

    The package ``""`` stands for modules outside of packages; ``.dist-info`` has no origin.
    """
    counts: dict[str, Counter[str]] = {}
    for source in sources:
        parts = source.split("/")
        for depth in range(len(parts)):
            path = "/".join(parts[depth:])
            package = _package(path)
            if path in files and not package.endswith(".dist-info"):
                folder = source.removesuffix(path.removeprefix(package)).removesuffix("/")
                counts.setdefault(package, Counter())[folder] += 1
    return {package: _likeliest(package, counter) for package, counter in counts.items()}


def _likeliest(package: str, counter: Counter[str]) -> str:
    """Give the usual folder where it has any of the package's files, else the one with most."""
    usual = (f"src/{package}".rstrip("/"), package)
    return next((folder for folder in usual if folder in counter), counter.most_common(1)[0][0])


def _source_of(path: str, folder: str) -> str:
    """Give where a wheel's *path* comes from, if its package comes from *folder*."""
    return f"{folder}/{path.removeprefix(_package(path)).lstrip('/')}".lstrip("/")


def _package(path: str) -> str:
    return path.partition("/")[0] if "/" in path else ""

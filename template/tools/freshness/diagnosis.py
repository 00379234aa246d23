"""What is stale in a wheel or an installation, and why: values in, findings out.

Nothing here touches a path, a process or the terminal.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from packaging.version import Version

from freshness.codes import Code
from freshness.distribution import Distribution, is_safe
from freshness.findings import Evidence, Finding, Fix, finding
from freshness.installed import Installed
from freshness.project import Project
from freshness.record import Digest
from freshness.requirements import Surroundings, by_kind, by_own_extras, unmet

ADDED_BY_INSTALLERS = frozenset(
    {"INSTALLER", "RECORD", "REQUESTED", "direct_url.json", "uv_build.json", "uv_cache.json"}
)
"""What installers put into dist-info beside what the wheel holds."""

ADDED_TO_SDISTS = ("PKG-INFO", "setup.cfg", "*.egg-info/*")
"""What build backends write into an sdist, or write anew there."""

BY_THE_BUILD = "if the build itself writes that file, name it in [tool.freshness] generated"

EXECUTABLE = {True: "executable", False: "not executable"}


OURS = "tools/freshness"
"""Where this tool and what belongs to it lie in a project; nothing of a package."""


def judge_wheel(
    project: Project, sources: Mapping[str, Digest], wheel: Distribution, fix: Fix
) -> list[Finding]:
    """Hold a wheel against the sources and the declarations that it was built from."""
    matched = _match(project, sources, wheel.files)
    lost = sorted(
        module for c in wheel.commands.values() if (module := _lost_module(c, sources, wheel))
    )
    advice = Fix(advice="have the build backend select it in pyproject.toml")
    written = Fix(fix.commands, BY_THE_BUILD)
    ours = [path for path in wheel.files if path.startswith(OURS)][:1]
    leave_out = Fix(advice='tell the build backend: exclude "tools*" from the packages')
    found = [
        finding(Code.F101, advice, *(p for p in matched.unselected if not p.startswith(OURS))),
        finding(Code.F106, leave_out, *ours),
        finding(Code.F102, written, *matched.gone),
        Finding(Code.F103, tuple(matched.differing), written),
        finding(Code.F406, advice, *lost),
    ]
    return [f for f in found if f.evidence] + [*_judge_declarations(project, wheel, fix)]


def judge_archive(reference: Distribution, archive: Distribution, fix: Fix) -> list[Finding]:
    """Hold a wheel that lies in ``dist/`` against *reference*, the wheel of the sources."""
    gone = archive.files.keys() - reference.files.keys()
    added = reference.files.keys() - archive.files.keys()
    if reference.version != archive.version:  # every path of its dist-info differs, too
        gone, added = ({p for p in paths if ".dist-info/" not in p} for paths in (gone, added))
    both = reference.files.keys() & archive.files.keys()
    same = {path for path in both if _is_rewritten(path, reference, archive)}
    differing = _differing(reference, archive, both - same)
    return _judge_contents(reference, archive.version, gone, added, differing, fix)


def judge_sdist(
    project: Project,
    version: str,
    files: Mapping[str, Digest],
    sources: Mapping[str, Digest],
    reference: Distribution | None,
    fix: Fix,
) -> list[Finding]:
    """Hold an sdist of *version* and *files* against the sources.

    What it lacks is known where there is a *reference*: it needs all that the wheel comes from.
    """
    original = _without_rewritten(project, files)
    compared = {
        path
        for path in original
        if not _matches(path, (*ADDED_TO_SDISTS, *project.generated))
        if not _is_written(project, path)
    }
    gone = {p for p in compared - sources.keys() if not _is_named(project, p)}
    gone.discard("setup.py")  # poetry-core makes one
    differing = [
        Evidence(path, sources[path], original[path])
        for path in sorted(compared & sources.keys())
        if original[path] != sources[path]
    ]
    if reference is None:
        found = [finding(Code.F102, fix, *sorted(gone)), Finding(Code.F103, tuple(differing), fix)]
        return [f for f in found if f.evidence]
    origins = _origins(sources, reference.files)
    needed = {
        _source_of(p, origins[_package(p)]) for p in reference.files if _package(p) in origins
    }
    added = (needed & sources.keys()) - files.keys()
    return _judge_contents(reference, version, gone, added, differing, fix)


def _without_rewritten(project: Project, files: Mapping[str, Digest]) -> dict[str, Digest]:
    """Give the *files* of an sdist as they were before the build backend wrote some anew.

    uv_build normalises pyproject.toml and keeps the old one beside it; pdm-backend writes the
    version into it.
    """
    original = dict(files)
    if before := original.pop("pyproject.toml.orig", None):
        original["pyproject.toml"] = before
    elif project.build_backend.startswith("pdm"):
        original.pop("pyproject.toml", None)
    return original


def _judge_contents(
    reference: Distribution,
    version: str,
    gone: Iterable[str],
    added: Iterable[str],
    differing: Iterable[Evidence],
    fix: Fix,
) -> list[Finding]:
    found = [
        finding(Code.F102, fix, *sorted(gone)),
        Finding(Code.F103, tuple(differing), fix),
        finding(Code.F104, fix, *sorted(added)),
    ]
    found = [f for f in found if f.evidence]
    if Version(version) != Version(reference.version):
        found.append(_other_version(version, reference.version, fix))
    elif found:
        found.append(finding(Code.F503, fix, f"version {version}"))
    return found


def judge_installed(
    project: Project,
    reference: Distribution | None,
    installed: Installed,
    surroundings: Surroundings,
    fix: Fix,
) -> list[Finding]:
    """Hold an installed distribution against the wheel that it should be, and against itself.

    An editable install has no files to compare: its declarations and its RECORD are judged.
    """
    found: list[Finding] = []
    if reference and not installed.editable:
        found += _judge_files(reference, installed, fix)
        if project.version is None and reference.version != installed.distribution.version:
            found.append(_other_version(installed.distribution.version, reference.version, fix))
    if reference and installed.editable and project.version is None:
        found += _judge_tag(reference.version, installed.distribution.version, fix)
    found += _judge_disk(installed, fix)
    found += _judge_declarations(project, installed.distribution, fix, installed.commands)
    if lacking := list(unmet(installed.distribution, surroundings)):
        found.append(finding(Code.F405, fix, *lacking))
    if not surroundings.fits:
        tags = ", ".join(sorted(installed.tags))
        evidence = Evidence("wheel tag", f"Python {surroundings.python_version}", tags)
        found.append(Finding(Code.F606, (evidence,), fix))
    return found


def judge_by_sources(
    project: Project, sources: Mapping[str, Digest], installed: Installed, fix: Fix
) -> tuple[list[Finding], str]:
    """Hold an installed distribution against the sources, where no wheel of them is known.

    Give the findings that are certain without a build, and why nothing more is certain.
    """
    files = {p: d for p, d in installed.distribution.files.items() if not _of_info(p)}
    files = {p: d for p, d in files.items() if not p.startswith("{") and p not in installed.altered}
    matched = _match(project, sources, files)
    found = [
        finding(Code.F202, fix, *matched.gone),
        Finding(Code.F203, tuple(matched.differing), fix),
    ]
    modules = [source for source in matched.unselected if source.endswith(".py")]
    doubt = "only a build tells whether the sources would give what is installed"
    if modules:
        more = f" and {len(modules) - 1} more" if len(modules) > 1 else ""
        doubt = f"only a build tells whether {modules[0]}{more} should be installed"
    return [f for f in found if f.evidence], doubt


@dataclass(frozen=True)
class _Matched:
    """Files of a wheel held against the sources that they come from."""

    gone: list[str]
    differing: list[Evidence]
    unselected: list[str]


def _match(
    project: Project, sources: Mapping[str, Digest], files: Mapping[str, Digest]
) -> _Matched:
    origins = _origins(sources, files)
    selected = {
        _source_of(path, origins[_package(path)]): path
        for path in files
        if _package(path) in origins
    }
    compared = {
        source: path
        for source, path in selected.items()
        if not _matches(path, project.generated) and not _is_written(project, source)
    }
    differing = [
        Evidence(source, sources[source], files[path])
        for source, path in sorted(compared.items())
        if source in sources and sources[source] != files[path]
    ]
    folders = tuple(f"{folder}/" for package, folder in origins.items() if package)
    unselected = [
        source
        for source in sorted(sources)
        if source.startswith(folders) and source not in selected and not _is_hidden(source)
    ]
    gone = sorted(
        path
        for source, path in compared.items()
        if source not in sources and path.endswith(".py") and not _is_named(project, path)
    )
    return _Matched(gone, differing, unselected)


def _is_hidden(path: str) -> bool:
    return path.endswith((".pyc", "~")) or any(part.startswith(".") for part in path.split("/"))


def _matches(path: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in patterns)


def _of_info(path: str) -> bool:
    return _package(path).endswith((".dist-info", ".egg-info")) or (
        "/" not in path and (path.endswith((".pth", ".egg-link")))
    )


def _is_written(project: Project, source: str) -> bool:
    """Tell whether a setting of the build backend has a build write that file."""
    return any(f"/{source}".endswith(f"/{path}") for path in project.written)


def _is_named(project: Project, path: str) -> bool:
    """Tell whether pyproject.toml itself names *path*, as where something else is put."""
    return any(f"{quote}{path}{quote}" in project.text for quote in "\"'")


def _lost_module(target: str, sources: Mapping[str, Digest], wheel: Distribution) -> str | None:
    """Give the source of a command's module, if the sources have it and the wheel does not."""
    path = target.partition(":")[0].strip().replace(".", "/")
    if any(file.startswith((f"{path}.", f"{path}/__init__.")) for file in wheel.files):
        return None
    places = (f"{start}{path}{end}" for start in ("src/", "") for end in (".py", "/__init__.py"))
    return next((place for place in places if place in sources), None)


def _differing(expected: Distribution, found: Distribution, paths: Iterable[str]) -> list[Evidence]:
    """Give those of *paths* whose bytes, or else whose permission to execute, differ."""
    differ = []
    for path in sorted(paths):
        if expected.files[path] != found.files[path]:
            differ.append(Evidence(path, expected.files[path], found.files[path]))
        elif path.startswith("{scripts}/"):  # executable wherever it is installed
            continue
        elif (path in expected.executable) != (path in found.executable):
            here, there = (EXECUTABLE[path in d.executable] for d in (expected, found))
            differ.append(Evidence(path, here, there))
    return differ


def _judge_files(wheel: Distribution, installed: Installed, fix: Fix) -> Iterator[Finding]:
    flawed = installed.altered.keys() | installed.missing | installed.outside
    expected = {p for p in wheel.files if not p.startswith("{headers}/")}
    present = installed.distribution.files
    missing = expected - present.keys() - flawed - installed.unrecorded
    extra = {p for p in present.keys() - expected if not _by_installer(p, installed)}
    both = (expected & present.keys()) - flawed
    same = {p for p in both if _is_rewritten(p, wheel, installed.distribution)}
    scripts = {p for p in same if p.startswith("{scripts}/")}
    if Version(wheel.version) != Version(installed.distribution.version):
        missing, extra = ({p for p in paths if not _of_info(p)} for paths in (missing, extra))
    for found in (
        finding(Code.F201, fix, *sorted(missing)),
        finding(Code.F202, fix, *sorted(extra)),
        Finding(Code.F203, tuple(_differing(wheel, installed.distribution, both - same)), fix),
        finding(Code.F208, fix, *sorted(same - scripts)),
    ):
        if found.evidence:
            yield found


def _is_rewritten(path: str, wheel: Distribution, installed: Distribution) -> bool:
    """Tell whether a file differs, and only in what is written anew: see `body_of`."""
    body = wheel.bodies.get(path)
    differs = wheel.files[path] != installed.files[path]
    return differs and body is not None and body == installed.bodies.get(path)


def _other_version(version: str, expected: str, fix: Fix) -> Finding:
    return Finding(Code.F204, (Evidence("version", expected, version),), fix)


def _judge_tag(expected: str, found: str, fix: Fix) -> Iterator[Finding]:
    """Compare versions from git; how many commits after a tag they are does not count."""
    here, there = Version(expected), Version(found)
    parts = [(v.base_version, v.pre, v.post, v.is_devrelease) for v in (here, there)]
    if parts[0] != parts[1]:
        yield Finding(Code.F408, (Evidence("version", expected, found),), fix)


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


def _judge_disk(installed: Installed, fix: Fix) -> Iterator[Finding]:
    altered = (Evidence(path, *both) for path, both in sorted(installed.altered.items()))
    stranger = Fix(advice="find out where the distribution is from; then install it anew")
    for found in (
        Finding(Code.F301, tuple(altered), fix),
        finding(Code.F302, fix, *sorted(installed.missing)),
        finding(Code.F303, fix, *sorted(installed.unrecorded)),
        finding(Code.F304, fix, *sorted(installed.unchecked)),
        finding(Code.F305, Fix(fix.commands, stranger.advice), *sorted(installed.outside)),
    ):
        if found.evidence:
            yield found


def _judge_declarations(
    project: Project,
    distribution: Distribution,
    fix: Fix,
    offered: frozenset[str] | None = None,
) -> Iterator[Finding]:
    """Compare what is declared with METADATA, and with the commands *offered* to the shell."""
    if project.commands is not None:
        yield from _judge_commands(project.commands, distribution, offered, fix)
    if project.plugins is not None:
        yield from _judge_plugins(project.plugins, distribution.plugins, fix)
    if project.requirements is not None:
        wanted = by_kind(project.requirements, project.name)
        given = by_kind(distribution.requirements, project.name)
        spelled_out = by_own_extras(
            (*project.requirements, *distribution.requirements), project.name
        )
        for code, here, there in ((Code.F403, wanted, given), (Code.F404, given, wanted)):
            differ = [text for kind, text in here.items() if kind not in {*there, *spelled_out}]
            if differ:
                yield finding(code, fix, *sorted(differ))
    if project.version and Version(project.version) != Version(distribution.version):
        yield _other_version(distribution.version, project.version, fix)


def _judge_plugins(
    declared: Mapping[str, str], given: Mapping[str, str], fix: Fix
) -> Iterator[Finding]:
    """Compare the entry points that are no commands."""
    absent = [
        Evidence(name, target, given.get(name, ""))
        for name, target in sorted(declared.items())
        if given.get(name) != target
    ]
    left = sorted(given.keys() - declared.keys())
    for found in (Finding(Code.F401, tuple(absent), fix), finding(Code.F402, fix, *left)):
        if found.evidence:
            yield found


def _judge_commands(
    declared: Mapping[str, str],
    distribution: Distribution,
    offered: frozenset[str] | None,
    fix: Fix,
) -> Iterator[Finding]:
    commands = frozenset(distribution.commands) if offered is None else offered
    unsafe = {name for name in distribution.commands if not is_safe(name)}
    differ = {n: distribution.commands.get(n, "") for n in declared}
    absent = {n for n in declared if differ[n] != declared[n]} | (declared.keys() - commands)
    own = {path.removeprefix("{scripts}/") for path in distribution.files}
    left = (distribution.commands.keys() | (commands - own)) - declared.keys() - unsafe
    evidence = tuple(Evidence(n, declared[n], differ[n]) for n in sorted(absent))
    for found in (
        Finding(Code.F401, evidence, fix),
        finding(Code.F402, fix, *sorted(left)),
        finding(Code.F409, fix, *sorted(unsafe)),
    ):
        if found.evidence:
            yield found


def package_folders(sources: Mapping[str, Digest], files: Mapping[str, Digest]) -> tuple[str, ...]:
    """Give the folders of the sources, ``/`` at the end, that the packages of a wheel are from."""
    return tuple(f"{folder}/".lstrip("/") for folder in _origins(sources, files).values())


def _origins(sources: Mapping[str, Digest], files: Mapping[str, Digest]) -> dict[str, str]:
    """Give, for each package of a wheel, the folder of the sources that most of it comes from.

    The package ``""`` stands for modules outside of packages; ``.dist-info`` has no origin.
    """
    counts: dict[str, Counter[str]] = {}
    for source in sources:
        start = 0
        while start >= 0:
            path = source[start:]
            if path in files and not (package := _package(path)).endswith(".dist-info"):
                folder = source.removesuffix(path.removeprefix(package)).removesuffix("/")
                counts.setdefault(package, Counter())[folder] += 1
            start = source.find("/", start) + 1 or -1
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

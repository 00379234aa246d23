"""A wheel compared with a wheel, and an installation with a wheel and with its own RECORD."""

import os
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from neverstale.diagnosis.checks.declarations import other_version
from neverstale.diagnosis.codes import Code
from neverstale.diagnosis.findings import Evidence, Finding, Fix, finding, shown
from neverstale.environments.installed import Installed
from neverstale.files import Digest
from neverstale.versions import is_same
from neverstale.wheels.distribution import Distribution

ADDED_BY_INSTALLERS = frozenset(
    {"INSTALLER", "RECORD", "REQUESTED", "direct_url.json", "uv_build.json", "uv_cache.json"}
)
"""What installers put into dist-info in addition to what the wheel has."""

EXECUTABLE = {True: "executable", False: "not executable"}

OURS = "tools/neverstale.py"

HOMES = (".", "src")
"""The folders of a project in which packages are."""

SBOMS = ".dist-info/sboms/"


def check_wheel(wheel: Distribution, unselected: Iterable[str], root: Path) -> list[Finding]:
    """Return what a build of the present sources shows: modules and files that it leaves out.

    *unselected* are files in the packages' folders that it did not take, *root* is the project's.
    """
    select = Fix(advice="have the build backend select it in pyproject.toml")
    exclude = Fix(advice='have the build backend exclude "tools*" from the packages')
    tops = {path.partition("/")[0] for path in wheel.files if "/" in path}
    # What is required, or a .pth file, may bring the module.
    alone = not wheel.requirements and not any(path.endswith(".pth") for path in wheel.files)
    lost = []
    for command, target in sorted(wheel.commands.items()):
        path = target.partition(":")[0].strip().replace(".", "/")
        there = any(f.startswith((f"{path}.", f"{path}/__init__.")) for f in wheel.files)
        top = path.partition("/")[0]
        within = (top in tops and "/" in path) or (alone and top not in sys.stdlib_module_names)
        if not there and (within or any((root / f"{at}/{path}.py").is_file() for at in HOMES)):
            lost.append(f"{command}: {target}")
    return shown(
        finding(Code.NS101, select, *sorted(unselected)),
        finding(Code.NS106, exclude, *(path for path in wheel.files if path == OURS)),
        finding(Code.NS406, select, *lost),
    )


def check_archive(
    reference: Distribution, archive: Distribution, fix: Fix, *, generated: Collection[str] = ()
) -> list[Finding]:
    """Compare an archive in ``dist/`` with *reference*, the same kind of archive built now."""
    gone = archive.files.keys() - reference.files.keys()
    added = reference.files.keys() - archive.files.keys()
    if reference.version != archive.version:  # every path of its dist-info differs, too
        gone, added = ({p for p in paths if not is_metadata(p)} for paths in (gone, added))
    both = (reference.files.keys() & archive.files.keys()) - set(generated)
    same = {path for path in both if _is_rewritten(path, reference, archive)}
    found = shown(
        finding(Code.NS102, fix, *sorted(gone)),
        Finding(Code.NS103, tuple(_differing(reference, archive, both - same)), fix),
        finding(Code.NS104, fix, *sorted(added)),
    )
    if not is_same(archive.version, reference.version):
        found.append(other_version(archive.version, reference.version, fix))
    elif found:
        found.append(finding(Code.NS503, fix, f"version {archive.version}"))
    return found


def check_installed(wheel: Distribution, installed: Installed, fix: Fix) -> list[Finding]:
    """Compare an installation that is not editable with *wheel*, which it should be."""
    flawed = installed.altered.keys() | installed.missing | installed.outside
    present = installed.distribution.files
    expected = set(wheel.files)
    missing = expected - present.keys() - flawed - installed.unrecorded
    extra = {p for p in present.keys() - expected if not _by_installer(p, installed)}
    both = (expected & present.keys()) - flawed
    same = {p for p in both if _is_rewritten(p, wheel, installed.distribution)}
    scripts = {p for p in same if p.startswith("{scripts}/")}
    if not is_same(wheel.version, installed.distribution.version):
        missing, extra = ({p for p in paths if not is_metadata(p)} for paths in (missing, extra))
    differing = _differing(wheel, installed.distribution, both - same)
    return shown(
        finding(Code.NS201, fix, *sorted(missing)),
        finding(Code.NS202, fix, *sorted(extra)),
        Finding(Code.NS203, tuple(differing), fix),
        finding(Code.NS208, fix, *sorted(same - scripts)),
    )


def check_editable(
    wheel: Distribution, pointers: Collection[str], installed: Installed, fix: Fix
) -> list[Finding]:
    """Compare an editable installation with *wheel*, what PEP 660's hook builds now.

    *pointers* are the folders that this one adds to sys.path. What it holds as a copy is compared
    as a copy; how an installer names the file with the pointers is its own affair.
    """
    present = installed.distribution.files
    flawed = installed.altered.keys() | installed.missing | installed.outside
    expected = {p for p in wheel.files if not is_metadata(p) and not p.endswith(".pth")}
    found = {p for p in present if not is_metadata(p) and not p.endswith(".pth")}
    extra = {p for p in found - expected if not _by_installer(p, installed)}
    here, there = ({_real(p) for p in paths} for paths in (pointers, installed.pointers))
    paths = [Evidence("sys.path", folder) for folder in sorted(here - there)]
    if paths and not expected - present.keys() and not here & there and there:
        paths = []  # it points elsewhere: said as such
    differing = _differing(wheel, installed.distribution, (expected & found) - flawed)
    differing += [*paths, *_other_fields(wheel.fields, installed.distribution.fields)]
    return shown(
        finding(Code.NS201, fix, *sorted(expected - present.keys() - flawed)),
        finding(Code.NS202, fix, *sorted(extra)),
        Finding(Code.NS203, tuple(differing), fix),
    )


def _other_fields(
    expected: Mapping[str, str] | None, found: Mapping[str, str] | None
) -> Iterator[Evidence]:
    """Yield the fields of METADATA that differ; None is what is not known."""
    if expected is not None and found is not None:
        for key in sorted({*expected, *found}):
            here, there = (fields.get(key, "").split("\n") for fields in (expected, found))
            if here != there:
                only = [line for line in here if line not in there]
                left = [line for line in there if line not in here]
                yield Evidence(f"METADATA {key}", ", ".join(only), ", ".join(left))


def _real(folder: str) -> str:
    return os.path.realpath(folder)


def check_disk(installed: Installed, fix: Fix) -> list[Finding]:
    """Compare what is on disk with the installation's RECORD."""
    altered = tuple(Evidence(path, *both) for path, both in sorted(installed.altered.items()))
    stranger = "find out where the distribution is from; then install it again"
    return shown(
        Finding(Code.NS301, altered, fix),
        finding(Code.NS302, fix, *sorted(installed.missing)),
        finding(Code.NS303, fix, *sorted(installed.unrecorded)),
        finding(Code.NS304, fix, *sorted(installed.unchecked)),
        finding(Code.NS305, Fix(fix.commands, stranger), *sorted(installed.outside)),
    )


def check_changes(
    before: Mapping[str, str], changed: Iterable[str], installed: Installed, fix: Fix, root: Path
) -> Iterator[Finding]:
    """Return what is certainly stale without a build: files that went into what is installed.

    *before* are the answers of the build whose wheel is installed, *changed* its questions that
    have another answer now. A source counts where its old content is installed under its name.
    """
    copies = {
        (Path(path).name, digest): path for path, digest in installed.distribution.files.items()
    }
    for question in changed:
        word, _, path = question.partition(" ")
        digest = Digest(before[question].removesuffix(" x"))
        if word == "file" and (copy := copies.get((Path(path).name, digest))):
            gone = not os.path.lexists(root / path)
            yield finding(Code.NS202, fix, copy) if gone else finding(Code.NS203, fix, path)


def is_metadata(path: str) -> bool:
    """Return whether *path* is in a dist-info folder."""
    return path.partition("/")[0].endswith((".dist-info", ".egg-info"))


def _differing(expected: Distribution, found: Distribution, paths: Iterable[str]) -> list[Evidence]:
    """Return those of *paths* whose bytes, or else whose permission to execute, differ."""
    differ = []
    for path in sorted(paths):
        if expected.files[path] != found.files[path]:
            if not _is_rewritten(path, expected, found):
                differ.append(Evidence(path, expected.files[path], found.files[path]))
        elif path.startswith("{scripts}/"):  # executable wherever it is installed
            continue
        elif (path in expected.executable) != (path in found.executable) and os.name != "nt":
            here, there = (EXECUTABLE[path in d.executable] for d in (expected, found))
            differ.append(Evidence(path, here, there))
    return differ


def _is_rewritten(path: str, wheel: Distribution, installed: Distribution) -> bool:
    """Return whether a file differs, and only in what is written anew: see `body_of`.

    A bill of materials (PEP 770) says where and when it was written.
    """
    if SBOMS in path:
        return wheel.files[path] != installed.files[path]
    body = wheel.bodies.get(path)
    differs = wheel.files[path] != installed.files[path]
    return differs and body is not None and body == installed.bodies.get(path)


def _by_installer(path: str, installed: Installed) -> bool:
    folder, _, name = path.rpartition("/")
    return (
        (folder == installed.dist_info and name in ADDED_BY_INSTALLERS)
        or (folder == "{scripts}" and _is_launcher(path, name, installed))
        or "__pycache__" in folder.split("/")
    )


def _is_launcher(path: str, name: str, installed: Installed) -> bool:
    """Return whether a script is one that installers make for a command, or a twin of one.

    For pip and its like, installers add names with the version (``pip3.12``).
    """
    distribution = installed.distribution
    command = name.removesuffix(".exe").removesuffix("-script.pyw").removesuffix("-script.py")
    twins = {distribution.bodies.get(f"{{scripts}}/{known}") for known in distribution.commands}
    return command in distribution.commands or distribution.bodies.get(path, "") in twins

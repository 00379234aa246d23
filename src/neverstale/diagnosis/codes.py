"""What a finding can be: a code, its message, and an explanation."""

from enum import Enum


class Code(Enum):
    """A kind of finding; the value is its message, the first digit its family.

    1: archives, 2: what is installed, 3: RECORD and disk, 4: commands and requirements,
    5: leftovers, 6: which copy runs, 7: the project and its template.
    """

    NS101 = "in the package, but not selected by the build backend"
    NS102 = "in the archive, but deleted from the sources"
    NS103 = "content of the archive differs from a fresh build"
    NS104 = "missing from the archive"
    NS105 = "not a readable archive"
    NS106 = "tools/neverstale.py is in the wheel"
    NS201 = "not installed"
    NS202 = "deleted from the sources but still installed"
    NS203 = "content differs from the sources"
    NS204 = "another version is installed"
    NS205 = "editable, but points at another folder"
    NS206 = "editable, but the folder that it points at is missing"
    NS207 = "installed from another folder"
    NS208 = "built by another release of the build backend"
    NS209 = "compiled from older sources"
    NS301 = "changed since it was installed"
    NS302 = "in RECORD, but not on disk"
    NS303 = "on disk, but not in RECORD"
    NS304 = "RECORD has a hash that cannot be checked"
    NS305 = "RECORD names a file outside the environment"
    NS306 = "the records of the installation are missing or unreadable"
    NS307 = "installed more than once in one environment"
    NS401 = "command or entry point missing"
    NS402 = "command or entry point no longer declared"
    NS403 = "requirement missing from the installed metadata"
    NS404 = "requirement no longer declared"
    NS405 = "requirement not satisfied"
    NS406 = "module of a command missing from the wheel"
    NS407 = "module or attribute of a command does not exist"
    NS408 = "the installed version is older than the tag"
    NS409 = "command name is not a valid file name"
    NS501 = "left by an older build and included in the next one"
    NS502 = "an older build's file list is out of date"
    NS503 = "an archive of the same version has other content"
    NS504 = "an extension module hides a module of the sources"
    NS505 = "bytecode that does not match its source"
    NS506 = "an empty folder can still be imported"
    NS601 = "another file shadows the command on PATH"
    NS602 = "the commands folder is not on PATH"
    NS603 = "the environment's interpreter is missing"
    NS604 = "a shell may remember another path of the command"
    NS605 = "in the project's folder, imports take the sources"
    NS606 = "the wheel was built for another interpreter"
    NS607 = "imports take another copy"
    NS608 = "the command runs another environment's interpreter"
    NS701 = "the template has a newer version"
    NS702 = "a file of the template was edited"
    NS703 = "the project no longer matches a template answer"


REMARKS = frozenset(
    {
        *(Code.NS101, Code.NS106, Code.NS207, Code.NS208, Code.NS304),
        *(Code.NS602, Code.NS604, Code.NS605, Code.NS701, Code.NS702, Code.NS703),
    }
)
"""Worth mentioning, but not a sign of anything stale."""

EXPLANATIONS = {
    Code.NS101: (
        "A file is in the package's folder, and the wheel does not have it. That may be"
        " intended. If the program reads it at run time, it works from the sources and in an"
        " editable install, and fails once installed: have the build backend select it."
    ),
    Code.NS102: (
        "A wheel or an sdist in dist/ has a file that a build of the present sources does not"
        " give: it was deleted, moved or renamed since. Archives are snapshots; build again."
    ),
    Code.NS103: "A file was edited after the wheel or the sdist in dist/ was built.",
    Code.NS104: "A file was added after the archive was built. Building again includes it.",
    Code.NS105: (
        "The file is named like a wheel or an sdist and is not one: a download or a copy that"
        " was cut off, or content that would unpack to far more than any package has. It is not"
        " unpacked."
    ),
    Code.NS106: (
        "The build backend takes the folder tools for a package of the project, so everybody"
        " who installs it gets the launcher of this tool as well. Exclude it: setuptools has"
        " [tool.setuptools.packages.find] exclude, other backends something like it."
    ),
    Code.NS201: (
        "A fresh build has this file and the installed copy does not, so `import` does not find"
        " it. An install is a snapshot; `uv tool install --force .` may answer from a cache (uv"
        " up to 0.11.19), and `uv sync --no-editable` does so until pyproject.toml changes. An"
        " editable install of setuptools may name each package, and then does not know a new"
        " one."
    ),
    Code.NS202: (
        "A file was deleted, moved or renamed, and its installed copy can still be imported."
        " Either the install is older, or the build took the file from build/lib."
    ),
    Code.NS203: (
        "The installed copy of a file is not the one that a fresh build gives: the source was"
        " edited after the install. Editable installs hold copies too: force-included and"
        " generated modules, scripts, data files."
    ),
    Code.NS204: (
        "The version in the installed METADATA is not that of the sources. Metadata is written"
        " when a project is installed, editable or not."
    ),
    Code.NS205: (
        "The editable install runs the sources of another folder: another checkout of the"
        " project was installed there last. Edits made here have no effect."
    ),
    Code.NS206: (
        "An editable install is a note of a folder's path. The folder was moved, renamed or"
        " deleted since, so `import` finds nothing, or something else."
    ),
    Code.NS207: (
        "direct_url.json says that the copy was installed from another folder. The comparison"
        " of the files decides whether that matters."
    ),
    Code.NS208: (
        "METADATA or WHEEL differs in what the build backend says of itself, or in the version"
        " of the format. Everything that the project declares is the same."
    ),
    Code.NS209: (
        "An editable install follows the Python files; compiled code stays as it was. `run` and"
        " `dev` compile what has changed; `uv run` does where cache-keys in pyproject.toml name"
        " the file; an import does not, except with meson-python."
    ),
    Code.NS301: (
        "The file's bytes are not those that the installer noted in RECORD: it was edited in"
        " place, or overwritten by another distribution with a file of that name. uv installs by"
        " hard links where it can, so such an edit is in uv's cache as well and comes back;"
        " `install` has uv read the wheel again."
    ),
    Code.NS302: (
        "RECORD lists a file that is missing: deleted by hand, or by the removal of another"
        " distribution that had a file of that name."
    ),
    Code.NS303: (
        "No installer put this file into the installed package: it was added by hand, by the"
        " program itself, or left by an incomplete uninstall. No uninstall removes it, and it"
        " can be imported."
    ),
    Code.NS304: (
        "RECORD has a hash for this file whose algorithm this Python does not have, or that is"
        " not a hash. The file is compared with a fresh build instead."
    ),
    Code.NS305: (
        "A row of RECORD is an absolute path, or leads out of the environment by `..`. An"
        " uninstall would delete that file. It is reported and not read. No build backend writes"
        " such rows: find out where the distribution is from."
    ),
    Code.NS306: (
        "The package is there, but its dist-info folder, or RECORD or METADATA in it, is not."
        " What cannot be listed cannot be verified, updated or uninstalled: an install that was"
        " killed, or a folder that was copied or cleaned by hand."
    ),
    Code.NS307: (
        "Two records claim the same name: an uninstall that failed half-way, or two installers"
        " in one environment. Which version is reported is a matter of chance."
    ),
    Code.NS401: (
        "A command or another entry point is declared, and the installed copy lacks it or"
        " starts something else. Entry points are written when a project is installed: a new or"
        " renamed one needs a new install, an editable one too."
    ),
    Code.NS402: (
        "The installed copy has a command or another entry point that is no longer declared. An"
        " older install wrote it."
    ),
    Code.NS403: (
        "A requirement was added or changed after the install. Installs note requirements when"
        " they are made, editable or not."
    ),
    Code.NS404: "A requirement was removed or changed after the install.",
    Code.NS405: (
        "The metadata asks for a distribution, or a Python, that is not in the environment or"
        " is there in a version that does not satisfy it. Markers count for that environment's"
        " interpreter, extras where they are asked for."
    ),
    Code.NS406: (
        "The build backend leaves out the module that a command starts, so the command fails at"
        " once. Usually the list of packages in pyproject.toml is wrong."
    ),
    Code.NS407: (
        "`module:attribute` of a command names a module or an attribute that does not exist."
        " The module's text is read, nothing is imported; where running it could define the name"
        " (`from x import *`, `__getattr__`), nothing is reported."
    ),
    Code.NS408: (
        "The version comes from git, and a tag was set after the editable install. uv and pip"
        " do not look at tags when they decide whether an install is current."
    ),
    Code.NS409: (
        "A command of that name cannot be a file, or a shell would take it for something else."
        " It is reported, never followed and never run."
    ),
    Code.NS501: (
        "setuptools copies modules to build/lib and builds the wheel from there; what is there"
        " already, and newer than its source or without one, goes into the next wheel of a plain"
        " `uv build --wheel` or `pip install .`. That is why `--force` was not enough."
    ),
    Code.NS502: (
        "setuptools reads *.egg-info/SOURCES.txt of the last build, so files that are no longer"
        " selected stay in; and Python finds the old version and commands in it where its folder"
        " is on sys.path."
    ),
    Code.NS503: (
        "dist/ has an archive of the present version whose content differs from a fresh build."
        " Whoever installs it gets old code under the new version; an index that has one refuses"
        " the other."
    ),
    Code.NS504: (
        "Python prefers an extension module (.so, .pyd) to a .py file of the same name, and the"
        " most specific of several extension modules. One that was compiled in place and"
        " forgotten hides every later edit."
    ),
    Code.NS505: (
        "Python takes bytecode for current when the source's size and time of change, in whole"
        " seconds, are those noted in it. An edit within the second that keeps the size, a"
        " restored time, and unchecked hash-based bytecode (PEP 552) slip through; a .pyc next"
        " to the sources needs no source at all."
    ),
    Code.NS506: (
        "A folder without modules is a namespace package (PEP 420): `import` of a package that"
        " was deleted or moved still succeeds, and gives an empty one. Git does not track"
        " folders, and bytecode keeps them."
    ),
    Code.NS601: (
        "Another file comes first on PATH, so that is what runs when the command is typed: a"
        " script, another installer's copy, an active environment."
    ),
    Code.NS602: (
        "The command is installed where no shell looks for commands. `uv tool update-shell`"
        " adds the folder to PATH in the shell's start-up file."
    ),
    Code.NS603: (
        "The environment names an interpreter that does not exist: Python was upgraded or"
        " removed, or the environment was moved. Nothing in it runs."
    ),
    Code.NS604: (
        "bash and zsh remember where they found a command. A shell that ran it before a copy"
        " was installed earlier on PATH still runs the other one, until `hash -r` (zsh:"
        " `rehash`)."
    ),
    Code.NS605: (
        "Python puts the current folder first when it is started with -m or -c, so a flat"
        " layout hides what is installed: tests there pass with code that users do not get."
    ),
    Code.NS606: (
        "No tag in the installed WHEEL fits the environment's interpreter: the interpreter was"
        " replaced, or the files were copied from another environment."
    ),
    Code.NS607: (
        "The environment has the project, but `import` takes another copy: PYTHONPATH, a .pth"
        " file of something else, or a folder earlier on sys.path."
    ),
    Code.NS608: (
        "The first line of the command names an interpreter outside its environment: the"
        " environment was moved or copied, and the command still runs the old one."
    ),
    Code.NS701: (
        "The template has a newer version; `update` shows what changed, merges it and runs the"
        " checks. The template's address is asked for that; where it cannot be reached, nothing"
        " is reported."
    ),
    Code.NS702: (
        "The wheel in tools/ is not the one whose hash is in the launcher's lock. Restore both"
        " with git."
    ),
    Code.NS703: (
        "The project was renamed or rebuilt, and the answers file says otherwise. The next"
        " update would use the answers. Change the answer along with the project."
    ),
}
"""What each finding means and how it comes about; ``doctor --explain CODE`` prints it."""

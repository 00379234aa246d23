"""What a finding can be: a code, what it says, and how such a thing comes about."""

from enum import Enum


class Code(Enum):
    """What a finding is; the family is the first digit.

    1: sources and wheel, 2: wheel and installed, 3: RECORD and disk, 4: commands and requirements,
    5: leftovers in the sources, 6: which copy runs, 7: the project and its template.
    """

    F101 = "in the package, and the build backend does not select it"
    F102 = "in the archive, and gone from the sources"
    F103 = "not the same in the archive and in the sources"
    F104 = "in the sources, and missing from the archive"
    F105 = "not an archive that can be read"
    F106 = "tools/freshness is in the wheel"
    F201 = "in the sources, and not installed"
    F202 = "installed, and gone from the sources"
    F203 = "not the same in the sources and where it is installed"
    F204 = "another version is installed"
    F205 = "editable, and it points at another folder"
    F206 = "editable, and the folder that it points at is gone"
    F207 = "installed from another folder"
    F208 = "built by another release of the build backend"
    F209 = "compiled from other sources than the present ones"
    F301 = "changed since it was installed"
    F302 = "in RECORD, and not on disk"
    F303 = "on disk, and not in RECORD"
    F304 = "RECORD gives a hash that cannot be checked here"
    F305 = "RECORD names a file outside of the environment"
    F306 = "the installation's own records are missing or cannot be read"
    F307 = "installed more than once in one environment"
    F401 = "command declared, and not installed"
    F402 = "command installed, and no longer declared"
    F403 = "requirement declared, and not in METADATA"
    F404 = "requirement in METADATA, and not declared"
    F405 = "requirement not satisfied"
    F406 = "module of a command, not in the wheel"
    F407 = "command whose module or attribute does not exist"
    F408 = "the version is older than the tag"
    F409 = "a command's name is no name of a file"
    F501 = "left by an older build, and in the next one"
    F502 = "an older build's list of files names what is gone"
    F503 = "an archive of the same version has other content"
    F504 = "an extension module hides a module of the sources"
    F505 = "bytecode that is not its source's would run"
    F506 = "an empty folder can still be imported"
    F601 = "another file answers to the command"
    F602 = "the folder of commands is not on PATH"
    F603 = "the interpreter of the environment is gone"
    F604 = "a shell may remember another path of the command"
    F605 = "in the project's folder, an import takes the sources"
    F606 = "the wheel was made for another interpreter"
    F607 = "an import takes another copy"
    F608 = "the command starts the interpreter of another environment"
    F701 = "the template has a newer version"
    F702 = "a file of the template's was edited"
    F703 = "the project no longer goes by an answer"


REMARKS = frozenset(
    {
        *(Code.F101, Code.F106, Code.F207, Code.F208, Code.F304, Code.F602, Code.F604, Code.F605),
        *(Code.F701, Code.F702, Code.F703),
    }
)
"""Worth saying, and no sign of anything stale."""

EXPLANATIONS = {
    Code.F101: (
        "A file lies in the package's folder and the wheel of the present sources does not have"
        " it. That may be meant. If the program reads it at run time, it works from the sources"
        " and in an editable install, and fails once installed: have the build backend select it."
    ),
    Code.F102: (
        "A wheel or an sdist still holds a file that was deleted, moved or renamed. Archives are"
        " snapshots: nothing updates them. setuptools goes further and takes such files from"
        " build/lib into new wheels. If the build itself writes the file, name it in"
        " [tool.freshness] generated."
    ),
    Code.F103: (
        "A file was edited after the wheel or the sdist was built, or the build backend changes"
        " it on the way. If the build itself writes the file, name it in [tool.freshness]"
        " generated."
    ),
    Code.F104: (
        "A file was added after the archive was built, or the archive was made from another state"
        " of the sources. Building again brings it in."
    ),
    Code.F105: (
        "The file has the name of a wheel or an sdist and is none: a download or a copy that"
        " broke off, a name that no installer accepts, or content that would unpack to far more"
        " than any package has. It is not unpacked. Installers stop at it, or take the next best."
    ),
    Code.F106: (
        "The build backend takes the folder tools for a package of the project's, and whoever"
        " installs it gets this tool as well. Leave it out: setuptools has"
        " [tool.setuptools.packages.find] exclude, other backends something like it."
    ),
    Code.F201: (
        "A file was added and the installed copy is older, so `import` does not find it. An"
        " install is a snapshot; `uv tool install --force .` may answer from a cache (uv up to"
        " 0.11.19), and `uv sync --no-editable` does so until pyproject.toml changes. An editable"
        " install of setuptools may name each package, and then does not know a new one."
    ),
    Code.F202: (
        "A file was deleted, moved or renamed, and its installed copy still answers to `import`."
        " Either the install is older, or the build took the file from build/lib."
    ),
    Code.F203: (
        "The installed copy of a file is not the one that the sources would give now: it was"
        " edited since, and the install, or the wheel behind it, is older."
    ),
    Code.F204: (
        "The version in the installed METADATA is not that of the sources. Metadata is written"
        " when a project is installed, in an editable install too."
    ),
    Code.F205: (
        "The editable install runs the sources of another folder: another checkout or work tree"
        " of the project was installed there last. Edits made here do not show."
    ),
    Code.F206: (
        "An editable install is a note of a folder's path. The folder was moved, renamed or"
        " deleted after the install, so `import` finds nothing, or finds something else."
    ),
    Code.F207: (
        "direct_url.json says that the copy was installed from another folder. Whether that"
        " matters is decided by the comparison of the files; this says where they came from."
    ),
    Code.F208: (
        "METADATA or WHEEL differs in what a build backend says of itself, or in the version of"
        " the format that it writes. Everything that the project declares in them is the same."
    ),
    Code.F209: (
        "An editable install follows the Python files, and nobody compiled the rest again: the"
        " extension module is yesterday's. `make run` and `make dev` compile what has changed;"
        " `uv run` does where cache-keys in pyproject.toml name the file; an import does not,"
        " but for meson-python's editable installs."
    ),
    Code.F301: (
        "The file's bytes are not those that the installer noted in RECORD: it was edited in"
        " place, or overwritten by another distribution that has a file of that name. uv installs"
        " by hard links where it can, so that such an edit is in uv's cache as well and comes"
        " back; `make install` has uv read the wheel anew."
    ),
    Code.F302: (
        "RECORD lists a file that is gone: deleted by hand, or by the removal of another"
        " distribution that had a file of that name."
    ),
    Code.F303: (
        "A file in the installed package was put there by no installer: by hand, by the program"
        " itself, or by an earlier install that was not removed completely. No uninstall removes"
        " it, and it can be imported."
    ),
    Code.F304: (
        "RECORD gives this file's hash by an algorithm that this Python does not have, or in a"
        " form that is none. The file is compared with the wheel of the present sources instead;"
        " where there is none, it cannot be told whether it was changed."
    ),
    Code.F305: (
        "A row of RECORD is an absolute path, or leads out of the environment by `..`. An"
        " uninstall would delete that file. It is reported and not read. No build backend writes"
        " such rows: look where the distribution is from."
    ),
    Code.F306: (
        "The package is there and its dist-info folder is missing, or RECORD or METADATA in it"
        " is. What cannot be listed cannot be verified, updated or uninstalled: an install that"
        " was killed, a folder that was copied or cleaned by hand, a system package."
    ),
    Code.F307: (
        "Two dist-info folders claim the same name: an uninstall that failed half-way, or two"
        " installers in one environment. Which version is reported is a matter of chance."
    ),
    Code.F401: (
        "[project.scripts] has a command that the installed copy lacks, or that leads elsewhere"
        " in it. Commands are written when a project is installed: a new or renamed one needs a"
        " new install, an editable one too."
    ),
    Code.F402: (
        "The installed copy offers a command that [project.scripts] no longer has. It was written"
        " by an older install."
    ),
    Code.F403: (
        "A requirement was added or changed in pyproject.toml after the install. Editable"
        " installs note requirements only when they are made."
    ),
    Code.F404: "A requirement was removed or changed in pyproject.toml after the install.",
    Code.F405: (
        "METADATA asks for a distribution that is not in the environment, or is there in a"
        " version that does not do. Markers count for that environment's interpreter, and what is"
        " asked for extras counts where the extra is asked for."
    ),
    Code.F406: (
        "The build backend leaves out the module that a command starts. The command is installed"
        " and fails at once. Usually the list of packages in pyproject.toml has a mistake."
    ),
    Code.F407: (
        "`module:attribute` of a command names a module or an attribute that is not there. What a"
        " module has is read from its text, nothing is imported; where it cannot be known without"
        " running it (`from x import *`, `__getattr__`), nothing is said."
    ),
    Code.F408: (
        "The version comes from git, and a tag was set after the editable install was made. uv"
        " and pip do not look at tags when they decide whether an install is current."
    ),
    Code.F409: (
        "A command of that name cannot be installed as a file, or a shell would take it for"
        " something else. It is reported, never followed and never run. If it is the project's,"
        " give it another name; if it is not, look where the distribution is from."
    ),
    Code.F501: (
        "setuptools copies modules to build/lib and builds the wheel from there; what lies there"
        " already and is newer than its source, or has none, goes into the next wheel of a plain"
        " `uv build --wheel` or `pip install .`. That is why `--force` was not enough."
    ),
    Code.F502: (
        "setuptools reads *.egg-info/SOURCES.txt of the last build again, so that files which are"
        " no longer selected stay in; and Python finds the old version and commands in it where"
        " its folder is on sys.path."
    ),
    Code.F503: (
        "dist/ has an archive of the present version whose content differs from the sources."
        " Whoever installs it gets the old code under the new code's version; an index that has"
        " one refuses the other."
    ),
    Code.F504: (
        "Python prefers an extension module (.so, .pyd) to a .py file of the same name. One that"
        " was compiled in place and forgotten hides every edit of the module beside it."
    ),
    Code.F505: (
        "Python takes bytecode for current when the source's size and its time of change, in"
        " whole seconds, are those noted in it. An edit within the second that keeps the size,"
        " a restored time, and unchecked hash-based bytecode (PEP 552) slip through; a .pyc beside"
        " the sources needs no source at all."
    ),
    Code.F506: (
        "A folder without modules is a namespace package (PEP 420): `import` of a package that"
        " was deleted or moved still succeeds, and gives an empty one. Git does not track folders,"
        " and bytecode keeps them."
    ),
    Code.F601: (
        "Along PATH another file comes before the installed command, so that is what runs when"
        " its name is typed: a script of the owner's, another installer's copy, an environment"
        " that is active."
    ),
    Code.F602: (
        "The command is installed where no shell looks for commands. `uv tool update-shell`"
        " writes it into the shell's start-up file."
    ),
    Code.F603: (
        "The environment leads to an interpreter that is no longer there: Python was upgraded or"
        " removed, or the environment was moved. Nothing in it runs."
    ),
    Code.F604: (
        "bash and zsh remember where they found a command. A shell that ran the command before a"
        " copy was installed earlier on PATH still runs the other one; `hash -r` (zsh: `rehash`)"
        " makes it look again."
    ),
    Code.F605: (
        "Python puts the current folder first when it is started with -m or -c, so that in the"
        " project's folder a flat layout hides what is installed: tests there pass with code that"
        " users do not get."
    ),
    Code.F606: (
        "None of the tags in the installed WHEEL fits the environment's interpreter: the"
        " interpreter was exchanged, or the files were copied from another environment. Extension"
        " modules of another version do not load."
    ),
    Code.F607: (
        "The environment has the project, and `import` in it takes another copy: PYTHONPATH, a"
        " .pth file of something else, or a folder earlier on sys.path. The installed copy may be"
        " fresh and is not what runs."
    ),
    Code.F608: (
        "The first line of the command names an interpreter outside of its environment: the"
        " environment was moved or copied, and the command still runs the old one."
    ),
    Code.F701: (
        "The template that this project was made from, or that its verbs come from, has a newer"
        " version; `make update` shows what changed, merges it and runs the checks. The template's"
        " address is asked for that; where it cannot be reached, nothing is said."
    ),
    Code.F702: (
        "tools/freshness is kept by the template, and SHA256SUMS there says what it held. What was"
        " changed by hand is merged with the next version, or conflicts with it. Undo it, or"
        " propose it to the template."
    ),
    Code.F703: (
        "The project was renamed or rebuilt, and .copier-answers.yml says otherwise. The next"
        " update would go by the answers. Change the answer along with the project."
    ),
}
"""How each finding comes about, in a few sentences; ``doctor --explain CODE`` prints it."""

"""The command line: the parser, and one place where errors become exit codes."""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

from neverstale import __doc__ as summary
from neverstale import __version__, verbs
from neverstale.errors import CANNOT_TELL, NeverstaleError, said_by_system
from neverstale.terminal import Console
from neverstale.verbs import Options
from neverstale.verbs.task import Parser

TARGET_HELP = "where to: `tool`, `venv`, or the folder of an environment; else [tool.neverstale]"

PASSING_ON = ("dev", "publish", "run", "run-wheel", "update")
"""The verbs that pass on what follows them."""

VERBS = (
    *("install", "install-editable", "uninstall", "fresh", "watch", "build", "bump", "clean"),
    *("doctor", "wheel", *PASSING_ON, "upgrade", "cache"),
)

VALUED = ("--project", "--target", "--out-dir", "--python", "--explain")
"""The options whose value may be spelled as a verb is."""

Verb = Callable[[Options, Console], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; return its exit code: 0 done, 1 the answer is no, 2 it could not be done."""
    own, passed_on = _split(sys.argv[1:] if arguments is None else arguments)
    completing = "_ARGCOMPLETE" in os.environ
    parser = make_parser([] if completing else _verb_in(own))
    if completing:
        import argcomplete

        argcomplete.autocomplete(parser)
    options = parser.parse_args(own)
    options.arguments = passed_on
    console = Console(verbose=options.verbose, quiet=options.quiet)
    verb: Verb = getattr(verbs, options.verb.replace("-", "_"))
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # from here on it is caught
        return verb(options, console)
    except NeverstaleError as error:
        if "`neverstale " in error.hint:
            from neverstale.diagnosis.invocation import as_typed

            error.hint = as_typed(error.hint, Path(options.project).resolve())
        console.complain(error)
    except BrokenPipeError:  # whoever read has read enough; Python is not to flush what is left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        console.complain(said_by_system(error))
    except KeyboardInterrupt:
        hint = "the old install is there, or the new one; run the command again"
        console.complain(NeverstaleError("interrupted", hint=hint))
    except Exception as error:
        if "NEVERSTALE_TRACEBACK" in os.environ:
            raise
        what = f"unexpected {type(error).__name__}: {error}"
        hint = "run it again with NEVERSTALE_TRACEBACK=1 and report what it prints"
        console.complain(NeverstaleError(what, hint=hint))
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    return CANNOT_TELL


class _Version(argparse.Action):
    """Print the version of the distribution, which has the digest of its sources; and end."""

    def __call__(self, *_: object) -> None:
        from importlib.metadata import PackageNotFoundError, version

        try:
            found = version("neverstale")
        except PackageNotFoundError:
            found = __version__
        print(f"neverstale {found}")  # noqa: T201 - as argparse does
        sys.exit(0)


def make_parser(only: Sequence[str] = ()) -> argparse.ArgumentParser:
    """Return the parser of the command line; the reference is made from it.

    It knows all verbs, or *only* some: most of its time is theirs.
    """
    parser = Parser(prog="neverstale", description=summary)
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version, and end")
    parser.add_argument("--project", default=".", metavar="DIR", help="the project's folder")
    _add_loudness(parser, "")
    subparsers = parser.add_subparsers(required=True, metavar="VERB", dest="verb")

    for name in only or VERBS:
        text = getattr(verbs, name.replace("-", "_")).__doc__
        first = text.partition("\n")[0]
        verb: argparse.ArgumentParser = subparsers.add_parser(name, help=first, description=text)
        _add_loudness(verb, argparse.SUPPRESS)
        if name not in PASSING_ON:
            where = {"default": argparse.SUPPRESS, "metavar": "DIR", "help": argparse.SUPPRESS}
            verb.add_argument("--project", **where)  # type: ignore[arg-type]
        if name in OPTIONS:
            OPTIONS[name](verb)
    return parser


def _verb_in(arguments: Sequence[str]) -> list[str]:
    """Return the verb in *arguments*, if there is one."""
    pairs = pairwise(["", *arguments])
    return [word for before, word in pairs if word in VERBS and before not in VALUED][:1]


def _named(place: str) -> str:
    """Return *place*, which is no empty word, as of a variable that is not set."""
    if not place:
        raise argparse.ArgumentTypeError("name a place")
    return place


def _add_loudness(parser: argparse.ArgumentParser, default: object) -> None:
    """Add -v and -q, before and behind the verb."""
    group = parser.add_mutually_exclusive_group()
    fallback = False if default == "" else default
    said = {"action": "store_true", "default": fallback}
    group.add_argument("-v", "--verbose", help="show the commands that are run", **said)  # type: ignore[arg-type]
    group.add_argument("-q", "--quiet", help="print nothing but errors", **said)  # type: ignore[arg-type]


def _add_doctor(verb: argparse.ArgumentParser) -> None:
    depth = verb.add_mutually_exclusive_group()
    depth.add_argument("--quick", action="store_true", help="never build")
    depth.add_argument("--build", action="store_true", help="always build, compiled code too")
    verb.add_argument("--all", action="store_true", help="tell of all findings, not of ten a place")
    running = "name your processes that began before their copy changed"
    verb.add_argument("--processes", action="store_true", help=running)
    shape = verb.add_mutually_exclusive_group()
    formats = ("text", "json", "github", "sarif", "junit")
    shape.add_argument("--format", choices=formats, default="text", help="what to print")
    same = {"action": "store_const", "const": "json", "help": "the same as --format json"}
    shape.add_argument("--json", dest="format", **same)  # type: ignore[arg-type]
    verb.add_argument("--fix", action="store_true", help="show the fixes, ask, and run them")
    verb.add_argument("--yes", action="store_true", help="do not ask")
    verb.add_argument("--explain", metavar="CODE", help="print what a code means, and end")
    verb.add_argument("--schema", action="store_true", help="print the JSON's schema, and end")


def _add_target(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--target", metavar="WHERE", type=_named, help=TARGET_HELP)


def _add_build(verb: argparse.ArgumentParser) -> None:
    where = "where to put them (default: dist)"
    verb.add_argument("--out-dir", default="dist", metavar="DIR", help=where)
    twice = "build again; both have to be the same bytes"
    verb.add_argument("--twice", action="store_true", help=twice)


def _add_bump(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("version", nargs="?", metavar="VERSION", help="such as 1.2.0, or minor")


def _add_upgrade(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("names", nargs="*", metavar="NAME", help="the packages to raise (all)")


def _add_wheel(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--python", metavar="PYTHON", help="for which Python, as uv takes it")


def _add_cache(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("what", choices=("dir", "prune", "clean"))


OPTIONS: dict[str, Callable[[argparse.ArgumentParser], None]] = {
    **dict.fromkeys(("install", "install-editable", "uninstall", "fresh", "watch"), _add_target),
    "build": _add_build,
    "bump": _add_bump,
    "doctor": _add_doctor,
    "upgrade": _add_upgrade,
    "wheel": _add_wheel,
    "cache": _add_cache,
}
"""What a verb has of its own."""


def _split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Part *arguments* behind a verb that passes on all that follows it, without a first ``--``."""
    for place, argument in enumerate(arguments):
        if argument in PASSING_ON and arguments[max(place - 1, 0)] not in VALUED:
            behind = list(arguments[place + 1 :])
            return list(arguments[: place + 1]), behind[behind[:1] == ["--"] :]
    return list(arguments), []

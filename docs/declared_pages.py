"""The reference pages that are made from what the template declares: questions and verbs."""

import argparse
import ast
import re
from collections.abc import Mapping
from pathlib import Path

import yaml
from md import code, table

from neverstale.cli import make_parser

REPOSITORY = Path(__file__).parents[1]
TEMPLATE = REPOSITORY / "template"


class _Tagged(yaml.SafeLoader):
    """YAML in which copier's own tags are passed over."""


_Tagged.add_multi_constructor("!", lambda _loader, _suffix, _node: {})


def questions() -> str:
    """Return the page of the questions, from copier.yml."""
    declared = yaml.load((REPOSITORY / "copier.yml").read_text(encoding="utf-8"), _Tagged)  # noqa: S506 - a safe loader
    rows = []
    for name, question in declared.items():
        if name.startswith("_") or not isinstance(question, dict) or question.get("when") is False:
            continue
        default = str(question.get("default", "")).replace("False", "no")
        default = (
            "computed from the folder"
            if "_folder_name" in default or "holds_project" in default
            else "computed from other answers"
            if "{" in default
            else code(default)
            if default
            else "empty"
        )
        rows.append(
            [
                code(name),
                " ".join(str(question.get("help", "")).split()),
                _answers(question),
                default,
            ]
        )
    return (
        "# Questions\n\nWhat `copier copy` asks, in this order. The questions after `customize` are "
        "asked only if it is\nanswered with yes, `scope` only in a folder that holds a project. Each has "
        "a default;\n`--data NAME=ANSWER` answers any of them without being asked, and\n"
        "`copier update --data NAME=ANSWER` changes it later.\n\n"
        + table(["question", "what it asks", "answers", "default"], rows)
        + "\n"
    )


def _answers(question: Mapping[str, object]) -> str:
    choices = question.get("choices")
    if isinstance(choices, dict):
        values = [c.get("value", name) if isinstance(c, dict) else c for name, c in choices.items()]
        return ", ".join(code(value) for value in values)
    if isinstance(choices, list):
        return ", ".join(code(c[1] if isinstance(c, list) else c) for c in choices)
    return {"str": "text", "bool": "`yes`, `no`"}[str(question["type"])]


def verbs() -> str:
    """Return the page of the Makefile's targets and nox's sessions."""
    sessions = _sessions()
    makefile = (TEMPLATE / "Makefile").read_text(encoding="utf-8")
    parts: list[tuple[str, list[list[str]]]] = []
    rows: list[list[str]] = []
    for line in makefile.splitlines():
        if line.startswith("## "):
            parts.append((line[3:], rows := []))
        elif found := re.match(r"([a-z-]+):.*## (.*)", line):
            name, says = found.groups()
            rows.append([code(name), says, sessions.pop(name, "in make alone")])
    head = ["target and session", "what `make` says", "what `nox --list` says"]
    text = "\n\n".join(f"## {title}\n\n{table(head, found)}" for title, found in parts)
    alone = [[code(name), "", says] for name, says in sessions.items()]
    if alone:
        text += f"\n\n## In nox alone\n\n{table(head, alone)}"
    return (
        "# Verbs\n\nThe targets of a generated project's Makefile, and its nox sessions of the same "
        'names.\nArguments: `make run ARGS="demo-app --help"`, `nox -s run -- demo-app --help`.\n\n'
        f"{text}\n"
    )


def command() -> str:
    """Return the page of the command `neverstale`: its verbs, and the options of each."""
    parser = make_parser()
    (subparsers,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))  # noqa: SLF001
    parts = [f"## For every verb\n\n{_options(parser)}"]
    for name, verb in subparsers.choices.items():
        about = " ".join((verb.description or "").split()).replace("``", "`")
        parts.append(f"## {name}\n\n{about}\n\n{_options(verb)}".rstrip())
    return (
        "# The command\n\n`neverstale` where it is installed; in a project with the launcher "
        "`uv run --script tools/neverstale.py`.\nThe first line of each verb is what `--help` says. "
        "`-v` shows the commands that are run, `-q` prints nothing but\nerrors; these and `--project` "
        "go before and behind the verb. `dev`, `publish`, `run`, `run-wheel`\nand `update` pass on "
        "what follows them; `publish` has [options of its own](publishing.md).\n\n"
        + "\n\n".join(parts)
        + "\n"
    )


def _options(parser: argparse.ArgumentParser) -> str:
    common = {"-h", "-v", "-q"}
    rows = []
    for action in parser._actions:  # noqa: SLF001
        names = action.option_strings or ([] if action.choices is None else [action.dest])
        hidden = action.help == argparse.SUPPRESS or action.dest == "verb" or common & set(names)
        if hidden or not names:
            continue
        value = f" {action.metavar}" if action.metavar else ""
        choices = f"; {', '.join(action.choices)}" if action.choices else ""
        rows.append(
            [", ".join(code(f"{n}{value}") for n in names), f"{action.help or ''}{choices}"]
        )
    return table(["option", "what it does"], rows) if rows else ""


def _sessions() -> dict[str, str]:
    """Return the sessions of the template's noxfile: name → the first line that it says.

    A session is a function with the decorator ``nox.session``, or an entry of the dictionary that a
    loop makes sessions of.
    """
    found: dict[str, str] = {}
    source = (TEMPLATE / "noxfile.py").read_text(encoding="utf-8")
    for node in ast.parse(source).body:
        if isinstance(node, ast.For):
            found |= ast.literal_eval(node.iter.func.value)  # type: ignore[attr-defined]
        if not isinstance(node, ast.FunctionDef):
            continue
        for decorator in node.decorator_list:
            text = ast.unparse(decorator)
            if text.startswith("nox.session"):
                named = re.search(r"name='([^']+)'", text)
                name = named[1] if named else node.name
                found[name] = (ast.get_docstring(node) or "").partition("\n")[0]
    return {name: says for name, says in found.items() if not name.startswith("_")}

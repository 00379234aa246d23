"""Commands as they are typed: into a POSIX shell, or into PowerShell on Windows."""

import os
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

NAMED = r"[\w-]*(?:pass|pwd|secret|token|key|auth|credential|cookie)[\w-]*"  # an option, a field
OPTION = rf"(?is)--?(?:{NAMED}|user)\Z"
"""An option whose value, the next word, is not shown."""

FIELD = rf"(?is)((?:\A|[\s?&;,{{\"'-]){NAMED}[\"']?\s*[=:]\s*|\bBearer\s+|\bBasic\s+)(\S.*)"
"""What is behind the name of a secret in a word, with all that follows: it is not shown."""

OF_PUBLISH = ("--password", "--token", "-p", "-t", "-u")
"""Options of ``uv publish`` whose values are secrets; short ones mean something else to others."""

LONGEST_URL = 1000
"""Characters of a URL that are searched for a password."""

SPECIAL = frozenset('"$`\\!')
"""What means something to a POSIX shell within double quotes."""


def typed(command: Sequence[str]) -> str:
    """Return *command* as it would be typed."""
    if os.name == "nt":
        words = " ".join(map(_for_powershell, command))
        return f"& {words}" if words.startswith(('"', "'")) else words
    return " ".join(map(_quoted, command))


def in_turn(commands: Iterable[str]) -> str:
    """Return *commands* as one line that runs them in turn."""
    return ("; " if os.name == "nt" else " && ").join(commands)


def with_variables(command: str, variables: Mapping[str, str], path: str) -> str:
    """Return *command* as it would be typed to run with *variables*, where PATH is *path*."""
    after, settings = f"{os.pathsep}{path}", []
    for name, value in variables.items():
        if name == "PATH" and value.endswith(after):
            settings.append((name, before_path(value.removesuffix(after))))
        else:
            settings.append((name, _in_quotes(value) if os.name == "nt" else shlex.quote(value)))
    if os.name == "nt":
        return in_turn([*(f"$env:{name} = {value}" for name, value in settings), command])
    return " ".join([*(f"{name}={value}" for name, value in settings), command])


def before_path(folder: str) -> str:
    """Return the text that stands for PATH with *folder* before it."""
    if os.name == "nt":
        return f'"{folder};$env:PATH"'
    return f'"{folder}:$PATH"' if not set(folder) & SPECIAL else f'{shlex.quote(folder)}:"$PATH"'


def _quoted(argument: str) -> str:
    """Quote for a POSIX shell; ``ARGS=a b`` as ``ARGS="a b"``, which is how people type it."""
    name, equals, value = argument.partition("=")
    if equals and name.isupper() and shlex.quote(value) != value and not set(value) & SPECIAL:
        return f'{name}="{value}"'
    return shlex.quote(argument)


def _for_powershell(argument: str) -> str:
    return argument if re.fullmatch(r"[\w.:=+/\\~-]+", argument) else _in_quotes(argument)


def _in_quotes(argument: str) -> str:
    """Quote for PowerShell, in a way that cmd takes as well where that can be."""
    if not set(argument) & set('"$`'):
        return f'"{argument}"'
    return "'{}'".format(argument.replace("'", "''"))


def without_password(text: str) -> str:
    """Return *text* with *** for the user and password of each URL in it (RFC 3986, 3.2.1).

    Of a word that is longer than any URL is, all that follows its scheme: to search it takes long.
    """
    if "@" not in text or "://" not in text:
        return text
    return "".join(map(_hidden, re.split(r"(\s+)", text)))


def _hidden(word: str) -> str:
    scheme, separator, rest = word.partition("://")
    if "@" not in rest:
        return word
    if len(rest) > LONGEST_URL:
        return f"{scheme}{separator}***"
    one = r'(?:[^\s"]|"(?=[^\s,:\]}]))'  # a quote within a password, but not the end of a string
    improper = rf"(?<=://)[^\s@\"/]*:{one}*@"  # with a slash, an @ or a quote in the password
    proper = r"(?<=://)[^\s/?#\"]*@"
    return re.sub(f"{improper}|{proper}", "***@", word)


def without_secrets(command: Sequence[str]) -> list[str]:
    """Return *command* with *** for what may be a secret: rather too much than too little."""
    short = OF_PUBLISH if "publish" in command[:2] else ()
    shown = []
    for before, word in pairwise(["", *command]):
        after_option = re.match(OPTION, before) and not word.startswith("--")
        if after_option or before in short or (before == "-u" and ":" in word):
            shown.append("***")
        elif word[:2] in short and len(word) > len("-p"):
            shown.append(f"{word[:2]}***")
        else:
            shown.append(re.sub(FIELD, r"\1***", without_password(word)))
    return shown

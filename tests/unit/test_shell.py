"""Commands as they are typed, and what is not shown of them."""

import pytest

from neverstale import shell
from neverstale.shell import (
    before_path,
    in_turn,
    typed,
    with_variables,
    without_password,
    without_secrets,
)


class Nt:
    """The module `os` as Windows has it."""

    name, pathsep = "nt", ";"


@pytest.fixture
def powershell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell, "os", Nt)


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        (["uv", "publish", "--token", "x y", "a"], "uv publish --token '***' a"),
        (["uv", "publish", "--password=x"], "uv publish '--password=***'"),
        (["uv", "publish", "--token"], "uv publish --token"),
        (["uv", "run", "--tokens", "x"], "uv run --tokens '***'"),
        (["uv", "run", "--tokens=x"], "uv run '--tokens=***'"),
        (["uv", "publish", "--password", "--token"], "uv publish --password '***'"),
        (["uv", "publish", "-p", "x"], "uv publish -p '***'"),
        (["uv", "publish", "-tx", "a"], "uv publish '-t***' a"),
        (["publish", "-t", "x"], "publish -t '***'"),
        (["uv", "run", "-p", "3.12"], "uv run -p 3.12"),
        (["uv", "run", "-p3.12", "publish"], "uv run -p3.12 publish"),
        (["uv", "add", "https://me:it@x.org/a"], "uv add 'https://***@x.org/a'"),
        (["uv", "pip", "install", "a b"], "uv pip install 'a b'"),
        (["uv"], "uv"),
    ],
)
def test_secrets_are_not_shown(command: list[str], shown: str) -> None:
    assert typed(without_secrets(command)) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://u:p@h/x", "https://***@h/x"),
        ("https://token@h", "https://***@h"),
        ("https://u:p@h/a https://v@i", "https://***@h/a https://***@i"),
        ("https://u:p@w@h/x", "https://***@h/x"),
        ("https://u:p/w@h", "https://***@h"),
        ("https://u:p@w/x@h/", "https://***@h/"),
        ('https://u:p"w@h/', "https://***@h/"),
        ('{"url": "https://u:p@h/", "by": "a@b"}', '{"url": "https://***@h/", "by": "a@b"}'),
        ('{"url":"https://h:80/","by":"a@b"}', '{"url":"https://h:80/","by":"a@b"}'),
        ("https://h/x?a=b", "https://h/x?a=b"),
        ("git@github.com:a/b", "git@github.com:a/b"),
        ("https://h/x and a@b", "https://h/x and a@b"),
        ("", ""),
    ],
)
def test_no_password_is_shown(text: str, shown: str) -> None:
    assert without_password(text) == shown


@pytest.mark.parametrize("text", ["https://" + ":" * 5_000 + '",@', "https://u:p@h/" + "x" * 5_000])
def test_of_an_endless_url_nothing_is_shown(text: str) -> None:
    """What is searched for a password takes the square of its length at worst."""
    assert without_password(f"a {text} b") == "a https://*** b"


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["demo", "serve"], ["demo", "serve"]),
        (["demo", "--password", "x"], ["demo", "--password", "***"]),
        (["demo", "--password", "--verbose"], ["demo", "--password", "--verbose"]),
        (["demo", "--api-token=x"], ["demo", "--api-token=***"]),
        (["demo", "-SecretKey", "x", "y"], ["demo", "-SecretKey", "***", "y"]),
        (["env", "API_KEY=x\ny"], ["env", "API_KEY=***"]),
        (["demo", "--pass", "x"], ["demo", "--pass", "***"]),
        (["demo", "--pwd=x"], ["demo", "--pwd=***"]),
        (["demo", "--auth", "-x"], ["demo", "--auth", "***"]),
        (["curl", "-u", "me:x"], ["curl", "-u", "***"]),
        (
            ["curl", "--header", "Authorization: Bearer x"],
            ["curl", "--header", "Authorization: ***"],
        ),
        (["curl", "-H", "X: Bearer x"], ["curl", "-H", "X: Bearer ***"]),
        (["demo", "https://h/?access_token=x&y=1"], ["demo", "https://h/?access_token=***"]),
        (["demo", '{"password": "x"}'], ["demo", '{"password": ***']),
        (["demo", "monkeys=2", "compass"], ["demo", "monkeys=***", "compass"]),
        (["demo", "token", "x"], ["demo", "token", "x"]),
        (["python", "-u", "demo.py"], ["python", "-u", "demo.py"]),
        (["demo", "--port=80"], ["demo", "--port=80"]),
        ([], []),
    ],
)
def test_rather_too_much_is_hidden(command: list[str], expected: list[str]) -> None:
    assert without_secrets(command) == expected


@pytest.mark.usefixtures("powershell")
@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("install", "install"),
        (r"tools\neverstale.py", r"tools\neverstale.py"),
        ("--target=C:/x", "--target=C:/x"),
        (r"C:\a b\python.exe", r'"C:\a b\python.exe"'),
        ("a&b", '"a&b"'),
        ("größe x", '"größe x"'),
        ("$env:X", "'$env:X'"),
        ("it's $x", "'it''s $x'"),
        ('say "x"', "'say \"x\"'"),
        ("", '""'),
    ],
)
def test_a_word_for_powershell(argument: str, expected: str) -> None:
    assert typed([argument]).removeprefix("& ") == expected


@pytest.mark.usefixtures("powershell")
def test_a_program_in_quotes_is_called() -> None:
    assert typed([r"C:\a b\uv.exe", "run"]) == r'& "C:\a b\uv.exe" run'
    assert typed(["uv", "pip", "install", "a>=1"]) == 'uv pip install "a>=1"'
    assert in_turn(["a", "b"]) == "a; b"


@pytest.mark.usefixtures("powershell")
def test_variables_for_powershell() -> None:
    variables = {"PATH": r"C:\new;C:\one", "A": "b"}
    assert with_variables("run", variables, r"C:\one") == (
        r'$env:PATH = "C:\new;$env:PATH"; $env:A = "b"; run'
    )
    assert before_path(r"C:\a b") == r'"C:\a b;$env:PATH"'


@pytest.mark.parametrize(
    ("variables", "shown"),
    [
        ({"A": "b c", "B": "d"}, "A='b c' B=d a"),
        ({"PATH": "/new one:/one:/two"}, 'PATH="/new one:$PATH" a'),
        ({"PATH": "/new$one:/one:/two"}, "PATH='/new$one':\"$PATH\" a"),
        ({"PATH": "/new:/one"}, "PATH=/new:/one a"),
        ({"OTHER": "/new:/one:/two"}, "OTHER=/new:/one:/two a"),
        ({}, "a"),
    ],
)
def test_variables_are_shown_before_a_command(variables: dict[str, str], shown: str) -> None:
    assert with_variables("a", variables, "/one:/two") == shown


def test_commands_in_turn() -> None:
    assert in_turn(["a", "b c"]) == "a && b c"

"""What people type, or paste: texts that are kept to the letter, and answers that are refused."""

from itertools import cycle

TEXTS = [
    # Quotes and backslashes, for TOML, JSON, YAML, Python and shells.
    *("\"double\" and 'single'", '"', "'", '"""', "'''", "a\"b'c`d", "'\"'\"'", '\\"', '"\\', "x'"),
    *("back\\slash", "\\", "\\\\", "\\n \\t \\u0041 \\x41 \\N{DASH}", "C:\\new\\table", "end\\"),
    # Templates: Jinja's, GitHub's, Python's, make's.
    *("{{ 7 * 7 }}", "{% raw %}", "{% endraw %} {{ x }}", "{# gone #}", "{{", "}}", "{%", "%}"),
    *("{{ cycler.__init__.__globals__.os.popen('touch PWNED').read() }}", "{{ _copier_conf }}"),
    *(
        "${{ secrets.TOKEN }}",
        "${{ github.event.issue.title }}",
        "{0} {name} %s %(x)s %%",
        "f'{x}'",
    ),
    *("$(touch PWNED)", "$$(touch PWNED)", "$(shell touch PWNED)", "${HOME} $HOME $1 $@ $$ a$b$"),
    # Shells.
    *("`touch PWNED`", "; touch PWNED;", "a && touch PWNED", "a | touch PWNED", "&", "> PWNED"),
    *("'; touch PWNED; '", '"; touch PWNED; "', "!touch PWNED", "-rf", "--help", "~", "*", "?[a]"),
    # YAML and TOML.
    *(
        "# no comment",
        "a # b",
        ":",
        ": a",
        "a: b",
        "key: [1, 2]",
        "- item",
        "---",
        "--- a",
        "...",
        "%YAML 1.2",
    ),
    *(
        "null",
        "~ null",
        "true",
        "No",
        "yes",
        "1",
        "1.0",
        "1e3",
        "0x1f",
        "2024-01-01",
        "12:30:45",
        "=",
    ),
    *(
        "[table]",
        "[[x]]",
        "a = 1",
        "{a: b}",
        "[1",
        "!tag",
        "!!python/object:os.system",
        "&a *a",
        "<<: *a",
    ),
    *("|", ">", "| a", ">- b", "@a", "%a", "? a", "a:", ":a", "'", "``"),
    # Markdown and HTML.
    *(
        "*a* **b** _c_ __d__ snake_case",
        "[a](http://b)",
        "![a](b)",
        "[TOC]",
        "<b>bold</b>",
        "<!-- a",
    ),
    *(
        "<script>alert(1)</script>",
        "</title>",
        "&amp; &lt; &#65; AT&T",
        "# Heading #",
        "1. one",
        "2) two",
    ),
    *(
        "> quote",
        "+ a",
        "* a",
        "===",
        "***",
        "___",
        "~~a~~ ~b~",
        "```",
        "~~~",
        "| a | b |",
        ":smile:",
    ),
    *("!!! note", "::: a", "(target)=", "{ref}`a`", "$a$ and $b$", "<https://example.org>", "[^1]"),
    *("--8<-- 'pyproject.toml'", "{: .a }", "a {#b}", "@octo #1", "javascript:alert(1)", "[a]: b"),
    # Letters: beyond ASCII, beyond the BMP, combined, right to left, joined, alike.
    *(
        "größe 日本語 Ελλάδα",
        "🎉",
        "👩‍👩‍👧‍👦 🇪🇺",
        "𝒳 𐍈 \U0010fffd",
        "e\u0301 vs \u00e9",
        "Å Å Å",
        "ﬁ ﬀ",
    ),
    *(
        "שלום",
        "مرحبا بالعالم",
        "\u202eabc\u202c",
        "a\u200bb\u200dc",
        "a\u00a0b\u3000c",
        "İstanbul ıI ß ẞ",
    ),
    *("a\u0300" * 40, "\u0e01\u0e33", "\ufffd", "a\u00adb", "x²", "“a” ‘b’ –"),
    # A backslash before a digit, references without an end, a # at the end.
    *(
        "\\1. foo",
        "\\1",
        "\\0 *a*",
        "R&D &lt b",
        "&copy A",
        "C#",
        "F##",
        "\\#",
        "##",
        "1.",
        "12) a",
    ),
    # METADATA: what looks like a header, an encoded word, an address.
    *(
        "Name: other",
        "=?utf-8?q?x?=",
        "a <b@example.org>",
        "(comment) a",
        "a; b: c",
        "a@b",
        "A. B. C.-D.",
    ),
    # Long.
    *("x" * 100, "🎉" * 100, "a b " * 24 + "c", '"' * 100, "\\" * 99 + "x", "{{" * 50),
]
"""Each of these is a description, a name of a person and, with a letter in it, of a project."""

LONG = ["x" * 512, "größe 日本 🎉 " * 40 + "x", '\\"' * 256, "{{ x }} " * 60 + "x"]
"""Descriptions of the greatest length that a package index takes."""

BACKENDS = ("hatchling", "uv_build", "setuptools")
SERVICES = ("github", "gitlab", "none")
SITES = ("zensical", "sphinx", "none")
LICENSES = (
    "MIT",
    "Apache-2.0",
    "proprietary",
    "GPL-3.0-or-later",
    "BSD-3-Clause",
    "MPL-2.0",
    "ISC",
)


def _sets() -> list[dict[str, object]]:
    """Return sets of answers in which each text stands in each text question once."""
    people = [text.replace(",", "") for text in TEXTS]
    more = zip(cycle(BACKENDS), cycle(SERVICES[::-1]), cycle(SITES), cycle(LICENSES), strict=False)
    made: list[dict[str, object]] = []
    for place, (text, (backend, service, site, license_)) in enumerate(
        zip(TEXTS, more, strict=False)
    ):
        made.append(
            {
                "project_name": f"P {TEXTS[place - 1]}"[:100].strip(),
                "distribution_name": ("demo-app", "Demo.App", "demo_app", "d--e.m_o")[place % 4],
                "package_name": "demo_app",
                "description": text,
                "user_name": people[place - 2],
                "user_email": ("", "o'x+y{z}@example.org")[place % 2],
                "github_user": ("", "octo-cat")[place // 2 % 2],
                "build_backend": backend,
                "license": license_,
                "ci": service,
                "docs": site,
                "extras": [],
            }
        )
    made += [{"description": text, "build_backend": BACKENDS[i % 3]} for i, text in enumerate(LONG)]
    return made


KEPT = _sets()
"""Sets of answers that have to come back to the letter."""

NAMES = [
    {"distribution_name": "a"},
    {"distribution_name": "A-.-_B"},
    {"distribution_name": "x" * 100},
    {"distribution_name": "9lives", "package_name": "lives"},
    {"project_name": "İstanbul ıI"},
    {"project_name": "3D Tools!"},
    {"project_name": "JSON"},
    {"project_name": "Test"},
    {"project_name": "Class"},
    {"project_name": "CON"},
    {"project_name": "nox"},
    {"project_name": "Python"},
    {"project_name": "docs"},
    {"project_name": "日本", "distribution_name": "nihon"},
    {"package_name": "a__b_"},
    {"package_name": "x" * 100},
    {"package_name": "none"},
    {"package_name": "main"},
    {"github_user": "octocat_acme"},
    {"github_user": "group-x/sub.group/ada_lovelace"},
    {"project_name": "2048"},
    {"project_name": "日本"},
    {"project_name": "Data"},
    {"command_name": "x"},
    {"command_name": "A.b-c_d"},
    {"command_name": "demo.py"},
    {"command_name": "x" * 100},
]
"""Names that look wrong and are right: the project builds, and its command says hello."""

CONTROL = [
    "a\nb",
    "a\r\nb",
    "a\tb",
    "a\x00b",
    "a\x07b",
    "a\x1b[31mb",
    "a\x7fb",
    "a\x85b",
    "a\u2028b",
]
NO_TEXT = ["a\udcffb", "\ud83c", "a\ufeffb", "a\ufffeb"]
NO_NAME = [
    "-a",
    "a-",
    "_a",
    ".a",
    "a ",
    " a",
    "a b",
    "a/b",
    "../a",
    "a\\b",
    "größe",
    "a\n",
    "ｄｅｍｏ",
    "a@b",
]
NO_NAME += [
    "",
    "$(x)",
    "`x`",
    "a;b",
    "a:b",
    "a'b",
    'a"b',
    "{{ x }}",
    "x" * 101,
    "x" * 300,
    "İ",
    "ı",
    "..",
    ".",
]
REFUSED = [
    *(
        ("project_name", text)
        for text in [*CONTROL, *NO_TEXT, "", " ", "!!!", " a", "a ", "x" * 101]
    ),
    *(("description", text) for text in [*CONTROL, *NO_TEXT, "", " ", "\u00a0a", "a ", "x" * 513]),
    *(("description", text) for text in ["x" * 10_000]),
    *(("user_name", text) for text in [*CONTROL, *NO_TEXT, "", " ", "a ", "Ada, Inc.", "x" * 201]),
    *(("distribution_name", name) for name in NO_NAME),
    *(("distribution_name", name) for name in ["json", "Test", "typing", "pytest", "Nox"]),
    *(("distribution_name", name) for name in ["con", "COM1", "lpt9.x", "requirements.txt", "IMP"]),
    *(("command_name", name) for name in NO_NAME),
    *(
        ("command_name", name)
        for name in ["test", "cd", "python", "python3.12", "PIP3", "uv", "ruff"]
    ),
    *(("command_name", name) for name in ["nul", "con.x", "a.exe", "A.BAT", "activate", "py.test"]),
    *(("package_name", name) for name in [*NO_NAME, "1a", "A", "demo-app", "a.b", "__init__"]),
    *(("package_name", name) for name in ["class", "lambda", "match", "type", "async"]),
    *(("package_name", name) for name in ["json", "test", "tests", "distutils", "tools", "docs"]),
    *(
        ("package_name", name)
        for name in [
            "griffe",
            "bs4",
            "makefile",
            "src",
            "con",
            "aux",
            "lpt1",
            "pytest",
            "nox",
            "setup",
        ]
    ),
    *(
        ("user_email", text)
        for text in ["a", "a@b", "@b.org", "a@", "a@@b.org", "a b@c.org", "a@b.c\n"]
    ),
    *(
        ("user_email", text)
        for text in ["a..b@c.org", ".a@b.org", "a.@b.org", "a@-b.org", "a@b-.org"]
    ),
    *(
        ("user_email", text)
        for text in ["a@b..org", "a@b.1", "A <a@b.org>", "größe@b.org", "a@größe.org"]
    ),
    *(
        ("user_email", text)
        for text in ["a@b.test", "a@x.invalid", "a@x.LOCAL", "x" * 65 + "@b.org"]
    ),
    *(
        ("user_email", text)
        for text in ["a@" + "b." * 130 + "org", '"a b"@c.org', "a@[1.2.3.4]", "a,b@c.org"]
    ),
    *(
        ("github_user", text)
        for text in ["-a", "a-", "a b", "a//b", "a/", ".a", "a.", "größe", "a\n"]
    ),
    *(
        ("github_user", text)
        for text in ["https://github.com/a", "@a", "a;b", "$(x)", "../a", "a/../b", "x" * 200]
    ),
]
"""Answers that no file can hold, or a package index, a file system or a shell would not take."""

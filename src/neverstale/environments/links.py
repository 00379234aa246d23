"""Where the metadata of what is installed leads to."""

import re
from pathlib import Path

from neverstale.environments.dist_info import text_if_given

CHANGELOGS = ("changelog", "changes", "whatsnew", "history", "releasenotes")
"""The labels, normalized: https://packaging.python.org/en/latest/specifications/well-known-project-urls/"""


def changelog_of(info: Path) -> str:
    """Return the address of the changelog that a dist-info folder names; empty without one."""
    from email.parser import HeaderParser

    urls = HeaderParser().parsestr(text_if_given(info, "METADATA")).get_all("Project-URL", [])
    pairs = (str(url).partition(",") for url in urls)
    found = {re.sub(r"[\W_]", "", label).lower(): address.strip() for label, _, address in pairs}
    return next((found[label] for label in CHANGELOGS if label in found), "")

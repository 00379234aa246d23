"""Names of distributions. `packaging.utils` has the same, and is slow to import.

https://packaging.python.org/en/latest/specifications/name-normalization/
"""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.utils import NormalizedName
else:
    NormalizedName = str

__all__ = ["NormalizedName", "canonicalize_name", "is_name", "is_normalized_name"]


def canonicalize_name(name: str) -> NormalizedName:
    """Return *name* normalized (PEP 503)."""
    return NormalizedName(re.sub(r"[-_.]+", "-", name).lower())


def is_name(text: str) -> bool:
    """Return whether *text* is a valid name."""
    pattern = "[A-Z0-9]|[A-Z0-9][A-Z0-9._-]*[A-Z0-9]"
    return bool(re.fullmatch(pattern, text, re.IGNORECASE | re.ASCII))


def is_normalized_name(text: str) -> bool:
    """Return whether *text* is a valid name, and normalized."""
    return is_name(text) and canonicalize_name(text) == text

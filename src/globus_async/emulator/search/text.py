"""Words of texts."""

from __future__ import annotations

import re
from typing import Final

__all__ = ("tokens",)

_WORD: Final = re.compile(r"[^\W_]+")
"""Letters and digits of all scripts."""


def tokens(text: str) -> list[str]:
    """Return the words of a text in lower case, in their order."""
    return _WORD.findall(text.lower())

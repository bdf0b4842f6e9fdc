"""
File names of the operating system as text.

A name is a sequence of bytes, which need not be UTF-8; text in JSON cannot express the other bytes. Each of them is
shown as a character of a private range, U+F780 to U+F7FF for the bytes 80 to FF, and becomes the byte again in a path
that has the character. A name that has such a character itself is shown with its bytes: no two names are shown alike.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ("os_name", "text_name")

_OFFSET: Final = 0xF700
_SURROGATES: Final = 0xDC00
"""With these Python decodes bytes that are not UTF-8 (``surrogateescape``)."""
_SHOWN: Final = re.compile(r"[\uf780-\uf7ff]")
_TO_SHOW: Final = re.compile(r"[\udc80-\udcff\uf780-\uf7ff]")


def text_name(name: str) -> str:
    """Return a name that Python has decoded, as text without surrogates."""
    return name if name.isascii() else _TO_SHOW.sub(_show, name)


def os_name(name: str) -> str:
    """Return the name of a path for the operating system."""
    return name if name.isascii() else _SHOWN.sub(lambda match: chr(ord(match[0]) - _OFFSET + _SURROGATES), name)


def _show(match: re.Match[str]) -> str:
    return "".join(chr(_OFFSET + byte) for byte in match[0].encode("utf-8", "surrogateescape"))

"""Text of the errors of a collection's HTTPS server: what it says about a file, and what it leaves open."""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Final
from urllib.parse import unquote, urlsplit

__all__ = ("Meaning", "error_code", "error_message", "is_login_page", "meaning_of")

_MISSING: Final = re.compile(r"GridFTP-Errno: 2\b|\bPATH_NOT_FOUND\b|No such file or directory")
_DENIED: Final = re.compile(r"\bLOGIN_DENIED\b|\bPERMISSION_DENIED\b|\binvalid_user\b|[Pp]ermission denied|Errno: 13\b")
_DIRECTORY: Final = re.compile(
    r"GridFTP-Errno: 21\b|\b[Ii]s a directory|\bIS_A_DIRECTORY\b|[Nn]ot a (?:regular|plain) file"
)
_BROKEN: Final = re.compile(r"\b(?:INTERNAL_ERROR|ENDPOINT_ERROR)\b|GCS Manager|transport endpoint")
_PATTERNS: Final = (_MISSING, _DENIED, _DIRECTORY, _BROKEN)
_CODE: Final = re.compile(r"\bc=(?P<code>[A-Z][A-Z0-9_]*)\b")
_MESSAGE: Final = re.compile(r"^(?:GridFTP-Error(?:-String)?|GridFTP-Reason): *(?P<text>\S.*)$", re.MULTILINE)
_MAX_MESSAGE: Final = 300


class Meaning(Enum):
    """The statement of an error response about a file."""

    MISSING = auto()
    DENIED = auto()
    DIRECTORY = auto()
    BROKEN = auto()
    """The server could not ask the storage: the file may exist."""
    UNKNOWN = auto()


def meaning_of(text: str, *, path: str) -> Meaning:
    """
    Return what the text of an error says about the file.

    Args:
        text: The body of the response.
        path: The path of the request; a server may quote it, and its words are not those of the server.
    """
    for own in {path, unquote(path), unquote(path).rpartition("/")[2]}:
        if any(pattern.search(own) for pattern in _PATTERNS):  # a name such as "2" is not cut out of other words
            text = text.replace(own, " ")
    if _MISSING.search(text) is not None:
        return Meaning.MISSING
    if _DENIED.search(text) is not None:
        return Meaning.DENIED
    if _DIRECTORY.search(text) is not None:
        return Meaning.DIRECTORY
    if _BROKEN.search(text) is not None:
        return Meaning.BROKEN
    return Meaning.UNKNOWN


def error_code(text: str) -> str | None:
    """Return the code in the text of an error, such as ``PATH_NOT_FOUND``; ``None`` if there is none."""
    found = _CODE.search(text)
    return None if found is None else found["code"]


def error_message(text: str) -> str | None:
    """Return the sentence of an error's text that is meant for people; ``None`` if it is empty, or a page."""
    if text.lstrip().startswith(("<", "{")):
        return None
    found = [each["text"] for each in _MESSAGE.finditer(text)]
    lines = found[-1:] or [line.strip() for line in text.splitlines() if line.strip()]
    return lines[0][:_MAX_MESSAGE] if lines else None


def is_login_page(location: str | None) -> bool:
    """Return whether a redirect leads to the login page of Globus Auth."""
    try:
        parts = urlsplit(location or "")
        host = parts.hostname or ""
    except ValueError:
        return False
    return "/oauth2/authorize" in parts.path or host.startswith("auth.")

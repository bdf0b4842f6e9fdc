"""The parameters of the redirect at the end of a login: reading them strictly, and comparing them with the login."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from ..errors.base import escape_control_characters
from ..secret import Secret

__all__ = ("MalformedRedirect", "Redirect", "read_redirect")

_QUERY: Final = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*")
_CODE: Final = re.compile(r"[\x21-\x7e]+")
_INVALID: Final = "\ufffd"
_MAX_MESSAGE: Final = 300
_MAX_ERROR: Final = 60


class MalformedRedirect(ValueError):
    """A query is not that of a redirect. The message quotes none of it."""


@dataclass(frozen=True, slots=True, repr=False)
class Redirect:
    """The parameters of a redirect: either a code, or an error."""

    code: Secret | None
    state: Secret | None
    iss: str | None
    error: str | None
    description: str | None

    def has_state(self, state: str) -> bool:
        """Return whether the redirect has this state; takes as long for any other one of its length."""
        own = self.state.reveal() if self.state is not None else ""
        return hmac.compare_digest(own.encode("utf-8", "backslashreplace"), state.encode())

    def is_from(self, issuer: str) -> bool:
        """Return whether the redirect names no other issuer (RFC 9207)."""
        return self.iss is None or hmac.compare_digest(self.iss.encode("utf-8", "backslashreplace"), issuer.encode())

    @property
    def refusal(self) -> str:
        """The error with its description, short and without characters that a terminal acts on."""
        error = _printable(self.error or "", _MAX_ERROR)
        description = _printable(self.description or "", _MAX_MESSAGE)
        return f"{description} ({error})" if description else error


def read_redirect(query: Secret) -> Redirect:
    """
    Read the query of a redirect.

    Args:
        query: The query, without the question mark.

    Raises:
        MalformedRedirect: It has invalid characters or encodings, a parameter twice, both a code and an error, or
            neither.
    """
    if _QUERY.fullmatch(query.reveal()) is None:
        raise MalformedRedirect("the query has invalid characters")
    parameters = _parameters(query)
    found = dict(parameters)
    if any(_INVALID in name or _INVALID in value.reveal() for name, value in parameters):
        raise MalformedRedirect("a parameter is not UTF-8")
    if len(found) < len(parameters):
        raise MalformedRedirect("a parameter occurs twice")
    code, error = found.get("code"), found.get("error")
    if (code is None) == (error is None):
        raise MalformedRedirect("it has no code and no error" if code is None else "it has both a code and an error")
    if code is not None and _CODE.fullmatch(code.reveal()) is None:
        raise MalformedRedirect("the code is empty or has invalid characters")
    if error is not None and not error:
        raise MalformedRedirect("the error is empty")
    iss, description = _text(found, "iss"), _text(found, "error_description")
    return Redirect(code, found.get("state"), iss, _text(found, "error"), description)


def _parameters(query: Secret) -> list[tuple[str, Secret]]:
    """Return the decoded parameters; bytes that are not UTF-8 become U+FFFD. No error shows what is decoded here."""
    pairs = (part.partition("=") for part in query.reveal().split("&"))
    return [(_decode(name), Secret(_decode(value))) for name, _, value in pairs]


def _decode(text: str) -> str:
    return unquote_to_bytes(text.replace("+", " ")).decode("utf-8", "replace")


def _text(found: dict[str, Secret], name: str) -> str | None:
    value = found.get(name)
    return None if value is None else value.reveal()


def _printable(text: str, longest: int) -> str:
    """Return a text of a server on one line, cut if it is long."""
    line = escape_control_characters(" ".join(text.split()))
    return line if len(line) <= longest else f"{line[: longest - 3]}..."

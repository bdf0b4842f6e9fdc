"""What Globus Auth refuses for good in a token request: the application, or its grant."""

from __future__ import annotations

from typing import Final, Literal

from .._http.json_reader import is_object
from ..errors import GlobusAPIError

__all__ = ("refusal_of",)

_WRONG_CLIENT: Final = frozenset({"invalid_client", "unauthorized_client"})
_INVALID_GRANT: Final = frozenset({"invalid_grant", "access_denied"})


def refusal_of(error: Exception) -> Literal["application", "grant"] | None:
    """Return what the token endpoint refused for good (RFC 6749, 5.2); ``None`` for other failures."""
    if not isinstance(error, GlobusAPIError):
        return None
    codes = _codes(error)
    if codes & _WRONG_CLIENT:
        return "application"
    if codes & _INVALID_GRANT:
        return "grant"
    return "application" if error.http_status == 401 else None  # there 401 is for clients, whatever the code


def _codes(error: GlobusAPIError) -> set[object]:
    """Return the error codes in either of the two formats of Globus Auth."""
    short = error.raw_json.get("error") if is_object(error.raw_json) else None
    return {(error.code or "").lower(), short if isinstance(short, str) else None}

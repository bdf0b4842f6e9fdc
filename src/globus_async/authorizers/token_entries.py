"""The tokens of a token response, one entry per resource server: pure reading."""

from __future__ import annotations

from typing import Any

from .._http.json_reader import is_list, is_object
from ..errors import GlobusSDKUsageError, TokenRefreshError
from ..secret import Secret
from .token import IssuedToken, parse_lifetime

__all__ = ("issued_token", "refresh_token_of", "token_entries")


def token_entries(document: Any) -> list[dict[str, Any]]:
    """Return the entries of a token document, one per resource server; the document itself is the first."""
    if not is_object(document):
        raise TokenRefreshError("the response of Globus Auth is not a token document")
    others = document.get("other_tokens")
    return [document, *filter(is_object, others if is_list(others) else ())]


def refresh_token_of(entry: dict[str, Any]) -> Secret | None:
    """Return the refresh token of an entry, which replaces the one that was sent; ``None`` if that is still valid."""
    rotated = entry.get("refresh_token")
    return Secret(rotated) if isinstance(rotated, str) and rotated else None


def issued_token(entry: dict[str, Any]) -> IssuedToken:
    """
    Return the access token of an entry.

    Raises:
        TokenRefreshError: There is none, or it is invalid.
    """
    token, token_type = entry.get("access_token"), entry.get("token_type")
    if not isinstance(token, str) or (isinstance(token_type, str) and token_type.lower() != "bearer"):
        raise TokenRefreshError("the response of Globus Auth has no bearer token")
    try:
        return IssuedToken(Secret.token("access_token", token), parse_lifetime(entry.get("expires_in")))
    except GlobusSDKUsageError as error:
        raise TokenRefreshError(f"the response of Globus Auth has an invalid token: {error}") from None

"""A token as a storage holds it: whether to use it, and what replaces it. Plain functions, without a clock."""

from __future__ import annotations

from typing import Any

from ..errors import GlobusSDKUsageError, TokenRefreshError
from ..secret import Secret
from ..token_storage.token_data import TokenStorageData
from .token import HeldToken, IssuedToken
from .token_entries import refresh_token_of, token_entries

__all__ = ("entry_for", "held_token", "is_better", "is_rotated", "updated", "with_refresh_token")


def held_token(stored: TokenStorageData, *, wall: float, monotonic: float) -> HeldToken | None:
    """
    Return the access token of stored tokens as it is sent; ``None`` if it has expired, or is no bearer token.

    Args:
        stored: The stored tokens.
        wall: Now, in POSIX seconds.
        monotonic: Now, on the monotonic clock.
    """
    if stored.expires_at_seconds <= wall or (stored.token_type or "bearer").lower() != "bearer":
        return None
    try:
        token = Secret.token("access_token", stored.access_token)
    except GlobusSDKUsageError:
        return None
    return HeldToken.bearer(token, stored.expires_at_seconds - wall, wall=wall, monotonic=monotonic)


def is_better(found: HeldToken, held: HeldToken | None, *, refused: Secret | None) -> bool:
    """
    Return whether a token that was found in the storage is to be used in place of the held one.

    Args:
        found: The token that was found; its lifetime begins now.
        held: The token in use, if there is one.
        refused: The header that a service refused last.
    """
    if found.header == refused:
        return False
    if held is None:
        return True
    left = held.remaining(wall=found.wall, monotonic=found.monotonic)
    return found.header != held.header and found.remaining(wall=found.wall, monotonic=found.monotonic) > left


def is_rotated(old: TokenStorageData | None, new: TokenStorageData) -> bool:
    """Return whether the refresh token was replaced: the use of the new one ends the old one."""
    return new.refresh_token != (None if old is None else old.refresh_token)


def entry_for(document: Any, resource_server: str) -> dict[str, Any]:
    """
    Return the entry of a token document for a resource server.

    Raises:
        TokenRefreshError: There is none: it belongs to another one, and must not be stored as if it were of this one.
    """
    entries = token_entries(document)
    for entry in entries:
        if entry.get("resource_server") in (resource_server, None):
            return entry
    others = ", ".join(sorted({str(entry.get("resource_server")) for entry in entries}))
    raise TokenRefreshError(f"the response has tokens for {others}, but none for the resource server {resource_server}")


def updated(
    old: TokenStorageData | None, entry: dict[str, Any], issued: IssuedToken, *, resource_server: str, wall: float
) -> TokenStorageData:
    """
    Return the tokens to store after a refresh: the new ones, with whatever else is stored along with them.

    Args:
        old: The stored tokens, if there are any.
        entry: The entry of the token document.
        issued: Its access token.
        resource_server: The resource server.
        wall: When the request began, in POSIX seconds.
    """
    scope, token_type = entry.get("scope"), entry.get("token_type")
    return TokenStorageData(
        resource_server,
        None if old is None else old.identity_id,
        scope if isinstance(scope, str) else "" if old is None else old.scope,
        issued.access_token,
        refresh_token_of(entry) or (None if old is None else old.refresh_token),
        int(wall + (issued.lifetime or 0)),  # without a lifetime it counts as expired, as in token responses
        token_type if isinstance(token_type, str) else "Bearer",
        None if old is None else old.extra,
    )


def with_refresh_token(old: TokenStorageData, refresh_token: Secret) -> TokenStorageData:
    """Return stored tokens with another refresh token."""
    return TokenStorageData(
        old.resource_server,
        old.identity_id,
        old.scope,
        old.access_token,
        refresh_token,
        old.expires_at_seconds,
        old.token_type,
        old.extra,
    )

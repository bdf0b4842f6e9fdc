"""Sessions and their tokens, as a store holds them. Their contents never leave the server."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from ..secret import Secret

if TYPE_CHECKING:
    from ..services.auth.documents import TokenInfo

__all__ = (
    "Session",
    "StoredTokens",
    "store_key",
    "tokens_key",
)


def store_key(kind: str, *parts: Secret | str) -> str:
    """Return a key of the store; secret parts are hashed, so that the key does not reveal the cookie."""
    texts = (hashlib.sha256(part.reveal().encode()).hexdigest() if isinstance(part, Secret) else part for part in parts)
    return ":".join((kind, *texts))


@dataclass(frozen=True, slots=True)
class Session:
    """
    The session of a logged-in user.

    Attributes:
        identity_id: The UUID of the user's identity.
        username: The identity's username, such as ``ada@example.org``.
        name: The user's full name, or ``None``.
        email: The user's e-mail address, or ``None``.
        csrf_token: Must be contained in every form that changes state; ``csrf_token.reveal()`` returns its text.
        expires_at: The expiration time of the session, POSIX seconds.
        resource_servers: The resource servers of the user's tokens.
    """

    key: str = field(repr=False)
    identity_id: UUID
    username: str
    name: str | None
    email: str | None
    csrf_token: Secret
    expires_at: float
    resource_servers: tuple[str, ...]

    def dump(self) -> Secret:
        """Return it as JSON, for the store."""
        return _to_json(
            identity_id=str(self.identity_id),
            username=self.username,
            name=self.name,
            email=self.email,
            csrf_token=self.csrf_token.reveal(),
            expires_at=self.expires_at,
            resource_servers=list(self.resource_servers),
        )

    @classmethod
    def load(cls, key: str, text: Secret) -> Self:
        """Restore it from the JSON of `dump`."""
        data = json.loads(text.reveal())
        return cls(
            key=key,
            identity_id=UUID(data["identity_id"]),
            username=data["username"],
            name=data["name"],
            email=data["email"],
            csrf_token=Secret(data["csrf_token"]),
            expires_at=data["expires_at"],
            resource_servers=tuple(data["resource_servers"]),
        )


@dataclass(frozen=True, slots=True)
class StoredTokens:
    """A user's tokens for one service."""

    access_token: Secret
    refresh_token: Secret | None
    expires_at: float

    @classmethod
    def from_response(cls, entry: TokenInfo) -> Self:
        """Create them from an entry of a token response, which contains the valid refresh token."""
        refresh_token = entry["refresh_token"]
        return cls(
            Secret(entry["access_token"]),
            Secret(refresh_token) if refresh_token else None,
            float(entry["expires_at_seconds"]),
        )

    def all(self) -> list[Secret]:
        """Return them in the order of their revocation."""
        return [self.access_token] if self.refresh_token is None else [self.refresh_token, self.access_token]

    def dump(self) -> Secret:
        """Return them as JSON, for the store."""
        return _to_json(
            access_token=self.access_token.reveal(),
            refresh_token=None if self.refresh_token is None else self.refresh_token.reveal(),
            expires_at=self.expires_at,
        )

    @classmethod
    def load(cls, text: Secret) -> Self:
        """Restore them from the JSON of `dump`."""
        data = json.loads(text.reveal())
        refresh_token = data["refresh_token"]
        return cls(
            Secret(data["access_token"]), None if refresh_token is None else Secret(refresh_token), data["expires_at"]
        )


def tokens_key(session_key: str, resource_server: str) -> str:
    """Return the key of the tokens of a session for one service."""
    return store_key("tokens", session_key.partition(":")[2], resource_server)


def _to_json(**members: Any) -> Secret:
    return Secret(json.dumps(members, separators=(",", ":")))

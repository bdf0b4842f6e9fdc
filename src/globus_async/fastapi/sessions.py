"""Sessions and their tokens, as a store holds them. Their contents never leave the server."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from ..secret import Secret
from ..token_storage.stored_tokens import decode_entry, encode_entry
from .stored_members import StoredMembers

if TYPE_CHECKING:
    from ..token_storage.token_data import TokenStorageData

__all__ = (
    "Session",
    "dump_tokens",
    "load_tokens",
    "store_key",
    "tokens_in",
    "tokens_key",
)

_log = logging.getLogger("globus_async")


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
        """
        Restore it from the JSON of `dump`.

        Raises:
            ValueError: The text has another form.
        """
        data = StoredMembers(text)
        return cls(
            key=key,
            identity_id=UUID(data.text("identity_id")),
            username=data.text("username"),
            name=data.text_or_none("name"),
            email=data.text_or_none("email"),
            csrf_token=Secret(data.text("csrf_token")),
            expires_at=data.number("expires_at"),
            resource_servers=data.texts("resource_servers"),
        )


def dump_tokens(data: TokenStorageData) -> Secret:
    """Return tokens for one service as JSON, for the store."""
    return Secret(str(encode_entry(data), "ascii"))


def load_tokens(text: Secret | None) -> TokenStorageData | None:
    """Restore tokens from the JSON of `dump_tokens`; ``None`` if there are none, or they are damaged."""
    if text is None:
        return None
    data = decode_entry(text.reveal().encode())
    if data is None:
        _log.error("the tokens of a session are unreadable in its store, and count as missing")
    return data


def tokens_in(data: TokenStorageData) -> list[Secret]:
    """Return the access token and the refresh token, in the order of their revocation."""
    return [data.access_token] if data.refresh_token is None else [data.refresh_token, data.access_token]


def tokens_key(session_key: str, resource_server: str) -> str:
    """Return the key of the tokens of a session for one service."""
    return store_key("tokens", session_key.partition(":")[2], resource_server)


def _to_json(**members: Any) -> Secret:
    return Secret(json.dumps(members, separators=(",", ":")))

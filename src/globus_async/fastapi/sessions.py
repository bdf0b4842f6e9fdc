"""Sessions and their tokens, as a store holds them. Their contents never leave the server."""

from __future__ import annotations

import hashlib
import json
import logging
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from .._http.json_reader import is_list
from ..secret import Secret
from ..token_storage.stored_tokens import decode_entry, encode_entry

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
        data = _StoredMembers(text)
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


class _StoredMembers:
    """The members of a JSON object in a store, whose types are checked."""

    def __init__(self, text: Secret) -> None:
        try:
            members: object = json.loads(text.reveal())
        except (ValueError, RecursionError):
            members = None
        # not within the handler: the error holds the text
        if not isinstance(members, dict):
            raise ValueError("not a JSON object")  # noqa: TRY004 -- a value of the store, not an argument
        self._members: dict[str, object] = members

    def text(self, name: str) -> str:
        """Return a member that is a text."""
        value = self._members.get(name)
        if isinstance(value, str):
            return value
        raise ValueError(f"{name} is missing or not a text")

    def text_or_none(self, name: str) -> str | None:
        """Return a member that is a text or null."""
        return None if self._members.get(name, "") is None else self.text(name)

    def number(self, name: str) -> float:
        """Return a member that is a finite number."""
        value = self._members.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return value
        raise ValueError(f"{name} is missing or not a number")

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a member that is an array of texts."""
        values = self._members.get(name)
        if is_list(values) and all(isinstance(value, str) for value in values):
            return tuple(map(str, values))
        raise ValueError(f"{name} is missing or not an array of texts")


def _to_json(**members: Any) -> Secret:
    return Secret(json.dumps(members, separators=(",", ":")))

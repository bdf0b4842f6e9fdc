"""The user of a request, from the introspection of its token."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from ..secret import Secret

__all__ = ("LinkedIdentity", "Principal")


@dataclass(frozen=True, slots=True)
class LinkedIdentity:
    """One of a user's linked identities."""

    id: UUID
    username: str | None = None
    name: str | None = None
    email: str | None = None
    organization: str | None = None


@dataclass(frozen=True, slots=True)
class Principal:
    """
    The user of a request, whose access token is valid and issued for this application.

    Attributes:
        id: The UUID of the identity to which the token was issued.
        username: Its username, such as ``ada@example.org``. Authorize by ``id``: usernames can be reassigned.
        name: The user's full name, if the token has a scope for it.
        email: The user's e-mail address, if the token has a scope for it.
        identities: All linked identities of the user, including this one.
        scopes: The scopes of the token.
        client_id: The id of the client to which the token was issued.
        expires_at: The expiration time of the token, POSIX seconds.
        dependent_tokens_cache_id: Changes when dependent tokens should be requested again.
        token: The token, for the dependent token grant.
        document: The introspection document.
    """

    id: UUID
    username: str
    name: str | None
    email: str | None
    identities: tuple[LinkedIdentity, ...]
    scopes: frozenset[str]
    client_id: str
    expires_at: float
    dependent_tokens_cache_id: str | None
    token: Secret = field(repr=False, compare=False)
    document: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def from_introspection(cls, token: Secret, document: Mapping[str, Any]) -> Principal:
        """
        Create a principal from the introspection document of an active token.

        Raises:
            ValueError: ``sub`` or ``exp`` is missing or malformed.
            TypeError: A member has the wrong type.
            OverflowError: ``exp`` is too large.
        """
        expires_at = float(document.get("exp") or "")
        if not math.isfinite(expires_at):
            raise ValueError("exp must be finite")
        identity = UUID(str(document.get("sub")))
        scope = document.get("scope")
        return cls(
            id=identity,
            username=_text(document, "username") or str(identity),
            name=_text(document, "name"),
            email=_text(document, "email"),
            identities=_identities(identity, document),
            scopes=frozenset(scope.split() if isinstance(scope, str) else ()),
            client_id=_text(document, "client_id") or "",
            expires_at=expires_at,
            dependent_tokens_cache_id=_text(document, "dependent_tokens_cache_id"),
            token=token,
            document=document,
        )

    @property
    def identity_ids(self) -> frozenset[UUID]:
        """The UUIDs of all linked identities, to grant what any of them is allowed to do."""
        return frozenset(identity.id for identity in self.identities)


def _text(document: Mapping[str, Any], name: str) -> str | None:
    value = document.get(name)
    return value if isinstance(value, str) and value else None


def _identities(own: UUID, document: Mapping[str, Any]) -> tuple[LinkedIdentity, ...]:
    """Return the linked identities, always including the token's own."""
    identities: dict[UUID, LinkedIdentity] = {
        own: LinkedIdentity(own, _text(document, "username"), _text(document, "name"), _text(document, "email"), None)
    }
    for identity_id in document.get("identity_set") or ():
        identities.setdefault(UUID(str(identity_id)), LinkedIdentity(UUID(str(identity_id))))
    for entry in document.get("identity_set_detail") or ():
        identity_id = UUID(str(entry.get("sub") or entry.get("id")))  # the documentation has both names
        fields = (_text(entry, name) for name in ("username", "name", "email", "organization"))
        identities[identity_id] = LinkedIdentity(identity_id, *fields)
    return tuple(identities.values())

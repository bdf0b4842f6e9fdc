"""Who calls: what an introspected token says of its user, as a value."""

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
    """One of the identities that a user has linked, at one organization each."""

    id: UUID
    username: str | None = None
    name: str | None = None
    email: str | None = None
    organization: str | None = None


@dataclass(frozen=True, slots=True)
class Principal:
    """
    The user that a request comes from, with an access token that is good and meant for this application.

    Attributes:
        id: The identity that the token was issued to.
        username: Its name, such as ``ada@example.org``. Do not decide by it: it can change hands, the id cannot.
        name: The user's full name, if the token tells.
        email: The user's address, if the token tells.
        identities: All identities that the user has linked, this one among them.
        scopes: What the token is for.
        client_id: The application that calls on the user's behalf.
        expires_at: When the token ends, in POSIX seconds.
        dependent_tokens_cache_id: Changes when dependent tokens should be fetched anew.
        token: The token itself, for the dependent grant.
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
    def of(cls, token: Secret, document: Mapping[str, Any]) -> Principal:
        """
        Read the document of an active token.

        Raises:
            ValueError: It does not say whose token this is, or until when.
            TypeError: Something in it is of the wrong kind.
            OverflowError: It is for longer than there are seconds.
        """
        expires_at = float(document.get("exp") or "")
        if not math.isfinite(expires_at):
            raise ValueError("a token must end")
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
        """The ids of all linked identities: whoever may do something with one of them may do it."""
        return frozenset(identity.id for identity in self.identities)


def _text(document: Mapping[str, Any], name: str) -> str | None:
    value = document.get(name)
    return value if isinstance(value, str) and value else None


def _identities(own: UUID, document: Mapping[str, Any]) -> tuple[LinkedIdentity, ...]:
    """Read the linked identities; the token's own is there even if nothing is said."""
    found: dict[UUID, LinkedIdentity] = {
        own: LinkedIdentity(own, _text(document, "username"), _text(document, "name"), _text(document, "email"), None)
    }
    for identity_id in document.get("identity_set") or ():
        found.setdefault(UUID(str(identity_id)), LinkedIdentity(UUID(str(identity_id))))
    for entry in document.get("identity_set_detail") or ():
        identity_id = UUID(str(entry.get("sub") or entry.get("id")))  # services differ in what they call it
        fields = (_text(entry, name) for name in ("username", "name", "email", "organization"))
        found[identity_id] = LinkedIdentity(identity_id, *fields)
    return tuple(found.values())

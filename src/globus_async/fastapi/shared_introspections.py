"""Introspections of access tokens that the processes of an application share."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ..secret import Secret
from ..session_store import SessionStore, SessionStoreUnavailable
from .stored_members import StoredMembers

if TYPE_CHECKING:
    from ..clock import Clock

__all__ = ("SharedIntrospection", "SharedIntrospections")

_log = logging.getLogger("globus_async")
_LEEWAY_SECONDS: Final = 1.0
"""Tolerated difference between the clocks of two machines. A result from the future would be used for too long."""


class SharedIntrospection(NamedTuple):
    """The introspection of an active token, and when it was requested, POSIX seconds."""

    document: Mapping[str, Any]
    requested_at: float


class SharedIntrospections:
    """
    The introspections of active tokens in a store, by the hash of the token.

    Without the store, each process introspects by itself. Inactive tokens are not stored, since anybody can send them.

    Args:
        store: The store, whose calls end in time.
        clock: The clock.
        max_age: Seconds from an introspection for which it is used, in all processes together.
    """

    def __init__(self, store: SessionStore, clock: Clock, *, max_age: float) -> None:
        self._store = store
        self._clock = clock
        self._max_age = max_age

    async def find(self, digest: bytes) -> SharedIntrospection | None:
        """Return the introspection of a token by another process, unless it is too old."""
        try:
            value = await self._store.get(_key(digest))
        except SessionStoreUnavailable:
            return None
        if value is None:
            return None
        try:
            members = StoredMembers(value)
            found = SharedIntrospection(members.members("document"), members.number("requested_at"))
        except ValueError as error:
            _log.error("an introspection is unreadable in its store, and counts as missing: %s", error)
            return None
        age = self._clock.wall() - found.requested_at
        return found if found.document.get("active") is True and -_LEEWAY_SECONDS <= age < self._max_age else None

    async def add(self, digest: bytes, token: Secret, found: SharedIntrospection, *, until: float) -> None:
        """
        Share an introspection.

        Args:
            digest: The hash of the token.
            token: The token, which must not be part of the document.
            found: The introspection.
            until: When it must no longer be used, POSIX seconds.
        """
        text = json.dumps({"requested_at": found.requested_at, "document": dict(found.document)})
        seconds = until - self._clock.wall()
        if seconds <= 0 or token.reveal() in text:
            return
        try:
            await self._store.put(_key(digest), Secret(text), seconds=seconds)
        except SessionStoreUnavailable:
            return  # which the log has, once for each outage


def _key(digest: bytes) -> str:
    return f"introspection:{digest.hex()}"

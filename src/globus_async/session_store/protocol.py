"""The interface of session stores, and their error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ..errors import TransientStorageError

if TYPE_CHECKING:
    from ..secret import Secret

__all__ = ("SessionStore", "SessionStoreUnavailable")


class SessionStoreUnavailable(TransientStorageError):
    """
    The session store cannot be used at the moment; the response is 503. A store of your own may raise it, too.

    Attributes:
        retry_after: Seconds after which the store may be available again, if it is known.
    """


class SessionStore(Protocol):
    """
    A store of sessions: four coroutines for strings, which a database can implement as well as a dict.

    Keys are not secret: they start with a kind (``session:``, ``tokens:``, ``login:``, ``lease:`` or
    ``introspection:``), followed by a hash. Values are secret: store them encrypted, or at least readable only by the
    application. Of several concurrent callers, in one process or several, each `compare_and_set` and `pop` sees the
    effect of the previous one.
    """

    async def get(self, key: str) -> Secret | None:
        """Return the value of a key; ``None`` if there is none or it has expired."""
        ...

    async def put(self, key: str, value: Secret, *, seconds: float) -> None:
        """Set or replace the value of a key; it expires after that many seconds."""
        ...

    async def compare_and_set(self, key: str, old: Secret | None, new: Secret | None, *, seconds: float) -> bool:
        """
        Replace the value of a key if it is still ``old``; return whether it was.

        Args:
            key: The key.
            old: The expected value; ``None`` if there must be none.
            new: The new value; ``None`` to remove it.
            seconds: Seconds until the new value expires.
        """
        ...

    async def pop(self, key: str) -> Secret | None:
        """Remove and return the value of a key; of several concurrent callers, only one receives it."""
        ...

"""Errors of token storages."""

from __future__ import annotations

from ..errors import GlobusError, TransientStorageError

__all__ = ("LeaseLost", "TokenStorageDamaged", "TokenStorageError", "TokenStorageUnavailable")


class TokenStorageError(GlobusError):
    """A token storage cannot be used; nothing in it was changed."""


class TokenStorageUnavailable(TokenStorageError, TransientStorageError):
    """
    A token storage cannot be reached at the moment: it is locked, its disk is full, its server is down.

    Attributes:
        retry_after: Seconds after which it may be available again, if that is known.
    """


class TokenStorageDamaged(TokenStorageError):
    """
    Tokens in a storage cannot be read: they are truncated, in an unknown format, or encrypted with another key.

    Attributes:
        set_aside: Where the unreadable file was moved to, if it was.
    """

    set_aside: str | None = None


class LeaseLost(TokenStorageError, TransientStorageError):
    """The time of a lease ran out before the work that it protects was done."""

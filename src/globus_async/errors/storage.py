"""The common class of passing failures of stores: of tokens, of sessions."""

from __future__ import annotations

from .base import GlobusError

__all__ = ("TransientStorageError",)


class TransientStorageError(GlobusError):
    """
    A store cannot be used at the moment; the same call may succeed later.

    Attributes:
        retry_after: Seconds after which it may be available again, if that is known.
    """

    retry_after: float | None = None

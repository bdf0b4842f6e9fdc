"""Token storages: tokens that outlive the process, and that several processes share."""

from typing import TYPE_CHECKING

from .._lazy_names import lazy_names

if TYPE_CHECKING:
    from .base import TokenStorage
    from .errors import LeaseLost, TokenStorageDamaged, TokenStorageError, TokenStorageUnavailable
    from .lease import Lease
    from .memory import MemoryTokenStorage
    from .token_data import TokenStorageData

__all__ = (
    "Lease",
    "LeaseLost",
    "MemoryTokenStorage",
    "TokenStorage",
    "TokenStorageDamaged",
    "TokenStorageData",
    "TokenStorageError",
    "TokenStorageUnavailable",
)

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "base": ("TokenStorage",),
            "errors": ("LeaseLost", "TokenStorageDamaged", "TokenStorageError", "TokenStorageUnavailable"),
            "lease": ("Lease",),
            "memory": ("MemoryTokenStorage",),
            "token_data": ("TokenStorageData",),
        },
    )

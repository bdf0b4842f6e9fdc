"""Session stores: values with an expiration time, which the processes of a web application can share."""

from typing import TYPE_CHECKING

from .._lazy_names import lazy_names

if TYPE_CHECKING:
    from .memory import MemorySessionStore
    from .protocol import SessionStore, SessionStoreUnavailable
    from .sqlite import SQLiteSessionStore

__all__ = ("MemorySessionStore", "SQLiteSessionStore", "SessionStore", "SessionStoreUnavailable")

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "memory": ("MemorySessionStore",),
            "protocol": ("SessionStore", "SessionStoreUnavailable"),
            "sqlite": ("SQLiteSessionStore",),
        },
    )

"""
PostgreSQL or SQLite, for the processes of one application; requires the extra ``globus-async[sql]``.

`SQLDatabase` is the connection; `SQLTokenStorage`, `SQLSessionStore`, `SQLLeases` and `SQLRateLimits` use it.
"""

from typing import TYPE_CHECKING

from .._lazy_names import lazy_names

if TYPE_CHECKING:
    from .database import SQLDatabase
    from .leases import SQLLeases
    from .rate_limits import SQLRateLimits
    from .session_store import SQLSessionStore
    from .token_storage import SQLTokenStorage

__all__ = ("SQLDatabase", "SQLLeases", "SQLRateLimits", "SQLSessionStore", "SQLTokenStorage")

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "database": ("SQLDatabase",),
            "leases": ("SQLLeases",),
            "rate_limits": ("SQLRateLimits",),
            "session_store": ("SQLSessionStore",),
            "token_storage": ("SQLTokenStorage",),
        },
        extra="sql",
    )

"""
Redis, for the processes of one application on one machine or several; requires the extra ``globus-async[redis]``.

`RedisDatabase` is the connection; `RedisTokenStorage`, `RedisSessionStore`, `RedisLeases` and `RedisRateLimits` use it.
"""

from typing import TYPE_CHECKING

from .._lazy_names import lazy_names

if TYPE_CHECKING:
    from .database import RedisDatabase
    from .leases import RedisLeases
    from .rate_limits import RedisRateLimits
    from .session_store import RedisSessionStore
    from .token_storage import RedisTokenStorage

__all__ = ("RedisDatabase", "RedisLeases", "RedisRateLimits", "RedisSessionStore", "RedisTokenStorage")

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "database": ("RedisDatabase",),
            "leases": ("RedisLeases",),
            "rate_limits": ("RedisRateLimits",),
            "session_store": ("RedisSessionStore",),
            "token_storage": ("RedisTokenStorage",),
        },
        extra="redis",
    )

"""Leases in Redis, which all processes share."""

from __future__ import annotations

import logging
import random
from contextlib import AbstractAsyncContextManager
from secrets import token_hex
from types import TracebackType
from typing import Final

from .._concurrency.tasks import run_to_end
from ..clock import SystemClock
from ..errors.arguments import check_number, check_text, check_type
from ..token_storage.errors import TokenStorageDamaged, TokenStorageError, TokenStorageUnavailable
from ..token_storage.lease import Lease
from .database import RedisDatabase
from .operations import Script, ValueOfAnotherType

__all__ = ("RedisLease", "RedisLeases", "milliseconds")

_log = logging.getLogger("globus_async")
_real: Final = SystemClock()
"""The clock by which Redis is polled, since its time is real, whatever that of the database is."""

_FIRST_PAUSE: Final = 0.01
_MAX_PAUSE: Final = 0.5
_GROWTH: Final = 1.5
_MAX_MILLISECONDS: Final = 10**15

_ACQUIRE: Final = Script(
    """
    local holder, left = redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1])
    if holder and holder ~= ARGV[1] and left > 0 then return left end
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
    return 0
    """,
    repeatable=True,
    durable=True,
)
"""Durable, since after a failover another holder would use a refresh token that has been used."""
_RELEASE: Final = Script(
    "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end return 0", repeatable=True
)


class RedisLeases:
    """
    Exclusive rights for a limited time, which all processes that use the same Redis share.

    A lease ends when it is released, or when its time has run out by Redis; it is not renewed. A holder that was paused
    for longer has lost it, so what it writes afterwards has to be compared with what is stored. After a failover of
    Redis there may be two holders, unless ``replicas`` of the database had it stored there, too.

    Args:
        database: The Redis. It is not closed.

    Example:
        >>> leases = RedisLeases(database)
        >>> async with leases.lease("nightly report", seconds=60) as lease:
        ...     print(lease.seconds_left > 0)
        True
    """

    def __init__(self, database: RedisDatabase) -> None:
        check_type("database", database, RedisDatabase, "a RedisDatabase")
        self._database = database

    def __repr__(self) -> str:
        return f"<RedisLeases in {getattr(self, '_database', None)!r}>"

    def lease(self, name: str, seconds: float) -> AbstractAsyncContextManager[Lease]:
        """
        Return a context in which no other holder has the lease of this name, for a limited time.

        Entering it waits until the lease is released, or its time has run out; it raises `TokenStorageUnavailable` if
        Redis cannot be used.

        Args:
            name: What the lease is for.
            seconds: How long it is held at most.
        """
        check_text("name", name)
        return RedisLease(self._database, self._database.key("lease", name), name, seconds)


class RedisLease:
    """
    The context in which a lease is held.

    Args:
        database: The Redis.
        key: The key of the lease.
        name: What it is for.
        seconds: How long it is held at most.
    """

    __slots__ = ("_database", "_holder", "_key", "_name", "_seconds")

    def __init__(self, database: RedisDatabase, key: str, name: str, seconds: float) -> None:
        check_number("seconds", seconds, positive=True)
        self._database = database
        self._key = key
        self._name = name
        self._seconds = seconds
        self._holder = ""

    async def __aenter__(self) -> Lease:
        self._holder = token_hex(16)
        try:
            return await self._acquire()
        except BaseException:
            await self._release()  # Redis may have granted it without our having the response
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._release()

    async def _acquire(self) -> Lease:
        pause = _FIRST_PAUSE
        while True:
            # its time begins before it does in Redis, so that it ends for its holder first
            lease = Lease(self._name, self._seconds, self._database.clock)
            left = await self._run(_ACQUIRE, milliseconds(self._seconds))
            if left == 0:
                return lease
            await _real.sleep(min(pause * random.uniform(0.5, 1.0), left / 1000))  # noqa: S311 -- not a secret
            pause = min(_GROWTH * pause, _MAX_PAUSE)

    async def _release(self) -> None:
        """Release the lease, even if the caller is cancelled: others would wait for the end of its time."""
        try:
            await run_to_end(lambda: self._run(_RELEASE))
        except TokenStorageError as error:
            _log.warning("the lease of %r was not released, and ends by itself: %s", self._name, error)

    async def _run(self, script: Script, *arguments: int) -> int:
        try:
            left: object = await self._database.run(
                script, self._key, self._holder, *arguments, raises=TokenStorageUnavailable
            )
        except ValueOfAnotherType:
            raise TokenStorageDamaged(f"the key {self._key} in Redis holds something else; delete it") from None
        return left if isinstance(left, int) else 0


def milliseconds(seconds: float) -> int:
    """Return a duration for Redis: whole milliseconds, at least one, and not more than it can add to its time."""
    return max(1, round(min(1000 * seconds, _MAX_MILLISECONDS)))

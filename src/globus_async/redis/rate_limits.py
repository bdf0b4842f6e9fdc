"""Rate limits that all processes share which use Redis."""

from __future__ import annotations

from typing import Final

from ..errors.arguments import check_number, check_text, check_type, check_whole
from ..token_storage.errors import TokenStorageUnavailable
from .database import RedisDatabase
from .operations import Script, ValueOfAnotherType

__all__ = ("RedisRateLimits",)

_RESERVE: Final = Script(
    # The value: the end of all reserved slots, and when that was written, in microseconds by the clock of Redis. One
    # that was set back takes the slots along. Slots too far away are not due to calls, but to a damaged value.
    """
    local time = redis.call('TIME')
    local now = time[1] * 1000000 + time[2]
    local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
    local tat, seen = string.match(redis.call('GET', KEYS[1]) or '', '^(%d+%.%d+) (%d+%.%d+)$')
    tat, seen = tonumber(tat) or now, tonumber(seen) or now
    if now < seen then tat = tat - (seen - now) end
    if tat < now or tat > now + 10000 * interval then tat = now end
    local wait = math.max(0, tat - (burst - 1) * interval - now)
    tat = tat + interval
    local lifetime = math.min(math.ceil((tat - now) / 1000), 1e12)
    redis.call('SET', KEYS[1], string.format('%.3f %.3f', tat, now), 'PX', string.format('%.0f', lifetime))
    return string.format('%.0f', wait)
    """
)


class RedisRateLimits:
    """
    A store of rate limits in Redis: one limit for all processes that use it.

    Each call of an API is one script, which changes one key, by the clock of Redis. The key expires when it is not
    needed any more.

    Args:
        database: The connection to Redis.

    Example:
        >>> rate_limit = RateLimit(calls=200, seconds=10, store=RedisRateLimits(database), identity="ada@example.org")
        >>> async with TransferClient(authorizer=authorizer, rate_limit=rate_limit) as client:
        ...     page = await client.task_list()
    """

    def __init__(self, database: RedisDatabase) -> None:
        check_type("database", database, RedisDatabase, "a RedisDatabase")
        self._database = database

    def __repr__(self) -> str:
        return f"<RedisRateLimits in {getattr(self, '_database', 'no database')!r}>"

    async def reserve(self, key: str, *, interval: float, burst: int) -> float:
        """
        Reserve the next slot of a key.

        Args:
            key: The service and the identity whose calls are counted together.
            interval: Seconds between two slots.
            burst: How many slots are free at once after a pause.

        Returns:
            The seconds until the reserved slot; 0 if it is free at once.

        Raises:
            TokenStorageUnavailable: Redis cannot be used.
        """
        check_text("key", key)
        check_number("interval", interval, positive=True)
        check_whole("burst", burst)
        stored_at = self._database.key("rate-limit", key)
        try:
            wait = await self._database.run(
                _RESERVE, stored_at, f"{1e6 * interval:.3f}", str(burst), raises=TokenStorageUnavailable
            )
        except ValueOfAnotherType:
            raise TokenStorageUnavailable(f"the key {stored_at} is not of this library; delete it") from None
        return float(wait) / 1e6

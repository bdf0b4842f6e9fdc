"""A process that reserves slots as fast as it can, and prints when they begin at the earliest and at the latest."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

from globus_async.transport import RateLimitStore
from tests.rate_limits.stores import opened


async def main(kind: str, url: str, prefix: str, limit: str, number: str) -> None:
    """Reserve a number of slots of a limit, four at a time."""
    slots: list[tuple[float, float]] = []
    arguments: dict[str, Any] = json.loads(limit)

    async def reserve(store: RateLimitStore) -> None:
        while len(slots) < int(number):
            slots.append((0.0, 0.0))
            place, asked_at = len(slots) - 1, time.monotonic()
            wait = await store.reserve("key", **arguments)
            slots[place] = asked_at + wait, time.monotonic() + wait

    async with opened(kind, url, prefix=prefix) as found:
        await asyncio.gather(*(reserve(found.store) for _ in range(4)))
    sys.stdout.write(json.dumps(slots))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

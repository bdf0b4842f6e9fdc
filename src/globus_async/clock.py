"""The one owner of time: the door that tests turn by hand."""

from __future__ import annotations

import asyncio
import time
from contextlib import AbstractAsyncContextManager
from typing import Protocol

__all__ = ("Clock", "SystemClock")


class Clock(Protocol):
    """Where the time comes from and where waiting is done."""

    def wall(self) -> float:
        """Return POSIX seconds."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never step."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait; cancelling it returns at once."""
        ...

    def timeout(self, seconds: float | None) -> AbstractAsyncContextManager[object]:
        """Bound a block: `TimeoutError` when the seconds are over, ``None`` for no bound."""
        ...


class SystemClock:
    """The time of this machine."""

    def wall(self) -> float:
        """Return POSIX seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Return seconds that never step."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait; cancelling it returns at once."""
        await asyncio.sleep(seconds)

    def timeout(self, seconds: float | None) -> AbstractAsyncContextManager[object]:
        """Bound a block: `TimeoutError` when the seconds are over, ``None`` for no bound."""
        return asyncio.timeout(seconds)

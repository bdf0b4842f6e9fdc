"""The source of time and of delays, which tests replace with a fake clock."""

from __future__ import annotations

import asyncio
import time
from contextlib import AbstractAsyncContextManager
from typing import Protocol

__all__ = ("Clock", "SystemClock")


class Clock(Protocol):
    """The source of time and of delays."""

    def wall(self) -> float:
        """Return POSIX seconds."""
        ...

    def monotonic(self) -> float:
        """Return the seconds of a clock that is never adjusted; only differences have a meaning."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait until `monotonic` is so many seconds later; a caller whose time has not come sleeps again."""
        ...

    def timeout(self, seconds: float | None) -> AbstractAsyncContextManager[asyncio.Timeout]:
        """Return a context that raises `TimeoutError` after so many seconds; ``None`` for no limit."""
        ...


class SystemClock:
    """The clocks of this machine."""

    def __repr__(self) -> str:
        return "<SystemClock>"

    def wall(self) -> float:
        """Return POSIX seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Return the seconds of a clock that is never adjusted; only differences have a meaning."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait for so many seconds."""
        await asyncio.sleep(seconds)

    def timeout(self, seconds: float | None) -> AbstractAsyncContextManager[asyncio.Timeout]:
        """Return a context that raises `TimeoutError` after so many seconds; ``None`` for no limit."""
        return asyncio.timeout(seconds)

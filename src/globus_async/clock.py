"""The source of time and of delays, which tests replace with a fake clock."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ("Clock", "SystemClock", "Timeout")


class Timeout(Protocol):
    """A context that raises `TimeoutError` when its time is up: an ``asyncio.Timeout``, or one of another clock."""

    async def __aenter__(self) -> object: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> bool | None: ...

    def expired(self) -> bool:
        """Return whether its time was up before it was left."""
        ...

    def reschedule(self, when: float | None, /) -> None:
        """Change the time; one in the past ends the context at once."""
        ...


class Clock(Protocol):
    """The source of time and of delays."""

    def wall(self) -> float:
        """Return POSIX seconds."""
        ...

    def monotonic(self) -> float:
        """Return the seconds of a clock that is never adjusted; only differences have a meaning."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait for so many seconds."""
        ...

    def timeout(self, seconds: float | None) -> Timeout:
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

    def timeout(self, seconds: float | None) -> Timeout:
        """Return a context that raises `TimeoutError` after so many seconds; ``None`` for no limit."""
        return asyncio.timeout(seconds)

"""One poll of a service for all callers that wait for its result."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from globus_async import AuthenticationFailed, AuthorizationRequired, GlobusError, LoginRequired

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from globus_async.clock import Clock

__all__ = ("SharedPoll",)

T = TypeVar("T")


class SharedPoll(Generic[T]):
    """
    A result that is polled at most once per interval, by the first caller; other callers wait for it and share it.

    There is no task in the background: if the caller that polls is cancelled, the next one polls. Errors are shared
    too, except those of a login: another caller may have a login of its own.

    Args:
        clock: The clock.
        interval: Returns the seconds until the next poll, from a result; from ``None`` after an error.
    """

    def __init__(self, clock: Clock, interval: Callable[[T | None], float]) -> None:
        self._clock = clock
        self._interval = interval
        self._lock = asyncio.Lock()
        self._next_at = float("-inf")
        self._result: T | None = None
        self._error: GlobusError | None = None

    async def latest(self, poll: Callable[[T | None], Awaitable[T]]) -> T:
        """
        Return the result of the current interval.

        Args:
            poll: Returns a new result, given the previous one.
        """
        async with self._lock:
            if self._clock.monotonic() >= self._next_at:
                try:
                    self._result, self._error = await poll(self._result), None
                except (LoginRequired, AuthenticationFailed, AuthorizationRequired):
                    raise
                except GlobusError as error:
                    self._error = error
                self._next_at = self._clock.monotonic() + self._interval(None if self._error else self._result)
            if self._error is not None:
                raise self._error
            return cast("T", self._result)

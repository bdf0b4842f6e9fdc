"""When to call a database that has just failed: not at once, and then one caller at a time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..clock import Clock

__all__ = ("CircuitBreaker", "CircuitOpen")


class CircuitOpen(Exception):
    """
    A call is not made, since an earlier one failed.

    Attributes:
        retry_after: Seconds after which a call may succeed again.
    """

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"not called again for {retry_after:.1f} s after a failure")
        self.retry_after = retry_after


class CircuitBreaker:
    """
    Lets calls fail at once after a failure, so that they do not all wait for a server that does not respond.

    After a pause one call, the probe, finds out whether the server works again; the others go on failing until it has
    succeeded. A call that is cancelled says nothing about the server: after a cancelled probe, the next call is one.
    Nothing here waits, or is called: the state is changed by the contexts of `attempt`.

    Args:
        clock: The clock.
        failures: The errors that mean that the server did not respond. Any other error is a response.
        pause: Seconds from a failure to the probe.

    Example:
        >>> breaker = CircuitBreaker(SystemClock(), failures=(ConnectionError, TimeoutError))
        >>> with breaker.attempt():
        ...     print("a call that succeeds")
        a call that succeeds
    """

    def __init__(self, clock: Clock, *, failures: tuple[type[Exception], ...], pause: float = 1.0) -> None:
        self._clock = clock
        self._failures = failures
        self.pause = pause
        self._is_open = False
        self._probe_at = -math.inf
        self._probe: _Attempt | None = None
        self._last_success = -math.inf

    def __repr__(self) -> str:
        return f"<CircuitBreaker: {'open' if self.is_open else 'closed'}>"

    @property
    def is_open(self) -> bool:
        """Whether the last call that says something about the server has failed."""
        return self._is_open

    def attempt(self) -> _Attempt:
        """
        Return the context of one call.

        Entering it raises `CircuitOpen` if the call is not to be made.
        """
        return _Attempt(self)

    def enter(self, attempt: _Attempt) -> None:
        """
        Admit a call, as the probe if there has been a failure.

        Raises:
            CircuitOpen: The last call failed, and this one is not the probe.
        """
        now = self._clock.monotonic()
        if self._is_open:
            if now < self._probe_at:
                raise CircuitOpen(self._probe_at - now)
            if self._probe is not None:
                raise CircuitOpen(self.pause)
            self._probe = attempt
        attempt.began = now

    def leave(self, attempt: _Attempt, error: BaseException | None) -> None:
        """Note how a call ended."""
        is_probe = self._probe is attempt
        if is_probe:
            self._probe = None
        if error is not None and not isinstance(error, Exception):  # cancelled
            return
        now = self._clock.monotonic()
        if not isinstance(error, self._failures):
            self._last_success = now
            self._is_open = False
        elif is_probe or attempt.began >= self._last_success:  # else a later call has succeeded
            self._is_open = True
            self._probe_at = now + self.pause


@dataclass(eq=False, slots=True)
class _Attempt:
    """The context of one call."""

    breaker: CircuitBreaker
    began: float = 0.0

    def __enter__(self) -> None:
        self.breaker.enter(self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.breaker.leave(self, error)

"""A published document of Globus Auth with a lifetime: the OpenID configuration, and the signing keys."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from ..._single_flight import SingleFlight, TaskOwner, copy_error
from ...errors import ClientClosedError, GlobusError, WrongEventLoopError

if TYPE_CHECKING:
    from ...clock import Clock

__all__ = ("CachedDocument", "Fetch")

V = TypeVar("V")

Fetch = Callable[[], Awaitable[tuple[V, float | None]]]
"""Fetches a document; returns it with its lifetime in seconds, ``None`` if the service does not give one."""

_log = logging.getLogger("globus_async")

_MIN_LIFETIME: Final = 60.0
_MAX_LIFETIME: Final = 3600.0
_GRACE: Final = 600.0
"""Seconds for which an expired document is used while it cannot be refreshed."""
_REQUEST_INTERVAL: Final = 60.0
_BACKGROUND_FROM: Final = 0.8
"""Part of its lifetime after which a document is refreshed in the background."""


@dataclass(frozen=True, slots=True)
class _Held(Generic[V]):
    document: V
    lifetime: float
    wall: float
    monotonic: float

    def age(self, clock: Clock) -> float:
        """Return seconds; a step of the wall clock and a suspended machine can only make it older."""
        return max(clock.wall() - self.wall, clock.monotonic() - self.monotonic)


class CachedDocument(Generic[V]):
    """
    Fetches a document when it is first used, and again before its lifetime ends.

    Its lifetime is the one that the service gives, between a minute and an hour; an hour if it gives none. In the last
    fifth the document is refreshed in the background, afterwards callers wait for the refresh. If a refresh fails, the
    document is used for up to ten more minutes, with at most one request a minute. When none may be used, callers get
    copies of the error until the request is tried again: after 1 second, then after 2, 4, ... and at most 60 seconds.

    Args:
        name: Name of the document in log messages and errors, a plural.
        clock: Measures the lifetime.
        owner: Awaits a running request on close.
    """

    def __init__(self, name: str, *, clock: Clock, owner: TaskOwner) -> None:
        self._name = name
        self._clock = clock
        self._requests: SingleFlight[V] = SingleFlight(f"request of the {name}", owner=owner)
        self._held: _Held[V] | None = None
        self._requested_at = float("-inf")
        self._failure: GlobusError | None = None
        self._failed_at = 0.0
        self._failures = 0

    async def get(self, fetch: Fetch[V]) -> V:
        """
        Return the document, after fetching it if necessary.

        Raises:
            GlobusError: It could not be fetched, and there is none that may still be used.
        """
        held = self._held
        if held is not None:
            age, may_request = held.age(self._clock), self._pause_left(_REQUEST_INTERVAL) <= 0
            if age < held.lifetime:
                if age >= held.lifetime * _BACKGROUND_FROM and may_request:
                    self._requests.start(self._name, partial(self._request, fetch))
                return held.document
            if age < held.lifetime + _GRACE and not may_request:
                return held.document
        try:
            if self._failure is not None and self._requests.running(self._name) is None:
                left = self._pause_left(min(_REQUEST_INTERVAL, 2.0 ** (self._failures - 1)))
                if left > 0:
                    failure = copy_error(self._failure)
                    failure.add_note(f"The {self._name} are requested again in {left:.1f} s.")
                    raise failure
            return await self._requests.join(self._name, partial(self._request, fetch))
        except GlobusError as error:
            held = self._held
            if held is not None:
                age = held.age(self._clock)
                if age < held.lifetime + _GRACE:
                    return held.document
                error.add_note(f"The {self._name} expired {age - held.lifetime:.0f} s ago and could not be refreshed.")
            raise

    def _pause_left(self, pause: float) -> float:
        """Return the seconds that are left of a pause after the last failure."""
        return 0.0 if self._failure is None else self._failed_at + pause - self._clock.monotonic()

    async def get_newer(self, document: V, fetch: Fetch[V]) -> V:
        """
        Return a newer document than the given one; the given one if the last request was less than a minute ago.

        Raises:
            GlobusError: It could not be fetched.
        """
        held = self._held
        if held is not None and held.document is not document:
            return held.document
        is_running = self._requests.running(self._name) is not None
        if not is_running and self._clock.monotonic() < self._requested_at + _REQUEST_INTERVAL:
            return document
        return await self._requests.join(self._name, partial(self._request, fetch))

    async def _request(self, fetch: Fetch[V]) -> V:
        wall, monotonic = self._clock.wall(), self._clock.monotonic()
        self._requested_at = monotonic
        try:
            document, lifetime = await fetch()
        except GlobusError as error:
            if not isinstance(error, (ClientClosedError, WrongEventLoopError)):  # nothing was sent
                self._failure, self._failed_at = error.with_traceback(None), self._clock.monotonic()
                self._failures = min(self._failures + 1, 10)
            if self._held is not None:
                _log.warning("the %s could not be refreshed: %s", self._name, error)
            raise
        lifetime = _MAX_LIFETIME if lifetime is None else min(max(lifetime, _MIN_LIFETIME), _MAX_LIFETIME)
        self._held = _Held(document, lifetime, wall, monotonic)
        self._failure, self._failures = None, 0
        return document

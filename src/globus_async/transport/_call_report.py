"""The report of one call to the observer of its transport."""

from __future__ import annotations

import asyncio
import inspect
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Literal, Protocol, TypeVar

from .._http.response import RawResponse
from ..authorizers.refresh_report import current_credentials
from ..errors import GlobusSDKUsageError
from ..errors.base import escape_control_characters
from ._observer import ObservedAttempt, ObservedRefresh, Observer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from ..authorizers.refresh_report import EndedRefresh, ObservedCredentials
    from ..clock import Clock
    from ..errors import NetworkError, Stage
    from ._observer import ObservedCall

__all__ = ("CallReport", "Notifier", "ReportedCall", "check_observer")

_log = logging.getLogger("globus_async")
_H = TypeVar("_H")
_EVENTS: Final = ("attempt_ended", "attempt_started", "call_ended", "call_started", "refresh_ended", "throttled")
_MAX_REQUEST_ID: Final = 128
_LEAST_WAIT: Final = 0.001
"""Seconds below which there was no wait: a slot was free."""


class ReportedCall(Protocol):
    """The state of a call, as its report needs it."""

    response: RawResponse | None

    @property
    def stage(self) -> Stage:
        """How far the current attempt got."""
        ...

    def redacted_request_id(self, response: RawResponse, /) -> str | None:
        """Return the service's id of a request, without credentials."""
        ...


def check_observer(observer: Observer) -> None:
    """Refuse an observer of another class, and one whose methods would have to be awaited."""
    if not isinstance(observer, Observer):
        raise GlobusSDKUsageError(
            f"observer must be an instance of a subclass of Observer, got {type(observer).__name__}:"
            " class MyObserver(Observer), and pass observer=MyObserver()"
        )
    for event in _EVENTS:
        if inspect.iscoroutinefunction(getattr(observer, event)):
            raise GlobusSDKUsageError(f"the observer's {event} must be a plain method: write def, not async def")


class Notifier:
    """
    Calls the methods of an observer, whose exceptions it logs and ignores.

    Args:
        observer: The observer.
    """

    def __init__(self, observer: Observer) -> None:
        self.observer: Observer = observer
        self._logged: set[tuple[str, str]] = set()

    def __call__(self, event: str, *values: object) -> None:
        """Call the method of an event."""
        try:
            getattr(self.observer, event)(*values)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 -- the latter, too: nothing is awaited
            kind = event, type(error).__name__
            if kind not in self._logged:
                self._logged.add(kind)
                _log.error("the observer's %s failed with %s; further such failures are not logged", *kind)


class CallReport:
    """
    The report of one call.

    Args:
        call: The call.
        notify: Calls the observer.
        clock: The source of time.
    """

    __slots__ = ("_attempt", "_attempt_began", "_began", "_call", "_clock", "_notify")

    def __init__(self, call: ObservedCall, *, notify: Notifier, clock: Clock) -> None:
        self._call = call
        self._notify = notify
        self._clock = clock
        self._began = self._attempt_began = 0.0
        self._attempt: ObservedAttempt | None = None

    def call_started(self) -> None:
        """Report that the call begins."""
        self._call.started_at, self._began = self._clock.wall(), self._clock.monotonic()
        self._notify("call_started", self._call)

    def attempt_started(self) -> None:
        """Report that an attempt begins."""
        self._call.attempts += 1
        self._attempt_began = self._clock.monotonic()
        self._attempt = ObservedAttempt(self._call, self._call.attempts, self._clock.wall())
        self._notify("attempt_started", self._attempt)

    def attempt_ended(
        self, call: ReportedCall, outcome: RawResponse | NetworkError, delay: float | None, *, why: str | None = None
    ) -> None:
        """
        Report the end of the current attempt, if there is one.

        Args:
            call: The call.
            outcome: The error response, or the error if there is none.
            delay: Seconds until the next attempt; ``None`` if there is none.
            why: Why there is a next attempt, unless the outcome says it.
        """
        attempt = self._attempt
        if attempt is None:
            return
        attempt.delay = delay
        if isinstance(outcome, RawResponse):
            self._set_response(attempt, outcome, call)
            reason = "token refused" if outcome.status == 401 else str(outcome.status)
        else:
            attempt.error, attempt.stage, reason = type(outcome).__name__, outcome.stage, outcome.stage
        if delay is not None:
            attempt.retry_reason = reason if why is None else why
        self._end_attempt(attempt)

    def call_ended(self, call: ReportedCall, error: BaseException | None) -> None:
        """Report the end of the call, and of its current attempt."""
        name = None if error is None else type(error).__name__
        if (attempt := self._attempt) is not None:
            if call.response is not None:
                self._set_response(attempt, call.response, call)
            if error is not None:
                attempt.error, attempt.stage = name, call.stage
            self._end_attempt(attempt)
        self._call.error, self._call.seconds = name, self._clock.monotonic() - self._began
        self._notify("call_ended", self._call)

    def _set_response(self, attempt: ObservedAttempt, response: RawResponse, call: ReportedCall) -> None:
        request_id = call.redacted_request_id(response)
        if request_id is not None:
            request_id = escape_control_characters(request_id)[:_MAX_REQUEST_ID]
        attempt.status = self._call.status = response.status
        attempt.request_id = self._call.request_id = request_id

    def _end_attempt(self, attempt: ObservedAttempt) -> None:
        self._attempt = None
        attempt.seconds = self._clock.monotonic() - self._attempt_began
        self._notify("attempt_ended", attempt)

    @property
    def observer(self) -> object:
        """The observer."""
        return self._notify.observer

    async def credentials(self, header: Awaitable[_H]) -> _H:
        """Await a header, and report the refreshes that it needs."""
        token = current_credentials.set(self)
        try:
            return await header
        finally:
            with suppress(ValueError):  # closed in another context, when the event loop has ended
                current_credentials.reset(token)

    def refresh_ended(self, refresh: EndedRefresh, waiting: Sequence[ObservedCredentials], /) -> None:
        """Report a refresh, with all calls of the observer that waited for it."""
        calls = tuple(each._call for each in waiting if isinstance(each, CallReport))  # noqa: SLF001 -- our own
        self._notify("refresh_ended", ObservedRefresh(*refresh, calls=calls))

    async def queued(self, wait: Awaitable[None]) -> None:
        """Await a slot of the calls in flight, and report it."""
        began = self._clock.monotonic()
        try:
            await wait
        finally:
            if (seconds := self._clock.monotonic() - began) >= _LEAST_WAIT:
                self._call.queued += seconds

    async def throttled(self, wait: Awaitable[None], reason: Literal["rate limit", "pause"]) -> None:
        """Await the rate limit or the end of a pause, and report it."""
        began = self._clock.monotonic()
        try:
            await wait
        finally:
            if (seconds := self._clock.monotonic() - began) >= _LEAST_WAIT:
                self._call.throttled += seconds
                self._notify("throttled", self._call, seconds, reason)

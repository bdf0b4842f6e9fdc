"""The state of one call, from which its error is made, however it ends."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Self, cast

from .._http.content_coding import UNUSABLE
from .._http.redaction import Redaction, credentials_of
from .._http.response import RawResponse
from ..errors import (
    Attempt,
    ClientClosedError,
    GlobusConnectionError,
    GlobusTimeoutError,
    NetworkError,
    ResponseDecodeError,
)
from ..errors.base import escape_control_characters

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager
    from types import TracebackType

    import httpx

    from .._http.request import Request
    from ..errors import ErrorKinds, GlobusError, Stage
    from ..secret import Secret

__all__ = ("CONNECTION", "PAUSE", "QUEUE", "TOKEN", "Call")

QUEUE: Final = "it was queued behind other calls; make many calls with bulk(), which queues none of them"
PAUSE: Final = "the service had requested a pause"
TOKEN: Final = "there was no access token"  # noqa: S105 -- no password
CONNECTION: Final = "there was no connection"


class Call:
    """
    One call: the context of its attempts and of all its waits, within the total timeout. Made by `Transport.call`.

    Attributes:
        request: The request to send.
        attempts: The failed attempts so far.
        waiting_for: The wait in which the current attempt is not sent yet.
        credentials: The ``Authorization`` header of the current attempt.
        sent: The ``httpx`` request of the current attempt; its extension ``"sent"`` may say that it was not sent.
        response: The response to the current attempt, once its status and headers have arrived.
    """

    __slots__ = (
        "_cancelling",
        "_context",
        "_error_kinds",
        "_is_ended",
        "_running",
        "_task",
        "_timeout",
        "attempts",
        "credentials",
        "request",
        "response",
        "sent",
        "waiting_for",
    )

    def __init__(
        self,
        request: Request,
        error_kinds: ErrorKinds[Any],
        timeout: AbstractAsyncContextManager[asyncio.Timeout],
        running: set[Call],
    ) -> None:
        self.request = request
        self.attempts: tuple[Attempt, ...] = ()
        self._error_kinds = error_kinds
        self._context = timeout
        self._running = running
        self._is_ended = False
        self._reset()

    def _reset(self) -> None:
        self.waiting_for = QUEUE
        self.credentials: Secret | None = None
        self.sent: httpx.Request | None = None
        self.response: RawResponse | None = None

    async def __aenter__(self) -> Self:
        self._task = cast("asyncio.Task[object]", asyncio.current_task())
        self._cancelling = self._task.cancelling()
        self._timeout = await self._context.__aenter__()
        self._running.add(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.discard(self)
        try:
            await self._context.__aexit__(kind, error, trace)
        except TimeoutError:
            if not self._is_ended:
                raise self.error(self.redacted(self.timed_out())) from None
        else:
            if not (isinstance(error, ClientClosedError) and self.maybe_executed):
                return
        raise self.closed() from None

    def end(self) -> None:
        """End the call, because its transport is closed."""
        with suppress(RuntimeError):  # its time is up at the same moment
            self._timeout.reschedule(float("-inf"))
            self._is_ended = True

    @property
    def stage(self) -> Stage:
        """How far the current attempt got."""
        if self.response is not None:
            return "response truncated"
        if self.sent is None or not self.sent.extensions.get("sent", True):
            return "not sent"
        return "no response"

    @property
    def maybe_executed(self) -> bool:
        """Whether the service may have executed the request, at this or an earlier attempt."""
        return self.stage != "not sent" or any(attempt.maybe_executed for attempt in self.attempts)

    @property
    def is_out_of_time(self) -> bool:
        """Whether the total timeout has expired, and nothing else cancels the call."""
        return self._timeout.expired() and not self._is_ended and self._task.cancelling() == self._cancelling + 1

    def timed_out(self) -> RawResponse | NetworkError:
        """Return the outcome of an attempt at the end of the total timeout."""
        stage = self.stage
        name = f"{self.request.method} {self.request.path}"
        if stage != "not sent":
            return self.failed(GlobusTimeoutError(f"{name}: the total timeout expired", stage=stage))
        return GlobusTimeoutError(f"{name}: not sent within the total timeout: {self.waiting_for}", stage=stage)

    def failed(self, failure: NetworkError) -> RawResponse | NetworkError:
        """
        Return the outcome of an attempt that failed: the response if its status is an error, else the failure.

        The status decides whatever comes after it: a body that cannot be read is an empty one.
        """
        response = self.response
        if response is not None and isinstance(failure, ResponseDecodeError):
            failure.http_status = response.status
        if response is None or 200 <= response.status < 300:
            if response is not None and failure.stage == "no response":
                failure.stage = "response truncated"
            if str(failure.args[0]).startswith(UNUSABLE):
                failure.args = (f"{self.request.method} {self.request.path}: {failure.args[0]}",)
            return failure
        match failure:
            case ResponseDecodeError():
                response.body_error = str(failure.args[0]).removeprefix(UNUSABLE)
            case GlobusTimeoutError():
                response.body_error = "it did not arrive in time"
            case _:
                response.body_error = "the connection broke"
        response.is_truncated = not isinstance(failure, ResponseDecodeError) or failure.retryable
        return response

    def closed(self) -> GlobusError:
        """Return the error of the call when its transport or HTTP client is closed."""
        if not self.maybe_executed:
            return ClientClosedError("this client was closed during a call, before the request was sent")
        name = f"{self.request.method} {self.request.path}"
        failure = GlobusConnectionError(f"{name}: the client was closed during the call", stage=self.stage)
        return self.error(self.redacted(self.failed(failure)))

    def unauthorized(self, error: Exception) -> NetworkError:
        """Return the outcome of an attempt whose authorizer fails; there is no further one."""
        name = f"{self.request.method} {self.request.path}"
        failure = NetworkError(f"{name}: its authorizer failed with {type(error).__name__}", stage=self.stage)
        failure.retryable = False
        return failure

    def redacted(self, outcome: RawResponse | NetworkError) -> RawResponse | NetworkError:
        """Redact the credentials that were sent from a failure, which logs and errors are made of."""
        redact = Redaction(credentials_of(self.request, self.credentials))
        if isinstance(outcome, RawResponse):
            return outcome.redacted(redact)
        outcome.args = tuple(redact(str(argument)) for argument in outcome.args)
        if isinstance(outcome, ResponseDecodeError) and outcome.request_id is not None:
            outcome.request_id = redact(outcome.request_id)
        return outcome

    def end_attempt(self, outcome: RawResponse | NetworkError, waited: float | None) -> None:
        """Record a failed attempt, and the delay after it."""
        if isinstance(outcome, NetworkError):
            attempt = Attempt(f"{type(outcome).__name__}, {outcome.stage}", waited, outcome.stage != "not sent")
        elif outcome.status == 401 and waited is not None:
            attempt = Attempt("401, the token was refused", waited)
        else:
            status_line = escape_control_characters(f"{outcome.status} {outcome.reason}".rstrip())
            attempt = Attempt(status_line, waited, outcome.status in {408, 500, 502, 504})
        self.attempts += (attempt,)
        self._reset()

    def error(self, outcome: RawResponse | NetworkError) -> GlobusError:
        """Return the error of the call, whose last attempt had this outcome, which is redacted already."""
        self.end_attempt(outcome, None)
        if isinstance(outcome, RawResponse):
            error: GlobusError = self._error_kinds(outcome, self.attempts)
            return error
        outcome.attempts, outcome.idempotent = self.attempts, self.request.idempotent
        return outcome

"""The state of one call, from which its error is made, however it ends."""

from __future__ import annotations

import asyncio
import math
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Self, cast

from .._http.content_coding import UNUSABLE
from .._http.redaction import Redaction, credentials_of
from .._http.response import RawResponse
from .._http.stream_body import SourceFailedError
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
    from collections.abc import Awaitable, Callable
    from types import TracebackType

    import httpx

    from .._http.request import Request
    from ..authorizers import GlobusAuthorizer
    from ..clock import Clock
    from ..errors import ErrorKinds, GlobusError, Stage
    from ..secret import Secret
    from ._call_report import CallReport
    from ._streamed_response import StreamedResponse
    from ._upload import Upload

__all__ = ("CONNECTION", "PAUSE", "QUEUE", "SLOT", "TOKEN", "Call")

_SHORTEST_ENCODED: Final = 12
"""Characters of a secret of eight, the shortest that is redacted, in base64."""
_USUAL_ID: Final = re.compile(r"[A-Za-z0-9]{1,11}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

QUEUE: Final = "it was queued behind other calls; make many calls with bulk(), which queues none of them"
PAUSE: Final = "the service had requested a pause"
TOKEN: Final = "there was no access token"  # noqa: S105 -- no password
SLOT: Final = "the rate limit, which several processes share, was reached"
CONNECTION: Final = "there was no connection"


class Call:
    """
    One call: the context of its attempts and of all its waits, within the total timeout. Made by `Transport.call`.

    Attributes:
        request: The request to send.
        attempts: The failed attempts so far.
        deadline: When the total timeout ends, on the monotonic clock.
        report: The report of the call to the transport's observer, if there is one.
        waiting_for: The wait in which the current attempt is not sent yet.
        credentials: The ``Authorization`` header of the current attempt.
        sent: The ``httpx`` request of the current attempt; its extension ``"sent"`` may say that it was not sent.
        task: The task that makes the call, once it is entered.
        response: The response to the current attempt, once its status and headers have arrived.
        is_ended: Whether the transport was closed during the call.
        upload: The body, once an attempt is made to send one that is read from its source.
        streamed: The response whose body is being read after the call; `finish` ends that.
    """

    __slots__ = (
        "_cancelling",
        "_clock",
        "_context",
        "_error_kinds",
        "_logins",
        "_retry_401",
        "_running",
        "_started",
        "_timeout",
        "attempts",
        "credentials",
        "deadline",
        "is_ended",
        "report",
        "request",
        "response",
        "sent",
        "streamed",
        "task",
        "upload",
        "waiting_for",
    )

    def __init__(
        self,
        request: Request,
        error_kinds: ErrorKinds[Any],
        clock: Clock,
        total_timeout: float | None,
        running: set[Call],
        *,
        retry_401: bool,
        report: CallReport | None = None,
    ) -> None:
        self.request: Request = request
        self.report: CallReport | None = report
        self.attempts: tuple[Attempt, ...] = ()
        self._started = clock.monotonic()
        self.deadline: float = math.inf if total_timeout is None else self._started + total_timeout
        self._error_kinds = error_kinds
        self._clock = clock
        self._context = clock.timeout(total_timeout)
        self._logins: set[bool] = set()
        self._retry_401 = retry_401
        self._running = running
        self.is_ended: bool = False
        self.upload: Upload | None = None
        self.streamed: StreamedResponse | None = None
        self._reset()

    def _reset(self) -> None:
        self.waiting_for: str = QUEUE
        self.credentials: Secret | None = None
        self.sent: httpx.Request | None = None
        self.response: RawResponse | None = None

    async def __aenter__(self) -> Self:
        self.task: asyncio.Task[object] = cast("asyncio.Task[object]", asyncio.current_task())
        self._cancelling = self.task.cancelling()
        if self.report is not None:
            self.report.call_started()  # first: an exit that the observer raises leaves no timer
        self._timeout = await self._context.__aenter__()
        self._running.add(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        replacement: GlobusError | None = None
        try:
            await self._context.__aexit__(kind, error, trace)
        except TimeoutError:
            replacement = self.closed() if self.is_ended else self.error(self.redacted(self.timed_out()))
        else:
            if isinstance(error, ClientClosedError) and self.maybe_executed:
                replacement = self.closed()
        response = self.response
        if error is None and response is not None:
            response.elapsed, response.failed_attempts = self._clock.monotonic() - self._started, self.attempts
        if self.streamed is None:
            self.finish(replacement or (error.error if isinstance(error, SourceFailedError) else error))
        if replacement is not None:
            raise replacement from None

    def finish(self, error: BaseException | None) -> None:
        """Report the end of the call, which is that of its streamed response if it has one."""
        self._running.discard(self)
        if self.report is not None:
            self.report.call_ended(self, error)

    async def suspend_timeout(self) -> Callable[[], Awaitable[None]]:
        """Stop the total timeout; return what lets it go on, with the time that was left."""
        suspended = self._clock.monotonic()
        if not self._timeout.expired():
            await self._limit_to(None)

        async def resume() -> None:
            if not self._timeout.expired() and self.task.cancelling() == self._cancelling:
                self.deadline += self._clock.monotonic() - suspended
                left = self.deadline - self._clock.monotonic()
                await self._limit_to(None if math.isinf(left) else left)

        return resume

    async def log_in(self, authorizer: GlobusAuthorizer | None, reason: RawResponse | GlobusError) -> bool:
        """
        Await the authorizer's login, if there is one for this reason; its time does not count.

        There is at most one login because of the service's response, and one because of the authorizer's error.

        Returns:
            Whether there was a login, after which the call makes another attempt.

        Raises:
            GlobusError: The login failed; or there was none, and the reason is an error.
        """
        kind = isinstance(reason, RawResponse)
        may_log_in = authorizer is not None and kind not in self._logins and not self._timeout.expired()
        login = authorizer.login_for(reason) if authorizer is not None and may_log_in else None
        if login is None:
            if isinstance(reason, RawResponse):
                return False
            raise reason
        self._logins.add(kind)
        if self.report is not None and isinstance(reason, RawResponse):
            self.report.attempt_ended(self, reason, 0.0, why="login")
        started = self._clock.monotonic()
        await self._limit_to(None)
        try:
            await login
        except Exception as error:
            if not any(attempt.maybe_executed for attempt in self.attempts):
                raise
            raise self.error(self.unauthorized(error)) from error
        self.waiting_for = QUEUE
        self.deadline += self._clock.monotonic() - started
        left = self.deadline - self._clock.monotonic()
        await self._limit_to(None if math.isinf(left) else left)
        return True

    async def reauthorize(self, authorizer: GlobusAuthorizer | None, refusal: RawResponse) -> bool:
        """
        Get other credentials for a request that was refused: by a login, or after a 401 once by a refresh.

        Returns:
            Whether the call makes another attempt, with those.
        """
        if refusal.status not in {401, 403} or authorizer is None or refusal.is_transient or not self.may_repeat:
            return False
        if not await self.log_in(authorizer, refusal):
            may_refresh = self._retry_401 and refusal.status == 401
            if not may_refresh or not authorizer.handle_missing_authorization(self.credentials):
                return False
            if self.is_out_of_time or self.deadline <= self._clock.monotonic():
                return False
            self._retry_401 = False
        self.end_attempt(self.redacted(refusal), 0.0)
        return True

    async def _limit_to(self, seconds: float | None) -> None:
        """Replace the timeout that the call is in."""
        await self._context.__aexit__(None, None, None)
        self._context = self._clock.timeout(seconds)
        self._timeout = await self._context.__aenter__()

    def end(self) -> None:
        """End the call, because its transport is closed."""
        if self.streamed is not None:
            self.is_ended = True
            self.streamed.end()
            return
        with suppress(RuntimeError):  # its time is up at the same moment
            self._timeout.reschedule(float("-inf"))
            self.is_ended = True

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
    def may_repeat(self) -> bool:
        """Whether the request can be sent again: its body has not been read from a source that is read once."""
        return self.upload is None or self.upload.may_repeat

    @property
    def is_out_of_time(self) -> bool:
        """Whether the total timeout has expired, and nothing else cancels the call."""
        return self._timeout.expired() and not self.is_ended and self.task.cancelling() == self._cancelling + 1

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
        redact = self.redaction()
        if isinstance(outcome, RawResponse):
            return outcome.redacted(redact)
        outcome.args = tuple(redact(str(argument)) for argument in outcome.args)
        if isinstance(outcome, ResponseDecodeError) and outcome.request_id is not None:
            outcome.request_id = redact(outcome.request_id)
        return outcome

    def is_transient(self, response: RawResponse) -> bool:
        """Return whether an error response may be another one on another connection."""
        return self._error_kinds.is_transient(response)

    def redaction(self) -> Redaction:
        """Return the redaction of the credentials of the current attempt."""
        return Redaction(credentials_of(self.request, self.credentials))

    def redacted_request_id(self, response: RawResponse) -> str | None:
        """Return the service's id of a request, in which it may have echoed a credential."""
        request_id = response.request_id
        if request_id is None:
            return None
        if _USUAL_ID.fullmatch(request_id) is not None:  # it has no encoded credential; a redaction takes long to make
            secrets = credentials_of(self.request, self.credentials)
            if not any(secret.reveal()[:_SHORTEST_ENCODED] in request_id for secret in secrets):
                return request_id
        return self.redaction()(request_id)

    def end_attempt(self, outcome: RawResponse | NetworkError, waited: float | None) -> None:
        """Record a failed attempt, and the delay after it."""
        if isinstance(outcome, NetworkError):
            attempt = Attempt(f"{type(outcome).__name__}, {outcome.stage}", waited, outcome.stage != "not sent")
        elif outcome.status == 401 and waited is not None:
            attempt = Attempt("401, the token was refused", waited)
        else:
            status_line = escape_control_characters(f"{outcome.status} {outcome.reason}".rstrip())
            maybe_executed = outcome.is_transient or outcome.status in {408, 500, 502, 504}
            attempt = Attempt(status_line, waited, maybe_executed)
        self.attempts += (attempt,)
        if self.report is not None:
            self.report.attempt_ended(self, outcome, waited)
        self._reset()

    def error(self, outcome: RawResponse | NetworkError) -> GlobusError:
        """Return the error of the call, whose last attempt had this outcome, which is redacted already."""
        if isinstance(outcome, NetworkError) and outcome.request_id is None and self.response is not None:
            outcome.request_id = self.redacted_request_id(self.response)
        is_refused = isinstance(outcome, RawResponse) and outcome.status == 401
        is_anonymous = is_refused and not any(credentials_of(self.request, self.credentials))
        self.end_attempt(outcome, None)
        error: GlobusError
        if isinstance(outcome, RawResponse):
            error = self._error_kinds(outcome, self.attempts)
            if is_anonymous:
                error.add_note("the request had no credentials: make the client with app= or authorizer=")
        else:
            error = outcome
            outcome.attempts, outcome.idempotent = self.attempts, self.request.idempotent
        error.url, error.elapsed = self.request.url.partition("?")[0], self._clock.monotonic() - self._started
        return error

"""One attempt of a call; its outcome is a response or an error of this library, never one of ``httpx``."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, Final, TypeVar

import httpx

from .._http.content_coding import BodyReader, decode_error
from .._http.headers import Headers
from .._http.json_reader import LARGE
from .._http.request import DEFAULT_MAX_RESPONSE_BYTES
from .._http.response import RawResponse
from ..authorizers import LoginAuthorizer
from ..errors import ClientClosedError, NetworkError, TokenRefreshError
from ._call import CONNECTION, PAUSE, SLOT, TOKEN
from ._errors import MAX_HEADERS, network_error, pause_too_long
from ._httpx_request import NO_AUTH, PreparedRequest, PreparedResponse, checked_header

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .._http.request import Request
    from ..authorizers import GlobusAuthorizer
    from ..clock import Clock
    from ..secret import Secret
    from ._call import Call
    from ._origin import Slot

__all__ = ("Sender", "check_framing")

T = TypeVar("T")
_UNDOCUMENTED: Final = (OSError, EOFError, httpx.StreamError, httpx.InvalidURL, httpx.CookieConflict)
"""Errors that the transports and hooks of a caller's own client may raise in addition to ``httpx.HTTPError``."""

_OF_ATTEMPTS: Final = (NetworkError, httpx.HTTPError, TimeoutError)
"""Errors of a caller's own authorizer that are outcomes of the attempt, as those of the request are."""


class Sender:
    """
    Makes attempts through one ``httpx.AsyncClient``.

    Args:
        http: The client.
        clock: The source of time.
        timeouts: Seconds to connect, read, write and get a connection.
        max_bytes: Largest response body, after decompression; ``None`` for the limit of the request.
    """

    __slots__ = ("_clock", "_max_bytes", "_timeouts", "http")

    def __init__(
        self, http: httpx.AsyncClient, *, clock: Clock, timeouts: Mapping[str, float | None], max_bytes: int | None
    ) -> None:
        self.http: httpx.AsyncClient = http
        self._clock = clock
        self._timeouts = timeouts
        self._max_bytes = max_bytes

    async def attempt(self, call: Call, slot: Slot, authorizer: GlobusAuthorizer | None) -> RawResponse | NetworkError:
        """
        Wait for the end of a pause, get the credentials and send the request.

        Args:
            call: The call, in which the progress is recorded: the attempt may be cancelled, or the time be up.
            slot: The permission to send it.
            authorizer: Supplies the credentials.

        Returns:
            The response or the error, whose stage states how far the attempt got.
        """
        failure: NetworkError
        try:
            call.waiting_for = PAUSE
            if slot.origin.paused_until >= call.deadline:  # not waited for
                return pause_too_long(call.request)
            await slot.origin.wait_until_resumed(call.report)
            if authorizer is not None:
                call.waiting_for = TOKEN
                call.credentials = await _credentials(authorizer, call)
            call.waiting_for = CONNECTION
            sent = PreparedRequest(call.request, call.credentials, timeouts=self._timeouts)
            sent = sent if slot.mark_sent() else await self._prepare_again(call, slot, authorizer)
            if not self.http.is_closed:
                call.sent = sent
                return await self._send(sent, call)
            raise ClientClosedError("the HTTP client of this transport is closed; nothing was sent")
        except httpx.HTTPError as error:
            failure = network_error(error, call.request)
        except TokenRefreshError as error:
            error.attempts = call.attempts
            raise
        except NetworkError as error:
            failure = error if call.sent is None else error.with_traceback(None)  # its frames hold the body
        except TimeoutError:
            return call.timed_out()  # from a caller's own authorizer or HTTP client
        except (*_UNDOCUMENTED, RuntimeError) as error:
            if call.sent is None or not (isinstance(error, _UNDOCUMENTED) or self.http.is_closed):
                raise  # from a caller's own authorizer or HTTP client
            failure = network_error(error, call.request)
        if self.http.is_closed:
            if failure.stage == "not sent":
                call.sent = None
            raise call.closed()
        return call.failed(failure)

    async def _prepare_again(self, call: Call, slot: Slot, authorizer: GlobusAuthorizer | None) -> PreparedRequest:
        """Return the request of a call that was delayed, in the time of another slot of the shared rate limit."""
        while True:
            call.waiting_for = SLOT
            await (slot.renew() if call.report is None else call.report.throttled(slot.renew(), "rate limit"))
            call.waiting_for = PAUSE
            await slot.origin.wait_until_resumed(call.report)
            if authorizer is not None:
                call.waiting_for = TOKEN
                call.credentials = await _credentials(authorizer, call)
            call.waiting_for = CONNECTION
            if slot.mark_sent():
                return PreparedRequest(call.request, call.credentials, timeouts=self._timeouts)

    async def _send(self, request: httpx.Request, call: Call) -> RawResponse:
        started_at = self._clock.wall()
        if call.report is not None:
            call.report.attempt_started()
        try:
            received = await self.http.send(request, stream=True, auth=NO_AUTH, follow_redirects=False)
            fields = received.incoming.fields if isinstance(received, PreparedResponse) else received.headers.raw
            stream: Any = received.stream  # httpx types it as either a sync or an async stream
            try:
                response = call.response = RawResponse(
                    method=request.method,
                    path=call.request.path,
                    status=received.status_code,
                    reason=received.reason_phrase,
                    headers=Headers(fields),
                    body=b"",
                    started_at=started_at,
                    received_at=self._clock.wall(),
                    url=call.request.url,
                )
                response.body = await self._read_body(
                    received, response.headers, stream, self._max_bytes_of(call.request, received.status_code)
                )
                response.received_at = self._clock.wall()
                return response
            finally:
                await stream.aclose()  # all that closing the response does to the connection
        except asyncio.CancelledError as error:
            # the locals of the frames below hold the headers; a traceback must not show them
            error.__context__ = error.__cause__ = None
            raise error.with_traceback(None) from None

    def _max_bytes_of(self, request: Request, status: int) -> int:
        """Return the largest body to read: that of the caller's own setting, else that of the kind of request."""
        if self._max_bytes is not None:
            return self._max_bytes
        return request.max_response_bytes if 200 <= status < 300 else DEFAULT_MAX_RESPONSE_BYTES

    async def _read_body(self, response: httpx.Response, headers: Headers, stream: Any, max_bytes: int) -> bytes:
        check_framing(headers)
        if response.is_stream_consumed:  # by a hook of the caller's own client; it is decompressed already
            reader = BodyReader("", max_bytes)
            reader.feed(response.content)
            return reader.body()
        reader = BodyReader(headers.get("content-encoding", ""), max_bytes)
        async for chunk in stream:
            steps = reader.steps(chunk)
            for size in steps:
                if size > LARGE:  # a small chunk may become a thousand times as large
                    await _run_in_thread(deque, steps, 0)
        return reader.body() if reader.size <= LARGE else await _run_in_thread(reader.body)


def check_framing(headers: Headers) -> None:
    """
    Check that there is one way to find the end of a body, for us and for all that the response has passed through.

    Raises:
        ResponseDecodeError: There is not, or there are too many headers.
    """
    if headers.fields > MAX_HEADERS:
        raise decode_error(f"it has more than {MAX_HEADERS} headers")
    length, coding = headers.get("content-length"), headers.get("transfer-encoding")
    if length is not None and coding is not None:
        raise decode_error("it has both Content-Length and Transfer-Encoding")
    if length is not None and len({*length.split(", ")}) > 1:
        raise decode_error("it has conflicting Content-Length headers")
    if coding is not None and coding.lower() != "chunked":
        raise decode_error("it has a transfer coding that was not requested")


async def _credentials(authorizer: GlobusAuthorizer, call: Call) -> Secret | None:
    """Return the header of an attempt; an error must not hide that an earlier attempt may have been executed."""
    get = authorizer.current_header if isinstance(authorizer, LoginAuthorizer) else authorizer.get_authorization_header
    try:
        return checked_header(await (get() if call.report is None else call.report.credentials(get())))
    except (*_OF_ATTEMPTS, TokenRefreshError, ClientClosedError):
        raise
    except Exception as error:
        if not call.maybe_executed:
            raise
        raise call.unauthorized(error) from error


async def _run_in_thread(function: Callable[..., T], *arguments: object) -> T:
    from anyio import to_thread  # noqa: PLC0415 -- only large bodies need it

    return await to_thread.run_sync(function, *arguments, abandon_on_cancel=True)

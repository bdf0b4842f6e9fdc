"""One attempt of a call; its outcome is a response or an error of this library, never one of ``httpx``."""

from __future__ import annotations

import asyncio
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

import httpx

from .._http.content_coding import BodyReader, decode_error
from .._http.headers import Headers
from .._http.json_reader import LARGE
from .._http.request import DEFAULT_MAX_RESPONSE_BYTES
from .._http.response import RawResponse
from .._http.stream_body import SourceFailedError
from ..authorizers import LoginAuthorizer
from ..errors import (
    ClientClosedError,
    GlobusConnectionError,
    GlobusError,
    GlobusTimeoutError,
    NetworkError,
    TokenRefreshError,
)
from ._call import CONNECTION, PAUSE, SLOT, TOKEN
from ._errors import MAX_HEADERS, network_error, pause_too_long
from ._httpx_request import NO_AUTH, PreparedRequest, PreparedResponse, checked_header
from ._streamed_response import OpenResponse, StreamedResponse
from ._upload import Upload

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping

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
            sent = self._prepare(call)
            sent = sent if slot.mark_sent() else await self._prepare_again(call, slot, authorizer)
            if not self.http.is_closed:
                call.sent = sent
                return await self._send(sent, call, slot)
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
                return self._prepare(call)

    def _prepare(self, call: Call) -> PreparedRequest:
        if call.upload is None and call.request.source is not None:
            call.upload = Upload(call.request.source)
        return PreparedRequest(call.request, call.credentials, timeouts=self._timeouts, upload=call.upload)

    async def _send_upload(self, request: httpx.Request, call: Call, upload: Upload) -> httpx.Response:
        """Send a request with a streamed body; only the limits of the time without a byte hold."""
        received: httpx.Response | None = None
        resume = await call.suspend_timeout()
        try:
            try:
                received = await self.http.send(request, stream=True, auth=NO_AUTH, follow_redirects=False)
            finally:
                await upload.aclose()
                await resume()
            return _with_source(upload, received)
        except BaseException as error:
            if received is not None:
                await _close(received)
            if upload.failure is None or not isinstance(error, Exception):
                raise
            raise SourceFailedError(upload.failure) from None

    async def _send(self, request: httpx.Request, call: Call, slot: Slot) -> RawResponse:
        started_at = self._clock.wall()
        if call.report is not None:
            call.report.attempt_started()
        try:
            received = await (
                self.http.send(request, stream=True, auth=NO_AUTH, follow_redirects=False)
                if call.upload is None
                else self._send_upload(request, call, call.upload)
            )
            fields = received.incoming.fields if isinstance(received, PreparedResponse) else received.headers.raw
            stream: Any = received.stream  # httpx types it as either a sync or an async stream
            kind = OpenResponse if call.request.is_streamed and 200 <= received.status_code < 300 else RawResponse
            try:
                response = call.response = kind(
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
                check_framing(response.headers)
                if isinstance(response, OpenResponse):
                    self._keep(response, received, call, slot)
                    return response
                response.body = await self._read_body(
                    received, response.headers, stream, self._max_bytes_of(call.request, received.status_code)
                )
                response.received_at = self._clock.wall()
                if not 200 <= response.status < 300 and call.is_transient(response):
                    response.is_transient = True
                    await _discard(received)
                return response
            finally:
                if call.streamed is None:
                    await stream.aclose()  # all that closing the response does to the connection
        except asyncio.CancelledError as error:
            # the locals of the frames below hold the headers; a traceback must not show them
            error.__context__ = error.__cause__ = None
            raise error.with_traceback(None) from None

    def _keep(self, response: OpenResponse, received: httpx.Response, call: Call, slot: Slot) -> None:
        """Keep the connection and the slot for the reader of the response."""
        is_ours = isinstance(received, PreparedResponse)
        stream: Any = received.stream
        length = response.headers.get("content-length", "")
        is_read = received.is_stream_consumed  # by a hook of the caller's own client; it is decompressed already
        if response.method == "HEAD" or response.status == 204:
            length = "0"
        elif is_read and "content-encoding" in response.headers:
            length = ""
        slot.keep()
        call.sent = None  # it has the headers
        call.streamed = response.streamed = StreamedResponse(
            response,
            _ReadStream(received.content, stream) if is_read else stream,
            length=int(length) if length.isdecimal() else None,
            clock=None if is_ours else self._clock,
            idle=self._timeouts["read"],
            failed=partial(self._stream_failure, call),
            closed=partial(_close_stream, call, slot),
        )

    def _stream_failure(self, call: Call, error: Exception | str) -> GlobusError | None:
        """Return the error of a call whose response cannot be read further."""
        name = f"{call.request.method} {call.request.path}"
        failure: NetworkError
        if call.is_ended or self.http.is_closed:
            return call.closed()
        match error:
            case str():
                failure = GlobusConnectionError(f"{name}: {error}", stage="response truncated")
            case TimeoutError():
                failure = GlobusTimeoutError(f"{name}: no further data of the response in time", stage="no response")
            case httpx.HTTPError() | OSError() | EOFError() | httpx.StreamError():
                failure = network_error(error, call.request)
            case _:
                return None
        outcome = call.redacted(call.failed(failure))
        return call.error(outcome)

    def _max_bytes_of(self, request: Request, status: int) -> int:
        """Return the largest body to read: that of the caller's own setting, else that of the kind of request."""
        if self._max_bytes is not None:
            return self._max_bytes
        return request.max_response_bytes if 200 <= status < 300 else DEFAULT_MAX_RESPONSE_BYTES

    async def _read_body(self, response: httpx.Response, headers: Headers, stream: Any, max_bytes: int) -> bytes:
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


class _ReadStream(httpx.AsyncByteStream):
    """The body of a response that has been read already."""

    def __init__(self, content: bytes, stream: Any) -> None:
        self._content = content
        self._stream = stream

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        yield self._content

    async def aclose(self) -> None:
        await self._stream.aclose()


def _close_stream(call: Call, slot: Slot, error: BaseException | None) -> None:
    slot.release()
    call.finish(error)


def _with_source(upload: Upload, received: httpx.Response) -> httpx.Response:
    """Refuse a response that a client which is not ours may have made of the failure of the source."""
    if upload.failure is not None and not isinstance(received, PreparedResponse):
        raise SourceFailedError(upload.failure)
    return received


async def _close(received: httpx.Response) -> None:
    stream: Any = received.stream  # httpx types it as either a sync or an async stream
    await stream.aclose()


async def _discard(received: httpx.Response) -> None:
    """Close the connection of a response that has been read."""
    if isinstance(received, PreparedResponse):
        received.incoming.discard()
    elif (connection := received.extensions.get("network_stream")) is not None:
        await connection.aclose()


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

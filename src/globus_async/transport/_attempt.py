"""One attempt at a call: what comes of it is an answer or an error of ours, never anything of ``httpx``."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import httpx

from .._http.content_coding import BodyReader, unusable
from .._http.headers import Headers
from .._http.response import RawResponse
from ..errors import (
    ClientClosedError,
    GlobusConnectionError,
    GlobusConnectionTimeoutError,
    GlobusTimeoutError,
    NetworkError,
    ResponseDecodeError,
)
from ._outgoing import NO_AUTH, outgoing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._http.request import Request
    from ..authorizers import GlobusAuthorizer
    from ..clock import Clock
    from ..secret import Secret
    from ._origin import Turn

__all__ = ("HeadTooLargeError", "Sender")

_MOST_HEADERS: Final = 128
_UNTOLD: Final = (OSError, EOFError, httpx.StreamError, httpx.InvalidURL, httpx.CookieConflict)
"""What the transports and hooks of a caller's own client may raise besides what httpx says they do."""


class HeadTooLargeError(httpx.RemoteProtocolError):
    """The wire gave up reading an answer's head: too many headers, or too long ones."""


class Sender:
    """
    Makes attempts through one ``httpx.AsyncClient``.

    Args:
        http: The client.
        clock: Where the time comes from.
        timeouts: Seconds to connect, read, write and get a connection.
        most_bytes: Largest body, after decoding.
    """

    __slots__ = ("_clock", "_most_bytes", "_timeouts", "http")

    def __init__(
        self, http: httpx.AsyncClient, *, clock: Clock, timeouts: Mapping[str, float | None], most_bytes: int
    ) -> None:
        self.http = http
        self._clock = clock
        self._timeouts = timeouts
        self._most_bytes = most_bytes

    async def attempt(
        self, request: Request, turn: Turn, authorizer: GlobusAuthorizer | None, seconds: float
    ) -> tuple[RawResponse | NetworkError, Secret | None]:
        """
        Sit out a pause, ask for credentials and send, all within so many seconds.

        Returns:
            What came of it (of an error, the stage says how far it got), and the credentials used.
        """
        credentials: Secret | None = None
        message: httpx.Request | None = None
        failure: NetworkError
        try:
            async with self._clock.timeout(seconds):
                await turn.origin.pause()
                if authorizer is not None:
                    credentials = await authorizer.get_authorization_header()
                message = outgoing(request, credentials, timeouts=self._timeouts)
                turn.leave()
                started_at = self._clock.wall()
                response, headers, body = await self._sent(message)
                return RawResponse(
                    method=request.method,
                    path=message.url.path,
                    status=response.status_code,
                    reason=response.reason_phrase,
                    headers=headers,
                    body=body,
                    started_at=started_at,
                    received_at=self._clock.wall(),
                ), credentials
        except httpx.HTTPError as error:
            failure = _network_error(error, request)
        except NetworkError as error:
            failure = error
        except TimeoutError:
            failure = _late(request, message)
        except _UNTOLD as error:
            if message is None:
                raise  # of an authorizer of the caller's own
            failure = _network_error(error, request)
        except RuntimeError as error:
            if message is None or not self.http.is_closed:
                raise
            failure = _network_error(error, request)
        if self.http.is_closed:
            raise ClientClosedError(
                "the HTTP client was closed while a call was under way; look whether it was carried out"
            )
        if failure.stage == "no response" and message is not None and "answered" in message.extensions:
            failure.stage = "response truncated"
        return failure, credentials

    async def _sent(self, message: httpx.Request) -> tuple[httpx.Response, Headers, bytes]:
        try:
            response = await self.http.send(message, stream=True, auth=NO_AUTH, follow_redirects=False)
            message.extensions["answered"] = True
            stream: Any = response.stream  # which of the two kinds it is, httpx does not say
            try:
                headers = Headers(response.headers.raw)
                return response, headers, await self._read(response, headers, stream)
            finally:
                await stream.aclose()  # which is all that closing the response does to the connection
        except asyncio.CancelledError as error:
            # the frames below hold the headers in their locals; a traceback must not show them
            error.__context__ = error.__cause__ = None
            raise error.with_traceback(None) from None

    async def _read(self, response: httpx.Response, headers: Headers, stream: Any) -> bytes:
        try:
            if headers.fields > _MOST_HEADERS:
                raise unusable(f"it has more than {_MOST_HEADERS} headers")
            if "content-length" in headers and "transfer-encoding" in headers:
                raise unusable("it says in two ways how long it is")
            if len({*headers.get("content-length", "").split(", ")}) > 1:
                raise unusable("it says twice how long it is, and not the same")
            if headers.get("transfer-encoding", "chunked").lower() != "chunked":
                raise unusable("it has a transfer coding that was not asked for")
            if response.is_stream_consumed:  # by a hook of the caller's own client; it is decoded by then
                reader = BodyReader("", self._most_bytes)
                reader.feed(response.content)
                return reader.body()
            reader = BodyReader(headers.get("content-encoding", ""), self._most_bytes)
            async for chunk in stream:
                reader.feed(chunk)
            return reader.body()
        except ResponseDecodeError as error:
            error.http_status = response.status_code
            raise


def _late(request: Request, message: httpx.Request | None) -> GlobusTimeoutError:
    """Say how far an attempt got in the time for the whole call."""
    what = f"{request.method} {request.path}"
    if message is None:
        return GlobusTimeoutError(f"{what}: no token or no leave to send in time", stage="not sent")
    sent = message.extensions.get("sent", True)
    return GlobusTimeoutError(
        f"{what}: the time for the whole call is over", stage="no response" if sent else "not sent"
    )


def _network_error(error: Exception, request: Request) -> NetworkError:
    """Say what happened in an error of ours, which keeps nothing of the one below but its words."""
    what = f"{request.method} {request.url.partition('?')[0]}"
    words = str(error)  # the exchange strikes credentials that those of a caller's own client may quote
    match error:
        case HeadTooLargeError():
            return unusable(f"it has more than {_MOST_HEADERS} headers, or one that is far too long")
        case httpx.ConnectTimeout() | httpx.PoolTimeout():
            return GlobusConnectionTimeoutError(f"{what}: no connection in time", stage="not sent")
        case httpx.LocalProtocolError() | httpx.UnsupportedProtocol():
            return GlobusConnectionError(f"{what}: the request could not be sent", stage="not sent")  # words may quote
        case httpx.ConnectError() | httpx.ProxyError():
            return GlobusConnectionError(f"{what}: {words}", stage="not sent")
        case httpx.TimeoutException():
            return GlobusTimeoutError(f"{what}: {words or 'no answer in time'}", stage="no response")
        case httpx.DecodingError():
            return ResponseDecodeError(f"{what}: the answer's body is damaged", stage="response truncated")
        case _:
            return GlobusConnectionError(f"{what}: {words or type(error).__name__}", stage="no response")

"""One attempt of a call; its outcome is a response or an error of this library, never one of ``httpx``."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import httpx

from .._http.content_coding import BodyReader, decode_error
from .._http.headers import Headers
from .._http.response import RawResponse
from ..errors import ClientClosedError, NetworkError, ResponseDecodeError, TokenRefreshError
from ._errors import MAX_HEADERS, network_error, timeout_error
from ._httpx_request import NO_AUTH, build_httpx_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._http.request import Request
    from ..authorizers import GlobusAuthorizer
    from ..clock import Clock
    from ..errors import Attempt
    from ..secret import Secret
    from ._origin import Slot

__all__ = ("Sender",)

_UNDOCUMENTED: Final = (OSError, EOFError, httpx.StreamError, httpx.InvalidURL, httpx.CookieConflict)
"""Errors that the transports and hooks of a caller's own client may raise in addition to ``httpx.HTTPError``."""


class Sender:
    """
    Makes attempts through one ``httpx.AsyncClient``.

    Args:
        http: The client.
        clock: The source of time.
        timeouts: Seconds to connect, read, write and get a connection.
        max_bytes: Largest response body, after decompression.
    """

    __slots__ = ("_clock", "_max_bytes", "_timeouts", "http")

    def __init__(
        self, http: httpx.AsyncClient, *, clock: Clock, timeouts: Mapping[str, float | None], max_bytes: int
    ) -> None:
        self.http = http
        self._clock = clock
        self._timeouts = timeouts
        self._max_bytes = max_bytes

    async def attempt(
        self,
        request: Request,
        slot: Slot,
        authorizer: GlobusAuthorizer | None,
        seconds: float,
        *,
        earlier: tuple[Attempt, ...] = (),
    ) -> tuple[RawResponse | NetworkError, Secret | None]:
        """
        Wait for the end of a pause, get the credentials and send the request, all within so many seconds.

        Args:
            request: The request.
            slot: The place among the calls in flight.
            authorizer: Supplies the credentials.
            seconds: The time limit.
            earlier: The earlier attempts of the call, for the error if there are no credentials for this one.

        Returns:
            The response or the error, whose stage states how far the attempt got; and the credentials used.
        """
        credentials: Secret | None = None
        sent: httpx.Request | None = None
        failure: NetworkError
        try:
            async with self._clock.timeout(seconds):
                await slot.origin.wait_until_resumed()
                if authorizer is not None:
                    credentials = await authorizer.get_authorization_header()
                sent = build_httpx_request(request, credentials, timeouts=self._timeouts)
                slot.mark_sent()
                started_at = self._clock.wall()
                response, headers, body = await self._send(sent)
                return RawResponse(
                    method=request.method,
                    path=sent.url.path,
                    status=response.status_code,
                    reason=response.reason_phrase,
                    headers=headers,
                    body=body,
                    started_at=started_at,
                    received_at=self._clock.wall(),
                ), credentials
        except httpx.HTTPError as error:
            failure = network_error(error, request)
        except TokenRefreshError as error:
            error.attempts = earlier
            raise
        except NetworkError as error:
            failure = error
        except TimeoutError:
            failure = timeout_error(request, sent)
        except _UNDOCUMENTED as error:
            if sent is None:
                raise  # from a caller's own authorizer
            failure = network_error(error, request)
        except RuntimeError as error:
            if sent is None or not self.http.is_closed:
                raise
            failure = network_error(error, request)
        if self.http.is_closed:
            raise ClientClosedError(
                "the HTTP client was closed during a call; check whether the service executed the request"
            )
        if failure.stage == "no response" and sent is not None and "response_started" in sent.extensions:
            failure.stage = "response truncated"
        return failure, credentials

    async def _send(self, request: httpx.Request) -> tuple[httpx.Response, Headers, bytes]:
        try:
            response = await self.http.send(request, stream=True, auth=NO_AUTH, follow_redirects=False)
            request.extensions["response_started"] = True
            stream: Any = response.stream  # httpx types it as either a sync or an async stream
            try:
                headers = Headers(response.headers.raw)
                return response, headers, await self._read_body(response, headers, stream)
            finally:
                await stream.aclose()  # all that closing the response does to the connection
        except asyncio.CancelledError as error:
            # the locals of the frames below hold the headers; a traceback must not show them
            error.__context__ = error.__cause__ = None
            raise error.with_traceback(None) from None

    async def _read_body(self, response: httpx.Response, headers: Headers, stream: Any) -> bytes:
        try:
            if headers.fields > MAX_HEADERS:
                raise decode_error(f"it has more than {MAX_HEADERS} headers")
            if "content-length" in headers and "transfer-encoding" in headers:
                raise decode_error("it has both Content-Length and Transfer-Encoding")
            if len({*headers.get("content-length", "").split(", ")}) > 1:
                raise decode_error("it has conflicting Content-Length headers")
            if headers.get("transfer-encoding", "chunked").lower() != "chunked":
                raise decode_error("it has a transfer coding that was not requested")
            if response.is_stream_consumed:  # by a hook of the caller's own client; it is decompressed already
                reader = BodyReader("", self._max_bytes)
                reader.feed(response.content)
                return reader.body()
            reader = BodyReader(headers.get("content-encoding", ""), self._max_bytes)
            async for chunk in stream:
                reader.feed(chunk)
            return reader.body()
        except ResponseDecodeError as error:
            error.http_status = response.status_code
            raise

"""
The transport under ``httpx``: an ``httpx.AsyncBaseTransport`` over aiohttp's connector.

httpx's own pool loses a connection slot at many of the points where a call can be cancelled; aiohttp's loses none.
Every failure is raised as the ``httpx`` exception that states how far the call got: connect errors mean that nothing
was sent, all others that something may have been.
"""

from __future__ import annotations

import asyncio
import io
import os
import ssl
from typing import TYPE_CHECKING, Final

import aiohttp
import httpx
from yarl import URL

from ._connector import Connector, DamagedBodyError, PooledProtocol, Request, Session, UnsolicitedDataError
from ._errors import BodyNotHTTPError, HeadTooLargeError, ProxyRefusedError
from ._proxies import Proxies

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ._proxies import Proxy

__all__ = ("AiohttpTransport",)

_IDLE_SECONDS: Final = 5.0  # below the idle limit of common servers, so that few reused connections are dead
_LARGE_BODY: Final = 1 << 18
_MAX_HEADERS: Final = 512  # above the limit of an attempt, which says with which status there were too many
_MAX_HEADER_BYTES: Final = 1 << 16  # of one header: a content security policy may be longer than aiohttp's 8190
_HEAD_TOO_LARGE: Final = ("Too many headers", "Got more than")
"""The beginnings of aiohttp's messages for a response head beyond its limits."""
_AUTOMATIC_HEADERS: Final = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


class _BrokenError(Exception):
    """The connection broke during a request. Not an aiohttp error, because aiohttp would resend the request."""


class _Call:
    """An aiohttp middleware that records the state of one request."""

    __slots__ = ("request",)

    def __init__(self) -> None:
        self.request: Request | None = None

    @property
    def sent(self) -> bool:
        return self.request is not None and self.request.sent

    @property
    def connection(self) -> PooledProtocol | None:
        return getattr(self.request, "connection", None)

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        if not isinstance(request, Request):
            raise TypeError("aiohttp did not use the session's request class")
        self.request = request
        try:
            response = await handler(request)
        except aiohttp.ClientConnectorError:
            raise
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
            raise _BrokenError from error
        request.connection.expect(response, request.method)
        return response


class _Body(httpx.AsyncByteStream):
    """The body of a response, as a stream; closing it early closes its connection."""

    __slots__ = ("_response", "_unread")

    def __init__(self, response: aiohttp.ClientResponse, connection: PooledProtocol | None) -> None:
        self._response = response
        self._unread = connection

    def __aiter__(self) -> _Body:
        return self

    async def __anext__(self) -> bytes:
        self._unread = None
        try:
            chunk = await self._response.content.readany()
        except aiohttp.SocketTimeoutError:
            raise httpx.ReadTimeout("no further data of the response in time") from None
        except DamagedBodyError:
            raise BodyNotHTTPError("the body of the response is not valid HTTP") from None
        except (aiohttp.ClientError, OSError):
            raise httpx.ReadError("the connection broke during the response") from None
        if not chunk:
            raise StopAsyncIteration
        return chunk

    async def aclose(self) -> None:
        self._response.close()
        if self._unread is not None:
            self._unread.abort()  # aiohttp would keep the connection of a short response, even one that was not read


class AiohttpTransport(httpx.AsyncBaseTransport):
    """
    Sends ``httpx`` requests through aiohttp: no cookies, no redirects, no netrc, no decompression, no resending.

    Args:
        ssl_context: Returns the SSL context of all ``https`` connections; called in a worker thread, when it is first
            needed.
        proxies: The proxies, by default those of the environment.
    """

    def __init__(self, *, ssl_context: Callable[[], ssl.SSLContext], proxies: Proxies | None = None) -> None:
        self._ssl_context = ssl_context
        self._ssl: ssl.SSLContext | None = None
        self._proxies = Proxies(os.environ) if proxies is None else proxies
        self._session: aiohttp.ClientSession | None = None
        self._timeouts: dict[tuple[float | None, float | None], aiohttp.ClientTimeout] = {}

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = Session(
                connector=Connector(limit=0, keepalive_timeout=_IDLE_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                request_class=Request,
                auto_decompress=False,
                max_headers=_MAX_HEADERS,
                max_field_size=_MAX_HEADER_BYTES,
                max_line_size=_MAX_HEADER_BYTES,
                skip_auto_headers=_AUTOMATIC_HEADERS,
                trust_env=False,
            )
        return self._session

    def _proxy_for(self, url: httpx.URL) -> Proxy | None:
        return self._proxies.proxy_for(f"{url.scheme}://{url.netloc.decode('ascii')}")

    def _timeout_for(self, request: httpx.Request) -> aiohttp.ClientTimeout:
        seconds: Mapping[str, float | None] = request.extensions.get("timeout", {})
        key = (seconds.get("connect"), seconds.get("read"))
        timeout = self._timeouts.get(key)
        if timeout is None:
            timeout = aiohttp.ClientTimeout(total=None, connect=key[0], sock_read=key[1])
            self._timeouts[key] = timeout
        return timeout

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; return its response, with the body as a stream."""
        call = _Call()
        proxy = self._proxy_for(request.url)
        if self._ssl is None and request.url.scheme == "https":
            self._ssl = await asyncio.to_thread(self._ssl_context)
        try:
            response = await self._open_session().request(
                request.method,
                URL(str(request.url), encoded=True),
                headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw],
                data=_request_body(await request.aread()),
                allow_redirects=False,
                proxy=None if proxy is None else proxy.url,
                ssl=self._ssl or True,
                timeout=self._timeout_for(request),
                middlewares=(call,),
            )
        except (aiohttp.ClientError, OSError, ValueError, _BrokenError) as error:
            failure = _httpx_error(error, sent=call.sent, proxy=proxy)
            failure.__cause__ = error  # the transport's caller reads the system's error from it
        else:
            return httpx.Response(
                response.status,
                headers=list(response.raw_headers),
                stream=_Body(response, call.connection),
                extensions={"reason_phrase": (response.reason or "").encode("latin-1", "replace")},
            )
        finally:
            request.extensions["sent"] = call.sent
        raise failure

    async def aclose(self) -> None:
        """Close every connection; idempotent."""
        if self._session is not None:
            await self._session.close()


def _request_body(content: bytes) -> bytes | io.BytesIO | None:
    """Return a body for aiohttp; a large one as a file, which is written in chunks without blocking the loop."""
    return io.BytesIO(content) if len(content) > _LARGE_BODY else content or None


def _httpx_error(error: Exception, *, sent: bool, proxy: Proxy | None) -> httpx.TransportError:
    """Return the ``httpx`` error for one of aiohttp, without its message, which may quote headers."""
    if not sent:
        return _connect_error(error, proxy)
    match error:
        case aiohttp.SocketTimeoutError():
            return httpx.ReadTimeout("no response in time")
        case aiohttp.ClientResponseError():
            kind = HeadTooLargeError if error.message.startswith(_HEAD_TOO_LARGE) else httpx.RemoteProtocolError
            return kind("the response is not valid HTTP")
        case _:
            return httpx.ReadError("the connection broke before the response")


def _connect_error(error: Exception, proxy: Proxy | None) -> httpx.TransportError:
    """Return the error for a request of which nothing was sent; it names the variable of the proxy."""
    through = "" if proxy is None else f" through the proxy of {proxy.variable}"
    match error:
        case aiohttp.ServerTimeoutError():
            return httpx.ConnectTimeout(f"no connection{through} in time")
        case aiohttp.ClientConnectorCertificateError():
            return httpx.ConnectError(f"no connection{through}: the certificate is not trusted")
        case aiohttp.ClientConnectorError():
            return httpx.ConnectError(f"no connection{through}: {error.strerror or type(error.os_error).__name__}")
        case aiohttp.ClientHttpProxyError():
            return ProxyRefusedError(f"no connection{through}: it refused", status=error.status)
        case aiohttp.ClientResponseError():
            return httpx.ConnectError(f"no connection{through}: the response is not valid HTTP")
        case UnsolicitedDataError():
            return httpx.ConnectError("the server closed the connection or sent data before the request")
        case _:
            return httpx.ConnectError(f"nothing could be sent{through}: the connection broke")

"""
The transport under ``httpx``: an ``httpx.AsyncBaseTransport`` over aiohttp's connector.

httpx's own pool loses a connection slot at many of the points where a call can be cancelled; aiohttp's loses none.
Every failure is raised as the ``httpx`` exception that states how far the call got: connect errors mean that nothing
was sent, all others that something may have been.
"""

from __future__ import annotations

import io
import ssl
from typing import TYPE_CHECKING, Final
from urllib.request import getproxies_environment, proxy_bypass_environment  # type: ignore[attr-defined] # not in typeshed

import aiohttp
import httpx
from yarl import URL

from ._connector import Connector, PooledProtocol, Request, UnsolicitedDataError
from ._errors import HeadTooLargeError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ("AiohttpTransport",)

_IDLE_SECONDS: Final = 5.0  # below the idle limit of common servers, so that few reused connections are dead
_LARGE_BODY: Final = 1 << 18
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_MAX_HEADERS: Final = 512  # above the limit of an attempt, which says with which status there were too many
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
        use_environment: Honour ``HTTPS_PROXY``, ``ALL_PROXY`` and ``NO_PROXY``; never for loopback addresses.
    """

    def __init__(self, *, ssl_context: Callable[[], ssl.SSLContext], use_environment: bool = True) -> None:
        self._ssl_context = ssl_context
        self._ssl: ssl.SSLContext | None = None
        self._proxies: Mapping[str, str] = getproxies_environment() if use_environment else {}
        self._session: aiohttp.ClientSession | None = None
        self._timeouts: dict[tuple[float | None, float | None], aiohttp.ClientTimeout] = {}

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=Connector(limit=0, keepalive_timeout=_IDLE_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                request_class=Request,
                auto_decompress=False,
                max_headers=_MAX_HEADERS,
                skip_auto_headers=_AUTOMATIC_HEADERS,
                trust_env=False,
            )
        return self._session

    def _proxy_for(self, url: httpx.URL) -> str | None:
        proxy = self._proxies.get(url.scheme) or self._proxies.get("all")
        if proxy is None or url.scheme != "https" or url.host in _LOOPBACK:
            return None  # plain http is allowed for loopback addresses only, which need no proxy
        if proxy_bypass_environment(url.host, self._proxies):
            return None
        return proxy if "://" in proxy else f"http://{proxy}"  # the usual meaning of ``proxy:3128``

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
        if self._ssl is None and request.url.scheme == "https":
            from anyio import to_thread  # noqa: PLC0415 -- not needed for loopback addresses

            self._ssl = await to_thread.run_sync(self._ssl_context, abandon_on_cancel=True)
        try:
            response = await self._open_session().request(
                request.method,
                URL(str(request.url), encoded=True),
                headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw],
                data=_request_body(await request.aread()),
                allow_redirects=False,
                proxy=self._proxy_for(request.url) if self._proxies else None,
                ssl=self._ssl or True,
                timeout=self._timeout_for(request),
                middlewares=(call,),
            )
        except (aiohttp.ClientError, OSError, ValueError, _BrokenError) as error:
            failure = _httpx_error(error, sent=call.sent)
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


def _httpx_error(error: Exception, *, sent: bool) -> httpx.TransportError:
    """Return the ``httpx`` error for one of aiohttp, without its message, which may quote headers."""
    match error:
        case aiohttp.ConnectionTimeoutError():
            return httpx.ConnectTimeout("no connection in time")
        case aiohttp.ClientConnectorCertificateError():
            return httpx.ConnectError("the server's certificate is not trusted")
        case aiohttp.ClientConnectorError():
            return httpx.ConnectError(f"no connection: {error.strerror or type(error.os_error).__name__}")
        case aiohttp.SocketTimeoutError() if sent:
            return httpx.ReadTimeout("no response in time")
        case aiohttp.ClientHttpProxyError():
            return httpx.ConnectError(f"the proxy refused the connection ({error.status})")
        case aiohttp.ClientResponseError():
            kind = HeadTooLargeError if error.message.startswith(_HEAD_TOO_LARGE) else httpx.RemoteProtocolError
            return kind("the response is not valid HTTP")
        case _ if not sent:
            early = isinstance(error, UnsolicitedDataError)
            why = "the server closed the connection or sent data before the request" if early else type(error).__name__
            return httpx.ConnectError(f"nothing could be sent ({why})")
        case _:
            return httpx.ReadError("the connection broke before the response")

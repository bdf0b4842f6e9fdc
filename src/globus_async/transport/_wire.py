"""
The wire under ``httpx``: an ``httpx.AsyncBaseTransport`` over aiohttp's connector.

httpx's own pool loses a connection slot at many of the points where a call can be cancelled; aiohttp's loses none.
Every failure leaves as the ``httpx`` exception that says how far the call got: connect errors mean that nothing was
sent, all others that something may have been.
"""

from __future__ import annotations

import io
import ssl
from typing import TYPE_CHECKING, Any, Final
from urllib.request import getproxies_environment, proxy_bypass_environment  # type: ignore[attr-defined] # not in typeshed

import aiohttp
import httpx
from multidict import CIMultiDict
from yarl import URL

from ._attempt import HeadTooLargeError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Mapping

__all__ = ("AiohttpTransport", "CookielessClient")

_IDLE_SECONDS: Final = 5.0  # below the idle limit of common servers, so that a kept connection is seldom a dead one
_LARGE: Final = 1 << 18
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_TOO_LARGE: Final = ("Too many headers", "Got more than")
"""How aiohttp begins to say that the head of an answer is beyond its limits."""
_AUTOMATIC: Final = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


class _Request(aiohttp.ClientRequest):
    """A request that remembers whether it has begun to be written, and to where."""

    sent = False
    socket: asyncio.Transport | None = None

    async def send(self, conn: Any) -> aiohttp.ClientResponse:
        self.sent, self.socket = True, conn.transport
        return await super().send(conn)


class _BrokenError(Exception):
    """The connection broke under a request. Not an aiohttp error, else aiohttp would send the request again."""


class _Call:
    """Watches one request on its way through aiohttp."""

    __slots__ = ("request",)

    def __init__(self) -> None:
        self.request: aiohttp.ClientRequest | None = None

    @property
    def sent(self) -> bool:
        return getattr(self.request, "sent", False)

    @property
    def socket(self) -> asyncio.Transport | None:
        return getattr(self.request, "socket", None)

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        self.request = request
        try:
            return await handler(request)
        except aiohttp.ClientConnectorError:
            raise
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
            raise _BrokenError from error


class _Body(httpx.AsyncByteStream):
    """The body of an answer, as it comes in; closing it early closes its connection."""

    __slots__ = ("_response", "_unread")

    def __init__(self, response: aiohttp.ClientResponse, socket: asyncio.Transport | None) -> None:
        self._response = response
        self._unread = socket

    def __aiter__(self) -> _Body:
        return self

    async def __anext__(self) -> bytes:
        self._unread = None
        try:
            chunk = await self._response.content.readany()
        except aiohttp.SocketTimeoutError:
            raise httpx.ReadTimeout("the answer stopped coming") from None
        except (aiohttp.ClientError, OSError):
            raise httpx.ReadError("the answer broke off") from None
        if not chunk:
            raise StopAsyncIteration
        return chunk

    async def aclose(self) -> None:
        self._response.close()
        if self._unread is not None:
            self._unread.close()  # aiohttp keeps the connection of a short answer, be it one that was refused unread


class _NoCookies(httpx.Cookies):
    """A jar that keeps nothing: one user's cookie must not go out with another's call."""

    def extract_cookies(self, response: httpx.Response) -> None:
        """Leave the answer's cookies alone."""


class CookielessClient(httpx.AsyncClient):
    """The ``httpx.AsyncClient`` that drives the wire."""

    _none = _NoCookies()

    @property
    def cookies(self) -> httpx.Cookies:
        """No cookies, ever."""
        return self._none

    @cookies.setter
    def cookies(self, cookies: object) -> None:
        pass


class AiohttpTransport(httpx.AsyncBaseTransport):
    """
    Sends ``httpx`` requests through aiohttp: no cookies, no redirects, no netrc, no decompression, no resending.

    Args:
        ssl_context: Makes what every ``https`` connection is made with, or returns it if it is made; called in a
            worker thread, when first needed.
        use_environment: Honour ``HTTPS_PROXY``, ``ALL_PROXY`` and ``NO_PROXY``; never for loopback addresses.
    """

    def __init__(self, *, ssl_context: Callable[[], ssl.SSLContext], use_environment: bool = True) -> None:
        self._ssl_context = ssl_context
        self._ssl: ssl.SSLContext | None = None
        self._proxies: Mapping[str, str] = getproxies_environment() if use_environment else {}
        self._session: aiohttp.ClientSession | None = None
        self._timeouts: dict[tuple[float | None, float | None], aiohttp.ClientTimeout] = {}

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_IDLE_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                request_class=_Request,
                auto_decompress=False,
                skip_auto_headers=_AUTOMATIC,
                trust_env=False,
            )
        return self._session

    def _proxy_for(self, url: httpx.URL) -> str | None:
        proxy = self._proxies.get(url.scheme) or self._proxies.get("all")
        if proxy is None or url.scheme != "https" or url.host in _LOOPBACK:
            return None  # plain http is for loopback only, where no proxy belongs in between
        if proxy_bypass_environment(url.host, self._proxies):
            return None
        return proxy if "://" in proxy else f"http://{proxy}"  # as everybody reads ``proxy:3128``

    def _timeout_of(self, request: httpx.Request) -> aiohttp.ClientTimeout:
        wanted: Mapping[str, float | None] = request.extensions.get("timeout", {})
        key = (wanted.get("connect"), wanted.get("read"))
        timeout = self._timeouts.get(key)
        if timeout is None:
            timeout = aiohttp.ClientTimeout(total=None, connect=key[0], sock_read=key[1])
            self._timeouts[key] = timeout
        return timeout

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; return its answer with the body still to come."""
        call = _Call()
        if self._ssl is None and request.url.scheme == "https":
            from anyio import to_thread  # noqa: PLC0415 -- loopback addresses go without

            self._ssl = await to_thread.run_sync(self._ssl_context, abandon_on_cancel=True)
        try:
            response = await self._opened().request(
                request.method,
                URL(str(request.url), encoded=True),
                headers=CIMultiDict(
                    (name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw
                ),
                data=_body(await request.aread()),
                allow_redirects=False,
                proxy=self._proxy_for(request.url) if self._proxies else None,
                ssl=self._ssl or True,
                timeout=self._timeout_of(request),
                middlewares=(call,),
            )
        except (aiohttp.ClientError, OSError, ValueError, _BrokenError) as error:
            failure = _failure(error, sent=call.sent)
        else:
            return httpx.Response(
                response.status,
                headers=list(response.raw_headers),
                stream=_Body(response, call.socket),
                extensions={"reason_phrase": (response.reason or "").encode("latin-1", "replace")},
            )
        finally:
            request.extensions["sent"] = call.sent
        raise failure

    async def aclose(self) -> None:
        """Close every connection; idempotent."""
        if self._session is not None:
            await self._session.close()


def _body(content: bytes) -> bytes | io.BytesIO | None:
    """Return a body as aiohttp wants it: a large one is written piece by piece, so that the loop goes on meanwhile."""
    return io.BytesIO(content) if len(content) > _LARGE else content or None


def _failure(error: Exception, *, sent: bool) -> httpx.TransportError:
    """Say how far the call got, in words of ours: aiohttp's may quote headers."""
    match error:
        case aiohttp.ConnectionTimeoutError():
            return httpx.ConnectTimeout("no connection in time")
        case aiohttp.ClientConnectorCertificateError():
            return httpx.ConnectError("the server's certificate is not trusted")
        case aiohttp.ClientConnectorError():
            return httpx.ConnectError(f"no connection: {error.strerror or type(error.os_error).__name__}")
        case aiohttp.SocketTimeoutError() if sent:
            return httpx.ReadTimeout("no answer in time")
        case aiohttp.ClientHttpProxyError():
            return httpx.ConnectError(f"the proxy refused the connection ({error.status})")
        case aiohttp.ClientResponseError():
            kind = HeadTooLargeError if error.message.startswith(_TOO_LARGE) else httpx.RemoteProtocolError
            return kind("the answer is not HTTP")
        case _ if not sent:
            return httpx.ConnectError(f"nothing could be sent ({type(error).__name__})")
        case _:
            return httpx.ReadError("the connection broke before the answer came")

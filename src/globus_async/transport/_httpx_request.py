"""
The ``httpx.Request`` and ``httpx.Response`` of one attempt, filled with prepared parts.

httpx parses every URL and normalizes all headers, which is a tenth of the cost of a call. Ours need neither: only path
and query differ between the URLs of an origin, and both are quoted before a `Request` is made.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import httpx

from ..errors import GlobusSDKUsageError
from ..secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._http.headers import Fields
    from .._http.request import Request
    from ._incoming_response import IncomingResponse
    from ._upload import Upload

__all__ = ("NO_AUTH", "PreparedRequest", "PreparedResponse", "checked_header", "head_of")


class PreparedRequest(httpx.Request):
    """
    An ``httpx`` request whose head is built once, as it is sent; its URL and headers are built when they are read.

    Args:
        request: The request to send.
        credentials: The ``Authorization`` header.
        timeouts: Seconds to connect, read, write and get a connection.
        upload: The body, if it is read while it is sent.

    Attributes:
        origin: Scheme and host of the URL, and the port unless it is the default.
        head: The request line and the headers.
        is_streamed: Whether the response is read by the caller of the call.
    """

    def __init__(
        self,
        request: Request,
        credentials: Secret | None,
        *,
        timeouts: Mapping[str, float | None],
        upload: Upload | None = None,
    ) -> None:
        # sets what the constructor of httpx 0.28 does; a test compares the result with a request of httpx's own
        url = self._text = request.url
        end = url.find("/", 8)
        self.origin, version_and_host = _origin(url[:end])
        self.method = request.method
        self.is_streamed: bool = request.is_streamed
        self.extensions: dict[str, Any] = {"timeout": timeouts}
        body = request.body or b""
        head = f"{request.method} {url[end:]}".encode("ascii") + version_and_host + _lines(request.headers)
        if credentials is not None:
            head += b"Authorization: %b\r\n" % credentials.reveal().encode("ascii")
        if upload is not None:
            self.stream = upload  # and no content, as httpx has it
            size = upload.size
            head += b"Transfer-Encoding: chunked\r\n" if size is None else b"Content-Length: %d\r\n" % size
        else:
            self._content = body
            if body or request.method in {"POST", "PUT", "PATCH"}:
                head += b"Content-Length: %d\r\n" % len(body)
        self.head = head + b"\r\n"

    @cached_property  # can be written, as the attribute of httpx
    def url(self) -> httpx.URL:  # type: ignore[override]
        return httpx.URL(self._text)

    @cached_property
    def headers(self) -> httpx.Headers:  # type: ignore[override]
        lines = self.head.split(b"\r\n")[1:-2]
        return httpx.Headers([(name, value) for name, _, value in (line.partition(b": ") for line in lines)])

    @cached_property
    def stream(self) -> httpx.AsyncByteStream:  # type: ignore[override]
        return httpx.ByteStream(self._content)


@lru_cache(maxsize=64)
def _origin(text: str) -> tuple[str, bytes]:
    """
    Return an origin as text, and what follows the target in the heads of its requests.

    Raises:
        GlobusSDKUsageError: The host is not valid.
    """
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        raise GlobusSDKUsageError(f"base_url has no valid host name or address: {text}") from None
    host = url.netloc.decode("ascii")
    return f"{url.scheme}://{host}", f" HTTP/1.1\r\nHost: {host}\r\n".encode("ascii")


@lru_cache(maxsize=256)
def _lines(fields: Fields) -> bytes:
    return b"".join(b"%b: %b\r\n" % field for field in fields)


def head_of(request: httpx.Request) -> tuple[str, bytes]:
    """
    Return the origin and the head of any request of ``httpx``.

    Raises:
        httpx.LocalProtocolError: A header has a line break.
    """
    url = request.url
    origin, version_and_host = _origin(f"{url.scheme}://{url.netloc.decode('ascii')}")
    fields = [(name, value) for name, value in request.headers.raw if name.lower() != b"host"]
    if any(b"\r" in value or b"\n" in value for field in fields for value in field):
        raise httpx.LocalProtocolError("a header of the request has a line break")
    start = request.method.encode("ascii") + b" " + url.raw_path
    return origin, start + version_and_host + _lines(tuple(fields)) + b"\r\n"


class PreparedResponse(httpx.Response):
    """
    An ``httpx`` response whose headers are parsed when they are read.

    Args:
        incoming: The response as it arrives.
    """

    def __init__(self, incoming: IncomingResponse) -> None:
        # sets what the constructor of httpx 0.28 does
        self.stream = self.incoming = incoming
        self.status_code = incoming.status
        self.extensions = {"http_version": b"HTTP/1.1", "reason_phrase": incoming.reason}
        self.is_closed = self.is_stream_consumed = False
        self.next_request = None
        self.default_encoding = "utf-8"
        self.history = []
        self._request = None
        self._num_bytes_downloaded = 0

    @cached_property
    def headers(self) -> httpx.Headers:  # type: ignore[override]
        return httpx.Headers(self.incoming.fields)


def checked_header(header: object) -> Secret | None:
    """
    Return the header of an authorizer as a `Secret`; that of a caller's own may be text or bytes.

    Raises:
        GlobusSDKUsageError: It is anything else, or has characters that are not allowed.
    """
    if header is None:
        return None
    if not isinstance(header, Secret):
        text = header.decode("latin-1") if isinstance(header, bytes) else header
        if not isinstance(text, str):
            raise GlobusSDKUsageError(
                "get_authorization_header() of the authorizer must return a Secret, text or None,"
                f" not a value of type {type(header).__name__}"
            )
        header = Secret(text)
    if not (header.reveal().isascii() and header.reveal().isprintable()):
        raise GlobusSDKUsageError("the authorizer's header has characters that are not allowed in a header")
    return header


class _NoAuth(httpx.Auth):
    """Adds no credentials: they are among the headers already."""

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Send the request unchanged."""
        yield request


NO_AUTH = _NoAuth()

"""
Clients of other libraries with the interface of ``httpx.AsyncClient``, such as ``httpx2.AsyncClient``.

No such library is imported. Requests, responses and errors are converted from and to those of httpx, the errors by the
names of their classes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx

from ._plain_client import PlainClient

if TYPE_CHECKING:
    from ._http_client import HTTPClient

__all__ = ("similar_client",)


def similar_client(http_client: HTTPClient) -> httpx.AsyncClient:
    """Return a client of httpx that sends through a client of another library; closing it does not close that."""
    return PlainClient(_SimilarTransport(http_client), is_closed=lambda: http_client.is_closed)


@contextmanager
def _errors_of_httpx() -> Generator[None]:
    """Raise the error of httpx for an error whose class, or base class, has its name."""
    try:
        yield
    except Exception as error:
        kinds = (getattr(httpx, kind.__name__, None) for kind in type(error).__mro__ if kind.__module__ != "builtins")
        found = next((kind for kind in kinds if isinstance(kind, type) and _takes_a_message(kind)), None)
        if found is None:
            raise
        raise found(str(error)) from error


def _takes_a_message(kind: type) -> bool:
    return issubclass(kind, (httpx.RequestError, httpx.InvalidURL, httpx.CookieConflict)) or kind in {
        httpx.HTTPError,
        httpx.StreamError,
    }


class _Body(httpx.AsyncByteStream):
    """The body of a response, as it was received."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._chunks: AsyncIterator[bytes] | None = None

    def __aiter__(self) -> _Body:
        self._chunks = aiter(self._stream)
        return self

    async def __anext__(self) -> bytes:
        with _errors_of_httpx():
            chunk = None if self._chunks is None else await anext(self._chunks, None)
        if chunk is None:
            raise StopAsyncIteration
        return chunk

    async def aclose(self) -> None:
        with _errors_of_httpx():
            await self._stream.aclose()


class _SimilarTransport(httpx.AsyncBaseTransport):
    def __init__(self, http_client: HTTPClient) -> None:
        self._http_client = http_client
        self._request_class: type[Any] = type(http_client.build_request("GET", "http://localhost/"))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        with _errors_of_httpx():
            # of its class, but not made by the client: that would add the client's own headers, cookies and parameters
            try:
                content: Any = request.content or None
            except httpx.RequestNotRead:
                content = request.stream
            similar = self._request_class(
                request.method,
                str(request.url),
                headers=request.headers.raw,
                content=content,
                extensions=dict(request.extensions),
            )
            response = await self._http_client.send(similar, stream=True, auth=None, follow_redirects=False)
        made = httpx.Response(
            response.status_code,
            headers=response.headers.raw,
            stream=_Body(response.stream),
            extensions={
                **{name: value for name, value in response.extensions.items() if name == "network_stream"},
                "reason_phrase": response.reason_phrase.encode("latin-1", "replace"),
            },
        )
        if response.is_stream_consumed:  # by a hook of the client
            made.is_stream_consumed = True
            # the content is decompressed already, and httpx has no public way to state that
            made._content = response.content  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
        return made

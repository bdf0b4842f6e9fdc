"""
HTTP clients for the nets that take one: of httpx, and of httpx2, which has its interface.

A test that uses `mock_client` runs once with each, if it is marked ``usefixtures("library")``.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import httpx
import httpx2

__all__ = ("Handler", "in_use", "mock_client")

Handler = Callable[[httpx.Request], Any]
"""Returns the response to a request, or an awaitable of it, or raises an error of httpx."""

_libraries: list[ModuleType] = [httpx]
"""The library in use, the last."""


@contextmanager
def in_use(name: str) -> Generator[ModuleType]:
    """Use a library."""
    module = {"httpx": httpx, "httpx2": httpx2}[name]
    _libraries.append(module)
    try:
        yield module
    finally:
        _libraries.pop()


def mock_client(handler: Handler) -> Any:
    """Return a client of the library in use, all requests of which get to a handler written for httpx."""
    if _libraries[-1] is httpx:
        return httpx.AsyncClient(transport=httpx.MockTransport(handler))

    async def translated(request: httpx2.Request) -> httpx2.Response:
        content = await request.aread()
        try:
            came: httpx.Response | Awaitable[httpx.Response] = handler(
                httpx.Request(request.method, str(request.url), headers=request.headers.raw, content=content)
            )
            response = await came if inspect.isawaitable(came) else came
        except httpx.RequestError as error:
            raise getattr(httpx2, type(error).__name__)(str(error), request=request) from error.__cause__
        return httpx2.Response(
            response.status_code,
            headers=response.headers.raw,
            stream=_Stream(response.stream),
            extensions=response.extensions,
        )

    return httpx2.AsyncClient(transport=httpx2.MockTransport(translated))


class _Stream(httpx2.AsyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __aiter__(self) -> Any:
        return aiter(self._stream)

    async def aclose(self) -> None:
        await self._stream.aclose()

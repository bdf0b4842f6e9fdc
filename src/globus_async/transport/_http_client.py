"""The HTTP clients that a transport takes from its caller: of httpx, or of a library with the same interface."""

from __future__ import annotations

import inspect
from typing import Any, Protocol

from ..errors.arguments import refusal

__all__ = ("HTTPClient", "check_http_client", "is_httpx_client")


class HTTPClient(Protocol):
    """
    What a transport uses of an ``httpx.AsyncClient``, an ``httpx2.AsyncClient`` or another client of that interface.

    The exceptions of such a client are recognised by the names of their classes, which are those of httpx.
    """

    @property
    def is_closed(self) -> bool:
        """Whether the client has been closed."""
        ...

    def build_request(self, method: str, url: Any) -> Any:
        """Return a request, whose class has the constructor of ``httpx.Request``."""
        ...

    async def send(self, request: Any, *, stream: bool = ..., auth: Any = ..., follow_redirects: Any = ...) -> Any:
        """Send a request and return a response with the interface of ``httpx.Response``."""
        ...


def is_httpx_client(http_client: object) -> bool:
    """Return whether a client is an ``httpx.AsyncClient``, without importing httpx."""
    return any(
        kind.__name__ == "AsyncClient" and kind.__module__.partition(".")[0] == "httpx"
        for kind in type(http_client).__mro__
    )


def check_http_client(http_client: object) -> None:
    """
    Check that a client has the methods that are used of it.

    Raises:
        GlobusSDKUsageError: It has not.
    """
    kind = type(http_client)
    if (
        not inspect.iscoroutinefunction(getattr(kind, "send", None))
        or not callable(getattr(kind, "build_request", None))
        or not hasattr(kind, "is_closed")
    ):
        raise refusal(
            "http_client", http_client, "an httpx.AsyncClient, or one of the same interface such as httpx2.AsyncClient"
        )

"""
The ``httpx.Request`` of one attempt, put together from prepared parts.

httpx parses every URL and looks through all headers anew, which is a tenth of what a call costs. Ours are plain by
construction: only the path and query of a URL change, and who makes a `Request` has quoted both.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from functools import lru_cache
from typing import TYPE_CHECKING

import httpx

from ..errors import GlobusSDKUsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._http.request import Request
    from ..secret import Secret

__all__ = ("NO_AUTH", "outgoing")


class _URL(httpx.URL):
    """A URL that differs from one parsed before in path and query only; an ``httpx.URL`` in all respects."""

    def __init__(self, origin: httpx.URL, target: str) -> None:
        path, mark, query = target.partition("?")
        known = origin._uri_reference  # noqa: SLF001 -- of httpx 0.28; a test compares the result with a parsed one
        self._uri_reference = known._replace(path=path or "/", query=query if mark else None)


@lru_cache(maxsize=32)
def _origin(text: str) -> tuple[httpx.URL, bytes]:
    """Return an origin, and what the ``Host`` header calls it."""
    url = httpx.URL(text)
    return url, url.netloc


def outgoing(request: Request, credentials: Secret | None, *, timeouts: Mapping[str, float | None]) -> httpx.Request:
    """
    Return the ``httpx`` request for an attempt.

    Args:
        request: What to send.
        credentials: The ``Authorization`` header.
        timeouts: Seconds to connect, read, write and get a connection.

    Raises:
        GlobusSDKUsageError: The credentials, of an authorizer of the caller's own, cannot stand in a header.
    """
    end = request.url.find("/", 8)
    origin, host = _origin(request.url[:end])
    fields = [(b"Host", host), *request.headers]
    if credentials is not None:
        if not (credentials.reveal().isascii() and credentials.reveal().isprintable()):
            raise GlobusSDKUsageError("the authorizer gave a header with characters that no header may have")
        fields.append((b"Authorization", credentials.reveal().encode("ascii")))
    body = request.body
    if body or request.method in {"POST", "PUT", "PATCH"}:
        fields.append((b"Content-Length", str(len(body or b"")).encode("ascii")))
    made = httpx.Request(
        request.method,
        _URL(origin, request.url[end:]),
        headers=fields,
        stream=httpx.ByteStream(body or b""),
        extensions={"timeout": timeouts},
    )
    made.read()  # so that ``content`` can be looked at, as in every other request
    return made


class _NoAuth(httpx.Auth):
    """Adds nothing: the credentials are among the headers."""

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Send the request as it is."""
        yield request


NO_AUTH = _NoAuth()

"""
The ``httpx.Request`` of one attempt, built from prepared parts.

httpx parses every URL and normalizes all headers, which is a tenth of the cost of a call. Ours need neither: only path
and query differ between the URLs of an origin, and both are quoted before a `Request` is made.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from functools import lru_cache
from typing import TYPE_CHECKING

import httpx

from ..errors import GlobusSDKUsageError
from ..secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._http.request import Request

__all__ = ("NO_AUTH", "build_httpx_request", "checked_header")


class _URL(httpx.URL):
    """A URL that differs from a parsed one in path and query only; an ``httpx.URL`` in all other respects."""

    def __init__(self, origin: httpx.URL, target: str) -> None:
        path, mark, query = target.partition("?")
        known = origin._uri_reference  # noqa: SLF001 -- of httpx 0.28; a test compares the result with a parsed one
        self._uri_reference = known._replace(path=path or "/", query=query if mark else None)


@lru_cache(maxsize=32)
def _origin(text: str) -> tuple[httpx.URL, bytes]:
    """Return an origin, and its ``Host`` header."""
    url = httpx.URL(text)
    return url, url.netloc


def build_httpx_request(
    request: Request, credentials: Secret | None, *, timeouts: Mapping[str, float | None]
) -> httpx.Request:
    """
    Return the ``httpx`` request for an attempt.

    Args:
        request: The request to send.
        credentials: The ``Authorization`` header.
        timeouts: Seconds to connect, read, write and get a connection.
    """
    end = request.url.find("/", 8)
    origin, host = _origin(request.url[:end])
    fields = [(b"Host", host), *request.headers]
    if credentials is not None:
        fields.append((b"Authorization", credentials.reveal().encode("ascii")))
    body = request.body
    if body or request.method in {"POST", "PUT", "PATCH"}:
        fields.append((b"Content-Length", str(len(body or b"")).encode("ascii")))
    built = httpx.Request(
        request.method,
        _URL(origin, request.url[end:]),
        headers=fields,
        stream=httpx.ByteStream(body or b""),
        extensions={"timeout": timeouts},
    )
    built.read()  # sets ``content``, as every other httpx request has it
    return built


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

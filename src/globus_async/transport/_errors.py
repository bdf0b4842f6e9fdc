"""The errors of this library for failed attempts: each states how far the attempt got."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import httpx

from .._http.content_coding import decode_error
from ..errors import (
    GlobusConnectionError,
    GlobusConnectionTimeoutError,
    GlobusTimeoutError,
    NetworkError,
    ResponseDecodeError,
)

if TYPE_CHECKING:
    from .._http.request import Request

__all__ = ("MAX_HEADERS", "HeadTooLargeError", "network_error", "pause_too_long")

MAX_HEADERS: Final = 128
"""Most header fields of a response."""


class HeadTooLargeError(httpx.RemoteProtocolError):
    """A response has too many headers, or too long ones, for the HTTP parser."""


def pause_too_long(request: Request) -> GlobusTimeoutError:
    """Return the error for a call that would have to wait beyond its total timeout, by the request of the service."""
    return GlobusTimeoutError(
        f"{request.method} {request.path}: the service requested a pause longer than the total timeout",
        stage="not sent",
    )


def network_error(error: Exception, request: Request) -> NetworkError:
    """Return the error of this library for one of ``httpx``, of which it keeps the message only."""
    call = f"{request.method} {request.url.partition('?')[0]}"
    message = str(error)  # the exchange redacts credentials that the transport of a caller's own client may quote
    match error:
        case HeadTooLargeError():
            return decode_error(f"it has more than {MAX_HEADERS} headers, or one that is far too long")
        case httpx.ConnectTimeout() | httpx.PoolTimeout():
            return GlobusConnectionTimeoutError(f"{call}: no connection in time", stage="not sent")
        case httpx.LocalProtocolError() | httpx.UnsupportedProtocol():  # their messages may quote headers
            return GlobusConnectionError(f"{call}: the request could not be sent", stage="not sent")
        case httpx.ConnectError() | httpx.ProxyError():
            return GlobusConnectionError(f"{call}: {message}", stage="not sent")
        case httpx.TimeoutException():
            return GlobusTimeoutError(f"{call}: {message or 'no response in time'}", stage="no response")
        case httpx.DecodingError():
            return ResponseDecodeError(f"{call}: the response body is damaged", stage="response truncated")
        case _:
            return GlobusConnectionError(f"{call}: {message or type(error).__name__}", stage="no response")

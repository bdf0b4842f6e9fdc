"""The errors of this library for failed attempts: each states how far the attempt got."""

from __future__ import annotations

import os
import re
import socket
import ssl
from typing import TYPE_CHECKING, ClassVar, Final

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

__all__ = (
    "MAX_HEADERS",
    "BodyNotHTTPError",
    "HeadTooLargeError",
    "ProxyRefusedError",
    "connect_failure",
    "network_error",
    "pause_too_long",
)

MAX_HEADERS: Final = 128
"""Most header fields of a response."""


_SYSTEM: Final = frozenset({"builtins", "socket", "ssl"})
_FINAL_REFUSAL: Final = re.compile(r"(?!408|429)[1-4]\d\d\b")
_MAX_CHAIN: Final = 10
"""Exceptions of a chain that are read."""


class _UnusableError(httpx.RemoteProtocolError):
    """A response that cannot be used: why, and whether another attempt may bring a better one."""

    why: ClassVar[str]
    retryable: ClassVar[bool] = False


class HeadTooLargeError(_UnusableError):
    """The head of a response is not read to its end."""

    why = "its head is larger than 64 KiB"


class BodyNotHTTPError(_UnusableError):
    """The head of a response arrived; the framing of its body is not valid HTTP."""

    why = "its body is not valid HTTP"
    retryable = True


class ProxyRefusedError(httpx.ProxyError):
    """
    A proxy refused to connect to the service.

    Args:
        message: Which proxy.
        status: The status of its response.
    """

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(f"{message} ({status})")
        self.status = status


def connect_failure(error: Exception) -> str:
    """Return why there is no connection, without text of the other side."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate is not trusted: {error.verify_message}"
    if isinstance(error, httpx.TransportError):
        return str(error)
    return getattr(error, "strerror", None) or type(error).__name__


def pause_too_long(request: Request) -> GlobusTimeoutError:
    """Return the error for a call that would have to wait beyond its total timeout, by the request of the service."""
    failure = GlobusTimeoutError(
        f"{request.method} {request.path}: the service requested a pause longer than the total timeout",
        stage="not sent",
    )
    failure.retryable = False  # the pause does not become shorter
    return failure


def network_error(error: Exception, request: Request) -> NetworkError:
    """Return the error of this library for one of ``httpx``, of which it keeps the message and the system's error."""
    failure = _network_error(error, request)
    if (cause := _system_error(error)) is not None:
        failure.__cause__ = failure.underlying_exception = cause
    return failure


def _system_error(error: BaseException) -> OSError | None:
    """Return a copy of the operating system's error in a chain, without frames and without text of another origin."""
    cause: BaseException | None = error
    for _ in range(_MAX_CHAIN):
        if cause is None:
            break
        if type(cause).__module__ in _SYSTEM:  # a library's subclass may have other arguments
            match cause:
                case ssl.SSLError():
                    return type(cause)(cause.errno, getattr(cause, "reason", None) or "TLS failed")
                case socket.gaierror(errno=int(number)):
                    return socket.gaierror(number, "the host has no address")
                case OSError(errno=int(number)):
                    return OSError(number, os.strerror(number))  # of the class that the number has
                case _:
                    pass
        cause = cause.__cause__ or cause.__context__
    return None


def _network_error(error: Exception, request: Request) -> NetworkError:
    call = f"{request.method} {request.url.partition('?')[0]}"
    message = str(error)  # the exchange redacts credentials that the transport of a caller's own client may quote
    match error:
        case _UnusableError():
            return decode_error(error.why, retryable=error.retryable)
        case httpx.ConnectTimeout() | httpx.PoolTimeout():
            return GlobusConnectionTimeoutError(f"{call}: {message or 'no connection in time'}", stage="not sent")
        case httpx.LocalProtocolError() | httpx.UnsupportedProtocol():  # their messages may quote headers
            return GlobusConnectionError(f"{call}: the request could not be sent", stage="not sent")
        case httpx.ProxyError():
            status = message  # of another client; it begins with the status
            if isinstance(error, ProxyRefusedError):
                status = str(error.status)
            else:
                message = f"no connection through the proxy: {message}"
            failure = GlobusConnectionError(f"{call}: {message}", stage="not sent")
            failure.retryable = _FINAL_REFUSAL.match(status) is None  # they want another proxy, or credentials
            return failure
        case httpx.ConnectError():
            return GlobusConnectionError(f"{call}: {message}", stage="not sent")
        case httpx.TimeoutException():
            return GlobusTimeoutError(f"{call}: {message or 'no response in time'}", stage="no response")
        case httpx.DecodingError():
            return ResponseDecodeError(f"{call}: the response body is damaged", stage="response truncated")
        case _:
            return GlobusConnectionError(f"{call}: {message or type(error).__name__}", stage="no response")

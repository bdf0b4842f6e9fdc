"""An HTTP request as a value, without credentials."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ..errors import GlobusSDKUsageError

if TYPE_CHECKING:
    from ..secret import Secret
    from .stream_body import StreamBody

__all__ = ("DEFAULT_MAX_RESPONSE_BYTES", "IDEMPOTENT_METHODS", "Request", "check_method")

IDEMPOTENT_METHODS: Final = frozenset({"GET", "HEAD", "PUT", "DELETE"})
"""The HTTP methods whose requests may be executed twice without harm."""

DEFAULT_MAX_RESPONSE_BYTES: Final = 1 << 25
_METHOD: Final = re.compile(r"[A-Z]{1,16}")


def check_method(method: str) -> None:
    """
    Check an HTTP method.

    Raises:
        GlobusSDKUsageError: It is not in capitals.
    """
    if not isinstance(method, str) or _METHOD.fullmatch(method) is None:
        raise GlobusSDKUsageError(f"the HTTP method must be in capitals, got {method!r}")


@dataclass(frozen=True, slots=True)
class Request:
    """
    An HTTP request, without credentials.

    Attributes:
        method: The HTTP method.
        url: The URL, with the query.
        headers: The headers, without ``Authorization``.
        body: The body.
        idempotent: Whether the request may be sent again after it may have been executed.
        bypass_limits: Whether the limits of concurrent requests and of their rate do not apply: other requests may be
            waiting for this token refresh.
        secrets: The secrets in the body, which are redacted in errors.
        max_response_bytes: The largest body of a successful response, after decompression.
        source: The body, instead of ``body``, if it is read while it is sent.
        is_streamed: Whether the body of a successful response is read by the caller, as it arrives.
    """

    method: str
    url: str
    headers: tuple[tuple[bytes, bytes], ...] = field(default=(), repr=False)
    body: bytes | None = field(default=None, repr=False)
    idempotent: bool = False
    bypass_limits: bool = False
    secrets: tuple[Secret, ...] = ()
    max_response_bytes: int = DEFAULT_MAX_RESPONSE_BYTES
    source: StreamBody | None = field(default=None, repr=False)
    is_streamed: bool = False

    @property
    def path(self) -> str:
        """The path of the URL, for messages; without the query, which may be confidential."""
        return self.url[self.url.find("/", 8) :].partition("?")[0]

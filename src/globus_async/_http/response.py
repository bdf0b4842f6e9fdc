"""An HTTP response as a value: status, headers and body, and how the body is decoded."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from ..errors import Attempt, ResponseDecodeError
from ..errors.base import escape_control_characters
from .json_reader import LARGE, decode_json, is_large
from .retry_after import parse_retry_after

if TYPE_CHECKING:
    from collections.abc import Callable

    from .headers import Headers

__all__ = ("EmbeddedError", "RawResponse")

_NOT_DECODED: Final = object()
_MAX_ERROR_BODY: Final = 1 << 18  # searching a larger one for credentials would block the event loop
_SECRET_MEMBERS: Final = re.compile(
    r'("(?:access_token|refresh_token|id_token|client_secret|secret|password|code_verifier)"\s*:\s*)"(?:[^"\\]|\\.)*"?'
)


class RawResponse:
    """
    An HTTP response with its whole body, after any content coding is undone.

    Attributes:
        method: The HTTP method of the request.
        path: The path of the request, without the query.
        status: The HTTP status.
        reason: The reason phrase.
        headers: The headers; names are case-insensitive.
        body: The body.
        started_at: POSIX time at which the attempt began, in seconds; lifetimes are counted from it.
        received_at: POSIX time at which the response was complete, in seconds.
        url: The URL of the request, with the query.
        elapsed: Seconds from the begin of the call to its end, all attempts and waits included.
        failed_attempts: The attempts of the call before the one with this response.
        body_error: Why the body of an error response could not be read, and is empty; ``None`` if it was read.
        is_truncated: Whether another attempt may get the whole body of the error response.
        is_transient: Whether the error is that of a part of the service which another connection may avoid.
    """

    __slots__ = (
        "_error_document",
        "body",
        "body_error",
        "elapsed",
        "failed_attempts",
        "headers",
        "is_transient",
        "is_truncated",
        "method",
        "path",
        "reason",
        "received_at",
        "started_at",
        "status",
        "url",
    )

    def __init__(
        self,
        *,
        method: str,
        path: str,
        status: int,
        reason: str,
        headers: Headers,
        body: bytes,
        started_at: float = 0.0,
        received_at: float = 0.0,
        url: str = "",
    ) -> None:
        self.method: str = method
        self.path: str = path
        self.status: int = status
        self.reason: str = reason
        self.headers: Headers = headers
        self.body: bytes = body
        self.started_at: float = started_at
        self.received_at: float = received_at
        self.url: str = url
        self.elapsed: float = 0.0
        self.failed_attempts: tuple[Attempt, ...] = ()
        self.body_error: str | None = None
        self.is_truncated: bool = False
        self.is_transient: bool = False
        self._error_document: Any = _NOT_DECODED

    def __repr__(self) -> str:
        return f"<RawResponse {self.status} of {self.method} {self.path}, {len(self.body)} bytes>"

    @property
    def request_id(self) -> str | None:
        """The service's id of the request, the header ``x-request-id``; ``None`` without one."""
        return self.headers.get("x-request-id")

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """All attempts of the call, in order; the last one is that of this response."""
        status_line = escape_control_characters(f"{self.status} {self.reason}".rstrip())
        return (*self.failed_attempts, Attempt(status_line, maybe_executed=True))

    @property
    def text(self) -> str:
        """The body as text; bytes that are not UTF-8 become replacement characters."""
        return self.body.decode("utf-8", "replace")

    @property
    def is_empty(self) -> bool:
        """Whether there is no body, by the framing of the response; without a length it may have been truncated."""
        return not self.body and (
            self.method == "HEAD"
            or self.status in {204, 205, 304}
            or "content-length" in self.headers
            or "transfer-encoding" in self.headers
        )

    @property
    def is_json(self) -> bool:
        """Whether the content type is JSON."""
        content_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        return content_type == "application/json" or content_type.endswith("+json")

    @property
    def retry_after(self) -> float | None:
        """The wait that the service requests, in seconds; ``None`` if it requests none."""
        headers = self.headers
        return parse_retry_after(headers.get("retry-after"), date=headers.get("date"), received_at=self.received_at)

    def error_document(self) -> Any:
        """Return the JSON body of an error, whatever its content type, or ``None`` if it is not JSON."""
        if self._error_document is _NOT_DECODED:
            try:  # no error document is larger; decoding it would block the event loop
                self._error_document = decode_json(self.body) if len(self.body) <= LARGE else None
            except ValueError:
                self._error_document = None
        return self._error_document

    def redacted(self, redact: Callable[[str], str]) -> RawResponse:
        """
        Return the response without credentials: without members such as ``access_token``, and redacted.

        A body of more than 256 KiB is truncated.

        Args:
            redact: Returns a text without the credentials of the request.
        """
        text = _SECRET_MEMBERS.sub(r'\1"***"', self.body[:_MAX_ERROR_BODY].decode("utf-8", "replace"))
        redacted = RawResponse(
            method=self.method,
            path=self.path,
            status=self.status,
            reason=redact(self.reason),
            headers=self.headers.redacted(redact),
            body=redact(text).encode(),
            started_at=self.started_at,
            received_at=self.received_at,
            url=redact(self.url),
        )
        redacted.body_error = None if self.body_error is None else redact(self.body_error)
        redacted.is_truncated, redacted.is_transient = self.is_truncated, self.is_transient
        return redacted

    def json(self, *, reject_duplicate_keys: bool = False, yield_to_threads: bool = False) -> Any:
        """
        Decode the body as JSON.

        Args:
            reject_duplicate_keys: Refuse an object with two members of the same name.
            yield_to_threads: Let other threads run during the decoding.

        Raises:
            ResponseDecodeError: The content type is not JSON, or the body is not.
        """
        if not self.is_json:
            found = self.headers.get("content-type", "no content type")
            error = self.decode_error(f"it should be JSON but is {found!r}; a proxy or login page may have sent it")
            error.retryable = False
            raise error
        try:
            return decode_json(
                self.body, reject_duplicate_keys=reject_duplicate_keys, yield_to_threads=yield_to_threads
            )
        except ValueError as error:
            reason = str(error)
        raise self.decode_error(f"it is not valid JSON: {reason}")

    async def read_json(self, *, reject_duplicate_keys: bool = False) -> Any:
        """Decode the body as JSON, as `json` does; a large one in a worker thread."""
        if not is_large(self.body):
            return self.json(reject_duplicate_keys=reject_duplicate_keys)
        from anyio import to_thread  # noqa: PLC0415 -- only large bodies need it

        decode = partial(self.json, reject_duplicate_keys=reject_duplicate_keys, yield_to_threads=True)
        return await to_thread.run_sync(decode, abandon_on_cancel=True)

    def decode_error(self, why: str) -> ResponseDecodeError:
        """
        Return the error for a response that is not of the expected form.

        Args:
            why: The deviation, as a clause about the response: ``"it should be a JSON object"``.
        """
        error = ResponseDecodeError(
            f"{self.method} {self.path}: the response ({self.status}, {len(self.body)} bytes) cannot be used: {why}",
            stage="response truncated",
            idempotent=self.method == "GET",
        )
        error.http_status = self.status
        error.request_id = self.request_id
        return error


class EmbeddedError(ResponseDecodeError):
    """A 2xx response with an error document. Raised while the response is read; the call raises its API error."""

"""A response as a value: status, headers and body, and the rules by which a body is read."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from ..errors import ResponseDecodeError
from ..secret import Secret, redact
from .json_reader import LARGE, decode_json
from .retry_after import retry_after

if TYPE_CHECKING:
    from .headers import Headers

__all__ = ("EmbeddedError", "RawResponse")

_SECRET_MEMBERS: Final = re.compile(
    r'("(?:access_token|refresh_token|id_token|client_secret|secret|password|code_verifier)"\s*:\s*)"(?:[^"\\]|\\.)*"?'
)


class RawResponse:
    """One answer, wholly read and decoded from its content coding."""

    __slots__ = ("body", "headers", "method", "path", "reason", "received_at", "started_at", "status")

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
    ) -> None:
        self.method = method
        self.path = path
        self.status = status
        self.reason = reason
        self.headers = headers
        self.body = body
        self.started_at = started_at
        """Wall clock when the attempt began; lifetimes are counted from here."""
        self.received_at = received_at
        """Wall clock when the answer was complete."""

    @property
    def text(self) -> str:
        """The body as text; bytes that are not UTF-8 are shown as replacement characters."""
        return self.body.decode("utf-8", "replace")

    @property
    def is_empty(self) -> bool:
        """Whether there is no body, and the framing says that there is none: without a length it may have been cut."""
        return not self.body and (
            self.method == "HEAD"
            or self.status in {204, 205, 304}
            or "content-length" in self.headers
            or "transfer-encoding" in self.headers
        )

    @property
    def is_json(self) -> bool:
        """Whether the answer calls itself JSON."""
        content_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        return content_type == "application/json" or content_type.endswith("+json")

    @property
    def retry_after(self) -> float | None:
        """The wait that the answer asks for, in seconds."""
        headers = self.headers
        return retry_after(headers.get("retry-after"), date=headers.get("date"), received_at=self.received_at)

    def error_document(self) -> Any:
        """Return the body's JSON, whatever the answer calls it, or ``None``: an error is never lost to a bad body."""
        if len(self.body) > LARGE:  # no error document is so long; reading it would hold up the loop
            return None
        try:
            return decode_json(self.body)
        except ValueError:
            return None

    def redacted(self, *secrets: Secret) -> RawResponse:
        """
        Return the answer of an error without credentials: those given, and in its body all that name themselves.

        A body beyond a mebibyte is cut off there.
        """
        text = _SECRET_MEMBERS.sub(r'\1"***"', self.body[:LARGE].decode("utf-8", "replace"))
        return RawResponse(
            method=self.method,
            path=self.path,
            status=self.status,
            reason=redact(self.reason, *secrets),
            headers=self.headers.redacted(*secrets),
            body=redact(text, *secrets).encode(),
            started_at=self.started_at,
            received_at=self.received_at,
        )

    def decoded(self, *, reject_duplicate_keys: bool = False, large: bool = False) -> Any:
        """
        Read the body as JSON.

        Args:
            reject_duplicate_keys: Refuse a member name that is there twice, as token answers must.
            large: Let other threads run meanwhile.

        Raises:
            ResponseDecodeError: Not JSON by content type, or not well-formed.
        """
        if not self.is_json:
            kind = self.headers.get("content-type", "no content type")
            error = self.unusable(f"it should be JSON but is {kind!r}; is there a proxy or login page in between?")
            error.retryable = False
            raise error
        try:
            return decode_json(self.body, reject_duplicate_keys=reject_duplicate_keys, large=large)
        except ValueError as error:
            reason = str(error)
        raise self.unusable(f"it is not valid JSON: {reason}")

    async def decoded_apart(self, *, reject_duplicate_keys: bool = False) -> Any:
        """Read a large body as JSON in a worker thread, so that the loop goes on meanwhile; as `decoded` otherwise."""
        from anyio import to_thread  # noqa: PLC0415 -- for the rare large body

        return await to_thread.run_sync(
            partial(self.decoded, reject_duplicate_keys=reject_duplicate_keys, large=True), abandon_on_cancel=True
        )

    def unusable(self, why: str) -> ResponseDecodeError:
        """Return the error that says why this answer cannot be used."""
        error = ResponseDecodeError(
            f"{self.method} {self.path}: the answer ({self.status}, {len(self.body)} bytes) cannot be used: {why}",
            stage="response truncated",
        )
        error.http_status = self.status
        error.request_id = self.headers.get("x-request-id")
        return error


class EmbeddedError(ResponseDecodeError):
    """An error document with a status of success, as who reads it finds; a call fails with it as with any other."""

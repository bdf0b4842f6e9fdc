"""What came back: status, headers and body, and the rules by which a body is read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final, TypeVar, overload

from ._json import LARGE, decode_json
from ._retry_after import retry_after
from ._secret import Secret, struck
from .errors import ResponseDecodeError

__all__ = ("Answer", "ErrorInside", "Headers")

T = TypeVar("T")

_SECRET_HEADERS: Final = frozenset({b"authorization", b"set-cookie"})
_SECRET_MEMBERS: Final = re.compile(
    r'("(?:access_token|refresh_token|id_token|client_secret|secret|password|code_verifier)"\s*:\s*)"(?:[^"\\]|\\.)*"?'
)


def _struck(field: bytes, *secrets: Secret) -> bytes:
    return struck(field.decode("latin-1"), *secrets).encode("latin-1")


class Headers(Mapping[str, str]):
    """The headers of an answer; names in any case, repeated ones joined with commas."""

    __slots__ = ("_fields", "_found")

    def __init__(self, fields: list[tuple[bytes, bytes]]) -> None:
        self._fields = fields
        self._found: dict[str, str] | None = None

    def _read(self) -> dict[str, str]:
        found = self._found
        if found is None:
            found = {}
            for raw_name, raw_value in self._fields:
                name, value = raw_name.decode("latin-1").lower(), raw_value.decode("utf-8", "replace")
                found[name] = f"{found[name]}, {value}" if name in found else value
            self._found = found
        return found

    @property
    def fields(self) -> int:
        """How many header fields there are, repeated ones included."""
        return len(self._fields)

    def __getitem__(self, name: str) -> str:
        return self._read()[name.lower()]

    @overload
    def get(self, name: str, default: None = None) -> str | None: ...

    @overload
    def get(self, name: str, default: str | T) -> str | T: ...

    def get(self, name: str, default: object = None) -> object:
        """Return a header, or the default; without the exception that `Mapping` would raise and catch."""
        return self._read().get(name.lower(), default)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._read()

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def hiding(self, *secrets: Secret) -> Headers:
        """Return the headers with credentials struck out."""
        return Headers([(_struck(name, *secrets), _struck(value, *secrets)) for name, value in self._fields])

    def __repr__(self) -> str:
        shown = {name: "***" if name.encode() in _SECRET_HEADERS else value for name, value in self.items()}
        return f"Headers({shown!r})"

    def __reduce__(self) -> tuple[type[Headers], tuple[list[tuple[bytes, bytes]]]]:
        fields = [(name, b"***" if name.lower() in _SECRET_HEADERS else value) for name, value in self._fields]
        return Headers, (fields,)


class Answer:
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

    def hiding(self, *secrets: Secret) -> Answer:
        """
        Return the answer of an error without credentials: those given, and in its body all that name themselves.

        A body beyond a mebibyte is cut off there.
        """
        text = _SECRET_MEMBERS.sub(r'\1"***"', self.body[:LARGE].decode("utf-8", "replace"))
        return Answer(
            method=self.method,
            path=self.path,
            status=self.status,
            reason=struck(self.reason, *secrets),
            headers=self.headers.hiding(*secrets),
            body=struck(text, *secrets).encode(),
            started_at=self.started_at,
            received_at=self.received_at,
        )

    def decoded(self, *, unique: bool = False, large: bool = False) -> Any:
        """
        Read the body as JSON.

        Args:
            unique: Refuse a member name that is there twice, as token answers must.
            large: Let other threads run meanwhile.

        Raises:
            ResponseDecodeError: Not JSON by content type, or not well-formed.
        """
        if not self.is_json:
            kind = self.headers.get("content-type", "no content type")
            error = self.unusable(f"it should be JSON but is {kind!r}; is there a proxy or login page in between?")
            error.hopeless = True
            raise error
        try:
            return decode_json(self.body, unique=unique, large=large)
        except ValueError as error:
            reason = str(error)
        raise self.unusable(f"it is not valid JSON: {reason}")

    async def decoded_apart(self, *, unique: bool = False) -> Any:
        """Read a large body as JSON in a worker thread, so that the loop goes on meanwhile; as `decoded` otherwise."""
        from anyio import to_thread  # noqa: PLC0415 -- for the rare large body

        return await to_thread.run_sync(partial(self.decoded, unique=unique, large=True), abandon_on_cancel=True)

    def unusable(self, why: str) -> ResponseDecodeError:
        """Return the error that says why this answer cannot be used."""
        error = ResponseDecodeError(
            f"{self.method} {self.path}: the answer ({self.status}, {len(self.body)} bytes) cannot be used: {why}",
            stage="answer cut",
        )
        error.http_status = self.status
        error.request_id = self.headers.get("x-request-id")
        return error


class ErrorInside(ResponseDecodeError):
    """An error document with a status of success, as who reads it finds; a call fails with it as with any other."""

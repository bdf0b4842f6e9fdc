"""Header fields of requests and responses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeVar, overload

from .._version import __version__
from ..errors import GlobusSDKUsageError
from ..errors.arguments import check_text

__all__ = (
    "Fields",
    "Headers",
    "default_headers",
    "merge_headers",
)

T = TypeVar("T")

Fields = tuple[tuple[bytes, bytes], ...]
"""The headers of a request, as pairs of name and value."""

_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE: Final = re.compile(r"[\x20-\x7e\xa1-\xff]*")
_FRAMING: Final = frozenset({"connection", "content-length", "host", "transfer-encoding", "upgrade"})
_SECRET_HEADERS: Final = frozenset({b"authorization", b"set-cookie"})


def default_headers(app_name: str | None) -> Fields:
    """
    Return the headers of every request of a client.

    Raises:
        GlobusSDKUsageError: The application's name has characters that are not allowed in headers.
    """
    check_text("app_name", app_name, optional=True)
    if app_name is not None and _VALUE.fullmatch(app_name) is None:
        raise GlobusSDKUsageError("app_name must be printable text without line breaks")
    agent = f"globus-async-py/{__version__}" + (f"/{app_name}" if app_name else "")
    return (
        (b"Accept", b"application/json"),
        (b"Accept-Encoding", b"gzip, deflate"),
        (b"User-Agent", agent.encode("latin-1")),
        (b"X-Globus-Client-Info", f"product=globus-async,version={__version__}".encode()),
    )


def merge_headers(fields: Fields, headers: Mapping[str, str]) -> Fields:
    """
    Add a caller's headers; they replace default headers of the same name.

    Raises:
        GlobusSDKUsageError: A header is invalid, or is one that the client sets for the connection.
    """
    for name, value in headers.items():
        if _NAME.fullmatch(name) is None or _VALUE.fullmatch(value) is None:
            raise GlobusSDKUsageError(f"the header {name!a} has characters that are not allowed in headers")
        if name.lower() in _FRAMING:
            raise GlobusSDKUsageError(f"the header {name} is set by the client; leave it out")
    own = {name.lower() for name in headers}
    kept = tuple(field for field in fields if field[0].decode().lower() not in own)
    return (*kept, *((name.encode(), value.encode("latin-1")) for name, value in headers.items()))


class Headers(Mapping[str, str]):
    """The headers of a response; names are case-insensitive, repeated headers are joined with commas."""

    __slots__ = ("_fields", "_found")

    def __init__(self, fields: list[tuple[bytes, bytes]]) -> None:
        self._fields = fields
        self._found: dict[bytes, bytes] | None = None

    def _values(self) -> dict[bytes, bytes]:
        found = self._found
        if found is None:
            found = self._found = {}
            for field, value in self._fields:
                name = field.lower()
                found[name] = b"%b, %b" % (found[name], value) if name in found else value
        return found

    @property
    def fields(self) -> int:
        """The number of header fields, repeated ones included."""
        return len(self._fields)

    def __getitem__(self, name: str) -> str:
        return self._values()[name.lower().encode("latin-1", "replace")].decode("utf-8", "replace")

    def __iter__(self) -> Iterator[str]:
        return (name.decode("latin-1") for name in self._values())

    def __len__(self) -> int:
        return len(self._values())

    @overload
    def get(self, name: str, default: None = None) -> str | None: ...

    @overload
    def get(self, name: str, default: str | T) -> str | T: ...

    def get(self, name: str, default: object = None) -> object:
        """Return a header, or the default; every call asks for some, and most have not been sent."""
        value = self._values().get(name.lower().encode("latin-1", "replace"))
        return default if value is None else value.decode("utf-8", "replace")

    def redacted(self, redact: Callable[[str], str]) -> Headers:
        """Return the headers with secrets redacted."""
        text = b"\n".join(part for field in self._fields for part in field).decode("latin-1")
        if redact(text) == text:  # nearly always, and one search is faster than two for each header
            return self
        return Headers([(_redacted(name, redact), _redacted(value, redact)) for name, value in self._fields])

    def __repr__(self) -> str:
        shown = {name: "***" if name.encode() in _SECRET_HEADERS else value for name, value in self.items()}
        return f"Headers({shown!r})"

    def __reduce__(self) -> tuple[type[Headers], tuple[list[tuple[bytes, bytes]]]]:
        fields = [(name, b"***" if name.lower() in _SECRET_HEADERS else value) for name, value in self._fields]
        return Headers, (fields,)


def _redacted(field: bytes, redact: Callable[[str], str]) -> bytes:
    return redact(field.decode("latin-1")).encode("latin-1", "replace")

"""Bodies as a caller gives them: what kind they are, and their bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from typing_extensions import TypeIs

from ._request import MISSING, form_body, json_body
from .errors import GlobusSDKUsageError

__all__ = ("CONTENT_TYPES", "encoded", "kind_of")

CONTENT_TYPES: Final = {
    "form": b"application/x-www-form-urlencoded",
    "json": b"application/json",
    "text": b"text/plain; charset=utf-8",
}


def kind_of(data: object, encoding: str | None) -> str | None:
    """Say how a caller's body is to be encoded; ``None`` if there is no body."""
    if encoding is None:
        return None if data is MISSING or data is None else "text" if isinstance(data, (str, bytes)) else "json"
    if encoding not in CONTENT_TYPES:
        raise GlobusSDKUsageError(f"there is no encoding {encoding!r}; there are 'json', 'form' and 'text'")
    return None if data is MISSING else encoding


def encoded(data: object, kind: str | None) -> bytes | None:
    """Encode a body."""
    match kind, data:
        case None, _:
            return None
        case "json", _:
            return json_body(data)
        case "form", _ if _is_mapping(data):
            return form_body(data)
        case "text", bytes():
            return data
        case "text", str():
            try:
                return data.encode()
            except UnicodeEncodeError:
                raise GlobusSDKUsageError("the body is not valid Unicode text") from None
        case _:
            raise GlobusSDKUsageError(f"a body of type {type(data).__name__} cannot be sent as {kind}")


def _is_mapping(value: object) -> TypeIs[Mapping[str, object]]:
    return isinstance(value, Mapping)

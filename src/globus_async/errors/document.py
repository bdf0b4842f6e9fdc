"""The error documents of services: their codes, messages and entries, in each of the known formats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from .._http.json_reader import is_list, is_object
from .codes import text_member

__all__ = ("ErrorDocument", "ErrorSubdocument")

_MESSAGES: Final = ("message", "detail", "title")
_JSON_API_MESSAGES: Final = ("detail", "title")
_JSON_API: Final = "application/vnd.api+json"


@dataclass(frozen=True, slots=True)
class ErrorSubdocument:
    """
    One entry of an error document: of its ``errors`` list, or the document itself if it has no such list.

    Attributes:
        raw: The entry as decoded.
        code: Its ``code``.
        message: Its ``message``, ``detail`` or ``title``.
    """

    raw: Mapping[str, Any]
    code: str | None
    message: str | None

    def get(self, key: str, default: Any = None) -> Any:
        """Return a member of the entry, or the default if it has none of that name."""
        return self.raw.get(key, default)


class ErrorDocument(NamedTuple):
    """
    An error document as its parts.

    Attributes:
        code: Its code, or the one code of all its entries.
        messages: Its message, or those of its entries.
        errors: Its entries; the document itself if it has no list of them.
        request_id: The service's id of the request.
    """

    code: str | None
    messages: list[str]
    errors: list[ErrorSubdocument]
    request_id: str | None

    @classmethod
    def read(cls, document: object, headers: Mapping[str, str]) -> ErrorDocument:
        """
        Read the body of an error response.

        Args:
            document: The decoded body, or ``None`` if it is not JSON.
            headers: The headers of the response.
        """
        if not is_object(document):
            return cls(None, [], [], headers.get("X-Request-Id"))
        entries = _entries(document)
        of_json_api = headers.get("Content-Type", "").partition(";")[0].strip() == _JSON_API and bool(entries)
        names = _JSON_API_MESSAGES if of_json_api else _MESSAGES
        errors = [_subdocument(entry, names) for entry in ([document] if entries is None else entries)]
        codes = {error.code for error in errors if error.code is not None}
        code = None if of_json_api else text_member(document, "code")
        if code is None:  # several codes are no code; OAuth has its own member
            code = text_member(document, "error") if not codes else codes.pop() if len(codes) == 1 else None
        if _has_own_message(document) and not of_json_api:
            messages = [document["message"]]
        else:
            found = (error.message for error in errors or [_subdocument(document, names)])
            messages = [message for message in found if message is not None] or _description(document)
        return cls(code, messages, errors, _request_id(document, errors, headers))


def _entries(document: dict[str, Any]) -> list[dict[str, Any]] | None:
    """Return the ``errors`` list of a document; ``None`` unless it is a list of objects."""
    entries = document.get("errors")
    return entries if is_list(entries) and all(map(is_object, entries)) else None


def _subdocument(entry: dict[str, Any], names: tuple[str, ...]) -> ErrorSubdocument:
    messages = (text_member(entry, name) for name in names)
    return ErrorSubdocument(
        entry, text_member(entry, "code"), next((each for each in messages if each is not None), None)
    )


def _has_own_message(document: dict[str, Any]) -> bool:
    """Tell whether a document has the members of Globus's own format, so that its message is the only one."""
    own = (document.get("code"), document.get("message"), document.get("request_id", ""))
    return all(isinstance(each, str) for each in own)


def _description(document: dict[str, Any]) -> list[str]:
    """Return the description of an OAuth error, as a list."""
    descriptions = (text_member(document, name) for name in ("error_description", "description"))
    return [text for text in descriptions if text][:1]


def _request_id(document: dict[str, Any], errors: list[ErrorSubdocument], headers: Mapping[str, str]) -> str | None:
    ids = {each for error in errors if (each := text_member(error.raw, "id")) is not None}
    meta = document.get("meta")
    return (
        text_member(document, "request_id")
        or (ids.pop() if len(ids) == 1 else None)
        or (text_member(meta, "request_id") if is_object(meta) else None)
        or headers.get("X-Request-Id")
    )

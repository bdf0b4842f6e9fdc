"""The error documents of services: their codes, messages and entries, in each of the known formats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .._http.json_reader import is_list, is_object
from .codes import text_member
from .problems import data_problems, listed_problems, location

if TYPE_CHECKING:
    from typing_extensions import TypeIs

__all__ = ("ErrorDocument", "ErrorSubdocument")

_MESSAGES: Final[tuple[str, ...]] = ("message", "detail", "title")
_JSON_API_MESSAGES: Final[tuple[str, ...]] = ("detail", "title")
_PROBLEM_MESSAGES: Final[tuple[str, ...]] = ("msg", *_MESSAGES)
_JSON_API: Final = "application/vnd.api+json"


@dataclass(frozen=True, slots=True)
class ErrorSubdocument:
    """
    One entry of an error document: of its list of errors or problems, or the document itself if it has no such list.

    Attributes:
        raw: The entry as decoded.
        code: Its ``code``.
        message: Its ``message``, ``detail``, ``title`` or ``msg``.
        location: The place in the request that it is about, such as ``"body.name"``; ``None`` if it has no ``loc``.
    """

    raw: Mapping[str, Any]
    code: str | None
    message: str | None
    location: str | None = None

    def get(self, key: str, default: Any = None) -> Any:
        """Return a member of the entry, or the default if it has none of that name."""
        return self.raw.get(key, default)


class ErrorDocument(NamedTuple):
    """
    An error document as its parts.

    Attributes:
        code: Its code, or the one code of all its entries.
        messages: Its message and the problems that it lists, each with its place; or the messages of its entries.
        errors: Its entries; the document itself, or its ``error`` object, if it has no list of them.
        request_id: The service's id of the request, which Flows calls ``debug_id``.
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
        if entries is None and is_object(error := document.get("error")) and error:  # Flows and Timers
            return _nested(document, error, headers)
        of_json_api = headers.get("Content-Type", "").partition(";")[0].strip() == _JSON_API and bool(entries)
        names = _JSON_API_MESSAGES if of_json_api else _MESSAGES
        problems = [*listed_problems(document.get("detail")), *data_problems(document.get("error_data"))]
        if entries is None and _is_list_of_objects(document.get("detail")):
            entries, names = document["detail"], _PROBLEM_MESSAGES
        errors = [_subdocument(entry, names) for entry in ([document] if entries is None else entries)]
        codes = {error.code for error in errors if error.code is not None}
        code = None if of_json_api else text_member(document, "code")
        if code is None:  # several codes are no code; OAuth has its own member
            code = text_member(document, "error") if not codes else codes.pop() if len(codes) == 1 else None
        if _has_own_message(document) and not of_json_api:
            messages = [document["message"], *problems]
        elif problems:
            own = text_member(document, "message")
            messages = [own, *problems] if own else problems
        else:
            found = (error.message for error in errors or [_subdocument(document, names)])
            messages = [message for message in found if message is not None] or _description(document)
        return cls(code, messages, errors, _request_id(document, errors, headers))


def _nested(document: dict[str, Any], error: dict[str, Any], headers: Mapping[str, str]) -> ErrorDocument:
    """Read a document whose ``error`` is an object; what a new login requires may stand beside it."""
    entry = _subdocument(error, _MESSAGES)
    problems = listed_problems(error.get("detail"))
    texts = [text_member(error, "message"), text_member(error, "detail")]
    own = [*dict.fromkeys(filter(None, texts))] or [*filter(None, [text_member(document, "message")])]
    code = entry.code if entry.code is not None else text_member(document, "code")
    messages = [*own, *problems] or _description(document)
    return ErrorDocument(code, messages, [entry], _request_id(document, [entry], headers))


def _entries(document: dict[str, Any]) -> list[dict[str, Any]] | None:
    """Return the ``errors`` list of a document; ``None`` unless it is a list of objects."""
    entries = document.get("errors")
    return entries if _is_list_of_objects(entries) else None


def _is_list_of_objects(value: object) -> TypeIs[list[dict[str, Any]]]:
    return is_list(value) and all(map(is_object, value))


def _subdocument(entry: dict[str, Any], names: tuple[str, ...]) -> ErrorSubdocument:
    messages = (text_member(entry, name) for name in names)
    message = next((each for each in messages if each is not None), None)
    return ErrorSubdocument(entry, text_member(entry, "code"), message, location(entry))


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
        or text_member(document, "debug_id")
        or (ids.pop() if len(ids) == 1 else None)
        or (text_member(meta, "request_id") if is_object(meta) else None)
        or headers.get("X-Request-Id")
    )

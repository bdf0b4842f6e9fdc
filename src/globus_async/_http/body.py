"""Request bodies: JSON documents, forms and text, encoded."""

from __future__ import annotations

import enum
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import urlencode
from uuid import UUID

from ..errors import GlobusSDKUsageError
from ..secret import Secret
from .missing import MISSING
from .path import shown
from .query import NOT_UNICODE, first_not_unicode, is_collection, scalar_text, utc

if TYPE_CHECKING:
    from typing_extensions import TypeIs

__all__ = (
    "CONTENT_TYPES",
    "body_encoding",
    "encode_body",
    "encode_json",
    "form_body",
    "json_body",
    "only_body_encoding",
    "with_members",
)

CONTENT_TYPES: Final = {
    "form": b"application/x-www-form-urlencoded",
    "json": b"application/json",
    "text": b"text/plain; charset=utf-8",
}


_FORM_VALUES: Final = (str, int, float, UUID, enum.Enum, datetime, Secret)


def body_encoding(data: object, encoding: str | None) -> str | None:
    """Return how a caller's body is to be encoded; ``None`` if there is no body."""
    if encoding is None:
        return None if data is MISSING or data is None else "text" if isinstance(data, (str, bytes)) else "json"
    if encoding not in CONTENT_TYPES:
        raise GlobusSDKUsageError(f"encoding must be 'json', 'form' or 'text', got {encoding!r}")
    return None if data is MISSING else encoding


def only_body_encoding(data: object, content: bytes | None, form: Mapping[str, object] | None) -> str | None:
    """
    Return how the body of a client method is encoded; ``None`` if there is no body.

    Raises:
        GlobusSDKUsageError: There are several bodies, or encoded content is not bytes.
    """
    if (data is not MISSING) + (content is not None) + (form is not None) > 1:
        raise GlobusSDKUsageError("a request has one body: pass one of data, content and form")
    if content is not None and not isinstance(content, bytes):
        raise GlobusSDKUsageError(f"content must be bytes, got {type(content).__name__}; pass a document as data")
    return "form" if form is not None else None if data is MISSING and content is None else "json"


def encode_body(data: object, encoding: str | None, secrets: list[Secret]) -> bytes | None:
    """Encode a body; append the secrets that are revealed in it to a list."""
    match encoding, data:
        case None, _:
            return None
        case "json", _:
            return encode_json(data, secrets=secrets)
        case "form", _ if _is_mapping(data):
            return form_body(data, secrets)
        case "text", bytes():
            return data
        case "text", str():
            try:
                return data.encode()
            except UnicodeEncodeError:
                raise GlobusSDKUsageError(f"the body: {NOT_UNICODE}") from None
        case _:
            raise GlobusSDKUsageError(f"a body of type {type(data).__name__} cannot be sent as {encoding}")


@cache
def _orjson_dumps() -> Callable[[object], bytes] | None:
    try:
        import orjson  # noqa: PLC0415 -- optional, and not worth its import before the first body
    except ImportError:
        return None
    # what it encodes in another way than `json_body`, or does not refuse
    option = orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS
    return lambda document: orjson.dumps(document, option=option)


def encode_json(document: object, *, secrets: list[Secret] | None = None) -> bytes:
    """
    Encode a JSON body as `json_body` does; with ``orjson``, where it is installed and all values are plain ones.

    Raises:
        GlobusSDKUsageError: As `json_body`.
    """
    dumps = _orjson_dumps()
    if dumps is not None:
        try:
            body = dumps(document)
        except TypeError:  # a value of another type, which `json_body` may know, or name in its error
            pass
        else:
            if b"null" not in body and b'"MISSING"' not in body:  # which may stand for NaN, and for `MISSING`
                return body
    return json_body(document, secrets=secrets)


def json_body(
    document: object,
    *,
    sort_keys: bool = False,
    separators: tuple[str, str] = (",", ":"),
    secrets: list[Secret] | None = None,
) -> bytes:
    """
    Encode a JSON body: `MISSING` members are left out at any depth, UUIDs, enums and aware datetimes become text.

    Args:
        document: The document.
        sort_keys: Whether to sort the members of objects by name.
        separators: The text between items, and that between a name and its value.
        secrets: A list to which the secrets that are revealed in the body are appended.

    Raises:
        GlobusSDKUsageError: The document has a value that JSON cannot express, such as NaN or text that is not valid
            Unicode; the error names the member.
    """
    found = [] if secrets is None else secrets
    try:
        return json.dumps(_plain(document, found), allow_nan=False, sort_keys=sort_keys, separators=separators).encode()
    except UnicodeEncodeError:
        name, why = _first_bad_member(document), NOT_UNICODE
    except (TypeError, ValueError) as error:
        name, why = _first_bad_member(document), str(error)
    except RecursionError as error:
        name, why = "", str(error)
    # outside of frames that hold secrets
    raise GlobusSDKUsageError(f"the document cannot be sent as JSON: {f'{name}: ' if name else ''}{why}")


def _plain(value: object, secrets: list[Secret]) -> object:
    match value:
        case str() | int() | float() | None:
            plain = value.value if isinstance(value, enum.Enum) else value
            return _unicode(plain) if isinstance(plain, str) else plain
        case Secret():
            secrets.append(value)
            return _unicode(value.reveal())
        case enum.Enum():
            return _plain(value.value, secrets)
        case UUID():
            return str(value)
        case datetime():
            return utc("a date in the document", value)
        case _ if _is_mapping(value):
            return {_key(key): _plain(item, secrets) for key, item in value.items() if item is not MISSING}
        case _ if is_collection(value):
            return [_plain(item, secrets) for item in value if item is not MISSING]
        case _:
            raise TypeError(f"{type(value).__name__} is not JSON")


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError(f"a member name must be text, got {shown(key)}")
    return _unicode(key)


def _unicode(text: str) -> str:
    """Return text; raise `UnicodeEncodeError` for lone surrogates, which JSON could express but no service reads."""
    if not text.isascii():
        text.encode()
    return text


def _first_bad_member(value: object) -> str:
    """Return the name of the first member that cannot be sent, such as ``DATA[3].source_path``; or an empty text."""
    name = ""
    members: list[tuple[str, object, object]]
    while True:
        if _is_mapping(value):
            members = [(f".{key}" if name else f"{key}", {key: item}, item) for key, item in value.items()]
        elif isinstance(value, (list, tuple)):
            items = cast("Sequence[object]", value)
            members = [(f"[{index}]", item, item) for index, item in enumerate(items)]
        else:
            return name
        bad = next(((part, item) for part, whole, item in members if not _can_be_sent(whole)), None)
        if bad is None:
            return name
        name += ascii(bad[0])[1:-1]
        value = bad[1]


def _can_be_sent(value: object) -> bool:
    try:
        _plain(value, [])
    except (TypeError, ValueError):
        return False
    return True


def with_members(body: bytes, members: Mapping[str, object]) -> bytes:
    """Return an encoded JSON object with further members, which it must not have."""
    if not members:
        return body
    return body[:-1] + (b"," if len(body) > 2 else b"") + encode_json(members)[1:]


def form_body(fields: Mapping[str, object], secrets: list[Secret] | None = None) -> bytes:
    """Encode a form body; `MISSING` and ``None`` are left out, a `Secret` is revealed and appended to the list."""
    sent = {key: value for key, value in fields.items() if value is not None and value is not MISSING}
    if secrets is not None:
        secrets += (value for value in sent.values() if isinstance(value, Secret))
    try:
        return urlencode([(key, _form_text(key, value)) for key, value in sent.items()]).encode()
    except UnicodeEncodeError:
        pass
    name = first_not_unicode((key, _form_text(key, value)) for key, value in sent.items())
    raise GlobusSDKUsageError(f"the form field {name}: {NOT_UNICODE}")  # outside of frames that hold secrets


def _form_text(key: object, value: object) -> str:
    if not isinstance(key, str) or not isinstance(value, _FORM_VALUES):
        raise GlobusSDKUsageError(f"the form field {shown(key)} cannot be sent: a {type(value).__name__}")
    return value.reveal() if isinstance(value, Secret) else scalar_text(key, value)


def _is_mapping(value: object) -> TypeIs[Mapping[str, object]]:
    return isinstance(value, Mapping)

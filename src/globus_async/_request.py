"""What a call sends: paths, queries and bodies, built by plain functions that refuse bad input."""

from __future__ import annotations

import enum
import functools
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal
from urllib.parse import quote, urlencode, urlsplit
from uuid import UUID

from typing_extensions import TypeIs

from ._secret import Secret
from .errors import GlobusSDKUsageError

__all__ = (
    "MISSING",
    "MissingType",
    "QueryValue",
    "Request",
    "comma_joined",
    "flag",
    "form_body",
    "json_body",
    "path",
    "query",
    "settled",
    "user_path",
    "utc",
    "uuid_text",
)


class MissingType(enum.Enum):
    """The type of `MISSING`; narrows under ``is``, survives copying and pickling."""

    MISSING = "MISSING"

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "MISSING"

    __str__ = __repr__


MISSING: Final = MissingType.MISSING
"""An argument that was not given. ``None`` always means null."""


@dataclass(frozen=True, slots=True)
class Request:
    """One call, ready for the exchange: everything but the credentials."""

    method: str
    url: str
    headers: tuple[tuple[bytes, bytes], ...] = field(default=(), repr=False)
    body: bytes | None = field(default=None, repr=False)
    replayable: bool = False
    """May be sent a second time even if the first may have been executed."""
    urgent: bool = False
    """Goes past the gate: a renewal, which calls in flight may be waiting for."""
    secrets: tuple[Secret, ...] = ()
    """What the body holds and no error may show."""

    @property
    def path(self) -> str:
        """The path of the URL, for messages: no query, which may hold what is nobody else's business."""
        return urlsplit(self.url).path


_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_FIELD: Final = re.compile(r"\{(?P<name>\w+)(?P<text>:text)?\}")
_UNSAFE_IN_SEGMENT: Final = re.compile(r"[\x00-\x20\x7f-\x9f/\\?#%;]|^\.{0,2}$")
_UNSAFE_IN_PATH: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\\?#]|(?:^|/)\.{1,2}(?:[/;]|$)|//|%(?:2[ef]|5c|00)", re.IGNORECASE
)


@functools.lru_cache(maxsize=256)
def _template(text: str) -> tuple[tuple[str, ...], tuple[tuple[str, bool], ...]]:
    """Split a path template into its literal parts and its (name, is free text) fields."""
    literals: list[str] = []
    fields: list[tuple[str, bool]] = []
    end = 0
    for match in _FIELD.finditer(text):
        literals.append(text[end : match.start()])
        fields.append((match["name"], match["text"] is not None))
        end = match.end()
    return (*literals, text[end:]), tuple(fields)


def path(template: str, *values: UUID | str | int) -> str:
    """
    Fill the fields of a path template; refuse what could reach another resource.

    ``{name}`` takes a UUID, ``{name:text}`` any single path segment, which is quoted.

    Raises:
        GlobusSDKUsageError: A value is empty, malformed, or would change the path.
    """
    literals, fields = _template(template)
    parts = [literals[0]]
    for (name, is_text), value, literal in zip(fields, values, literals[1:], strict=True):
        parts += (_segment(name, value) if is_text else uuid_text(name, value), literal)
    return "".join(parts)


def uuid_text(name: str, value: UUID | str | int) -> str:
    """Return the text of a UUID argument; refuse everything that is not one."""
    text = value if isinstance(value, str) else str(value)
    if _UUID.fullmatch(text) is None:
        raise GlobusSDKUsageError(
            f"{name} must be a UUID such as 'ddb59aef-6d04-11e5-ba46-22000b92c6ec', got {_shown(value)}"
        )
    return text


def _segment(name: str, value: UUID | str | int) -> str:
    text = value if isinstance(value, str) else str(value)
    if _UNSAFE_IN_SEGMENT.search(text) is not None:
        raise GlobusSDKUsageError(f"{name} must be one plain path segment, got {_shown(value)}")
    try:
        return quote(text, safe="")
    except UnicodeEncodeError:
        raise GlobusSDKUsageError(f"{name} is not valid Unicode text, got {_shown(value)}") from None


def user_path(text: str) -> str:
    """Quote a caller's own path, with or without a leading slash; refuse what could leave the service."""
    if not isinstance(text, str) or _UNSAFE_IN_PATH.search(text) is not None:
        raise GlobusSDKUsageError(
            "path must be a plain path on the service, without '..', '//', '?', '#' or control characters;"
            f" got {_shown(text)}"
        )
    try:
        return "/" + quote(text.removeprefix("/"), safe="/~:@!$&'()*+,;=%")
    except UnicodeEncodeError:
        raise GlobusSDKUsageError(f"path is not valid Unicode text, got {_shown(text)}") from None


def _shown(value: object) -> str:
    """Show a refused value, escaped and shortened."""
    text = ascii(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


QueryValue = str | int | float | bool | UUID | enum.Enum | Iterable[object] | MissingType | None


def query(params: Mapping[str, object]) -> str:
    """
    Encode query parameters; `MISSING` and ``None`` are left out, booleans are ``true`` and ``false``.

    A list or other iterable repeats its key; join it first where the service wants commas.
    """
    pairs = [
        (key, _scalar(key, item))
        for key, value in settled(params).items()
        for item in (value if _is_list(value) else (value,))
    ]
    try:
        return urlencode(pairs, quote_via=quote, safe="") if pairs else ""
    except UnicodeEncodeError:
        raise GlobusSDKUsageError("a query parameter is not valid Unicode text") from None


def settled(params: Mapping[str, object]) -> dict[str, object]:
    """Return query parameters that can be encoded any number of times: iterables are read, what is missing is gone."""
    return {
        key: tuple(item for item in value if item is not None and item is not MISSING) if _is_list(value) else value
        for key, value in params.items()
        if value is not None and value is not MISSING
    }


def _is_collection(value: object) -> TypeIs[Iterable[object]]:
    return isinstance(value, Iterable) and not isinstance(value, (str, bytes, enum.Enum))


def _is_list(value: object) -> TypeIs[Iterable[object]]:
    return _is_collection(value) and not _is_mapping(value)


def _is_mapping(value: object) -> TypeIs[Mapping[object, object]]:
    return isinstance(value, Mapping)


def _scalar(key: str, value: object) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case enum.Enum():
            return _scalar(key, value.value)
        case int() | float() | UUID():
            return str(value)
        case datetime():
            return utc(key, value)
        case _:
            raise GlobusSDKUsageError(f"{key} cannot be sent as a query parameter: {_shown(value)}")


def comma_joined(value: Iterable[object] | object) -> str | MissingType | None:
    """Join an iterable with commas, as the service's list parameters want it; text passes through."""
    if value is None or isinstance(value, MissingType):
        return value
    if _is_collection(value):
        return ",".join(_scalar("a list item", item) for item in value)
    return _scalar("a parameter", value)


def flag(value: bool | MissingType | None) -> str | MissingType | None:
    """Spell a boolean as ``1`` or ``0``, for the few parameters that want it so."""
    return value if value is None or isinstance(value, MissingType) else str(int(value))


def utc(name: str, value: datetime | str) -> str:
    """
    Write an instant as RFC 3339 in UTC; text passes through.

    Raises:
        GlobusSDKUsageError: A datetime without a time zone, which could mean any instant, or beyond the calendar.
    """
    if isinstance(value, str):
        return value
    offset = value.utcoffset()
    if offset is None:
        raise GlobusSDKUsageError(
            f"{name} has no time zone; pass an aware datetime, such as datetime.now(timezone.utc) or value.astimezone()"
        )
    try:
        return f"{(value.replace(tzinfo=None) - offset).isoformat(timespec='seconds')}Z"
    except OverflowError:
        raise GlobusSDKUsageError(f"{name} is beyond the years 1 to 9999 in UTC") from None


def json_body(document: object) -> bytes:
    """
    Encode a JSON body: `MISSING` members are left out at any depth, UUIDs, enums and aware datetimes become text.

    Raises:
        GlobusSDKUsageError: Something JSON cannot express, NaN and infinities among it.
    """
    try:
        return json.dumps(_plain(document), allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        why = str(error)
    raise GlobusSDKUsageError(f"the document cannot be sent as JSON: {why}")  # apart from frames that know secrets


def _plain(value: object) -> object:
    match value:
        case str() | int() | float() | None:
            return value.value if isinstance(value, enum.Enum) else value
        case Secret():
            return value.reveal()
        case enum.Enum():
            return _plain(value.value)
        case UUID():
            return str(value)
        case datetime():
            return utc("a date in the document", value)
        case _ if _is_mapping(value):
            return {_key(key): _plain(item) for key, item in value.items() if item is not MISSING}
        case _ if _is_collection(value):
            return [_plain(item) for item in value if item is not MISSING]
        case _:
            raise TypeError(f"{type(value).__name__} is not JSON")


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError(f"a member name must be text, got {_shown(key)}")
    return key


def form_body(fields: Mapping[str, object]) -> bytes:
    """Encode a form body; `MISSING` and ``None`` are left out, a `Secret` is revealed here and nowhere before."""
    try:
        return urlencode(
            [
                (key, value.reveal() if isinstance(value, Secret) else _scalar(key, value))
                for key, value in fields.items()
                if value is not None and value is not MISSING
            ]
        ).encode()
    except UnicodeEncodeError:
        pass
    raise GlobusSDKUsageError("a form field is not valid Unicode text")  # apart from frames that know secrets

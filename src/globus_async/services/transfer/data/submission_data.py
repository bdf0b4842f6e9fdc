"""The members of submitted documents: checked, and as JSON has them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ...._http.missing import MISSING, MissingType
from ...._http.path import uuid_text
from ...._http.query import utc
from ....errors import GlobusSDKUsageError
from ....errors.arguments import checked_members

if TYPE_CHECKING:
    from typing_extensions import TypeIs

__all__ = (
    "SubmissionData",
    "checked_path",
    "drop_missing",
    "endpoints_after_client",
    "id_text",
    "is_document",
    "utc_text",
)


class SubmissionData(dict[str, Any]):
    """The common part of transfers and deletions."""

    def __init__(
        self, kind: str, options: Mapping[str, object], additional_fields: Mapping[str, object] | None
    ) -> None:
        super().__init__(DATA_TYPE=kind, DATA=[])
        self.update(drop_missing(options))
        self.update(drop_missing(checked_members("additional_fields", additional_fields)))

    def iter_items(self) -> Iterator[dict[str, Any]]:
        """Iterate over the items."""
        return iter(self["DATA"])


def is_document(value: object) -> TypeIs[MutableMapping[str, Any]]:
    """Return whether a value can be submitted: a document of this module or another mutable mapping."""
    return isinstance(value, MutableMapping)


def drop_missing(members: Mapping[str, object]) -> dict[str, Any]:
    """Return the members without `MISSING`; UUIDs become text."""
    return {
        name: str(value) if isinstance(value, UUID) else value
        for name, value in members.items()
        if value is not MISSING
    }


def endpoints_after_client(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """
    Let a constructor be called with a client before the endpoints, as in globus-sdk 1 to 3; the client is ignored.

    Args:
        names: The endpoint parameters, which the constructor gets as UUIDs in text.

    Returns:
        A decorator. The decorated constructor has the signature of the original one.
    """

    def decorate(init: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(init)
        def decorated(self: object, *positional: object, **named: object) -> None:
            has_client = bool(positional) and not isinstance(positional[0], (str, UUID))
            init(self, **named | _endpoint_ids(names, positional[has_client:], named))

        return decorated

    return decorate


def _endpoint_ids(
    names: tuple[str, ...], positional: tuple[object, ...], named: Mapping[str, object]
) -> dict[str, str]:
    if len(positional) > len(names):
        raise GlobusSDKUsageError(f"{len(positional) - len(names)} too many positional arguments; give options by name")
    by_position = dict(zip(names, positional, strict=False))
    ids: dict[str, str] = {}
    for name in names:
        if name in by_position and name in named:
            raise GlobusSDKUsageError(f"{name} is given twice, by position and by name")
        value = by_position.get(name, named.get(name))
        if not isinstance(value, (str, UUID)):
            raise GlobusSDKUsageError(f"{name} is missing")
        ids[name] = uuid_text(name, value)
    return ids


def id_text(name: str, value: UUID | str | MissingType | None) -> str | MissingType:
    """Return an optional UUID as text."""
    return MISSING if value is None or isinstance(value, MissingType) else uuid_text(name, value)


def utc_text(name: str, value: datetime | str | MissingType | None) -> str | MissingType | None:
    """Return an optional time in RFC 3339, in UTC."""
    if value is None or isinstance(value, MissingType):
        return value
    if isinstance(value, (str, datetime)):
        return utc(name, value)
    raise GlobusSDKUsageError(f"{name} must be a datetime with time zone or ISO 8601 text, got {type(value).__name__}")


def checked_path(name: str, value: str) -> str:
    """Return a path; refuse an empty one, which would be the whole collection, and any other type."""
    if not isinstance(value, str) or not value:
        raise GlobusSDKUsageError(f"{name} must be a path such as '/~/file.txt', got {value!r}")
    return value

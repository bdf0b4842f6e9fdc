"""The members of submitted documents: checked, and as JSON has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
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

__all__ = ("SubmissionData", "checked_path", "drop_missing", "endpoint_ids", "id_text", "is_document", "utc_text")


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


def endpoint_ids(positional: tuple[object, ...], **named: UUID | str | MissingType) -> dict[str, str]:
    """Return endpoint ids that are given by position, perhaps after a client, or by name."""
    rest = list(positional)
    if rest and not isinstance(rest[0], (str, UUID)):
        del rest[0]
    ids: dict[str, str] = {}
    for name, by_name in named.items():
        if rest and by_name is not MISSING:
            raise GlobusSDKUsageError(f"{name} is given twice, by position and by name")
        value = rest.pop(0) if rest else by_name
        if not isinstance(value, (str, UUID)):
            raise GlobusSDKUsageError(f"{name} is missing")
        ids[name] = uuid_text(name, value)
    if rest:
        raise GlobusSDKUsageError(f"{len(rest)} too many positional arguments; give options by name")
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

"""Checks of the arguments of methods, before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias, cast
from uuid import UUID

from ..._http.missing import MissingType
from ..._http.path import uuid_text
from ..._http.query import comma_joined, is_collection
from ...confidential import concealed
from ...errors import GlobusSDKUsageError
from ...errors.arguments import check_bool, check_type, refusal

__all__ = (
    "Ids",
    "Texts",
    "checked_bool",
    "document_of",
    "optional_uuid",
    "subscription_text",
    "text_list",
    "texts",
    "uuids",
)

Texts: TypeAlias = str | Iterable[str]
"""A text, or several."""
Ids: TypeAlias = UUID | str | Iterable[UUID | str]
"""A UUID, or several."""


def document_of(name: str, value: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an argument that is sent as a JSON object, with confidential members that errors do not show."""
    check_type(name, value, Mapping, "a document (dict)")
    if not all(isinstance(key, str) for key in cast("Mapping[object, object]", value)):
        raise GlobusSDKUsageError(f"{name} must be a document whose names are text")
    return cast("dict[str, Any]", concealed(value))


def text_list(name: str, value: Texts | MissingType | None) -> list[str] | MissingType | None:
    """
    Return one or several texts as a list; ``None`` and `MISSING` are returned unchanged.

    Raises:
        GlobusSDKUsageError: An item that is not text.
    """
    if value is None or isinstance(value, MissingType):
        return value
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping | bytes) or not is_collection(value):
        raise refusal(name, cast("object", value), "text, or several")
    items: list[Any] = list(value)
    for item in items:
        check_type(name, item, str, "text, or several")
    return items


def texts(name: str, value: Texts | MissingType) -> str | MissingType | None:
    """Return one or several texts, joined with commas; a text may have commas itself."""
    return comma_joined(value if isinstance(value, str) else text_list(name, value))


def uuids(name: str, value: Ids) -> list[str]:
    """
    Return one or several ids as a list.

    Raises:
        GlobusSDKUsageError: One is not a UUID, or there is none.
    """
    several = list(value) if is_collection(value) else [value]
    if not several:
        raise GlobusSDKUsageError(f"{name} has no ids")
    return [uuid_text(name, each) for each in several]


def optional_uuid(name: str, value: UUID | str | MissingType) -> str | MissingType:
    """Return an optional id as text; refuse any other value."""
    return value if isinstance(value, MissingType) else uuid_text(name, value)


def checked_bool(name: str, value: bool) -> bool:
    """Return an argument that is ``True`` or ``False``."""
    check_bool(name, value)
    return value


def subscription_text(subscription_id: UUID | str | None) -> str | None:
    """Return the id of a subscription as text; ``"DEFAULT"`` and ``None`` are returned unchanged."""
    if subscription_id is None:
        return None
    return "DEFAULT" if subscription_id == "DEFAULT" else uuid_text("subscription_id", subscription_id)

"""Data structures for requests to Globus Flows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal, TypeAlias, cast
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ..._http.path import uuid_text
from ...errors import GlobusSDKUsageError
from ...errors.arguments import check_type, checked_members, refusal

__all__ = (
    "Ids",
    "NotificationStatus",
    "RunActivityNotificationPolicy",
    "Texts",
    "joined_ids",
    "members",
    "object_of",
    "texts",
)

NotificationStatus = Literal["INACTIVE", "SUCCEEDED", "FAILED"]
"""The statuses of a run that its owner can be notified of."""

Texts: TypeAlias = str | Iterable[str]
"""A text, or several."""

Ids: TypeAlias = UUID | str | Iterable[UUID | str]
"""A UUID, or several."""

_STATUSES: Final = ("INACTIVE", "SUCCEEDED", "FAILED")


class RunActivityNotificationPolicy(dict[str, Any]):
    """
    The statuses of a run on which its owner is notified by e-mail.

    Args:
        status: One or more statuses; none for no e-mail. By default the service's, ``INACTIVE``.

    Raises:
        GlobusSDKUsageError: Another status.

    Example:
        >>> RunActivityNotificationPolicy(["INACTIVE", "FAILED"])
        {'status': ['INACTIVE', 'FAILED']}
    """

    def __init__(self, status: NotificationStatus | Iterable[NotificationStatus] | MissingType = MISSING) -> None:
        super().__init__()
        check_type("status", status, Iterable | MissingType, "text, or several")
        statuses = texts("status", status)
        if isinstance(statuses, list):
            for each in statuses:
                if each not in _STATUSES:
                    raise GlobusSDKUsageError(f"status must be of {', '.join(_STATUSES)}; got {each!r:.40}")
            self["status"] = statuses

    def __reduce__(self) -> tuple[type[RunActivityNotificationPolicy], tuple[Any, ...]]:
        return type(self), (self.get("status", MISSING),)


def texts(name: str, value: Texts | MissingType | None) -> list[str] | MissingType | None:
    """
    Return one or several texts as a list; ``None`` and `MISSING` are returned unchanged.

    Raises:
        GlobusSDKUsageError: An item that is not text.
    """
    if value is None or isinstance(value, MissingType):
        return value
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        raise refusal(name, cast("object", value), "text, or several")
    check_type(name, value, Iterable, "text, or several")
    items = list(value)
    for item in items:
        check_type(name, item, str, "text, or several")
    return items


def joined_ids(name: str, ids: Ids | MissingType, *, maximum: int | None = None) -> str | MissingType:
    """
    Return one or several ids, joined with commas.

    Raises:
        GlobusSDKUsageError: One is not a UUID, there is none, or there are more than the maximum.
    """
    if isinstance(ids, MissingType):
        return ids
    if not isinstance(ids, (str, UUID)):
        check_type(name, ids, Iterable, "a UUID, or several")
    given = ids.split(",") if isinstance(ids, str) else [ids] if isinstance(ids, UUID) else list(ids)
    if not given:  # the service would apply no filter
        raise GlobusSDKUsageError(f"{name} has no ids; leave it out to find all")
    if maximum is not None and len(given) > maximum:
        raise GlobusSDKUsageError(f"{name} has {len(given)} ids; the service accepts {maximum} at a time")
    return ",".join(uuid_text(name, each) for each in given)


def object_of(name: str, value: Mapping[str, Any] | MissingType) -> Mapping[str, Any] | MissingType:
    """Return an argument that is sent as a JSON object."""
    check_type(name, value, Mapping | MissingType, "a JSON object (dict)")
    return value


def members(own: Mapping[str, object], additional_fields: Mapping[str, object] | None) -> dict[str, object]:
    """Return the members of a body; the caller's additional ones take precedence."""
    return {**own, **checked_members("additional_fields", additional_fields)}

"""Timers in seed documents."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ..kit.authentication import ConsentMissing
from ..kit.fields import BOOLEAN, MOMENT, NUMBER, OBJECT, TEXT, UUID, FieldType, integer, list_of
from ..kit.principals import identity_id, principal_name
from .targets import TRANSFER_SCOPE

if TYPE_CHECKING:
    from ..kit.fields import Fields
    from ..kit.service import Document
    from .models import Timer
    from .state import TimersState

__all__ = ("dump_timer", "load_timer")

_MEMBERS: Final = (
    "id",
    "owner",
    "name",
    "body",
    "flow_id",
    "start",
    "interval",
    "until",
    "count",
    "collections",
    "paused",
    "next_tick",
    "number_of_runs",
)
_COUNT: Final = integer(minimum=0)
_IDS: Final = list_of(UUID)


def _interval(value: object) -> float:
    seconds = NUMBER.convert(value)
    if not 1 <= seconds <= 365 * 86_400:
        raise ValueError(value)
    return seconds


_INTERVAL: Final = FieldType("a number of seconds of at least 1, and at most 365 days", _interval)
_DATA_ACCESS: Final = re.compile(r"https://auth\.globus\.org/scopes/([0-9a-f-]{36})/data_access")


def load_timer(state: TimersState, fields: Fields) -> None:
    """
    Add a timer of a seed document, with the consents that it needs; it has no results of earlier runs.

    Raises:
        ServiceError: A member is missing, unknown or wrong.
    """
    fields.check_known(_MEMBERS)
    body, collections = fields.required("body", OBJECT), fields.optional("collections", _IDS, list[str]())
    timer = state.add_timer(
        identity_id(state.platform.directory, fields, "owner"),
        body=body,
        flow_id=fields.nullable("flow_id", UUID),
        name=fields.nullable("name", TEXT),
        start=fields.nullable("start", MOMENT),
        interval=fields.nullable("interval", _INTERVAL),
        until=fields.nullable("until", MOMENT),
        count=fields.nullable("count", integer(minimum=1)),
        collections=collections,
        id=fields.nullable("id", UUID),
    )

    def tick(value: object) -> int:
        number = _COUNT.convert(value)
        MOMENT.convert(timer.schedule.moment(number) or 0)
        return number

    timer.next_tick = fields.optional("next_tick", FieldType("the number of a tick before the year 9999", tick), 0)
    timer.n_runs = fields.optional("number_of_runs", _COUNT, 0)
    if fields.optional("paused", BOOLEAN, default=False):
        state.pause(timer)


def dump_timer(state: TimersState, timer: Timer) -> Document:
    """Return the seed document of a timer."""
    schedule = timer.schedule
    document: Document = {
        "id": timer.id,
        "owner": principal_name(state.platform.directory, timer.owner_id),
        "name": timer.name,
        "body": timer.body,
        "flow_id": timer.flow_id,
        "start": schedule.start,
        "interval": schedule.interval,
        "until": schedule.until,
        "count": schedule.count,
        "collections": _collections(state, timer),
        "paused": timer.status == "inactive",
        "next_tick": timer.next_tick,
        "number_of_runs": timer.n_runs,
    }
    return {name: value for name, value in document.items() if value not in (None, [], False, 0) or name == "start"}


def _collections(state: TimersState, timer: Timer) -> list[str]:
    """Return the collections to whose data a timer has access by a consent of its own."""
    if timer.kind != "transfer":
        return []
    authority = state.platform.authority
    try:
        token = authority.dependent_token(timer.caller, TRANSFER_SCOPE)
    except ConsentMissing:
        return []
    scopes = authority.authenticate(f"Bearer {token}").dependent_scopes
    return sorted(match[1] for match in map(_DATA_ACCESS.fullmatch, scopes) if match is not None)

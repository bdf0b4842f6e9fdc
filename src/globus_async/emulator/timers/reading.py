"""Timers from the documents that clients send."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Final, Literal, cast
from urllib.parse import urlsplit

from ..kit.fields import ANY, NUMBER, OBJECT, TEXT, TIME, UUID, choice, integer, list_of
from ..kit.ids import new_id
from .errors import TimersError, invalid
from .models import Timer
from .schedule import Schedule
from .targets import TRANSFER_ACTION, flow_scope

if TYPE_CHECKING:
    from ..kit.fields import Fields
    from ..kit.request import Request
    from ..kit.service import Document

__all__ = ("read_job", "read_schedule", "read_timer", "read_transfer")

_MIN_INTERVAL: Final = 60
_MAX_INTERVAL: Final = 365 * 86_400
_MAX_DELAY: Final = 366 * 86_400
_RUN_MEMBERS: Final = frozenset({"body", "run_monitors", "run_managers", "tags"})
_JOB_MEMBERS: Final = ("start", "callback_url", "callback_body")
_FLOW_HOSTS: Final = frozenset({"flows.automate.globus.org", "flows.globus.org"})
_FLOW_PATH: Final = re.compile(r"/flows/(?P<id>[0-9a-fA-F-]{36})/run")
_OBJECTS: Final = list_of(OBJECT)
_COUNT: Final = integer(minimum=1)


def read_timer(request: Request, now: float) -> Timer:
    """
    Return the timer of a request to ``/v2/timer``.

    Raises:
        TimersError: 422.
    """
    fields = request.fields("timer")
    kind = fields.required("timer_type", choice("transfer", "flow"))
    schedule = read_schedule(fields.object("schedule", required=True), now)
    body = fields.object("body", required=True)
    document = fields.required("body", OBJECT)
    caller, name = request.caller, fields.nullable("name", TEXT)
    if kind == "transfer":
        read_transfer(body)
        return Timer(new_id(), caller.identity_id, caller, name, "transfer", schedule, document, now, TRANSFER_ACTION)
    flow_id = fields.required("flow_id", UUID)
    body.check_known(_RUN_MEMBERS)
    url = f"https://flows.automate.globus.org/flows/{flow_id}/run"
    scope = flow_scope(flow_id)
    return Timer(new_id(), caller.identity_id, caller, name, "flow", schedule, document, now, url, flow_id, scope)


def read_transfer(body: Fields) -> None:
    """
    Check the transfer document of a timer.

    Raises:
        TimersError: 422.
    """
    for name in ("source_endpoint", "destination_endpoint"):
        body.required(name, UUID)
    if not body.required("DATA", _OBJECTS):
        raise TimersError.invalid_field("timer.body.DATA", "a list with at least one item")
    if "submission_id" in body:
        raise invalid("body.timer.body.submission_id", "extra fields not permitted")


def read_schedule(fields: Fields, now: float) -> Schedule:
    """
    Return the schedule of a timer.

    Args:
        fields: Its document.
        now: POSIX seconds; the earliest start.

    Raises:
        TimersError: 422.
    """
    if fields.required("type", choice("once", "recurring")) == "once":
        fields.check_known({"type", "datetime"})
        return Schedule(_read_start(fields, "datetime", now))
    fields.check_known({"type", "interval_seconds", "start", "end"})
    interval = math.floor(fields.required("interval_seconds", NUMBER))
    if not _MIN_INTERVAL <= interval <= _MAX_INTERVAL:
        raise TimersError.invalid_field("timer.schedule.interval_seconds", "between 60 seconds and 365 days")
    start = _read_start(fields, "start", now)
    if fields.nullable("end", ANY) is None:
        return Schedule(start, interval)
    end = fields.object("end")
    if ("condition" not in end and "count" in end) or end.required("condition", choice("iterations", "time")) == (
        "iterations"
    ):
        end.check_known({"condition", "count"})
        return Schedule(start, interval, count=end.required("count", _COUNT))
    end.check_known({"condition", "datetime"})
    return Schedule(start, interval, until=end.required("datetime", TIME))


def _read_start(fields: Fields, name: str, now: float) -> float:
    start = fields.nullable(name, TIME)
    if start is None:
        return now
    if start < now:
        raise TimersError.invalid_field(f"timer.schedule.{name}", "now or later")
    if start > now + _MAX_DELAY:
        raise TimersError.invalid_field(f"timer.schedule.{name}", "within one year")
    return start


def read_job(request: Request, now: float) -> Timer:
    """
    Return the timer of a request to ``/jobs/``.

    Raises:
        TimersError: 422.
    """
    fields = request.fields()
    missing = [name for name in _JOB_MEMBERS if name not in fields]
    if missing:
        raise TimersError.of_problems((f"body.{name}", "field required", "value_error.missing") for name in missing)
    url, callback_body = fields.required("callback_url", TEXT), fields.required("callback_body", OBJECT)
    schedule = _read_job_schedule(fields)
    caller, name, scope = request.caller, fields.nullable("name", TEXT), fields.nullable("scope", TEXT)
    kind, flow_id = _target(url)
    body = callback_body
    if kind == "flow":
        scope = scope or flow_scope(str(flow_id))
    else:
        inner = callback_body.get("body", callback_body)
        body = cast("Document", inner) if isinstance(inner, dict) else {}
        if kind == "transfer":
            body = _from_action(body)
    return Timer(
        new_id(), caller.identity_id, caller, name, kind, schedule, body, now, url, flow_id, scope, callback_body
    )


def _read_job_schedule(fields: Fields) -> Schedule:
    start, interval = fields.required("start", TIME), fields.nullable("interval", NUMBER)
    until, count = None, fields.nullable("stop_after_n", _COUNT)
    end = fields.nullable("stop_after", ANY)
    if isinstance(end, dict):
        ends = fields.object("stop_after")
        until, count = ends.nullable("date", TIME), ends.nullable("n_runs", _COUNT) or count
    elif end is not None:
        until = fields.required("stop_after", TIME)
    if (interval is None) != (count == 1):
        raise TimersError.invalid_field("interval", "null exactly if the timer runs once")
    if interval is None:
        return Schedule(start)
    if not _MIN_INTERVAL <= math.floor(interval) <= _MAX_INTERVAL:
        raise TimersError.invalid_field("interval", "between 60 seconds and 365 days")
    return Schedule(start, math.floor(interval), until, count)


def _target(url: str) -> tuple[Literal["transfer", "flow", "generic"], str | None]:
    try:
        parts = urlsplit(url)
    except ValueError:
        raise TimersError.invalid_field("callback_url", "a URL") from None
    host = parts.hostname or ""
    is_action = host.endswith("actions.automate.globus.org") and parts.path == "/transfer/transfer/run"
    if is_action or (host.startswith("transfer.actions.") and parts.path == "/transfer/run"):
        return "transfer", None
    flow = _FLOW_PATH.fullmatch(parts.path) if host in _FLOW_HOSTS else None
    return ("generic", None) if flow is None else ("flow", flow["id"].lower())


def _from_action(body: Document) -> Document:
    """Return the transfer document of the body of a transfer action."""
    if "transfer_items" not in body:
        return body
    names = {"source_endpoint_id": "source_endpoint", "destination_endpoint_id": "destination_endpoint"}
    try:
        given = _OBJECTS.convert(body["transfer_items"])
    except ValueError:
        raise TimersError.invalid_field("callback_body.body.transfer_items", _OBJECTS.name) from None
    items: list[dict[str, Any]] = [{"DATA_TYPE": "transfer_item", **each} for each in given]
    members = {names.get(name, name): value for name, value in body.items() if name != "transfer_items"}
    return {"DATA_TYPE": "transfer", **members, "DATA": items}

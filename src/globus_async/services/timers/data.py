"""Timers to be created, dicts that need no client and do no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ..._http.path import uuid_text
from ...errors import GlobusSDKUsageError
from ...errors.arguments import check_text, check_type, check_whole, checked_members
from .times import interval_seconds, time_text

__all__ = ("FlowTimer", "TimerJob", "TransferTimer", "checked_job", "checked_timer")

_NOT_IN_TIMERS: Final = ("submission_id", "skip_activation_check")


class TransferTimer(dict[str, Any]):
    """
    A timer that submits a transfer at each run, for `TimersClient.create_timer`.

    Args:
        name: A name, to find it again.
        schedule: When it runs: a `RecurringTimerSchedule`, a `OnceTimerSchedule`, or such a document.
        body: The transfer: a `TransferData`, or such a document. It is copied; ``submission_id`` and
            ``skip_activation_check`` are left out, since each run is a task of its own.

    Raises:
        GlobusSDKUsageError: The body is no transfer, such as a deletion.

    Example:
        >>> data = TransferData(source_id, destination_id, items={"/run1/": "/copy/"})
        >>> timer = TransferTimer(name="nightly", schedule=RecurringTimerSchedule(86400), body=data)
        >>> timer["timer_type"], timer["schedule"]["interval_seconds"]
        ('transfer', 86400)

    **Differs from globus-sdk:** the body and the schedule are copied whole, so that later changes of them do not change
    the timer.

    REST: `POST /v2/timer <https://docs.globus.org/api/timers/>`_
    """

    def __init__(
        self,
        *,
        name: str | MissingType | None = MISSING,
        schedule: Mapping[str, Any],
        body: Mapping[str, Any],
    ) -> None:
        super().__init__(timer_type="transfer", **_named(name), schedule=_copied(schedule, "schedule"))
        transfer = _copied(body, "body")
        if transfer.get("DATA_TYPE", "transfer") != "transfer":
            raise GlobusSDKUsageError("body must be a transfer document, such as TransferData: a timer cannot delete")
        self["body"] = {key: value for key, value in transfer.items() if key not in _NOT_IN_TIMERS}


class FlowTimer(dict[str, Any]):
    """
    A timer that runs a flow, for `TimersClient.create_timer`.

    Args:
        flow_id: The flow. UUID.
        name: A name, to find it again.
        schedule: When it runs: a `RecurringTimerSchedule`, a `OnceTimerSchedule`, or such a document.
        body: What the flow is started with: ``{"body": input}``, and optionally ``tags``, ``run_monitors`` and
            ``run_managers``. It is copied.

    Raises:
        GlobusSDKUsageError: The id is not a UUID.

    Example:
        >>> body = {"body": {"source": "/run1/"}, "tags": ["nightly"]}
        >>> timer = FlowTimer(flow_id=flow_id, schedule=RecurringTimerSchedule(86400), body=body)
        >>> timer["timer_type"], timer["body"]["tags"]
        ('flow', ['nightly'])

    **Differs from globus-sdk:** the body and the schedule are copied whole; the id must be a UUID.

    REST: `POST /v2/timer <https://docs.globus.org/api/timers/>`_
    """

    def __init__(
        self,
        *,
        flow_id: UUID | str,
        name: str | MissingType | None = MISSING,
        schedule: Mapping[str, Any],
        body: Mapping[str, Any],
    ) -> None:
        super().__init__(timer_type="flow", flow_id=uuid_text("flow_id", flow_id), **_named(name))
        self["schedule"] = _copied(schedule, "schedule")
        self["body"] = _copied(body, "body")


class TimerJob(dict[str, Any]):
    """
    A timer that runs any action, for `TimersClient.create_job`; `TransferTimer` and `FlowTimer` are for the others.

    Args:
        callback_url: The URL that runs the action.
        callback_body: What the action is started with. It is copied.
        start: The first run: a datetime with time zone, or ISO 8601 text with one.
        interval: Seconds from one run to the next, or a timedelta; ``None`` exactly if it runs once.
        name: A name, to find it again.
        stop_after: The time after which it does not run any more.
        stop_after_n: The number of runs; 1 with an interval of ``None``.
        scope: The scope of the action.

    Raises:
        GlobusSDKUsageError: A time without time zone, an interval out of range, or an interval that contradicts
            ``stop_after_n``.

    Example:
        >>> url = "https://actions.automate.globus.org/hello_world/run"
        >>> job = TimerJob(url, {"body": {"echo_string": "hi"}}, "2027-01-01T00:00:00Z", 3600, stop_after_n=24)
        >>> job["interval"], job["stop_after_n"]
        (3600, 24)

    **Differs from globus-sdk:** times without time zone are refused, and fractions of a second rounded up; the interval
    is checked; the body is copied.

    REST: `POST /jobs/ <https://docs.globus.org/api/timers/>`_
    """

    def __init__(
        self,
        callback_url: str,
        callback_body: Mapping[str, Any],
        start: datetime | str,
        interval: timedelta | int | None,
        *,
        name: str | None = None,
        stop_after: datetime | str | None = None,
        stop_after_n: int | None = None,
        scope: str | None = None,
    ) -> None:
        check_text("callback_url", callback_url)
        if (interval is None) != (stop_after_n == 1):
            raise GlobusSDKUsageError("interval must be None exactly if the timer runs once, with stop_after_n=1")
        super().__init__(
            callback_url=callback_url,
            callback_body=_copied(callback_body, "callback_body"),
            start=time_text("start", start),
            interval=None if interval is None else interval_seconds("interval", interval),
        )
        if stop_after is not None:
            self["stop_after"] = time_text("stop_after", stop_after)
        if stop_after_n is not None:
            check_whole("stop_after_n", stop_after_n)
            self["stop_after_n"] = stop_after_n
        for key, value in (("name", name), ("scope", scope)):
            if value is not None:
                check_text(key, value)
                self[key] = value


def checked_timer(timer: object) -> Mapping[str, Any]:
    """Return a document for ``/v2/timer``; refuse one for ``/jobs/``."""
    document = checked_members("timer", timer)
    if "callback_url" in document:
        raise GlobusSDKUsageError("create_timer takes a TransferTimer or FlowTimer: pass a TimerJob to create_job")
    if not document:
        raise GlobusSDKUsageError("timer must be a TransferTimer, a FlowTimer, or such a document")
    return document


def checked_job(data: object) -> Mapping[str, Any]:
    """Return a document for ``/jobs/``; refuse one for ``/v2/timer``."""
    document = checked_members("data", data)
    if "timer_type" in document:
        raise GlobusSDKUsageError("create_job takes a TimerJob: pass a TransferTimer or FlowTimer to create_timer")
    return document


def _named(name: str | MissingType | None) -> dict[str, str | None]:
    if isinstance(name, MissingType):
        return {}
    check_text("name", name, optional=True)
    return {"name": name}


def _copied(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    check_type(name, document, Mapping, "a mapping of names to values")
    try:
        copied: dict[str, Any] = _plain(checked_members(name, document))
    except RecursionError:
        raise GlobusSDKUsageError(f"{name} has more levels than JSON can have") from None
    return copied


def _plain(value: object) -> Any:
    """Return a copy with plain dicts and lists at every level, without missing members."""
    if isinstance(value, Mapping):
        members = cast("Mapping[str, object]", value)
        return {key: _plain(member) for key, member in members.items() if member is not MISSING}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in cast("list[object]", value)]
    return value

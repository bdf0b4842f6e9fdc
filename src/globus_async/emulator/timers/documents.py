"""The documents of timers: the form of ``/v2/timer``, and the older one of ``/jobs``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..kit.service import Document
    from .models import Run, Timer
    from .schedule import Schedule

__all__ = ("job_document", "result_document", "schedule_document", "status_of", "time_text", "timer_document")


def time_text(moment: float | None) -> str | None:
    """Return a time in ISO 8601 with ``+00:00``; fractions of a second only if it has some."""
    return None if moment is None else datetime.fromtimestamp(moment, UTC).isoformat()


def status_of(timer: Timer) -> str:
    """Return the group of the status of a timer, by which lists are filtered."""
    return "active" if timer.is_active else timer.status


def timer_document(timer: Timer, now: float) -> Document:
    """Return a timer in the form of ``/v2/timer``."""
    document = {
        "job_id": timer.id,
        "name": timer.name,
        "timer_type": timer.kind,
        "schedule": schedule_document(timer.schedule),
        "body": timer.body,
        "status": timer.status,
        "inactive_reason": timer.inactive_reason,
        "submitted_at": time_text(timer.submitted_at),
        "last_ran_at": time_text(timer.last_ran_at),
        "next_run": time_text(_next_run(timer, now)),
        "number_of_runs": timer.n_runs,
        "number_of_errors": timer.n_errors,
        "activity": _activity(timer, now),
    }
    return document if timer.flow_id is None else {**document, "flow_id": timer.flow_id}


def job_document(timer: Timer, now: float, *, results: Document) -> Document:
    """Return a timer in the form of ``/jobs``, with one page of its results."""
    schedule = timer.schedule
    count = 1 if schedule.interval is None else schedule.count
    has_end = schedule.until is not None or count is not None
    document = {
        "job_id": timer.id,
        "name": timer.name,
        "timer_type": timer.kind,
        "callback_url": timer.callback_url,
        "callback_body": timer.callback_body or {"body": timer.body},
        "start": time_text(schedule.start),
        "interval": None if schedule.interval is None else float(schedule.interval),
        "scope": timer.scope,
        "schedule": schedule_document(schedule),
        "stop_after": {"date": time_text(schedule.until), "n_runs": count} if has_end else None,
        "status": timer.status,
        "inactive_reason": timer.inactive_reason,
        "submitted_at": time_text(timer.submitted_at),
        "last_ran_at": time_text(timer.last_ran_at),
        "next_run": time_text(_next_run(timer, now)),
        "n_runs": timer.n_runs,
        "n_errors": timer.n_errors,
        "results": results,
        "activity": _activity(timer, now),
    }
    return document if timer.flow_id is None else {**document, "flow_id": timer.flow_id}


def result_document(run: Run) -> Document:
    """Return the result of a run."""
    return {
        "data": run.document,
        "errors": run.errors,
        "status": run.http_status_submission,
        "ran_at": time_text(run.started_at),
        "run_status": run.status,
        "resource_id": run.resource_id,
        "start_timestamp": time_text(run.started_at),
        "end_timestamp": time_text(run.ended_at),
        "last_check_timestamp": time_text(run.checked_at),
        "next_check_timestamp": time_text(run.next_check),
        "http_status_submission": run.http_status_submission,
        "http_status_polled": run.http_status_polled,
    }


def schedule_document(schedule: Schedule) -> Document:
    """Return a schedule as it is created."""
    if schedule.interval is None:
        return {"type": "once", "datetime": time_text(schedule.start)}
    document: Document = {
        "type": "recurring",
        "interval_seconds": int(schedule.interval),
        "start": time_text(schedule.start),
    }
    if schedule.count is not None:
        document["end"] = {"condition": "iterations", "count": schedule.count}
    elif schedule.until is not None:
        document["end"] = {"condition": "time", "datetime": time_text(schedule.until)}
    return document


def _next_run(timer: Timer, now: float) -> float | None:
    """Return the next tick; of a paused timer, the next one if it were resumed now."""
    next_run = timer.next_run
    if next_run is None or timer.is_active:
        return next_run
    return timer.schedule.moment(max(timer.next_tick, timer.schedule.first_after(now)))


def _activity(timer: Timer, now: float) -> dict[str, Any] | None:
    run = timer.current_run
    if timer.status == "inactive":
        cause = (timer.inactive_reason or {}).get("cause")
        return {"code": "paused", "reason": cause if cause in {"user", "globus_auth_requirements"} else "other"}
    if run is not None:
        started = time_text(run.started_at)
        return {"code": "run_in_progress", "start_timestamp": started, "duration_seconds": max(now - run.started_at, 0)}
    if timer.status == "ended" or timer.next_run is None:
        return None
    if timer.retry is not None:
        return {"code": "retrying", "start_timestamp": time_text(timer.retry.since)}
    return {"code": "awaiting_next_run", "next_run": time_text(timer.next_run)}

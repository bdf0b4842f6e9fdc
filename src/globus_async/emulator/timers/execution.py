"""The execution of a timer: its ticks, the runs that they start, and their ends."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, cast

from ..kit.authentication import ConsentMissing
from ..kit.ids import named_id
from . import targets
from .models import TIMER_SCOPE, Retry, Run
from .schedule import TOLERANCE

if TYPE_CHECKING:
    from ..kit.background import Background
    from ..kit.service import Document, Platform
    from .models import Timer

__all__ = ("consent_required", "execute", "requirements_of", "resume_current_run")

_FIRST_RETRY: Final = 10.0
_MAX_RETRY: Final = 300.0
_MAX_POLL: Final = 60.0
_ENDS: Final = frozenset({"SUCCEEDED", "FAILED"})


async def execute(platform: Platform, background: Background, timer: Timer) -> None:
    """Run a timer until it has ended, or is paused and has no run that goes on."""
    timer.status = "loaded" if timer.status == "new" else timer.status
    while True:
        await _step(platform, timer)
        moment = _next_moment(timer)
        if moment is None:
            return
        await background.sleep_until(moment)


async def _step(platform: Platform, timer: Timer) -> None:
    """Do what is due."""
    now = platform.clock.wall() + TOLERANCE
    tick = timer.next_run
    is_due = timer.is_active and tick is not None and tick <= now
    run = timer.current_run
    if run is not None and not timer.has_lost_access and (is_due or (run.next_check or math.inf) <= now):
        await _check(platform, timer, run)
    if timer.is_active and is_due:  # a check may have paused it
        if timer.current_run is not None:
            timer.next_tick = timer.schedule.first_after(now)
        elif timer.retry is None or timer.retry.at <= now:
            await _start(platform, timer)
    if timer.is_active and timer.next_run is None and timer.current_run is None:
        timer.status = "ended"


def _next_moment(timer: Timer) -> float | None:
    """Return when something is due next; `None` if nothing is until a request changes the timer."""
    moments: list[float] = []
    run = timer.current_run
    if run is not None and run.next_check is not None and not timer.has_lost_access:
        moments.append(run.next_check)
    tick = timer.next_run
    if timer.is_active and tick is not None:
        moments.append(tick if timer.retry is None else timer.retry.at)
    return min(moments, default=None)


async def _start(platform: Platform, timer: Timer) -> None:
    """Start the run of the tick that is due, or schedule another attempt."""
    timer.submission_id = named_id("submission", timer.id, str(timer.next_tick), str(timer.n_runs))
    try:
        response = await targets.start_run(platform, timer)
    except ConsentMissing as missing:
        _require_authorization(timer, consent_required([missing.scope]))
        return
    except LookupError as error:
        _record(platform, timer, None, 404, errors={"code": "NotFound", "message": str(error)})
        return
    document = response.document
    requirements = None if response.is_success else requirements_of(response.document)
    if response.is_success:
        _record(platform, timer, targets.run_id(timer, document), 202, document=document)
    elif requirements is not None:
        _require_authorization(timer, requirements)
    elif not _may_pass(response.status) or not _retry(platform, timer):
        _record(platform, timer, None, response.status, errors=targets.as_object(document))


def _may_pass(status: int) -> bool:
    return status == 429 or (status >= 500 and status != 501)


def _retry(platform: Platform, timer: Timer) -> bool:
    """Schedule another attempt; return whether there is time for one."""
    now = platform.clock.wall()
    if timer.retry is None:
        timer.retry = Retry(now, now + _FIRST_RETRY, _FIRST_RETRY)
    else:
        timer.retry.delay = min(2 * timer.retry.delay, _MAX_RETRY)
        timer.retry.at = now + timer.retry.delay
    return timer.retry.at <= timer.retry.since + timer.retry_window


def _record(
    platform: Platform,
    timer: Timer,
    resource_id: str | None,
    http_status: int,
    *,
    document: Document | None = None,
    errors: Document | None = None,
) -> None:
    """Record a start: of a run, or one that has failed for good."""
    now = platform.clock.wall()
    timer.n_runs += 1
    timer.last_ran_at = now
    timer.retry = None
    timer.next_tick = timer.schedule.first_after(now)
    run = Run(timer.n_runs, now, resource_id, "ACTIVE", document, http_status, errors)
    if errors is not None or resource_id is None:
        timer.n_errors += 1
        run.status, run.ended_at = "FAILED", now
    else:
        run.next_check = now + run.delay
    timer.runs.append(run)


async def _check(platform: Platform, timer: Timer, run: Run) -> None:
    """Poll a run."""
    try:
        response = await targets.poll_run(platform, timer, run)
    except ConsentMissing as missing:
        timer.has_lost_access = True
        _require_authorization(timer, consent_required([missing.scope]))
        return
    except LookupError as error:
        _end_run(platform, run, "FAILED", {"code": "NotFound", "message": str(error)})
        return
    now = platform.clock.wall()
    run.http_status_polled, run.checked_at = response.status, now
    run.delay = min(2 * run.delay, _MAX_POLL)
    run.next_check = now + run.delay
    if response.is_success:
        run.document, run.status = response.document, targets.run_status(response.document)
        if run.status in _ENDS:
            _end_run(platform, run, run.status)
        elif run.status == "INACTIVE" and timer.is_active:
            requirements = requirements_of(response.document) or consent_required([_scope_of(timer)])
            _require_authorization(timer, requirements)
    elif not _may_pass(response.status):
        _end_run(platform, run, "FAILED", targets.as_object(response.document))


def _end_run(platform: Platform, run: Run, status: str, errors: Document | None = None) -> None:
    run.status, run.errors, run.ended_at, run.next_check = status, errors, platform.clock.wall(), None


async def resume_current_run(platform: Platform, timer: Timer) -> bool:
    """Resume the run that goes on, if it is inactive; return whether the timer can be active."""
    timer.has_lost_access = False
    run = timer.current_run
    if run is None or run.status != "INACTIVE":
        return True
    try:
        response = await targets.resume_run(platform, timer, run)
        await _check(platform, timer, run) if response is None or response.is_success else None
    except ConsentMissing as missing:
        _require_authorization(timer, consent_required([missing.scope]))
        return False
    except LookupError:
        return True
    if response is not None and not response.is_success:
        requirements = requirements_of(response.document)
        if requirements is not None:
            _require_authorization(timer, requirements)
        return requirements is None
    return run.status != "INACTIVE"


def _require_authorization(timer: Timer, requirements: Document) -> None:
    """Make a timer inactive until its owner has done what is required."""
    timer.retry = None
    timer.status = "inactive"
    timer.inactive_reason = {"cause": "globus_auth_requirements", "detail": requirements}


def _scope_of(timer: Timer) -> str:
    scope = targets.flow_scope(timer.flow_id) if timer.flow_id else timer.scope or targets.TRANSFER_SCOPE
    return f"{TIMER_SCOPE}[{scope}]"


def consent_required(scopes: list[str], message: str = "Missing required consent") -> Document:
    """Return the requirement of consents, as an authorization requirement."""
    parameters = {"session_message": message, "required_scopes": scopes}
    return {"code": "ConsentRequired", "authorization_parameters": parameters}


def requirements_of(document: object) -> Document | None:
    """Return what the owner has to do, from an error or a document of an inactive run; `None` if it says nothing."""
    for each in _objects(document):
        if "authorization_parameters" in each:
            parameters = dict(targets.as_object(each["authorization_parameters"]))
            if scopes := _scopes(parameters):
                parameters["required_scopes"] = scopes
            return {"code": str(each.get("code", "AuthorizationRequired")), "authorization_parameters": parameters}
        if scopes := _scopes(each):
            return consent_required(scopes)
    return None


def _scopes(document: Document) -> list[str]:
    """Return the required scopes in a document, as dependencies of the scope of timers."""
    scopes = document.get("required_scopes")
    return [_from_timer(each) for each in cast("list[object]", scopes)] if isinstance(scopes, list) else []


def _objects(value: object) -> list[Document]:
    """Return a document and the objects in it, the outer ones first."""
    document = targets.as_object(value)
    return [document, *(inner for each in document.values() for inner in _objects(each))] if document else []


def _from_timer(scope: object) -> str:
    text = str(scope)
    return text if text.startswith(TIMER_SCOPE) else f"{TIMER_SCOPE}[{text}]"

"""The operations of Timers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from ..kit.authentication import ConsentMissing
from ..kit.fields import TEXT, parse_time
from ..kit.responses import json_response
from .documents import job_document, result_document, status_of, timer_document
from .errors import TimersError, invalid
from .execution import consent_required, requirements_of
from .reading import read_job, read_timer
from .targets import TRANSFER_SCOPE, flow_scope

if TYPE_CHECKING:
    from starlette.responses import Response

    from ..kit.request import Request
    from ..kit.service import Document, RouteTable
    from .models import Timer
    from .state import TimersState

__all__ = (
    "ROUTES",
    "create_job",
    "create_timer",
    "delete_job",
    "get_job",
    "list_jobs",
    "pause_job",
    "resume_job",
    "update_job",
)

_STATUSES: Final = ("active", "inactive", "ended")
_ORDERS: Final = ("submitted_at", "name", "status", "start", "next_run", "last_ran_at", "n_runs", "n_errors")
_DEFAULT_RESULTS: Final = 10
_MAX_RESULTS: Final = 100
_RUN_NUMBER: Final = re.compile(r"[0-9]{1,18}")


async def create_timer(state: TimersState, request: Request) -> Response:
    """Create a timer."""
    timer = read_timer(request, state.now())
    await _check_consents(state, timer)
    document = timer_document(timer, state.now())
    state.add(timer)
    return json_response({"timer": document}, status=201)


async def create_job(state: TimersState, request: Request) -> Response:
    """Create a timer by the older document."""
    timer = read_job(request, state.now())
    document = _job(state, timer)
    state.add(timer)
    return json_response(document, status=201)


async def _check_consents(state: TimersState, timer: Timer) -> None:
    """
    Require the consents that a timer needs for its runs.

    Raises:
        TimersError: 403, with the requirements.
    """
    authority = state.platform.authority
    try:
        if timer.flow_id is not None:
            authority.dependent_token(timer.caller, flow_scope(timer.flow_id))
            return
        token = authority.dependent_token(timer.caller, TRANSFER_SCOPE)
    except ConsentMissing as missing:
        raise _forbidden(consent_required([missing.scope])) from None
    except LookupError:
        raise TimersError(404, "FLOW_NOT_FOUND", f"There is no flow {timer.flow_id}") from None
    for side in ("source_endpoint", "destination_endpoint"):
        path = f"/v0.10/operation/endpoint/{timer.body[side]}/ls"
        response = await state.platform.request("transfer", "GET", path, token=token, query={"limit": "1"})
        requirements = None if response.is_success else requirements_of(response.document)
        if requirements is not None:
            raise _forbidden(requirements)


def _forbidden(requirements: Document) -> TimersError:
    parameters = requirements["authorization_parameters"]
    message = str(parameters.get("session_message", "Missing required consent"))
    return TimersError(403, str(requirements["code"]), message, authorization_parameters=parameters)


async def list_jobs(state: TimersState, request: Request) -> Document:
    """List the caller's timers."""
    timers = [each for each in list(state.timers.values()) if each.owner_id in request.caller.identity_ids]
    name = request.parameter("filter_name")
    if name is not None:
        timers = [each for each in timers if name.lower() in (each.name or "").lower()]
    statuses = request.parameter_list("filter_status")
    if unknown := [each for each in statuses if each not in _STATUSES]:
        raise TimersError.invalid_parameter("filter_status", unknown[0], f"one of {', '.join(_STATUSES)}")
    if statuses:
        timers = [each for each in timers if status_of(each) in statuses]
    if (is_active := request.flag("filter_active", default=None)) is not None:
        timers = [each for each in timers if each.is_active == is_active]
    if (is_stopped := request.flag("filter_stopped", default=None)) is not None:
        timers = [each for each in timers if (each.status == "ended") == is_stopped]
    after, before = _moment(request, "submitted_after"), _moment(request, "submitted_before")
    timers = [
        each
        for each in timers
        if (after is None or each.submitted_at > after) and (before is None or each.submitted_at < before)
    ]
    documents = _ordered([_job(state, each) for each in timers], request)
    count = request.parameter("result_count")
    if count is not None:
        documents = documents[: request.integer("result_count", 0, minimum=1, maximum=10**6)]
    return {"jobs": documents}


def _moment(request: Request, name: str) -> float | None:
    text = request.parameter(name)
    try:
        return None if text is None else parse_time(text)
    except ValueError:
        raise TimersError.invalid_parameter(name, str(text), "an ISO 8601 time") from None


def _ordered(documents: list[Document], request: Request) -> list[Document]:
    field, _, direction = (request.parameter("order") or "submitted_at").partition(" ")
    if field not in _ORDERS or direction.strip().lower() not in {"", "asc", "desc"}:
        raise TimersError.invalid_parameter("order", field, f"one of {', '.join(_ORDERS)}, with asc or desc")

    def key(document: Document) -> tuple[bool, Any]:
        value = document[field]
        return value is None, 0 if value is None else value

    return sorted(documents, key=key, reverse=direction.strip().lower() == "desc")


async def get_job(state: TimersState, request: Request) -> Document:
    """Return a timer, with a page of its results."""
    size = request.integer("page_size", _DEFAULT_RESULTS, minimum=1, maximum=_MAX_RESULTS)
    return _job(state, _timer(state, request), size=size, before=request.parameter("results_pt"))


async def update_job(state: TimersState, request: Request) -> Document:
    """Change the name of a timer."""
    timer, fields = _timer(state, request), request.fields()
    if unknown := [name for name in fields if name != "name"]:
        raise invalid(f"body.{unknown[0]}", "extra fields not permitted")
    timer.name = fields.nullable("name", TEXT, timer.name)
    return _job(state, timer)


async def delete_job(state: TimersState, request: Request) -> Document:
    """Delete a timer; return it as it was."""
    timer = _timer(state, request)
    document = _job(state, timer)
    state.remove(timer)
    return document


async def pause_job(state: TimersState, request: Request) -> Document:
    """Pause a timer."""
    timer = _timer(state, request)
    state.pause(timer)
    return {"message": f"Successfully paused job {timer.id}."}


async def resume_job(state: TimersState, request: Request) -> Document:
    """Resume a timer; with new credentials if that is asked for, or if the timer lacks some."""
    timer = _timer(state, request)
    wanted = request.flag("update_credentials", default=None)
    if wanted is None and request.body:
        # globus-sdk sends it in the body
        value = request.document().get("update_credentials")
        wanted = value if isinstance(value, bool) else None
    if wanted is None:
        wanted = (timer.inactive_reason or {}).get("cause") == "globus_auth_requirements"
    await state.resume(timer, request.caller if wanted else None)
    return {"message": f"Successfully resumed job {timer.id}."}


def _timer(state: TimersState, request: Request) -> Timer:
    timer = state.timers.get(request.path_id("job_id").lower())
    if timer is None or timer.owner_id not in request.caller.identity_ids:
        raise TimersError(404, "NOT_FOUND", f"There is no timer {request.path_id('job_id')}")
    return timer


def _job(state: TimersState, timer: Timer, *, size: int = _DEFAULT_RESULTS, before: str | None = None) -> Document:
    return job_document(timer, state.now(), results=_results(timer, size, before))


def _results(timer: Timer, size: int, before: str | None) -> Document:
    """Return a page of results, the latest first; the token of a page is the number of the last run before it."""
    if before is not None and _RUN_NUMBER.fullmatch(before) is None:
        raise TimersError.invalid_parameter("results_pt", before, "the page_next of another page")
    runs = [each for each in reversed(timer.runs) if before is None or each.number < int(before)]
    page = runs[:size]
    page_next = str(page[-1].number) if len(runs) > size else None
    return {"data": [result_document(each) for each in page], "page_next": page_next}


ROUTES: Final[RouteTable[TimersState]] = (
    ("POST", "/v2/timer", create_timer),
    ("GET", "/jobs/", list_jobs),
    ("POST", "/jobs/", create_job),
    ("GET", "/jobs/{job_id}", get_job),
    ("PATCH", "/jobs/{job_id}", update_job),
    ("DELETE", "/jobs/{job_id}", delete_job),
    ("POST", "/jobs/{job_id}/pause", pause_job),
    ("POST", "/jobs/{job_id}/resume", resume_job),
)

"""The operations of the control plane."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response

from ..auth.errors import AuthorizationError, LoginPageError
from ..kit.clock import ManualClock
from ..kit.fields import MOMENT, NUMBER, TEXT, integer, list_of
from ..kit.responses import NO_STORE
from .errors import ControlError
from .faults import add_fault, fault_document
from .seed_dump import encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..kit.directory import Identity
    from ..kit.fields import Fields
    from ..kit.request import Request
    from ..kit.service import Document, RouteTable, Service
    from .target import Target

__all__ = (
    "ROUTES",
    "advance",
    "clear_faults",
    "clear_requests",
    "create_fault",
    "create_token",
    "delete_fault",
    "get_clock",
    "get_seed",
    "list_faults",
    "list_requests",
    "list_tasks",
    "list_work",
    "log_in",
    "put_seed",
    "reset",
    "resume",
    "settle",
    "suspend",
)

_SECONDS: Final = NUMBER
_TEXTS: Final = list_of(TEXT)


async def get_seed(target: Target, _request: Request) -> Response:
    """``GET /emulator/seed``: the present resources as a seed document."""
    return Response(encode(target.dump_seed()), headers=dict(NO_STORE), media_type="application/json")


async def put_seed(target: Target, request: Request) -> Response:
    """``PUT /emulator/seed``: replace all resources by those of a seed document, which `reset` returns to."""
    await target.load_seed(request.document(), trusted=False)
    return Response(status_code=204)


async def reset(target: Target, _request: Request) -> Response:
    """``POST /emulator/reset``: return to the seed document, without tokens, requests and faults."""
    await target.reset()
    return Response(status_code=204)


async def list_faults(target: Target, _request: Request) -> Document:
    """``GET /emulator/faults``."""
    return {"faults": [fault_document(each) for each in target.faults.pending]}


async def create_fault(target: Target, request: Request) -> Document:
    """``POST /emulator/faults``."""
    number = add_fault(target, request.fields())
    return fault_document(next(each for each in target.faults.pending if each.id == number))


async def clear_faults(target: Target, _request: Request) -> Response:
    """``DELETE /emulator/faults``."""
    target.faults.clear()
    return Response(status_code=204)


async def delete_fault(target: Target, request: Request) -> Response:
    """``DELETE /emulator/faults/<id>``."""
    text = request.path_id("fault_id")
    if text not in {str(each.id) for each in target.faults.pending}:
        raise ControlError(404, "NOT_FOUND", f"There is no pending fault {text}")
    target.faults.remove(int(text))
    return Response(status_code=204)


async def get_clock(target: Target, _request: Request) -> Document:
    """``GET /emulator/clock``."""
    return {"now": target.clock.wall(), "manual": isinstance(target.clock, ManualClock)}


async def advance(target: Target, request: Request) -> Document:
    """``POST /emulator/clock/advance``: advance a manual clock, and wait for what is due."""
    fields = request.fields()
    fields.check_known({"seconds"})
    seconds = fields.required("seconds", _SECONDS)
    if not isinstance(target.clock, ManualClock):
        raise ControlError(409, "NOT_MANUAL", "The emulator has the system's clock: start it with --clock manual")
    if seconds < 0:
        raise ControlError.invalid_field("seconds", "a number of at least 0")
    try:
        MOMENT.convert(target.clock.wall() + seconds)
    except ValueError:
        raise ControlError.invalid_field("seconds", "a time before the year 9999") from None
    await target.advance(seconds)
    return await get_clock(target, request)


async def settle(target: Target, _request: Request) -> Response:
    """``POST /emulator/settle``: wait until every task has ended, is paused, or waits for the clock."""
    await target.settle()
    return Response(status_code=204)


async def list_work(target: Target, _request: Request) -> Document:
    """``GET /emulator/work``: the tasks, runs and timers of all users, by kind, the newest first."""
    return {kind: documents for service in target.services.values() for kind, documents in service.work().items()}


async def list_tasks(target: Target, _request: Request) -> Document:
    """``GET /emulator/tasks``: the tasks of Transfer, the newest first."""
    return target.services["transfer"].work()


async def suspend(target: Target, request: Request) -> Document:
    """``POST /emulator/work/<id>/suspend``: make a task, run or timer inactive, as when a consent has ended."""
    fields = request.fields_of(request.document() if request.body else {})
    fields.check_known({"code"})
    code, work_id = fields.optional("code", TEXT, "CONSENT_REQUIRED"), request.path_id("work_id").lower()
    service = _find(target, work_id, lambda service: service.suspend_work(work_id, code))
    await target.settle()
    return _document(service, work_id)


async def resume(target: Target, request: Request) -> Document:
    """``POST /emulator/work/<id>/resume``."""
    work_id = request.path_id("work_id").lower()
    return _document(_find(target, work_id, lambda service: service.resume_work(work_id)), work_id)


def _find(target: Target, work_id: str, change: Callable[[Service[Any]], bool]) -> Service[Any]:
    """Return the service that makes a change to a piece of work."""
    for service in target.services.values():
        if change(service):
            return service
    for service in target.services.values():
        if any(work_id in each.values() for documents in service.work().values() for each in documents):
            raise ControlError(
                409,
                "NOT_SUSPENDABLE",
                f"{service.title} cannot suspend {work_id}: a run becomes inactive with the task that it waits for, so"
                " suspend that task; a timer is paused by its owner",
            )
    raise ControlError(404, "NOT_FOUND", f"There is no task, run or timer {work_id}")


def _document(service: Service[Any], work_id: str) -> Document:
    return next(each for documents in service.work().values() for each in documents if work_id in each.values())


async def create_token(target: Target, request: Request) -> Document:
    """``POST /emulator/tokens``: an access token without a login."""
    fields = request.fields()
    fields.check_known({"identity", "client", "scopes", "lifetime"})
    client_id = fields.optional("client", TEXT)
    client = None if client_id is None else target.auth.registry.clients.get(client_id)
    if client_id is not None and client is None:
        raise ControlError.invalid_field("client", "the id of a client")
    lifetime = fields.optional("lifetime", integer(minimum=1), 172_800)
    try:
        token = target.access_token(
            _identity(target, fields), scopes=fields.optional("scopes", _TEXTS), client=client, lifetime=lifetime
        )
    except ValueError as error:
        raise ControlError(400, "INVALID_SCOPE", str(error)) from None
    return {"access_token": token}


async def log_in(target: Target, request: Request) -> Document:
    """``POST /emulator/logins``: open an authorize URL, log in and consent, without a browser."""
    fields = request.fields()
    fields.check_known({"url", "identity"})
    try:
        redirect = target.auth.authorize(fields.required("url", TEXT), _identity(target, fields))
    except (LoginPageError, AuthorizationError, ValueError) as error:  # ValueError: not a URL
        raise ControlError(400, "LOGIN_FAILED", str(error)) from None
    return {"url": redirect.url, **redirect.parameters}


def _identity(target: Target, fields: Fields) -> Identity | None:
    name = fields.optional("identity", TEXT)
    identity = None if name is None else target.directory.find(name)
    if name is not None and identity is None:
        raise ControlError.invalid_field("identity", "the username or id of an identity")
    return identity


async def list_requests(target: Target, _request: Request) -> Document:
    """``GET /emulator/requests``: all requests to the services, with fingerprints in place of secrets."""
    return {
        "requests": [
            {"method": each.method, "path": each.path, "query": dict(each.query), "status": each.status}
            for each in target.requests
        ]
    }


async def clear_requests(target: Target, _request: Request) -> Response:
    """``DELETE /emulator/requests``."""
    target.requests.clear()
    return Response(status_code=204)


ROUTES: Final[RouteTable[Target]] = (
    ("GET", "/seed", get_seed),
    ("PUT", "/seed", put_seed),
    ("POST", "/reset", reset),
    ("GET", "/faults", list_faults),
    ("POST", "/faults", create_fault),
    ("DELETE", "/faults", clear_faults),
    ("DELETE", "/faults/{fault_id}", delete_fault),
    ("GET", "/clock", get_clock),
    ("POST", "/clock/advance", advance),
    ("POST", "/settle", settle),
    ("GET", "/work", list_work),
    ("POST", "/work/{work_id}/suspend", suspend),
    ("POST", "/work/{work_id}/resume", resume),
    ("GET", "/tasks", list_tasks),
    ("POST", "/tasks/{work_id}/suspend", suspend),
    ("POST", "/tasks/{work_id}/resume", resume),
    ("POST", "/tokens", create_token),
    ("POST", "/logins", log_in),
    ("GET", "/requests", list_requests),
    ("DELETE", "/requests", clear_requests),
)

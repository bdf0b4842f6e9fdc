"""Submissions, tasks and task groups. Nothing is executed: tasks end when a test ends them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from ...kit.fields import BOOLEAN, OBJECT, TEXT, UUID, FieldType, integer, list_of
from ...kit.ids import new_id
from ...kit.responses import json_response
from ..access import own_task, own_task_group, usable_endpoint, usable_function
from ..documents import batch_task_document, group_document, task_document
from ..errors import ComputeError
from ..models import Task

if TYPE_CHECKING:
    from starlette.responses import Response

    from ...kit.fields import Fields
    from ...kit.request import Request
    from ...kit.service import Document, RouteTable
    from ..state import ComputeState

__all__ = ("ROUTES", "V3_ROUTES", "batch_status", "get_task", "get_task_group", "submit", "v3_submit")

_IDS: Final = list_of(UUID)
_PAYLOADS: Final = list_of(TEXT)
_COUNT: Final = integer()


def _triple(value: object) -> tuple[str, str, str]:
    parts = cast("list[object]", value)
    if not isinstance(value, list) or len(parts) != 3:
        raise ValueError(parts)
    return UUID.convert(parts[0]), UUID.convert(parts[1]), TEXT.convert(parts[2])


_TASKS: Final = list_of(FieldType("a list of the ids of a function and an endpoint, and a string", _triple))


async def submit(state: ComputeState, request: Request) -> Response:
    """Submit tasks to any endpoints; each is taken or refused for itself."""
    caller, fields = request.caller, request.fields()
    tasks = fields.required("tasks", _TASKS)
    creates_queue = fields.optional("create_websocket_queue", BOOLEAN, default=True)
    group_id = fields.nullable("task_group_id", UUID) or new_id()
    if group_id in state.task_groups:
        own_task_group(state, group_id, caller)
    results: list[Document] = []
    for function_id, endpoint_id, payload in tasks:
        try:
            endpoint = usable_endpoint(state, endpoint_id, caller)
            usable_function(state, function_id, endpoint, caller)
        except ComputeError as error:
            results.append(_result("failed", new_id(), error.status, error.message))
            continue
        task = Task(new_id(), caller.identity_id, endpoint.id, function_id, payload, group_id)
        state.submit(task, endpoint, creates_queue=creates_queue)
        results.append(_result("success", task.id, 200, None))
    is_complete = all(each["http_status_code"] == 200 for each in results)
    document = {"response": "success", "task_group_id": group_id, "results": results}
    return json_response(document, status=200 if is_complete else 207)


def _result(status: str, task_id: str, http_status: int, reason: str | None) -> Document:
    return {"status": status, "task_uuid": task_id, "http_status_code": http_status, "reason": reason}


async def v3_submit(state: ComputeState, request: Request) -> Document:
    """Submit tasks to one endpoint, all or none; the task group must exist, if one is named."""
    caller, fields = request.caller, request.fields()
    by_function = fields.object("tasks", required=True)
    config = fields.nullable("user_endpoint_config", OBJECT)
    _check_runtime(fields)
    creates_queue = fields.optional("create_queue", BOOLEAN, default=False)
    group_id = fields.nullable("task_group_id", UUID)
    endpoint = usable_endpoint(state, request.path_id("endpoint_id"), caller)
    payloads: dict[str, list[str]] = {}
    for function_id in by_function:
        try:
            UUID.convert(function_id)
        except ValueError:
            raise ComputeError.problem(("body", "tasks", function_id, "[key]"), "Input should be a UUID") from None
        usable_function(state, function_id, endpoint, caller)
        payloads[function_id] = by_function.required(function_id, _PAYLOADS)
    group_id = new_id() if group_id is None else own_task_group(state, group_id, caller).id
    tasks: dict[str, list[str]] = {}
    for function_id, each in payloads.items():
        made = [Task(new_id(), caller.identity_id, endpoint.id, function_id.lower(), text, group_id) for text in each]
        for task in made:
            task.user_endpoint_config = config
            state.submit(task, endpoint, creates_queue=creates_queue)
        tasks[function_id] = [task.id for task in made]
    document: Document = {
        "request_id": new_id(),
        "task_group_id": group_id,
        "endpoint_id": endpoint.id,
        "tasks": tasks,
    }
    return {**document, "ha_warning": "The endpoint has high assurance"} if endpoint.high_assurance else document


def _check_runtime(fields: Fields) -> None:
    """Check the members that are for the endpoint, which have no effect here."""
    fields.nullable("user_runtime", OBJECT)
    fields.nullable("result_serializers", _PAYLOADS)
    if fields.nullable("resource_specification", OBJECT) is not None:
        resources = fields.object("resource_specification")
        resources.required("num_nodes", _COUNT)
        for name in ("ranks_per_node", "num_ranks"):
            resources.nullable(name, _COUNT)
        resources.nullable("launcher_options", TEXT)


async def get_task(state: ComputeState, request: Request) -> Document:
    """Read a task."""
    return task_document(own_task(state, request.path_id("task_id"), request.caller))


async def batch_status(state: ComputeState, request: Request) -> Document:
    """Read several tasks; one that does not exist has failed."""
    caller = request.caller
    results: dict[str, Document] = {}
    for task_id in request.fields().required("task_ids", _IDS):
        try:
            results[task_id] = batch_task_document(own_task(state, task_id, caller))
        except ComputeError as error:
            results[task_id] = {"task_id": task_id, "status": "failed", "reason": error.message}
    return {"response": "batch", "results": results}


async def get_task_group(state: ComputeState, request: Request) -> Document:
    """Read the ids of the tasks of a group."""
    group = own_task_group(state, request.path_id("task_group_id"), request.caller)
    return group_document(group, state.tasks_of(group))


ROUTES: Final[RouteTable[ComputeState]] = (
    ("POST", "/submit", submit),
    ("POST", "/batch_status", batch_status),
    ("GET", "/tasks/{task_id}", get_task),
    ("GET", "/taskgroup/{task_group_id}", get_task_group),
)
V3_ROUTES: Final[RouteTable[ComputeState]] = (("POST", "/endpoints/{endpoint_id}/submit", v3_submit),)

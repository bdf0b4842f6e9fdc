"""Submission of transfer and delete tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import anyio.to_thread

from ...kit.fields import ANY, BOOLEAN, TEXT, TIME, UUID, FieldType, choice, integer
from ...kit.ids import time_id
from ..errors import SubmissionError, TransferError, disconnected_message
from ..models import Collection, DeleteOptions, FilterRule, Item, Task
from ..permissions import check_local_user, check_usable, check_visible
from ..storage import paths
from ..work.file_copy import algorithm_name
from .files import parse_path

if TYPE_CHECKING:
    from ...kit.fields import Fields
    from ...kit.request import Request
    from ...kit.service import Document, RouteTable
    from ..state import TransferState

__all__ = (
    "LABEL",
    "ROUTES",
    "delete",
    "submission_id",
    "transfer",
)

_MAX_LABEL: Final = 128
_FLAGS: Final = (
    "encrypt_data",
    "verify_checksum",
    "delete_destination_extra",
    "preserve_timestamp",
    "skip_source_errors",
    "fail_on_quota_errors",
)
_IGNORED_FLAGS: Final = ("notify_on_succeeded", "notify_on_failed", "notify_on_inactive", "skip_activation_check")


def _label(value: object) -> str:
    if (
        not isinstance(value, str)
        or len(value) > _MAX_LABEL
        or "\n" in value
        or "\r" in value
        or value != value.strip()
    ):
        raise ValueError(value)
    return value


def _checksum_algorithm(value: object) -> str:
    if not isinstance(value, str) or algorithm_name(value) is None:
        raise ValueError(value)
    return value


LABEL: Final = FieldType(
    f"a string of at most {_MAX_LABEL} characters without line breaks, leading or trailing blanks", _label
)
_ALGORITHM: Final = FieldType("a supported checksum algorithm, such as SHA256,", _checksum_algorithm)
_SYNC_LEVEL: Final = integer(minimum=0, maximum=3)
_SYMLINKS: Final = choice("ignore", "keep", "copy")
_METHOD: Final = choice("include", "exclude")
_RULE_TYPE: Final = choice("file", "dir")
_ITEM_TYPE: Final = choice("transfer_item", "transfer_symlink_item")


async def submission_id(state: TransferState, _request: Request) -> Document:
    """Generate a submission id."""
    return {"DATA_TYPE": "submission_id", "value": time_id(state.now())}


async def transfer(state: TransferState, request: Request) -> Document:
    """Submit a transfer; the document may be large and is parsed in a worker thread."""
    return _accept(state, request, await anyio.to_thread.run_sync(_read_transfer, state, request))


async def delete(state: TransferState, request: Request) -> Document:
    """Submit a delete; the document may be large and is parsed in a worker thread."""
    return _accept(state, request, await anyio.to_thread.run_sync(_read_delete, state, request))


def _read_transfer(state: TransferState, request: Request) -> Task:
    """Make the task of a transfer document, or return the existing task of its submission id."""
    fields = request.with_errors(SubmissionError).fields()
    if (known := _known_task(state, request, fields)) is not None:
        return known
    source = _endpoint(state, request, fields, "source_endpoint")
    destination = _endpoint(state, request, fields, "destination_endpoint")
    items = tuple(_transfer_item(source, destination, each) for each in _items(fields, "transfer"))
    _check_overlap(source, destination, items)
    task = _task(state, request, fields, source, destination=destination, items=items)
    task.options |= {
        "sync_level": fields.optional("sync_level", _SYNC_LEVEL),
        "recursive_symlinks": fields.optional("recursive_symlinks", _SYMLINKS, "ignore"),
        "filter_rules": fields.optional("filter_rules", ANY),
        **{name: fields.optional(name, BOOLEAN, default=False) for name in _FLAGS},
    }
    task.filter_rules = tuple(_filter_rule(rule) for rule in fields.objects("filter_rules") or ())
    task.local_users = {
        side: name
        for side in ("source", "destination")
        if (name := fields.optional(f"{side}_local_user", TEXT)) is not None
    }
    for side, collection in task.sides():
        check_local_user(state, collection, request.caller, task.local_users.get(side))
    if fields.optional("store_base_path_info", BOOLEAN, default=False):
        task.options["source_base_path"] = _base_path([item.source for item in items])
        task.options["destination_base_path"] = _base_path([item.destination for item in items])
    return task


def _read_delete(state: TransferState, request: Request) -> Task:
    """Make the task of a delete document, or return the existing task of its submission id."""
    fields = request.with_errors(SubmissionError).fields()
    if (known := _known_task(state, request, fields)) is not None:
        return known
    collection = _endpoint(state, request, fields, "endpoint")
    check_local_user(state, collection, request.caller, fields.optional("local_user", TEXT))
    items = tuple(Item(parse_path(collection, each.required("path", TEXT))) for each in _items(fields, "delete"))
    task = _task(state, request, fields, collection, items=items)
    task.deadline_is_fixed = True
    task.delete_options = DeleteOptions(
        recursive=fields.optional("recursive", BOOLEAN, default=False),
        ignore_missing=fields.optional("ignore_missing", BOOLEAN, default=False),
        interpret_globs=fields.optional("interpret_globs", BOOLEAN, default=False),
    )
    return task


def _known_task(state: TransferState, request: Request, fields: Fields) -> Task | None:
    return state.submissions.get((request.caller.identity_id, fields.required("submission_id", UUID)))


def _accept(state: TransferState, request: Request, task: Task) -> Document:
    # Nothing is awaited below, so that one of two concurrent requests with the same submission id is the first.
    if (known := state.submissions.get((task.owner_id, task.submission_id))) is not None:
        return _accepted(request, known, "Duplicate")
    _check_not_running(state, task)
    pending = sum(other.owner_id == task.owner_id for other in state.running.values())
    if pending >= state.limits.pending_tasks:
        message = f"You have {pending} pending tasks, the maximum is {state.limits.pending_tasks}"
        raise TransferError(409, "ClientError.Conflict.TooManyPendingJobs", message)
    for _, collection in task.sides():
        collection.used_by.add(task.owner_id)
    state.tasks[task.id] = state.running[task.id] = task
    state.submissions[task.owner_id, task.submission_id] = task
    state.task_control.submit(task)
    return _accepted(request, task, "Accepted")


def _accepted(request: Request, task: Task, code: str) -> Document:
    kind = "transfer" if task.is_transfer else "delete"
    message = f"The {kind} has been accepted and a task has been created and queued for execution"
    if code == "Duplicate":
        message = f"A {kind} with this submission id has been accepted before, and its task exists already"
    return {
        "DATA_TYPE": f"{kind}_result",
        "code": code,
        "message": message,
        "request_id": request.id,
        "resource": request.path,
        "submission_id": task.submission_id,
        "task_id": task.id,
        "task_link": {
            "DATA_TYPE": "link",
            "rel": "related",
            "resource": "task",
            "title": "related task",
            "href": f"/v0.10/task/{task.id}?format=json",
        },
    }


def _task(
    state: TransferState,
    request: Request,
    fields: Fields,
    source: Collection,
    *,
    destination: Collection | None = None,
    items: tuple[Item, ...],
) -> Task:
    now = state.now()
    deadline = fields.optional("deadline", TIME)
    for name in _IGNORED_FLAGS:
        fields.optional(name, BOOLEAN, default=False)
    return Task(
        id=time_id(state.now()),
        submission_id=fields.required("submission_id", UUID),
        owner_id=request.caller.identity_id,
        caller=request.caller,
        type="DELETE" if destination is None else "TRANSFER",
        label=fields.optional("label", LABEL),
        source=source,
        destination=destination,
        items=items,
        options={},
        request_time=now,
        deadline=now + state.limits.default_deadline_hours * 3600 if deadline is None else deadline,
        deadline_is_fixed=deadline is not None,
    )


def _endpoint(state: TransferState, request: Request, fields: Fields, name: str) -> Collection:
    """Return a collection of the submission, after all checks before a task is created."""
    collection = state.collection(fields.required(name, TEXT))
    check_visible(state, collection, request.caller)
    if collection.needs_activation:
        try:
            check_usable(state, collection, request.caller)
        except TransferError as error:
            if error.code != "ClientError.ActivationRequired":
                raise
            message = f"Credentials are needed for '{collection.id}'"
            raise TransferError(409, "NoCredException", message) from None
    check_usable(state, collection, request.caller)
    if collection.storage is None:
        raise TransferError(409, "GCDisconnectedException", disconnected_message(collection))
    return collection


def _items(fields: Fields, kind: str) -> list[Fields]:
    items = fields.objects("DATA")
    if not items:
        raise TransferError(400, "ClientError.BadRequest.NoTransferItems", f"A {kind} requires at least one item")
    return items


def _transfer_item(source: Collection, destination: Collection, fields: Fields) -> Item:
    return Item(
        parse_path(source, fields.required("source_path", TEXT)),
        parse_path(destination, fields.required("destination_path", TEXT)),
        fields.optional("recursive", BOOLEAN),
        fields.optional("DATA_TYPE", _ITEM_TYPE) == "transfer_symlink_item",
        fields.optional("external_checksum", TEXT),
        fields.optional("checksum_algorithm", _ALGORITHM),
    )


def _filter_rule(fields: Fields) -> FilterRule:
    return FilterRule(
        fields.required("method", _METHOD), fields.required("name", TEXT), fields.optional("type", _RULE_TYPE)
    )


def _check_overlap(source: Collection, destination: Collection, items: tuple[Item, ...]) -> None:
    """
    Require that no item is copied into itself.

    Raises:
        TransferError: 400, a destination lies within its source.
    """

    def on_host(collection: Collection, path: paths.Parts) -> tuple[str, paths.Parts]:
        while collection.host is not None:
            path, collection = (*collection.host_path, *path), collection.host
        return collection.id, path

    for item in items:
        (source_id, above), (destination_id, below) = (
            on_host(source, item.source),
            on_host(destination, item.destination),
        )
        if source_id == destination_id and paths.is_below(below, above) and item.recursive is not False:
            message = f"The destination '{paths.joined(below)}' lies within the source '{paths.joined(above)}'"
            raise TransferError(400, "ClientError.BadRequest", message)


def _check_not_running(state: TransferState, task: Task) -> None:
    """
    Require that no transfer of the same paths is running.

    Raises:
        TransferError: 409 ``Conflict``.
    """
    for other in state.running.values():
        if (
            task.is_transfer
            and (other.owner_id, other.source, other.destination) == (task.owner_id, task.source, task.destination)
            and len(other.items) == len(task.items)
            and all(_has_same_paths(one, two) for one, two in zip(other.items, task.items, strict=True))
        ):
            raise TransferError(409, "Conflict", "A transfer with identical paths has not yet completed")


def _has_same_paths(one: Item, other: Item) -> bool:
    return one.source == other.source and one.destination == other.destination


def _base_path(all_parts: list[paths.Parts]) -> str:
    """Return the deepest directory that holds all paths; a single path stands for itself."""
    if len(all_parts) == 1:
        return paths.joined(all_parts[0])
    common: list[str] = []
    for names in zip(*all_parts, strict=False):
        if len(set(names)) > 1:
            break
        common.append(names[0])
    return paths.joined(common, directory=True)


ROUTES: Final[RouteTable[TransferState]] = (
    ("GET", "/submission_id", submission_id),
    ("POST", "/transfer", transfer),
    ("POST", "/delete", delete),
)

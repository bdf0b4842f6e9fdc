"""Submission: the ids that make it exactly-once, and the two documents that make a task."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final, cast

import anyio.to_thread

from ..call import Call, RouteTable, bool_member, required_text, text_member
from ..errors import ServiceError, disconnected_message
from ..models import Collection, DeleteOptions, Document, FilterRule, Item, Task
from ..permissions import check_usable, check_visible
from ..state import parse_time
from ..storage import paths
from ..work.file_copy import algorithm_name
from .files import parse

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = (
    "ROUTES",
    "delete",
    "read_deadline",
    "read_label",
    "submission_id",
    "transfer",
)

_LABEL_LIMIT: Final = 128
_FLAGS: Final = (
    "encrypt_data",
    "verify_checksum",
    "delete_destination_extra",
    "preserve_timestamp",
    "skip_source_errors",
    "fail_on_quota_errors",
)


async def submission_id(_call: Call) -> Document:
    """Issue an id for one submission."""
    return {"DATA_TYPE": "submission_id", "value": str(uuid.uuid1())}


async def transfer(call: Call) -> Document:
    """Accept a transfer. Its document may be large, and is read in a worker thread."""
    return _accept(call, await anyio.to_thread.run_sync(_read_transfer, call))


async def delete(call: Call) -> Document:
    """Accept a delete."""
    return _accept(call, await anyio.to_thread.run_sync(_read_delete, call))


def _read_transfer(call: Call) -> Task:
    """Make the task that a document asks for, or find the one that it has made before."""
    document = call.document()
    if (known := _known(call, document)) is not None:
        return known
    source = _endpoint(call, document, "source_endpoint")
    destination = _endpoint(call, document, "destination_endpoint")
    items = tuple(_transfer_item(source, destination, each) for each in _data(document, "transfer"))
    _check_overlap(source, destination, items)
    task = _task(call, document, source, destination, items)
    task.options |= {
        "sync_level": _sync_level(document),
        "recursive_symlinks": _choice(document, "recursive_symlinks", ("ignore", "keep", "copy")),
        "filter_rules": document.get("filter_rules"),
        **{name: bool_member(document, name) for name in _FLAGS},
    }
    task.filter_rules = _filter_rules(document)
    task.local_users = {
        side: name
        for side in ("source", "destination")
        if (name := text_member(document, f"{side}_local_user")) is not None
    }
    if bool_member(document, "store_base_path_info"):
        task.options["source_base_path"] = _base_path([item.source for item in items])
        task.options["destination_base_path"] = _base_path([item.destination for item in items])
    return task


def _read_delete(call: Call) -> Task:
    """Make the task that a document asks for, or find the one that it has made before."""
    document = call.document()
    if (known := _known(call, document)) is not None:
        return known
    collection = _endpoint(call, document, "endpoint")
    items = tuple(Item(parse(collection, required_text(each, "path"))) for each in _data(document, "delete"))
    task = _task(call, document, collection, None, items)
    task.deadline_is_fixed = True
    task.delete_options = DeleteOptions(
        recursive=bool_member(document, "recursive"),
        ignore_missing=bool_member(document, "ignore_missing"),
        interpret_globs=bool_member(document, "interpret_globs"),
    )
    return task


def _known(call: Call, document: Document) -> Task | None:
    return call.state.submissions.get((call.caller.identity_id, _submission_id(document)))


def _accept(call: Call, task: Task) -> Document:
    # From here to the end nothing is awaited: of two that come at once, one is the first.
    state = call.state
    if (known := state.submissions.get((task.owner_id, task.submission_id))) is not None:
        return _accepted(call, known, "Duplicate")
    _check_not_under_way(call, task)
    pending = sum(other.owner_id == task.owner_id for other in state.running.values())
    if pending >= state.limits.pending_tasks:
        message = f"You have {pending} pending tasks, the maximum is {state.limits.pending_tasks}"
        raise ServiceError(409, "ClientError.Conflict.TooManyPendingJobs", message)
    for _, collection in task.sides():
        collection.used_by.add(task.owner_id)
    state.tasks[task.id] = state.running[task.id] = task
    state.submissions[task.owner_id, task.submission_id] = task
    call.task_runner.submit(task)
    return _accepted(call, task, "Accepted")


def _accepted(call: Call, task: Task, code: str) -> Document:
    kind = "transfer" if task.is_transfer else "delete"
    message = f"The {kind} has been accepted and a task has been created and queued for execution"
    if code == "Duplicate":
        message = f"A {kind} with this submission id has been accepted before, and its task exists already"
    return {
        "DATA_TYPE": f"{kind}_result",
        "code": code,
        "message": message,
        "request_id": call.request_id,
        "resource": call.resource,
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
    call: Call,
    document: Document,
    source: Collection,
    destination: Collection | None,
    items: tuple[Item, ...],
) -> Task:
    now = call.state.now()
    deadline = read_deadline(document)
    for name in ("notify_on_succeeded", "notify_on_failed", "notify_on_inactive", "skip_activation_check"):
        bool_member(document, name)
    return Task(
        id=str(uuid.uuid1()),
        submission_id=_submission_id(document),
        owner_id=call.caller.identity_id,
        identities=call.caller.identity_ids,
        caller=call.caller,
        type="DELETE" if destination is None else "TRANSFER",
        label=read_label(document),
        source=source,
        destination=destination,
        items=items,
        options={},
        request_time=now,
        deadline=now + call.state.limits.default_deadline_hours * 3600 if deadline is None else deadline,
        deadline_is_fixed=deadline is not None,
    )


def read_label(document: Document) -> str | None:
    """
    Read the label of a task.

    Raises:
        ServiceError: It is too long, or has line breaks or blanks around it.
    """
    label = text_member(document, "label")
    if label is not None and (len(label) > _LABEL_LIMIT or "\n" in label or "\r" in label or label != label.strip()):
        message = f"Invalid label: at most {_LABEL_LIMIT} characters, no line breaks, no leading or trailing blanks"
        raise ServiceError(400, "ClientError.BadRequest", message)
    return label


def read_deadline(document: Document) -> float | None:
    """
    Read the deadline of a task.

    Raises:
        ServiceError: It is no time.
    """
    text = text_member(document, "deadline")
    if text is None:
        return None
    try:
        return parse_time(text)
    except ValueError:
        raise ServiceError(
            400, "ClientError.BadRequest", f"Invalid deadline '{text}': an ISO 8601 time is required"
        ) from None


def _submission_id(document: Document) -> str:
    text = required_text(document, "submission_id")
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise ServiceError(
            400, "ClientError.BadRequest", f"Invalid submission_id '{text}': a UUID is required"
        ) from None


def _endpoint(call: Call, document: Document, name: str) -> Collection:
    """Find a collection of the submission, and check all that the service checks before a task is made."""
    collection = call.state.collection(required_text(document, name))
    check_visible(call.state, collection, call.caller)
    if collection.needs_activation:
        try:
            check_usable(call.state, collection, call.caller)
        except ServiceError as error:
            if error.code != "ClientError.ActivationRequired":
                raise
            message = f"Credentials are needed for '{collection.id}'"
            raise ServiceError(409, "NoCredException", message) from None
    check_usable(call.state, collection, call.caller)
    if collection.storage is None:
        raise ServiceError(409, "GCDisconnectedException", disconnected_message(collection))
    return collection


def _data(document: Document, kind: str) -> list[Document]:
    data: object = document.get("DATA")
    if not isinstance(data, list) or not all(isinstance(each, dict) for each in cast("list[object]", data)):
        if data is not None:
            raise ServiceError(
                400, "ClientError.BadRequest", "Invalid value for field 'DATA': a list of items is required"
            )
        data = []
    if not data:
        raise ServiceError(400, "ClientError.BadRequest.NoTransferItems", f"A {kind} requires at least one item")
    return cast("list[Document]", data)


def _transfer_item(source: Collection, destination: Collection, document: Document) -> Item:
    kind = document.get("DATA_TYPE", "transfer_item")
    if kind not in {"transfer_item", "transfer_symlink_item"}:
        raise ServiceError(400, "ClientError.BadRequest", f"Invalid DATA_TYPE '{kind}' of an item")
    recursive: Any = document.get("recursive")
    if recursive is not None and not isinstance(recursive, bool):
        raise ServiceError(400, "ClientError.BadRequest", "Invalid value for field 'recursive': a boolean is required")
    algorithm = text_member(document, "checksum_algorithm")
    if algorithm is not None and algorithm_name(algorithm) is None:
        raise ServiceError(400, "ClientError.BadRequest", f"Unsupported checksum_algorithm '{algorithm}'")
    return Item(
        parse(source, required_text(document, "source_path")),
        parse(destination, required_text(document, "destination_path")),
        recursive,
        kind == "transfer_symlink_item",
        text_member(document, "external_checksum"),
        algorithm,
    )


def _check_overlap(source: Collection, destination: Collection, items: tuple[Item, ...]) -> None:
    """Refuse to copy something into itself, which would never end."""

    def whole(collection: Collection, path: paths.Parts) -> tuple[str, paths.Parts]:
        while collection.host is not None:
            path, collection = (*collection.host_path, *path), collection.host
        return collection.id, path

    for item in items:
        (source_id, above), (destination_id, below) = whole(source, item.source), whole(destination, item.destination)
        if source_id == destination_id and paths.is_below(below, above) and item.recursive is not False:
            message = f"The destination '{paths.joined(below)}' lies within the source '{paths.joined(above)}'"
            raise ServiceError(400, "ClientError.BadRequest", message)


def _check_not_under_way(call: Call, task: Task) -> None:
    """Refuse a transfer of the same paths as one that has not ended."""
    for other in call.state.running.values():
        if (
            task.is_transfer
            and (other.owner_id, other.source, other.destination) == (task.owner_id, task.source, task.destination)
            and len(other.items) == len(task.items)
            and all(_same_paths(one, two) for one, two in zip(other.items, task.items, strict=True))
        ):
            raise ServiceError(409, "Conflict", "A transfer with identical paths has not yet completed")


def _same_paths(one: Item, other: Item) -> bool:
    return one.source == other.source and one.destination == other.destination


def _sync_level(document: Document) -> int | None:
    value: object = document.get("sync_level")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value not in {0, 1, 2, 3}:
        raise ServiceError(
            400, "ClientError.BadRequest", f"Invalid sync_level {value!r}: one of 0, 1, 2, 3 is required"
        )
    return value


def _choice(document: Document, name: str, choices: tuple[str, ...]) -> str:
    value = text_member(document, name)
    if value is not None and value not in choices:
        raise ServiceError(
            400, "ClientError.BadRequest", f"Invalid {name} '{value}': one of {', '.join(choices)} is required"
        )
    return choices[0] if value is None else value


def _filter_rules(document: Document) -> tuple[FilterRule, ...]:
    rules: object = document.get("filter_rules")
    if rules is None:
        return ()
    if not isinstance(rules, list):
        raise ServiceError(400, "ClientError.BadRequest", "Invalid value for field 'filter_rules': a list is required")
    return tuple(_filter_rule(rule) for rule in cast("list[object]", rules))


def _filter_rule(value: object) -> FilterRule:
    rule: Mapping[str, object] = cast("Mapping[str, object]", value) if isinstance(value, dict) else {}
    method, name, kind = rule.get("method"), rule.get("name"), rule.get("type")
    if method not in {"include", "exclude"} or not isinstance(name, str) or kind not in {None, "file", "dir"}:
        message = "Invalid filter rule: it needs a method (include, exclude), a name, and may have a type (file, dir)"
        raise ServiceError(400, "ClientError.BadRequest", message)
    return FilterRule(str(method), name, None if kind is None else str(kind))


def _base_path(places: list[paths.Parts]) -> str:
    """Return the deepest directory that holds all paths; a single path stands for itself."""
    if len(places) == 1:
        return paths.joined(places[0])
    common: list[str] = []
    for names in zip(*places, strict=False):
        if len(set(names)) > 1:
            break
        common.append(names[0])
    return paths.joined(common, directory=True)


ROUTES: Final[RouteTable] = (
    ("GET", "/submission_id", submission_id),
    ("POST", "/transfer", transfer),
    ("POST", "/delete", delete),
)

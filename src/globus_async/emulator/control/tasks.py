"""The tasks of a seed document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..kit.authentication import Caller, Session
from ..kit.fields import BOOLEAN, MOMENT, OBJECT, TEXT, UUID, choice
from ..kit.ids import named_id
from ..kit.principals import identity_id, principal_name
from ..kit.records import from_record, to_record
from ..kit.secret import Secret
from ..transfer.models import (
    Collection,
    Counts,
    DeleteOptions,
    Event,
    FilterRule,
    Item,
    SkippedError,
    Status,
    SuccessfulTransfer,
    Task,
)
from ..transfer.service import TRANSFER_SCOPE
from ..transfer.storage import paths
from ..transfer.storage.paths import PathError
from .errors import ControlError

if TYPE_CHECKING:
    from ..kit.fields import Fields
    from ..kit.service import Document
    from ..transfer.state import TransferState

__all__ = ("dump_task", "load_task")

_TYPE: Final = choice("TRANSFER", "DELETE")
_STATUS: Final = choice(*(each.value for each in Status))
_HISTORY: Final = {"events", "successful", "skipped", "counts", "start_time", "completion_time", "fatal_error"}
_MEMBERS: Final = _HISTORY | {
    *("id", "submission_id", "owner", "type", "label", "source", "destination", "items", "options", "filter_rules"),
    *("delete_options", "status", "request_time", "deadline", "deadline_is_fixed"),
}


def load_task(state: TransferState, fields: Fields) -> Task:
    """
    Return the task of a document. One that has not ended is executed from the beginning.

    Raises:
        ControlError: A member is missing, unknown or wrong.
    """
    fields.check_known(_MEMBERS)
    owner = state.directory.identities[identity_id(state.directory, fields, "owner")]
    now = state.now()
    kind = fields.required("type", _TYPE)
    submission_id = fields.optional("submission_id", UUID, named_id("submission", fields.required("id", UUID)))
    caller = Caller(
        owner.id,
        owner.username,
        state.directory.linked_ids(owner.id),
        frozenset({TRANSFER_SCOPE}),
        frozenset(),
        named_id("client", "direct"),
        "transfer.api.globus.org",
        Secret(""),
        Session(named_id("session", submission_id)),
    )
    task = Task(
        id=fields.required("id", UUID),
        submission_id=submission_id,
        owner_id=owner.id,
        caller=caller,
        type=kind,
        label=fields.nullable("label", TEXT),
        source=_collection(state, fields, "source"),
        destination=_collection(state, fields, "destination") if kind == "TRANSFER" else None,
        items=tuple(_item(each) for each in fields.objects("items", required=True) or ()),
        options=fields.optional("options", OBJECT, dict[str, Any]()),
        request_time=fields.optional("request_time", MOMENT, now),
        deadline=fields.optional("deadline", MOMENT, now + state.limits.default_deadline_hours * 3600),
        deadline_is_fixed=fields.optional("deadline_is_fixed", BOOLEAN, default=False),
        filter_rules=tuple(from_record(FilterRule, each) for each in fields.objects("filter_rules") or ()),
        delete_options=from_record(DeleteOptions, fields.object("delete_options")),
        status=Status(fields.optional("status", _STATUS, "ACTIVE")),
    )
    if task.is_final:
        _load_history(task, fields)
    elif history := sorted(set(fields) & _HISTORY):
        raise ControlError(400, "INVALID_FIELD", f"A task that has not ended has no '{history[0]}'")
    return task


def _load_history(task: Task, fields: Fields) -> None:
    task.queued = False
    task.start_time = fields.optional("start_time", MOMENT, task.request_time)
    task.completion_time = fields.optional("completion_time", MOMENT, task.request_time)
    if "fatal_error" in fields:
        error = fields.object("fatal_error")
        error.check_known({"code", "description"})
        task.fatal_error = error.required("code", TEXT), error.required("description", TEXT)
    task.counts = from_record(Counts, fields.object("counts"))
    task.events = [from_record(Event, each) for each in fields.objects("events") or ()]
    task.successful = [from_record(SuccessfulTransfer, each) for each in fields.objects("successful") or ()]
    task.skipped = [from_record(SkippedError, each) for each in fields.objects("skipped") or ()]


def dump_task(state: TransferState, task: Task) -> Document:
    """Return the document of a task; without its progress if it has not ended."""
    document: Document = {
        "id": task.id,
        "submission_id": task.submission_id,
        "owner": principal_name(state.directory, task.owner_id),
        "type": task.type,
        "label": task.label,
        "source": task.source.id,
        "items": [_item_document(each) for each in task.items],
        "options": task.options,
        "filter_rules": [to_record(each) for each in task.filter_rules],
        "delete_options": to_record(task.delete_options),
        "status": task.status.value if task.is_final else "ACTIVE",
        "request_time": task.request_time,
        "deadline": task.deadline,
        "deadline_is_fixed": task.deadline_is_fixed,
    }
    if task.destination is not None:
        document["destination"] = task.destination.id
    if task.is_final:
        document |= {
            "start_time": task.start_time if task.start_time is not None else task.request_time,
            "completion_time": task.completion_time,
            "counts": to_record(task.counts),
            "events": [to_record(each) for each in task.events],
            "successful": [to_record(each) for each in task.successful],
            "skipped": [to_record(each) for each in task.skipped],
        }
        if task.fatal_error is not None:
            document["fatal_error"] = {"code": task.fatal_error[0], "description": task.fatal_error[1]}
    return document


def _collection(state: TransferState, fields: Fields, name: str) -> Collection:
    found = state.collections.get(fields.required(name, UUID))
    if found is None:
        raise ControlError.invalid_field(f"tasks.{name}", "the id of a collection")
    return found


def _item(fields: Fields) -> Item:
    try:
        source, destination = (paths.parse(fields.optional(name, TEXT, "/")) for name in ("source", "destination"))
    except PathError as error:
        raise ControlError(400, "INVALID_FIELD", f"Invalid path in a task: {error}") from None
    return from_record(Item, fields, source=source, destination=destination)


def _item_document(item: Item) -> Document:
    document = {**to_record(item), "source": paths.joined(item.source)}
    return document | ({"destination": paths.joined(item.destination)} if item.destination else {})

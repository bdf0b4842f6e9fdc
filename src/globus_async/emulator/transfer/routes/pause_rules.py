"""Pause rules on collections, for all identities or for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...kit.fields import BOOLEAN, TEXT, TIME
from ...kit.ids import new_id
from ..documents import pause_rule_document, result_document
from ..errors import TransferError
from ..models import Collection, PauseRule
from ..permissions import effective_roles, may_monitor, require_role

if TYPE_CHECKING:
    from ...kit.request import Request
    from ...kit.service import Document, RouteTable
    from ..state import TransferState

__all__ = (
    "ROUTES",
    "create_pause_rule",
    "delete_pause_rule",
    "get_pause_rule",
    "pause_rule_list",
    "update_pause_rule",
)

_PAUSES: Final = (
    "pause_ls",
    "pause_mkdir",
    "pause_rename",
    "pause_symlink",
    "pause_task_delete",
    "pause_task_transfer_read",
    "pause_task_transfer_write",
)


async def pause_rule_list(state: TransferState, request: Request) -> Document:
    """List the pause rules on collections that the caller monitors."""
    endpoint, host = request.parameter("filter_endpoint"), request.parameter("filter_host_endpoint")
    for name in (endpoint, host):
        if name is not None:
            require_role(state, state.collection(name), request.caller, "activity_monitor")
    documents = [
        _document(state, request, rule)
        for rule in state.pause_rules.values()
        if (collection := state.collections.get(rule.endpoint_id)) is not None
        and may_monitor(state, collection, request.caller.identity_ids)
        and endpoint in {None, collection.id}
        and host in {None, collection.host.id if collection.host else None}
    ]
    return {"DATA_TYPE": "pause_rule_list", "DATA": documents}


async def create_pause_rule(state: TransferState, request: Request) -> Document:
    """Create a pause rule."""
    fields = request.fields()
    collection = state.collection(fields.required("endpoint_id", TEXT))
    require_role(state, collection, request.caller, "activity_manager")
    rule = PauseRule(
        id=new_id(),
        endpoint_id=collection.id,
        message=fields.required("message", TEXT),
        identity_id=fields.optional("identity_id", TEXT),
        start_time=fields.optional("start_time", TEXT),
        starts_at=fields.optional("start_time", TIME, 0.0),
        modified_by_id=request.caller.identity_id,
        created_by_host_manager=_is_host_manager(state, request, collection),
        pauses={name: fields.optional(name, BOOLEAN, default=True) for name in _PAUSES},
    )
    state.pause_rules[rule.id] = rule
    state.task_control.update_pauses()
    return _document(state, request, rule)


async def get_pause_rule(state: TransferState, request: Request) -> Document:
    """Read a pause rule."""
    return _document(state, request, _rule(state, request, "activity_monitor"))


async def update_pause_rule(state: TransferState, request: Request) -> Document:
    """Change the message of a pause rule, or the operations that it pauses; other members are ignored."""
    rule, fields = _rule(state, request, "activity_manager"), request.fields()
    rule.message = fields.optional("message", TEXT) or rule.message
    rule.pauses = {name: fields.optional(name, BOOLEAN, rule.pauses[name]) for name in _PAUSES}
    rule.modified_by_id = request.caller.identity_id
    state.task_control.update_pauses()
    return _document(state, request, rule)


async def delete_pause_rule(state: TransferState, request: Request) -> Document:
    """Delete a pause rule."""
    rule = _rule(state, request, "activity_manager")
    del state.pause_rules[rule.id]
    state.task_control.update_pauses()
    return result_document(request, "Deleted", f"Pause rule '{rule.id}' deleted successfully")


def _rule(state: TransferState, request: Request, role: str) -> PauseRule:
    rule = state.pause_rules.get(request.path_id("pause_rule_id").lower())
    if rule is None:
        raise TransferError(404, "PauseRuleNotFound", f"No such pause rule '{request.path_id('pause_rule_id')}'")
    require_role(state, state.collection(rule.endpoint_id), request.caller, role)
    return rule


def _document(state: TransferState, request: Request, rule: PauseRule) -> Document:
    collection = state.collections.get(rule.endpoint_id)
    roles = effective_roles(state, collection, request.caller.identity_ids) if collection else ()
    return pause_rule_document(state, rule, editable="activity_manager" in roles)


def _is_host_manager(state: TransferState, request: Request, collection: Collection) -> bool:
    host = collection.host
    return host is not None and "activity_manager" in effective_roles(state, host, request.caller.identity_ids)


ROUTES: Final[RouteTable[TransferState]] = (
    ("GET", "/endpoint_manager/pause_rule_list", pause_rule_list),
    ("POST", "/endpoint_manager/pause_rule", create_pause_rule),
    ("GET", "/endpoint_manager/pause_rule/{pause_rule_id}", get_pause_rule),
    ("PUT", "/endpoint_manager/pause_rule/{pause_rule_id}", update_pause_rule),
    ("DELETE", "/endpoint_manager/pause_rule/{pause_rule_id}", delete_pause_rule),
)

"""Pause rules: what managers stop on a collection, for all or for one identity."""

from __future__ import annotations

import uuid
from typing import Final

from ..call import Call, RouteTable, bool_member, required_text, result, text_member
from ..documents import pause_rule_document
from ..errors import ServiceError
from ..models import Collection, Document, PauseRule
from ..permissions import effective_roles, may_monitor, require_role
from ..state import parse_time

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


async def pause_rule_list(call: Call) -> Document:
    """List the rules on collections the caller monitors."""
    endpoint, host = call.query("filter_endpoint"), call.query("filter_host_endpoint")
    for name in (endpoint, host):
        if name is not None:
            require_role(call.state, call.state.collection(name), call.caller, "activity_monitor")
    documents = [
        _document(call, rule)
        for rule in call.state.pause_rules.values()
        if (collection := call.state.collections.get(rule.endpoint_id)) is not None
        and may_monitor(call.state, collection, call.caller.identity_ids)
        and endpoint in {None, collection.id}
        and host in {None, collection.host.id if collection.host else None}
    ]
    return {"DATA_TYPE": "pause_rule_list", "DATA": documents}


async def create_pause_rule(call: Call) -> Document:
    """Stop something."""
    document = call.document()
    collection = call.state.collection(required_text(document, "endpoint_id"))
    require_role(call.state, collection, call.caller, "activity_manager")
    start = text_member(document, "start_time")
    rule = PauseRule(
        id=str(uuid.uuid4()),
        endpoint_id=collection.id,
        message=required_text(document, "message"),
        identity_id=text_member(document, "identity_id"),
        start_time=start,
        starts_at=_start(start),
        modified_by_id=call.caller.identity_id,
        created_by_host_manager=_is_host_manager(call, collection),
        pauses={name: bool_member(document, name, default=True) for name in _PAUSES},
    )
    call.state.pause_rules[rule.id] = rule
    call.task_runner.update_pauses()
    return _document(call, rule)


async def get_pause_rule(call: Call) -> Document:
    """Read a rule."""
    return _document(call, _rule(call, "activity_monitor"))


async def update_pause_rule(call: Call) -> Document:
    """Change the message of a rule, or what it stops; the rest is ignored."""
    rule, document = _rule(call, "activity_manager"), call.document()
    rule.message = text_member(document, "message") or rule.message
    rule.pauses = {name: bool_member(document, name, default=rule.pauses[name]) for name in _PAUSES}
    rule.modified_by_id = call.caller.identity_id
    call.task_runner.update_pauses()
    return _document(call, rule)


async def delete_pause_rule(call: Call) -> Document:
    """Let go on."""
    rule = _rule(call, "activity_manager")
    del call.state.pause_rules[rule.id]
    call.task_runner.update_pauses()
    return result(call, "Deleted", f"Pause rule '{rule.id}' deleted successfully")


def _start(text: str | None) -> float:
    try:
        return parse_time(text) if text is not None else 0.0
    except ValueError:
        raise ServiceError(400, "BadRequest", f"Invalid start_time '{text}': an ISO 8601 time is required") from None


def _rule(call: Call, role: str) -> PauseRule:
    rule = call.state.pause_rules.get(call.id("pause_rule_id").lower())
    if rule is None:
        raise ServiceError(404, "PauseRuleNotFound", f"No such pause rule '{call.id('pause_rule_id')}'")
    require_role(call.state, call.state.collection(rule.endpoint_id), call.caller, role)
    return rule


def _document(call: Call, rule: PauseRule) -> Document:
    collection = call.state.collections.get(rule.endpoint_id)
    roles = effective_roles(call.state, collection, call.caller.identity_ids) if collection else ()
    return pause_rule_document(call.state, rule, editable="activity_manager" in roles)


def _is_host_manager(call: Call, collection: Collection) -> bool:
    host = collection.host
    return host is not None and "activity_manager" in effective_roles(call.state, host, call.caller.identity_ids)


ROUTES: Final[RouteTable] = (
    ("GET", "/endpoint_manager/pause_rule_list", pause_rule_list),
    ("POST", "/endpoint_manager/pause_rule", create_pause_rule),
    ("GET", "/endpoint_manager/pause_rule/{pause_rule_id}", get_pause_rule),
    ("PUT", "/endpoint_manager/pause_rule/{pause_rule_id}", update_pause_rule),
    ("DELETE", "/endpoint_manager/pause_rule/{pause_rule_id}", delete_pause_rule),
)

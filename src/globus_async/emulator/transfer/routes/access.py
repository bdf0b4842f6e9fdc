"""Access rules: who may read and write where on a guest collection."""

from __future__ import annotations

import uuid
from typing import Final

from ..call import Call, RouteTable, required_text, result, text_member
from ..documents import access_document, implied_access_documents
from ..errors import ServiceError
from ..models import AccessRule, Collection, Document
from ..permissions import require_role
from ..state import parse_time
from ..storage import paths
from .files import parse

__all__ = (
    "ROUTES",
    "access_list",
    "access_list_document",
    "create_access",
    "delete_access",
    "get_access",
    "update_access",
)

_PRINCIPAL_TYPES: Final = ("identity", "group", "all_authenticated_users", "anonymous")


async def access_list(call: Call) -> Document:
    """List rules, and the access that follows from roles."""
    return access_list_document(_managed(call))


def access_list_document(collection: Collection) -> Document:
    """Make the list of a collection's rules."""
    documents = [*implied_access_documents(collection), *(access_document(rule) for rule in collection.rules.values())]
    return {"DATA_TYPE": "access_list", "length": len(documents), "endpoint": collection.id, "DATA": documents}


async def get_access(call: Call) -> Document:
    """Read a rule."""
    return access_document(_rule(call, _managed(call)))


async def create_access(call: Call) -> Document:
    """Add a rule."""
    collection, document = _managed(call), call.document()
    principal_type, permissions = required_text(document, "principal_type"), _permissions(document)
    if principal_type not in _PRINCIPAL_TYPES:
        raise ServiceError(400, "BadRequest", f"Invalid principal_type '{principal_type}'")
    principal = text_member(document, "principal") or ""
    if principal_type in {"identity", "group"}:
        try:
            principal = str(uuid.UUID(principal))
        except ValueError:
            raise ServiceError(400, "BadRequest", f"Invalid principal '{principal}': a UUID is required") from None
    elif principal:
        raise ServiceError(400, "BadRequest", f"The principal must be empty with principal_type '{principal_type}'")
    if principal_type == "anonymous" and permissions == "rw" and collection.fields["disable_anonymous_writes"]:
        raise ServiceError(409, "Conflict", "Anonymous writes are disabled on this endpoint")
    path = required_text(document, "path")
    if not path.startswith("/"):
        raise ServiceError(400, "BadRequest", f"Invalid path '{path}': it must be absolute")
    path = paths.joined(parse(collection, path), directory=True)
    if any(
        (rule.principal_type, rule.principal, rule.path) == (principal_type, principal, path)
        for rule in collection.rules.values()
    ):
        raise ServiceError(409, "Exists", "An access rule for this principal and path already exists")
    if len(collection.rules) >= call.state.limits.access_rules:
        message = f"The endpoint has {len(collection.rules)} access rules, which is the maximum"
        raise ServiceError(409, "Conflict.LimitExceeded", message)
    rule = AccessRule(str(uuid.uuid4()), principal_type, principal, path, permissions, call.state.now())
    _set_expiry(rule, document, call.state.now())
    collection.rules[rule.id] = rule
    message = "Access rule created successfully."
    return result(call, "Created", message, data_type="access_create_result", access_id=rule.id)


async def update_access(call: Call) -> Document:
    """Change what a rule permits, or when it ends; the rest of a rule is fixed."""
    rule, document = _rule(call, _managed(call)), call.document()
    if "permissions" not in document and "expiration_date" not in document:
        raise ServiceError(400, "BadRequest", "Only permissions and expiration_date can be updated")
    if "permissions" in document:
        rule.permissions = _permissions(document)
    _set_expiry(rule, document, call.state.now())
    return result(call, "Updated", f"Access rule '{rule.id}' updated successfully")


async def delete_access(call: Call) -> Document:
    """Take a rule away."""
    collection = _managed(call)
    rule = _rule(call, collection)
    del collection.rules[rule.id]
    return result(call, "Deleted", f"Access rule '{rule.id}' deleted successfully")


def _permissions(document: Document) -> str:
    permissions = required_text(document, "permissions")
    if permissions not in {"r", "rw"}:
        raise ServiceError(400, "BadRequest", f"Invalid permissions '{permissions}': r or rw is required")
    return permissions


def _set_expiry(rule: AccessRule, document: Document, now: float) -> None:
    if "expiration_date" not in document:
        return
    text = text_member(document, "expiration_date")
    if text is None:
        rule.expiration_date = rule.expires_at = None
        return
    try:
        moment = parse_time(text)
    except ValueError:
        raise ServiceError(
            400, "BadRequest", f"Invalid expiration_date '{text}': an ISO 8601 time is required"
        ) from None
    if moment <= now:
        raise ServiceError(400, "BadRequest", f"Invalid expiration_date '{text}': it is in the past")
    rule.expiration_date, rule.expires_at = text, moment


def _managed(call: Call) -> Collection:
    """Find a collection with rules that the caller manages."""
    collection = call.collection()
    require_role(call.state, collection, call.caller, "administrator", "access_manager")
    if not collection.is_guest:
        raise ServiceError(409, "Conflict", f"Access rules are not available on endpoint '{collection.id}'")
    return collection


def _rule(call: Call, collection: Collection) -> AccessRule:
    rule = collection.rules.get(call.id("rule_id"))
    if rule is None:
        raise ServiceError(404, "AccessRuleNotFound", f"No such access rule '{call.id('rule_id')}'")
    return rule


ROUTES: Final[RouteTable] = (
    ("GET", "/endpoint/{endpoint_id}/access_list", access_list),
    ("POST", "/endpoint/{endpoint_id}/access", create_access),
    ("GET", "/endpoint/{endpoint_id}/access/{rule_id}", get_access),
    ("PUT", "/endpoint/{endpoint_id}/access/{rule_id}", update_access),
    ("DELETE", "/endpoint/{endpoint_id}/access/{rule_id}", delete_access),
)

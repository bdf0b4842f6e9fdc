"""Access rules of guest collections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...kit.fields import TEXT, TIME, UUID, choice
from ...kit.ids import new_id
from ..documents import access_document, implied_access_documents, result_document
from ..errors import TransferError
from ..models import AccessRule, Collection
from ..permissions import require_role
from ..storage import paths
from .files import parse_path

if TYPE_CHECKING:
    from ...kit.fields import Fields
    from ...kit.request import Request
    from ...kit.service import Document, RouteTable
    from ..state import TransferState

__all__ = (
    "ROUTES",
    "access_list",
    "access_list_document",
    "create_access",
    "delete_access",
    "get_access",
    "update_access",
)

_PRINCIPAL_TYPE: Final = choice("identity", "group", "all_authenticated_users", "anonymous")
_PERMISSIONS: Final = choice("r", "rw")


async def access_list(state: TransferState, request: Request) -> Document:
    """List access rules, and the access implied by roles."""
    return access_list_document(_managed_collection(state, request))


def access_list_document(collection: Collection) -> Document:
    """Make the list of the access rules of a collection."""
    documents = [*implied_access_documents(collection), *(access_document(rule) for rule in collection.rules.values())]
    return {"DATA_TYPE": "access_list", "length": len(documents), "endpoint": collection.id, "DATA": documents}


async def get_access(state: TransferState, request: Request) -> Document:
    """Read an access rule."""
    return access_document(_rule(request, _managed_collection(state, request)))


async def create_access(state: TransferState, request: Request) -> Document:
    """Create an access rule."""
    collection, fields = _managed_collection(state, request), request.fields()
    principal_type = fields.required("principal_type", _PRINCIPAL_TYPE)
    permissions = fields.required("permissions", _PERMISSIONS)
    principal = ""
    if principal_type in {"identity", "group"}:
        principal = fields.required("principal", UUID)
    elif fields.optional("principal", TEXT):
        raise TransferError(400, "BadRequest", f"The principal must be empty with principal_type '{principal_type}'")
    if principal_type == "anonymous" and permissions == "rw" and collection.fields["disable_anonymous_writes"]:
        raise TransferError(409, "Conflict", "Anonymous writes are disabled on this endpoint")
    path = fields.required("path", TEXT)
    if not path.startswith("/"):
        raise TransferError(400, "BadRequest", f"Invalid path '{path}': it must be absolute")
    path = paths.joined(parse_path(collection, path), directory=True)
    if any(
        (rule.principal_type, rule.principal, rule.path) == (principal_type, principal, path)
        for rule in collection.rules.values()
    ):
        raise TransferError(409, "Exists", "An access rule for this principal and path already exists")
    if len(collection.rules) >= state.limits.access_rules:
        message = f"The endpoint has {len(collection.rules)} access rules, which is the maximum"
        raise TransferError(409, "Conflict.LimitExceeded", message)
    rule = AccessRule(new_id(), principal_type, principal, path, permissions, state.now())
    _set_expiration(rule, fields, state.now())
    collection.rules[rule.id] = rule
    message = "Access rule created successfully."
    return result_document(request, "Created", message, data_type="access_create_result", access_id=rule.id)


async def update_access(state: TransferState, request: Request) -> Document:
    """Change the permissions or the expiration date of an access rule."""
    rule, fields = _rule(request, _managed_collection(state, request)), request.fields()
    if "permissions" not in fields and "expiration_date" not in fields:
        raise TransferError(400, "BadRequest", "Only permissions and expiration_date can be updated")
    permissions = fields.required("permissions", _PERMISSIONS) if "permissions" in fields else rule.permissions
    _set_expiration(rule, fields, state.now())
    rule.permissions = permissions
    return result_document(request, "Updated", f"Access rule '{rule.id}' updated successfully")


async def delete_access(state: TransferState, request: Request) -> Document:
    """Delete an access rule."""
    collection = _managed_collection(state, request)
    rule = _rule(request, collection)
    del collection.rules[rule.id]
    return result_document(request, "Deleted", f"Access rule '{rule.id}' deleted successfully")


def _set_expiration(rule: AccessRule, fields: Fields, now: float) -> None:
    if "expiration_date" not in fields:
        return
    expires_at = fields.optional("expiration_date", TIME)
    if expires_at is not None and expires_at <= now:
        text = fields["expiration_date"]
        raise TransferError(400, "BadRequest", f"Invalid expiration_date '{text}': it is in the past")
    rule.expires_at = expires_at
    rule.expiration_date = fields.optional("expiration_date", TEXT)


def _managed_collection(state: TransferState, request: Request) -> Collection:
    """Return a guest collection whose access rules the caller manages."""
    collection = state.collection(request.path_id("endpoint_id"))
    require_role(state, collection, request.caller, "administrator", "access_manager")
    if not collection.is_guest:
        raise TransferError(409, "Conflict", f"Access rules are not available on endpoint '{collection.id}'")
    return collection


def _rule(request: Request, collection: Collection) -> AccessRule:
    rule = collection.rules.get(request.path_id("rule_id"))
    if rule is None:
        raise TransferError(404, "AccessRuleNotFound", f"No such access rule '{request.path_id('rule_id')}'")
    return rule


ROUTES: Final[RouteTable[TransferState]] = (
    ("GET", "/endpoint/{endpoint_id}/access_list", access_list),
    ("POST", "/endpoint/{endpoint_id}/access", create_access),
    ("GET", "/endpoint/{endpoint_id}/access/{rule_id}", get_access),
    ("PUT", "/endpoint/{endpoint_id}/access/{rule_id}", update_access),
    ("DELETE", "/endpoint/{endpoint_id}/access/{rule_id}", delete_access),
)

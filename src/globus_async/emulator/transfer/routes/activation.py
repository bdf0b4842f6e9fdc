"""Activation of endpoints with the credentials of a user (historic)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...kit.fields import TEXT
from ..documents import format_file_time, result_document
from ..errors import TransferError
from ..permissions import check_visible, is_activated

if TYPE_CHECKING:
    from ...kit.request import Request
    from ...kit.service import Document, RouteTable
    from ..models import Collection
    from ..state import TransferState

__all__ = (
    "ROUTES",
    "activate",
    "activation_requirements",
    "autoactivate",
    "deactivate",
)

_LIFETIME: Final = 12 * 3600
"""Seconds until an activation expires."""


async def autoactivate(state: TransferState, request: Request) -> Document:
    """Activate without credentials from the user; the result is in the code, the status is always 200."""
    collection = _collection(state, request)
    min_expires_in = request.integer("if_expires_in", 0, maximum=1 << 40)
    if not collection.needs_activation:
        is_known = request.caller.identity_id in collection.activated_until
        collection.activated_until[request.caller.identity_id] = float("inf")
        code = "AlreadyActivated" if is_known else "AutoActivated.GlobusOnlineCredential"
        return _activation_result(
            state, request, collection, code, "The endpoint was activated successfully", expires_in=-1
        )
    expires_in = collection.activated_until.get(request.caller.identity_id, 0.0) - state.now()
    if is_activated(state, collection, request.caller.identity_id) and expires_in >= min_expires_in:
        return _activation_result(
            state, request, collection, "AlreadyActivated", "Endpoint is already activated", expires_in=int(expires_in)
        )
    message = (
        "The endpoint could not be auto-activated, fill in the returned activation requirements and POST them back"
    )
    return _activation_result(state, request, collection, "AutoActivationFailed", message, expires_in=0)


async def activate(state: TransferState, request: Request) -> Document:
    """Activate with credentials."""
    collection, entries = _collection(state, request), request.fields().objects("DATA") or []
    values = {entry.required("name", TEXT): entry.optional("value", TEXT) for entry in entries}
    missing = [
        entry["name"] for entry in _requirements(collection) if entry["required"] and not values.get(entry["name"])
    ]
    if missing:
        raise TransferError(400, "ClientError.BadRequest", f"Missing activation requirements: {', '.join(missing)}")
    collection.activated_until[request.caller.identity_id] = state.now() + _LIFETIME
    state.task_control.update_pauses()
    message = "Endpoint activated successfully"
    return _activation_result(state, request, collection, "Activated.MyProxyCredential", message, expires_in=_LIFETIME)


async def deactivate(state: TransferState, request: Request) -> Document:
    """Deactivate the endpoint for the caller."""
    collection = _collection(state, request)
    collection.activated_until.pop(request.caller.identity_id, None)
    state.task_control.update_pauses()
    return result_document(request, "Deactivated", "The endpoint was deactivated successfully")


async def activation_requirements(state: TransferState, request: Request) -> Document:
    """List the requirements of an activation."""
    collection = _collection(state, request)
    requirements = _requirements(collection)
    until = collection.activated_until.get(request.caller.identity_id, 0.0)
    activated = not collection.needs_activation or is_activated(state, collection, request.caller.identity_id)
    return {
        "DATA_TYPE": "activation_requirements",
        "activated": activated,
        "auto_activation_supported": not collection.needs_activation,
        "expires_in": -1 if not collection.needs_activation else max(0, int(until - state.now())),
        "expire_time": format_file_time(until) if collection.needs_activation and until else None,
        "length": len(requirements),
        "oauth_server": collection.fields["oauth_server"],
        "DATA": requirements,
    }


def _activation_result(
    state: TransferState, request: Request, collection: Collection, code: str, message: str, *, expires_in: int
) -> Document:
    requirements = _requirements(collection) if code == "AutoActivationFailed" else []
    return result_document(
        request,
        code,
        message,
        data_type="activation_result",
        endpoint=collection.id,
        expires_in=expires_in,
        expire_time=format_file_time(state.now() + expires_in) if expires_in > 0 else None,
        length=len(requirements),
        DATA=requirements,
        oauth_server=collection.fields["oauth_server"],
        subject=None,
    )


def _requirements(collection: Collection) -> list[Document]:
    if not collection.needs_activation:
        return []
    fields = (
        ("hostname", "MyProxy Server", False, collection.fields["myproxy_server"]),
        ("username", "Username", False, None),
        ("passphrase", "Passphrase", True, None),
    )
    return [
        {
            "DATA_TYPE": "activation_requirement",
            "type": "myproxy",
            "name": name,
            "ui_name": ui_name,
            "description": f"The {ui_name} to get a credential with",
            "private": private,
            "required": True,
            "value": value,
        }
        for name, ui_name, private, value in fields
    ]


def _collection(state: TransferState, request: Request) -> Collection:
    collection = state.collection(request.path_id("endpoint_id"))
    check_visible(state, collection, request.caller)
    return collection


ROUTES: Final[RouteTable[TransferState]] = (
    ("POST", "/endpoint/{endpoint_id}/autoactivate", autoactivate),
    ("POST", "/endpoint/{endpoint_id}/activate", activate),
    ("POST", "/endpoint/{endpoint_id}/deactivate", deactivate),
    ("GET", "/endpoint/{endpoint_id}/activation_requirements", activation_requirements),
)

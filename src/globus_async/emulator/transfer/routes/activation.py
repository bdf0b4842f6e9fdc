"""Activation (historic): endpoints once needed credentials of each user, and clients still ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..call import Call, RouteTable, result
from ..errors import ServiceError
from ..permissions import check_visible, is_activated
from ..state import format_file_time

if TYPE_CHECKING:
    from ..models import Collection, Document

__all__ = (
    "ROUTES",
    "activate",
    "activation_requirements",
    "autoactivate",
    "deactivate",
)

_HOURS: Final = 12


async def autoactivate(call: Call) -> Document:
    """Activate with what is at hand; says so in the code, the status is always 200."""
    collection = _visible(call)
    least = call.number("if_expires_in", 0, most=1 << 40)
    if not collection.needs_activation:
        seen = call.caller.identity_id in collection.activated_until
        collection.activated_until[call.caller.identity_id] = float("inf")
        code = "AlreadyActivated" if seen else "AutoActivated.GlobusOnlineCredential"
        return _activation_result(call, collection, code, "The endpoint was activated successfully", -1)
    left = collection.activated_until.get(call.caller.identity_id, 0.0) - call.state.now()
    if is_activated(call.state, collection, call.caller.identity_id) and left >= least:
        return _activation_result(call, collection, "AlreadyActivated", "Endpoint is already activated", int(left))
    message = (
        "The endpoint could not be auto-activated, fill in the returned activation requirements and POST them back"
    )
    return _activation_result(call, collection, "AutoActivationFailed", message, 0)


async def activate(call: Call) -> Document:
    """Activate with the requirements filled in."""
    collection, document = _visible(call), call.document()
    given = {str(entry.get("name")): entry.get("value") for entry in document.get("DATA") or ()}
    missing = [
        entry["name"] for entry in _requirements(collection) if entry["required"] and not given.get(entry["name"])
    ]
    if missing:
        raise ServiceError(400, "ClientError.BadRequest", f"Missing activation requirements: {', '.join(missing)}")
    lifetime = _HOURS * 3600
    collection.activated_until[call.caller.identity_id] = call.state.now() + lifetime
    call.task_runner.update_pauses()
    message = "Endpoint activated successfully"
    return _activation_result(call, collection, "Activated.MyProxyCredential", message, lifetime)


async def deactivate(call: Call) -> Document:
    """Forget the credentials."""
    collection = _visible(call)
    collection.activated_until.pop(call.caller.identity_id, None)
    call.task_runner.update_pauses()
    return result(call, "Deactivated", "The endpoint was deactivated successfully")


async def activation_requirements(call: Call) -> Document:
    """Tell what activating takes."""
    collection = _visible(call)
    requirements = _requirements(collection)
    until = collection.activated_until.get(call.caller.identity_id, 0.0)
    activated = not collection.needs_activation or is_activated(call.state, collection, call.caller.identity_id)
    return {
        "DATA_TYPE": "activation_requirements",
        "activated": activated,
        "auto_activation_supported": not collection.needs_activation,
        "expires_in": -1 if not collection.needs_activation else max(0, int(until - call.state.now())),
        "expire_time": format_file_time(until) if collection.needs_activation and until else None,
        "length": len(requirements),
        "oauth_server": collection.fields["oauth_server"],
        "DATA": requirements,
    }


def _activation_result(call: Call, collection: Collection, code: str, message: str, expires_in: int) -> Document:
    requirements = _requirements(collection) if code == "AutoActivationFailed" else []
    return result(
        call,
        code,
        message,
        data_type="activation_result",
        endpoint=collection.id,
        expires_in=expires_in,
        expire_time=format_file_time(call.state.now() + expires_in) if expires_in > 0 else None,
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


def _visible(call: Call) -> Collection:
    collection = call.collection()
    check_visible(call.state, collection, call.caller)
    return collection


ROUTES: Final[RouteTable] = (
    ("POST", "/endpoint/{endpoint_id}/autoactivate", autoactivate),
    ("POST", "/endpoint/{endpoint_id}/activate", activate),
    ("POST", "/endpoint/{endpoint_id}/deactivate", deactivate),
    ("GET", "/endpoint/{endpoint_id}/activation_requirements", activation_requirements),
)

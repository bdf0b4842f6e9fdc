"""Storage gateways."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from ...kit.ids import new_id
from ..accounts import mapping_errors
from ..call import call
from ..documents import gateway_document, paged, result
from ..errors import GCSError
from ..models import StorageGateway
from ..policies import check_gateway_policies
from ..schemas import GATEWAY, check_network_use

if TYPE_CHECKING:
    from starlette.responses import Response

    from ...kit.request import Request
    from ...kit.service import Document, RouteTable
    from ..call import Call
    from ..state import GCSState

__all__ = (
    "ROUTES",
    "create_gateway",
    "delete_gateway",
    "get_gateway",
    "list_gateways",
    "replace_gateway",
    "update_gateway",
)

_ALIASES: Final = {
    "authentication_assurance_timeout": "authentication_timeout_mins",
    "require_high_assurance": "high_assurance",
}


def _checked(call: Call, before: Document, *, whole: bool, connector_id: str | None = None) -> Document:
    """Return the members of a gateway after a change; those before it are none of a new one, or a replaced one."""
    fields = call.checked(GATEWAY, whole=whole)
    for alias, name in _ALIASES.items():
        if alias in fields:
            fields.setdefault(name, fields[alias])
            del fields[alias]
    if errors := mapping_errors(fields.get("identity_mappings") or ()):
        raise GCSError.invalid(errors)
    if fields.get("policies") is not None:
        check_gateway_policies(fields["policies"], fields.get("connector_id", connector_id))
    if connector_id is not None and fields.get("connector_id", connector_id) != connector_id:
        raise GCSError.invalid(["'connector_id' cannot be changed"])
    fields = {**before, **fields}
    check_network_use(fields)
    if fields.get("require_mfa") and not fields.get("high_assurance"):
        raise GCSError.invalid(["'require_mfa': a storage gateway of high assurance is required"])
    return fields


async def list_gateways(state: GCSState, request: Request) -> Response:
    """List the storage gateways."""
    this = call(state, request)
    private = this.has_private_policies()
    return paged(request, this.endpoint.gateways.values(), partial(gateway_document, private=private))


async def create_gateway(state: GCSState, request: Request) -> Response:
    """Create a storage gateway, whose storage is empty and in memory."""
    this = call(state, request)
    this.require_admin("Could not create storage gateway. Insufficient permissions")
    fields = _checked(this, {}, whole=True)
    gateway = StorageGateway(new_id(), fields, state.collections.storage_of())
    this.endpoint.gateways[gateway.id] = gateway
    message = f"Created Storage Gateway {gateway.id}"
    return result([gateway_document(gateway, private=True)], status=201, message=message)


async def get_gateway(state: GCSState, request: Request) -> Response:
    """Return a storage gateway."""
    this = call(state, request)
    return result([gateway_document(this.gateway(), private=this.has_private_policies())])


async def replace_gateway(state: GCSState, request: Request) -> Response:
    """Replace the document of a storage gateway."""
    return await _update(call(state, request), whole=True)


async def update_gateway(state: GCSState, request: Request) -> Response:
    """Change members of a storage gateway."""
    return await _update(call(state, request), whole=False)


async def _update(call: Call, *, whole: bool) -> Response:
    gateway = call.gateway()
    call.require_admin("Could not update storage gateway. Insufficient permissions")
    connector_id: str = gateway.fields["connector_id"]
    gateway.fields = _checked(call, {} if whole else gateway.fields, whole=whole, connector_id=connector_id)
    _publish(call, gateway)
    return result([gateway_document(gateway, private=True)], message=f"Updated Storage Gateway {gateway.id}")


def _publish(call: Call, gateway: StorageGateway) -> None:
    """Bring the collections of a gateway up to date, the mapped ones first."""
    own: list[Any] = [
        each for each in call.endpoint.collections.values() if each.fields["storage_gateway_id"] == gateway.id
    ]
    for each in sorted(own, key=lambda collection: bool(collection.is_guest)):
        call.state.put_collection(call.endpoint, each)


async def delete_gateway(state: GCSState, request: Request) -> Response:
    """Delete a storage gateway without collections, and its credentials."""
    this = call(state, request)
    gateway = this.gateway()
    this.require_admin("Could not delete storage gateway. Insufficient permissions")
    endpoint = this.endpoint
    if any(each.fields["storage_gateway_id"] == gateway.id for each in endpoint.collections.values()):
        raise GCSError(400, "bad_request", f"Storage gateway {gateway.id} has collections")
    for credential in list(endpoint.credentials.values()):
        if credential.fields["storage_gateway_id"] == gateway.id:
            del endpoint.credentials[credential.id]
    del endpoint.gateways[gateway.id]
    return result([{}], message=f"Deleted Storage Gateway {gateway.id}")


ROUTES: Final[RouteTable[GCSState]] = (
    ("GET", "/storage_gateways", list_gateways),
    ("POST", "/storage_gateways", create_gateway),
    ("GET", "/storage_gateways/{storage_gateway_id}", get_gateway),
    ("PUT", "/storage_gateways/{storage_gateway_id}", replace_gateway),
    ("PATCH", "/storage_gateways/{storage_gateway_id}", update_gateway),
    ("DELETE", "/storage_gateways/{storage_gateway_id}", delete_gateway),
)

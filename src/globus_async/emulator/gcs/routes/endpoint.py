"""The endpoint itself: information, document, owner, subscription and domain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ...kit.fields import BOOLEAN, TEXT, UUID
from ..call import call
from ..documents import domain_documents, endpoint_document, result
from ..errors import GCSError, missing_role
from ..schemas import DOMAIN_DOCUMENT, ENDPOINT, Schema, check_network_use, members
from ..state import API_VERSION, VERSION

if TYPE_CHECKING:
    from starlette.responses import Response

    from ...kit.request import Request
    from ...kit.service import RouteTable
    from ..call import Call
    from ..state import GCSState

__all__ = (
    "COLLECTION_OWNER",
    "CONNECTORS",
    "OWNER_STRING",
    "ROUTES",
    "VERIFIED",
    "checked_subscription",
    "delete_domain",
    "get_domain",
    "get_endpoint",
    "get_info",
    "replace_endpoint",
    "reset_owner_string",
    "set_domain",
    "set_owner",
    "set_owner_string",
    "set_subscription",
    "subscription_admin",
    "update_endpoint",
)

_OWNER: Final = Schema(
    "endpoint_owner", ("1.0.0",), members("identity_id", type=UUID, nullable=False), ("identity_id",)
)
COLLECTION_OWNER: Final = Schema(
    "collection_owner", ("1.0.0",), members("identity_id", type=UUID, nullable=False), ("identity_id",)
)
OWNER_STRING: Final = Schema(
    "owner_string", ("1.0.0",), members("identity_id", type=UUID, nullable=False), ("identity_id",)
)
VERIFIED: Final = Schema(
    "subscription_admin_verified",
    ("1.0.0",),
    members("subscription_admin_verified", type=BOOLEAN, nullable=False),
    ("subscription_admin_verified",),
)
_SUBSCRIPTION: Final = Schema(
    "endpoint_subscription", ("1.0.0",), members("subscription_id", type=TEXT), ("subscription_id",)
)


async def get_info(state: GCSState, request: Request) -> Response:
    """Return what clients need before they have a token; no credentials are required."""
    endpoint = state.endpoint_of(request)
    info = {
        "DATA_TYPE": "info#1.0.0",
        "api_version": API_VERSION,
        "client_id": endpoint.client_id,
        "domain_name": endpoint.host,
        "endpoint_id": endpoint.id,
        "manager_version": VERSION,
    }
    connectors = dict.fromkeys(each.fields["connector_id"] for each in endpoint.gateways.values())
    return result([info, *map(_connector, connectors)], version="1.1.0")


def _connector(connector_id: str) -> dict[str, Any]:
    name = CONNECTORS.get(connector_id, "Custom")
    return {"DATA_TYPE": "connector#1.1.0", "id": connector_id, "display_name": name, "is_baa": False, "is_ha": False}


async def get_endpoint(state: GCSState, request: Request) -> Response:
    """Return the document of the endpoint."""
    return result([endpoint_document(state, call(state, request).endpoint)])


async def replace_endpoint(state: GCSState, request: Request) -> Response:
    """Replace the document of the endpoint."""
    return await _update(call(state, request), whole=True)


async def update_endpoint(state: GCSState, request: Request) -> Response:
    """Change members of the endpoint."""
    return await _update(call(state, request), whole=False)


async def _update(call: Call, *, whole: bool) -> Response:
    call.require_admin("Could not update endpoint. Insufficient permissions")
    changes = call.checked(ENDPOINT, whole=whole)
    endpoint = call.endpoint
    if "subscription_id" in changes:
        changes["subscription_id"] = checked_subscription(call, changes["subscription_id"])
    kept = {name: endpoint.fields.get(name) for name in ("subscription_id", "gridftp_control_channel_port")}
    fields = {**kept, **changes} if whole else {**endpoint.fields, **changes}
    check_network_use(fields)
    endpoint.fields = fields
    call.state.put_endpoint(endpoint)
    shown = [endpoint_document(call.state, endpoint)] if "endpoint" in call.request.parameter_list("include") else []
    return result(shown, message=f"Updated Endpoint {endpoint.id}")


async def set_owner(state: GCSState, request: Request) -> Response:
    """Make another identity the owner of the endpoint; the owner may do so."""
    this = call(state, request)
    if "owner" not in this.roles():
        raise missing_role("Only the owner of the endpoint may change the owner", [(None, "owner")])
    this.endpoint.owner_id = this.checked(_OWNER)["identity_id"]
    state.put_endpoint(this.endpoint)
    return result(message=f"Updated owner of Endpoint {this.endpoint.id}")


async def set_owner_string(state: GCSState, request: Request) -> Response:
    """Show the username of an identity as the owner of the endpoint."""
    this = call(state, request)
    this.require_admin()
    identity_id = this.checked(OWNER_STRING)["identity_id"]
    if identity_id not in this.caller.identity_ids:
        raise GCSError.forbidden("The identity is none of yours", "id_not_in_identity_set")
    this.endpoint.owner_string = state.directory.username(identity_id)
    return result(message=f"Updated owner string of Endpoint {this.endpoint.id}")


async def reset_owner_string(state: GCSState, request: Request) -> Response:
    """Show the client of the Manager as the owner of the endpoint again."""
    this = call(state, request)
    this.require_admin()
    this.endpoint.owner_string = None
    return result(message=f"Reset owner string of Endpoint {this.endpoint.id}")


async def set_subscription(state: GCSState, request: Request) -> Response:
    """Assign the endpoint to a subscription, or to none."""
    this = call(state, request)
    wanted: str | None = this.checked(_SUBSCRIPTION)["subscription_id"]
    subscription_id = checked_subscription(this, wanted)
    if subscription_id != this.endpoint.fields.get("subscription_id"):
        for each in this.endpoint.collections.values():
            each.verified = False
    this.endpoint.fields["subscription_id"] = subscription_id
    state.put_endpoint(this.endpoint)
    return result(message=f"Updated Endpoint {this.endpoint.id}")


def checked_subscription(call: Call, subscription_id: str | None) -> str | None:
    """
    Return the subscription that the caller names, or the only one of ``DEFAULT``.

    Raises:
        GCSError: 403, the caller does not administer it; 400, there is no default.
    """
    present = call.endpoint.fields.get("subscription_id")
    if subscription_id in {None, present}:
        if not call.is_admin and not subscription_admin(call, present):
            raise missing_role("Could not change the subscription. Insufficient permissions", [(None, "administrator")])
        return subscription_id
    ids = call.caller.identity_ids
    own = [
        each.id
        for each in call.state.directory.subscriptions.values()
        if any(each.has_admin(identity) for identity in sorted(ids))
    ]
    if subscription_id == "DEFAULT":
        if len(own) != 1:
            message = f"You manage {len(own)} subscriptions: name the one to use"
            raise GCSError(400, "bad_request", message)
        return own[0]
    if subscription_id not in own:
        raise GCSError.forbidden("You are not a manager of the subscription", "not_resource_owner")
    return subscription_id


def subscription_admin(call: Call, subscription_id: str | None) -> bool:
    """Return whether the caller administers a subscription."""
    subscription = call.state.directory.subscriptions.get(subscription_id or "")
    return subscription is not None and any(subscription.has_admin(each) for each in sorted(call.caller.identity_ids))


async def get_domain(state: GCSState, request: Request) -> Response:
    """Return the domain of the endpoint that was set; none if it has its first one."""
    this = call(state, request)
    this.require_admin()
    return result(domain_documents(this.endpoint.domain))


async def set_domain(state: GCSState, request: Request) -> Response:
    """Give the endpoint a domain of its own, by which its Manager is reached as well."""
    this = call(state, request)
    this.require_admin()
    domain = this.checked(DOMAIN_DOCUMENT)
    if state.user_of_host(domain["domain_name"]) not in {None, this.endpoint.id}:
        raise GCSError.invalid(["'domain_name': a domain that is not in use is required"])
    this.endpoint.domain = domain
    return result(domain_documents(domain), message=f"Updated domain of Endpoint {this.endpoint.id}")


async def delete_domain(state: GCSState, request: Request) -> Response:
    """Return to the first domain of the endpoint."""
    this = call(state, request)
    this.require_admin()
    this.endpoint.domain = None
    return result([{}], message=f"Deleted domain of Endpoint {this.endpoint.id}")


CONNECTORS: Final = {
    "7251f6c8-93c9-11eb-95ba-12704e0d6a4d": "ActiveScale",
    "9436da0c-a444-11eb-af93-12704e0d6a4d": "Azure Blob",
    "7e3f3f5e-350c-4717-891a-2f451c24b0d4": "BlackPearl",
    "7c100eae-40fe-11e9-95a3-9cb6d0d9fd63": "Box",
    "1b6374b0-f6a4-4cf7-a26f-f262d9c6ca72": "Ceph",
    "49b00fd6-63f1-48ae-b27f-d8af4589f876": "Dropbox",
    "56366b96-ac98-11e9-abac-9cb6d0d9fd63": "Google Cloud Storage",
    "976cf0cf-78c3-4aab-82d2-7c16adbcc281": "Google Drive",
    "fb656a17-0f69-4e59-95ff-d0a62ca7bdf5": "HPSS",
    "e47b6920-ff57-11ea-8aaa-000c297ab3c2": "iRODS",
    "28ef55da-1f97-11eb-bdfd-12704e0d6a4d": "OneDrive",
    "145812c8-decc-41f1-83cf-bb2a85a2a70b": "POSIX",
    "052be037-7dda-4d20-b163-3077314dc3e6": "POSIX Staging",
    "7643e831-5f6c-4b47-a07f-8ee90f401d23": "S3",
}
"""The names of connectors by id."""

ROUTES: Final[RouteTable[GCSState]] = (
    ("GET", "/info", get_info),
    ("GET", "/endpoint", get_endpoint),
    ("PUT", "/endpoint", replace_endpoint),
    ("PATCH", "/endpoint", update_endpoint),
    ("PUT", "/endpoint/owner", set_owner),
    ("PUT", "/endpoint/owner_string", set_owner_string),
    ("DELETE", "/endpoint/owner_string", reset_owner_string),
    ("PUT", "/endpoint/subscription_id", set_subscription),
    ("GET", "/endpoint/domain", get_domain),
    ("PUT", "/endpoint/domain", set_domain),
    ("DELETE", "/endpoint/domain", delete_domain),
)

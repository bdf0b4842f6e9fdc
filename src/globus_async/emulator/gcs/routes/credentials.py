"""Credentials of users on storage gateways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...kit.ids import new_id
from ..access import check_identity, check_session, checked_account
from ..call import call
from ..documents import credential_document, paged, result
from ..errors import GCSError, not_found
from ..models import Resource
from ..policies import check_credential_policies
from ..schemas import CREDENTIAL

if TYPE_CHECKING:
    from starlette.responses import Response

    from ...kit.request import Request
    from ...kit.service import Document, RouteTable
    from ..call import Call
    from ..state import GCSState

__all__ = (
    "ROUTES",
    "create_credential",
    "delete_credential",
    "get_credential",
    "list_credentials",
    "replace_credential",
    "update_credential",
)


async def list_credentials(state: GCSState, request: Request) -> Response:
    """List the caller's credentials."""
    this = call(state, request)
    gateway_id = request.parameter("storage_gateway")
    own = [
        each
        for each in this.endpoint.credentials.values()
        if each.fields["identity_id"] in this.caller.identity_ids
        and gateway_id in {None, each.fields["storage_gateway_id"]}
    ]
    return paged(request, own, credential_document)


async def create_credential(state: GCSState, request: Request) -> Response:
    """Create a credential of one of the caller's identities, for a local user that it is mapped to."""
    this = call(state, request)
    fields = _checked(this, this.checked(CREDENTIAL))
    credential = Resource(new_id(), fields)
    this.endpoint.credentials[credential.id] = credential
    shown = credential_document(credential)
    return result([shown], status=201, message=f"Created User Credential {credential.id}")


def _checked(call: Call, fields: Document) -> Document:
    gateway = call.endpoint.gateways.get(fields["storage_gateway_id"])
    if gateway is None:
        raise GCSError.invalid(["'storage_gateway_id': there is no such storage gateway"])
    identity_id = fields.setdefault("identity_id", call.caller.identity_id)
    check_identity(call, gateway, identity_id)
    check_session(call, gateway, identity_id)
    connector_id = gateway.fields["connector_id"]
    if fields.setdefault("connector_id", connector_id) != connector_id:
        raise GCSError.invalid(["'connector_id': that of the storage gateway is required"])
    fields["username"] = checked_account(call, gateway, identity_id, fields.get("username"))
    if fields.get("policies"):
        check_credential_policies(fields["policies"], connector_id)
    return fields


def _found(call: Call) -> Resource:
    credential: Resource = call.found(call.endpoint.credentials, "user_credential")
    if credential.fields["identity_id"] not in call.caller.identity_ids and not call.is_admin:
        raise not_found("user_credential", credential.id)
    return credential


async def get_credential(state: GCSState, request: Request) -> Response:
    """Return a credential."""
    return result([credential_document(_found(call(state, request)))])


async def replace_credential(state: GCSState, request: Request) -> Response:
    """Replace the document of a credential."""
    return _update(call(state, request), whole=True)


async def update_credential(state: GCSState, request: Request) -> Response:
    """Change members of a credential."""
    return _update(call(state, request), whole=False)


def _update(call: Call, *, whole: bool) -> Response:
    credential = _found(call)
    if credential.fields["identity_id"] not in call.caller.identity_ids:
        raise GCSError.forbidden("The credential is not yours", "not_resource_owner")
    changes = call.checked(CREDENTIAL, whole=whole)
    fixed = ("storage_gateway_id", "connector_id", "identity_id")
    if any(changes.get(each, credential.fields[each]) != credential.fields[each] for each in fixed):
        raise GCSError.invalid([f"'{each}' cannot be changed" for each in fixed if each in changes])
    kept = {name: credential.fields[name] for name in (*fixed, *(() if "username" in changes else ("username",)))}
    credential.fields = _checked(call, {**kept, **changes} if whole else {**credential.fields, **changes})
    return result([credential_document(credential)], message=f"Updated User Credential {credential.id}")


async def delete_credential(state: GCSState, request: Request) -> Response:
    """Delete a credential."""
    this = call(state, request)
    credential = _found(this)
    del this.endpoint.credentials[credential.id]
    return result([{}], message=f"Deleted User Credential {credential.id}")


ROUTES: Final[RouteTable[GCSState]] = (
    ("GET", "/user_credentials", list_credentials),
    ("POST", "/user_credentials", create_credential),
    ("GET", "/user_credentials/{user_credential_id}", get_credential),
    ("PUT", "/user_credentials/{user_credential_id}", replace_credential),
    ("PATCH", "/user_credentials/{user_credential_id}", update_credential),
    ("DELETE", "/user_credentials/{user_credential_id}", delete_credential),
)

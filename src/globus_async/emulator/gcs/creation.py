"""The checks of collections that are made or changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .access import check_data_access, check_identity, check_session, check_sharing_user
from .errors import GCSError
from .path_access import sharing_access
from .policies import check_collection_policies

if TYPE_CHECKING:
    from ..kit.service import Document
    from .call import Call
    from .models import ManagedCollection, StorageGateway

__all__ = ("check_collection", "checked_guest", "checked_mapped")

_OF_HIGH_ASSURANCE: Final = ("acl_expiration_mins", "guest_auth_policy_id", "restrict_transfers_to_high_assurance")
"""The members that only collections of high assurance have."""


def checked_mapped(call: Call, fields: Document) -> Document:
    """
    Return the members of a new mapped collection, which an administrator of the endpoint may make.

    Raises:
        GCSError: 403, 409 or 422, they are not allowed.
    """
    call.require_admin("Could not create collection. Insufficient permissions")
    gateway_id = fields.get("storage_gateway_id")
    if gateway_id is None:
        raise GCSError.missing_field("storage_gateway_id")
    gateway = call.endpoint.gateways.get(gateway_id)
    if gateway is None:
        raise GCSError.invalid(["'storage_gateway_id': there is no such storage gateway"])
    owner_id = fields.setdefault("identity_id", call.caller.identity_id)
    if owner_id not in call.caller.identity_ids:
        raise GCSError.forbidden("The identity is none of yours", "id_not_in_identity_set")
    check_collection(call, fields, gateway)
    name = fields.get("domain_name")
    user = None if name is None else call.state.user_of_host(call.endpoint.host_named(name))
    if user is not None:
        detail = {"DATA_TYPE": "resource_conflict#1.0.0", "resources": [user]}
        raise GCSError(409, "conflict", f"The domain name {name} is in use", detail=detail)
    return fields


def checked_guest(call: Call, fields: Document) -> Document:
    """
    Return the members of a new guest collection, which a user with a credential and the consent may make.

    Raises:
        GCSError: 401, 403, 404 or 422, they are not allowed.
    """
    errors = [
        f"'{each}' is a required property"
        for each in ("mapped_collection_id", "user_credential_id")
        if each not in fields
    ]
    if errors:
        raise GCSError.invalid(errors)
    mapped = call.collection(fields["mapped_collection_id"])
    if mapped.is_guest:
        raise GCSError.invalid(["'mapped_collection_id': a mapped collection is required"])
    gateway = call.endpoint.gateways[mapped.fields["storage_gateway_id"]]
    if fields.setdefault("storage_gateway_id", gateway.id) != gateway.id:
        raise GCSError.invalid(["'storage_gateway_id': that of the mapped collection is required"])
    check_data_access(call, mapped, gateway)
    if not mapped.fields.get("allow_guest_collections"):
        raise GCSError.forbidden(f"Collection {mapped.id} does not allow guest collections")
    owner_id = fields.setdefault("identity_id", call.caller.identity_id)
    check_identity(call, gateway, owner_id)
    check_session(call, gateway, owner_id)
    username = _check_credential(call, fields, mapped, gateway)
    path: str = fields["collection_base_path"]
    if sharing_access(call.endpoint, mapped, path, username) == "none":
        raise GCSError.forbidden(f"Guest collections may not be made at '{path}'")
    check_collection(call, fields, gateway)
    return fields


def _check_credential(call: Call, fields: Document, mapped: ManagedCollection, gateway: StorageGateway) -> str | None:
    """Return the local user of the credential, which may make guest collections."""
    credential = call.endpoint.credentials.get(fields["user_credential_id"])
    if credential is None or credential.fields["storage_gateway_id"] != gateway.id:
        account = {"identity_id": fields["identity_id"], "storage_gateway_id": gateway.id, "username": None}
        account["username"] = call.state.account(gateway, fields["identity_id"])
        message = "There is no such credential on the storage gateway"
        raise GCSError.forbidden(message, "credential_not_found", accounts=[account])
    if credential.fields["identity_id"] != fields["identity_id"]:
        message = "The credential is that of another identity"
        raise GCSError.forbidden(message, "invalid_credential", user_credential_id=credential.id)
    username: str | None = credential.fields.get("username")
    check_sharing_user(mapped, username)
    return username


def check_collection(call: Call, fields: Document, gateway: StorageGateway) -> None:
    """
    Check members of a collection that depend on other resources.

    Raises:
        GCSError: 403 or 422, they are not allowed.
    """
    if fields.get("policies"):
        check_collection_policies(fields["policies"], gateway.fields["connector_id"])
    name = fields.get("domain_name")
    if name is not None and "." in name and not name.endswith(f".{call.endpoint.host}"):
        raise GCSError.invalid([f"'domain_name': a host below {call.endpoint.host} is required"])
    mapped = call.endpoint.collections.get(fields.get("mapped_collection_id", ""))
    if mapped is not None and fields.get("enable_https") and mapped.fields.get("enable_https") is False:
        raise GCSError.invalid(["'enable_https': the mapped collection has no HTTPS access"])
    if fields.get("disable_verify") and fields.get("force_verify"):
        raise GCSError.invalid(["'force_verify' and 'disable_verify' exclude each other"])
    managed = [name for name in ("enable_https", "auto_delete_timeout") if fields.get(name)]
    if managed and call.endpoint.fields.get("subscription_id") is None and call.state.requires_subscriptions:
        message = f"'{managed[0]}' requires a subscription"
        raise GCSError.forbidden(message, "subscription_required", add_ons=[], subscription_level="standard")
    protected = [name for name in _OF_HIGH_ASSURANCE if fields.get(name) is not None]
    if protected and not gateway.fields.get("high_assurance"):
        raise GCSError.invalid([f"'{name}': a storage gateway of high assurance is required" for name in protected])

"""The documents of Managers, and their envelope."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, cast

from ..kit.paging import token_page
from ..kit.responses import json_response
from .models import DEFAULT_TIMEOUT
from .schemas import COLLECTION, CREDENTIAL, DOMAIN_DOCUMENT, ENDPOINT, GATEWAY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from starlette.responses import Response

    from ..kit.collections import RoleRecord
    from ..kit.request import Request
    from ..kit.service import Document
    from .models import Endpoint, ManagedCollection, Resource, StorageGateway
    from .state import GCSState

__all__ = (
    "collection_document",
    "created_date",
    "credential_document",
    "domain_documents",
    "endpoint_document",
    "gateway_document",
    "paged",
    "problem_of",
    "result",
    "role_document",
)

_PRIVATE_OF_COLLECTIONS: Final = (
    *("root_path", "policies", "sharing_restrict_paths", "sharing_users_allow", "sharing_users_deny"),
)
_PRIVATE_OF_GATEWAYS: Final = (
    *("identity_mappings", "policies", "restrict_paths", "users_allow", "users_deny", "process_user"),
    "load_dsi_module",
)
_SECRETS: Final = frozenset(
    {
        *("s3_secret_key", "access_token", "refresh_token", "secret", "service_account_key", "ceph_admin_secret_key"),
        *("private_key", "authenticator", "boxAppSettings"),
    }
)


def result(
    data: Sequence[Document] = (),
    *,
    status: int = 200,
    message: str = "Operation successful",
    marker: str | None = None,
    version: str = "1.0.0",
) -> Response:
    """
    Return the response with an envelope.

    Args:
        data: The documents.
        status: The HTTP status.
        message: The text for the user.
        marker: The marker of the next page.
        version: The version of the envelope.
    """
    envelope: Document = {
        "DATA_TYPE": f"result#{version}",
        "code": "success",
        "data": list(data),
        "detail": "success",
        "has_next_page": marker is not None,
        "http_response_code": status,
        "marker": marker or "",
        "message": message,
    }
    return json_response(envelope, status=status)


def paged(request: Request, resources: Iterable[Any], document: Callable[[Any], Document]) -> Response:
    """Return the page of resources that a request asks for, in the order of their ids."""
    entries = sorted(resources, key=lambda each: each.id)
    page, marker = token_page(
        request,
        entries,
        key=lambda each: str(each.id),
        token="marker",  # noqa: S106 -- the name of a parameter
        limit="page_size",
        default_limit=100,
        max_limit=1000,
    )
    return result([document(each) for each in page.entries], marker=marker)


def endpoint_document(state: GCSState, endpoint: Endpoint) -> Document:
    """Return the document of an endpoint."""
    accesses = [each.created for each in endpoint.collections.values()]
    return {
        **ENDPOINT.shown(endpoint.fields),
        "id": endpoint.id,
        "gcs_manager_url": state.platform.address_of(endpoint.host),
        "earliest_last_access": _date(min(accesses)) if accesses else None,
    }


def collection_document(
    state: GCSState, endpoint: Endpoint, collection: ManagedCollection, *, private: bool = False
) -> Document:
    """
    Return the document of a collection.

    Args:
        state: All endpoints.
        endpoint: The endpoint of the collection.
        collection: The collection.
        private: Whether to show the policies that only administrators see.
    """
    gateway = endpoint.gateways[collection.fields["storage_gateway_id"]]
    timeout = gateway.fields.get("authentication_timeout_mins") or DEFAULT_TIMEOUT
    high_assurance = bool(gateway.fields.get("high_assurance"))
    hidden = () if private else _PRIVATE_OF_COLLECTIONS
    document: Document = {
        **COLLECTION.shown(state.fields_of(endpoint, collection)),
        "id": collection.id,
        "domain_name": endpoint.domain_of(collection),
        "connector_id": gateway.fields["connector_id"],
        "manager_url": state.platform.address_of(endpoint.host),
        "https_url": state.collections.https_url(collection.id),
        "tlsftp_url": f"tlsftp://{endpoint.domain_of(collection)}:443",
        "root_path": endpoint.root_path(collection),
        "high_assurance": high_assurance,
        "require_high_assurance": high_assurance,
        "authentication_timeout_mins": timeout,
        "authentication_assurance_timeout": timeout,
        "require_mfa": bool(gateway.fields.get("require_mfa")),
        "created_at": created_date(collection),
        "last_access": created_date(collection),
        "deleted": False,
        "subscription_admin_verified": collection.verified,
    }
    if collection.domain is not None:
        document["domain"] = domain_documents(collection.domain)[0]
    return {name: value for name, value in document.items() if name not in hidden}


def problem_of(endpoint: Endpoint, collection: ManagedCollection) -> Document | None:
    """Return what is wrong with a collection: a guest collection without a credential; `None` if nothing is."""
    credential_id = collection.fields.get("user_credential_id")
    if not collection.is_guest or credential_id in endpoint.credentials:
        return None
    account = {"identity_id": collection.owner_id, "storage_gateway_id": collection.fields["storage_gateway_id"]}
    return {
        "DATA_TYPE": "collection_check#1.0.0",
        "id": collection.id,
        "message": f"The user credential {credential_id} was deleted",
        "error": {"DATA_TYPE": "credential_not_found#1.0.0", "accounts": [{**account, "username": None}]},
    }


def gateway_document(gateway: StorageGateway, *, private: bool = False) -> Document:
    """
    Return the document of a storage gateway.

    Args:
        gateway: The gateway.
        private: Whether to show the policies that only administrators see.
    """
    timeout = gateway.fields.get("authentication_timeout_mins") or DEFAULT_TIMEOUT
    high_assurance = bool(gateway.fields.get("high_assurance"))
    document = {
        **GATEWAY.shown(gateway.fields, without=() if private else _PRIVATE_OF_GATEWAYS),
        "id": gateway.id,
        "high_assurance": high_assurance,
        "require_high_assurance": high_assurance,
        "authentication_timeout_mins": timeout,
        "authentication_assurance_timeout": timeout,
        "deleted": False,
    }
    shown: Document = _without_secrets(document)
    return shown


def credential_document(credential: Resource) -> Document:
    """Return the document of a user credential, without its secrets."""
    fixed = {"id": credential.id, "invalid": False, "provisioned": False, "deleted": False, "home_directory": None}
    shown: Document = _without_secrets({**CREDENTIAL.shown(credential.fields), **fixed})
    return shown


def role_document(record: RoleRecord, collection_id: str | None) -> Document:
    """Return the document of a role on a collection, or on the endpoint."""
    prefix = "urn:globus:groups:id:" if record.is_group else "urn:globus:auth:identity:"
    return {
        "DATA_TYPE": "role#1.0.0",
        "id": record.id,
        "collection": collection_id,
        "principal": f"{prefix}{record.principal}",
        "role": record.role,
    }


def domain_documents(domain: Document | None) -> list[Document]:
    """Return the document of a domain, without its key; none if there is no domain."""
    return [] if domain is None else [_without_secrets(DOMAIN_DOCUMENT.shown(domain))]


def _without_secrets(value: Any) -> Any:
    """Return a document without members that are never shown."""
    match value:
        case dict():
            members = cast("dict[str, Any]", value)
            return {name: _without_secrets(each) for name, each in members.items() if name not in _SECRETS}
        case list():
            return [_without_secrets(each) for each in cast("Iterable[Any]", value)]
        case _:
            return value


def created_date(collection: ManagedCollection) -> str:
    """Return the day on which a collection was made, which counts as that of its last access, too."""
    return _date(collection.created)


def _date(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).date().isoformat()

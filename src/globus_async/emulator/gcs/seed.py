"""Endpoints in seed documents; their collections are in the section of Transfer, with their files, as well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..kit.errors import ErrorKind
from ..kit.fields import BOOLEAN, MOMENT, OBJECT, TEXT, UUID
from ..kit.ids import named_id
from ..kit.principals import identity_id, principal_name
from .errors import GCSError
from .models import Endpoint, ManagedCollection, Resource, StorageGateway
from .schemas import COLLECTION, CREDENTIAL, DOMAIN_DOCUMENT, ENDPOINT, GATEWAY, NODE, SHARING_POLICY, STREAM_GATEWAY

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from ..kit.fields import Fields
    from ..kit.service import Document
    from .schemas import Schema
    from .state import GCSState

__all__ = ("dump_endpoint", "load_endpoint")

_PLAIN: Final[Mapping[str, tuple[str, Schema, tuple[str, ...]]]] = {
    "nodes": ("nodes", NODE, NODE.required),
    "sharing_policies": ("sharing_policies", SHARING_POLICY, SHARING_POLICY.required),
    "stream_gateways": ("stream_gateways", STREAM_GATEWAY, STREAM_GATEWAY.required),
    "credentials": ("credentials", CREDENTIAL, ("storage_gateway_id", "identity_id", "connector_id")),
}
"""
The lists of resources without state beside their documents, with the attributes of an endpoint and the members that the
documents must have.
"""
_MEMBERS: Final = frozenset(
    {
        *("id", "client_id", "owner", "host", "document", "owner_string", "domain"),
        *("storage_gateways", "collections", *_PLAIN),
    }
)


def load_endpoint(state: GCSState, fields: Fields) -> None:
    """
    Add an endpoint of a seed document; its collections are those of the section ``collections`` with their ids.

    Raises:
        ServiceError: A member is missing, unknown or wrong.
    """
    fields.check_known(_MEMBERS)
    document = _document(fields, ENDPOINT, "document", {"display_name"})
    name = str(document["display_name"])
    endpoint = state.add_endpoint(
        owner=identity_id(state.directory, fields, "owner"),
        id=fields.optional("id", UUID, named_id("endpoint", name)),
        client_id=fields.optional("client_id", UUID),
        domain=fields.optional("host", TEXT),
        **document,
    )
    endpoint.owner_string, endpoint.domain = fields.nullable("owner_string", TEXT), _domain(fields)
    for member, (attribute, schema, required) in _PLAIN.items():
        for each in fields.objects(member) or ():
            each.check_known({"id", "document"})
            resource = Resource(each.required("id", UUID), _document(each, schema, "document", required))
            getattr(endpoint, attribute)[resource.id] = resource
    for each in fields.objects("storage_gateways") or ():
        each.check_known({"id", "document"})
        gateway = StorageGateway(each.required("id", UUID), _document(each, GATEWAY, "document", GATEWAY.required))
        endpoint.gateways[gateway.id] = gateway
    for each in fields.objects("collections") or ():
        collection = _collection(state, endpoint, each)
        endpoint.collections[collection.id] = collection
    for gateway in endpoint.gateways.values():
        _load_storage(state, endpoint, gateway)
    for collection in endpoint.collections.values():
        state.put_collection(endpoint, collection)


def _document(fields: Fields, schema: Schema, name: str, required: Collection[str], **kind: str) -> Document:
    document: dict[str, Any] = fields.required(name, OBJECT)
    try:
        found = schema.check({"DATA_TYPE": schema.newest, **document}, whole=False, **kind)
    except GCSError as error:
        detail: Any = error.detail
        problem = " ".join(detail["errors"][0].values())
        raise fields.errors.of_kind(ErrorKind.INVALID_FIELD, f"{name}: {problem}") from None
    for each in required:
        if found.get(each) is None:
            raise fields.errors.missing_field(f"{name}.{each}")
    return found


def _domain(fields: Fields) -> Document | None:
    if fields.nullable("domain", OBJECT) is None:
        return None
    return _document(fields, DOMAIN_DOCUMENT, "domain", {"domain_name"})


def _collection(state: GCSState, endpoint: Endpoint, fields: Fields) -> ManagedCollection:
    fields.check_known({"id", "document", "creator", "created", "domain", "owner_string", "verified"})
    collection_id = fields.required("id", UUID)
    kind = str(fields.object("document", required=True).required("collection_type", TEXT))
    required = (*COLLECTION.required, *(["mapped_collection_id", "user_credential_id"] if kind == "guest" else []))
    document = _document(fields, COLLECTION, "document", required, kind=kind)
    owner_is_known = document.get("identity_id") in state.directory.identities
    is_complete = document.get("storage_gateway_id") in endpoint.gateways and owner_is_known
    if collection_id not in state.collections or not is_complete:
        raise fields.errors.invalid_field("id", "a collection of the seed, with a gateway and an owner of the seed,")
    if kind == "guest" and document.get("mapped_collection_id") not in endpoint.collections:
        raise fields.errors.invalid_field("document.mapped_collection_id", "an earlier collection of the endpoint")
    return ManagedCollection(
        collection_id,
        document,
        identity_id(state.directory, fields, "creator"),
        fields.optional("created", MOMENT, state.now()),
        _domain(fields),
        fields.nullable("owner_string", TEXT),
        fields.optional("verified", BOOLEAN, default=False),
    )


def _load_storage(state: GCSState, endpoint: Endpoint, gateway: StorageGateway) -> None:
    """Let a gateway have the storage of a collection that shows all of it; else each collection keeps its own."""
    own = [
        each
        for each in endpoint.collections.values()
        if not each.is_guest and each.fields["storage_gateway_id"] == gateway.id
    ]
    whole = next((each for each in own if each.fields["collection_base_path"] == "/"), None)
    gateway.storage = state.collections.storage_of() if whole is None else state.collections.storage_at(whole.id)
    for each in own if whole is None else ():
        each.storage = state.collections.storage_at(each.id)


def dump_endpoint(state: GCSState, endpoint: Endpoint) -> Document:
    """Return the seed document of an endpoint; without LAN secrets, and logins that have not ended."""
    name: Callable[[str], str] = lambda each: principal_name(state.directory, each)  # noqa: E731 -- for two lines
    return {
        "id": endpoint.id,
        "client_id": endpoint.client_id,
        "owner": name(endpoint.owner_id),
        "host": endpoint.host,
        "document": endpoint.fields,
        **_given({"owner_string": endpoint.owner_string, "domain": endpoint.domain}),
        "storage_gateways": [_resource(each) for each in endpoint.gateways.values()],
        "collections": [
            {
                **_resource(each),
                "creator": name(each.creator_id),
                "created": each.created,
                **_given({"domain": each.domain, "owner_string": each.owner_string, "verified": each.verified}),
            }
            for each in endpoint.collections.values()
        ],
        **{
            member: [_resource(each) for each in getattr(endpoint, attribute).values()]
            for member, (attribute, *_) in _PLAIN.items()
        },
    }


def _resource(resource: Resource) -> Document:
    return {"id": resource.id, "document": resource.fields}


def _given(members: Document) -> Document:
    return {name: value for name, value in members.items() if value}

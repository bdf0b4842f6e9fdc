"""Collections: list, read, create, change and delete."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from ...kit.fields import UUID, list_of
from ..call import call
from ..collection_filters import collection_filter
from ..creation import check_collection, checked_guest, checked_mapped
from ..documents import collection_document, domain_documents, paged, problem_of, result
from ..errors import GCSError, missing_role
from ..schemas import COLLECTION, DOMAIN_DOCUMENT, Schema, members
from .endpoint import COLLECTION_OWNER, OWNER_STRING, VERIFIED, subscription_admin

if TYPE_CHECKING:
    from starlette.responses import Response

    from ...kit.request import Request
    from ...kit.service import Document, RouteTable
    from ..call import Call
    from ..models import ManagedCollection
    from ..state import GCSState

__all__ = (
    "ROUTES",
    "batch_delete",
    "check_collections",
    "check_one",
    "create_collection",
    "delete_collection",
    "delete_domain",
    "get_collection",
    "get_domain",
    "list_collections",
    "replace_collection",
    "reset_owner_string",
    "set_domain",
    "set_owner",
    "set_owner_string",
    "set_verified",
    "update_collection",
)

_BATCH: Final = Schema("batch", ("1.0.0",), members("ids", type=list_of(UUID), nullable=False), ("ids",))
_FIXED: Final = (
    *("collection_type", "storage_gateway_id", "mapped_collection_id", "user_credential_id", "identity_id"),
    *("collection_base_path", "domain_name"),
)
"""What a collection keeps from its creation."""


async def list_collections(state: GCSState, request: Request) -> Response:
    """List the collections that the caller sees."""
    this = call(state, request)
    wanted, private = collection_filter(this), this.has_private_policies()
    found = [each for each in this.endpoint.collections.values() if this.sees(each) and wanted(each)]
    return paged(request, found, partial(collection_document, state, this.endpoint, private=private))


async def create_collection(state: GCSState, request: Request) -> Response:
    """Create a mapped or guest collection."""
    this = call(state, request)
    document = this.document()
    kind = str(document.get("collection_type", ""))
    fields = COLLECTION.check(document, kind=kind)
    checked = checked_guest(this, fields) if kind == "guest" else checked_mapped(this, fields)
    try:
        collection = state.make_collection(this.endpoint, checked, creator_id=this.caller.identity_id)
    except NotADirectoryError as error:
        raise GCSError.invalid([f"'collection_base_path': there is no such directory: {error}"]) from None
    shown = _shown(this, collection, private=True)
    return result([shown], status=201, message=f"Created Collection {collection.id}")


def _shown(call: Call, collection: ManagedCollection, *, private: bool) -> Document:
    return collection_document(call.state, call.endpoint, collection, private=private)


async def get_collection(state: GCSState, request: Request) -> Response:
    """Return a collection."""
    this = call(state, request)
    collection = this.collection()
    return result([_shown(this, collection, private=this.has_private_policies())])


async def replace_collection(state: GCSState, request: Request) -> Response:
    """Replace the document of a collection."""
    return _update(call(state, request), whole=True)


async def update_collection(state: GCSState, request: Request) -> Response:
    """Change members of a collection."""
    return _update(call(state, request), whole=False)


def _update(call: Call, *, whole: bool) -> Response:
    collection = call.collection()
    call.require_administers(collection, "Could not update collection. Insufficient permissions")
    document = call.document()
    if document.get("domain_name") == call.endpoint.domain_of(collection):  # as it was read
        del document["domain_name"]
    changes = COLLECTION.check(document, whole=whole, kind=str(collection.fields["collection_type"]))
    before = collection.fields
    changed = [each for each in _FIXED if changes.get(each, before.get(each)) != before.get(each)]
    if changed:
        raise GCSError.invalid([f"'{each}' cannot be changed" for each in changed])
    kept: Document = {name: before[name] for name in _FIXED if name in before}
    fields: Document = {**kept, "public": True, **changes} if whole else {**before, **changes}
    gateway = call.endpoint.gateways[fields["storage_gateway_id"]]
    check_collection(call, fields, gateway)
    collection.fields = fields
    call.state.put_collection(call.endpoint, collection)
    for guest in call.endpoint.guests_of(collection.id):
        call.state.put_collection(call.endpoint, guest)
    shown = _shown(call, collection, private=True)
    return result([shown], message=f"Updated Collection {collection.id}")


def _check_deletable(call: Call, collection: ManagedCollection) -> None:
    call.require_administers(collection, "Could not delete collection. Insufficient permissions")
    if not collection.is_guest and collection.fields.get("delete_protected"):
        raise GCSError.forbidden(f"Collection {collection.id} is protected from deletion")


async def delete_collection(state: GCSState, request: Request) -> Response:
    """Delete a collection, and its guest collections."""
    this = call(state, request)
    collection = this.collection()
    _check_deletable(this, collection)
    state.delete_collection(this.endpoint, collection)
    return result([{}], message=f"Deleted Collection {collection.id}")


async def batch_delete(state: GCSState, request: Request) -> Response:
    """Delete several collections, all of which the caller must be allowed to delete."""
    this = call(state, request)
    ids: list[str] = this.checked(_BATCH)["ids"]
    found = [this.endpoint.collections[each] for each in dict.fromkeys(ids) if each in this.endpoint.collections]
    found = [each for each in found if this.sees(each)]
    for each in found:
        _check_deletable(this, each)
    for each in found:
        if each.id in this.endpoint.collections:  # it is gone if it was on another one of them
            state.delete_collection(this.endpoint, each)
    return result([{}], status=202, message=f"Deleting {len(found)} collections")


# problems


async def check_collections(state: GCSState, request: Request) -> Response:
    """List what is wrong with the collections that the caller administers."""
    this = call(state, request)
    wanted = collection_filter(this)
    found = [each for each in this.endpoint.collections.values() if this.administers(each) and wanted(each)]
    problems = {each.id: problem for each in found if (problem := problem_of(this.endpoint, each)) is not None}
    return paged(request, [each for each in found if each.id in problems], lambda each: problems[each.id])


async def check_one(state: GCSState, request: Request) -> Response:
    """Return what is wrong with a collection."""
    this = call(state, request)
    collection = this.collection()
    this.require_administers(collection)
    problem = problem_of(this.endpoint, collection)
    return result([] if problem is None else [problem])


# its owner and domain


async def get_domain(state: GCSState, request: Request) -> Response:
    """Return the own domain of a collection; none if it has one below that of the endpoint."""
    this = call(state, request)
    collection = this.collection()
    this.require_administers(collection)
    return result(domain_documents(collection.domain))


async def set_domain(state: GCSState, request: Request) -> Response:
    """Give a collection a domain of its own."""
    this = call(state, request)
    collection = this.collection()
    this.require_administers(collection)
    domain = this.checked(DOMAIN_DOCUMENT)
    if state.user_of_host(domain["domain_name"]) not in {None, collection.id}:
        raise GCSError.invalid(["'domain_name': a domain that is not in use is required"])
    collection.domain = domain
    state.put_collection(this.endpoint, collection)
    return result(domain_documents(collection.domain), message=f"Updated domain of Collection {collection.id}")


async def delete_domain(state: GCSState, request: Request) -> Response:
    """Remove the own domain of a collection."""
    this = call(state, request)
    collection = this.collection()
    this.require_administers(collection)
    collection.domain = None
    state.put_collection(this.endpoint, collection)
    return result([{}], message=f"Deleted domain of Collection {collection.id}")


async def set_owner(state: GCSState, request: Request) -> Response:
    """Make another identity the owner of a collection."""
    this = call(state, request)
    collection = this.collection()
    this.require_administers(collection)
    collection.fields["identity_id"] = this.checked(COLLECTION_OWNER)["identity_id"]
    state.put_collection(this.endpoint, collection)
    return result(message=f"Updated owner of Collection {collection.id}")


async def set_owner_string(state: GCSState, request: Request) -> Response:
    """Show the username of an identity as the owner of a collection."""
    this = call(state, request)
    collection = this.collection()
    this.require_administers(collection)
    identity_id = this.checked(OWNER_STRING)["identity_id"]
    if identity_id not in this.caller.identity_ids:
        raise GCSError.forbidden("The identity is none of yours", "id_not_in_identity_set")
    collection.owner_string = state.directory.username(identity_id)
    return result(message=f"Updated owner string of Collection {collection.id}")


async def reset_owner_string(state: GCSState, request: Request) -> Response:
    """Show the client of the Manager as the owner of a collection again."""
    this = call(state, request)
    collection = this.collection()
    this.require_administers(collection)
    collection.owner_string = None
    return result(message=f"Reset owner string of Collection {collection.id}")


async def set_verified(state: GCSState, request: Request) -> Response:
    """Verify a collection as an administrator of the subscription of the endpoint."""
    this = call(state, request)
    collection = this.collection()
    verified: Any = this.checked(VERIFIED)["subscription_admin_verified"]
    subscription_id = this.endpoint.fields.get("subscription_id")
    if not subscription_admin(this, subscription_id):
        message = "Only an administrator of the subscription can verify a collection"
        raise missing_role(message, [(None, "administrator")])
    collection.verified = verified
    state.put_collection(this.endpoint, collection)
    return result(message=f"Updated Collection {collection.id}")


ROUTES: Final[RouteTable[GCSState]] = (
    ("GET", "/collections", list_collections),
    ("POST", "/collections", create_collection),
    ("GET", "/collections/check", check_collections),
    ("POST", "/collections/batch_delete", batch_delete),
    ("GET", "/collections/{collection_id}", get_collection),
    ("PUT", "/collections/{collection_id}", replace_collection),
    ("PATCH", "/collections/{collection_id}", update_collection),
    ("DELETE", "/collections/{collection_id}", delete_collection),
    ("GET", "/collections/{collection_id}/check", check_one),
    ("GET", "/collections/{collection_id}/domain", get_domain),
    ("PUT", "/collections/{collection_id}/domain", set_domain),
    ("DELETE", "/collections/{collection_id}/domain", delete_domain),
    ("PUT", "/collections/{collection_id}/owner", set_owner),
    ("PUT", "/collections/{collection_id}/owner_string", set_owner_string),
    ("DELETE", "/collections/{collection_id}/owner_string", reset_owner_string),
    ("PUT", "/collections/{collection_id}/subscription_admin_verified", set_verified),
)

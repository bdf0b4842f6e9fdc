"""Identities, identity providers and consents under ``/v2/api``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...kit.ids import is_uuid
from ..access_control import api_caller
from ..documents import consent_document, identity_document, provider_document
from ..errors import ApiError

if TYPE_CHECKING:
    from ...kit.directory import Identity
    from ...kit.request import Request
    from ...kit.service import Document, RouteTable
    from ..state import AuthState

__all__ = ("ROUTES",)

_VIEW_CONSENTS: Final = "urn:globus:auth:scope:auth.globus.org:view_consents"


def _has_parameter(request: Request, name: str) -> bool:
    return request.parameter(name, allow_blank=True) is not None


async def _get_identities(state: AuthState, request: Request) -> Document:
    """``GET /v2/api/identities``."""
    api_caller(state, request)
    provision = request.flag("provision")
    if _has_parameter(request, "ids") == _has_parameter(request, "usernames"):
        raise ApiError.parameters("Exactly one of ids and usernames must be given")
    by_id = _has_parameter(request, "ids")
    found = _by_id(state, request) if by_id else _by_username(state, request, provision=provision)
    document: Document = {"identities": [identity_document(each) for each in found.values()]}
    if "identity_provider" in request.parameter_list("include"):
        providers = {each.identity_provider.id: each.identity_provider for each in found.values()}
        document["included"] = {"identity_providers": [provider_document(each) for each in providers.values()]}
    return document


def _by_id(state: AuthState, request: Request) -> dict[str, Identity]:
    found: dict[str, Identity] = {}
    for identity_id in request.parameter_list("ids"):
        if not is_uuid(identity_id):
            raise ApiError.parameters(f"Not a UUID: {identity_id[:80]}")
        identity = state.directory.identities.get(identity_id.lower())
        if identity is not None:
            found[identity.id] = identity
    return found


def _by_username(state: AuthState, request: Request, *, provision: bool) -> dict[str, Identity]:
    found: dict[str, Identity] = {}
    for username in request.parameter_list("usernames"):
        identity = state.directory.find(username) if "@" in username else None
        if identity is None and provision:
            try:
                identity = state.directory.add(username, status="unused")
            except ValueError as error:
                raise ApiError.parameters(str(error)) from None
        if identity is not None:
            found[identity.id] = identity
    return found


async def _get_identity(state: AuthState, request: Request) -> Document:
    """``GET /v2/api/identities/<id>``."""
    api_caller(state, request)
    return {"identity": identity_document(_identity(state, request))}


def _identity(state: AuthState, request: Request) -> Identity:
    identity = state.directory.identities.get(request.path_id("identity_id").lower())
    if identity is None:
        raise ApiError.not_found("identity")
    return identity


async def _get_identity_providers(state: AuthState, request: Request) -> Document:
    """``GET /v2/api/identity_providers``."""
    api_caller(state, request)
    if _has_parameter(request, "ids") == _has_parameter(request, "domains"):
        raise ApiError.parameters("Exactly one of ids and domains must be given")
    if _has_parameter(request, "ids"):
        found = [state.directory.providers.get(each.lower()) for each in request.parameter_list("ids")]
    else:
        found = [state.directory.known_provider(each) for each in request.parameter_list("domains")]
    unique = {each.id: each for each in found if each is not None}
    return {"identity_providers": [provider_document(each) for each in unique.values()]}


async def _get_consents(state: AuthState, request: Request) -> Document:
    """``GET /v2/api/identities/<id>/consents``: the caller's own, for its client or with ``all`` for all clients."""
    caller = api_caller(state, request)
    identity = _identity(state, request)
    if identity.id not in caller.identity_ids:
        raise ApiError.forbidden("Only an identity itself may list its consents")
    all_clients = request.flag("all")
    if all_clients and _VIEW_CONSENTS not in caller.scopes:
        raise ApiError.forbidden(f"The token lacks the scope {_VIEW_CONSENTS}")
    consents = state.consents.of(frozenset({identity.id}), client_id=None if all_clients else caller.client_id)
    return {"consents": [consent_document(each) for each in consents]}


ROUTES: RouteTable[AuthState] = (
    ("GET", "/identities", _get_identities),
    ("GET", "/identities/{identity_id}", _get_identity),
    ("GET", "/identities/{identity_id}/consents", _get_consents),
    ("GET", "/identity_providers", _get_identity_providers),
)

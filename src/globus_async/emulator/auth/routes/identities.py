"""Identities, identity providers and consents under ``/v2/api``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ..documents import consent_document, identity_document, provider_document
from ..errors import ApiError
from ..principal import principal

if TYPE_CHECKING:
    from ..call import Call
    from ..models import Identity
    from ..state import AuthState

__all__ = ("get_consents", "get_identities", "get_identity", "get_identity_providers")

_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_VIEW_CONSENTS: Final = "urn:globus:auth:scope:auth.globus.org:view_consents"
_TRUE: Final = frozenset({"true", "1", "t"})


def get_identities(state: AuthState, call: Call) -> object:
    """``GET /v2/api/identities``."""
    principal(state, call)
    ids, usernames = call.parameter("ids"), call.parameter("usernames")
    if (ids is None) == (usernames is None):
        raise ApiError.parameters("Exactly one of ids and usernames must be given")
    found = _by_id(state, ids) if ids is not None else _by_username(state, call, usernames or "")
    document: dict[str, object] = {"identities": [identity_document(each) for each in found.values()]}
    if "identity_provider" in _listed(call.parameter("include")):
        providers = {each.identity_provider.id: each.identity_provider for each in found.values()}
        document["included"] = {"identity_providers": [provider_document(each) for each in providers.values()]}
    return document


def _by_id(state: AuthState, text: str) -> dict[str, Identity]:
    found: dict[str, Identity] = {}
    for identity_id in _listed(text):
        if _UUID.fullmatch(identity_id) is None:
            raise ApiError.parameters(f"Not a UUID: {identity_id[:80]}")
        identity = state.directory.identities.get(identity_id.lower())
        if identity is not None:
            found[identity.id] = identity
    return found


def _by_username(state: AuthState, call: Call, text: str) -> dict[str, Identity]:
    provision = (call.parameter("provision") or "").lower() in _TRUE
    found: dict[str, Identity] = {}
    for username in _listed(text):
        identity = state.directory.find(username) if "@" in username else None
        if identity is None and provision:
            try:
                identity = state.directory.add(username, status="unused")
            except ValueError as error:
                raise ApiError.parameters(str(error)) from None
        if identity is not None:
            found[identity.id] = identity
    return found


def get_identity(state: AuthState, call: Call) -> object:
    """``GET /v2/api/identities/<id>``."""
    principal(state, call)
    return {"identity": identity_document(_identity(state, call))}


def _identity(state: AuthState, call: Call) -> Identity:
    identity = state.directory.identities.get(call.path["identity_id"].lower())
    if identity is None:
        raise ApiError.not_found("identity")
    return identity


def get_identity_providers(state: AuthState, call: Call) -> object:
    """``GET /v2/api/identity_providers``."""
    principal(state, call)
    ids, domains = call.parameter("ids"), call.parameter("domains")
    if (ids is None) == (domains is None):
        raise ApiError.parameters("Exactly one of ids and domains must be given")
    if ids is not None:
        found = [state.directory.providers.get(each.lower()) for each in _listed(ids)]
    else:
        found = [state.directory.known_provider(each) for each in _listed(domains)]
    unique = {each.id: each for each in found if each is not None}
    return {"identity_providers": [provider_document(each) for each in unique.values()]}


def get_consents(state: AuthState, call: Call) -> object:
    """``GET /v2/api/identities/<id>/consents``: one's own, for the calling client or with ``all`` for every client."""
    caller = principal(state, call)
    identity = _identity(state, call)
    if identity.id not in caller.identity_ids:
        raise ApiError.forbidden("Consents may be seen by their identity only")
    everyone = (call.parameter("all") or "").lower() in _TRUE
    if everyone and _VIEW_CONSENTS not in caller.scopes:
        raise ApiError.forbidden(f"The token lacks the scope {_VIEW_CONSENTS}")
    consents = state.consents.of(frozenset({identity.id}), client_id=None if everyone else caller.client_id)
    return {"consents": [consent_document(each) for each in consents]}


def _listed(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]

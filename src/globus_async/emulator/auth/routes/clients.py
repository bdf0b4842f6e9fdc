"""Clients and their credentials under ``/v2/api``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit
from uuid import uuid4

from ..documents import client_document, credential_document
from ..errors import ApiError
from ..fields import Fields
from ..models import GRANT_TYPES, PUBLIC_CLIENT_TYPES, ClientApp
from ..principal import (
    MANAGE_PROJECTS,
    Principal,
    administered,
    developer,
    find_client,
    managed_client,
    may_manage,
    principal,
)

if TYPE_CHECKING:
    from ..call import Call
    from ..state import AuthState

__all__ = (
    "create_client",
    "create_credential",
    "delete_client",
    "delete_credential",
    "get_client",
    "get_clients",
    "get_credentials",
    "update_client",
)

_Document = dict[str, object]

_VISIBILITIES: Final = frozenset({"private", "public"})
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def get_client(state: AuthState, call: Call) -> _Document:
    """``GET /v2/api/clients/<id>``: public ones for everybody, private ones for those who manage them."""
    return {"client": _shown(state, principal(state, call), find_client(state, call.path["client_id"]))}


def _shown(state: AuthState, caller: Principal, client: ClientApp) -> _Document:
    if client.visibility != "public":
        caller.demand(MANAGE_PROJECTS)
        if not may_manage(state, caller, client):
            raise ApiError.forbidden("The client is private")
    return client_document(state, client)


def get_clients(state: AuthState, call: Call) -> _Document:
    """``GET /v2/api/clients``: those the caller manages, or with ``fqdn`` the one of this name."""
    fqdn = call.parameter("fqdn")
    if fqdn is not None:
        caller = principal(state, call)
        for client in state.registry.clients.values():
            if fqdn.lower() in client.fqdns:
                return {"client": _shown(state, caller, client)}
        raise ApiError.not_found("client")
    caller = developer(state, call)
    mine = [each for each in state.registry.clients.values() if may_manage(state, caller, each)]
    return {"clients": [client_document(state, each) for each in mine]}


def create_client(state: AuthState, call: Call) -> _Document:
    """
    ``POST /v2/api/clients``, in its three forms.

    An instance of a native app needs no credentials; a child is made by a client with its secret; anything else
    belongs to a project.
    """
    fields = Fields(call.member("client"))
    template_id = fields.uuid("template_id", None)
    if template_id is not None:
        return _instance(state, template_id, fields)
    caller = developer(state, call)
    project_id = fields.uuid("project", None)
    if project_id is not None:
        project_id = administered(state, caller, project_id).id
    elif caller.client is None:
        raise ApiError.unprocessable("project is required")
    kind = _client_type(fields)
    client = ClientApp(str(uuid4()), fields.text("name"), kind, "", project_id)
    client.resource_server = client.id
    client.parent_id = caller.client.id if project_id is None and caller.client is not None else None
    client.is_native = kind == "public_installed_client"
    _fill(client, fields)
    state.enter_client(client)
    return {"client": client_document(state, client)}


def _client_type(fields: Fields) -> str:
    if ("public_client" in fields) == ("client_type" in fields):
        raise ApiError.unprocessable("Exactly one of public_client and client_type must be given")
    if "client_type" in fields:
        return fields.choice("client_type", GRANT_TYPES)
    public = fields.flag("public_client", otherwise=False)
    return "public_installed_client" if public else "hybrid_confidential_client_resource_server"


def _instance(state: AuthState, template_id: str, fields: Fields) -> _Document:
    """Make a confidential client for one installation of a native app."""
    template = state.registry.clients.get(template_id)
    if template is None or not template.is_native:
        raise ApiError.not_found("template")
    client_id = str(uuid4())
    client = ClientApp(client_id, fields.text("name"), "confidential_client", client_id, parent_id=template.id)
    client.prompt_for_named_grant = False
    state.enter_client(client)
    credential = state.add_credential(client, "Auto-created at client creation")
    made = credential_document(credential, with_secret=True)
    del made["created"]
    return {"client": client_document(state, client), "included": {"client_credential": made}}


def update_client(state: AuthState, call: Call) -> _Document:
    """``PUT /v2/api/clients/<id>``: what is not sent stays; the type stays in any case."""
    client = managed_client(state, call)
    fields = Fields(call.member("client"))
    if fields.flag("public_client", client.is_public) != client.is_public:
        raise ApiError.unprocessable("public_client cannot be changed")
    if fields.text("client_type", client.client_type) != client.client_type:
        raise ApiError.unprocessable("client_type cannot be changed")
    _fill(client, fields)
    return {"client": client_document(state, client)}


def _fill(client: ClientApp, fields: Fields) -> None:
    name = fields.text("name", client.name)
    visibility = fields.choice("visibility", _VISIBILITIES, client.visibility)
    redirect_uris = fields.texts("redirect_uris", client.redirect_uris) or []
    for uri in redirect_uris:
        _check_redirect_uri(uri)
    links = dict(client.links)
    given = fields.within("links")
    for link in [each for each in links if each in given]:
        links[link] = given.text(link)
    if len({value is None for value in links.values()}) != 1:
        raise ApiError.unprocessable("terms_and_conditions and privacy_policy must both be given or neither")
    required_idp = fields.uuid("required_idp", client.required_idp)
    client.preselect_idp = fields.uuid("preselect_idp", client.preselect_idp)
    client.name, client.visibility, client.redirect_uris = name, visibility, redirect_uris
    client.links, client.required_idp = links, required_idp


def _check_redirect_uri(uri: str) -> None:
    try:
        parts = urlsplit(uri)
        secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    except ValueError:
        secure = False
    if not secure or "#" in uri:
        raise ApiError.unprocessable("a redirect URI must begin with https://, or lead to the user's own machine")


def delete_client(state: AuthState, call: Call) -> _Document:
    """``DELETE /v2/api/clients/<id>``: with its scopes and consents, and so its tokens."""
    client = managed_client(state, call)
    document = client_document(state, client)
    for scope in state.registry.scopes_of([client.id]):
        state.consents.rescind_scope(scope)
    state.consents.rescind_client(client.id)
    state.registry.remove_client(client)
    if client.id in state.directory.identities:
        state.directory.identities[client.id].status = "closed"
    return {"client": document}


def get_credentials(state: AuthState, call: Call) -> _Document:
    """``GET /v2/api/clients/<id>/credentials``."""
    return {"credentials": [credential_document(each) for each in managed_client(state, call).credentials]}


def create_credential(state: AuthState, call: Call) -> _Document:
    """``POST /v2/api/clients/<id>/credentials``: the only answer with the secret."""
    client = managed_client(state, call)
    fields = Fields(call.member("credential"))
    if client.client_type in PUBLIC_CLIENT_TYPES:
        raise ApiError.unprocessable("A public client has no credentials")
    return {"credential": credential_document(state.add_credential(client, fields.text("name")), with_secret=True)}


def delete_credential(state: AuthState, call: Call) -> _Document:
    """``DELETE /v2/api/clients/<id>/credentials/<credential id>``."""
    client = managed_client(state, call)
    for credential in client.credentials:
        if credential.id == call.path["credential_id"].lower():
            client.credentials.remove(credential)
            return {"credential": credential_document(credential)}
    raise ApiError.not_found("credential")

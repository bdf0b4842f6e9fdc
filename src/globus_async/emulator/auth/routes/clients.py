"""Clients and their credentials under ``/v2/api``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from ...kit.fields import BOOLEAN, LINE, UUID, choice, list_of
from ...kit.ids import new_id
from ..access_control import (
    MANAGE_PROJECTS,
    administered_project,
    api_caller,
    find_client,
    managed_client,
    may_manage_client,
    project_manager,
)
from ..authorization_request import LOOPBACK_HOSTS
from ..documents import client_document, credential_document
from ..errors import ApiError
from ..models import GRANT_TYPES, PUBLIC_CLIENT_TYPES, ClientApp

if TYPE_CHECKING:
    from ...kit.fields import Fields
    from ...kit.request import Request
    from ...kit.service import Document, RouteTable
    from ..access_control import ApiCaller
    from ..state import AuthState

__all__ = ("ROUTES",)

_LINES: Final = list_of(LINE)
_CLIENT_TYPE: Final = choice(*sorted(GRANT_TYPES))
_VISIBILITY: Final = choice("private", "public")


async def _get_client(state: AuthState, request: Request) -> Document:
    """``GET /v2/api/clients/<id>``: a public client, or one that the caller manages."""
    caller = api_caller(state, request)
    return {"client": _visible(state, caller, find_client(state, request.path_id("client_id")))}


def _visible(state: AuthState, caller: ApiCaller, client: ClientApp) -> Document:
    if client.visibility != "public":
        caller.require_scope(MANAGE_PROJECTS)
        if not may_manage_client(state, caller, client):
            raise ApiError.forbidden("The client is private")
    return client_document(state, client)


async def _get_clients(state: AuthState, request: Request) -> Document:
    """``GET /v2/api/clients``: those that the caller manages, or the one with a domain name."""
    fqdn = request.parameter("fqdn", allow_blank=True)
    if fqdn is not None:
        caller = api_caller(state, request)
        for client in state.registry.clients.values():
            if fqdn.lower() in client.fqdns:
                return {"client": _visible(state, caller, client)}
        raise ApiError.not_found("client")
    caller = project_manager(state, request)
    clients = [each for each in state.registry.clients.values() if may_manage_client(state, caller, each)]
    return {"clients": [client_document(state, each) for each in clients]}


async def _create_client(state: AuthState, request: Request) -> Document:
    """
    ``POST /v2/api/clients``.

    An instance of a native client is created without authentication; a child client by its parent, which authenticates
    with its secret; any other client in a project.
    """
    fields = request.fields("client")
    template_id = fields.nullable("template_id", UUID)
    if template_id is not None:
        return _create_instance(state, template_id, fields)
    caller = project_manager(state, request)
    project_id = fields.nullable("project", UUID)
    if project_id is not None:
        project_id = administered_project(state, caller, project_id).id
    elif caller.client is None:
        raise ApiError.missing_field("project")
    client_type = _client_type(fields)
    client_id = new_id()
    client = ClientApp(client_id, fields.required("name", LINE), client_type, client_id, project_id)
    client.parent_id = caller.client.id if project_id is None and caller.client is not None else None
    client.is_native = client_type == "public_installed_client"
    _update(client, fields)
    state.register_client(client)
    return {"client": client_document(state, client)}


def _client_type(fields: Fields) -> str:
    if ("public_client" in fields) == ("client_type" in fields):
        raise ApiError.unprocessable("Exactly one of public_client and client_type must be given")
    if "client_type" in fields:
        return fields.required("client_type", _CLIENT_TYPE)
    public = fields.required("public_client", BOOLEAN)
    return "public_installed_client" if public else "hybrid_confidential_client_resource_server"


def _create_instance(state: AuthState, template_id: str, fields: Fields) -> Document:
    """Create a confidential client for one installation of a native client."""
    template = state.registry.clients.get(template_id)
    if template is None or not template.is_native:
        raise ApiError.not_found("template")
    client_id = new_id()
    name = fields.required("name", LINE)
    client = ClientApp(client_id, name, "confidential_client", client_id, parent_id=template.id)
    client.prompt_for_named_grant = False
    state.register_client(client)
    credential = credential_document(state.add_credential(client, "Auto-created at client creation"), with_secret=True)
    del credential["created"]
    return {"client": client_document(state, client), "included": {"client_credential": credential}}


async def _update_client(state: AuthState, request: Request) -> Document:
    """``PUT /v2/api/clients/<id>``: change the members that are sent; the type cannot be changed."""
    client = managed_client(state, request)
    fields = request.fields("client")
    if fields.optional("public_client", BOOLEAN, client.is_public) != client.is_public:
        raise ApiError.unprocessable("public_client cannot be changed")
    if fields.optional("client_type", LINE, client.client_type) != client.client_type:
        raise ApiError.unprocessable("client_type cannot be changed")
    _update(client, fields)
    return {"client": client_document(state, client)}


def _update(client: ClientApp, fields: Fields) -> None:
    name = fields.optional("name", LINE, client.name)
    visibility = fields.optional("visibility", _VISIBILITY, client.visibility)
    redirect_uris = fields.nullable("redirect_uris", _LINES, client.redirect_uris) or []
    for uri in redirect_uris:
        _check_redirect_uri(uri)
    links = dict(client.links)
    new_links = fields.object("links")
    for link in [each for each in links if each in new_links]:
        links[link] = new_links.required(link, LINE)
    if len({value is None for value in links.values()}) != 1:
        raise ApiError.unprocessable("terms_and_conditions and privacy_policy must be given together")
    required_idp = fields.nullable("required_idp", UUID, client.required_idp)
    client.preselect_idp = fields.nullable("preselect_idp", UUID, client.preselect_idp)
    client.name, client.visibility, client.redirect_uris = name, visibility, redirect_uris
    client.links, client.required_idp = links, required_idp


def _check_redirect_uri(uri: str) -> None:
    try:
        parts = urlsplit(uri)
        secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS)
    except ValueError:
        secure = False
    if not secure or "#" in uri:
        raise ApiError.unprocessable("a redirect URI must be an https URL or a loopback URL, without a fragment")


async def _delete_client(state: AuthState, request: Request) -> Document:
    """``DELETE /v2/api/clients/<id>``: delete a client with its scopes, and rescind its consents."""
    client = managed_client(state, request)
    document = client_document(state, client)
    for scope in state.registry.scopes_of([client.id]):
        state.consents.rescind_scope(scope)
    state.consents.rescind_client(client.id)
    state.registry.remove_client(client)
    if client.id in state.directory.identities:
        state.directory.identities[client.id].status = "closed"
    return {"client": document}


async def _get_credentials(state: AuthState, request: Request) -> Document:
    """``GET /v2/api/clients/<id>/credentials``."""
    return {"credentials": [credential_document(each) for each in managed_client(state, request).credentials]}


async def _create_credential(state: AuthState, request: Request) -> Document:
    """``POST /v2/api/clients/<id>/credentials``; no other response contains the secret."""
    client = managed_client(state, request)
    fields = request.fields("credential")
    if client.client_type in PUBLIC_CLIENT_TYPES:
        raise ApiError.unprocessable("A public client has no credentials")
    credential = state.add_credential(client, fields.required("name", LINE))
    return {"credential": credential_document(credential, with_secret=True)}


async def _delete_credential(state: AuthState, request: Request) -> Document:
    """``DELETE /v2/api/clients/<id>/credentials/<credential id>``."""
    client = managed_client(state, request)
    for credential in client.credentials:
        if credential.id == request.path_id("credential_id").lower():
            client.credentials.remove(credential)
            return {"credential": credential_document(credential)}
    raise ApiError.not_found("credential")


ROUTES: RouteTable[AuthState] = (
    ("GET", "/clients", _get_clients),
    ("POST", "/clients", _create_client),
    ("GET", "/clients/{client_id}", _get_client),
    ("PUT", "/clients/{client_id}", _update_client),
    ("DELETE", "/clients/{client_id}", _delete_client),
    ("GET", "/clients/{client_id}/credentials", _get_credentials),
    ("POST", "/clients/{client_id}/credentials", _create_credential),
    ("DELETE", "/clients/{client_id}/credentials/{credential_id}", _delete_credential),
)

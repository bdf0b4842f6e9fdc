"""Scopes under ``/v2/api``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ...kit.fields import BOOLEAN, LINE, UUID, list_of
from ...kit.ids import new_id
from ..access_control import api_caller, find_scope, managed_client, managed_scope, may_manage_scope
from ..catalog import SCOPE_URL_PREFIX
from ..documents import scope_document
from ..errors import ApiError
from ..models import Dependency, ScopeDefinition

if TYPE_CHECKING:
    from ...kit.fields import Fields
    from ...kit.request import Request
    from ...kit.service import Document, RouteTable
    from ..state import AuthState

__all__ = ("ROUTES",)

_LINES: Final = list_of(LINE)
_SUFFIX: Final = re.compile(r"[a-z0-9_]+")


async def _get_scope(state: AuthState, request: Request) -> Document:
    """``GET /v2/api/scopes/<id>``."""
    caller = api_caller(state, request)
    scope = find_scope(state, request.path_id("scope_id"))
    if not scope.advertised and not may_manage_scope(state, caller, scope):
        raise ApiError.forbidden("The scope is not advertised")
    return {"scope": scope_document(scope)}


async def _get_scopes(state: AuthState, request: Request) -> Document:
    """``GET /v2/api/scopes``: those the caller manages; with ``ids`` or ``scope_strings`` also advertised ones."""
    caller = api_caller(state, request)
    ids = request.parameter("ids", allow_blank=True)
    scope_strings = request.parameter("scope_strings", allow_blank=True)
    if ids is not None and scope_strings is not None:
        raise ApiError.parameters("ids and scope_strings cannot be combined")
    known = state.registry.scopes
    if ids is not None:
        named = [known[each] for each in dict.fromkeys(ids.lower().split(",")) if each in known]
    elif scope_strings is not None:
        found = [state.registry.scope(each.strip()) for each in dict.fromkeys(scope_strings.split(","))]
        named = [each for each in found if each is not None]
    else:
        return {"scopes": [scope_document(each) for each in known.values() if may_manage_scope(state, caller, each)]}
    visible = [each for each in named if each.advertised or may_manage_scope(state, caller, each)]
    return {"scopes": [scope_document(each) for each in visible]}


async def _create_scope(state: AuthState, request: Request) -> Document:
    """``POST /v2/api/clients/<id>/scopes``."""
    client = managed_client(state, request)
    fields = request.fields("scope")
    scope = ScopeDefinition(
        new_id(),
        _scope_string(client.id, fields.required("scope_suffix", LINE)),
        fields.required("name", LINE),
        fields.required("description", LINE),
        client.id,
    )
    _update(state, scope, fields)
    try:
        state.registry.add_scope(scope)
    except ValueError as error:
        raise ApiError.unprocessable(str(error)) from None
    return {"scope": scope_document(scope)}


def _scope_string(client_id: str, suffix: str) -> str:
    if _SUFFIX.fullmatch(suffix) is None:
        raise ApiError.unprocessable("scope_suffix must consist of lower-case letters, digits and underscores")
    return f"{SCOPE_URL_PREFIX}{client_id}/{suffix}"


async def _update_scope(state: AuthState, request: Request) -> Document:
    """``PUT /v2/api/scopes/<id>``: change the members that are sent."""
    scope = managed_scope(state, request)
    fields = request.fields("scope")
    suffix = fields.optional("scope_suffix", LINE)
    scope_string = scope.scope_string if suffix is None else _scope_string(scope.client_id, suffix)
    if scope_string != scope.scope_string and state.registry.scope(scope_string) is not None:
        raise ApiError.unprocessable(f"there is already a scope {scope_string}")
    _update(state, scope, fields)
    state.registry.rename_scope(scope, scope_string)
    return {"scope": scope_document(scope)}


def _update(state: AuthState, scope: ScopeDefinition, fields: Fields) -> None:
    name = fields.optional("name", LINE, scope.name)
    description = fields.optional("description", LINE, scope.description)
    advertised = fields.optional("advertised", BOOLEAN, scope.advertised)
    allows_refresh_token = fields.optional("allows_refresh_token", BOOLEAN, scope.allows_refresh_token)
    required_domains = fields.nullable("required_domains", _LINES, scope.required_domains) or []
    dependencies = fields.objects("dependent_scopes")
    if dependencies is not None:
        scope.dependencies = [_dependency(state, scope, each) for each in dependencies]
    scope.name, scope.description, scope.advertised = name, description, advertised
    scope.allows_refresh_token, scope.required_domains = allows_refresh_token, required_domains


def _dependency(state: AuthState, scope: ScopeDefinition, fields: Fields) -> Dependency:
    scope_id = fields.required("scope", UUID)
    if scope_id not in state.registry.scopes or scope_id == scope.id:
        raise ApiError.unprocessable("dependent_scopes must contain the ids of other scopes")
    return Dependency(
        scope_id,
        fields.optional("optional", BOOLEAN, default=False),
        fields.optional("requires_refresh_token", BOOLEAN, default=False),
    )


async def _delete_scope(state: AuthState, request: Request) -> Document:
    """``DELETE /v2/api/scopes/<id>``: delete a scope and rescind its consents."""
    scope = managed_scope(state, request)
    state.consents.rescind_scope(scope)
    state.registry.remove_scope(scope)
    return {"scope": scope_document(scope)}


ROUTES: RouteTable[AuthState] = (
    ("POST", "/clients/{client_id}/scopes", _create_scope),
    ("GET", "/scopes", _get_scopes),
    ("GET", "/scopes/{scope_id}", _get_scope),
    ("PUT", "/scopes/{scope_id}", _update_scope),
    ("DELETE", "/scopes/{scope_id}", _delete_scope),
)

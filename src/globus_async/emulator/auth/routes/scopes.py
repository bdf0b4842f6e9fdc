"""Scopes under ``/v2/api``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from ..catalog import SCOPES_AT
from ..documents import scope_document
from ..errors import ApiError
from ..fields import Fields
from ..models import Dependency, ScopeDefinition
from ..principal import Principal, developer, managed_client, may_manage, principal

if TYPE_CHECKING:
    from ..call import Call
    from ..state import AuthState

__all__ = ("create_scope", "delete_scope", "get_scope", "get_scopes", "update_scope")

_Document = dict[str, object]

_SUFFIX: Final = re.compile(r"[a-z0-9_]+")


def _owns(state: AuthState, caller: Principal, scope: ScopeDefinition) -> bool:
    return may_manage(state, caller, state.registry.clients[scope.client_id])


def _owned(state: AuthState, call: Call) -> ScopeDefinition:
    caller = developer(state, call)
    scope = _found(state, call)
    if not _owns(state, caller, scope):
        raise ApiError.forbidden("The scope belongs to another's client")
    return scope


def _found(state: AuthState, call: Call) -> ScopeDefinition:
    scope = state.registry.scopes.get(call.path["scope_id"].lower())
    if scope is None:
        raise ApiError.not_found("scope")
    return scope


def get_scope(state: AuthState, call: Call) -> _Document:
    """``GET /v2/api/scopes/<id>``."""
    caller = principal(state, call)
    scope = _found(state, call)
    if not scope.advertised and not _owns(state, caller, scope):
        raise ApiError.forbidden("The scope is not advertised")
    return {"scope": scope_document(scope)}


def get_scopes(state: AuthState, call: Call) -> _Document:
    """``GET /v2/api/scopes``: the caller's own; with ``ids`` or ``scope_strings`` those it may see."""
    caller = principal(state, call)
    ids, strings = call.parameter("ids"), call.parameter("scope_strings")
    if ids is not None and strings is not None:
        raise ApiError.parameters("ids and scope_strings cannot be combined")
    known = state.registry.scopes
    if ids is not None:
        named = [known[each] for each in dict.fromkeys(ids.lower().split(",")) if each in known]
    elif strings is not None:
        found = [state.registry.scope(each.strip()) for each in dict.fromkeys(strings.split(","))]
        named = [each for each in found if each is not None]
    else:
        return {"scopes": [scope_document(each) for each in known.values() if _owns(state, caller, each)]}
    return {"scopes": [scope_document(each) for each in named if each.advertised or _owns(state, caller, each)]}


def create_scope(state: AuthState, call: Call) -> _Document:
    """``POST /v2/api/clients/<id>/scopes``."""
    client = managed_client(state, call)
    fields = Fields(call.member("scope"))
    scope_string = _scope_string(client.id, fields.text("scope_suffix"))
    scope = ScopeDefinition(
        str(uuid4()), scope_string, fields.text("name"), fields.text("description"), client.id, advertised=False
    )
    _fill(state, scope, fields)
    try:
        state.registry.add_scope(scope)
    except ValueError as error:
        raise ApiError.unprocessable(str(error)) from None
    return {"scope": scope_document(scope)}


def _scope_string(client_id: str, suffix: str) -> str:
    if _SUFFIX.fullmatch(suffix) is None:
        raise ApiError.unprocessable("scope_suffix must be of small letters, digits and underscores")
    return f"{SCOPES_AT}{client_id}/{suffix}"


def update_scope(state: AuthState, call: Call) -> _Document:
    """``PUT /v2/api/scopes/<id>``: what is not sent stays as it is."""
    scope = _owned(state, call)
    fields = Fields(call.member("scope"))
    renamed = _scope_string(scope.client_id, fields.text("scope_suffix")) if "scope_suffix" in fields else None
    if renamed not in {None, scope.scope_string} and state.registry.scope(renamed or "") is not None:
        raise ApiError.unprocessable("There is such a scope already")
    _fill(state, scope, fields)
    if renamed is not None:
        state.registry.rename_scope(scope, renamed)
    return {"scope": scope_document(scope)}


def _fill(state: AuthState, scope: ScopeDefinition, fields: Fields) -> None:
    name = fields.text("name", scope.name)
    description = fields.text("description", scope.description)
    advertised = fields.flag("advertised", scope.advertised)
    allows_refresh_token = fields.flag("allows_refresh_token", scope.allows_refresh_token)
    required_domains = fields.texts("required_domains", scope.required_domains) or []
    given = fields.each("dependent_scopes")
    if given is not None:
        scope.dependencies = [_dependency(state, scope, each) for each in given]
    scope.name, scope.description, scope.advertised = name, description, advertised
    scope.allows_refresh_token, scope.required_domains = allows_refresh_token, required_domains


def _dependency(state: AuthState, scope: ScopeDefinition, fields: Fields) -> Dependency:
    scope_id = fields.uuid("scope", None)
    if scope_id not in state.registry.scopes or scope_id == scope.id:
        raise ApiError.unprocessable("dependent_scopes must name other scopes by their ids")
    return Dependency(
        scope_id,
        fields.flag("optional", otherwise=False),
        fields.flag("requires_refresh_token", otherwise=False),
    )


def delete_scope(state: AuthState, call: Call) -> _Document:
    """``DELETE /v2/api/scopes/<id>``: and with it all consents for it."""
    scope = _owned(state, call)
    state.consents.rescind_scope(scope)
    state.registry.remove_scope(scope)
    return {"scope": scope_document(scope)}

"""Who calls ``/v2/api``, and which projects and clients the caller may manage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..kit.authentication import AuthenticationFailure
from .errors import ApiError

if TYPE_CHECKING:
    from ..kit.request import Request
    from .models import ClientApp, Project, ScopeDefinition
    from .state import AuthState

__all__ = (
    "MANAGE_PROJECTS",
    "ApiCaller",
    "administered_project",
    "api_caller",
    "find_client",
    "find_scope",
    "managed_client",
    "managed_scope",
    "may_manage_client",
    "may_manage_scope",
    "project_manager",
)

MANAGE_PROJECTS: Final = "urn:globus:auth:scope:auth.globus.org:manage_projects"
_RESOURCE_SERVER: Final = "auth.globus.org"


@dataclass(frozen=True, slots=True)
class ApiCaller:
    """The owner of an access token, or a client that authenticates with its secret."""

    identity_ids: frozenset[str]
    group_ids: frozenset[str]
    client_id: str
    scopes: frozenset[str]
    client: ClientApp | None
    """The client that has authenticated; `None` if the request has an access token."""

    def administers(self, project: Project) -> bool:
        """Return whether it is an administrator of a project."""
        return not (
            self.identity_ids.isdisjoint(project.admin_ids) and self.group_ids.isdisjoint(project.admin_group_ids)
        )

    def require_scope(self, scope: str) -> None:
        """
        Check that the token has a scope; a client with its secret needs none.

        Raises:
            ApiError: 403 ``FORBIDDEN``.
        """
        if self.client is None and scope not in self.scopes:
            raise ApiError.forbidden(f"The token lacks the scope {scope}")


def api_caller(state: AuthState, request: Request) -> ApiCaller:
    """
    Return the caller of a request.

    Raises:
        ApiError: 401 ``UNAUTHORIZED``, or 403 ``FORBIDDEN`` for a token of another resource server.
    """
    client = state.authority.authenticate_client(request.authorization)
    if client is not None:
        ids = frozenset({client.id})
        return ApiCaller(ids, state.directory.groups_of(ids), client.id, frozenset(), client)
    try:
        token = state.authority.active_token(request.authorization)
    except AuthenticationFailure:
        raise ApiError.unauthorized() from None
    if not any(state.registry.resource_server(each.scope) == _RESOURCE_SERVER for each in token.consents):
        raise ApiError.forbidden("The token is for another resource server")
    ids = state.directory.linked_ids(token.identity_id)
    return ApiCaller(ids, state.directory.groups_of(ids), token.client_id, frozenset(token.scopes), None)


def project_manager(state: AuthState, request: Request) -> ApiCaller:
    """
    Return the caller of a request, who needs the scope to manage projects.

    Raises:
        ApiError: 401 ``UNAUTHORIZED`` or 403 ``FORBIDDEN``.
    """
    caller = api_caller(state, request)
    caller.require_scope(MANAGE_PROJECTS)
    return caller


def administered_project(state: AuthState, caller: ApiCaller, project_id: str | None) -> Project:
    """
    Return a project that the caller administers.

    Raises:
        ApiError: 404 ``NOT_FOUND`` or 403 ``FORBIDDEN``.
    """
    project = state.registry.projects.get((project_id or "").lower())
    if project is None:
        raise ApiError.not_found("project")
    if not caller.administers(project):
        raise ApiError.forbidden("The caller does not administer the project")
    return project


def find_client(state: AuthState, client_id: str) -> ClientApp:
    """
    Return a registered client.

    Raises:
        ApiError: 404 ``NOT_FOUND``.
    """
    client = state.registry.clients.get(client_id.lower())
    if client is None or client.is_implicit:
        raise ApiError.not_found("client")
    return client


def may_manage_client(state: AuthState, caller: ApiCaller, client: ClientApp) -> bool:
    """Return whether the caller is the client, its parent, or an administrator of its project."""
    if caller.client is not None and caller.client.id in {client.id, client.parent_id}:
        return True
    project = state.registry.projects.get(client.project_id or "")
    return project is not None and caller.administers(project)


def managed_client(state: AuthState, request: Request) -> ClientApp:
    """
    Return the client in the path of a request, which the caller must be allowed to manage.

    Raises:
        ApiError: 401 ``UNAUTHORIZED``, 403 ``FORBIDDEN`` or 404 ``NOT_FOUND``.
    """
    caller = project_manager(state, request)
    client = find_client(state, request.path_id("client_id"))
    if not may_manage_client(state, caller, client):
        raise ApiError.forbidden("The caller does not manage the client")
    return client


def may_manage_scope(state: AuthState, caller: ApiCaller, scope: ScopeDefinition) -> bool:
    """Return whether the caller may manage the client of a scope."""
    return may_manage_client(state, caller, state.registry.clients[scope.client_id])


def managed_scope(state: AuthState, request: Request) -> ScopeDefinition:
    """
    Return the scope in the path of a request, which the caller must be allowed to manage.

    Raises:
        ApiError: 401 ``UNAUTHORIZED``, 403 ``FORBIDDEN`` or 404 ``NOT_FOUND``.
    """
    caller = project_manager(state, request)
    scope = find_scope(state, request.path_id("scope_id"))
    if not may_manage_scope(state, caller, scope):
        raise ApiError.forbidden("The caller does not manage the scope's client")
    return scope


def find_scope(state: AuthState, scope_id: str) -> ScopeDefinition:
    """
    Return a registered scope.

    Raises:
        ApiError: 404 ``NOT_FOUND``.
    """
    scope = state.registry.scopes.get(scope_id.lower())
    if scope is None:
        raise ApiError.not_found("scope")
    return scope

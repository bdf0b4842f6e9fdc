"""Who calls ``/v2/api``, and what it may do there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from .errors import ApiError, AuthFailure

if TYPE_CHECKING:
    from .call import Call
    from .models import ClientApp, Project
    from .state import AuthState

__all__ = (
    "MANAGE_PROJECTS",
    "Principal",
    "administered",
    "developer",
    "find_client",
    "managed_client",
    "may_manage",
    "principal",
)

MANAGE_PROJECTS: Final = "urn:globus:auth:scope:auth.globus.org:manage_projects"
_AUTH: Final = "auth.globus.org"


@dataclass(frozen=True, slots=True)
class Principal:
    """A person with a token, or a client with its secret."""

    identity_ids: frozenset[str]
    group_ids: frozenset[str]
    client_id: str
    scopes: frozenset[str]
    client: ClientApp | None
    """The client that proved itself; None if there is a token."""

    def administers(self, project: Project) -> bool:
        """Tell whether it may change a project."""
        mine = self.identity_ids.intersection(project.admin_ids) or self.group_ids.intersection(project.admin_group_ids)
        return bool(mine)

    def demand(self, scope: str) -> None:
        """
        Refuse a token without a scope; a client with its secret needs none.

        Raises:
            ApiError: 403 ``FORBIDDEN``.
        """
        if self.client is None and scope not in self.scopes:
            raise ApiError.forbidden(f"The token lacks the scope {scope}")


def principal(state: AuthState, call: Call) -> Principal:
    """
    Return who makes a call.

    Raises:
        ApiError: 401 ``UNAUTHORIZED``, or 403 ``FORBIDDEN`` for a token that is for another service.
    """
    client = state.authenticate_client(call.authorization)
    if client is not None:
        ids = frozenset({client.id})
        return Principal(ids, _groups(state, ids), client.id, frozenset(), client)
    try:
        token = state.active_token(call.authorization)
    except AuthFailure:
        raise ApiError.unauthorized() from None
    if not any(state.registry.resource_server(each.scope) == _AUTH for each in token.consents):
        raise ApiError.forbidden("The token is for another resource server")
    ids = state.directory.linked_ids(token.identity_id)
    return Principal(ids, _groups(state, ids), token.client_id, frozenset(token.scopes), None)


def _groups(state: AuthState, identity_ids: frozenset[str]) -> frozenset[str]:
    return frozenset(each.id for each in state.directory.groups.values() if each.member_ids & identity_ids)


def developer(state: AuthState, call: Call) -> Principal:
    """Return who makes a call, who may manage projects at all."""
    caller = principal(state, call)
    caller.demand(MANAGE_PROJECTS)
    return caller


def administered(state: AuthState, caller: Principal, project_id: str | None) -> Project:
    """
    Return a project that the caller administers.

    Raises:
        ApiError: 404 if there is none, 403 if it is somebody else's.
    """
    project = state.registry.projects.get((project_id or "").lower())
    if project is None:
        raise ApiError.not_found("project")
    if not caller.administers(project):
        raise ApiError.forbidden("The project is administered by others")
    return project


def find_client(state: AuthState, client_id: str) -> ClientApp:
    """
    Return a registered client.

    Raises:
        ApiError: 404 ``NOT_FOUND``.
    """
    client = state.registry.clients.get(client_id.lower())
    if client is None or client.is_implied:
        raise ApiError.not_found("client")
    return client


def may_manage(state: AuthState, caller: Principal, client: ClientApp) -> bool:
    """Return whether the caller is the client, its parent, or an administrator of its project."""
    if caller.client is not None and caller.client.id in {client.id, client.parent_id}:
        return True
    project = state.registry.projects.get(client.project_id or "")
    return project is not None and caller.administers(project)


def managed_client(state: AuthState, call: Call) -> ClientApp:
    """
    Return a client that the caller may change: one of its projects, itself, or its child.

    Raises:
        ApiError: 404 or 403.
    """
    caller = developer(state, call)
    client = find_client(state, call.path["client_id"])
    if not may_manage(state, caller, client):
        raise ApiError.forbidden("The client belongs to others")
    return client

"""Who calls ``/v2/api``, and what it may do there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ._failures import ApiError, AuthFailure

if TYPE_CHECKING:
    from ._call import Call
    from ._records import ClientApp, Project
    from .state import AuthState

__all__ = ("MANAGE_PROJECTS", "Principal", "principal")

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

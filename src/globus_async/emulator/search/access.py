"""Who may do what: scopes of operations, and roles on indices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..kit.ids import is_uuid
from .errors import forbidden, incompatible_status, no_such_index
from .viewer import Viewer, principals_of

if TYPE_CHECKING:
    from ..kit.request import Request
    from .models import Index, RoleName
    from .queries.documents import Query
    from .state import SearchState

__all__ = (
    "ALL",
    "INGEST",
    "SEARCH",
    "check_bypass",
    "managed_index",
    "open_index",
    "owned_index",
    "permissions",
    "principals",
    "require_role",
    "searched_index",
    "viewer",
    "written_index",
)

_PREFIX: Final = "urn:globus:auth:scope:search.api.globus.org:"
ALL: Final = f"{_PREFIX}all"
SEARCH: Final = f"{_PREFIX}search"
INGEST: Final = f"{_PREFIX}ingest"
_ROLES: Final[tuple[RoleName, ...]] = ("owner", "admin", "writer")


def principals(state: SearchState, request: Request) -> frozenset[str]:
    """Return what the caller is called in ``visible_to`` and in roles."""
    caller = request.authenticated
    return principals_of(state.directory, None if caller is None else caller.identity_ids)


def viewer(state: SearchState, request: Request) -> Viewer:
    """Return the caller of a query."""
    return Viewer(principals(state, request))


def permissions(state: SearchState, request: Request, index: Index) -> list[RoleName]:
    """Return the roles of the caller on an index, the strongest first."""
    called = principals(state, request)
    held = {role.name for role in index.roles.values() if role.principal in called}
    return [name for name in _ROLES if name in held]


def require_role(state: SearchState, request: Request, index: Index, operation: str, *roles: RoleName) -> None:
    """
    Require a role on an index.

    Args:
        state: The state of the service.
        request: The request.
        index: The index.
        operation: The name of the operation, for the message.
        roles: One of these is needed.

    Raises:
        SearchError: 403 ``Forbidden.Generic``.
    """
    if not set(roles) & set(permissions(state, request, index)):
        raise forbidden(operation, " or ".join(roles))


def open_index(state: SearchState, request: Request) -> Index:
    """
    Return the index in the path of a request.

    Raises:
        SearchError: 404, there is none; 409, it is being deleted.
    """
    index_id = request.path_id("index_id")
    if not is_uuid(index_id):
        raise no_such_index(index_id)
    index = state.index(index_id)
    if index.status != "open":
        raise incompatible_status(index.status, "open")
    return index


def searched_index(state: SearchState, request: Request) -> Index:
    """
    Return the index of a query, for which no role and no token is needed.

    Raises:
        SearchError: 403, a token without the scope; 404 or 409 as for `open_index`.
    """
    if request.authenticated is not None:
        request.require_scope(ALL, SEARCH)
    return open_index(state, request)


def written_index(state: SearchState, request: Request, operation: str) -> Index:
    """
    Return an index that the caller may write to.

    Raises:
        SearchError: 401 or 403, no token, scope or role; 404 or 409 as for `open_index`.
    """
    request.require_scope(ALL, INGEST)
    index = open_index(state, request)
    require_role(state, request, index, operation, "writer", "admin", "owner")
    return index


def managed_index(state: SearchState, request: Request, operation: str) -> Index:
    """
    Return an index that the caller administers.

    Raises:
        SearchError: 401 or 403, no token, scope or role; 404 or 409 as for `open_index`.
    """
    request.require_scope(ALL)
    index = open_index(state, request)
    require_role(state, request, index, operation, "admin", "owner")
    return index


def owned_index(state: SearchState, request: Request, operation: str) -> Index:
    """
    Return an index that the caller owns, whatever its status.

    Raises:
        SearchError: 401 or 403, no token, scope or role; 404, there is none.
    """
    request.require_scope(ALL)
    index = state.index(request.path_id("index_id"))
    require_role(state, request, index, operation, "owner")
    return index


def check_bypass(state: SearchState, request: Request, index: Index, query: Query) -> None:
    """
    Require that the caller may find entries that are not visible to it, if the query asks for that.

    Raises:
        SearchError: 403 ``Forbidden.Generic``.
    """
    if query.bypass_visible_to:
        require_role(state, request, index, "bypass_visible_to", "admin", "owner")

"""The client of Globus Search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ...scopes import Scope, SearchScopeCollection, SearchScopes
from ...transport import RateLimit
from .entries import EntryMethods
from .errors import error_kinds
from .indices import IndexMethods
from .ingest.methods import IngestMethods
from .queries import QueryMethods
from .roles import RoleMethods
from .tasks import TaskMethods
from .waiting import TaskWaitMethods

if TYPE_CHECKING:
    from ...errors import ErrorKinds

__all__ = ("SearchClient",)


class SearchClient(
    QueryMethods,
    EntryMethods,
    IngestMethods,
    TaskWaitMethods,
    TaskMethods,
    IndexMethods,
    RoleMethods,
):
    """
    A client of Globus Search.

    Methods that fetch or change one resource are coroutines that return a response, which is indexed like a dict.
    Methods that list resources, and queries, return `Pages`: ``async for`` yields the items, ``await`` returns the
    first page.

    Each method documents its specific errors. In addition every call may raise `GlobusSDKUsageError` for an invalid
    argument, before anything is sent; `TokenRefreshError` and `LoginRequired` if no access token is available;
    `NetworkError` if there is no usable response; and `SearchAPIError` for other error responses.

    Without credentials, queries find what is public. With an app, the client requires the scope ``search`` of it, as in
    globus-sdk: it suffices for queries. Pass ``app_scopes=[SearchScopes.all]`` for ingests, indices and roles. The
    error of a missing scope, `PermissionDenied`, has the needed one as ``required_scope``.

    Args:
        environment: The Globus environment. By default ``GLOBUS_SDK_ENVIRONMENT``, or ``production`` without it.
        base_url: The URL of the service, instead of the environment's. Credentials are sent only to its origin.
        authorizer: Supplies the ``Authorization`` header; may be shared by several clients.
        app: Supplies the credentials, instead of ``authorizer``, and the connections, unless there is a ``transport``.
            The scopes of the client are added to its requirements.
        app_scopes: The scopes to require of the app, instead of `default_scope_requirements`.
        app_name: The application's name, for the ``User-Agent`` header.
        transport: A transport to share with other clients. By default the client creates its own and closes it.
        retry: The retry policy.
        rate_limit: The maximum rate of calls, shared by all clients with the same authorizer and transport; ``None``
            for no limit. By default the service's limit: 5 calls per second, averaged over ten seconds.

    Example:
        >>> async with SearchClient(authorizer=authorizer, transport=transport) as client:
        ...     index = await client.get_index(index_id)
        >>> index["display_name"]
        'Samples'
    """

    service_name: ClassVar[str] = "search"
    resource_server: ClassVar[str] = SearchScopes.resource_server
    error_kinds: ClassVar[ErrorKinds[Any]] = error_kinds
    scopes: ClassVar[SearchScopeCollection] = SearchScopes
    default_rate_limit: ClassVar[RateLimit | None] = RateLimit(calls=50, seconds=10)

    @property
    def default_scope_requirements(self) -> list[Scope]:
        """The scope that an app requires for this client: Search's ``search``, which does not suffice to ingest."""
        return [SearchScopes.search]

"""The client of Globus Groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ...scopes import GroupsScopeCollection, GroupsScopes, Scope
from .errors import error_kinds
from .groups import GroupMethods
from .memberships import MembershipMethods
from .subscriptions import SubscriptionMethods

if TYPE_CHECKING:
    from ...errors import ErrorKinds

__all__ = ("GroupsClient",)


class GroupsClient(GroupMethods, MembershipMethods, SubscriptionMethods):
    """
    A client of Globus Groups. `GroupsManager` has simpler methods for common actions.

    Each method documents its specific errors. In addition every call may raise `GlobusSDKUsageError` for an invalid
    argument, before anything is sent; `TokenRefreshError` and `LoginRequired` if no access token is available;
    `NetworkError` if there is no usable response; and `GroupsAPIError` for other error responses.

    Args:
        environment: The Globus environment. By default ``GLOBUS_SDK_ENVIRONMENT``, or ``production`` without it.
        base_url: The URL of the service, instead of the environment's. Credentials are sent only to its origin.
        authorizer: Supplies the ``Authorization`` header; may be shared by several clients.
        app: Supplies the credentials, instead of ``authorizer``, and the connections, unless there is a ``transport``.
            The scopes of the client are added to its requirements.
        app_scopes: The scopes to require of the app, instead of `default_scope_requirements`: ``[GroupsScopes.all]``
            for every change.
        app_name: The application's name, for the ``User-Agent`` header.
        transport: A transport to share with other clients. By default the client creates its own and closes it.
        retry: The retry policy.
        rate_limit: The maximum rate of calls, shared by all clients with the same authorizer and transport; ``None``
            for no limit, which is the default.

    Example:
        >>> async with GroupsClient(authorizer=authorizer, transport=transport) as client:
        ...     group = await client.get_group(group_id)
        >>> group["name"]
        'Lab'
    """

    service_name: ClassVar[str] = "groups"
    error_kinds: ClassVar[ErrorKinds[Any]] = error_kinds
    scopes: ClassVar[GroupsScopeCollection] = GroupsScopes

    @property
    def default_scope_requirements(self) -> list[Scope]:
        """
        The scope that an app requires for this client: to see one's own groups and memberships.

        Changes need ``GroupsScopes.all``: pass it as ``app_scopes``. An error for want of it says so.
        """
        return [GroupsScopes.view_my_groups_and_memberships]

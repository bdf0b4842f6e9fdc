"""The client of the Transfer service."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Self
from uuid import UUID

from ..._http.path import uuid_text
from ...scopes import GCSCollectionScopes, Scope, TransferScopeCollection, TransferScopes
from ...transport import RateLimit
from .access_rules import AccessRuleMethods
from .batch.methods import BatchSubmissionMethods
from .bookmarks import BookmarkMethods
from .bulk_methods import BulkMethods
from .endpoint_manager.collections import EndpointManagerCollectionMethods
from .endpoint_manager.pause_rules import EndpointManagerPauseRuleMethods
from .endpoint_manager.task_control import EndpointManagerTaskControlMethods
from .endpoint_manager.tasks import EndpointManagerTaskMethods
from .endpoints import EndpointMethods
from .errors import error_kinds
from .file_operations import FileOperationMethods
from .guest_collections import GuestCollectionMethods
from .legacy.endpoint_activation import EndpointActivationMethods
from .legacy.endpoint_servers import EndpointServerMethods
from .roles import RoleMethods
from .submissions import SubmissionMethods
from .subscriptions import SubscriptionMethods
from .tunnels import TunnelMethods
from .waiting.run_task import RunTaskMethods
from .waiting.task_wait import TaskWaitMethods

if TYPE_CHECKING:
    from ...errors import ErrorKinds

__all__ = ("TransferClient",)


class TransferClient(
    BulkMethods,
    BatchSubmissionMethods,
    EndpointMethods,
    GuestCollectionMethods,
    SubscriptionMethods,
    EndpointServerMethods,
    RoleMethods,
    AccessRuleMethods,
    EndpointActivationMethods,
    BookmarkMethods,
    FileOperationMethods,
    RunTaskMethods,
    SubmissionMethods,
    TaskWaitMethods,
    EndpointManagerCollectionMethods,
    EndpointManagerTaskMethods,
    EndpointManagerTaskControlMethods,
    EndpointManagerPauseRuleMethods,
    TunnelMethods,
):
    """
    A client of the Globus Transfer service.

    Methods that fetch or change one resource are coroutines that return a response, which is indexed like a dict.
    Methods that list resources return `Pages`: ``async for`` yields the items, ``await`` returns the first page.

    Each method documents its specific errors. In addition every call may raise `GlobusSDKUsageError` for an invalid
    argument, before anything is sent; `TokenRefreshError` and `LoginRequired` if no access token is available;
    `NetworkError` if there is no usable response; and `TransferAPIError` for other error responses.

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
            for no limit. By default the service's limit: 20 calls per second, averaged over ten seconds.

    Example:
        >>> async with TransferClient(authorizer=authorizer, transport=transport) as client:
        ...     endpoint = await client.get_endpoint(endpoint_id)
        >>> endpoint["display_name"]
        'Lab storage'
    """

    service_name: ClassVar[str] = "transfer"
    base_path: ClassVar[str] = "/v0.10"
    resource_server: ClassVar[str] = TransferScopes.resource_server
    error_kinds: ClassVar[ErrorKinds[Any]] = error_kinds
    scopes: ClassVar[TransferScopeCollection] = TransferScopes
    default_rate_limit: ClassVar[RateLimit | None] = RateLimit(calls=200, seconds=10)

    @property
    def default_scope_requirements(self) -> list[Scope]:
        """The scope that an app requires for this client: Transfer's ``all``."""
        return [TransferScopes.all]

    def add_app_data_access_scope(self, collection_ids: UUID | str | Iterable[UUID | str]) -> Self:
        """
        Require access to the data of mapped collections of the app; the user consents to it at the next login.

        Args:
            collection_ids: The collections. UUIDs.

        Returns:
            This client.

        Raises:
            GlobusSDKUsageError: An id that is not a UUID; or the client has no app.

        Example:
            >>> tc = TransferClient(app=app).add_app_data_access_scope(endpoint_id)
        """
        return self.add_app_scope(self.data_access_scope(collection_ids))

    @staticmethod
    def data_access_scope(collection_ids: UUID | str | Iterable[UUID | str]) -> Scope:
        """
        Return the scope for access to the data of mapped collections.

        Mapped collections that are not high-assurance require a consent each; without it, calls for their files raise
        `ConsentRequired`. Guest collections require none.

        Args:
            collection_ids: The collections. UUIDs.

        Returns:
            Transfer's ``all`` scope, with the ``data_access`` scopes of the collections as optional dependencies.

        Raises:
            GlobusSDKUsageError: An id that is not a UUID.

        Example:
            >>> print(TransferClient.data_access_scope("a9a1d4c1-6f62-4d10-8a3c-5d1a2f3e4b5c"))
            urn:globus:auth:scope:transfer.api.globus.org:all[*https://auth.globus.org/scopes/a9a1d4c1-6f62-4d10-8a3c-5d1a2f3e4b5c/data_access]

        **Differs from globus-sdk:** is new; for a client with an app, use `add_app_data_access_scope`.
        """
        ids = [collection_ids] if isinstance(collection_ids, (str, UUID)) else collection_ids
        scope = TransferScopes.all
        for collection_id in ids:
            data_access = GCSCollectionScopes(uuid_text("collection_ids", collection_id)).data_access
            scope = scope.with_dependency(data_access.with_optional(True))
        return scope

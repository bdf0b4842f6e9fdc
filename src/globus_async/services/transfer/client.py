"""TransferClient: everything the Transfer service offers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from ..._http.path import uuid_text
from ...scopes import GCSCollectionScopes, Scope, TransferScopes
from ...transport import RateLimit
from .access_rules import AccessRuleMethods
from .batch.methods import BatchSubmissionMethods
from .bookmarks import BookmarkMethods
from .bulk_methods import BulkMethods
from .endpoint_manager.actions import EndpointManagerControlMethods
from .endpoint_manager.endpoints import EndpointManagerCollectionMethods
from .endpoint_manager.tasks import EndpointManagerTaskMethods
from .endpoints import EndpointMethods
from .errors import TransferAPIError, error_for, is_final
from .file_operations import FileOperationMethods
from .guest_collections import GuestCollectionMethods
from .legacy.endpoint_activation import EndpointActivationMethods
from .legacy.endpoint_servers import EndpointServerMethods
from .roles import RoleMethods
from .submissions import SubmissionMethods
from .subscriptions import SubscriptionMethods
from .tunnels import TunnelMethods
from .waiting.task_wait import TaskWaitMethods

if TYPE_CHECKING:
    from ..._http.response import RawResponse
    from ...errors import Attempt, GlobusAPIError

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
    SubmissionMethods,
    TaskWaitMethods,
    EndpointManagerCollectionMethods,
    EndpointManagerTaskMethods,
    EndpointManagerControlMethods,
    TunnelMethods,
):
    """
    A client of the Globus Transfer service.

    Methods that fetch or change one thing are coroutines and return a response, whose members are reached as items.
    Methods that list things return `Pages`: ``async for`` gives the items, ``await`` the first page.

    Each method names the errors that are its own. Beside these, every call may raise `GlobusSDKUsageError` for a wrong
    argument, before anything is sent, `TokenRefreshError` and `LoginRequired` when there is no token to send,
    `NetworkError` when there is no usable answer, and `TransferAPIError` for any other answer that is an error.

    Args:
        environment: Which Globus to talk to; the default is ``GLOBUS_SDK_ENVIRONMENT`` or ``production``.
        base_url: The service's address, instead of the environment's. Credentials go there and nowhere else.
        authorizer: Supplies the ``Authorization`` header; may be shared by any number of clients.
        app_name: Told to the service in the ``User-Agent``.
        transport: A transport to share; without one the client makes its own and closes it.
        retry: When calls are sent again.
        rate_limit: How many calls may go out, counted together for all clients that share authorizer and transport;
            ``None`` for no limit. The default is what the service asks for: 20 a second, metered over ten seconds.

    Example:
        >>> async with TransferClient(authorizer=authorizer, transport=transport) as client:
        ...     endpoint = await client.get_endpoint(endpoint_id)
        >>> endpoint["display_name"]
        'Lab storage'
    """

    service_name: ClassVar[str] = "transfer"
    resource_server: ClassVar[str] = TransferScopes.resource_server
    error_class: ClassVar[type[GlobusAPIError]] = TransferAPIError
    scopes: ClassVar = TransferScopes
    default_rate_limit: ClassVar[RateLimit | None] = RateLimit(calls=200, seconds=10)

    @staticmethod
    def data_access_scope(collection_ids: UUID | str | Iterable[UUID | str]) -> Scope:
        """
        Return the scope to log in with, to be let at the data of mapped collections.

        Such collections (not high-assurance ones, nor guest collections) ask for a consent of their own; without it
        their files answer with `ConsentRequired`.

        Args:
            collection_ids: Which collections. UUIDs.

        Returns:
            The scope for all of Transfer, with the collections' data access as dependencies.

        Raises:
            GlobusSDKUsageError: An id that is no UUID.

        Example:
            >>> print(TransferClient.data_access_scope("a9a1d4c1-6f62-4d10-8a3c-5d1a2f3e4b5c"))
            urn:globus:auth:scope:transfer.api.globus.org:all[*https://auth.globus.org/scopes/a9a1d4c1-6f62-4d10-8a3c-5d1a2f3e4b5c/data_access]

        **Differs from globus-sdk:** returns the scope instead of adding it to a ``GlobusApp``.
        """
        ids = [collection_ids] if isinstance(collection_ids, (str, UUID)) else collection_ids
        scope = TransferScopes.all
        for collection_id in ids:
            data_access = GCSCollectionScopes(uuid_text("collection_ids", collection_id)).data_access
            scope = scope.with_dependency(data_access.with_optional(True))
        return scope

    def _error_for(self, answer: RawResponse, attempts: tuple[Attempt, ...]) -> GlobusAPIError:
        return error_for(answer, attempts)

    def _is_final(self, answer: RawResponse) -> bool:
        return is_final(answer)

"""The client of Globus Timers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Self
from uuid import UUID

from ..._http.path import uuid_text
from ...scopes import (
    GCSCollectionScopes,
    Scope,
    SpecificFlowScopes,
    TimersScopeCollection,
    TimersScopes,
    TransferScopes,
)
from .errors import error_kinds
from .timer_wait import TimerWaitMethods

if TYPE_CHECKING:
    from ...errors import ErrorKinds

__all__ = ("TimersClient",)


class TimersClient(TimerWaitMethods):
    """
    A client of Globus Timers: transfers and flows that run on a schedule.

    Each method documents its specific errors. In addition every call may raise `GlobusSDKUsageError` for an invalid
    argument, before anything is sent; `TokenRefreshError` and `LoginRequired` if no access token is available;
    `NetworkError` if there is no usable response; and `TimersAPIError` for other error responses.

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
        rate_limit: The maximum rate of calls, shared by all clients with the same authorizer and transport. By default
            there is no limit.

    Example:
        >>> async with TimersClient(authorizer=authorizer, transport=transport) as client:
        ...     job = await client.get_job(job_id)
        >>> job["name"]
        'nightly'
    """

    service_name: ClassVar[str] = "timer"
    resource_server: ClassVar[str] = TimersScopes.resource_server
    error_kinds: ClassVar[ErrorKinds[Any]] = error_kinds
    scopes: ClassVar[TimersScopeCollection] = TimersScopes

    @property
    def default_scope_requirements(self) -> list[Scope]:
        """The scope that an app requires for this client: ``timer``."""
        return [TimersScopes.timer]

    def add_app_transfer_data_access_scope(self, collection_ids: UUID | str | Iterable[UUID | str]) -> Self:
        """
        Require access to the data of mapped collections of the app, for transfer timers.

        The user consents to it at the next login. Only mapped collections that are not high-assurance need it; on
        others the login fails with an unknown scope.

        Args:
            collection_ids: The collections. UUIDs.

        Returns:
            This client.

        Raises:
            GlobusSDKUsageError: An id that is not a UUID; or the client has no app.

        Example:
            >>> timers = TimersClient(app=app).add_app_transfer_data_access_scope([source_id, destination_id])
        """
        return self.add_app_scope(self.transfer_timer_scope(collection_ids))

    def add_app_flow_user_scope(self, flow_ids: UUID | str | Iterable[UUID | str]) -> Self:
        """
        Require of the app that timers may run flows; the user consents to it at the next login.

        Args:
            flow_ids: The flows. UUIDs.

        Returns:
            This client.

        Raises:
            GlobusSDKUsageError: An id that is not a UUID; or the client has no app.

        Example:
            >>> timers = TimersClient(app=app).add_app_flow_user_scope(flow_id)
        """
        return self.add_app_scope(self.flow_timer_scope(flow_ids))

    @staticmethod
    def transfer_timer_scope(collection_ids: UUID | str | Iterable[UUID | str] = ()) -> Scope:
        """
        Return the scope for transfer timers, with access to the data of mapped collections.

        Args:
            collection_ids: The mapped collections that are not high-assurance. UUIDs.

        Returns:
            The ``timer`` scope, with Transfer's ``all`` as a dependency, and the ``data_access`` scopes of the
            collections as optional dependencies of that.

        Raises:
            GlobusSDKUsageError: An id that is not a UUID.

        Example:
            >>> print(TimersClient.transfer_timer_scope())
            https://auth.globus.org/scopes/524230d7-ea86-4a52-8312-86065a9e0417/timer[urn:globus:auth:scope:transfer.api.globus.org:all]

        **Differs from globus-sdk:** is new; for a client with an app, use `add_app_transfer_data_access_scope`.
        """
        transfer = TransferScopes.all
        for collection_id in _several(collection_ids):
            data_access = GCSCollectionScopes(uuid_text("collection_ids", collection_id)).data_access
            transfer = transfer.with_dependency(data_access.with_optional(True))
        return TimersScopes.timer.with_dependency(transfer)

    @staticmethod
    def flow_timer_scope(flow_ids: UUID | str | Iterable[UUID | str]) -> Scope:
        """
        Return the scope for timers that run flows.

        Args:
            flow_ids: The flows. UUIDs.

        Returns:
            The ``timer`` scope, with the scopes of the flows as dependencies.

        Raises:
            GlobusSDKUsageError: An id that is not a UUID.

        Example:
            >>> print(TimersClient.flow_timer_scope("a9a1d4c1-6f62-4d10-8a3c-5d1a2f3e4b5c"))
            https://auth.globus.org/scopes/524230d7-ea86-4a52-8312-86065a9e0417/timer[https://auth.globus.org/scopes/a9a1d4c1-6f62-4d10-8a3c-5d1a2f3e4b5c/flow_a9a1d4c1_6f62_4d10_8a3c_5d1a2f3e4b5c_user]

        **Differs from globus-sdk:** is new; for a client with an app, use `add_app_flow_user_scope`.
        """
        scope = TimersScopes.timer
        for flow_id in _several(flow_ids):
            scope = scope.with_dependency(SpecificFlowScopes(uuid_text("flow_ids", flow_id)).user)
        return scope


def _several(ids: UUID | str | Iterable[UUID | str]) -> Iterable[UUID | str]:
    return [ids] if isinstance(ids, (str, UUID)) else ids

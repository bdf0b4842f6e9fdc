"""The clients of Globus Compute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ...scopes import ComputeScopeCollection, ComputeScopes, Scope
from .endpoints import EndpointMethods
from .endpoints_v3 import EndpointMethodsV3
from .errors import error_kinds
from .functions import ContainerMethods, FunctionMethods, FunctionMethodsV3
from .service_info import ServiceInfoMethods
from .submissions import SubmissionMethods, SubmissionMethodsV3
from .task_wait import TaskWaitMethods

if TYPE_CHECKING:
    from ...errors import ErrorKinds

__all__ = ("ComputeClientV2", "ComputeClientV3")


class ComputeClientV2(
    ServiceInfoMethods, EndpointMethods, FunctionMethods, ContainerMethods, SubmissionMethods, TaskWaitMethods
):
    """
    A client of version 2 of the Globus Compute API. `ComputeClientV3` has newer ways to register and to submit.

    Code, arguments and results of functions are texts that the SDK of Globus Compute makes and reads.

    Each method documents its specific errors. In addition every call may raise `GlobusSDKUsageError` for an invalid
    argument, before anything is sent; `TokenRefreshError` and `LoginRequired` if no access token is available;
    `NetworkError` if there is no usable response; and `ComputeAPIError` for other error responses.

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
            there is no limit but that of submissions: 20 in ten seconds, which
            ``Transport(default_rate_limits=False)`` turns off.

    Example:
        >>> async with ComputeClientV2(authorizer=authorizer, transport=transport) as client:
        ...     endpoint = await client.get_endpoint(endpoint_id)
        >>> endpoint["name"]
        'laptop'
    """

    service_name: ClassVar[str] = "compute"
    resource_server: ClassVar[str] = ComputeScopes.resource_server
    error_kinds: ClassVar[ErrorKinds[Any]] = error_kinds
    scopes: ClassVar[ComputeScopeCollection] = ComputeScopes

    @property
    def default_scope_requirements(self) -> list[Scope]:
        """The scope that an app requires for this client: ``all``."""
        return [ComputeScopes.all]


class ComputeClientV3(EndpointMethodsV3, FunctionMethodsV3, SubmissionMethodsV3, TaskWaitMethods):
    """
    A client of version 3 of the Globus Compute API. For tasks it has the methods of `ComputeClientV2`.

    Code, arguments and results of functions are texts that the SDK of Globus Compute makes and reads.

    Each method documents its specific errors. In addition every call may raise `GlobusSDKUsageError` for an invalid
    argument, before anything is sent; `TokenRefreshError` and `LoginRequired` if no access token is available;
    `NetworkError` if there is no usable response; and `ComputeAPIError` for other error responses.

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
            there is no limit but that of submissions: 20 in ten seconds, which
            ``Transport(default_rate_limits=False)`` turns off.

    Example:
        >>> async with ComputeClientV3(authorizer=authorizer, transport=transport) as client:
        ...     allowlist = await client.get_endpoint_allowlist(endpoint_id)
        >>> allowlist["restricted"]
        False
    """

    service_name: ClassVar[str] = "compute"
    resource_server: ClassVar[str] = ComputeScopes.resource_server
    error_kinds: ClassVar[ErrorKinds[Any]] = error_kinds
    scopes: ClassVar[ComputeScopeCollection] = ComputeScopes

    @property
    def default_scope_requirements(self) -> list[Scope]:
        """The scope that an app requires for this client: ``all``."""
        return [ComputeScopes.all]

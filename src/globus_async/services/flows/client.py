"""The client of Globus Flows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ...scopes import FlowsScopeCollection, FlowsScopes
from .errors import error_kinds
from .flows import FlowMethods
from .registered_apis import RegisteredAPIMethods
from .waiting.run_wait import RunWaitMethods
from .web_inputs import WebInputMethods

if TYPE_CHECKING:
    from ...errors import ErrorKinds
    from ...scopes import Scope

__all__ = ("FlowsClient",)


class FlowsClient(FlowMethods, RunWaitMethods, WebInputMethods, RegisteredAPIMethods):
    """
    A client of Globus Flows.

    Starting and resuming runs needs the scope of the flow, and `SpecificFlowClient`.

    Methods that fetch or change one resource are coroutines that return a response, which is indexed like a dict.
    Methods that list resources return `Pages`: ``async for`` yields the items, ``await`` returns the first page.

    Each method documents its specific errors. In addition every call may raise `GlobusSDKUsageError` for an invalid
    argument, before anything is sent; `TokenRefreshError` and `LoginRequired` if no access token is available;
    `NetworkError` if there is no usable response; and `FlowsAPIError` for other error responses.

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
            for no limit.

    Example:
        >>> async with FlowsClient(authorizer=authorizer, transport=transport) as client:
        ...     flow = await client.get_flow(flow_id)
        >>> flow["title"]
        'Say hello'
    """

    service_name: ClassVar[str] = "flows"
    error_kinds: ClassVar[ErrorKinds[Any]] = error_kinds
    scopes: ClassVar[FlowsScopeCollection] = FlowsScopes
    resource_server: ClassVar[str] = FlowsScopes.resource_server

    @property
    def default_scope_requirements(self) -> list[Scope]:
        """The scope that an app requires for this client: that of Flows for everything but starting runs."""
        return [FlowsScopes.all]

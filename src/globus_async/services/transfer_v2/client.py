"""The client of version 2 of the Transfer API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ...scopes import Scope, TransferScopeCollection, TransferScopes
from ...transport import RateLimit
from ..transfer.errors import error_kinds
from ..transfer.tunnels import TunnelMethods
from .bookmarks import BookmarkMethodsV2

if TYPE_CHECKING:
    from ...errors import ErrorKinds

__all__ = ("TransferClientV2",)


class TransferClientV2(TunnelMethods, BookmarkMethodsV2):
    """
    A client of version 2 of the Globus Transfer API: bookmarks, tunnels and stream access points.

    The service offers it beside version 0.10, of which `TransferClient` is the client; both see the same bookmarks and
    tunnels. Documents are in JSON:API format: a resource is in ``data``, its values are in ``attributes``.

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
        rate_limit: The maximum rate of calls, shared by all clients with the same authorizer and transport, also a
            `TransferClient`; ``None`` for no limit. By default the service's limit: 20 calls per second, averaged over
            ten seconds.

    Example:
        >>> async with TransferClientV2(authorizer=authorizer, transport=transport) as client:
        ...     bookmark = await client.get_bookmark(bookmark_id)
        >>> bookmark["data"]["attributes"]["path"]
        '/~/'
    """

    service_name: ClassVar[str] = "transfer"
    base_path: ClassVar[str] = "/v2"
    resource_server: ClassVar[str] = TransferScopes.resource_server
    error_kinds: ClassVar[ErrorKinds[Any]] = error_kinds
    scopes: ClassVar[TransferScopeCollection] = TransferScopes
    default_rate_limit: ClassVar[RateLimit | None] = RateLimit(calls=200, seconds=10)

    @property
    def default_scope_requirements(self) -> list[Scope]:
        """The scope that an app requires for this client: Transfer's ``all``."""
        return [TransferScopes.all]

"""The client of Globus Connect Server: the Manager of one endpoint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final
from urllib.parse import urlsplit
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ..._http.path import is_uuid, uuid_text
from ...config import checked_base_url
from ...errors import GlobusSDKUsageError
from ...errors.arguments import check_text
from ...scopes import GCSCollectionScopes, GCSEndpointScopes, Scope, ScopeParser
from .collection_settings import CollectionSettingMethods
from .collections import CollectionMethods
from .documents import GCSResultDocument, InfoDocument
from .endpoint import EndpointMethods
from .endpoint_authorizer import EndpointAuthorizer
from .errors import error_kinds
from .nodes import NodeMethods
from .responses import unpacked
from .roles import RoleMethods
from .sharing_policies import SharingPolicyMethods
from .storage_gateways import StorageGatewayMethods
from .stream_gateways import StreamGatewayMethods
from .user_credentials import UserCredentialMethods

if TYPE_CHECKING:
    from ...authorizers import GlobusAuthorizer
    from ...client.app import App
    from ...errors import ErrorKinds
    from ...transport import RateLimit, RetryPolicy, Transport

__all__ = ("GCSClient",)

_UNKNOWN: Final = (
    "the client id of the endpoint is not known yet: pass endpoint_client_id= to GCSClient, or first"
    " 'await client.fetch_endpoint_client_id()'"
)


class _EndpointServer:
    """The attribute `resource_server`: ``None`` of the class, and of a client the client id of its endpoint."""

    def __get__(self, client: GCSClient | None, cls: type) -> str | None:
        return None if client is None else client.endpoint_client_id


class GCSClient(
    EndpointMethods,
    CollectionMethods,
    CollectionSettingMethods,
    StorageGatewayMethods,
    UserCredentialMethods,
    RoleMethods,
    SharingPolicyMethods,
    StreamGatewayMethods,
    NodeMethods,
):
    """
    A client of the Manager of one Globus Connect Server endpoint.

    Methods that fetch or change one document are coroutines that return an `UnpackingGCSResponse`, which is indexed
    like the document. Methods that list documents return `Pages`: ``async for`` yields the items, ``await`` returns the
    first page.

    Each method documents its specific errors. In addition every call may raise `GlobusSDKUsageError` for an invalid
    argument, before anything is sent; `TokenRefreshError` and `LoginRequired` if no access token is available;
    `NetworkError` if there is no usable response; and `GCSAPIError` for other error responses.

    Args:
        gcs_address: The domain of the endpoint, the ``gcs_manager_url`` of its document in Transfer, or another URL of
            its Manager, with or without ``/api`` at the end.
        endpoint_client_id: The client id of the endpoint, which is mostly its id. UUID. By default it is fetched when
            an app needs it.
        environment: The Globus environment. By default ``GLOBUS_SDK_ENVIRONMENT``, or ``production`` without it.
        base_url: The URL of the API as it is, instead of that of ``gcs_address``.
        authorizer: Supplies the ``Authorization`` header; may be shared by several clients.
        app: Supplies the credentials, instead of ``authorizer``, and the connections, unless there is a ``transport``.
            Its requirements get the scope of the endpoint: here if ``endpoint_client_id`` is given, else when it was
            fetched.
        app_scopes: The scopes to require of the app, instead of `default_scope_requirements`.
        app_name: The application's name, for the ``User-Agent`` header.
        transport: A transport to share with other clients. By default the client creates its own and closes it.
        retry: The retry policy.
        rate_limit: The maximum rate of calls, shared by all clients with the same authorizer and transport; ``None``
            for no limit, which is the default.

    Example:
        >>> async with GCSClient(gcs_address, authorizer=authorizer, transport=transport) as client:
        ...     endpoint = await client.get_endpoint()
        >>> endpoint["display_name"]
        'Laboratory'

    **Differs from globus-sdk:** the constructor makes no request. With an app, the client id of the endpoint is fetched
    at the first call, or by `fetch_endpoint_client_id`.
    """

    service_name: ClassVar[str] = "globus_connect_server"
    error_kinds: ClassVar[ErrorKinds[Any]] = error_kinds
    if TYPE_CHECKING:
        resource_server: str  # type: ignore[misc] # pyright: ignore[reportIncompatibleVariableOverride]
    else:
        resource_server = _EndpointServer()

    def __init__(
        self,
        gcs_address: str,
        *,
        endpoint_client_id: UUID | str | None = None,
        app: App | None = None,
        app_scopes: Iterable[Scope] | None = None,
        environment: str | None = None,
        base_url: str | None = None,
        authorizer: GlobusAuthorizer | None = None,
        app_name: str | None = None,
        transport: Transport | None = None,
        retry: RetryPolicy | None = None,
        rate_limit: RateLimit | MissingType | None = MISSING,
    ) -> None:
        url = _api_url(gcs_address)
        self._client_ids: list[str] = []  # shared with the copies of `with_options`
        if endpoint_client_id is not None:
            self._client_ids.append(uuid_text("endpoint_client_id", endpoint_client_id).lower())
        super().__init__(
            authorizer,
            app=app,
            app_scopes=app_scopes,
            environment=environment,
            base_url=url if base_url is None else base_url,
            app_name=app_name,
            transport=transport,
            retry=retry,
            rate_limit=rate_limit,
        )

    @staticmethod
    def get_gcs_endpoint_scopes(endpoint_id: UUID | str) -> GCSEndpointScopes:
        """
        Return the scopes of an endpoint.

        Args:
            endpoint_id: The client id of the endpoint, which is mostly its id. UUID.

        Returns:
            The scopes, as attributes: `manage_collections`.

        Raises:
            GlobusSDKUsageError: It is neither text nor a UUID.

        Example:
            >>> str(GCSClient.get_gcs_endpoint_scopes("c5c2a1de").manage_collections)
            'urn:globus:auth:scope:c5c2a1de:manage_collections'

        REST: `Scopes <https://docs.globus.org/globus-connect-server/v5.4/api/#authorization>`_
        """
        return GCSEndpointScopes(endpoint_id)

    @staticmethod
    def get_gcs_collection_scopes(collection_id: UUID | str) -> GCSCollectionScopes:
        """
        Return the scopes of a collection.

        Args:
            collection_id: The collection. UUID.

        Returns:
            The scopes, as attributes: `data_access` and `https`.

        Raises:
            GlobusSDKUsageError: It is neither text nor a UUID.

        Example:
            >>> str(GCSClient.get_gcs_collection_scopes("2c8d").https)
            'https://auth.globus.org/scopes/2c8d/https'

        REST: `Scopes <https://docs.globus.org/globus-connect-server/v5.4/api/#authorization>`_
        """
        return GCSCollectionScopes(collection_id)

    @property
    def endpoint_client_id(self) -> str:
        """
        The client id of the endpoint, which is its resource server.

        Raises:
            GlobusSDKUsageError: It was neither passed nor fetched yet.
        """
        if not self._client_ids:
            raise GlobusSDKUsageError(_UNKNOWN)
        return self._client_ids[0]

    @property
    def default_scope_requirements(self) -> list[Scope]:
        """
        The scope that an app requires for this client.

        Guest collections need a scope with the dependency ``data_access`` of their mapped collection: pass it as
        ``app_scopes``, or call `add_app_scope`.
        """
        return [GCSEndpointScopes(self.endpoint_client_id).manage_collections]

    async def fetch_endpoint_client_id(self, *, query_params: Mapping[str, object] | None = None) -> str:
        """
        Fetch the client id of the endpoint, unless it is known; with an app, require its scope.

        Await it before a login that should include the endpoint.

        Args:
            query_params: Further query parameters.

        Returns:
            The client id, for `get_gcs_endpoint_scopes`.

        Raises:
            ResponseDecodeError: The response has no client id.

        Example:
            >>> await gcs.fetch_endpoint_client_id() == gcs.endpoint_client_id
            True

        **Differs from globus-sdk:** is new; there, the property `endpoint_client_id` makes the request.

        REST: `GET /api/info <https://docs.globus.org/globus-connect-server/v5.4/api/openapi/#getInfo>`_
        """
        if not self._client_ids:
            # calls wait for this one, each of which may have a slot
            call = self.call(
                "GET", "/info", GCSResultDocument, query_params=query_params, authorizer=None, bypass_limits=True
            )
            response = await unpacked(call, InfoDocument, "info")
            client_id = response.get("client_id")
            if not is_uuid(client_id):
                raise response.raw.decode_error("it should have the client id of the endpoint")
            self._client_ids[:] = [client_id.lower()]
        if isinstance(self.authorizer, EndpointAuthorizer):
            self.app_scopes = self.authorizer.resolve(self.endpoint_client_id)
        return self.endpoint_client_id

    def attach_globus_app(self, app: App, app_scopes: Iterable[Scope] | None = None) -> None:
        """
        Take the credentials from an app, and add the scopes of this client to its requirements.

        Args:
            app: The app.
            app_scopes: The scopes to require, instead of `default_scope_requirements`.

        Raises:
            GlobusSDKUsageError: The client has an app or an authorizer already, or is for another environment.
        """
        if self._client_ids:
            super().attach_globus_app(app, app_scopes)
            return
        self._check_app(app)
        given = None if app_scopes is None else ScopeParser.parse(ScopeParser.serialize(app_scopes, reject_empty=False))
        self.authorizer: GlobusAuthorizer | None = EndpointAuthorizer(app, given, self.fetch_endpoint_client_id)
        self._app, self.app_scopes = app, given
        if self.app_name is None:
            self.app_name = app.app_name


def _api_url(gcs_address: str) -> str:
    """Return the URL of the API of a Manager, from its domain or its URL."""
    check_text("gcs_address", gcs_address)
    is_url = "://" in gcs_address
    if not is_url and "/" in gcs_address:
        raise GlobusSDKUsageError("gcs_address must be a domain, such as 'abc.def.data.globus.org', or an https URL")
    url = checked_base_url(gcs_address if is_url else f"https://{gcs_address}", source="gcs_address")
    return url if urlsplit(url).path.endswith("/api/") else f"{url}api/"

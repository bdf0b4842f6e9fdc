"""The endpoint itself: its document, owner, subscription and domain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ..._http.path import uuid_text
from ...client import BaseClient
from .arguments import Texts, document_of, subscription_text, texts
from .documents import DomainDocument, GCSEndpointDocument, GCSResultDocument, InfoDocument
from .responses import UnpackingGCSResponse, unpacked

if TYPE_CHECKING:
    from ...response import GlobusHTTPResponse

__all__ = ("EndpointMethods",)


class EndpointMethods(BaseClient):
    """The endpoint."""

    async def get_gcs_info(
        self, query_params: Mapping[str, object] | None = None
    ) -> UnpackingGCSResponse[InfoDocument]:
        """
        Fetch the versions and ids of this endpoint; no credentials are sent.

        Args:
            query_params: Further query parameters.

        Returns:
            The information; `UnpackingGCSResponse.full_data` has the storage connectors, too.

        Example:
            >>> info = await gcs.get_gcs_info()
            >>> info["endpoint_id"] == info["client_id"], info.full_data["data"][1]["display_name"]
            (True, 'POSIX')

        REST: `GET /api/info <https://docs.globus.org/globus-connect-server/v5.4/api/openapi/#getInfo>`_
        """
        return await unpacked(
            self.call("GET", "/info", GCSResultDocument, query_params=query_params, authorizer=None),
            InfoDocument,
            "info",
        )

    async def get_endpoint(
        self, query_params: Mapping[str, object] | None = None
    ) -> UnpackingGCSResponse[GCSEndpointDocument]:
        """
        Fetch the endpoint.

        Args:
            query_params: Further query parameters.

        Returns:
            The endpoint.

        Raises:
            AuthenticationFailed: 401 ``not_authorized``; there is no token, or not one of this endpoint.

        Example:
            >>> (await gcs.get_endpoint())["display_name"]
            'Laboratory'

        REST: `GET /api/endpoint
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Endpoint/#getEndpoint>`_
        """
        return await unpacked(
            self.call("GET", "/endpoint", GCSResultDocument, query_params=query_params), GCSEndpointDocument, "endpoint"
        )

    async def update_endpoint(
        self,
        endpoint_data: Mapping[str, Any],
        *,
        include: Texts | MissingType = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> UnpackingGCSResponse[GCSEndpointDocument]:
        """
        Change members of the endpoint.

        Args:
            endpoint_data: The endpoint document, such as `EndpointDocument`.
            include: ``"endpoint"``, for the changed endpoint in the response.
            query_params: Further query parameters.

        Returns:
            The endpoint if it is included; otherwise the result, with its ``message``.

        Raises:
            PermissionDenied: 403 ``permission_denied``; you are not an administrator of the endpoint.
            InvalidDocument: 422 ``unprocessable_entity``; the messages name the members.

        Example:
            >>> response = await gcs.update_endpoint(EndpointDocument(department="Optics"), include="endpoint")
            >>> response["department"]
            'Optics'

        REST: `PATCH /api/endpoint
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Endpoint/#patchEndpoint>`_
        """
        return await unpacked(
            self.call(
                "PATCH",
                "/endpoint",
                GCSResultDocument,
                data=document_of("endpoint_data", endpoint_data),
                params={"include": texts("include", include)},
                query_params=query_params,
            ),
            GCSEndpointDocument,
            "endpoint",
        )

    async def replace_endpoint(
        self,
        endpoint_data: Mapping[str, Any],
        *,
        include: Texts | MissingType = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> UnpackingGCSResponse[GCSEndpointDocument]:
        """
        Replace the document of the endpoint; members that are left out get their defaults.

        Args:
            endpoint_data: The whole endpoint document, such as `EndpointDocument`.
            include: As in `update_endpoint`.
            query_params: Further query parameters.

        Returns:
            As `update_endpoint`.

        Raises:
            PermissionDenied: 403 ``permission_denied``; you are not an administrator of the endpoint.
            InvalidDocument: 422 ``unprocessable_entity``; the messages name the members.

        Example:
            >>> endpoint = EndpointDocument(display_name="Laboratory", network_use="normal", public=True)
            >>> response = await gcs.replace_endpoint(endpoint, include="endpoint")
            >>> response["display_name"], response["public"]
            ('Laboratory', True)

        **Differs from globus-sdk:** is new.

        REST: `PUT /api/endpoint
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Endpoint/#putEndpoint>`_
        """
        return await unpacked(
            self.call(
                "PUT",
                "/endpoint",
                GCSResultDocument,
                data=document_of("endpoint_data", endpoint_data),
                params={"include": texts("include", include)},
                query_params=query_params,
            ),
            GCSEndpointDocument,
            "endpoint",
        )

    async def set_endpoint_owner(
        self, identity_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[GCSResultDocument]:
        """
        Make another identity the owner of the endpoint.

        Args:
            identity_id: The identity. UUID.
            query_params: Further query parameters.

        Returns:
            The result.

        Raises:
            PermissionDenied: 403 ``permission_denied``; you do not own the endpoint.

        Example:
            >>> (await gcs.set_endpoint_owner(identity_id))["code"]
            'success'

        **Differs from globus-sdk:** is new.

        REST: `PUT /api/endpoint/owner
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Endpoint/#putEndpointOwner>`_
        """
        return await self.call(
            "PUT",
            "/endpoint/owner",
            GCSResultDocument,
            data={"DATA_TYPE": "endpoint_owner#1.0.0", "identity_id": uuid_text("identity_id", identity_id)},
            query_params=query_params,
        )

    async def set_endpoint_owner_string(
        self, identity_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[GCSResultDocument]:
        """
        Show the username of one of your identities as the owner of the endpoint.

        Args:
            identity_id: The identity. UUID.
            query_params: Further query parameters.

        Returns:
            The result.

        Raises:
            PermissionDenied: 403 ``permission_denied``; the identity is not yours, or has no role of an administrator.

        Example:
            >>> (await gcs.set_endpoint_owner_string(identity_id))["code"]
            'success'

        **Differs from globus-sdk:** is new.

        REST: `PUT /api/endpoint/owner_string
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Endpoint/#putEndpointOwnerString>`_
        """
        return await self.call(
            "PUT",
            "/endpoint/owner_string",
            GCSResultDocument,
            data={"DATA_TYPE": "owner_string#1.0.0", "identity_id": uuid_text("identity_id", identity_id)},
            query_params=query_params,
        )

    async def delete_endpoint_owner_string(
        self, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[GCSResultDocument]:
        """
        Show the client of the endpoint as its owner again.

        Args:
            query_params: Further query parameters.

        Returns:
            The result.

        Raises:
            PermissionDenied: 403 ``permission_denied``; you are not an administrator of the endpoint.

        Example:
            >>> (await gcs.delete_endpoint_owner_string())["code"]
            'success'

        **Differs from globus-sdk:** is new.

        REST: `DELETE /api/endpoint/owner_string
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Endpoint/#deleteEndpointOwnerString>`_
        """
        return await self.call("DELETE", "/endpoint/owner_string", GCSResultDocument, query_params=query_params)

    async def set_endpoint_subscription_id(
        self, subscription_id: UUID | str | None, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[GCSResultDocument]:
        """
        Set the subscription that manages the endpoint, or remove the endpoint from it.

        Args:
            subscription_id: The subscription, a UUID; ``"DEFAULT"`` for your only one; ``None`` for no subscription.
            query_params: Further query parameters.

        Returns:
            The result.

        Raises:
            PermissionDenied: 403 ``permission_denied``; you manage neither the endpoint nor the subscription.

        Example:
            >>> (await gcs.set_endpoint_subscription_id("DEFAULT"))["code"]
            'success'

        **Differs from globus-sdk:** is new.

        REST: `PUT /api/endpoint/subscription_id
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Endpoint/#putEndpointSubscriptionId>`_
        """
        return await self.call(
            "PUT",
            "/endpoint/subscription_id",
            GCSResultDocument,
            data={"DATA_TYPE": "endpoint_subscription#1.0.0", "subscription_id": subscription_text(subscription_id)},
            query_params=query_params,
        )

    async def get_endpoint_domain(
        self, *, query_params: Mapping[str, object] | None = None
    ) -> UnpackingGCSResponse[DomainDocument]:
        """
        Fetch the custom domain of the endpoint.

        Args:
            query_params: Further query parameters.

        Returns:
            The domain.

        Raises:
            PermissionDenied: 403 ``permission_denied``; you are not an administrator of the endpoint.

        Example:
            >>> _ = await gcs.set_endpoint_domain(DomainData(domain_name="data.example.org", wildcard=False))
            >>> (await gcs.get_endpoint_domain())["domain_name"]
            'data.example.org'

        **Differs from globus-sdk:** is new.

        REST: `GET /api/endpoint/domain
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Endpoint/#getEndpointDomain>`_
        """
        return await unpacked(
            self.call("GET", "/endpoint/domain", GCSResultDocument, query_params=query_params), DomainDocument, "domain"
        )

    async def set_endpoint_domain(
        self, data: Mapping[str, Any], *, query_params: Mapping[str, object] | None = None
    ) -> UnpackingGCSResponse[DomainDocument]:
        """
        Set a custom domain, and its certificate, for the endpoint.

        Args:
            data: The domain document, such as `DomainData`.
            query_params: Further query parameters.

        Returns:
            The domain if the service returns it; otherwise the result.

        Raises:
            PermissionDenied: 403 ``permission_denied``; you are not an administrator of the endpoint.
            InvalidDocument: 422 ``unprocessable_entity``; the messages name the members.

        Example:
            >>> response = await gcs.set_endpoint_domain(DomainData(domain_name="data.example.org", wildcard=True))
            >>> response.http_status
            200

        **Differs from globus-sdk:** is new.

        REST: `PUT /api/endpoint/domain
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Endpoint/#putEndpointDomain>`_
        """
        return await unpacked(
            self.call(
                "PUT", "/endpoint/domain", GCSResultDocument, data=document_of("data", data), query_params=query_params
            ),
            DomainDocument,
            "domain",
        )

    async def delete_endpoint_domain(
        self, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[GCSResultDocument]:
        """
        Remove the custom domain of the endpoint.

        Args:
            query_params: Further query parameters.

        Returns:
            The result.

        Raises:
            PermissionDenied: 403 ``permission_denied``; you are not an administrator of the endpoint.

        Example:
            >>> (await gcs.delete_endpoint_domain())["code"]
            'success'

        **Differs from globus-sdk:** is new.

        REST: `DELETE /api/endpoint/domain
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Endpoint/#deleteEndpointDomain>`_
        """
        return await self.call("DELETE", "/endpoint/domain", GCSResultDocument, query_params=query_params)

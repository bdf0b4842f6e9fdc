"""What is set for a collection outside of its document: owner, verification and domain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ..._http.path import fill_path, uuid_text
from ...client import BaseClient
from .arguments import checked_bool, document_of
from .documents import DomainDocument, GCSResultDocument
from .responses import UnpackingGCSResponse, unpacked

if TYPE_CHECKING:
    from ...response import GlobusHTTPResponse

__all__ = ("CollectionSettingMethods",)


class CollectionSettingMethods(BaseClient):
    """Owners and domains of collections."""

    async def set_collection_owner(
        self, collection_id: UUID | str, identity_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[GCSResultDocument]:
        """
        Make another identity the owner of a mapped collection.

        Args:
            collection_id: The collection. UUID.
            identity_id: The identity. UUID.
            query_params: Further query parameters.

        Returns:
            The result.

        Raises:
            PermissionDenied: 403 ``permission_denied``; you are not an administrator of the endpoint.
            NotFound: 404 ``not_found``; no such collection.
            InvalidDocument: 422 ``unprocessable_entity``; the messages name the members.

        Example:
            >>> (await gcs.set_collection_owner(collection_id, identity_id))["code"]
            'success'

        **Differs from globus-sdk:** is new.

        REST: `PUT /api/collections/{collection_id}/owner
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Collections/#setCollectionOwner>`_
        """
        return await self.call(
            "PUT",
            fill_path("/collections/{collection_id}/owner", collection_id),
            GCSResultDocument,
            data={"DATA_TYPE": "collection_owner#1.0.0", "identity_id": uuid_text("identity_id", identity_id)},
            query_params=query_params,
        )

    async def set_collection_owner_string(
        self, collection_id: UUID | str, identity_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[GCSResultDocument]:
        """
        Show the username of one of your identities as the owner of a collection.

        Args:
            collection_id: The collection. UUID.
            identity_id: The identity. UUID.
            query_params: Further query parameters.

        Returns:
            The result.

        Raises:
            PermissionDenied: 403 ``permission_denied``; the identity is not yours, or is not an administrator of the
                collection.
            NotFound: 404 ``not_found``; no such collection.

        Example:
            >>> (await gcs.set_collection_owner_string(collection_id, identity_id))["code"]
            'success'

        **Differs from globus-sdk:** is new.

        REST: `PUT /api/collections/{collection_id}/owner_string
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Collections/#putCollectionOwnerString>`_
        """
        return await self.call(
            "PUT",
            fill_path("/collections/{collection_id}/owner_string", collection_id),
            GCSResultDocument,
            data={"DATA_TYPE": "owner_string#1.0.0", "identity_id": uuid_text("identity_id", identity_id)},
            query_params=query_params,
        )

    async def delete_collection_owner_string(
        self, collection_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[GCSResultDocument]:
        """
        Show the client of the endpoint as the owner of a collection again.

        Args:
            collection_id: The collection. UUID.
            query_params: Further query parameters.

        Returns:
            The result.

        Raises:
            PermissionDenied: 403 ``permission_denied``; you are not an administrator of the collection.
            NotFound: 404 ``not_found``; no such collection.

        Example:
            >>> (await gcs.delete_collection_owner_string(collection_id))["code"]
            'success'

        **Differs from globus-sdk:** is new.

        REST: `DELETE /api/collections/{collection_id}/owner_string
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Collections/#deleteCollectionOwnerString>`_
        """
        return await self.call(
            "DELETE",
            fill_path("/collections/{collection_id}/owner_string", collection_id),
            GCSResultDocument,
            query_params=query_params,
        )

    async def set_collection_subscription_admin_verified(
        self,
        collection_id: UUID | str,
        subscription_admin_verified: bool,
        *,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[GCSResultDocument]:
        """
        Mark a collection as verified by an administrator of the subscription, or withdraw that.

        Args:
            collection_id: The collection. UUID.
            subscription_admin_verified: Whether it is verified.
            query_params: Further query parameters.

        Returns:
            The result.

        Raises:
            PermissionDenied: 403 ``permission_denied``; you are not an administrator of the subscription of the
                endpoint.
            NotFound: 404 ``not_found``; no such collection.

        Example:
            >>> (await gcs.set_collection_subscription_admin_verified(collection_id, True))["code"]
            'success'

        **Differs from globus-sdk:** is new.

        REST: `PUT /api/collections/{collection_id}/subscription_admin_verified
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Collections/#putSubscriptionAdminVerified>`_
        """
        return await self.call(
            "PUT",
            fill_path("/collections/{collection_id}/subscription_admin_verified", collection_id),
            GCSResultDocument,
            data={
                "DATA_TYPE": "subscription_admin_verified#1.0.0",
                "subscription_admin_verified": checked_bool("subscription_admin_verified", subscription_admin_verified),
            },
            query_params=query_params,
        )

    async def get_collection_domain(
        self, collection_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> UnpackingGCSResponse[DomainDocument]:
        """
        Fetch the custom domain of a collection.

        Args:
            collection_id: The collection. UUID.
            query_params: Further query parameters.

        Returns:
            The domain.

        Raises:
            PermissionDenied: 403 ``permission_denied``; you are not an administrator of the endpoint.
            NotFound: 404 ``not_found``; no such collection.

        Example:
            >>> domain = DomainData(domain_name="images.example.org", wildcard=False)
            >>> _ = await gcs.set_collection_domain(collection_id, domain)
            >>> (await gcs.get_collection_domain(collection_id))["domain_name"]
            'images.example.org'

        **Differs from globus-sdk:** is new.

        REST: `GET /api/collections/{collection_id}/domain
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Collections/#getCollectionDomain>`_
        """
        return await unpacked(
            self.call(
                "GET",
                fill_path("/collections/{collection_id}/domain", collection_id),
                GCSResultDocument,
                query_params=query_params,
            ),
            DomainDocument,
            "domain",
        )

    async def set_collection_domain(
        self, collection_id: UUID | str, data: Mapping[str, Any], *, query_params: Mapping[str, object] | None = None
    ) -> UnpackingGCSResponse[DomainDocument]:
        """
        Set a custom domain, and its certificate, for a collection.

        With ``wildcard``, the guest collections of a mapped collection get subdomains of it.

        Args:
            collection_id: The collection. UUID.
            data: The domain document, such as `DomainData`.
            query_params: Further query parameters.

        Returns:
            The domain if the service returns it; otherwise the result.

        Raises:
            PermissionDenied: 403 ``permission_denied``; you are not an administrator of the endpoint.
            NotFound: 404 ``not_found``; no such collection.
            InvalidDocument: 422 ``unprocessable_entity``; the messages name the members.

        Example:
            >>> domain = DomainData(domain_name="images.example.org", wildcard=False)
            >>> response = await gcs.set_collection_domain(collection_id, domain)
            >>> response.http_status
            200

        **Differs from globus-sdk:** is new.

        REST: `PUT /api/collections/{collection_id}/domain
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Collections/#putCollectionDomain>`_
        """
        return await unpacked(
            self.call(
                "PUT",
                fill_path("/collections/{collection_id}/domain", collection_id),
                GCSResultDocument,
                data=document_of("data", data),
                query_params=query_params,
            ),
            DomainDocument,
            "domain",
        )

    async def delete_collection_domain(
        self, collection_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[GCSResultDocument]:
        """
        Remove the custom domain of a collection.

        Args:
            collection_id: The collection. UUID.
            query_params: Further query parameters.

        Returns:
            The result.

        Raises:
            PermissionDenied: 403 ``permission_denied``; you are not an administrator of the endpoint.
            NotFound: 404 ``not_found``; no such collection.

        Example:
            >>> (await gcs.delete_collection_domain(collection_id))["code"]
            'success'

        **Differs from globus-sdk:** is new.

        REST: `DELETE /api/collections/{collection_id}/domain
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Collections/#deleteCollectionDomain>`_
        """
        return await self.call(
            "DELETE",
            fill_path("/collections/{collection_id}/domain", collection_id),
            GCSResultDocument,
            query_params=query_params,
        )

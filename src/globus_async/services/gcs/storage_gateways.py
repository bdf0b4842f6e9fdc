"""Storage gateways: who may use a storage system, and how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ..._http.path import fill_path
from ...client import BaseClient
from .arguments import Texts, document_of, texts
from .documents import GCSResultDocument, GCSStorageGatewayDocument
from .listing import by_marker, size_of_page
from .responses import UnpackingGCSResponse, unpacked

if TYPE_CHECKING:
    from ...paging import Pages
    from ...response import GlobusHTTPResponse

__all__ = ("StorageGatewayMethods",)


class StorageGatewayMethods(BaseClient):
    """Storage gateways."""

    def get_storage_gateway_list(
        self,
        *,
        include: Texts | MissingType = MISSING,
        page_size: int | MissingType = MISSING,
        marker: str | MissingType = MISSING,
        num_results: int | None = None,
        query_params: Mapping[str, object] | None = None,
    ) -> Pages[GCSStorageGatewayDocument]:
        """
        List the storage gateways of the endpoint.

        Args:
            include: ``"private_policies"``, for the policies that only administrators may see.
            page_size: Items per page. By default the service's.
            marker: The marker of a page, to continue a listing.
            num_results: The maximum number of items; ``None`` for all.
            query_params: Further query parameters.

        Returns:
            The listing: ``async for`` yields the items of all pages, ``await`` returns the first page.

        Raises:
            PermissionDenied: 403 ``permission_denied``; you asked for private policies, and are not an administrator of
                the endpoint.

        Example:
            >>> sorted([gateway["display_name"] async for gateway in gcs.get_storage_gateway_list()])
            ['Lab file system', 'Unused']

        **Differs from globus-sdk:** iterating fetches further pages; has `num_results`.

        REST: `GET /api/storage_gateways
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Storage_Gateways/#getStorageGateways>`_
        """
        return self.listing(
            "/storage_gateways",
            GCSStorageGatewayDocument,
            style=by_marker,
            params={"include": texts("include", include), "marker": marker},
            query_params=query_params,
            num_results=num_results,
            page_size=size_of_page(page_size),
            items_key="data",
        )

    async def create_storage_gateway(
        self, data: Mapping[str, Any], *, query_params: Mapping[str, object] | None = None
    ) -> UnpackingGCSResponse[GCSStorageGatewayDocument]:
        """
        Create a storage gateway: who may use a storage system, and how.

        Args:
            data: The storage gateway document, such as `StorageGatewayDocument`.
            query_params: Further query parameters.

        Returns:
            The new storage gateway, with its ``id``.

        Raises:
            PermissionDenied: 403 ``permission_denied``; you are not an administrator of the endpoint.
            InvalidDocument: 422 ``unprocessable_entity``; the messages name the members.

        Example:
            >>> gateway = StorageGatewayDocument(
            ...     display_name="Archive",
            ...     connector_id=ConnectorTable.POSIX.connector_id,
            ...     allowed_domains="example.org",
            ...     policies=POSIXStoragePolicies(groups_allow="scientists"),
            ... )
            >>> (await gcs.create_storage_gateway(gateway))["display_name"]
            'Archive'

        REST: `POST /api/storage_gateways
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Storage_Gateways/#postStorageGateway>`_
        """
        return await unpacked(
            self.call(
                "POST",
                "/storage_gateways",
                GCSResultDocument,
                data=document_of("data", data),
                query_params=query_params,
            ),
            GCSStorageGatewayDocument,
            "storage_gateway",
        )

    async def get_storage_gateway(
        self,
        storage_gateway_id: UUID | str,
        *,
        include: Texts | MissingType = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> UnpackingGCSResponse[GCSStorageGatewayDocument]:
        """
        Fetch a storage gateway.

        Args:
            storage_gateway_id: The storage gateway. UUID.
            include: ``"private_policies"``, for the policies that only administrators may see.
            query_params: Further query parameters.

        Returns:
            The storage gateway.

        Raises:
            NotFound: 404 ``not_found``; no such storage gateway.

        Example:
            >>> (await gcs.get_storage_gateway(gateway_id))["display_name"]
            'Lab file system'

        REST: `GET /api/storage_gateways/{storage_gateway_id}
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Storage_Gateways/#getStorageGateway>`_
        """
        return await unpacked(
            self.call(
                "GET",
                fill_path("/storage_gateways/{storage_gateway_id}", storage_gateway_id),
                GCSResultDocument,
                params={"include": texts("include", include)},
                query_params=query_params,
            ),
            GCSStorageGatewayDocument,
            "storage_gateway",
        )

    async def update_storage_gateway(
        self,
        storage_gateway_id: UUID | str,
        data: Mapping[str, Any],
        *,
        query_params: Mapping[str, object] | None = None,
    ) -> UnpackingGCSResponse[GCSStorageGatewayDocument]:
        """
        Change members of a storage gateway.

        Args:
            storage_gateway_id: The storage gateway. UUID.
            data: The storage gateway document, such as `StorageGatewayDocument`.
            query_params: Further query parameters.

        Returns:
            The changed storage gateway if the service returns it; otherwise the result.

        Raises:
            PermissionDenied: 403 ``permission_denied``; you are not an administrator of the endpoint.
            NotFound: 404 ``not_found``; no such storage gateway.
            InvalidDocument: 422 ``unprocessable_entity``; the messages name the members.

        Example:
            >>> _ = await gcs.update_storage_gateway(gateway_id, StorageGatewayDocument(users_deny=["root"]))
            >>> (await gcs.get_storage_gateway(gateway_id, include="private_policies"))["users_deny"]
            ['root']

        **Differs from globus-sdk:** the response is unpacked, as that of `create_storage_gateway`; `full_data` is the
        whole.

        REST: `PATCH /api/storage_gateways/{storage_gateway_id}
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Storage_Gateways/#patchStorageGateway>`_
        """
        return await unpacked(
            self.call(
                "PATCH",
                fill_path("/storage_gateways/{storage_gateway_id}", storage_gateway_id),
                GCSResultDocument,
                data=document_of("data", data),
                query_params=query_params,
            ),
            GCSStorageGatewayDocument,
            "storage_gateway",
        )

    async def replace_storage_gateway(
        self,
        storage_gateway_id: UUID | str,
        data: Mapping[str, Any],
        *,
        query_params: Mapping[str, object] | None = None,
    ) -> UnpackingGCSResponse[GCSStorageGatewayDocument]:
        """
        Replace the document of a storage gateway; members that are left out get their defaults.

        Args:
            storage_gateway_id: The storage gateway. UUID.
            data: The whole storage gateway document, such as `StorageGatewayDocument`.
            query_params: Further query parameters.

        Returns:
            As `update_storage_gateway`.

        Raises:
            PermissionDenied: 403 ``permission_denied``; you are not an administrator of the endpoint.
            NotFound: 404 ``not_found``; no such storage gateway.
            InvalidDocument: 422 ``unprocessable_entity``; the messages name the members.

        Example:
            >>> gateway = StorageGatewayDocument(
            ...     display_name="Lab file system",
            ...     connector_id=ConnectorTable.POSIX.connector_id,
            ...     allowed_domains=["example.org"],
            ... )
            >>> (await gcs.replace_storage_gateway(gateway_id, gateway)).http_status
            200

        **Differs from globus-sdk:** is new.

        REST: `PUT /api/storage_gateways/{storage_gateway_id}
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Storage_Gateways/#putStorageGateway>`_
        """
        return await unpacked(
            self.call(
                "PUT",
                fill_path("/storage_gateways/{storage_gateway_id}", storage_gateway_id),
                GCSResultDocument,
                data=document_of("data", data),
                query_params=query_params,
            ),
            GCSStorageGatewayDocument,
            "storage_gateway",
        )

    async def delete_storage_gateway(
        self, storage_gateway_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[GCSResultDocument]:
        """
        Delete a storage gateway.

        Args:
            storage_gateway_id: The storage gateway. UUID.
            query_params: Further query parameters.

        Returns:
            The result, without a document.

        Raises:
            PermissionDenied: 403 ``permission_denied``; you are not an administrator of the endpoint.
            NotFound: 404 ``not_found``; no such storage gateway, also if an earlier attempt of the same call has
                deleted it.
            Conflict: 409 ``conflict``; it has collections.

        Example:
            >>> (await gcs.delete_storage_gateway(unused_gateway_id))["code"]
            'success'

        REST: `DELETE /api/storage_gateways/{storage_gateway_id}
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Storage_Gateways/#deleteStorageGateway>`_
        """
        return await self.call(
            "DELETE",
            fill_path("/storage_gateways/{storage_gateway_id}", storage_gateway_id),
            GCSResultDocument,
            query_params=query_params,
        )

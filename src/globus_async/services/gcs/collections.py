"""Collections: list, create, change, check and delete them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ..._http.path import fill_path
from ...client import BaseClient
from .arguments import Ids, Texts, document_of, optional_uuid, texts, uuids
from .documents import BatchDocument, CollectionCheckDocument, GCSCollectionDocument, GCSResultDocument
from .listing import by_marker, size_of_page
from .responses import IterableGCSResponse, UnpackingGCSResponse, unpacked

if TYPE_CHECKING:
    from ...paging import Pages
    from ...response import GlobusHTTPResponse

__all__ = ("CollectionMethods",)


class CollectionMethods(BaseClient):
    """Collections."""

    def get_collection_list(
        self,
        *,
        mapped_collection_id: UUID | str | MissingType = MISSING,
        filter: Texts | MissingType = MISSING,
        include: Texts | MissingType = MISSING,
        storage_gateway_id: UUID | str | MissingType = MISSING,
        page_size: int | MissingType = MISSING,
        marker: str | MissingType = MISSING,
        num_results: int | None = None,
        query_params: Mapping[str, object] | None = None,
    ) -> Pages[GCSCollectionDocument]:
        """
        List the collections of the endpoint that you may see.

        Args:
            mapped_collection_id: Only guest collections on this mapped collection. UUID.
            filter: One or more of ``"mapped_collections"``, ``"guest_collections"``, ``"managed_by_me"``,
                ``"created_by_me"``, and comparisons of dates such as ``"created_at >= 2027-01-31"`` or ``"last_access <
                2027-01-31"``.
            include: ``"private_policies"``, for the policies that only administrators may see.
            storage_gateway_id: Only collections on this storage gateway. UUID.
            page_size: Items per page. By default the service's.
            marker: The marker of a page, to continue a listing.
            num_results: The maximum number of items; ``None`` for all.
            query_params: Further query parameters.

        Returns:
            The listing: ``async for`` yields the items of all pages, ``await`` returns the first page.

        Raises:
            PermissionDenied: 403 ``permission_denied``; the endpoint is not public, and you have no role on it.

        Example:
            >>> [each["display_name"] async for each in gcs.get_collection_list(filter="mapped_collections")]
            ['Lab storage']

        **Differs from globus-sdk:** iterating fetches further pages; has `num_results` and `storage_gateway_id`.

        REST: `GET /api/collections
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Collections/#listCollections>`_
        """
        return self.listing(
            "/collections",
            GCSCollectionDocument,
            style=by_marker,
            params={
                "include": texts("include", include),
                "filter": texts("filter", filter),
                "mapped_collection_id": optional_uuid("mapped_collection_id", mapped_collection_id),
                "storage_gateway_id": optional_uuid("storage_gateway_id", storage_gateway_id),
                "marker": marker,
            },
            query_params=query_params,
            num_results=num_results,
            page_size=size_of_page(page_size),
            items_key="data",
        )

    async def get_collection(
        self,
        collection_id: UUID | str,
        *,
        include: Texts | MissingType = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> UnpackingGCSResponse[GCSCollectionDocument]:
        """
        Fetch a collection.

        Args:
            collection_id: The collection. UUID.
            include: ``"private_policies"``, for the policies that only administrators may see.
            query_params: Further query parameters.

        Returns:
            The collection.

        Raises:
            NotFound: 404 ``not_found``; no such collection, or you may not see it.

        Example:
            >>> (await gcs.get_collection(collection_id))["display_name"]
            'Lab storage'

        **Differs from globus-sdk:** has `include`.

        REST: `GET /api/collections/{collection_id}
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Collections/#getCollection>`_
        """
        return await unpacked(
            self.call(
                "GET",
                fill_path("/collections/{collection_id}", collection_id),
                GCSResultDocument,
                params={"include": texts("include", include)},
                query_params=query_params,
            ),
            GCSCollectionDocument,
            "collection",
        )

    async def create_collection(
        self, collection_data: Mapping[str, Any], *, query_params: Mapping[str, object] | None = None
    ) -> UnpackingGCSResponse[GCSCollectionDocument]:
        """
        Create a mapped or guest collection, whose administrator you are.

        Args:
            collection_data: The collection document, such as `MappedCollectionDocument` or `GuestCollectionDocument`.
            query_params: Further query parameters.

        Returns:
            The new collection, with its ``id``.

        Raises:
            PermissionDenied: 403 ``permission_denied``; you are not an administrator of the endpoint, for a mapped
                collection; or have no user credential, or lack ``data_access``, for a guest collection.
                `GCSAPIError.detail` says which.
            Conflict: 409 ``conflict``; there is one with these values already.
            InvalidDocument: 422 ``unprocessable_entity``; the messages name the members.

        Example:
            >>> collection = MappedCollectionDocument(
            ...     storage_gateway_id=gateway_id, collection_base_path="/", display_name="Images", public=True
            ... )
            >>> (await gcs.create_collection(collection))["display_name"]
            'Images'

        **Differs from globus-sdk:** has `query_params`.

        REST: `POST /api/collections
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Collections/#postCollection>`_
        """
        return await unpacked(
            self.call(
                "POST",
                "/collections",
                GCSResultDocument,
                data=document_of("collection_data", collection_data),
                query_params=query_params,
            ),
            GCSCollectionDocument,
            "collection",
        )

    async def update_collection(
        self,
        collection_id: UUID | str,
        collection_data: Mapping[str, Any],
        *,
        query_params: Mapping[str, object] | None = None,
    ) -> UnpackingGCSResponse[GCSCollectionDocument]:
        """
        Change members of a collection; ``None`` removes one.

        Args:
            collection_id: The collection. UUID.
            collection_data: The collection document, such as `MappedCollectionDocument` or `GuestCollectionDocument`.
            query_params: Further query parameters.

        Returns:
            The changed collection.

        Raises:
            PermissionDenied: 403 ``permission_denied``; you are not an administrator of the collection.
            NotFound: 404 ``not_found``; no such collection.
            InvalidDocument: 422 ``unprocessable_entity``; the messages name the members.

        Example:
            >>> response = await gcs.update_collection(collection_id, MappedCollectionDocument(keywords=["optics"]))
            >>> response["keywords"]
            ['optics']

        REST: `PATCH /api/collections/{collection_id}
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Collections/#patchCollection>`_
        """
        return await unpacked(
            self.call(
                "PATCH",
                fill_path("/collections/{collection_id}", collection_id),
                GCSResultDocument,
                data=document_of("collection_data", collection_data),
                query_params=query_params,
            ),
            GCSCollectionDocument,
            "collection",
        )

    async def replace_collection(
        self,
        collection_id: UUID | str,
        collection_data: Mapping[str, Any],
        *,
        query_params: Mapping[str, object] | None = None,
    ) -> UnpackingGCSResponse[GCSCollectionDocument]:
        """
        Replace the document of a collection; members that are left out get their defaults.

        Args:
            collection_id: The collection. UUID.
            collection_data: The whole collection document, such as `MappedCollectionDocument` or
                `GuestCollectionDocument`.
            query_params: Further query parameters.

        Returns:
            The collection.

        Raises:
            PermissionDenied: 403 ``permission_denied``; you are not an administrator of the collection.
            NotFound: 404 ``not_found``; no such collection.
            InvalidDocument: 422 ``unprocessable_entity``; the messages name the members.

        Example:
            >>> collection = MappedCollectionDocument(
            ...     storage_gateway_id=gateway_id, collection_base_path="/", display_name="Lab storage", public=True
            ... )
            >>> (await gcs.replace_collection(collection_id, collection))["public"]
            True

        **Differs from globus-sdk:** is new.

        REST: `PUT /api/collections/{collection_id}
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Collections/#putCollection>`_
        """
        return await unpacked(
            self.call(
                "PUT",
                fill_path("/collections/{collection_id}", collection_id),
                GCSResultDocument,
                data=document_of("collection_data", collection_data),
                query_params=query_params,
            ),
            GCSCollectionDocument,
            "collection",
        )

    async def delete_collection(
        self, collection_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[GCSResultDocument]:
        """
        Delete a collection, with its roles, and a mapped one with its guest collections.

        Args:
            collection_id: The collection. UUID.
            query_params: Further query parameters.

        Returns:
            The result, without a document.

        Raises:
            PermissionDenied: 403 ``permission_denied``; you are no administrator, or it is protected by
                ``delete_protected``.
            NotFound: 404 ``not_found``; no such collection, also if an earlier attempt of the same call has deleted it.

        Example:
            >>> (await gcs.delete_collection(guest_id))["code"]
            'success'

        REST: `DELETE /api/collections/{collection_id}
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Collections/#deleteCollection>`_
        """
        return await self.call(
            "DELETE",
            fill_path("/collections/{collection_id}", collection_id),
            GCSResultDocument,
            query_params=query_params,
        )

    async def batch_delete_collections(
        self, collection_ids: Ids, *, query_params: Mapping[str, object] | None = None
    ) -> UnpackingGCSResponse[BatchDocument]:
        """
        Delete guest collections in the background.

        Collections that do not exist are ignored.

        Args:
            collection_ids: One or more guest collections. UUIDs.
            query_params: Further query parameters.

        Returns:
            The ``ids`` of the collections that will be deleted, if the service returns them; otherwise the result.

        Raises:
            PermissionDenied: 403 ``permission_denied``; you are not an administrator of all of them.
            InvalidDocument: 422; one is a mapped collection.

        Example:
            >>> (await gcs.batch_delete_collections([guest_id])).http_status
            202

        **Differs from globus-sdk:** is new.

        REST: `POST /api/collections/batch_delete
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Collections/#postCollectionsBatchDelete>`_
        """
        return await unpacked(
            self.call(
                "POST",
                "/collections/batch_delete",
                GCSResultDocument,
                data={"DATA_TYPE": "batch#1.0.0", "ids": uuids("collection_ids", collection_ids)},
                query_params=query_params,
            ),
            BatchDocument,
            "batch",
        )

    def check_collections(
        self,
        *,
        mapped_collection_id: UUID | str | MissingType = MISSING,
        filter: Texts | MissingType = MISSING,
        include: Texts | MissingType = MISSING,
        storage_gateway_id: UUID | str | MissingType = MISSING,
        page_size: int | MissingType = MISSING,
        marker: str | MissingType = MISSING,
        num_results: int | None = None,
        query_params: Mapping[str, object] | None = None,
    ) -> Pages[CollectionCheckDocument]:
        """
        List the problems in the configurations of all collections of the endpoint.

        Args:
            mapped_collection_id: Only guest collections on this mapped collection. UUID.
            filter: One or more of ``"mapped_collections"``, ``"guest_collections"``, ``"managed_by_me"``,
                ``"created_by_me"``, and comparisons of dates such as ``"created_at >= 2027-01-31"`` or ``"last_access <
                2027-01-31"``.
            include: ``"private_policies"``, for the policies that only administrators may see.
            storage_gateway_id: Only collections on this storage gateway. UUID.
            page_size: Items per page. By default the service's.
            marker: The marker of a page, to continue a listing.
            num_results: The maximum number of items; ``None`` for all.
            query_params: Further query parameters.

        Returns:
            The listing: ``async for`` yields the items of all pages, ``await`` returns the first page.

        Raises:
            PermissionDenied: 403 ``permission_denied``; you are not an administrator of the endpoint.

        Example:
            >>> [problem async for problem in gcs.check_collections()]
            []

        **Differs from globus-sdk:** is new.

        REST: `GET /api/collections/check
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Collections/#checkCollections>`_
        """
        return self.listing(
            "/collections/check",
            CollectionCheckDocument,
            style=by_marker,
            params={
                "include": texts("include", include),
                "filter": texts("filter", filter),
                "mapped_collection_id": optional_uuid("mapped_collection_id", mapped_collection_id),
                "storage_gateway_id": optional_uuid("storage_gateway_id", storage_gateway_id),
                "marker": marker,
            },
            query_params=query_params,
            num_results=num_results,
            page_size=size_of_page(page_size),
            items_key="data",
        )

    async def check_collection(
        self, collection_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> IterableGCSResponse[CollectionCheckDocument]:
        """
        List the problems in the configuration of a collection.

        Args:
            collection_id: The collection. UUID.
            query_params: Further query parameters.

        Returns:
            The problems, if any; iterate over it.

        Raises:
            PermissionDenied: 403 ``permission_denied``; you are not an administrator of the collection.
            NotFound: 404 ``not_found``; no such collection.

        Example:
            >>> list(await gcs.check_collection(collection_id))
            []

        **Differs from globus-sdk:** is new.

        REST: `GET /api/collections/{collection_id}/check
        <https://docs.globus.org/globus-connect-server/v5.4/api/openapi_Collections/#checkCollection>`_
        """
        return await self.call(
            "GET",
            fill_path("/collections/{collection_id}/check", collection_id),
            IterableGCSResponse[CollectionCheckDocument],
            query_params=query_params,
        )

"""Guest collections, formerly shared endpoints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ..._http.path import fill_path
from ...client import BaseClient
from ...paging import Pages, single
from ...paging import next_token as by_token
from .documents import EndpointCreateResultDocument, EndpointDocument, SharedEndpointReferenceDocument
from .page_sizes import page_size, requested_results

if TYPE_CHECKING:
    from ...response import GlobusHTTPResponse

__all__ = ("GuestCollectionMethods",)


class GuestCollectionMethods(BaseClient):
    """Guest collections."""

    async def create_shared_endpoint(
        self, data: Mapping[str, Any], *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[EndpointCreateResultDocument]:
        """
        Create a guest collection on a Connect Personal collection.

        On Globus Connect Server 5, guest collections are created with the server's own API.

        Args:
            data: A ``shared_endpoint`` document: ``host_endpoint``, ``host_path``, ``display_name``, ...
            query_params: Further query parameters.

        Returns:
            A result with ``code`` ``"Created"`` and the ``id`` of the new collection.

        Raises:
            PermissionDenied: 403; you may not share there.
            TransferAPIError: 400 or 409; the path is shared already.

        Example:
            >>> result = await tc.create_shared_endpoint({
            ...     "DATA_TYPE": "shared_endpoint",
            ...     "host_endpoint": endpoint_id,
            ...     "host_path": "/~/project1/",
            ...     "display_name": "Project 1",
            ... })
            >>> result["code"]
            'Created'

        REST: `POST /v0.10/shared_endpoint <https://docs.globus.org/api/transfer/gcp_management/#create_guest_collection>`_
        """
        return await self.call(
            "POST", "/v0.10/shared_endpoint", EndpointCreateResultDocument, data=data, query_params=query_params
        )

    def my_shared_endpoint_list(
        self, endpoint_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> Pages[EndpointDocument]:
        """
        List the guest collections on a collection that you administer.

        Args:
            endpoint_id: The host collection. UUID.
            query_params: Further query parameters.

        Returns:
            The listing, which has one page.

        Raises:
            EndpointNotFound: 404.

        Example:
            >>> [guest["display_name"] for guest in await tc.my_shared_endpoint_list(endpoint_id)]
            ['Guest share']

        REST: `GET /v0.10/endpoint/<endpoint_id>/my_shared_endpoint_list
        <https://docs.globus.org/api/transfer/endpoints_and_collections/#get_my_guest_collection_list>`_
        """
        return self.listing(
            fill_path("/v0.10/endpoint/{endpoint_id}/my_shared_endpoint_list", endpoint_id),
            EndpointDocument,
            style=single,
            query_params=query_params,
        )

    def get_shared_endpoint_list(
        self,
        endpoint_id: UUID | str,
        *,
        num_results: int | MissingType | None = MISSING,
        max_results: int | MissingType | None = MISSING,
        next_token: str | MissingType | None = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> Pages[SharedEndpointReferenceDocument]:
        """
        List the ids of all guest collections on a collection.

        Args:
            endpoint_id: The host collection. UUID.
            num_results: Maximum number of items; ``None`` for all. By default ``max_results``, or 1000 without it.
            max_results: Items per page, at most and by default 1000.
            next_token: Where to start: the token of an earlier page.
            query_params: Further query parameters.

        Returns:
            The listing: ``async for`` yields the references, ``await`` returns the first page.

        Raises:
            PermissionDenied: 403; you have no role on it.
            EndpointNotFound: 404.

        Warns:
            ListingTruncated: There are more than 1000 guest collections, and no number was given.

        Example:
            >>> async for guest in tc.get_shared_endpoint_list(endpoint_id):
            ...     print(guest["id"] == guest_collection_id)
            True

        **Differs from globus-sdk:** iterating fetches further pages, up to ``num_results``.

        REST: `GET /v0.10/endpoint/<endpoint_id>/shared_endpoint_list
        <https://docs.globus.org/api/transfer/endpoints_and_collections/#get_guest_collection_list>`_
        """
        return self.listing(
            fill_path("/v0.10/endpoint/{endpoint_id}/shared_endpoint_list", endpoint_id),
            SharedEndpointReferenceDocument,
            style=by_token,
            params={"next_token": next_token},
            query_params=query_params,
            num_results=requested_results(num_results, max_results),
            default_results=1000,
            page_size=page_size(max_results),
            items_key="shared_endpoints",
        )
